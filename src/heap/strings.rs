//! All strings of a snapshot in one piece of memory, and the scanner that fills it.
//!
//! V8 cuts strings at 1,024 characters itself (`v8_flags.heap_snapshot_string_limit`), and writes what is not ASCII as
//! `\u` escapes of UTF-16 units. A unit that is half a pair is kept in three bytes as if it were a character (WTF-8), so
//! that strings stay as different as they were.

use super::error::{Error, Result};
use std::borrow::Cow;

/// The strings of a snapshot by index: what nodes and edges are called, and the contents of strings.
#[derive(Debug, Default)]
pub struct Strings {
    bytes: Vec<u8>,
    /// Where each string ends in `bytes`; it starts where the one before ends.
    ends: Vec<u64>,
}

impl Strings {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// None at all?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The bytes of a string: UTF-8, but for halves of surrogate pairs. Empty where there is no such string.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "ends lie within bytes, which is in memory")]
    pub fn bytes(&self, index: u32) -> &[u8] {
        let index = index as usize;
        let Some(&end) = self.ends.get(index) else { return &[] };
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        &self.bytes[start as usize..end as usize]
    }

    /// A string as text; halves of surrogate pairs become U+FFFD.
    #[must_use]
    pub fn text(&self, index: u32) -> Cow<'_, str> {
        text_of(self.bytes(index))
    }

    /// All strings whose text is `text`. V8 writes each text once; other tools may not.
    pub fn find<'a>(&'a self, text: &'a [u8]) -> impl Iterator<Item = u32> + 'a {
        self.indexes().filter(move |&index| self.bytes(index) == text)
    }

    /// The first string whose text is `text`.
    #[must_use]
    pub fn first(&self, text: &[u8]) -> Option<u32> {
        self.find(text).next()
    }

    pub(super) fn indexes(&self) -> std::ops::Range<u32> {
        0..u32::try_from(self.ends.len()).unwrap_or(u32::MAX)
    }

    /// Adds a string and answers its index.
    pub(super) fn add(&mut self, text: &[u8]) -> u32 {
        super::columns::reserve(&mut self.bytes, text.len());
        self.bytes.extend_from_slice(text);
        self.close();
        u32::try_from(self.ends.len() - 1).unwrap_or(u32::MAX)
    }

    /// How many UTF-16 units JavaScript would count in `text`.
    #[must_use]
    pub fn utf16_length(text: &[u8]) -> usize {
        // Every byte that starts a character is a unit; four bytes are two.
        text.iter().map(|&byte| usize::from(byte & 0xc0 != 0x80) + usize::from(byte >= 0xf0)).sum()
    }

    fn close(&mut self) {
        super::columns::reserve(&mut self.ends, 1);
        self.ends.push(self.bytes.len() as u64);
    }
}

/// UTF-8 with halves of pairs as text: each of those becomes one U+FFFD.
pub(super) fn text_of(bytes: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return text.into();
    }
    let mut text = String::new();
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        // A half is 0xed and two bytes more, each of which is a chunk that is not valid.
        if chunk.invalid().first().is_some_and(|&byte| byte == 0xed) {
            text.push(char::REPLACEMENT_CHARACTER);
        }
    }
    text.into()
}

/// Where between two pieces of text the scanner stands.
#[derive(Debug, Default)]
enum State {
    #[default]
    Between,
    Inside,
    Escape,
    /// In `\uXXXX`: how many digits came, and what they say.
    Unit(u8, u16),
}

/// Reads a JSON array of strings, piece by piece.
#[derive(Debug, Default)]
pub(super) struct StringScanner {
    state: State,
    /// A first half of a pair, which waits for the second.
    high: Option<u16>,
    /// The open string has bytes that are not ASCII and must be looked at.
    check: bool,
    opened_at: u64,
}

impl StringScanner {
    /// Scans `text`, which stands at `offset` in the file: how many bytes were used, and whether the array has ended.
    pub fn scan(&mut self, text: &[u8], offset: u64, into: &mut Strings) -> Result<(usize, bool)> {
        let mut at = 0;
        while at < text.len() {
            match self.state {
                State::Between => {
                    let byte = text[at];
                    at += 1;
                    match byte {
                        b'"' => {
                            self.state = State::Inside;
                            self.check = false;
                            self.opened_at = offset + at as u64 - 1;
                        }
                        b',' | b'\n' | b'\r' | b' ' | b'\t' => {}
                        b']' => return Ok((at, true)),
                        _ => {
                            let what = format!("{:?} where a string is expected", char::from(byte));
                            return Err(Error::damaged(offset + at as u64 - 1, what));
                        }
                    }
                }
                State::Inside => {
                    let rest = &text[at..];
                    let end = memchr::memchr2(b'"', b'\\', rest).unwrap_or(rest.len());
                    if end > 0 {
                        self.flush_half(into);
                        self.check |= !rest[..end].is_ascii();
                        super::columns::reserve(&mut into.bytes, end);
                        into.bytes.extend_from_slice(&rest[..end]);
                    }
                    at += end;
                    match text.get(at) {
                        Some(b'"') => self.end_string(into)?,
                        Some(_) => self.state = State::Escape,
                        None => break,
                    }
                    at += 1;
                }
                State::Escape => {
                    let byte = text[at];
                    let plain = match byte {
                        b'"' | b'\\' | b'/' => byte,
                        b'b' => 8,
                        b'f' => 12,
                        b'n' => b'\n',
                        b'r' => b'\r',
                        b't' => b'\t',
                        b'u' => {
                            self.state = State::Unit(0, 0);
                            at += 1;
                            continue;
                        }
                        _ => {
                            let what = format!("the unknown escape \\{}", byte.escape_ascii());
                            return Err(Error::damaged(offset + at as u64, what));
                        }
                    };
                    self.flush_half(into);
                    into.bytes.push(plain);
                    self.state = State::Inside;
                    at += 1;
                }
                State::Unit(count, unit) => {
                    let digit = char::from(text[at]).to_digit(16).ok_or_else(|| {
                        Error::damaged(offset + at as u64, "a \\u escape without four hexadecimal digits")
                    })?;
                    #[expect(clippy::cast_possible_truncation, reason = "digit < 16")]
                    let unit = unit << 4 | digit as u16;
                    at += 1;
                    if count == 3 {
                        self.unit(unit, into);
                        self.state = State::Inside;
                    } else {
                        self.state = State::Unit(count + 1, unit);
                    }
                }
            }
        }
        Ok((at, false))
    }

    fn unit(&mut self, unit: u16, into: &mut Strings) {
        if (0xdc00..0xe000).contains(&unit)
            && let Some(high) = self.high.take()
        {
            let code = 0x10000 + ((u32::from(high) - 0xd800) << 10) + (u32::from(unit) - 0xdc00);
            if let Some(character) = char::from_u32(code) {
                into.bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            }
            return;
        }
        self.flush_half(into);
        if (0xd800..0xdc00).contains(&unit) {
            self.high = Some(unit);
        } else {
            push_unit(unit, &mut into.bytes);
        }
    }

    fn flush_half(&mut self, into: &mut Strings) {
        if let Some(high) = self.high.take() {
            push_unit(high, &mut into.bytes);
        }
    }

    fn end_string(&mut self, into: &mut Strings) -> Result<()> {
        self.flush_half(into);
        self.state = State::Between;
        if self.check {
            #[expect(clippy::cast_possible_truncation, reason = "ends lie within bytes, which is in memory")]
            let start = into.ends.last().map_or(0, |&end| end as usize);
            check_utf8(&into.bytes[start..], self.opened_at)?;
        }
        if into.ends.len() >= super::graph::MAX_INDEX as usize {
            return Err(Error::TooLarge { what: "strings", limit: u64::from(super::graph::MAX_INDEX) });
        }
        into.close();
        Ok(())
    }
}

#[expect(clippy::cast_possible_truncation, reason = "masked to the bits that fit")]
fn push_unit(unit: u16, bytes: &mut Vec<u8>) {
    if let Some(character) = char::from_u32(u32::from(unit)) {
        bytes.extend_from_slice(character.encode_utf8(&mut [0; 3]).as_bytes());
    } else {
        bytes.extend([0xe0 | (unit >> 12) as u8, 0x80 | (unit >> 6) as u8 & 0x3f, 0x80 | unit as u8 & 0x3f]);
    }
}

/// UTF-8, with the halves of pairs that `push_unit` writes allowed.
fn check_utf8(mut bytes: &[u8], offset: u64) -> Result<()> {
    while let Err(error) = std::str::from_utf8(bytes) {
        bytes = &bytes[error.valid_up_to()..];
        if !(bytes.len() >= 3 && bytes[0] == 0xed && bytes[1] >= 0xa0 && bytes[2] >= 0x80) {
            return Err(Error::damaged(offset, "a string that is not UTF-8"));
        }
        bytes = &bytes[3..];
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strings_in_pieces(text: &[u8], piece: usize) -> Result<Vec<Vec<u8>>> {
        let (mut scanner, mut strings) = (StringScanner::default(), Strings::default());
        for (i, part) in text.chunks(piece).enumerate() {
            if scanner.scan(part, (i * piece) as u64, &mut strings)?.1 {
                return Ok(strings.indexes().map(|i| strings.bytes(i).to_vec()).collect());
            }
        }
        panic!("no end")
    }

    #[test]
    fn reads_escapes_and_pairs_however_the_text_is_cut() {
        let text = br#""plain", "","\"\\\/\b\f\n\r\t","\u00e9\u2211","\ud83d\ude00","\ud83dx\ude00\ud83d","\u00e9"]"#;
        let expected: [&[u8]; 7] = [
            b"plain",
            b"",
            b"\"\\/\x08\x0c\n\r\t",
            "é∑".as_bytes(),
            "😀".as_bytes(),
            b"\xed\xa0\xbdx\xed\xb8\x80\xed\xa0\xbd",
            "é".as_bytes(),
        ];
        for piece in 1..text.len() {
            assert_eq!(strings_in_pieces(text, piece).unwrap(), expected, "pieces of {piece}");
        }
    }

    #[test]
    fn refuses_what_is_no_string() {
        for (text, offset) in
            [(&br#""a",1]"#[..], 4), (br#""\x"]"#, 2), (br#""\u12g4"]"#, 5), (b"\"a\",\"\xff\"]", 4)]
        {
            assert_eq!(strings_in_pieces(text, 100).unwrap_err().offset(), Some(offset));
        }
    }

    #[test]
    fn counts_length_as_javascript_does() {
        assert_eq!(Strings::utf16_length("aé∑😀".as_bytes()), 5);
        assert_eq!(Strings::utf16_length(b"\xed\xa0\xbd"), 1);
        assert_eq!(text_of(b"a\xed\xa0\xbdb\xed\xb8\x80"), "a\u{fffd}b\u{fffd}");
    }
}
