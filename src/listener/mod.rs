//! `/metrics` and `/health` over HTTP from a thread of our own: answered while JavaScript hangs.
//!
//! ```text
//! Registry ─► Report, Health ─► Answers (what, to whom) ─► Server (one thread, hyper) ─► TCP or Unix socket
//! ```
//!
//! A listener belongs to the readers that asked for it: with the last of them it is closed. It serves all watched isolates of the process.

pub mod address;
pub mod answer;
mod server;

use std::sync::Arc;

use parking_lot::Mutex;

use crate::aggregator::Registry;
use crate::export::exposition::{self, Format};
use crate::export::{json, prometheus};
use address::{Address, BindError};
use answer::{Answers, Source};
use server::Server;

/// Where to listen, who may ask, and how the metrics are written.
#[derive(Clone, Debug, PartialEq)]
pub struct Terms {
    /// Where.
    pub address: Address,
    /// Names by which the host may be called, beside `localhost` and IP addresses.
    pub hosts: Vec<String>,
    /// Whose names the metrics have.
    pub names: prometheus::Names,
    /// Before every name.
    pub prefix: String,
    /// On every sample.
    pub labels: Vec<(String, String)>,
}

struct Open {
    terms: Terms,
    server: Server,
    readers: Vec<u32>,
}

static LISTENERS: Mutex<Vec<Open>> = Mutex::new(Vec::new());

/// Listens for this reader, in place of what it had, and answers the actual address. On equal terms one listener serves all readers of
/// the process.
///
/// # Errors
/// See [`BindError`]; what the reader had stays, but for a listener of its own at the same address.
pub fn listen(reader: u32, terms: Terms) -> Result<Address, BindError> {
    let mut listeners = LISTENERS.lock();
    if let Some(open) = listeners.iter_mut().find(|open| open.terms == terms) {
        let address = open.server.address().clone();
        open.readers.retain(|other| *other != reader);
        open.readers.push(reader);
        release(&mut listeners, reader, Some(&terms));
        return Ok(address);
    }
    // The same place on other terms: it must be free before it is taken.
    let is_there =
        |open: &Open| open.terms.address == terms.address || *open.server.address() == terms.address;
    listeners.retain(|open| !is_there(open) || open.readers != [reader]);
    let source = Arc::new(Process { terms: terms.clone() });
    let answers = Answers::new(source, terms.hosts.clone(), terms.address.is_local_file());
    let server = Server::start(&terms.address, answers)?;
    let address = server.address().clone();
    release(&mut listeners, reader, None);
    listeners.push(Open { terms, server, readers: vec![reader] });
    Ok(address)
}

/// The reader listens no more; the last one closes the listener.
pub fn leave(reader: u32) {
    release(&mut LISTENERS.lock(), reader, None);
}

/// The process exits. Nothing is waited for that somebody else holds.
pub fn close_all() {
    if let Some(mut listeners) = LISTENERS.try_lock() {
        listeners.clear();
    }
}

/// Takes the reader out of all listeners but the `kept` one, and closes those that nobody needs any more.
fn release(listeners: &mut Vec<Open>, reader: u32, kept: Option<&Terms>) {
    listeners.retain_mut(|open| {
        open.readers.retain(|other| *other != reader || kept == Some(&open.terms));
        !open.readers.is_empty()
    });
}

/// All watched isolates of this process.
struct Process {
    terms: Terms,
}

impl Source for Process {
    fn metrics(&self, format: Format) -> String {
        let Terms { names, prefix, labels, .. } = &self.terms;
        let families = Registry::process()
            .counts_of_all()
            .map_or_else(Vec::new, |report| prometheus::families(&report, *names, prefix));
        exposition::text(&families, format, labels)
    }

    fn health(&self) -> (bool, String) {
        let health = Registry::process().health_of_all();
        (health.is_failing(), json::health(&health))
    }
}
