//! False alarms of the growth verdict at most 1 % a series; the whole table is `cargo bench --bench growth_simulation`.

mod synthetic;

use synthetic::{Kind, Life, NULLS, shares};

const RUNS: usize = 400;
/// With a true rate of 1 %, more than 11 of 400 happen once in 1,000 tests of a kind.
const MOST_FALSE_ALARMS: f64 = 11.0 / 400.0;

#[test]
fn series_that_do_not_leak_are_not_called_leaks() {
    for (name, kind) in NULLS {
        for majors in [10, 30, 60, 240] {
            let (leak, _) = shares(kind, Life::four_hours(majors), RUNS, 7);
            assert!(leak <= MOST_FALSE_ALARMS, "{name}, {majors} majors: {:.2} % called leaks", leak * 100.0);
        }
    }
}

#[test]
fn a_leak_far_above_the_noise_is_found_and_never_called_clean() {
    for kind in [Kind::Leak(10.0), Kind::LeakInWander(10.0)] {
        let (leak, clean) = shares(kind, Life::four_hours(240), RUNS, 7);
        assert!(
            leak > 0.95 && clean == 0.0,
            "{kind:?}: found {:.0} %, called clean {:.0} %",
            leak * 100.0,
            clean * 100.0
        );
    }
}
