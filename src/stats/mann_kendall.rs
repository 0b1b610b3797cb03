//! The Mann–Kendall test for a rising trend, corrected for autocorrelation.
//!
//! Sources: Mann, Econometrica 13 (1945); Kendall, "Rank Correlation Methods" (1975), variance with ties; Hamed and Rao,
//! "A modified Mann-Kendall trend test for autocorrelated data", Journal of Hydrology 204 (1998). The plain test takes a slow wander for a
//! trend: memory of a service is autocorrelated, since what it holds now it mostly held before.

use super::theil_sen::theil_sen;

/// The result of the test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trend {
    /// Kendall's S: pairs that rise minus pairs that fall.
    pub s: f64,
    /// The probability of an S this large or larger without any trend (one-sided).
    pub p: f64,
}

/// Below this many points an autocorrelation cannot be estimated: it would be noise added to the variance.
const FEWEST_FOR_AUTOCORRELATION: usize = 8;

/// Tests whether y rises with x; `None` with fewer than three points or a value that is not finite. Points are in order of x.
#[must_use]
pub fn rising_trend(points: &[(f64, f64)]) -> Option<Trend> {
    if points.len() < 3 || points.iter().any(|(x, y)| !x.is_finite() || !y.is_finite()) {
        return None;
    }
    let y: Vec<f64> = points.iter().map(|point| point.1).collect();
    let n = float(y.len());
    let mut s = 0.0;
    for (index, a) in y.iter().enumerate() {
        for b in &y[index + 1..] {
            s += sign(b - a);
        }
    }
    let variance = (n * (n - 1.0) * (2.0 * n + 5.0) - tie_term(&y)) / 18.0;
    let corrected = variance * autocorrelation_factor(points).max(1.0);
    if corrected <= 0.0 {
        return Some(Trend { s, p: 1.0 });
    }
    // Kendall's continuity correction.
    let z = (s - sign(s)) / corrected.sqrt();
    Some(Trend { s, p: normal_upper_tail(z) })
}

/// Σ t(t−1)(2t+5) over groups of t equal values.
fn tie_term(y: &[f64]) -> f64 {
    let mut sorted = y.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted
        .chunk_by(|a, b| a.total_cmp(b).is_eq())
        .map(|group| float(group.len()))
        .map(|t| t * (t - 1.0) * (2.0 * t + 5.0))
        .sum()
}

/// Hamed and Rao's n/n*: how much the variance of S grows when neighbours resemble each other. Only significant
/// positive autocorrelations of the detrended ranks count.
fn autocorrelation_factor(points: &[(f64, f64)]) -> f64 {
    let n = points.len();
    if n < FEWEST_FOR_AUTOCORRELATION {
        return 1.0;
    }
    let slope = theil_sen(points).map_or(0.0, |slope| slope.median);
    let detrended: Vec<f64> = points.iter().map(|(x, y)| y - slope * (x - points[0].0)).collect();
    let ranks = ranks(&detrended);
    let mean = ranks.iter().sum::<f64>() / float(n);
    let variance: f64 = ranks.iter().map(|rank| (rank - mean).powi(2)).sum();
    if variance <= 0.0 {
        return 1.0;
    }
    let significant = 1.96 / float(n).sqrt();
    let m = float(n);
    let sum: f64 = (1..n - 1)
        .map(|lag| {
            let covariance: f64 = ranks.iter().zip(&ranks[lag..]).map(|(a, b)| (a - mean) * (b - mean)).sum();
            let rho = covariance / variance;
            let k = float(lag);
            if rho > significant { (m - k) * (m - k - 1.0) * (m - k - 2.0) * rho } else { 0.0 }
        })
        .sum();
    1.0 + 2.0 / (m * (m - 1.0) * (m - 2.0)) * sum
}

/// Ranks from 1; equal values share their mean rank.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_unstable_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0.0; values.len()];
    let mut next = 0;
    for group in order.chunk_by(|a, b| values[*a].total_cmp(&values[*b]).is_eq()) {
        let shared = float(2 * next + group.len() + 1) / 2.0;
        for index in group {
            ranks[*index] = shared;
        }
        next += group.len();
    }
    ranks
}

fn sign(value: f64) -> f64 {
    if value > 0.0 {
        1.0
    } else if value < 0.0 {
        -1.0
    } else {
        0.0
    }
}

/// P(Z ≥ z): Abramowitz and Stegun 7.1.26 for erf, off by at most 1.5e-7.
fn normal_upper_tail(z: f64) -> f64 {
    let x = z.abs() / std::f64::consts::SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * x);
    let polynomial = t
        * (0.254_829_592
            + t * (-0.284_496_736 + t * (1.421_413_741 + t * (-1.453_152_027 + t * 1.061_405_429))));
    let tail = polynomial * (-x * x).exp() / 2.0;
    if z >= 0.0 { tail } else { 1.0 - tail }
}

#[expect(clippy::cast_precision_loss, reason = "counts of some hundred points")]
fn float(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(y: &[f64]) -> Vec<(f64, f64)> {
        y.iter().enumerate().map(|(x, y)| (float(x), *y)).collect()
    }

    #[test]
    fn small_series_have_the_values_reckoned_by_hand() {
        // Five pairs rise, one falls.
        let trend = rising_trend(&series(&[10.0, 15.0, 14.0, 20.0])).unwrap();
        assert!((trend.s - 4.0).abs() < 1e-12, "{trend:?}");
        // n = 10, all rising: S = 45, Var = 125, z = 44/11.18.
        let all = rising_trend(&series(&(0..10).map(f64::from).collect::<Vec<_>>())).unwrap();
        assert!((all.s - 45.0).abs() < 1e-12);
        assert!((all.p - 4.15e-5).abs() < 1e-6, "{all:?}");
    }

    #[test]
    fn a_falling_or_constant_series_is_no_rising_trend() {
        let falling = rising_trend(&series(&[9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0])).unwrap();
        assert!(falling.p > 0.999, "{falling:?}");
        let constant = rising_trend(&series(&[5.0; 12])).unwrap();
        assert!(constant.s.abs() < 1e-12 && constant.p > 0.4, "{constant:?}");
    }

    #[test]
    fn autocorrelation_makes_it_harder_to_believe() {
        let wave: Vec<f64> =
            (0..40).map(|i| (f64::from(i) / 40.0 * 6.0).sin() * 10.0 + f64::from(i) * 0.05).collect();
        let wave = series(&wave);
        assert!(autocorrelation_factor(&wave) > 2.0);
        let alternating: Vec<f64> = (0..40).map(|i| f64::from(i % 2)).collect();
        assert!(autocorrelation_factor(&series(&alternating)) < 12.0);
    }

    #[test]
    fn what_is_no_number_and_what_is_too_little_says_nothing() {
        assert_eq!(rising_trend(&series(&[1.0, 2.0])), None);
        assert_eq!(rising_trend(&series(&[1.0, f64::NAN, 3.0])), None);
        assert_eq!(rising_trend(&[(0.0, 1.0), (f64::INFINITY, 2.0), (2.0, 3.0)]), None);
    }

    #[test]
    fn the_normal_tail_is_the_normal_tail() {
        for (z, p) in [(0.0, 0.5), (1.644_853_6, 0.05), (2.326_347_9, 0.01), (-2.326_347_9, 0.99)] {
            assert!((normal_upper_tail(z) - p).abs() < 1e-6, "{z}");
        }
    }
}
