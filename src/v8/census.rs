//! How many objects of each class there are: `HeapProfiler::QueryObjects` with a predicate that counts and takes none.
//!
//! It needs a tenth of a snapshot's memory: V8 keeps a set of what is reachable, 85 bytes an object, and no graph. Strings, numbers and V8's own
//! objects are not among what it passes on.
//!
//! `v8::QueryObjectPredicate` (v8-profiler.h) is an abstract C++ class; its table of virtual methods is made by hand, as the one of
//! [`super::profiler`] is. The order is the same from V8 11.3 to 14.6.

use std::collections::HashMap;
use std::ffi::{c_char, c_int, c_void};

use super::Isolate;
use super::symbols::{
    CensusSymbols, MissingSymbol, RawIsolate, RawLocal, WriteUtf8Symbols, WriteUtf8V2Symbols, census_symbols,
    write_utf8_symbols, write_utf8_v2_symbols,
};

/// Names are cut here.
const MAX_NAME_BYTES: usize = 200;

/// `String::REPLACE_INVALID_UTF8 | String::NO_NULL_TERMINATION`.
const WRITE_OPTIONS: c_int = 8 | 2;

/// `String::WriteFlags::kReplaceInvalidUtf8`.
const WRITE_FLAGS: c_int = 2;

/// V8 marks pointers to objects with a one in the last place.
const OBJECT_TAG: usize = 1;

/// Counts the reachable objects by the names of their constructors. Collects all garbage first, as V8 does, and leaves a handle for each object
/// in the caller's scope: for a process that does nothing else ([`crate::os::fork::aside`]). Empty where no context is entered.
///
/// # Errors
/// A V8 method that this runtime does not export.
pub fn count_objects(isolate: Isolate) -> Result<HashMap<String, u64>, MissingSymbol> {
    let symbols = census_symbols()?;
    let mut census = Census {
        table: const { &TABLE },
        isolate: isolate.raw(),
        texts: Texts::find()?,
        counts: HashMap::new(),
        symbols,
    };
    // A `std::vector<Global<Object>>` of none: three null pointers, in every library. Nothing is ever put into it.
    let mut none = [std::ptr::null_mut::<c_void>(); 3];
    // SAFETY: on the isolate's thread by construction, in a scope of handles (a callback of V8 has one). The predicate outlives the call.
    unsafe {
        // Not the current one: code of V8's own that allocates may have none.
        let context = (census.symbols.get_entered_context)(isolate.raw());
        if context.is_null() {
            return Ok(HashMap::new());
        }
        let profiler = (census.symbols.get_heap_profiler)(isolate.raw());
        let query_objects = census.symbols.query_objects;
        query_objects(profiler, context, (&raw mut census).cast(), (&raw mut none).cast());
    }
    let mut named: HashMap<String, u64> = HashMap::new();
    for (name, count) in census.counts.into_values() {
        *named.entry(name).or_default() += count;
    }
    Ok(named)
}

enum Texts {
    Older(WriteUtf8Symbols),
    Newer(WriteUtf8V2Symbols),
}

impl Texts {
    fn find() -> Result<Self, MissingSymbol> {
        write_utf8_v2_symbols().map(Self::Newer).or_else(|_| write_utf8_symbols().map(Self::Older))
    }

    /// # Safety
    /// `string` is a handle of a string, and this the isolate's thread.
    unsafe fn read(&self, isolate: RawIsolate, string: RawLocal) -> String {
        let mut buffer = [0_u8; MAX_NAME_BYTES];
        let text = buffer.as_mut_ptr().cast::<c_char>();
        // SAFETY: by the caller. V8 writes whole characters only, at most as many bytes as the buffer has.
        let written = unsafe {
            match self {
                Self::Newer(symbols) => (symbols.write_utf8)(
                    string,
                    isolate,
                    text,
                    MAX_NAME_BYTES,
                    WRITE_FLAGS,
                    std::ptr::null_mut(),
                ),
                Self::Older(symbols) => {
                    let capacity = c_int::try_from(MAX_NAME_BYTES).unwrap_or(0);
                    let none = std::ptr::null_mut();
                    let written = (symbols.write_utf8)(string, isolate, text, capacity, none, WRITE_OPTIONS);
                    usize::try_from(written).unwrap_or(0)
                }
            }
        };
        String::from_utf8_lossy(&buffer[..written.min(MAX_NAME_BYTES)]).into_owned()
    }
}

/// First the table's address, as in every object of a C++ class with virtual methods.
#[repr(C)]
struct Census {
    table: *const Table,
    isolate: RawIsolate,
    texts: Texts,
    /// By hidden class (`Map` in V8's words), which has one constructor: its name is asked for once.
    counts: HashMap<usize, (String, u64)>,
    symbols: CensusSymbols,
}

#[repr(C)]
struct Table {
    #[cfg(not(windows))]
    complete_destructor: unsafe extern "C" fn(*mut c_void),
    deleting_destructor: unsafe extern "C" fn(*mut c_void),
    filter: unsafe extern "C" fn(*mut c_void, RawLocal) -> bool,
    room: [Option<unsafe extern "C" fn()>; 4],
}

const TABLE: Table = Table {
    #[cfg(not(windows))]
    complete_destructor: nothing,
    deleting_destructor: nothing,
    filter: count,
    room: [None; 4],
};

unsafe extern "C" fn nothing(_predicate: *mut c_void) {}

unsafe extern "C" fn count(predicate: *mut c_void, object: RawLocal) -> bool {
    // SAFETY: V8 passes the predicate that it was given, and a handle: the address of a tagged pointer to an object, whose first word is its map.
    unsafe {
        let census = &mut *predicate.cast::<Census>();
        let address = *object.cast::<usize>() - OBJECT_TAG;
        let map = *(address as *const usize);
        let entry = census.counts.entry(map);
        let (_, count) = entry.or_insert_with(|| {
            let name = (census.symbols.get_constructor_name)(object);
            (census.texts.read(census.isolate, name), 0)
        });
        *count += 1;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_runtime_without_v8_says_that_counting_is_what_is_missing() {
        let missing = census_symbols().expect_err("the test runner exports no V8");
        assert!(
            missing.to_string().ends_with("without which objects cannot be counted by class"),
            "{missing}"
        );
    }
}
