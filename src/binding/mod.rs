//! What JavaScript calls: checked options in, text out, no decisions.
//!
//! Numbers come as f64 and are range-checked here, for napi's own conversions wrap silently. A panic becomes an
//! exception (`catch_unwind`) instead of the end of the process.

#![expect(clippy::needless_pass_by_value, reason = "napi hands objects over")]

mod heap;
mod listener;
mod live;
mod metrics;
mod snapshot;
mod stats;
mod tally;

use napi::bindgen_prelude::*;
use napi_derive::napi;

use crate::aggregator::Registry;
use crate::aggregator::assist::AssistOptions;
use crate::aggregator::growth::GrowthOptions;
use crate::aggregator::thresholds::{Field, Rule};
use crate::clock::Clock;
use crate::export::json;
use crate::v8::heap::HeapStatistics;
use crate::v8::{isolate, layout};
use crate::watch::{self, WatchError, WatchOptions};

/// What `process.versions` and `v8.getHeapStatistics()` say, for the self-check.
#[napi(object)]
pub struct Runtime {
    /// `process.versions.v8`.
    pub v8: String,
    /// `process.versions.bun` is there.
    pub bun: bool,
    /// `JSON.stringify(v8.getHeapStatistics())`.
    pub heap_statistics: String,
}

/// How to watch the isolate of the calling thread.
#[napi(object)]
pub struct AttachOptions {
    /// `worker_threads.threadId`.
    pub thread_id: f64,
    /// `worker_threads.isMainThread`.
    pub is_main_thread: bool,
    /// `performance.timeOrigin`.
    pub time_origin_ms: f64,
    /// `performance.now()`.
    pub now_ms: f64,
    /// 0: at GCs only.
    pub sample_interval_ms: f64,
    /// Read the heap's sizes at both ends of each GC.
    pub gc_statistics: bool,
    /// V8's limit of the old generation alone.
    pub old_generation_limit_bytes: f64,
}

/// What can be changed while watching.
#[napi(object)]
pub struct ConfigureOptions {
    /// 0: at GCs only.
    pub sample_interval_ms: Option<f64>,
    /// Read the heap's sizes at both ends of each GC.
    pub gc_statistics: Option<bool>,
    /// When a verdict may be given, and whether V8 is asked for major GCs.
    pub leak: Option<LeakOptions>,
}

/// When a verdict may be given, and whether V8 is asked for major GCs.
#[napi(object)]
pub struct LeakOptions {
    /// The least age of a watcher.
    pub min_span_ms: f64,
    /// The fewest major GCs.
    pub min_majors: f64,
    /// A major GC that paused for longer makes the next one wait twice as long.
    pub assist_max_pause_ms: Option<f64>,
    /// Ask when there was none for this long; no assist without it.
    pub assist_every_ms: Option<f64>,
}

/// A rule over a report's values. A field without a limit does not count.
#[napi(object)]
pub struct ThresholdRule {
    /// Chosen by the caller; the same id replaces.
    pub id: f64,
    /// Bytes.
    pub max_heap_used_bytes: Option<f64>,
    /// From 0 to 1.
    pub max_used_ratio: Option<f64>,
    /// Bytes.
    pub max_rss_bytes: Option<f64>,
    /// Bytes.
    pub max_external_bytes: Option<f64>,
    /// A single pause.
    pub max_gc_pause_ms: Option<f64>,
    /// Of the last 10 s, from 0 to 1.
    pub max_gc_time_ratio: Option<f64>,
    /// Growth that is sure.
    pub max_growth_bytes_per_second: Option<f64>,
    /// For how long the states must hold.
    pub for_ms: f64,
    /// The least time between two firings.
    pub cooldown_ms: f64,
    /// One line on stderr, while JavaScript hangs too.
    pub log: bool,
    /// A heap snapshot, while JavaScript hangs too.
    pub snapshot: bool,
}

/// Whether V8's hooks can be used here: null, or the reason why not.
#[napi(catch_unwind)]
pub fn self_check(runtime: Runtime) -> Result<Option<String>> {
    let fields: serde_json::Value = serde_json::from_str(&runtime.heap_statistics)
        .map_err(|error| Error::new(Status::InvalidArg, format!("heapStatistics is not JSON: {error}")))?;
    let field = |name: &str| fields.get(name).and_then(serde_json::Value::as_u64).unwrap_or(0);
    let heap = HeapStatistics {
        total_bytes: field("total_heap_size"),
        used_bytes: field("used_heap_size"),
        limit_bytes: field("heap_size_limit"),
        external_bytes: field("external_memory"),
        malloced_bytes: field("malloced_memory"),
        native_contexts: field("number_of_native_contexts"),
        detached_contexts: field("number_of_detached_contexts"),
    };
    let expected = layout::Expectation { v8_version: runtime.v8, is_bun: runtime.bun, heap };
    Ok(layout::check(&expected).err().map(|refusal| refusal.to_string()))
}

/// Begins to watch the calling thread's isolate and answers a reader's id.
#[napi(catch_unwind)]
pub fn attach(env: Env, options: AttachOptions) -> Result<u32> {
    let called_ns = Clock::process().now_ns();
    let options = WatchOptions {
        called_ns,
        thread_id: whole_u32("threadId", options.thread_id)?,
        is_main_thread: options.is_main_thread,
        unix_ms: finite("timeOriginMs + nowMs", options.time_origin_ms + options.now_ms)?,
        old_generation_limit_bytes: integer(
            "oldGenerationLimitBytes",
            options.old_generation_limit_bytes,
            MAX_BYTES,
        )?,
        sample_interval_ns: interval_ns(options.sample_interval_ms)?,
        gc_statistics: options.gc_statistics,
    };
    let mut hook = Ok(());
    let reader = watch::begin(options, || {
        // A worker can end at any moment: its environment's end takes the hooks away.
        hook = env.add_env_cleanup_hook((), |()| watch::end()).map(drop);
    })
    .map_err(|error| watch_error(&error))?;
    if let Err(error) = hook {
        watch::end();
        return Err(error);
    }
    Ok(reader)
}

/// Changes the options of a running watch.
#[napi(catch_unwind)]
pub fn configure(reader: f64, options: ConfigureOptions) -> Result<()> {
    let interval_ns = options.sample_interval_ms.map(interval_ns).transpose()?;
    let leak = options.leak.as_ref().map(leak_options).transpose()?;
    watch::configure(reader_id(reader)?, interval_ns, options.gc_statistics, leak);
    Ok(())
}

fn leak_options(options: &LeakOptions) -> Result<(GrowthOptions, Option<AssistOptions>)> {
    let growth = GrowthOptions {
        min_span_ns: span_ns("leak.minSpanMs", options.min_span_ms)?,
        min_majors: integer("leak.minMajors", options.min_majors, MAX_BYTES)?,
    };
    let assist = match (options.assist_max_pause_ms, options.assist_every_ms) {
        (Some(max_pause_ms), Some(every_ms)) => Some(AssistOptions {
            max_pause_ns: span_ns("leak.assist.maxPauseMs", max_pause_ms)?,
            every_ns: span_ns("leak.assist.everyMs", every_ms)?,
        }),
        _ => None,
    };
    Ok((growth, assist))
}

/// Adds a rule, or replaces the one with its id.
#[napi(catch_unwind)]
pub fn add_rule(reader: f64, rule: ThresholdRule) -> Result<()> {
    let id = reader_id(reader)?;
    let limits = [
        rule.max_heap_used_bytes,
        rule.max_used_ratio,
        rule.max_rss_bytes,
        rule.max_external_bytes,
        rule.max_gc_pause_ms,
        rule.max_gc_time_ratio,
        rule.max_growth_bytes_per_second,
    ];
    for (field, limit) in Field::ALL.into_iter().zip(limits) {
        limit.map(|limit| finite(field.name(), limit)).transpose()?;
    }
    let rule = Rule {
        id: whole_u32("id", rule.id)?,
        limits,
        for_ns: span_ns("forMs", rule.for_ms)?,
        cooldown_ns: span_ns("cooldownMs", rule.cooldown_ms)?,
        log: rule.log,
        snapshot: rule.snapshot,
    };
    watch::with_watched(id, |watched| watched.with_state(|state| state.add_rule(id, rule)))
        .ok_or_else(|| gone(id))
}

/// Removes a rule; one that is not there has gone already.
#[napi(catch_unwind)]
pub fn remove_rule(reader: f64, rule: f64) -> Result<()> {
    let id = reader_id(reader)?;
    let rule = whole_u32("rule", rule)?;
    watch::with_watched(id, |watched| watched.with_state(|state| state.remove_rule(id, rule)))
        .ok_or_else(|| gone(id))
}

/// Is the process dying of GC? `{ status, reason }`; reads no file and asks V8 for its sizes only.
#[napi(catch_unwind)]
pub fn health(reader: f64) -> Result<String> {
    let id = reader_id(reader)?;
    watch::with_watched(id, |watched| json::health(&Registry::process().health(watched)))
        .ok_or_else(|| gone(id))
}

/// The reader asks no more; the last one ends the watch.
#[napi(catch_unwind)]
pub fn detach(reader: f64) -> Result<()> {
    watch::leave(reader_id(reader)?);
    Ok(())
}

/// The report of this isolate, with those of the process's other watched isolates.
#[napi(catch_unwind)]
pub fn report(reader: f64, array_buffers_bytes: f64) -> Result<String> {
    let id = reader_id(reader)?;
    let array_buffers = integer("arrayBuffersBytes", array_buffers_bytes, MAX_BYTES)?;
    let report = watch::with_watched(id, |watched| {
        watched.with_state(|state| state.record_array_buffers(array_buffers));
        Registry::process().report(watched, Some(id))
    });
    report.map(|report| json::report(&report)).ok_or_else(|| gone(id))
}

/// The heap over time.
#[napi(catch_unwind)]
pub fn timeline(reader: f64) -> Result<String> {
    let id = reader_id(reader)?;
    watch::with_watched(id, |watched| watched.with_state(|state| json::timeline(state)))
        .ok_or_else(|| gone(id))
}

/// The remembered pauses since a Unix time in milliseconds.
#[napi(catch_unwind)]
pub fn pauses(reader: f64, since_unix_ms: f64) -> Result<String> {
    let id = reader_id(reader)?;
    watch::with_watched(id, |watched| watched.with_state(|state| json::pauses(state, since_unix_ms)))
        .ok_or_else(|| gone(id))
}

/// What is new since this reader last asked; an empty text when nothing is.
#[napi(catch_unwind)]
pub fn drain(reader: f64) -> Result<String> {
    let id = reader_id(reader)?;
    let text = watch::with_watched(id, |watched| {
        watched.with_state(|state| {
            let news = state.news(id)?;
            Some(json::news(&news, state.is_hook_silent(), state.identity.unix_ms_at_zero))
        })
    });
    text.flatten().ok_or_else(|| gone(id))
}

/// Tells what Node's own allocator holds, for reports that other threads ask for.
#[napi(catch_unwind)]
pub fn seen(reader: f64, array_buffers_bytes: f64) -> Result<()> {
    let id = reader_id(reader)?;
    let array_buffers = integer("arrayBuffersBytes", array_buffers_bytes, MAX_BYTES)?;
    watch::with_watched(id, |watched| watched.with_state(|state| state.record_array_buffers(array_buffers)))
        .ok_or_else(|| gone(id))
}

/// The reader's windows and histograms begin anew.
#[napi(catch_unwind)]
pub fn reset(reader: f64) -> Result<()> {
    let id = reader_id(reader)?;
    watch::with_watched(id, |watched| watched.with_state(|state| state.reset(id, Clock::process().now_ns())))
        .ok_or_else(|| gone(id))
}

/// Bytes that the watch of this reader takes, its channel included.
#[napi(catch_unwind)]
pub fn footprint(reader: f64) -> Result<f64> {
    let id = reader_id(reader)?;
    #[expect(clippy::cast_precision_loss, reason = "a few megabytes")]
    watch::with_watched(id, |watched| watched.with_state(|state| state.footprint_bytes() as f64))
        .ok_or_else(|| gone(id))
}

/// Runs a full collection now.
#[napi(catch_unwind)]
pub fn gc() -> Result<String> {
    let (pause_ns, freed_bytes) = watch::collect_garbage().map_err(|error| watch_error(&error))?;
    Ok(json::collection(pause_ns, freed_bytes))
}

/// `V8::GetVersion()`.
#[napi(catch_unwind)]
pub fn v8_version() -> Result<String> {
    isolate::version().map_err(|missing| Error::new(Status::GenericFailure, missing.to_string()))
}

/// Beyond this, f64 cannot tell neighbouring integers apart.
const MAX_BYTES: f64 = 9_007_199_254_740_991.0;
/// An hour: a watcher that samples less often is not one.
const MAX_INTERVAL_MS: f64 = 3_600_000.0;

fn integer(name: &str, value: f64, max: f64) -> Result<u64> {
    if value.is_finite() && value.fract() == 0.0 && (0.0..=max).contains(&value) {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a whole number in range"
        )]
        return Ok(value as u64);
    }
    Err(Error::new(Status::InvalidArg, format!("{name} must be a whole number from 0 to {max}, got {value}")))
}

fn whole_u32(name: &str, value: f64) -> Result<u32> {
    let whole = integer(name, value, f64::from(u32::MAX))?;
    u32::try_from(whole).map_err(|error| Error::new(Status::InvalidArg, format!("{name}: {error}")))
}

fn finite(name: &str, value: f64) -> Result<f64> {
    if value.is_finite() {
        return Ok(value);
    }
    Err(Error::new(Status::InvalidArg, format!("{name} must be a finite number, got {value}")))
}

/// A time of whole or part milliseconds, at most a year.
fn span_ns(name: &str, ms: f64) -> Result<u64> {
    const MAX_MS: f64 = 365.0 * 86_400_000.0;
    if (0.0..=MAX_MS).contains(&ms) {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between zero and a year"
        )]
        return Ok((ms * 1e6) as u64);
    }
    Err(Error::new(Status::InvalidArg, format!("{name} must be from 0 to {MAX_MS} ms, got {ms}")))
}

fn interval_ns(ms: f64) -> Result<u64> {
    Ok(integer("sampleIntervalMs", ms, MAX_INTERVAL_MS)? * 1_000_000)
}

fn reader_id(reader: f64) -> Result<u32> {
    whole_u32("reader", reader)
}

fn gone(id: u32) -> Error {
    Error::new(Status::InvalidArg, format!("reader {id} does not watch this thread's isolate (any more)"))
}

fn watch_error(error: &WatchError) -> Error {
    Error::new(Status::GenericFailure, error.to_string())
}
