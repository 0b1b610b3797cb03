//! What the probe tells the aggregator: plain `Copy` values, units in the field names.

/// The kinds of GC that are told apart; the names are those of reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum GcKind {
    /// V8's scavenge and minor mark-sweep: the young generation.
    Minor,
    /// Mark-sweep-compact: the whole heap.
    Major,
    /// The start of incremental marking.
    Incremental,
    /// Second-pass weak callbacks.
    Weak,
}

impl GcKind {
    /// Every kind, in the order of reports.
    pub const ALL: [Self; 4] = [Self::Minor, Self::Major, Self::Incremental, Self::Weak];

    /// The name in reports, events and metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Minor => "minor",
            Self::Major => "major",
            Self::Incremental => "incremental",
            Self::Weak => "weak",
        }
    }
}

/// The heap at one end of a GC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HeapReading {
    /// In use by objects.
    pub used_bytes: u64,
    /// Of these, in the young generation.
    pub young_used_bytes: u64,
}

/// One GC, told at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GcEvent {
    /// When it began, on the process's clock.
    pub start_ns: u64,
    /// From prologue to epilogue.
    pub pause_ns: u64,
    /// At the prologue; zeros where `has_heap` is not set.
    pub before: HeapReading,
    /// At the epilogue; zeros where `has_heap` is not set.
    pub after: HeapReading,
    /// Committed for the heap, at the epilogue.
    pub total_bytes: u64,
    /// External memory, at the epilogue.
    pub external_bytes: u64,
    /// In use in the spaces of large objects, at the epilogue of a major GC.
    pub large_spaces_bytes: u64,
    /// Which kind of GC.
    pub kind: GcKind,
    /// Asked for (`gc()`), not V8's own decision.
    pub forced: bool,
    /// Inside another GC's pause.
    pub nested: bool,
    /// The statistics were read.
    pub has_heap: bool,
}

/// The most spaces a sample holds; V8 14.6 has 13.
pub const MAX_SPACES: usize = 16;

/// One space of the heap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SpaceReading {
    /// Committed.
    pub size_bytes: u64,
    /// In use by objects.
    pub used_bytes: u64,
    /// Free without growing.
    pub available_bytes: u64,
    /// Backed by memory.
    pub physical_bytes: u64,
}

/// The heap as a whole, read outside a GC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HeapSample {
    /// When it was read, on the process's clock.
    pub at_ns: u64,
    /// In use by objects.
    pub used_bytes: u64,
    /// Of these, in the young generation.
    pub young_used_bytes: u64,
    /// Of these, in the space of old objects of ordinary size.
    pub old_space_bytes: u64,
    /// Of these, in the spaces of old objects that have pages of their own.
    pub large_spaces_bytes: u64,
    /// Committed for the heap.
    pub total_bytes: u64,
    /// External memory.
    pub external_bytes: u64,
    /// V8's limit of the heap.
    pub limit_bytes: u64,
    /// In the order of the isolate's space names; the rest is zero.
    pub spaces: [SpaceReading; MAX_SPACES],
}

impl HeapSample {
    /// Takes in what a GC left. Old objects of ordinary size are not read there: they are what the others leave, of which code and V8's own change little.
    pub fn take_in(&mut self, event: &GcEvent) {
        let other = self.used_bytes.saturating_sub(
            self.young_used_bytes
                .saturating_add(self.old_space_bytes)
                .saturating_add(self.large_spaces_bytes),
        );
        self.used_bytes = event.after.used_bytes;
        self.young_used_bytes = event.after.young_used_bytes;
        self.total_bytes = event.total_bytes;
        self.external_bytes = event.external_bytes;
        if event.kind == GcKind::Major {
            self.large_spaces_bytes = event.large_spaces_bytes;
        }
        let old_generation = self.used_bytes.saturating_sub(self.young_used_bytes);
        self.large_spaces_bytes = self.large_spaces_bytes.min(old_generation);
        self.old_space_bytes = old_generation.saturating_sub(self.large_spaces_bytes).saturating_sub(other);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_gc_left_is_shared_out_without_a_rest() {
        let mut sample = HeapSample {
            used_bytes: 100,
            young_used_bytes: 10,
            old_space_bytes: 20,
            large_spaces_bytes: 60,
            ..HeapSample::default()
        };
        let event = |kind, used_bytes, young_used_bytes, large_spaces_bytes| GcEvent {
            start_ns: 0,
            pause_ns: 0,
            before: HeapReading::default(),
            after: HeapReading { used_bytes, young_used_bytes },
            total_bytes: 0,
            external_bytes: 0,
            large_spaces_bytes,
            kind,
            forced: false,
            nested: false,
            has_heap: true,
        };
        let parts = |sample: &HeapSample| {
            [sample.young_used_bytes, sample.old_space_bytes, sample.large_spaces_bytes]
        };
        sample.take_in(&event(GcKind::Minor, 95, 1, 0));
        assert_eq!(parts(&sample), [1, 24, 60], "what grew old, of ordinary size; 10 are code");
        sample.take_in(&event(GcKind::Major, 40, 0, 5));
        assert_eq!(parts(&sample), [0, 25, 5]);
        sample.take_in(&event(GcKind::Minor, 3, 0, 0));
        assert_eq!(parts(&sample), [0, 0, 3], "never more than there is");
    }
}
