//! Running sums for requests: cells that JavaScript reads without a call.

use napi::bindgen_prelude::*;
use napi_derive::napi;

use super::{gone, reader_id};
use crate::v8::shown_memory;
use crate::watch;

/// `[pausedMs, allocatedBytes]`: how long JavaScript has stood still for GC since the watch began, up to date at any moment, and bytes
/// allocated (NaN: unknown) as of the last `countAllocation`; of both only differences mean something. From `detach` on they change no more.
#[napi(catch_unwind)]
pub fn tally_cells(env: &Env, reader: f64) -> Result<Float64ArraySlice<'_>> {
    let id = reader_id(reader)?;
    let cells = watch::with_tally(id, |tally, _| tally.cells(id)).ok_or_else(|| gone(id))?;
    shown_memory::show(env, cells)
}

/// Brings `allocatedBytes` of the cells up to date. Cheap: meant for every request.
#[napi(catch_unwind)]
pub fn count_allocation(reader: f64) -> Result<()> {
    let id = reader_id(reader)?;
    watch::with_tally(id, |tally, heap| tally.count_allocation(heap.used_bytes)).ok_or_else(|| gone(id))
}
