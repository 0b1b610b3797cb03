//! Everything that knows the operating system.

pub mod exit;
#[cfg(target_os = "linux")]
pub mod fork;
#[cfg(not(target_os = "linux"))]
#[path = "fork_elsewhere.rs"]
pub mod fork;
pub mod memory;
pub mod priority;
pub mod stderr;
