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

unsafe extern "C" fn raise(_data: *mut c_void, current: usize, _initial: usize) -> usize {
    current.saturating_add(MORE_BYTES)
}

/// From now on the isolate's heap may grow beyond its limit. For a forked copy of the process alone, which lives for one snapshot:
/// there is no way back.
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
        Ok(Self { isolate })
    }
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
