//! Where the growth is: places that gained objects or bytes, and the place above them that did not.
//!
//! The heap's growth is followed from the root downwards. Where the objects at a place have become more, they are what
//! leaks, and the place above, whose number stayed, is what holds them: Eclipse MAT's accumulation point, by number
//! instead of by size alone.
//!
//! A place may have become smaller as a whole (a cache was emptied) while something below it leaks. What is found below such a one has to have become more in the whole
//! heap too: objects that are reached another way than before leave one place and appear at another.

use super::shapes::{NOWHERE, Place, ROOT, Shapes, Standing};
use rustc_hash::FxHashMap;

/// Growth below this is not told: a heap at rest differs by as much from minute to minute.
const MIN_BYTES: i64 = 8 << 10;
/// Nor is that of a table itself: the next one of twice the size is made when the last one is full, or nearly.
const MIN_OWN_BYTES: i64 = 48 << 10;
/// Nor is what is less than one part in so many of all growth.
const MIN_SHARE: i64 = 100;
/// So many new objects at a place are a leak by themselves; with fewer it depends on what else is below.
const MANY: i64 = 20;

/// What was gained at each place, from each snapshot to the next.
pub(super) struct Gains {
    /// By interval, then place.
    pub counts: Vec<Vec<i64>>,
    pub sizes: Vec<Vec<i64>>,
    /// Was anything there in the first snapshot?
    pub was_there: Vec<bool>,
}

/// Places that grew under one holder.
#[derive(Debug)]
pub(super) struct Growth {
    pub holder: Place,
    /// Where the new objects stand; empty where the holder itself got bigger.
    pub members: Vec<Place>,
    pub count: i64,
    /// Own and below, in bytes.
    pub size: i64,
    /// By interval: objects and bytes.
    pub intervals: Vec<(i64, i64)>,
}

impl Growth {
    /// The same holder's, from another side.
    pub fn add(&mut self, other: &Self) {
        self.count += other.count;
        self.size += other.size;
        for (sum, more) in self.intervals.iter_mut().zip(&other.intervals) {
            *sum = (sum.0 + more.0, sum.1 + more.1);
        }
    }

    /// Was there more from each snapshot to the next?
    pub fn grew_always(&self) -> bool {
        self.intervals_grown() == self.intervals.len()
    }

    /// From how many snapshots to the next there was more.
    pub fn intervals_grown(&self) -> usize {
        let grew = |&&(count, size): &&(i64, i64)| if self.count > 0 { count > 0 } else { size > 0 };
        self.intervals.iter().filter(grew).count()
    }
}

impl Gains {
    /// Compares neighbours; objects are matched by id where `by_id`. `readings` are sorted by id.
    pub fn new(readings: &[Vec<Standing>], places: usize, by_id: bool) -> Self {
        let mut gains = Self { counts: Vec::new(), sizes: Vec::new(), was_there: vec![false; places] };
        if let Some(first) = readings.first() {
            for standing in first {
                gains.was_there[standing.place as usize] = true;
            }
        }
        for pair in readings.windows(2) {
            let (counts, sizes) = if by_id {
                by_ids(&pair[0], &pair[1], places)
            } else {
                let (mut counts, mut sizes) = (vec![0; places], vec![0; places]);
                for (reading, sign) in [(&pair[0], -1), (&pair[1], 1)] {
                    for standing in reading {
                        counts[standing.place as usize] += sign;
                        sizes[standing.place as usize] += sign * standing.size.cast_signed();
                    }
                }
                (counts, sizes)
            };
            gains.counts.push(counts);
            gains.sizes.push(sizes);
        }
        gains
    }
}

fn by_ids(before: &[Standing], after: &[Standing], places: usize) -> (Vec<i64>, Vec<i64>) {
    let (mut counts, mut sizes) = (vec![0i64; places], vec![0i64; places]);
    let (mut i, mut j) = (0, 0);
    loop {
        let (old, new) = (before.get(i), after.get(j));
        match (old, new) {
            (None, None) => return (counts, sizes),
            (Some(old), Some(new)) if old.id == new.id => {
                // An object of before may have become bigger; where it stands now does not matter.
                sizes[new.place as usize] += new.size.cast_signed().wrapping_sub(old.size.cast_signed());
                (i, j) = (i + 1, j + 1);
            }
            (Some(old), new) if new.is_none_or(|new| old.id < new.id) => {
                counts[old.place as usize] -= 1;
                sizes[old.place as usize] -= old.size.cast_signed();
                i += 1;
            }
            (_, Some(new)) => {
                counts[new.place as usize] += 1;
                sizes[new.place as usize] += new.size.cast_signed();
                j += 1;
            }
            (Some(_), None) => i += 1,
        }
    }
}

/// Gains of places and all below them.
struct Tree<'a> {
    shapes: &'a Shapes,
    children: Vec<Vec<Place>>,
    counts: Vec<i64>,
    sizes: Vec<i64>,
    totals: Vec<i64>,
    by_interval: Vec<Vec<i64>>,
    /// By class, in the whole heap.
    class_counts: FxHashMap<u32, i64>,
    gains: &'a Gains,
}

/// The growths, in no order.
pub(super) fn find(shapes: &Shapes, gains: &Gains) -> Vec<Growth> {
    let places = shapes.len();
    let sum =
        |of: &[Vec<i64>]| (0..places).map(|at| of.iter().map(|each| each[at]).sum()).collect::<Vec<i64>>();
    let (counts, sizes) = (sum(&gains.counts), sum(&gains.sizes));
    let mut totals = sizes.clone();
    // What grew below, whatever shrank beside it.
    let mut rises: Vec<i64> = sizes.iter().map(|size| *size.max(&0)).collect();
    let mut class_counts: FxHashMap<u32, i64> = FxHashMap::default();
    let mut by_interval = gains.sizes.clone();
    let mut children = vec![Vec::new(); places];
    for place in (1..places).rev() {
        let at = u32::try_from(place).unwrap_or(NOWHERE);
        let parent = shapes.parent(at) as usize;
        totals[parent] += totals[place];
        rises[parent] += rises[place];
        *class_counts.entry(shapes.class(at)).or_default() += counts[place];
        for sizes in &mut by_interval {
            sizes[parent] += sizes[place];
        }
    }
    // What shrinks elsewhere must not hide what grows here.
    let all: i64 = sizes.iter().filter(|size| **size > 0).sum();
    let threshold = MIN_BYTES.max(all / MIN_SHARE);
    for place in 1..places {
        let at = u32::try_from(place).unwrap_or(NOWHERE);
        children[shapes.parent(at) as usize].push(at);
    }
    let tree = Tree { shapes, children, counts, sizes, totals, by_interval, class_counts, gains };
    let mut found: Vec<Growth> = Vec::new();
    // Places to look at, each with the number of growths that were found when its children began to be looked at.
    let mut open = vec![(ROOT, None::<usize>)];
    // Places that did not grow as a whole, or are below such a one.
    let mut hidden = Vec::new();
    while let Some((place, visited)) = open.pop() {
        if let Some(before) = visited {
            if found.len() == before && tree.sizes[place as usize] >= threshold.max(MIN_OWN_BYTES) {
                found.push(tree.itself(place));
            }
            continue;
        }
        if place != ROOT && tree.is_many(place) {
            found.push(tree.growth(tree.shapes.parent(place), vec![place]));
            continue;
        }
        let groups = tree.unnamed(place, threshold);
        let grouped: Vec<Place> = groups.iter().flatten().copied().collect();
        found.extend(groups.into_iter().map(|group| tree.growth(place, group)));
        open.push((place, Some(found.len())));
        for &child in &tree.children[place as usize] {
            if grouped.contains(&child) {
                continue;
            }
            if tree.totals[child as usize] >= threshold {
                open.push((child, None));
            } else if rises[child as usize] >= threshold {
                hidden.push(child);
            }
        }
    }
    while let Some(place) = hidden.pop() {
        if tree.totals[place as usize] >= threshold && tree.is_more_everywhere(place) {
            found.push(tree.growth(tree.shapes.parent(place), vec![place]));
        } else {
            let grew_below = |child: &&Place| rises[**child as usize] >= threshold;
            hidden.extend(tree.children[place as usize].iter().filter(grew_below));
        }
    }
    merge(found)
}

impl Tree<'_> {
    /// Have the objects here become so many more that they, not something below each, are what grows?
    fn is_many(&self, place: Place) -> bool {
        let count = self.counts[place as usize];
        if count >= MANY {
            return true;
        }
        let mut most = count;
        let mut at = place;
        while let Some(&child) =
            self.children[at as usize].iter().max_by_key(|child| self.totals[**child as usize])
            && self.totals[child as usize] * 2 >= self.totals[at as usize]
        {
            most = most.max(self.counts[child as usize]);
            at = child;
        }
        count >= 2 && count * 3 >= most
    }

    /// Are there so many more here, and of their class in the whole heap?
    fn is_more_everywhere(&self, place: Place) -> bool {
        let count = self.counts[place as usize];
        let everywhere = self.class_counts.get(&self.shapes.class(place)).copied().unwrap_or(0);
        count >= MANY && everywhere * 2 >= count
    }

    /// Children of names that were not there before, five or more of one class: keys of a small dictionary, more
    /// variables of the same kind.
    fn unnamed(&self, place: Place, threshold: i64) -> Vec<Vec<Place>> {
        let mut by_class: FxHashMap<u32, Vec<Place>> = FxHashMap::default();
        for &child in &self.children[place as usize] {
            if self.counts[child as usize] > 0 && !self.gains.was_there[child as usize] {
                by_class.entry(self.shapes.class(child)).or_default().push(child);
            }
        }
        let mut groups: Vec<_> = by_class
            .into_values()
            .filter(|group| {
                let size: i64 = group.iter().map(|child| self.totals[*child as usize]).sum();
                group.len() >= 5 && size >= threshold
            })
            .collect();
        groups.sort();
        groups
    }

    fn growth(&self, holder: Place, members: Vec<Place>) -> Growth {
        let sum = |of: &[i64]| members.iter().map(|place| of[*place as usize]).sum::<i64>();
        let intervals = self.gains.counts.iter().zip(&self.by_interval);
        Growth {
            holder,
            count: sum(&self.counts),
            size: sum(&self.totals),
            intervals: intervals.map(|(counts, sizes)| (sum(counts), sum(sizes))).collect(),
            members,
        }
    }

    fn itself(&self, place: Place) -> Growth {
        Growth {
            holder: place,
            members: Vec::new(),
            count: 0,
            size: self.sizes[place as usize],
            intervals: self.gains.sizes.iter().map(|sizes| (0, sizes[place as usize])).collect(),
        }
    }
}

/// Keys and values of one map are one growth, told by the greater.
fn merge(mut found: Vec<Growth>) -> Vec<Growth> {
    found.sort_by_key(|growth| (growth.holder, std::cmp::Reverse(growth.size)));
    let mut merged: Vec<Growth> = Vec::new();
    for growth in found {
        match merged.last_mut() {
            Some(last) if last.holder == growth.holder => {
                last.size += growth.size;
                for (sum, more) in last.intervals.iter_mut().zip(&growth.intervals) {
                    sum.1 += more.1;
                }
            }
            _ => merged.push(growth),
        }
    }
    merged
}
