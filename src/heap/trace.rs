//! What V8 recorded about allocations, if that was switched on before the objects were made: call stacks and samples.

use super::error::{Error, Result};

/// Brackets may nest this deep in the tree of call stacks; V8 records 64 frames at most.
const MAX_DEPTH: usize = 4096;

/// Recorded allocations. Empty unless tracking was on.
#[derive(Debug, Default)]
pub struct Traces {
    /// Rows of `meta().sample_fields`: a time and the last id given by then.
    pub samples: Vec<u64>,
    /// Rows of `meta().trace_function_info_fields`.
    pub functions: Vec<u32>,
    /// The call stacks' tree, parents before children.
    pub nodes: Vec<TraceNode>,
}

/// A frame of a call stack, and what was allocated there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceNode {
    /// What [`super::Graph::trace_node_id`] refers to.
    pub id: u32,
    /// Position in `functions`, in rows.
    pub function: u32,
    /// Objects allocated there, ever.
    pub count: u32,
    /// Their size in bytes.
    pub size: u64,
    /// Position of the calling frame in [`Traces::nodes`].
    pub parent: Option<u32>,
}

/// Reads the `trace_tree`: `[id, function, count, size, [children]]`, again and again.
#[derive(Debug, Default)]
pub(super) struct TraceScanner {
    /// The nodes whose lists of children are open, and the number of values read of the current row.
    parents: Vec<Option<u32>>,
    row: Vec<u64>,
    number: Option<u64>,
    current: Option<u32>,
}

impl TraceScanner {
    /// Scans `text` after the outermost `[`: how many bytes were used, and whether the tree has ended.
    pub fn scan(&mut self, text: &[u8], offset: u64, nodes: &mut Vec<TraceNode>) -> Result<(usize, bool)> {
        for (i, &byte) in text.iter().enumerate() {
            let at = offset + i as u64;
            if byte.is_ascii_digit() {
                let number = self.number.unwrap_or(0);
                self.number = Some(number.saturating_mul(10).saturating_add(u64::from(byte & 15)));
                continue;
            }
            if let Some(number) = self.number.take() {
                self.row.push(number);
                if self.row.len() == 4 {
                    self.add(nodes);
                }
            }
            match byte {
                b',' | b' ' | b'\n' | b'\r' | b'\t' => {}
                b'[' => {
                    if self.parents.len() == MAX_DEPTH {
                        return Err(Error::damaged(at, "more than 4096 nested arrays in \"trace_tree\""));
                    }
                    self.parents.push(self.current);
                    self.row.clear();
                }
                b']' => {
                    self.row.clear();
                    match self.parents.pop() {
                        Some(parent) => self.current = parent,
                        None => return Ok((i + 1, true)),
                    }
                }
                _ => {
                    let what = format!("{:?} in \"trace_tree\"", char::from(byte));
                    return Err(Error::damaged(at, what));
                }
            }
        }
        Ok((text.len(), false))
    }

    fn add(&mut self, nodes: &mut Vec<TraceNode>) {
        let number = |at: usize| u32::try_from(self.row[at]).unwrap_or(u32::MAX);
        let parent = self.parents.last().copied().flatten();
        nodes.push(TraceNode {
            id: number(0),
            function: number(1),
            count: number(2),
            size: self.row[3],
            parent,
        });
        self.current = u32::try_from(nodes.len() - 1).ok();
        // Siblings follow in the same array, without brackets of their own: five values a node.
        self.row.clear();
    }
}
