//! V8's heap limit: being asked when it is near.
//!
//! V8 calls the newest callback alone, inside a GC, and takes its answer for the new limit; an answer that is not larger ends the
//! process as if nobody had been asked (`Heap::InvokeNearHeapLimitCallback`). In a worker the callback is Node's, which ends the worker
//! and not the process: never register there.

use std::ffi::c_void;

use super::Isolate;
use super::symbols::{MissingSymbol, profiler_symbols, symbols};

/// What a copy of the process gets on top of the limit: four times the limit was too little when one huge array had filled the heap.
const MORE_BYTES: usize = 8 << 30;

/// More than any version's `Isolate` has.
const ISOLATE_BYTES: usize = 256 << 10;

unsafe extern "C" fn raise(_data: *mut c_void, current: usize, _initial: usize) -> usize {
    current.saturating_add(MORE_BYTES)
}

/// From now on the isolate's heap may grow beyond its limit. For a forked copy of the process alone, which lives for one snapshot:
/// there is no way back, and no second time (V8 checks that a callback is new).
///
/// # Errors
/// A V8 method that this runtime does not export.
pub fn lift_limit(isolate: Isolate) -> Result<(), MissingSymbol> {
    let symbols = profiler_symbols()?;
    // SAFETY: on the isolate's thread by construction; the callback is a plain function and uses no data.
    unsafe { (symbols.add_near_heap_limit)(isolate.raw(), raise, std::ptr::null_mut()) }
    Ok(())
}

/// What is called when the limit is near, inside a GC: no JavaScript, no allocation in V8's heap. The limit stays as it is.
pub type AtLimit = fn(Isolate);

/// A registration of it; `!Send`. Its owner drops it while the isolate lives.
pub struct NearLimit {
    isolate: Isolate,
    at_limit: AtLimit,
}

impl NearLimit {
    /// Registers `at_limit`. One at a time in an isolate.
    ///
    /// # Errors
    /// A V8 method that this runtime does not export.
    pub fn register(isolate: Isolate, at_limit: AtLimit) -> Result<Self, MissingSymbol> {
        let symbols = profiler_symbols()?;
        // SAFETY: on the isolate's thread by construction; the data is a function's address, which lives for ever.
        unsafe { (symbols.add_near_heap_limit)(isolate.raw(), ask, at_limit as *mut c_void) }
        Ok(Self { isolate, at_limit })
    }
}

impl NearLimit {
    /// Somebody else waits for the limit and was there before: V8 will not call him, for it calls the newest alone.
    ///
    /// V8 does not tell; its list (`std::vector` of pairs of callback and data, in the `Heap`, which lies in the `Isolate`) is looked for
    /// by what must be its last entry. Read through `/proc/self/mem`, which answers with an error where there is no memory. `false` where it cannot be found.
    #[must_use]
    pub fn has_predecessor(&self) -> bool {
        let own = [ask as *const () as usize, self.at_limit as *const () as usize];
        find_list(self.isolate.raw() as usize, own).is_some_and(|entries| entries > 1)
    }
}

/// How many entries the vector of pairs has whose last one is `last`, somewhere behind `start`.
fn find_list(start: usize, last: [usize; 2]) -> Option<usize> {
    const PAIR: usize = 2 * size_of::<usize>();
    const MOST_ENTRIES: usize = 64;
    let memory = std::fs::File::open("/proc/self/mem").ok()?;
    let words = read_words(&memory, start, ISOLATE_BYTES);
    words.windows(3).find_map(|vector| {
        let &[begin, end, capacity] = vector else { return None };
        let bytes = end.checked_sub(begin).filter(|bytes| *bytes > 0 && bytes % PAIR == 0)?;
        let is_list = begin > 0 && end <= capacity && bytes / PAIR <= MOST_ENTRIES;
        (is_list && read_words(&memory, end - PAIR, PAIR) == last).then_some(bytes / PAIR)
    })
}

#[cfg(unix)]
fn read_words(memory: &std::fs::File, address: usize, bytes: usize) -> Vec<usize> {
    use std::os::unix::fs::FileExt;
    let mut buffer = vec![0; bytes];
    let read = memory.read_at(&mut buffer, address as u64).unwrap_or(0);
    let (words, _) = buffer[..read].as_chunks::<{ size_of::<usize>() }>();
    words.iter().map(|word| usize::from_ne_bytes(*word)).collect()
}

#[cfg(not(unix))]
fn read_words(_memory: &std::fs::File, _address: usize, _bytes: usize) -> Vec<usize> {
    Vec::new()
}

impl Drop for NearLimit {
    fn drop(&mut self) {
        let Ok(symbols) = profiler_symbols() else { return };
        // SAFETY: `!Send`, so the isolate's thread; `register` has added this callback, once, and here it goes, once. 0: the limit stays.
        unsafe { (symbols.remove_near_heap_limit)(self.isolate.raw(), ask, 0) }
    }
}

unsafe extern "C" fn ask(data: *mut c_void, current: usize, _initial: usize) -> usize {
    // SAFETY: the data of `register`; V8 calls on the isolate's thread, which is entered there.
    unsafe {
        let at_limit = std::mem::transmute::<*mut c_void, AtLimit>(data);
        if let Ok(table) = symbols()
            && let Some(isolate) = Isolate::from_callback((table.try_get_current)(), table)
        {
            at_limit(isolate);
        }
    }
    current
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_found_by_its_last_entry_and_says_how_many_there_are() {
        let pairs: Vec<[usize; 2]> = vec![[1, 2], [3, 4]];
        let range = pairs.as_ptr_range();
        let isolate = [0, range.start as usize, range.end as usize, range.end as usize, 7];
        let start = isolate.as_ptr() as usize;
        assert_eq!(find_list(start, [3, 4]), Some(2));
        assert_eq!(find_list(start, [1, 2]), None);
        assert_eq!(find_list(8, [3, 4]), None);
    }
}
