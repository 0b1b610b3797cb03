//! What a snapshot says about its own layout: which field stands where, and what its numbers for types mean.
//!
//! Nothing about layouts is fixed in this crate, so that older and newer ones of V8 work.

use super::error::{Error, Result};
use serde::Deserialize;
use std::fmt;

/// The kinds of nodes (objects) that V8 tells apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
#[expect(missing_docs, reason = "V8's own names, see NodeType::name")]
pub enum NodeType {
    Hidden,
    Array,
    String,
    Object,
    Code,
    Closure,
    RegExp,
    Number,
    Native,
    Synthetic,
    ConsString,
    SlicedString,
    Symbol,
    BigInt,
    ObjectShape,
    WasmObject,
    /// A kind that V8 did not have when this was written.
    Other,
}

impl NodeType {
    const ALL: [Self; 17] = [
        Self::Hidden,
        Self::Array,
        Self::String,
        Self::Object,
        Self::Code,
        Self::Closure,
        Self::RegExp,
        Self::Number,
        Self::Native,
        Self::Synthetic,
        Self::ConsString,
        Self::SlicedString,
        Self::Symbol,
        Self::BigInt,
        Self::ObjectShape,
        Self::WasmObject,
        Self::Other,
    ];

    /// V8's name for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Hidden => "hidden",
            Self::Array => "array",
            Self::String => "string",
            Self::Object => "object",
            Self::Code => "code",
            Self::Closure => "closure",
            Self::RegExp => "regexp",
            Self::Number => "number",
            Self::Native => "native",
            Self::Synthetic => "synthetic",
            Self::ConsString => "concatenated string",
            Self::SlicedString => "sliced string",
            Self::Symbol => "symbol",
            Self::BigInt => "bigint",
            Self::ObjectShape => "object shape",
            Self::WasmObject => "wasm object",
            Self::Other => "other",
        }
    }

    fn from_name(name: &str) -> Self {
        Self::ALL.into_iter().find(|kind| kind.name() == name).unwrap_or(Self::Other)
    }
}

impl fmt::Display for NodeType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The kinds of edges (references) that V8 tells apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum EdgeType {
    /// A variable in a function's context.
    Context,
    /// An element of an array; its name is an index.
    Element,
    /// A named property.
    Property,
    /// A link that JavaScript does not see, such as `map`.
    Internal,
    /// A link without a name; its name is an index.
    Hidden,
    /// From the root: a global object. From elsewhere: what a bound function binds.
    Shortcut,
    /// Keeps nothing alive.
    Weak,
    /// A kind that V8 did not have when this was written: taken as one that has a name and keeps alive.
    Other,
}

impl EdgeType {
    const ALL: [Self; 8] = [
        Self::Context,
        Self::Element,
        Self::Property,
        Self::Internal,
        Self::Hidden,
        Self::Shortcut,
        Self::Weak,
        Self::Other,
    ];

    /// The kind that the lowest three bits of a packed target stand for.
    #[inline]
    pub(super) fn from_bits(bits: u32) -> Self {
        Self::ALL[(bits & 7) as usize]
    }

    /// Is its name a string, not an index?
    #[must_use]
    #[inline]
    pub fn has_name(self) -> bool {
        !matches!(self, Self::Element | Self::Hidden)
    }

    /// V8's name for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Context => "context",
            Self::Element => "element",
            Self::Property => "property",
            Self::Internal => "internal",
            Self::Hidden => "hidden",
            Self::Shortcut => "shortcut",
            Self::Weak => "weak",
            Self::Other => "other",
        }
    }

    fn from_name(name: &str) -> Self {
        Self::ALL.into_iter().find(|kind| kind.name() == name).unwrap_or(Self::Other)
    }
}

impl fmt::Display for EdgeType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[derive(Deserialize)]
struct Header {
    meta: RawMeta,
    #[serde(default)]
    root_index: u64,
    #[serde(default)]
    extra_native_bytes: u64,
}

#[derive(Deserialize)]
struct RawMeta {
    node_fields: Vec<String>,
    node_types: Vec<serde_json::Value>,
    edge_fields: Vec<String>,
    edge_types: Vec<serde_json::Value>,
    #[serde(default)]
    location_fields: Vec<String>,
    #[serde(default)]
    trace_function_info_fields: Vec<String>,
    #[serde(default)]
    trace_node_fields: Vec<String>,
    #[serde(default)]
    sample_fields: Vec<String>,
}

/// The layout of a snapshot's rows, from its header.
#[derive(Debug, Default)]
pub struct Meta {
    /// Names of the fields of each section, in the order of the file.
    pub location_fields: Vec<String>,
    /// Fields of `trace_function_infos`.
    pub trace_function_info_fields: Vec<String>,
    /// Fields of a node of `trace_tree`.
    pub trace_node_fields: Vec<String>,
    /// Fields of `samples`.
    pub sample_fields: Vec<String>,
    /// Native memory that belongs to no node, in bytes.
    pub extra_native_bytes: u64,
    pub(super) root: u64,
    pub(super) node: NodeLayout,
    pub(super) edge: EdgeLayout,
    pub(super) location: Option<LocationLayout>,
    /// Names of node types that are [`NodeType::Other`] here, by the file's number.
    pub(super) other_types: Vec<String>,
}

#[derive(Debug, Default)]
pub(super) struct NodeLayout {
    pub fields: usize,
    pub kind: usize,
    pub name: usize,
    pub id: usize,
    pub self_size: usize,
    pub edge_count: usize,
    pub trace_node_id: Option<usize>,
    pub detachedness: Option<usize>,
    pub kinds: Vec<NodeType>,
}

#[derive(Debug, Default)]
pub(super) struct EdgeLayout {
    pub fields: usize,
    pub kind: usize,
    pub name: usize,
    pub target: usize,
    pub kinds: Vec<EdgeType>,
}

#[derive(Debug)]
pub(super) struct LocationLayout {
    pub fields: usize,
    pub object: usize,
    pub script: usize,
    pub line: usize,
    pub column: usize,
}

impl Meta {
    /// Reads the value of `"snapshot"`, which stands at `offset` in the file.
    pub(super) fn read(header: &[u8], offset: u64) -> Result<Self> {
        let bad = |what: String| Error::damaged(offset, what);
        let header: Header = serde_json::from_slice(header)
            .map_err(|error| bad(format!("a header (\"snapshot\") that cannot be understood: {error}")))?;
        let raw = header.meta;
        let position = |fields: &[String], section: &str, name: &str| {
            fields
                .iter()
                .position(|field| field == name)
                .ok_or_else(|| bad(format!("a header without `{name}` in {section}")))
        };
        let names = |types: &[serde_json::Value], at: usize, section: &str| -> Result<Vec<String>> {
            types
                .get(at)
                .and_then(|names| serde_json::from_value(names.clone()).ok())
                .filter(|names: &Vec<String>| names.len() < 256)
                .ok_or_else(|| bad(format!("a header without the names of types in {section}")))
        };
        let nodes = &raw.node_fields;
        let kind = position(nodes, "node_fields", "type")?;
        let node_type_names = names(&raw.node_types, kind, "node_types")?;
        let node = NodeLayout {
            fields: nodes.len(),
            kind,
            name: position(nodes, "node_fields", "name")?,
            id: position(nodes, "node_fields", "id")?,
            self_size: position(nodes, "node_fields", "self_size")?,
            edge_count: position(nodes, "node_fields", "edge_count")?,
            trace_node_id: nodes.iter().position(|field| field == "trace_node_id"),
            detachedness: nodes.iter().position(|field| field == "detachedness"),
            kinds: node_type_names.iter().map(|name| NodeType::from_name(name)).collect(),
        };
        let edges = &raw.edge_fields;
        let kind = position(edges, "edge_fields", "type")?;
        let edge = EdgeLayout {
            fields: edges.len(),
            kind,
            name: position(edges, "edge_fields", "name_or_index")?,
            target: position(edges, "edge_fields", "to_node")?,
            kinds: names(&raw.edge_types, kind, "edge_types")?
                .iter()
                .map(|name| EdgeType::from_name(name))
                .collect(),
        };
        // A row must fit into a batch of numbers many times over.
        if nodes.len().max(edges.len()).max(raw.location_fields.len()) > 64 {
            return Err(bad("a header with more than 64 fields in a row".to_owned()));
        }
        let location = |name| position(&raw.location_fields, "location_fields", name);
        let location = if raw.location_fields.is_empty() {
            None
        } else {
            Some(LocationLayout {
                fields: raw.location_fields.len(),
                object: location("object_index")?,
                script: location("script_id")?,
                line: location("line")?,
                column: location("column")?,
            })
        };
        Ok(Self {
            location_fields: raw.location_fields,
            trace_function_info_fields: raw.trace_function_info_fields,
            trace_node_fields: raw.trace_node_fields,
            sample_fields: raw.sample_fields,
            extra_native_bytes: header.extra_native_bytes,
            root: header.root_index,
            node,
            edge,
            location,
            other_types: node_type_names,
        })
    }
}
