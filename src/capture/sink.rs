//! Where a snapshot's bytes go.

use std::ops::ControlFlow;
use std::path::PathBuf;

use super::failure::Failure;

/// Takes the pieces of a snapshot as V8 writes them. Made in the process that asks, used in the one that takes the snapshot: the
/// forked copy, or the same. What it learns there crosses back as the bytes of [`Sink::finish`].
pub trait Sink: Send {
    /// The next piece; `Break` when no more is wanted, and [`Sink::finish`] says why.
    fn chunk(&mut self, bytes: &[u8]) -> ControlFlow<()>;

    /// All pieces have come, or one was refused: the result.
    ///
    /// # Errors
    /// What went wrong while taking them.
    fn finish(self: Box<Self>) -> Result<Vec<u8>, Failure>;

    /// Files that it uses and that must stay open in a forked copy.
    fn descriptors(&self) -> Vec<i32> {
        Vec::new()
    }

    /// What is to be removed where the copy could not do so itself.
    fn leftover(&self) -> Option<PathBuf> {
        None
    }
}

/// Makes the sink, anew for each try.
pub type MakeSink = Box<dyn Fn() -> Result<Box<dyn Sink>, Failure> + Send + Sync>;
