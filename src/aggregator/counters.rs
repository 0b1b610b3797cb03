//! Running sums, and what they were in the last minute.
//!
//! Every rate and share over a window is the difference of two readings of the same sums, divided by the time
//! between them: the windows cannot drift from the totals.

use std::collections::VecDeque;

/// Sums that only rise.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Counters {
    /// Time in outermost GC pauses.
    pub gc_ns: f64,
    /// Bytes allocated in V8's heap.
    pub allocated_bytes: f64,
    /// Bytes that minor GCs moved to the old generation.
    pub promoted_bytes: f64,
    /// Bytes of the young generation that outlived a minor GC, promoted ones included.
    pub survived_bytes: f64,
    /// Bytes of the young generation before minor GCs.
    pub young_bytes: f64,
    /// Bytes in use in the old generation before major GCs.
    pub major_before_bytes: f64,
    /// Bytes that they freed.
    pub major_freed_bytes: f64,
}

impl Counters {
    fn combine(self, other: Self, f: impl Fn(f64, f64) -> f64) -> Self {
        Self {
            gc_ns: f(self.gc_ns, other.gc_ns),
            allocated_bytes: f(self.allocated_bytes, other.allocated_bytes),
            promoted_bytes: f(self.promoted_bytes, other.promoted_bytes),
            survived_bytes: f(self.survived_bytes, other.survived_bytes),
            young_bytes: f(self.young_bytes, other.young_bytes),
            major_before_bytes: f(self.major_before_bytes, other.major_before_bytes),
            major_freed_bytes: f(self.major_freed_bytes, other.major_freed_bytes),
        }
    }
}

/// The sums at one moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    /// The moment, on the process's clock.
    pub at_ns: u64,
    /// The sums then.
    pub counters: Counters,
}

/// What was added between two readings, and how long that took.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Window {
    /// The time between the readings.
    pub span_ns: f64,
    /// The difference of the sums.
    pub added: Counters,
}

impl Window {
    /// The share of the window that GC pauses took, in [0, 1].
    #[must_use]
    pub fn gc_ratio(&self) -> f64 {
        if self.span_ns > 0.0 { (self.added.gc_ns / self.span_ns).clamp(0.0, 1.0) } else { 0.0 }
    }

    /// `amount` per second of the window.
    #[must_use]
    pub fn per_second(&self, amount: f64) -> f64 {
        if self.span_ns > 0.0 { amount / self.span_ns * 1e9 } else { 0.0 }
    }
}

/// How often the sums are remembered. Shorter costs memory, longer blurs a window's edge (it is interpolated).
const STEP_NS: u64 = 250_000_000;
/// One minute of steps, and one more for its far edge.
const STEPS: usize = 60 * 4 + 1;

/// The sums over the last minute.
pub struct History {
    readings: VecDeque<Reading>,
}

impl History {
    /// A history that begins now, from zero.
    #[must_use]
    pub fn new(now_ns: u64) -> Self {
        let mut readings = VecDeque::with_capacity(STEPS);
        readings.push_back(Reading { at_ns: now_ns, counters: Counters::default() });
        Self { readings }
    }

    /// Remembers the sums, if it is time to.
    pub fn remember(&mut self, now: Reading) {
        let last = self.readings.back().map_or(0, |reading| reading.at_ns);
        if now.at_ns < last.saturating_add(STEP_NS) {
            return;
        }
        if self.readings.len() == STEPS {
            self.readings.pop_front();
        }
        self.readings.push_back(now);
    }

    /// A pause that is known only now began at `start_ns`: the readings made during it get their part of it, so
    /// that a window holds the part of a long pause that lies within it.
    pub fn spread_pause(&mut self, start_ns: u64, pause_ns: u64) {
        for reading in self.readings.iter_mut().rev().take_while(|reading| reading.at_ns > start_ns) {
            #[expect(clippy::cast_precision_loss, reason = "pauses are far below 2^53 ns")]
            let part = (reading.at_ns - start_ns).min(pause_ns) as f64;
            reading.counters.gc_ns += part;
        }
    }

    /// The last `span_ns`, or as much of it as lies after `since`.
    #[must_use]
    pub fn window(&self, now: Reading, span_ns: u64, since: Reading) -> Window {
        let from_ns = now.at_ns.saturating_sub(span_ns);
        let from = if from_ns <= since.at_ns { since } else { self.at(from_ns, now) };
        #[expect(clippy::cast_precision_loss, reason = "windows are far below 2^53 ns")]
        let span_ns = now.at_ns.saturating_sub(from.at_ns) as f64;
        Window { span_ns, added: now.counters.combine(from.counters, |now, then| (now - then).max(0.0)) }
    }

    /// The sums at a moment, between the two readings around it.
    #[expect(clippy::cast_precision_loss, reason = "a minute is far below 2^53 ns")]
    fn at(&self, at_ns: u64, now: Reading) -> Reading {
        let after = self.readings.partition_point(|reading| reading.at_ns <= at_ns);
        let Some(before) = after.checked_sub(1).and_then(|index| self.readings.get(index)) else {
            return self.readings.front().copied().unwrap_or(now);
        };
        let next = self.readings.get(after).unwrap_or(&now);
        let span = next.at_ns.saturating_sub(before.at_ns) as f64;
        let share = if span > 0.0 { (at_ns - before.at_ns) as f64 / span } else { 0.0 };
        let counters =
            before.counters.combine(next.counters, |before, next| before + (next - before) * share);
        Reading { at_ns, counters }
    }

    /// Bytes taken.
    #[must_use]
    pub fn footprint_bytes(&self) -> usize {
        self.readings.capacity() * size_of::<Reading>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn start() -> Reading {
        Reading { at_ns: 0, counters: Counters::default() }
    }

    /// A history ticked every 50 ms for `seconds`, in which `gc_ns(second)` is spent in GC each second.
    fn run(seconds: u64, gc_ns: impl Fn(u64) -> f64) -> (History, Reading) {
        let mut history = History::new(0);
        let mut now = start();
        for tick in 1..=seconds * 20 {
            now.at_ns = tick * SECOND / 20;
            now.counters.gc_ns += gc_ns((tick - 1) / 20) / 20.0;
            history.remember(now);
        }
        (history, now)
    }

    #[test]
    fn a_window_holds_what_happened_within_it_and_nothing_older() {
        let (history, now) = run(100, |second| if second < 95 { 0.0 } else { 5e8 });
        assert!((history.window(now, 10 * SECOND, start()).gc_ratio() - 0.25).abs() < 1e-6);
        assert!((history.window(now, 5 * SECOND, start()).gc_ratio() - 0.5).abs() < 1e-6);
        assert!((history.window(now, 60 * SECOND, start()).gc_ratio() - 2.5 / 60.0).abs() < 1e-6);
    }

    #[test]
    fn a_young_watcher_divides_by_its_age() {
        let (history, now) = run(2, |_| 1e8);
        assert!((history.window(now, 60 * SECOND, start()).gc_ratio() - 0.1).abs() < 1e-6);
    }

    #[test]
    fn after_a_reset_only_what_came_later_counts() {
        let (history, now) = run(30, |second| if second < 28 { 9e8 } else { 1e8 });
        let reset =
            Reading { at_ns: 28 * SECOND, counters: Counters { gc_ns: 28.0 * 9e8, ..Counters::default() } };
        assert!((history.window(now, 10 * SECOND, reset).gc_ratio() - 0.1).abs() < 1e-6);
    }

    #[test]
    fn of_a_pause_longer_than_the_window_only_the_part_within_it_counts() {
        let mut history = History::new(0);
        let mut now = start();
        // Ticks go on for 20 s while the isolate stands still in one GC from 2 s to 17 s, which is told at its end.
        for tick in 1..=400 {
            now.at_ns = tick * SECOND / 20;
            if now.at_ns == 17 * SECOND {
                history.spread_pause(2 * SECOND, 15 * SECOND);
                now.counters.gc_ns += 15e9;
            }
            history.remember(now);
        }
        assert!((history.window(now, 10 * SECOND, start()).gc_ratio() - 0.7).abs() < 1e-6);
    }

    #[test]
    fn a_clock_that_stands_still_divides_by_nothing() {
        let history = History::new(5);
        let window = history.window(Reading { at_ns: 5, ..start() }, SECOND, Reading { at_ns: 5, ..start() });
        assert!(window.gc_ratio().abs() < f64::EPSILON && window.per_second(1.0).abs() < f64::EPSILON);
    }
}
