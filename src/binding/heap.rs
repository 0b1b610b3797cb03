//! Reading heap snapshots: work on another thread, text out, a state to ask for and a way to stop.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{Builder, ScopedJoinHandle};

use napi::bindgen_prelude::*;
use napi_derive::napi;

use crate::export::heap as export;
use crate::heap::{self, Phase, Progress, Snapshot};
use crate::os::priority::step_back;

/// What is to be done.
#[derive(Clone, Debug)]
enum Work {
    Analyze { file: String, limit: usize },
    Diff { files: Vec<String>, limit: usize, is_awaited: bool },
    Redact { file: String, out: String },
}

/// Phase, and how much of it is done in thousandths.
#[derive(Debug, Default)]
struct State(AtomicU64);

/// One analysis.
#[napi]
pub struct HeapJob {
    work: Work,
    progress: Arc<Progress>,
    state: Arc<State>,
}

/// The running of a job.
pub struct HeapTask {
    work: Work,
    progress: Arc<Progress>,
}

#[napi]
impl HeapJob {
    /// Sums up one snapshot; lists have at most `limit` entries.
    #[napi(factory, catch_unwind)]
    pub fn analyze(file: String, limit: u32) -> Self {
        Self::new(Work::Analyze { file, limit: limit as usize })
    }

    /// Compares snapshots in the order in which they were taken. `is_awaited`: the application does nothing else meanwhile, so it need not come first.
    #[napi(factory, catch_unwind)]
    pub fn diff(files: Vec<String>, limit: u32, is_awaited: Option<bool>) -> Self {
        Self::new(Work::Diff { files, limit: limit as usize, is_awaited: is_awaited.unwrap_or(false) })
    }

    /// Copies a snapshot without the contents of its strings.
    #[napi(factory, catch_unwind)]
    pub fn redact(file: String, out: String) -> Self {
        Self::new(Work::Redact { file, out })
    }

    /// Does it; the text has a `result` or an `error`.
    #[napi(catch_unwind)]
    pub fn run(&self) -> AsyncTask<HeapTask> {
        AsyncTask::new(HeapTask { work: self.work.clone(), progress: Arc::clone(&self.progress) })
    }

    /// Makes it end soon.
    #[napi(catch_unwind)]
    pub fn cancel(&self) {
        self.progress.cancel();
    }

    /// Phase (0 reading, 1 dominators, 2 classes) · 1000 + thousandths of it that are done.
    #[napi(catch_unwind)]
    pub fn state(&self) -> f64 {
        // A few thousand at the most.
        u32::try_from(self.state.0.load(Ordering::Relaxed)).map_or(f64::MAX, f64::from)
    }
}

impl HeapJob {
    fn new(work: Work) -> Self {
        let state = Arc::new(State::default());
        let told = Arc::clone(&state);
        let progress = Progress::new(move |phase, done, total| {
            let phase = match phase {
                Phase::Reading => 0,
                Phase::Dominators => 1,
                Phase::Classes => 2,
            };
            told.0.store(
                phase * 1000 + (done * 1000).checked_div(total).unwrap_or(0).min(999),
                Ordering::Relaxed,
            );
        });
        Self { work, progress: Arc::new(progress), state }
    }
}

impl Task for HeapTask {
    type Output = String;
    type JsValue = String;

    fn compute(&mut self) -> Result<String> {
        // A panic must not end the process that is being looked after.
        // On a thread of its own, behind the event loop: one of the pool's could never come back to the front.
        let done = std::thread::scope(|scope| {
            let work = || {
                if self.work.steps_back() {
                    step_back();
                }
                self.work.perform(&self.progress)
            };
            Builder::new().name("heapwatch-heap".into()).spawn_scoped(scope, work).map(ScopedJoinHandle::join)
        });
        let done = done.map_err(|error| {
            Error::new(
                Status::GenericFailure,
                format!("the system refused a thread for the analysis: {error}"),
            )
        })?;
        done.unwrap_or_else(|_| {
            Err(heap::Error::NotASnapshot {
                what: "the analysis failed in an unforeseen way".to_owned(),
                hint: "this is a bug of heapwatch: please report it with the file",
            })
        })
        .or_else(|error| Ok(export::error(&error)))
    }

    fn resolve(&mut self, _: Env, output: String) -> Result<String> {
        Ok(output)
    }
}

impl Work {
    /// The application goes on meanwhile, and comes first.
    const fn steps_back(&self) -> bool {
        !matches!(self, Self::Diff { is_awaited: true, .. })
    }

    fn perform(&self, progress: &Progress) -> heap::Result<String> {
        match self {
            Self::Analyze { file, limit } => {
                let snapshot = Snapshot::open(file, progress)?;
                Ok(export::summary(&heap::summarize(&snapshot, *limit, progress)?))
            }
            Self::Diff { files, limit, .. } => Ok(export::comparison(&heap::diff(files, progress)?, *limit)),
            Self::Redact { file, out } => {
                let bytes = heap::redact(file.as_ref(), out.as_ref(), progress)?;
                Ok(serde_json::json!({ "result": { "path": out, "bytes": bytes } }).to_string())
            }
        }
    }
}
