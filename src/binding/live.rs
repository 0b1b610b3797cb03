//! The heap as it is now, summed up: a forked copy takes the snapshot and analyses it piece by piece. No file, no memory of the application's.

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use napi::bindgen_prelude::*;
use napi_derive::napi;

use super::snapshot::{begin, heap_used_bytes};
use super::{MAX_BYTES, integer, span_ns};
use crate::capture::failure::Failure;
use crate::capture::order::{Mode, Order};
use crate::capture::sink::Sink;
use crate::export::heap as export;
use crate::heap::{self, Parser, Progress, Snapshot};

/// Reads the pieces in the copy, and answers the summary's text.
struct Analysis {
    parser: Parser,
    limit: usize,
    error: Option<heap::Error>,
}

impl Sink for Analysis {
    fn chunk(&mut self, bytes: &[u8]) -> ControlFlow<()> {
        match self.parser.push(bytes) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                self.error = Some(error);
                ControlFlow::Break(())
            }
        }
    }

    fn finish(self: Box<Self>) -> std::result::Result<Vec<u8>, Failure> {
        let Self { parser, limit, error } = *self;
        let summed_up = match error {
            Some(error) => Err(error),
            None => catch_unwind(AssertUnwindSafe(|| summary(parser, limit))).map_err(|_| {
                Failure::failed("analysis", "The analysis failed in an unforeseen way: please report it.")
            })?,
        };
        summed_up.map_err(|error| {
            Failure::failed("analysis", format!("What V8 wrote could not be read: {error}."))
        })
    }
}

fn summary(parser: Parser, limit: usize) -> heap::Result<Vec<u8>> {
    let progress = Progress::none();
    let snapshot = Snapshot::analyze_alone(parser.finish()?, &progress)?;
    Ok(export::summary(&heap::summarize(&snapshot, limit, &progress)?).into_bytes())
}

/// Begins the analysis of the calling thread's heap: `{ id }`, or `{ failure }`; driven by `snapshotStep`, whose `{ done: { result } }` is
/// what `HeapJob.analyze` answers. Lists have at most `limit` entries. `is_awaited`: as in `SnapshotOrder`.
#[napi(catch_unwind)]
pub fn live_begin(
    env: Env,
    limit: u32,
    timeout_ms: f64,
    headroom_bytes: Option<f64>,
    is_awaited: Option<bool>,
) -> Result<String> {
    let limit = limit as usize;
    begin(
        env,
        Order {
            mode: Mode::Fork,
            allow_inline: false,
            make_sink: Box::new(move || Ok(Box::new(Analysis { parser: Parser::new(), limit, error: None }))),
            prepare: Box::new(|| Ok(())),
            complete: Box::new(|_| ()),
            timeout: Duration::from_nanos(span_ns("timeoutMs", timeout_ms)?),
            headroom_bytes: headroom_bytes.map(|bytes| integer("headroom", bytes, MAX_BYTES)).transpose()?,
            heap_used_bytes: heap_used_bytes(),
            cooldown: Duration::ZERO,
            is_awaited: is_awaited.unwrap_or(false),
            leaves_file: false,
        },
    )
}
