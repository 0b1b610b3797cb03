//! A report as metrics: text for whoever scrapes, or families as JSON for whoever collects.

use napi::bindgen_prelude::*;
use napi_derive::napi;

use super::{MAX_BYTES, gone, integer, reader_id};
use crate::aggregator::Registry;
use crate::export::exposition::{self, Family, Format};
use crate::export::prometheus::{self, Names};
use crate::watch;

/// How to write a report.
#[napi(object)]
pub struct MetricsOptions {
    /// `OpenMetrics` instead of Prometheus's own format.
    pub open_metrics: bool,
    /// prom-client's names instead of heapwatch's.
    pub prom_client: bool,
    /// Before every name.
    pub prefix: String,
    /// Names and values on every sample, in turn.
    pub labels: Vec<String>,
}

impl MetricsOptions {
    /// The labels as pairs.
    pub(super) fn label_pairs(&self) -> Vec<(String, String)> {
        self.labels.chunks_exact(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect()
    }
}

/// The isolate's report, and those of the process's other watched isolates, as text. No `reset()` takes anything back in it.
#[napi(catch_unwind)]
pub fn metrics(reader: f64, array_buffers_bytes: f64, options: MetricsOptions) -> Result<String> {
    let families = families(reader, array_buffers_bytes, options.prom_client, &options.prefix)?;
    let format = if options.open_metrics { Format::OpenMetrics } else { Format::Prometheus };
    Ok(exposition::text(&families, format, &options.label_pairs()))
}

/// The same as JSON: `[{ name, type, help, samples: [{ suffix, labels: [[name, value]], value }] }]`.
#[napi(catch_unwind)]
pub fn metric_families(
    reader: f64,
    array_buffers_bytes: f64,
    prom_client: bool,
    prefix: String,
) -> Result<String> {
    let families = families(reader, array_buffers_bytes, prom_client, &prefix)?;
    serde_json::to_string(&families).map_err(|error| Error::new(Status::GenericFailure, error.to_string()))
}

fn families(reader: f64, array_buffers_bytes: f64, prom_client: bool, prefix: &str) -> Result<Vec<Family>> {
    let id = reader_id(reader)?;
    let array_buffers = integer("arrayBuffersBytes", array_buffers_bytes, MAX_BYTES)?;
    let names = if prom_client { Names::PromClient } else { Names::Heapwatch };
    let report = watch::with_watched(id, |watched| {
        watched.with_state(|state| state.record_array_buffers(array_buffers));
        Registry::process().counts(watched)
    });
    report.map(|report| prometheus::families(&report, names, prefix)).ok_or_else(|| gone(id))
}
