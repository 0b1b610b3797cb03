//! Waiting until V8's own threads sleep.
//!
//! A job that one of them holds at the fork (sweeping, marking) would never end in the copy, which would wait for it. They are
//! the platform's, shared by all isolates of the process; a thread that is busy for another isolate does no harm, so the wait is bounded.

use std::fs;
use std::time::{Duration, Instant};

/// Between two looks. A look costs some 50 µs, a job of a sweeper a millisecond.
const PAUSE: Duration = Duration::from_micros(200);

/// Looks in a row that must find everyone asleep: a thread on its way from one job to the next sleeps for a moment.
const LOOKS: u32 = 2;

/// Node's default `--v8-pool-size` and the thread for delayed tasks: the first that a process starts.
const PLATFORM_THREADS: usize = 5;

/// True when V8's threads sleep; false when they did not until `deadline`, or cannot be seen.
pub(super) fn wait(deadline: Instant) -> bool {
    let Some(threads) = platform_threads() else { return false };
    let mut calm = 0;
    loop {
        calm = if threads.iter().all(|thread| is_asleep(*thread)) { calm + 1 } else { 0 };
        if calm == LOOKS {
            return true;
        }
        if Instant::now() >= deadline {
            return false;
        }
        std::thread::sleep(PAUSE);
    }
}

/// By name where they have one (Node 24, 26); else those that were started first, which the lowest ids tell.
fn platform_threads() -> Option<Vec<u32>> {
    let main = std::process::id();
    let mut threads: Vec<u32> = fs::read_dir("/proc/self/task")
        .ok()?
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|thread| *thread != main)
        .collect();
    threads.sort_unstable();
    let named: Vec<u32> =
        threads.iter().copied().filter(|thread| name(*thread).contains("V8Worker")).collect();
    if named.is_empty() {
        threads.truncate(PLATFORM_THREADS);
        return Some(threads);
    }
    Some(named)
}

fn name(thread: u32) -> String {
    fs::read_to_string(format!("/proc/self/task/{thread}/comm")).unwrap_or_default()
}

/// A thread that has ended is asleep for ever.
fn is_asleep(thread: u32) -> bool {
    fs::read_to_string(format!("/proc/self/task/{thread}/stat"))
        .is_ok_and(|stat| state_in(&stat) == Some('S'))
        || !fs::exists(format!("/proc/self/task/{thread}")).unwrap_or(false)
}

/// The state in a line of `stat`: after the name, which stands in parentheses and may hold some itself.
pub(super) fn state_in(stat: &str) -> Option<char> {
    stat.rsplit_once(')')?.1.trim_start().chars().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_stands_after_the_last_parenthesis() {
        assert_eq!(state_in("12 (node) S 1 2"), Some('S'));
        assert_eq!(state_in("12 (a) R (b) D 1"), Some('D'));
        assert_eq!(state_in("nothing"), None);
    }
}
