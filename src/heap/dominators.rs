//! Who keeps whom alive: dominators, and from them retained sizes.
//!
//! A node dominates another if every way from the root to that one leads through it: were it gone, the other would be
//! garbage. The algorithm is semi-NCA (L. Georgiadis, R. Tarjan, R. Werneck, "Finding Dominators in Practice", JGAA 10,
//! 2006), on flat arrays and without recursion. Its time is spent in cache misses, therefore:
//!
//! - one depth-first walk numbers the nodes, finds out what the page owns, and files each edge under its target, all
//!   at once; whether a node has been seen is one bit, which stays in the cache;
//! - what is computed on numbers of that walk is near in memory where it is near in the graph.
//!
//! Which edges count is DevTools' decision (`computeIsEssentialEdge`, `markPageOwnedNodes`): see [`essential`].

use super::bits::Bits;
use super::ephemerons::Ephemerons;
use super::error::Result;
use super::graph::{Edge, Graph, NodeIndex};
use super::meta::{EdgeType, NodeType};
use super::progress::{Phase, Progress};

/// The tree of dominators, in the numbers of the depth-first walk.
pub(super) struct Tree {
    /// Nodes in the order in which the walk met them; the root is first.
    vertex: Vec<NodeIndex>,
    /// The number of each one's immediate dominator, which is smaller than its own; the root's is 0.
    idom: Vec<u32>,
}

/// Dominators and what follows from them.
#[derive(Debug, Default)]
pub(super) struct Dominators {
    /// Immediate dominator of each node; the root is its own.
    pub dominator: Vec<NodeIndex>,
    /// Size of each node and all that it dominates, in bytes.
    pub retained: Vec<u64>,
    /// Nodes in an order where each is followed by all that it dominates.
    pub order: Vec<NodeIndex>,
    /// How many nodes those are, itself included, by position in `order`.
    pub subtree: Vec<u32>,
}

/// Does an edge count, leaving page-owned nodes aside?
///
/// Not: weak ones, loops, shortcuts that do not come from the root, and the map's side of a `WeakMap`'s pair.
#[inline]
fn essential(graph: &Graph, ephemerons: &Ephemerons, source: NodeIndex, edge: Edge) -> bool {
    match edge.kind {
        EdgeType::Weak => false,
        EdgeType::Shortcut if source != graph.root => false,
        EdgeType::Internal if ephemerons.is_table_side(graph, source, edge) => false,
        _ => edge.target != source,
    }
}

/// Finds the dominators of all nodes.
pub(super) fn tree(graph: &Graph, ephemerons: &Ephemerons, progress: &Progress) -> Result<Tree> {
    let mut walk = Walk::new(graph, ephemerons, progress);
    walk.run()?;
    let Walk { vertex, parent, starts, filled, predecessors, .. } = walk;
    progress.tell(Phase::Dominators, 1, 3)?;
    let semi = semidominators(&vertex, &parent, &starts, &filled, &predecessors, progress)?;
    drop((starts, filled, predecessors));
    progress.tell(Phase::Dominators, 2, 3)?;
    let mut idom = parent;
    for i in 1..idom.len() {
        let mut dominator = idom[i];
        while dominator > semi[i] {
            dominator = idom[dominator as usize];
        }
        idom[i] = dominator;
    }
    Ok(Tree { vertex, idom })
}

impl Tree {
    /// Retained sizes and the order of the tree, from the sizes of the nodes.
    #[expect(clippy::cast_possible_truncation, reason = "numbers of nodes")]
    pub fn dominators(self, sizes: &[u64]) -> Dominators {
        let Self { vertex, idom } = self;
        let count = vertex.len();
        let mut sums: Vec<u64> = vertex.iter().map(|&node| sizes[node as usize]).collect();
        let mut below = vec![1u32; count];
        for i in (1..count).rev() {
            let dominator = idom[i] as usize;
            sums[dominator] += sums[i];
            below[dominator] += below[i];
        }
        let mut result = Dominators {
            dominator: vec![0; count],
            retained: vec![0; count],
            order: vec![0; count],
            subtree: vec![0; count],
        };
        // Where the next child of each goes: its own place, and one on for each node placed below it.
        let mut next = vec![0u32; count];
        for i in 0..count {
            let place = if i == 0 { 0 } else { next[idom[i] as usize] };
            if i > 0 {
                next[idom[i] as usize] += below[i];
            }
            next[i] = place + 1;
            let node = vertex[i];
            result.order[place as usize] = node;
            result.subtree[place as usize] = below[i];
            result.dominator[node as usize] = vertex[idom[i] as usize];
            result.retained[node as usize] = sums[i];
        }
        result
    }
}

/// The depth-first walk over all that counts.
struct Walk<'a> {
    graph: &'a Graph,
    ephemerons: &'a Ephemerons,
    progress: &'a Progress,
    seen: Bits,
    /// What the page (the application) owns, once that is known.
    page: Option<Bits>,
    vertex: Vec<NodeIndex>,
    /// Number of the node from which each was found.
    parent: Vec<u32>,
    /// Where the predecessors of each node stand: `starts[node]..filled[node]`.
    starts: Vec<u32>,
    filled: Vec<u32>,
    /// Numbers of nodes.
    predecessors: Vec<u32>,
    stack: Vec<Open>,
    /// Targets of strong edges of the page that do not count for dominators.
    aside: Vec<NodeIndex>,
}

/// A node whose edges are being looked at.
struct Open {
    node: NodeIndex,
    number: u32,
    next_edge: u32,
    end: u32,
}

impl<'a> Walk<'a> {
    fn new(graph: &'a Graph, ephemerons: &'a Ephemerons, progress: &'a Progress) -> Self {
        let nodes = graph.kinds.len();
        let mut sum = 0;
        let starts: Vec<u32> = graph
            .retainer_counts
            .iter()
            .map(|&count| {
                let start = sum;
                sum += count;
                start
            })
            .collect();
        Self {
            graph,
            ephemerons,
            progress,
            seen: Bits::new(nodes),
            page: None,
            vertex: Vec::with_capacity(nodes),
            parent: Vec::with_capacity(nodes),
            filled: starts.clone(),
            starts,
            predecessors: vec![0; graph.targets.len()],
            stack: Vec::new(),
            aside: Vec::new(),
        }
    }

    fn run(&mut self) -> Result<()> {
        let graph = self.graph;
        let root = graph.root;
        self.seen.set(root);
        self.vertex.push(root);
        self.parent.push(0);
        for edge in graph.edges(root) {
            if essential(graph, self.ephemerons, root, edge) {
                self.file(edge.target, 0);
            }
        }
        // The page first: what its globals hold is its own, so that this walk finds both what is owned and the numbers.
        for edge in graph.edges(root) {
            if self.is_page_entry(edge) {
                self.aside.push(edge.target);
                if essential(graph, self.ephemerons, root, edge) {
                    self.from(edge.target)?;
                }
            }
        }
        self.page = Some(self.page_owned()?);
        for edge in graph.edges(root) {
            if essential(graph, self.ephemerons, root, edge) {
                self.from(edge.target)?;
            }
        }
        if self.vertex.len() < graph.kinds.len() {
            self.unreachable()?;
        }
        Ok(())
    }

    fn is_page_entry(&self, edge: Edge) -> bool {
        match edge.kind {
            EdgeType::Shortcut => true,
            EdgeType::Element => {
                self.graph.kind(edge.target) == NodeType::Synthetic
                    && self.graph.name_bytes(edge.target) == b"(Document DOM trees)"
            }
            _ => false,
        }
    }

    /// All that strong edges of any kind reach from the globals: what has been seen, and what was set aside.
    fn page_owned(&mut self) -> Result<Bits> {
        let mut owned = self.seen.clone();
        let mut list = std::mem::take(&mut self.aside);
        list.retain(|&node| owned.insert(node));
        let mut steps = 0;
        while let Some(node) = list.pop() {
            steps += 1;
            self.progress.check_at(steps)?;
            for edge in self.graph.edges(node) {
                if edge.kind != EdgeType::Weak && owned.insert(edge.target) {
                    list.push(edge.target);
                }
            }
        }
        Ok(owned)
    }

    /// Files an edge from the node with `number` under its target.
    #[inline]
    fn file(&mut self, target: NodeIndex, number: u32) {
        let place = &mut self.filled[target as usize];
        self.predecessors[*place as usize] = number;
        *place += 1;
    }

    #[expect(clippy::cast_possible_truncation, reason = "numbers of nodes")]
    fn open(&mut self, node: NodeIndex, parent: u32) {
        let number = self.vertex.len() as u32;
        self.vertex.push(node);
        self.parent.push(parent);
        let edges = self.graph.edge_range(node);
        self.stack.push(Open { node, number, next_edge: edges.start as u32, end: edges.end as u32 });
    }

    /// Walks from a node that hangs from the root, if it has not been seen yet.
    fn from(&mut self, start: NodeIndex) -> Result<()> {
        if !self.seen.insert(start) {
            return Ok(());
        }
        self.open(start, 0);
        'nodes: while let Some(mut open) = self.stack.pop() {
            self.progress.check_at(self.vertex.len())?;
            let foreign = self.page.as_ref().is_some_and(|page| !page.get(open.node));
            while open.next_edge < open.end {
                let edge = self.graph.edge(open.next_edge);
                open.next_edge += 1;
                if !essential(self.graph, self.ephemerons, open.node, edge) {
                    if self.page.is_none() && edge.kind != EdgeType::Weak {
                        self.aside.push(edge.target);
                    }
                    continue;
                }
                // What V8 or the debugger also holds is the page's all the same.
                if foreign && self.page.as_ref().is_some_and(|page| page.get(edge.target)) {
                    continue;
                }
                self.file(edge.target, open.number);
                if self.seen.insert(edge.target) {
                    let number = open.number;
                    self.stack.push(open);
                    self.open(edge.target, number);
                    continue 'nodes;
                }
            }
        }
        Ok(())
    }

    /// Nodes that the root does not reach: those that nothing holds hang from the root with all below them; what is then
    /// left holds itself in circles, and hangs from the root one by one.
    fn unreachable(&mut self) -> Result<()> {
        let graph = self.graph;
        let mut held = Bits::new(graph.kinds.len());
        for node in graph.nodes() {
            self.progress.check_at(node as usize)?;
            if self.seen.get(node) {
                continue;
            }
            let page = self.page.as_ref();
            let foreign = page.is_some_and(|page| !page.get(node));
            for edge in graph.edges(node) {
                if essential(graph, self.ephemerons, node, edge)
                    && !(foreign && page.is_some_and(|page| page.get(edge.target)))
                {
                    held.set(edge.target);
                }
            }
        }
        for node in graph.nodes() {
            if !held.get(node) {
                self.from(node)?;
            }
        }
        for node in graph.nodes() {
            if !self.seen.get(node) {
                self.vertex.push(node);
                self.parent.push(0);
            }
        }
        Ok(())
    }
}

/// The ancestor of a number in the forest of those already done, and the smallest semidominator on the way there.
#[derive(Clone, Copy)]
struct Link {
    ancestor: u32,
    label: u32,
}

#[expect(clippy::cast_possible_truncation, reason = "numbers of nodes")]
fn semidominators(
    vertex: &[NodeIndex],
    parent: &[u32],
    starts: &[u32],
    filled: &[u32],
    predecessors: &[u32],
    progress: &Progress,
) -> Result<Vec<u32>> {
    let mut semi = parent.to_vec();
    let mut links: Vec<Link> =
        parent.iter().enumerate().map(|(i, &ancestor)| Link { ancestor, label: i as u32 }).collect();
    let mut path = Vec::new();
    for i in (1..vertex.len()).rev() {
        progress.check_at(i)?;
        let node = vertex[i] as usize;
        let current = i as u32;
        let mut smallest = semi[i];
        for &predecessor in &predecessors[starts[node] as usize..filled[node] as usize] {
            // Of two numbers the smaller one is above in the walk's tree, if there is an edge from it to the other.
            let candidate = if predecessor <= current {
                predecessor
            } else {
                evaluate(&mut links, predecessor, current, &mut path)
            };
            smallest = smallest.min(candidate);
        }
        semi[i] = smallest;
        links[i].label = smallest;
    }
    Ok(semi)
}

/// The smallest semidominator from `start` up to the last number above `current`, with the way there made shorter.
#[inline]
fn evaluate(links: &mut [Link], start: u32, current: u32, path: &mut Vec<u32>) -> u32 {
    let mut at = start;
    loop {
        let ancestor = links[at as usize].ancestor;
        if ancestor <= current {
            break;
        }
        path.push(at);
        at = ancestor;
    }
    let mut top = links[at as usize];
    while let Some(below) = path.pop() {
        let link = &mut links[below as usize];
        link.label = link.label.min(top.label);
        link.ancestor = top.ancestor;
        top = *link;
    }
    links[start as usize].label
}
