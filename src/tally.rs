//! Running sums of one isolate for whoever takes differences often: a request, at its start and at its end.
//!
//! The time in GC is written into cells that JavaScript looks at itself, without a call into native code, in V8's pause and on JavaScript's own thread: no
//! lock, and every GC that has ended is in it, whether or not the aggregator has come by.

use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::event::HeapReading;

/// Two numbers as bits of f64: milliseconds that JavaScript has stood still for GC, and bytes allocated by the last count (NaN: unknown).
#[derive(Debug, Default)]
#[repr(transparent)]
pub struct Cells([AtomicU64; 2]);

impl Cells {
    /// How many numbers there are.
    pub const LENGTH: usize = 2;

    /// Where they are, for as long as this value lives.
    #[must_use]
    pub fn as_ptr(&self) -> *mut f64 {
        (&raw const self.0).cast_mut().cast()
    }

    #[inline]
    fn set(&self, index: usize, value: f64) {
        if let Some(cell) = self.0.get(index) {
            cell.store(value.to_bits(), Ordering::Relaxed);
        }
    }
}

/// Sums since the watch began.
pub struct Tally {
    paused_ns: Cell<u64>,
    /// What the heap grew by up to the last reading, collections left out.
    grown_bytes: Cell<u64>,
    /// In use at the last reading.
    used_bytes: Cell<u64>,
    /// A GC's sizes were not read: what the heap grew by before it, nobody knows.
    has_gap: Cell<bool>,
    /// Of the readers that asked.
    cells: RefCell<Vec<(u32, Arc<Cells>)>>,
}

impl Tally {
    /// Sums that begin with so much in use.
    #[must_use]
    pub fn new(used_bytes: u64) -> Self {
        Self {
            paused_ns: Cell::new(0),
            grown_bytes: Cell::new(0),
            used_bytes: Cell::new(used_bytes),
            has_gap: Cell::new(false),
            cells: RefCell::default(),
        }
    }

    /// Cells of a reader, kept up to date until [`Self::forget`].
    #[must_use]
    pub fn cells(&self, reader: u32) -> Arc<Cells> {
        let cells = Arc::new(Cells::default());
        cells.set(0, ms(self.paused_ns.get()));
        self.cells.borrow_mut().push((reader, Arc::clone(&cells)));
        cells
    }

    /// The cells of a reader stay as they are from now on.
    pub fn forget(&self, reader: u32) {
        self.cells.borrow_mut().retain(|(other, _)| *other != reader);
    }

    /// A GC has ended that no other one encloses.
    #[inline]
    pub fn add_pause(&self, pause_ns: u64) {
        self.paused_ns.set(self.paused_ns.get().saturating_add(pause_ns));
        // Never borrowed here for changing: that allocates nothing in V8's heap, so no GC begins in it.
        if let Ok(cells) = self.cells.try_borrow() {
            cells.iter().for_each(|(_, cells)| cells.set(0, ms(self.paused_ns.get())));
        }
    }

    /// The heap before and after a GC.
    #[inline]
    pub fn add_sizes(&self, before: HeapReading, after: HeapReading) {
        self.grown_bytes.set(self.grown_to(before.used_bytes));
        self.used_bytes.set(after.used_bytes);
    }

    /// A GC freed what nobody has read.
    #[inline]
    pub fn miss_sizes(&self) {
        self.has_gap.set(true);
    }

    /// How long JavaScript has stood still for GC.
    #[must_use]
    pub fn paused_ns(&self) -> u64 {
        self.paused_ns.get()
    }

    /// Writes what was allocated into the cells, with `used_bytes` in use now. Not by V8's own count (`total_allocated_bytes`, from 14.6 on): each reading of that
    /// adds again what its allocation buffers hold, 30 to 180 KB.
    pub fn count_allocation(&self, used_bytes: u64) {
        let bytes = self.allocated_bytes(used_bytes);
        #[expect(clippy::cast_precision_loss, reason = "exact up to 8 PB")]
        let value = bytes.map_or(f64::NAN, |bytes| bytes as f64);
        if let Ok(cells) = self.cells.try_borrow() {
            cells.iter().for_each(|(_, cells)| cells.set(1, value));
        }
    }

    /// What the heap has grown by with `used_bytes` in use now; `None` where sizes of GCs were not read.
    #[must_use]
    pub fn allocated_bytes(&self, used_bytes: u64) -> Option<u64> {
        (!self.has_gap.get()).then(|| self.grown_to(used_bytes))
    }

    #[inline]
    fn grown_to(&self, used_bytes: u64) -> u64 {
        self.grown_bytes.get().saturating_add(used_bytes.saturating_sub(self.used_bytes.get()))
    }
}

#[expect(clippy::cast_precision_loss, reason = "exact to 1 ns over 104 days")]
#[inline]
fn ms(ns: u64) -> f64 {
    ns as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(used_bytes: u64) -> HeapReading {
        HeapReading { used_bytes, young_used_bytes: 0 }
    }

    fn shown(cells: &Cells) -> [f64; 2] {
        [0, 1].map(|index| f64::from_bits(cells.0[index].load(Ordering::Relaxed)))
    }

    #[test]
    fn what_a_collection_frees_is_not_taken_from_what_was_allocated() {
        let tally = Tally::new(1_000);
        assert_eq!(tally.allocated_bytes(1_500), Some(500));
        tally.add_sizes(reading(3_000), reading(1_200));
        tally.add_sizes(reading(2_200), reading(1_100));
        assert_eq!(tally.allocated_bytes(1_100), Some(3_000));
        assert_eq!(tally.allocated_bytes(1_101), Some(3_001));
    }

    #[test]
    fn a_collection_without_sizes_leaves_only_the_time() {
        let tally = Tally::new(1_000);
        tally.add_pause(7);
        tally.miss_sizes();
        assert_eq!((tally.paused_ns(), tally.allocated_bytes(2_000)), (7, None));
    }

    #[test]
    fn every_reader_sees_the_time_at_once_until_it_leaves() {
        let tally = Tally::new(0);
        tally.add_pause(1_500_000);
        let (first, second) = (tally.cells(1), tally.cells(2));
        tally.forget(2);
        tally.add_pause(500_000);
        tally.count_allocation(64);
        assert_eq!((shown(&first), shown(&second)), ([2.0, 64.0], [1.5, 0.0]));
        tally.miss_sizes();
        tally.count_allocation(64);
        assert!(shown(&first)[1].is_nan());
    }
}
