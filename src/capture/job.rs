//! One snapshot on its way, shared by the two threads that make it.
//!
//! ```text
//! capture thread:  folder, headroom, plan, sink ─► Ready              watch the copy ─► Done
//! JavaScript's:                                      └─► fork ─► Forked ──┘   (or take it here: Taken)
//! ```
//!
//! JavaScript's thread is needed for the fork alone. Whoever drives it ([`Job::step`]) comes by often: a timer of the event loop, or
//! an interrupt where the loop hangs. A try that goes wrong by accident brings the job back to its beginning, once.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex, MutexGuard};

use super::failure::{Failure, Kind};
use super::order::{Done, Order};
use super::sink::Sink;
use crate::clock::Clock;
use crate::os::fork::{self, Forked, Killer, Plan, Refusal, Reporter, Terms};
use crate::v8::{Isolate, near_limit, profiler};

/// For how long JavaScript may stand still for V8's threads to sleep, at a time.
const CALM: Duration = Duration::from_millis(3);

/// After this the fork is made even if they are busy: for another isolate, most likely, which does no harm.
const CALM_AT_LAST_NS: u64 = 500_000_000;

/// A snapshot on its way.
pub struct Job {
    /// Tells it from others of this process.
    pub id: u32,
    pub(super) order: Order,
    pub(super) started_ns: u64,
    pub(super) stage: Mutex<Stage>,
    pub(super) changed: Condvar,
    pub(super) is_aborted: AtomicBool,
    /// Bytes written so far.
    pub(super) progress_bytes: AtomicU64,
    /// The longest stop of JavaScript so far.
    pub(super) pause_ns: AtomicU64,
    /// To be removed if the copy, or this process, dies.
    pub(super) leftover: Mutex<Option<PathBuf>>,
    pub(super) killer: Mutex<Option<Killer>>,
}

pub(super) enum Stage {
    /// The capture thread is at work.
    Preparing,
    /// JavaScript's thread is waited for.
    Ready { since_ns: u64, way: Way, sink: Option<Box<dyn Sink>>, memory_bytes: Option<u64> },
    /// The copy works; the capture thread takes it from here.
    Forked(Box<Forked>),
    /// The capture thread watches it.
    Watched,
    /// The system refused the fork.
    Refused(Failure),
    /// Taken in this process.
    Taken(Result<Taken, Failure>),
    /// All is over.
    Over(Result<Done, Failure>),
}

pub(super) enum Way {
    Fork(Box<Plan>),
    Inline,
}

pub(super) struct Taken {
    pub result: Vec<u8>,
    pub bytes: u64,
}

/// What whoever drives a job is to do.
#[derive(Debug)]
pub enum Step {
    /// Come again soon.
    Wait,
    /// JavaScript's thread is wanted: come again as soon as possible.
    Wanted,
    /// It is over.
    Over(Result<Done, Failure>),
}

impl Job {
    pub(super) fn new(id: u32, order: Order) -> Self {
        Self {
            id,
            order,
            started_ns: Clock::process().now_ns(),
            stage: Mutex::new(Stage::Preparing),
            changed: Condvar::new(),
            is_aborted: AtomicBool::new(false),
            progress_bytes: AtomicU64::new(0),
            pause_ns: AtomicU64::new(0),
            leftover: Mutex::new(None),
            killer: Mutex::new(None),
        }
    }

    /// Nobody wants it any more: the copy is killed, what it wrote is removed.
    pub fn abort(&self) {
        self.is_aborted.store(true, Ordering::Release);
        // Under the lock, so that who is about to wait either sees the flag or is woken.
        let _stage = self.stage.lock();
        self.changed.notify_all();
    }

    /// What came of it, once it is over.
    #[must_use]
    pub fn outcome(&self) -> Option<Result<Done, Failure>> {
        match &*self.stage.lock() {
            Stage::Over(outcome) => Some(outcome.clone()),
            _ => None,
        }
    }

    /// Bytes written so far.
    #[must_use]
    pub fn progress_bytes(&self) -> u64 {
        self.progress_bytes.load(Ordering::Relaxed)
    }

    /// JavaScript's thread, inside JavaScript or a call from it, passes by. Forks, or takes the snapshot, if it is time to.
    /// `prelude` runs in the copy alone.
    pub fn step(&self, isolate: Isolate, prelude: &mut dyn FnMut()) -> Step {
        let mut stage = self.stage.lock();
        if let Stage::Over(outcome) = &*stage {
            return Step::Over(outcome.clone());
        }
        let Stage::Ready { since_ns, way, sink, memory_bytes } = &mut *stage else { return Step::Wait };
        let clock = Clock::process();
        let begun_ns = clock.now_ns();
        let next = match way {
            Way::Inline => sink.take().map(|sink| {
                *stage = Stage::Watched;
                // Others look at the stage meanwhile: this can take minutes.
                Stage::Taken(MutexGuard::unlocked(&mut stage, || {
                    prelude();
                    self.take(isolate, sink)
                }))
            }),
            Way::Fork(plan) => {
                let terms = Terms {
                    calm: CALM,
                    is_forced: begun_ns.saturating_sub(*since_ns) > CALM_AT_LAST_NS,
                    dies_with_maker: true,
                    memory_bytes: *memory_bytes,
                    yields: !self.order.is_awaited,
                    seconds: alarm_seconds(self.order.timeout),
                };
                match fork_with(plan, &terms, sink, isolate, prelude) {
                    Ok(forked) => Some(Stage::Forked(Box::new(forked))),
                    Err(Refusal::NotCalm) => None,
                    Err(Refusal::System(what, error)) => Some(Stage::Refused(Failure::new(
                        Kind::Unsupported,
                        "refused",
                        format!("The system refused {what}: {error}."),
                    ))),
                }
            }
        };
        self.pause_ns.fetch_max(clock.now_ns().saturating_sub(begun_ns), Ordering::Relaxed);
        let Some(next) = next else { return Step::Wanted };
        *stage = next;
        drop(stage);
        self.changed.notify_all();
        Step::Wait
    }

    /// In this process, standing still.
    fn take(&self, isolate: Isolate, sink: Box<dyn Sink>) -> Result<Taken, Failure> {
        take_into(isolate, sink, &mut |bytes| self.progress_bytes.store(bytes, Ordering::Relaxed))
    }

    /// Waits until the stage is one that `wanted` takes; `None` when nobody wants it any more, or JavaScript's thread does not come by.
    pub(super) fn wait_for(&self, wanted: impl Fn(&Stage) -> bool, patience: Duration) -> Option<Stage> {
        let deadline = Instant::now() + patience;
        let mut stage = self.stage.lock();
        loop {
            if wanted(&stage) {
                return Some(std::mem::replace(&mut *stage, Stage::Watched));
            }
            // A snapshot that is being taken here cannot be broken off.
            let is_waiting = matches!(*stage, Stage::Ready { .. });
            if is_waiting && (self.is_aborted.load(Ordering::Acquire) || Instant::now() >= deadline) {
                // From now on a step finds nothing to do.
                *stage = Stage::Preparing;
                return None;
            }
            self.changed.wait_until(&mut stage, deadline.max(Instant::now() + Duration::from_millis(100)));
        }
    }
}

/// Makes a copy that takes the snapshot. In the copy this does not return; `sink` is gone from here when there is one.
fn fork_with(
    plan: &Plan,
    terms: &Terms,
    sink: &mut Option<Box<dyn Sink>>,
    isolate: Isolate,
    prelude: &mut dyn FnMut(),
) -> Result<Forked, Refusal> {
    let kept = sink.as_ref().map(|sink| sink.descriptors()).unwrap_or_default();
    let forked = fork::fork(plan, terms, &kept, |reporter| {
        if let Some(sink) = sink.take() {
            let _ = work(isolate, sink, prelude, reporter);
        }
    })?;
    // The copy has its own.
    *sink = None;
    Ok(forked)
}

/// What the copy does; whether all went well.
pub(super) fn work(
    isolate: Isolate,
    sink: Box<dyn Sink>,
    prelude: &mut dyn FnMut(),
    reporter: &mut Reporter,
) -> bool {
    let taken = match near_limit::lift_limit(isolate) {
        Ok(()) => {
            prelude();
            take_into(isolate, sink, &mut |bytes| reporter.progress(bytes))
        }
        Err(missing) => Err(Failure::new(Kind::Unsupported, "symbol", missing.to_string())),
    };
    match &taken {
        Ok(taken) => reporter.result(&taken.result),
        Err(failure) => reporter.fail(&failure.reason, &failure.text),
    }
    taken.is_ok()
}

fn take_into(
    isolate: Isolate,
    mut sink: Box<dyn Sink>,
    progress: &mut dyn FnMut(u64),
) -> Result<Taken, Failure> {
    let mut bytes = 0_u64;
    profiler::stream_snapshot(isolate, |chunk| {
        bytes = bytes.saturating_add(chunk.len() as u64);
        let flow = sink.chunk(chunk);
        if flow == ControlFlow::Continue(()) {
            progress(bytes);
        }
        flow
    })
    .map_err(|missing| Failure::new(Kind::Unsupported, "symbol", missing.to_string()))?;
    Ok(Taken { result: sink.finish()?, bytes })
}

/// A while after the watcher's own limit: for a copy that nobody watches any more.
pub(super) fn alarm_seconds(timeout: Duration) -> u32 {
    u32::try_from(timeout.as_secs().saturating_add(30)).unwrap_or(u32::MAX)
}
