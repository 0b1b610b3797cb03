//! V8's heap statistics, copied into plain structs.
//!
//! Source: `v8-statistics.h`. The layout of `HeapStatistics` only ever grew at its end (112 bytes in V8 10–14.1,
//! 120 since 14.6 with `total_allocated_bytes`); [`super::layout`] finds its extent at run time. That last field is not used: each reading of it adds again what V8's
//! allocation buffers hold, 30 KB to 1 MB (two readings in a row on Node 26.10 differ by that much).

use std::ffi::{CStr, c_char, c_void};
use std::mem::MaybeUninit;

use super::Isolate;

/// Room for what later versions may append: V8 writes as much as its own struct is long.
const ROOM: usize = 512;

/// `v8::HeapStatistics`, with room behind it.
#[repr(C)]
pub(super) struct RawHeapStatistics {
    total_heap_size: usize,
    total_heap_size_executable: usize,
    total_physical_size: usize,
    total_available_size: usize,
    used_heap_size: usize,
    heap_size_limit: usize,
    malloced_memory: usize,
    external_memory: usize,
    peak_malloced_memory: usize,
    does_zap_garbage: usize,
    number_of_native_contexts: usize,
    number_of_detached_contexts: usize,
    total_global_handles_size: usize,
    used_global_handles_size: usize,
    total_allocated_bytes: u64,
    room: [u8; ROOM - 120],
}

const _: () = assert!(size_of::<RawHeapStatistics>() == ROOM || usize::BITS != 64);

/// The sizes of the heap as a whole, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HeapStatistics {
    /// Committed for the heap.
    pub total_bytes: u64,
    /// In use by objects, dead ones not yet collected included.
    pub used_bytes: u64,
    /// V8's `heap_size_limit`: old generation plus three semi-spaces.
    pub limit_bytes: u64,
    /// Held outside the heap by objects of the heap (`ArrayBuffer`s, external strings).
    pub external_bytes: u64,
    /// Allocated by V8 itself through malloc.
    pub malloced_bytes: u64,
    /// Native contexts alive.
    pub native_contexts: u64,
    /// Contexts that were detached and are still alive.
    pub detached_contexts: u64,
}

/// `v8::HeapSpaceStatistics`: 40 bytes in every version.
#[repr(C)]
struct RawSpaceStatistics {
    name: *const c_char,
    size: usize,
    used: usize,
    available: usize,
    physical: usize,
}

/// The sizes of one space, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SpaceStatistics {
    /// Committed.
    pub size_bytes: u64,
    /// In use by objects.
    pub used_bytes: u64,
    /// Free for objects without growing.
    pub available_bytes: u64,
    /// Of `size_bytes`, backed by memory.
    pub physical_bytes: u64,
}

/// `HeapStatistics` is as it was checked to be; from [`super::layout::check`] alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent(pub(super) ());

impl Isolate {
    /// `Isolate::GetHeapStatistics`. Costs 0.15–0.3 µs, 2–6 µs with the cold caches inside a GC.
    #[must_use]
    #[inline]
    pub fn heap_statistics(self, _extent: Extent) -> HeapStatistics {
        // Not initialized as a whole: clearing 512 bytes inside every GC would be waste. V8 leaves fields unwritten
        // only in the room.
        let mut raw = MaybeUninit::<RawHeapStatistics>::uninit();
        let pointer = raw.as_mut_ptr();
        // The fields are read through the raw pointer, so no reference to uninitialized memory is made.
        // SAFETY: on the isolate's thread by construction. `layout::check` has seen V8 write at least 112 and fewer than `ROOM` bytes: the
        // call stays inside `raw` and initializes each field read.
        unsafe {
            (self.symbols().get_heap_statistics)(self.raw(), pointer.cast::<c_void>());
            HeapStatistics {
                total_bytes: (*pointer).total_heap_size as u64,
                used_bytes: (*pointer).used_heap_size as u64,
                limit_bytes: (*pointer).heap_size_limit as u64,
                external_bytes: (*pointer).external_memory as u64,
                malloced_bytes: (*pointer).malloced_memory as u64,
                native_contexts: (*pointer).number_of_native_contexts as u64,
                detached_contexts: (*pointer).number_of_detached_contexts as u64,
            }
        }
    }

    /// How many spaces the heap has (8 to 13, by version).
    #[must_use]
    pub fn space_count(self) -> usize {
        // SAFETY: on the isolate's thread by construction; reads a constant.
        unsafe { (self.symbols().number_of_heap_spaces)(self.raw()) }
    }

    /// `Isolate::GetHeapSpaceStatistics` of the space with that index, or `None` where there is no such space.
    #[must_use]
    #[inline]
    pub fn space_statistics(self, index: usize) -> Option<SpaceStatistics> {
        self.raw_space(index).map(|raw| SpaceStatistics {
            size_bytes: raw.size as u64,
            used_bytes: raw.used as u64,
            available_bytes: raw.available as u64,
            physical_bytes: raw.physical as u64,
        })
    }

    /// The name of the space with that index, such as `new_space`. The order is fixed for the life of a process.
    #[must_use]
    pub fn space_name(self, index: usize) -> Option<String> {
        let raw = self.raw_space(index)?;
        if raw.name.is_null() {
            return None;
        }
        // SAFETY: V8 points to a string literal of its own.
        Some(unsafe { CStr::from_ptr(raw.name) }.to_string_lossy().into_owned())
    }

    #[inline]
    fn raw_space(self, index: usize) -> Option<RawSpaceStatistics> {
        let mut raw =
            RawSpaceStatistics { name: std::ptr::null(), size: 0, used: 0, available: 0, physical: 0 };
        // SAFETY: on the isolate's thread by construction; V8 writes its 40-byte struct, the same in every version, and
        // answers false for an index out of range.
        let found = unsafe {
            (self.symbols().get_heap_space_statistics)(self.raw(), (&raw mut raw).cast::<c_void>(), index)
        };
        found.then_some(raw)
    }

    /// How many bytes `GetHeapStatistics` writes: two buffers with unlike patterns, compared.
    ///
    /// The constructor of `HeapStatistics` cannot tell, for it leaves fields unwritten.
    pub(super) fn statistics_extent(self) -> usize {
        let written = |pattern: u8| {
            // Twice the room, so that a struct longer than the room is seen instead of overrunning it.
            let mut buffer = Box::new([pattern; 2 * ROOM]);
            // SAFETY: on the isolate's thread by construction; the buffer is larger than any known version's struct
            // by a factor of eight, and aligned by the allocator to at least 16 bytes at this size.
            unsafe {
                (self.symbols().get_heap_statistics)(self.raw(), buffer.as_mut_ptr().cast::<c_void>());
            }
            buffer
        };
        let (first, second) = (written(0xAA), written(0x55));
        first
            .iter()
            .zip(second.iter())
            .rposition(|(a, b)| *a != 0xAA || *b != 0x55)
            .map_or(0, |last| last + 1)
    }
}
