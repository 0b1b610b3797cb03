//! Which class each node belongs to, and what each class holds.
//!
//! DevTools' rules: hidden things are `(system)`, code is `(compiled code)`, functions `Function`, what has no class of
//! its own is called by its kind, `<div id="a">` is a `<div>` (`calculateObjectNames`); plain objects go by their
//! properties (see `interfaces`); classes of the same name in two places are two (`classKeyInternal`). Nodes of no size
//! are left out (`buildAggregates`).

use super::columns::Sizes;
use super::dominators::Dominators;
use super::graph::{Graph, NodeIndex};
use super::interfaces::{Interface, Matcher, PlainObjects};
use super::locations::Location;
use super::meta::NodeType;
use rustc_hash::FxHashMap;
use std::borrow::Cow;

/// Position of a class in [`super::Snapshot::classes`].
pub type ClassIndex = u32;

/// What makes two objects members of one class, also across snapshots.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClassKey {
    name: Box<[u8]>,
    /// Where the class stands in its script, if V8 knows.
    pub location: Option<Location>,
}

impl ClassKey {
    /// The class's name.
    #[must_use]
    pub fn name(&self) -> Cow<'_, str> {
        super::strings::text_of(&self.name)
    }
}

/// A class and the sums over its members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassRow {
    /// Name and place.
    pub key: ClassKey,
    /// How many members with a size it has.
    pub count: u32,
    /// Their own sizes in bytes.
    pub shallow: u64,
    /// What would go with them in bytes: their sizes and those of all that they dominate, counted once.
    pub retained: u64,
    /// The smallest distance of a member from the globals.
    pub distance: i32,
}

/// The classes of all nodes.
#[derive(Debug, Default)]
pub(super) struct Classes {
    pub keys: Vec<ClassKey>,
    pub of: Vec<ClassIndex>,
}

/// Says of each node what class it has. `interfaces` are usually the graph's own.
pub(super) fn classify(graph: &Graph, objects: &PlainObjects<'_>, interfaces: &[Interface]) -> Classes {
    let mut names = Names::new(graph);
    let mut matcher = Matcher::new(objects, interfaces);
    let interface_names: Vec<u32> =
        interfaces.iter().map(|interface| names.intern(&interface.name)).collect();
    let [system, code, function, regexp] =
        ["(system)", "(compiled code)", "Function", "RegExp"].map(|name| names.intern(name.as_bytes()));
    let mut kinds = [None; 17];
    let mut located: FxHashMap<(u32, Location), ClassIndex> = FxHashMap::default();
    let mut locations = graph.locations.all().iter().peekable();
    let mut keys: Vec<ClassKey> = Vec::new();
    let mut unlocated: Vec<ClassIndex> = Vec::new();
    let mut of = Vec::with_capacity(graph.kinds.len());
    for node in graph.nodes() {
        let kind = graph.kind(node);
        let name = match kind {
            NodeType::Hidden => system,
            NodeType::Code => code,
            NodeType::Closure => function,
            NodeType::RegExp => regexp,
            NodeType::Object if objects.contains(node) => match matcher.interface(node) {
                Some(interface) => interface_names[interface],
                None => names.of_object(graph.name_index(node)),
            },
            NodeType::Object | NodeType::Native => names.of_object(graph.name_index(node)),
            NodeType::Other => names.intern(format!("({})", graph.kind_name(node)).as_bytes()),
            _ => *kinds[kind as usize].get_or_insert_with(|| names.intern(format!("({kind})").as_bytes())),
        };
        while locations.next_if(|(at, _)| *at < node).is_some() {}
        let location = locations.next_if(|(at, _)| *at == node).map(|(_, location)| *location);
        let next = u32::try_from(keys.len()).unwrap_or(u32::MAX);
        let location = location.filter(|_| kind == NodeType::Object);
        let class = if let Some(location) = location {
            *located.entry((name, location)).or_insert(next)
        } else {
            if unlocated.len() <= name as usize {
                unlocated.resize(names.texts.len(), ClassIndex::MAX);
            }
            let class = &mut unlocated[name as usize];
            if *class == ClassIndex::MAX {
                *class = next;
            }
            *class
        };
        if class == next {
            keys.push(ClassKey { name: names.texts[name as usize].clone(), location });
        }
        of.push(class);
    }
    Classes { keys, of }
}

/// Names of classes by number, one number per text.
struct Names<'a> {
    graph: &'a Graph,
    texts: Vec<Box<[u8]>>,
    numbers: FxHashMap<Box<[u8]>, u32>,
    /// Numbers by the string's index in the graph.
    of_string: Vec<u32>,
}

impl<'a> Names<'a> {
    fn new(graph: &'a Graph) -> Self {
        let of_string = vec![u32::MAX; graph.strings.len()];
        Self { graph, texts: Vec::new(), numbers: FxHashMap::default(), of_string }
    }

    fn intern(&mut self, text: &[u8]) -> u32 {
        if let Some(&number) = self.numbers.get(text) {
            return number;
        }
        let number = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
        self.texts.push(text.into());
        self.numbers.insert(text.into(), number);
        number
    }

    /// The class's name of an object or native node that is called by a string.
    fn of_object(&mut self, string: u32) -> u32 {
        let known = self.of_string[string as usize];
        if known != u32::MAX {
            return known;
        }
        let text = self.graph.strings.bytes(string);
        // `<div id="a">` and `Detached <div id="a">` go by their tag.
        let tag = if text.starts_with(b"<") {
            Some(0)
        } else if text.starts_with(b"Detached <") {
            Some(b"Detached <".len())
        } else {
            None
        };
        let space = tag.and_then(|from| memchr::memchr(b' ', &text[from..]).map(|at| from + at));
        let number = match space {
            Some(space) => self.intern(&[&text[..space], b">"].concat()),
            None => self.intern(text),
        };
        self.of_string[string as usize] = number;
        number
    }
}

/// Sums up the classes, members without size left out.
pub(super) fn rows(
    classes: &mut Classes,
    sizes: &Sizes,
    distances: &[i32],
    dominators: &Dominators,
) -> Vec<ClassRow> {
    let mut rows: Vec<ClassRow> = std::mem::take(&mut classes.keys)
        .into_iter()
        .map(|key| ClassRow { key, count: 0, shallow: 0, retained: 0, distance: i32::MAX })
        .collect();
    for ((&class, size), &distance) in classes.of.iter().zip(sizes.iter()).zip(distances) {
        if size > 0 {
            let row = &mut rows[class as usize];
            row.count += 1;
            row.shallow = row.shallow.saturating_add(size);
            row.distance = row.distance.min(distance);
        }
    }
    add_retained(&mut rows, &classes.of, sizes, dominators);
    rows
}

/// Adds a node's retained size to its class's, unless a dominator above it is of the same class and has counted it.
fn add_retained(rows: &mut [ClassRow], of: &[ClassIndex], sizes: &Sizes, dominators: &Dominators) {
    let mut open = vec![false; rows.len()];
    // The dominators above the current node that opened their class, and the position after all that they dominate.
    let mut above: Vec<(usize, ClassIndex)> = Vec::new();
    for (position, &node) in dominators.order.iter().enumerate() {
        while let Some(&(_, class)) = above.last().filter(|(end, _)| *end <= position) {
            open[class as usize] = false;
            above.pop();
        }
        let class = of[node as usize];
        if sizes.get(node) > 0 && !open[class as usize] {
            rows[class as usize].retained += dominators.retained[node as usize];
            let below = dominators.subtree[position] as usize;
            if below > 1 {
                open[class as usize] = true;
                above.push((position + below, class));
            }
        }
    }
}

/// The nodes of a class.
pub(super) fn members<'a>(
    of: &'a [ClassIndex],
    sizes: &'a Sizes,
    class: ClassIndex,
) -> impl Iterator<Item = NodeIndex> + 'a {
    let of_class = (0..).zip(of).filter(move |(_, of)| **of == class);
    of_class.map(|(node, _)| node).filter(|&node| sizes.get(node) > 0)
}
