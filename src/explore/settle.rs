//! Termination without time: from every state that can be reached, a state at rest can be reached by fair steps alone.
//!
//! A state is good if it is at rest or some fair step leads to a good one. What is left when nothing more becomes good is endless.

use rayon::prelude::*;

use super::look::Likeness;
use super::search::Search;
use super::state::State;
use super::step::{Step, Steps, View};
use super::store::{Place, SHARDS, shard_of};
use super::table::Need;

impl<const W: usize> Search<'_, W> {
    /// How many states there are from which nothing at rest can be reached, and the first of them. `None` if there are none, or if
    /// the search has not come to its end.
    pub(super) fn endless(&self) -> Option<(u64, Place)> {
        if self.stopped.is_some() {
            return None;
        }
        let mut good: Vec<Vec<bool>> = self.shards.iter().map(|shard| vec![false; shard.len()]).collect();
        // Most of what follows a state has been entered after it, so going backwards settles most of them at once.
        let mut left: Vec<(u32, Place)> = Vec::new();
        for (faults, levels) in self.levels.iter().enumerate() {
            for level in levels {
                left.extend(level.places().map(|place| (faults as u32, place)));
            }
        }
        left.reverse();
        loop {
            let before = left.len();
            for piece in left.chunks(1 << 14) {
                let found: Vec<bool> =
                    piece.par_iter().map(|(faults, place)| self.is_good(*place, *faults, &good)).collect();
                for ((_, place), is_good) in piece.iter().zip(found) {
                    good[place.shard()][place.index()] |= is_good;
                }
            }
            left.retain(|(_, place)| !good[place.shard()][place.index()]);
            if left.len() == before || left.is_empty() {
                break;
            }
        }
        debug_assert_eq!(good.len(), SHARDS);
        left.last().map(|(_, place)| (left.len() as u64, *place))
    }

    fn is_good(&self, place: Place, faults: u32, good: &[Vec<bool>]) -> bool {
        let (state, _) = self.state(place);
        let view = View::new(&self.tables, &state, self.replays(faults));
        let look = self.looks.find(&Likeness::of(&view));
        let Some(look) = look else { return false };
        if look.rests {
            return true;
        }
        let broken = state.broken() | self.looks.remembered(look.broken, &self.tables);
        let mut onward = Onward { search: self, faults, broken, good, found: false };
        view.fair(&mut onward);
        onward.found
    }
}

/// Looks for a good state among those that follow.
struct Onward<'s, 'a, const W: usize> {
    search: &'s Search<'a, W>,
    faults: u32,
    broken: u8,
    good: &'s [Vec<bool>],
    found: bool,
}

impl<const W: usize> Steps<W> for Onward<'_, '_, W> {
    fn to(&mut self, _: Step, mut state: State<W>) {
        if self.found {
            return;
        }
        state.break_also(self.broken);
        self.search.finish(&mut state, false, self.faults);
        let hash = state.hash();
        let shard = shard_of(hash);
        // Something that is broken in the middle of the step is remembered too; such a state is found in a later round by others.
        let index = self.search.shards[shard].find(&state, hash);
        self.found = index.is_some_and(|index| self.good[shard][index]);
    }

    fn between(&mut self, _: Step, _: u8, _: u16) {}

    fn missed(&mut self, _: Need) {}
}
