//! Termination without time: from every state that can be reached, a state at rest can be reached by fair steps alone.
//!
//! A state is good if it is at rest or some fair step leads to a good one. What is left when nothing more becomes good is endless.
//!
//! Most of the work is done in passing. What follows a state is looked up anyhow when it is entered, and if it is there and good
//! already, that is noted: late in a purchase, steps lead back to states that were met long before. So that many of these are known,
//! what has fewer faults behind it is settled before the search goes on to more. The rest mostly follows from the links that are kept: a
//! state that a fair step has led to makes the state before it good. Of a state to which no link leads back one that follows it is kept, if
//! it was there already. What none of this settles is looked at again.

use rayon::prelude::*;

use super::deeds::Deeds;
use super::early::Met;
use super::endless::Endless;
use super::form::Near;
use super::found::Follower;
use super::look::{Likeness, Look};
use super::own::Own;
use super::search::Search;
use super::state::State;
use super::step::{Step, Steps};
use super::store::{Place, find_all};
use super::table::Need;

/// So many states are looked at before what was found is noted.
const PIECE: usize = 1 << 12;
/// Of so many states more than were left the last time it is kept what follows, and of a quarter of them, before that is followed.
pub(super) const LEADS_MIN: usize = 1 << 16;
/// So many states are looked at in one go.
const AT_ONCE: usize = 64;

impl<const W: usize> Search<'_, W> {
    /// Finds the states from which nothing at rest can be reached. Of a search that has not come to its end they are not known.
    pub(super) fn settle(&mut self) -> Endless {
        if self.stopped.is_some() {
            return Endless::default();
        }
        self.settle_layer();
        loop {
            let before = self.unsettled.len();
            let mut still = Vec::new();
            for piece in std::mem::take(&mut self.unsettled).chunks(PIECE) {
                let mut piece = piece.to_vec();
                self.look_onward(&mut piece);
                still.append(&mut piece);
            }
            self.unsettled = still;
            if self.unsettled.len() == before || self.unsettled.is_empty() {
                break;
            }
        }
        // What leads to a good state may have been found out since.
        let mut left = std::mem::take(&mut self.unsettled);
        left.retain(|(_, place)| !self.is_known(*place));
        let first = |(faults, place): &(u32, Place)| (*faults, self.depth_of(*place), *place);
        left.sort_unstable_by_key(first);
        let came_from = |place: Place| self.parent(place);
        let first = left.iter().map(|(_, place)| *place);
        let first = first.filter(|place| came_from(*place) == *place || self.is_known(came_from(*place)));
        Endless { states: left.len() as u64, first: first.collect() }
    }

    /// Finds out which states of the layer that is worked on are good, once all of them are there. What a step leads back to from more
    /// faults is then known to be good when it is met.
    pub(super) fn settle_layer(&mut self) {
        self.follow_leads();
        self.leads = Vec::new();
        let faults = self.faults;
        // A fair step leads to a state with as many faults behind it or fewer, and one event further on or back again.
        for depth in (0..self.levels[faults as usize].len()).rev() {
            let level = self.levels[faults as usize][depth].clone();
            let mut places = level.places().filter(|place| !self.is_known(*place)).map(|place| (faults, place));
            let mut pieces = Vec::new();
            loop {
                let piece: Vec<(u32, Place)> = places.by_ref().take(PIECE).collect();
                if piece.is_empty() {
                    break;
                }
                pieces.push(piece);
            }
            drop(places);
            for mut piece in pieces {
                self.look_onward(&mut piece);
                self.unsettled.append(&mut piece);
            }
        }
    }

    /// Notes what follows the states of a piece by steps without a fault.
    pub(super) fn note_followers(&mut self, piece: &[Met], follows: impl Iterator<Item = Option<Follower>>) {
        let mut good = Vec::new();
        for (met, follower) in piece.iter().zip(follows) {
            match follower {
                Some(Follower::Good) => good.push(met.place),
                Some(Follower::There(there)) => self.leads.push((met.place, there)),
                Some(Follower::New) | None => {}
            }
        }
        self.make_good(&mut good, self.faults);
        if self.leads.len() >= self.leads_max {
            self.follow_leads();
            self.leads_max = LEADS_MIN + self.leads.len() / 4 * 5;
        }
    }

    /// Makes good those states that a good one follows, and forgets what follows them.
    fn follow_leads(&mut self) {
        let (mut leads, mut good) = (std::mem::take(&mut self.leads), Vec::new());
        loop {
            let before = leads.len();
            leads.retain(|&(place, follower)| {
                let is_good = self.is_known(follower);
                if is_good {
                    good.push(place);
                }
                if good.len() == AT_ONCE {
                    self.make_good(&mut good, self.faults);
                }
                !is_good && !self.is_known(place)
            });
            self.make_good(&mut good, self.faults);
            if leads.len() == before {
                break;
            }
        }
        self.leads = leads;
    }

    /// Leaves of some states those that are not known to be good.
    fn look_onward(&mut self, piece: &mut Vec<(u32, Place)>) {
        let this = &*self;
        let good: Vec<bool> = piece.par_chunks(AT_ONCE).flat_map_iter(|some| this.are_good(some)).collect();
        for ((faults, place), _) in piece.iter().zip(good).filter(|(_, is_good)| *is_good) {
            self.make_good(&mut vec![*place], *faults);
        }
        piece.retain(|(_, place)| !self.is_known(*place));
    }

    fn is_known(&self, place: Place) -> bool {
        self.shards[place.shard()].is_good(place.index())
    }

    /// Makes good some states that so many faults are behind, and what leads to them, as far back as fair steps have led here one after
    /// the other. All of them go back by one step at a time, so that the processor waits for many links at once.
    fn make_good(&mut self, states: &mut Vec<Place>, faults: u32) {
        let layer = self.levels[faults as usize][0].from;
        while !states.is_empty() {
            states.retain_mut(|place| {
                let new = self.shards[place.shard()].set_good(place.index());
                let before = self.parent(*place);
                *place = before;
                new && before.index() >= layer[before.shard()] as usize
            });
        }
    }

    /// Which of some states are good, as far as that is known. A good one mostly follows by the first step of all, so first that is
    /// looked up for all of them at once; then everything else that follows, for those that are left.
    fn are_good(&self, some: &[(u32, Place)]) -> Vec<bool> {
        let mut good: Vec<bool> = some.iter().map(|(_, place)| self.is_known(*place)).collect();
        let mut own = self.own();
        let Own { deeds, onto, .. } = &mut *own;
        deeds.learn(&self.tables, W);
        onto.clear();
        let mut near = Near::new();
        for steps in [1, usize::MAX] {
            for (number, &(faults, place)) in some.iter().enumerate() {
                good[number] = good[number]
                    || self.step_onward((number as u32, faults, place), steps, deeds, (&mut *onto, &mut near));
            }
            find_all(
                &self.shards,
                onto,
                |next| (&next.state, next.hash),
                |next, there| good[next.from as usize] |= there.is_some_and(|there| self.is_known(there)),
            );
            onto.clear();
        }
        good
    }

    /// Adds what follows a state by that many steps, at least. Whether it is at rest.
    fn step_onward<'n>(
        &'n self,
        (from, faults, place): (u32, u32, Place),
        steps: usize,
        deeds: &mut Deeds,
        (nexts, near): (&mut Vec<Onto<W>>, &mut Near<'n, W>),
    ) -> bool {
        let (state, replays) = (self.state(place), self.replays(faults));
        let Ok(here) = deeds.here(&self.tables, &state) else { return false };
        let likeness = Likeness::new(&self.tables, &state, || here.nothing_to_come(&self.tables, &state));
        let Some(look) = self.looks.find(&likeness) else { return false };
        if look.rests {
            return true;
        }
        let broken = state.broken() | self.looks.remembered(look.broken, &self.tables);
        let (search, look) = (self, *look);
        let mut onward = Onward { search, faults, likeness, look, broken, between: 0, from, steps, nexts, near };
        // Everything has been worked out by now.
        let all = deeds.fair(&self.tables, &state, &here, replays, None, &mut onward);
        debug_assert!(all.is_ok(), "the steps of a state that was searched are known");
        false
    }
}

/// A state that a step leads to.
#[derive(Debug)]
pub(super) struct Onto<const W: usize> {
    state: State<W>,
    hash: u64,
    /// The state that it follows, by its number among those that are looked at.
    from: u32,
}

/// Collects the states that follow.
struct Onward<'s, 'n, 'a, const W: usize> {
    search: &'n Search<'a, W>,
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
    nexts: &'s mut Vec<Onto<W>>,
    near: &'s mut Near<'n, W>,
}

impl<const W: usize> Steps<W> for Onward<'_, '_, '_, W> {
    fn to(&mut self, _: Step, mut state: State<W>) {
        let between = std::mem::take(&mut self.between);
        state.break_also(self.broken | between);
        if self.search.finish(&mut state, false, self.faults, self.near).is_err() {
            return;
        }
        self.steps = self.steps.saturating_sub(1);
        self.nexts.push(Onto { state, hash: state.hash(), from: self.from });
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
