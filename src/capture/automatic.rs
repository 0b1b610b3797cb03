//! A snapshot that a rule asks for: begun by the aggregator's thread, brought to JavaScript's by interrupts, so that a loop which
//! hangs can be captured too.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use super::failure::Failure;
use super::file::FileSink;
use super::folder::Folder;
use super::order::{Done, Mode, Order};
use super::sink::Sink;
use super::{Job, begin};
use crate::os::stderr::write_line;
use crate::v8::Isolate;

/// For how long the copy may work, and JavaScript may let it wait.
const TIME: Duration = Duration::from_mins(10);

/// Names the files.
const TAG: &str = "rule-";

/// Results kept until somebody asks; the newest files count, and are on the disk anyway.
const RESULTS: usize = 16;

/// One isolate's automatic snapshots, shared by its own thread and the aggregator's.
#[derive(Default)]
pub struct Automatic {
    target: Mutex<Option<(Folder, u32)>>,
    job: Mutex<Option<Arc<Job>>>,
    done: Mutex<Vec<Done>>,
}

impl Automatic {
    /// Where they go, with Node's id of the thread.
    pub fn set_target(&self, folder: Folder, thread_id: u32) {
        *self.target.lock() = Some((folder, thread_id));
    }

    /// A rule asks for one. What cannot be is told on stderr: JavaScript may be deaf.
    pub fn ask(&self, heap_used_bytes: u64) {
        let Some((folder, thread_id)) = self.target.lock().clone() else { return };
        match begin(order(folder, thread_id, heap_used_bytes)) {
            Ok(job) => *self.job.lock() = Some(job),
            Err(failure) => complain(&failure),
        }
    }

    /// True while JavaScript's thread is wanted. Called often; takes in what is over.
    pub fn is_wanted(&self) -> bool {
        let mut current = self.job.lock();
        let Some(job) = &*current else { return false };
        let Some(outcome) = job.outcome() else { return true };
        *current = None;
        match outcome {
            Ok(done) => {
                let mut results = self.done.lock();
                if results.len() == RESULTS {
                    results.remove(0);
                }
                results.push(done);
            }
            Err(failure) => complain(&failure),
        }
        false
    }

    /// JavaScript's thread comes by, in an interrupt.
    pub fn come_by(&self, isolate: Isolate) {
        // Not under the lock: in the copy this does not return.
        let job = self.job.lock().clone();
        if let Some(job) = job {
            job.step(isolate, &mut || {});
        }
    }

    /// What was taken since this was last asked.
    pub fn take_done(&self) -> Vec<Done> {
        std::mem::take(&mut *self.done.lock())
    }
}

impl Drop for Automatic {
    fn drop(&mut self) {
        if let Some(job) = self.job.get_mut() {
            job.abort();
        }
    }
}

fn complain(failure: &Failure) {
    write_line(&format!(
        "heapwatch: a rule's snapshot could not be taken ({}, {}): {failure}",
        failure.kind.code(),
        failure.reason
    ));
}

fn order(folder: Folder, thread_id: u32, heap_used_bytes: u64) -> Order {
    let path = folder.new_path(TAG, thread_id);
    let (prepared, max_bytes, newest) = (folder.clone(), folder.max_bytes, path.clone());
    Order {
        mode: Mode::Fork,
        allow_inline: false,
        make_sink: Box::new(move || {
            FileSink::create(&path, max_bytes).map(|sink| Box::new(sink) as Box<dyn Sink>)
        }),
        prepare: Box::new(move || prepared.prepare()),
        complete: Box::new(move |_| folder.keep_within_quota(&newest)),
        timeout: TIME,
        headroom_bytes: None,
        heap_used_bytes,
        cooldown: Duration::ZERO,
        is_awaited: false,
        leaves_file: true,
    }
}
