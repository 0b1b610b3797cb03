//! The Theil–Sen estimator: the median of the slopes between every two points.
//!
//! Sources: Theil (1950); Sen, "Estimates of the regression coefficient based on Kendall's tau", JASA 63 (1968), whose
//! interval from the variance of Kendall's S is used here. Up to 29 % of the points may be arbitrarily wrong.

/// A slope with its confidence interval, in units of y per unit of x.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Slope {
    /// The median of all pairwise slopes.
    pub median: f64,
    /// The interval's ends, the lower one first.
    pub interval: (f64, f64),
    /// There are points enough for the interval to be one of 99 %: with fewer than six even the extreme slopes do not reach that.
    pub is_bounded: bool,
}

/// The two-sided 99 % point of the normal distribution.
const Z_99: f64 = 2.575_829_303_548_9;

/// The slope through `points` (x, y) with its 99 % interval, or `None` with fewer than two different x or a value that
/// is not finite. O(n²) in time and room: give it at most some hundred points.
#[must_use]
pub fn theil_sen(points: &[(f64, f64)]) -> Option<Slope> {
    if points.iter().any(|(x, y)| !x.is_finite() || !y.is_finite()) {
        return None;
    }
    let mut slopes: Vec<f64> = points
        .iter()
        .enumerate()
        .flat_map(|(i, a)| points[i + 1..].iter().map(move |b| (b.1 - a.1, b.0 - a.0)))
        .filter(|(_, dx)| *dx != 0.0)
        .map(|(dy, dx)| dy / dx)
        .collect();
    if slopes.is_empty() {
        return None;
    }
    slopes.sort_unstable_by(f64::total_cmp);

    #[expect(clippy::cast_precision_loss, reason = "some hundred points")]
    let (n, pairs) = (points.len() as f64, slopes.len() as f64);
    let half_width = Z_99 * (n * (n - 1.0) * (2.0 * n + 5.0) / 18.0).sqrt();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to the indexes of `slopes`"
    )]
    let at = |rank: f64| slopes[rank.clamp(0.0, pairs - 1.0) as usize];
    let interval =
        (at(f64::midpoint(pairs, -half_width).floor()), at(f64::midpoint(pairs, half_width).ceil()));
    let middle = slopes.len() / 2;
    let median = if slopes.len() % 2 == 1 {
        slopes[middle]
    } else {
        f64::midpoint(slopes[middle - 1], slopes[middle])
    };
    Some(Slope { median, interval, is_bounded: half_width < pairs })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(n: u32, y: impl Fn(f64) -> f64) -> Vec<(f64, f64)> {
        (0..n).map(|i| (f64::from(i), y(f64::from(i)))).collect()
    }

    #[test]
    fn a_straight_line_has_its_slope_and_no_doubt() {
        let slope = theil_sen(&line(20, |x| 3.0 * x + 7.0)).unwrap();
        assert!((slope.median - 3.0).abs() < 1e-12);
        assert!((slope.interval.0 - 3.0).abs() < 1e-12 && (slope.interval.1 - 3.0).abs() < 1e-12);
    }

    #[test]
    fn a_fifth_of_wild_points_does_not_move_it_far() {
        let mut points = line(50, |x| 2.0 * x);
        for index in (0..50).step_by(5) {
            points[index].1 = 1e6;
        }
        let slope = theil_sen(&points).unwrap();
        assert!((slope.median - 2.0).abs() < 0.5, "{slope:?}");
        assert!(slope.interval.0 <= 2.0 && slope.interval.1 >= 2.0);
    }

    #[test]
    fn nothing_is_said_of_one_moment_or_of_numbers_that_are_none() {
        assert_eq!(theil_sen(&[]), None);
        assert_eq!(theil_sen(&[(1.0, 2.0)]), None);
        assert_eq!(theil_sen(&[(1.0, 2.0), (1.0, 5.0)]), None);
        assert_eq!(theil_sen(&[(0.0, f64::NAN), (1.0, 5.0)]), None);
    }
}
