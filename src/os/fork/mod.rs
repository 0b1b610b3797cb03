//! A copy of the process that works on by itself while the process goes on: fork(2), made safe for a process full of threads.
//!
//! Of all threads only the caller's lives in the copy. What stands in the way, and what solves it:
//!
//! | in the way | solved by |
//! |---|---|
//! | V8 keeps its heap out of copies (`MADV_DONTFORK`) | [`mappings`]: allowed for the moment of the fork |
//! | locks that other threads held, conditions whose waiters are gone | [`locks`]: in the copy they are free, and wake nobody |
//! | V8 takes a kilobyte for each name that it makes up: most of a snapshot's memory | [`names`]: in the copy they take what they are long |
//! | a worker thread of V8 was in the middle of a job for this heap, and never finishes it | [`calm`]: fork when they sleep |
//! | sockets, files, terminals, signal handlers that the copy inherits | [`hygiene`]: given up at once |
//! | a copy that hangs, crashes or outlives its use | [`process`]: watched, killed, reaped |
//!
//! The copy tells what it did through a [`pipe`], and ends by `_exit`: no exit handler runs, no inherited buffer is flushed.
#![allow(unsafe_code, reason = "fork(2) and what surrounds it; each block argues its case")]

mod aside;
mod calm;
mod hygiene;
mod locks;
mod mappings;
mod names;
mod pipe;
mod process;
mod slots;
mod terms;

use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::time::Instant;

pub use aside::aside;
pub use mappings::Restore;
pub use pipe::{Receiver, Reporter};
pub use process::{Child, Killer};
pub use terms::{Activity, End, Message, Refusal, Terms};

/// What a fork needs to know beforehand. Made on any thread, for it reads a large file of /proc: tens of milliseconds at 1 GB.
pub struct Plan {
    locks: locks::Locks,
    names: Option<names::Names>,
    kept_out: mappings::KeptOut,
}

/// The copy, as its maker sees it.
pub struct Forked {
    /// To watch, kill and reap it.
    pub child: Child,
    /// What it tells.
    pub receiver: Receiver,
    /// What the copy wrote on its stderr: V8's last words.
    pub stderr: Option<OwnedFd>,
    /// To be called soon, on any thread: child processes start slowly until then.
    pub restore: Restore,
}

impl Plan {
    /// For a process that will fork no more: the heap is not kept out of forks again, and nothing large is read.
    ///
    /// # Errors
    /// As [`Plan::prepare`].
    pub fn prepare_once(address_in_v8: usize) -> Result<Self, String> {
        let locks = locks::Locks::find(address_in_v8)?;
        Ok(Self { locks, names: names::Names::find(address_in_v8), kept_out: mappings::KeptOut::default() })
    }

    /// `address_in_v8` says in which of the loaded objects V8 is.
    ///
    /// # Errors
    /// Why this system cannot fork so, in words.
    pub fn prepare(address_in_v8: usize) -> Result<Self, String> {
        let locks = locks::Locks::find(address_in_v8)?;
        let kept_out = mappings::KeptOut::read().map_err(|error| {
            format!("/proc/self/smaps cannot be read ({error}): it tells which memory V8 keeps out of forks")
        })?;
        Ok(Self { locks, names: names::Names::find(address_in_v8), kept_out })
    }

    /// With nothing that is done for less memory alone: after a copy that has crashed.
    #[must_use]
    pub fn without_packing(self) -> Self {
        Self { names: None, ..self }
    }
}

/// Whether a fork can be tried here. Cheap, and no proof: the system may still refuse.
///
/// # Errors
/// Why not, in words.
pub fn check(address_in_v8: usize) -> Result<(), String> {
    locks::Locks::find(address_in_v8)?;
    for file in ["/proc/self/smaps", "/proc/self/maps", "/proc/self/task"] {
        std::fs::metadata(file).map_err(|error| {
            format!("{file} cannot be read ({error}). Mount /proc to have snapshots by fork")
        })?;
    }
    Ok(())
}

/// Makes the copy and runs `work` in it, which keeps of all inherited files those in `kept` only. The caller stands still until
/// this returns.
///
/// # Errors
/// See [`Refusal`]; nothing has changed then.
pub fn fork(
    plan: &Plan,
    terms: &Terms,
    kept: &[RawFd],
    work: impl FnOnce(&mut Reporter),
) -> Result<Forked, Refusal> {
    let refused = |what| move |error| Refusal::System(what, error);
    let (receiver, mut reporter) = pipe::open().map_err(refused("a pipe to the forked process"))?;
    let null = hygiene::null().map_err(refused("/dev/null"))?;
    let stderr = hygiene::memory_file();
    let mut kept: Vec<RawFd> = kept.to_vec();
    kept.extend([reporter.as_raw_fd(), null.as_raw_fd()]);
    kept.extend(stderr.as_ref().map(AsRawFd::as_raw_fd));

    if !calm::wait(Instant::now() + terms.calm) && !terms.is_forced {
        return Err(Refusal::NotCalm);
    }
    let restore = plan.kept_out.let_in().map_err(refused("madvise(MADV_DOFORK)"))?;
    let maker = process::own_id();
    let blocked = hygiene::BlockedSignals::new();
    // SAFETY: fork(2) through the C library, which makes malloc usable in the copy. What the copy then does is in `be_the_copy`.
    let id = unsafe { libc::fork() };
    match id {
        -1 => {
            let error = io::Error::last_os_error();
            drop(blocked);
            restore.now();
            Err(Refusal::System("fork(2)", error))
        }
        0 => be_the_copy(plan, terms, &kept, &null, stderr.as_ref(), maker, &mut reporter, work),
        id => {
            drop(blocked);
            drop(reporter);
            Ok(Forked { child: Child::new(id), receiver, stderr, restore })
        }
    }
}

#[expect(clippy::too_many_arguments, reason = "the one step of a new life")]
fn be_the_copy(
    plan: &Plan,
    terms: &Terms,
    kept: &[RawFd],
    null: &OwnedFd,
    stderr: Option<&OwnedFd>,
    maker: libc::pid_t,
    reporter: &mut Reporter,
    work: impl FnOnce(&mut Reporter),
) -> ! {
    // First what others wait for: ports, connections, pipes to log collectors.
    hygiene::give_up_files(kept, null, stderr.unwrap_or(null));
    hygiene::reset_signals();
    hygiene::become_unimportant(terms.seconds, terms.yields);
    if terms.dies_with_maker {
        hygiene::die_with(maker);
    }
    if let Some(bytes) = terms.memory_bytes {
        hygiene::limit_memory(bytes);
    }
    let code = match plan.locks.open_all() {
        Ok(()) => {
            // Where this is refused V8 takes more memory, and that is all.
            let _ = plan.names.as_ref().map(names::Names::pack);
            let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| work(reporter)));
            i32::from(done.is_err())
        }
        Err(error) => {
            reporter.fail("fork", &format!("the forked process could not be prepared: {error}"));
            1
        }
    };
    // SAFETY: ends the process without running anything of the application's.
    unsafe { libc::_exit(code) }
}
