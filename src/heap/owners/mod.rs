//! What a person calls the holder of an object: a variable of a module, a field of an instance, the listeners of an
//! emitter, a timer.
//!
//! V8 tells enough for that. A context is the module's when nothing but V8's native context is around it, and the
//! functions that use it know their script. Node's own things are known by their classes (`Timeout`, `Module`) and
//! fields (`_events`).

mod scopes;

use super::graph::{Graph, NodeIndex};
use super::locations::Location;
use super::meta::{EdgeType, NodeType};
use super::reach::Reach;
use super::snapshot::Snapshot;
use rustc_hash::FxHashMap;
use scopes::{Scope, Variable, script_name};
use std::cell::RefCell;

/// How many steps upwards a name is looked for.
const MAX_STEPS: usize = 24;
/// What kind of thing keeps objects alive in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HolderKind {
    /// A variable at the top of a file.
    Module,
    /// A variable of a function that a closure keeps.
    Closure,
    /// A property of the global object.
    Global,
    /// Listeners of an event emitter or event target.
    Emitter,
    /// `setTimeout`, `setInterval`, `setImmediate`.
    Timer,
    /// A promise that something waits for.
    Promise,
    /// Native code: a handle of libuv, an addon.
    Native,
    /// Something of V8 or Node.
    System,
}

impl HolderKind {
    /// As JavaScript sees it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Module => "module",
            Self::Closure => "closure",
            Self::Global => "global",
            Self::Emitter => "emitter",
            Self::Timer => "timer",
            Self::Promise => "promise",
            Self::Native => "native",
            Self::System => "system",
        }
    }
}

/// A holder in words.
#[derive(Clone, Debug)]
pub struct Holder {
    /// `cache.entries (module variable in app.js)`.
    pub text: String,
    /// What it is.
    pub kind: HolderKind,
    /// The script, where one is known; `node:…` is Node's own.
    pub file: Option<String>,
}

impl Holder {
    /// Does only Node itself know it?
    #[must_use]
    pub fn is_internal(&self) -> bool {
        self.file.as_deref().is_none_or(is_internal_file)
            && !matches!(self.kind, HolderKind::Timer | HolderKind::Global | HolderKind::Emitter)
    }
}

fn is_internal_file(file: &str) -> bool {
    file.starts_with("node:")
}

/// Knows who holds what in a snapshot.
pub(super) struct Owners<'a> {
    pub snapshot: &'a Snapshot,
    pub reach: &'a Reach,
    graph: &'a Graph,
    /// Names of scripts by V8's number.
    scripts: FxHashMap<u32, String>,
    scopes: RefCell<FxHashMap<NodeIndex, Scope>>,
}

impl<'a> Owners<'a> {
    pub fn new(snapshot: &'a Snapshot, reach: &'a Reach) -> Self {
        let graph = snapshot.graph();
        let mut scripts = FxHashMap::default();
        for &(node, location) in graph.locations().all() {
            if let std::collections::hash_map::Entry::Vacant(entry) = scripts.entry(location.script)
                && let Some(name) = script_name(graph, node)
            {
                entry.insert(name);
            }
        }
        Self { snapshot, reach, graph, scripts, scopes: RefCell::default() }
    }

    /// The name of a script.
    pub fn script(&self, location: Location) -> Option<&str> {
        self.scripts.get(&location.script).map(String::as_str)
    }

    /// `name() in app.js:12`
    pub fn function(&self, closure: NodeIndex) -> String {
        let name = self.graph.name(closure);
        let name = if name.is_empty() { "an anonymous function".to_owned() } else { format!("{name}()") };
        match self.graph.locations().of(closure) {
            Some(location) => match self.script(location) {
                Some(script) => format!("{name} in {}:{}", short(script), location.line + 1),
                None => name,
            },
            None => name,
        }
    }

    /// Whose parts are these? An array's elements are the array's, a map's table is the map's.
    pub fn visible(&self, mut node: NodeIndex) -> NodeIndex {
        for _ in 0..8 {
            let hidden = matches!(self.graph.kind(node), NodeType::Array | NodeType::Hidden | NodeType::Code);
            match self.reach.step(self.graph, node) {
                Some((parent, edge))
                    if hidden
                        && edge.kind != EdgeType::Context
                        && self.graph.kind(parent) != NodeType::Synthetic =>
                {
                    node = parent;
                }
                _ => break,
            }
        }
        node
    }

    /// The holder, named from the nearest variable above it. `any_key`: keys of objects used as maps are not told, for they are not of one holder.
    pub fn describe(&self, node: NodeIndex, any_key: bool) -> Holder {
        let graph = self.graph;
        // From the holder outwards.
        let mut accessors: Vec<String> = Vec::new();
        let mut kind = None;
        let mut event: Option<String> = None;
        let mut at = node;
        // What a frame holds, when the way comes to one.
        let mut local = node;
        for _ in 0..MAX_STEPS {
            let class = graph.name(at);
            if graph.kind(at) == NodeType::Object {
                match &*class {
                    "Timeout" | "Immediate" | "TimersList" | "ImmediateList" if kind.is_none() => {
                        return self.timer(at);
                    }
                    "Generator" if kind.is_none() && event.is_none() => {
                        if let Some(holder) = self.suspended(at, local, &accessors) {
                            return holder;
                        }
                    }
                    "Promise" | "system / PromiseReaction" => {
                        kind.get_or_insert(HolderKind::Promise);
                    }
                    _ => {}
                }
            }
            if class == "process" && graph.kind(at) == NodeType::Object {
                let text = text_of("process", &accessors, event.as_deref());
                let default = if event.is_some() { HolderKind::Emitter } else { HolderKind::Global };
                return Holder { text, kind: kind.unwrap_or(default), file: None };
            }
            if let Some(variable) = self.variable(at) {
                return Self::from_variable(&variable, &accessors, event.as_deref(), kind);
            }
            let Some((parent, edge)) = self.reach.step(graph, at) else { break };
            if !matches!(graph.kind(at), NodeType::Array | NodeType::Hidden) {
                local = at;
            }
            let label = graph.edge_name(edge);
            let parent_name = graph.name(parent);
            match edge.kind {
                EdgeType::Property if label == "exports" && parent_name == "Module" => {
                    let file = graph
                        .follow(parent, EdgeType::Property, "filename")
                        .map(|name| graph.display_name(name).into_owned());
                    let text = text_of("exports", &accessors, event.as_deref());
                    let place = file.as_deref().map_or("a module".to_owned(), short);
                    return Holder {
                        text: format!("{text} (of {place})"),
                        kind: kind.unwrap_or(if event.is_some() {
                            HolderKind::Emitter
                        } else {
                            HolderKind::Module
                        }),
                        file,
                    };
                }
                EdgeType::Property | EdgeType::Element if is_global(graph, parent) => {
                    let text = text_of(&format!("globalThis.{label}"), &accessors, event.as_deref());
                    let kind = kind.unwrap_or(if event.is_some() {
                        HolderKind::Emitter
                    } else {
                        HolderKind::Global
                    });
                    return Holder { text: format!("{text} (global)"), kind, file: None };
                }
                EdgeType::Property if label == "_events" => {
                    // What came last is the event's name.
                    event = Some(
                        accessors
                            .pop()
                            .map_or("all".to_owned(), |name| name.trim_start_matches('.').to_owned()),
                    );
                    accessors.clear();
                }
                EdgeType::Property if label.contains("kEvents") => {
                    event = Some("all".to_owned());
                    accessors.clear();
                }
                EdgeType::Property if any_key && graph.is_dictionary(parent) => {
                    accessors.push("[…]".to_owned());
                }
                EdgeType::Internal if label == "context" && graph.kind(parent) == NodeType::Closure => {
                    // What follows is the function's place, not that of what its variables hold.
                    accessors.clear();
                    event = None;
                }
                EdgeType::Property => accessors.push(format!(".{label}")),
                EdgeType::Element => accessors.push("[…]".to_owned()),
                _ if matches!(graph.kind(at), NodeType::Object | NodeType::Closure)
                    && graph.kind(parent) == NodeType::Array
                    && !self.is_frame(parent) =>
                {
                    accessors.push("[…]".to_owned());
                }
                _ => {}
            }
            if graph.kind(parent) == NodeType::Synthetic {
                return self.held_by_root(at, &parent_name, &accessors, event.as_deref(), kind);
            }
            at = parent;
        }
        let text = self.class_and_accessors(at, &accessors, event.as_deref());
        Holder { text, kind: kind.unwrap_or(HolderKind::System), file: None }
    }

    /// Nothing of the program's has a name on the way.
    fn held_by_root(
        &self,
        node: NodeIndex,
        root: &str,
        accessors: &[String],
        event: Option<&str>,
        kind: Option<HolderKind>,
    ) -> Holder {
        let text = self.class_and_accessors(node, accessors, event);
        let is_native = root == "(Global handles)"
            || root.starts_with("Node")
            || self.graph.kind(node) == NodeType::Native;
        let by = if is_native { "native handle".to_owned() } else { format!("V8: {root}") };
        let default = match event {
            Some(_) => HolderKind::Emitter,
            None if is_native => HolderKind::Native,
            None => HolderKind::System,
        };
        Holder { text: format!("{text} ({by})"), kind: kind.unwrap_or(default), file: None }
    }

    /// The registers of a function that is suspended.
    fn is_frame(&self, array: NodeIndex) -> bool {
        self.reach
            .step(self.graph, array)
            .is_some_and(|(_, edge)| self.graph.edge_name(edge) == "parameters_and_registers")
    }

    /// A local variable, of which V8 keeps no name, of an `async` function or generator that is not done.
    fn suspended(&self, generator: NodeIndex, value: NodeIndex, accessors: &[String]) -> Option<Holder> {
        let graph = self.graph;
        let function = graph.follow(generator, EdgeType::Internal, "function")?;
        let location = graph.locations().of(function)?;
        let file = self.script(location)?.to_owned();
        let base = match graph.kind(value) {
            NodeType::Object if value != generator => format!("a local {}", graph.display_name(value)),
            _ => "a local variable".to_owned(),
        };
        let text = text_of(&base, accessors, None);
        Some(Holder {
            text: format!("{text} (of {}, which is suspended)", self.function(function)),
            kind: HolderKind::Closure,
            file: Some(file),
        })
    }

    fn class_and_accessors(&self, node: NodeIndex, accessors: &[String], event: Option<&str>) -> String {
        let base = match self.graph.kind(node) {
            NodeType::Closure => self.function(node),
            _ => self.graph.display_name(node).into_owned(),
        };
        text_of(&base, accessors, event)
    }

    fn from_variable(
        variable: &Variable,
        accessors: &[String],
        event: Option<&str>,
        kind: Option<HolderKind>,
    ) -> Holder {
        let text = text_of(&variable.name, accessors, event);
        let file = variable.file.as_deref().map(short);
        let place = match (&variable.function, &file) {
            (None, Some(file)) => format!("module variable in {file}"),
            (Some(function), Some(file)) => format!("variable of {function} in {file}"),
            (_, None) => "variable of a closure".to_owned(),
        };
        let default = if event.is_some() {
            HolderKind::Emitter
        } else if variable.function.is_none() && file.is_some() {
            HolderKind::Module
        } else {
            HolderKind::Closure
        };
        let text = match kind {
            Some(HolderKind::Promise) => format!("the pending promise {text} ({place})"),
            _ => format!("{text} ({place})"),
        };
        Holder { text, kind: kind.unwrap_or(default), file: variable.file.clone() }
    }

    /// A list of timers, called by its first callback.
    pub fn timer(&self, node: NodeIndex) -> Holder {
        let graph = self.graph;
        let mut at = node;
        let mut callback = None;
        for _ in 0..4 {
            callback = ["_onTimeout", "_onImmediate"]
                .iter()
                .find_map(|name| graph.follow(at, EdgeType::Property, name))
                .filter(|&callback| graph.kind(callback) == NodeType::Closure);
            if callback.is_some() {
                break;
            }
            let next =
                ["_idleNext", "head"].iter().find_map(|name| graph.follow(at, EdgeType::Property, name));
            let Some(next) = next else { break };
            at = next;
        }
        let file =
            callback.and_then(|callback| self.script(graph.locations().of(callback)?)).map(str::to_owned);
        let text = match callback {
            Some(callback) => format!("active timers (callback {})", self.function(callback)),
            None => "active timers".to_owned(),
        };
        Holder { text, kind: HolderKind::Timer, file }
    }
}

fn is_global(graph: &Graph, node: NodeIndex) -> bool {
    graph.kind(node) == NodeType::Object
        && (matches!(graph.name_bytes(node), b"global" | b"Object [global]" | b"globalThis")
            || [b"global ".as_slice(), b"Window"].iter().any(|name| graph.name_bytes(node).starts_with(name)))
}

/// `.b`, `.a` and `cache` are `cache.a.b`.
fn text_of(base: &str, accessors: &[String], event: Option<&str>) -> String {
    let mut text = base.to_owned();
    accessors.iter().rev().for_each(|accessor| text.push_str(accessor));
    match event {
        Some("all") => format!("event listeners of {text}"),
        Some(event) => format!("'{event}' listeners of {text}"),
        None => text,
    }
}

/// The last part of a path, with the folder where the name alone says nothing.
pub(super) fn short(file: &str) -> String {
    if file.starts_with("node:") {
        return file.to_owned();
    }
    let mut parts = file.rsplit(['/', '\\']);
    let name = parts.next().unwrap_or(file);
    match parts.next() {
        Some(folder) if name.starts_with("index.") && !folder.is_empty() => format!("{folder}/{name}"),
        _ => name.to_owned(),
    }
}
