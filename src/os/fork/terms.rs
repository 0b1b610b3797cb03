//! What a fork is asked for and what comes of it, in words that hold on every system.

use std::io;
use std::time::Duration;

/// How the copy lives.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// For how long the caller may wait for V8's threads to sleep.
    pub calm: Duration,
    /// Fork even if they do not.
    pub is_forced: bool,
    /// The kernel ends the copy when the thread that made it ends.
    pub dies_with_maker: bool,
    /// How much memory the copy may allocate beyond what it was born with.
    pub memory_bytes: Option<u64>,
    /// The application goes on meanwhile and comes first; else it waits for the copy.
    pub yields: bool,
    /// When the kernel ends the copy, whoever else watches it.
    pub seconds: u32,
}

/// Why there is no copy.
#[derive(Debug)]
pub enum Refusal {
    /// V8's threads are at work. Again in a moment.
    NotCalm,
    /// The system said no, to what.
    System(&'static str, io::Error),
}

/// What the copy tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// So many bytes of the snapshot are written.
    Progress(u64),
    /// All is done: what the sink made of it.
    Result(Vec<u8>),
    /// It could not be done.
    Failure {
        /// One word.
        reason: String,
        /// The rest of the sentence.
        text: String,
    },
}

/// How the copy ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// By `_exit`, with this code.
    Exited(i32),
    /// By this signal.
    Signalled(i32),
    /// Somebody else reaped it: the application waits for children that it does not know.
    Unknown,
}

/// What a look at the copy shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Activity {
    /// CPU time, in the kernel's ticks.
    pub cpu_ticks: u64,
    /// It neither runs, nor wants to, nor waits for a disk: it waits for a thread that does not exist, or was stopped.
    pub is_idle: bool,
}
