//! V8's heap limit: being asked when it is near.
//!
//! V8 calls the newest callback alone, inside a GC, and takes its answer for the new limit; an answer that is not larger ends the
//! process as if nobody had been asked (`Heap::InvokeNearHeapLimitCallback`).

use std::ffi::c_void;

use super::Isolate;
use super::symbols::{MissingSymbol, profiler_symbols};

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
