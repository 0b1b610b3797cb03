//! The isolate of the calling thread, as a value that cannot leave it.

use std::ffi::CStr;
use std::ptr::NonNull;

use super::symbols::{MissingSymbol, RawIsolate, Symbols, symbols};

/// The isolate that is entered on the current thread.
///
/// `!Send` and `!Sync` (it holds a pointer), and obtained only through [`Isolate::current`] or inside a callback
/// that V8 makes on the isolate's thread: so every method of it runs on the isolate's own thread, as V8 demands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Isolate {
    raw: NonNull<std::ffi::c_void>,
    symbols: &'static Symbols,
}

impl Isolate {
    /// The isolate of this thread, or `None` where none is entered.
    ///
    /// # Errors
    /// A V8 method that this runtime does not export.
    pub fn current() -> Result<Option<Self>, MissingSymbol> {
        let symbols = symbols()?;
        // SAFETY: a static method without arguments that reads a thread-local.
        let raw = unsafe { (symbols.try_get_current)() };
        Ok(NonNull::new(raw).map(|raw| Self { raw, symbols }))
    }

    /// # Safety
    /// `raw` is the isolate that V8 passed to a callback which is running now on this thread.
    pub(super) unsafe fn from_callback(raw: RawIsolate, symbols: &'static Symbols) -> Option<Self> {
        NonNull::new(raw).map(|raw| Self { raw, symbols })
    }

    pub(super) fn raw(self) -> RawIsolate {
        self.raw.as_ptr()
    }

    pub(super) fn symbols(self) -> &'static Symbols {
        self.symbols
    }

    /// Runs a full collection now (`Isolate::LowMemoryNotification`); needs no `--expose-gc`.
    ///
    /// Must not be called from inside a V8 callback.
    pub fn collect_garbage(self) {
        // SAFETY: on the isolate's thread by construction; callers are N-API functions, outside any GC.
        unsafe { (self.symbols.low_memory_notification)(self.raw()) }
    }
}

impl PartialEq for Symbols {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}
impl Eq for Symbols {}

/// `V8::GetVersion()`, such as `13.6.233.17-node.53`.
///
/// # Errors
/// A V8 method that this runtime does not export.
pub fn version() -> Result<String, MissingSymbol> {
    let symbols = symbols()?;
    // SAFETY: returns a NUL-terminated string that V8 keeps in a static for the life of the process.
    let version = unsafe { CStr::from_ptr((symbols.get_version)()) };
    Ok(version.to_string_lossy().into_owned())
}
