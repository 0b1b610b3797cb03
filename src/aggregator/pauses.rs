//! GC pauses by kind: totals, histograms, and a ledger of the last ones.

use std::collections::VecDeque;

use hdrhistogram::{Counter, Histogram};

use crate::event::{GcEvent, GcKind};
use crate::report::{Bucket, KindReport, PAUSE_BOUNDS_NS, PauseDistribution};

/// The shortest pause told apart, in ns: buckets are half a microsecond wide below 1 ms, and have three digits above. Halving it costs 4 KB a histogram.
const SHORTEST_NS: u64 = 1_000;
/// The longest pause in the histogram: 1 h. Longer ones (a suspended machine) are counted apart as `exceeds`.
const LONGEST_NS: u64 = 3_600_000_000_000;
/// Significant decimal digits of a pause. A fourth costs ten times the memory.
const DIGITS: u8 = 3;

/// A histogram of pauses; fixed in size from the start (98 KB).
struct PauseHistogram {
    histogram: Histogram<u32>,
    exceeds: u64,
    shortest_ns: u64,
    longest_ns: u64,
}

/// An empty histogram of pauses in nanoseconds, in the layout of all of ours.
pub(crate) fn empty_histogram<C: Counter>() -> Histogram<C> {
    Histogram::new_with_bounds(SHORTEST_NS, LONGEST_NS, DIGITS)
        .expect("constant bounds that the histogram's documentation allows")
}

impl PauseHistogram {
    fn new() -> Self {
        let histogram = empty_histogram();
        Self { histogram, exceeds: 0, shortest_ns: u64::MAX, longest_ns: 0 }
    }

    fn record(&mut self, pause_ns: u64) {
        self.shortest_ns = self.shortest_ns.min(pause_ns);
        self.longest_ns = self.longest_ns.max(pause_ns);
        if pause_ns > LONGEST_NS {
            self.exceeds += 1;
        } else {
            // In range by the test above; a count that reached u32::MAX stays there.
            self.histogram.saturating_record(pause_ns);
        }
    }

    fn distribution(&self) -> PauseDistribution {
        let buckets = self
            .histogram
            .iter_recorded()
            .map(|step| Bucket {
                up_to_ns: step.value_iterated_to(),
                count: step.count_since_last_iteration(),
            })
            .collect();
        PauseDistribution {
            buckets,
            exceeds: self.exceeds,
            shortest_ns: if self.longest_ns == 0 { 0 } else { self.shortest_ns },
            longest_ns: self.longest_ns,
        }
    }

    fn footprint_bytes(&self) -> usize {
        self.histogram.distinct_values() * size_of::<u32>()
    }
}

/// One kind's sums and histogram since the watcher started.
struct Kind {
    count: u64,
    total_ns: u64,
    freed_bytes: u64,
    by_bound: [u64; PAUSE_BOUNDS_NS.len()],
    pauses: PauseHistogram,
}

impl Kind {
    fn new() -> Self {
        Self {
            count: 0,
            total_ns: 0,
            freed_bytes: 0,
            by_bound: [0; PAUSE_BOUNDS_NS.len()],
            pauses: PauseHistogram::new(),
        }
    }

    fn record(&mut self, pause_ns: u64, freed_bytes: u64) {
        self.count += 1;
        self.total_ns += pause_ns;
        self.freed_bytes += freed_bytes;
        if let Some(count) = self.by_bound.get_mut(PAUSE_BOUNDS_NS.partition_point(|bound| *bound < pause_ns))
        {
            *count += 1;
        }
        self.pauses.record(pause_ns);
    }

    fn report(&self) -> KindReport {
        KindReport { pause: self.pauses.distribution(), ..self.counts() }
    }

    fn counts(&self) -> KindReport {
        KindReport {
            count: self.count,
            total_ns: self.total_ns,
            freed_bytes: self.freed_bytes,
            by_bound: self.by_bound,
            pause: PauseDistribution::default(),
        }
    }
}

/// One pause, as it is remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pause {
    /// When it began, on the process's clock.
    pub start_ns: u64,
    /// How long JavaScript stood still.
    pub pause_ns: u64,
    /// Bytes in use before, 0 where not read.
    pub used_before_bytes: u64,
    /// Bytes in use after, 0 where not read.
    pub used_after_bytes: u64,
    /// Which kind.
    pub kind: GcKind,
    /// Asked for, not V8's own decision.
    pub forced: bool,
    /// Inside another GC's pause.
    pub nested: bool,
}

impl Pause {
    /// What the heap lost in it.
    #[must_use]
    pub fn freed_bytes(&self) -> u64 {
        self.used_before_bytes.saturating_sub(self.used_after_bytes)
    }
}

impl From<&GcEvent> for Pause {
    fn from(event: &GcEvent) -> Self {
        Self {
            start_ns: event.start_ns,
            pause_ns: event.pause_ns,
            used_before_bytes: event.before.used_bytes,
            used_after_bytes: event.after.used_bytes,
            kind: event.kind,
            forced: event.forced,
            nested: event.nested,
        }
    }
}

/// The last entries of a series, numbered from its beginning, so that each reader can go on where it was.
pub struct Ledger<T> {
    entries: VecDeque<T>,
    capacity: usize,
    next: u64,
}

impl<T: Copy> Ledger<T> {
    /// Room for `capacity` entries, taken at once.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self { entries: VecDeque::with_capacity(capacity), capacity, next: 0 }
    }

    /// Adds an entry; the oldest one goes when the room is used up.
    pub fn push(&mut self, entry: T) {
        if self.entries.len() == self.capacity {
            self.entries.pop_front();
        }
        self.entries.push_back(entry);
        self.next += 1;
    }

    /// The number that the next entry will have.
    #[must_use]
    pub fn next(&self) -> u64 {
        self.next
    }

    /// The entries numbered `from` and later that are still there, and how many of them are not.
    pub fn since(&self, from: u64) -> (impl Iterator<Item = &T>, u64) {
        let first = self.next - self.entries.len() as u64;
        let lost = first.saturating_sub(from);
        let skipped = usize::try_from(from.saturating_sub(first)).unwrap_or(usize::MAX);
        (self.entries.iter().skip(skipped), lost)
    }

    /// Every entry that is still there, oldest first.
    #[must_use]
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.entries.iter()
    }

    /// Bytes taken.
    #[must_use]
    pub fn footprint_bytes(&self) -> usize {
        self.entries.capacity() * size_of::<T>()
    }
}

/// Every GC of an isolate since its watcher started.
pub struct Pauses {
    /// Outermost pauses only.
    all: Kind,
    kinds: [Kind; 4],
    /// The last pauses, one by one.
    pub ledger: Ledger<Pause>,
}

impl Pauses {
    /// Remembers the last `capacity` pauses one by one.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self { all: Kind::new(), kinds: std::array::from_fn(|_| Kind::new()), ledger: Ledger::new(capacity) }
    }

    /// Takes one GC in.
    pub fn record(&mut self, event: &GcEvent) {
        let pause = Pause::from(event);
        let freed = pause.freed_bytes();
        self.kinds[event.kind as usize].record(event.pause_ns, freed);
        if !event.nested {
            self.all.record(event.pause_ns, freed);
        }
        self.ledger.push(pause);
    }

    /// All outermost pauses, and each kind's, since the watcher started.
    #[must_use]
    pub fn report(&self) -> (KindReport, [KindReport; 4]) {
        (self.all.report(), std::array::from_fn(|kind| self.kinds[kind].report()))
    }

    /// The same without distributions, which take most of the time: for whoever counts by bound.
    #[must_use]
    pub fn counts(&self) -> (KindReport, [KindReport; 4]) {
        (self.all.counts(), std::array::from_fn(|kind| self.kinds[kind].counts()))
    }

    /// How many GCs of a kind there were.
    #[must_use]
    pub fn count(&self, kind: GcKind) -> u64 {
        self.kinds[kind as usize].count
    }

    /// Bytes taken.
    #[must_use]
    pub fn footprint_bytes(&self) -> usize {
        self.kinds.iter().chain([&self.all]).map(|kind| kind.pauses.footprint_bytes()).sum::<usize>()
            + self.ledger.footprint_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::HeapReading;

    fn event(kind: GcKind, pause_ns: u64, nested: bool) -> GcEvent {
        GcEvent {
            start_ns: 0,
            pause_ns,
            before: HeapReading { used_bytes: 100, young_used_bytes: 10 },
            after: HeapReading { used_bytes: 60, young_used_bytes: 0 },
            total_bytes: 200,
            external_bytes: 0,
            large_spaces_bytes: 0,
            kind,
            forced: false,
            nested,
            has_heap: true,
        }
    }

    #[test]
    fn a_nested_pause_counts_for_its_kind_and_not_for_all() {
        let mut pauses = Pauses::new(8);
        pauses.record(&event(GcKind::Weak, 1_000, true));
        pauses.record(&event(GcKind::Major, 9_000, false));
        let (all, kinds) = pauses.report();
        assert_eq!((all.count, all.total_ns), (1, 9_000));
        assert_eq!(kinds[GcKind::Weak as usize].count, 1);
        assert_eq!(kinds[GcKind::Major as usize].freed_bytes, 40);
    }

    #[test]
    fn pauses_keep_three_digits_and_those_over_an_hour_stand_apart() {
        let mut pauses = Pauses::new(8);
        for pause_ns in [1_234_567, 45_678_900_000, 2 * LONGEST_NS] {
            pauses.record(&event(GcKind::Major, pause_ns, false));
        }
        let (all, _) = pauses.report();
        let values: Vec<u64> = all.pause.buckets.iter().map(|bucket| bucket.up_to_ns).collect();
        assert!(values[0].abs_diff(1_234_567) < 1_300, "{values:?}");
        assert!(values[1].abs_diff(45_678_900_000) < 46_000_000, "{values:?}");
        assert_eq!(
            (all.pause.exceeds, all.pause.shortest_ns, all.pause.longest_ns),
            (1, 1_234_567, 2 * LONGEST_NS)
        );
    }

    #[test]
    fn a_pause_as_long_as_a_bound_is_within_it() {
        let mut pauses = Pauses::new(8);
        for pause_ns in [1, 100_000, 100_001, 1_000_000, 11_000_000_000] {
            pauses.record(&event(GcKind::Minor, pause_ns, false));
        }
        let (all, _) = pauses.report();
        assert_eq!(all.by_bound[..4], [2, 1, 0, 1]);
        assert_eq!((all.by_bound.iter().sum::<u64>(), all.count), (4, 5));
    }

    #[test]
    fn a_reader_that_was_away_too_long_is_told_how_many_it_missed() {
        let mut ledger = Ledger::new(3);
        (0..10).for_each(|entry| ledger.push(entry));
        let (entries, lost) = ledger.since(5);
        assert_eq!((entries.copied().collect::<Vec<_>>(), lost), (vec![7, 8, 9], 2));
        let (entries, lost) = ledger.since(9);
        assert_eq!((entries.copied().collect::<Vec<_>>(), lost), (vec![9], 0));
        assert_eq!(ledger.since(10).0.count(), 0);
    }
}
