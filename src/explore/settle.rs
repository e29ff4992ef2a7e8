//! Termination without time: from every state that can be reached, a state at rest can be reached by fair steps alone.
//!
//! A state is good if it is at rest or some fair step leads to a good one. What is left when nothing more becomes good is endless.
//!
//! Most of the work is done in passing. While the search takes the steps of a state, it looks up what follows anyhow, and notes if
//! that is good already: late in a purchase, steps lead back to states that were met long before. The rest mostly follows from the
//! links that are kept: a state that a fair step has led to makes the state before it good. What neither settles is looked at again.

use rayon::prelude::*;

use super::look::{Likeness, Look};
use super::search::Search;
use super::state::State;
use super::step::{Step, Steps, View};
use super::store::{Place, shard_of};
use super::table::Need;

/// So many states are looked at before what was found is noted.
const PIECE: usize = 1 << 12;

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
        let good: Vec<bool> =
            piece.par_iter().map(|(faults, place)| this.is_known(*place) || this.is_good(*place, *faults)).collect();
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

    fn is_good(&self, place: Place, faults: u32) -> bool {
        let (state, _) = self.state(place);
        let view = View::new(&self.tables, &state, self.replays(faults));
        let likeness = Likeness::of(&view);
        let Some(look) = self.looks.find(&likeness) else { return false };
        if look.rests {
            return true;
        }
        let broken = state.broken() | self.looks.remembered(look.broken, &self.tables);
        let mut onward = Onward { search: self, faults, likeness, look: *look, broken, between: 0, found: false };
        view.fair(&mut onward);
        onward.found
    }
}

/// Looks for a good state among those that follow.
struct Onward<'s, 'a, const W: usize> {
    search: &'s Search<'a, W>,
    faults: u32,
    likeness: Likeness,
    look: Look,
    broken: u8,
    /// What is broken in the middle of the step.
    between: u8,
    found: bool,
}

impl<const W: usize> Steps<W> for Onward<'_, '_, W> {
    fn to(&mut self, _: Step, mut state: State<W>) {
        let between = std::mem::take(&mut self.between);
        state.break_also(self.broken | between);
        if self.search.finish(&mut state, false, self.faults).is_err() {
            return;
        }
        let hash = state.hash();
        let shard = &self.search.shards[shard_of(hash)];
        self.found = shard.find(&state, hash).is_some_and(|index| shard.is_good(index));
    }

    fn between(&mut self, _: Step, seat: u8, local: u16) {
        if let Some(look) = self.search.looks.find(&self.likeness.with(seat, local)) {
            self.between |= self.search.looks.remembered(look.broken & !self.look.broken, &self.search.tables);
        }
    }

    fn enough(&self) -> bool {
        self.found
    }

    fn missed(&mut self, _: Need) {}
}
