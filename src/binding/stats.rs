//! Numbers in, numbers out: an estimator for `measure()`, histograms in a form that others read.

use napi::bindgen_prelude::*;
use napi_derive::napi;

use super::{MAX_BYTES, integer};
use crate::export::hdr;
use crate::stats::theil_sen;

/// Points beyond this would make the estimator's n² pairs a pause of their own.
const MAX_POINTS: usize = 1024;

/// A slope in units of y per unit of x.
#[napi(object)]
pub struct SlopeEstimate {
    /// The median of the slopes between every two points.
    pub median: f64,
    /// The lower end of the 99 % interval.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
    /// There were points enough for an interval of 99 %.
    pub is_bounded: bool,
}

/// The Theil–Sen slope through the points, or null where they have none (fewer than two different x).
#[napi(catch_unwind)]
pub fn slope(xs: Float64Array, ys: Float64Array) -> Result<Option<SlopeEstimate>> {
    if xs.len() != ys.len() || xs.len() > MAX_POINTS {
        return Err(Error::new(
            Status::InvalidArg,
            format!(
                "xs and ys must have one length of at most {MAX_POINTS}, got {} and {}",
                xs.len(),
                ys.len()
            ),
        ));
    }
    let points: Vec<(f64, f64)> = xs.iter().copied().zip(ys.iter().copied()).collect();
    Ok(theil_sen::theil_sen(&points).map(|slope| SlopeEstimate {
        median: slope.median,
        low: slope.interval.0,
        high: slope.interval.1,
        is_bounded: slope.is_bounded,
    }))
}

/// Pauses in `HdrHistogram`'s V2 compressed form; `buckets` are pairs of nanoseconds and a count.
#[napi(catch_unwind)]
pub fn encode_hdr(buckets: Float64Array) -> Result<Uint8Array> {
    let pairs = buckets
        .chunks_exact(2)
        .map(|pair| Ok((integer("ns", pair[0], MAX_BYTES)?, integer("count", pair[1], MAX_BYTES)?)))
        .collect::<Result<Vec<(u64, u64)>>>()?;
    let bytes = hdr::encode(&pairs).map_err(|text| Error::new(Status::GenericFailure, text))?;
    Ok(Uint8Array::new(bytes))
}
