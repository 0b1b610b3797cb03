//! A histogram of pauses in `HdrHistogram`'s own form, V2 compressed, which its implementations in other languages read.

use hdrhistogram::serialization::{Serializer, V2DeflateSerializer};

use crate::aggregator::pauses::empty_histogram;

/// The histogram of `(ns, count)` pairs; what is longer than an hour counts as an hour.
///
/// # Errors
/// In words, why it cannot be written.
pub fn encode(buckets: &[(u64, u64)]) -> Result<Vec<u8>, String> {
    let mut histogram = empty_histogram::<u64>();
    for (ns, count) in buckets {
        histogram.saturating_record_n(*ns, *count);
    }
    let mut bytes = Vec::new();
    V2DeflateSerializer::new().serialize(&histogram, &mut bytes).map_err(|error| error.to_string())?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use hdrhistogram::Histogram;
    use hdrhistogram::serialization::Deserializer;

    use super::*;

    #[test]
    fn what_was_written_reads_the_same() {
        let buckets = [(1_500, 3), (1_234_567, 2), (45_000_000_000, 1)];
        let bytes = encode(&buckets).expect("written");
        let read: Histogram<u64> = Deserializer::new().deserialize(&mut bytes.as_slice()).expect("read");
        assert_eq!(read.len(), 6);
        for (ns, count) in buckets {
            assert_eq!(read.count_at(ns), count, "{ns}");
        }
    }
}
