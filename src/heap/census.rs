//! Comparing two snapshots of one process by the ids of their objects (DevTools' Comparison: `aggregatesForDiff`,
//! `calculateSnapshotDiff`, `calculateDiffForClass`).
//!
//! For that a snapshot needs no graph: who was there, of what class, of what size. A [`Census`] is that, at 16 bytes an
//! object, so that of several snapshots only one graph must be in memory at a time, and of the earlier ones neither
//! dominators nor distances are computed at all.

use super::classes::{self, ClassKey};
use super::columns::Sizes;
use super::error::Result;
use super::graph::Graph;
use super::interfaces::{Interface, PlainObjects};
use super::progress::Progress;
use super::shallow;
use super::snapshot::Snapshot;
use rustc_hash::FxHashMap;

/// An object of a census.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    /// Position in [`Census::keys`].
    class: u32,
    id: u32,
    size: u64,
}

/// All objects of a snapshot that have a size: class, id, shallow size.
#[derive(Debug, Default)]
pub struct Census {
    keys: Vec<ClassKey>,
    /// By class, then id.
    entries: Vec<Entry>,
}

/// How a class changed from one snapshot to the next. Sizes are shallow, in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassDiff {
    /// Name and place.
    pub key: ClassKey,
    /// Objects that were not there before.
    pub added_count: u32,
    /// Objects that are there no longer.
    pub removed_count: u32,
    /// Size of the new ones.
    pub added_size: u64,
    /// Size of those that went.
    pub removed_size: u64,
}

impl ClassDiff {
    /// New objects without those that went.
    #[must_use]
    pub fn count_delta(&self) -> i64 {
        i64::from(self.added_count) - i64::from(self.removed_count)
    }

    /// Size of new objects without that of those that went.
    #[must_use]
    pub fn size_delta(&self) -> i64 {
        self.added_size.cast_signed().wrapping_sub(self.removed_size.cast_signed())
    }
}

impl Census {
    /// Counts an earlier snapshot, whose plain objects are told apart as in the later one that `interfaces` come from.
    ///
    /// # Errors
    /// [`super::Error::Cancelled`].
    pub fn of_graph(mut graph: Graph, interfaces: &[Interface], progress: &Progress) -> Result<Self> {
        let sizes = std::mem::take(&mut graph.sizes);
        let sizes = shallow::attribute(&graph, sizes, progress)?;
        let classes = classes::classify(&graph, &PlainObjects::new(&graph), interfaces);
        Ok(Self::new(classes.keys, &classes.of, &graph.ids, &sizes))
    }

    /// Counts a snapshot as it is.
    #[must_use]
    pub fn of_snapshot(snapshot: &Snapshot) -> Self {
        let keys = snapshot.classes().iter().map(|row| row.key.clone()).collect();
        let graph = snapshot.graph();
        Self::new(keys, snapshot.classes_of_nodes(), &graph.ids, &graph.sizes)
    }

    /// Counts an analysed snapshot as the earlier one of a comparison: see [`Census::of_graph`].
    #[must_use]
    pub fn of_snapshot_with(snapshot: &Snapshot, interfaces: &[Interface]) -> Self {
        let graph = snapshot.graph();
        let classes = classes::classify(graph, &PlainObjects::new(graph), interfaces);
        Self::new(classes.keys, &classes.of, &graph.ids, &graph.sizes)
    }

    pub(super) fn new(keys: Vec<ClassKey>, of: &[u32], ids: &[u32], sizes: &Sizes) -> Self {
        let mut entries: Vec<Entry> = of
            .iter()
            .zip(ids)
            .zip(sizes.iter())
            .filter(|(_, size)| *size > 0)
            .map(|((&class, &id), size)| Entry { class, id, size })
            .collect();
        entries.sort_by_key(|entry| u64::from(entry.class) << 32 | u64::from(entry.id));
        Self { keys, entries }
    }

    /// How many objects there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// None at all?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn by_class(&self) -> impl Iterator<Item = (&ClassKey, &[Entry])> {
        self.entries
            .chunk_by(|a, b| a.class == b.class)
            .map(|entries| (&self.keys[entries[0].class as usize], entries))
    }

    /// What share of this census's objects of JavaScript (odd ids) the other one has, too: near 0 where ids do not
    /// match, since the snapshots are of two processes or were taken in forked children.
    #[must_use]
    pub fn shared_ids(&self, other: &Self) -> f64 {
        let odd = |census: &Self| {
            let mut ids: Vec<u32> =
                census.entries.iter().map(|entry| entry.id).filter(|id| id % 2 == 1).collect();
            ids.sort_unstable();
            ids
        };
        let (own, others) = (odd(self), odd(other));
        let (mut i, mut j, mut shared) = (0, 0, 0u32);
        while let (Some(a), Some(b)) = (own.get(i), others.get(j)) {
            shared += u32::from(a == b);
            i += usize::from(a <= b);
            j += usize::from(b <= a);
        }
        #[expect(clippy::cast_precision_loss, reason = "fewer than 2^52 objects")]
        let count = own.len().max(1) as f64;
        f64::from(shared) / count
    }
}

/// Compares by ids: a row for each class that gained or lost objects. An object whose class changed is one that went
/// from the one and one that came to the other.
#[must_use]
pub fn compare(before: &Census, after: &Census) -> Vec<ClassDiff> {
    let mut earlier: FxHashMap<&ClassKey, &[Entry]> = before.by_class().collect();
    let mut rows: Vec<ClassDiff> = after
        .by_class()
        .map(|(key, entries)| compare_class(key, earlier.remove(key).unwrap_or_default(), entries))
        .collect();
    rows.extend(earlier.into_iter().map(|(key, entries)| compare_class(key, entries, &[])));
    rows.retain(|row| row.added_count > 0 || row.removed_count > 0);
    rows.sort_unstable_by(|a, b| b.size_delta().cmp(&a.size_delta()).then_with(|| a.key.cmp(&b.key)));
    rows
}

fn compare_class(key: &ClassKey, before: &[Entry], after: &[Entry]) -> ClassDiff {
    let mut diff =
        ClassDiff { key: key.clone(), added_count: 0, removed_count: 0, added_size: 0, removed_size: 0 };
    let (mut before, mut after) = (before.iter().peekable(), after.iter().peekable());
    loop {
        let order = match (before.peek(), after.peek()) {
            (Some(old), Some(new)) => old.id.cmp(&new.id),
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (None, None) => return diff,
        };
        if order.is_le()
            && let Some(old) = before.next()
            && order.is_lt()
        {
            diff.removed_count += 1;
            diff.removed_size += old.size;
        }
        if order.is_ge()
            && let Some(new) = after.next()
            && order.is_gt()
        {
            diff.added_count += 1;
            diff.added_size += new.size;
        }
    }
}
