//! One kind of memory over the life of a watcher, in bounded room, and its floor.

use std::collections::VecDeque;

/// Samples that are kept. When they are full, the life is cut into half as many slots of time, and of each the lowest stays.
const SAMPLES: usize = 512;
/// Most points of a floor. More would sharpen nothing: the floor of a service is autocorrelated.
const MOST_BUCKETS: usize = 16;
/// Fewest, given as many samples. With six points a perfect rise has p = 1/720, with five 1/120: below that nothing is significant.
const FEWEST_BUCKETS: usize = 6;
/// What was alive at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// The moment, on the process's clock.
    pub at_ns: u64,
    /// How much.
    pub bytes: u64,
}

/// Samples in order of time.
#[derive(Clone, Debug)]
pub struct Series {
    samples: Vec<Sample>,
    taken: u64,
    /// 0 at first: every sample is kept.
    slot_ns: u64,
    /// The last [`SAMPLES`] slots of fixed length: what began late must be seen in more detail than a share of the life.
    recent: VecDeque<Sample>,
    recent_slot_ns: u64,
}

impl Series {
    /// Room for every sample, taken at once. The recent past is kept in slots of `recent_slot_ns`.
    #[must_use]
    pub fn new(recent_slot_ns: u64) -> Self {
        Self {
            samples: Vec::with_capacity(SAMPLES),
            taken: 0,
            slot_ns: 0,
            recent: VecDeque::with_capacity(SAMPLES),
            recent_slot_ns: recent_slot_ns.max(1),
        }
    }

    /// Changes the slots of the recent past; what is there stays.
    pub fn set_recent_slot_ns(&mut self, recent_slot_ns: u64) {
        self.recent_slot_ns = recent_slot_ns.max(1);
    }

    /// The samples since a moment, from the finer record where it reaches back so far.
    #[must_use]
    pub fn since(&self, at_ns: u64) -> Vec<Sample> {
        if self.recent.front().is_some_and(|first| first.at_ns <= at_ns) {
            return self.recent.iter().filter(|sample| sample.at_ns >= at_ns).copied().collect();
        }
        self.samples.iter().filter(|sample| sample.at_ns >= at_ns).copied().collect()
    }

    /// Adds a sample. One that is older than the last one (a clock that went back) is left out.
    pub fn push(&mut self, sample: Sample) {
        if self.samples.last().is_some_and(|last| sample.at_ns < last.at_ns) {
            return;
        }
        self.taken += 1;
        self.keep_recent(sample);
        if self.samples.len() == SAMPLES {
            self.widen_slots();
        }
        self.keep(sample);
    }

    fn keep_recent(&mut self, sample: Sample) {
        match self.recent.back_mut() {
            Some(last) if last.at_ns / self.recent_slot_ns == sample.at_ns / self.recent_slot_ns => {
                if sample.bytes < last.bytes {
                    *last = sample;
                }
            }
            _ => {
                if self.recent.len() == SAMPLES {
                    self.recent.pop_front();
                }
                self.recent.push_back(sample);
            }
        }
    }

    /// One sample a slot, the lowest: as the life grows its slots do, and every part of it is kept alike.
    fn keep(&mut self, sample: Sample) {
        match self.samples.last_mut() {
            Some(last) if self.slot_ns > 0 && last.at_ns / self.slot_ns == sample.at_ns / self.slot_ns => {
                if sample.bytes < last.bytes {
                    *last = sample;
                }
            }
            _ => self.samples.push(sample),
        }
    }

    fn widen_slots(&mut self) {
        let span_ns = self.samples.last().map_or(0, |last| last.at_ns)
            - self.samples.first().map_or(0, |first| first.at_ns);
        self.slot_ns = (span_ns / (SAMPLES as u64 / 2)).max(1);
        let mut kept = 0;
        for index in 1..self.samples.len() {
            let sample = self.samples[index];
            if sample.at_ns / self.slot_ns != self.samples[kept].at_ns / self.slot_ns {
                kept += 1;
                self.samples[kept] = sample;
            } else if sample.bytes < self.samples[kept].bytes {
                self.samples[kept] = sample;
            }
        }
        self.samples.truncate(kept + 1);
    }

    /// How many were added, merged ones included.
    #[must_use]
    pub fn taken(&self) -> u64 {
        self.taken
    }

    /// Those that are kept.
    #[must_use]
    pub fn samples(&self) -> &[Sample] {
        &self.samples
    }

    /// Bytes taken.
    #[must_use]
    pub fn footprint_bytes(&self) -> usize {
        (self.samples.capacity() + self.recent.capacity()) * size_of::<Sample>()
    }
}

/// The floor of samples: buckets of equal time, the lowest sample of each, as (seconds since the first sample, bytes).
///
/// A bucket is no shorter than `least_bucket_ns` where that leaves enough of them: what varies faster must show its floor in each.
/// With few samples a bucket holds one each: where V8 collects rarely (Node 24), a rule that insists on two majors a
/// bucket is blind, and the test of the trend has noise of its own kind in it.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "seconds and bytes below 2^53")]
pub fn floor(samples: &[Sample], least_bucket_ns: u64) -> Vec<(f64, f64)> {
    let (Some(first), Some(last)) = (samples.first(), samples.last()) else { return Vec::new() };
    let span_ns = (last.at_ns - first.at_ns).max(1);
    let wide = usize::try_from(span_ns / least_bucket_ns.max(1)).unwrap_or(usize::MAX);
    let count = wide.clamp(FEWEST_BUCKETS, MOST_BUCKETS).min(samples.len());
    let bucket_of = |sample: &Sample| {
        let index = u128::from(sample.at_ns - first.at_ns) * count as u128 / u128::from(span_ns);
        usize::try_from(index).unwrap_or(usize::MAX).min(count - 1)
    };
    samples
        .chunk_by(|a, b| bucket_of(a) == bucket_of(b))
        .filter_map(|bucket| bucket.iter().min_by_key(|sample| sample.bytes))
        .map(|lowest| ((lowest.at_ns - first.at_ns) as f64 / 1e9, lowest.bytes as f64))
        .collect()
}

/// The valleys of samples: those than which none is lower from `within_ns` before to `within_ns` after. A floor in buckets depends on where the
/// buckets fall; a batch that is filled and dropped shows its lowest point here, whatever its beat. Near the ends nothing is known to be one.
#[must_use]
pub fn valleys(samples: &[Sample], within_ns: u64) -> Vec<Sample> {
    let (Some(first), Some(last)) = (samples.first(), samples.last()) else { return Vec::new() };
    let mut found: Vec<Sample> = Vec::new();
    for (index, sample) in samples.iter().enumerate() {
        if sample.at_ns - first.at_ns < within_ns || last.at_ns - sample.at_ns < within_ns {
            continue;
        }
        let (from_ns, to_ns) = (sample.at_ns - within_ns, sample.at_ns + within_ns);
        // Of equals the first.
        let before = samples[..index].iter().rev().take_while(|other| other.at_ns >= from_ns);
        let after = samples[index + 1..].iter().take_while(|other| other.at_ns <= to_ns);
        if before.map(|other| other.bytes).all(|bytes| bytes > sample.bytes)
            && after.map(|other| other.bytes).all(|bytes| bytes >= sample.bytes)
        {
            found.push(*sample);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn samples(values: &[(u64, u64)]) -> Vec<Sample> {
        values.iter().map(|&(at_ns, bytes)| Sample { at_ns, bytes }).collect()
    }

    #[test]
    fn a_load_that_passes_is_not_in_the_floor() {
        let noisy: Vec<(u64, u64)> =
            (0..32).map(|i| (i * 1_000_000_000, if i % 2 == 0 { 100 } else { 900 })).collect();
        let floor = floor(&samples(&noisy), 0);
        assert!(
            floor.len() >= 15 && floor.iter().all(|(_, bytes)| (bytes - 100.0).abs() < 1e-9),
            "{floor:?}"
        );
    }

    #[test]
    fn valleys_are_the_troughs_of_a_sawtooth_whatever_its_beat() {
        for beat in [3_u64, 4, 5, 7] {
            let teeth: Vec<(u64, u64)> = (0..100).map(|i| (i * 100, 1_000 * (i % beat) + i)).collect();
            let found = valleys(&samples(&teeth), 150);
            let troughs = (2..98).filter(|i| i % beat == 0).count();
            assert_eq!(found.len(), troughs, "beat {beat}: {found:?}");
            assert!(found.iter().all(|valley| valley.at_ns / 100 % beat == 0), "{found:?}");
        }
    }

    #[test]
    fn a_steady_rise_has_no_valleys() {
        let rise: Vec<(u64, u64)> = (0..50).map(|i| (i * 100, i)).collect();
        assert_eq!(valleys(&samples(&rise), 150), []);
    }

    #[test]
    fn few_samples_still_make_a_floor_that_can_be_judged() {
        let rising: Vec<(u64, u64)> = (0..6).map(|i| (i * 1_000_000_000, 100 + i)).collect();
        assert_eq!(floor(&samples(&rising), 0).len(), 6);
    }

    #[test]
    fn a_week_is_kept_evenly() {
        let mut series = Series::new(1_000);
        let minute_ns = 60 * 1_000_000_000;
        for minute in 0..7 * 24 * 60 {
            series.push(Sample { at_ns: minute * minute_ns, bytes: 1 });
        }
        let gaps: Vec<u64> =
            series.samples().windows(2).map(|pair| (pair[1].at_ns - pair[0].at_ns) / minute_ns).collect();
        assert!(series.samples().len() > SAMPLES / 4 && gaps.iter().all(|gap| *gap <= 80), "{gaps:?}");
    }

    proptest! {
        #[test]
        fn any_sequence_keeps_memory_bounded_and_time_in_order(
            values in proptest::collection::vec((any::<u64>(), any::<u64>()), 0..3000)
        ) {
            let mut series = Series::new(1_000);
            let room = series.footprint_bytes();
            for (at_ns, bytes) in values {
                series.push(Sample { at_ns, bytes });
            }
            prop_assert_eq!(series.footprint_bytes(), room);
            prop_assert!(series.samples().is_sorted_by_key(|sample| sample.at_ns));
            let floor = floor(series.samples(), 0);
            prop_assert!(floor.len() <= MOST_BUCKETS);
            prop_assert!(floor.iter().all(|(x, y)| x.is_finite() && y.is_finite()));
        }
    }
}
