//! What JavaScript calls for snapshots.

use std::cell::{Cell, RefCell};
use std::fs::File;
use std::mem::ManuallyDrop;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use napi::bindgen_prelude::*;
use napi_derive::napi;

use super::{MAX_BYTES, gone, integer, reader_id, span_ns, whole_u32};
use crate::capture::file::FileSink;
use crate::capture::folder::Folder;
use crate::capture::oom::{self, OomOrder};
use crate::capture::order::{Mode, Order};
use crate::capture::sink::Sink;
use crate::capture::{self, Job, Step};
use crate::export::snapshot as json;
use crate::v8::near_limit::NearLimit;
use crate::v8::{Isolate, layout};
use crate::watch;

/// A snapshot to be taken of the calling thread's isolate. A path of its own, or a folder with a quota.
#[napi(object)]
pub struct SnapshotOrder {
    /// `inline`: in this process; else by fork.
    pub inline: bool,
    /// Where the fork is refused, in this process.
    pub allow_inline: bool,
    /// The file; else one in `folder`.
    pub path: Option<String>,
    /// The folder.
    pub folder: Option<String>,
    /// The folder must be this user's alone.
    pub folder_owner: Option<f64>,
    /// Snapshots that stay in the folder.
    pub max_files: f64,
    /// Bytes that they take together, and the most that one may.
    pub max_bytes: Option<f64>,
    /// `worker_threads.threadId`.
    pub thread_id: f64,
    /// For one try.
    pub timeout_ms: f64,
    /// Since the last one.
    pub cooldown_ms: f64,
    /// Free memory that must be there; 0: not looked at.
    pub headroom_bytes: Option<f64>,
    /// The application does nothing else until it is there, so the copy need not come last.
    pub is_awaited: Option<bool>,
}

/// Why snapshots cannot be taken by fork here, or null.
#[napi(catch_unwind)]
pub fn fork_refusal() -> Option<String> {
    capture::check_fork().err()
}

thread_local! {
    /// The snapshots that this thread has begun and not heard the end of.
    static HELD: RefCell<Vec<Arc<Job>>> = const { RefCell::new(Vec::new()) };
    /// The environment will call [`give_up`].
    static IS_ENDED_BY_ENVIRONMENT: Cell<bool> = const { Cell::new(false) };
}

fn held(id: u32) -> Option<Arc<Job>> {
    HELD.with_borrow(|jobs| jobs.iter().find(|job| job.id == id).cloned())
}

fn release(id: u32) {
    HELD.with_borrow_mut(|jobs| jobs.retain(|job| job.id != id));
}

/// The environment ends: nobody hears of its snapshots any more.
fn give_up() {
    IS_ENDED_BY_ENVIRONMENT.set(false);
    for job in HELD.take() {
        job.abort();
    }
}

/// Begins a snapshot: `{ id }`, or `{ failure }`.
#[napi(catch_unwind)]
pub fn snapshot_begin(env: Env, order: SnapshotOrder) -> Result<String> {
    let order = read(&order)?;
    begin(env, order)
}

/// For whatever is to be made of the snapshot.
pub(super) fn begin(env: Env, order: Order) -> Result<String> {
    if !IS_ENDED_BY_ENVIRONMENT.replace(true) {
        env.add_env_cleanup_hook((), |()| give_up())?;
    }
    let begun = capture::begin(order);
    if let Ok(job) = &begun {
        HELD.with_borrow_mut(|jobs| jobs.push(Arc::clone(job)));
    }
    Ok(json::begun(begun.as_ref().map(|job| job.id)))
}

/// Drives a snapshot: forks when it is time to. Empty while it is on its way, then `{ done }` or `{ failure }`.
/// `prelude` runs in the forked copy alone, before V8 reads the heap.
#[napi(catch_unwind)]
pub fn snapshot_step(id: f64, prelude: Option<Function<'_, (), ()>>) -> Result<String> {
    let Some(job) = held(whole_u32("id", id)?) else {
        return Err(Error::new(Status::InvalidArg, format!("snapshot {id} is not on its way (any more)")));
    };
    let isolate = own_isolate()?;
    let mut run_prelude = || {
        if let Some(prelude) = &prelude {
            // It only saves time: without it the snapshot is the same.
            let _ = prelude.call(());
        }
    };
    Ok(match job.step(isolate, &mut run_prelude) {
        Step::Wait => String::new(),
        Step::Wanted => json::WANTED.to_owned(),
        Step::Over(outcome) => {
            release(job.id);
            json::over(&outcome)
        }
    })
}

/// Nobody wants it any more.
#[napi(catch_unwind)]
pub fn snapshot_abort(id: f64) -> Result<()> {
    if let Some(job) = held(whole_u32("id", id)?) {
        job.abort();
    }
    Ok(())
}

/// Bytes written so far by the snapshot that is on its way.
#[napi(catch_unwind)]
pub fn snapshot_progress(id: f64) -> Result<f64> {
    #[expect(clippy::cast_precision_loss, reason = "a file's size")]
    let bytes = held(whole_u32("id", id)?).map_or(0.0, |job| job.progress_bytes() as f64);
    Ok(bytes)
}

/// Where automatic snapshots go.
#[napi(object)]
pub struct SnapshotTarget {
    /// The folder.
    pub folder: String,
    /// The folder must be this user's alone.
    pub folder_owner: Option<f64>,
    /// Snapshots that stay in the folder.
    pub max_files: f64,
    /// Bytes that they take together.
    pub max_bytes: Option<f64>,
    /// `worker_threads.threadId`.
    pub thread_id: f64,
}

impl SnapshotTarget {
    fn read(&self) -> Result<(Folder, u32)> {
        let folder = Folder {
            path: PathBuf::from(&self.folder),
            must_belong_to: self.folder_owner.map(|user| whole_u32("folderOwner", user)).transpose()?,
            max_files: integer("maxFiles", self.max_files, MAX_BYTES)?,
            max_bytes: self.max_bytes.map(|bytes| integer("maxBytes", bytes, MAX_BYTES)).transpose()?,
        };
        Ok((folder, whole_u32("threadId", self.thread_id)?))
    }
}

/// Where the snapshots go that rules ask for.
#[napi(catch_unwind)]
pub fn set_snapshot_target(reader: f64, target: SnapshotTarget) -> Result<()> {
    let id = reader_id(reader)?;
    let (folder, thread_id) = target.read()?;
    watch::automatic(id).ok_or_else(|| gone(id))?.set_target(folder, thread_id);
    Ok(())
}

/// The snapshots that rules have taken since this was last asked, as an array; empty where there is none.
#[napi(catch_unwind)]
pub fn take_snapshots(reader: f64) -> Result<String> {
    let id = reader_id(reader)?;
    let done = watch::automatic(id).ok_or_else(|| gone(id))?.take_done();
    Ok(if done.is_empty() { String::new() } else { json::all(&done) })
}

thread_local! {
    /// Registered on the main thread, dropped there while the isolate lives.
    static NEAR_LIMIT: RefCell<ManuallyDrop<Option<NearLimit>>> = const { RefCell::new(ManuallyDrop::new(None)) };
}

/// From now on the heap is written when its limit is near. Again: to another place. `false`: somebody else's callback is there already, and stays the
/// one that is called.
#[napi(catch_unwind)]
pub fn oom_arm(
    env: Env,
    target: SnapshotTarget,
    wait_ms: Option<f64>,
    headroom_bytes: Option<f64>,
) -> Result<bool> {
    let (folder, thread_id) = target.read()?;
    let wait = wait_ms.map(|ms| span_ns("oom.waitMs", ms)).transpose()?.map(Duration::from_nanos);
    let headroom_bytes = headroom_bytes.map(|bytes| integer("oom.headroom", bytes, MAX_BYTES)).transpose()?;
    // What cannot be made now is told at the limit; what died in the middle is swept.
    let _ = folder.prepare();
    oom::set(Some(OomOrder { folder, thread_id, wait, headroom_bytes }));
    let isolate = own_isolate()?;
    NEAR_LIMIT.with_borrow_mut(|registered| {
        if registered.is_none() {
            let registration = NearLimit::register(isolate, oom::at_limit)
                .map_err(|missing| Error::new(Status::GenericFailure, missing.to_string()))?;
            if registration.has_predecessor() {
                oom::set(None);
                return Ok(false);
            }
            **registered = Some(registration);
            env.add_env_cleanup_hook((), |()| oom_disarm())?;
        }
        Ok(true)
    })
}

/// No more.
#[napi(catch_unwind)]
pub fn oom_disarm() {
    oom::set(None);
    NEAR_LIMIT.with_borrow_mut(|registered| drop(registered.take()));
}

/// A process is at work on this incomplete file: it holds the lock that it took when it made it.
#[napi(catch_unwind)]
pub fn is_being_written(path: String) -> bool {
    File::open(path).is_ok_and(|file| file.try_lock().is_err())
}

fn own_isolate() -> Result<Isolate> {
    Isolate::current()
        .map_err(|missing| Error::new(Status::GenericFailure, missing.to_string()))?
        .ok_or_else(|| Error::new(Status::GenericFailure, "no V8 isolate is entered on this thread"))
}

/// What memory must be there for.
pub(super) fn heap_used_bytes() -> u64 {
    layout::extent()
        .zip(Isolate::current().ok().flatten())
        .map_or(0, |(extent, isolate)| isolate.heap_statistics(extent).used_bytes)
}

fn read(order: &SnapshotOrder) -> Result<Order> {
    let thread_id = whole_u32("threadId", order.thread_id)?;
    let max_bytes = order.max_bytes.map(|bytes| integer("maxBytes", bytes, MAX_BYTES)).transpose()?;
    let folder = match &order.folder {
        Some(path) => Some(Folder {
            path: PathBuf::from(path),
            must_belong_to: order.folder_owner.map(|user| whole_u32("folderOwner", user)).transpose()?,
            max_files: integer("maxFiles", order.max_files, MAX_BYTES)?,
            max_bytes,
        }),
        None => None,
    };
    let path = match (&order.path, &folder) {
        (Some(path), _) => PathBuf::from(path),
        (None, Some(folder)) => folder.new_path("", thread_id),
        (None, None) => return Err(Error::new(Status::InvalidArg, "neither path nor folder")),
    };
    let (prepared, kept, newest) = (folder.clone(), folder, path.clone());
    Ok(Order {
        mode: if order.inline { Mode::Inline } else { Mode::Fork },
        allow_inline: order.allow_inline,
        make_sink: Box::new(move || {
            FileSink::create(&path, max_bytes).map(|sink| Box::new(sink) as Box<dyn Sink>)
        }),
        prepare: Box::new(move || prepared.as_ref().map_or(Ok(()), Folder::prepare)),
        complete: Box::new(move |_| {
            if let Some(folder) = &kept {
                folder.keep_within_quota(&newest);
            }
        }),
        timeout: Duration::from_nanos(span_ns("timeoutMs", order.timeout_ms)?),
        headroom_bytes: order
            .headroom_bytes
            .map(|bytes| integer("headroom", bytes, MAX_BYTES))
            .transpose()?,
        heap_used_bytes: heap_used_bytes(),
        cooldown: Duration::from_nanos(span_ns("cooldownMs", order.cooldown_ms)?),
        is_awaited: order.is_awaited.unwrap_or(false),
        leaves_file: true,
    })
}
