//! V8's methods, resolved once by name into one table.
//!
//! Every Node binary exports V8's public C++ API; the mangled names and signatures below are the same from V8
//! 10.2 (Node 18) to 14.6 (Node 26). Resolving them at run time instead of linking lets one binary serve all
//! of them, and turns a missing method into an error that names it instead of a failed load.

use std::ffi::{c_char, c_int, c_void};
use std::fmt;
use std::sync::OnceLock;

/// `v8::Isolate*`, opaque.
pub type RawIsolate = *mut c_void;
/// `v8::Isolate::GCCallbackWithData`: (isolate, `GCType`, `GCCallbackFlags`, data).
pub type RawGcCallback = unsafe extern "C" fn(RawIsolate, u32, u32, *mut c_void);
/// `v8::InterruptCallback`: (isolate, data).
pub type RawInterruptCallback = unsafe extern "C" fn(RawIsolate, *mut c_void);

/// A V8 method that the running executable does not export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingSymbol {
    /// The method's C++ name, such as `Isolate::GetHeapStatistics`.
    pub method: &'static str,
    /// The mangled name that was looked up.
    pub mangled: &'static str,
    /// What cannot be done without it, as the end of the sentence "…, without which …".
    pub cost: &'static str,
}

impl fmt::Display for MissingSymbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "this runtime does not export V8's {} ({}), without which {}",
            self.method, self.mangled, self.cost
        )
    }
}

macro_rules! symbols {
    (
        $(#[$doc:meta])* $table:ident, $names:ident, $cost:literal;
        $($field:ident: $signature:ty = $method:literal, $itanium:literal, $msvc:literal;)*
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $table {
            $(#[doc = concat!("`", $method, "`")] pub $field: $signature,)*
        }

        impl $table {
            fn resolve() -> Result<Self, MissingSymbol> {
                let executable = Executable::open();
                Ok(Self {
                    $($field: {
                        let mangled = if cfg!(windows) { $msvc } else { $itanium };
                        // SAFETY: the mangled name encodes the parameter types, and `$signature` states the same
                        // types (a C++ method takes `this` as its first argument in the Itanium and Windows x64 and
                        // arm64 conventions). `layout::check` rules out runtimes that reuse the names.
                        unsafe { executable.get::<$signature>(mangled) }
                            .ok_or(MissingSymbol { method: $method, mangled, cost: $cost })?
                    },)*
                })
            }
        }

        #[cfg(test)]
        const $names: &[(&str, &str, &str)] = &[$(($method, $itanium, $msvc)),*];
    };
}

symbols! {
    /// One resolved address per V8 method that the recorder calls.
    Symbols, NAMES, "GC pauses cannot be hooked";
    try_get_current: unsafe extern "C" fn() -> RawIsolate = "Isolate::TryGetCurrent",
        "_ZN2v87Isolate13TryGetCurrentEv",
        "?TryGetCurrent@Isolate@v8@@SAPEAV12@XZ";
    add_gc_prologue: unsafe extern "C" fn(RawIsolate, RawGcCallback, *mut c_void, u32) = "Isolate::AddGCPrologueCallback",
        "_ZN2v87Isolate21AddGCPrologueCallbackEPFvPS0_NS_6GCTypeENS_15GCCallbackFlagsEPvES4_S2_",
        "?AddGCPrologueCallback@Isolate@v8@@QEAAXP6AXPEAV12@W4GCType@2@W4GCCallbackFlags@2@PEAX@Z31@Z";
    remove_gc_prologue: unsafe extern "C" fn(RawIsolate, RawGcCallback, *mut c_void) = "Isolate::RemoveGCPrologueCallback",
        "_ZN2v87Isolate24RemoveGCPrologueCallbackEPFvPS0_NS_6GCTypeENS_15GCCallbackFlagsEPvES4_",
        "?RemoveGCPrologueCallback@Isolate@v8@@QEAAXP6AXPEAV12@W4GCType@2@W4GCCallbackFlags@2@PEAX@Z3@Z";
    add_gc_epilogue: unsafe extern "C" fn(RawIsolate, RawGcCallback, *mut c_void, u32) = "Isolate::AddGCEpilogueCallback",
        "_ZN2v87Isolate21AddGCEpilogueCallbackEPFvPS0_NS_6GCTypeENS_15GCCallbackFlagsEPvES4_S2_",
        "?AddGCEpilogueCallback@Isolate@v8@@QEAAXP6AXPEAV12@W4GCType@2@W4GCCallbackFlags@2@PEAX@Z31@Z";
    remove_gc_epilogue: unsafe extern "C" fn(RawIsolate, RawGcCallback, *mut c_void) = "Isolate::RemoveGCEpilogueCallback",
        "_ZN2v87Isolate24RemoveGCEpilogueCallbackEPFvPS0_NS_6GCTypeENS_15GCCallbackFlagsEPvES4_",
        "?RemoveGCEpilogueCallback@Isolate@v8@@QEAAXP6AXPEAV12@W4GCType@2@W4GCCallbackFlags@2@PEAX@Z3@Z";
    get_heap_statistics: unsafe extern "C" fn(RawIsolate, *mut c_void) = "Isolate::GetHeapStatistics",
        "_ZN2v87Isolate17GetHeapStatisticsEPNS_14HeapStatisticsE",
        "?GetHeapStatistics@Isolate@v8@@QEAAXPEAVHeapStatistics@2@@Z";
    get_heap_space_statistics: unsafe extern "C" fn(RawIsolate, *mut c_void, usize) -> bool = "Isolate::GetHeapSpaceStatistics",
        "_ZN2v87Isolate22GetHeapSpaceStatisticsEPNS_19HeapSpaceStatisticsEm",
        "?GetHeapSpaceStatistics@Isolate@v8@@QEAA_NPEAVHeapSpaceStatistics@2@_K@Z";
    number_of_heap_spaces: unsafe extern "C" fn(RawIsolate) -> usize = "Isolate::NumberOfHeapSpaces",
        "_ZN2v87Isolate18NumberOfHeapSpacesEv",
        "?NumberOfHeapSpaces@Isolate@v8@@QEAA_KXZ";
    low_memory_notification: unsafe extern "C" fn(RawIsolate) = "Isolate::LowMemoryNotification",
        "_ZN2v87Isolate21LowMemoryNotificationEv",
        "?LowMemoryNotification@Isolate@v8@@QEAAXXZ";
    request_interrupt: unsafe extern "C" fn(RawIsolate, RawInterruptCallback, *mut c_void) = "Isolate::RequestInterrupt",
        "_ZN2v87Isolate16RequestInterruptEPFvPS0_PvES2_",
        "?RequestInterrupt@Isolate@v8@@QEAAXP6AXPEAV12@PEAX@Z1@Z";
    memory_pressure_notification: unsafe extern "C" fn(RawIsolate, u32) = "Isolate::MemoryPressureNotification",
        "_ZN2v87Isolate26MemoryPressureNotificationENS_19MemoryPressureLevelE",
        "?MemoryPressureNotification@Isolate@v8@@QEAAXW4MemoryPressureLevel@2@@Z";
    get_version: unsafe extern "C" fn() -> *const c_char = "V8::GetVersion",
        "_ZN2v82V810GetVersionEv",
        "?GetVersion@V8@v8@@SAPEBDXZ";
}

/// `v8::Local<T>`: the address of a handle, null where it is empty.
pub type RawLocal = *mut c_void;

/// `v8::NearHeapLimitCallback`: (data, current limit, initial limit), answers the new limit.
pub type RawNearHeapLimitCallback = unsafe extern "C" fn(*mut c_void, usize, usize) -> usize;

symbols! {
    /// What snapshots need, in a table of its own: a runtime without it still has everything else.
    ProfilerSymbols, PROFILER_NAMES, "heap snapshots cannot be taken";
    get_heap_profiler: unsafe extern "C" fn(RawIsolate) -> *mut c_void = "Isolate::GetHeapProfiler",
        "_ZN2v87Isolate15GetHeapProfilerEv",
        "?GetHeapProfiler@Isolate@v8@@QEAAPEAVHeapProfiler@2@XZ";
    take_heap_snapshot: unsafe extern "C" fn(*mut c_void, *const c_void) -> *const c_void = "HeapProfiler::TakeHeapSnapshot",
        "_ZN2v812HeapProfiler16TakeHeapSnapshotERKNS0_19HeapSnapshotOptionsE",
        "?TakeHeapSnapshot@HeapProfiler@v8@@QEAAPEBVHeapSnapshot@2@AEBUHeapSnapshotOptions@12@@Z";
    serialize: unsafe extern "C" fn(*const c_void, *mut c_void, u32) = "HeapSnapshot::Serialize",
        "_ZNK2v812HeapSnapshot9SerializeEPNS_12OutputStreamENS0_19SerializationFormatE",
        "?Serialize@HeapSnapshot@v8@@QEBAXPEAVOutputStream@2@W4SerializationFormat@12@@Z";
    delete_snapshot: unsafe extern "C" fn(*mut c_void) = "HeapSnapshot::Delete",
        "_ZN2v812HeapSnapshot6DeleteEv",
        "?Delete@HeapSnapshot@v8@@QEAAXXZ";
    add_near_heap_limit: unsafe extern "C" fn(RawIsolate, RawNearHeapLimitCallback, *mut c_void) = "Isolate::AddNearHeapLimitCallback",
        "_ZN2v87Isolate24AddNearHeapLimitCallbackEPFmPvmmES1_",
        "?AddNearHeapLimitCallback@Isolate@v8@@QEAAXP6A_KPEAX_K1@Z0@Z";
    remove_near_heap_limit: unsafe extern "C" fn(RawIsolate, RawNearHeapLimitCallback, usize) = "Isolate::RemoveNearHeapLimitCallback",
        "_ZN2v87Isolate27RemoveNearHeapLimitCallbackEPFmPvmmEm",
        "?RemoveNearHeapLimitCallback@Isolate@v8@@QEAAXP6A_KPEAX_K1@Z1@Z";
}

symbols! {
    /// What counting objects by class needs.
    CensusSymbols, CENSUS_NAMES, "objects cannot be counted by class";
    get_heap_profiler: unsafe extern "C" fn(RawIsolate) -> *mut c_void = "Isolate::GetHeapProfiler",
        "_ZN2v87Isolate15GetHeapProfilerEv",
        "?GetHeapProfiler@Isolate@v8@@QEAAPEAVHeapProfiler@2@XZ";
    get_entered_context: unsafe extern "C" fn(RawIsolate) -> RawLocal = "Isolate::GetEnteredOrMicrotaskContext",
        "_ZN2v87Isolate28GetEnteredOrMicrotaskContextEv",
        "?GetEnteredOrMicrotaskContext@Isolate@v8@@QEAA?AV?$Local@VContext@v8@@@2@XZ";
    query_objects: unsafe extern "C" fn(*mut c_void, RawLocal, *mut c_void, *mut c_void) = "HeapProfiler::QueryObjects",
        "_ZN2v812HeapProfiler12QueryObjectsENS_5LocalINS_7ContextEEEPNS_20QueryObjectPredicateEPSt6vectorINS_6GlobalINS_6ObjectEEESaIS9_EE",
        "?QueryObjects@HeapProfiler@v8@@QEAAXV?$Local@VContext@v8@@@2@PEAVQueryObjectPredicate@2@PEAV?$vector@V?$Global@VObject@v8@@@v8@@V?$allocator@V?$Global@VObject@v8@@@v8@@@std@@@std@@@Z";
    get_constructor_name: unsafe extern "C" fn(RawLocal) -> RawLocal = "Object::GetConstructorName",
        "_ZN2v86Object18GetConstructorNameEv",
        "?GetConstructorName@Object@v8@@QEAA?AV?$Local@VString@v8@@@2@XZ";
}

symbols! {
    /// The text of a string, up to V8 13.
    WriteUtf8Symbols, WRITE_UTF8_NAMES, "objects cannot be counted by class";
    write_utf8: unsafe extern "C" fn(RawLocal, RawIsolate, *mut c_char, c_int, *mut c_int, c_int) -> c_int = "String::WriteUtf8",
        "_ZNK2v86String9WriteUtf8EPNS_7IsolateEPciPii",
        "?WriteUtf8@String@v8@@QEBAHPEAVIsolate@2@PEADHPEAHH@Z";
}

symbols! {
    /// The text of a string, from V8 13 on.
    WriteUtf8V2Symbols, WRITE_UTF8_V2_NAMES, "objects cannot be counted by class";
    write_utf8: unsafe extern "C" fn(RawLocal, RawIsolate, *mut c_char, usize, c_int, *mut usize) -> usize = "String::WriteUtf8V2",
        "_ZNK2v86String11WriteUtf8V2EPNS_7IsolateEPcmiPm",
        "?WriteUtf8V2@String@v8@@QEBA_KPEAVIsolate@2@PEAD_KHPEA_K@Z";
}

/// The table, resolved on first use.
///
/// # Errors
/// The first method that the running executable does not export.
pub fn symbols() -> Result<&'static Symbols, MissingSymbol> {
    static TABLE: OnceLock<Result<Symbols, MissingSymbol>> = OnceLock::new();
    TABLE.get_or_init(Symbols::resolve).as_ref().map_err(Clone::clone)
}

/// The table for snapshots, resolved when the first one is asked for.
///
/// # Errors
/// The first method that the running executable does not export.
pub fn profiler_symbols() -> Result<&'static ProfilerSymbols, MissingSymbol> {
    static TABLE: OnceLock<Result<ProfilerSymbols, MissingSymbol>> = OnceLock::new();
    TABLE.get_or_init(ProfilerSymbols::resolve).as_ref().map_err(Clone::clone)
}

/// The table for counting objects, resolved when it is first needed.
///
/// # Errors
/// The first method that the running executable does not export.
pub fn census_symbols() -> Result<CensusSymbols, MissingSymbol> {
    CensusSymbols::resolve()
}

/// The older way to a string's text.
///
/// # Errors
/// It has gone.
pub fn write_utf8_symbols() -> Result<WriteUtf8Symbols, MissingSymbol> {
    WriteUtf8Symbols::resolve()
}

/// The newer way to a string's text.
///
/// # Errors
/// It has not come yet.
pub fn write_utf8_v2_symbols() -> Result<WriteUtf8V2Symbols, MissingSymbol> {
    WriteUtf8V2Symbols::resolve()
}

/// The running program and the libraries that it was linked with, where V8 lives.
struct Executable {
    #[cfg(unix)]
    library: libloading::os::unix::Library,
    #[cfg(windows)]
    library: Option<libloading::os::windows::Library>,
}

impl Executable {
    fn open() -> Self {
        #[cfg(unix)]
        let library = libloading::os::unix::Library::this();
        #[cfg(windows)]
        let library = libloading::os::windows::Library::this().ok();
        Self { library }
    }

    /// # Safety
    /// `T` must be a function pointer of the signature that `mangled` encodes.
    unsafe fn get<T: Copy>(&self, mangled: &str) -> Option<T> {
        #[cfg(unix)]
        let library = &self.library;
        #[cfg(windows)]
        let library = self.library.as_ref()?;
        // SAFETY: the caller vouches for `T`. The executable is never unloaded, so the copied address stays valid
        // after the handle is closed.
        unsafe { library.get::<T>(mangled) }.ok().map(|symbol| *symbol)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_runtime_without_v8_is_refused_by_the_name_of_the_missing_method() {
        // The test executable is not Node: the first method of the table is missing.
        let missing = symbols().expect_err("the test runner exports no V8");
        assert_eq!(missing.method, "Isolate::TryGetCurrent");
        assert!(missing.to_string().contains(missing.mangled));
    }

    #[test]
    fn every_method_has_both_manglings_of_its_own_name() {
        for (method, itanium, msvc) in NAMES
            .iter()
            .chain(PROFILER_NAMES)
            .chain(CENSUS_NAMES)
            .chain(WRITE_UTF8_NAMES)
            .chain(WRITE_UTF8_V2_NAMES)
        {
            let name = method.rsplit("::").next().unwrap();
            assert!(itanium.starts_with("_ZN") && itanium.contains(name), "{method}");
            assert!(msvc.starts_with('?') && msvc.contains(name), "{method}");
        }
    }
}
