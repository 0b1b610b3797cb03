//! One kind of memory over the life of a watcher, in bounded room, and its floor.

/// Samples that are kept. When they are full, neighbours are merged and the lower one stays: the floor counts.
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
}

impl Series {
    /// Room for every sample, taken at once.
    #[must_use]
    pub fn new() -> Self {
        Self { samples: Vec::with_capacity(SAMPLES), taken: 0 }
    }

    /// Adds a sample. One that is older than the last one (a clock that went back) is left out.
    pub fn push(&mut self, sample: Sample) {
        if self.samples.last().is_some_and(|last| sample.at_ns < last.at_ns) {
            return;
        }
        if self.samples.len() == SAMPLES {
            for pair in 0..SAMPLES / 2 {
                let (a, b) = (self.samples[2 * pair], self.samples[2 * pair + 1]);
                self.samples[pair] = if a.bytes <= b.bytes { a } else { b };
            }
            self.samples.truncate(SAMPLES / 2);
        }
        self.samples.push(sample);
        self.taken += 1;
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
        self.samples.capacity() * size_of::<Sample>()
    }
}

impl Default for Series {
    fn default() -> Self {
        Self::new()
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
    fn few_samples_still_make_a_floor_that_can_be_judged() {
        let rising: Vec<(u64, u64)> = (0..6).map(|i| (i * 1_000_000_000, 100 + i)).collect();
        assert_eq!(floor(&samples(&rising), 0).len(), 6);
    }

    proptest! {
        #[test]
        fn any_sequence_keeps_memory_bounded_and_time_in_order(
            values in proptest::collection::vec((any::<u64>(), any::<u64>()), 0..3000)
        ) {
            let mut series = Series::new();
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
