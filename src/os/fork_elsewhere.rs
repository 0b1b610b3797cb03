//! Where there is no fork to build on: the same names as `fork`, none of which can come to be.

use std::convert::Infallible;
use std::time::Duration;

#[path = "fork/terms.rs"]
mod terms;

pub use terms::{Activity, End, Message, Refusal, Terms};

const REASON: &str = "snapshots by a forked process are made on Linux alone";

/// Never made.
pub struct Plan(Infallible);

/// Never made.
pub struct Forked {
    /// Never.
    pub child: Child,
    /// Never.
    pub receiver: Receiver,
    /// Never.
    pub stderr: Option<std::fs::File>,
    /// Never.
    pub restore: Restore,
}

/// Never made.
pub struct Restore(Infallible);
/// Never made.
pub struct Child(Infallible);
/// Never made.
#[derive(Debug)]
pub struct Killer(Infallible);
/// Never made.
pub struct Receiver(Infallible);
/// Never made.
pub struct Reporter(Infallible);

impl Plan {
    /// # Errors
    /// Always.
    pub fn prepare(_address_in_v8: usize) -> Result<Self, String> {
        Err(REASON.into())
    }

    /// # Errors
    /// Always.
    pub fn prepare_once(_address_in_v8: usize) -> Result<Self, String> {
        Err(REASON.into())
    }

    /// Never called.
    #[must_use]
    pub fn without_packing(self) -> Self {
        self
    }
}

/// # Errors
/// Always.
pub fn check(_address_in_v8: usize) -> Result<(), String> {
    Err(REASON.into())
}

/// Never called.
///
/// # Errors
/// Never.
pub fn fork(plan: &Plan, _: &Terms, _: &[i32], _: impl FnOnce(&mut Reporter)) -> Result<Forked, Refusal> {
    match plan.0 {}
}

/// Never called.
pub fn aside(_seconds: u32, _work: impl FnOnce()) {}

impl Restore {
    /// Never called.
    pub fn now(self) {
        match self.0 {}
    }
}

impl Child {
    /// Never called.
    pub fn id(&self) -> i32 {
        match self.0 {}
    }
    /// Never called.
    pub fn killer(&self) -> Killer {
        match self.0 {}
    }
    /// Never called.
    pub fn kill(&mut self) {
        match self.0 {}
    }
    /// Never called.
    pub fn has_ended(&mut self) -> Option<End> {
        match self.0 {}
    }
    /// Never called.
    pub fn wait(&mut self, _patience: Duration) -> Option<End> {
        match self.0 {}
    }
    /// Never called.
    pub fn release(self) {
        match self.0 {}
    }
    /// Never called.
    pub fn activity(&self) -> Option<Activity> {
        match self.0 {}
    }
}

impl Killer {
    /// Never called.
    pub fn kill(&self) {
        match self.0 {}
    }
}

impl Receiver {
    /// Never called.
    pub fn receive(&mut self, _patience: Duration) -> Vec<Message> {
        match self.0 {}
    }
    /// Never called.
    pub fn is_closed(&self) -> bool {
        match self.0 {}
    }
}

impl Reporter {
    /// Never called.
    pub fn progress(&mut self, _bytes: u64) {
        match self.0 {}
    }
    /// Never called.
    pub fn result(&mut self, _bytes: &[u8]) {
        match self.0 {}
    }
    /// Never called.
    pub fn fail(&mut self, _reason: &str, _text: &str) {
        match self.0 {}
    }
}
