//! What was understood of heaps, as text for JavaScript.

use crate::heap::{Comparison, Error, Finding, MatchedBy, Summary};
use serde_json::{Value, json};

/// `{ "result": … }`
#[must_use]
pub fn summary(summary: &Summary) -> String {
    json!({ "result": summary }).to_string()
}

/// `{ "result": … }`, with at most `limit` classes.
#[must_use]
pub fn comparison(comparison: &Comparison, limit: usize) -> String {
    let classes: Vec<Value> = comparison
        .classes
        .iter()
        .take(limit)
        .map(|row| {
            json!({
                "name": row.key.name(),
                "countDelta": row.count_delta(),
                "sizeDelta": row.size_delta(),
                "newCount": row.added_count,
                "deletedCount": row.removed_count,
                "allocatedSize": row.added_size,
                "freedSize": row.removed_size,
            })
        })
        .collect();
    json!({
        "result": {
            "matchedBy": match comparison.matched_by { MatchedBy::Id => "id", MatchedBy::Class => "class" },
            "totals": comparison.totals,
            "classCount": comparison.classes.len(),
            "classes": classes,
            "findings": comparison.findings.iter().map(finding).collect::<Vec<_>>(),
        }
    })
    .to_string()
}

fn finding(finding: &Finding) -> Value {
    let intervals: Vec<Value> = finding
        .intervals
        .iter()
        .map(|(count, retained)| json!({ "countDelta": count, "retainedDelta": retained }))
        .collect();
    json!({
        "sentence": finding.sentence,
        "holder": finding.holder.text,
        "holderKind": finding.holder.kind.name(),
        "file": finding.holder.file,
        "className": finding.class_name,
        "countDelta": finding.count_delta,
        "retainedDelta": finding.retained_delta,
        "intervals": intervals,
        "path": finding.path,
    })
}

/// `{ "error": … }`
#[must_use]
pub fn error(error: &Error) -> String {
    let offset = error.offset();
    json!({ "error": { "code": error.code(), "message": error.to_string(), "offset": offset, "hint": error.hint() } })
        .to_string()
}
