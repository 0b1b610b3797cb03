//! Which native nodes are cut off from the document (DevTools' `propagateDOMState`): known for some by the embedder,
//! passed on to what those hold, and shown in their names.

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
    if graph.detachedness.is_empty() {
        // Older snapshots say it in the name alone.
        if graph.meta.node.detachedness.is_none() {
            graph.detachedness = graph
                .nodes()
                .map(|node| {
                    let detached = graph.kind(node) == NodeType::Native
                        && graph.name_bytes(node).starts_with(b"Detached ");
                    if detached { Detachedness::Detached } else { Detachedness::Unknown }
                })
                .collect();
        }
        return;
    }
    let mut work = Propagation {
        seen: vec![false; graph.kinds.len()],
        attached: Vec::new(),
        detached: Vec::new(),
        renamed: FxHashMap::default(),
    };
    for node in graph.nodes() {
        let state = graph.detachedness[node as usize];
        if state != Detachedness::Unknown {
            work.visit(graph, node, state);
        }
    }
    // What hangs from something attached is attached; of the rest, what hangs from something detached is detached.
    while let Some(node) = work.attached.pop() {
        work.pass_on(graph, node, Detachedness::Attached);
    }
    while let Some(node) = work.detached.pop() {
        if graph.detachedness[node as usize] != Detachedness::Attached {
            work.pass_on(graph, node, Detachedness::Detached);
        }
    }
}

struct Propagation {
    seen: Vec<bool>,
    attached: Vec<NodeIndex>,
    detached: Vec<NodeIndex>,
    renamed: FxHashMap<u32, u32>,
}

impl Propagation {
    fn visit(&mut self, graph: &mut Graph, node: NodeIndex, state: Detachedness) {
        if std::mem::replace(&mut self.seen[node as usize], true) || graph.kind(node) != NodeType::Native {
            // Never through JavaScript: every way back to the embedder ends at a node that knows its own state.
            return;
        }
        graph.detachedness[node as usize] = state;
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
