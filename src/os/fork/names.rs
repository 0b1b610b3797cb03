//! In the copy, the names that V8 makes up take the room that they need.
//!
//! V8 names what has no name of its own (the 7th element of a list, the key of a WeakMap), and takes 1,024 bytes for each such
//! text, which it keeps while it has the snapshot (`StringsStorage::GetVFormatted`). An array of a million objects costs a gigabyte so. V8 asks for
//! these buffers by `new char[1024]`, through a slot of its object ([`slots`]), writes the text at once, and then keeps or deletes it.
//!
//! Here such a buffer comes out of one piece of memory. When the next one is asked for, it is looked at what was written into the last: of a text with nothing
//! but zeros behind it, the text is kept, and the next buffer begins where it ends. Anything else keeps its 1,024 bytes: what somebody has yet to fill (it is
//! empty) and what is no text. The one who would be harmed has written a text, made another buffer of that size, and goes on with the first behind the text: V8
//! does not; if a version of it did, the copy would crash at worst or show a wrong name, and the next try does without this ([`super::Plan::without_packing`]).

use std::cell::UnsafeCell;
use std::ffi::{CStr, c_void};
use std::io;

use super::slots::{self, Slot};

/// What V8 asks for.
const BUFFER_BYTES: usize = 1024;

/// What `new` promises: a buffer that is not for a text is for anything.
const ALIGNMENT: usize = 16;

/// Addresses, not memory: for a thousand million names.
const RESERVED_BYTES: usize = 16 << 30;

/// Made writable at a time; counts against the limit of the copy's memory.
const STEP_BYTES: usize = 4 << 20;

const NEW: &CStr = c"_Znam";
const DELETE: &CStr = c"_ZdaPv";
const DELETE_SIZED: &CStr = c"_ZdaPvm";

/// May throw, and the exception passes through ours.
type New = unsafe extern "C-unwind" fn(usize) -> *mut c_void;
type Delete = unsafe extern "C" fn(*mut c_void);
type DeleteSized = unsafe extern "C" fn(*mut c_void, usize);

/// The slots through which V8 takes such buffers and gives them back.
#[derive(Debug)]
pub(super) struct Names {
    slots: Vec<Slot>,
}

impl Names {
    /// `None` where V8 does not take them so.
    pub(super) fn find(address_in_v8: usize) -> Option<Self> {
        let mut slots = slots::find(address_in_v8, &[NEW, DELETE, DELETE_SIZED]);
        slots.retain(|slot| slot.is_v8s);
        let has = |name| slots.iter().any(|slot| slot.name == name);
        (has(NEW) && has(DELETE) && slots.iter().all(|slot| slot.is_bound)).then_some(Self { slots })
    }

    /// Begins, in the copy alone.
    pub(super) fn pack(&self) -> io::Result<()> {
        let target = |name| self.slots.iter().find(|slot| slot.name == name).map_or(0, Slot::target);
        let arena = Arena::reserve()?;
        // SAFETY: the copy has one thread, and this runs before any slot leads to a function that uses the state. The slots lead to functions of these types,
        // as their mangled names say; where there is none for the sized `delete`, 0 is the `None` of an `Option` of a function.
        unsafe {
            *STATE.0.get() = Some(State {
                arena,
                new: std::mem::transmute::<usize, New>(target(NEW)),
                delete: std::mem::transmute::<usize, Delete>(target(DELETE)),
                delete_sized: std::mem::transmute::<usize, Option<DeleteSized>>(target(DELETE_SIZED)),
            });
        }
        // Whoever can give back comes first: half done is no harm then.
        let (new, delete): (Vec<&Slot>, Vec<&Slot>) = self.slots.iter().partition(|slot| slot.name == NEW);
        for slot in delete {
            slot.point_at(if slot.name == DELETE {
                delete_ours as *const ()
            } else {
                delete_sized_ours as *const ()
            } as usize)?;
        }
        new.into_iter().try_for_each(|slot| slot.point_at(new_ours as *const () as usize))
    }
}

struct State {
    arena: Arena,
    new: New,
    delete: Delete,
    delete_sized: Option<DeleteSized>,
}

/// For a process with one thread.
struct OfOneThread<T>(UnsafeCell<T>);

// SAFETY: written and read in a forked copy alone ([`Names::pack`] and what its slots lead to), which has one thread and makes no other.
unsafe impl<T> Sync for OfOneThread<T> {}

static STATE: OfOneThread<Option<State>> = OfOneThread(UnsafeCell::new(None));

/// # Safety
/// In the copy. The reference is not used any more when this is called again.
unsafe fn state<'a>() -> Option<&'a mut State> {
    // SAFETY: one thread; by the caller there is no other reference.
    unsafe { (*STATE.0.get()).as_mut() }
}

unsafe extern "C-unwind" fn new_ours(bytes: usize) -> *mut c_void {
    // SAFETY: called through a slot that `pack` has changed. No reference to the state lives while the original is called.
    unsafe {
        let Some(State { arena, new, .. }) = state() else { return std::ptr::null_mut() };
        if bytes == BUFFER_BYTES
            && let Some(buffer) = arena.take()
        {
            return std::ptr::with_exposed_provenance_mut(buffer);
        }
        let new = *new;
        new(bytes)
    }
}

unsafe extern "C" fn delete_ours(pointer: *mut c_void) {
    // SAFETY: as in `new_ours`.
    unsafe {
        let Some(State { arena, delete, .. }) = state() else { return };
        if !arena.give_back(pointer.expose_provenance()) {
            let delete = *delete;
            delete(pointer);
        }
    }
}

unsafe extern "C" fn delete_sized_ours(pointer: *mut c_void, bytes: usize) {
    // SAFETY: as in `new_ours`; the slot of this function had a target.
    unsafe {
        let Some(State { arena, delete_sized, .. }) = state() else { return };
        if !arena.give_back(pointer.expose_provenance())
            && let Some(delete_sized) = *delete_sized
        {
            delete_sized(pointer, bytes);
        }
    }
}

/// One piece of memory, from which buffers are taken one behind the other. All of it from `next` on is zero.
struct Arena {
    start: usize,
    next: usize,
    writable_end: usize,
    end: usize,
    /// The buffer that was taken last, which begins at `next`, until it is looked at or given back.
    last: Option<usize>,
}

impl Arena {
    fn reserve() -> io::Result<Self> {
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
        // SAFETY: new addresses, wherever there is room.
        let start =
            unsafe { libc::mmap(std::ptr::null_mut(), RESERVED_BYTES, libc::PROT_NONE, flags, -1, 0) };
        if start == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let start = start.expose_provenance();
        Ok(Self { start, next: start, writable_end: start, end: start + RESERVED_BYTES, last: None })
    }

    /// A buffer of zeros; `None` when there is no more.
    fn take(&mut self) -> Option<usize> {
        if let Some(last) = self.last.take() {
            // SAFETY: a buffer that was taken from here, all of it writable memory; nobody writes to it meanwhile, on the one thread.
            let buffer =
                unsafe { std::slice::from_raw_parts(std::ptr::with_exposed_provenance(last), BUFFER_BYTES) };
            self.next = (last + kept_bytes(buffer)).next_multiple_of(ALIGNMENT);
        }
        if self.next + BUFFER_BYTES > self.writable_end {
            self.grow()?;
        }
        self.last = Some(self.next);
        self.last
    }

    fn grow(&mut self) -> Option<()> {
        if self.writable_end + STEP_BYTES > self.end {
            return None;
        }
        let step = std::ptr::with_exposed_provenance_mut(self.writable_end);
        // SAFETY: a part of the reserved addresses, which are ours; nothing is in it yet.
        let result = unsafe { libc::mprotect(step, STEP_BYTES, libc::PROT_READ | libc::PROT_WRITE) };
        (result == 0).then(|| self.writable_end += STEP_BYTES)
    }

    /// Whether it was from here. The last one's room is used again; that of others is not.
    fn give_back(&mut self, buffer: usize) -> bool {
        if !(self.start..self.end).contains(&buffer) {
            return false;
        }
        if self.last.take_if(|last| *last == buffer).is_some() {
            // SAFETY: a buffer that was taken from here, whose owner has just given it up.
            unsafe { std::ptr::with_exposed_provenance_mut::<u8>(buffer).write_bytes(0, BUFFER_BYTES) };
        }
        true
    }
}

impl Drop for Arena {
    fn drop(&mut self) {
        // SAFETY: what `reserve` has mapped. In a copy the arena is never dropped.
        unsafe { libc::munmap(std::ptr::with_exposed_provenance_mut(self.start), RESERVED_BYTES) };
    }
}

/// How much of a buffer was used: a text with the zero at its end where nothing is behind it, else all.
fn kept_bytes(buffer: &[u8]) -> usize {
    let Some(length) = buffer.iter().position(|byte| *byte == 0) else { return buffer.len() };
    let (text, rest) = buffer.split_at(length);
    let is_text =
        !text.is_empty() && text.iter().all(|byte| *byte >= b' ') && std::str::from_utf8(text).is_ok();
    // Every byte, not until the first: this is vectorized.
    if is_text && rest.iter().fold(0, |sum, byte| sum | byte) == 0 { length + 1 } else { buffer.len() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(arena: &mut Arena) -> usize {
        let buffer = arena.take().expect("room");
        assert!(read(buffer, BUFFER_BYTES).iter().all(|byte| *byte == 0), "a buffer is empty");
        assert_eq!(buffer % ALIGNMENT, 0);
        buffer
    }

    fn write(buffer: usize, bytes: &[u8]) {
        // SAFETY: a buffer of an arena, and no more than it holds.
        unsafe {
            std::ptr::with_exposed_provenance_mut::<u8>(buffer)
                .copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
        };
    }

    fn read<'a>(buffer: usize, bytes: usize) -> &'a [u8] {
        // SAFETY: as above.
        unsafe { std::slice::from_raw_parts(std::ptr::with_exposed_provenance(buffer), bytes) }
    }

    #[test]
    fn texts_stand_close_together_and_stay_what_they_are() {
        let mut arena = Arena::reserve().unwrap();
        let texts: Vec<String> = (0..100_000).map(|i| format!("{i} / part of key (Object @{i})")).collect();
        let buffers: Vec<usize> = texts
            .iter()
            .map(|text| {
                let buffer = take(&mut arena);
                write(buffer, text.as_bytes());
                buffer
            })
            .collect();
        take(&mut arena);
        for (buffer, text) in buffers.iter().zip(&texts) {
            assert_eq!(read(*buffer, text.len() + 1).strip_suffix(b"\0"), Some(text.as_bytes()));
        }
        assert!(arena.next - arena.start <= 100_000 * 48, "{} bytes", arena.next - arena.start);
    }

    #[test]
    fn what_is_no_text_or_not_written_yet_keeps_all_of_its_room() {
        let mut arena = Arena::reserve().unwrap();
        let full = vec![b'x'; BUFFER_BYTES];
        for content in [b"".as_slice(), b"a\0b", b"\x01", b"\xff\xfe", b"\0later", &full] {
            let buffer = take(&mut arena);
            write(buffer, content);
            assert_eq!(take(&mut arena) - buffer, BUFFER_BYTES, "{content:?}");
        }
    }

    #[test]
    fn the_last_one_given_back_makes_room_for_the_next_and_an_older_one_does_not() {
        let mut arena = Arena::reserve().unwrap();
        let first = take(&mut arena);
        write(first, b"first");
        let second = take(&mut arena);
        write(second, b"second");
        assert!(arena.give_back(second));
        assert_eq!(take(&mut arena), second);
        assert!(arena.give_back(first));
        assert_eq!(read(first, 6), b"first\0");
        assert!(!arena.give_back(first - 1) && !arena.give_back(0));
    }

    #[test]
    fn this_program_is_no_v8_and_nothing_is_packed() {
        assert!(Names::find(0).is_none());
    }
}
