//! The sums of DevTools' Statistics view (`calculateStatistics`).

use super::bits::Bits;
use super::graph::{Graph, NodeIndex};
use super::meta::{EdgeType, NodeType};

/// What the memory is used for, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// All of it: what the root retains, and native memory that belongs to no node.
    pub total: u64,
    /// Native memory: `native` nodes and what belongs to no node.
    pub native: u64,
    /// The part of `native` that is contents of typed arrays and buffers.
    pub typed_arrays: u64,
    /// V8's heap: `total` without `native`.
    pub v8_heap: u64,
    /// Compiled code.
    pub code: u64,
    /// Arrays of JavaScript with their elements.
    pub arrays: u64,
    /// Strings.
    pub strings: u64,
    /// V8's own.
    pub system: u64,
}

pub(super) fn statistics(graph: &Graph, held_once: &Bits, root_retained: u64) -> Statistics {
    let mut sums = Statistics { native: graph.meta.extra_native_bytes, ..Statistics::default() };
    let strings = &graph.strings;
    let buffer = strings.first(b"system / JSArrayBufferData");
    let array = strings.first(b"Array");
    let elements = strings.first(b"elements");
    for node in graph.nodes() {
        let size = graph.size(node);
        match graph.kind(node) {
            NodeType::Hidden => sums.system += size,
            NodeType::Native => {
                sums.native += size;
                if Some(graph.name_index(node)) == buffer {
                    sums.typed_arrays += size;
                }
            }
            NodeType::Code => sums.code += size,
            NodeType::String | NodeType::ConsString | NodeType::SlicedString => sums.strings += size,
            _ if Some(graph.name_index(node)) == array => {
                sums.arrays += size + own_elements(graph, node, elements, held_once);
            }
            _ => {}
        }
    }
    sums.total = root_retained + graph.meta.extra_native_bytes;
    sums.v8_heap = sums.total.saturating_sub(sums.native);
    sums
}

/// The size of an array's elements, if nobody else holds them.
fn own_elements(graph: &Graph, node: NodeIndex, elements: Option<u32>, held_once: &Bits) -> u64 {
    graph
        .edges(node)
        .find(|edge| edge.kind == EdgeType::Internal && Some(edge.name) == elements)
        .filter(|edge| held_once.get(edge.target))
        .map_or(0, |edge| graph.size(edge.target))
}
