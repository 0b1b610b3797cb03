//! Snapshots as JavaScript hears of them.

use serde::Serialize;

use crate::capture::failure::Failure;
use crate::capture::order::Done;

/// The next step is wanted as soon as possible.
pub const WANTED: &str = "{\"wanted\":true}";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DoneJson {
    result: String,
    bytes: u64,
    pause_ms: f64,
    total_ms: f64,
    mode: &'static str,
    tries: u32,
}

#[derive(Serialize)]
struct FailureJson<'a> {
    code: &'static str,
    reason: &'a str,
    text: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum Answer<'a> {
    Id(u32),
    Done(DoneJson),
    Failure(FailureJson<'a>),
}

/// `{ id }` or `{ failure }`.
#[must_use]
pub fn begun(id: Result<u32, &Failure>) -> String {
    text(&id.map_or_else(|failure| Answer::Failure(failure_json(failure)), Answer::Id))
}

/// `{ done }` or `{ failure }`.
#[must_use]
pub fn over(outcome: &Result<Done, Failure>) -> String {
    text(&match outcome {
        Ok(done) => Answer::Done(done_json(done)),
        Err(failure) => Answer::Failure(failure_json(failure)),
    })
}

/// An array of what was done.
#[must_use]
pub fn all(done: &[Done]) -> String {
    let all: Vec<DoneJson> = done.iter().map(done_json).collect();
    serde_json::to_string(&all).unwrap_or_default()
}

fn done_json(done: &Done) -> DoneJson {
    DoneJson {
        result: String::from_utf8_lossy(&done.result).into_owned(),
        bytes: done.bytes,
        pause_ms: ms(done.pause_ns),
        total_ms: ms(done.total_ns),
        mode: done.mode.name(),
        tries: done.tries,
    }
}

fn failure_json(failure: &Failure) -> FailureJson<'_> {
    FailureJson { code: failure.kind.code(), reason: &failure.reason, text: &failure.text }
}

#[expect(clippy::cast_precision_loss, reason = "exact to 1 ns over 104 days")]
fn ms(ns: u64) -> f64 {
    ns as f64 / 1e6
}

fn text(answer: &Answer<'_>) -> String {
    // Plain values cannot fail to serialize.
    serde_json::to_string(answer).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::failure::Kind;
    use crate::capture::order::Mode;

    #[test]
    fn nanoseconds_become_milliseconds_and_the_sink_s_bytes_text() {
        let done = Done {
            mode: Mode::Fork,
            result: b"/a".to_vec(),
            bytes: 7,
            pause_ns: 1_500_000,
            total_ns: 2_000_000,
            tries: 1,
        };
        assert_eq!(
            over(&Ok(done)),
            r#"{"done":{"result":"/a","bytes":7,"pauseMs":1.5,"totalMs":2.0,"mode":"fork","tries":1}}"#
        );
    }

    #[test]
    fn a_failure_carries_its_code() {
        let failure = Failure::new(Kind::Busy, "busy", "One at a time.");
        assert_eq!(
            begun(Err(&failure)),
            r#"{"failure":{"code":"HEAPWATCH_BUSY","reason":"busy","text":"One at a time."}}"#
        );
        assert_eq!(begun(Ok(3)), r#"{"id":3}"#);
    }
}
