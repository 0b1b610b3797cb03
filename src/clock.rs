//! One monotonic clock for every thread of the process: nanoseconds since the first use.

use std::sync::OnceLock;
use std::time::Instant;

/// A point from which nanoseconds are counted; copied into whoever stamps often.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    origin: Instant,
}

impl Clock {
    /// The clock of this process.
    #[must_use]
    pub fn process() -> Self {
        static ORIGIN: OnceLock<Instant> = OnceLock::new();
        Self { origin: *ORIGIN.get_or_init(Instant::now) }
    }

    /// Nanoseconds since the origin; u64 lasts 584 years.
    #[must_use]
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "584 years of nanoseconds fit")]
    pub fn now_ns(self) -> u64 {
        self.origin.elapsed().as_nanos() as u64
    }
}
