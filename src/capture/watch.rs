//! Watching a forked copy until it has ended, well or not. On the capture thread, never on the event loop.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::failure::{Failure, Kind};
use super::headroom::Room;
use super::job::Job;
use crate::os::fork::{Activity, End, Forked, Message};
use crate::os::memory::MemorySource;

/// Between two looks at the copy, the clock and free memory: a copy takes up to a gigabyte a second.
const LOOK: Duration = Duration::from_millis(20);

/// A copy that waits, without a tick of CPU time for so long, waits for a thread that does not exist. It has one thread, and nothing to
/// wait for but disks, which is another state.
const HANG: Duration = Duration::from_secs(2);

/// What is read of the copy's last words, and how many characters of it a failure quotes.
const LAST_WORDS_BYTES: usize = 16 << 10;
const QUOTED: usize = 600;

/// The same numbers on every Linux.
const SIGILL: i32 = 4;
const SIGTRAP: i32 = 5;
const SIGABRT: i32 = 6;
const SIGKILL: i32 = 9;
const SIGALRM: i32 = 14;

/// Waits for the copy's result. When this returns, the copy has ended and is reaped.
pub(super) fn watch(job: &Job, forked: Forked, source: &MemorySource) -> Result<Vec<u8>, Failure> {
    let Forked { mut child, mut receiver, stderr, restore } = forked;
    restore.now();
    *job.killer.lock() = Some(child.killer());
    let deadline = Instant::now() + job.order.timeout;
    let mut stillness = Stillness::default();
    let mut told = None;
    let verdict = loop {
        for message in receiver.receive(LOOK) {
            match message {
                Message::Progress(bytes) => {
                    job.progress_bytes.store(bytes, Ordering::Relaxed);
                    stillness = Stillness::default();
                }
                Message::Result(bytes) => told = Some(Ok(bytes)),
                Message::Failure { reason, text } => told = Some(Err(Failure::failed(reason, text))),
            }
        }
        if receiver.is_closed() || told.is_some() || child.has_ended().is_some() {
            break None;
        }
        if job.is_aborted.load(Ordering::Acquire) {
            break Some(aborted());
        }
        if Instant::now() >= deadline {
            break Some(Failure::failed(
                "timeout",
                format!(
                    "The forked process was not done after {} s and was killed. Raise timeoutMs for a heap as large as this.",
                    job.order.timeout.as_secs_f64()
                ),
            ));
        }
        if child.activity().is_some_and(|activity| stillness.has_lasted(activity)) {
            break Some(Failure::failed(
                "hang",
                "The forked process waited for a thread that it does not have and was killed. This happens when V8 was in the middle of \
                 a parallel job at the fork: take the snapshot again.",
            ));
        }
        if let Some(room) =
            Room::now(source).filter(|room| job.order.headroom_bytes != Some(0) && room.is_short())
        {
            break Some(Failure::new(
                Kind::NoHeadroom,
                "memory",
                format!(
                    "Memory got short ({} MB left) while the snapshot was made, and the forked process was killed. Give it more memory, or \
                     take the snapshot earlier.",
                    room.bytes >> 20
                ),
            ));
        }
    };
    if let Some(failure) = verdict {
        child.kill();
        let _ = child.wait(Duration::from_secs(10));
        *job.killer.lock() = None;
        return Err(failure);
    }
    // It has told its result and ends, or it ended without one: what it told last may still be on its way.
    let end = child.wait(Duration::from_secs(10));
    while told.is_none() && !receiver.is_closed() {
        for message in receiver.receive(Duration::from_secs(1)) {
            match message {
                Message::Result(bytes) => told = Some(Ok(bytes)),
                Message::Failure { reason, text } => told = Some(Err(Failure::failed(reason, text))),
                Message::Progress(_) => {}
            }
        }
        if end.is_none() {
            break;
        }
    }
    child.kill();
    *job.killer.lock() = None;
    told.unwrap_or_else(|| Err(died(end.unwrap_or(End::Unknown), stderr.map(File::from))))
}

pub(super) fn aborted() -> Failure {
    Failure::failed("aborted", "The snapshot was given up.")
}

/// For how long nothing has moved.
#[derive(Default)]
pub(super) struct Stillness {
    since: Option<(Instant, u64)>,
}

impl Stillness {
    pub(super) fn has_lasted(&mut self, activity: Activity) -> bool {
        match self.since {
            Some((since, ticks)) if activity.is_idle && activity.cpu_ticks == ticks => {
                since.elapsed() >= HANG
            }
            _ => {
                self.since = Some((Instant::now(), activity.cpu_ticks));
                false
            }
        }
    }
}

fn died(end: End, stderr: Option<File>) -> Failure {
    let said = stderr.and_then(last_words).unwrap_or_default();
    let words = match said.char_indices().nth(QUOTED) {
        _ if said.is_empty() => String::new(),
        Some((end, _)) => format!(" It said: {}…", &said[..end]),
        None => format!(" It said: {said}"),
    };
    match end {
        End::Signalled(SIGKILL) => Failure::failed(
            "killed",
            "The forked process was killed (SIGKILL), most likely by the kernel for want of memory: it is made to be the first to go. Give it \
             more memory, or take the snapshot earlier.",
        ),
        End::Signalled(SIGALRM) => Failure::failed("timeout", "The forked process outlived its time."),
        End::Signalled(SIGABRT | SIGTRAP | SIGILL) if is_short_of_memory(&said) => Failure::new(
            Kind::NoHeadroom,
            "memory",
            format!(
                "The forked process found no more memory. Give it more, or take the snapshot earlier.{words}"
            ),
        ),
        End::Signalled(signal) => {
            Failure::failed("crash", format!("The forked process crashed by signal {signal}.{words}"))
        }
        End::Exited(code) => Failure::failed(
            "crash",
            format!("The forked process ended with code {code} before it was done.{words}"),
        ),
        End::Unknown => {
            Failure::failed("crash", format!("The forked process ended before it was done.{words}"))
        }
    }
}

/// By what V8 (`Out of memory: HashMap::Initialize`, `JavaScript heap out of memory`) and the C++ library (`std::bad_alloc`) say.
/// glibc's `memory corruption` is another thing.
fn is_short_of_memory(said: &str) -> bool {
    ["out of memory", "Out of memory", "bad_alloc", "Cannot allocate memory"]
        .iter()
        .any(|words| said.contains(words))
}

/// What it wrote to stderr, on one line.
fn last_words(mut stderr: File) -> Option<String> {
    stderr.seek(SeekFrom::Start(0)).ok()?;
    let mut bytes = Vec::new();
    stderr.take(LAST_WORDS_BYTES as u64).read_to_end(&mut bytes).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    let line = text.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
    (!line.is_empty()).then_some(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn died_saying(signal: i32, words: &str) -> Failure {
        let path = std::env::temp_dir().join(format!(
            "heapwatch-words-{}-{signal}-{}",
            std::process::id(),
            words.len()
        ));
        std::fs::write(&path, words).expect("a place for it");
        let file = File::open(&path).expect("just written");
        std::fs::remove_file(&path).expect("just written");
        died(End::Signalled(signal), Some(file))
    }

    #[test]
    fn a_copy_that_found_no_memory_is_no_crash() {
        for (signal, words) in [
            (SIGTRAP, "#\n# Fatal error in , line 0\n# Out of memory: HashMap::Initialize\n"),
            (SIGABRT, "terminate called after throwing an instance of 'std::bad_alloc'\n"),
            (SIGILL, "Allocation failed - JavaScript heap out of memory"),
        ] {
            let failure = died_saying(signal, words);
            assert_eq!((failure.kind, failure.reason.as_str()), (Kind::NoHeadroom, "memory"), "{failure}");
            assert!(!failure.is_accident(), "the same again would need as much");
        }
        let long = format!("{}JavaScript heap out of memory", "Mark-Compact 1.9 (2.1) MB ".repeat(40));
        let failure = died_saying(SIGABRT, &long);
        assert!(failure.kind == Kind::NoHeadroom && failure.text.len() < 800, "{failure}");
        assert_eq!(died_saying(SIGABRT, "malloc(): memory corruption").reason, "crash");
        let failure = died_saying(SIGTRAP, "Check failed: impossible.");
        assert_eq!((failure.kind, failure.reason.as_str()), (Kind::Failed, "crash"));
        assert!(failure.is_accident() && failure.text.ends_with("It said: Check failed: impossible."));
    }
}
