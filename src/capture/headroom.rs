//! Is there memory for it?
//!
//! V8's snapshot takes several times the heap while it is made, the more the smaller its objects are, on top of the pages that a
//! forked copy changes. What is not there must be refused before, and watched during: in a container whose
//! cgroup kills all or nothing (`memory.oom.group`), a copy that takes too much takes the application along.

use crate::os::memory::{MemorySource, available_bytes};

use super::failure::{Failure, Kind};

/// Free memory that must be there for each byte of used heap. Measured of copies: next to none for large arrays, 3.5 for Maps, up to 9 for the smallest objects and the shortest strings (inline 18); a copy that needs more is
/// stopped when memory gets short, which costs a snapshot, not the application.
const PER_HEAP_BYTE: u64 = 3;

/// The same for an empty heap.
const AT_LEAST_BYTES: u64 = 64 << 20;

/// While it is made, this much stays free: a sixteenth of the limit, at least 16 MB.
const RESERVE_SHARE: u64 = 16;
const RESERVE_BYTES: u64 = 16 << 20;

/// What is free, and of what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Free bytes.
    pub bytes: u64,
    /// The limit that they are free of.
    pub limit: Limit,
}

/// What limits memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// The cgroup's, in bytes.
    Container(u64),
    /// The machine itself.
    Machine,
}

impl Room {
    /// Looks now; `None` where the system does not say.
    #[must_use]
    pub fn now(source: &MemorySource) -> Option<Self> {
        let container = source.read().container.map(|container| Self {
            bytes: container.limit_bytes.saturating_sub(container.working_set_bytes),
            limit: Limit::Container(container.limit_bytes),
        });
        let machine = available_bytes().map(|bytes| Self { bytes, limit: Limit::Machine });
        match (container, machine) {
            (Some(container), Some(machine)) if machine.bytes < container.bytes => Some(machine),
            (container, machine) => container.or(machine),
        }
    }

    /// Less than what must stay free.
    #[must_use]
    pub fn is_short(&self) -> bool {
        self.bytes < self.reserve_bytes()
    }

    /// What a copy may take.
    #[must_use]
    pub fn usable_bytes(&self) -> u64 {
        self.bytes.saturating_sub(self.reserve_bytes())
    }

    fn reserve_bytes(&self) -> u64 {
        match self.limit {
            Limit::Container(bytes) => (bytes / RESERVE_SHARE).max(RESERVE_BYTES),
            Limit::Machine => RESERVE_BYTES * 4,
        }
    }

    /// Refuses where less than `wanted_bytes` is free.
    ///
    /// # Errors
    /// `HEAPWATCH_NO_HEADROOM`, with the numbers.
    pub fn demand(&self, wanted_bytes: u64, heap_used_bytes: u64) -> Result<(), Failure> {
        if self.bytes >= wanted_bytes {
            return Ok(());
        }
        let free = match self.limit {
            Limit::Container(limit) => {
                format!("the container has {} MB free of {} MB", megabytes(self.bytes), megabytes(limit))
            }
            Limit::Machine => format!("the machine has {} MB available", megabytes(self.bytes)),
        };
        Err(Failure::new(
            Kind::NoHeadroom,
            "memory",
            format!(
                "A snapshot of a heap of {} MB needs about {} MB of free memory, and {free}. Give it more memory, take the snapshot \
                 earlier, or set the option headroom to what you take responsibility for.",
                megabytes(heap_used_bytes),
                megabytes(wanted_bytes)
            ),
        ))
    }
}

/// What a heap of this size needs.
#[must_use]
pub fn wanted_bytes(heap_used_bytes: u64) -> u64 {
    heap_used_bytes.saturating_mul(PER_HEAP_BYTE).saturating_add(AT_LEAST_BYTES)
}

fn megabytes(bytes: u64) -> u64 {
    bytes >> 20
}

#[cfg(test)]
mod tests {
    use super::*;

    const MB: u64 = 1 << 20;

    #[test]
    fn a_refusal_names_what_is_needed_and_what_is_there() {
        let room = Room { bytes: 100 * MB, limit: Limit::Container(256 * MB) };
        let failure = room.demand(wanted_bytes(50 * MB), 50 * MB).unwrap_err();
        assert_eq!(failure.kind, Kind::NoHeadroom);
        assert!(failure.text.contains("heap of 50 MB needs about 214 MB"), "{failure}");
        assert!(failure.text.contains("100 MB free of 256 MB"), "{failure}");
        assert_eq!(room.demand(100 * MB, 0), Ok(()));
    }

    #[test]
    fn the_reserve_is_a_share_of_the_limit() {
        assert!(Room { bytes: 60 * MB, limit: Limit::Container(1024 * MB) }.is_short());
        assert!(!Room { bytes: 65 * MB, limit: Limit::Container(1024 * MB) }.is_short());
        assert_eq!(Room { bytes: 20 * MB, limit: Limit::Container(32 * MB) }.usable_bytes(), 4 * MB);
    }
}
