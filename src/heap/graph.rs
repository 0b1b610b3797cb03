//! The graph of a heap: nodes are objects, edges are references.
//!
//! Columns, not structures: about 17 bytes a node and 8 an edge. Edges stand in the order of the nodes they leave, so
//! one offset per node finds them (compressed sparse rows); a target shares its 32 bits with the edge's type.

use super::bits::Bits;
use super::columns::Sizes;
use super::detached::Detachedness;
use super::locations::Locations;
use super::meta::{EdgeType, Meta, NodeType};
use super::strings::Strings;
use super::trace::Traces;
use std::borrow::Cow;

/// Nodes and strings have indexes below this: an edge's target shares its 32 bits with the three of the edge's type.
pub const MAX_INDEX: u32 = 1 << 29;

/// A node's position in the file, from 0.
pub type NodeIndex = u32;
/// An edge's position in the file, from 0.
pub type EdgeIndex = u32;

/// An object with more properties than this is used as a map.
pub(super) const DICTIONARY: usize = 64;

/// The graph as V8 wrote it, but for what DevTools, too, makes of it while loading: detached nodes are called so.
#[derive(Debug, Default)]
pub struct Graph {
    pub(super) meta: Meta,
    pub(super) root: NodeIndex,
    pub(super) kinds: Vec<NodeType>,
    pub(super) names: Vec<u32>,
    pub(super) ids: Vec<u32>,
    /// Shallow sizes in bytes: the file's own, until `shallow::attribute` gives the sizes of parts to their owners.
    pub(super) sizes: Sizes,
    /// Where the edges of each node start; one more for the end.
    pub(super) first_edges: Vec<u32>,
    /// Target << 3 | type.
    pub(super) targets: Vec<u32>,
    /// Index of a string, or of an element.
    pub(super) edge_names: Vec<u32>,
    /// How many edges that are not weak arrive at each node. The dominators use this memory up.
    pub(super) strong_counts: Vec<u32>,
    /// Nodes at which weak edges arrive.
    pub(super) weakly_held: Bits,
    /// Of the nodes of which it is known, by node.
    pub(super) detachedness: Vec<(NodeIndex, Detachedness)>,
    /// The types of nodes that are `NodeType::Other`: the file's number for it.
    pub(super) other_kinds: Vec<(NodeIndex, u8)>,
    pub(super) trace_node_ids: Vec<u32>,
    pub(super) strings: Strings,
    pub(super) locations: Locations,
    pub(super) traces: Traces,
}

impl Graph {
    /// How many nodes there are.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "the builder allows MAX_INDEX nodes")]
    pub fn node_count(&self) -> u32 {
        self.kinds.len() as u32
    }

    /// How many edges there are.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "the builder allows u32::MAX edges")]
    pub fn edge_count(&self) -> u32 {
        self.targets.len() as u32
    }

    /// The root: everything alive can be reached from it.
    #[must_use]
    pub fn root(&self) -> NodeIndex {
        self.root
    }

    /// All nodes, in the file's order.
    #[must_use]
    pub fn nodes(&self) -> std::ops::Range<NodeIndex> {
        0..self.node_count()
    }

    /// The strings.
    #[must_use]
    pub fn strings(&self) -> &Strings {
        &self.strings
    }

    /// Where functions and classes stand in their scripts.
    #[must_use]
    pub fn locations(&self) -> &Locations {
        &self.locations
    }

    /// What was recorded about allocations, where that was on.
    #[must_use]
    pub fn traces(&self) -> &Traces {
        &self.traces
    }

    /// The layout of the file.
    #[must_use]
    pub fn meta(&self) -> &Meta {
        &self.meta
    }

    /// What kind of thing a node is.
    #[must_use]
    #[inline]
    pub fn kind(&self, node: NodeIndex) -> NodeType {
        self.kinds[node as usize]
    }

    /// V8's name of the kind of a node, also where this crate does not know the kind.
    #[must_use]
    pub fn kind_name(&self, node: NodeIndex) -> &str {
        let kind = self.kind(node);
        if kind == NodeType::Other
            && let Ok(at) = self.other_kinds.binary_search_by_key(&node, |other| other.0)
            && let Some(name) = self.meta.other_types.get(usize::from(self.other_kinds[at].1))
        {
            return name;
        }
        kind.name()
    }

    /// The node's id: the same for one object in all snapshots of one process; odd for objects of JavaScript.
    #[must_use]
    #[inline]
    pub fn id(&self, node: NodeIndex) -> u32 {
        self.ids[node as usize]
    }

    /// The node with an id: a search through all nodes.
    #[must_use]
    pub fn find_id(&self, id: u32) -> Option<NodeIndex> {
        self.nodes().find(|&node| self.id(node) == id)
    }

    /// Index of the string that a node is called by in the file: a class's name, a string's content, a function's name.
    #[must_use]
    #[inline]
    pub fn name_index(&self, node: NodeIndex) -> u32 {
        self.names[node as usize]
    }

    /// What a node is called in the file. [`Graph::display_name`] is what people want to read.
    #[must_use]
    pub fn name(&self, node: NodeIndex) -> Cow<'_, str> {
        self.strings.text(self.name_index(node))
    }

    pub(super) fn name_bytes(&self, node: NodeIndex) -> &[u8] {
        self.strings.bytes(self.name_index(node))
    }

    /// The node's own size in bytes. In a [`super::Snapshot`] it includes the parts that only this node holds and that
    /// nobody knows by name (DevTools' "shallow size").
    #[must_use]
    #[inline]
    pub fn size(&self, node: NodeIndex) -> u64 {
        self.sizes.get(node)
    }

    /// Is the node cut off from the document (Chromium) or from the embedder's roots (Node)?
    #[must_use]
    pub fn detachedness(&self, node: NodeIndex) -> Detachedness {
        let known = self.detachedness.binary_search_by_key(&node, |known| known.0);
        known.map_or(Detachedness::Unknown, |at| self.detachedness[at].1)
    }

    /// Which of the recorded allocations made the node; 0 is none.
    #[must_use]
    pub fn trace_node_id(&self, node: NodeIndex) -> u32 {
        self.trace_node_ids.get(node as usize).copied().unwrap_or(0)
    }

    /// Where a node's edges stand among all edges.
    #[must_use]
    #[inline]
    pub fn edge_range(&self, node: NodeIndex) -> std::ops::Range<usize> {
        self.first_edges[node as usize] as usize..self.first_edges[node as usize + 1] as usize
    }

    /// An object used as a map: its keys are data. Functions and the globals have many properties, too, but those are names.
    #[must_use]
    pub fn is_dictionary(&self, node: NodeIndex) -> bool {
        self.kind(node) == NodeType::Object
            && self.edge_range(node).len() > DICTIONARY
            && self.name_bytes(node) != b"global"
            && self.edges(node).filter(|edge| edge.kind == EdgeType::Property).count() > DICTIONARY
    }

    /// A node's edges: what it refers to.
    #[must_use]
    #[inline]
    pub fn edges(&self, node: NodeIndex) -> impl DoubleEndedIterator<Item = Edge> + ExactSizeIterator + '_ {
        let range = self.edge_range(node);
        let first = self.first_edges[node as usize];
        let columns = self.targets[range.clone()].iter().zip(&self.edge_names[range]);
        columns.enumerate().map(move |(i, (&packed, &name))| {
            #[expect(clippy::cast_possible_truncation, reason = "the builder allows u32::MAX edges")]
            let index = first + i as u32;
            Edge { index, kind: EdgeType::from_bits(packed), name, target: packed >> 3 }
        })
    }

    /// The edge at a position.
    #[must_use]
    pub fn edge(&self, index: EdgeIndex) -> Edge {
        let packed = self.targets[index as usize];
        let name = self.edge_names[index as usize];
        Edge { index, kind: EdgeType::from_bits(packed), name, target: packed >> 3 }
    }

    /// The node that an edge leaves.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "an index of a node")]
    pub fn edge_source(&self, index: EdgeIndex) -> NodeIndex {
        // Nodes without edges start where the next one does: the last of those that start at or before it.
        (self.first_edges.partition_point(|&first| first <= index) - 1) as u32
    }

    /// What an edge is called: a property, a variable, an index.
    #[must_use]
    pub fn edge_name(&self, edge: Edge) -> Cow<'_, str> {
        if edge.kind.has_name() { self.strings.text(edge.name) } else { edge.name.to_string().into() }
    }

    /// The first target of an edge of that kind and name.
    #[must_use]
    pub fn follow(&self, node: NodeIndex, kind: EdgeType, name: &str) -> Option<NodeIndex> {
        self.edges(node)
            .find(|edge| {
                edge.kind == kind && kind.has_name() && self.strings.bytes(edge.name) == name.as_bytes()
            })
            .map(|edge| edge.target)
    }
}

/// A reference from one node to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    /// Its position in the file.
    pub index: EdgeIndex,
    /// What kind of reference it is.
    pub kind: EdgeType,
    /// Index of a string if [`EdgeType::has_name`], else a number: see [`Graph::edge_name`].
    pub name: u32,
    /// The node that it refers to.
    pub target: NodeIndex,
}
