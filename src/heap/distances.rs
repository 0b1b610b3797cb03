//! How far each node is from the globals, in edges (DevTools' `calculateDistances`).

use super::bits::Bits;
use super::ephemerons::Ephemerons;
use super::error::Result;
use super::graph::{Edge, Graph, NodeIndex};
use super::meta::{EdgeType, NodeType};
use super::progress::Progress;
use rustc_hash::FxHashSet;

/// Distance of the root, if there are globals: what only the system reaches is farther away than that.
pub const SYSTEM_DISTANCE: i32 = 100_000_000;
/// Distance of what cannot be reached at all.
pub const NO_DISTANCE: i32 = -5;

/// Is a node that the root refers to one of the application's: a global object, or the documents'?
fn is_user_root(graph: &Graph, node: NodeIndex) -> bool {
    graph.kind(node) != NodeType::Synthetic || graph.name_bytes(node) == b"(Document DOM trees)"
}

/// The nodes of the application that the root refers to. None: the snapshot shows V8's own internals.
pub(super) fn user_roots(graph: &Graph) -> impl Iterator<Item = NodeIndex> + '_ {
    graph.edges(graph.root).map(|edge| edge.target).filter(|&node| is_user_root(graph, node))
}

pub(super) fn distances(graph: &Graph, ephemerons: &Ephemerons, progress: &Progress) -> Result<Vec<i32>> {
    let mut search = Search {
        graph,
        ephemerons,
        progress,
        reached: Bits::new(graph.kinds.len()),
        distances: vec![NO_DISTANCE; graph.kinds.len()],
        waiting: FxHashSet::default(),
        native_context: graph.strings.first(b"system / NativeContext"),
        sloppy_function_map: graph.strings.first(b"sloppy_function_map"),
        map_descriptors: graph.strings.first(b"(map descriptors)"),
        frontier: Vec::new(),
    };
    for node in user_roots(graph) {
        search.distances[node as usize] = 1;
        search.reached.set(node);
        search.frontier.push(node); // twice if it is there twice, as in DevTools
    }
    let any = !search.frontier.is_empty();
    search.run()?;
    search.distances[graph.root as usize] = if any { SYSTEM_DISTANCE } else { 0 };
    search.reached.set(graph.root);
    search.frontier.push(graph.root);
    search.run()?;
    Ok(search.distances)
}

/// A breadth-first search.
struct Search<'a> {
    graph: &'a Graph,
    ephemerons: &'a Ephemerons,
    progress: &'a Progress,
    reached: Bits,
    distances: Vec<i32>,
    /// Pairs of `WeakMap`s of which one side has been reached.
    waiting: FxHashSet<u32>,
    native_context: Option<u32>,
    sloppy_function_map: Option<u32>,
    map_descriptors: Option<u32>,
    /// Nodes of one distance. (Not all nodes in a queue: that would be four bytes each.)
    frontier: Vec<NodeIndex>,
}

/// Nodes some of whose edges do not count.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Special {
    No,
    NativeContext,
    MapDescriptors,
}

impl Search<'_> {
    fn run(&mut self) -> Result<()> {
        let mut current = Vec::new();
        while !self.frontier.is_empty() {
            std::mem::swap(&mut current, &mut self.frontier);
            for (step, &node) in current.iter().enumerate() {
                self.progress.check_at(step)?;
                let distance = self.distances[node as usize].saturating_add(1);
                let special = self.special(node);
                for edge in self.graph.edges(node) {
                    if edge.kind == EdgeType::Weak
                        || self.reached.get(edge.target)
                        || !self.counts(special, edge)
                    {
                        continue;
                    }
                    self.reached.set(edge.target);
                    self.distances[edge.target as usize] = distance;
                    self.frontier.push(edge.target);
                }
            }
            current.clear();
        }
        Ok(())
    }

    fn special(&self, node: NodeIndex) -> Special {
        let name = Some(self.graph.name_index(node));
        match self.graph.kind(node) {
            NodeType::Hidden if name == self.native_context => Special::NativeContext,
            NodeType::Array if name == self.map_descriptors => Special::MapDescriptors,
            _ => Special::No,
        }
    }

    #[inline]
    fn counts(&mut self, special: Special, edge: Edge) -> bool {
        match special {
            Special::No => {}
            Special::NativeContext => {
                if edge.kind.has_name() && Some(edge.name) == self.sloppy_function_map {
                    return false;
                }
            }
            Special::MapDescriptors => {
                // Maps share descriptors, so a map's are not all its own: two numbers, then key, details, value again
                // and again (crbug.com/413608). What has a name and no number counts.
                let index = if edge.kind.has_name() {
                    leading_integer(self.graph.strings.bytes(edge.name))
                } else {
                    Some(i64::from(edge.name))
                };
                return index.is_none_or(|index| index < 2 || index % 3 != 1);
            }
        }
        // The second edge of a pair counts, since it takes both to keep the value (crbug.com/1290800).
        match self.ephemerons.pair(edge.kind, edge.name) {
            None => true,
            Some(pair) => {
                let second = self.waiting.remove(&pair.pair);
                if !second {
                    self.waiting.insert(pair.pair);
                }
                second
            }
        }
    }
}

/// JavaScript's `parseInt(text, 10)`, for integers of ordinary size.
fn leading_integer(text: &[u8]) -> Option<i64> {
    let text = text.trim_ascii_start();
    let (sign, digits) = match text.first() {
        Some(b'-') => (-1, &text[1..]),
        Some(b'+') => (1, &text[1..]),
        _ => (1, text),
    };
    let length = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if length == 0 {
        return None;
    }
    let number = std::str::from_utf8(&digits[..length]).ok()?.parse::<i64>().unwrap_or(i64::MAX);
    Some(sign * number)
}
