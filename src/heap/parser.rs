//! Text in pieces → [`Graph`]: the outer structure of the JSON, and who reads which part of it.
//!
//! The text is never kept: arrays of numbers go through `scan` into the `builder`'s columns, strings into one arena,
//! only the header (`"snapshot"`, a few kilobytes) is collected for `serde_json`. What is not known is skipped.

use super::builder::{Builder, Section};
use super::error::{Error, Result};
use super::graph::Graph;
use super::meta::Meta;
use super::scan::{Batch, Scanner, Stop};
use super::strings::{StringScanner, Strings};
use super::trace::{TraceScanner, Traces};

/// The header has a few kilobytes; what is longer is none.
const MAX_HEADER: usize = 1 << 20;
/// Longest name of a part that is remembered.
const MAX_KEY: usize = 64;

/// Reads a heap snapshot whose bytes come in pieces of any size.
///
/// ```no_run
/// use heapwatch::heap::{Parser, Progress, Snapshot};
/// let mut parser = Parser::new();
/// # let chunks: Vec<Vec<u8>> = Vec::new();
/// for chunk in chunks {
///     parser.push(&chunk)?;
/// }
/// let snapshot = Snapshot::analyze(parser.finish()?, &Progress::none())?;
/// # Ok::<(), heapwatch::heap::Error>(())
/// ```
pub struct Parser {
    state: State,
    /// Bytes taken so far.
    offset: u64,
    key: Vec<u8>,
    header: Vec<u8>,
    header_offset: u64,
    builder: Option<Builder>,
    scanner: Scanner,
    batch: Batch,
    strings: Strings,
    string_scanner: StringScanner,
    strings_done: bool,
    traces: Traces,
    trace_scanner: TraceScanner,
    /// An error is final: it is not told twice with a different text.
    failed: bool,
}

#[derive(Debug)]
enum State {
    Start,
    /// Before a key or the end.
    Key,
    InKey,
    Colon,
    Value,
    Header(Nesting),
    Numbers(Section),
    Strings,
    TraceTree,
    Skip(Nesting),
    End,
}

/// How deep in an unread value we are, and whether in a string.
#[derive(Debug, Default)]
struct Nesting {
    depth: u64,
    in_string: bool,
    escaped: bool,
}

impl Nesting {
    /// Takes bytes up to the end of the value: how many, and whether the value has ended.
    fn skip(&mut self, text: &[u8]) -> (usize, bool) {
        for (at, &byte) in text.iter().enumerate() {
            if self.in_string {
                match byte {
                    _ if self.escaped => self.escaped = false,
                    b'\\' => self.escaped = true,
                    b'"' => self.in_string = false,
                    _ => {}
                }
                continue;
            }
            match byte {
                b'"' => self.in_string = true,
                b'[' | b'{' => self.depth += 1,
                // The end of the object that a plain value stands in: not ours.
                b']' | b'}' | b',' if self.depth == 0 => return (at, true),
                b']' | b'}' => {
                    self.depth -= 1;
                    if self.depth == 0 {
                        return (at + 1, true);
                    }
                }
                _ => {}
            }
        }
        (text.len(), false)
    }
}

impl Default for Parser {
    fn default() -> Self {
        Self::new()
    }
}

impl Parser {
    /// Before the first byte.
    #[must_use]
    pub fn new() -> Self {
        Self {
            state: State::Start,
            offset: 0,
            key: Vec::new(),
            header: Vec::new(),
            header_offset: 0,
            builder: None,
            scanner: Scanner::default(),
            batch: Batch::default(),
            strings: Strings::default(),
            string_scanner: StringScanner::default(),
            strings_done: false,
            traces: Traces::default(),
            trace_scanner: TraceScanner::default(),
            failed: false,
        }
    }

    /// Bytes taken so far.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Takes the next bytes of the file.
    ///
    /// # Errors
    /// [`Error::NotASnapshot`] and [`Error::CorruptSnapshot`] as soon as the bytes show it, [`Error::TooLarge`].
    pub fn push(&mut self, mut text: &[u8]) -> Result<()> {
        if self.failed {
            return Err(Error::damaged(self.offset, "more bytes after an error"));
        }
        while !text.is_empty() {
            match self.step(text) {
                Ok(used) => {
                    self.offset += used as u64;
                    text = &text[used..];
                }
                Err(error) => {
                    self.failed = true;
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    /// The graph, once all bytes have been pushed.
    ///
    /// # Errors
    /// [`Error::NotASnapshot`] where something else has been read, [`Error::CorruptSnapshot`] where its end is missing.
    pub fn finish(self) -> Result<Graph> {
        let offset = self.offset;
        match self.state {
            State::Start => {
                return Err(Error::NotASnapshot {
                    what: "the file is empty".to_owned(),
                    hint: "the process that wrote it was most likely killed meanwhile: a snapshot needs about twice \
                           the heap's size of memory while it is taken",
                });
            }
            State::End => {}
            _ => return Err(Error::cut(offset, "the end of the file where more was to come")),
        }
        let Some(builder) = self.builder else { return Err(no_snapshot()) };
        if !self.strings_done {
            return Err(Error::cut(offset, "no \"strings\""));
        }
        builder.finish(self.strings, self.traces, offset)
    }

    /// Works on the start of `text`: how many bytes are done.
    fn step(&mut self, text: &[u8]) -> Result<usize> {
        match &mut self.state {
            State::Start => self.start(text),
            State::Key | State::Colon | State::Value | State::End => self.structure(text),
            State::InKey => Ok(self.in_key(text)),
            State::Header(nesting) => {
                let (used, done) = nesting.skip(text);
                self.header.extend_from_slice(&text[..used.min(MAX_HEADER + 1)]);
                if self.header.len() > MAX_HEADER {
                    return Err(Error::damaged(self.header_offset, "a header of more than a megabyte"));
                }
                if done {
                    let meta = Meta::read(&self.header, self.header_offset)?;
                    self.header = Vec::new();
                    self.builder = Some(Builder::new(meta));
                    self.state = State::Key;
                }
                Ok(used)
            }
            State::Skip(nesting) => {
                let (used, done) = nesting.skip(text);
                if done {
                    self.state = State::Key;
                }
                Ok(used)
            }
            State::Numbers(section) => {
                let section = *section;
                self.numbers(section, text)
            }
            State::Strings => {
                let (used, done) = self.string_scanner.scan(text, self.offset, &mut self.strings)?;
                if done {
                    self.strings_done = true;
                    self.state = State::Key;
                }
                Ok(used)
            }
            State::TraceTree => {
                let (used, done) = self.trace_scanner.scan(text, self.offset, &mut self.traces.nodes)?;
                if done {
                    self.state = State::Key;
                }
                Ok(used)
            }
        }
    }

    fn start(&mut self, text: &[u8]) -> Result<usize> {
        match text[0] {
            byte if byte.is_ascii_whitespace() => {}
            // A byte order mark.
            0xef | 0xbb | 0xbf if self.offset < 3 => {}
            b'{' => self.state = State::Key,
            0x1f => {
                return Err(Error::NotASnapshot {
                    what: "it looks compressed (gzip)".to_owned(),
                    hint: "decompress it first: gunzip <file>",
                });
            }
            byte => {
                return Err(Error::NotASnapshot {
                    what: format!("it starts with {:?} where JSON starts with '{{'", char::from(byte)),
                    hint: "write one with v8.writeHeapSnapshot(), heapwatch.snapshot() or Chrome's Memory panel",
                });
            }
        }
        Ok(1)
    }

    fn structure(&mut self, text: &[u8]) -> Result<usize> {
        let byte = text[0];
        if byte.is_ascii_whitespace() {
            return Ok(1);
        }
        let offset = self.offset;
        let unexpected = |expected: &str| {
            Err(Error::damaged(offset, format!("{:?} where {expected} is expected", char::from(byte))))
        };
        match (&self.state, byte) {
            (State::Key, b'"') => {
                self.key.clear();
                self.state = State::InKey;
            }
            (State::Key, b',') => {}
            (State::Key, b'}') => self.state = State::End,
            (State::Key, _) => return unexpected("the name of a part"),
            (State::Colon, b':') => self.state = State::Value,
            (State::Colon, _) => return unexpected("':'"),
            (State::Value, _) => return self.value(byte),
            _ => return unexpected("the end of the file"),
        }
        Ok(1)
    }

    fn in_key(&mut self, text: &[u8]) -> usize {
        let end = memchr::memchr(b'"', text);
        let part = &text[..end.unwrap_or(text.len())];
        // What is longer matches no part, cut or not.
        self.key.extend_from_slice(&part[..part.len().min((MAX_KEY + 1).saturating_sub(self.key.len()))]);
        if end.is_some() {
            self.state = State::Colon;
        }
        part.len() + usize::from(end.is_some())
    }

    /// The first byte of a part's value decides who reads it.
    fn value(&mut self, byte: u8) -> Result<usize> {
        let section = match self.key.as_slice() {
            b"snapshot" if byte == b'{' && self.builder.is_none() => {
                self.header_offset = self.offset;
                self.state = State::Header(Nesting::default());
                return Ok(0);
            }
            b"snapshot" => {
                return Err(Error::damaged(self.offset, "a \"snapshot\" that is no header, or a second one"));
            }
            b"nodes" => Section::Nodes,
            b"edges" => Section::Edges,
            b"locations" => Section::Locations,
            b"samples" => Section::Samples,
            b"trace_function_infos" => Section::TraceFunctions,
            b"trace_tree" if byte == b'[' => {
                self.state = State::TraceTree;
                return Ok(1);
            }
            b"strings" if byte == b'[' && !self.strings_done => {
                self.state = State::Strings;
                return Ok(1);
            }
            b"strings" => {
                return Err(Error::damaged(self.offset, "\"strings\" that are no array, or a second one"));
            }
            _ => {
                self.state = State::Skip(Nesting::default());
                return Ok(0);
            }
        };
        if self.builder.is_none() {
            return Err(no_snapshot());
        }
        if byte != b'[' {
            let what = format!("{:?} where the numbers of a part start with '['", char::from(byte));
            return Err(Error::damaged(self.offset, what));
        }
        self.batch.clear();
        self.batch.offset = self.offset + 1;
        self.scanner.is_signed = matches!(section, Section::Locations);
        self.state = State::Numbers(section);
        Ok(1)
    }

    fn numbers(&mut self, section: Section, text: &[u8]) -> Result<usize> {
        let Some(builder) = &mut self.builder else { return Err(no_snapshot()) };
        let (used, stop) = self.scanner.scan(text, self.offset, &mut self.batch)?;
        let offset = self.offset + used as u64;
        if stop != Stop::Bytes {
            builder.take(section, &mut self.batch)?;
            self.batch.clear();
            self.batch.offset = offset;
        }
        if stop == Stop::End {
            builder.end(section, offset)?;
            self.state = State::Key;
        }
        Ok(used)
    }
}

fn no_snapshot() -> Error {
    Error::NotASnapshot {
        what: "JSON, but not a heap snapshot's: its first part is no \"snapshot\"".to_owned(),
        hint: "a .cpuprofile or .heapprofile is something else: write a snapshot with v8.writeHeapSnapshot(), \
               heapwatch.snapshot() or Chrome's Memory panel",
    }
}
