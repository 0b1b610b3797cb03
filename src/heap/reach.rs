//! How an object is reached: one path from the roots for each node, the one that says most to a person.
//!
//! A shortest path in steps leads through V8's own machinery as happily as through variables. So steps have costs: a
//! property, a variable or an element is cheap; prototypes, compiled code, handles and V8's lists are dear. Dijkstra's
//! algorithm with a ring of buckets (Dial), since costs are small whole numbers. Weak edges and the table's side of
//! pairs in `WeakMap`s are no way.

use super::ephemerons::Ephemerons;
use super::error::Result;
use super::graph::{Edge, EdgeIndex, Graph, NodeIndex};
use super::meta::{EdgeType, NodeType};
use super::progress::Progress;

/// Costs are below this.
const BUCKETS: usize = 64;
const NO_EDGE: EdgeIndex = EdgeIndex::MAX;

/// For each node the edge by which it is reached.
#[derive(Debug)]
pub(super) struct Reach {
    edges: Vec<EdgeIndex>,
    parents: Vec<NodeIndex>,
    /// The nodes that can be reached, parents before children.
    pub order: Vec<NodeIndex>,
}

impl Reach {
    pub fn new(graph: &Graph, progress: &Progress) -> Result<Self> {
        let costs = Costs::new(graph);
        let ephemerons = Ephemerons::find(&graph.strings);
        let count = graph.kinds.len();
        let mut edges = vec![NO_EDGE; count];
        let mut parents = vec![graph.root; count];
        let mut best = vec![u32::MAX; count];
        let mut order = Vec::new();
        let mut ring: Vec<Vec<NodeIndex>> = vec![Vec::new(); BUCKETS];
        best[graph.root as usize] = 0;
        ring[0].push(graph.root);
        let (mut at, mut waiting, mut steps) = (0u32, 1usize, 0usize);
        while waiting > 0 {
            let bucket = std::mem::take(&mut ring[at as usize % BUCKETS]);
            waiting -= bucket.len();
            for node in bucket {
                // Reached for less since: it was done then. `done` is a cost that nothing has.
                if best[node as usize] != at {
                    continue;
                }
                steps += 1;
                progress.check_at(steps)?;
                order.push(node);
                for edge in graph.edges(node) {
                    let known = best[edge.target as usize];
                    if known <= at
                        || edge.kind == EdgeType::Weak
                        || ephemerons.is_table_side(graph, node, edge)
                    {
                        continue;
                    }
                    let cost = at + costs.of(graph, node, edge);
                    if cost < known {
                        best[edge.target as usize] = cost;
                        edges[edge.target as usize] = edge.index;
                        parents[edge.target as usize] = node;
                        ring[cost as usize % BUCKETS].push(edge.target);
                        waiting += 1;
                    }
                }
            }
            at += 1;
        }
        Ok(Self { edges, parents, order })
    }

    /// The edge that a node is reached by and the node that it comes from; `None` for the root and what nobody reaches.
    pub fn step(&self, graph: &Graph, node: NodeIndex) -> Option<(NodeIndex, Edge)> {
        let index = self.edges[node as usize];
        (index != NO_EDGE).then(|| (self.parents[node as usize], graph.edge(index)))
    }

    /// The steps from the root to a node.
    pub fn path(&self, graph: &Graph, node: NodeIndex) -> Vec<(NodeIndex, Edge)> {
        let mut path = Vec::new();
        let mut at = node;
        while let Some((parent, edge)) = self.step(graph, at) {
            path.push((parent, edge));
            at = parent;
        }
        path.reverse();
        path
    }
}

/// Names of edges by which the cost is told.
struct Costs {
    /// Parts of one thing, not steps: the elements of an array, the table of a `Map`.
    parts: Vec<u32>,
    /// What everything inherits leads everywhere.
    prototypes: Vec<u32>,
    dear_roots: Vec<NodeIndex>,
    /// The async function that runs at the moment.
    running: Vec<u32>,
}

impl Costs {
    fn new(graph: &Graph) -> Self {
        let find = |names: &[&str]| {
            names.iter().flat_map(|name| graph.strings.find(name.as_bytes())).collect::<Vec<u32>>()
        };
        let dear_roots = graph
            .nodes()
            .filter(|&node| {
                graph.kind(node) == NodeType::Synthetic
                    && matches!(graph.name_bytes(node), b"(Stack roots)" | b"(Handle scope)")
            })
            .collect();
        Self {
            parts: find(&["elements", "table", "properties", "context", "value", "reactions_or_result"]),
            prototypes: find(&["__proto__", "prototype", "constructor"]),
            dear_roots,
            running: find(&["current_microtask"]),
        }
    }

    /// Greater than 0, less than [`BUCKETS`].
    fn of(&self, graph: &Graph, source: NodeIndex, edge: Edge) -> u32 {
        let from = graph.kind(source);
        let to = graph.kind(edge.target);
        if from == NodeType::Synthetic {
            return match edge.kind {
                EdgeType::Shortcut => 1,
                _ if source == graph.root => 20,
                // What a running function or a scope of handles holds is gone a moment later.
                _ if self.dear_roots.contains(&source)
                    || edge.kind.has_name() && self.running.contains(&edge.name) =>
                {
                    60
                }
                _ => 20,
            };
        }
        if matches!(from, NodeType::Code | NodeType::ObjectShape)
            || matches!(to, NodeType::Code | NodeType::ObjectShape)
        {
            return 40;
        }
        match edge.kind {
            EdgeType::Property if self.prototypes.contains(&edge.name) => 12,
            EdgeType::Property | EdgeType::Context | EdgeType::Element => 2,
            EdgeType::Internal if self.parts.contains(&edge.name) => 1,
            _ if from == NodeType::Hidden => 12,
            EdgeType::Internal | EdgeType::Shortcut | EdgeType::Other => 4,
            EdgeType::Hidden | EdgeType::Weak => 8,
        }
    }
}
