//! A heap snapshot, streamed: `HeapProfiler::TakeHeapSnapshot`, `HeapSnapshot::Serialize`.
//!
//! `Serialize` writes to a `v8::OutputStream` (v8-profiler.h), an abstract C++ class. Its table of virtual methods is made by
//! hand here: destructors (two in the Itanium ABI, one in Microsoft's), `EndOfStream`, `GetChunkSize`, `WriteAsciiChunk`,
//! `WriteHeapStatsChunk`. The order is the same from V8 10.2 to 14.6.

use std::ffi::{c_char, c_int, c_void};
use std::ops::ControlFlow;

use super::Isolate;
use super::symbols::{MissingSymbol, profiler_symbols};

/// V8 fills one buffer of this size at a time. A megabyte is one write(2) of which nobody sees the cost.
const CHUNK_BYTES: c_int = 1 << 20;

/// `HeapSnapshotOptions`, all defaults: two pointers and up to three enums in the versions known, with room behind them.
const DEFAULT_OPTIONS: [u64; 16] = [0; 16];

/// `HeapSnapshot::kJSON`.
const JSON: u32 = 0;

/// `OutputStream::WriteResult`.
mod write_result {
    pub const CONTINUE: i32 = 0;
    pub const ABORT: i32 = 1;
}

/// Takes a snapshot of the isolate's heap and passes its JSON on, piece by piece. Collects all garbage first, as V8 does.
/// JavaScript stands still until it is done.
///
/// `write` breaks off the serialization by answering `Break`.
///
/// # Errors
/// A V8 method that this runtime does not export.
pub fn stream_snapshot(
    isolate: Isolate,
    write: impl FnMut(&[u8]) -> ControlFlow<()>,
) -> Result<(), MissingSymbol> {
    let symbols = profiler_symbols()?;
    let mut stream = Stream::new(write);
    // SAFETY: on the isolate's thread by construction. The options are longer than any version's struct, and V8 copies them. The stream
    // outlives the call, which is all that V8 uses it for; the snapshot is deleted once, and nobody else knows it.
    unsafe {
        let profiler = (symbols.get_heap_profiler)(isolate.raw());
        let snapshot = (symbols.take_heap_snapshot)(profiler, DEFAULT_OPTIONS.as_ptr().cast());
        if snapshot.is_null() {
            return Ok(());
        }
        (symbols.serialize)(snapshot, (&raw mut stream).cast(), JSON);
        (symbols.delete_snapshot)(snapshot.cast_mut());
    }
    Ok(())
}

/// Whether snapshots can be taken at all.
///
/// # Errors
/// A V8 method that this runtime does not export.
pub fn check() -> Result<(), MissingSymbol> {
    profiler_symbols().map(drop)
}

/// The address of one of V8's functions: says which of the loaded objects V8 is in.
///
/// # Errors
/// A V8 method that this runtime does not export.
pub fn address_in_v8() -> Result<usize, MissingSymbol> {
    Ok(profiler_symbols()?.take_heap_snapshot as usize)
}

type Method = unsafe extern "C" fn();

#[repr(C)]
struct Table {
    #[cfg(not(windows))]
    complete_destructor: unsafe extern "C" fn(*mut c_void),
    deleting_destructor: unsafe extern "C" fn(*mut c_void),
    end_of_stream: unsafe extern "C" fn(*mut c_void),
    chunk_bytes: unsafe extern "C" fn(*mut c_void) -> c_int,
    write_ascii_chunk: unsafe extern "C" fn(*mut c_void, *mut c_char, c_int) -> i32,
    write_stats_chunk: unsafe extern "C" fn(*mut c_void, *mut c_void, c_int) -> i32,
    /// Methods that later versions may append end the process with a null call that is easy to tell, not somewhere in our data.
    room: [Option<Method>; 4],
}

/// First the table's address, as in every object of a C++ class with virtual methods.
#[repr(C)]
struct Stream<W> {
    table: *const Table,
    write: W,
}

impl<W: FnMut(&[u8]) -> ControlFlow<()>> Stream<W> {
    const TABLE: Table = Table {
        #[cfg(not(windows))]
        complete_destructor: nothing,
        deleting_destructor: nothing,
        end_of_stream: nothing,
        chunk_bytes,
        write_ascii_chunk: write_chunk::<W>,
        write_stats_chunk: refuse,
        room: [None; 4],
    };

    fn new(write: W) -> Self {
        Self { table: const { &Self::TABLE }, write }
    }
}

unsafe extern "C" fn nothing(_stream: *mut c_void) {}

unsafe extern "C" fn chunk_bytes(_stream: *mut c_void) -> c_int {
    CHUNK_BYTES
}

unsafe extern "C" fn write_chunk<W: FnMut(&[u8]) -> ControlFlow<()>>(
    stream: *mut c_void,
    data: *mut c_char,
    size: c_int,
) -> i32 {
    let Ok(size) = usize::try_from(size) else { return write_result::ABORT };
    if data.is_null() {
        return write_result::ABORT;
    }
    // SAFETY: V8 passes the stream that it was given, of this very type, and `size` bytes that it has just written.
    let flow = unsafe {
        let stream = &mut *stream.cast::<Stream<W>>();
        (stream.write)(std::slice::from_raw_parts(data.cast::<u8>(), size))
    };
    if flow.is_break() { write_result::ABORT } else { write_result::CONTINUE }
}

unsafe extern "C" fn refuse(_stream: *mut c_void, _data: *mut c_void, _count: c_int) -> i32 {
    write_result::ABORT
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stream_passes_chunks_on_and_breaks_off_when_told_so() {
        let mut seen = Vec::new();
        let mut stream = Stream::new(|bytes: &[u8]| {
            seen.push(bytes.to_vec());
            if seen.len() == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        let mut data = *b"abc";
        let pointer = (&raw mut stream).cast::<c_void>();
        // SAFETY: called as V8 does, with the stream itself and bytes that live as long.
        let results = unsafe {
            let table = &*stream.table;
            assert_eq!((table.chunk_bytes)(pointer), CHUNK_BYTES);
            [
                (table.write_ascii_chunk)(pointer, data.as_mut_ptr().cast(), 3),
                (table.write_ascii_chunk)(pointer, data.as_mut_ptr().cast(), 2),
                (table.write_ascii_chunk)(pointer, data.as_mut_ptr().cast(), -1),
            ]
        };
        assert_eq!(results, [write_result::CONTINUE, write_result::ABORT, write_result::ABORT]);
        assert_eq!(seen, [b"abc".to_vec(), b"ab".to_vec()]);
    }

    #[test]
    fn a_runtime_without_v8_says_that_snapshots_are_what_is_missing() {
        let missing = check().expect_err("the test runner exports no V8");
        assert!(missing.to_string().ends_with("without which heap snapshots cannot be taken"), "{missing}");
    }
}
