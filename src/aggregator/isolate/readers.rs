//! Who asks for an isolate's reports: what each was told already, its rules, and where its counts begin.

use super::{CROSSINGS, IsolateState, Sample};
use crate::aggregator::counters::{Counters, Reading};
use crate::aggregator::pauses::{Ledger, Pause};
use crate::aggregator::thresholds::{Crossing, Rule, Threshold};
use crate::report::KindReport;

/// Someone who asks for reports, and where they are in the series.
pub(super) struct Reader {
    pub(super) id: u32,
    pub(super) baseline: Baseline,
    pub(super) next_pause: u64,
    pub(super) next_sample: u64,
    pub(super) thresholds: Vec<Threshold>,
    pub(super) crossings: Ledger<Crossing>,
    pub(super) next_crossing: u64,
    pub(super) next_leak: u64,
}

/// What was already there when a reader began, or reset.
pub(super) struct Baseline {
    pub(super) reading: Reading,
    pub(super) all: KindReport,
    pub(super) kinds: [KindReport; 4],
    pub(super) dropped_events: u64,
}

/// What is new for a reader.
pub struct News {
    /// Pauses since it last asked, oldest first.
    pub pauses: Vec<Pause>,
    /// Samples since it last asked, oldest first.
    pub samples: Vec<Sample>,
    /// Pauses that it was too late for.
    pub lost: u64,
    /// Rules of its own that fired since it last asked, oldest first.
    pub crossings: Vec<Crossing>,
    /// The verdict has become leak since it last asked.
    pub leak: bool,
}

impl IsolateState {
    /// A new reader; it is told of what comes from now on, and its reports go back to the watcher's start.
    pub fn add_reader(&mut self, id: u32) {
        self.readers.push(Reader {
            id,
            baseline: Baseline {
                reading: Reading { at_ns: self.started_ns, counters: Counters::default() },
                all: KindReport::default(),
                kinds: Default::default(),
                dropped_events: 0,
            },
            next_pause: self.pauses.ledger.next(),
            next_sample: self.samples.next(),
            thresholds: Vec::new(),
            crossings: Ledger::new(CROSSINGS),
            next_crossing: 0,
            next_leak: self.leaks,
        });
    }

    /// The reader asks no more.
    pub fn remove_reader(&mut self, id: u32) {
        self.readers.retain(|reader| reader.id != id);
    }

    /// The reader's windows and histograms begin anew; nobody else's do.
    pub fn reset(&mut self, id: u32, now_ns: u64) {
        let (all, kinds) = self.pauses.report();
        let reading = Reading { at_ns: now_ns, counters: self.counters };
        let dropped_events = self.dropped_events;
        if let Some(reader) = self.readers.iter_mut().find(|reader| reader.id == id) {
            reader.baseline = Baseline { reading, all, kinds, dropped_events };
        }
    }

    /// What the reader has not been told yet.
    pub fn news(&mut self, id: u32) -> Option<News> {
        let reader = self.readers.iter_mut().find(|reader| reader.id == id)?;
        let (pauses, lost) = self.pauses.ledger.since(reader.next_pause);
        let pauses = pauses.copied().collect();
        let samples = self.samples.since(reader.next_sample).0.copied().collect();
        reader.next_pause = self.pauses.ledger.next();
        reader.next_sample = self.samples.next();
        let crossings = reader.crossings.since(reader.next_crossing).0.copied().collect();
        reader.next_crossing = reader.crossings.next();
        let leak = self.leaks > reader.next_leak;
        reader.next_leak = self.leaks;
        Some(News { pauses, samples, lost, crossings, leak })
    }

    /// Adds a rule of a reader, or replaces the one with its id.
    pub fn add_rule(&mut self, reader: u32, rule: Rule) {
        self.remove_rule(reader, rule.id);
        if let Some(reader) = self.readers.iter_mut().find(|candidate| candidate.id == reader) {
            reader.thresholds.push(Threshold::new(rule));
        }
    }

    /// Removes a rule of a reader.
    pub fn remove_rule(&mut self, reader: u32, rule: u32) {
        if let Some(reader) = self.readers.iter_mut().find(|candidate| candidate.id == reader) {
            reader.thresholds.retain(|threshold| threshold.rule.id != rule);
        }
    }

    /// Someone waits for a limit: sizes must be fresh at every tick.
    #[must_use]
    pub fn has_rules(&self) -> bool {
        self.readers.iter().any(|reader| !reader.thresholds.is_empty())
    }
}
