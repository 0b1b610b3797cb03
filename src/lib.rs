//! heapwatch: knows what a Node process's heap is doing, and says so.
//!
//! ```text
//! V8 GC hooks, interrupts ─► event ─► channel ─► aggregator thread ─► Report ─► export ─► JavaScript
//!       v8, probe                                   aggregator         report     export     binding
//!                                        └► listener: the same to whoever scrapes
//! V8 heap profiler ─► forked copy of the process, or this one ─► chunks ─► Sink: a file
//!       v8, os::fork            capture
//! ```
//!
//! One direction. `v8` and `os` hold all unsafe code; `event`, `aggregator`, `report`, `stats` and `export` are plain
//! Rust that runs, and is tested, without Node. So is `heap`, which stands beside: from the text of a heap snapshot to
//! who holds what. docs/architecture.md says why it is so.

pub mod aggregator;
// Under test nothing registers with Node, so nothing would be used.
#[cfg(not(test))]
mod binding;
pub mod capture;
pub mod clock;
pub mod event;
pub mod export;
pub mod heap;
pub mod listener;
pub mod os;
pub mod probe;
pub mod report;
pub mod stats;
pub mod tally;
pub mod v8;
pub mod watch;
