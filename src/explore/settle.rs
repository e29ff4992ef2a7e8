//! Termination without time: from every state that can be reached, a state at rest can be reached by fair steps alone.
//!
//! A state is good if it is at rest or some fair step leads to a good one. What is left when nothing more becomes good is endless.
//!
//! Most of the work is done in passing. While the search takes the steps of a state, it looks up what follows anyhow, and notes if
//! that is good already: late in a purchase, steps lead back to states that were met long before. The rest mostly follows from the
//! links that are kept: a state that a fair step has led to makes the state before it good. What neither settles is looked at again.

use rayon::prelude::*;

use super::expand::Next;
use super::look::{Likeness, Look};
use super::search::Search;
use super::state::State;
use super::step::{Step, Steps, View};
use super::store::{Place, find_all};
use super::table::Need;

/// So many states are looked at before what was found is noted.
const PIECE: usize = 1 << 12;
/// So many states are looked at in one go.
const AT_ONCE: usize = 64;

impl<const W: usize> Search<'_, W> {
    /// Finds out how many states there are from which nothing at rest can be reached, and the first of them. `None` if there are
    /// none, or if the search has not come to its end.
    pub(super) fn settle(&mut self) -> Option<(u64, Place)> {
        if self.stopped.is_some() {
            return None;
        }
        let mut left: Vec<(u32, Place)> = Vec::new();
        // A fair step leads to a state with as many faults behind it or fewer, and one event further on or back again.
        for faults in 0..self.levels.len() {
            for depth in (0..self.levels[faults].len()).rev() {
                let level = self.levels[faults][depth].clone();
                let mut places = level.places().peekable();
                while places.peek().is_some() {
                    let mut piece: Vec<(u32, Place)> =
                        places.by_ref().take(PIECE).map(|place| (faults as u32, place)).collect();
                    self.look_onward(&mut piece);
                    left.append(&mut piece);
                }
            }
        }
        loop {
            let before = left.len();
            let mut still = Vec::new();
            for piece in left.chunks(PIECE) {
                let mut piece = piece.to_vec();
                self.look_onward(&mut piece);
                still.append(&mut piece);
            }
            left = still;
            if left.len() == before || left.is_empty() {
                break;
            }
        }
        // What leads to a good state may have been found out since.
        left.retain(|(_, place)| !self.is_known(*place));
        let first = |(faults, place): &(u32, Place)| (*faults, self.depth_of(*place), *place);
        let endless = left.iter().min_by_key(|left| first(left))?;
        Some((left.len() as u64, endless.1))
    }

    /// Leaves of some states those that are not known to be good.
    fn look_onward(&mut self, piece: &mut Vec<(u32, Place)>) {
        let this = &*self;
        let good: Vec<bool> = piece.par_chunks(AT_ONCE).flat_map_iter(|some| this.are_good(some)).collect();
        for ((faults, place), _) in piece.iter().zip(good).filter(|(_, is_good)| *is_good) {
            self.shards[place.shard()].set_good(place.index());
            self.lead_here(*place, *faults);
        }
        piece.retain(|(_, place)| !self.is_known(*place));
    }

    fn is_known(&self, place: Place) -> bool {
        self.shards[place.shard()].is_good(place.index())
    }

    /// Makes good what leads to a good state, as far back as fair steps have led here one after the other.
    fn lead_here(&mut self, mut place: Place, faults: u32) {
        loop {
            let before = self.shards[place.shard()].parent(place.index());
            let fair = faults == 0 || self.faults_of(before) == faults;
            if !fair || !self.shards[before.shard()].set_good(before.index()) {
                return;
            }
            place = before;
        }
    }

    /// Which of some states are good, as far as that is known. A good one mostly follows by the first step of all, so first that is
    /// looked up for all of them at once; then everything else that follows, for those that are left.
    fn are_good(&self, some: &[(u32, Place)]) -> Vec<bool> {
        let mut good: Vec<bool> = some.iter().map(|(_, place)| self.is_known(*place)).collect();
        let mut nexts = Vec::new();
        for steps in [1, usize::MAX] {
            for (number, &(faults, place)) in some.iter().enumerate() {
                good[number] = good[number] || self.step_onward((number as u32, faults, place), steps, &mut nexts);
            }
            find_all(
                &self.shards,
                &nexts,
                |next| (&next.state, next.hash),
                |next, there| good[next.from as usize] |= there.is_some_and(|there| self.is_known(there)),
            );
            nexts.clear();
        }
        good
    }

    /// Adds what follows a state by that many steps, at least. Whether it is at rest.
    fn step_onward(&self, (from, faults, place): (u32, u32, Place), steps: usize, nexts: &mut Vec<Next<W>>) -> bool {
        let (state, _) = self.state(place);
        let view = View::new(&self.tables, &state, self.replays(faults));
        let likeness = Likeness::of(&view);
        let Some(look) = self.looks.find(&likeness) else { return false };
        if look.rests {
            return true;
        }
        let broken = state.broken() | self.looks.remembered(look.broken, &self.tables);
        let mut onward = Onward { search: self, faults, likeness, look: *look, broken, between: 0, from, steps, nexts };
        view.fair(&mut onward);
        false
    }
}

/// Collects the states that follow.
struct Onward<'s, 'a, const W: usize> {
    search: &'s Search<'a, W>,
    faults: u32,
    likeness: Likeness,
    look: Look,
    broken: u8,
    /// What is broken in the middle of the step.
    between: u8,
    /// The state that they follow, by its number among those that are looked at.
    from: u32,
    /// So many are enough.
    steps: usize,
    nexts: &'s mut Vec<Next<W>>,
}

impl<const W: usize> Steps<W> for Onward<'_, '_, W> {
    fn to(&mut self, _: Step, mut state: State<W>) {
        let between = std::mem::take(&mut self.between);
        state.break_also(self.broken | between);
        if self.search.finish(&mut state, false, self.faults).is_err() {
            return;
        }
        self.steps = self.steps.saturating_sub(1);
        self.nexts.push(Next { state, hash: state.hash(), from: self.from });
    }

    fn between(&mut self, _: Step, seat: u8, local: u16) {
        if let Some(look) = self.search.looks.find(&self.likeness.with(seat, local)) {
            self.between |= self.search.looks.remembered(look.broken & !self.look.broken, &self.search.tables);
        }
    }

    fn enough(&self) -> bool {
        self.steps == 0
    }

    fn missed(&mut self, _: Need) {}
}
