//! Why there is no snapshot.

use std::fmt;

/// The kinds that callers tell apart; the codes are those of JavaScript's errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Another one is being taken, or the last one is too recent.
    Busy,
    /// Too little memory is free.
    NoHeadroom,
    /// This system cannot do it this way.
    Unsupported,
    /// It was tried.
    Failed,
}

impl Kind {
    /// The stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Busy => "HEAPWATCH_BUSY",
            Self::NoHeadroom => "HEAPWATCH_NO_HEADROOM",
            Self::Unsupported => "HEAPWATCH_UNSUPPORTED",
            Self::Failed => "HEAPWATCH_SNAPSHOT_FAILED",
        }
    }
}

/// A failure, for people and for programs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What kind.
    pub kind: Kind,
    /// One stable word: `hang`, `crash`, `killed`, `timeout`, `disk`, `quota`, `memory`, `aborted`, …
    pub reason: String,
    /// What happened and what to do, as sentences.
    pub text: String,
}

impl Failure {
    /// A failure of this kind.
    pub fn new(kind: Kind, reason: impl Into<String>, text: impl Into<String>) -> Self {
        Self { kind, reason: reason.into(), text: text.into() }
    }

    /// It was tried and went wrong.
    pub fn failed(reason: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(Kind::Failed, reason, text)
    }

    /// It went wrong by an accident of the moment: the same again may go well.
    #[must_use]
    pub fn is_accident(&self) -> bool {
        self.kind == Kind::Failed && matches!(self.reason.as_str(), "hang" | "crash")
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
