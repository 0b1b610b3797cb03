//! In the copy, locks are free and conditions wake nobody.
//!
//! Its one thread needs no locks. One that another thread held at the fork stays locked for ever (the task queue of Node's platform,
//! above all, into which every isolate's GC puts its jobs), and glibc's `pthread_cond_signal`, `_broadcast` and `_destroy` may wait for waiters that
//! do not exist. So all these functions succeed at once there, whichever loaded object calls them ([`slots`]). A job that V8 posts then wakes no worker; whoever joins it does all its work on
//! the one thread (`DefaultJobState::Join`). What such a lock protected may be half changed: that ends in a crash of the copy at worst,
//! where waiting would be a sure hang.

use std::ffi::{CStr, c_int, c_void};
use std::io;

use super::slots::{self, Slot};

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

/// Slots that lead to them.
#[derive(Debug)]
pub(super) struct Locks {
    slots: Vec<Slot>,
}

impl Locks {
    /// Finds the slots of every loaded object. V8's own must be among them: with a statically linked C library there is none.
    pub(super) fn find(address_in_v8: usize) -> Result<Self, String> {
        let slots = slots::find(address_in_v8, &NAMES);
        if slots.iter().any(|slot| slot.is_v8s) {
            return Ok(Self { slots });
        }
        Err("the program does not call its locks through its global offset table (it is linked statically, or for a processor other than x64 and arm64)".into())
    }

    /// Changes the slots, in the copy alone.
    pub(super) fn open_all(&self) -> io::Result<()> {
        self.slots.iter().try_for_each(|slot| slot.point_at(succeed as *const () as usize))
    }
}

unsafe extern "C" fn succeed(_lock: *mut c_void) -> c_int {
    0
}
