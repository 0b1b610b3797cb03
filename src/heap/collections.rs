//! The biggest maps, sets, arrays and objects used as dictionaries, with who holds them.

use super::graph::{Graph, NodeIndex};
use super::meta::{EdgeType, NodeType};
use super::owners::Owners;
use super::summary::cut;
use serde::Serialize;

/// Smaller ones are never the trouble.
const MIN_ENTRIES: usize = 16;
/// An object with more properties than this is a dictionary.
const DICTIONARY: usize = 64;

/// A collection and its size.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Collection {
    /// V8's id.
    pub id: u32,
    /// `Map`, `Set`, `Array`, `Object`, …
    pub kind: &'static str,
    /// Entries that are objects or strings: small numbers leave no trace in a snapshot.
    pub entries: usize,
    /// In bytes.
    pub retained: u64,
    /// Who holds it.
    pub holder: String,
}

pub(super) fn biggest(owners: &Owners<'_>, limit: usize) -> Vec<Collection> {
    let snapshot = owners.snapshot;
    let graph = snapshot.graph();
    let mut found: Vec<(usize, &'static str, NodeIndex)> = graph
        .nodes()
        .filter(|&node| graph.kind(node) == NodeType::Object)
        .filter_map(|node| {
            let (kind, entries) = entries(graph, node)?;
            (entries >= MIN_ENTRIES).then_some((entries, kind, node))
        })
        .collect();
    found.sort_unstable_by_key(|(entries, _, node)| {
        (std::cmp::Reverse(snapshot.retained_size(*node)), std::cmp::Reverse(*entries), *node)
    });
    found
        .into_iter()
        .map(|found| (found, owners.describe(found.2, false)))
        // Node's own tables are full from the start.
        .filter(|(_, holder)| !holder.is_internal())
        .take(limit)
        .map(|((entries, kind, node), holder)| Collection {
            id: graph.id(node),
            kind,
            entries,
            retained: snapshot.retained_size(node),
            holder: cut(&holder.text, 200),
        })
        .collect()
}

/// What kind of collection a node is, and how many entries it has.
fn entries(graph: &Graph, node: NodeIndex) -> Option<(&'static str, usize)> {
    let table = || graph.follow(node, EdgeType::Internal, "table");
    match graph.name_bytes(node) {
        b"Map" => Some(("Map", in_table(graph, table()?, 3))),
        b"WeakMap" => Some(("WeakMap", in_table(graph, table()?, 2))),
        b"Set" => Some(("Set", in_table(graph, table()?, 2))),
        b"Array" => Some(("Array", graph.edges(node).filter(|edge| edge.kind == EdgeType::Element).count())),
        _ if graph.edge_range(node).len() > DICTIONARY => {
            let properties = graph
                .edges(node)
                .filter(|edge| matches!(edge.kind, EdgeType::Property | EdgeType::Element))
                .count();
            (properties > DICTIONARY).then_some(("Object", properties))
        }
        _ => None,
    }
}

/// Entries of a hash table with so many slots each (V8's `OrderedHashMap`: key, value, chain). The slots of keys, and
/// those of values, have the same remainder; whichever has more references tells the number.
fn in_table(graph: &Graph, table: NodeIndex, slots: usize) -> usize {
    let mut counts = [0usize; 3];
    for edge in graph.edges(table) {
        let index =
            if edge.kind.has_name() { graph.edge_name(edge).parse().ok() } else { Some(edge.name as usize) };
        if let Some(index) = index
            && edge.kind != EdgeType::Weak
            && !matches!(graph.kind(edge.target), NodeType::Hidden | NodeType::ObjectShape)
        {
            counts[index % slots] += 1;
        }
    }
    counts.into_iter().max().unwrap_or(0)
}
