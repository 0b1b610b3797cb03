//! Does a floor grow without end? One look at it; [`super`] asks again and again before it says leak.
//!
//! Growth must be *there* (Mann–Kendall with Hamed and Rao's variance), *matter* (Theil–Sen's slope over the span against
//! the floor, the noise, and a least size), and *go on* (its last half and last third carry their part, and it never gave back half of it). Each guards against another
//! kind of innocent series: noise and slow wander, small drift, steps and warm-ups, caches and waves. docs/leak-verdicts.md has the measurements.

use crate::stats::mann_kendall::rising_trend;
use crate::stats::theil_sen::{Slope, theil_sen};

/// The chance of a rise like this without any trend that is still called growth.
pub const MOST_P: f64 = 0.005;
/// Growth below this share of the floor does not matter.
const LEAST_SHARE: f64 = 0.1;
/// Growth below this multiple of the noise around its line (as a robust standard deviation) may be noise.
const LEAST_NOISE: f64 = 3.0;
/// Of steady growth the last half carries 50 %; of a warm-up seen for 1.2 time constants 36 %, for 2 of them 27 %.
const LEAST_LAST_HALF: f64 = 0.36;
/// Of steady growth the last third carries 33 %; of such warm-ups 21 % and 15 %.
const LEAST_LAST_THIRD: f64 = 0.21;
/// A floor that fell at some moment by more than this share of its growth gives back what it takes: a cache, a wave.
const MOST_GIVEN_BACK: f64 = 0.5;
/// The median absolute deviation of normal noise times this is its standard deviation.
const MAD_TO_SIGMA: f64 = 1.4826;

/// What one look says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// It grows, and goes on.
    Grows,
    /// Growth that would matter is excluded.
    Flat,
    /// It rises, but less and less.
    LevelsOff,
    /// It rose, but fell too far in between.
    GivesBack,
    /// It rises at most as noise does.
    Noise,
    /// Growth that would matter can neither be seen nor excluded.
    Unclear,
}

/// One look, with its figures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judgement {
    /// What it says.
    pub look: Look,
    /// The chance of a rise like this without any trend.
    pub p: f64,
    /// Bytes per second.
    pub slope: Slope,
    /// Growth over the span that would matter.
    pub important_bytes: f64,
    /// Growth over the span that would be called growth: it matters and stands out of the noise.
    pub material_bytes: f64,
    /// Seconds from the first to the last point.
    pub span_s: f64,
}

/// Judges a floor (seconds, bytes). `least_bytes` is the growth that matters at the least. `None` where there is no slope.
#[must_use]
pub fn judge(floor: &[(f64, f64)], least_bytes: f64) -> Option<Judgement> {
    let slope = theil_sen(floor)?;
    let trend = rising_trend(floor)?;
    let (first, last) = (floor.first()?, floor.last()?);
    let span_s = last.0 - first.0;
    let floor_bytes = floor.iter().map(|point| point.1).fold(f64::INFINITY, f64::min);
    let noise = LEAST_NOISE * MAD_TO_SIGMA * residual_mad(floor, slope.median);
    let important_bytes = least_bytes.max(LEAST_SHARE * floor_bytes);
    let material_bytes = important_bytes.max(noise);
    let growth = slope.median * span_s;
    let look = if trend.p < MOST_P && growth >= material_bytes {
        if !goes_on(floor, growth) {
            Look::LevelsOff
        } else if deepest_fall(floor) > MOST_GIVEN_BACK * growth {
            Look::GivesBack
        } else {
            Look::Grows
        }
    } else if slope.is_bounded && slope.interval.1 * span_s < important_bytes {
        // Against what matters alone: noise makes growth harder to see, and never easier to exclude.
        Look::Flat
    } else if growth >= material_bytes {
        Look::Noise
    } else {
        Look::Unclear
    };
    Some(Judgement { look, p: trend.p, slope, important_bytes, material_bytes, span_s })
}

/// The last half and the last third of the time carry their part of the growth.
fn goes_on(floor: &[(f64, f64)], growth: f64) -> bool {
    let (Some(first), Some(last)) = (floor.first(), floor.last()) else { return false };
    let span = last.0 - first.0;
    let carried = |share: f64| {
        let from = last.0 - span * share;
        let part: Vec<(f64, f64)> = floor.iter().copied().filter(|point| point.0 >= from).collect();
        theil_sen(&part).map_or(0.0, |slope| slope.median * span * share)
    };
    carried(1.0 / 2.0) >= LEAST_LAST_HALF * growth && carried(1.0 / 3.0) >= LEAST_LAST_THIRD * growth
}

/// The most that any later point lies below an earlier one.
fn deepest_fall(floor: &[(f64, f64)]) -> f64 {
    let mut highest = f64::NEG_INFINITY;
    floor.iter().fold(0.0_f64, |deepest, point| {
        highest = highest.max(point.1);
        deepest.max(highest - point.1)
    })
}

/// The median distance of the points from the line of that slope through their medians.
fn residual_mad(floor: &[(f64, f64)], slope: f64) -> f64 {
    let residuals: Vec<f64> = floor.iter().map(|(x, y)| y - slope * x).collect();
    let middle = median(&residuals);
    median(&residuals.iter().map(|residual| (residual - middle).abs()).collect::<Vec<_>>())
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    match sorted.len() {
        0 => 0.0,
        n if n % 2 == 1 => sorted[n / 2],
        n => f64::midpoint(sorted[n / 2 - 1], sorted[n / 2]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MB: f64 = 1_048_576.0;

    fn look(y: impl Fn(f64) -> f64) -> Look {
        let floor: Vec<(f64, f64)> = (0..16).map(|i| (f64::from(i) * 60.0, y(f64::from(i)))).collect();
        judge(&floor, 2.0 * MB).unwrap().look
    }

    #[test]
    fn each_kind_of_series_gets_its_look() {
        assert_eq!(look(|i| (50.0 + 2.0 * i) * MB), Look::Grows);
        assert_eq!(look(|i| (50.0 + (i * 7.0) % 3.0) * MB), Look::Flat);
        assert_eq!(look(|i| (50.0 + 40.0 * (1.0 - (-i / 2.0).exp())) * MB), Look::LevelsOff);
        assert_ne!(look(|i| if i < 8.0 { 50.0 * MB } else { 90.0 * MB }), Look::Grows);
        assert_ne!(look(|i| (50.0 + 30.0 * (i * 0.8).sin()) * MB), Look::Grows);
    }

    #[test]
    fn growth_that_does_not_matter_is_not_called_growth() {
        assert_eq!(look(|i| (500.0 + 0.1 * i) * MB), Look::Flat);
    }

    proptest! {
        #[test]
        fn whatever_comes_nothing_breaks(
            floor in proptest::collection::vec((any::<f64>(), any::<f64>()), 0..20),
            least in any::<f64>()
        ) {
            let _ = judge(&floor, least);
        }
    }
}
