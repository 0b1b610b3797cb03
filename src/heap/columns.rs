//! Growing columns of unknown length within a bound on memory.

/// Makes room for `more` values: by a quarter at a time, since the largest columns are what a snapshot's memory goes to.
/// (The system moves large blocks by their page tables, so growing in small steps costs little.)
pub(super) fn reserve<T>(column: &mut Vec<T>, more: usize) {
    if column.capacity() - column.len() < more {
        column.reserve_exact(more.max(column.len() / 4).max(64));
    }
}
