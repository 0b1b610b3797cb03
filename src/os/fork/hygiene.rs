//! What a copy of the process gives up before it works, so that nobody notices it.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};

/// Its name in `ps -T` and `top`; at most 15 bytes.
const NAME: &std::ffi::CStr = c"heapwatch-snap";

/// Added to the nice value, which ends at 19. The application comes first wherever both want the same CPU.
const NICE: libc::c_int = 10;

/// `IOPRIO_CLASS_BE` with the lowest of its eight levels (`ioprio_set(2)`).
const LOWEST_IO: libc::c_int = (2 << 13) | 7;

/// /dev/null, opened while errors can still be told.
pub(super) fn null() -> io::Result<OwnedFd> {
    Ok(OpenOptions::new().read(true).write(true).open("/dev/null")?.into())
}

/// A file in memory for the copy's stderr, where the system has such a thing.
pub(super) fn memory_file() -> Option<OwnedFd> {
    // SAFETY: a new descriptor, owned by nobody else.
    unsafe {
        let fd = libc::memfd_create(c"heapwatch-stderr".as_ptr(), libc::MFD_CLOEXEC);
        (fd >= 0).then(|| OwnedFd::from_raw_fd(fd))
    }
}

/// All signals wait while this lives: a handler of the application's must not run in the copy, where libuv's would
/// write to a pipe that it shares with the application.
pub(super) struct BlockedSignals {
    before: libc::sigset_t,
}

impl BlockedSignals {
    pub(super) fn new() -> Self {
        // SAFETY: plain data on our stack, which both calls fill.
        unsafe {
            let mut all = std::mem::zeroed();
            let mut before = std::mem::zeroed();
            libc::sigfillset(&raw mut all);
            libc::pthread_sigmask(libc::SIG_SETMASK, &raw const all, &raw mut before);
            Self { before }
        }
    }
}

impl Drop for BlockedSignals {
    fn drop(&mut self) {
        // SAFETY: the mask that was in force before.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &raw const self.before, std::ptr::null_mut()) };
    }
}

/// Every signal does what it does by default, and none is blocked; a closed pipe and a file that grows too large are errors.
pub(super) fn reset_signals() {
    // SAFETY: plain data on our stack; a signal that cannot be changed is an error that nobody needs.
    unsafe {
        for signal in 1..=64 {
            libc::signal(signal, libc::SIG_DFL);
        }
        libc::signal(libc::SIGPIPE, libc::SIG_IGN);
        libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
        let mut none = std::mem::zeroed();
        libc::sigemptyset(&raw mut none);
        libc::pthread_sigmask(libc::SIG_SETMASK, &raw const none, std::ptr::null_mut());
    }
}

/// Closes everything but `kept`; the standard streams lead nowhere, but for errors. So do event descriptors: V8's garbage collector wakes
/// the event loop through one, which it shares with the application, and libuv ends a process that cannot write to it.
pub(super) fn give_up_files(kept: &[RawFd], null: &OwnedFd, stderr: &OwnedFd) {
    // SAFETY: descriptors that the application owns are copies here, and nothing of the application's runs any more that would use them.
    unsafe {
        libc::dup2(null.as_raw_fd(), libc::STDIN_FILENO);
        libc::dup2(null.as_raw_fd(), libc::STDOUT_FILENO);
        libc::dup2(stderr.as_raw_fd(), libc::STDERR_FILENO);
    }
    let events: Vec<RawFd> = event_descriptors().filter(|fd| !kept.contains(fd)).collect();
    for &fd in &events {
        // SAFETY: as above.
        unsafe { libc::dup2(null.as_raw_fd(), fd) };
    }
    let mut stays = [kept, &events].concat();
    stays.sort_unstable();
    let mut first = libc::STDERR_FILENO + 1;
    for fd in stays.into_iter().filter(|fd| *fd > libc::STDERR_FILENO) {
        if fd > first {
            close_from_to(first, fd - 1);
        }
        first = fd + 1;
    }
    close_from_to(first, RawFd::MAX);
}

fn event_descriptors() -> impl Iterator<Item = RawFd> {
    std::fs::read_dir("/proc/self/fd").into_iter().flatten().filter_map(|entry| {
        let entry = entry.ok()?;
        let target = std::fs::read_link(entry.path()).ok()?;
        (target.as_os_str() == "anon_inode:[eventfd]").then(|| entry.file_name().to_str()?.parse().ok())?
    })
}

fn close_from_to(first: RawFd, last: RawFd) {
    // SAFETY: as in `give_up_files`.
    unsafe {
        if libc::syscall(libc::SYS_close_range, first, last, 0) == 0 {
            return;
        }
        // A kernel before 5.9, or a filter that does not know the call.
        let mut limit: libc::rlimit = std::mem::zeroed();
        libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit);
        let most = RawFd::try_from(limit.rlim_cur.min(1 << 20)).unwrap_or(1 << 20);
        for fd in first..=last.min(most) {
            libc::close(fd);
        }
    }
}

/// Out of the application's process group and session, named, the first to be killed when memory is short, and last in
/// line for CPU and disk; no core file, for it would hold the heap's secrets.
pub(super) fn become_unimportant(seconds: u32, yields: bool) {
    // Nothing of this is worth failing for.
    let _ = std::fs::write("/proc/self/oom_score_adj", "1000");
    // SAFETY: each call changes this process alone, with plain numbers and a text that lives for ever.
    unsafe {
        libc::setsid();
        libc::prctl(libc::PR_SET_NAME, NAME.as_ptr());
        if yields {
            let nice = libc::getpriority(libc::PRIO_PROCESS, 0);
            libc::setpriority(libc::PRIO_PROCESS, 0, nice.saturating_add(NICE));
            libc::syscall(libc::SYS_ioprio_set, 1, 0, LOWEST_IO);
        }
        let no_core = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
        libc::setrlimit(libc::RLIMIT_CORE, &raw const no_core);
        // Past this, SIGALRM: whoever else watches the copy may be gone by then.
        libc::alarm(seconds);
    }
}

/// The kernel kills this process when the thread that forked it ends. If that has happened already, ends now.
pub(super) fn die_with(maker: libc::pid_t) {
    // SAFETY: plain numbers; `_exit` runs nothing.
    unsafe {
        libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
        if libc::getppid() != maker {
            libc::_exit(1);
        }
    }
}

/// No more than `bytes` of new memory (`RLIMIT_DATA`): V8 then ends this process, and not the kernel the container.
pub(super) fn limit_memory(bytes: u64) {
    let pages: u64 = read_small("/proc/self/statm")
        .and_then(|text| text.split_ascii_whitespace().nth(5)?.parse().ok())
        .unwrap_or(u64::MAX);
    // SAFETY: reads a constant of the system.
    let page = u64::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).unwrap_or(4096);
    let Some(most) = pages.checked_mul(page).and_then(|used| used.checked_add(bytes)) else { return };
    // SAFETY: plain numbers; lowers a limit of this process.
    unsafe {
        let mut limit: libc::rlimit = std::mem::zeroed();
        if libc::getrlimit(libc::RLIMIT_DATA, &raw mut limit) == 0 && most < limit.rlim_cur {
            limit.rlim_cur = most;
            libc::setrlimit(libc::RLIMIT_DATA, &raw const limit);
        }
    }
}

fn read_small(path: &str) -> Option<String> {
    let mut text = String::new();
    io::Read::read_to_string(&mut File::open(path).ok()?, &mut text).ok()?;
    Some(text)
}
