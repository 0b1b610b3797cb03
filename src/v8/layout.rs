//! Decides, before any hook is registered, whether this runtime's V8 is the one that we think it is.
//!
//! Having the symbols proves little: Bun exports them and never calls back. So the version must be the one that
//! `process.versions.v8` names, the statistics must have a known extent, and their values must be the ones that
//! `v8.getHeapStatistics()` reads at the same moment.

use std::fmt;
use std::sync::OnceLock;

use super::heap::Extent;
use super::isolate::version;
use super::symbols::MissingSymbol;
use super::{Isolate, heap::HeapStatistics};

/// The bytes of `HeapStatistics` in V8 10.2–14.1.
const KNOWN_BYTES: usize = 112;
/// Longer than this and the fixed buffer of [`super::heap`] would be overrun.
const MOST_BYTES: usize = 512;
/// JavaScript's reading itself allocates between the two, and V8 counts whole pages of 256 KB at once.
const USED_TOLERANCE_BYTES: u64 = 1 << 20;

/// What JavaScript knows of the runtime, to be compared with what V8 tells us.
#[derive(Clone, Debug)]
pub struct Expectation {
    /// `process.versions.v8`.
    pub v8_version: String,
    /// `process.versions.bun` is there.
    pub is_bun: bool,
    /// `v8.getHeapStatistics()`.
    pub heap: HeapStatistics,
}

/// Why native mode is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// A method is not exported.
    Symbol(MissingSymbol),
    /// `JavaScriptCore` with V8's names on it: the hooks would be accepted and never called.
    Bun,
    /// No isolate is entered on this thread.
    NoIsolate,
    /// The symbols belong to another V8 than the one that runs JavaScript.
    Version {
        /// `V8::GetVersion()`.
        native: String,
        /// `process.versions.v8`.
        expected: String,
    },
    /// `HeapStatistics` is of an unknown length.
    Extent(usize),
    /// The values differ from those that JavaScript reads.
    Values {
        /// The field that differs.
        field: &'static str,
        /// Read by us.
        native: u64,
        /// Read by JavaScript.
        expected: u64,
    },
    /// A test asked for this check to fail.
    Forced(&'static str),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Symbol(missing) => missing.fmt(f),
            Self::Bun => f.write_str("Bun exports V8's GC hooks but never calls them"),
            Self::NoIsolate => f.write_str("no V8 isolate is entered on this thread"),
            Self::Version { native, expected } => {
                write!(f, "the V8 that was found ({native}) is not the one that runs JavaScript ({expected})")
            }
            Self::Extent(bytes) => write!(
                f,
                "V8's HeapStatistics has {bytes} bytes here; {KNOWN_BYTES} to {MOST_BYTES} are understood"
            ),
            Self::Values { field, native, expected } => write!(
                f,
                "V8's HeapStatistics is laid out differently here: {field} reads {native}, v8.getHeapStatistics() says {expected}"
            ),
            Self::Forced(check) => write!(f, "HEAPWATCH_FAIL_CHECK forced the check '{check}' to fail"),
        }
    }
}

impl From<MissingSymbol> for Refusal {
    fn from(missing: MissingSymbol) -> Self {
        Self::Symbol(missing)
    }
}

static EXTENT: OnceLock<Extent> = OnceLock::new();

/// The layout that [`check`] found, or `None` where it has not passed in this process.
#[must_use]
pub fn extent() -> Option<Extent> {
    EXTENT.get().copied()
}

/// Whether `HEAPWATCH_FAIL_CHECK` names `check`: the way for tests to force the degraded mode.
#[must_use]
pub fn is_forced_to_fail(check: &str) -> bool {
    // Read once, in the self-check: Node's own `process.env.X = …` changes the environment without a lock of ours.
    static FAILING: OnceLock<Option<std::ffi::OsString>> = OnceLock::new();
    FAILING
        .get_or_init(|| std::env::var_os("HEAPWATCH_FAIL_CHECK"))
        .as_ref()
        .is_some_and(|value| value == check)
}

/// Runs every check; see the module's documentation.
///
/// # Errors
/// The first check that fails, in words for `support.reason`.
pub fn check(expected: &Expectation) -> Result<Extent, Refusal> {
    forced("symbols")?;
    if expected.is_bun {
        return Err(Refusal::Bun);
    }
    let isolate = Isolate::current()?.ok_or(Refusal::NoIsolate)?;

    forced("version")?;
    let native = version()?;
    if native != expected.v8_version {
        return Err(Refusal::Version { native, expected: expected.v8_version.clone() });
    }

    forced("layout")?;
    let bytes = isolate.statistics_extent();
    if !(KNOWN_BYTES..=MOST_BYTES).contains(&bytes) {
        return Err(Refusal::Extent(bytes));
    }
    let extent = Extent(());

    forced("values")?;
    agree(&isolate.heap_statistics(extent), &expected.heap)?;
    Ok(*EXTENT.get_or_init(|| extent))
}

fn forced(check: &'static str) -> Result<(), Refusal> {
    if is_forced_to_fail(check) { Err(Refusal::Forced(check)) } else { Ok(()) }
}

fn agree(native: &HeapStatistics, expected: &HeapStatistics) -> Result<(), Refusal> {
    let fields = [
        ("heap_size_limit", native.limit_bytes, expected.limit_bytes, 0),
        ("number_of_native_contexts", native.native_contexts, expected.native_contexts, 0),
        ("number_of_detached_contexts", native.detached_contexts, expected.detached_contexts, 0),
        ("external_memory", native.external_bytes, expected.external_bytes, USED_TOLERANCE_BYTES),
        ("used_heap_size", native.used_bytes, expected.used_bytes, USED_TOLERANCE_BYTES),
    ];
    for (field, native, expected, tolerance) in fields {
        if native.abs_diff(expected) > tolerance {
            return Err(Refusal::Values { field, native, expected });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heap() -> HeapStatistics {
        HeapStatistics { limit_bytes: 4 << 30, used_bytes: 5 << 20, native_contexts: 1, ..Default::default() }
    }

    #[test]
    fn a_little_allocation_between_the_two_readings_is_tolerated() {
        let later = HeapStatistics { used_bytes: heap().used_bytes + 4096, ..heap() };
        assert_eq!(agree(&later, &heap()), Ok(()));
    }

    #[test]
    fn a_shifted_layout_is_refused_by_the_field_that_differs() {
        let shifted = HeapStatistics { limit_bytes: heap().used_bytes, ..heap() };
        let refusal = agree(&shifted, &heap()).unwrap_err();
        assert!(matches!(refusal, Refusal::Values { field: "heap_size_limit", .. }));
        assert!(refusal.to_string().contains("v8.getHeapStatistics() says 4294967296"));
    }

    #[test]
    fn bun_is_refused_before_anything_is_called() {
        let bun = Expectation { v8_version: String::new(), is_bun: true, heap: heap() };
        assert_eq!(check(&bun), Err(Refusal::Bun));
    }
}
