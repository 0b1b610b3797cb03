//! In the copy, locks are free and conditions wake nobody.
//!
//! Its one thread needs no locks. One that another thread held at the fork stays locked for ever (the task queue of Node's platform,
//! above all, into which every isolate's GC puts its jobs), and glibc's `pthread_cond_signal`, `_broadcast` and `_destroy` may wait for waiters that
//! do not exist. So all these functions succeed at once there. Every loaded object calls them through slots of its own (its GOT),
//! which the dynamic section leads to (elf(5): `DT_JMPREL`, `DT_RELA`, `DT_SYMTAB`, `DT_STRTAB`). The slots are found before the
//! fork and changed after it, in the copy alone. A job that V8 posts then wakes no worker; whoever joins it does all its work on
//! the one thread (`DefaultJobState::Join`). What such a lock protected may be half changed: that ends in a crash of the copy at worst,
//! where waiting would be a sure hang.

use std::ffi::{CStr, c_int, c_void};
use std::io;

/// What may wait for other threads; each takes one pointer and answers 0 for success. Not `pthread_cond_wait`: whoever waits for another
/// thread here waits for ever, which the watcher sees.
const NAMES: [&CStr; 13] = [
    c"pthread_cond_signal",
    c"pthread_cond_broadcast",
    c"pthread_cond_destroy",
    c"pthread_mutex_lock",
    c"pthread_mutex_trylock",
    c"pthread_mutex_unlock",
    c"pthread_mutex_destroy",
    c"pthread_rwlock_rdlock",
    c"pthread_rwlock_tryrdlock",
    c"pthread_rwlock_wrlock",
    c"pthread_rwlock_trywrlock",
    c"pthread_rwlock_unlock",
    c"pthread_rwlock_destroy",
];

/// Relocations that fill a slot with a function's address.
#[cfg(target_arch = "x86_64")]
const SLOT_TYPES: [u32; 2] = [6, 7]; // R_X86_64_GLOB_DAT, R_X86_64_JUMP_SLOT
#[cfg(target_arch = "aarch64")]
const SLOT_TYPES: [u32; 2] = [1025, 1026]; // R_AARCH64_GLOB_DAT, R_AARCH64_JUMP_SLOT
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
const SLOT_TYPES: [u32; 0] = [];

/// Addresses of slots.
#[derive(Debug)]
pub(super) struct Locks {
    slots: Vec<usize>,
}

impl Locks {
    /// Finds the slots of every loaded object. V8's own must be among them: with a statically linked C library there is none.
    pub(super) fn find(address_in_v8: usize) -> Result<Self, String> {
        let mut search = Search { address_in_v8, slots: Vec::new(), is_v8_found: false };
        // SAFETY: the callback gets the pointer to `search`, which outlives the call, and is called on this thread.
        unsafe { libc::dl_iterate_phdr(Some(visit), (&raw mut search).cast()) };
        if search.is_v8_found {
            return Ok(Self { slots: search.slots });
        }
        Err("the program does not call its locks through its global offset table (it is linked statically, or for a processor other than x64 and arm64)".into())
    }

    /// Changes the slots. For the copy alone: the threads of a living process would trample on each other.
    pub(super) fn open_all(&self) -> io::Result<()> {
        let page = page_bytes();
        for &slot in &self.slots {
            let start = slot & !(page - 1);
            // SAFETY: the slot is a pointer-sized field of a loaded object's writable segment (checked in `visit`), aligned by the
            // linker, so within one page. Full RELRO made it read-only after start; in this single-threaded copy it is ours to change.
            unsafe {
                let address = std::ptr::without_provenance_mut::<c_void>(start);
                if libc::mprotect(address, page, libc::PROT_READ | libc::PROT_WRITE) != 0 {
                    return Err(io::Error::last_os_error());
                }
                let slot = std::ptr::with_exposed_provenance_mut::<usize>(slot);
                slot.write_volatile(succeed as *const () as usize);
            }
        }
        Ok(())
    }
}

unsafe extern "C" fn succeed(_lock: *mut c_void) -> c_int {
    0
}

fn page_bytes() -> usize {
    // SAFETY: reads a constant of the system.
    usize::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).unwrap_or(4096)
}

struct Search {
    address_in_v8: usize,
    slots: Vec<usize>,
    is_v8_found: bool,
}

#[repr(C)]
#[derive(Clone, Copy)]
struct Dynamic {
    tag: i64,
    value: usize,
}

#[repr(C)]
struct Relocation {
    offset: usize,
    info: u64,
    addend: i64,
}

mod tag {
    pub const END: i64 = 0;
    pub const JUMP_BYTES: i64 = 2; // DT_PLTRELSZ
    pub const STRINGS: i64 = 5; // DT_STRTAB
    pub const SYMBOLS: i64 = 6; // DT_SYMTAB
    pub const RELOCATIONS: i64 = 7; // DT_RELA
    pub const RELOCATION_BYTES: i64 = 8; // DT_RELASZ
    pub const JUMPS: i64 = 23; // DT_JMPREL
}

unsafe extern "C" fn visit(info: *mut libc::dl_phdr_info, _size: usize, data: *mut c_void) -> c_int {
    // SAFETY: the dynamic linker passes a valid description of a loaded object and our own pointer. It holds its lock meanwhile, so
    // the object stays loaded. The addresses below are those that the linker itself has used to load the object.
    unsafe {
        let (info, search) = (&*info, &mut *data.cast::<Search>());
        if info.dlpi_phdr.is_null() {
            return 0;
        }
        let headers = std::slice::from_raw_parts(info.dlpi_phdr, usize::from(info.dlpi_phnum));
        let base = usize::try_from(info.dlpi_addr).unwrap_or(0);
        let address = |offset: u64| base.wrapping_add(usize::try_from(offset).unwrap_or(0));
        let loaded = |place: usize, flags: u32| {
            headers.iter().any(|header| {
                let start = address(header.p_vaddr);
                header.p_type == libc::PT_LOAD
                    && header.p_flags & flags == flags
                    && place >= start
                    && place - start < usize::try_from(header.p_memsz).unwrap_or(0)
            })
        };
        let Some(dynamic) = headers.iter().find(|header| header.p_type == libc::PT_DYNAMIC) else { return 0 };
        let mut entry = std::ptr::with_exposed_provenance::<Dynamic>(address(dynamic.p_vaddr));
        let count = usize::try_from(dynamic.p_memsz).unwrap_or(0) / size_of::<Dynamic>();
        let (mut symbols, mut strings, mut tables) = (0, 0, [(0, 0); 2]);
        for _ in 0..count {
            let Dynamic { tag, value } = entry.read();
            entry = entry.add(1);
            match tag {
                tag::END => break,
                tag::SYMBOLS => symbols = value,
                tag::STRINGS => strings = value,
                tag::JUMPS => tables[0].0 = value,
                tag::JUMP_BYTES => tables[0].1 = value,
                tag::RELOCATIONS => tables[1].0 = value,
                tag::RELOCATION_BYTES => tables[1].1 = value,
                _ => {}
            }
        }
        // glibc has turned these into addresses, musl leaves them as offsets.
        let absolute = |value: usize| if loaded(value, 0) { value } else { base.wrapping_add(value) };
        let (symbols, strings) = (absolute(symbols), absolute(strings));
        if !loaded(symbols, 0) || !loaded(strings, 0) {
            return 0;
        }
        let before = search.slots.len();
        for (table, bytes) in tables {
            let table = absolute(table);
            if bytes == 0 || !loaded(table, 0) {
                continue;
            }
            let table = std::ptr::with_exposed_provenance::<Relocation>(table);
            for relocation in std::slice::from_raw_parts(table, bytes / size_of::<Relocation>()) {
                let kind = u32::try_from(relocation.info & 0xFFFF_FFFF).unwrap_or(0);
                if !SLOT_TYPES.contains(&kind) {
                    continue;
                }
                let index = usize::try_from(relocation.info >> 32).unwrap_or(0);
                let symbol = std::ptr::with_exposed_provenance::<libc::Elf64_Sym>(symbols).add(index);
                let name = strings + (*symbol).st_name as usize;
                let slot = base.wrapping_add(relocation.offset);
                if loaded(name, 0)
                    && loaded(slot, libc::PF_W)
                    && NAMES.contains(&CStr::from_ptr(std::ptr::with_exposed_provenance(name)))
                {
                    search.slots.push(slot);
                }
            }
        }
        search.is_v8_found |= search.slots.len() > before && loaded(search.address_in_v8, libc::PF_X);
        0
    }
}
