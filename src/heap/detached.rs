//! Which native nodes are cut off from the document (DevTools' `propagateDOMState`): known for some by the embedder,
//! passed on to what those hold, and shown in their names.

use super::bits::Bits;
use super::graph::{Graph, NodeIndex};
use super::meta::{EdgeType, NodeType};
use rustc_hash::FxHashMap;

/// Is an object still part of the tree that it was made for?
///
/// Node.js, too, tags some of its natives as detached that are no leak.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Detachedness {
    /// Nobody said.
    #[default]
    Unknown,
    /// Part of the tree.
    Attached,
    /// Cut off, and yet kept alive.
    Detached,
}

impl Detachedness {
    pub(super) fn from_number(number: u32) -> Self {
        // The two lowest bits, as in DevTools.
        match number & 3 {
            1 => Self::Attached,
            2 => Self::Detached,
            _ => Self::Unknown,
        }
    }
}

/// Passes on who is attached and who is detached, and calls the latter so.
pub(super) fn propagate(graph: &mut Graph) {
    if graph.meta.node.detachedness.is_none() {
        // Older snapshots say it in the name alone.
        let detached = |&node: &NodeIndex| {
            graph.kind(node) == NodeType::Native && graph.name_bytes(node).starts_with(b"Detached ")
        };
        graph.detachedness =
            graph.nodes().filter(detached).map(|node| (node, Detachedness::Detached)).collect();
        return;
    }
    if graph.detachedness.is_empty() {
        return;
    }
    let known = std::mem::take(&mut graph.detachedness);
    let mut work = Propagation {
        states: vec![Detachedness::Unknown; graph.kinds.len()],
        seen: Bits::new(graph.kinds.len()),
        attached: Vec::new(),
        detached: Vec::new(),
        renamed: FxHashMap::default(),
    };
    for &(node, state) in &known {
        work.states[node as usize] = state;
    }
    for (node, state) in known {
        work.visit(graph, node, state);
    }
    // What hangs from something attached is attached; of the rest, what hangs from something detached is detached.
    while let Some(node) = work.attached.pop() {
        work.pass_on(graph, node, Detachedness::Attached);
    }
    while let Some(node) = work.detached.pop() {
        if work.states[node as usize] != Detachedness::Attached {
            work.pass_on(graph, node, Detachedness::Detached);
        }
    }
    let states = (0..).zip(work.states);
    graph.detachedness = states.filter(|(_, state)| *state != Detachedness::Unknown).collect();
}

struct Propagation {
    states: Vec<Detachedness>,
    seen: Bits,
    attached: Vec<NodeIndex>,
    detached: Vec<NodeIndex>,
    renamed: FxHashMap<u32, u32>,
}

impl Propagation {
    fn visit(&mut self, graph: &mut Graph, node: NodeIndex, state: Detachedness) {
        if !self.seen.insert(node) || graph.kind(node) != NodeType::Native {
            // Never through JavaScript: every way back to the embedder ends at a node that knows its own state.
            return;
        }
        self.states[node as usize] = state;
        if state == Detachedness::Attached {
            self.attached.push(node);
        } else {
            let name = graph.name_index(node);
            let strings = &mut graph.strings;
            graph.names[node as usize] = *self.renamed.entry(name).or_insert_with(|| {
                let renamed = [b"Detached ", strings.bytes(name)].concat();
                strings.add(&renamed)
            });
            self.detached.push(node);
        }
    }

    fn pass_on(&mut self, graph: &mut Graph, parent: NodeIndex, state: Detachedness) {
        for at in graph.edge_range(parent) {
            let packed = graph.targets[at];
            if !matches!(EdgeType::from_bits(packed), EdgeType::Hidden | EdgeType::Weak) {
                self.visit(graph, packed >> 3, state);
            }
        }
    }
}
