//! When will the limit be hit, and since when does it grow?

use super::series::{Series, floor};
use crate::report::TimeToLimit;
use crate::stats::theil_sen::theil_sen;

/// A limit and what fills it. Each has its own: external memory never fills V8's heap, but does fill the container.
pub struct Limit<'a> {
    /// What fills it.
    pub series: &'a Series,
    /// The limit.
    pub bytes: u64,
}

/// The end may come before the limit: V8 gives up when its old generation is at 92 to 98 % of it (measured; it stops at
/// ineffective mark-compacts), and the kernel kills at a peak above the floor that is followed here.
const EARLIEST_SHARE: f64 = 0.9;

/// A forecast further away than this says nothing: a year.
const FURTHEST_S: f64 = 365.0 * 86_400.0;

/// The time from `now_ns` until the series reaches its limit, if it goes on as it did; `None` where it does not surely grow.
///
/// The slope's interval is that of the whole time joined with that of the last half: a leak that changed its pace has a wider one.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "bytes and nanoseconds below 2^53")]
pub fn forecast(limit: &Limit<'_>, from_ns: u64, now_ns: u64) -> Option<TimeToLimit> {
    let samples = limit.series.samples();
    let settled = &samples[samples.partition_point(|sample| sample.at_ns < from_ns)..];
    let points = floor(settled, 0);
    let whole = theil_sen(&points)?.interval;
    if whole.0 <= 0.0 {
        return None;
    }
    let half = theil_sen(&points[points.len() / 2..]).map_or(whole, |slope| slope.interval);
    let (low, high) = (whole.0.min(half.0), whole.1.max(half.1));

    // The level and its moment are the same point's: the lowest of the last bucket, which on a leak is its first.
    let (at_s, level) = *points.last()?;
    let first_s = settled.first()?.at_ns as f64 / 1e9;
    let passed_s = (now_ns as f64 / 1e9 - first_s - at_s).max(0.0);
    let room = |share: f64| (limit.bytes as f64 * share - level).max(0.0);
    let earliest_s = (room(EARLIEST_SHARE) / high - passed_s).max(0.0);
    if earliest_s > FURTHEST_S {
        return None;
    }
    let latest_s =
        (low > 0.0).then(|| (room(1.0) / low - passed_s).max(0.0)).filter(|seconds| *seconds <= FURTHEST_S);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between zero and a year")]
    let ns = |seconds: f64| (seconds * 1e9) as u64;
    Some(TimeToLimit { earliest_ns: ns(earliest_s), latest_ns: latest_s.map(ns) })
}

/// When the growth began: the corner of the flat-then-rising line that fits the floor best, on the process's clock.
#[must_use]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "sixteen points, seconds since the first sample"
)]
pub fn growing_since(points: &[(f64, f64)], origin_ns: u64) -> Option<u64> {
    let misfit = |corner: usize| {
        let (flat, rising) = points.split_at(corner);
        let level = if flat.is_empty() {
            0.0
        } else {
            flat.iter().map(|point| point.1).sum::<f64>() / flat.len() as f64
        };
        let flat: f64 = flat.iter().map(|point| (point.1 - level).powi(2)).sum();
        let slope = theil_sen(rising).map_or(0.0, |slope| slope.median);
        let base = rising.iter().map(|point| point.1 - slope * point.0).sum::<f64>() / rising.len() as f64;
        flat + rising.iter().map(|point| (point.1 - base - slope * point.0).powi(2)).sum::<f64>()
    };
    // At least three points must rise, or any last point would be a corner.
    let corner = (0..points.len().checked_sub(2)?).min_by(|a, b| misfit(*a).total_cmp(&misfit(*b)))?;
    Some(origin_ns.saturating_add((points.get(corner)?.0 * 1e9) as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_corner_of_a_late_leak_is_found() {
        let points: Vec<(f64, f64)> = (0..16)
            .map(|i| (f64::from(i), if i < 8 { 100.0 } else { 100.0 + 50.0 * f64::from(i - 8) }))
            .collect();
        let since_s = growing_since(&points, 0).unwrap() / 1_000_000_000;
        assert!((7..=9).contains(&since_s), "{since_s}");
    }

    #[test]
    fn steady_growth_began_at_the_beginning() {
        let points: Vec<(f64, f64)> = (0..16).map(|i| (f64::from(i), 100.0 + 50.0 * f64::from(i))).collect();
        assert_eq!(growing_since(&points, 7), Some(7));
    }
}
