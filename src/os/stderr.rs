//! A line on stderr that never blocks.
#![allow(unsafe_code, reason = "poll(2)")]

use std::io::{self, Write};

/// Writes one line, or drops it where nobody reads: a log shipper that hangs must not hang us.
///
/// On Unix a pipe is asked first whether it takes something (`poll`, `POLLOUT`: a page is free), and the line is cut to what such a
/// pipe takes at once. The descriptor is shared with the application, so it is not switched to non-blocking.
pub fn write_line(line: &str) {
    const AT_ONCE: usize = 4096;
    if !is_ready() {
        return;
    }
    let mut bytes = line.as_bytes().to_vec();
    bytes.truncate(AT_ONCE - 1);
    bytes.push(b'\n');
    // A closed stderr is nobody's to mend here.
    let _ = io::stderr().write(&bytes);
}

#[cfg(unix)]
fn is_ready() -> bool {
    let mut descriptor = libc::pollfd { fd: libc::STDERR_FILENO, events: libc::POLLOUT, revents: 0 };
    // SAFETY: one descriptor, on our stack, for the length of the call.
    let ready = unsafe { libc::poll(&raw mut descriptor, 1, 0) };
    ready == 1 && descriptor.revents & libc::POLLOUT != 0
}

#[cfg(not(unix))]
fn is_ready() -> bool {
    true
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_test_s_stderr_takes_a_line() {
        assert!(is_ready());
        write_line("a line from the test of stderr");
    }
}
