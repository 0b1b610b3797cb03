//! Numbers in the order of the file → the graph's columns, each one checked before anybody uses it as an index.

use super::bits::Bits;
use super::columns::reserve;
use super::detached::Detachedness;
use super::error::{Error, Result};
use super::graph::{Graph, MAX_INDEX};
use super::meta::{EdgeType, Meta, NodeType};
use super::scan::Batch;
use super::strings::Strings;
use super::trace::Traces;

/// The arrays of numbers that a snapshot has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Section {
    Nodes,
    Edges,
    Locations,
    Samples,
    TraceFunctions,
}

/// Collects what the scanner reads.
#[derive(Default)]
pub(super) struct Builder {
    graph: Graph,
    /// The start of a row whose end is in the next batch.
    partial: Batch,
    /// Edges that the nodes claim to have, so far.
    claimed_edges: u64,
    largest_name: u32,
    largest_edge_name: u32,
    divide: Divide,
    locations: Vec<u32>,
    nodes_done: bool,
    edges_done: bool,
    offset: u64,
}

/// Exact division of a `u32` by a number known at run time, without a division.
#[derive(Default)]
struct Divide {
    by: u32,
    magic: u64,
}

impl Divide {
    fn by(by: u32) -> Self {
        Self { by, magic: u64::MAX / u64::from(by.max(1)) + 1 }
    }

    /// `None` where there is a remainder.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "a quotient of a u32")]
    fn exactly(&self, number: u32) -> Option<u32> {
        if self.by == 1 {
            return Some(number);
        }
        let quotient = ((u128::from(number) * u128::from(self.magic)) >> 64) as u32;
        (quotient.wrapping_mul(self.by) == number).then_some(quotient)
    }
}

impl Builder {
    pub fn new(meta: Meta) -> Self {
        let divide = Divide::by(u32::try_from(meta.node.fields).unwrap_or(1));
        Self { graph: Graph { meta, ..Graph::default() }, divide, ..Self::default() }
    }

    /// Takes the numbers of a batch. Rows may go over the ends of batches.
    pub fn take(&mut self, section: Section, batch: &mut Batch) -> Result<()> {
        self.offset = batch.offset;
        let fields = match section {
            Section::Nodes => self.graph.meta.node.fields,
            Section::Edges => self.graph.meta.edge.fields,
            Section::Locations | Section::Samples | Section::TraceFunctions => 1,
        };
        if !self.partial.numbers.is_empty() {
            // Complete the open row; it is a batch of its own.
            let missing = (fields - self.partial.numbers.len()).min(batch.numbers.len());
            let had = self.partial.numbers.len();
            self.partial.numbers.extend(batch.numbers.drain(..missing));
            let large = std::mem::take(&mut batch.large);
            for (at, value) in large {
                if at < missing {
                    self.partial.large.push((at + had, value));
                } else {
                    batch.large.push((at - missing, value));
                }
            }
            if self.partial.numbers.len() < fields {
                return Ok(());
            }
            let row = std::mem::take(&mut self.partial);
            self.rows(section, &row)?;
        }
        let whole = batch.numbers.len() / fields * fields;
        self.partial.numbers.extend(batch.numbers.drain(whole..));
        batch.large.retain(|&(at, value)| {
            if at >= whole {
                self.partial.large.push((at - whole, value));
            }
            at < whole
        });
        self.rows(section, batch)
    }

    /// The section's `]` was read, at `offset`.
    pub fn end(&mut self, section: Section, offset: u64) -> Result<()> {
        self.offset = offset;
        if !self.partial.numbers.is_empty() {
            let name = if section == Section::Nodes { "nodes" } else { "edges" };
            return Err(Error::cut(offset, format!("an incomplete row at the end of \"{name}\"")));
        }
        match section {
            Section::Nodes => {
                if self.graph.kinds.is_empty() {
                    return Err(Error::damaged(offset, "a snapshot without nodes"));
                }
                reserve(&mut self.graph.first_edges, 1);
                self.graph.first_edges.push(u32::try_from(self.claimed_edges).unwrap_or(u32::MAX));
                self.graph.strong_counts = vec![0; self.graph.kinds.len()];
                self.graph.weakly_held = Bits::new(self.graph.kinds.len());
                self.nodes_done = true;
            }
            Section::Edges => {
                if self.graph.targets.len() as u64 != self.claimed_edges {
                    let what = format!(
                        "\"edges\" holds {} edges, but the nodes say that they have {}",
                        self.graph.targets.len(),
                        self.claimed_edges
                    );
                    return Err(Error::cut(offset, what));
                }
                self.edges_done = true;
            }
            Section::Locations | Section::Samples | Section::TraceFunctions => {}
        }
        Ok(())
    }

    fn rows(&mut self, section: Section, batch: &Batch) -> Result<()> {
        match section {
            Section::Nodes => self.nodes(batch),
            Section::Edges => self.edges(batch),
            Section::Locations => {
                reserve(&mut self.locations, batch.numbers.len());
                self.locations.extend_from_slice(&batch.numbers);
                Ok(())
            }
            Section::Samples => {
                self.graph.traces.samples.extend((0..batch.numbers.len()).map(|i| batch.value(i)));
                Ok(())
            }
            Section::TraceFunctions => {
                self.graph.traces.functions.extend_from_slice(&batch.numbers);
                Ok(())
            }
        }
    }

    fn damaged(&self, what: String) -> Error {
        Error::damaged(self.offset, what)
    }

    #[expect(clippy::cast_possible_truncation, reason = "kinds are below 256, and rows below MAX_INDEX")]
    fn nodes(&mut self, batch: &Batch) -> Result<()> {
        if self.nodes_done {
            return Err(self.damaged("a second array of \"nodes\"".to_owned()));
        }
        let graph = &mut self.graph;
        let layout = &graph.meta.node;
        let rows = batch.numbers.chunks_exact(layout.fields);
        let before = graph.kinds.len();
        if before + rows.len() > MAX_INDEX as usize {
            return Err(Error::TooLarge { what: "nodes", limit: u64::from(MAX_INDEX) });
        }
        for &(at, value) in &batch.large {
            let field = at % layout.fields;
            if field == layout.id
                || field == layout.name
                || field == layout.edge_count
                || field == layout.kind
            {
                let what = format!("node {} with the number {value} above 2^32", before + at / layout.fields);
                return Err(Error::damaged(self.offset, what));
            }
        }
        reserve(&mut graph.kinds, rows.len());
        for (i, row) in rows.clone().enumerate() {
            let Some(&kind) = layout.kinds.get(row[layout.kind] as usize) else {
                let what = format!("node {} of the unknown type {}", before + i, row[layout.kind]);
                return Err(Error::damaged(self.offset, what));
            };
            graph.kinds.push(kind);
            if kind == NodeType::Other {
                graph.other_kinds.push(((before + i) as u32, row[layout.kind] as u8));
            }
        }
        reserve(&mut graph.names, rows.len());
        graph.names.extend(rows.clone().map(|row| row[layout.name]));
        self.largest_name = graph.names[before..].iter().copied().fold(self.largest_name, u32::max);
        reserve(&mut graph.ids, rows.len());
        graph.ids.extend(rows.clone().map(|row| row[layout.id]));
        graph.sizes.extend(rows.clone().map(|row| row[layout.self_size]));
        for &(at, value) in &batch.large {
            if at % layout.fields == layout.self_size {
                graph.sizes.set((before + at / layout.fields) as u32, value);
            }
        }
        reserve(&mut graph.first_edges, rows.len());
        let mut claimed = self.claimed_edges;
        graph.first_edges.extend(rows.clone().map(|row| {
            let first = claimed as u32;
            claimed += u64::from(row[layout.edge_count]);
            first
        }));
        self.claimed_edges = claimed;
        if claimed >= u64::from(u32::MAX) {
            return Err(Error::TooLarge { what: "edges", limit: u64::from(u32::MAX) });
        }
        if let Some(field) = layout.detachedness {
            let known = rows.clone().enumerate().filter(|(_, row)| row[field] & 3 != 0);
            graph
                .detachedness
                .extend(known.map(|(i, row)| ((before + i) as u32, Detachedness::from_number(row[field]))));
        }
        if let Some(field) = layout.trace_node_id
            && (!graph.trace_node_ids.is_empty() || rows.clone().any(|row| row[field] != 0))
        {
            // Nothing is kept while nothing was recorded.
            graph.trace_node_ids.resize(before, 0);
            reserve(&mut graph.trace_node_ids, rows.len());
            graph.trace_node_ids.extend(rows.map(|row| row[field]));
        }
        Ok(())
    }

    fn edges(&mut self, batch: &Batch) -> Result<()> {
        if !self.nodes_done || self.edges_done {
            let what =
                if self.edges_done { "a second array of \"edges\"" } else { "\"edges\" before \"nodes\"" };
            return Err(self.damaged(what.to_owned()));
        }
        let graph = &mut self.graph;
        let layout = &graph.meta.edge;
        let rows = batch.numbers.chunks_exact(layout.fields);
        let before = graph.targets.len();
        if (before + rows.len()) as u64 > self.claimed_edges {
            let what =
                format!("more than the {} edges that the nodes say that they have", self.claimed_edges);
            return Err(Error::damaged(self.offset, what));
        }
        if let Some(&(at, value)) = batch.large.first() {
            let what = format!("edge {} with the number {value} above 2^32", before + at / layout.fields);
            return Err(Error::damaged(self.offset, what));
        }
        reserve(&mut graph.targets, rows.len());
        reserve(&mut graph.edge_names, rows.len());
        let mut largest = self.largest_edge_name;
        for (i, row) in rows.enumerate() {
            let target = self.divide.exactly(row[layout.target]);
            let count = target.and_then(|target| graph.strong_counts.get_mut(target as usize));
            let (Some(target), Some(count), Some(&kind)) =
                (target, count, layout.kinds.get(row[layout.kind] as usize))
            else {
                let what = format!(
                    "edge {} of type {} to the node at {}, and there is no such type or node",
                    before + i,
                    row[layout.kind],
                    row[layout.target]
                );
                return Err(Error::damaged(self.offset, what));
            };
            if kind == EdgeType::Weak {
                graph.weakly_held.set(target);
            } else {
                *count += 1;
            }
            let name = row[layout.name];
            if kind.has_name() {
                largest = largest.max(name);
            }
            graph.targets.push(target << 3 | kind as u32);
            graph.edge_names.push(name);
        }
        self.largest_edge_name = largest;
        Ok(())
    }

    /// The graph, once the whole file has been read.
    pub fn finish(mut self, strings: Strings, traces: Traces, offset: u64) -> Result<Graph> {
        if !self.nodes_done || !self.edges_done {
            let name = if self.nodes_done { "edges" } else { "nodes" };
            return Err(Error::cut(offset, format!("the end of the file before the end of \"{name}\"")));
        }
        let graph = &mut self.graph;
        let largest = self.largest_name.max(self.largest_edge_name);
        if largest as usize >= strings.len() {
            let what = format!("{} strings, but something is called by string {largest}", strings.len());
            return Err(Error::cut(offset, what));
        }
        let fields = graph.meta.node.fields as u64;
        let root = u32::try_from(graph.meta.root / fields).unwrap_or(u32::MAX);
        if !graph.meta.root.is_multiple_of(fields) || root >= graph.node_count() {
            return Err(Error::damaged(offset, format!("the root is node {root}, which does not exist")));
        }
        graph.root = root;
        graph.strings = strings;
        graph.traces = Traces { nodes: traces.nodes, ..std::mem::take(&mut graph.traces) };
        if let Some(layout) = &graph.meta.location {
            graph.locations =
                super::locations::Locations::read(&self.locations, layout, graph.meta.node.fields);
        }
        self.locations = Vec::new();
        super::detached::propagate(graph);
        Ok(self.graph)
    }
}

/// The types of edges that could be counted as one that keeps its target alive.
#[inline]
pub(super) fn is_weak(packed: u32) -> bool {
    packed & 7 == EdgeType::Weak as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn divides_exactly_or_not_at_all() {
        for by in 1..64u32 {
            let divide = Divide::by(by);
            for number in (0..2000).chain([u32::MAX - 1, u32::MAX]).chain((0..32).map(|bit| 1 << bit)) {
                let expected = number.is_multiple_of(by).then(|| number / by);
                assert_eq!(divide.exactly(number), expected, "{number} / {by}");
            }
        }
    }
}
