//! The aggregator's thread: a tick, on which channels are drained, sizes read, samples asked for.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use super::{Registry, Watched};
use crate::clock::Clock;
use crate::os::stderr::write_line;

/// The time between two ticks. A worker's channel takes 10,000 GCs a second for as long; shorter costs wake-ups.
const TICK: Duration = Duration::from_millis(100);
/// The same while a rule waits for a limit: what acts on a tick must not be late.
const RULES_TICK_NS: u64 = 50_000_000;
/// The tick while a channel fills up.
const BUSY_TICK: Duration = Duration::from_millis(5);
/// For how long the tick stays short: a storm's backlog is small after each short tick, which does not mean that it is over.
const BUSY_NS: u64 = 1_000_000_000;
/// How old RSS and the container's use may be at a tick.
const MEMORY_AGE_NS: u64 = 1_000_000_000;
/// How long a stop waits for it.
const PATIENCE: Duration = Duration::from_millis(500);
/// Its name in `ps -T` and debuggers; at most 15 bytes on Linux.
const NAME: &str = "heapwatch";

/// The running thread; dropped, it has ended.
pub struct Aggregator {
    stop: Arc<AtomicBool>,
    handle: Option<JoinHandle<()>>,
}

impl Aggregator {
    /// Starts it. (`thread::spawn` would abort the process where the system refuses a thread.)
    pub fn spawn(registry: &'static Registry) -> io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&stop);
        let handle = Builder::new().name(NAME.into()).spawn(move || run(registry, &seen))?;
        Ok(Self { stop, handle: Some(handle) })
    }
}

impl Drop for Aggregator {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        if let Some(handle) = self.handle.take() {
            handle.thread().unpark();
            let deadline = Instant::now() + PATIENCE;
            while !handle.is_finished() && Instant::now() < deadline {
                std::thread::sleep(Duration::from_micros(200));
            }
            // One that is stuck (it never is, but a stop must never hang) ends by itself when it sees the flag.
            if handle.is_finished() {
                // It panics only by a defect of ours, which the panic's message has told; the stop goes on.
                let _ = handle.join();
            }
        }
    }
}

/// When an isolate's sample was last asked for, and whether it is still to be noted.
struct Schedule {
    watched: Arc<Watched>,
    asked_ns: u64,
    is_asked: bool,
    /// The next sample for listeners, however often the heap is looked at.
    sample_due_ns: u64,
    has_rules: bool,
}

fn run(registry: &Registry, stop: &AtomicBool) {
    let clock = Clock::process();
    let mut schedules: Vec<Schedule> = Vec::new();
    let mut memory = registry.read_memory();
    let mut memory_ns = clock.now_ns();
    let mut busy_until_ns = 0;
    while !stop.load(Ordering::Acquire) {
        let now_ns = clock.now_ns();
        follow(&mut schedules, registry.isolates(), now_ns);

        // Looked at first: a rule must be evaluated on memory that is as fresh as it asks for.
        for schedule in &mut schedules {
            schedule.has_rules = schedule.watched.with_state(|state| state.has_rules());
        }
        // Fresh sizes at every tick where a rule waits for a limit; otherwise as often as was asked for.
        let interval = |schedule: &Schedule| match schedule.watched.sample_interval_ns.load(Ordering::Relaxed)
        {
            0 if schedule.has_rules => RULES_TICK_NS,
            interval_ns if schedule.has_rules => interval_ns.min(RULES_TICK_NS),
            interval_ns => interval_ns,
        };
        let shortest = schedules.iter().map(interval).filter(|ns| *ns > 0).min();
        if now_ns.saturating_sub(memory_ns) >= shortest.map_or(MEMORY_AGE_NS, |ns| ns.min(MEMORY_AGE_NS)) {
            memory = registry.read_memory();
            memory_ns = now_ns;
        }

        let mut is_filling = false;
        let mut known_bytes = 0_u64;
        for schedule in &mut schedules {
            is_filling |= schedule.watched.is_filling();
            known_bytes =
                known_bytes.saturating_add(schedule.watched.with_state(|state| state.known_bytes()));
        }
        // Told for one isolate only, the main one: it is the process's, not the isolate's.
        let native_bytes = (memory.rss_bytes > 0).then(|| memory.rss_bytes.saturating_sub(known_bytes));
        for schedule in &mut schedules {
            let interval_ns = interval(schedule);
            let orders = schedule.watched.with_state(|state| {
                let native_bytes = native_bytes.filter(|_| state.identity.thread_id == 0);
                let orders = state.tick(now_ns, &memory, native_bytes);
                // What was asked for on the last tick has arrived, if it can: JavaScript runs.
                let own_ns = schedule.watched.sample_interval_ns.load(Ordering::Relaxed);
                let has_arrived = std::mem::take(&mut schedule.is_asked) && now_ns >= schedule.sample_due_ns;
                if if own_ns == 0 { state.is_sample_due() } else { has_arrived } {
                    state.take_sample(now_ns, &memory);
                    schedule.sample_due_ns = now_ns.saturating_add(own_ns);
                }
                orders
            });
            if orders.collect {
                schedule.watched.remote.request_collection();
            }
            if orders.snapshot {
                let used_bytes = schedule.watched.with_state(|state| state.heap_used_bytes());
                schedule.watched.remote.request_snapshot(used_bytes);
            }
            schedule.watched.remote.drive_snapshot();
            for line in orders.lines {
                write_line(&line);
            }
            if interval_ns > 0 && now_ns.saturating_sub(schedule.asked_ns) >= interval_ns {
                schedule.watched.remote.request_sample();
                schedule.asked_ns = now_ns;
                schedule.is_asked = true;
            }
        }

        if is_filling {
            busy_until_ns = now_ns.saturating_add(BUSY_NS);
        }
        let tick = if now_ns < busy_until_ns { BUSY_TICK } else { TICK };
        std::thread::park_timeout(shortest.map_or(tick, |ns| tick.min(Duration::from_nanos(ns))));
    }
}

/// Keeps one schedule for each watched isolate.
fn follow(schedules: &mut Vec<Schedule>, isolates: Vec<Arc<Watched>>, now_ns: u64) {
    schedules.retain(|schedule| isolates.iter().any(|watched| Arc::ptr_eq(watched, &schedule.watched)));
    for watched in isolates {
        if !schedules.iter().any(|schedule| Arc::ptr_eq(&schedule.watched, &watched)) {
            schedules.push(Schedule {
                watched,
                asked_ns: now_ns,
                is_asked: false,
                sample_due_ns: now_ns,
                has_rules: false,
            });
        }
    }
}
