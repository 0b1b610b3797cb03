//! Growing columns of unknown length within a bound on memory.

use rustc_hash::FxHashMap;

/// Makes room for `more` values: by a quarter at a time, since the largest columns are what a snapshot's memory goes to.
/// (The system moves large blocks by their page tables, so growing in small steps costs little.)
pub(super) fn reserve<T>(column: &mut Vec<T>, more: usize) {
    if column.capacity() - column.len() < more {
        column.reserve_exact(more.max(column.len() / 4).max(64));
    }
}

/// Sizes in bytes: nearly all of them fit into 32 bits, so that is what each gets.
#[derive(Debug, Default)]
pub(super) struct Sizes {
    small: Vec<u32>,
    /// Those that do not fit; `small` has `u32::MAX` there.
    large: FxHashMap<u32, u64>,
}

impl Sizes {
    pub fn extend(&mut self, sizes: impl ExactSizeIterator<Item = u32>) {
        reserve(&mut self.small, sizes.len());
        self.small.extend(sizes);
    }

    #[inline]
    pub fn get(&self, node: u32) -> u64 {
        match self.small[node as usize] {
            u32::MAX => self.large.get(&node).copied().unwrap_or(u64::from(u32::MAX)),
            small => u64::from(small),
        }
    }

    pub fn set(&mut self, node: u32, size: u64) {
        let small = u32::try_from(size).unwrap_or(u32::MAX);
        if small == u32::MAX {
            self.large.insert(node, size);
        }
        self.small[node as usize] = small;
    }

    /// All of them, in the order of nodes.
    pub fn iter(&self) -> impl Iterator<Item = u64> + '_ {
        (0..)
            .zip(&self.small)
            .map(|(node, &small)| if small == u32::MAX { self.get(node) } else { u64::from(small) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_sizes_that_do_not_fit_into_32_bits() {
        let mut sizes = Sizes::default();
        sizes.extend([1, u32::MAX, 3].into_iter());
        sizes.set(2, 5 << 32);
        assert_eq!(sizes.iter().collect::<Vec<_>>(), [1, u64::from(u32::MAX), 5 << 32]);
        sizes.set(2, 7);
        assert_eq!(sizes.get(2), 7);
    }
}
