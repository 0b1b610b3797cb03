//! The heap of a process that is about to die of it.
//!
//! At V8's limit the process forks and goes on to its death at once; the copy writes the heap. The limit is left as it is, so V8's message,
//! its exit code and its report are what they would be without. Where memory is too short for a snapshot, the copy counts the objects by class. Where the death of this process takes the copy along (it is the first
//! of its PID namespace, or systemd's own), it waits for the copy, for so long as it was told to.

use std::env;
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::class_counts;
use super::failure::Failure;
use super::file::FileSink;
use super::folder::Folder;
use super::headroom::Room;
use super::job::{alarm_seconds, work};
use super::refused::{self, Numbers};
use super::sink::Sink;
use super::watch::Stillness;
use crate::os::fork::{self, End, Forked, Message, Plan, Refusal, Terms};
use crate::os::memory::MemorySource;
use crate::os::stderr::write_line;
use crate::v8::{Isolate, layout, profiler};

/// V8's threads have just worked for this heap; a few milliseconds are nothing to a process that dies.
const CALM: Duration = Duration::from_millis(100);

/// For how long the copy may work when nobody watches it.
const TIME: Duration = Duration::from_mins(15);

/// For how long classes may be counted; a million objects take a second.
const COUNT_SECONDS: u32 = 120;

/// The same where somebody waits for the copy: the snapshot has most of that time.
fn count_seconds(patience: Duration) -> u32 {
    let third = u32::try_from(patience.as_secs() / 3).unwrap_or(u32::MAX).max(1);
    if patience.is_zero() { COUNT_SECONDS } else { third.min(COUNT_SECONDS) }
}

/// The same number on every system that forks.
const SIGKILL: i32 = 9;

/// Names the files, so that the next start knows them.
pub const TAG: &str = "oom-";

/// What to do at the limit.
#[derive(Clone, Debug)]
pub struct OomOrder {
    /// Where the snapshot goes.
    pub folder: Folder,
    /// Node's id of the thread.
    pub thread_id: u32,
    /// For how long the copy is waited for; `None`: for a minute where that is needed, else not at all.
    pub wait: Option<Duration>,
    /// Memory that must be free; `None`: as for other snapshots.
    pub headroom_bytes: Option<u64>,
}

static ORDER: Mutex<Option<OomOrder>> = Mutex::new(None);
/// A heap dies once.
static IS_DONE: AtomicBool = AtomicBool::new(false);

/// Says what to do at the limit; `None`: nothing.
pub fn set(order: Option<OomOrder>) {
    *ORDER.lock() = order;
}

/// V8 asks, inside a GC. Errors are told on stderr: nobody else is left to tell.
pub fn at_limit(isolate: Isolate) {
    let Some(order) = ORDER.try_lock().and_then(|order| order.clone()) else { return };
    if IS_DONE.swap(true, Ordering::AcqRel) {
        return;
    }
    let begun = Instant::now();
    let patience = order.wait.unwrap_or_else(default_wait);
    let heap_used_bytes = layout::extent().map_or(0, |extent| isolate.heap_statistics(extent).used_bytes);
    let wanted_bytes = order.headroom_bytes.unwrap_or_else(|| class_counts::wanted_bytes(heap_used_bytes));
    let numbers = Numbers { heap_used_bytes, wanted_bytes, room: Room::now(&MemorySource::find()) };
    match leave(isolate, &order, patience, numbers) {
        Ok(left) => {
            write_line(&format!(
                "heapwatch: the heap limit is near. A forked process ({}) writes the heap to {}; stopped for {:.1} ms.",
                left.forked.child.id(),
                left.snapshot.display(),
                begun.elapsed().as_secs_f64() * 1e3
            ));
            left.wait(patience, &order, numbers);
        }
        Err(failure) => {
            write_line(&format!(
                "heapwatch: the heap limit is near, and no snapshot could be taken ({}, {}): {failure}",
                failure.kind.code(),
                failure.reason
            ));
            record(&order, &failure, numbers);
        }
    }
}

/// For the next start. Where it cannot be, stderr has said why.
fn record(order: &OomOrder, failure: &Failure, numbers: Numbers) {
    drop(refused::leave(&order.folder, TAG, order.thread_id, failure, numbers));
}

/// A copy at work, on its own from now on.
struct Left {
    forked: Forked,
    snapshot: PathBuf,
    leftover: Option<PathBuf>,
}

/// The copy counts the classes first, for this needs little; then it writes the snapshot, which stands for both. Nothing is lost where there turns
/// out to be too little memory for it, so what is demanded is room for counting.
fn leave(isolate: Isolate, order: &OomOrder, patience: Duration, numbers: Numbers) -> Result<Left, Failure> {
    let Numbers { heap_used_bytes, wanted_bytes, room } = numbers;
    if let Some(room) = room {
        room.demand(wanted_bytes, heap_used_bytes)?;
    }
    let unsupported = |text: String| Failure::new(super::failure::Kind::Unsupported, "fork", text);
    let address = profiler::address_in_v8().map_err(|missing| unsupported(missing.to_string()))?;
    // No marks are put back: this process forks no more.
    let plan = Plan::prepare_once(address).map_err(unsupported)?;
    order.folder.prepare()?;
    let snapshot = order.folder.new_path(TAG, order.thread_id);
    let counts = class_counts::path_of(&snapshot);
    let sink = FileSink::create(&snapshot, order.folder.max_bytes)?;
    let leftover = sink.leftover();
    let kept = sink.descriptors();
    let mut sink: Option<Box<dyn Sink>> = Some(Box::new(sink));
    let terms = Terms {
        calm: CALM,
        is_forced: true,
        dies_with_maker: false,
        memory_bytes: room.filter(|_| order.headroom_bytes != Some(0)).map(|room| room.usable_bytes()),
        yields: patience.is_zero(),
        seconds: alarm_seconds(TIME),
    };
    let made = fork::fork(&plan, &terms, &kept, |reporter| {
        let Some(sink) = sink.take() else { return };
        // Aside, for counting leaves handles behind, which the snapshot would show as roots. Without the counts there may still be a snapshot.
        let mut count = || {
            fork::aside(count_seconds(patience), || {
                drop(class_counts::write(isolate, &counts, heap_used_bytes));
            });
            // Now: whoever dies of want of memory does not get to it later.
            order.folder.keep_within_quota(&counts);
        };
        if work(isolate, sink, &mut count, reporter) {
            let _ = fs::remove_file(&counts);
            order.folder.keep_within_quota(&snapshot);
        }
    });
    made.map(|forked| Left { forked, snapshot, leftover: leftover.clone() }).map_err(|refusal| {
        if let Some(leftover) = &leftover {
            let _ = fs::remove_file(leftover);
        }
        match refusal {
            Refusal::NotCalm => unsupported("V8's threads do not rest.".into()),
            Refusal::System(what, error) => unsupported(format!("The system refused {what}: {error}.")),
        }
    })
}

impl Left {
    fn wait(self, patience: Duration, order: &OomOrder, numbers: Numbers) {
        if patience.is_zero() {
            return self.forked.child.release();
        }
        let Forked { mut child, mut receiver, .. } = self.forked;
        let deadline = Instant::now() + patience;
        let counted_by = Instant::now() + Duration::from_secs(count_seconds(patience).into());
        let counts = class_counts::path_of(&self.snapshot);
        let mut stillness = Stillness::default();
        let mut has_counted = false;
        while Instant::now() < deadline && child.has_ended().is_none() {
            // Until then it waits for its own copy, as still as if it hung.
            has_counted |= counts.exists() || Instant::now() > counted_by;
            if has_counted && child.activity().is_some_and(|activity| stillness.has_lasted(activity)) {
                child.kill();
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let (reason, why) = match child.has_ended() {
            Some(End::Exited(0)) if self.snapshot.exists() => return child.release(),
            Some(End::Exited(_)) => receiver
                .receive(Duration::ZERO)
                .into_iter()
                .find_map(|message| match message {
                    Message::Failure { reason, text } => {
                        let text = format!("there is no snapshot ({reason}): {text}");
                        Some((reason, text))
                    }
                    _ => None,
                })
                .unwrap_or_else(|| {
                    let text = "there is no snapshot, and the forked process did not say why";
                    ("crash".into(), text.into())
                }),
            Some(end) => (
                if matches!(end, End::Signalled(SIGKILL)) { "killed" } else { "crash" }.into(),
                format!(
                    "the forked process ended before the snapshot was complete ({end:?}), most likely for want of memory"
                ),
            ),
            None if takes_others_along() => {
                child.kill();
                let text =
                    format!("the snapshot was not complete after {} s (oom.waitMs)", patience.as_secs());
                ("timeout".into(), text)
            }
            None => return child.release(),
        };
        if let Some(leftover) = &self.leftover {
            let _ = fs::remove_file(leftover);
        }
        let counted = class_counts::read(&counts)
            .map(|classes| format!(" The heap holds {classes}, and others: {}", counts.display()));
        write_line(&format!(
            "heapwatch: {}.{}",
            why.trim_end_matches('.'),
            counted.as_deref().unwrap_or_default()
        ));
        if counted.is_none() {
            record(order, &Failure::failed(reason, why), numbers);
        }
        child.release();
    }
}

/// A minute where the end of this process is the end of the copy, nothing elsewhere.
fn default_wait() -> Duration {
    if takes_others_along() { Duration::from_mins(1) } else { Duration::ZERO }
}

/// The first process of a PID namespace, or the only child of an init that ends with it; systemd's main process, after which it
/// kills the rest (`KillMode=control-group`).
fn takes_others_along() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let field = |name: &str| {
        status.lines().find_map(|line| line.strip_prefix(name)).map(|value| value.trim().to_owned())
    };
    let own = std::process::id().to_string();
    let is_first = own == "1"
        || field("NSpid:").is_some_and(|ids| ids.split_ascii_whitespace().next_back() == Some("1"));
    let is_of_small_init = field("PPid:").as_deref() == Some("1")
        && fs::read_to_string("/proc/1/comm")
            .is_ok_and(|name| ["tini", "dumb-init", "docker-init", "catatonit"].contains(&name.trim()));
    is_first || is_of_small_init || env::var("SYSTEMD_EXEC_PID").is_ok_and(|id| id == own)
}
