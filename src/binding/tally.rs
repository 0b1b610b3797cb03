//! Running sums for requests: cells that JavaScript reads without a call.

#![allow(
    unsafe_code,
    reason = "N-API has no safe way to show JavaScript memory that Rust goes on writing to; the block argues its case"
)]

use std::sync::Arc;

use napi::bindgen_prelude::*;
use napi_derive::napi;

use super::{gone, reader_id};
use crate::tally::Cells;
use crate::watch;

/// `[pausedMs, allocatedBytes]`: how long JavaScript has stood still for GC since the watch began, up to date at any moment, and bytes
/// allocated (NaN: unknown) as of the last `countAllocation`; of both only differences mean something. From `detach` on they change no more.
#[napi(catch_unwind)]
pub fn tally_cells(env: &Env, reader: f64) -> Result<Float64ArraySlice<'_>> {
    let id = reader_id(reader)?;
    let cells = watch::with_tally(id, |tally, _| tally.cells(id)).ok_or_else(|| gone(id))?;
    let data = cells.as_ptr();
    // SAFETY: `data` is `LENGTH` aligned f64 inside `cells`, which the finalizer keeps until V8 has let go of the memory. No other buffer
    // shares it. Rust writes to it through atomics alone, in calls and GC hooks on the thread whose JavaScript reads it.
    unsafe {
        Float64ArraySlice::from_external(env, data, Cells::LENGTH, cells, |_, cells: Arc<Cells>| drop(cells))
    }
}

/// Brings `allocatedBytes` of the cells up to date. Cheap: meant for every request.
#[napi(catch_unwind)]
pub fn count_allocation(reader: f64) -> Result<()> {
    let id = reader_id(reader)?;
    watch::with_tally(id, |tally, heap| tally.count_allocation(heap.used_bytes)).ok_or_else(|| gone(id))
}
