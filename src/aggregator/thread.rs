//! The aggregator's thread: a tick, on which channels are drained, sizes read, samples asked for.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use super::{Registry, Watched};
use crate::clock::Clock;

/// The longest time between two ticks. Longer would delay what acts on a tick; shorter costs wake-ups.
const TICK: Duration = Duration::from_millis(50);
/// The tick while a channel fills up.
const BUSY_TICK: Duration = Duration::from_millis(5);
/// How old RSS and the container's use may be at a tick.
const MEMORY_AGE_NS: u64 = 1_000_000_000;
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
            // It panics only by a defect of ours, which the panic's message has told; the stop goes on.
            let _ = handle.join();
        }
    }
}

/// When an isolate's sample was last asked for, and whether it is still to be noted.
struct Schedule {
    watched: Arc<Watched>,
    asked_ns: u64,
    is_asked: bool,
}

fn run(registry: &Registry, stop: &AtomicBool) {
    let clock = Clock::process();
    let mut schedules: Vec<Schedule> = Vec::new();
    let mut memory = registry.read_memory();
    let mut memory_ns = clock.now_ns();
    while !stop.load(Ordering::Acquire) {
        let now_ns = clock.now_ns();
        follow(&mut schedules, registry.isolates(), now_ns);

        let interval = |watched: &Watched| watched.sample_interval_ns.load(Ordering::Relaxed);
        let shortest =
            schedules.iter().map(|schedule| interval(&schedule.watched)).filter(|ns| *ns > 0).min();
        if now_ns.saturating_sub(memory_ns) >= shortest.map_or(MEMORY_AGE_NS, |ns| ns.min(MEMORY_AGE_NS)) {
            memory = registry.read_memory();
            memory_ns = now_ns;
        }

        let mut is_filling = false;
        for schedule in &mut schedules {
            is_filling |= schedule.watched.is_filling();
            let interval_ns = interval(&schedule.watched);
            schedule.watched.with_state(|state| {
                state.tick(now_ns, &memory);
                // What was asked for on the last tick has arrived, if it can: JavaScript runs.
                if std::mem::take(&mut schedule.is_asked) {
                    state.take_sample(now_ns, &memory);
                }
            });
            if interval_ns > 0 && now_ns.saturating_sub(schedule.asked_ns) >= interval_ns {
                (schedule.watched.request_sample)();
                schedule.asked_ns = now_ns;
                schedule.is_asked = true;
            }
        }

        let tick = if is_filling { BUSY_TICK } else { TICK };
        std::thread::park_timeout(shortest.map_or(tick, |ns| tick.min(Duration::from_nanos(ns))));
    }
}

/// Keeps one schedule for each watched isolate.
fn follow(schedules: &mut Vec<Schedule>, isolates: Vec<Arc<Watched>>, now_ns: u64) {
    schedules.retain(|schedule| isolates.iter().any(|watched| Arc::ptr_eq(watched, &schedule.watched)));
    for watched in isolates {
        if !schedules.iter().any(|schedule| Arc::ptr_eq(&schedule.watched, &watched)) {
            schedules.push(Schedule { watched, asked_ns: now_ns, is_asked: false });
        }
    }
}
