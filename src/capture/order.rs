//! What is asked for, and what came of it.

use std::time::Duration;

use super::failure::Failure;
use super::sink::MakeSink;

/// How the heap is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// By a forked copy of the process.
    Fork,
    /// By the process itself, which stands still meanwhile.
    Inline,
}

impl Mode {
    /// The name in options and results.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Fork => "fork",
            Self::Inline => "inline",
        }
    }
}

/// Gets what the sink made of it.
pub type Complete = Box<dyn Fn(&[u8]) + Send + Sync>;

/// A snapshot to be taken.
pub struct Order {
    /// The way to begin with.
    pub mode: Mode,
    /// Where a fork is refused, or fails twice, the process may stand still instead.
    pub allow_inline: bool,
    /// Where the bytes go.
    pub make_sink: MakeSink,
    /// Runs off JavaScript's thread before the first try: folders.
    pub prepare: Box<dyn Fn() -> Result<(), Failure> + Send + Sync>,
    /// Runs off JavaScript's thread when it is complete: quotas.
    pub complete: Complete,
    /// For how long one copy may work.
    pub timeout: Duration,
    /// Memory that must be free; 0: whatever there is.
    pub headroom_bytes: Option<u64>,
    /// Used heap, when asked for.
    pub heap_used_bytes: u64,
    /// The least time after the last one.
    pub cooldown: Duration,
    /// Whoever asked does nothing else until it is there: the copy takes its full share of the CPU.
    pub is_awaited: bool,
    /// Others cool down after it.
    pub leaves_file: bool,
}

/// A snapshot was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// The way it was taken in the end.
    pub mode: Mode,
    /// What the sink made of it.
    pub result: Vec<u8>,
    /// Of snapshot, as V8 wrote it.
    pub bytes: u64,
    /// The longest time for which JavaScript stood still at a stretch.
    pub pause_ns: u64,
    /// From being asked for to being complete.
    pub total_ns: u64,
    /// Copies made.
    pub tries: u32,
}
