//! Plain objects told apart by their properties: `{url, headers}` instead of one class `Object` for all.
//!
//! DevTools' rules (`inferInterfaceDefinitions`, `applyInterfaceDefinitions`): the first properties of an object, as many
//! as 120 characters hold, are a candidate; what at least two objects and one in a thousand begin with becomes an
//! interface; an object gets the one with most properties of all whose properties it has. Objects of one shape get the
//! same, so each shape is looked at once.

use super::graph::{Graph, NodeIndex};
use super::meta::{EdgeType, NodeType};
use super::strings::Strings;
use rustc_hash::FxHashMap;
use std::borrow::Cow;

/// Longest name of an interface, in UTF-16 units; one property always fits.
const MAX_NAME_LENGTH: usize = 120;
const MIN_OBJECTS: usize = 2;
/// One object in so many.
const MIN_PROPORTION: usize = 1000;

/// A shape that many plain objects have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    /// What DevTools shows: `{url, headers}`. WTF-8, as [`Strings`].
    pub name: Vec<u8>,
    /// The properties that an object must have.
    pub properties: Vec<Vec<u8>>,
}

/// Plain objects of a graph: those of the class `Object`.
pub(super) struct PlainObjects<'a> {
    graph: &'a Graph,
    /// Indexes of the string "Object"; V8 writes it once.
    names: Vec<u32>,
    /// Index of the string `__proto__`.
    proto: Option<u32>,
}

impl<'a> PlainObjects<'a> {
    pub fn new(graph: &'a Graph) -> Self {
        let strings = &graph.strings;
        Self { graph, names: strings.find(b"Object").collect(), proto: strings.first(b"__proto__") }
    }

    #[inline]
    pub fn contains(&self, node: NodeIndex) -> bool {
        self.graph.kind(node) == NodeType::Object && self.names.contains(&self.graph.name_index(node))
    }

    fn properties(&self, node: NodeIndex) -> impl Iterator<Item = u32> + '_ {
        let property = |edge: super::graph::Edge| (edge.kind == EdgeType::Property).then_some(edge.name);
        self.graph.edges(node).filter_map(property)
    }
}

/// The interfaces of a snapshot, the most common first.
pub(super) fn infer(objects: &PlainObjects<'_>) -> Vec<Interface> {
    let graph = objects.graph;
    let mut lengths: FxHashMap<u32, usize> = FxHashMap::default();
    let mut candidates: FxHashMap<Box<[u32]>, (usize, usize)> = FxHashMap::default();
    let mut total = 0;
    let mut properties = Vec::new();
    for node in graph.nodes() {
        if !objects.contains(node) {
            continue;
        }
        total += 1;
        properties.clear();
        let mut length = 1; // of "{"
        for name in objects.properties(node) {
            if Some(name) == objects.proto {
                continue;
            }
            let name_length = *lengths
                .entry(name)
                .or_insert_with(|| Strings::utf16_length(&format_property(graph.strings.bytes(name))));
            if length > 1 && length + name_length > MAX_NAME_LENGTH {
                break;
            }
            length += name_length + if length == 1 { 0 } else { 2 };
            properties.push(name);
        }
        if properties.is_empty() {
            continue;
        }
        if let Some((count, _)) = candidates.get_mut(properties.as_slice()) {
            *count += 1;
        } else {
            let seen = candidates.len();
            candidates.insert(properties.as_slice().into(), (1, seen));
        }
    }
    let mut chosen: Vec<_> = candidates
        .into_iter()
        .filter(|(_, (count, _))| *count >= MIN_OBJECTS && *count * MIN_PROPORTION >= total)
        .collect();
    chosen.sort_unstable_by_key(|(_, (count, seen))| (std::cmp::Reverse(*count), *seen));
    chosen
        .into_iter()
        .map(|(properties, _)| {
            let properties: Vec<Vec<u8>> =
                properties.iter().map(|&name| graph.strings.bytes(name).to_vec()).collect();
            let formatted: Vec<_> = properties.iter().map(|name| format_property(name)).collect();
            let name = [b"{".as_slice(), &formatted.join(b", ".as_slice()), b"}"].concat();
            Interface { name, properties }
        })
        .collect()
}

/// A property's name inside an interface's: in quotes where it could be misread.
pub(super) fn format_property(name: &[u8]) -> Cow<'_, [u8]> {
    if !name.iter().any(|byte| matches!(byte, b',' | b'\'' | b'"' | b'{' | b'}')) {
        return Cow::Borrowed(name);
    }
    // As JSON.stringify does.
    let mut quoted = vec![b'"'];
    for &byte in name {
        match byte {
            b'"' | b'\\' => quoted.extend([b'\\', byte]),
            8 => quoted.extend(b"\\b"),
            9 => quoted.extend(b"\\t"),
            10 => quoted.extend(b"\\n"),
            12 => quoted.extend(b"\\f"),
            13 => quoted.extend(b"\\r"),
            0..0x20 => quoted.extend(format!("\\u{byte:04x}").bytes()),
            _ => quoted.push(byte),
        }
    }
    quoted.push(b'"');
    Cow::Owned(quoted)
}

/// Finds the interface of an object: a tree of properties, of which each step adds one in a fixed order.
pub(super) struct Matcher<'a> {
    objects: &'a PlainObjects<'a>,
    steps: FxHashMap<(u32, u32), u32>,
    /// For each node of the tree, the interface that ends there (number of properties, position in the list).
    ends: Vec<Option<(usize, usize)>>,
    /// The last property that leads on from each node.
    greatest: Vec<Option<u32>>,
    known: FxHashMap<Box<[u32]>, Option<usize>>,
    properties: Vec<u32>,
}

impl<'a> Matcher<'a> {
    pub fn new(objects: &'a PlainObjects<'a>, interfaces: &[Interface]) -> Self {
        let strings = &objects.graph.strings;
        // In the order of string indexes; any order will do, if it is one for both sides. What this snapshot has no
        // string for, no object of it has.
        let mut wanted: FxHashMap<&[u8], Option<u32>> = FxHashMap::default();
        for property in interfaces.iter().flat_map(|interface| &interface.properties) {
            wanted.insert(property, None);
        }
        if !wanted.is_empty() {
            for index in strings.indexes() {
                if let Some(found) = wanted.get_mut(strings.bytes(index)) {
                    found.get_or_insert(index);
                }
            }
        }
        let mut matcher = Self {
            objects,
            steps: FxHashMap::default(),
            ends: vec![None],
            greatest: vec![None],
            known: FxHashMap::default(),
            properties: Vec::new(),
        };
        for (position, interface) in interfaces.iter().enumerate() {
            let indexes: Option<Vec<u32>> =
                interface.properties.iter().map(|property| wanted[property.as_slice()]).collect();
            if let Some(mut indexes) = indexes {
                indexes.sort_unstable();
                matcher.add(&indexes, position);
            }
        }
        matcher
    }

    fn add(&mut self, properties: &[u32], position: usize) {
        let mut at = 0;
        for &property in properties {
            let next = u32::try_from(self.ends.len()).unwrap_or(u32::MAX);
            let step = *self.steps.entry((at, property)).or_insert(next);
            if step == next {
                self.ends.push(None);
                self.greatest.push(None);
                let greatest = &mut self.greatest[at as usize];
                *greatest = (*greatest).max(Some(property));
            }
            at = step;
        }
        // Of two with the same properties the more common one, which comes first.
        self.ends[at as usize].get_or_insert((properties.len(), position));
    }

    /// Position of the interface that an object gets; `None` is plain `Object`.
    pub fn interface(&mut self, node: NodeIndex) -> Option<usize> {
        let mut properties = std::mem::take(&mut self.properties);
        properties.clear();
        properties.extend(self.objects.properties(node));
        let found = if let Some(&known) = self.known.get(properties.as_slice()) {
            known
        } else {
            let mut sorted = properties.clone();
            sorted.sort_unstable();
            let found = self.search(&sorted);
            self.known.insert(properties.as_slice().into(), found);
            found
        };
        self.properties = properties;
        found
    }

    fn search(&self, properties: &[u32]) -> Option<usize> {
        let mut best: Option<(usize, usize)> = None;
        let mut states = vec![0u32];
        for &property in properties {
            let mut next = Vec::new();
            for &state in &states {
                if let Some(&step) = self.steps.get(&(state, property)) {
                    if !states.contains(&step) && !next.contains(&step) {
                        next.push(step);
                    }
                    if let Some((count, position)) = self.ends[step as usize]
                        && best.is_none_or(|best| count > best.0 || count == best.0 && position < best.1)
                    {
                        best = Some((count, position));
                    }
                }
            }
            states.retain(|&state| self.greatest[state as usize].is_some_and(|greatest| property < greatest));
            states.append(&mut next);
        }
        best.map(|best| best.1)
    }
}
