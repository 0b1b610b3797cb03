//! Everything that knows the operating system.

pub mod exit;
pub mod memory;
pub mod stderr;
