//! Memory of ours that JavaScript looks at without a call: an external `ArrayBuffer`, made through N-API, which is all that this module knows of it.

use std::sync::Arc;

use napi::Env;
use napi::bindgen_prelude::{Float64ArraySlice, Result};

use crate::tally::Cells;

/// The cells as a `Float64Array`. They live until V8 has let go of it.
///
/// # Errors
/// N-API's: V8 does not take external memory (as in Electron's sandbox).
pub fn show(env: &Env, cells: Arc<Cells>) -> Result<Float64ArraySlice<'_>> {
    let data = cells.as_ptr();
    // SAFETY: `data` is `LENGTH` aligned f64 inside `cells`, which the finalizer keeps until V8 has let go of the memory. No other buffer
    // shares it. Rust writes to it through atomics alone, in calls and GC hooks on the thread whose JavaScript reads it.
    unsafe {
        Float64ArraySlice::from_external(env, data, Cells::LENGTH, cells, |_, cells: Arc<Cells>| drop(cells))
    }
}
