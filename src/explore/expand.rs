//! What follows the states of a piece of a level. One thread works on a piece; it only reads the search, and what it finds is kept
//! apart ([`Found`]) until all are done.

use std::sync::PoisonError;

use super::form::Beside;
use super::look::{Breaches, Likeness, Look};
use super::search::{Hit, Search};
use super::state::State;
use super::step::{Step, Steps, Taken, View};
use super::store::{Place, SHARDS, find_all, shard_of};
use super::symmetry::NOBODY;
use super::table::Need;

/// How many states a thread works on at a time.
pub(super) const PIECE: usize = 256;
/// About how many states are looked up in one go.
const AT_ONCE: usize = 256;

/// Which steps are taken from a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// Those without a fault.
    Fair,
    /// Those with one.
    Faulty,
}

/// A state that a step leads to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Next<const W: usize> {
    pub(super) state: State<W>,
    pub(super) hash: u64,
    /// The state before it, by its number in the piece.
    pub(super) from: u32,
}

/// What a thread found in a piece.
#[derive(Debug)]
pub(super) struct Found<const W: usize> {
    /// States that were not there before the pieces were begun, and where they come from.
    states: Vec<(State<W>, u64, Place)>,
    /// Their numbers, shard by shard, and where each shard's begin.
    order: Vec<u32>,
    starts: [u32; SHARDS + 1],
    /// States that a good one follows.
    pub(super) good: Vec<Place>,
    pub(super) hits: Vec<Hit>,
    pub(super) ends: Vec<(Likeness, u8, Place)>,
    pub(super) transitions: u64,
    pub(super) missed: Vec<Place>,
    pub(super) needs: Vec<Need>,
    pub(super) likenesses: Vec<Likeness>,
    /// What the normal form of a state depends on that has not been worked out yet.
    pub(super) besides: Vec<Beside>,
}

impl<const W: usize> Found<W> {
    pub(super) fn new() -> Self {
        Found {
            states: Vec::new(),
            order: Vec::new(),
            starts: [0; SHARDS + 1],
            good: Vec::new(),
            hits: Vec::new(),
            ends: Vec::new(),
            transitions: 0,
            missed: Vec::new(),
            needs: Vec::new(),
            likenesses: Vec::new(),
            besides: Vec::new(),
        }
    }

    pub(super) fn clear(&mut self) {
        self.transitions = 0;
        self.states.clear();
        self.good.clear();
        self.hits.clear();
        self.ends.clear();
        self.missed.clear();
        self.needs.clear();
        self.likenesses.clear();
        self.besides.clear();
    }

    /// Puts the states in the order of their shards, and otherwise leaves them in the order in which they were found.
    pub(super) fn sort(&mut self) {
        let mut counts = [0_u32; SHARDS];
        for (_, hash, _) in &self.states {
            counts[shard_of(*hash)] += 1;
        }
        for (shard, count) in counts.iter().enumerate() {
            self.starts[shard + 1] = self.starts[shard] + count;
        }
        let mut at = self.starts;
        self.order.clear();
        self.order.resize(self.states.len(), 0);
        for (number, (_, hash, _)) in self.states.iter().enumerate() {
            let at = &mut at[shard_of(*hash)];
            self.order[*at as usize] = number as u32;
            *at += 1;
        }
    }

    pub(super) fn of(&self, shard: usize) -> impl Iterator<Item = &(State<W>, u64, Place)> {
        let order = &self.order[self.starts[shard] as usize..self.starts[shard + 1] as usize];
        order.iter().map(|number| &self.states[*number as usize])
    }
}

impl<const W: usize> Search<'_, W> {
    /// Takes the steps from each state of a piece, and leaves those that lead to nothing new.
    pub(super) fn expand(&self, piece: &[Place], mode: Mode, faults: u32, found: &mut Found<W>) {
        let counts = mode == Mode::Faulty || faults < self.at_most;
        let own = &self.tried[rayon::current_thread_index().unwrap_or(0) % self.tried.len()];
        let mut tried = own.lock().unwrap_or_else(PoisonError::into_inner);
        let mut nexts: Vec<Next<W>> = Vec::with_capacity(AT_ONCE + 64);
        let mut is_good = [false; PIECE];
        let mut taker = Taker {
            search: self,
            next: Vec::with_capacity(64),
            hits: Vec::new(),
            missed: false,
            needs: &mut found.needs,
            likenesses: &mut found.likenesses,
            likeness: None,
            place: Place::new(0, 0),
            look: Look { broken: 0, rests: false },
            between: 0,
            struck: Vec::new(),
            taken: Vec::new(),
        };
        for (number, &place) in piece.iter().enumerate() {
            let (state, parent) = self.state(place);
            let view = View::new(&self.tables, &state, self.replays(faults));
            taker.begin(place, &view);
            match mode {
                Mode::Fair => view.fair(&mut taker),
                Mode::Faulty => view.faulty(self.strikes, &mut taker),
            }
            let remembered = state.broken() | self.looks.remembered(taker.look.broken, &self.tables);
            for (next, between) in &mut taker.next {
                next.break_also(remembered | *between);
                if let Err(beside) = self.finish(next, mode == Mode::Faulty, faults) {
                    found.besides.push(beside);
                    taker.missed = true;
                }
            }
            if taker.missed {
                found.missed.push(place);
                continue;
            }
            if mode == Mode::Fair {
                if taker.look.broken != 0 {
                    let first = if parent == place { taker.look.broken } else { self.first_broken(parent, place) };
                    if first != 0 {
                        found.hits.push(Hit { place, within: None, broken: first });
                    }
                }
                if taker.look.rests
                    && let Some(likeness) = taker.likeness
                {
                    found.ends.push((likeness, remembered, place));
                    is_good[number] = true;
                }
            }
            match mode {
                Mode::Fair if counts => view.meet(&taker.taken, &mut tried),
                Mode::Fair => {}
                Mode::Faulty => taker.struck.iter().for_each(|step| view.strike(*step, &mut tried)),
            }
            found.hits.append(&mut taker.hits);
            found.transitions += taker.next.len() as u64;
            for &(state, _) in &taker.next {
                nexts.push(Next { state, hash: state.hash(), from: number as u32 });
            }
            if nexts.len() >= AT_ONCE {
                self.sift(&mut nexts, piece, &mut is_good, &mut found.states);
            }
        }
        self.sift(&mut nexts, piece, &mut is_good, &mut found.states);
        if mode == Mode::Fair {
            found.good.extend(piece.iter().zip(is_good).filter(|(_, is_good)| *is_good).map(|(place, _)| place));
        }
    }

    /// Leaves the states that are there already; notes which states a good one follows.
    fn sift(
        &self,
        nexts: &mut Vec<Next<W>>,
        piece: &[Place],
        is_good: &mut [bool; PIECE],
        new: &mut Vec<(State<W>, u64, Place)>,
    ) {
        find_all(
            &self.shards,
            nexts,
            |next| (&next.state, next.hash),
            |next, there| match there {
                Some(there) => is_good[next.from as usize] |= self.shards[there.shard()].is_good(there.index()),
                None => new.push((next.state, next.hash, piece[next.from as usize])),
            },
        );
        nexts.clear();
    }

    /// What is broken in a state and not in the state before it.
    fn first_broken(&self, before: Place, place: Place) -> Breaches {
        let (was, is) = (self.broken_at(before), self.broken_at(place));
        if was == 0 || is & !was == 0 || self.tables.symmetry.is_none() {
            return is & !was;
        }
        // The same parties have other names in the state before.
        let renaming = self.step_between(before, place).map_or(NOBODY, |(_, renaming)| renaming);
        let image = |(_, breach): (usize, &super::Breach)| breach.renamed(renaming, &self.tables);
        let was: Vec<super::Breach> = self.looks.breaches(was).map(image).collect();
        let first = self.looks.breaches(is).filter(|(_, breach)| !was.contains(breach));
        first.fold(0, |set, (number, _)| set | 1 << number)
    }

    /// What is broken in a state that has been looked at.
    fn broken_at(&self, place: Place) -> Breaches {
        let (state, _) = self.state(place);
        let view = View::new(&self.tables, &state, false);
        self.looks.find(&Likeness::of(&view)).map_or(0, |look| look.broken)
    }
}

/// Takes note of the steps from one state.
struct Taker<'s, 'a, const W: usize> {
    search: &'s Search<'a, W>,
    /// Where the steps lead, and what is broken in their course.
    next: Vec<(State<W>, u8)>,
    hits: Vec<Hit>,
    missed: bool,
    needs: &'s mut Vec<Need>,
    likenesses: &'s mut Vec<Likeness>,
    likeness: Option<Likeness>,
    place: Place,
    look: Look,
    between: u8,
    /// Where faults struck.
    struck: Vec<Step>,
    /// What parties could take.
    taken: Vec<(u8, Taken, u32)>,
}

impl<const W: usize> Taker<'_, '_, W> {
    fn begin(&mut self, place: Place, view: &View<'_, '_, W>) {
        let likeness = Likeness::of(view);
        (self.place, self.likeness, self.missed, self.between) = (place, Some(likeness), false, 0);
        self.next.clear();
        self.hits.clear();
        self.struck.clear();
        self.taken.clear();
        match self.search.looks.find(&likeness) {
            Some(look) => self.look = *look,
            None => {
                self.missed = true;
                self.likenesses.push(likeness);
            }
        }
    }
}

impl<const W: usize> Steps<W> for Taker<'_, '_, W> {
    fn to(&mut self, step: Step, state: State<W>) {
        if step.fault().is_some() {
            self.struck.push(step);
        }
        self.next.push((state, self.between));
        self.between = 0;
    }

    fn takes(&mut self, seat: u8, taken: Taken, number: u32) {
        self.taken.push((seat, taken, number));
    }

    fn in_vain(&mut self, step: Step) {
        self.struck.push(step);
    }

    fn between(&mut self, step: Step, seat: u8, local: u16) {
        let Some(likeness) = self.likeness.map(|likeness| likeness.with(seat, local)) else { return };
        match self.search.looks.find(&likeness) {
            Some(look) => {
                let broken = look.broken & !self.look.broken;
                if broken != 0 {
                    self.hits.push(Hit { place: self.place, within: Some(step), broken });
                    self.between |= self.search.looks.remembered(broken, &self.search.tables);
                }
            }
            None => {
                self.missed = true;
                self.likenesses.push(likeness);
            }
        }
    }

    fn missed(&mut self, need: Need) {
        self.missed = true;
        self.needs.push(need);
    }
}
