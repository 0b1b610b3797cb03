//! Listening for scrapes, and ending it.

use std::path::PathBuf;

use napi::bindgen_prelude::*;
use napi_derive::napi;

use super::metrics::MetricsOptions;
use super::{gone, reader_id};
use crate::export::prometheus::Names;
use crate::listener::address::{Address, BindError};
use crate::listener::{self, Terms};
use crate::watch;

/// Where to listen, and for whom.
#[napi(object)]
pub struct ListenOptions {
    /// An IP address and a port, as in `127.0.0.1:9464`; 0: a free one.
    pub tcp: Option<String>,
    /// A Unix socket's path.
    pub unix: Option<String>,
    /// Names by which the host may be called, beside `localhost` and IP addresses.
    pub hosts: Vec<String>,
    /// How the metrics are written; the format is the asker's to choose.
    pub metrics: MetricsOptions,
}

/// Where it listens, or why it does not.
#[napi(object)]
pub struct ListenResult {
    /// The actual address.
    pub address: Option<String>,
    /// Why not, in words.
    pub obstacle: Option<String>,
    /// Somebody else listens there.
    pub is_taken: bool,
}

/// Listens for this reader, in place of what it had.
#[napi(catch_unwind)]
pub fn listen(reader: f64, options: ListenOptions) -> Result<ListenResult> {
    let id = reader_id(reader)?;
    watch::with_watched(id, |_| ()).ok_or_else(|| gone(id))?;
    let address = match (options.tcp, options.unix) {
        (Some(text), None) => Address::Tcp(
            text.parse().map_err(|error| Error::new(Status::InvalidArg, format!("{text}: {error}")))?,
        ),
        (None, Some(path)) => Address::Unix(PathBuf::from(path)),
        _ => return Err(Error::new(Status::InvalidArg, "either tcp or unix".to_owned())),
    };
    let metrics = options.metrics;
    let terms = Terms {
        address,
        hosts: options.hosts,
        names: if metrics.prom_client { Names::PromClient } else { Names::Heapwatch },
        labels: metrics.label_pairs(),
        prefix: metrics.prefix,
    };
    Ok(match listener::listen(id, terms) {
        Ok(address) => ListenResult { address: Some(address.to_string()), obstacle: None, is_taken: false },
        Err(error) => ListenResult {
            address: None,
            obstacle: Some(error.to_string()),
            is_taken: matches!(error, BindError::Taken),
        },
    })
}

/// The reader listens no more.
#[napi(catch_unwind)]
pub fn unlisten(reader: f64) -> Result<()> {
    listener::leave(reader_id(reader)?);
    Ok(())
}
