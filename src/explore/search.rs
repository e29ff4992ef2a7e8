//! Breadth first over the states, fewest faults first.
//!
//! A level is the states that are first reached with so many faults and so many events. A state is entered once, on the first
//! level that reaches it: with fewest faults and, among these, fewest events. Whatever can follow it after more faults can follow it
//! then, since more are left. Each level is worked on in pieces by all threads, which only read; what they found is entered shard
//! by shard, in the order of the pieces. So every state stands at the same place whatever the number of threads.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::coverage::Tried;
use super::form::{Beside, Forms};
use super::look::{Breaches, Likeness, Look, Looks};
use super::state::{PARTIES_MAX, State, words};
use super::step::{Step, Steps, Strikes, Taken, View};
use super::store::{Place, SHARDS, Shard, find_all, shard_of};
use super::symmetry::NOBODY;
use super::table::{Full, Need, Tables};
use super::{Bounds, Progress, Question, Reached, Reductions};
use crate::fault::FaultKind;

/// How many states a thread works on at a time.
const PIECE: usize = 256;
/// How many pieces are worked on before what they found is entered.
const PIECES: usize = 64;
/// About how many states are looked up in one go.
const AT_ONCE: usize = 64;

/// What a state takes beside itself, in bytes: the link to the state before it, and its place in a table that is two thirds full.
const PLACE_BYTES: u64 = 4 + 8;

/// The states of one level: where they start and end in each shard.
#[derive(Debug, Clone)]
pub(super) struct Level {
    pub(super) from: [u32; SHARDS],
    pub(super) to: [u32; SHARDS],
}

impl Level {
    pub(super) fn len(&self) -> usize {
        self.from.iter().zip(&self.to).map(|(from, to)| (to - from) as usize).sum()
    }

    pub(super) fn places(&self) -> impl Iterator<Item = Place> + '_ {
        (0..SHARDS)
            .flat_map(|shard| (self.from[shard]..self.to[shard]).map(move |index| Place::new(shard, index as usize)))
    }
}

/// A state, or a point in the middle of a step from it, at which something is broken that was not broken before.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hit {
    pub(super) place: Place,
    pub(super) within: Option<Step>,
    pub(super) broken: Breaches,
}

/// Why a search stopped before it was complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopped {
    /// The bound on states was reached.
    States,
    /// The bound on events was reached.
    Depth,
    /// The bound on memory was reached.
    Memory,
    /// There are more different things of a kind than a state has room to name.
    Room(&'static str),
    /// Somebody asked it to.
    Interrupted,
}

impl std::fmt::Display for Stopped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Stopped::States => f.write_str("the bound on states was reached"),
            Stopped::Memory => f.write_str("the bound on memory was reached"),
            Stopped::Depth => f.write_str("the bound on events was reached"),
            Stopped::Room(what) => write!(f, "there are more {what} than a state has room to name"),
            Stopped::Interrupted => f.write_str("interrupted"),
        }
    }
}

/// The states of a search and what was found at them.
pub(super) struct Search<'a, const W: usize> {
    pub(super) tables: Tables<'a>,
    pub(super) looks: Looks,
    pub(super) shards: Vec<Shard<W>>,
    /// By number of faults, then by number of events.
    pub(super) levels: Vec<Vec<Level>>,
    pub(super) strikes: Strikes,
    pub(super) at_most: u32,
    pub(super) hits: Vec<Hit>,
    /// How states at rest look, what they remember, how many there are, and the first of them.
    pub(super) ends: Vec<(Likeness, u8, u64, Place)>,
    ends_known: FxHashMap<(Likeness, u8), usize>,
    pub(super) transitions: u64,
    pub(super) stopped: Option<Stopped>,
    /// How a state is brought into normal form, by what that depends on.
    pub(super) forms: Forms<W>,
    pub(super) reductions: Reductions,
    /// Whether states are in normal form as they come, since nothing is left out.
    pub(super) plain: bool,
    /// What was tried, by thread. They are added up at the end, so it does not matter who counted what.
    tried: Vec<Mutex<Tried>>,
    pub(super) coverage: Tried,
    /// How many states there are from which nothing at rest can be reached, and the first of them.
    endless: Option<(u64, Place)>,
    /// What was found in each piece, kept for the room that it takes.
    found: Vec<Found<W>>,
    /// The number of faults of the level that is worked on, and where it starts.
    faults: u32,
    entered: Option<[u32; SHARDS]>,
    /// The states from which steps have yet to be taken for it.
    todo: VecDeque<(Mode, Vec<Place>)>,
}

/// Why a search cannot go on as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Halt {
    /// A state does not have room for all letters: it takes more words. The search goes on from where it is once it has them.
    Narrow,
    /// What was taken to be symmetric is not, and everything has to be searched again.
    NotSymmetric,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Fair,
    Faulty,
}

/// A state that a step leads to.
#[derive(Debug, Clone, Copy)]
struct Next<const W: usize> {
    state: State<W>,
    hash: u64,
    /// The state before it, by its number in the piece.
    from: u32,
}

/// What a thread found in a piece.
#[derive(Debug)]
struct Found<const W: usize> {
    /// States that were not there before the pieces were begun, and where they come from.
    states: Vec<(State<W>, u64, Place)>,
    /// Their numbers, shard by shard, and where each shard's begin.
    order: Vec<u32>,
    starts: [u32; SHARDS + 1],
    /// States that a good one follows.
    good: Vec<Place>,
    hits: Vec<Hit>,
    ends: Vec<(Likeness, u8, Place)>,
    transitions: u64,
    missed: Vec<Place>,
    needs: Vec<Need>,
    likenesses: Vec<Likeness>,
    /// What the normal form of a state depends on that has not been worked out yet.
    besides: Vec<Beside>,
}

impl<const W: usize> Found<W> {
    fn new() -> Self {
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

    fn clear(&mut self) {
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
    fn sort(&mut self) {
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

    fn of(&self, shard: usize) -> impl Iterator<Item = &(State<W>, u64, Place)> {
        let order = &self.order[self.starts[shard] as usize..self.starts[shard + 1] as usize];
        order.iter().map(|number| &self.states[*number as usize])
    }
}

impl<'a, const W: usize> Search<'a, W> {
    /// A search that has yet to begin.
    pub(super) fn new(question: &Question<'a>) -> Self {
        let (strikes, full) = match Strikes::new(question.budget) {
            Ok(strikes) => (strikes, None),
            Err(Full(what)) => (Strikes::none(), Some(Stopped::Room(what))),
        };
        assert!(question.setup.population.len() <= PARTIES_MAX, "a state has room for {PARTIES_MAX} parties");
        let mut search = Search {
            tables: Tables::new(question),
            looks: Looks::default(),
            shards: (0..SHARDS).map(|_| Shard::new()).collect(),
            levels: Vec::new(),
            strikes,
            at_most: question.budget.at_most,
            hits: Vec::new(),
            ends: Vec::new(),
            ends_known: FxHashMap::default(),
            transitions: 0,
            stopped: full,
            forms: Forms::default(),
            reductions: question.reductions,
            plain: false,
            tried: Vec::new(),
            coverage: Tried::new(strikes),
            endless: None,
            found: (0..PIECES).map(|_| Found::new()).collect(),
            faults: 0,
            entered: None,
            todo: VecDeque::new(),
        };
        search.tried.resize_with(rayon::current_num_threads(), || Mutex::new(Tried::new(strikes)));
        search.look_ahead(question);
        search.plain = !search.reductions.loops && search.tables.futures.is_none() && search.tables.symmetry.is_none();
        let start = State::START;
        let hash = start.hash();
        search.shards[shard_of(hash)].enter(start, hash, Place::new(shard_of(hash), 0));
        if search.stopped.is_none() {
            let first = Level { from: [0; SHARDS], to: search.lens() };
            search.levels.push(vec![first]);
        }
        search
    }

    /// The same search with more words to a state.
    pub(super) fn widen<const V: usize>(self) -> Search<'a, V> {
        Search {
            shards: self.shards.into_iter().map(Shard::widen).collect(),
            forms: self.forms.widen(),
            found: (0..PIECES).map(|_| Found::new()).collect(),
            tables: self.tables,
            looks: self.looks,
            levels: self.levels,
            strikes: self.strikes,
            at_most: self.at_most,
            hits: self.hits,
            ends: self.ends,
            ends_known: self.ends_known,
            transitions: self.transitions,
            stopped: self.stopped,
            reductions: self.reductions,
            plain: self.plain,
            tried: self.tried,
            coverage: self.coverage,
            endless: self.endless,
            faults: self.faults,
            entered: self.entered,
            todo: self.todo,
        }
    }

    /// Searches until nothing new is found or a bound is reached.
    pub(super) fn go_on(&mut self, bounds: &Bounds, progress: &mut dyn Progress) -> Result<(), Halt> {
        while self.stopped.is_none() {
            while let Some((mode, places)) = self.todo.pop_front() {
                if let Err(Full(what)) = self.work(places, mode)? {
                    self.stopped = Some(Stopped::Room(what));
                    self.entered = None;
                    self.todo.clear();
                }
            }
            if let Some(from) = self.entered.take() {
                let to = self.lens();
                self.levels[self.faults as usize].push(Level { from, to });
            }
            if self.stopped.is_none() && !self.begin_level(bounds, progress) {
                break;
            }
        }
        for tried in std::mem::take(&mut self.tried) {
            self.coverage.add(&tried.into_inner().unwrap_or_else(PoisonError::into_inner));
        }
        self.found = Vec::new();
        self.check_symmetry()?;
        self.endless = self.settle();
        Ok(())
    }

    /// Finds out which letters can make a difference, where there is an end to it.
    fn look_ahead(&mut self, question: &Question<'a>) {
        if !question.reductions.dead_letters {
            return;
        }
        let crashes = self.strikes.crashes();
        match self.tables.futures(crashes) {
            Ok(Some(futures)) => self.tables.futures = Some(futures),
            _ => self.tables = Tables::new(question),
        }
    }

    /// How many states there are from which nothing at rest can be reached, and the first of them. `None` if there are none, or if
    /// the search has not come to its end.
    pub(super) fn endless(&self) -> Option<(u64, Place)> {
        self.endless
    }

    fn no_level(&self) -> Level {
        let now = self.lens();
        Level { from: now, to: now }
    }

    fn lens(&self) -> [u32; SHARDS] {
        std::array::from_fn(|shard| self.shards[shard].len() as u32)
    }

    /// How many states there are.
    pub(super) fn len(&self) -> u64 {
        self.shards.iter().map(|shard| shard.len() as u64).sum()
    }

    /// Puts together what there is to do for the next level: a step without a fault from each state of the level before, and one with
    /// a fault from each that has one fault less behind it. Whether there is anything to do.
    fn begin_level(&mut self, bounds: &Bounds, progress: &mut dyn Progress) -> bool {
        let (fair, faulty) = loop {
            let layer = &self.levels[self.faults as usize];
            let depth = layer.len();
            let fair = &layer[depth - 1];
            let below = self.faults.checked_sub(1).map(|faults| &self.levels[faults as usize]);
            if fair.len() > 0 || below.is_some_and(|levels| levels.len() >= depth) {
                break (fair, below.and_then(|levels| levels.get(depth - 1)));
            }
            if self.faults == self.at_most {
                return false;
            }
            self.faults += 1;
            self.levels.push(vec![self.no_level()]);
        };
        let events = self.levels[self.faults as usize].len() as u32 - 1;
        let (frontier, states) = (fair.len() as u64, self.len());
        let bytes = states * (W as u64 * 8 + PLACE_BYTES);
        let mut todo = VecDeque::new();
        for (mode, level) in [(Mode::Fair, Some(fair)), (Mode::Faulty, faulty)] {
            let mut places = level.into_iter().flat_map(Level::places).peekable();
            while places.peek().is_some() {
                todo.push_back((mode, places.by_ref().take(PIECE * PIECES).collect()));
            }
        }
        if !progress.level(Reached { faults: self.faults, events, states, frontier, bytes }) {
            self.stopped = Some(Stopped::Interrupted);
        } else if bytes > bounds.bytes {
            self.stopped = Some(Stopped::Memory);
        } else if states >= bounds.states {
            self.stopped = Some(Stopped::States);
        } else if events >= bounds.depth {
            self.stopped = Some(Stopped::Depth);
        } else {
            (self.todo, self.entered) = (todo, Some(self.lens()));
        }
        self.stopped.is_none()
    }

    /// Whether parties can really stand for each other, as far as the search has seen them do.
    fn check_symmetry(&mut self) -> Result<(), Halt> {
        let twice = self.strikes.crashes() && self.at_most > 1;
        let holds = self.tables.symmetry.is_none()
            || self.tables.is_symmetric(twice) && self.looks.is_symmetric(&mut self.tables);
        if holds { Ok(()) } else { Err(Halt::NotSymmetric) }
    }

    /// Whether a replay may yet strike in states that are reached with so many faults.
    pub(super) fn replays(&self, faults: u32) -> bool {
        self.strikes.has(FaultKind::Replay) && faults < self.at_most
    }

    /// Takes every step from the given states and enters what they lead to.
    fn work(&mut self, mut places: Vec<Place>, mode: Mode) -> Result<Result<(), Full>, Halt> {
        let faults = self.faults;
        while !places.is_empty() {
            let mut founds = std::mem::take(&mut self.found);
            let this = &*self;
            let pieces = places.len().div_ceil(PIECE);
            founds[..pieces].par_iter_mut().zip(places.par_chunks(PIECE)).for_each(|(found, piece)| {
                found.clear();
                this.expand(piece, mode, faults, found);
                found.sort();
            });
            self.shards.par_iter_mut().enumerate().for_each(|(number, shard)| {
                for (state, hash, parent) in founds[..pieces].iter().flat_map(|found| found.of(number)) {
                    shard.enter(*state, *hash, *parent);
                }
            });
            places.clear();
            for found in &founds[..pieces] {
                places.extend_from_slice(&found.missed);
                if let Err(full) = self.take_in(found) {
                    return Ok(Err(full));
                }
            }
            self.found = founds;
            if self.tables.symmetry.has_failed() {
                return Err(Halt::NotSymmetric);
            }
            if words(self.tables.placed.len()) > W {
                self.todo.push_front((mode, places));
                return Err(Halt::Narrow);
            }
        }
        Ok(Ok(()))
    }

    /// Adds what was found in a piece, and works out what was missed.
    fn take_in(&mut self, found: &Found<W>) -> Result<(), Full> {
        self.transitions += found.transitions;
        self.hits.extend_from_slice(&found.hits);
        for place in &found.good {
            self.shards[place.shard()].set_good(place.index());
        }
        for &(likeness, remembered, place) in &found.ends {
            self.end(likeness, remembered, place);
        }
        for &need in &found.needs {
            self.fill(need)?;
        }
        for &beside in &found.besides {
            self.find_form(beside)?;
        }
        for &likeness in &found.likenesses {
            self.looks.fill(likeness, &mut self.tables)?;
        }
        Ok(())
    }

    pub(super) fn fill(&mut self, need: Need) -> Result<(), Full> {
        self.tables.fill(need)
    }

    /// Whether a crash may yet strike in states that are reached with so many faults.
    pub(super) fn crashes(&self, faults: u32) -> bool {
        self.strikes.crashes() && faults < self.at_most
    }

    fn end(&mut self, likeness: Likeness, remembered: u8, place: Place) {
        let ends = &mut self.ends;
        let at = *self.ends_known.entry((likeness, remembered)).or_insert_with(|| {
            ends.push((likeness, remembered, 0, place));
            ends.len() - 1
        });
        self.ends[at].2 += 1;
    }

    /// After how many events a state is first reached, loops not counted.
    pub(super) fn depth_of(&self, place: Place) -> usize {
        let (shard, index) = (place.shard(), place.index() as u32);
        let layer = self.levels.iter().find(|levels| levels.last().is_some_and(|last| index < last.to[shard]));
        layer.map_or(0, |levels| levels.partition_point(|level| level.to[shard] <= index))
    }

    pub(super) fn state(&self, place: Place) -> (State<W>, Place) {
        self.shards[place.shard()].get(place.index())
    }

    fn expand(&self, piece: &[Place], mode: Mode, faults: u32, found: &mut Found<W>) {
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
