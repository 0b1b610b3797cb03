//! Edges backwards: who refers to a node, and the shortest way to it.

use super::distances::NO_DISTANCE;
use super::graph::{Edge, EdgeIndex, Graph, NodeIndex};
use super::meta::EdgeType;

/// For each node the edges that arrive at it: 4 bytes an edge and 4 a node.
#[derive(Debug)]
pub(super) struct Retainers {
    starts: Vec<u32>,
    edges: Vec<EdgeIndex>,
}

impl Retainers {
    pub fn new(graph: &Graph) -> Self {
        // One place further on: filling moves each start to where the next one is.
        let mut starts = vec![0u32; graph.kinds.len() + 2];
        for packed in &graph.targets {
            starts[(packed >> 3) as usize + 2] += 1;
        }
        for i in 2..starts.len() {
            starts[i] += starts[i - 1];
        }
        let mut edges = vec![0; graph.targets.len()];
        for (index, packed) in (0..).zip(&graph.targets) {
            let place = &mut starts[(packed >> 3) as usize + 1];
            edges[*place as usize] = index;
            *place += 1;
        }
        Self { starts, edges }
    }

    pub fn of(&self, node: NodeIndex) -> &[EdgeIndex] {
        &self.edges[self.starts[node as usize] as usize..self.starts[node as usize + 1] as usize]
    }

    /// The edges of a shortest way from a global object (or the root) to `target`, in the order of the way. Empty for
    /// those themselves, and for what cannot be reached.
    pub fn shortest_path(&self, graph: &Graph, distances: &[i32], target: NodeIndex) -> Vec<Edge> {
        let mut path = Vec::new();
        let mut node = target;
        loop {
            let distance = distances[node as usize];
            if distance <= 1 || node == graph.root() {
                break;
            }
            let nearer = self.of(node).iter().filter_map(|&index| {
                let edge = graph.edge(index);
                let source = graph.edge_source(index);
                let at = distances[source as usize];
                (edge.kind != EdgeType::Weak && at != NO_DISTANCE && at < distance)
                    .then_some((at, edge, source))
            });
            // The nearest; of several the one whose name says most.
            let Some((_, edge, source)) = nearer.min_by_key(|(at, edge, _)| (*at, obscurity(edge.kind)))
            else {
                break;
            };
            path.push(edge);
            node = source;
        }
        path.reverse();
        path
    }
}

/// How little an edge's name tells a reader.
fn obscurity(kind: EdgeType) -> u8 {
    match kind {
        EdgeType::Property | EdgeType::Context => 0,
        EdgeType::Element | EdgeType::Shortcut => 1,
        EdgeType::Internal | EdgeType::Other => 2,
        EdgeType::Hidden | EdgeType::Weak => 3,
    }
}
