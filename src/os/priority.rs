//! Work that can wait goes behind the event loop.
#![cfg_attr(target_os = "linux", allow(unsafe_code, reason = "setpriority(2); the block argues its case"))]

/// Added to the calling thread's nice value. Threads that it makes from now on have it, too; there is no way back without privileges, so only for
/// threads of our own.
#[cfg(target_os = "linux")]
pub fn step_back() {
    const NICE: libc::c_int = 10;
    // SAFETY: plain numbers; on Linux, 0 names the calling thread alone. Where it is refused, the work is done at the priority that there was.
    unsafe {
        let nice = libc::getpriority(libc::PRIO_PROCESS, 0);
        libc::setpriority(libc::PRIO_PROCESS, 0, nice.saturating_add(NICE));
    }
}

/// Elsewhere nothing is changed.
#[cfg(not(target_os = "linux"))]
pub fn step_back() {}
