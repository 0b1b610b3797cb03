//! Strings that are there more than once.

use super::meta::NodeType;
use super::owners::Owners;
use super::summary::cut;
use rustc_hash::FxHashMap;
use serde::Serialize;

/// How much of a string is told.
const MAX_TEXT: usize = 80;

/// What repeated strings cost.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DuplicateStrings {
    /// Copies beyond the first of each.
    pub copies: u64,
    /// What they take, in bytes: what would be saved.
    pub wasted_bytes: u64,
    /// The costliest.
    pub top: Vec<Duplicate>,
}

/// A string that is there more than once.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Duplicate {
    /// Its beginning.
    pub text: String,
    /// How often it is there.
    pub count: u32,
    /// Of all copies.
    pub bytes: u64,
    /// Who holds one of them.
    pub holder: String,
}

/// V8 cuts long strings: those that are alike at the beginning and of one size are taken for the same.
pub(super) fn duplicates(owners: &Owners<'_>, limit: usize) -> DuplicateStrings {
    let graph = owners.snapshot.graph();
    let mut seen: FxHashMap<(u32, u64), (u32, u32)> = FxHashMap::default();
    for node in graph.nodes() {
        if graph.kind(node) == NodeType::String && graph.size(node) > 0 {
            let entry = seen.entry((graph.name_index(node), graph.size(node))).or_insert((0, node));
            entry.0 += 1;
            // A later one is rather the program's than V8's.
            entry.1 = node;
        }
    }
    let mut rows: Vec<_> = seen.into_iter().filter(|(_, (count, _))| *count > 1).collect();
    rows.sort_unstable_by_key(|((name, size), (count, _))| {
        (std::cmp::Reverse(u64::from(count - 1) * size), *name)
    });
    DuplicateStrings {
        copies: rows.iter().map(|(_, (count, _))| u64::from(count - 1)).sum(),
        wasted_bytes: rows.iter().map(|((_, size), (count, _))| u64::from(count - 1) * size).sum(),
        top: rows
            .iter()
            .take(limit)
            .map(|&((name, size), (count, node))| Duplicate {
                text: cut(&graph.strings().text(name), MAX_TEXT),
                count,
                bytes: u64::from(count) * size,
                holder: cut(&owners.describe(node, false).text, 200),
            })
            .collect(),
    }
}
