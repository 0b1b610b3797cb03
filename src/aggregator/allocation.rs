//! What was allocated, promoted and kept, from the heap's sizes around each GC.
//!
//! Between two GCs the heap only grows, by what was allocated: used before this GC minus used after the last one.
//! V8 14.6 counts allocation itself, but each reading of its count adds to it (see [`crate::v8::heap`]).

use super::counters::Counters;
use crate::event::{GcEvent, GcKind, HeapReading, HeapSample};

/// Follows one isolate's heap from GC to GC.
pub struct Allocation {
    /// Bytes in use after the last GC, and when that was.
    used_bytes: u64,
    used_at_ns: u64,
}

impl Allocation {
    /// Begins at a heap as it is now.
    #[must_use]
    pub fn new(first: &HeapSample) -> Self {
        Self { used_bytes: first.used_bytes, used_at_ns: first.at_ns }
    }

    /// Takes one GC in. A nested one lies within an outer one that tells of both.
    pub fn record(&mut self, event: &GcEvent, counters: &mut Counters) {
        if !event.has_heap || event.nested {
            return;
        }
        let used = event.before.used_bytes;
        self.allocated(used, counters);
        self.used_bytes = event.after.used_bytes;
        self.used_at_ns = event.start_ns.saturating_add(event.pause_ns);

        if event.kind == GcKind::Major {
            // The old generation alone: young garbage would have gone without a major GC.
            let old = |reading: &HeapReading| reading.used_bytes.saturating_sub(reading.young_used_bytes);
            counters.major_before_bytes += float(old(&event.before));
            counters.major_freed_bytes += float(old(&event.before).saturating_sub(old(&event.after)));
        }
        if event.kind == GcKind::Minor {
            let old_before = event.before.used_bytes.saturating_sub(event.before.young_used_bytes);
            let old_after = event.after.used_bytes.saturating_sub(event.after.young_used_bytes);
            let promoted = old_after.saturating_sub(old_before);
            counters.promoted_bytes += float(promoted);
            // Never more than there was: V8's sizes of a space are accurate to a page only.
            let survived =
                event.after.young_used_bytes.saturating_add(promoted).min(event.before.young_used_bytes);
            counters.survived_bytes += float(survived);
            counters.young_bytes += float(event.before.young_used_bytes);
        }
    }

    /// Takes in a look at the heap between two GCs; one from before the last GC says nothing new.
    pub fn sample(&mut self, sample: &HeapSample, counters: &mut Counters) {
        if sample.at_ns < self.used_at_ns {
            return;
        }
        self.allocated(sample.used_bytes, counters);
        self.used_bytes = sample.used_bytes;
        self.used_at_ns = sample.at_ns;
    }

    fn allocated(&self, used_bytes: u64, counters: &mut Counters) {
        counters.allocated_bytes += float(used_bytes.saturating_sub(self.used_bytes));
    }
}

#[expect(clippy::cast_precision_loss, reason = "exact up to 8 PB")]
fn float(bytes: u64) -> f64 {
    bytes as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(at_ns: u64, used_bytes: u64) -> HeapSample {
        HeapSample { at_ns, used_bytes, ..HeapSample::default() }
    }

    fn minor(start_ns: u64, before: (u64, u64), after: (u64, u64)) -> GcEvent {
        GcEvent {
            start_ns,
            pause_ns: 1,
            before: HeapReading { used_bytes: before.0, young_used_bytes: before.1 },
            after: HeapReading { used_bytes: after.0, young_used_bytes: after.1 },
            total_bytes: 0,
            external_bytes: 0,
            large_spaces_bytes: 0,
            kind: GcKind::Minor,
            forced: false,
            nested: false,
            has_heap: true,
        }
    }

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-9
    }

    #[test]
    fn allocation_is_what_the_heap_grew_by_between_gcs() {
        let (mut allocation, mut counters) = (Allocation::new(&sample(0, 1000)), Counters::default());
        allocation.record(&minor(10, (1500, 600), (1100, 100)), &mut counters);
        allocation.record(&minor(20, (1900, 900), (1200, 50)), &mut counters);
        assert!(close(counters.allocated_bytes, 500.0 + 800.0));
        // Old generation: 900 → 1000, 1000 → 1150.
        assert!(close(counters.promoted_bytes, 100.0 + 150.0));
        assert!(close(counters.survived_bytes, 200.0 + 200.0));
        assert!(close(counters.young_bytes, 1500.0));
    }

    #[test]
    fn a_sample_between_two_gcs_is_not_counted_twice() {
        let (mut allocation, mut counters) = (Allocation::new(&sample(0, 1000)), Counters::default());
        allocation.sample(&sample(5, 1200), &mut counters);
        allocation.record(&minor(10, (1500, 600), (1100, 100)), &mut counters);
        // Read before that GC and told after it.
        allocation.sample(&sample(9, 1400), &mut counters);
        assert!(close(counters.allocated_bytes, 500.0));
    }

    #[test]
    fn a_heap_that_shrank_between_gcs_allocated_nothing() {
        let (mut allocation, mut counters) = (Allocation::new(&sample(0, 1000)), Counters::default());
        allocation.record(&minor(10, (900, 600), (800, 100)), &mut counters);
        assert!(close(counters.allocated_bytes, 0.0));
    }
}
