//! Asking V8 for a major GC when too few come for a verdict.
//!
//! What is asked for is not a full stop: moderate memory pressure makes V8 mark incrementally and concurrently, and stop only to
//! finish. On a heap of 100 MB that paused for 6 to 160 ms where `LowMemoryNotification` took 175 to 425 ms (docs/leak-verdicts.md).

/// When to ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AssistOptions {
    /// A major GC that paused for longer makes the next one wait twice as long.
    pub max_pause_ns: u64,
    /// Ask when there was none for this long, or the old generation grew by a quarter in a tenth of it.
    pub every_ns: u64,
}

/// The old generation's growth since the last major GC at which one is due early, as a share (1 in so many).
const EARLY_GROWTH_SHARE: u64 = 4;
/// And then the least time, as a share of `every_ns`.
const EARLY_SHARE: u64 = 10;
/// V8 has this long to answer; then it is asked again when it is due.
const PATIENCE_NS: u64 = 10_000_000_000;
/// The wait is doubled at most this often.
const MOST_DOUBLINGS: u32 = 8;

/// The requests for one isolate.
pub struct Assist {
    options: AssistOptions,
    asked_ns: Option<u64>,
    last_major_ns: u64,
    has_collected: bool,
    old_after_last_bytes: u64,
    doublings: u32,
    /// State of a small generator (Knuth's MMIX); see [`Assist::jittered`].
    random: u64,
    wait_ns: u64,
}

impl Assist {
    /// Begins now.
    #[must_use]
    pub fn new(options: AssistOptions, now_ns: u64, old_used_bytes: u64) -> Self {
        Self {
            options,
            asked_ns: None,
            last_major_ns: now_ns,
            has_collected: false,
            old_after_last_bytes: old_used_bytes,
            doublings: 0,
            random: now_ns,
            wait_ns: options.every_ns,
        }
    }

    /// The wait, up to a quarter shorter or longer: at even intervals a program's own beat would alias into a slow wave of the floor.
    fn jittered(&mut self, wait_ns: u64) -> u64 {
        self.random =
            self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let quarter_ns = wait_ns / 4;
        wait_ns - quarter_ns + (self.random >> 33) % (2 * quarter_ns + 1)
    }

    /// Takes in the end of a major GC.
    pub fn record_major(&mut self, at_ns: u64, pause_ns: u64, old_used_bytes: u64) {
        self.last_major_ns = at_ns;
        self.has_collected = true;
        self.old_after_last_bytes = old_used_bytes;
        self.doublings = if pause_ns > self.options.max_pause_ns {
            (self.doublings + 1).min(MOST_DOUBLINGS)
        } else {
            self.doublings.saturating_sub(1)
        };
        self.wait_ns = self.jittered(self.options.every_ns << self.doublings);
    }

    /// Whether to ask V8 now, with this much in use in the old generation.
    pub fn is_due(&mut self, now_ns: u64, old_used_bytes: u64) -> bool {
        if let Some(asked_ns) = self.asked_ns {
            if !self.has_collected && now_ns.saturating_sub(asked_ns) < PATIENCE_NS {
                return false;
            }
            self.asked_ns = None;
            // One that did not answer waits its turn again.
            self.last_major_ns = self.last_major_ns.max(asked_ns);
        }
        let waited_ns = now_ns.saturating_sub(self.last_major_ns);
        let grew =
            old_used_bytes > self.old_after_last_bytes + self.old_after_last_bytes / EARLY_GROWTH_SHARE;
        let is_due = waited_ns >= self.wait_ns || (grew && waited_ns >= self.wait_ns / EARLY_SHARE);
        if is_due {
            self.asked_ns = Some(now_ns);
            self.has_collected = false;
        }
        is_due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;
    const OPTIONS: AssistOptions = AssistOptions { max_pause_ns: 50 * MS, every_ns: 1_000 * MS };

    #[test]
    fn asks_when_none_came_and_once_until_it_has() {
        let mut assist = Assist::new(OPTIONS, 0, 100);
        assert!(!assist.is_due(999 * MS, 100));
        assert!(assist.is_due(1_000 * MS, 100));
        assert!(!assist.is_due(1_050 * MS, 100));
        assist.record_major(1_060 * MS, 10 * MS, 100);
        assert!(!assist.is_due(1_809 * MS, 100));
        assert!(assist.is_due(2_311 * MS, 100));
    }

    #[test]
    fn an_old_generation_that_grows_is_looked_at_sooner() {
        let mut assist = Assist::new(OPTIONS, 0, 100);
        assert!(!assist.is_due(99 * MS, 130));
        assert!(assist.is_due(100 * MS, 126));
    }

    #[test]
    fn long_pauses_make_it_rarer_and_short_ones_as_often_as_before() {
        let mut assist = Assist::new(OPTIONS, 0, 100);
        let mut now_ns = 0;
        let mut waits = Vec::new();
        for pause_ms in [80, 80, 80, 10, 10, 10, 10] {
            let from_ns = now_ns;
            while !assist.is_due(now_ns, 100) {
                now_ns += MS;
            }
            waits.push((now_ns - from_ns) / MS);
            assist.record_major(now_ns, pause_ms * MS, 100);
        }
        let expected = [1000, 2000, 4000, 8000, 4000, 2000, 1000];
        assert!(
            waits.iter().zip(expected).all(|(wait, about)| wait.abs_diff(about) <= about / 4),
            "{waits:?}"
        );
        assert!(
            waits[1..].iter().zip(&expected[1..]).any(|(wait, about)| wait != about),
            "no wait is even: {waits:?}"
        );
    }

    #[test]
    fn a_v8_that_does_not_answer_is_asked_again_later() {
        let mut assist = Assist::new(OPTIONS, 0, 100);
        assert!(assist.is_due(1_000 * MS, 100));
        assert!(!assist.is_due(10_999 * MS, 100));
        assert!(assist.is_due(11_000 * MS, 100));
    }
}
