//! The growth verdict on recordings that are there already: what a change of the rule would have said.
//!
//! `cargo run --release --example replay_growth -- bench/corpus/results/*.json` (after `node bench/corpus/run.js`). Live memory alone is
//! replayed: the recordings have no samples of native memory.

use std::{env, fs};

use heapwatch::aggregator::growth::{Growth, GrowthOptions, Live};
use heapwatch::report::Verdict;
use serde_json::Value;

fn nanoseconds(seconds: &Value) -> Option<u64> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "seconds of a run")]
    seconds.as_f64().map(|seconds| (seconds * 1e9) as u64)
}

/// The verdict after each major GC, as a letter, and the moments of the first one of each kind.
fn replay(run: &Value) -> Option<String> {
    let options = GrowthOptions {
        min_span_ns: run["leak"]["minSpanMs"].as_u64()?.checked_mul(1_000_000)?,
        min_majors: run["leak"]["minMajors"].as_u64()?,
    };
    let mut growth = Growth::new(options, 0);
    let mut letters = String::new();
    let mut first_leak = None;
    for major in run["recording"]["majors"].as_array()? {
        growth.record_major(Live {
            at_ns: nanoseconds(&major[0])?,
            heap_bytes: major[1].as_u64()?,
            external_bytes: major[2].as_u64()?,
        });
        let verdict = growth.verdict();
        letters.push(match verdict {
            Verdict::Leak => 'L',
            Verdict::Clean => 'c',
            Verdict::Inconclusive => 'i',
        });
        if verdict == Verdict::Leak && first_leak.is_none() {
            first_leak = major[0].as_f64();
        }
    }
    let found = first_leak.map_or("      -".to_owned(), |seconds| format!("{seconds:6.1}s"));
    Some(format!("{found} {letters}"))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    for path in env::args().skip(1) {
        let run: Value = serde_json::from_str(&fs::read_to_string(&path)?)?;
        let expected = if run["leaks"].as_bool() == Some(true) { "leaks" } else { "clean" };
        let told = replay(&run).ok_or("no recording of bench/corpus/run.js")?;
        println!("{expected} {:>30} {told}", run["program"].as_str().unwrap_or(&path));
    }
    Ok(())
}
