//! Values of `WeakMap`s: alive while both the map and the key are.
//!
//! V8 writes an edge from the key to the value and one from the map's table to the value, and gives both the same name
//! but for a number in front: `7 / part of key (Object @5) -> value (Array @9) pair in WeakMap (table @3)`. DevTools
//! (`tryParseWeakMapEdgeName`) lets the key's edge alone decide who dominates the value, and counts the value's distance
//! from the later of the two.

use super::bits::Bits;
use super::graph::{Edge, Graph, NodeIndex};
use super::meta::EdgeType;
use super::strings::Strings;
use rustc_hash::FxHashMap;

/// Names of edges that belong to pairs of `WeakMap`s.
#[derive(Debug, Default)]
pub(super) struct Ephemerons {
    named: Bits,
    pairs: FxHashMap<u32, Pair>,
}

/// What the name of such an edge says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pair {
    /// Id of the map's table.
    pub table: u64,
    /// The same number for the two edges of a pair.
    pub pair: u32,
}

impl Ephemerons {
    pub fn find(strings: &Strings) -> Self {
        let mut pairs = FxHashMap::default();
        let mut numbers: FxHashMap<&[u8], u32> = FxHashMap::default();
        for index in strings.indexes() {
            if let Some((table, shared)) = parse(strings.bytes(index)) {
                let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
                let pair = *numbers.entry(shared).or_insert(next);
                pairs.insert(index, Pair { table, pair });
            }
        }
        let mut named = Bits::default();
        if !pairs.is_empty() {
            named = Bits::new(strings.len());
            for &index in pairs.keys() {
                named.set(index);
            }
        }
        Self { named, pairs }
    }

    /// The pair that an edge belongs to.
    #[inline]
    pub fn pair(&self, kind: EdgeType, name: u32) -> Option<Pair> {
        if self.pairs.is_empty() || kind != EdgeType::Internal || !self.named.get(name) {
            return None;
        }
        self.pairs.get(&name).copied()
    }

    /// Is it the edge from the map's table, which retains nothing in the eyes of dominators?
    #[inline]
    pub fn is_table_side(&self, graph: &Graph, source: NodeIndex, edge: Edge) -> bool {
        self.pair(edge.kind, edge.name).is_some_and(|pair| pair.table == u64::from(graph.id(source)))
    }
}

/// The table's id, and the part of the name that both edges share.
fn parse(name: &[u8]) -> Option<(u64, &[u8])> {
    if !name.first()?.is_ascii_digit() || name.last() != Some(&b')') {
        return None;
    }
    let number_length = name.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let shared = &name[number_length..];
    let rest = shared.strip_prefix(b" / part of key (")?;
    let rest = rest.strip_suffix(b")")?;
    let (rest, table) = split_number(rest)?;
    let pair = rest.strip_suffix(b") pair in WeakMap (table @")?;
    let (pair, _) = split_number(pair)?;
    let pair = pair.strip_suffix(b" @")?;
    if pair.iter().any(|byte| matches!(byte, b'\n' | b'\r')) {
        return None;
    }
    // "<key> @<id>) -> value (<value>"
    let arrow = b") -> value (";
    let found = memchr::memmem::find_iter(pair, arrow)
        .any(|at| split_number(&pair[..at]).is_some_and(|(key, _)| key.ends_with(b" @")));
    found.then_some((table, shared))
}

/// The number that a text ends with, and what stands before it.
fn split_number(text: &[u8]) -> Option<(&[u8], u64)> {
    let digits = text.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let (rest, number) = text.split_at(text.len() - digits);
    Some((rest, std::str::from_utf8(number).ok()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_names_that_devtools_takes() {
        let name = b"12 / part of key (Object @5) -> value (a) -> value (b @9) pair in WeakMap (table @31)";
        assert_eq!(parse(name), Some((31, &name[2..])));
        for other in [
            "/ part of key (Object @5) -> value (Array @9) pair in WeakMap (table @3)",
            "1 / part of key (Object @5) -> value (Array @9) pair in WeakMap (table @3",
            "1 / part of key (Object @5) -> value (Array @) pair in WeakMap (table @3)",
            "1 / part of key (Object 5) -> value (Array @9) pair in WeakMap (table @3)",
            "1 / part of key (Object @5) -> value (Array @9) pair in WeakMap (table @3) ",
            "1 / part of key (Obj\nect @5) -> value (Array @9) pair in WeakMap (table @3)",
            "",
        ] {
            assert_eq!(parse(other.as_bytes()), None, "{other}");
        }
    }
}
