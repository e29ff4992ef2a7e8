//! Breadth first over the states, fewest faults first.
//!
//! A level is the states that are first reached with so many faults and so many events. A state is entered once, on the first
//! level that reaches it: with fewest faults and, among these, fewest events. Whatever can follow it after more faults can follow it
//! then, since more are left. Each level is worked on in pieces by all threads, which only read: they take the steps of each state and
//! ask nothing about where these lead. That is found out when what they found is entered, shard by shard, in the order of the pieces.
//! So every state is asked for once, and stands at the same place whatever the number of threads.
//!
//! States are taken up in the order in which they were found. Neighbours then differ in little: what their steps need is at hand, and
//! much of what they lead to has just been found by a neighbour ([`expand`](super::expand)). And of the shortest ways to a state the
//! search finds the one whose steps come first.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::coverage::Tried;
use super::early::{By, Met};
use super::endless::Endless;
use super::expand::{Mode, PIECE};
use super::form::Forms;
use super::found::{Follower, Found, Onward};
use super::look::{Breaches, Likeness, Looks};
use super::loops::Loops;
use super::own::Own;
use super::settle::LEADS_MIN;
use super::state::{PARTIES_MAX, State, words};
use super::step::Step;
use super::store::{Next, Place, SHARDS, Shard, shard_of};
use super::strike::Strikes;
use super::table::{Full, Need, Tables};
use super::{Bounds, Progress, Question, Reached, Reductions, Sought};
use crate::fault::FaultKind;

/// How many pieces are worked on before what was missed is worked out.
const PIECES: usize = 64;

/// How many of them are worked on before what their states lead to is entered: the more, the closer together lies what a shard is asked
/// for, and the more room it takes. Faults strike in three times as many ways as there are other steps.
const fn at_once(mode: Mode) -> usize {
    match mode {
        Mode::Fair => PIECES,
        Mode::Faulty => PIECES / 2,
    }
}

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
    pub(super) loops: Loops,
    pub(super) reductions: Reductions,
    /// Whether states are in normal form as they come, since nothing is left out.
    pub(super) plain: bool,
    /// What is a thread's own.
    own: Vec<Mutex<Own<W>>>,
    pub(super) coverage: Tried,
    /// Whether it is counted what was met and struck.
    pub(super) counts: bool,
    endless: Endless,
    /// States of the layer that is worked on that are not known to be good and to which no link leads back, and what follows each.
    pub(super) leads: Vec<(Place, Place)>,
    /// So many of these are kept before they are followed.
    pub(super) leads_max: usize,
    /// States that are not known to be good although all with as many faults are there, and with how many faults.
    pub(super) unsettled: Vec<(u32, Place)>,
    /// What was found in each piece, kept for the room that it takes.
    found: Vec<Found>,
    onward: Vec<Onward<W>>,
    /// The states of each level of the layer that is worked on, in the order in which they were found; and of the layer below.
    layer: Vec<Vec<Met>>,
    below: Vec<Vec<Met>>,
    /// Those of the level that is worked on, so far.
    fresh: Vec<Met>,
    /// The number of faults of the level that is worked on, and where it starts.
    pub(super) faults: u32,
    entered: Option<[u32; SHARDS]>,
    /// The states from which steps have yet to be taken for it.
    todo: VecDeque<(Mode, Vec<Met>)>,
}

/// What a lock holds; nobody who had it has panicked.
fn inner<T>(lock: Mutex<T>) -> T {
    lock.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// Why a search cannot go on as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Halt {
    /// A state does not have room for all letters: it takes more words. The search goes on from where it is once it has them.
    Narrow,
    /// What was taken to be symmetric is not, and everything has to be searched again.
    NotSymmetric,
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
            looks: Looks::new(question.sought),
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
            loops: Loops::default(),
            reductions: question.reductions,
            plain: false,
            own: Vec::new(),
            coverage: Tried::new(strikes),
            counts: question.sought == Sought::Causes,
            endless: Endless::default(),
            leads: Vec::new(),
            leads_max: LEADS_MIN,
            unsettled: Vec::new(),
            found: Vec::new(),
            onward: Vec::new(),
            layer: Vec::new(),
            below: Vec::new(),
            fresh: Vec::new(),
            faults: 0,
            entered: None,
            todo: VecDeque::new(),
        };
        search.own.resize_with(rayon::current_num_threads(), || Mutex::new(Own::new(strikes)));
        search.look_ahead(question);
        search.plain = !search.reductions.loops && search.tables.futures.is_none() && search.tables.symmetry.is_none();
        let start = State::START;
        let hash = start.hash();
        search.shards[shard_of(hash)].enter(start, hash, Place::new(shard_of(hash), 0));
        if search.stopped.is_none() {
            let first = Level { from: [0; SHARDS], to: search.lens() };
            search.layer.push(first.places().map(|place| Met { place, by: By::Other }).collect());
            search.levels.push(vec![first]);
        }
        search
    }

    /// The same search with more words to a state.
    pub(super) fn widen<const V: usize>(self) -> Search<'a, V> {
        Search {
            shards: self.shards.into_iter().map(Shard::widen).collect(),
            forms: self.forms.widen(),
            loops: self.loops,
            found: Vec::new(),
            onward: Vec::new(),
            layer: self.layer,
            below: self.below,
            fresh: self.fresh,
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
            own: self.own.into_iter().map(|own| Mutex::new(inner(own).widen())).collect(),
            coverage: self.coverage,
            counts: self.counts,
            endless: self.endless,
            leads: self.leads,
            leads_max: self.leads_max,
            unsettled: self.unsettled,
            faults: self.faults,
            entered: self.entered,
            todo: self.todo,
        }
    }

    /// Searches until nothing new is found or a bound is reached.
    pub(super) fn go_on(&mut self, bounds: &Bounds, progress: &mut dyn Progress) -> Result<(), Halt> {
        // Many letters may have turned up at once.
        if words(self.tables.placed.len()) > W {
            return Err(Halt::Narrow);
        }
        while self.stopped.is_none() {
            while let Some((mode, places)) = self.todo.pop_front() {
                let stopped = if self.shards.iter().any(Shard::is_full) {
                    Some(Stopped::States)
                } else {
                    self.work(places, mode)?.err().map(|Full(what)| Stopped::Room(what))
                };
                if stopped.is_some() {
                    (self.stopped, self.entered) = (stopped, None);
                    self.todo.clear();
                }
            }
            if let Some(from) = self.entered.take() {
                let to = self.lens();
                self.levels[self.faults as usize].push(Level { from, to });
                self.layer.push(std::mem::take(&mut self.fresh));
            }
            if self.stopped.is_none() && !self.begin_level(bounds, progress) {
                break;
            }
        }
        for own in &mut self.own {
            self.coverage.add(&own.get_mut().unwrap_or_else(PoisonError::into_inner).tried);
        }
        (self.found, self.onward) = (Vec::new(), Vec::new());
        self.check_symmetry()?;
        self.endless = self.settle();
        Ok(())
    }

    /// Finds out which letters can make a difference, where there is an end to it.
    fn look_ahead(&mut self, question: &Question<'a>) {
        if !question.reductions.dead_letters {
            return;
        }
        let (crashes, garbles) = (self.strikes.crashes(), self.strikes.has(FaultKind::Corrupt));
        match self.tables.futures(crashes, garbles, question.bounds.states) {
            Ok(Some(futures)) => self.tables.futures = Some(futures),
            _ => self.tables = Tables::new(question),
        }
    }

    /// The states from which nothing at rest can be reached; of a search that has not come to its end they are not known.
    pub(super) const fn endless(&self) -> &Endless {
        &self.endless
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
            let depth = self.layer.len();
            let fair = &self.layer[depth - 1];
            if !fair.is_empty() || self.below.len() >= depth {
                break (fair, self.below.get(depth - 1));
            }
            if self.faults == self.at_most {
                return false;
            }
            self.settle_layer();
            self.faults += 1;
            self.levels.push(vec![self.no_level()]);
            self.below = std::mem::replace(&mut self.layer, vec![Vec::new()]);
        };
        let events = self.layer.len() as u32 - 1;
        let (frontier, states) = (fair.len() as u64, self.len());
        let bytes = states * (W as u64 * 8 + PLACE_BYTES);
        let mut todo = VecDeque::new();
        for (mode, places) in [(Mode::Fair, Some(fair)), (Mode::Faulty, faulty)] {
            let pieces = places.into_iter().flat_map(|places| places.chunks(PIECE * PIECES));
            todo.extend(pieces.map(|places| (mode, places.to_vec())));
        }
        // What is not taken up again need not be kept in order.
        if let Some(done) = self.below.get_mut(events as usize) {
            *done = Vec::new();
        }
        if self.faults == self.at_most {
            self.layer[events as usize] = Vec::new();
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
    fn work(&mut self, mut places: Vec<Met>, mode: Mode) -> Result<Result<(), Full>, Halt> {
        while !places.is_empty() {
            let mut founds = std::mem::take(&mut self.found);
            let pieces = places.len().div_ceil(PIECE);
            if founds.len() < pieces {
                founds.resize_with(pieces, Found::new);
            }
            let some = places.chunks(PIECE * at_once(mode)).zip(founds.chunks_mut(at_once(mode)));
            some.for_each(|(places, founds)| self.advance(places, mode, founds));
            let mut missed = Vec::new();
            for (found, piece) in founds.iter().zip(places.chunks(PIECE)) {
                missed.extend_from_slice(&found.missed);
                if let Err(full) = self.take_in(found, piece, mode) {
                    return Ok(Err(full));
                }
            }
            places = missed;
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

    /// Takes every step from the given states and enters what they lead to, as far as the tables go.
    fn advance(&mut self, places: &[Met], mode: Mode, founds: &mut [Found]) {
        let mut onward = std::mem::take(&mut self.onward);
        let pieces = places.len().div_ceil(PIECE);
        if onward.len() < pieces {
            onward.resize_with(pieces, Onward::new);
        }
        let (this, faults) = (&*self, self.faults);
        let finds = founds.par_iter_mut().zip(onward.par_iter_mut()).zip(places.par_chunks(PIECE));
        finds.for_each(|((found, onward), piece)| this.expand((piece, mode, faults), found, onward));
        self.shards.par_iter_mut().enumerate().for_each(|(number, shard)| {
            let pieces = founds.iter().zip(&onward).zip(places.chunks(PIECE));
            let nexts = pieces.flat_map(|((found, onward), piece)| {
                let before = |next: &Next<W>| piece[next.number as usize].place;
                onward.of(number).iter().map(move |next| (next, before(next), (found, onward)))
            });
            shard.enter_all(
                nexts,
                |shard, next, (found, _), index| {
                    let there = Follower::There(Place::new(number, index));
                    found.follow(next.number, if shard.is_good(index) { Follower::Good } else { there });
                },
                |next, (found, onward), index| {
                    found.follow(next.number, Follower::New);
                    onward.enter(next, Place::new(number, index));
                },
            );
        });
        self.fresh.extend(onward[..pieces].iter().flat_map(Onward::entered));
        self.onward = onward;
    }

    /// Adds what was found in a piece, and works out what was missed.
    fn take_in(&mut self, found: &Found, piece: &[Met], mode: Mode) -> Result<(), Full> {
        self.transitions += found.transitions;
        self.hits.extend_from_slice(&found.hits);
        if mode == Mode::Fair {
            self.note_followers(piece, found.follows());
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
        self.tables.fill(need)?;
        // Otherwise the state would ask again for ever.
        assert!(self.tables.knows(need), "what a state asks for can be worked out: {need:?}");
        Ok(())
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

    pub(super) fn state(&self, place: Place) -> State<W> {
        self.shards[place.shard()].state(place.index())
    }

    /// The state before a state.
    pub(super) fn parent(&self, place: Place) -> Place {
        self.shards[place.shard()].parent(place.index())
    }

    /// What is this thread's own. No other thread asks for it.
    pub(super) fn own(&self) -> MutexGuard<'_, Own<W>> {
        let own = &self.own[rayon::current_thread_index().unwrap_or(0) % self.own.len()];
        own.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
