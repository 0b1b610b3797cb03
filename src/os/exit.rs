//! Being told that the process ends.
#![allow(unsafe_code, reason = "C's atexit")]

use std::sync::OnceLock;

unsafe extern "C" {
    fn atexit(callback: extern "C" fn()) -> i32;
}

static AT_EXIT: OnceLock<fn()> = OnceLock::new();

/// Runs `callback` when the process exits through `exit(3)`, as `process.exit()` does, which skips Node's cleanup
/// hooks on the main thread. The first callback wins; later ones are ignored.
pub fn on_process_exit(callback: fn()) {
    AT_EXIT.get_or_init(|| {
        // SAFETY: `run` is a plain function that lives as long as the library, which is never unloaded while a
        // handler of its own is registered (NODELETE on glibc; musl's dlclose does nothing; elsewhere the handler runs at unload).
        unsafe { atexit(run) };
        callback
    });
}

extern "C" fn run() {
    if let Some(callback) = AT_EXIT.get() {
        callback();
    }
}
