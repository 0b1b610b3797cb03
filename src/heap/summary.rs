//! A heap on a page: sums, classes, and the biggest of everything that services fill their memory with. Lists are
//! bounded, so a summary is small however big the heap is.

use super::classes::{ClassIndex, ClassRow};
use super::collections::{self, Collection};
use super::error::Result;
use super::graph::NodeIndex;
use super::meta::{EdgeType, NodeType};
use super::owners::{Owners, short};
use super::progress::Progress;
use super::reach::Reach;
use super::snapshot::Snapshot;
use super::strings_report::{self, DuplicateStrings};
use rustc_hash::FxHashMap;
use serde::Serialize;

/// More listeners than this of one event are listed: where Node, too, begins to warn.
const MANY_LISTENERS: usize = 10;
/// The dominator tree that is told: so many nodes,
const MAX_TREE: usize = 600;
/// so deep,
const MAX_DEPTH: usize = 8;
/// and of each node so many children, the biggest.
const MAX_CHILDREN: usize = 16;
/// Names are cut here.
const MAX_NAME: usize = 200;

/// See the module. Sizes are in bytes.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// Objects and V8's own things.
    pub nodes: u32,
    /// References.
    pub edges: u32,
    /// What the memory is used for.
    pub totals: Totals,
    /// How many classes there are; the list may be shorter.
    pub class_count: usize,
    /// Those that retain most, the biggest first.
    pub classes: Vec<Class>,
    /// The objects that retain most.
    pub biggest: Vec<Object>,
    /// Strings that are there more than once.
    pub duplicate_strings: DuplicateStrings,
    /// The biggest maps, sets, arrays and dictionaries.
    pub collections: Vec<Collection>,
    /// Functions by the place that they come from.
    pub closures: Vec<Closures>,
    /// Emitters with many listeners of one event.
    pub emitters: Vec<Listeners>,
    /// What waits for a time.
    pub timers: Timers,
    /// V8's contexts: one, and one for each `vm.createContext`.
    pub contexts: Vec<ContextRow>,
    /// The biggest nodes by who dominates whom.
    pub tree: Tree,
}

/// DevTools' Statistics.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "as in `Statistics`")]
pub struct Totals {
    pub total: u64,
    pub v8_heap: u64,
    pub native: u64,
    pub typed_arrays: u64,
    pub code: u64,
    pub arrays: u64,
    pub strings: u64,
    pub system: u64,
}

/// A class.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Class {
    /// What DevTools calls it.
    pub name: String,
    /// `app.js:12`, of a class of JavaScript.
    pub location: Option<String>,
    /// Members.
    pub count: u32,
    /// Their own bytes.
    pub shallow: u64,
    /// With what they alone keep alive.
    pub retained: u64,
    /// Steps from the globals.
    pub distance: i32,
    /// Who holds the member that retains most, in words.
    pub holder: String,
    /// From the roots to that member; empty where only weak references lead to it.
    pub path: Vec<String>,
}

/// An object that keeps much alive.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Object {
    /// V8's id: `@id` in DevTools.
    pub id: u32,
    /// What DevTools calls it.
    pub name: String,
    /// Own bytes.
    pub shallow: u64,
    /// With what it alone keeps alive.
    pub retained: u64,
    /// Who holds it, in words.
    pub holder: String,
    /// From the roots to it.
    pub path: Vec<String>,
}

/// Functions that come from one place.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Closures {
    /// The function's name, or empty.
    pub name: String,
    /// The script.
    pub script: String,
    /// From 1.
    pub line: u32,
    /// From 1.
    pub column: u32,
    /// How many there are.
    pub count: u32,
    /// What each keeps alive alone, added up.
    pub retained: u64,
}

/// The listeners of one event of one emitter.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Listeners {
    /// The emitter's class.
    pub emitter: String,
    /// The event.
    pub event: String,
    /// How many.
    pub listeners: usize,
    /// Who holds the emitter.
    pub holder: String,
    /// The first listener.
    pub listener: String,
}

/// Timers that wait.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Timers {
    /// How many.
    pub count: usize,
    /// By callback, the most first.
    pub callbacks: Vec<Callback>,
}

/// A callback of timers.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Callback {
    /// `tick() in app.js:12`
    pub function: String,
    /// How many timers call it.
    pub count: usize,
}

/// A context of V8.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ContextRow {
    /// V8's id.
    pub id: u32,
    /// What it alone keeps alive.
    pub retained: u64,
    /// No root leads to its global object: only objects of it are still held.
    pub detached: bool,
}

/// A node of the dominator tree, with the biggest of those that it dominates.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Tree {
    /// What it is called.
    pub name: String,
    /// V8's id.
    pub id: u32,
    /// Own bytes.
    pub shallow: u64,
    /// With what it dominates.
    pub retained: u64,
    /// The biggest below it; the rest is not told.
    pub children: Vec<Tree>,
}

/// Sums a snapshot up; lists have at most `limit` entries.
///
/// # Errors
/// [`super::Error::Cancelled`].
pub fn summarize(snapshot: &Snapshot, limit: usize, progress: &Progress) -> Result<Summary> {
    let reach = Reach::new(snapshot.graph(), progress)?;
    let owners = Owners::new(snapshot, &reach);
    let graph = snapshot.graph();
    let statistics = snapshot.statistics();
    let rows = snapshot.biggest_classes(usize::MAX);
    progress.check()?;
    let listed = &rows[..rows.len().min(limit)];
    let examples = biggest_members(snapshot, listed);
    let classes = listed
        .iter()
        .zip(examples)
        .map(|((_, row), example)| {
            progress.check()?;
            Ok(class(&owners, row, example))
        })
        .collect::<Result<_>>()?;
    Ok(Summary {
        nodes: graph.node_count(),
        edges: graph.edge_count(),
        totals: Totals {
            total: statistics.total,
            v8_heap: statistics.v8_heap,
            native: statistics.native,
            typed_arrays: statistics.typed_arrays,
            code: statistics.code,
            arrays: statistics.arrays,
            strings: statistics.strings,
            system: statistics.system,
        },
        class_count: rows.len(),
        classes,
        biggest: biggest(&owners, limit.min(50)),
        duplicate_strings: strings_report::duplicates(&owners, limit.min(50)),
        collections: collections::biggest(&owners, limit.min(50)),
        closures: closures(&owners, limit.min(50)),
        emitters: emitters(&owners, limit.min(50)),
        timers: timers(&owners, limit.min(50)),
        contexts: contexts(snapshot, limit.min(50)),
        tree: tree(snapshot),
    })
}

/// Cut where a reader has seen enough.
pub(super) fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Of each of these classes the member that retains most; of equals the one nearest to the roots, whose way is short.
fn biggest_members(snapshot: &Snapshot, classes: &[(ClassIndex, &ClassRow)]) -> Vec<Option<NodeIndex>> {
    let at: FxHashMap<ClassIndex, usize> = classes.iter().map(|(class, _)| *class).zip(0..).collect();
    let mut biggest: Vec<Option<NodeIndex>> = vec![None; classes.len()];
    let rank = |node| (snapshot.retained_size(node), std::cmp::Reverse(snapshot.distance(node)));
    for node in snapshot.graph().nodes() {
        if let Some(&at) = at.get(&snapshot.class_of(node))
            && biggest[at].is_none_or(|known| rank(node) > rank(known))
        {
            biggest[at] = Some(node);
        }
    }
    biggest
}

fn class(owners: &Owners<'_>, row: &ClassRow, example: Option<NodeIndex>) -> Class {
    let location = row
        .key
        .location
        .and_then(|at| owners.script(at).map(|script| format!("{}:{}", short(script), at.line + 1)));
    Class {
        name: cut(&row.key.name(), MAX_NAME),
        location,
        count: row.count,
        shallow: row.shallow,
        retained: row.retained,
        distance: row.distance,
        holder: example.map_or_else(String::new, |node| cut(&owners.describe(node, false).text, MAX_NAME)),
        path: example.map_or_else(Vec::new, |node| super::findings::told_path(owners, node)),
    }
}

/// Objects that a program can let go of: not V8's own, nor the globals that hold everything.
fn biggest(owners: &Owners<'_>, limit: usize) -> Vec<Object> {
    let snapshot = owners.snapshot;
    let graph = snapshot.graph();
    snapshot
        .biggest_nodes(limit * 8 + 200)
        .into_iter()
        .filter(|&node| {
            matches!(
                graph.kind(node),
                NodeType::Object
                    | NodeType::Closure
                    | NodeType::String
                    | NodeType::ConsString
                    | NodeType::Native
            ) && snapshot.distance(node) != 1
                && !graph.name(node).starts_with("system / NativeContext")
        })
        .take(limit)
        .map(|node| Object {
            id: graph.id(node),
            name: name(owners, node),
            shallow: graph.size(node),
            retained: snapshot.retained_size(node),
            holder: cut(&owners.describe(node, false).text, MAX_NAME),
            path: super::findings::told_path(owners, node),
        })
        .collect()
}

fn name(owners: &Owners<'_>, node: NodeIndex) -> String {
    let graph = owners.snapshot.graph();
    match graph.kind(node) {
        NodeType::Closure => owners.function(node),
        NodeType::String | NodeType::ConsString => format!("\"{}\"", cut(&graph.display_name(node), 60)),
        _ => cut(&graph.display_name(node), MAX_NAME),
    }
}

fn closures(owners: &Owners<'_>, limit: usize) -> Vec<Closures> {
    let snapshot = owners.snapshot;
    let graph = snapshot.graph();
    let mut rows: FxHashMap<(super::Location, u32), (u32, u64)> = FxHashMap::default();
    for &(node, location) in graph.locations().all() {
        if graph.kind(node) == NodeType::Closure {
            let row = rows.entry((location, graph.name_index(node))).or_default();
            row.0 += 1;
            row.1 += snapshot.retained_size(node);
        }
    }
    let mut rows: Vec<_> = rows.into_iter().collect();
    rows.sort_unstable_by_key(|((location, _), (count, retained))| {
        (std::cmp::Reverse(*count), std::cmp::Reverse(*retained), *location)
    });
    rows.into_iter()
        .take(limit)
        .map(|((location, name), (count, retained))| Closures {
            name: cut(&graph.strings().text(name), MAX_NAME),
            script: owners.script(location).unwrap_or_default().to_owned(),
            line: location.line + 1,
            column: location.column + 1,
            count,
            retained,
        })
        .collect()
}

fn emitters(owners: &Owners<'_>, limit: usize) -> Vec<Listeners> {
    let graph = owners.snapshot.graph();
    let Some(events) = graph.strings().first(b"_events") else { return Vec::new() };
    let mut found: Vec<(usize, NodeIndex, u32, NodeIndex)> = Vec::new();
    for emitter in graph.nodes() {
        let of = graph.edges(emitter).find(|edge| edge.kind == EdgeType::Property && edge.name == events);
        let Some(of) = of else { continue };
        for edge in graph.edges(of.target).filter(|edge| edge.kind == EdgeType::Property) {
            if graph.name_bytes(edge.target) != b"Array" || graph.kind(edge.target) != NodeType::Object {
                continue;
            }
            let mut listeners = graph.edges(edge.target).filter(|edge| edge.kind == EdgeType::Element);
            if let Some(first) = listeners.next() {
                let count = 1 + listeners.count();
                if count > MANY_LISTENERS {
                    found.push((count, emitter, edge.name, first.target));
                }
            }
        }
    }
    found.sort_unstable_by_key(|(count, node, ..)| (std::cmp::Reverse(*count), *node));
    found
        .into_iter()
        .take(limit)
        .map(|(listeners, emitter, event, listener)| Listeners {
            emitter: name(owners, emitter),
            event: cut(&graph.strings().text(event), MAX_NAME),
            listeners,
            holder: cut(&owners.describe(emitter, false).text, MAX_NAME),
            listener: name(owners, listener),
        })
        .collect()
}

fn timers(owners: &Owners<'_>, limit: usize) -> Timers {
    let graph = owners.snapshot.graph();
    let mut callbacks: FxHashMap<String, usize> = FxHashMap::default();
    let mut count = 0;
    for node in graph.nodes() {
        if graph.kind(node) != NodeType::Object
            || !matches!(graph.name_bytes(node), b"Timeout" | b"Immediate")
        {
            continue;
        }
        let callback = ["_onTimeout", "_onImmediate"]
            .iter()
            .find_map(|name| graph.follow(node, EdgeType::Property, name))
            .filter(|callback| graph.kind(*callback) == NodeType::Closure);
        if let Some(callback) = callback {
            count += 1;
            *callbacks.entry(owners.function(callback)).or_default() += 1;
        }
    }
    let mut callbacks: Vec<Callback> =
        callbacks.into_iter().map(|(function, count)| Callback { function, count }).collect();
    callbacks.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.function.cmp(&b.function)));
    callbacks.truncate(limit);
    Timers { count, callbacks }
}

fn contexts(snapshot: &Snapshot, limit: usize) -> Vec<ContextRow> {
    let graph = snapshot.graph();
    let roots: Vec<NodeIndex> = graph
        .edges(graph.root())
        .filter(|edge| edge.kind == EdgeType::Shortcut)
        .map(|edge| edge.target)
        .collect();
    graph
        .nodes()
        .filter(|&node| graph.name_bytes(node).starts_with(b"system / NativeContext"))
        .map(|node| ContextRow {
            id: graph.id(node),
            retained: snapshot.retained_size(node),
            detached: !graph.edges(node).any(|edge| roots.contains(&edge.target)),
        })
        .take(limit)
        .collect()
}

/// The biggest nodes of the dominator tree, level by level.
fn tree(snapshot: &Snapshot) -> Tree {
    let graph = snapshot.graph();
    let root = graph.root();
    let least = snapshot.retained_size(root) / 2000;
    let mut children: FxHashMap<NodeIndex, Vec<NodeIndex>> = FxHashMap::default();
    for node in graph.nodes() {
        if node != root && snapshot.retained_size(node) > least {
            children.entry(snapshot.dominator(node)).or_default().push(node);
        }
    }
    // Nodes in the order in which they were taken, each with the position of its parent.
    let mut taken: Vec<(NodeIndex, usize, usize)> = vec![(root, 0, 0)];
    let mut at = 0;
    while at < taken.len() && taken.len() < MAX_TREE {
        let (node, _, depth) = taken[at];
        if depth < MAX_DEPTH
            && let Some(mut below) = children.remove(&node)
        {
            below.sort_unstable_by_key(|child| (std::cmp::Reverse(snapshot.retained_size(*child)), *child));
            taken.extend(below.into_iter().take(MAX_CHILDREN).map(|child| (child, at, depth + 1)));
        }
        at += 1;
    }
    let mut trees: Vec<Option<Tree>> = taken
        .iter()
        .map(|&(node, ..)| {
            Some(Tree {
                name: cut(&graph.display_name(node), 120),
                id: graph.id(node),
                shallow: graph.size(node),
                retained: snapshot.retained_size(node),
                children: Vec::new(),
            })
        })
        .collect();
    for at in (1..trees.len()).rev() {
        if let Some(mut tree) = trees[at].take()
            && let Some(parent) = &mut trees[taken[at].1]
        {
            tree.children.reverse();
            parent.children.push(tree);
        }
    }
    let mut tree = trees[0].take().unwrap_or_else(|| Tree {
        name: String::new(),
        id: 0,
        shallow: 0,
        retained: 0,
        children: Vec::new(),
    });
    tree.children.reverse();
    tree
}
