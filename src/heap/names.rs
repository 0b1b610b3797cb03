//! What DevTools calls nodes: the text of a joined string, the properties of a plain object (`JSHeapSnapshotNode.name`).

use super::graph::{Graph, NodeIndex};
use super::interfaces::format_property;
use super::meta::{EdgeType, NodeType};
use super::strings::{Strings, text_of};
use std::borrow::Cow;

/// V8 cuts strings at this length; a joined string is not put together beyond it.
const MAX_STRING: usize = 1024;
/// A plain object's name is made of as many properties as this many UTF-16 units hold.
const MAX_OBJECT: usize = 100;

impl Graph {
    /// What DevTools calls a node: see this module. Halves of surrogate pairs become U+FFFD.
    #[must_use]
    pub fn display_name(&self, node: NodeIndex) -> Cow<'_, str> {
        match self.kind(node) {
            NodeType::ConsString => text_of(&self.joined(node)).into_owned().into(),
            NodeType::Object if self.name_bytes(node) == b"Object" => {
                text_of(&self.object_name(node)).into_owned().into()
            }
            _ => self.name(node),
        }
    }

    /// The text of a string that V8 keeps as a tree of two parts each.
    fn joined(&self, node: NodeIndex) -> Vec<u8> {
        let mut text = Vec::new();
        let mut length = 0;
        let mut parts = vec![node];
        // A damaged file can have circles.
        let mut steps = 0;
        while let Some(part) = parts.pop()
            && length < MAX_STRING
            && steps < 100_000
        {
            steps += 1;
            if self.kind(part) != NodeType::ConsString {
                let bytes = self.name_bytes(part);
                length += Strings::utf16_length(bytes);
                text.extend_from_slice(bytes);
                continue;
            }
            // A part that is missing is node 0, as in DevTools.
            parts.push(self.follow(part, EdgeType::Internal, "second").unwrap_or(0));
            parts.push(self.follow(part, EdgeType::Internal, "first").unwrap_or(0));
        }
        text
    }

    /// `{first, second, …, last}`: properties from both ends, in turns.
    fn object_name(&self, node: NodeIndex) -> Vec<u8> {
        let mut edges = self.edges(node).filter_map(|edge| {
            (edge.kind == EdgeType::Property)
                .then(|| self.strings().bytes(edge.name))
                .filter(|name| *name != b"__proto__")
        });
        let (mut start, mut end) = (vec![b'{'], vec![b'}']);
        let (mut start_length, mut end_length) = (1, 1);
        let mut from_end = false;
        let mut more = false;
        while let Some(name) = if from_end { edges.next_back() } else { edges.next() } {
            let name = format_property(name);
            let length = Strings::utf16_length(&name);
            if start_length > 1 && start_length + end_length + length > MAX_OBJECT {
                more = true;
                break;
            }
            if from_end {
                if end_length > 1 {
                    end.splice(0..0, *b", ");
                    end_length += 2;
                }
                end.splice(0..0, name.iter().copied());
                end_length += length;
            } else {
                if start_length > 1 {
                    start.extend(b", ");
                    start_length += 2;
                }
                start.extend_from_slice(&name);
                start_length += length;
            }
            from_end = !from_end;
        }
        if more {
            start.extend(", …".bytes());
        }
        if end_length > 1 {
            start.extend(b", ");
        }
        start.append(&mut end);
        start
    }
}
