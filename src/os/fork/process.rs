//! The copy as a process: watched, killed, reaped.

use std::fs;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::time::{Duration, Instant};

use super::calm::state_in;
use super::terms::{Activity, End};

/// A forked copy of this process. Dropped, it has ended and is reaped.
#[derive(Debug)]
pub struct Child {
    id: libc::pid_t,
    /// Names this very process, whoever has its number later; none before Linux 5.3.
    handle: Option<OwnedFd>,
    end: Option<End>,
}

pub(super) fn own_id() -> libc::pid_t {
    // SAFETY: reads a number.
    unsafe { libc::getpid() }
}

impl Child {
    pub(super) fn new(id: libc::pid_t) -> Self {
        // SAFETY: a new descriptor, closed on exec by the call itself, owned by nobody else.
        let handle = unsafe {
            let fd = libc::syscall(libc::SYS_pidfd_open, id, 0);
            libc::c_int::try_from(fd).ok().filter(|fd| *fd >= 0).map(|fd| OwnedFd::from_raw_fd(fd))
        };
        Self { id, handle, end: None }
    }

    /// Its process id.
    #[must_use]
    pub fn id(&self) -> i32 {
        self.id
    }

    /// Another handle to kill it by.
    #[must_use]
    pub fn killer(&self) -> Killer {
        Killer { id: self.id, handle: self.handle.as_ref().and_then(|handle| handle.try_clone().ok()) }
    }

    /// Ends it, if it has not ended.
    pub fn kill(&mut self) {
        // Reaped, its number may be another's.
        if self.has_ended().is_none() {
            send_kill(self.id, self.handle.as_ref());
        }
    }

    /// How it ended, if it has; reaps it then.
    pub fn has_ended(&mut self) -> Option<End> {
        if self.end.is_none() {
            let mut status = 0;
            // SAFETY: one number on our stack. The id is that of our own child, which nobody but we should reap.
            let result = unsafe { libc::waitpid(self.id, &raw mut status, libc::WNOHANG) };
            self.end = match result {
                0 => None,
                -1 if io::Error::last_os_error().kind() == io::ErrorKind::Interrupted => None,
                -1 => Some(End::Unknown),
                _ if libc::WIFEXITED(status) => Some(End::Exited(libc::WEXITSTATUS(status))),
                _ => Some(End::Signalled(libc::WTERMSIG(status))),
            };
        }
        self.end
    }

    /// Waits for its end, at most for `patience`.
    pub fn wait(&mut self, patience: Duration) -> Option<End> {
        let deadline = Instant::now() + patience;
        loop {
            if let Some(end) = self.has_ended() {
                return Some(end);
            }
            if Instant::now() >= deadline {
                return None;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// What it does, where /proc tells.
    #[must_use]
    pub fn activity(&self) -> Option<Activity> {
        activity_in(&fs::read_to_string(format!("/proc/{}/stat", self.id)).ok()?)
    }
}

impl Child {
    /// Lets it live and end by itself; this process will not reap it.
    pub fn release(self) {
        std::mem::forget(self);
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.kill();
        // A process in the middle of a write to a dead disk ends when the kernel lets it.
        let _ = self.wait(Duration::from_secs(10));
    }
}

/// Kills a copy from another thread than the one that watches it.
#[derive(Debug)]
pub struct Killer {
    id: libc::pid_t,
    handle: Option<OwnedFd>,
}

impl Killer {
    /// Ends it. The caller knows that it was not reaped, or the system has handles.
    pub fn kill(&self) {
        send_kill(self.id, self.handle.as_ref());
    }
}

fn send_kill(id: libc::pid_t, handle: Option<&OwnedFd>) {
    // SAFETY: a signal to our own child, by its handle or by its number.
    unsafe {
        match handle {
            Some(handle) => {
                let info = std::ptr::null::<libc::siginfo_t>();
                libc::syscall(libc::SYS_pidfd_send_signal, handle.as_raw_fd(), libc::SIGKILL, info, 0);
            }
            None => {
                libc::kill(id, libc::SIGKILL);
            }
        }
    }
}

/// From a line of `/proc/<pid>/stat`: the state is field 3, user and system time are 14 and 15 (`proc_pid_stat(5)`).
fn activity_in(stat: &str) -> Option<Activity> {
    let state = state_in(stat)?;
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace().skip(11);
    let (user, system): (u64, u64) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    Some(Activity { cpu_ticks: user + system, is_idle: matches!(state, 'S' | 'T' | 't') })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_time_and_state_are_read_off_the_line() {
        let line = "7 (a) b) S 1 7 7 0 -1 4194304 1 0 0 0 30 12 0 0 20 0 1 0 5 6 7";
        assert_eq!(activity_in(line), Some(Activity { cpu_ticks: 42, is_idle: true }));
        assert_eq!(activity_in("7 (a) R 1"), None);
    }
}
