//! Work that leaves no trace in a copy: done by a copy of the copy.

use super::hygiene::die_with;
use super::process::own_id;

/// Does `work` in a process of its own and waits for it, at most for so many seconds. What it allocates and changes, and that it crashes, stays there. In a copy
/// alone: it has one thread, so plain fork(2) is enough. Where there is no fork to be had, nothing is done.
pub fn aside(seconds: u32, work: impl FnOnce()) {
    let maker = own_id();
    // SAFETY: a copy has one thread, and its locks are open. The new process ends in `_exit`, and the kernel ends it with this one or after its
    // time; what is waited for is the process that was just made.
    unsafe {
        match libc::fork() {
            -1 => {}
            0 => {
                die_with(maker);
                libc::alarm(seconds);
                let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
                libc::_exit(0);
            }
            id => while libc::waitpid(id, std::ptr::null_mut(), 0) == -1 && interrupted() {},
        }
    }
}

fn interrupted() -> bool {
    std::io::Error::last_os_error().kind() == std::io::ErrorKind::Interrupted
}
