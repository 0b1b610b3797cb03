//! What runs inside V8's pause: stamp, build the event, try to send, count what was dropped.
//!
//! Two clock reads, the statistics reads, one push to a bounded channel that nobody is blocked on. No lock, no
//! allocation, no panic, and no system call but for a yield if the ring is full and its reader stopped between two steps: every index is a constant or checked, every sum saturates.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crossbeam_channel::{Receiver, Sender, bounded};

use crate::clock::Clock;
use crate::event::{GcEvent, GcKind, HeapReading, HeapSample, MAX_SPACES, SpaceReading};
use crate::tally::Tally;
use crate::v8::Isolate;
use crate::v8::gc_hook::{GcObserver, gc_type};
use crate::v8::heap::Extent;

/// Samples that may wait; one is under way at most, and the aggregator comes by many times a second.
pub const SAMPLE_CAPACITY: usize = 4;

/// The receiving ends of a probe.
pub struct Events {
    /// GCs, oldest first.
    pub gcs: Receiver<GcEvent>,
    /// Samples, oldest first.
    pub samples: Receiver<HeapSample>,
    /// GCs that found the channel full.
    pub dropped: Arc<AtomicU64>,
    /// When the GC began that is running now, on the process's clock; 0 while none is.
    pub running_since_ns: Arc<AtomicU64>,
}

/// The spaces of an isolate's heap, by V8's names.
#[derive(Clone, Debug)]
pub struct Spaces {
    /// In V8's order, at most [`MAX_SPACES`].
    pub names: Vec<String>,
    groups: Groups,
}

/// Where spaces of one group stand among all.
#[derive(Clone, Copy, Debug)]
struct Groups {
    young: [Option<usize>; 2],
    old: [Option<usize>; 1],
    large: [Option<usize>; 2],
}

impl Spaces {
    /// Reads the names once; the order is fixed for the life of a process.
    #[must_use]
    pub fn of(isolate: Isolate) -> Self {
        let names: Vec<String> =
            (0..isolate.space_count().min(MAX_SPACES)).map_while(|index| isolate.space_name(index)).collect();
        let position = |name: &str| names.iter().position(|candidate| candidate == name);
        let groups = Groups {
            young: ["new_space", "new_large_object_space"].map(position),
            old: ["old_space"].map(position),
            large: ["large_object_space", "code_large_object_space"].map(position),
        };
        Self { names, groups }
    }
}

/// Reads the statistics of one isolate.
#[derive(Clone)]
pub struct Reader {
    extent: Extent,
    space_count: usize,
    groups: Groups,
    clock: Clock,
}

impl Reader {
    /// A reader for an isolate with these spaces.
    #[must_use]
    pub fn new(extent: Extent, spaces: &Spaces) -> Self {
        Self { extent, space_count: spaces.names.len(), groups: spaces.groups, clock: Clock::process() }
    }

    /// Which statistics this V8 has.
    #[must_use]
    pub fn extent(&self) -> Extent {
        self.extent
    }

    /// The whole heap with its spaces. Not for inside a GC: it reads every space.
    #[must_use]
    pub fn sample(&self, isolate: Isolate) -> HeapSample {
        let heap = isolate.heap_statistics(self.extent);
        let mut spaces = [SpaceReading::default(); MAX_SPACES];
        for (index, space) in spaces.iter_mut().enumerate().take(self.space_count) {
            if let Some(read) = isolate.space_statistics(index) {
                *space = SpaceReading {
                    size_bytes: read.size_bytes,
                    used_bytes: read.used_bytes,
                    available_bytes: read.available_bytes,
                    physical_bytes: read.physical_bytes,
                };
            }
        }
        let used =
            |group: &[Option<usize>]| used_in(group, |index| spaces.get(index).map(|space| space.used_bytes));
        HeapSample {
            at_ns: self.clock.now_ns(),
            used_bytes: heap.used_bytes,
            young_used_bytes: used(&self.groups.young),
            old_space_bytes: used(&self.groups.old),
            large_spaces_bytes: used(&self.groups.large),
            total_bytes: heap.total_bytes,
            external_bytes: heap.external_bytes,
            limit_bytes: heap.limit_bytes,
            spaces,
        }
    }
}

/// In use in a group of spaces, each by `used`.
#[inline]
fn used_in(group: &[Option<usize>], used: impl Fn(usize) -> Option<u64>) -> u64 {
    group.iter().flatten().filter_map(|&index| used(index)).fold(0, u64::saturating_add)
}

/// The same, read now.
#[inline]
fn read_used(isolate: Isolate, group: &[Option<usize>]) -> u64 {
    used_in(group, |index| isolate.space_statistics(index).map(|space| space.used_bytes))
}

/// A GC that has begun and not ended.
#[derive(Clone, Copy, Default)]
struct Open {
    start_ns: u64,
    before: HeapReading,
    has_heap: bool,
}

/// The observer that V8's hooks call; lives on the isolate's thread.
pub struct Probe {
    reader: Reader,
    statistics: Arc<AtomicBool>,
    gcs: Sender<GcEvent>,
    dropped: Arc<AtomicU64>,
    running_since_ns: Arc<AtomicU64>,
    /// By [`GcKind`]: kinds can nest (4, 16, 16, 4 was reported), one kind in itself cannot.
    open: [Cell<Open>; 4],
    /// A bit for each kind that is open.
    open_kinds: Cell<u8>,
    /// A collection that we asked for is running: V8 does not mark it as forced.
    is_asked_for: Rc<Cell<bool>>,
    tally: Rc<Tally>,
}

impl Probe {
    /// A probe with a channel of `capacity` GCs; `statistics` switches the readings off and on, `is_asked_for` says that
    /// what runs now was asked for by us, `tally` takes the sums.
    #[must_use]
    pub fn new(
        reader: Reader,
        capacity: usize,
        statistics: Arc<AtomicBool>,
        is_asked_for: Rc<Cell<bool>>,
        tally: Rc<Tally>,
    ) -> (Self, Sender<HeapSample>, Events) {
        let (gcs, gcs_out) = bounded(capacity);
        let (samples, samples_out) = bounded(SAMPLE_CAPACITY);
        let dropped = Arc::new(AtomicU64::new(0));
        let running_since_ns = Arc::new(AtomicU64::new(0));
        let probe = Self {
            reader,
            statistics,
            gcs,
            dropped: Arc::clone(&dropped),
            running_since_ns: Arc::clone(&running_since_ns),
            open: Default::default(),
            open_kinds: Cell::new(0),
            is_asked_for,
            tally,
        };
        (probe, samples, Events { gcs: gcs_out, samples: samples_out, dropped, running_since_ns })
    }

    #[inline]
    fn reads_heap(&self, kind: GcKind) -> bool {
        // Marking that only starts and weak callbacks free no heap: nothing to read.
        matches!(kind, GcKind::Minor | GcKind::Major) && self.statistics.load(Ordering::Relaxed)
    }
}

#[inline]
fn kind_of(gc_type: u32) -> Option<GcKind> {
    match gc_type {
        gc_type::SCAVENGE | gc_type::MINOR_MARK_SWEEP => Some(GcKind::Minor),
        gc_type::MARK_SWEEP_COMPACT => Some(GcKind::Major),
        gc_type::INCREMENTAL_MARKING => Some(GcKind::Incremental),
        gc_type::PROCESS_WEAK_CALLBACKS => Some(GcKind::Weak),
        _ => None,
    }
}

impl GcObserver for Probe {
    #[inline]
    fn prologue(&self, isolate: Isolate, kind: u32, _flags: u32) {
        let Some(kind) = kind_of(kind) else { return };
        let start_ns = self.reader.clock.now_ns();
        let has_heap = self.reads_heap(kind);
        let before = if has_heap {
            HeapReading {
                used_bytes: isolate.heap_statistics(self.reader.extent).used_bytes,
                young_used_bytes: read_used(isolate, &self.reader.groups.young),
            }
        } else {
            HeapReading::default()
        };
        let bit = 1 << kind as u8;
        // A kind that is open already lost its epilogue: what else is open did, too, and would make every later GC a nested one.
        let open_kinds = if self.open_kinds.get() & bit == 0 { self.open_kinds.get() } else { 0 };
        self.open_kinds.set(open_kinds | bit);
        if open_kinds == 0 {
            self.running_since_ns.store(start_ns, Ordering::Relaxed);
        }
        if let Some(open) = self.open.get(kind as usize) {
            open.set(Open { start_ns, before, has_heap });
        }
    }

    #[inline]
    fn epilogue(&self, isolate: Isolate, kind: u32, flags: u32) {
        let Some(kind) = kind_of(kind) else { return };
        let bit = 1 << kind as u8;
        let open_kinds = self.open_kinds.get();
        // An epilogue without its prologue: registered in the middle of a GC.
        if open_kinds & bit == 0 {
            return;
        }
        self.open_kinds.set(open_kinds & !bit);
        if open_kinds == bit {
            self.running_since_ns.store(0, Ordering::Relaxed);
        }
        let Some(open) = self.open.get(kind as usize).map(Cell::get) else { return };
        let mut event = GcEvent {
            start_ns: open.start_ns,
            pause_ns: 0,
            before: open.before,
            after: HeapReading::default(),
            total_bytes: 0,
            external_bytes: 0,
            large_spaces_bytes: 0,
            kind,
            forced: flags & gc_type::FLAG_FORCED != 0 || self.is_asked_for.get(),
            nested: open_kinds != bit,
            has_heap: open.has_heap,
        };
        if open.has_heap {
            let heap = isolate.heap_statistics(self.reader.extent);
            event.after = HeapReading {
                used_bytes: heap.used_bytes,
                young_used_bytes: read_used(isolate, &self.reader.groups.young),
            };
            if kind == GcKind::Major {
                event.large_spaces_bytes = read_used(isolate, &self.reader.groups.large);
            }
            event.total_bytes = heap.total_bytes;
            event.external_bytes = heap.external_bytes;
        }
        // Last, so that the readings' own cost is in the pause: the application stands still for them too.
        event.pause_ns = self.reader.clock.now_ns().saturating_sub(open.start_ns);
        if !event.nested {
            self.tally.add_pause(event.pause_ns);
            match kind {
                GcKind::Minor | GcKind::Major if event.has_heap => {
                    self.tally.add_sizes(event.before, event.after);
                }
                GcKind::Minor | GcKind::Major => self.tally.miss_sizes(),
                GcKind::Incremental | GcKind::Weak => {}
            }
        }
        if self.gcs.try_send(event).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}
