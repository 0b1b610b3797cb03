//! Synthetic live memory: series that do not leak (nulls) and one that does, fed to the verdict as a watcher would.

use fastrand::Rng;
use heapwatch::aggregator::growth::{Growth, GrowthOptions, Live};
use heapwatch::report::Verdict;

const MB: f64 = 1_048_576.0;
/// Every series starts from this.
const BASE: f64 = 100.0 * MB;
/// The noise's standard deviation.
const SIGMA: f64 = 10.0 * MB;

/// How long a series is watched.
#[derive(Clone, Copy, Debug)]
pub struct Life {
    /// Its length.
    pub hours: f64,
    /// Major GCs in it.
    pub majors: usize,
}

impl Life {
    /// Four hours, sixteen least spans, with so many major GCs.
    #[must_use]
    pub fn four_hours(majors: usize) -> Self {
        Self { hours: 4.0, majors }
    }
}

/// A kind of live memory over a life.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// Normal noise, each point on its own.
    White,
    /// Noise that wanders: AR(1) with this coefficient.
    Wander(f64),
    /// One large step up at a random moment.
    Step,
    /// A warm-up with a time constant of 6 to 20 minutes.
    WarmUp,
    /// Waves of 7.5 to 40 minutes, from a random phase.
    Wave,
    /// Noise with heavy tails (Student's t with 2 degrees of freedom), upwards.
    HeavyTails,
    /// A cache that fills and is emptied, every 7.5 to 40 minutes.
    Sawtooth,
    /// Rises by this many standard deviations of white noise an hour.
    Leak(f64),
    /// The same in noise that wanders (0.5).
    LeakInWander(f64),
}

/// Every null.
pub const NULLS: [(&str, Kind); 8] = [
    ("white noise", Kind::White),
    ("AR(0.5) noise", Kind::Wander(0.5)),
    ("AR(0.9) noise", Kind::Wander(0.9)),
    ("one step", Kind::Step),
    ("warm-up", Kind::WarmUp),
    ("waves", Kind::Wave),
    ("heavy tails", Kind::HeavyTails),
    ("sawtooth", Kind::Sawtooth),
];

fn normal(rng: &mut Rng) -> f64 {
    (-2.0 * (1.0 - rng.f64()).ln()).sqrt() * (std::f64::consts::TAU * rng.f64()).cos()
}

/// The live memory at moments spread unevenly over the life, in hours.
fn series(kind: Kind, life: Life, rng: &mut Rng) -> Vec<(f64, f64)> {
    let mut times: Vec<f64> = (0..life.majors).map(|_| life.hours * rng.f64()).collect();
    times.sort_unstable_by(f64::total_cmp);
    let (at, tau, periods, phase) =
        (life.hours * (0.1 + 0.8 * rng.f64()), 0.1 + 0.23 * rng.f64(), 1.5 + 6.5 * rng.f64(), rng.f64());
    let mut wander = normal(rng);
    times
        .into_iter()
        .map(|time| {
            let mut noise = |phi: f64| {
                wander = phi * wander + (1.0 - phi * phi).sqrt() * normal(rng);
                SIGMA * wander
            };
            let bytes = match kind {
                Kind::White => noise(0.0),
                Kind::Wander(phi) => noise(phi),
                Kind::Step => noise(0.0) * 0.3 + if time > at { 60.0 * MB } else { 0.0 },
                Kind::WarmUp => noise(0.0) * 0.3 + 80.0 * MB * (1.0 - (-time / tau).exp()),
                Kind::Wave => {
                    noise(0.0) * 0.3 + 30.0 * MB * (std::f64::consts::TAU * (periods * time + phase)).sin()
                }
                Kind::HeavyTails => {
                    let chi = -2.0 * (1.0 - rng.f64()).ln();
                    SIGMA * (normal(rng) / (chi / 2.0).sqrt()).abs().min(50.0)
                }
                Kind::Sawtooth => noise(0.0) * 0.3 + 60.0 * MB * (periods * time + phase).fract(),
                Kind::Leak(sigmas) => noise(0.0) + sigmas * SIGMA * time,
                Kind::LeakInWander(sigmas) => noise(0.5) + sigmas * SIGMA * time,
            };
            (time, (BASE + bytes).max(MB))
        })
        .collect()
}

/// What the verdict said about one series.
#[derive(Clone, Copy, Debug)]
pub struct Outcome {
    /// It said leak at some moment.
    pub ever_leak: bool,
    /// What it said at the end.
    pub last: Verdict,
}

/// Feeds one series, with the default options: verdicts after 15 minutes and six majors.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "some days and megabytes")]
pub fn judge(kind: Kind, life: Life, rng: &mut Rng) -> Outcome {
    let mut growth = Growth::new(GrowthOptions::default(), 0);
    let mut ever_leak = false;
    for (time, bytes) in series(kind, life, rng) {
        let at_ns = (time * 3600.0 * 1e9) as u64;
        growth.record_major(Live { at_ns, heap_bytes: bytes as u64, external_bytes: 0 });
        ever_leak |= growth.verdict() == Verdict::Leak;
    }
    Outcome { ever_leak, last: growth.verdict() }
}

/// The share of `runs` series in which leak was said at some moment, and of those that ended clean.
#[expect(clippy::cast_precision_loss, reason = "thousands")]
pub fn shares(kind: Kind, life: Life, runs: usize, seed: u64) -> (f64, f64) {
    let mut rng = Rng::with_seed(seed);
    let outcomes: Vec<Outcome> = (0..runs).map(|_| judge(kind, life, &mut rng)).collect();
    let share = |test: &dyn Fn(&Outcome) -> bool| {
        outcomes.iter().filter(|outcome| test(outcome)).count() as f64 / runs as f64
    };
    (share(&|outcome| outcome.ever_leak), share(&|outcome| outcome.last == Verdict::Clean))
}
