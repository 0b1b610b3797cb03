//! Taking a heap snapshot: choose the way, see that there is memory, fork a copy that writes it, or write it here.
//!
//! One at a time in a process. The work of deciding, watching and cleaning up is done on a thread of its own, which lives as long as
//! the snapshot is on its way; JavaScript's thread is needed for the fork alone ([`Job::step`]).

pub mod automatic;
pub mod class_counts;
pub mod failure;
pub mod file;
pub mod folder;
pub mod headroom;
mod job;
pub mod oom;
pub mod order;
pub mod refused;
pub mod sink;
mod watch;

use std::fs;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Once};
use std::thread::Builder;

use parking_lot::Mutex;

use crate::clock::Clock;
use crate::os::exit::on_process_exit;
use crate::os::fork::{self, Plan};
use crate::os::memory::MemorySource;
use crate::v8::profiler;
use failure::{Failure, Kind};
use headroom::{Room, wanted_bytes};
pub use job::{Job, Step};
use job::{Stage, Taken, Way};
use order::{Done, Mode, Order};

/// Its name in `ps -T`; at most 15 bytes.
const NAME: &str = "heapwatch-take";

/// Copies for one snapshot. One in a hundred hangs on a busy machine, so two in a row are one in ten thousand.
const TRIES: u32 = 2;

struct Desk {
    current: Option<Arc<Job>>,
    last_over_ns: Option<u64>,
}

static DESK: Mutex<Desk> = Mutex::new(Desk { current: None, last_over_ns: None });

/// Whether snapshots by fork can be tried here.
///
/// # Errors
/// Why not, in words.
pub fn check_fork() -> Result<(), String> {
    let address = profiler::address_in_v8().map_err(|missing| missing.to_string())?;
    fork::check(address)
}

/// Begins a snapshot. The caller drives it by [`Job::step`] on JavaScript's thread.
///
/// # Errors
/// `HEAPWATCH_BUSY`: another one is on its way, or too recent; `HEAPWATCH_SNAPSHOT_FAILED`: no thread to be had.
pub fn begin(order: Order) -> Result<Arc<Job>, Failure> {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    static AT_EXIT: Once = Once::new();
    let mut desk = DESK.lock();
    if desk.current.is_some() {
        return Err(Failure::new(
            Kind::Busy,
            "busy",
            "Another snapshot of this process is on its way. Wait until it is done: one at a time is what memory is checked for.",
        ));
    }
    let cooldown_ns = u64::try_from(order.cooldown.as_nanos()).unwrap_or(u64::MAX);
    let now_ns = Clock::process().now_ns();
    if let Some(left_ns) = desk
        .last_over_ns
        .and_then(|last_ns| cooldown_ns.checked_sub(now_ns.saturating_sub(last_ns)))
        .filter(|left_ns| *left_ns > 0)
    {
        return Err(Failure::new(
            Kind::Busy,
            "cooldown",
            format!(
                "The last snapshot was taken less than cooldownMs ({} ms) ago. The next can be taken in {} ms.",
                order.cooldown.as_millis(),
                left_ns.div_ceil(1_000_000)
            ),
        ));
    }
    let job = Arc::new(Job::new(NEXT.fetch_add(1, Ordering::Relaxed), order));
    let taken = Arc::clone(&job);
    Builder::new().name(NAME.into()).spawn(move || run(&taken)).map_err(|error| {
        Failure::failed("thread", format!("The system refused a thread to watch over the snapshot: {error}."))
    })?;
    AT_EXIT.call_once(|| on_process_exit(give_up));
    desk.current = Some(Arc::clone(&job));
    Ok(job)
}

/// The job of that id, while it is on its way.
#[must_use]
pub fn current() -> Option<Arc<Job>> {
    DESK.lock().current.clone()
}

/// The process exits: the copy ends with it, and what it wrote goes.
fn give_up() {
    let Some(job) = DESK.try_lock().and_then(|desk| desk.current.clone()) else { return };
    job.abort();
    if let Some(killer) = job.killer.try_lock().and_then(|mut killer| killer.take()) {
        killer.kill();
    }
    if let Some(path) = job.leftover.try_lock().and_then(|mut leftover| leftover.take()) {
        let _ = fs::remove_file(path);
    }
}

/// The capture thread.
fn run(job: &Arc<Job>) {
    let outcome = take(job);
    if outcome.is_err()
        && let Some(path) = job.leftover.lock().take()
    {
        let _ = fs::remove_file(path);
    }
    {
        let mut desk = DESK.lock();
        desk.current = None;
        if outcome.is_ok() && job.order.leaves_file {
            desk.last_over_ns = Some(Clock::process().now_ns());
        }
    }
    *job.stage.lock() = Stage::Over(outcome);
}

fn take(job: &Job) -> Result<Done, Failure> {
    (job.order.prepare)()?;
    let source = MemorySource::find();
    let mut mode = job.order.mode;
    let mut tries = 0;
    loop {
        tries += 1;
        let failure = match one_try(job, mode, &source, tries) {
            Ok(taken) => {
                (job.order.complete)(&taken.result);
                return Ok(Done {
                    mode,
                    result: taken.result,
                    bytes: taken.bytes,
                    pause_ns: job.pause_ns.load(Ordering::Relaxed),
                    total_ns: Clock::process().now_ns().saturating_sub(job.started_ns),
                    tries,
                });
            }
            Err(failure) => failure,
        };
        if let Some(path) = job.leftover.lock().take() {
            let _ = fs::remove_file(path);
        }
        if job.is_aborted.load(Ordering::Acquire) {
            return Err(watch::aborted());
        }
        if mode == Mode::Fork && failure.is_accident() && tries < TRIES {
            continue;
        }
        let is_the_fork_s_fault =
            mode == Mode::Fork && (failure.kind == Kind::Unsupported || failure.is_accident());
        if !is_the_fork_s_fault || !job.order.allow_inline {
            return Err(failure);
        }
        mode = Mode::Inline;
    }
}

fn one_try(job: &Job, mode: Mode, source: &MemorySource, tries: u32) -> Result<Taken, Failure> {
    let unsupported = |text: String| Failure::new(Kind::Unsupported, "fork", text);
    let room = Room::now(source);
    let wanted = job.order.headroom_bytes.unwrap_or_else(|| wanted_bytes(job.order.heap_used_bytes));
    if let Some(room) = room {
        room.demand(wanted, job.order.heap_used_bytes)?;
    }
    let way = match mode {
        Mode::Inline => Way::Inline,
        Mode::Fork => {
            let address = profiler::address_in_v8().map_err(|missing| unsupported(missing.to_string()))?;
            let plan = Plan::prepare(address).map_err(unsupported)?;
            Way::Fork(Box::new(if tries == 1 { plan } else { plan.without_packing() }))
        }
    };
    profiler::check().map_err(|missing| unsupported(missing.to_string()))?;
    let sink = (job.order.make_sink)()?;
    *job.leftover.lock() = sink.leftover();
    // No limit where the caller has taken responsibility.
    let memory_bytes = room.filter(|_| job.order.headroom_bytes != Some(0)).map(|room| room.usable_bytes());
    *job.stage.lock() =
        Stage::Ready { since_ns: Clock::process().now_ns(), way, sink: Some(sink), memory_bytes };
    let forked = job.wait_for(
        |stage| matches!(stage, Stage::Forked(_) | Stage::Refused(_) | Stage::Taken(_)),
        job.order.timeout,
    );
    match forked {
        Some(Stage::Forked(forked)) => {
            let result = watch::watch(job, *forked, source)?;
            Ok(Taken { result, bytes: job.progress_bytes() })
        }
        Some(Stage::Taken(taken)) => {
            crate::os::memory::return_free_memory();
            taken
        }
        Some(Stage::Refused(failure)) => Err(failure),
        _ if job.is_aborted.load(Ordering::Acquire) => Err(watch::aborted()),
        _ => Err(Failure::failed(
            "unreachable",
            format!(
                "JavaScript did not come by for {} s, not even for an interrupt.",
                job.order.timeout.as_secs_f64()
            ),
        )),
    }
}
