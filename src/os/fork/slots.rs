//! The slots through which loaded objects call functions of others (their global offset tables).
//!
//! Every loaded object has its own, which the dynamic section leads to (elf(5): `DT_JMPREL`, `DT_RELA`, `DT_SYMTAB`, `DT_STRTAB`). They are found
//! before the fork and changed after it, in the copy alone.

use std::ffi::{CStr, c_int, c_void};
use std::io;

/// Relocations that fill a slot with a function's address.
#[cfg(target_arch = "x86_64")]
const SLOT_TYPES: [u32; 2] = [6, 7]; // R_X86_64_GLOB_DAT, R_X86_64_JUMP_SLOT
#[cfg(target_arch = "aarch64")]
const SLOT_TYPES: [u32; 2] = [1025, 1026]; // R_AARCH64_GLOB_DAT, R_AARCH64_JUMP_SLOT
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
const SLOT_TYPES: [u32; 0] = [];

/// A function that an object calls.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slot {
    /// The function's name.
    pub name: &'static CStr,
    /// It is V8's own object that calls it.
    pub is_v8s: bool,
    /// The dynamic linker has looked the function up, and it is another object's. (Until then the slot leads back to where it is looked up.)
    pub is_bound: bool,
    address: usize,
}

/// The slots of all loaded objects for these functions. `address_in_v8` says in which of them V8 is.
pub(super) fn find(address_in_v8: usize, names: &[&'static CStr]) -> Vec<Slot> {
    let mut search = Search { address_in_v8, names, slots: Vec::new() };
    // SAFETY: the callback gets the pointer to `search`, which outlives the call, and is called on this thread.
    unsafe { libc::dl_iterate_phdr(Some(visit), (&raw mut search).cast()) };
    search.slots
}

impl Slot {
    /// The address of the function that is called through it.
    pub(super) fn target(&self) -> usize {
        // SAFETY: a pointer-sized, aligned field of a loaded object, checked in `visit`; the object that V8 is in, or that calls a C library, stays loaded.
        unsafe { std::ptr::with_exposed_provenance::<usize>(self.address).read() }
    }

    /// From now on another function is called. For the copy alone: the threads of a living process would trample on each other.
    pub(super) fn point_at(&self, function: usize) -> io::Result<()> {
        let page = page_bytes();
        let start = self.address & !(page - 1);
        // SAFETY: the slot is a pointer-sized field of a loaded object's writable segment (checked in `visit`), aligned by the
        // linker, so within one page. Full RELRO made it read-only after start; in this single-threaded copy it is ours to change.
        unsafe {
            let page_start = std::ptr::without_provenance_mut::<c_void>(start);
            if libc::mprotect(page_start, page, libc::PROT_READ | libc::PROT_WRITE) != 0 {
                return Err(io::Error::last_os_error());
            }
            std::ptr::with_exposed_provenance_mut::<usize>(self.address).write(function);
        }
        Ok(())
    }
}

fn page_bytes() -> usize {
    // SAFETY: reads a constant of the system.
    usize::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).unwrap_or(4096)
}

struct Search<'a> {
    address_in_v8: usize,
    names: &'a [&'static CStr],
    slots: Vec<Slot>,
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
        let (info, search) = (&*info, &mut *data.cast::<Search<'_>>());
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
        let is_v8s = loaded(search.address_in_v8, libc::PF_X);
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
                if !loaded(name, 0) || !loaded(slot, libc::PF_W) {
                    continue;
                }
                let name = CStr::from_ptr(std::ptr::with_exposed_provenance(name));
                if let Some(name) = search.names.iter().find(|wanted| **wanted == name) {
                    let target = std::ptr::with_exposed_provenance::<usize>(slot).read();
                    let is_bound = !loaded(target, libc::PF_X);
                    search.slots.push(Slot { name, is_v8s, is_bound, address: slot });
                }
            }
        }
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slots_of_this_program_lead_to_the_c_library() {
        let own = find as *const () as usize;
        let slots = find(own, &[c"mmap", c"mmap64", c"no such function"]);
        let own: Vec<&Slot> = slots.iter().filter(|slot| slot.is_v8s).collect();
        assert!(!own.is_empty(), "{slots:?}");
        for slot in own.iter().filter(|slot| slot.is_bound) {
            assert!(
                [libc::mmap as *const () as usize, libc::mmap64 as *const () as usize]
                    .contains(&slot.target()),
                "{slot:?}"
            );
        }
    }
}
