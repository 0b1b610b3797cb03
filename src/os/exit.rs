//! Being told that the process ends.
#![allow(unsafe_code, reason = "C's atexit")]

use std::sync::{Mutex, Once, PoisonError};

unsafe extern "C" {
    fn atexit(callback: extern "C" fn()) -> i32;
}

static CALLBACKS: Mutex<Vec<fn()>> = Mutex::new(Vec::new());

/// Runs `callback` when the process exits through `exit(3)`, as `process.exit()` does, which skips Node's cleanup
/// hooks on the main thread. Whoever registers does so once.
pub fn on_process_exit(callback: fn()) {
    static REGISTERED: Once = Once::new();
    CALLBACKS.lock().unwrap_or_else(PoisonError::into_inner).push(callback);
    REGISTERED.call_once(|| {
        // SAFETY: `run` is a plain function that lives as long as the library, which is never unloaded while a
        // handler of its own is registered (NODELETE on glibc; musl's dlclose does nothing; elsewhere the handler runs at unload).
        unsafe { atexit(run) };
    });
}

extern "C" fn run() {
    let callbacks = std::mem::take(&mut *CALLBACKS.lock().unwrap_or_else(PoisonError::into_inner));
    for callback in callbacks {
        callback();
    }
}
