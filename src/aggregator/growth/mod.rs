//! Does what stays grow without end?
//!
//! Live memory is used heap plus external memory at the end of a major GC: what is there then is held by someone. Memory outside
//! V8 (RSS minus what V8 knows of) is followed on its own, for no GC tells of it. [`rule`] looks at the floor of a series; [`Suspect`] says
//! leak only when the looks since the first suspicious one go on agreeing for half as long again as the growth had taken then: this
//! needs no scale, and ends warm-ups. Growth that began late is looked for in the last quarter, sixteenth, … of the life.

pub mod forecast;
pub mod rule;
pub mod series;
mod suspicion;

use rule::{Judgement, Look, judge};
use series::{Sample, Series, floor};
use suspicion::{CONFIRM_SPANS, Suspect, WARM_UP_SAMPLES, WARM_UP_SHARE};

use crate::report::{GrowthPart, GrowthReport, Place, Verdict};
use forecast::{Limit, forecast};

/// Growth of live memory that matters at the least.
const LEAST_LIVE_BYTES: f64 = 2.0 * 1_048_576.0;
/// Growth outside V8 that matters at the least: allocators keep and return tens of megabytes as they please.
const LEAST_NATIVE_BYTES: f64 = 32.0 * 1_048_576.0;
/// The recent past is kept in slots of this share of the least span (1 in so many): 8 hours by default.
const SLOTS_IN_SPAN: u64 = 16;
/// When a verdict may be given. Shorter is quicker and more often wrong about what varies more slowly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GrowthOptions {
    /// The least age of a watcher. Default 15 min.
    pub min_span_ns: u64,
    /// The fewest major GCs after the first two, which are warm-up. Default 6.
    pub min_majors: u64,
}

impl Default for GrowthOptions {
    fn default() -> Self {
        Self { min_span_ns: 15 * 60 * 1_000_000_000, min_majors: 6 }
    }
}

/// What V8 tells of live memory at the end of a major GC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Live {
    /// When, on the process's clock.
    pub at_ns: u64,
    /// Used heap.
    pub heap_bytes: u64,
    /// External memory.
    pub external_bytes: u64,
}

/// The growth of one isolate's memory, and of the process's outside V8.
pub struct Growth {
    options: GrowthOptions,
    started_ns: u64,
    last_ns: u64,
    live: Suspect,
    native: Suspect,
    /// The parts of `live`, and what fills the container: for the slopes and forecasts only.
    heap: Series,
    external: Series,
    container: Series,
    next_native_ns: u64,
}

/// Memory outside V8 is sampled at this pace.
const NATIVE_STEP_NS: u64 = 1_000_000_000;

impl Growth {
    /// Begins now; room for everything is taken at once.
    #[must_use]
    pub fn new(options: GrowthOptions, started_ns: u64) -> Self {
        let slot_ns = options.min_span_ns / SLOTS_IN_SPAN;
        Self {
            options,
            started_ns,
            last_ns: started_ns,
            live: Suspect::new(LEAST_LIVE_BYTES, slot_ns),
            native: Suspect::new(LEAST_NATIVE_BYTES, slot_ns),
            heap: Series::new(slot_ns),
            external: Series::new(slot_ns),
            container: Series::new(slot_ns),
            next_native_ns: started_ns,
        }
    }

    /// Changes when a verdict may be given.
    pub fn set_options(&mut self, options: GrowthOptions) {
        self.options = options;
        let Self { live, native, heap, external, container, .. } = self;
        for series in [&mut live.series, &mut native.series, heap, external, container] {
            series.set_recent_slot_ns(options.min_span_ns / SLOTS_IN_SPAN);
        }
    }

    /// Takes in the end of a major GC.
    pub fn record_major(&mut self, live: Live) {
        let Live { at_ns, heap_bytes, external_bytes } = live;
        self.last_ns = self.last_ns.max(at_ns);
        self.heap.push(Sample { at_ns, bytes: heap_bytes });
        self.external.push(Sample { at_ns, bytes: external_bytes });
        self.live.series.push(Sample { at_ns, bytes: heap_bytes.saturating_add(external_bytes) });
        if self.is_old_enough() && self.settled_majors() >= self.options.min_majors {
            self.live.look(self.started_ns, self.last_ns, self.options.min_span_ns);
        }
    }

    /// Time passes: what the process takes outside V8, and what fills the container, where there is one.
    pub fn tick(&mut self, now_ns: u64, native_bytes: Option<u64>, container_bytes: Option<u64>) {
        self.last_ns = self.last_ns.max(now_ns);
        if now_ns < self.next_native_ns {
            return;
        }
        self.next_native_ns = now_ns.saturating_add(NATIVE_STEP_NS);
        if let Some(bytes) = container_bytes {
            self.container.push(Sample { at_ns: now_ns, bytes });
        }
        if let Some(bytes) = native_bytes {
            self.native.series.push(Sample { at_ns: now_ns, bytes });
            if self.is_old_enough() {
                self.native.look(self.started_ns, self.last_ns, self.options.min_span_ns);
            }
        }
    }

    /// Major GCs after the warm-up ones.
    fn settled_majors(&self) -> u64 {
        self.live.series.taken().saturating_sub(WARM_UP_SAMPLES as u64)
    }

    fn is_old_enough(&self) -> bool {
        self.last_ns.saturating_sub(self.started_ns) >= self.options.min_span_ns
    }

    /// Not before the age at which a suspicion of the first look would be confirmed: a leak must not be called clean on its way.
    fn is_old_enough_to_be_clean(&self) -> bool {
        self.last_ns.saturating_sub(self.started_ns)
            >= self.options.min_span_ns.saturating_mul(1 + CONFIRM_SPANS)
    }

    /// The verdict alone: cheap, for whoever waits for its change.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        if self.live.is_confirmed || self.native.is_confirmed {
            return Verdict::Leak;
        }
        match self.live.judgement.map(|judgement| judgement.look) {
            Some(Look::Flat) if self.native.suspicion.is_none() && self.is_old_enough_to_be_clean() => {
                Verdict::Clean
            }
            _ => Verdict::Inconclusive,
        }
    }

    /// The lower end of the slope's interval, once the rule may speak: growth that is sure. 0 where none is.
    #[must_use]
    pub fn surely_bytes_per_second(&self) -> f64 {
        [&self.live, &self.native]
            .into_iter()
            .filter_map(|suspect| suspect.judgement)
            .filter(|judgement| judgement.look == Look::Grows)
            .map(|judgement| judgement.slope.interval.0)
            .fold(0.0, f64::max)
    }

    /// Everything that can be said now.
    #[must_use]
    pub fn report(
        &self,
        old_generation_limit_bytes: u64,
        container_limit_bytes: Option<u64>,
    ) -> GrowthReport {
        let verdict = self.verdict();
        let parts = [
            self.part(Place::Heap, &self.heap),
            self.part(Place::External, &self.external),
            self.part(Place::Native, &self.native.series),
        ];
        let place = (verdict == Verdict::Leak).then(|| self.place(&parts));
        let subject = if place == Some(Place::Native) { &self.native } else { &self.live };
        let settled = subject.settled(self.started_ns, self.last_ns);
        let points = floor(settled, 0);
        // Before the rule may speak, the slope is reported all the same, from whatever there is.
        let judgement = subject.judgement.or_else(|| judge(&points, subject.least_bytes));
        let slope = judgement.map(|judgement| judgement.slope);
        let (low, high) = slope.map_or((0.0, 0.0), |slope| slope.interval);
        let span_s = judgement.map_or(0.0, |judgement| judgement.span_s);
        let per_second = |bytes: f64| if span_s > 0.0 { bytes / span_s } else { 0.0 };
        let grows = judgement.is_some_and(|judgement| judgement.look == Look::Grows);
        let limits = [
            Some(Limit { series: &self.heap, bytes: old_generation_limit_bytes }),
            container_limit_bytes.map(|bytes| Limit { series: &self.container, bytes }),
        ];
        GrowthReport {
            verdict,
            reason: self.reason(verdict, place, judgement.as_ref()),
            place,
            since_ns: place.and_then(|_| forecast::growing_since(&points, settled.first()?.at_ns)),
            bytes_per_second: slope.map_or(0.0, |slope| slope.median),
            interval: (low, high),
            samples: subject.series.taken(),
            span_ns: settled.last().map_or(0, |last| last.at_ns - settled[0].at_ns),
            floor_bytes: settled.iter().map(|sample| sample.bytes).min().unwrap_or(0),
            detectable_bytes_per_second: per_second(
                judgement.map_or(0.0, |judgement| judgement.material_bytes),
            )
            .max((high - low) / 2.0),
            limit: if grows || verdict == Verdict::Leak {
                let settle_ns = self.started_ns + (self.last_ns - self.started_ns) / WARM_UP_SHARE;
                limits
                    .into_iter()
                    .flatten()
                    .filter_map(|limit| forecast(&limit, settle_ns, self.last_ns))
                    .min_by_key(|time| time.earliest_ns)
            } else {
                None
            },
            parts,
            changes: Vec::new(),
        }
    }

    fn part(&self, place: Place, series: &Series) -> GrowthPart {
        let from_ns = self.started_ns + (self.last_ns - self.started_ns) / WARM_UP_SHARE;
        let settled = &series.samples()[series.samples().partition_point(|sample| sample.at_ns < from_ns)..];
        let judgement = judge(&floor(settled, 0), LEAST_LIVE_BYTES);
        GrowthPart {
            place,
            bytes_per_second: judgement.map_or(0.0, |judgement| judgement.slope.median),
            interval: judgement.map_or((0.0, 0.0), |judgement| judgement.slope.interval),
            floor_bytes: settled.iter().map(|sample| sample.bytes).min().unwrap_or(0),
        }
    }

    /// Where a confirmed leak is: in the part that grows fastest among those that were found guilty together.
    fn place(&self, parts: &[GrowthPart; 3]) -> Place {
        if !self.live.is_confirmed {
            return Place::Native;
        }
        if parts[1].bytes_per_second > parts[0].bytes_per_second { Place::External } else { Place::Heap }
    }

    #[expect(clippy::cast_precision_loss, reason = "for people to read")]
    fn reason(&self, verdict: Verdict, place: Option<Place>, judgement: Option<&Judgement>) -> String {
        let age_s = self.last_ns.saturating_sub(self.started_ns) as f64 / 1e9;
        let majors = self.settled_majors();
        if !self.is_old_enough() {
            return format!(
                "watched for {} of the {} that a verdict needs (leak.minSpanMs)",
                duration(age_s),
                duration(self.options.min_span_ns as f64 / 1e9)
            );
        }
        if verdict != Verdict::Leak && majors < self.options.min_majors {
            return format!(
                "{majors} major GCs after the warm-up, of the {} that a verdict needs (leak.minMajors); leak.assist asks V8 for them",
                self.options.min_majors
            );
        }
        let Some(judgement) = judgement else { return "no slope can be told from what there is".to_owned() };
        let growth = judgement.slope.median * judgement.span_s;
        match (verdict, judgement.look) {
            (Verdict::Leak, _) => format!(
                "{} grew by {} in {}, in every part of that time, and goes on",
                match place {
                    Some(Place::Native) => "memory outside V8, or of threads without a watcher,",
                    Some(Place::External) => "external memory (Buffers, ArrayBuffers)",
                    _ => "the heap after major GCs",
                },
                bytes(growth),
                duration(judgement.span_s)
            ),
            (_, Look::Grows) => format!(
                "grew by {} in {}: suspicious since {} of age, called a leak if that still holds at {}",
                bytes(growth),
                duration(judgement.span_s),
                duration(self.live.suspicion.map_or(0, |suspicion| suspicion.at_age_ns) as f64 / 1e9),
                duration(
                    self.live.suspicion.map_or(0, |suspicion| suspicion.due_age_ns(self.options.min_span_ns))
                        as f64
                        / 1e9
                )
            ),
            (_, Look::Flat) if verdict == Verdict::Clean => format!(
                "growth of {} or more in {} is excluded",
                bytes(judgement.important_bytes),
                duration(judgement.span_s)
            ),
            (_, Look::Flat) if self.native.suspicion.is_some() => {
                "live memory is flat, memory outside V8 is under suspicion".to_owned()
            }
            (_, Look::Flat) => format!(
                "flat so far; called clean if that still holds at {} of age",
                duration(self.options.min_span_ns.saturating_mul(1 + CONFIRM_SPANS) as f64 / 1e9)
            ),
            (_, Look::LevelsOff) => format!(
                "grew by {} in {}, but less and less: a warm-up or a step, so far",
                bytes(growth),
                duration(judgement.span_s)
            ),
            (_, Look::GivesBack) => format!(
                "grew by {} in {}, but gave back more than half of that in between, as a cache does",
                bytes(growth),
                duration(judgement.span_s)
            ),
            (_, Look::Noise) => {
                format!(
                    "rose by {} in {}, but too unevenly for so few major GCs to be sure",
                    bytes(growth),
                    duration(judgement.span_s)
                )
            }
            (_, Look::Unclear) => format!(
                "growth of {} in {} can be neither seen nor excluded in this much noise",
                bytes(judgement.material_bytes),
                duration(judgement.span_s)
            ),
        }
    }

    /// Bytes taken.
    #[must_use]
    pub fn footprint_bytes(&self) -> usize {
        [&self.live.series, &self.native.series, &self.heap, &self.external, &self.container]
            .into_iter()
            .map(Series::footprint_bytes)
            .sum()
    }
}

fn bytes(bytes: f64) -> String {
    let (value, unit) = match bytes.abs() {
        huge if huge >= 1_073_741_824.0 => (bytes / 1_073_741_824.0, "GB"),
        large if large >= 1_048_576.0 => (bytes / 1_048_576.0, "MB"),
        _ => (bytes / 1024.0, "KB"),
    };
    format!("{value:.1} {unit}")
}

fn duration(seconds: f64) -> String {
    match seconds {
        long if long >= 7200.0 => format!("{:.1} h", long / 3600.0),
        some if some >= 120.0 => format!("{:.1} min", some / 60.0),
        few => format!("{few:.1} s"),
    }
}

#[cfg(test)]
#[expect(clippy::cast_precision_loss, reason = "test sizes")]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;
    const MB: u64 = 1 << 20;
    const SHORT: GrowthOptions = GrowthOptions { min_span_ns: 3 * SECOND, min_majors: 6 };

    /// Majors four times a second for `seconds`.
    fn run(seconds: u64, live: impl Fn(f64) -> Live) -> Growth {
        let mut growth = Growth::new(SHORT, 0);
        for quarter in 1..=seconds * 4 {
            let at_ns = quarter * SECOND / 4;
            growth.record_major(Live { at_ns, ..live(at_ns as f64 / 1e9) });
            growth.tick(at_ns, Some(60 * MB), None);
        }
        growth
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "test sizes")]
    fn mb(megabytes: f64) -> u64 {
        (megabytes * MB as f64) as u64
    }

    #[test]
    fn a_leak_of_a_few_seconds_gets_its_verdict_within_twenty() {
        let growth = run(20, |t| Live { heap_bytes: mb(30.0 + t), ..Live::default() });
        let report = growth.report(300 * MB, None);
        assert_eq!((report.verdict, report.place), (Verdict::Leak, Some(Place::Heap)), "{}", report.reason);
        assert!((report.bytes_per_second / MB as f64 - 1.0).abs() < 0.01);
        let limit = report.limit.expect("a steady leak has a forecast");
        // 50 MB at 20 s; at 1 MB/s 220 s to 90 % of the limit and 250 s to all of it.
        assert!(limit.earliest_ns.abs_diff(220 * SECOND) < SECOND / 10, "{limit:?}");
        assert!(
            limit.latest_ns.is_some_and(|latest_ns| latest_ns.abs_diff(250 * SECOND) < SECOND / 10),
            "{limit:?}"
        );
    }

    #[test]
    fn growth_of_buffers_is_told_apart_from_growth_of_the_heap() {
        let growth =
            run(20, |t| Live { heap_bytes: 30 * MB, external_bytes: mb(2.0 * t), ..Live::default() });
        assert_eq!(growth.report(300 * MB, None).place, Some(Place::External));
    }

    #[test]
    fn growth_outside_v8_is_seen_without_a_single_major() {
        let mut growth = Growth::new(SHORT, 0);
        for second in 1..=60 {
            growth.tick(second * SECOND, Some(100 * MB + second * 2 * MB), None);
        }
        let report = growth.report(300 * MB, None);
        assert_eq!((report.verdict, report.place), (Verdict::Leak, Some(Place::Native)), "{}", report.reason);
    }

    #[test]
    fn without_majors_nothing_is_called_clean() {
        let mut growth = Growth::new(SHORT, 0);
        for second in 1..=60 {
            growth.tick(second * SECOND, Some(100 * MB), None);
        }
        let report = growth.report(300 * MB, None);
        assert_eq!(report.verdict, Verdict::Inconclusive);
        assert!(report.reason.contains("0 major GCs after the warm-up, of the 6"), "{}", report.reason);
    }

    #[test]
    fn a_flat_heap_is_clean_and_a_warm_up_is_no_leak() {
        assert_eq!(
            run(20, |t| Live { heap_bytes: mb(30.0 + (t * 3.0) % 1.0), ..Live::default() }).verdict(),
            Verdict::Clean
        );
        let warm_up =
            run(60, |t| Live { heap_bytes: mb(30.0 + 40.0 * (1.0 - (-t / 5.0).exp())), ..Live::default() });
        assert_ne!(warm_up.verdict(), Verdict::Leak);
    }

    #[test]
    fn a_leak_that_begins_after_days_is_found_long_before_the_limit() {
        let minute = 60 * SECOND;
        for days in [0, 1, 7] {
            let mut growth = Growth::new(GrowthOptions::default(), 0);
            let flat = days * 24 * 60;
            let found = (1..flat + 400).find(|at| {
                // Trembles by 6 MB; from `flat` on it grows by 10 MB a minute: 4 GB are full after 400 minutes.
                let bytes = 100 * MB + at * 7919 % 6 * MB + at.saturating_sub(flat) * 10 * MB;
                growth.record_major(Live { at_ns: at * minute, heap_bytes: bytes, external_bytes: 0 });
                growth.verdict() == Verdict::Leak
            });
            let found = found.expect("the leak is found before the limit");
            assert!(
                found > flat && found - flat < 240,
                "after {days} days: {} minutes into the leak",
                found - flat
            );
        }
    }

    #[test]
    fn a_daily_wave_is_no_leak_from_its_second_day_on() {
        let mut growth = Growth::new(GrowthOptions::default(), 0);
        let mut accused = 0;
        for minute in 1..14 * 24 * 60_u64 {
            let wave = 60.0 * (minute as f64 / (24.0 * 60.0) * std::f64::consts::TAU).sin();
            growth.record_major(Live {
                at_ns: minute * 60 * SECOND,
                heap_bytes: mb(160.0 + wave) + minute * 7919 % 6 * MB,
                external_bytes: 0,
            });
            accused += u64::from(growth.verdict() == Verdict::Leak && minute > 24 * 60);
        }
        assert_eq!(accused, 0, "minutes under accusation after the first day");
    }

    #[test]
    fn a_clock_that_goes_back_harms_nothing() {
        let mut growth = Growth::new(SHORT, 100 * SECOND);
        for at in [200, 50, 0, 300, 10] {
            growth.record_major(Live { at_ns: at * SECOND, heap_bytes: 1, external_bytes: 1 });
            growth.tick(at * SECOND, Some(1), Some(1));
        }
        let _ = growth.report(0, Some(0));
    }
}
