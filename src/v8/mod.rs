//! Everything that knows V8, and the only place beside `os` with unsafe code.
//!
//! V8's C++ methods are resolved by name at run time ([`symbols`]), their layout is checked once
//! ([`layout`]), and what leaves this module is safe Rust: an [`Isolate`] that cannot leave its thread,
//! hooks that unregister themselves when dropped ([`gc_hook`]), and plain copies of V8's statistics ([`heap`]).
#![allow(unsafe_code, reason = "the one boundary to V8's C++ methods; each block argues its case")]

pub mod census;
pub mod gc_hook;
pub mod heap;
pub mod interrupt;
pub mod isolate;
pub mod layout;
pub mod near_limit;
pub mod profiler;
pub mod shown_memory;
pub mod symbols;

pub use isolate::Isolate;
