//! What follows the states of a piece of a level. One thread works on a piece; it only reads the search, and what it finds is kept
//! apart ([`Found`], [`Onward`]), by the shards that it belongs to, until all are done.
//!
//! What a neighbour's steps have led to already is not asked for again: steps of different parties lead to the same state in either
//! order, and so more than a third of all steps from a piece lead where another has led before.

use super::deeds::Deeds;
use super::early::{By, Last, Met};
use super::form::{Beside, Near};
use super::found::{Follower, Found, Onward};
use super::look::{Breaches, Likeness, Look};
use super::own::{Own, Room};
use super::search::{Hit, Search};
use super::state::State;
use super::step::{Step, Steps, Taken, View};
use super::store::{Next, Place, shard_of};
use super::symmetry::NOBODY;
use super::table::Need;

/// How many states a thread works on at a time. What pieces miss is worked out piece by piece, so another size gives things other numbers:
/// where normal forms grow with what is known, that shows in how many states there are.
pub(super) const PIECE: usize = 256;
/// So many of the states that steps from a piece lead to are remembered.
pub(super) const RECENT: usize = 1 << 12;

/// Which steps are taken from a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// Those without a fault.
    Fair,
    /// Those with one.
    Faulty,
}

impl<const W: usize> Search<'_, W> {
    /// Takes the steps from each state of a piece.
    pub(super) fn expand(&self, (piece, mode, faults): (&[Met], Mode, u32), found: &mut Found, onward: &mut Onward<W>) {
        found.clear();
        let mut own = self.own();
        let Own { tried, deeds, garbles, recent, room, .. } = &mut *own;
        let Room { states, parents, before, nexts, as_they_are, by } = room;
        // Whether it matters which step has led to a state.
        let outsider = self.tables.setup.outsider.is_some();
        let early = !self.looks.remembers
            && !outsider
            && match mode {
                Mode::Fair => self.reductions.late_steps && self.plain,
                Mode::Faulty => self.reductions.late_faults,
            };
        let replays = self.replays(faults);
        // Whether one might strike where the last step was taken.
        let replayed = self.replays(if mode == Mode::Fair { faults } else { faults - 1 });
        deeds.learn(&self.tables, W);
        recent.fill(u32::MAX);
        nexts.clear();
        as_they_are.clear();
        by.clear();
        let mut taker = Taker {
            search: self,
            mode,
            faults,
            counts: self.counts && (mode == Mode::Faulty || faults < self.at_most),
            needs: &mut found.needs,
            likenesses: &mut found.likenesses,
            besides: &mut found.besides,
            nexts,
            as_they_are,
            stays: self.plain && mode == Mode::Fair,
            by,
            recent,
            near: Near::new(),
            place: Place::new(0, 0),
            number: 0,
            likeness: None,
            look: Look { broken: 0, rests: false },
            remembered: 0,
            first: 0,
            steps: 0,
            again: None,
            between: 0,
            missed: false,
            hits: Vec::new(),
            struck: Vec::new(),
            taken: Vec::new(),
        };
        // All of them at once, so that the processor does not wait for each.
        states.clear();
        states.extend(piece.iter().map(|met| self.state(met.place)));
        parents.clear();
        before.clear();
        if early {
            parents.extend(piece.iter().map(|met| self.parent(met.place)));
            before.extend(parents.iter().map(|parent| self.state(*parent)));
        }
        for ((number, &met), state) in (0..).zip(piece).zip(&*states) {
            let place = met.place;
            let last =
                before.get(usize::from(number)).and_then(|before| self.last(met.by, (before, state), replayed, deeds));
            (taker.place, taker.number, taker.first) = (place, number, taker.nexts.len());
            match mode {
                Mode::Fair => self.step_fairly(state, deeds, last.as_ref(), &mut taker),
                Mode::Faulty => {
                    let view = View::new(&self.tables, state, replays);
                    taker.begin(state, Likeness::of(&view));
                    view.faulty(self.strikes, garbles, last.as_ref(), &mut taker);
                }
            }
            if taker.missed {
                taker.forget_steps();
                found.missed.push(met);
                continue;
            }
            if mode == Mode::Fair {
                taker.ask_for_one();
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
                    found.ends.push((likeness, taker.remembered, place));
                    *found.follows[usize::from(number)].get_mut() = Follower::Good.number();
                }
            }
            if taker.counts {
                let view = View::new(&self.tables, state, replays);
                match mode {
                    Mode::Fair => view.meet(&taker.taken, tried),
                    Mode::Faulty => taker.struck.iter().for_each(|step| view.strike(*step, tried)),
                }
            }
            found.hits.append(&mut taker.hits);
            found.transitions += taker.steps;
        }
        onward.sort(taker.nexts, taker.by);
    }

    /// Shows the steps from a state without a fault.
    fn step_fairly(&self, state: &State<W>, deeds: &mut Deeds, last: Option<&Last<W>>, taker: &mut Taker<'_, '_, W>) {
        let replays = self.replays(taker.faults);
        if let Ok(here) = deeds.here(&self.tables, state) {
            let likeness = Likeness::new(&self.tables, state, || here.nothing_to_come(&self.tables, state));
            taker.begin(state, likeness);
            let mut all = deeds.fair(&self.tables, state, &here, replays, last, taker);
            if all.is_ok() && taker.steps == 0 && last.is_some() {
                // So that it is known what follows the state.
                all = deeds.take_late(&self.tables, state, &here, replays, taker);
            }
            if all.is_ok() {
                return;
            }
        }
        let view = View::new(&self.tables, state, replays);
        taker.begin(state, Likeness::of(&view));
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

/// Takes note of the steps from the states of a piece, one state after the other.
struct Taker<'s, 'a, const W: usize> {
    search: &'s Search<'a, W>,
    mode: Mode,
    faults: u32,
    /// Whether it is counted what parties could take and where faults strike.
    counts: bool,
    needs: &'s mut Vec<Need>,
    likenesses: &'s mut Vec<Likeness>,
    besides: &'s mut Vec<Beside>,
    /// Where steps lead.
    nexts: &'s mut Vec<Next<W>>,
    /// The same states before they were brought into normal form; none where they stay as they are.
    as_they_are: &'s mut Vec<State<W>>,
    stays: bool,
    /// The steps that lead there.
    by: &'s mut Vec<By>,
    /// Where among them a state may stand, by its hash.
    recent: &'s mut [u32; RECENT],
    near: Near<'s, W>,
    /// The state whose steps are taken: its place, and its number in its piece.
    place: Place,
    number: u16,
    likeness: Option<Likeness>,
    look: Look,
    /// What is broken in it that the states after it remember.
    remembered: u8,
    /// Where those that follow it begin, and how many steps lead to them.
    first: usize,
    steps: u64,
    /// Where among them one stands that steps from a state before lead to as well.
    again: Option<u32>,
    /// What is broken in the course of the step that is shown next.
    between: u8,
    missed: bool,
    hits: Vec<Hit>,
    /// Where faults struck.
    struck: Vec<Step>,
    taken: Vec<(u8, Taken, u32)>,
}

impl<const W: usize> Taker<'_, '_, W> {
    /// Forgets where steps from the state lead.
    fn forget_steps(&mut self) {
        self.nexts.truncate(self.first);
        self.as_they_are.truncate(self.first);
        self.by.truncate(self.first);
    }

    /// Asks for one of the states that follow, so that it is known that something does.
    fn ask_for_one(&mut self) {
        if self.nexts.len() > self.first {
            return;
        }
        if let Some(again) = self.again.map(|again| again as usize) {
            let next = Next { order: self.nexts.len() as u32, number: self.number, ..self.nexts[again] };
            let by = self.by[again];
            self.nexts.push(next);
            self.as_they_are.extend(self.as_they_are.get(again).copied());
            self.by.push(by);
        }
    }

    fn begin(&mut self, state: &State<W>, likeness: Likeness) {
        (self.likeness, self.missed, self.between) = (Some(likeness), false, 0);
        (self.steps, self.again) = (0, None);
        self.forget_steps();
        self.hits.clear();
        self.struck.clear();
        self.taken.clear();
        match self.search.looks.find(&likeness) {
            Some(look) => {
                self.look = *look;
                self.remembered = state.broken() | self.search.looks.remembered(look.broken, &self.search.tables);
            }
            None => {
                self.missed = true;
                self.likenesses.push(likeness);
            }
        }
    }
}

impl<const W: usize> Steps<W> for Taker<'_, '_, W> {
    fn to(&mut self, step: Step, mut state: State<W>) {
        if self.counts && step.fault().is_some() {
            self.struck.push(step);
        }
        self.steps += 1;
        state.break_also(self.remembered | std::mem::take(&mut self.between));
        let (as_it_is, order) = (state, self.nexts.len());
        let recent = &mut self.recent[state.hash() as usize % RECENT];
        let known = if self.stays {
            self.nexts.get(*recent as usize).map(|next| &next.state)
        } else {
            self.as_they_are.get(*recent as usize)
        };
        if known == Some(&state) {
            self.again = Some(*recent);
            return;
        }
        *recent = order as u32;
        let renaming = match self.search.finish(&mut state, self.mode == Mode::Faulty, self.faults, &mut self.near) {
            Ok(renaming) => renaming,
            Err(beside) => {
                self.besides.push(beside);
                self.missed = true;
                return;
            }
        };
        // Under other names it would be another step.
        self.by.push(if renaming == NOBODY { By::new(step, &self.search.tables) } else { By::Other });
        if !self.stays {
            self.as_they_are.push(as_it_is);
        }
        self.nexts.push(Next { state, order: order as u32, number: self.number, shard: shard_of(state.hash()) as u8 });
    }

    fn takes(&mut self, seat: u8, taken: Taken, number: u32) {
        if self.counts {
            self.taken.push((seat, taken, number));
        }
    }

    fn late(&mut self) {
        self.between = 0;
    }

    fn listens(&self) -> bool {
        self.counts
    }

    fn in_vain(&mut self, step: Step) {
        if self.counts {
            self.struck.push(step);
        }
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
