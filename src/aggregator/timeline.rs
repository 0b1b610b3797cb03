//! The heap over time, in tiers that get coarser as they get older: 1 s for 10 min, 10 s for 2 h, 5 min for 7 days.

use super::counters::Counters;
use super::pauses::Ledger;

/// One point: sizes at its end, and what happened since the point before it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct TimelinePoint {
    /// Its end, on the process's clock.
    pub at_ns: u64,
    /// Resident set size.
    pub rss_bytes: u64,
    /// Committed for V8's heap.
    pub heap_total_bytes: u64,
    /// In use by objects.
    pub heap_used_bytes: u64,
    /// Of these, in the young generation.
    pub young_used_bytes: u64,
    /// Of these, in the space of old objects of ordinary size, rounded down: a worker's state has to stay below 1 MB.
    pub old_space_kib: u32,
    /// Of these, in the spaces of old objects that have pages of their own, rounded down.
    pub large_spaces_kib: u32,
    /// External memory.
    pub external_bytes: u64,
    /// In use after the last major GC; 0 before the first one.
    pub heap_after_major_bytes: u64,
    /// Outermost GCs.
    pub gc_count: u32,
    /// Major GCs.
    pub major_count: u32,
    /// Time in outermost pauses.
    pub gc_ms: f32,
    /// The longest pause.
    pub max_pause_ms: f32,
    /// Bytes allocated.
    pub allocated_bytes: f32,
    /// Bytes promoted.
    pub promoted_bytes: f32,
}

/// The sizes that a point is made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sizes {
    /// Resident set size.
    pub rss_bytes: u64,
    /// Committed for V8's heap.
    pub heap_total_bytes: u64,
    /// In use by objects.
    pub heap_used_bytes: u64,
    /// Of these, in the young generation.
    pub young_used_bytes: u64,
    /// Of these, in the space of old objects of ordinary size.
    pub old_space_bytes: u64,
    /// Of these, in the spaces of old objects that have pages of their own.
    pub large_spaces_bytes: u64,
    /// External memory.
    pub external_bytes: u64,
    /// In use after the last major GC; 0 before the first one.
    pub heap_after_major_bytes: u64,
}

/// A tier's points, and what its next one has gathered so far.
struct Tier {
    interval_ns: u64,
    due_ns: u64,
    points: Ledger<TimelinePoint>,
    counters: Counters,
    gc_count: u32,
    major_count: u32,
    max_pause_ns: u64,
}

impl Tier {
    fn new(seconds: u64, points: usize, now_ns: u64) -> Self {
        let interval_ns = seconds * 1_000_000_000;
        Self {
            interval_ns,
            due_ns: now_ns.saturating_add(interval_ns),
            points: Ledger::new(points),
            counters: Counters::default(),
            gc_count: 0,
            major_count: 0,
            max_pause_ns: 0,
        }
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "milliseconds and flows of bytes to 7 digits"
    )]
    fn tick(&mut self, now_ns: u64, counters: &Counters, sizes: Sizes) {
        if now_ns < self.due_ns {
            return;
        }
        // After a stand-still of the machine one point stands for all of it.
        self.due_ns = now_ns.saturating_add(self.interval_ns - (now_ns - self.due_ns) % self.interval_ns);
        self.points.push(TimelinePoint {
            at_ns: now_ns,
            rss_bytes: sizes.rss_bytes,
            heap_total_bytes: sizes.heap_total_bytes,
            heap_used_bytes: sizes.heap_used_bytes,
            young_used_bytes: sizes.young_used_bytes,
            old_space_kib: kib(sizes.old_space_bytes),
            large_spaces_kib: kib(sizes.large_spaces_bytes),
            external_bytes: sizes.external_bytes,
            heap_after_major_bytes: sizes.heap_after_major_bytes,
            gc_count: self.gc_count,
            major_count: self.major_count,
            gc_ms: ((counters.gc_ns - self.counters.gc_ns) / 1e6) as f32,
            max_pause_ms: (self.max_pause_ns as f64 / 1e6) as f32,
            allocated_bytes: (counters.allocated_bytes - self.counters.allocated_bytes) as f32,
            promoted_bytes: (counters.promoted_bytes - self.counters.promoted_bytes) as f32,
        });
        self.counters = *counters;
        (self.gc_count, self.major_count, self.max_pause_ns) = (0, 0, 0);
    }
}

fn kib(bytes: u64) -> u32 {
    u32::try_from(bytes >> 10).unwrap_or(u32::MAX)
}

/// All tiers; fixed in size from the start.
pub struct Timeline {
    tiers: [Tier; 3],
}

impl Timeline {
    /// Begins now.
    #[must_use]
    pub fn new(now_ns: u64) -> Self {
        Self {
            tiers: [(1, 600), (10, 720), (300, 2016)]
                .map(|(seconds, points)| Tier::new(seconds, points, now_ns)),
        }
    }

    /// Takes one GC in.
    pub fn record(&mut self, pause_ns: u64, is_major: bool, is_nested: bool) {
        for tier in &mut self.tiers {
            tier.gc_count = tier.gc_count.saturating_add(u32::from(!is_nested));
            tier.major_count = tier.major_count.saturating_add(u32::from(is_major));
            tier.max_pause_ns = tier.max_pause_ns.max(pause_ns);
        }
    }

    /// Adds the points that are due.
    pub fn tick(&mut self, now_ns: u64, counters: &Counters, sizes: Sizes) {
        for tier in &mut self.tiers {
            tier.tick(now_ns, counters, sizes);
        }
    }

    /// Each tier's interval in milliseconds, and its points, oldest first.
    pub fn tiers(&self) -> impl Iterator<Item = (u64, impl Iterator<Item = &TimelinePoint>)> {
        self.tiers.iter().map(|tier| (tier.interval_ns / 1_000_000, tier.points.iter()))
    }

    /// Bytes taken.
    #[must_use]
    pub fn footprint_bytes(&self) -> usize {
        self.tiers.iter().map(|tier| tier.points.footprint_bytes()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn counts(timeline: &Timeline) -> Vec<usize> {
        timeline.tiers().map(|(_, points)| points.count()).collect()
    }

    #[test]
    fn eight_days_fill_the_tiers_and_take_no_more_room_than_the_first_second() {
        let mut timeline = Timeline::new(0);
        let at_start = timeline.footprint_bytes();
        for second in 1..=8 * 24 * 3600 {
            timeline.record(1_000_000, second % 60 == 0, false);
            timeline.tick(second * SECOND, &Counters::default(), Sizes::default());
        }
        assert_eq!(counts(&timeline), [600, 720, 2016]);
        assert_eq!(timeline.footprint_bytes(), at_start);
        let (_, mut coarse) = timeline.tiers().nth(2).unwrap();
        assert_eq!(coarse.next().map(|point| (point.gc_count, point.major_count)), Some((300, 5)));
    }

    #[test]
    fn a_machine_that_slept_leaves_one_point_and_keeps_its_beat() {
        let mut timeline = Timeline::new(0);
        timeline.tick(SECOND, &Counters::default(), Sizes::default());
        timeline.tick(3600 * SECOND + 1, &Counters::default(), Sizes::default());
        timeline.tick(3600 * SECOND + 2, &Counters::default(), Sizes::default());
        assert_eq!(counts(&timeline), [2, 1, 1]);
        timeline.tick(3601 * SECOND, &Counters::default(), Sizes::default());
        assert_eq!(counts(&timeline)[0], 3);
    }
}
