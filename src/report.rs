//! The report: an immutable copy of what is known at one moment, and the only thing that outputs read.
//!
//! Bytes and nanoseconds, as they were measured; each output converts once, at its own edge.

use crate::event::{GcKind, SpaceReading};

/// Everything known of one isolate, and of the other watched isolates of the process.
#[derive(Clone, Debug)]
pub struct Report {
    /// The process.
    pub pid: u32,
    /// Node's id of the isolate's thread; 0 is the main thread.
    pub thread_id: u32,
    /// Since the watcher started.
    pub uptime_ns: u64,
    /// Unix time at the zero of the process's clock, in milliseconds.
    pub unix_ms_at_zero: f64,
    /// Resident set size of the process.
    pub rss_bytes: u64,
    /// Committed for V8's heap.
    pub heap_total_bytes: u64,
    /// In use by objects.
    pub heap_used_bytes: u64,
    /// External memory.
    pub external_bytes: u64,
    /// Of the external memory, `ArrayBuffer`s and `Buffer`s.
    pub array_buffers_bytes: u64,
    /// How full the heap and the container are.
    pub limits: Limits,
    /// In use after the last major GC.
    pub heap_after_last_major_bytes: Option<u64>,
    /// How old the heap's sizes are.
    pub sample_age_ns: u64,
    /// By V8's names, in V8's order.
    pub spaces: Vec<(String, SpaceReading)>,
    /// GC pauses.
    pub gc: GcReport,
    /// Allocation.
    pub allocation: AllocationReport,
    /// Growth of what stays.
    pub growth: GrowthReport,
    /// The other isolates of the process that have a watcher.
    pub threads: Vec<Report>,
}

/// How near each limit is. Every limit has its own numerator: external memory never fills V8's heap, but does fill
/// the container.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// V8's limit of the heap, young generation included.
    pub heap_bytes: u64,
    /// The container's limit.
    pub container_bytes: Option<u64>,
    /// Old generation used over its limit.
    pub heap_used_ratio: f64,
    /// The container's working set over its limit.
    pub container_used_ratio: Option<f64>,
}

impl Limits {
    /// The limit that bites first, and how near it is.
    #[must_use]
    pub fn nearest(&self) -> (u64, f64) {
        match (self.container_bytes, self.container_used_ratio) {
            (Some(bytes), Some(ratio)) if ratio > self.heap_used_ratio => (bytes, ratio),
            _ => (self.heap_bytes, self.heap_used_ratio),
        }
    }
}

/// GC pauses of one isolate.
#[derive(Clone, Debug)]
pub struct GcReport {
    /// Outermost pauses of every kind.
    pub all: KindReport,
    /// By [`GcKind`].
    pub kinds: [KindReport; 4],
    /// The share of time in outermost pauses over the last 10 s, the last minute, and the watcher's life.
    pub time_ratio: TimeRatio,
    /// GCs that found the channel full: they are in no number above.
    pub dropped_events: u64,
}

impl GcReport {
    /// One kind's part.
    #[must_use]
    pub fn kind(&self, kind: GcKind) -> &KindReport {
        &self.kinds[kind as usize]
    }
}

/// Shares of time, in [0, 1].
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct TimeRatio {
    /// Of the last 10 s.
    pub last_10s: f64,
    /// Of the last minute.
    pub last_1m: f64,
    /// Since the watcher started, or the reader's last reset.
    pub lifetime: f64,
}

/// Bounds of the pauses that are counted exactly, for exporters: a histogram of three digits cannot say how many pauses were at most 1 ms.
/// From 100 µs, in steps of 1, 2.5 and 5; 2 s is there for prom-client's buckets.
pub const PAUSE_BOUNDS_NS: [u64; 17] = [
    100_000,
    250_000,
    500_000,
    1_000_000,
    2_500_000,
    5_000_000,
    10_000_000,
    25_000_000,
    50_000_000,
    100_000_000,
    250_000_000,
    500_000_000,
    1_000_000_000,
    2_000_000_000,
    2_500_000_000,
    5_000_000_000,
    10_000_000_000,
];

/// The GCs of one kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KindReport {
    /// How many.
    pub count: u64,
    /// Their pauses' sum.
    pub total_ns: u64,
    /// What the heap lost in them.
    pub freed_bytes: u64,
    /// How many were longer than the bound before and at most as long as this one, by [`PAUSE_BOUNDS_NS`]; longer ones are in `count` alone.
    pub by_bound: [u64; PAUSE_BOUNDS_NS.len()],
    /// Their pauses' distribution.
    pub pause: PauseDistribution,
}

impl KindReport {
    /// The mean pause, exact; 0 without any.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "sums of ns and counts below 2^53")]
    pub fn mean_ns(&self) -> f64 {
        if self.count == 0 { 0.0 } else { self.total_ns as f64 / self.count as f64 }
    }

    /// What came after an earlier report of the same kind.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        Self {
            count: self.count.saturating_sub(earlier.count),
            total_ns: self.total_ns.saturating_sub(earlier.total_ns),
            freed_bytes: self.freed_bytes.saturating_sub(earlier.freed_bytes),
            by_bound: std::array::from_fn(|bound| {
                self.by_bound[bound].saturating_sub(earlier.by_bound[bound])
            }),
            pause: self.pause.since(&earlier.pause),
        }
    }
}

/// Pauses of like length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// The longest pause that belongs here.
    pub up_to_ns: u64,
    /// How many.
    pub count: u64,
}

/// A histogram, its empty buckets left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PauseDistribution {
    /// Shortest first.
    pub buckets: Vec<Bucket>,
    /// Pauses over an hour, kept apart.
    pub exceeds: u64,
    /// The shortest pause; 0 without any. Exact, but after a reset as wide as its bucket.
    pub shortest_ns: u64,
    /// The longest one, those over an hour included.
    pub longest_ns: u64,
}

impl PauseDistribution {
    /// What came after an earlier distribution of the same histogram.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        if earlier.longest_ns == 0 {
            return self.clone();
        }
        let mut before = earlier.buckets.iter().peekable();
        let buckets: Vec<Bucket> = self
            .buckets
            .iter()
            .filter_map(|bucket| {
                let known =
                    before.next_if(|known| known.up_to_ns == bucket.up_to_ns).map_or(0, |known| known.count);
                (bucket.count > known).then(|| Bucket { count: bucket.count - known, ..*bucket })
            })
            .collect();
        let exceeds = self.exceeds.saturating_sub(earlier.exceeds);
        let longest_exceeding_ns = if exceeds > 0 { self.longest_ns } else { 0 };
        let end = |bucket: Option<&Bucket>| {
            bucket.map_or(longest_exceeding_ns, |bucket| bucket.up_to_ns.min(self.longest_ns))
        };
        let (shortest_ns, longest_ns) = (end(buckets.first()), end(buckets.last()).max(longest_exceeding_ns));
        Self { buckets, exceeds, shortest_ns, longest_ns }
    }

    /// Standard deviation of the pauses up to an hour, from the buckets; 0 without any.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "an hour of ns and counts below 2^53")]
    pub fn stddev_ns(&self) -> f64 {
        let count: u64 = self.buckets.iter().map(|bucket| bucket.count).sum();
        if count == 0 {
            return 0.0;
        }
        let moment = |f: &dyn Fn(f64) -> f64| {
            self.buckets.iter().map(|bucket| f(bucket.up_to_ns as f64) * bucket.count as f64).sum::<f64>()
                / count as f64
        };
        let mean = moment(&|pause| pause);
        moment(&|pause| (pause - mean).powi(2)).sqrt()
    }
}

/// Allocation of one isolate.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct AllocationReport {
    /// Over the last 10 s.
    pub bytes_per_second: f64,
    /// Since the watcher started, or the reader's last reset.
    pub total_bytes: f64,
    /// Since the watcher started, or the reader's last reset.
    pub promoted_bytes: f64,
    /// Over the last 10 s.
    pub promoted_bytes_per_second: f64,
    /// Of the young generation's bytes, the share that outlived a minor GC, over the last minute.
    pub survival_ratio: f64,
}

/// What the growth of live memory means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It grows without end.
    Leak,
    /// It does not grow.
    Clean,
    /// It cannot be said.
    Inconclusive,
}

impl Verdict {
    /// The name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Leak => "leak",
            Self::Clean => "clean",
            Self::Inconclusive => "inconclusive",
        }
    }
}

/// The verdict became another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VerdictChange {
    /// When, on the process's clock.
    pub at_ns: u64,
    /// What it has been since.
    pub verdict: Verdict,
}

/// Where memory grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Objects of V8's heap.
    Heap,
    /// Held by such objects outside the heap: `Buffer`s, `ArrayBuffer`s, external strings.
    External,
    /// Neither: native code, threads, fragmentation.
    Native,
}

impl Place {
    /// The name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Heap => "heap",
            Self::External => "external",
            Self::Native => "native",
        }
    }
}

/// The growth of one kind of memory.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GrowthPart {
    /// Which kind.
    pub place: Place,
    /// The slope of its floor.
    pub bytes_per_second: f64,
    /// The slope's 99 % interval.
    pub interval: (f64, f64),
    /// The least seen after the warm-up.
    pub floor_bytes: u64,
}

/// How long until a limit is hit, if it goes on like this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeToLimit {
    /// At the steepest slope of the interval.
    pub earliest_ns: u64,
    /// At the flattest one; `None` where that is no growth.
    pub latest_ns: Option<u64>,
}

/// Growth of the memory that stays.
#[derive(Clone, Debug, PartialEq)]
pub struct GrowthReport {
    /// What it means.
    pub verdict: Verdict,
    /// Why, in words.
    pub reason: String,
    /// Where a leak is.
    pub place: Option<Place>,
    /// When a leak's growth began, on the process's clock.
    pub since_ns: Option<u64>,
    /// The slope of the floor.
    pub bytes_per_second: f64,
    /// The slope's 99 % interval.
    pub interval: (f64, f64),
    /// Samples that were taken: major GCs, or seconds for memory outside V8.
    pub samples: u64,
    /// The time between the first and the last sample after the warm-up.
    pub span_ns: u64,
    /// The least live memory seen after the warm-up.
    pub floor_bytes: u64,
    /// The smallest slope that would have been called growth.
    pub detectable_bytes_per_second: f64,
    /// When the limit that bites first is hit.
    pub limit: Option<TimeToLimit>,
    /// Heap, external, native.
    pub parts: [GrowthPart; 3],
    /// How it came to the verdict: its last changes, oldest first. None in the beginning, when it is inconclusive.
    pub changes: Vec<VerdictChange>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn distribution(buckets: &[(u64, u64)]) -> PauseDistribution {
        PauseDistribution {
            buckets: buckets.iter().map(|&(up_to_ns, count)| Bucket { up_to_ns, count }).collect(),
            exceeds: 0,
            shortest_ns: buckets.first().map_or(0, |bucket| bucket.0),
            longest_ns: buckets.last().map_or(0, |bucket| bucket.0),
        }
    }

    #[test]
    fn since_takes_bucket_from_bucket() {
        let earlier = distribution(&[(10, 1), (30, 2)]);
        let later = distribution(&[(10, 1), (20, 5), (30, 3), (40, 1)]);
        assert_eq!(later.since(&earlier), distribution(&[(20, 5), (30, 1), (40, 1)]));
        assert_eq!(later.since(&later), distribution(&[]));
    }

    #[test]
    fn moments_of_nothing_are_zero_and_of_something_are_right() {
        let nothing = KindReport::default();
        assert!(nothing.mean_ns().abs() < 1e-9 && nothing.pause.stddev_ns().abs() < 1e-9);
        let pause = distribution(&[(2, 2), (8, 2)]);
        let some = KindReport { count: 4, total_ns: 20, pause, ..KindReport::default() };
        assert!((some.mean_ns() - 5.0).abs() < 1e-9 && (some.pause.stddev_ns() - 3.0).abs() < 1e-9);
    }

    #[test]
    fn the_limit_that_bites_first_is_the_one_with_the_larger_ratio() {
        let limits = Limits {
            heap_bytes: 4000,
            container_bytes: Some(9000),
            heap_used_ratio: 0.5,
            container_used_ratio: Some(0.4),
        };
        assert_eq!(limits.nearest(), (4000, 0.5));
        assert_eq!(Limits { container_used_ratio: Some(0.6), ..limits }.nearest(), (9000, 0.6));
        assert_eq!(
            Limits { container_bytes: None, container_used_ratio: None, ..limits }.nearest(),
            (4000, 0.5)
        );
    }
}
