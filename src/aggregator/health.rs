//! Is the process dying of garbage collection, although it still answers?
//!
//! V8 gives up after four mark-compacts that left JavaScript less than 40 % of the time with the old generation above 80 % of its limit
//! (`Heap::CheckIneffectiveMarkCompact`); until then a readiness probe that only asks "are you there" hears yes between pauses of seconds. The same idea, seen
//! earlier: most of the time goes to GC, and GC gets little back.

use super::counters::Window;

/// From this share of 10 s in GC on, with little reclaimed, the process does not do its work.
const FAILING_RATIO: f64 = 0.5;
/// The same over a minute: it has been so for long.
const FAILING_RATIO_1M: f64 = 0.4;
/// "Little": major GCs free less than this share of the heap.
const LITTLE_RECLAIMED: f64 = 0.2;
/// From this share of 10 s on users feel it.
const STRAINED_RATIO: f64 = 0.25;
/// From this share of the nearest limit on, little room is left.
const STRAINED_USED_RATIO: f64 = 0.9;

/// How the process is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Nothing to say.
    Ok,
    /// It works, with effort.
    Strained,
    /// It does not do its work: send requests elsewhere.
    Failing,
}

impl Status {
    /// The name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Strained => "strained",
            Self::Failing => "failing",
        }
    }
}

/// The status, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// How it is.
    pub status: Status,
    /// Why, in words.
    pub reason: String,
}

impl Health {
    /// No isolate is watched.
    #[must_use]
    pub fn unknown() -> Self {
        // In the words of lib/health-check.js: a missing watcher is not a sick process.
        Self { status: Status::Ok, reason: "no watcher is running: nothing is known".to_owned() }
    }

    /// Requests should go elsewhere.
    #[must_use]
    pub fn is_failing(&self) -> bool {
        self.status == Status::Failing
    }
}

/// The share of the full window, even where the watcher is younger: a start-up is no death spiral.
#[must_use]
pub fn full_ratio(window: &Window, full_ns: f64) -> f64 {
    (window.added.gc_ns / full_ns.max(window.span_ns)).clamp(0.0, 1.0)
}

/// Judges the last 10 s, the last minute, and how near the nearest limit is.
#[must_use]
pub fn judge(short: &Window, long: &Window, used_ratio: f64) -> Health {
    let (ratio, ratio_1m) = (full_ratio(short, 10e9), full_ratio(long, 60e9));
    let reclaimed = |window: &Window| {
        let before = window.added.major_before_bytes;
        if before > 0.0 { window.added.major_freed_bytes / before } else { 1.0 }
    };
    let percent = |share: f64| format!("{:.0} %", share * 100.0);
    let failing = |ratio: f64, window: &Window, span: &str| Health {
        status: Status::Failing,
        reason: format!(
            "garbage collection took {} of the last {span}, and major GCs freed only {} of the heap",
            percent(ratio),
            percent(reclaimed(window))
        ),
    };
    if ratio >= FAILING_RATIO && reclaimed(short) < LITTLE_RECLAIMED {
        return failing(ratio, short, "10 s");
    }
    if ratio_1m >= FAILING_RATIO_1M && reclaimed(long) < LITTLE_RECLAIMED {
        return failing(ratio_1m, long, "minute");
    }
    let strained = |reason: String| Health { status: Status::Strained, reason };
    if ratio >= STRAINED_RATIO {
        return strained(format!("garbage collection took {} of the last 10 s", percent(ratio)));
    }
    if used_ratio >= STRAINED_USED_RATIO {
        return strained(format!("{} of the nearest memory limit is used", percent(used_ratio)));
    }
    Health {
        status: Status::Ok,
        reason: format!("garbage collection took {} of the last 10 s", percent(ratio)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aggregator::counters::Counters;

    fn window(span_s: f64, gc_s: f64, before: f64, freed: f64) -> Window {
        let added = Counters {
            gc_ns: gc_s * 1e9,
            major_before_bytes: before,
            major_freed_bytes: freed,
            ..Counters::default()
        };
        Window { span_ns: span_s * 1e9, added }
    }

    fn status(short: Window, used_ratio: f64) -> Status {
        judge(&short, &window(60.0, 0.0, 0.0, 0.0), used_ratio).status
    }

    #[test]
    fn eight_second_gcs_that_free_nothing_are_a_failure_and_busy_useful_ones_are_not() {
        assert_eq!(status(window(10.0, 8.0, 4e9, 1e7), 0.95), Status::Failing);
        assert_eq!(status(window(10.0, 8.0, 4e9, 3e9), 0.5), Status::Strained);
        assert_eq!(status(window(10.0, 0.3, 4e9, 3e9), 0.5), Status::Ok);
    }

    #[test]
    fn little_room_is_a_strain_and_a_busy_start_is_not() {
        assert_eq!(status(window(10.0, 0.1, 0.0, 0.0), 0.93), Status::Strained);
        assert_eq!(status(window(0.2, 0.15, 1e8, 0.0), 0.1), Status::Ok);
    }

    #[test]
    fn a_minute_of_it_is_a_failure_even_if_the_last_seconds_were_better() {
        let long = window(60.0, 30.0, 4e9, 1e7);
        assert_eq!(judge(&window(10.0, 3.0, 4e9, 1e7), &long, 0.9).status, Status::Failing);
    }
}
