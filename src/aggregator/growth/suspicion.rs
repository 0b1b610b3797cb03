//! One series under suspicion, or not: looked at again and again, and accused when the looks go on agreeing.

use super::rule::{Judgement, Look, MOST_P, judge};
use super::series::{Sample, Series, floor, valleys};

/// A suspicion must hold for this part of the time in which it saw growth (1 in so many), and for so many least spans: a growth that ends
/// within that is none. Three, so that a batch, a log or a cache that fills for up to four least spans and is then emptied is never accused in its
/// first turn, of which nothing else is known yet. It costs a leak half an hour by default.
const CONFIRM_SHARE: u64 = 2;
pub(super) const CONFIRM_SPANS: u64 = 3;
/// The first part of the life is a warm-up: 1 in this many.
pub(super) const WARM_UP_SHARE: u64 = 10;
/// And so are the first samples.
pub(super) const WARM_UP_SAMPLES: usize = 2;
/// The least span is the promise that what is innocent varies faster than that. So a floor is looked at in fine buckets, and by its
/// valleys alone, the lowest within this share of the least span before and after (1 in so many): under a sawtooth a slow leak shows there.
const VALLEY_SHARE: u64 = 4;
/// With fewer valleys there is no trend.
const FEWEST_VALLEYS: usize = 6;
/// The next shorter window in which growth is looked for is this share of the one before (1 in so many).
const RECENT_SHARE: u64 = 4;
/// And no shorter than so many least spans: what is innocent varies within them.
const RECENT_LEAST_SPANS: u64 = 2;
/// A second look within this share of the least span says nothing new (1 in so many).
const LOOKS_IN_A_SPAN: u64 = 20;

/// A row of looks that began with one that saw growth.
#[derive(Clone, Copy)]
pub(super) struct Suspicion {
    /// The watcher's age then.
    pub at_age_ns: u64,
    /// The time in which the growth was seen then.
    span_ns: u64,
    looks: u64,
    agreed: u64,
}

impl Suspicion {
    fn and(self, agrees: bool) -> Self {
        Self { looks: self.looks + 1, agreed: self.agreed + u64::from(agrees), ..self }
    }

    /// Three quarters of the looks agree: one unlucky look in many does not acquit a leak, and of a warm-up most looks see its end.
    fn holds(&self) -> bool {
        self.agreed * 4 >= self.looks * 3
    }

    pub fn due_age_ns(&self, min_span_ns: u64) -> u64 {
        self.at_age_ns
            .saturating_add(min_span_ns.saturating_mul(CONFIRM_SPANS).max(self.span_ns / CONFIRM_SHARE))
    }
}

/// One series under suspicion, or not.
pub(super) struct Suspect {
    pub series: Series,
    pub least_bytes: f64,
    pub judgement: Option<Judgement>,
    pub suspicion: Option<Suspicion>,
    pub is_confirmed: bool,
    looked_at_ns: u64,
}

impl Suspect {
    pub fn new(least_bytes: f64, slot_ns: u64) -> Self {
        Self {
            series: Series::new(slot_ns),
            least_bytes,
            judgement: None,
            suspicion: None,
            is_confirmed: false,
            looked_at_ns: 0,
        }
    }

    /// The samples after the warm-up.
    pub fn settled(&self, started_ns: u64, now_ns: u64) -> &[Sample] {
        let from_ns = started_ns.saturating_add(now_ns.saturating_sub(started_ns) / WARM_UP_SHARE);
        let samples = self.series.samples();
        let first =
            samples.partition_point(|sample| sample.at_ns < from_ns).max(WARM_UP_SAMPLES).min(samples.len());
        &samples[first..]
    }

    pub fn look(&mut self, started_ns: u64, now_ns: u64, min_span_ns: u64) {
        let age_ns = now_ns.saturating_sub(started_ns);
        if self.looked_at_ns > 0 && now_ns.saturating_sub(self.looked_at_ns) < min_span_ns / LOOKS_IN_A_SPAN {
            return;
        }
        self.looked_at_ns = now_ns;
        let settled = self.settled(started_ns, now_ns);
        let life = judge_at_both_scales(settled, min_span_ns, self.least_bytes);
        let found = match life {
            Some(life) if life.look == Look::Grows => Some(life),
            _ => judge_recent(&self.series, settled, min_span_ns, self.least_bytes),
        };
        self.judgement = found.or(life);
        let span_ns = found.map_or(0, |judgement| nanoseconds(judgement.span_s));
        self.suspicion = match self.suspicion {
            Some(suspicion) => Some(suspicion.and(found.is_some())).filter(Suspicion::holds),
            None => found.map(|_| Suspicion { at_age_ns: age_ns, span_ns, looks: 1, agreed: 1 }),
        };
        let is_due = self.suspicion.is_some_and(|suspicion| age_ns >= suspicion.due_age_ns(min_span_ns));
        self.is_confirmed = is_due && (found.is_some() || self.is_confirmed);
    }
}

/// Looks in fine buckets, and where that sees no growth at the valleys.
fn judge_at_both_scales(samples: &[Sample], min_span_ns: u64, least_bytes: f64) -> Option<Judgement> {
    let fine = judge(&floor(samples, 0), least_bytes);
    if fine.is_some_and(|fine| fine.look == Look::Grows) {
        return fine;
    }
    let valleys = valleys(samples, min_span_ns / VALLEY_SHARE);
    if valleys.len() < FEWEST_VALLEYS {
        return fine;
    }
    judge(&floor(&valleys, 0), least_bytes).filter(|deep| deep.look == Look::Grows).or(fine)
}

/// Growth that began late: in the last quarter, sixteenth, … of the life. It must have gone beyond all that was there before, by what
/// matters; so the rising half of a daily wave is none from the second day on. Each further window halves the chance that is allowed to
/// noise: many windows are looked at, and all of them together must not be fooled more often than one (Bonferroni).
fn judge_recent(
    series: &Series,
    settled: &[Sample],
    min_span_ns: u64,
    least_bytes: f64,
) -> Option<Judgement> {
    let (first, last) = (settled.first()?, settled.last()?);
    let mut span_ns = (last.at_ns - first.at_ns) / RECENT_SHARE;
    let mut most_p = MOST_P / 2.0;
    while span_ns >= min_span_ns.saturating_mul(RECENT_LEAST_SPANS).max(1) {
        let from_ns = last.at_ns - span_ns;
        let before = &settled[..settled.partition_point(|sample| sample.at_ns < from_ns)];
        let points = floor(&series.since(from_ns), 0);
        let judgement = judge(&points, least_bytes)
            .filter(|judgement| judgement.look == Look::Grows && judgement.p < most_p);
        #[expect(clippy::cast_precision_loss, reason = "bytes below 2^53")]
        let highest_before = before.iter().map(|sample| sample.bytes).max().unwrap_or(0) as f64;
        if let (Some(judgement), Some(end)) = (judgement, points.last())
            && end.1 >= highest_before + judgement.important_bytes
        {
            return Some(judgement);
        }
        span_ns /= RECENT_SHARE;
        most_p /= 2.0;
    }
    None
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a life in seconds")]
fn nanoseconds(seconds: f64) -> u64 {
    (seconds * 1e9) as u64
}
