//! What follows the states of a piece of a level. One thread works on a piece; it only reads the search, and what it finds is kept
//! apart ([`Found`]), by the shards that it belongs to, until all are done.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use super::form::Beside;
use super::look::{Breaches, Likeness, Look};
use super::ready::Ready;
use super::search::{Hit, Own, Search};
use super::state::State;
use super::step::{Step, Steps, Taken, View};
use super::store::{Next, Place, SHARDS, shard_of};
use super::symmetry::NOBODY;
use super::table::Need;

/// How many states a thread works on at a time. What pieces miss is worked out piece by piece, so another size gives things other numbers:
/// where normal forms grow with what is known, that shows in how many states there are.
pub(super) const PIECE: usize = 256;

/// Which steps are taken from a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// Those without a fault.
    Fair,
    /// Those with one.
    Faulty,
}

/// The states that steps from a piece lead to.
#[derive(Debug)]
pub(super) struct Onward<const W: usize> {
    /// Shard by shard, and otherwise in the order in which they were found.
    nexts: Vec<Next<W>>,
    /// Where each shard's begin.
    starts: [u32; SHARDS + 1],
}

/// What else a thread found in a piece.
#[derive(Debug)]
pub(super) struct Found {
    /// A bit for each state of the piece: whether a state at rest is known to follow it. It is noted by whoever finds that out.
    good: [AtomicU64; PIECE.div_ceil(64)],
    pub(super) hits: Vec<Hit>,
    pub(super) ends: Vec<(Likeness, u8, Place)>,
    pub(super) transitions: u64,
    pub(super) missed: Vec<Place>,
    pub(super) needs: Vec<Need>,
    pub(super) likenesses: Vec<Likeness>,
    /// What the normal form of a state depends on that has not been worked out yet.
    pub(super) besides: Vec<Beside>,
}

impl<const W: usize> Onward<W> {
    pub(super) fn new() -> Self {
        Onward { nexts: Vec::new(), starts: [0; SHARDS + 1] }
    }

    /// Those of a shard.
    pub(super) fn of(&self, shard: usize) -> &[Next<W>] {
        &self.nexts[self.starts[shard] as usize..self.starts[shard + 1] as usize]
    }

    /// Takes in states, each with its shard, in place of those of another piece.
    fn sort(&mut self, nexts: &[(u8, Next<W>)]) {
        let mut counts = [0_u32; SHARDS];
        for (shard, _) in nexts {
            counts[*shard as usize] += 1;
        }
        for (shard, count) in counts.iter().enumerate() {
            self.starts[shard + 1] = self.starts[shard] + count;
        }
        let mut at = self.starts;
        // What is left of the other piece is written over.
        if let Some((_, any)) = nexts.first().filter(|_| self.nexts.len() < nexts.len()) {
            self.nexts.resize(nexts.len(), *any);
        }
        for (shard, next) in nexts {
            let at = &mut at[*shard as usize];
            self.nexts[*at as usize] = *next;
            *at += 1;
        }
    }
}

impl Found {
    pub(super) fn new() -> Self {
        Found {
            good: std::array::from_fn(|_| AtomicU64::new(0)),
            hits: Vec::new(),
            ends: Vec::new(),
            transitions: 0,
            missed: Vec::new(),
            needs: Vec::new(),
            likenesses: Vec::new(),
            besides: Vec::new(),
        }
    }

    fn clear(&mut self) {
        self.good.iter_mut().for_each(|bits| *bits.get_mut() = 0);
        self.hits.clear();
        self.ends.clear();
        self.transitions = 0;
        self.missed.clear();
        self.needs.clear();
        self.likenesses.clear();
        self.besides.clear();
    }

    /// A state at rest follows that one of the piece. Bits are only ever set, so it does not matter who comes first.
    pub(super) fn set_good(&self, number: u32) {
        let (bits, bit) = (&self.good[number as usize / 64], 1 << (number % 64));
        if bits.load(Relaxed) & bit == 0 {
            bits.fetch_or(bit, Relaxed);
        }
    }

    pub(super) fn is_good(&self, number: usize) -> bool {
        self.good[number / 64].load(Relaxed) >> (number % 64) & 1 == 1
    }
}

impl<const W: usize> Search<'_, W> {
    /// Takes the steps from each state of a piece.
    pub(super) fn expand(
        &self,
        (piece, mode, faults): (&[Place], Mode, u32),
        found: &mut Found,
        onward: &mut Onward<W>,
    ) {
        found.clear();
        let counts = mode == Mode::Faulty || faults < self.at_most;
        let mut own = self.own();
        let Own { tried, ready } = &mut *own;
        ready.learn(&self.tables);
        let mut nexts = Vec::with_capacity(piece.len() * 12);
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
            counts,
            taken: Vec::new(),
        };
        for (number, &place) in (0..).zip(piece) {
            let state = self.state(place);
            match mode {
                Mode::Fair => self.step_fairly(place, &state, faults, ready, &mut taker),
                Mode::Faulty => {
                    let view = View::new(&self.tables, &state, self.replays(faults));
                    taker.begin(place, Likeness::of(&view));
                    view.faulty(self.strikes, &mut taker);
                }
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
                    let parent = self.parent(place);
                    let first = if parent == place { taker.look.broken } else { self.first_broken(parent, place) };
                    if first != 0 {
                        found.hits.push(Hit { place, within: None, broken: first });
                    }
                }
                if taker.look.rests
                    && let Some(likeness) = taker.likeness
                {
                    found.ends.push((likeness, remembered, place));
                    let (bits, bit) = (&mut found.good[number as usize / 64], 1 << (number % 64));
                    *bits.get_mut() |= bit;
                }
            }
            if counts {
                let view = View::new(&self.tables, &state, self.replays(faults));
                match mode {
                    Mode::Fair => view.meet(&taker.taken, tried),
                    Mode::Faulty => taker.struck.iter().for_each(|step| view.strike(*step, tried)),
                }
            }
            found.hits.append(&mut taker.hits);
            found.transitions += taker.next.len() as u64;
            for &(state, _) in &taker.next {
                nexts.push((shard_of(state.hash()) as u8, Next { state, from: place, number }));
            }
        }
        onward.sort(&nexts);
    }

    /// Shows the steps from a state without a fault.
    fn step_fairly(
        &self,
        place: Place,
        state: &State<W>,
        faults: u32,
        ready: &mut Ready,
        taker: &mut Taker<'_, '_, W>,
    ) {
        let replays = self.replays(faults);
        if let Ok(here) = ready.here(&self.tables, state) {
            let likeness = Likeness::new(&self.tables, state, || here.nothing_to_come(&self.tables, state));
            taker.begin(place, likeness);
            if ready.fair(&self.tables, state, &here, replays, taker).is_ok() {
                return;
            }
        }
        let view = View::new(&self.tables, state, replays);
        taker.begin(place, Likeness::of(&view));
        view.fair(taker);
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
        let state = self.state(place);
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
    /// What parties could take, where that is counted.
    counts: bool,
    taken: Vec<(u8, Taken, u32)>,
}

impl<const W: usize> Taker<'_, '_, W> {
    fn begin(&mut self, place: Place, likeness: Likeness) {
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
        if self.counts {
            self.taken.push((seat, taken, number));
        }
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
