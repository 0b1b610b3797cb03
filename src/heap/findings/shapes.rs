//! The shape of a heap: its paths from the roots, with what differs only in number made one.
//!
//! Each node of the heap stands at a place: its parent's place, the name of the edge and its class. Elements of arrays,
//! entries of maps and properties of large dictionaries have no names here, so 10,000 requests in a `Map` stand at one
//! place, and so do the arrays of 100 tenants. Where a list goes on as it began (`next.next.next`) it is folded into its
//! beginning. Places have no ids of V8 in them: they are the same in snapshots that share none.

use super::super::graph::{Graph, NodeIndex};
use super::super::meta::{EdgeType, NodeType};
use super::super::reach::Reach;
use rustc_hash::FxHashMap;

/// A place's position in [`Shapes`]; parents stand before their children.
pub(super) type Place = u32;
pub(super) const NOWHERE: Place = Place::MAX;
pub(super) const ROOT: Place = 0;

/// How far back a fold is looked for. Rings of lists are a few steps long.
const FOLD_WITHIN: usize = 24;
/// So many links must be alike for a list. Two alone would be in any two arrays of functions.
const ALIKE: usize = 3;
/// And so many where an `async` function is suspended between them. All that await look alike for some steps: who waits for
/// a promise is no continuation of the call that made it.
const ALIKE_AWAITS: usize = 10;
/// Beyond this many places a node stands where its parent does: memory stays bounded whatever the heap is like.
const MAX_PLACES: usize = 1 << 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Key {
    parent: Place,
    label: u32,
    class: u32,
}

/// Places of several snapshots, side by side.
#[derive(Debug)]
pub(super) struct Shapes {
    keys: Vec<Key>,
    /// Also leads into folds, so it has more entries than there are places.
    places: FxHashMap<Key, Place>,
    texts: FxHashMap<Box<[u8]>, u32>,
    names: Vec<Box<[u8]>>,
    /// The label from a context to the generator of the `async` function that is suspended in it.
    suspended: u32,
}

/// The label of what has no name of its own.
const MANY: u32 = 0;

/// A node of one snapshot at its place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Standing {
    pub id: u32,
    pub place: Place,
    pub size: u64,
}

impl Shapes {
    pub fn new() -> Self {
        let mut shapes = Self {
            keys: vec![Key { parent: ROOT, label: MANY, class: MANY }],
            places: FxHashMap::default(),
            texts: FxHashMap::default(),
            names: Vec::new(),
            suspended: MANY,
        };
        shapes.text(b"[]");
        shapes.suspended = shapes.text(b"extension");
        shapes
    }

    pub fn len(&self) -> usize {
        self.keys.len()
    }

    pub fn parent(&self, place: Place) -> Place {
        self.keys[place as usize].parent
    }

    pub fn class(&self, place: Place) -> u32 {
        self.keys[place as usize].class
    }

    pub fn class_name(&self, place: Place) -> &[u8] {
        &self.names[self.class(place) as usize]
    }

    fn text(&mut self, text: &[u8]) -> u32 {
        if let Some(&known) = self.texts.get(text) {
            return known;
        }
        let number = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        self.texts.insert(text.into(), number);
        self.names.push(text.into());
        number
    }

    /// The places of all nodes of a snapshot; [`NOWHERE`] for what is not reached and what only V8 cares about.
    /// `class_names` are those that `classes` are positions in.
    pub fn places(
        &mut self,
        graph: &Graph,
        reach: &Reach,
        class_names: &[Vec<u8>],
        classes: &[u32],
    ) -> Vec<Place> {
        let mut of = vec![NOWHERE; graph.kinds.len()];
        let mut dictionaries = super::super::bits::Bits::new(graph.kinds.len());
        let mut labels: FxHashMap<u32, u32> = FxHashMap::default();
        let mut class_texts: Vec<Option<u32>> = vec![None; class_names.len()];
        let mut functions: FxHashMap<(u32, Option<(u32, u32)>), u32> = FxHashMap::default();

        for &node in &reach.order {
            if graph.is_dictionary(node) {
                dictionaries.set(node);
            }
            let Some((parent, edge)) = reach.step(graph, node) else {
                of[node as usize] = ROOT;
                continue;
            };
            let above = of[parent as usize];
            if above == NOWHERE || is_machinery(graph, parent, node) {
                continue;
            }
            let label = if !edge.kind.has_name()
                || edge.kind == EdgeType::Property && dictionaries.get(parent)
                || graph.strings.bytes(edge.name).first().is_some_and(u8::is_ascii_digit)
            {
                MANY
            } else if let Some(&label) = labels.get(&edge.name) {
                label
            } else {
                let label = self.text(graph.strings.bytes(edge.name));
                labels.insert(edge.name, label);
                label
            };
            let class = if graph.kind(node) == NodeType::Closure {
                let name = graph.name_index(node);
                // Numbers of scripts differ from process to process, lines do not.
                let at = graph.locations().of(node).map(|at| (at.line, at.column));
                if let Some(&known) = functions.get(&(name, at)) {
                    known
                } else {
                    let place = format!(" {at:?}").into_bytes();
                    let text =
                        self.text(&[b"function ".as_slice(), graph.strings.bytes(name), &place].concat());
                    functions.insert((name, at), text);
                    text
                }
            } else {
                let class = classes[node as usize] as usize;
                if let Some(known) = class_texts[class] {
                    known
                } else {
                    let text = self.text(&class_names[class]);
                    class_texts[class] = Some(text);
                    text
                }
            };
            of[node as usize] = self.place(Key { parent: above, label, class });
        }
        of
    }

    fn place(&mut self, key: Key) -> Place {
        if let Some(&place) = self.places.get(&key) {
            return place;
        }
        let place = match self.fold(key) {
            Some(place) => place,
            None if self.keys.len() >= MAX_PLACES => key.parent,
            None => {
                self.keys.push(key);
                u32::try_from(self.keys.len() - 1).unwrap_or(NOWHERE)
            }
        };
        self.places.insert(key, place);
        place
    }

    /// An earlier place that is alike: the list goes on as it began.
    fn fold(&self, key: Key) -> Option<Place> {
        let mut at = key.parent;
        let mut depth = ALIKE;
        for _ in 0..FOLD_WITHIN {
            if at == ROOT {
                return None;
            }
            let here = self.keys[at as usize];
            if here.label == self.suspended {
                depth = ALIKE_AWAITS;
            }
            if self.is_alike(at, key, depth) {
                return Some(at);
            }
            at = here.parent;
        }
        None
    }

    /// Names and classes of the place, its parent and so on are those of the other.
    fn is_alike(&self, place: Place, key: Key, depth: usize) -> bool {
        let (mut other, mut here) = (key, place);
        for _ in 0..depth {
            let at = self.keys[here as usize];
            if here == ROOT || (at.label, at.class) != (other.label, other.class) {
                return false;
            }
            (other, here) = (self.keys[other.parent as usize], at.parent);
        }
        true
    }
}

/// Compiled code, shapes of objects and what hangs from them; V8's tables of strings and caches of builtins. They grow
/// as a program warms up, and no program can let go of them.
fn is_machinery(graph: &Graph, parent: NodeIndex, node: NodeIndex) -> bool {
    let code = |node| matches!(graph.kind(node), NodeType::Code | NodeType::ObjectShape);
    if code(node) || code(parent) {
        return true;
    }
    graph.kind(parent) == NodeType::Synthetic
        && matches!(
            graph.name_bytes(parent),
            b"(Internalized strings)"
                | b"(External strings)"
                | b"(Compilation cache)"
                | b"(Startup object cache)"
                | b"(Shareable object cache)"
                | b"(Read-only roots)"
                | b"(Retain maps)"
                | b"(Builtins)"
                | b"(Weak roots)"
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_folded_into_its_beginning() {
        let mut shapes = Shapes::new();
        let (next, node) = (shapes.text(b"next"), shapes.text(b"Node"));
        let mut at = ROOT;
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..1000 {
            at = shapes.place(Key { parent: at, label: next, class: node });
            seen.insert(at);
        }
        assert!(seen.len() <= 4, "{seen:?}");
    }

    #[test]
    fn who_waits_for_a_promise_is_not_the_call_that_made_it_but_an_endless_chain_of_calls_is_folded() {
        let mut shapes = Shapes::new();
        let [promise, reaction, function, context, generator] =
            [&b"Promise"[..], b"PromiseReaction", b"function", b"Context", b"Generator"]
                .map(|text| shapes.text(text));
        let [reactions, handler, of, extension, ready] =
            [&b"reactions"[..], b"handler", b"context", b"extension", b"ready"].map(|text| shapes.text(text));
        let waiting = |shapes: &mut Shapes, parent| {
            let steps = [(reactions, reaction), (handler, function), (of, context), (extension, generator)];
            steps
                .into_iter()
                .fold(parent, |parent, (label, class)| shapes.place(Key { parent, label, class }))
        };
        let first = shapes.place(Key { parent: ROOT, label: ready, class: promise });
        let outer = waiting(&mut shapes, first);
        let called = shapes.place(Key { parent: outer, label: ready, class: promise });
        assert_ne!(waiting(&mut shapes, called), outer);

        let mut seen = std::collections::BTreeSet::new();
        let mut at = outer;
        for _ in 0..1000 {
            let own = shapes.place(Key { parent: at, label: MANY, class: promise });
            at = waiting(&mut shapes, own);
            seen.insert(at);
        }
        assert!(seen.len() <= 5, "{seen:?}");
    }

    #[test]
    fn a_map_in_a_map_is_not_the_map() {
        let mut shapes = Shapes::new();
        let [cache, table, map, array] =
            [&b"cache"[..], b"table", b"Map", b"(array)"].map(|text| shapes.text(text));
        let outer = shapes.place(Key { parent: ROOT, label: cache, class: map });
        let entries = shapes.place(Key { parent: outer, label: table, class: array });
        let inner = shapes.place(Key { parent: entries, label: MANY, class: map });
        assert_ne!(shapes.place(Key { parent: inner, label: table, class: array }), entries);
    }
}
