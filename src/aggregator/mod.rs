//! One thread a process that folds events into each isolate's state, and the list of these isolates.
//!
//! The thread depends on nothing that can block: it drains the channels on a tick, reads RSS and the container
//! itself, and asks V8 for samples by interrupt. Reading does not depend on the thread either: whoever asks for a
//! report drains first, under the same lock.

pub mod allocation;
pub mod assist;
pub mod counters;
pub mod growth;
pub mod health;
pub mod isolate;
pub mod pauses;
mod thread;
pub mod thresholds;
pub mod timeline;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;

use crate::clock::Clock;
use crate::event::HeapSample;
use crate::os::memory::{MemorySource, ProcessMemory, rss_bytes};
use crate::probe::{Events, SAMPLE_CAPACITY};
use crate::report::Report;
use health::Health;
use isolate::IsolateState;

/// What can be asked of an isolate from any thread; nothing happens once it is gone.
pub trait Remote: Send + Sync {
    /// A look at the heap, soon.
    fn request_sample(&self);
    /// A major GC, soon.
    fn request_collection(&self);
    /// A heap snapshot, as soon as JavaScript's thread can fork.
    fn request_snapshot(&self, heap_used_bytes: u64);
    /// Asks on where a snapshot waits for JavaScript's thread; called on every tick.
    fn drive_snapshot(&self);
}

/// An isolate with a watcher, as the other threads see it.
pub struct Watched {
    thread_id: u32,
    events: Events,
    state: Mutex<IsolateState>,
    remote: Box<dyn Remote>,
    /// 0: at GCs only.
    sample_interval_ns: AtomicU64,
}

impl Watched {
    /// Not known to anybody yet; see [`Registry::add`].
    #[must_use]
    pub fn new(
        events: Events,
        state: IsolateState,
        remote: Box<dyn Remote>,
        sample_interval_ns: u64,
    ) -> Self {
        Self {
            thread_id: state.identity.thread_id,
            events,
            state: Mutex::new(state),
            remote,
            sample_interval_ns: AtomicU64::new(sample_interval_ns),
        }
    }

    /// Changes how often the heap is sampled.
    pub fn set_sample_interval_ns(&self, interval_ns: u64) {
        self.sample_interval_ns.store(interval_ns, Ordering::Relaxed);
    }

    /// The state with everything folded in that has happened: reading is exact. The hook never takes this lock.
    pub fn with_state<R>(&self, read: impl FnOnce(&mut IsolateState) -> R) -> R {
        let mut state = self.state.lock();
        self.drain(&mut state);
        read(&mut state)
    }

    fn drain(&self, state: &mut IsolateState) {
        // Samples are taken out before GCs and folded in after them: so no sample is folded in before a GC that came before it.
        let samples: [Option<HeapSample>; SAMPLE_CAPACITY] =
            std::array::from_fn(|_| self.events.samples.try_recv().ok());
        // Bounded by the channel's room at the start: a storm cannot hold the lock for ever.
        for event in self.events.gcs.try_iter().take(self.events.gcs.len()) {
            state.record_gc(&event);
        }
        for sample in samples.iter().flatten() {
            state.record_sample(sample);
        }
        state.record_running(self.events.running_since_ns.load(Ordering::Relaxed));
        state.record_dropped(self.events.dropped.load(Ordering::Relaxed));
    }

    /// The share of the channel that is full.
    fn is_filling(&self) -> bool {
        self.events.gcs.len() * 8 > self.events.gcs.capacity().unwrap_or(usize::MAX)
    }
}

/// The watched isolates of this process and the thread that serves them.
pub struct Registry {
    isolates: Mutex<Vec<Arc<Watched>>>,
    thread: Mutex<Option<thread::Aggregator>>,
    source: MemorySource,
    /// As it was on the thread's last look.
    memory: Mutex<ProcessMemory>,
}

impl Registry {
    /// The one of this process.
    pub fn process() -> &'static Self {
        static REGISTRY: std::sync::OnceLock<Registry> = std::sync::OnceLock::new();
        REGISTRY.get_or_init(|| Self {
            isolates: Mutex::new(Vec::new()),
            thread: Mutex::new(None),
            source: MemorySource::find(),
            memory: Mutex::new(ProcessMemory::default()),
        })
    }

    /// Watches one more isolate; the first one starts the thread.
    ///
    /// # Errors
    /// The system refused a thread; nothing is watched then.
    pub fn add(&'static self, watched: Arc<Watched>) -> std::io::Result<()> {
        let mut thread = self.thread.lock();
        if thread.is_none() {
            self.read_memory();
            *thread = Some(thread::Aggregator::spawn(self)?);
        }
        self.isolates.lock().push(watched);
        Ok(())
    }

    /// Stops watching an isolate; the last one ends the thread and waits for its end.
    pub fn remove(&self, watched: &Arc<Watched>) {
        let mut thread = self.thread.lock();
        let is_last = {
            let mut isolates = self.isolates.lock();
            isolates.retain(|candidate| !Arc::ptr_eq(candidate, watched));
            isolates.is_empty()
        };
        if is_last {
            // Joined under the thread's lock, which the thread itself never takes, so that an isolate that starts
            // meanwhile waits and gets a thread of its own.
            drop(thread.take());
        }
    }

    /// No more work in the background: the process exits. Reports can still be read.
    pub fn quiesce(&self) {
        if let Some(mut thread) = self.thread.try_lock() {
            drop(thread.take());
        }
    }

    /// Looks at RSS and the container.
    fn read_memory(&self) -> ProcessMemory {
        let memory = self.source.read();
        *self.memory.lock() = memory;
        memory
    }

    /// The health of an isolate; no file is read.
    #[must_use]
    pub fn health(&self, watched: &Watched) -> Health {
        let memory = *self.memory.lock();
        watched.with_state(|state| state.health(Clock::process().now_ns(), &memory))
    }

    /// A reader's report of an isolate, or that of someone who never reset, with those of all other isolates.
    #[must_use]
    pub fn report(&self, watched: &Arc<Watched>, reader: Option<u32>) -> Report {
        self.gather(watched, |state, is_own, now_ns, memory| {
            state.report(reader.filter(|_| is_own), now_ns, memory)
        })
    }

    /// The same for someone who never reset, without distributions of pauses: for metrics.
    #[must_use]
    pub fn counts(&self, watched: &Arc<Watched>) -> Report {
        self.gather(watched, |state, _, now_ns, memory| state.counts(now_ns, memory))
    }

    fn gather(
        &self,
        watched: &Arc<Watched>,
        read: impl Fn(&IsolateState, bool, u64, &ProcessMemory) -> Report,
    ) -> Report {
        // RSS as it is now, one file; the container's files as of the thread's last look.
        let memory = ProcessMemory { rss_bytes: rss_bytes(), ..*self.memory.lock() };
        let clock = Clock::process();
        let mut others = self.isolates();
        others.retain(|other| !Arc::ptr_eq(other, watched));
        let look = |isolate: &Watched, is_own: bool| {
            isolate.with_state(|state| {
                let now_ns = clock.now_ns();
                state.note_verdict(now_ns);
                read(state, is_own, now_ns, &memory)
            })
        };
        let mut report = look(watched, true);
        report.threads = others.iter().map(|other| look(other, false)).collect();
        report.threads.sort_by_key(|thread| thread.thread_id);
        report
    }

    /// [`Registry::counts`] of the isolate with the lowest thread id, the main thread's if it is watched: for whoever asks from no
    /// isolate's thread. `None` without any.
    #[must_use]
    pub fn counts_of_all(&self) -> Option<Report> {
        Some(self.counts(&self.first()?))
    }

    /// The health of that isolate.
    #[must_use]
    pub fn health_of_all(&self) -> Health {
        self.first().map_or_else(Health::unknown, |watched| self.health(&watched))
    }

    fn first(&self) -> Option<Arc<Watched>> {
        self.isolates().into_iter().min_by_key(|watched| watched.thread_id)
    }

    fn isolates(&self) -> Vec<Arc<Watched>> {
        self.isolates.lock().clone()
    }
}
