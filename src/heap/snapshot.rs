//! A graph with all that follows from it: what the rest of heapwatch asks.

use super::bits::Bits;
use super::classes::{self, ClassIndex, ClassRow, Classes};
use super::distances;
use super::dominators::{self, Dominators};
use super::ephemerons::Ephemerons;
use super::error::{Error, Result};
use super::graph::{Edge, Graph, NodeIndex};
use super::interfaces::{self, Interface, PlainObjects};
use super::parser::Parser;
use super::progress::{Phase, Progress};
use super::retainers::Retainers;
use super::shallow;
use super::statistics::{self, Statistics};
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::OnceLock;

/// Bytes read at once.
const PIECE: usize = 1 << 20;

/// A heap snapshot, read and analysed.
///
/// ```no_run
/// use heapwatch::heap::{Progress, Snapshot};
/// let snapshot = Snapshot::open("app.heapsnapshot", &Progress::none())?;
/// for (class, row) in snapshot.biggest_classes(10) {
///     println!("{:>10} {:>8} {}", row.retained, row.count, row.key.name());
/// }
/// let biggest = snapshot.biggest_nodes(1)[0];
/// for edge in snapshot.shortest_path(biggest) {
///     println!("{}: {}", snapshot.graph().edge_name(edge), snapshot.graph().display_name(edge.target));
/// }
/// # Ok::<(), heapwatch::heap::Error>(())
/// ```
#[derive(Debug)]
pub struct Snapshot {
    graph: Graph,
    dominators: Dominators,
    distances: Vec<i32>,
    interfaces: Vec<Interface>,
    classes: Classes,
    rows: Vec<ClassRow>,
    statistics: Statistics,
    retainers: OnceLock<Retainers>,
}

/// Reads a file into a graph, without analysing it: what the earlier of two snapshots is good for.
///
/// # Errors
/// [`Error::Io`], and those of [`Parser`].
pub fn read_graph(path: impl AsRef<Path>, progress: &Progress) -> Result<Graph> {
    let path = path.as_ref();
    let io = |source| Error::Io { path: path.to_owned(), source };
    let file = File::open(path).map_err(io)?;
    let metadata = file.metadata().map_err(io)?;
    if metadata.is_dir() {
        return Err(Error::NotASnapshot {
            what: format!("{} is a directory", path.display()),
            hint: "name a .heapsnapshot file in it",
        });
    }
    read_pieces(file, metadata.len(), progress).map_err(|error| match error {
        Error::Io { source, .. } => io(source),
        other => other,
    })
}

fn read_pieces(mut reader: impl Read, total: u64, progress: &Progress) -> Result<Graph> {
    let mut parser = Parser::new();
    let mut piece = vec![0; PIECE];
    loop {
        progress.tell(Phase::Reading, parser.offset(), total)?;
        let length = match reader.read(&mut piece) {
            Ok(0) => break,
            Ok(length) => length,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(source) => return Err(Error::Io { path: Path::new("").to_owned(), source }),
        };
        parser.push(&piece[..length])?;
    }
    drop(piece);
    parser.finish()
}

impl Snapshot {
    /// Reads and analyses a file.
    ///
    /// # Errors
    /// [`Error::Io`], those of [`Parser`], [`Error::Cancelled`].
    pub fn open(path: impl AsRef<Path>, progress: &Progress) -> Result<Self> {
        Self::analyze(read_graph(path, progress)?, progress)
    }

    /// Reads and analyses what a reader gives. `total` bytes are expected, for the progress; 0 where nobody knows.
    ///
    /// # Errors
    /// As [`Snapshot::open`].
    pub fn read(reader: impl Read, total: u64, progress: &Progress) -> Result<Self> {
        Self::analyze(read_pieces(reader, total, progress)?, progress)
    }

    /// Analyses a graph, on this thread and one more.
    ///
    /// # Errors
    /// [`Error::Cancelled`].
    pub fn analyze(graph: Graph, progress: &Progress) -> Result<Self> {
        Self::analyze_on(graph, progress, true)
    }

    /// The same, on this thread alone: for a forked copy of a process, in which locks are of no use.
    ///
    /// # Errors
    /// [`Error::Cancelled`].
    pub fn analyze_alone(graph: Graph, progress: &Progress) -> Result<Self> {
        Self::analyze_on(graph, progress, false)
    }

    fn analyze_on(mut graph: Graph, progress: &Progress, has_threads: bool) -> Result<Self> {
        progress.tell(Phase::Dominators, 0, 3)?;
        let ephemerons = Ephemerons::find(&graph.strings);
        let sizes = std::mem::take(&mut graph.sizes);
        let counts = std::mem::take(&mut graph.strong_counts);
        let mut held_once = Bits::new(counts.len());
        for (node, &count) in (0..).zip(&counts) {
            if count == 1 && !graph.weakly_held.get(node) {
                held_once.set(node);
            }
        }
        let rest = |graph: &Graph| -> Result<_> {
            let sizes = shallow::attribute(graph, sizes, progress)?;
            let distances = distances::distances(graph, &ephemerons, progress)?;
            let objects = PlainObjects::new(graph);
            let interfaces = interfaces::infer(&objects);
            progress.check()?;
            let classes = classes::classify(graph, &objects, &interfaces);
            Ok((sizes, distances, interfaces, classes))
        };
        let dominators = |graph: &Graph| {
            let tree = dominators::tree(graph, counts, &ephemerons, progress);
            if tree.is_err() {
                progress.cancel();
            }
            tree
        };
        // Dominators take about as long as all the rest together; they need the sizes only at their end.
        let (tree, rest) = if has_threads {
            std::thread::scope(|scope| {
                let beside = scope.spawn(|| rest(&graph));
                // A panic of the other thread is ours, too.
                (dominators(&graph), beside.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            })
        } else {
            (dominators(&graph), rest(&graph))
        };
        let (tree, (sizes, distances, interfaces, mut classes)) = (tree?, rest?);
        let dominators = tree.dominators(&sizes);
        progress.tell(Phase::Classes, 0, 1)?;
        graph.sizes = sizes;
        let rows = classes::rows(&mut classes, &graph.sizes, &distances, &dominators);
        let statistics = statistics::statistics(&graph, &held_once, dominators.retained[graph.root as usize]);
        progress.tell(Phase::Classes, 1, 1)?;
        Ok(Self {
            graph,
            dominators,
            distances,
            interfaces,
            classes,
            rows,
            statistics,
            retainers: OnceLock::new(),
        })
    }

    /// Nodes, edges and names.
    #[must_use]
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// The sums of DevTools' Statistics view.
    #[must_use]
    pub fn statistics(&self) -> &Statistics {
        &self.statistics
    }

    /// All classes. Those whose members have no size have a count of 0, and DevTools does not show them.
    #[must_use]
    pub fn classes(&self) -> &[ClassRow] {
        &self.rows
    }

    /// The classes that retain most, the biggest first.
    #[must_use]
    pub fn biggest_classes(&self, limit: usize) -> Vec<(ClassIndex, &ClassRow)> {
        let mut rows: Vec<_> = (0..).zip(&self.rows).filter(|(_, row)| row.count > 0).collect();
        rows.sort_by_key(|(_, row)| std::cmp::Reverse((row.retained, row.shallow)));
        rows.truncate(limit);
        rows
    }

    /// The class of a node.
    #[must_use]
    pub fn class_of(&self, node: NodeIndex) -> ClassIndex {
        self.classes.of[node as usize]
    }

    /// The class of each node.
    #[must_use]
    pub fn classes_of_nodes(&self) -> &[ClassIndex] {
        &self.classes.of
    }

    /// The members of a class, those without size left out.
    pub fn members(&self, class: ClassIndex) -> impl Iterator<Item = NodeIndex> + '_ {
        classes::members(&self.classes.of, &self.graph.sizes, class)
    }

    /// The interfaces that plain objects are told apart by, the most common first.
    #[must_use]
    pub fn interfaces(&self) -> &[Interface] {
        &self.interfaces
    }

    /// What would be freed with a node, in bytes: its size and those of all that only it keeps alive.
    #[must_use]
    pub fn retained_size(&self, node: NodeIndex) -> u64 {
        self.dominators.retained[node as usize]
    }

    /// The nearest node that all ways from the root to this one lead through; the root's is itself.
    #[must_use]
    pub fn dominator(&self, node: NodeIndex) -> NodeIndex {
        self.dominators.dominator[node as usize]
    }

    /// All nodes in an order where each is followed by those that it dominates, and how many those are, itself included.
    pub fn dominator_order(&self) -> impl Iterator<Item = (NodeIndex, u32)> + '_ {
        self.dominators.order.iter().copied().zip(self.dominators.subtree.iter().copied())
    }

    /// How many edges the node is away from the globals: 1 is a global object. What only the system reaches is
    /// [`super::SYSTEM_DISTANCE`] away and more; [`super::NO_DISTANCE`] is what cannot be reached.
    #[must_use]
    pub fn distance(&self, node: NodeIndex) -> i32 {
        self.distances[node as usize]
    }

    /// The nodes that retain most, the biggest first; the root and V8's synthetic ones are left out.
    #[must_use]
    pub fn biggest_nodes(&self, limit: usize) -> Vec<NodeIndex> {
        let mut nodes: Vec<NodeIndex> = self
            .graph
            .nodes()
            .filter(|&node| {
                node != self.graph.root && self.graph.kind(node) != super::meta::NodeType::Synthetic
            })
            .collect();
        let key = |node: &NodeIndex| (std::cmp::Reverse(self.retained_size(*node)), *node);
        if nodes.len() > limit && limit > 0 {
            nodes.select_nth_unstable_by_key(limit - 1, key);
        }
        nodes.truncate(limit);
        nodes.sort_unstable_by_key(key);
        nodes
    }

    /// The edges that arrive at a node, weak ones included, each with the node that it comes from. The first call builds
    /// an index of all edges (4 bytes each).
    pub fn retainers(&self, node: NodeIndex) -> impl Iterator<Item = (NodeIndex, Edge)> + '_ {
        let edges = self.reverse().of(node);
        edges.iter().map(|&index| (self.graph.edge_source(index), self.graph.edge(index)))
    }

    /// The edges of a shortest way from a global object (or the root) to a node; the first one's source is
    /// `graph().edge_source(edge.index)`. Weak edges are no way. Empty where there is none.
    #[must_use]
    pub fn shortest_path(&self, node: NodeIndex) -> Vec<Edge> {
        self.reverse().shortest_path(&self.graph, &self.distances, node)
    }

    fn reverse(&self) -> &Retainers {
        self.retainers.get_or_init(|| Retainers::new(&self.graph))
    }
}
