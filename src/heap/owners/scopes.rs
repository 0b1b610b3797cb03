//! Variables: their names, the functions that they are of, and the files.

use super::super::graph::{Graph, NodeIndex};
use super::super::meta::{EdgeType, NodeType};
use super::{Owners, is_internal_file};

/// How many of a context's users are asked for its script.
const MAX_ASKED: usize = 64;
/// How many of an object's variables are looked at: an emitter has one in each of its streams.
const MAX_VARIABLES: usize = 4096;

/// A variable and where it stands.
pub(super) struct Variable {
    pub name: String,
    pub function: Option<String>,
    pub file: Option<String>,
}

/// Of a context: its function's name and its file.
pub(super) type Scope = (Option<String>, Option<String>);

impl Owners<'_> {
    /// The variable that a node is the value of: rather one of a module than a function's, never one of Node's own
    /// unless that is how the node is reached.
    pub(super) fn variable(&self, node: NodeIndex) -> Option<Variable> {
        let graph = self.graph;
        // The way by which it is reached first: it may have more variables than are looked at.
        let reached = self.reach.step(graph, node);
        let via = reached.map(|(_, edge)| edge.index);
        let mut best: Option<(u8, Variable)> = None;
        let variables =
            |edge: &super::super::graph::Edge| matches!(edge.kind, EdgeType::Context | EdgeType::Internal);
        let retainers = self.snapshot.retainers(node);
        for (source, edge) in
            reached.into_iter().chain(retainers).filter(|(_, edge)| variables(edge)).take(MAX_VARIABLES)
        {
            let found = if edge.kind == EdgeType::Context {
                let (function, file) = self.scope(source);
                let name = graph.edge_name(edge).into_owned();
                if matches!(&*name, "this" | "exports" | "module" | "require" | ".this") {
                    continue;
                }
                Some(Variable { name, function, file })
            } else if edge.kind == EdgeType::Internal
                && graph.kind(source) == NodeType::Hidden
                && graph.name_bytes(source) == b"system / Cell"
            {
                self.exported(source)
            } else {
                None
            };
            let Some(variable) = found else { continue };
            let is_internal = variable.file.as_deref().is_none_or(is_internal_file);
            let rank = match (is_internal, &variable.function) {
                (false, None) => 0,
                (false, Some(_)) => 1,
                (true, _) if via == Some(edge.index) => 2,
                (true, _) => continue,
            };
            if best.as_ref().is_none_or(|(known, _)| rank < *known) {
                best = Some((rank, variable));
            }
        }
        best.map(|(_, variable)| variable)
    }

    /// A variable that an ES module exports lives in a cell; the module's table has its name before it.
    fn exported(&self, cell: NodeIndex) -> Option<Variable> {
        let graph = self.graph;
        for (table, edge) in self.snapshot.retainers(cell).take(MAX_ASKED) {
            let index: u32 = graph.edge_name(edge).parse().ok()?;
            let name = graph
                .edges(table)
                .find(|other| graph.edge_name(*other).parse() == Ok(index.wrapping_sub(1)))
                .filter(|other| graph.kind(other.target) == NodeType::String);
            let Some(name) = name else { continue };
            let module = self
                .snapshot
                .retainers(table)
                .map(|(source, _)| source)
                .find(|&source| graph.name_bytes(source) == b"system / SourceTextModule");
            let Some(module) = module else { continue };
            let file = self
                .snapshot
                .retainers(module)
                .filter(|(_, edge)| graph.edge_name(*edge) == "extension")
                .find_map(|(context, _)| self.scope(context).1);
            return Some(Variable { name: graph.name(name.target).into_owned(), function: None, file });
        }
        None
    }

    /// The function that a context belongs to (`None`: the top of a file), and the file.
    fn scope(&self, context: NodeIndex) -> (Option<String>, Option<String>) {
        if let Some(known) = self.scopes.borrow().get(&context) {
            return known.clone();
        }
        let graph = self.graph;
        let file = self.file_of(context, 0);
        let is_top = graph.follow(context, EdgeType::Internal, "previous").is_none_or(|previous| {
            graph.name_bytes(previous).starts_with(b"system / NativeContext")
                || graph.follow(previous, EdgeType::Internal, "previous").is_none()
        });
        let name = graph
            .follow(context, EdgeType::Internal, "scope_info")
            .and_then(|info| self.name_by_scope(info))
            .map(|name| format!("{name}()"));
        let function = name.or_else(|| (!is_top).then(|| "a function".to_owned()));
        self.scopes.borrow_mut().insert(context, (function.clone(), file.clone()));
        (function, file)
    }

    /// The name of the function whose variables a `ScopeInfo` describes: its compiled form knows it, and where that is gone the `ScopeInfo`
    /// itself. There the names of variables come first, in a row, then the function's name and a number, if it has one, then the scope around it.
    /// The top of a file has none.
    fn name_by_scope(&self, info: NodeIndex) -> Option<String> {
        let graph = self.graph;
        let compiled = self.snapshot.retainers(info).find(|(source, edge)| {
            graph.kind(*source) == NodeType::Code && graph.edge_name(*edge) == "name_or_scope_info"
        });
        let name = if let Some((compiled, _)) = compiled {
            graph.name(compiled).into_owned()
        } else {
            let mut slots: Vec<(u32, NodeIndex)> = graph
                .edges(info)
                .filter(|edge| edge.kind == EdgeType::Hidden)
                .map(|edge| (edge.name, edge.target))
                .collect();
            slots.sort_unstable();
            let is_name = |&&(_, node): &&(u32, NodeIndex)| graph.kind(node) == NodeType::String;
            let names = slots.iter().take_while(is_name).count();
            let ((last, node), (next, _)) = (slots.get(names.checked_sub(1)?)?, slots.get(names)?);
            if next - last < 2 {
                return None;
            }
            graph.name(*node).into_owned()
        };
        // V8 calls one without a name `(shared function info)`.
        (!name.is_empty() && !name.starts_with('(')).then_some(name)
    }

    fn file_of(&self, context: NodeIndex, depth: usize) -> Option<String> {
        let graph = self.graph;
        let mut inner = Vec::new();
        let links = self.snapshot.retainers(context).filter(|(_, edge)| edge.kind == EdgeType::Internal);
        for (source, edge) in links.take(MAX_ASKED) {
            let name = graph.edge_name(edge);
            if name == "context" {
                let script = graph.locations().of(source).and_then(|location| self.script(location));
                if let Some(script) = script.map(str::to_owned).or_else(|| script_name(graph, source)) {
                    return Some(script);
                }
            } else if name == "previous" {
                inner.push(source);
            }
        }
        if depth < 4 {
            inner.into_iter().take(4).find_map(|context| self.file_of(context, depth + 1))
        } else {
            None
        }
    }
}

/// The name of the script that a function (or a generator) comes from.
pub(super) fn script_name(graph: &Graph, function: NodeIndex) -> Option<String> {
    let function = graph.follow(function, EdgeType::Internal, "function").unwrap_or(function);
    let shared = graph.follow(function, EdgeType::Internal, "shared")?;
    let script = graph
        .edges(shared)
        .find(|edge| edge.kind == EdgeType::Internal && graph.edge_name(*edge).starts_with("script"))?
        .target;
    let name = graph.follow(script, EdgeType::Internal, "name")?;
    // V8 calls the script itself by its name, too. One that was put together or cut out is kept in parts, which a redacted copy takes for contents.
    let is_whole = !matches!(graph.kind(name), NodeType::ConsString | NodeType::SlicedString);
    let shown = if is_whole { name } else { script };
    Some(graph.display_name(shown).into_owned()).filter(|name| !name.is_empty())
}
