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
use super::climb::Climb;
use super::columns::Sizes;
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

/// Finds the dominators of all nodes. `counts`: how many edges that are not weak arrive at each node.
pub(super) fn tree(
    graph: &Graph,
    counts: Vec<u32>,
    ephemerons: &Ephemerons,
    progress: &Progress,
) -> Result<Tree> {
    let mut walk = Walk::new(graph, counts, ephemerons, progress);
    walk.run()?;
    let Walk { vertex, parent, lists, .. } = walk;
    progress.tell(Phase::Dominators, 1, 3)?;
    let semi = semidominators(&vertex, &parent, lists, progress)?;
    progress.tell(Phase::Dominators, 2, 3)?;
    let mut idom = parent;
    let mut climb = Climb::of(idom.len());
    for i in 1..idom.len() {
        idom[i] = climb.first_at_most(semi[vertex[i] as usize], idom[i], &idom[..i]);
    }
    Ok(Tree { vertex, idom })
}

impl Tree {
    /// Retained sizes and the order of the tree, from the sizes of the nodes.
    pub fn dominators(self, sizes: &Sizes) -> Dominators {
        let Self { vertex, idom } = self;
        let count = vertex.len();
        let mut below = vec![1u32; count];
        for i in (1..count).rev() {
            below[idom[i] as usize] += below[i];
        }
        let (mut dominator, mut order, mut subtree) = (vec![0; count], vec![0; count], vec![0; count]);
        // Where the next child of each goes: its own place, and one on for each node placed below it.
        let mut next = vec![0u32; count];
        for i in 0..count {
            let above = idom[i] as usize;
            let place = if i == 0 { 0 } else { next[above] };
            if i > 0 {
                next[above] += below[i];
            }
            next[i] = place + 1;
            order[place as usize] = vertex[i];
            subtree[place as usize] = below[i];
            dominator[vertex[i] as usize] = vertex[above];
        }
        drop((below, next, vertex, idom));
        // What a node retains stands in one piece of that order: the difference of two running sums.
        let mut sums = Vec::with_capacity(count + 1);
        let mut sum = 0u64;
        sums.push(sum);
        sums.extend(order.iter().map(|&node| {
            sum = sum.saturating_add(sizes.get(node));
            sum
        }));
        let mut retained = vec![0; count];
        for (place, &node) in order.iter().enumerate() {
            retained[node as usize] = sums[place + subtree[place] as usize] - sums[place];
        }
        Dominators { dominator, retained, order, subtree }
    }
}

/// For each node the numbers of those that have an edge to it, but for the one that it was found from.
///
/// Made for little memory: `ends[node]` moves on while the list is filled, and the first entry of a list is marked, so
/// that it can be read backwards. Nothing is written to lists that get no entry; `filled` tells those.
struct Lists {
    ends: Vec<u32>,
    entries: Vec<u32>,
    filled: Bits,
}

/// Marks the first entry of a list. Numbers of nodes are below `MAX_INDEX`.
const FIRST: u32 = 1 << 31;

impl Lists {
    fn new(mut counts: Vec<u32>) -> Self {
        let mut sum = 0u32;
        for count in &mut counts {
            let length = count.saturating_sub(1); // the edge that a node was found by has no entry
            *count = sum;
            sum += length;
        }
        let mut entries = vec![0; sum as usize];
        for (node, &start) in counts.iter().enumerate() {
            if counts.get(node + 1).copied().unwrap_or(sum) > start {
                entries[start as usize] = FIRST;
            }
        }
        Self { filled: Bits::new(counts.len()), ends: counts, entries }
    }

    #[inline]
    fn add(&mut self, node: NodeIndex, number: u32) {
        let end = &mut self.ends[node as usize];
        self.entries[*end as usize] |= number;
        *end += 1;
        self.filled.set(node);
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
    lists: Lists,
    stack: Vec<Open>,
    /// Targets of strong edges of the page that do not count for dominators.
    aside: Vec<NodeIndex>,
}

/// A node (by number) whose edges are being looked at.
struct Open {
    number: u32,
    next_edge: u32,
}

impl<'a> Walk<'a> {
    fn new(graph: &'a Graph, counts: Vec<u32>, ephemerons: &'a Ephemerons, progress: &'a Progress) -> Self {
        let nodes = graph.kinds.len();
        Self {
            graph,
            ephemerons,
            progress,
            seen: Bits::new(nodes),
            page: None,
            vertex: Vec::with_capacity(nodes),
            parent: Vec::with_capacity(nodes),
            lists: Lists::new(counts),
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
        // The page first: what its globals hold is its own, so that this walk finds both what is owned and the numbers.
        for edge in graph.edges(root).filter(|&edge| self.is_page_entry(edge)).collect::<Vec<_>>() {
            self.aside.push(edge.target);
            self.walk_from_root(edge)?;
        }
        self.page = Some(self.page_owned()?);
        for edge in graph.edges(root) {
            if !self.is_page_entry(edge) {
                self.walk_from_root(edge)?;
            }
        }
        if self.vertex.len() < graph.kinds.len() {
            self.unreachable()?;
        }
        Ok(())
    }

    /// Walks from the target of an edge of the root, if it has not been seen yet.
    fn walk_from_root(&mut self, edge: Edge) -> Result<()> {
        if !essential(self.graph, self.ephemerons, self.graph.root, edge) {
            return Ok(());
        }
        if self.seen.get(edge.target) {
            self.lists.add(edge.target, 0);
            return Ok(());
        }
        self.walk(edge.target)
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
        owned.clear(self.graph.root); // owned only if something owned leads back to it
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

    #[expect(clippy::cast_possible_truncation, reason = "numbers of nodes")]
    fn open(&mut self, node: NodeIndex, parent: u32) -> Open {
        let number = self.vertex.len() as u32;
        self.vertex.push(node);
        self.parent.push(parent);
        Open { number, next_edge: self.graph.first_edges[node as usize] }
    }

    /// Walks from a node that hangs from the root, if it has not been seen yet.
    fn walk(&mut self, start: NodeIndex) -> Result<()> {
        if !self.seen.insert(start) {
            return Ok(());
        }
        let graph = self.graph;
        let open = self.open(start, 0);
        self.stack.push(open);
        'nodes: while let Some(mut open) = self.stack.pop() {
            self.progress.check_at(self.vertex.len())?;
            let node = self.vertex[open.number as usize];
            let foreign = self.page.as_ref().is_some_and(|page| !page.get(node));
            let end = graph.first_edges[node as usize + 1];
            while open.next_edge < end {
                let edge = graph.edge(open.next_edge);
                open.next_edge += 1;
                if !essential(graph, self.ephemerons, node, edge) {
                    if self.page.is_none() && edge.kind != EdgeType::Weak {
                        self.aside.push(edge.target);
                    }
                    continue;
                }
                // What V8 or the debugger also holds is the page's all the same.
                if foreign && self.page.as_ref().is_some_and(|page| page.get(edge.target)) {
                    continue;
                }
                if self.seen.insert(edge.target) {
                    let child = self.open(edge.target, open.number);
                    self.stack.push(open);
                    self.stack.push(child);
                    continue 'nodes;
                }
                if edge.target != graph.root {
                    self.lists.add(edge.target, open.number);
                } else if self.page.is_none() {
                    self.aside.push(graph.root);
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
                self.walk(node)?;
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

/// The semidominators by node, in the memory of the lists' ends.
#[expect(clippy::cast_possible_truncation, reason = "numbers of nodes")]
fn semidominators(
    vertex: &[NodeIndex],
    parent: &[u32],
    lists: Lists,
    progress: &Progress,
) -> Result<Vec<u32>> {
    let Lists { mut ends, entries, filled } = lists;
    let mut links: Vec<Link> =
        parent.iter().enumerate().map(|(i, &ancestor)| Link { ancestor, label: i as u32 }).collect();
    let mut path = Vec::new();
    for i in (1..vertex.len()).rev() {
        progress.check_at(i)?;
        let node = vertex[i];
        let current = i as u32;
        let mut smallest = parent[i];
        if smallest > 0 && filled.get(node) {
            for &entry in entries[..ends[node as usize] as usize].iter().rev() {
                let predecessor = entry & !FIRST;
                // Of two numbers the smaller one is above in the walk's tree, if it has an edge to the other.
                let candidate = if predecessor <= current {
                    predecessor
                } else {
                    evaluate(&mut links, predecessor, current, &mut path)
                };
                smallest = smallest.min(candidate);
                if entry & FIRST != 0 {
                    break;
                }
            }
        }
        ends[node as usize] = smallest;
        links[i].label = smallest;
    }
    Ok(ends)
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
