//! Where functions, generators and classes stand in their scripts.

use super::graph::NodeIndex;
use super::meta::LocationLayout;

/// A place in a script. Lines and columns count from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Location {
    /// V8's number of the script; its name is that of the `system / Script` node that the function leads to.
    pub script: u32,
    /// Line, from 0.
    pub line: u32,
    /// Column, from 0.
    pub column: u32,
}

/// Locations of nodes, in the order of nodes.
#[derive(Debug, Default)]
pub struct Locations {
    entries: Vec<(NodeIndex, Location)>,
}

impl Locations {
    pub(super) fn read(numbers: &[u32], layout: &LocationLayout, node_fields: usize) -> Self {
        let node_fields = u32::try_from(node_fields).unwrap_or(1);
        let mut entries: Vec<_> = numbers
            .chunks_exact(layout.fields)
            .map(|row| {
                let location = Location {
                    script: row[layout.script],
                    line: row[layout.line],
                    column: row[layout.column],
                };
                (row[layout.object] / node_fields, location)
            })
            .collect();
        // Of two locations of one node the later counts. V8 writes them nearly in order.
        entries.sort_by_key(|entry| entry.0);
        entries.dedup_by(|later, earlier| {
            let same = later.0 == earlier.0;
            if same {
                *earlier = *later;
            }
            same
        });
        Self { entries }
    }

    /// Where a node's function or class stands.
    #[must_use]
    pub fn of(&self, node: NodeIndex) -> Option<Location> {
        self.entries.binary_search_by_key(&node, |entry| entry.0).ok().map(|at| self.entries[at].1)
    }

    /// All of them, in the order of nodes.
    #[must_use]
    pub fn all(&self) -> &[(NodeIndex, Location)] {
        &self.entries
    }
}
