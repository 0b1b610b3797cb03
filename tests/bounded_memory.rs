//! The watcher's own memory: within its bounds from the start, and the same after a month.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use heapwatch::aggregator::isolate::{Capacity, Identity, IsolateState};
use heapwatch::event::{GcEvent, GcKind, HeapReading, HeapSample};
use heapwatch::os::memory::ProcessMemory;

const MB: usize = 1 << 20;
const SECOND_NS: u64 = 1_000_000_000;

/// Counts what is allocated and not freed, by thread: the test runner's own thread allocates beside the test.
struct Counting;

thread_local! {
    static LIVE_BYTES: Cell<usize> = const { Cell::new(0) };
}

fn live_bytes() -> usize {
    LIVE_BYTES.get()
}

// SAFETY: hands every call on to the system's allocator and only counts beside it.
#[expect(unsafe_code, reason = "an allocator is unsafe to implement; this one is a test's")]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LIVE_BYTES.set(live_bytes().wrapping_add(layout.size()));
        // SAFETY: the caller's promise is handed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE_BYTES.set(live_bytes().wrapping_sub(layout.size()));
        // SAFETY: the caller's promise is handed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn state(capacity: Capacity) -> IsolateState {
    let identity = Identity {
        thread_id: 0,
        space_names: (0..13).map(|space| format!("space_number_{space}")).collect(),
        old_generation_limit_bytes: 4 << 30,
        unix_ms_at_zero: 0.0,
    };
    IsolateState::new(identity, capacity, HeapSample::default())
}

fn event(at_ns: u64, number: u64) -> GcEvent {
    GcEvent {
        start_ns: at_ns,
        // Every length from 1 µs to 100 s occurs in time: the histograms fill up.
        pause_ns: 1_000 << (number % 27) | (number * 7919 % 1_000),
        before: HeapReading { used_bytes: 60 << 20, young_used_bytes: 16 << 20 },
        after: HeapReading { used_bytes: (40 << 20) + number, young_used_bytes: 1 << 20 },
        total_bytes: 80 << 20,
        external_bytes: 2 << 20,
        large_spaces_bytes: 0,
        kind: GcKind::ALL[usize::try_from(number % 4).unwrap_or(0)],
        forced: false,
        nested: false,
        has_heap: true,
    }
}

#[test]
fn memory_is_within_its_bounds_and_does_not_grow_with_uptime() {
    for (capacity, bound) in [(Capacity::MAIN, 4 * MB), (Capacity::WORKER, MB)] {
        let before = live_bytes();
        let mut state = state(capacity);
        state.add_reader(1);
        let at_start = live_bytes() - before;

        let memory = ProcessMemory::default();
        for second in 0..30 * 24 * 3600 {
            let now_ns = second * SECOND_NS;
            state.record_gc(&event(now_ns, second));
            state.record_sample(&HeapSample { at_ns: now_ns, ..HeapSample::default() });
            state.take_sample(now_ns, &memory);
            let _ = state.tick(now_ns, &memory, Some(second));
        }
        let after_a_month = live_bytes() - before;

        assert_eq!(after_a_month, at_start, "{capacity:?}");
        // What the state says of itself holds the channel too, which is not made here.
        assert!(state.footprint_bytes() < bound, "{capacity:?}: {} bytes", state.footprint_bytes());
        assert!(state.footprint_bytes() > at_start, "{capacity:?}: the footprint leaves something out");
        println!("{capacity:?}: {at_start} bytes allocated, {} with the channel", state.footprint_bytes());
    }
}
