//! The memory that V8 keeps out of forks, let in for one.
//!
//! Node's V8 marks its heap `MADV_DONTFORK` (node#48523), so that child processes start quickly. A copy that is to read the heap
//! needs it. The marks are put back afterwards, on exactly the ranges that had them: `dc` among the `VmFlags` of /proc/self/smaps
//! (`proc_pid_smaps(5)`). That file is slow to read, so it is read beforehand; /proc/self/maps tells at the fork what has come since.

use std::collections::HashSet;
use std::fs;
use std::io;

/// Addresses from the first to before the second.
type Range = (usize, usize);

/// The ranges that have the mark.
#[derive(Default)]
pub(super) struct KeptOut {
    ranges: Vec<Range>,
}

/// Puts the marks back.
#[derive(Debug)]
#[must_use = "until it is used, every fork copies the heap"]
pub struct Restore {
    ranges: Vec<Range>,
}

impl KeptOut {
    pub(super) fn read() -> io::Result<Self> {
        Ok(Self { ranges: marked(&fs::read_to_string("/proc/self/smaps")?) })
    }

    /// Lets all private anonymous memory into forks: what V8 has taken since the ranges were read, too.
    pub(super) fn let_in(&self) -> io::Result<Restore> {
        let now = private_anonymous(&fs::read_to_string("/proc/self/maps")?);
        let restore = Restore { ranges: still_marked(&self.ranges, &now) };
        for range in joined(&now) {
            if let Err(error) = advise(range, libc::MADV_DOFORK) {
                restore.now();
                return Err(error);
            }
        }
        Ok(restore)
    }
}

/// The ranges of `now` that are marked, given those that were. Neighbours with unlike marks are never one range, so what has a border in
/// common with a marked range has grown or shrunk and is marked. What has been given back may be anything's memory by now (a thread's stack, which must not be missing in a child process), and gets no mark.
fn still_marked(marked: &[Range], now: &[Range]) -> Vec<Range> {
    let starts: HashSet<usize> = marked.iter().map(|range| range.0).collect();
    let ends: HashSet<usize> = marked.iter().map(|range| range.1).collect();
    now.iter().copied().filter(|(start, end)| starts.contains(start) || ends.contains(end)).collect()
}

impl Restore {
    /// Puts the marks back.
    pub fn now(self) {
        for range in joined(&self.ranges) {
            // What V8 has unmapped meanwhile needs no mark.
            let _ = advise(range, libc::MADV_DONTFORK);
        }
    }
}

fn advise((start, end): Range, advice: libc::c_int) -> io::Result<()> {
    // SAFETY: neither advice changes what this process reads or writes; they say what a fork copies. An address that is not mapped
    // (any more) is an error, not a fault.
    let result = unsafe { libc::madvise(std::ptr::without_provenance_mut(start), end - start, advice) };
    if result == 0 {
        return Ok(());
    }
    let error = io::Error::last_os_error();
    // Another thread has unmapped a part of it since it was listed; the rest has the advice.
    if error.raw_os_error() == Some(libc::ENOMEM) { Ok(()) } else { Err(error) }
}

/// Neighbours as one range: one system call.
fn joined(ranges: &[Range]) -> Vec<Range> {
    let mut joined: Vec<Range> = Vec::with_capacity(ranges.len());
    for &(start, end) in ranges {
        match joined.last_mut() {
            Some(last) if last.1 == start => last.1 = end,
            _ => joined.push((start, end)),
        }
    }
    joined
}

/// Private mappings without a file, from the text of /proc/self/maps. The kernel's own ([vvar], [vdso], [vsyscall]) are not ours to advise.
fn private_anonymous(maps: &str) -> Vec<Range> {
    maps.lines()
        .filter_map(parse)
        .filter(Mapping::is_private_anonymous)
        .map(|mapping| mapping.range)
        .collect()
}

/// The marked ones among them, from the text of /proc/self/smaps.
fn marked(smaps: &str) -> Vec<Range> {
    let mut ranges = Vec::new();
    let mut current = None;
    for line in smaps.lines() {
        if let Some(flags) = line.strip_prefix("VmFlags:") {
            let is_marked = flags.split_ascii_whitespace().any(|flag| flag == "dc");
            ranges.extend(current.take().filter(|_| is_marked));
        } else if let Some(mapping) = parse(line) {
            current = Some(mapping).filter(Mapping::is_private_anonymous).map(|mapping| mapping.range);
        }
    }
    ranges
}

struct Mapping<'a> {
    range: Range,
    permissions: &'a str,
    inode: &'a str,
    name: &'a str,
}

impl Mapping<'_> {
    fn is_private_anonymous(&self) -> bool {
        self.inode == "0" && self.permissions.ends_with('p') && !self.name.starts_with("[v")
    }
}

/// `start-end permissions offset device inode name`
fn parse(line: &str) -> Option<Mapping<'_>> {
    let mut words = line.split_ascii_whitespace();
    let (start, end) = words.next()?.split_once('-')?;
    let address = |text| usize::from_str_radix(text, 16).ok();
    let range = (address(start)?, address(end)?);
    let permissions = words.next()?;
    let inode = words.nth(2)?;
    (range.0 < range.1).then_some(Mapping { range, permissions, inode, name: words.next().unwrap_or("") })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMAPS: &str = "\
1000-3000 rw-p 00000000 00:00 0 
Size:                  8 kB
VmFlags: rd wr mr mw me dc ac sd 
3000-4000 rw-p 00000000 00:00 0                          [heap]
VmFlags: rd wr mr mw me ac sd 
5000-6000 r--p 00000000 fe:00 1234                       /usr/bin/node (deleted)
VmFlags: rd mr mw me dc sd 
7000-8000 rw-s 00000000 00:01 0 
VmFlags: rd wr sh dc 
9000-a000 r--p 00000000 00:00 0                          [vvar]
VmFlags: rd mr dc 
";

    #[test]
    fn marked_are_private_anonymous_ranges_with_dc_among_their_flags() {
        assert_eq!(marked(SMAPS), [(0x1000, 0x3000)]);
    }

    #[test]
    fn files_shared_memory_and_the_kernel_s_own_are_left_alone() {
        assert_eq!(private_anonymous(SMAPS), [(0x1000, 0x3000), (0x3000, 0x4000)]);
    }

    #[test]
    fn a_range_that_grew_keeps_its_mark_and_one_that_was_replaced_does_not() {
        assert_eq!(
            still_marked(&[(10, 20), (30, 40), (50, 60)], &[(10, 25), (28, 40), (48, 62)]),
            [(10, 25), (28, 40)]
        );
    }

    #[test]
    fn neighbours_are_advised_at_once() {
        assert_eq!(joined(&[(1, 2), (2, 5), (6, 7), (7, 8)]), [(1, 5), (6, 8)]);
    }

    #[test]
    fn a_mark_of_ours_goes_and_comes_back() {
        let bytes = 1 << 20;
        // SAFETY: a mapping of our own, unmapped below, that nobody else knows.
        let address = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                bytes,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
                -1,
                0,
            )
        };
        let range = (address.addr(), address.addr() + bytes);
        let is_marked = || KeptOut::read().expect("/proc").ranges.contains(&range);
        advise(range, libc::MADV_DONTFORK).expect("our own memory");
        let kept_out = KeptOut::read().expect("/proc");
        assert!(kept_out.ranges.contains(&range));
        let restore = kept_out.let_in().expect("maps");
        assert!(!is_marked());
        restore.now();
        assert!(is_marked());
        // SAFETY: mapped above.
        unsafe { libc::munmap(address, bytes) };
    }
}
