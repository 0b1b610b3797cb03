//! The last step of semi-NCA: the way up the tree of dominators.

/// So many steps for each node, on average, and the climb takes the shortcuts.
const LONG: usize = 8;

/// The last step of semi-NCA: from a node's parent up the tree that is built so far, to the first one that is no later than its semidominator. That is a
/// step or two, but for chains that are held from their top as well as from each link (listeners of one signal are), where it is the whole chain each
/// time. There, each node gets an ancestor to jump to: E. Myers, "An Applicative Random-Access Stack", Information Processing Letters 17, 1983.
pub(super) struct Climb {
    /// Until the shortcuts are worth their memory.
    left: usize,
    /// By node, or empty.
    depth: Vec<u32>,
    jump: Vec<u32>,
}

impl Climb {
    /// In a tree of so many nodes.
    pub fn of(nodes: usize) -> Self {
        Self::new(LONG * nodes)
    }

    fn new(left: usize) -> Self {
        Self { left, depth: Vec::new(), jump: Vec::new() }
    }

    /// From a node's parent. `idom`: of all nodes before the one in question. An ancestor's number is smaller.
    pub fn first_at_most(&mut self, semidominator: u32, from: u32, idom: &[u32]) -> u32 {
        let mut at = from;
        while at > semidominator {
            if self.left > 0 {
                self.left -= 1;
                at = idom[at as usize];
                continue;
            }
            self.reach(idom);
            let jump = self.jump[at as usize];
            at = if jump > semidominator { jump } else { idom[at as usize] };
        }
        at
    }

    /// Shortcuts for all nodes that are known.
    fn reach(&mut self, idom: &[u32]) {
        for &parent in &idom[self.jump.len()..] {
            let above = parent as usize;
            if self.jump.is_empty() {
                (self.depth, self.jump) = (vec![0], vec![0]);
                continue;
            }
            let first = self.jump[above] as usize;
            let second = self.jump[first] as usize;
            let is_pair = self.depth[above] - self.depth[first] == self.depth[first] - self.depth[second];
            self.jump.push(if is_pair { self.jump[first] } else { parent });
            self.depth.push(self.depth[above] + 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Climb;

    /// A chain of which every link is also held from the top, with leaves below it: to 0 from wherever they hang.
    fn leaves(steps: usize) -> Vec<u32> {
        const LINKS: u32 = 50_000;
        let mut idom: Vec<u32> = std::iter::once(0).chain(0..LINKS).collect();
        let mut climb = Climb::new(steps);
        for leaf in 0..LINKS {
            let found = climb.first_at_most(leaf % 7, LINKS - leaf, &idom);
            idom.push(found);
        }
        idom
    }

    #[test]
    fn a_climb_with_shortcuts_ends_where_one_without_them_does() {
        // Without any it takes as many steps as nodes times links: 1.25 billion, so a part of them.
        assert_eq!(leaves(0), leaves(20_000_000));
        for (at, &dominator) in leaves(0)[50_001..].iter().enumerate() {
            let leaf = u32::try_from(at).expect("small");
            assert_eq!(dominator, (leaf % 7).min(50_000 - leaf));
        }
    }

    #[test]
    fn shortcuts_make_a_climb_short() {
        let idom: Vec<u32> = std::iter::once(0).chain(0..1_000_000).collect();
        let mut climb = Climb::new(0);
        climb.reach(&idom);
        let mut steps = 0;
        let mut at = 1_000_000u32;
        while at > 3 {
            let jump = climb.jump[at as usize];
            at = if jump > 3 { jump } else { idom[at as usize] };
            steps += 1;
        }
        assert_eq!(at, 3);
        assert!(steps < 64, "{steps}");
    }
}
