//! How far the work is, and the wish to stop it: shared between who waits and who works.

use super::error::{Error, Result};
use std::sync::atomic::{AtomicBool, Ordering};

/// What is being done at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Bytes are read and become a graph.
    Reading,
    /// Who keeps whom alive: dominators and retained sizes, and beside them distances and classes.
    Dominators,
    /// Classes and their retained sizes.
    Classes,
}

/// Told how far the work is: the phase, how much of it is done, and of how much (0 where nobody knows).
type Callback = dyn Fn(Phase, u64, u64) + Send + Sync;

/// A callback that hears how far the work is, and a flag that stops it.
///
/// Long loops look at the flag every few thousand steps, so work ends within milliseconds of [`Progress::cancel`].
///
/// ```
/// use heapwatch::heap::{Error, Parser, Progress};
/// let progress = Progress::new(|phase, done, total| println!("{phase:?}: {done} of {total}"));
/// progress.cancel();
/// let mut parser = Parser::new();
/// parser.push(b"{}").unwrap();
/// assert!(matches!(heapwatch::heap::Snapshot::read(&b"{}"[..], 0, &progress), Err(Error::Cancelled)));
/// ```
#[derive(Default)]
pub struct Progress {
    callback: Option<Box<Callback>>,
    cancelled: AtomicBool,
}

impl Progress {
    /// Calls `callback` from the working threads: now and then, not at every step.
    #[must_use]
    pub fn new(callback: impl Fn(Phase, u64, u64) + Send + Sync + 'static) -> Self {
        Self { callback: Some(Box::new(callback)), cancelled: AtomicBool::new(false) }
    }

    /// Nobody watches; work can still be cancelled.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Makes the work end soon, with [`Error::Cancelled`].
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    pub(super) fn check(&self) -> Result<()> {
        if self.cancelled.load(Ordering::Relaxed) { Err(Error::Cancelled) } else { Ok(()) }
    }

    /// As [`Progress::check`], at one step in 65,536 only: for loops over nodes.
    #[inline]
    pub(super) fn check_at(&self, step: usize) -> Result<()> {
        if step.is_multiple_of(1 << 16) { self.check() } else { Ok(()) }
    }

    pub(super) fn tell(&self, phase: Phase, done: u64, total: u64) -> Result<()> {
        if let Some(callback) = &self.callback {
            callback(phase, done, total);
        }
        self.check()
    }
}
