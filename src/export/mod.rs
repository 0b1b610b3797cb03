//! Outputs: pure functions from a report to text.

pub mod exposition;
pub mod hdr;
pub mod heap;
pub mod json;
pub mod prometheus;
pub mod snapshot;
