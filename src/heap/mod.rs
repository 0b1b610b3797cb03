//! Understanding a heap snapshot: from V8's text to who holds what.
//!
//! ```text
//!             scan ─► builder ─┐                 ┌─► dominators ──────────────┐
//! bytes ─► parser              ├─► graph ─► detached                          ├─► Snapshot ─► queries
//!             strings, trace ──┘                 └─► shallow ─► distances ─►  │     rows, statistics
//!                                                    interfaces ─► classes ───┘     retainers, names
//!                                                                   └─────────► Census ─► compare
//! ```
//!
//! - [`Parser`] takes bytes in pieces and gives a [`Graph`]; the text is never in memory as a whole.
//! - [`Snapshot::analyze`] makes of it what Chrome DevTools shows, by DevTools' own definitions (functions of its
//!   `HeapSnapshot.ts` are named where they are followed): retained sizes, distances, classes, statistics.
//!   docs/heap-analysis.md says how that is checked.
//! - [`Census`] and [`compare`] are DevTools' Comparison of two snapshots.
//!
//! Plain Rust: no V8, no N-API, no unsafe code. Nothing recurses, nothing trusts a number of the file as an index or as
//! an amount of memory, and nothing panics on any input.

#![forbid(unsafe_code)]

mod bits;
mod builder;
mod census;
mod classes;
mod climb;
mod collections;
mod columns;
mod detached;
mod distances;
mod dominators;
mod ephemerons;
mod error;
mod findings;
mod graph;
mod interfaces;
mod locations;
mod meta;
mod names;
mod owners;
mod parser;
mod progress;
mod reach;
mod redact;
mod retainers;
mod scan;
mod shallow;
mod snapshot;
mod statistics;
mod strings;
mod strings_report;
mod summary;
mod trace;

pub use census::{Census, ClassDiff, compare};
pub use classes::{ClassIndex, ClassKey, ClassRow};
pub use collections::Collection;
pub use detached::Detachedness;
pub use distances::{NO_DISTANCE, SYSTEM_DISTANCE};
pub use error::{Error, Result};
pub use findings::{Comparison, Finding, MatchedBy, diff};
pub use graph::{Edge, EdgeIndex, Graph, MAX_INDEX, NodeIndex};
pub use interfaces::Interface;
pub use locations::{Location, Locations};
pub use meta::{EdgeType, Meta, NodeType};
pub use owners::{Holder, HolderKind};
pub use parser::Parser;
pub use progress::{Phase, Progress};
pub use redact::redact;
pub use snapshot::{Snapshot, read_graph};
pub use statistics::Statistics;
pub use strings::Strings;
pub use strings_report::{Duplicate, DuplicateStrings};
pub use summary::{
    Callback, Class, Closures, ContextRow, Listeners, Object, Summary, Timers, Totals, Tree, summarize,
};
pub use trace::{TraceNode, Traces};
