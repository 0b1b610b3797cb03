//! Shallow sizes as people expect them (DevTools' `calculateShallowSizes`): the arrays and hidden things inside a Map or
//! an array have no name in anybody's program, so what only one object holds counts as part of that object.

use super::bits::Bits;
use super::builder::is_weak;
use super::columns::Sizes;
use super::distances;
use super::error::Result;
use super::graph::{Graph, NodeIndex};
use super::meta::NodeType;
use super::progress::Progress;

const NOBODY: u32 = u32::MAX;
const SEVERAL: u32 = u32::MAX - 1;

/// Gives the sizes of parts to their single owners.
pub(super) fn attribute(graph: &Graph, mut sizes: Sizes, progress: &Progress) -> Result<Sizes> {
    if distances::user_roots(graph).next().is_none() {
        // Taken with V8's internals exposed: whoever did that wants to see them.
        return Ok(sizes);
    }
    let mut parts = Bits::new(graph.kinds.len());
    for node in graph.nodes() {
        match graph.kind(node) {
            NodeType::Hidden | NodeType::Array => parts.set(node),
            NodeType::Native if graph.name_bytes(node) == b"system / ExternalStringData" => parts.set(node),
            _ => {}
        }
    }
    let mut search = Search { graph, owners: vec![NOBODY; graph.kinds.len()], parts, list: Vec::new() };
    for node in graph.nodes() {
        progress.check_at(node as usize)?;
        if !search.parts.get(node) {
            search.from(node, node);
            while let Some(part) = search.list.pop() {
                search.from(part, search.owners[part as usize]);
            }
        }
    }
    let Search { owners, parts, .. } = search;
    for node in graph.nodes() {
        let owner = owners[node as usize];
        if parts.get(node)
            && owner < SEVERAL
            && owner != node
            && owner != graph.root
            && graph.kind(owner) != NodeType::Synthetic
        {
            let size = sizes.get(node);
            if size > 0 {
                sizes.set(node, 0);
                sizes.set(owner, sizes.get(owner).saturating_add(size));
            }
        }
    }
    Ok(sizes)
}

struct Search<'a> {
    graph: &'a Graph,
    owners: Vec<u32>,
    /// What can have an owner; all else owns itself.
    parts: Bits,
    list: Vec<NodeIndex>,
}

impl Search<'_> {
    /// A part is changed twice at most: from nobody's to somebody's, and from there to several people's. The order of
    /// visits does not matter for what comes out.
    fn from(&mut self, node: NodeIndex, owner: u32) {
        for &packed in &self.graph.targets[self.graph.edge_range(node)] {
            let target = packed >> 3;
            if is_weak(packed) || !self.parts.get(target) {
                continue;
            }
            let current = &mut self.owners[target as usize];
            if *current == NOBODY {
                *current = owner;
            } else if *current == owner || *current == SEVERAL || *current == target {
                continue;
            } else {
                *current = SEVERAL;
            }
            self.list.push(target);
        }
    }
}
