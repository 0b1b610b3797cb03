//! What stays: the heap after each major GC, and how it grows.
//!
//! Live memory L is used heap plus external memory at the end of a major GC; what is there then is held by someone.
//! The slope is Theil–Sen's over at most [`SAMPLES`] points. The verdict's rule is not built yet: it is `inconclusive`
//! and says so, whatever the slope.

use crate::report::{GrowthReport, Verdict};
use crate::stats::theil_sen::theil_sen;

/// Points that are kept; when they are full, neighbours are merged, the lower one staying (the floor counts).
const SAMPLES: usize = 128;

#[derive(Clone, Copy, Debug)]
struct Live {
    at_ns: u64,
    bytes: u64,
}

/// The live memory over the life of a watcher.
pub struct Growth {
    samples: Vec<Live>,
}

impl Growth {
    /// Room for every point, taken at once.
    #[must_use]
    pub fn new() -> Self {
        Self { samples: Vec::with_capacity(SAMPLES) }
    }

    /// Takes in the end of a major GC.
    pub fn record(&mut self, at_ns: u64, live_bytes: u64) {
        if self.samples.len() == SAMPLES {
            for pair in 0..SAMPLES / 2 {
                let (a, b) = (self.samples[2 * pair], self.samples[2 * pair + 1]);
                self.samples[pair] = if a.bytes <= b.bytes { a } else { b };
            }
            self.samples.truncate(SAMPLES / 2);
        }
        self.samples.push(Live { at_ns, bytes: live_bytes });
    }

    /// What can be said so far.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "bytes and seconds far below 2^53")]
    pub fn report(&self) -> GrowthReport {
        let origin_ns = self.samples.first().map_or(0, |first| first.at_ns);
        let points: Vec<(f64, f64)> = self
            .samples
            .iter()
            .map(|live| (live.at_ns.saturating_sub(origin_ns) as f64 / 1e9, live.bytes as f64))
            .collect();
        let slope = theil_sen(&points);
        let reason = match slope {
            None => format!("{} major GCs so far: a slope needs two at different times", points.len()),
            Some(_) => format!(
                "the slope over {} major GCs is measured; the rule that tells a leak from noise is not part of this version",
                points.len()
            ),
        };
        let interval = slope.map_or((0.0, 0.0), |slope| slope.interval);
        GrowthReport {
            verdict: Verdict::Inconclusive,
            reason,
            bytes_per_second: slope.map_or(0.0, |slope| slope.median),
            interval,
            samples: points.len(),
            span_ns: self.samples.last().map_or(0, |last| last.at_ns.saturating_sub(origin_ns)),
            floor_bytes: self.samples.iter().map(|live| live.bytes).min().unwrap_or(0),
            // Growth within half the interval's width cannot be told from none.
            detectable_bytes_per_second: (interval.1 - interval.0) / 2.0,
        }
    }

    /// Bytes taken.
    #[must_use]
    pub fn footprint_bytes(&self) -> usize {
        self.samples.capacity() * size_of::<Live>()
    }
}

impl Default for Growth {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    #[test]
    fn steady_growth_has_its_slope_however_many_majors_were_merged() {
        for majors in [3, 100, 10_000] {
            let mut growth = Growth::new();
            for second in 0..majors {
                growth.record(second * SECOND, 50_000_000 + second * 1_000);
            }
            let report = growth.report();
            assert!((report.bytes_per_second - 1_000.0).abs() < 1.0, "{report:?}");
            assert_eq!(report.floor_bytes, 50_000_000);
            assert!(growth.samples.len() <= SAMPLES && growth.samples.capacity() == SAMPLES);
        }
    }

    #[test]
    fn before_two_majors_nothing_is_claimed() {
        let mut growth = Growth::new();
        growth.record(SECOND, 1);
        let report = growth.report();
        assert_eq!((report.verdict, report.samples), (Verdict::Inconclusive, 1));
        assert!(report.reason.contains("needs two"));
    }
}
