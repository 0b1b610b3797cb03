//! One isolate's state: events fold into it, reports are read from it. Nobody else holds it.

mod readers;
mod report;

pub use readers::News;
use readers::Reader;

use super::allocation::Allocation;
use super::assist::{Assist, AssistOptions};
use super::counters::{Counters, History, Reading, Window};
use super::growth::{Growth, GrowthOptions, Live};
use super::health::{self, Health};
use super::pauses::{Ledger, Pause, Pauses};
use super::thresholds::{Field, Values};
use super::timeline::{Sizes, Timeline};
use crate::event::{GcEvent, GcKind, HeapSample};
use crate::os::memory::ProcessMemory;
use crate::report::{Verdict, VerdictChange};

/// Samples kept for readers that are away; a reader that comes by every 100 ms misses none above 2 ms apart.
const SAMPLES: usize = 64;
/// Changes of the verdict that are remembered.
const VERDICTS: usize = 16;
/// The shorter window of `timeRatio`, and the one of rates.
const SHORT_WINDOW_NS: u64 = 10_000_000_000;
/// The longer window of `timeRatio`, and the one of the survival ratio.
const LONG_WINDOW_NS: u64 = 60_000_000_000;
/// Crossings kept for a reader that is away; the newest count.
const CROSSINGS: usize = 16;
/// The heap can shrink by this much without a GC (V8 trims and sweeps); by more, a GC must have been.
const SHRINKS_ALONE_BYTES: u64 = 1 << 20;

/// What is fixed for an isolate when its watcher starts.
#[derive(Clone, Debug)]
pub struct Identity {
    /// Node's id of the thread.
    pub thread_id: u32,
    /// V8's names of the spaces.
    pub space_names: Vec<String>,
    /// V8's limit of the old generation alone.
    pub old_generation_limit_bytes: u64,
    /// Unix time at the zero of the process's clock, in milliseconds.
    pub unix_ms_at_zero: f64,
}

/// Room for the last pauses and for events under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capacity {
    /// Pauses in the ledger.
    pub pauses: usize,
    /// GCs in the channel.
    pub events: usize,
}

impl Capacity {
    /// The main isolate: 8192 events are 1.6 s of the densest GC storm seen.
    pub const MAIN: Self = Self { pauses: 4096, events: 8192 };
    /// A worker's: there may be many.
    pub const WORKER: Self = Self { pauses: 1024, events: 1024 };
}

/// One sample, as it is told to listeners.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// When, on the process's clock.
    pub at_ns: u64,
    /// The sizes.
    pub sizes: Sizes,
}

/// What a tick asks of the thread that made it.
pub struct Orders {
    /// Ask V8 for a major GC.
    pub collect: bool,
    /// Lines for stderr.
    pub lines: Vec<String>,
    /// Take a heap snapshot.
    pub snapshot: bool,
}

/// Everything known of one isolate; fixed in size from the start.
pub struct IsolateState {
    /// What is fixed.
    pub identity: Identity,
    started_ns: u64,
    capacity: Capacity,
    pauses: Pauses,
    counters: Counters,
    history: History,
    allocation: Allocation,
    timeline: Timeline,
    growth: Growth,
    latest: HeapSample,
    heap_after_last_major_bytes: Option<u64>,
    array_buffers_bytes: u64,
    samples: Ledger<Sample>,
    readers: Vec<Reader>,
    dropped_events: u64,
    hook_silent: bool,
    assist: Option<Assist>,
    /// When the GC began that is running now; 0 while none is.
    running_since_ns: u64,
    /// There was a GC since the last sample.
    is_sample_due: bool,
    /// The longest pause since thresholds were last evaluated.
    longest_pause_ns: u64,
    verdict: Verdict,
    verdicts: Ledger<VerdictChange>,
    /// How often the verdict has become leak.
    leaks: u64,
}

impl IsolateState {
    /// Begins with the heap as it is.
    #[must_use]
    pub fn new(identity: Identity, capacity: Capacity, first: HeapSample) -> Self {
        Self {
            identity,
            started_ns: first.at_ns,
            capacity,
            pauses: Pauses::new(capacity.pauses),
            counters: Counters::default(),
            history: History::new(first.at_ns),
            allocation: Allocation::new(&first),
            timeline: Timeline::new(first.at_ns),
            growth: Growth::new(GrowthOptions::default(), first.at_ns),
            latest: first,
            heap_after_last_major_bytes: None,
            array_buffers_bytes: 0,
            samples: Ledger::new(SAMPLES),
            readers: Vec::new(),
            dropped_events: 0,
            hook_silent: false,
            assist: None,
            running_since_ns: 0,
            is_sample_due: false,
            longest_pause_ns: 0,
            verdict: Verdict::Inconclusive,
            verdicts: Ledger::new(VERDICTS),
            leaks: 0,
        }
    }

    /// Changes when a verdict may be given, and whether V8 is asked for major GCs.
    pub fn set_growth_options(&mut self, options: GrowthOptions, assist: Option<AssistOptions>, now_ns: u64) {
        self.growth.set_options(options);
        self.assist = assist.map(|assist| Assist::new(assist, now_ns, self.old_used_bytes()));
    }

    /// What V8 takes for this isolate, heap and external.
    #[must_use]
    pub fn known_bytes(&self) -> u64 {
        self.latest.total_bytes.saturating_add(self.latest.external_bytes)
    }

    fn old_used_bytes(&self) -> u64 {
        self.latest.used_bytes.saturating_sub(self.latest.young_used_bytes)
    }

    /// Takes one GC in.
    pub fn record_gc(&mut self, event: &GcEvent) {
        self.pauses.record(event);
        let is_major = event.kind == GcKind::Major;
        self.timeline.record(event.pause_ns, is_major, event.nested);
        self.longest_pause_ns = self.longest_pause_ns.max(event.pause_ns);
        self.is_sample_due = true;
        if !event.nested {
            self.history.spread_pause(event.start_ns, event.pause_ns);
            self.counters.gc_ns += float(event.pause_ns);
        }
        self.allocation.record(event, &mut self.counters);
        if event.has_heap {
            let end_ns = event.start_ns.saturating_add(event.pause_ns);
            if end_ns >= self.latest.at_ns {
                self.latest.at_ns = end_ns;
                self.latest.take_in(event);
            }
            if is_major {
                if let Some(assist) = &mut self.assist {
                    assist.record_major(
                        end_ns,
                        event.pause_ns,
                        event.after.used_bytes.saturating_sub(event.after.young_used_bytes),
                    );
                }
                self.heap_after_last_major_bytes = Some(event.after.used_bytes);
                self.growth.record_major(Live {
                    at_ns: end_ns,
                    heap_bytes: event.after.used_bytes,
                    external_bytes: event.external_bytes,
                });
            }
        }
    }

    /// Takes in a look at the heap.
    pub fn record_sample(&mut self, sample: &HeapSample) {
        self.allocation.sample(sample, &mut self.counters);
        let seen_any = GcKind::ALL.iter().any(|kind| self.pauses.count(*kind) > 0) || self.dropped_events > 0;
        let shrank = sample.used_bytes.saturating_add(SHRINKS_ALONE_BYTES) < self.latest.used_bytes;
        self.hook_silent |= shrank && !seen_any && sample.at_ns >= self.latest.at_ns;
        if sample.at_ns >= self.latest.at_ns {
            self.latest = *sample;
        }
    }

    /// Takes in what the probe could not send.
    pub fn record_dropped(&mut self, total: u64) {
        self.dropped_events = total;
    }

    /// Takes in when the GC began that is running now; 0 while none is.
    pub fn record_running(&mut self, since_ns: u64) {
        self.running_since_ns = since_ns;
    }

    /// For how long the running GC has been: the pause is told at its end only, and that may be seconds away.
    fn running_ns(&self, now_ns: u64) -> u64 {
        if self.running_since_ns == 0 { 0 } else { now_ns.saturating_sub(self.running_since_ns) }
    }

    /// Takes in what Node's own allocator says.
    pub fn record_array_buffers(&mut self, bytes: u64) {
        self.array_buffers_bytes = bytes;
    }

    /// The heap shrank as only a GC does it, and no hook was ever called: they are dead on this runtime.
    #[must_use]
    pub fn is_hook_silent(&self) -> bool {
        self.hook_silent
    }

    /// Time passes. `native_bytes` is what the process takes outside every isolate, where that can be told.
    pub fn tick(&mut self, now_ns: u64, memory: &ProcessMemory, native_bytes: Option<u64>) -> Orders {
        self.history.remember(Reading { at_ns: now_ns, counters: self.counters });
        let sizes = self.sizes(memory);
        self.timeline.tick(now_ns, &self.counters, sizes);
        self.growth.tick(now_ns, native_bytes, memory.container.map(|container| container.working_set_bytes));
        self.note_verdict(now_ns);
        let old_used_bytes = self.old_used_bytes();
        let collect = self.assist.as_mut().is_some_and(|assist| assist.is_due(now_ns, old_used_bytes));
        let (lines, snapshot) = self.evaluate(now_ns, memory);
        Orders { collect, lines, snapshot }
    }

    /// Growth may have come to another verdict, by a GC or by time.
    pub fn note_verdict(&mut self, now_ns: u64) {
        let verdict = self.growth.verdict();
        if verdict != self.verdict {
            self.leaks += u64::from(verdict == Verdict::Leak);
            self.verdicts.push(VerdictChange { at_ns: now_ns, verdict });
            self.verdict = verdict;
        }
    }

    /// Every rule of every reader, on what is known now; the lines of those that fired and log, and whether one asks for a snapshot.
    fn evaluate(&mut self, now_ns: u64, memory: &ProcessMemory) -> (Vec<String>, bool) {
        if !self.has_rules() {
            self.longest_pause_ns = 0;
            return (Vec::new(), false);
        }
        let values = self.values(now_ns, memory);
        self.longest_pause_ns = 0;
        let mut lines = Vec::new();
        let mut snapshot = false;
        for reader in &mut self.readers {
            for threshold in &mut reader.thresholds {
                let Some(crossing) = threshold.evaluate(now_ns, &values) else { continue };
                reader.crossings.push(crossing);
                snapshot |= threshold.rule.snapshot;
                if threshold.rule.log {
                    let crossed: Vec<String> = threshold
                        .crossed(&crossing)
                        .map(|(field, limit, value)| format!("{} {limit} crossed with {value}", field.name()))
                        .collect();
                    lines.push(format!(
                        "heapwatch: process {} thread {}: {}",
                        std::process::id(),
                        self.identity.thread_id,
                        crossed.join(", ")
                    ));
                }
            }
        }
        (lines, snapshot)
    }

    /// Used heap as of the latest sample.
    #[must_use]
    pub fn heap_used_bytes(&self) -> u64 {
        self.latest.used_bytes
    }

    fn values(&self, now_ns: u64, memory: &ProcessMemory) -> Values {
        let (short, _) = self.windows(now_ns);
        let mut values: Values = [0.0; 7];
        let mut set = |field: Field, value: f64| values[field as usize] = value;
        set(Field::HeapUsedBytes, float(self.latest.used_bytes));
        set(Field::UsedRatio, self.limits(memory).nearest().1);
        set(Field::RssBytes, float(memory.rss_bytes));
        set(Field::ExternalBytes, float(self.latest.external_bytes));
        set(Field::GcPauseMs, float(self.longest_pause_ns.max(self.running_ns(now_ns))) / 1e6);
        set(Field::GcTimeRatio, health::full_ratio(&short, float(SHORT_WINDOW_NS)));
        set(Field::GrowthBytesPerSecond, self.growth.surely_bytes_per_second());
        values
    }

    /// The last 10 s and the last minute, whoever reset what.
    fn windows(&self, now_ns: u64) -> (Window, Window) {
        let gc_ns = self.counters.gc_ns + float(self.running_ns(now_ns));
        let now = Reading { at_ns: now_ns, counters: Counters { gc_ns, ..self.counters } };
        let since = Reading { at_ns: self.started_ns, counters: Counters::default() };
        (self.history.window(now, SHORT_WINDOW_NS, since), self.history.window(now, LONG_WINDOW_NS, since))
    }

    /// Is the process dying of GC?
    #[must_use]
    pub fn health(&self, now_ns: u64, memory: &ProcessMemory) -> Health {
        let (short, long) = self.windows(now_ns);
        health::judge(&short, &long, self.limits(memory).nearest().1)
    }

    /// Puts what is known now among the samples.
    pub fn take_sample(&mut self, now_ns: u64, memory: &ProcessMemory) {
        let sizes = self.sizes(memory);
        self.is_sample_due = false;
        self.samples.push(Sample { at_ns: now_ns, sizes });
    }

    /// There was a GC since the last sample: for watchers that sample at GCs only.
    #[must_use]
    pub fn is_sample_due(&self) -> bool {
        self.is_sample_due
    }

    fn sizes(&self, memory: &ProcessMemory) -> Sizes {
        Sizes {
            rss_bytes: memory.rss_bytes,
            heap_total_bytes: self.latest.total_bytes,
            heap_used_bytes: self.latest.used_bytes,
            young_used_bytes: self.latest.young_used_bytes,
            old_space_bytes: self.latest.old_space_bytes,
            large_spaces_bytes: self.latest.large_spaces_bytes,
            external_bytes: self.latest.external_bytes,
            heap_after_major_bytes: self.heap_after_last_major_bytes.unwrap_or(0),
        }
    }

    /// The remembered pauses, oldest first.
    pub fn pauses(&self) -> impl Iterator<Item = &Pause> {
        self.pauses.ledger.iter()
    }

    /// The heap over time.
    #[must_use]
    pub fn timeline(&self) -> &Timeline {
        &self.timeline
    }

    /// Bytes taken, the channel's included; the same at any uptime.
    #[must_use]
    pub fn footprint_bytes(&self) -> usize {
        size_of::<Self>()
            + self.pauses.footprint_bytes()
            + self.history.footprint_bytes()
            + self.timeline.footprint_bytes()
            + self.growth.footprint_bytes()
            + self.samples.footprint_bytes()
            + self.verdicts.footprint_bytes()
            // A slot of the channel is the event and its stamp.
            + self.capacity.events * (size_of::<GcEvent>() + size_of::<usize>())
    }
}

#[expect(clippy::cast_precision_loss, reason = "bytes and nanoseconds far below 2^53")]
fn float(value: u64) -> f64 {
    value as f64
}
