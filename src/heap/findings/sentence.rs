//! A finding in plain words.

use super::super::graph::NodeIndex;
use super::super::meta::NodeType;
use super::super::owners::{Holder, HolderKind, Owners};
use super::growth::Growth;

/// What people call the class of a node.
pub(super) fn class_name(owners: &Owners<'_>, node: NodeIndex) -> String {
    let snapshot = owners.snapshot;
    match snapshot.graph().kind(node) {
        NodeType::Closure => owners.function(node),
        NodeType::Hidden | NodeType::Code
            if snapshot.graph().name_bytes(node) == b"system / PromiseReaction" =>
        {
            "continuation".to_owned()
        }
        _ => snapshot.classes()[snapshot.class_of(node) as usize].key.name().into_owned(),
    }
}

/// `headersArray (module variable in app.js) holds 7,000 more Objects {userAgentUsed}, 1.2 MB`
pub(super) fn sentence(owners: &Owners<'_>, holder: &Holder, shown: NodeIndex, growth: &Growth) -> String {
    let size = bytes(growth.size);
    let holds = if holder.kind == HolderKind::Timer
        || holder.text.contains("' listeners of ")
        || holder.text.starts_with("event listeners")
    {
        "hold"
    } else {
        "holds"
    };
    let always = if growth.intervals.len() > 1 && growth.grew_always() {
        format!(", more in each of {} intervals", growth.intervals.len())
    } else if growth.intervals.len() > 1 {
        format!(", in {} of {} intervals only", growth.intervals_grown(), growth.intervals.len())
    } else {
        String::new()
    };
    if growth.count <= 0 {
        return format!("{} grew by {size} itself{always}", holder.text);
    }
    let graph = owners.snapshot.graph();
    let things = things(growth.count, &class_name(owners, shown), graph.kind(shown));
    let keeps = match graph.kind(shown) {
        NodeType::SlicedString => ", each of which keeps the whole string that it was cut from",
        _ => "",
    };
    format!("{} {holds} {} more {things}, {size}{keeps}{always}", holder.text, grouped(growth.count))
}

/// The class in the right number.
fn things(count: i64, class: &str, kind: NodeType) -> String {
    let many = count != 1;
    match kind {
        NodeType::Closure => match class.strip_prefix("an anonymous function") {
            Some(place) if many => format!("anonymous functions{place}"),
            Some(place) => format!("anonymous function{place}"),
            None => format!("{} {class}", if many { "functions" } else { "function" }),
        },
        _ if class == "(system)" => format!("internal object{} of V8", if many { "s" } else { "" }),
        _ if class.starts_with('{') => format!("{} {class}", if many { "Objects" } else { "Object" }),
        _ if class.starts_with('(') => {
            let name = class.trim_matches(['(', ')']);
            format!("{name}{}", if many { "s" } else { "" })
        }
        _ if !many => class.to_owned(),
        _ if class.ends_with(['s', 'x']) => format!("{class} objects"),
        _ => format!("{class}s"),
    }
}

/// 7000 is 7,000.
fn grouped(count: i64) -> String {
    let digits = count.unsigned_abs().to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if count < 0 { format!("-{text}") } else { text }
}

/// Binary multiples under their everyday names, as the terminal prints them.
#[expect(clippy::cast_precision_loss, reason = "for a person")]
pub(super) fn bytes(size: i64) -> String {
    let mut value = size as f64;
    let mut unit = 0;
    while value.abs() >= 1023.5 && unit < 4 {
        value /= 1024.0;
        unit += 1;
    }
    let name = ["B", "KB", "MB", "GB", "TB"][unit];
    if unit == 0 || value.abs() >= 99.95 {
        format!("{value:.0} {name}")
    } else {
        format!("{value:.1} {name}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!([grouped(7), grouped(7000), grouped(-1_234_567)], ["7", "7,000", "-1,234,567"]);
        assert_eq!([bytes(12), bytes(1_258_291), bytes(200 << 20)], ["12 B", "1.2 MB", "200 MB"]);
    }

    #[test]
    fn classes_are_told_in_the_right_number() {
        let object = |count, class| things(count, class, NodeType::Object);
        assert_eq!(object(2, "{userAgentUsed}"), "Objects {userAgentUsed}");
        assert_eq!(object(2, "Session"), "Sessions");
        assert_eq!(object(1, "Session"), "Session");
        assert_eq!(object(2, "Express"), "Express objects");
        assert_eq!(things(2, "(sliced string)", NodeType::SlicedString), "sliced strings");
        assert_eq!(things(1, "tick() in a.js:3", NodeType::Closure), "function tick() in a.js:3");
    }
}
