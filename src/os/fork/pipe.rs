//! What the copy tells its maker: frames of a tag, a length and that many bytes.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::time::Duration;

use super::terms::Message;

/// Frames longer than this are no frames of ours.
const MAX_FRAME_BYTES: usize = 1 << 30;

mod tag {
    pub const PROGRESS: u8 = 1;
    pub const RESULT: u8 = 2;
    pub const FAILURE: u8 = 3;
}

/// The copy's end. What cannot be told (the maker is gone) is no error: the work goes on.
#[derive(Debug)]
pub struct Reporter {
    pipe: File,
}

/// The maker's end.
#[derive(Debug)]
pub struct Receiver {
    pipe: File,
    buffer: Vec<u8>,
    is_closed: bool,
}

/// Both ends; neither is inherited by what the application executes.
pub(super) fn open() -> io::Result<(Receiver, Reporter)> {
    let mut ends = [0; 2];
    // SAFETY: two descriptors on our stack.
    if unsafe { libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC) } != 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: both are new and owned by nobody else.
    let [reads, writes] = ends.map(|fd| File::from(unsafe { OwnedFd::from_raw_fd(fd) }));
    Ok((Receiver { pipe: reads, buffer: Vec::new(), is_closed: false }, Reporter { pipe: writes }))
}

impl Reporter {
    /// So many bytes are written.
    pub fn progress(&mut self, bytes: u64) {
        self.send(tag::PROGRESS, &bytes.to_le_bytes());
    }

    /// All is done.
    pub fn result(&mut self, bytes: &[u8]) {
        self.send(tag::RESULT, bytes);
    }

    /// It could not be done.
    pub fn fail(&mut self, reason: &str, text: &str) {
        self.send(tag::FAILURE, format!("{reason}\0{text}").as_bytes());
    }

    fn send(&mut self, tag: u8, bytes: &[u8]) {
        let Ok(length) = u32::try_from(bytes.len()) else { return };
        let mut frame = Vec::with_capacity(bytes.len() + 5);
        frame.push(tag);
        frame.extend(length.to_le_bytes());
        frame.extend(bytes);
        let _ = self.pipe.write_all(&frame);
    }

    pub(super) fn as_raw_fd(&self) -> RawFd {
        self.pipe.as_raw_fd()
    }
}

impl Receiver {
    /// Waits for something to be told, at most for `patience`.
    pub fn receive(&mut self, patience: Duration) -> Vec<Message> {
        if !self.is_closed && self.is_readable(patience) {
            let mut chunk = [0; 1 << 14];
            match self.pipe.read(&mut chunk) {
                Ok(0) => self.is_closed = true,
                Ok(count) => self.buffer.extend_from_slice(&chunk[..count]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => self.is_closed = true,
            }
        }
        let mut messages = Vec::new();
        while let Some((message, length)) = parse(&self.buffer) {
            messages.extend(message);
            self.buffer.drain(..length);
        }
        messages
    }

    /// Nothing more will come: the copy has ended.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.is_closed
    }

    fn is_readable(&self, patience: Duration) -> bool {
        let mut descriptor = libc::pollfd { fd: self.pipe.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        let ms = libc::c_int::try_from(patience.as_millis()).unwrap_or(libc::c_int::MAX);
        // SAFETY: one descriptor, on our stack, for the length of the call.
        let ready = unsafe { libc::poll(&raw mut descriptor, 1, ms) };
        ready == 1
    }
}

/// The first frame with its length; a frame that is none of ours is passed over.
fn parse(buffer: &[u8]) -> Option<(Option<Message>, usize)> {
    let (&tag, rest) = buffer.split_first()?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let length = u32::from_le_bytes(*length) as usize;
    if length > MAX_FRAME_BYTES {
        return Some((None, buffer.len()));
    }
    let payload = rest.get(..length)?;
    let message = match tag {
        tag::PROGRESS => payload.try_into().ok().map(|bytes| Message::Progress(u64::from_le_bytes(bytes))),
        tag::RESULT => Some(Message::Result(payload.to_vec())),
        tag::FAILURE => {
            let text = String::from_utf8_lossy(payload);
            let (reason, text) = text.split_once('\0').unwrap_or(("failed", &text));
            Some(Message::Failure { reason: reason.into(), text: text.into() })
        }
        _ => None,
    };
    Some((message, 5 + length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_arrives_in_order_and_then_the_end() {
        let (mut receiver, mut reporter) = open().expect("a pipe");
        reporter.progress(7);
        reporter.result(b"{}");
        reporter.fail("disk", "no room");
        drop(reporter);
        let mut messages = Vec::new();
        while !receiver.is_closed() {
            messages.extend(receiver.receive(Duration::from_secs(1)));
        }
        let failure = Message::Failure { reason: "disk".into(), text: "no room".into() };
        assert_eq!(messages, [Message::Progress(7), Message::Result(b"{}".to_vec()), failure]);
    }

    #[test]
    fn half_a_frame_waits_for_its_other_half() {
        assert_eq!(parse(&[1, 8, 0, 0, 0, 1, 2]), None);
        assert_eq!(parse(&[]), None);
        assert_eq!(parse(&[9, 1, 0, 0, 0, 5]), Some((None, 6)));
    }

    #[test]
    fn nobody_listening_is_no_error() {
        let (receiver, mut reporter) = open().expect("a pipe");
        drop(receiver);
        reporter.progress(1);
    }
}
