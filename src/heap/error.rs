//! What can be wrong with a file, said so that a person knows what to do.

use std::fmt;
use std::path::PathBuf;

/// Why a snapshot could not be read or analysed.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The bytes are something else than a heap snapshot.
    NotASnapshot {
        /// What they look like.
        what: String,
        /// What to do about it.
        hint: &'static str,
    },
    /// A heap snapshot, but cut short or damaged.
    CorruptSnapshot {
        /// Where reading failed, in bytes from the start. Numbers that cannot be right are found a little later than
        /// they are read: then this is where their block of at most 512 KB starts.
        offset: u64,
        /// What is wrong there.
        what: String,
        /// What to do about it.
        hint: &'static str,
    },
    /// More nodes, edges or strings than indexes of this crate can tell apart.
    TooLarge {
        /// What there is too much of.
        what: &'static str,
        /// How many there may be.
        limit: u64,
    },
    /// The system refused to read.
    Io {
        /// The file, where there is one.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Somebody asked to stop: [`super::Progress::cancel`].
    Cancelled,
}

/// What came of reading or analysing a snapshot.
pub type Result<T> = std::result::Result<T, Error>;

pub(super) const HINT_CUT: &str = "the file looks cut off: take the snapshot again, with room on the disk and memory \
                                   enough that the process is not killed while it writes";
pub(super) const HINT_DAMAGED: &str =
    "the file was damaged after V8 wrote it, or comes from another tool: take the snapshot again";

impl Error {
    /// Says in which of several files it is.
    #[must_use]
    pub fn in_file(self, path: &std::path::Path) -> Self {
        let told = |what: String| format!("{}: {what}", path.display());
        match self {
            Self::NotASnapshot { what, hint } => Self::NotASnapshot { what: told(what), hint },
            Self::CorruptSnapshot { offset, what, hint } => {
                Self::CorruptSnapshot { offset, what: told(what), hint }
            }
            other => other,
        }
    }

    /// The stable code that JavaScript sees.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotASnapshot { .. } => "HEAPWATCH_NOT_A_SNAPSHOT",
            Self::CorruptSnapshot { .. } => "HEAPWATCH_CORRUPT_SNAPSHOT",
            Self::TooLarge { .. } => "HEAPWATCH_SNAPSHOT_TOO_LARGE",
            Self::Io { .. } => "HEAPWATCH_IO",
            Self::Cancelled => "HEAPWATCH_CANCELLED",
        }
    }

    /// Where in the file reading failed, where that is known.
    #[must_use]
    pub fn offset(&self) -> Option<u64> {
        match self {
            Self::CorruptSnapshot { offset, .. } => Some(*offset),
            _ => None,
        }
    }

    /// What to do about it, where the message is not enough.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NotASnapshot { hint, .. } | Self::CorruptSnapshot { hint, .. } => Some(hint),
            _ => None,
        }
    }

    pub(super) fn cut(offset: u64, what: impl Into<String>) -> Self {
        Self::CorruptSnapshot { offset, what: what.into(), hint: HINT_CUT }
    }

    pub(super) fn damaged(offset: u64, what: impl Into<String>) -> Self {
        Self::CorruptSnapshot { offset, what: what.into(), hint: HINT_DAMAGED }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotASnapshot { what, hint } => write!(f, "not a heap snapshot: {what}; {hint}"),
            Self::CorruptSnapshot { offset, what, hint } => {
                write!(f, "corrupt heap snapshot: {what} (at byte {offset}); {hint}")
            }
            Self::TooLarge { what, limit } => {
                write!(f, "the heap snapshot has more than {limit} {what}, the most that can be analysed")
            }
            Self::Io { path, source } => write!(f, "cannot read {}: {source}", path.display()),
            Self::Cancelled => f.write_str("the analysis was cancelled"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}
