//! The number scanner: text of a JSON array of unsigned integers → `u32`s, a gigabyte a second on one core.
//!
//! Nine tenths of a snapshot are such arrays, so this loop decides how long reading takes. It has no branch that depends
//! on how long a number is (those are mispredicted at nearly every number): 64 bytes at a time become a bit mask of what
//! is no digit; each set bit ends a number; the eight bytes before it are loaded, cleared below the number's start, and
//! added up by three multiplications (D. Lemire, "Quickly parsing eight digits", 2018; the bit mask is that of
//! G. Langdale and D. Lemire, "Parsing gigabytes of JSON per second", VLDB Journal 28, 2019).
//!
//! Between numbers, commas and white space are all the same: whether the rows are complete is counted elsewhere. So is a minus where there may be one: of a
//! column before a script's first (`columnOffset` of vm.Script, with which Vitest wraps modules) the amount is taken, as Chrome DevTools does.

use super::error::{Error, Result};

/// Bytes looked at in one step: the bits of a mask.
const BLOCK: usize = 64;

/// Numbers of one batch, at most.
pub(super) const BATCH: usize = 64 * 1024;

/// Digits of the largest `u64`.
const MAX_DIGITS: usize = 20;

/// Numbers on their way from the text to the columns.
#[derive(Default)]
pub(super) struct Batch {
    /// The numbers; what does not fit is `u32::MAX` here and stands in `large`.
    pub numbers: Vec<u32>,
    /// Position in `numbers`, and value, of what is `u32::MAX` or more.
    pub large: Vec<(usize, u64)>,
    /// Where in the file the first of them stands.
    pub offset: u64,
}

impl Batch {
    pub fn clear(&mut self) {
        self.numbers.clear();
        self.large.clear();
    }

    /// The value at `position`.
    pub fn value(&self, position: usize) -> u64 {
        match self.numbers[position] {
            u32::MAX => {
                self.large.iter().find(|(at, _)| *at == position).map_or(u64::from(u32::MAX), |l| l.1)
            }
            number => u64::from(number),
        }
    }

    fn push(&mut self, value: u64) {
        let number = u32::try_from(value).unwrap_or(u32::MAX);
        if number == u32::MAX {
            self.large.push((self.numbers.len(), value));
        }
        self.numbers.push(number);
    }
}

/// Why [`Scanner::scan`] came back.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// The bytes are used up.
    Bytes,
    /// The batch is full: take it away and go on with the bytes that are left.
    Batch,
    /// The array's `]` was read.
    End,
}

/// Where between two pieces of text the scanner stands: perhaps inside a number.
#[derive(Default)]
pub(super) struct Scanner {
    digits: [u8; MAX_DIGITS],
    count: usize,
    /// Whether numbers may be below zero.
    pub is_signed: bool,
}

impl Scanner {
    /// Scans `text`, which stands at `offset` in the file, into `batch`: how many bytes were used, and why it stopped.
    pub fn scan(&mut self, text: &[u8], offset: u64, batch: &mut Batch) -> Result<(usize, Stop)> {
        let mut at = 0;
        if self.count > 0 {
            // The number that the last piece ended in.
            while let Some(&byte) = text.get(at).filter(|b| b.is_ascii_digit()) {
                self.keep_digit(byte, offset + at as u64)?;
                at += 1;
            }
            if at == text.len() {
                return Ok((at, Stop::Bytes));
            }
            batch.push(slow_number(&self.digits[..self.count], offset)?);
            self.count = 0;
        }
        let mut start = at; // of the number that is being read
        while let Some(block) = text[at..].first_chunk::<BLOCK>() {
            if batch.numbers.len() + BLOCK > BATCH {
                return Ok((start, Stop::Batch));
            }
            if let Some(separators) = separators(block) {
                start = numbers_of_block(text, at, start, separators, offset, batch)?;
            } else if let Some(end) = self.slow(text, at, at + BLOCK, &mut start, offset, batch)? {
                return Ok((end, Stop::End));
            }
            at += BLOCK;
        }
        if batch.numbers.len() + BLOCK > BATCH {
            return Ok((start, Stop::Batch));
        }
        if let Some(end) = self.slow(text, at, text.len(), &mut start, offset, batch)? {
            return Ok((end, Stop::End));
        }
        for (at, &byte) in text.iter().enumerate().skip(start) {
            self.keep_digit(byte, offset + at as u64)?;
        }
        Ok((text.len(), Stop::Bytes))
    }

    fn keep_digit(&mut self, byte: u8, offset: u64) -> Result<()> {
        let slot = self.digits.get_mut(self.count).ok_or_else(|| too_long(offset))?;
        *slot = byte;
        self.count += 1;
        Ok(())
    }

    /// Byte by byte, for blocks that hold anything but digits, commas and newlines, and for the rest of a piece.
    fn slow(
        &self,
        text: &[u8],
        from: usize,
        to: usize,
        start: &mut usize,
        offset: u64,
        batch: &mut Batch,
    ) -> Result<Option<usize>> {
        for at in from..to {
            let byte = text[at];
            if byte.is_ascii_digit() {
                continue;
            }
            if *start < at {
                batch.push(slow_number(&text[*start..at], offset + *start as u64)?);
            }
            *start = at + 1;
            match byte {
                b',' | b'\n' | b'\r' | b' ' | b'\t' => {}
                b'-' if self.is_signed => {}
                b']' => return Ok(Some(at + 1)),
                _ => {
                    let what = format!("{:?} where numbers are expected", char::from(byte));
                    return Err(Error::damaged(offset + at as u64, what));
                }
            }
        }
        Ok(None)
    }
}

fn too_long(offset: u64) -> Error {
    Error::damaged(offset, "a number of more than 20 digits")
}

fn slow_number(digits: &[u8], offset: u64) -> Result<u64> {
    if digits.len() > MAX_DIGITS {
        return Err(too_long(offset));
    }
    digits
        .iter()
        .try_fold(0u64, |value, digit| value.checked_mul(10)?.checked_add(u64::from(digit & 15)))
        .ok_or_else(|| Error::damaged(offset, "a number above 2^64"))
}

/// The numbers that end in the block at `at`; the first of them starts at `start`. Answers where the next one starts.
#[inline]
fn numbers_of_block(
    text: &[u8],
    at: usize,
    mut start: usize,
    mut ends: u64,
    offset: u64,
    batch: &mut Batch,
) -> Result<usize> {
    let mut found = [0u32; BLOCK];
    let mut count = 0;
    while ends != 0 {
        let end = at + ends.trailing_zeros() as usize;
        ends &= ends - 1;
        let length = end - start;
        if length.wrapping_sub(1) < 8
            && let Some(&bytes) = text[..end].last_chunk::<8>()
        {
            found[count & (BLOCK - 1)] = eight_digits(u64::from_le_bytes(bytes), length);
            count += 1;
        } else if length > 0 {
            let number = long_number(text, start, end, offset)?;
            found[count & (BLOCK - 1)] = u32::try_from(number).unwrap_or(u32::MAX);
            if number >= u64::from(u32::MAX) {
                batch.large.push((batch.numbers.len() + count, number));
            }
            count += 1;
        }
        start = end + 1;
    }
    batch.numbers.extend_from_slice(&found[..count.min(BLOCK)]);
    Ok(start)
}

/// Nine digits and more, which indexes have in files above a gigabyte; or the first bytes of a piece.
fn long_number(text: &[u8], start: usize, end: usize, offset: u64) -> Result<u64> {
    let length = end - start;
    if (9..=16).contains(&length)
        && let Some(bytes) = text[..end].last_chunk::<16>()
        && let (Some(&high), Some(&low)) = (bytes.first_chunk::<8>(), bytes.last_chunk::<8>())
    {
        let high = eight_digits(u64::from_le_bytes(high), length - 8);
        let low = eight_digits(u64::from_le_bytes(low), 8);
        return Ok(u64::from(high) * 100_000_000 + u64::from(low));
    }
    slow_number(&text[start..end], offset + start as u64)
}

/// The value of the last `length` (1 to 8) of eight ASCII digits, the first of which is the lowest byte.
#[inline]
fn eight_digits(bytes: u64, length: usize) -> u32 {
    let digits = bytes & (0x0f0f_0f0f_0f0f_0f0f_u64 << (64 - 8 * length));
    let pairs = (digits.wrapping_mul(2561) >> 8) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs.wrapping_mul(6_553_601) >> 16) & 0x0000_ffff_0000_ffff;
    (fours.wrapping_mul(42_949_672_960_001) >> 32) as u32
}

/// A bit for each byte of a block that is no digit, if all of those are commas or newlines.
///
/// Written so that the compiler makes vectors of the comparisons; the bits of eight bytes are gathered by one
/// multiplication.
#[inline]
fn separators(block: &[u8; BLOCK]) -> Option<u64> {
    let mut others = [0u8; BLOCK];
    let mut strange = 0;
    for (other, &byte) in others.iter_mut().zip(block) {
        let is_other = u8::from(byte.wrapping_sub(b'0') > 9);
        *other = is_other;
        strange |= is_other & u8::from(byte != b',') & u8::from(byte != b'\n');
    }
    let mut mask = 0;
    for (i, eight) in others.as_chunks::<8>().0.iter().enumerate() {
        mask |= (u64::from_le_bytes(*eight).wrapping_mul(0x0102_0408_1020_4080) >> 56) << (8 * i);
    }
    (strange == 0).then_some(mask)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scan_in_pieces(text: &[u8], piece: usize) -> Result<Vec<u64>> {
        scan_by(Scanner::default(), text, piece)
    }

    fn scan_by(mut scanner: Scanner, text: &[u8], piece: usize) -> Result<Vec<u64>> {
        let (mut batch, mut all) = (Batch::default(), Vec::new());
        let mut take = |batch: &mut Batch| {
            all.extend((0..batch.numbers.len()).map(|i| batch.value(i)));
            batch.clear();
        };
        for (i, piece_text) in text.chunks(piece).enumerate() {
            let mut rest = piece_text;
            loop {
                let offset = (i * piece + piece_text.len() - rest.len()) as u64;
                let (used, stop) = scanner.scan(rest, offset, &mut batch)?;
                rest = &rest[used..];
                match stop {
                    Stop::Batch => take(&mut batch),
                    Stop::Bytes => break,
                    Stop::End => {
                        take(&mut batch);
                        return Ok(all);
                    }
                }
            }
        }
        panic!("no end")
    }

    #[test]
    fn reads_numbers_of_any_length_however_the_text_is_cut() {
        let mut numbers = Vec::new();
        let mut random = fastrand::Rng::with_seed(7);
        for digits in (0..20).cycle().take(5000) {
            numbers.push(random.u64(0..10u64.pow(digits)));
        }
        numbers.extend([0, u64::from(u32::MAX) - 1, u64::from(u32::MAX), u64::from(u32::MAX) + 1, u64::MAX]);
        let commas = numbers.iter().map(u64::to_string).collect::<Vec<_>>();
        for text in [commas.join(","), commas.join("\n,"), commas.join(" , \r\n\t")] {
            let text = format!("{text}]");
            for piece in [1, 2, 7, 63, 64, 65, 1000, text.len()] {
                assert_eq!(scan_in_pieces(text.as_bytes(), piece).unwrap(), numbers, "pieces of {piece}");
            }
        }
    }

    #[test]
    fn gives_the_batch_away_when_it_is_full() {
        let text = "1234567,".repeat(3 * BATCH) + "]";
        assert_eq!(scan_in_pieces(text.as_bytes(), text.len()).unwrap(), vec![1_234_567; 3 * BATCH]);
    }

    #[test]
    fn of_a_number_below_zero_the_amount_is_taken_where_there_may_be_one() {
        let text = format!("{}-196,18,0,-7]", "12,".repeat(50));
        for piece in [1, 2, 63, 64, 65, 151, 152, text.len()] {
            let scanner = Scanner { is_signed: true, ..Scanner::default() };
            let numbers = scan_by(scanner, text.as_bytes(), piece).unwrap();
            assert_eq!(numbers[50..], [196, 18, 0, 7], "pieces of {piece}");
        }
    }

    #[test]
    fn names_the_byte_that_is_no_number() {
        for (text, offset) in
            [("1,2,-3]", 4), ("1,\"]", 2), ("123456789012345678901]", 0), ("1,18446744073709551616]", 2)]
        {
            assert_eq!(scan_in_pieces(text.as_bytes(), 100).unwrap_err().offset(), Some(offset), "{text}");
        }
    }
}
