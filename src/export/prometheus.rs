//! A report as metrics: under heapwatch's own names, or under prom-client's, so that dashboards for those go on.

use super::exposition::{Family, Label, Text, Type, bound};
use crate::event::{GcKind, SpaceReading};
use crate::report::{KindReport, PAUSE_BOUNDS_NS, Report, Verdict};

/// Whose names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Names {
    /// `heapwatch_*`, of every watched thread.
    Heapwatch,
    /// Those of prom-client 15's default metrics that are about memory and GC, of one thread.
    PromClient,
}

/// The buckets of prom-client's `nodejs_gc_duration_seconds`.
const PROM_CLIENT_BOUNDS_NS: [u64; 6] =
    [1_000_000, 10_000_000, 100_000_000, 1_000_000_000, 2_000_000_000, 5_000_000_000];

/// A report as metrics; `prefix` comes before every name.
#[must_use]
pub fn families(report: &Report, names: Names, prefix: &str) -> Vec<Family> {
    match names {
        Names::Heapwatch => Own::new(report, prefix).families(),
        Names::PromClient => prom_client(report, prefix),
    }
}

#[expect(clippy::cast_precision_loss, reason = "bytes, counts and nanoseconds below 2^53")]
fn float(value: u64) -> f64 {
    value as f64
}

fn seconds(ns: u64) -> f64 {
    float(ns) / 1e9
}

/// A thread's report with its id as a label's value.
struct Thread<'a> {
    id: Text,
    report: &'a Report,
}

impl Thread<'_> {
    fn label(&self) -> Label {
        ("thread", self.id.clone())
    }
}

struct Own<'a> {
    process: &'a Report,
    threads: Vec<Thread<'a>>,
    prefix: &'a str,
    families: Vec<Family>,
}

type Read = fn(&Report) -> Option<f64>;

impl<'a> Own<'a> {
    fn new(process: &'a Report, prefix: &'a str) -> Self {
        let threads = std::iter::once(process)
            .chain(&process.threads)
            .map(|report| Thread { id: report.thread_id.to_string().into(), report })
            .collect();
        Self { process, threads, prefix, families: Vec::with_capacity(40) }
    }

    fn families(mut self) -> Vec<Family> {
        self.of_process();
        self.of_gc();
        self.of_spaces();
        self.of_growth();
        for (name, help, read) in GAUGES {
            self.each_thread(name, Type::Gauge, help, |thread, family| {
                family.extend(read(thread.report).map(|value| (vec![thread.label()], value)));
            });
        }
        for (name, help, read) in COUNTERS {
            self.each_thread(name, Type::Counter, help, |thread, family| {
                family.extend(read(thread.report).map(|value| (vec![thread.label()], value)));
            });
        }
        self.families
    }

    fn family(&self, name: &str, kind: Type, help: &'static str) -> Family {
        Family::new(format!("{}heapwatch_{name}", self.prefix), kind, help)
    }

    /// A family of what `samples` puts in for each thread.
    fn each_thread(
        &mut self,
        name: &str,
        kind: Type,
        help: &'static str,
        samples: impl Fn(&Thread<'_>, &mut Vec<(Vec<Label>, f64)>),
    ) {
        let mut family = self.family(name, kind, help);
        for thread in &self.threads {
            let mut found = Vec::new();
            samples(thread, &mut found);
            for (labels, value) in found {
                family.add(labels, value);
            }
        }
        self.families.push(family);
    }

    /// Without the label `thread`: added up over threads these would count once for each.
    fn of_process(&mut self) {
        let Report { rss_bytes, limits, .. } = *self.process;
        let of_process: [(&str, &'static str, Option<f64>); 3] = [
            ("rss_bytes", "Resident set size of the process.", Some(float(rss_bytes))),
            (
                "container_limit_bytes",
                "Memory limit of the container (cgroup).",
                limits.container_bytes.map(float),
            ),
            (
                "container_used_ratio",
                "Working set of the container over its limit.",
                limits.container_used_ratio,
            ),
        ];
        for (name, help, value) in of_process {
            let mut family = self.family(name, Type::Gauge, help);
            if let Some(value) = value {
                family.add(Vec::new(), value);
            }
            self.families.push(family);
        }
    }

    fn of_gc(&mut self) {
        let mut pauses = self.family(
            "gc_pause_seconds",
            Type::Histogram,
            "Time that JavaScript stood still for garbage collection, by kind; weak and incremental can lie within others.",
        );
        let bounds = PAUSE_BOUNDS_NS.map(|ns| bound(seconds(ns)));
        for thread in &self.threads {
            for kind in GcKind::ALL {
                let gc = thread.report.gc.kind(kind);
                let labels = [("kind", kind.name().into()), thread.label()];
                let by_bound = bounds.iter().cloned().zip(gc.by_bound);
                pauses.add_histogram(&labels, by_bound, gc.count, seconds(gc.total_ns));
            }
        }
        self.families.push(pauses);
        self.each_thread(
            "gc_freed_bytes",
            Type::Counter,
            "Bytes that the heap lost in garbage collections, by kind.",
            |thread, found| {
                found.extend(GcKind::ALL.map(|kind| {
                    let labels = vec![("kind", kind.name().into()), thread.label()];
                    (labels, float(thread.report.gc.kind(kind).freed_bytes))
                }));
            },
        );
        self.each_thread(
            "gc_time_ratio",
            Type::Gauge,
            "Share of wall time in garbage collection over the window.",
            |thread, found| {
                let ratio = thread.report.gc.time_ratio;
                found.extend(
                    [("10s", ratio.last_10s), ("1m", ratio.last_1m)]
                        .map(|(window, share)| (vec![("window", window.into()), thread.label()], share)),
                );
            },
        );
    }

    fn of_spaces(&mut self) {
        let of_spaces: [(&str, &'static str, ReadSpace); 2] = [
            ("heap_space_used_bytes", "In use of a space of V8's heap.", |space| space.used_bytes),
            ("heap_space_size_bytes", "Committed for a space of V8's heap.", |space| space.size_bytes),
        ];
        for (name, help, read) in of_spaces {
            self.each_thread(name, Type::Gauge, help, |thread, found| {
                found.extend(thread.report.spaces.iter().map(|(space, reading)| {
                    (
                        vec![("space", short_name(space).to_owned().into()), thread.label()],
                        float(read(reading)),
                    )
                }));
            });
        }
    }

    fn of_growth(&mut self) {
        self.each_thread(
            "growth_verdict",
            Type::Gauge,
            "1 for the verdict that holds, 0 for the others.",
            |thread, found| {
                found.extend([Verdict::Leak, Verdict::Clean, Verdict::Inconclusive].map(|verdict| {
                    let holds = f64::from(u8::from(thread.report.growth.verdict == verdict));
                    (vec![("verdict", verdict.name().into()), thread.label()], holds)
                }));
            },
        );
        self.each_thread(
            "limit_seconds",
            Type::Gauge,
            "Time until the nearest limit is hit if growth goes on, both ends of the interval; absent without growth.",
            |thread, found| {
                let Some(limit) = thread.report.growth.limit else { return };
                let bounds = [("earliest", Some(limit.earliest_ns)), ("latest", limit.latest_ns)];
                found.extend(bounds.into_iter().filter_map(|(which, ns)| {
                    Some((vec![("bound", which.into()), thread.label()], seconds(ns?)))
                }));
            },
        );
    }
}

/// Values of each thread.
const GAUGES: [(&str, &str, Read); 11] = [
    ("heap_used_bytes", "V8 heap in use by objects.", |report| Some(float(report.heap_used_bytes))),
    ("heap_total_bytes", "V8 heap committed.", |report| Some(float(report.heap_total_bytes))),
    ("heap_limit_bytes", "V8's limit of the heap.", |report| Some(float(report.limits.heap_bytes))),
    ("heap_used_ratio", "Old generation in use over its limit; V8 gives up near 1.", |report| {
        Some(report.limits.heap_used_ratio)
    }),
    ("memory_limit_bytes", "The limit that is nearest, V8's or the container's.", |report| {
        Some(float(report.limits.nearest().0))
    }),
    ("used_ratio", "How near that limit is.", |report| Some(report.limits.nearest().1)),
    (
        "heap_after_major_gc_bytes",
        "V8 heap in use after the last major garbage collection, what is alive; absent before the first.",
        |report| report.heap_after_last_major_bytes.map(float),
    ),
    ("external_bytes", "Memory outside V8's heap that its objects hold.", |report| {
        Some(float(report.external_bytes))
    }),
    ("array_buffers_bytes", "Of the external memory, ArrayBuffers and Buffers.", |report| {
        Some(float(report.array_buffers_bytes))
    }),
    (
        "sample_age_seconds",
        "How old the heap's sizes are: JavaScript that is stuck in native code cannot be sampled.",
        |report| Some(seconds(report.sample_age_ns)),
    ),
    (
        "growth_bytes_per_second",
        "Slope of the memory that stays after major garbage collections (Theil-Sen).",
        |report| Some(report.growth.bytes_per_second),
    ),
];

/// Sums of each thread since its watcher started; no `reset()` takes them back.
const COUNTERS: [(&str, &str, Read); 3] = [
    ("allocated_bytes", "Bytes allocated in V8's heap.", |report| Some(report.allocation.total_bytes)),
    ("promoted_bytes", "Bytes moved to the old generation.", |report| Some(report.allocation.promoted_bytes)),
    (
        "dropped_events",
        "Garbage collections that came too fast to be recorded; they are in no other number.",
        |report| Some(float(report.gc.dropped_events)),
    ),
];

type ReadSpace = fn(&SpaceReading) -> u64;

/// As in prom-client: `new_space` is `new`.
fn short_name(space: &str) -> &str {
    space.strip_suffix("_space").unwrap_or(space)
}

fn prom_client(report: &Report, prefix: &str) -> Vec<Family> {
    let gauge = |name: &str, help, value: u64| {
        let mut family = Family::new(format!("{prefix}{name}"), Type::Gauge, help);
        family.add(Vec::new(), float(value));
        family
    };
    let mut families = vec![
        gauge("process_resident_memory_bytes", "Resident memory size in bytes.", report.rss_bytes),
        gauge(
            "nodejs_heap_size_total_bytes",
            "Process heap size from Node.js in bytes.",
            report.heap_total_bytes,
        ),
        gauge(
            "nodejs_heap_size_used_bytes",
            "Process heap size used from Node.js in bytes.",
            report.heap_used_bytes,
        ),
        gauge(
            "nodejs_external_memory_bytes",
            "Node.js external memory size in bytes.",
            report.external_bytes,
        ),
    ];
    let spaces: [(&str, &'static str, ReadSpace); 3] = [
        ("total", "Process heap space size total from Node.js in bytes.", |space| space.size_bytes),
        ("used", "Process heap space size used from Node.js in bytes.", |space| space.used_bytes),
        ("available", "Process heap space size available from Node.js in bytes.", |space| {
            space.available_bytes
        }),
    ];
    families.extend(spaces.map(|(what, help, read)| {
        let mut family =
            Family::new(format!("{prefix}nodejs_heap_space_size_{what}_bytes"), Type::Gauge, help);
        for (space, reading) in &report.spaces {
            family.add(vec![("space", short_name(space).to_owned().into())], float(read(reading)));
        }
        family
    }));
    let help = "Garbage collection duration by kind, one of major, minor, incremental or weakcb.";
    let mut pauses = Family::new(format!("{prefix}nodejs_gc_duration_seconds"), Type::Histogram, help);
    for kind in GcKind::ALL {
        let gc = report.gc.kind(kind);
        let name = if kind == GcKind::Weak { "weakcb" } else { kind.name() };
        pauses.add_histogram(&[("kind", name.into())], coarse(gc), gc.count, seconds(gc.total_ns));
    }
    families.push(pauses);
    families
}

/// prom-client's buckets are among our bounds.
fn coarse(gc: &KindReport) -> Vec<(Text, u64)> {
    let mut from = 0;
    PROM_CLIENT_BOUNDS_NS
        .iter()
        .map(|ns| {
            let to = PAUSE_BOUNDS_NS.partition_point(|own| own <= ns);
            let count = gc.by_bound[from..to].iter().sum();
            from = to;
            (bound(seconds(*ns)), count)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_buckets_of_prom_client_are_among_ours() {
        for bound in PROM_CLIENT_BOUNDS_NS {
            assert!(PAUSE_BOUNDS_NS.contains(&bound), "{bound}");
        }
        let by_bound = std::array::from_fn(|index| index as u64 + 1);
        let gc = KindReport { count: 200, by_bound, ..KindReport::default() };
        let counts: Vec<u64> = coarse(&gc).into_iter().map(|(_, count)| count).collect();
        assert_eq!(counts, [1 + 2 + 3 + 4, 5 + 6 + 7, 8 + 9 + 10, 11 + 12 + 13, 14, 15 + 16]);
    }
}
