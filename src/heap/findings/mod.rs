//! What leaks and who holds it, from two snapshots or more.
//!
//! ```text
//! each snapshot ─► reach ─► places ─┐
//!                                   ├─► gains ─► growths ─► holder named, sentence ─► Finding
//! next snapshot ─► reach ─► places ─┘
//! ```

mod growth;
mod sentence;
mod shapes;

use super::census::{Census, ClassDiff, compare};
use super::classes::{self, ClassKey};
use super::columns::Sizes;
use super::error::Result;
use super::graph::NodeIndex;
use super::interfaces::PlainObjects;
use super::meta::NodeType;
use super::owners::{Holder, Owners};
use super::progress::Progress;
use super::reach::Reach;
use super::shallow;
use super::snapshot::{Snapshot, read_graph};
use growth::{Gains, Growth};
use rustc_hash::FxHashMap;
use shapes::{NOWHERE, Place, Shapes, Standing};
use std::path::Path;

/// More findings than a person reads.
const MAX_FINDINGS: usize = 20;
/// A finding so much smaller than the first is noise.
const MIN_SHARE_OF_FIRST: f64 = 0.02;
/// Steps of a path that are told; the middle of a longer one is left out.
const MAX_PATH: usize = 24;
/// So far, of the way from chance (0) to certainty (1), the common ids must agree in class to mean anything. In
/// forked children V8 gives ids anew: there they agree by chance.
const MIN_AGREEMENT: f64 = 0.8;
/// And so many of the smaller snapshot's objects must be in both.
const MIN_COMMON: f64 = 0.2;

/// How objects of two snapshots were told to be the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MatchedBy {
    /// By V8's ids: New and Deleted are exact.
    Id,
    /// By class, shape and path, since the files share no ids: differences of numbers.
    Class,
}

/// Growth with a name.
#[derive(Clone, Debug)]
pub struct Finding {
    /// One sentence.
    pub sentence: String,
    /// Who holds it.
    pub holder: Holder,
    /// Class of what became more; of the holder where it got bigger itself.
    pub class_name: String,
    /// How many more.
    pub count_delta: i64,
    /// How many bytes more: own sizes, and those of what is reached through them alone.
    pub retained_delta: i64,
    /// By interval: objects and bytes.
    pub intervals: Vec<(i64, i64)>,
    /// The way from the roots to one of the new objects.
    pub path: Vec<String>,
}

/// What changed between snapshots.
#[derive(Debug)]
pub struct Comparison {
    /// How objects were matched.
    pub matched_by: MatchedBy,
    /// Classes that changed, the most grown first.
    pub classes: Vec<ClassDiff>,
    /// What leaks, the surest first.
    pub findings: Vec<Finding>,
    /// The last snapshot.
    pub snapshot: Snapshot,
    /// Bytes of each snapshot.
    pub totals: Vec<u64>,
}

/// Compares snapshots of one program, in the order in which they were taken.
///
/// # Errors
/// As [`Snapshot::open`].
pub fn diff<P: AsRef<Path>>(files: &[P], progress: &Progress) -> Result<Comparison> {
    let [earlier @ .., last] = files else {
        return Err(super::Error::NotASnapshot { what: "no file".to_owned(), hint: "name two" });
    };
    let snapshot = Snapshot::open(last, progress).map_err(|error| error.in_file(last.as_ref()))?;
    let mut shapes = Shapes::new();
    let mut readings = Vec::new();
    let mut totals = Vec::new();
    let mut are_anew = Vec::new();
    let mut first = None;
    for file in earlier {
        let mut graph = read_graph(file, progress).map_err(|error| error.in_file(file.as_ref()))?;
        let sizes = std::mem::take(&mut graph.sizes);
        graph.sizes = shallow::attribute(&graph, sizes, progress)?;
        let classes = classes::classify(&graph, &PlainObjects::new(&graph), snapshot.interfaces());
        let reach = Reach::new(&graph, progress)?;
        let places = shapes.places(&graph, &reach, &names(classes.keys.iter()), &classes.of);
        readings.push(standings(&graph.ids, &graph.sizes, &places));
        are_anew.push(are_numbered_anew(&graph.ids));
        totals.push(graph.sizes.iter().sum());
        first.get_or_insert_with(|| Census::new(classes.keys, &classes.of, &graph.ids, &graph.sizes));
    }
    let graph = snapshot.graph();
    let reach = Reach::new(graph, progress)?;
    let class_names = names(snapshot.classes().iter().map(|row| &row.key));
    let places = shapes.places(graph, &reach, &class_names, snapshot.classes_of_nodes());
    readings.push(standings(&graph.ids, &graph.sizes, &places));
    are_anew.push(are_numbered_anew(&graph.ids));
    totals.push(graph.sizes.iter().sum());
    let by_id = readings
        .windows(2)
        .zip(&are_anew[1..])
        .all(|(pair, &is_anew)| are_of_one_process(&shapes, &pair[0], &pair[1], is_anew));
    let gains = Gains::new(&readings, shapes.len(), by_id);
    drop(readings);
    progress.check()?;
    let growths = growth::find(&shapes, &gains);
    let findings = name(&snapshot, &reach, &shapes, &places, growths);
    let last = Census::of_snapshot(&snapshot);
    let mut classes = compare(first.as_ref().unwrap_or(&last), &last);
    if !by_id {
        by_numbers(&mut classes);
    }
    let matched_by = if by_id { MatchedBy::Id } else { MatchedBy::Class };
    Ok(Comparison { matched_by, classes, findings, snapshot, totals })
}

fn names<'a>(keys: impl Iterator<Item = &'a ClassKey>) -> Vec<Vec<u8>> {
    keys.map(|key| key.name().into_owned().into_bytes()).collect()
}

/// Sorted by id.
fn standings(ids: &[u32], sizes: &Sizes, places: &[Place]) -> Vec<Standing> {
    let all = ids.iter().zip(sizes.iter()).zip(places);
    let mut standings: Vec<Standing> = all
        .filter(|(_, place)| **place != NOWHERE)
        .map(|((&id, size), &place)| Standing { id, place, size })
        .collect();
    standings.sort_unstable_by_key(|standing| standing.id);
    standings
}

/// Are there no gaps in V8's ids, which are the odd ones from 1? So it is in the first snapshot of a process, and in each that is taken in a forked copy.
/// Later ones of one process have gaps where objects have died.
fn are_numbered_anew(ids: &[u32]) -> bool {
    let (mut count, mut last) = (0u32, 0);
    for &id in ids.iter().filter(|&&id| id % 2 == 1) {
        count += 1;
        last = last.max(id);
    }
    count > 0 && last / 2 + 1 == count
}

/// Do ids mean the same in both? Then most of the objects of before are still there, each of the class that it had, and by far more of
/// them than chance would have it: where most objects are alike, ids that were given anew agree in most places, too. Cohen's kappa takes
/// chance away; but objects of a class lie in runs, which a shift leaves together, so ids without a gap must agree in all.
fn are_of_one_process(shapes: &Shapes, before: &[Standing], after: &[Standing], is_anew: bool) -> bool {
    let (mut i, mut j, mut common, mut agree) = (0, 0, 0u32, 0u32);
    let mut kinds: FxHashMap<u32, (u32, u32)> = FxHashMap::default();
    while let (Some(old), Some(new)) = (before.get(i), after.get(j)) {
        if old.id == new.id && old.id % 2 == 1 {
            let [was, is] = [old, new].map(|it| shapes.class(it.place));
            common += 1;
            agree += u32::from(was == is);
            kinds.entry(was).or_default().0 += 1;
            kinds.entry(is).or_default().1 += 1;
        }
        i += usize::from(old.id <= new.id);
        j += usize::from(new.id <= old.id);
    }
    if is_anew {
        return agree == common;
    }
    #[expect(clippy::cast_precision_loss, reason = "fewer than 2^52 objects")]
    let smaller = before.len().min(after.len()).max(1) as f64;
    let all = f64::from(common.max(1));
    let observed = f64::from(agree) / all;
    let by_chance: f64 =
        kinds.values().map(|&(was, is)| (f64::from(was) / all) * (f64::from(is) / all)).sum();
    f64::from(common) >= MIN_COMMON * smaller
        && (observed - by_chance) / (1.0 - by_chance).max(f64::EPSILON) >= MIN_AGREEMENT
}

/// Without ids nobody knows which objects are new: only how many more or fewer there are.
fn by_numbers(classes: &mut Vec<ClassDiff>) {
    for row in classes.iter_mut() {
        let both = row.added_count.min(row.removed_count);
        (row.added_count, row.removed_count) = (row.added_count - both, row.removed_count - both);
        let both = row.added_size.min(row.removed_size);
        (row.added_size, row.removed_size) = (row.added_size - both, row.removed_size - both);
    }
    classes.retain(|row| row.count_delta() != 0 || row.size_delta() != 0);
}

/// Names and ranks growths.
fn name(
    snapshot: &Snapshot,
    reach: &Reach,
    shapes: &Shapes,
    places: &[Place],
    growths: Vec<Growth>,
) -> Vec<Finding> {
    let graph = snapshot.graph();
    let owners = Owners::new(snapshot, reach);
    let mut named: Vec<Named> = Vec::new();
    for (sample, growth) in samples(snapshot, reach, places, &growths).into_iter().zip(growths) {
        let Some(sample) = sample else { continue };
        let member = if growth.members.is_empty() { sample.holder } else { sample.member };
        let shown = shown(&owners, member);
        let is_timer = graph.kind(shown) == NodeType::Object
            && matches!(graph.name_bytes(shown), b"Timeout" | b"Immediate");
        let holder = if is_timer {
            owners.timer(shown)
        } else {
            owners.describe(outermost(&owners, places, sample), sample.is_spread)
        };
        let class_name = sentence::class_name(&owners, shown);
        // A list that is reached from both ends is one list.
        if let Some(known) =
            named.iter_mut().find(|known| known.holder.text == holder.text && known.class_name == class_name)
        {
            known.growth.add(&growth);
        } else {
            let is_loading =
                is_loading(shapes.class_name(growth.holder)) || is_loading(class_name.as_bytes());
            named.push(Named { holder, class_name, shown, member, growth, is_loading });
        }
    }
    named.sort_by(|a, b| b.score().total_cmp(&a.score()));
    let least = named.first().map_or(0.0, Named::score) * MIN_SHARE_OF_FIRST;
    named
        .into_iter()
        .filter(|named| named.score() > 0.0 && named.score() >= least)
        .take(MAX_FINDINGS)
        .map(|Named { holder, class_name, shown, member, growth, .. }| Finding {
            sentence: sentence::sentence(&owners, &holder, shown, &growth),
            holder,
            class_name,
            count_delta: growth.count,
            retained_delta: growth.size,
            path: told_path(&owners, member),
            intervals: growth.intervals,
        })
        .collect()
}

/// A growth whose holder has a name.
struct Named {
    holder: Holder,
    class_name: String,
    shown: NodeIndex,
    member: NodeIndex,
    growth: Growth,
    is_loading: bool,
}

impl Named {
    /// Bytes, less where they are less likely a leak of the program's.
    #[expect(clippy::cast_precision_loss, reason = "for ranking")]
    fn score(&self) -> f64 {
        let mut score = self.growth.size as f64;
        if self.holder.is_internal() {
            score *= 0.1;
        }
        if self.is_loading {
            score *= 0.05;
        }
        // A few big things can be buffers that reached their size.
        if self.growth.count < 10 {
            score *= 0.5;
        }
        if !self.growth.grew_always() {
            score *= 0.01;
        }
        score
    }
}

/// Modules are loaded once, and never let go.
fn is_loading(class: &[u8]) -> bool {
    matches!(class, b"Module" | b"ModuleWrap" | b"ModuleJob" | b"BuiltinModule" | b"(compiled code)")
}

/// An object that stands for a growth, and what holds it.
#[derive(Clone, Copy)]
struct Sample {
    holder: NodeIndex,
    member: NodeIndex,
    /// Others of its kind, told apart by the keys of a map alone, hold most of the growth.
    is_spread: bool,
}

/// For each growth the holder with most below it, and the member that most hangs from.
fn samples(snapshot: &Snapshot, reach: &Reach, places: &[Place], growths: &[Growth]) -> Vec<Option<Sample>> {
    let graph = snapshot.graph();
    let mut below: Vec<u64> = graph.sizes.iter().collect();
    for &node in reach.order.iter().rev() {
        if let Some((parent, _)) = reach.step(graph, node)
            && places[node as usize] != NOWHERE
        {
            below[parent as usize] += below[node as usize];
        }
    }
    let mut of_member: FxHashMap<Place, usize> = FxHashMap::default();
    let mut of_holder: FxHashMap<Place, usize> = FxHashMap::default();
    for (at, growth) in growths.iter().enumerate() {
        growth.members.iter().for_each(|&place| {
            of_member.insert(place, at);
        });
        if growth.members.is_empty() {
            of_holder.insert(growth.holder, at);
        }
    }
    let mut best: Vec<Option<(u64, u64, Sample)>> = vec![None; growths.len()];
    let mut held: FxHashMap<(usize, NodeIndex), i64> = FxHashMap::default();
    for &node in &reach.order {
        let place = places[node as usize];
        if let Some(&at) = of_holder.get(&place) {
            let size = graph.size(node);
            if best[at].is_none_or(|(known, ..)| size > known) {
                best[at] = Some((size, 0, Sample { holder: node, member: node, is_spread: false }));
            }
        }
        if let Some(&at) = of_member.get(&place)
            && let Some((holder, _)) = reach.step(graph, node)
        {
            *held.entry((at, holder)).or_default() += 1;
            let key = (below[holder as usize], below[node as usize]);
            if best[at].is_none_or(|(a, b, _)| key > (a, b)) {
                best[at] = Some((key.0, key.1, Sample { holder, member: node, is_spread: false }));
            }
        }
    }
    let told = best.into_iter().zip(growths).enumerate().map(|(at, (best, growth))| {
        best.map(|(_, _, sample)| {
            // In a list each link holds one.
            let own = held.get(&(at, sample.holder)).copied().unwrap_or(0);
            Sample { is_spread: own > 1 && own * 2 < growth.count, ..sample }
        })
    });
    told.collect()
}

/// What people would call the holder: of a list its first link, which a variable or a field is the head of; of a table the map.
fn outermost(owners: &Owners<'_>, places: &[Place], sample: Sample) -> NodeIndex {
    let snapshot = owners.snapshot;
    let graph = snapshot.graph();
    let holder = owners.visible(sample.holder);
    if sample.holder == sample.member || graph.kind(sample.member) == NodeType::Closure {
        return holder;
    }
    // Where the holder's place repeats on the way, there is a list; its links are of the classes that are found there.
    let mut way = vec![holder];
    while let Some((parent, _)) = owners.reach.step(graph, way[way.len() - 1])
        && graph.kind(parent) != NodeType::Synthetic
    {
        way.push(parent);
    }
    let place = places[holder as usize];
    let first = way.iter().rposition(|&node| place != NOWHERE && places[node as usize] == place).unwrap_or(0);
    let mut classes: Vec<_> = way[..first].iter().map(|&node| snapshot.class_of(node)).collect();
    classes.push(snapshot.class_of(sample.member));
    classes.sort_unstable();
    classes.dedup();
    let is_link = |node: NodeIndex| classes.binary_search(&snapshot.class_of(node)).is_ok();
    let links = way[first..].iter().take_while(|&&node| is_link(node) || owners.visible(node) != node);
    links.copied().filter(|&node| is_link(node)).last().unwrap_or(way[first])
}

/// What is shown for a member: not an array of V8's but what hangs from it, not a context but its function.
fn shown(owners: &Owners<'_>, member: NodeIndex) -> NodeIndex {
    let graph = owners.snapshot.graph();
    let mut node = member;
    for _ in 0..4 {
        let is_hidden = matches!(graph.kind(node), NodeType::Array | NodeType::Hidden | NodeType::Code)
            || graph.name_bytes(node) == b"system / Context";
        if !is_hidden {
            break;
        }
        let child = graph
            .edges(node)
            .filter(|edge| owners.reach.step(graph, edge.target).is_some_and(|(parent, _)| parent == node))
            .filter(|edge| !matches!(graph.kind(edge.target), NodeType::Code | NodeType::ObjectShape))
            .max_by_key(|edge| owners.snapshot.retained_size(edge.target));
        match child {
            Some(edge) => node = edge.target,
            None => break,
        }
    }
    node
}

/// `leak: Map`, `table: (array)`, …
pub(super) fn told_path(owners: &Owners<'_>, node: NodeIndex) -> Vec<String> {
    let graph = owners.snapshot.graph();
    let path = owners.reach.path(graph, node);
    let step = |(_, edge): &(NodeIndex, super::graph::Edge)| {
        let label = graph.edge_name(*edge);
        let mut class = match graph.kind(edge.target) {
            NodeType::Closure => owners.function(edge.target),
            NodeType::String | NodeType::ConsString | NodeType::SlicedString => {
                format!("({})", graph.kind_name(edge.target))
            }
            _ => graph.display_name(edge.target).into_owned(),
        };
        if class.len() > 120 {
            let mut end = 117;
            while !class.is_char_boundary(end) {
                end -= 1;
            }
            class.truncate(end);
            class.push('…');
        }
        format!("{label}: {class}")
    };
    if path.len() <= MAX_PATH {
        return path.iter().map(step).collect();
    }
    let mut told: Vec<String> = path[..MAX_PATH / 2].iter().map(step).collect();
    told.push(format!("… {} more …", path.len() - MAX_PATH));
    told.extend(path[path.len() - MAX_PATH / 2..].iter().map(step));
    told
}
