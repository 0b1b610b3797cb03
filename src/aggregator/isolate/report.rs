//! An isolate's state as a report: read, never changed.

use super::{IsolateState, LONG_WINDOW_NS, SHORT_WINDOW_NS, float};
use crate::aggregator::counters::{Counters, Reading};
use crate::os::memory::ProcessMemory;
use crate::report::{AllocationReport, GcReport, GrowthReport, KindReport, Limits, Report, TimeRatio};

impl IsolateState {
    /// The report for a reader, or for someone who never reset.
    #[must_use]
    pub fn report(&self, reader: Option<u32>, now_ns: u64, memory: &ProcessMemory) -> Report {
        self.report_with(self.pauses.report(), reader, now_ns, memory)
    }

    /// The report for someone who never reset and needs no distributions of pauses.
    #[must_use]
    pub fn counts(&self, now_ns: u64, memory: &ProcessMemory) -> Report {
        self.report_with(self.pauses.counts(), None, now_ns, memory)
    }

    fn report_with(
        &self,
        (mut all, mut kinds): (KindReport, [KindReport; 4]),
        reader: Option<u32>,
        now_ns: u64,
        memory: &ProcessMemory,
    ) -> Report {
        let baseline =
            self.readers.iter().find(|candidate| Some(candidate.id) == reader).map(|found| &found.baseline);
        let mut since = Reading { at_ns: self.started_ns, counters: Counters::default() };
        let mut dropped_events = self.dropped_events;
        if let Some(baseline) = baseline {
            since = baseline.reading;
            all = all.since(&baseline.all);
            kinds = std::array::from_fn(|kind| kinds[kind].since(&baseline.kinds[kind]));
            dropped_events = dropped_events.saturating_sub(baseline.dropped_events);
        }

        let now = Reading { at_ns: now_ns, counters: self.counters };
        let short = self.history.window(now, SHORT_WINDOW_NS, since);
        let long = self.history.window(now, LONG_WINDOW_NS, since);
        let life = self.history.window(now, u64::MAX, since);
        let young = long.added.young_bytes;
        Report {
            pid: std::process::id(),
            thread_id: self.identity.thread_id,
            uptime_ns: now_ns.saturating_sub(self.started_ns),
            unix_ms_at_zero: self.identity.unix_ms_at_zero,
            rss_bytes: memory.rss_bytes,
            heap_total_bytes: self.latest.total_bytes,
            heap_used_bytes: self.latest.used_bytes,
            external_bytes: self.latest.external_bytes,
            array_buffers_bytes: self.array_buffers_bytes,
            limits: self.limits(memory),
            heap_after_last_major_bytes: self.heap_after_last_major_bytes,
            sample_age_ns: now_ns.saturating_sub(self.latest.at_ns),
            spaces: self.identity.space_names.iter().cloned().zip(self.latest.spaces).collect(),
            gc: GcReport {
                all,
                kinds,
                time_ratio: TimeRatio {
                    last_10s: short.gc_ratio(),
                    last_1m: long.gc_ratio(),
                    lifetime: life.gc_ratio(),
                },
                dropped_events,
            },
            allocation: AllocationReport {
                bytes_per_second: short.per_second(short.added.allocated_bytes),
                total_bytes: life.added.allocated_bytes,
                promoted_bytes: life.added.promoted_bytes,
                promoted_bytes_per_second: short.per_second(short.added.promoted_bytes),
                survival_ratio: if young > 0.0 { long.added.survived_bytes / young } else { 0.0 },
            },
            growth: GrowthReport {
                changes: self.verdicts.iter().copied().collect(),
                ..self.growth.report(
                    self.identity.old_generation_limit_bytes,
                    memory.container.map(|container| container.limit_bytes),
                )
            },
            threads: Vec::new(),
        }
    }

    pub(super) fn limits(&self, memory: &ProcessMemory) -> Limits {
        let ratio = |used: u64, limit: u64| if limit > 0 { float(used) / float(limit) } else { 0.0 };
        let old_used = self.old_used_bytes();
        Limits {
            heap_bytes: self.latest.limit_bytes,
            container_bytes: memory.container.map(|container| container.limit_bytes),
            heap_used_ratio: ratio(old_used, self.identity.old_generation_limit_bytes),
            container_used_ratio: memory
                .container
                .map(|container| ratio(container.working_set_bytes, container.limit_bytes)),
        }
    }
}
