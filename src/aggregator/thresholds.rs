//! Rules over a report's values: when they fire, and when they may fire again.
//!
//! All fields of a rule must hold together, for `for_ns` without a break; then it fires once. It is armed again when every field has
//! since been below its limit by [`FALLEN`] and the cooldown has passed: a value that trembles around its limit fires once.

/// What can have a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// Bytes of heap in use.
    HeapUsedBytes,
    /// The larger of heap and container ratio.
    UsedRatio,
    /// Resident set size.
    RssBytes,
    /// External memory.
    ExternalBytes,
    /// The longest single pause since the last evaluation, in milliseconds.
    GcPauseMs,
    /// The share of the last 10 s that GC took.
    GcTimeRatio,
    /// The lower end of the growth's interval: what is sure.
    GrowthBytesPerSecond,
}

impl Field {
    /// Every field, in the order of [`Values`].
    pub const ALL: [Self; 7] = [
        Self::HeapUsedBytes,
        Self::UsedRatio,
        Self::RssBytes,
        Self::ExternalBytes,
        Self::GcPauseMs,
        Self::GcTimeRatio,
        Self::GrowthBytesPerSecond,
    ];

    /// The name in a rule.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::HeapUsedBytes => "maxHeapUsedBytes",
            Self::UsedRatio => "maxUsedRatio",
            Self::RssBytes => "maxRssBytes",
            Self::ExternalBytes => "maxExternalBytes",
            Self::GcPauseMs => "maxGcPauseMs",
            Self::GcTimeRatio => "maxGcTimeRatio",
            Self::GrowthBytesPerSecond => "maxGrowthBytesPerSecond",
        }
    }

    /// An event rather than a state: it cannot last, so `forMs` does not apply to it.
    fn is_event(self) -> bool {
        self == Self::GcPauseMs
    }
}

/// One value for each field.
pub type Values = [f64; 7];

/// A value has fallen when it is below its limit by this share.
const FALLEN: f64 = 0.05;

/// A rule as it was given.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Chosen by whoever made it; the same id replaces.
    pub id: u32,
    /// The limits; no limit where there is none.
    pub limits: [Option<f64>; 7],
    /// For how long the states must hold.
    pub for_ns: u64,
    /// The least time between two firings.
    pub cooldown_ns: u64,
    /// One line on stderr, from the aggregator's thread.
    pub log: bool,
    /// A heap snapshot, asked for by the aggregator's thread.
    pub snapshot: bool,
}

/// A rule fired.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Crossing {
    /// The rule's id.
    pub rule: u32,
    /// When, on the process's clock.
    pub at_ns: u64,
    /// The values then; for an event the one that fired.
    pub values: Values,
}

enum Phase {
    Armed { holding_since_ns: Option<u64> },
    Fired { at_ns: u64, has_fallen: [bool; 7] },
}

/// A rule at work.
pub struct Threshold {
    /// The rule.
    pub rule: Rule,
    phase: Phase,
}

impl Threshold {
    /// Armed.
    #[must_use]
    pub fn new(rule: Rule) -> Self {
        Self { rule, phase: Phase::Armed { holding_since_ns: None } }
    }

    /// Looks at the values as they are now; a value that is no number holds nothing.
    pub fn evaluate(&mut self, now_ns: u64, values: &Values) -> Option<Crossing> {
        let over = |is_event: bool| {
            self.limits()
                .filter(|(field, _)| field.is_event() == is_event)
                .all(|(field, limit)| values[field as usize] > limit)
        };
        let (states_hold, events_hold) = (over(false), over(true));
        let has_any = self.limits().next().is_some();
        let has_states = self.limits().any(|(field, _)| !field.is_event());
        match &mut self.phase {
            Phase::Fired { at_ns, has_fallen } => {
                for field in Field::ALL {
                    has_fallen[field as usize] |= match self.rule.limits[field as usize] {
                        Some(limit) => values[field as usize] <= limit - FALLEN * limit.abs(),
                        None => true,
                    };
                }
                let is_cool = now_ns.saturating_sub(*at_ns) >= self.rule.cooldown_ns;
                if is_cool && has_fallen.iter().all(|fallen| *fallen) {
                    self.phase = Phase::Armed { holding_since_ns: None };
                }
                None
            }
            Phase::Armed { holding_since_ns } => {
                if !states_hold || !has_any {
                    *holding_since_ns = None;
                    return None;
                }
                let since_ns = *holding_since_ns.get_or_insert(now_ns);
                let lasted = !has_states || now_ns.saturating_sub(since_ns) >= self.rule.for_ns;
                if !events_hold || !lasted {
                    return None;
                }
                self.phase = Phase::Fired { at_ns: now_ns, has_fallen: [false; 7] };
                Some(Crossing { rule: self.rule.id, at_ns: now_ns, values: *values })
            }
        }
    }

    fn limits(&self) -> impl Iterator<Item = (Field, f64)> {
        Field::ALL.into_iter().filter_map(|field| Some((field, self.rule.limits[field as usize]?)))
    }

    /// The fields of the rule with their limits and the values that crossed them.
    pub fn crossed<'a>(&'a self, crossing: &'a Crossing) -> impl Iterator<Item = (Field, f64, f64)> + 'a {
        self.limits().map(|(field, limit)| (field, limit, crossing.values[field as usize]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MS: u64 = 1_000_000;

    fn rule(limits: &[(Field, f64)], for_ms: u64, cooldown_ms: u64) -> Threshold {
        let mut rule = Rule {
            id: 1,
            limits: [None; 7],
            for_ns: for_ms * MS,
            cooldown_ns: cooldown_ms * MS,
            log: false,
            snapshot: false,
        };
        for (field, limit) in limits {
            rule.limits[*field as usize] = Some(*limit);
        }
        Threshold::new(rule)
    }

    fn values(given: &[(Field, f64)]) -> Values {
        let mut values = [0.0; 7];
        for (field, value) in given {
            values[*field as usize] = *value;
        }
        values
    }

    /// At which of the given (ms, value) pairs of one field it fires.
    fn firings(threshold: &mut Threshold, field: Field, series: &[(u64, f64)]) -> Vec<u64> {
        series
            .iter()
            .filter(|(ms, value)| threshold.evaluate(ms * MS, &values(&[(field, *value)])).is_some())
            .map(|(ms, _)| *ms)
            .collect()
    }

    #[test]
    fn fires_once_and_again_only_after_it_has_fallen_and_cooled() {
        let mut threshold = rule(&[(Field::RssBytes, 100.0)], 0, 50);
        let series = [
            (0, 101.0),
            (10, 150.0),
            (20, 99.0),
            (30, 101.0),
            (40, 95.0),
            (45, 101.0),
            (60, 90.0),
            (70, 101.0),
        ];
        // 99 has not fallen far enough; 95 has, but the cooldown ends at 50 only; by 60 both hold.
        assert_eq!(firings(&mut threshold, Field::RssBytes, &series), [0, 70]);
    }

    #[test]
    fn must_hold_for_its_time_without_a_break() {
        let mut threshold = rule(&[(Field::UsedRatio, 0.8)], 30, 0);
        let series = [(0, 0.9), (20, 0.9), (25, 0.7), (30, 0.9), (50, 0.9), (59, 0.9), (60, 0.9)];
        assert_eq!(firings(&mut threshold, Field::UsedRatio, &series), [60]);
    }

    #[test]
    fn a_single_pause_need_not_last() {
        let mut threshold = rule(&[(Field::GcPauseMs, 50.0)], 10_000, 0);
        assert_eq!(
            firings(
                &mut threshold,
                Field::GcPauseMs,
                &[(0, 10.0), (5, 80.0), (10, 0.0), (15, 60.0), (20, 60.0)]
            ),
            [5, 15]
        );
    }

    #[test]
    fn every_field_must_hold_together() {
        let mut threshold = rule(&[(Field::RssBytes, 100.0), (Field::GcTimeRatio, 0.5)], 0, 0);
        let of = |rss: f64, gc: f64| values(&[(Field::RssBytes, rss), (Field::GcTimeRatio, gc)]);
        assert!(threshold.evaluate(0, &of(200.0, 0.1)).is_none());
        assert!(threshold.evaluate(1, &of(50.0, 0.9)).is_none());
        let crossing = threshold.evaluate(2, &of(200.0, 0.9)).expect("both hold");
        let crossed: Vec<_> =
            threshold.crossed(&crossing).map(|(field, _, value)| (field.name(), value)).collect();
        assert_eq!(crossed, [("maxRssBytes", 200.0), ("maxGcTimeRatio", 0.9)]);
    }

    proptest! {
        #[test]
        fn a_value_that_trembles_within_five_percent_of_the_limit_fires_at_most_once(
            trembles in proptest::collection::vec(0.951..1.2_f64, 1..200),
            for_ms in 0_u64..50,
            cooldown_ms in 0_u64..50
        ) {
            let mut threshold = rule(&[(Field::RssBytes, 1000.0)], for_ms, cooldown_ms);
            let series: Vec<(u64, f64)> = trembles.iter().zip(0..).map(|(share, ms)| (ms, 1000.0 * share)).collect();
            prop_assert!(firings(&mut threshold, Field::RssBytes, &series).len() <= 1);
        }

        #[test]
        fn two_firings_are_never_closer_than_the_cooldown_whatever_the_values(
            mut series in proptest::collection::vec((0..5_000_u64, any::<f64>()), 1..200),
            cooldown_ms in 0_u64..1000
        ) {
            series.sort_by_key(|(ms, _)| *ms);
            let mut threshold = rule(&[(Field::RssBytes, 10.0)], 0, cooldown_ms);
            let fired = firings(&mut threshold, Field::RssBytes, &series);
            prop_assert!(fired.windows(2).all(|pair| pair[1] - pair[0] >= cooldown_ms), "{:?}", fired);
        }

        #[test]
        fn a_clock_that_jumps_and_values_that_are_none_harm_nothing(
            series in proptest::collection::vec((any::<u64>(), any::<f64>()), 1..200),
            limit in any::<f64>()
        ) {
            let mut threshold = rule(&[(Field::RssBytes, limit)], 5, 5);
            for (at_ns, value) in series {
                if threshold.evaluate(at_ns, &values(&[(Field::RssBytes, value)])).is_some() {
                    prop_assert!(value > limit);
                }
            }
        }
    }
}
