//! GC prologue and epilogue callbacks as a value: made, they are registered; dropped, they are gone.
//!
//! V8 calls back on the isolate's thread inside the pause. Nothing there may allocate in V8's heap, run
//! JavaScript, call N-API, lock, make a system call or panic (`v8-isolate.h`, `AddGCPrologueCallback`).
//! Registering the same (function, data) pair twice means two calls per GC; removing a pair that was never
//! added removes someone else's, or crashes. Both are ruled out here: the data pointer is the address of a
//! box that one [`GcHooks`] owns, and only its `Drop` removes.

use std::ffi::c_void;

use super::Isolate;
use super::symbols::{RawGcCallback, RawIsolate, symbols};

/// V8's `GCType` and `GCCallbackFlags`; the values are the same from V8 10.2 to 14.6.
pub mod gc_type {
    /// `kGCTypeScavenge`.
    pub const SCAVENGE: u32 = 1;
    /// `kGCTypeMinorMarkSweep`.
    pub const MINOR_MARK_SWEEP: u32 = 2;
    /// `kGCTypeMarkSweepCompact`.
    pub const MARK_SWEEP_COMPACT: u32 = 4;
    /// `kGCTypeIncrementalMarking`.
    pub const INCREMENTAL_MARKING: u32 = 8;
    /// `kGCTypeProcessWeakCallbacks`.
    pub const PROCESS_WEAK_CALLBACKS: u32 = 16;
    /// `kGCTypeAll`.
    pub const ALL: u32 = 31;
    /// `kGCCallbackFlagForced`, among the flags.
    pub const FLAG_FORCED: u32 = 4;
}

/// What is called at the beginning and the end of each GC, inside the pause.
pub trait GcObserver: 'static {
    /// Before the GC. `kind` is one of [`gc_type`].
    fn prologue(&self, isolate: Isolate, kind: u32, flags: u32);
    /// After the GC.
    fn epilogue(&self, isolate: Isolate, kind: u32, flags: u32);
}

/// A registration of `O` with an isolate; `!Send`, so it is dropped on the isolate's thread.
///
/// Its owner must drop it while the isolate lives: in an environment's cleanup hook at the latest.
pub struct GcHooks<O: GcObserver> {
    isolate: Isolate,
    observer: *mut O,
    // The very pointers that were registered: the address of a generic function may differ between uses.
    prologue: RawGcCallback,
    epilogue: RawGcCallback,
}

impl<O: GcObserver> GcHooks<O> {
    /// Registers `observer` for every kind of GC.
    #[must_use]
    pub fn register(isolate: Isolate, observer: O) -> Self {
        let hooks = Self {
            isolate,
            observer: Box::into_raw(Box::new(observer)),
            prologue: on_prologue::<O>,
            epilogue: on_epilogue::<O>,
        };
        let data = hooks.observer.cast::<c_void>();
        let symbols = isolate.symbols();
        // SAFETY: on the isolate's thread by construction; `data` lives until `drop` has removed both callbacks.
        unsafe {
            (symbols.add_gc_prologue)(isolate.raw(), hooks.prologue, data, gc_type::ALL);
            (symbols.add_gc_epilogue)(isolate.raw(), hooks.epilogue, data, gc_type::ALL);
        }
        hooks
    }

    /// The registered observer.
    #[must_use]
    pub fn observer(&self) -> &O {
        // SAFETY: made by `Box::into_raw` in `register`, freed in `drop` only, and never borrowed mutably.
        unsafe { &*self.observer }
    }
}

impl<O: GcObserver> Drop for GcHooks<O> {
    fn drop(&mut self) {
        let symbols = self.isolate.symbols();
        let data = self.observer.cast::<c_void>();
        // The order matters: both callbacks go first, so that no GC can reach the observer that is then freed.
        // SAFETY: `self` is `!Send`, so this is the isolate's thread, and its owner drops it while the isolate lives; the pair
        // was added in `register` and is removed once. After that nobody else has the pointer.
        unsafe {
            (symbols.remove_gc_prologue)(self.isolate.raw(), self.prologue, data);
            (symbols.remove_gc_epilogue)(self.isolate.raw(), self.epilogue, data);
            drop(Box::from_raw(self.observer));
        }
    }
}

unsafe extern "C" fn on_prologue<O: GcObserver>(
    isolate: RawIsolate,
    kind: u32,
    flags: u32,
    data: *mut c_void,
) {
    // SAFETY: V8 calls on the isolate's thread with the data of `register`, which outlives the registration.
    unsafe {
        let Ok(symbols) = symbols() else { return };
        if let Some(isolate) = Isolate::from_callback(isolate, symbols) {
            (*data.cast::<O>()).prologue(isolate, kind, flags);
        }
    }
}

unsafe extern "C" fn on_epilogue<O: GcObserver>(
    isolate: RawIsolate,
    kind: u32,
    flags: u32,
    data: *mut c_void,
) {
    // SAFETY: as in `on_prologue`.
    unsafe {
        let Ok(symbols) = symbols() else { return };
        if let Some(isolate) = Isolate::from_callback(isolate, symbols) {
            (*data.cast::<O>()).epilogue(isolate, kind, flags);
        }
    }
}
