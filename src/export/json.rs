//! JSON as JavaScript gets it: the field names of `index.d.ts`, bytes, milliseconds, Unix time.
//!
//! This is the edge at which nanoseconds become milliseconds and u64 becomes f64.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::Serialize;

use crate::aggregator::health::Health;
use crate::aggregator::isolate::{IsolateState, News, Sample};
use crate::aggregator::pauses::Pause;
use crate::aggregator::thresholds::{Crossing, Field};
use crate::aggregator::timeline::TimelinePoint;
use crate::event::GcKind;
use crate::report::{GrowthPart, GrowthReport, KindReport, PauseDistribution, Place, Report};

/// The version of the report's shape; it changes when a field changes its meaning or goes.
const SCHEMA_VERSION: u32 = 1;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ReportJson<'a> {
    schema_version: u32,
    source: &'static str,
    pid: u32,
    thread_id: u32,
    uptime_ms: f64,
    rss: u64,
    heap_total: u64,
    heap_used: u64,
    external: u64,
    array_buffers: u64,
    heap_limit: u64,
    container_limit: Option<u64>,
    memory_limit: u64,
    used_ratio: f64,
    heap_used_ratio: f64,
    container_used_ratio: Option<f64>,
    heap_after_last_major_gc: Option<u64>,
    sample_age_ms: f64,
    spaces: BTreeMap<&'a str, SpaceJson>,
    gc: GcJson,
    allocation: AllocationJson,
    growth: GrowthJson<'a>,
    threads: Vec<ReportJson<'a>>,
}

#[derive(Serialize)]
struct SpaceJson {
    size: u64,
    used: u64,
    available: u64,
    physical: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct GcJson {
    all: KindJson,
    minor: KindJson,
    major: KindJson,
    incremental: KindJson,
    weak: KindJson,
    time_ratio: TimeRatioJson,
    dropped_events: u64,
}

#[derive(Serialize)]
struct TimeRatioJson {
    last10s: f64,
    last1m: f64,
    lifetime: f64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct KindJson {
    count: u64,
    total_ms: f64,
    freed_bytes: u64,
    pause: HistogramJson,
}

#[derive(Serialize)]
struct HistogramJson {
    count: u64,
    min: f64,
    max: f64,
    mean: f64,
    stddev: f64,
    exceeds: u64,
    /// `up_to_ns:count` for each bucket, separated by spaces. Text, for JavaScript decodes it only when a percentile
    /// is asked for that is not here: a thousand pairs of numbers would cost more than all the rest of a report.
    buckets: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AllocationJson {
    bytes_per_second: f64,
    total_bytes: f64,
    promoted_bytes_per_second: f64,
    survival_ratio: f64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct GrowthJson<'a> {
    verdict: &'static str,
    reason: &'a str,
    bytes_per_second: f64,
    interval: (f64, f64),
    samples: u64,
    span_ms: f64,
    floor_bytes: u64,
    detectable_bytes_per_second: f64,
    limit_in_ms: Option<TimeToLimitJson>,
    place: Option<&'static str>,
    since_ms: Option<f64>,
    changes: Vec<VerdictChangeJson>,
    parts: BTreeMap<&'static str, GrowthPartJson>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct VerdictChangeJson {
    time_ms: f64,
    verdict: &'static str,
}

#[derive(Serialize)]
struct TimeToLimitJson {
    earliest: f64,
    latest: Option<f64>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct GrowthPartJson {
    bytes_per_second: f64,
    interval: (f64, f64),
    floor_bytes: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PauseJson {
    kind: &'static str,
    time_ms: f64,
    pause_ms: f64,
    freed_bytes: u64,
    heap_used_before: u64,
    heap_used_after: u64,
    forced: bool,
    nested: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SampleJson {
    time_ms: f64,
    rss: u64,
    heap_total: u64,
    heap_used: u64,
    young_used: u64,
    old_space_used: u64,
    large_spaces_used: u64,
    external: u64,
    heap_after_last_major_gc: Option<u64>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TimelinePointJson {
    time_ms: f64,
    rss: u64,
    heap_total: u64,
    heap_used: u64,
    young_used: u64,
    old_space_used: u64,
    large_spaces_used: u64,
    external: u64,
    heap_after_last_major_gc: Option<u64>,
    gc_count: u32,
    major_count: u32,
    gc_ms: f64,
    max_pause_ms: f64,
    allocated_bytes: f64,
    promoted_bytes: f64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TierJson {
    interval_ms: u64,
    points: Vec<TimelinePointJson>,
}

#[derive(Serialize)]
struct TimelineJson {
    tiers: Vec<TierJson>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NewsJson {
    gc: Vec<PauseJson>,
    samples: Vec<SampleJson>,
    lost: u64,
    hook_silent: bool,
    crossings: Vec<CrossingJson>,
    leak: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CrossingJson {
    rule: u32,
    time_ms: f64,
    values: BTreeMap<&'static str, f64>,
}

#[derive(Serialize)]
struct HealthJson<'a> {
    status: &'static str,
    reason: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CollectionJson {
    pause_ms: f64,
    freed_bytes: u64,
}

/// A report.
#[must_use]
pub fn report(report: &Report) -> String {
    text(&report_json(report))
}

/// The remembered pauses since a Unix time in milliseconds.
#[must_use]
pub fn pauses(state: &IsolateState, since_unix_ms: f64) -> String {
    let zero = state.identity.unix_ms_at_zero;
    // Compared as JavaScript sees it: a pause's own time finds that pause.
    let since =
        state.pauses().map(|pause| pause_json(pause, zero)).filter(|pause| pause.time_ms >= since_unix_ms);
    text(&since.collect::<Vec<_>>())
}

/// The heap over time.
#[must_use]
pub fn timeline(state: &IsolateState) -> String {
    let zero = state.identity.unix_ms_at_zero;
    let tiers = state
        .timeline()
        .tiers()
        .map(|(interval_ms, points)| TierJson {
            interval_ms,
            points: points.map(|point| point_json(point, zero)).collect(),
        })
        .collect();
    text(&TimelineJson { tiers })
}

/// What is new for a reader; empty when nothing is.
#[must_use]
pub fn news(news: &News, hook_silent: bool, unix_ms_at_zero: f64) -> String {
    let is_quiet = news.pauses.is_empty() && news.samples.is_empty() && news.crossings.is_empty();
    if is_quiet && news.lost == 0 && !news.leak && !hook_silent {
        return String::new();
    }
    text(&NewsJson {
        gc: news.pauses.iter().map(|pause| pause_json(pause, unix_ms_at_zero)).collect(),
        samples: news.samples.iter().map(|sample| sample_json(sample, unix_ms_at_zero)).collect(),
        lost: news.lost,
        hook_silent,
        crossings: news.crossings.iter().map(|crossing| crossing_json(crossing, unix_ms_at_zero)).collect(),
        leak: news.leak,
    })
}

/// How the process is.
#[must_use]
pub fn health(health: &Health) -> String {
    text(&HealthJson { status: health.status.name(), reason: &health.reason })
}

/// The result of a collection that was asked for.
#[must_use]
pub fn collection(pause_ns: u64, freed_bytes: u64) -> String {
    text(&CollectionJson { pause_ms: ms(pause_ns), freed_bytes })
}

fn text(value: &impl Serialize) -> String {
    // Plain structs with string keys cannot fail to serialize; a float that is none becomes null.
    serde_json::to_string(value).unwrap_or_default()
}

fn report_json(report: &Report) -> ReportJson<'_> {
    let (memory_limit, used_ratio) = report.limits.nearest();
    let kind = |kind| kind_json(report.gc.kind(kind));
    ReportJson {
        schema_version: SCHEMA_VERSION,
        source: "native",
        pid: report.pid,
        thread_id: report.thread_id,
        uptime_ms: ms(report.uptime_ns),
        rss: report.rss_bytes,
        heap_total: report.heap_total_bytes,
        heap_used: report.heap_used_bytes,
        external: report.external_bytes,
        array_buffers: report.array_buffers_bytes,
        heap_limit: report.limits.heap_bytes,
        container_limit: report.limits.container_bytes,
        memory_limit,
        used_ratio,
        heap_used_ratio: report.limits.heap_used_ratio,
        container_used_ratio: report.limits.container_used_ratio,
        heap_after_last_major_gc: report.heap_after_last_major_bytes,
        sample_age_ms: ms(report.sample_age_ns),
        spaces: report
            .spaces
            .iter()
            .map(|(name, space)| {
                let space = SpaceJson {
                    size: space.size_bytes,
                    used: space.used_bytes,
                    available: space.available_bytes,
                    physical: space.physical_bytes,
                };
                (name.as_str(), space)
            })
            .collect(),
        gc: GcJson {
            all: kind_json(&report.gc.all),
            minor: kind(GcKind::Minor),
            major: kind(GcKind::Major),
            incremental: kind(GcKind::Incremental),
            weak: kind(GcKind::Weak),
            time_ratio: TimeRatioJson {
                last10s: report.gc.time_ratio.last_10s,
                last1m: report.gc.time_ratio.last_1m,
                lifetime: report.gc.time_ratio.lifetime,
            },
            dropped_events: report.gc.dropped_events,
        },
        allocation: AllocationJson {
            bytes_per_second: report.allocation.bytes_per_second,
            total_bytes: report.allocation.total_bytes,
            promoted_bytes_per_second: report.allocation.promoted_bytes_per_second,
            survival_ratio: report.allocation.survival_ratio,
        },
        growth: growth_json(&report.growth, report.unix_ms_at_zero),
        threads: report.threads.iter().map(report_json).collect(),
    }
}

fn growth_json(growth: &GrowthReport, zero: f64) -> GrowthJson<'_> {
    let part_json = |part: &GrowthPart| GrowthPartJson {
        bytes_per_second: part.bytes_per_second,
        interval: part.interval,
        floor_bytes: part.floor_bytes,
    };
    GrowthJson {
        verdict: growth.verdict.name(),
        reason: &growth.reason,
        bytes_per_second: growth.bytes_per_second,
        interval: growth.interval,
        samples: growth.samples,
        span_ms: ms(growth.span_ns),
        floor_bytes: growth.floor_bytes,
        detectable_bytes_per_second: growth.detectable_bytes_per_second,
        limit_in_ms: growth.limit.map(|limit| TimeToLimitJson {
            earliest: ms(limit.earliest_ns),
            latest: limit.latest_ns.map(ms),
        }),
        place: growth.place.map(Place::name),
        since_ms: growth.since_ns.map(|since| zero + ms(since)),
        changes: growth
            .changes
            .iter()
            .map(|change| VerdictChangeJson {
                time_ms: zero + ms(change.at_ns),
                verdict: change.verdict.name(),
            })
            .collect(),
        parts: growth.parts.iter().map(|part| (part.place.name(), part_json(part))).collect(),
    }
}

fn kind_json(kind: &KindReport) -> KindJson {
    KindJson {
        count: kind.count,
        total_ms: ms(kind.total_ns),
        freed_bytes: kind.freed_bytes,
        pause: histogram_json(kind),
    }
}

fn histogram_json(kind: &KindReport) -> HistogramJson {
    let pause = &kind.pause;
    HistogramJson {
        count: pause.buckets.iter().map(|bucket| bucket.count).sum(),
        min: ms(pause.shortest_ns),
        max: ms(pause.longest_ns),
        mean: kind.mean_ns() / 1e6,
        stddev: pause.stddev_ns() / 1e6,
        exceeds: pause.exceeds,
        buckets: buckets_text(pause),
    }
}

fn buckets_text(pause: &PauseDistribution) -> String {
    let mut text = String::with_capacity(pause.buckets.len() * 12);
    for bucket in &pause.buckets {
        if !text.is_empty() {
            text.push(' ');
        }
        // Writing to a String cannot fail.
        let _ = write!(text, "{}:{}", bucket.up_to_ns, bucket.count);
    }
    text
}

fn pause_json(pause: &Pause, zero: f64) -> PauseJson {
    PauseJson {
        kind: pause.kind.name(),
        time_ms: zero + ms(pause.start_ns),
        pause_ms: ms(pause.pause_ns),
        freed_bytes: pause.freed_bytes(),
        heap_used_before: pause.used_before_bytes,
        heap_used_after: pause.used_after_bytes,
        forced: pause.forced,
        nested: pause.nested,
    }
}

fn crossing_json(crossing: &Crossing, zero: f64) -> CrossingJson {
    CrossingJson {
        rule: crossing.rule,
        time_ms: zero + ms(crossing.at_ns),
        values: Field::ALL.into_iter().map(|field| (field.name(), crossing.values[field as usize])).collect(),
    }
}

fn sample_json(sample: &Sample, zero: f64) -> SampleJson {
    SampleJson {
        time_ms: zero + ms(sample.at_ns),
        rss: sample.sizes.rss_bytes,
        heap_total: sample.sizes.heap_total_bytes,
        heap_used: sample.sizes.heap_used_bytes,
        young_used: sample.sizes.young_used_bytes,
        old_space_used: sample.sizes.old_space_bytes,
        large_spaces_used: sample.sizes.large_spaces_bytes,
        external: sample.sizes.external_bytes,
        heap_after_last_major_gc: known(sample.sizes.heap_after_major_bytes),
    }
}

fn point_json(point: &TimelinePoint, zero: f64) -> TimelinePointJson {
    TimelinePointJson {
        time_ms: zero + ms(point.at_ns),
        rss: point.rss_bytes,
        heap_total: point.heap_total_bytes,
        heap_used: point.heap_used_bytes,
        young_used: point.young_used_bytes,
        old_space_used: u64::from(point.old_space_kib) << 10,
        large_spaces_used: u64::from(point.large_spaces_kib) << 10,
        external: point.external_bytes,
        heap_after_last_major_gc: known(point.heap_after_major_bytes),
        gc_count: point.gc_count,
        major_count: point.major_count,
        gc_ms: f64::from(point.gc_ms),
        max_pause_ms: f64::from(point.max_pause_ms),
        allocated_bytes: f64::from(point.allocated_bytes),
        promoted_bytes: f64::from(point.promoted_bytes),
    }
}

fn known(bytes: u64) -> Option<u64> {
    (bytes > 0).then_some(bytes)
}

#[expect(clippy::cast_precision_loss, reason = "exact to 1 ns over 104 days of uptime, to 2 ns beyond")]
fn ms(ns: u64) -> f64 {
    ns as f64 / 1e6
}
