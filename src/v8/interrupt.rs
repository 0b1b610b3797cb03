//! Asking a busy isolate for a reading from another thread: `Isolate::RequestInterrupt`.
//!
//! The callback runs on the isolate's thread, inside running JavaScript too; while JavaScript is idle it stays
//! pending until JavaScript next runs, perhaps for ever. So nobody can know when V8 is done with the data
//! pointer, and it must never be freed: the data are [`Slot`]s of a pool that are handed on, never freed, and
//! as many as there were ever isolates at once.

use std::ffi::c_void;
use std::ptr::{null_mut, without_provenance_mut};
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, Ordering};

use parking_lot::Mutex;

use super::Isolate;
use super::symbols::{RawIsolate, symbols};

/// What an interrupt does, on the isolate's thread. It may read V8's statistics; it must not run JavaScript.
type Action = Box<dyn Fn(Isolate)>;

struct Slot {
    /// The isolate that may be asked, as an address. Locked while V8 is asked, so that the isolate cannot end meanwhile.
    isolate: Mutex<usize>,
    /// The registration that owns the slot: a requester of an earlier one has no say.
    generation: AtomicU64,
    /// Set and read on the isolate's thread only.
    action: AtomicPtr<Action>,
    /// A request is on its way: V8 keeps a queue, and one is enough.
    pending: AtomicBool,
    /// The same for a collection.
    is_pressing: AtomicBool,
}

static FREE: Mutex<Vec<&'static Slot>> = Mutex::new(Vec::new());

/// An isolate's registration for interrupts; `!Send`, dropped on the isolate's thread while the isolate lives.
pub struct Interrupts {
    isolate: Isolate,
    slot: &'static Slot,
}

/// The other threads' end of an [`Interrupts`]: asks, and does nothing once the registration is gone.
#[derive(Clone)]
pub struct InterruptRequester {
    slot: &'static Slot,
    generation: u64,
}

impl Interrupts {
    /// Registers `action` for the isolate of this thread.
    #[must_use]
    pub fn register(isolate: Isolate, action: impl Fn(Isolate) + 'static) -> Self {
        let slot = FREE.lock().pop().unwrap_or_else(|| {
            Box::leak(Box::new(Slot {
                isolate: Mutex::new(0),
                generation: AtomicU64::new(0),
                action: AtomicPtr::new(null_mut()),
                pending: AtomicBool::new(false),
                is_pressing: AtomicBool::new(false),
            }))
        });
        slot.action.store(Box::into_raw(Box::new(Box::new(action) as Action)), Ordering::Release);
        slot.pending.store(false, Ordering::Release);
        slot.is_pressing.store(false, Ordering::Release);
        *slot.isolate.lock() = isolate.raw().addr();
        Self { isolate, slot }
    }

    /// The end for other threads.
    #[must_use]
    pub fn requester(&self) -> InterruptRequester {
        InterruptRequester { slot: self.slot, generation: self.slot.generation.load(Ordering::Acquire) }
    }
}

impl Drop for Interrupts {
    fn drop(&mut self) {
        debug_assert_eq!(*self.slot.isolate.lock(), self.isolate.raw().addr());
        // First no more requests (this waits for one that is being made), then the action, which only this thread
        // uses; a request still pending in V8 will find no action.
        {
            let mut isolate = self.slot.isolate.lock();
            *isolate = 0;
            self.slot.generation.fetch_add(1, Ordering::AcqRel);
        }
        let action = self.slot.action.swap(null_mut(), Ordering::AcqRel);
        // SAFETY: made by `Box::into_raw` in `register`; the swap took it out, and `on_interrupt`, its only other user, runs
        // on this same thread and never around this drop (an action runs no JavaScript).
        drop(unsafe { Box::from_raw(action) });
        FREE.lock().push(self.slot);
    }
}

impl InterruptRequester {
    /// Asks V8 to run the action, unless a request is pending already or the isolate is gone.
    pub fn request(&self) {
        let Ok(symbols) = symbols() else { return };
        let isolate = self.slot.isolate.lock();
        if *isolate == 0
            || self.slot.generation.load(Ordering::Acquire) != self.generation
            || self.slot.pending.swap(true, Ordering::AcqRel)
        {
            return;
        }
        let data = std::ptr::from_ref(self.slot).cast_mut().cast::<c_void>();
        // SAFETY: RequestInterrupt may be called from any thread while the isolate lives; it does, for its registration
        // must take the lock that we hold before it ends. The slot is never freed.
        unsafe { (symbols.request_interrupt)(without_provenance_mut(*isolate), on_interrupt, data) }
    }
}

/// `v8::MemoryPressureLevel`, the same from V8 10.2 to 14.6.
mod pressure {
    pub const NONE: u32 = 0;
    pub const MODERATE: u32 = 1;
}

impl InterruptRequester {
    /// Asks V8 to collect the whole heap soon, incrementally where it can: moderate memory pressure starts incremental
    /// marking (`Heap::CheckMemoryPressure`). In busy JavaScript it answers at once; in an idle loop when JavaScript next runs.
    ///
    /// The notification itself is made on the isolate's own thread. V8 would take it from any thread, but then posts a task to
    /// the platform, which Node deletes in `process.exit()` while the isolate still lives.
    pub fn request_collection(&self) {
        let Ok(symbols) = symbols() else { return };
        let isolate = self.slot.isolate.lock();
        if *isolate == 0
            || self.slot.generation.load(Ordering::Acquire) != self.generation
            || self.slot.is_pressing.swap(true, Ordering::AcqRel)
        {
            return;
        }
        let data = std::ptr::from_ref(self.slot).cast_mut().cast::<c_void>();
        // SAFETY: as in `request`.
        unsafe { (symbols.request_interrupt)(without_provenance_mut(*isolate), on_pressure, data) }
    }
}

unsafe extern "C" fn on_pressure(isolate: RawIsolate, data: *mut c_void) {
    let Ok(symbols) = symbols() else { return };
    // SAFETY: `data` is a slot, which is never freed. V8 calls on the isolate's thread, inside JavaScript, where it may start
    // marking; both levels are V8's own values. Back to none at once: V8 acts on the rise, and the pressure is not real.
    unsafe {
        (*data.cast::<Slot>()).is_pressing.store(false, Ordering::Release);
        (symbols.memory_pressure_notification)(isolate, pressure::MODERATE);
        (symbols.memory_pressure_notification)(isolate, pressure::NONE);
    }
}

unsafe extern "C" fn on_interrupt(isolate: RawIsolate, data: *mut c_void) {
    // SAFETY: `data` is a slot, which is never freed; V8 calls on the isolate's thread. The action, if there is one,
    // belongs to the isolate that registered it: where the slot was handed on to another isolate meanwhile, the
    // addresses differ and nothing is touched.
    unsafe {
        let slot = &*data.cast::<Slot>();
        if *slot.isolate.lock() != isolate.addr() {
            return;
        }
        slot.pending.store(false, Ordering::Release);
        let (Ok(symbols), action) = (symbols(), slot.action.load(Ordering::Acquire)) else { return };
        if let (Some(isolate), Some(action)) = (Isolate::from_callback(isolate, symbols), action.as_ref()) {
            action(isolate);
        }
    }
}
