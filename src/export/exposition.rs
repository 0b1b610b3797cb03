//! The text that Prometheus scrapes: families of samples, in its own format (0.0.4) or `OpenMetrics` (1.0.0).
//!
//! <https://prometheus.io/docs/instrumenting/exposition_formats/>, <https://prometheus.io/docs/specs/om/open_metrics_spec/>

use std::fmt::Write;
use std::ops::Deref;
use std::sync::Arc;

use serde::Serialize;

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `text/plain; version=0.0.4`
    Prometheus,
    /// `application/openmetrics-text; version=1.0.0`
    OpenMetrics,
}

/// What a family's samples mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Type {
    /// Only rises.
    Counter,
    /// Rises and falls.
    Gauge,
    /// Counts by bound, with their number and sum.
    Histogram,
}

/// A label's value. There are thousands in a scrape, and few different ones: copying one must not allocate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Text {
    /// Known at compile time.
    Fixed(&'static str),
    /// Found out.
    Shared(Arc<str>),
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Fixed(text) => text,
            Self::Shared(text) => text,
        }
    }
}

impl From<&'static str> for Text {
    fn from(text: &'static str) -> Self {
        Self::Fixed(text)
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self::Shared(text.into())
    }
}

impl Serialize for Text {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self)
    }
}

/// A label.
pub type Label = (&'static str, Text);

/// One number.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Sample {
    /// What follows the family's name.
    pub suffix: &'static str,
    /// Names and values.
    pub labels: Vec<Label>,
    /// The value.
    pub value: f64,
}

/// Samples of one name.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Family {
    /// Without `_total`, which a counter's samples have; what it ends with is its unit.
    pub name: String,
    /// What the samples mean.
    #[serde(rename = "type")]
    pub kind: Type,
    /// One sentence.
    pub help: &'static str,
    /// All of them.
    pub samples: Vec<Sample>,
}

impl Family {
    /// Without samples yet.
    #[must_use]
    pub fn new(name: String, kind: Type, help: &'static str) -> Self {
        Self { name, kind, help, samples: Vec::new() }
    }

    /// Adds a counter's or a gauge's sample.
    pub fn add(&mut self, labels: Vec<Label>, value: f64) {
        let suffix = if self.kind == Type::Counter { "_total" } else { "" };
        self.samples.push(Sample { suffix, labels, value });
    }

    /// Adds a histogram's samples: `counts` of what is at most each bound and above the one before, and of all.
    pub fn add_histogram(
        &mut self,
        labels: &[Label],
        bounds: impl IntoIterator<Item = (Text, u64)>,
        count: u64,
        sum: f64,
    ) {
        #[expect(clippy::cast_precision_loss, reason = "counts below 2^53")]
        let float = |count: u64| count as f64;
        let mut below = 0;
        for (bound, within) in bounds {
            below += within;
            self.bucket(labels, bound, float(below));
        }
        self.bucket(labels, "+Inf".into(), float(count));
        self.samples.push(Sample { suffix: "_sum", labels: labels.to_vec(), value: sum });
        self.samples.push(Sample { suffix: "_count", labels: labels.to_vec(), value: float(count) });
    }

    fn bucket(&mut self, labels: &[Label], le: Text, value: f64) {
        let mut all = Vec::with_capacity(labels.len() + 1);
        all.extend_from_slice(labels);
        all.push(("le", le));
        self.samples.push(Sample { suffix: "_bucket", labels: all, value });
    }
}

/// Families as text; `common` labels stand on every sample.
#[must_use]
pub fn text(families: &[Family], format: Format, common: &[(String, String)]) -> String {
    let mut text = String::with_capacity(32 * 1024);
    for family in families {
        header(family, format, &mut text);
        for sample in &family.samples {
            text.push_str(&family.name);
            text.push_str(sample.suffix);
            let own = sample.labels.iter().map(|(name, value)| (*name, &**value));
            let common = common.iter().map(|(name, value)| (name.as_str(), value.as_str()));
            let mut separator = '{';
            for (name, value) in own.chain(common) {
                text.push(separator);
                text.push_str(name);
                text.push_str("=\"");
                escape(value, &mut text);
                if name == "le"
                    && format == Format::OpenMetrics
                    && value.bytes().all(|byte| byte.is_ascii_digit())
                {
                    text.push_str(".0"); // canonical there
                }
                text.push('"');
                separator = ',';
            }
            text.push_str(if separator == ',' { "} " } else { " " });
            write_number(sample.value, &mut text);
            text.push('\n');
        }
    }
    if format == Format::OpenMetrics {
        text.push_str("# EOF\n");
    }
    text
}

fn header(family: &Family, format: Format, text: &mut String) {
    let is_open = format == Format::OpenMetrics;
    let total = if family.kind == Type::Counter && !is_open { "_total" } else { "" };
    let Family { name, help, .. } = family;
    let word = match family.kind {
        Type::Counter => "counter",
        Type::Gauge => "gauge",
        Type::Histogram => "histogram",
    };
    let _ = writeln!(text, "# HELP {name}{total} {help}\n# TYPE {name}{total} {word}");
    if is_open && let Some(unit) = UNITS.into_iter().find(|unit| name.ends_with(unit)) {
        let _ = writeln!(text, "# UNIT {name} {}", &unit[1..]);
    }
}

const UNITS: [&str; 3] = ["_seconds", "_bytes", "_ratio"];

/// A bound as a label's value.
#[must_use]
pub fn bound(value: f64) -> Text {
    let mut text = String::new();
    write_number(value, &mut text);
    text.into()
}

fn write_number(value: f64, text: &mut String) {
    /// What f64 counts without gaps.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    // Writing to a String cannot fail.
    let _ = match value {
        value if value.is_nan() => write!(text, "NaN"),
        value if value.is_infinite() => write!(text, "{}", if value > 0.0 { "+Inf" } else { "-Inf" }),
        #[expect(clippy::cast_possible_truncation, reason = "whole, and within what i64 holds")]
        // Most are counts and bytes, and whole numbers are written several times faster.
        value if value.fract() == 0.0 && value.abs() < EXACT => write!(text, "{}", value as i64),
        value => write!(text, "{value}"),
    };
}

fn escape(value: &str, text: &mut String) {
    if !value.bytes().any(|byte| matches!(byte, b'\\' | b'"' | b'\n')) {
        return text.push_str(value);
    }
    for character in value.chars() {
        match character {
            '\\' => text.push_str("\\\\"),
            '"' => text.push_str("\\\""),
            '\n' => text.push_str("\\n"),
            other => text.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(format: Format) -> String {
        let mut bytes = Family::new("x_bytes".into(), Type::Counter, "What.");
        bytes.add(vec![("kind", "minor".into())], 2.0);
        let mut seconds = Family::new("y_seconds".into(), Type::Histogram, "How long.");
        seconds.add_histogram(&[], [(bound(0.001), 1), (bound(1.0), 2)], 4, 12.5);
        text(&[bytes, seconds], format, &[("pod".into(), "a\"b\\c\nd".into())])
    }

    #[test]
    fn prometheus_text() {
        assert_eq!(
            shown(Format::Prometheus),
            r#"# HELP x_bytes_total What.
# TYPE x_bytes_total counter
x_bytes_total{kind="minor",pod="a\"b\\c\nd"} 2
# HELP y_seconds How long.
# TYPE y_seconds histogram
y_seconds_bucket{le="0.001",pod="a\"b\\c\nd"} 1
y_seconds_bucket{le="1",pod="a\"b\\c\nd"} 3
y_seconds_bucket{le="+Inf",pod="a\"b\\c\nd"} 4
y_seconds_sum{pod="a\"b\\c\nd"} 12.5
y_seconds_count{pod="a\"b\\c\nd"} 4
"#
        );
    }

    #[test]
    fn open_metrics_names_families_without_total_and_says_units_and_its_end() {
        let text = shown(Format::OpenMetrics);
        assert!(text.starts_with(
            "# HELP x_bytes What.\n# TYPE x_bytes counter\n# UNIT x_bytes bytes\nx_bytes_total{"
        ));
        assert!(text.contains("le=\"1.0\"") && text.ends_with("# EOF\n"), "{text}");
    }

    #[test]
    fn numbers_that_are_none_have_their_words() {
        let shown = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.1, 1e15, -3.0]
            .map(|value| bound(value).to_string());
        assert_eq!(shown, ["NaN", "+Inf", "-Inf", "0.1", "1000000000000000", "-3"]);
    }
}
