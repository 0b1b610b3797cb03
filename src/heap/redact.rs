//! A copy of a snapshot that can be sent to someone: contents of strings become `[<length> chars #<hash>]`.
//!
//! Which text is content and which is a name depends on who uses it, so the file is read twice: once as a graph, once to
//! copy it. Kept are names of classes, functions, scripts, variables and properties. The keys of objects with more than
//! 64 properties are contents, too, as are symbols, regular expressions, big integers and the names that V8 writes into
//! its description of pairs in `WeakMap`s. The hash is keyed by chance anew for each copy: equal strings stay equal, and
//! nobody can try out what a short one was.

use super::bits::Bits;
use super::error::{Error, Result};
use super::graph::{DICTIONARY, Graph};
use super::meta::{EdgeType, NodeType};
use super::progress::{Phase, Progress};
use super::snapshot::read_graph;
use super::strings::Strings;
use std::fs::{File, OpenOptions};
use std::hash::{BuildHasher, RandomState};
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::Path;

const PIECE: usize = 1 << 18;

/// Copies a snapshot without the contents of its strings, and answers the size of the copy in bytes. `out` must not be
/// there yet; it has its name once it is complete, and is `<out>.partial` until then.
///
/// # Errors
/// As [`super::Snapshot::open`], and [`Error::Io`] where `out` cannot be written.
pub fn redact(file: &Path, out: &Path, progress: &Progress) -> Result<u64> {
    let mut graph = read_graph(file, progress)?;
    let kept = names(&graph);
    let strings = std::mem::take(&mut graph.strings);
    drop(graph);
    let open = |source| Error::Io { path: file.to_owned(), source };
    let create = |source| Error::Io { path: out.to_owned(), source };
    let reader = BufReader::with_capacity(PIECE, File::open(file).map_err(open)?);
    let total = reader.get_ref().metadata().map_err(open)?.len();
    if out.symlink_metadata().is_ok() {
        return Err(create(std::io::ErrorKind::AlreadyExists.into()));
    }
    let mut partial = out.as_os_str().to_owned();
    partial.push(".partial");
    let partial = Path::new(&partial);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let target = options.open(partial).map_err(|source| Error::Io { path: partial.to_owned(), source })?;
    let mut copy = Copy {
        reader,
        writer: BufWriter::with_capacity(PIECE, target),
        offset: 0,
        total,
        written: 0,
        keys: RandomState::new(),
    };
    let done = copy
        .run(&strings, &kept, progress)
        .and_then(|()| copy.writer.flush())
        .and_then(|()| std::fs::rename(partial, out));
    match done {
        Ok(()) => Ok(copy.written),
        Err(source) => {
            // Half a copy is of no use, and its name is taken.
            let _ = std::fs::remove_file(partial);
            if progress.check().is_err() { Err(Error::Cancelled) } else { Err(create(source)) }
        }
    }
}

/// Strings that are names of something.
fn names(graph: &Graph) -> Bits {
    let mut kept = Bits::new(graph.strings.len());
    for node in graph.nodes() {
        let is_name = match graph.kind(node) {
            NodeType::String
            | NodeType::ConsString
            | NodeType::SlicedString
            | NodeType::Symbol
            | NodeType::RegExp
            | NodeType::BigInt
            | NodeType::Number => is_description(graph.name_bytes(node)),
            // `<a href="…">`
            NodeType::Native => !graph.name_bytes(node).contains(&b'"'),
            _ => true,
        };
        if is_name {
            kept.set(graph.name_index(node));
        }
        let is_dictionary = graph.kind(node) == NodeType::Object
            && graph.edge_range(node).len() > DICTIONARY
            && graph.edges(node).filter(|edge| edge.kind == EdgeType::Property).count() > DICTIONARY
            && graph.name_bytes(node) != b"global";
        for edge in graph.edges(node) {
            let is_data = match edge.kind {
                EdgeType::Property => is_dictionary,
                _ => false,
            };
            if edge.kind.has_name() && !is_data {
                kept.set(edge.name);
            }
        }
    }
    kept
}

/// `(concatenated string)`, `heap number`: what V8 writes instead of a content.
fn is_description(name: &[u8]) -> bool {
    matches!(
        name,
        b"" | b"(concatenated string)"
            | b"(sliced string)"
            | b"concatenated string"
            | b"sliced string"
            | b"heap number"
            | b"smi number"
            | b"symbol"
            | b"bigint"
    )
}

struct Copy {
    reader: BufReader<File>,
    writer: BufWriter<File>,
    offset: u64,
    total: u64,
    written: u64,
    keys: RandomState,
}

impl Copy {
    fn run(&mut self, strings: &Strings, kept: &Bits, progress: &Progress) -> std::io::Result<()> {
        self.copy_to_strings(progress)?;
        // The graph can have more strings than the file: names that were made while reading.
        for index in 0.. {
            if !self.skip_string()? {
                self.put(b"]")?;
                break;
            }
            let text = strings.bytes(index);
            let text = if kept.get(index) { self.name(text) } else { self.veil(text).into_bytes() };
            if index > 0 {
                self.put(b",\n")?;
            }
            let json = serde_json::to_vec(&String::from_utf8_lossy(&text))?;
            self.put(&json)?;
            self.tell(progress)?;
        }
        // What follows the array.
        loop {
            let piece = self.reader.fill_buf()?;
            if piece.is_empty() {
                return Ok(());
            }
            let length = piece.len();
            self.writer.write_all(piece)?;
            self.written += length as u64;
            self.reader.consume(length);
        }
    }

    /// A name as it is, but for those that V8 makes of contents.
    fn name(&self, text: &[u8]) -> Vec<u8> {
        match memchr::memmem::find(text, b" / part of key (") {
            Some(_) => Self::pair(text).unwrap_or_else(|| self.veil(text).into_bytes()),
            None => text.to_vec(),
        }
    }

    /// `7 / part of key (X @5) -> value (Y @9) pair in WeakMap (table @3)` with X and Y veiled.
    fn pair(text: &[u8]) -> Option<Vec<u8>> {
        let text = std::str::from_utf8(text).ok()?;
        let (number, rest) = text.split_once(" / part of key (")?;
        let (rest, table) = rest.rsplit_once(" pair in WeakMap (table @")?;
        let (key, value) = rest.rsplit_once(") -> value (")?;
        let id = |text: &str| text.rsplit_once('@').map(|(_, id)| id.trim_end_matches(')').to_owned());
        let (key, value) = (id(key)?, id(value)?);
        if !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let pair = format!(
            "{number} / part of key (key @{key}) -> value (value @{value}) pair in WeakMap (table @{table}"
        );
        Some(pair.into_bytes())
    }

    fn veil(&self, text: &[u8]) -> String {
        if text.is_empty() {
            return String::new();
        }
        format!("[{} chars #{:016x}]", Strings::utf16_length(text), self.keys.hash_one(text))
    }

    fn put(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.written += bytes.len() as u64;
        self.writer.write_all(bytes)
    }

    fn next(&mut self) -> std::io::Result<u8> {
        let Some(&byte) = self.reader.fill_buf()?.first() else {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        };
        self.reader.consume(1);
        self.offset += 1;
        Ok(byte)
    }

    fn tell(&mut self, progress: &Progress) -> std::io::Result<()> {
        progress
            .tell(Phase::Classes, self.offset, self.total)
            .map_err(|_| std::io::Error::from(std::io::ErrorKind::Interrupted))
    }

    /// Copies all before the strings: numbers, and the header that has no contents.
    fn copy_to_strings(&mut self, progress: &Progress) -> std::io::Result<()> {
        let wanted = b"\"strings\"";
        let mut matched = 0;
        let mut steps = 0u32;
        while matched < wanted.len() {
            let byte = self.next()?;
            matched = if byte == wanted[matched] { matched + 1 } else { usize::from(byte == wanted[0]) };
            self.put(&[byte])?;
            steps = steps.wrapping_add(1);
            if steps.is_multiple_of(1 << 20) {
                self.tell(progress)?;
            }
        }
        loop {
            let byte = self.next()?;
            self.put(&[byte])?;
            if byte == b'[' {
                return Ok(());
            }
        }
    }

    /// Goes past a string; false at the end of the array.
    fn skip_string(&mut self) -> std::io::Result<bool> {
        loop {
            match self.next()? {
                b'"' => break,
                b']' => return Ok(false),
                _ => {}
            }
        }
        loop {
            match self.next()? {
                b'"' => return Ok(true),
                b'\\' => {
                    self.next()?;
                }
                _ => {}
            }
        }
    }
}
