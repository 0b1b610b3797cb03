//! Outputs: pure functions from a report to text.

pub mod heap;
pub mod json;
