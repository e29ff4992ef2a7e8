//! What one thread finds in a piece of a level, kept apart until all are done: the states that steps lead to, by the shards that they
//! belong to ([`Onward`]), and everything else ([`Found`]).

use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;

use super::early::{By, Met};
use super::expand::PIECE;
use super::form::Beside;
use super::look::Likeness;
use super::search::Hit;
use super::store::{Next, Place, SHARDS};
use super::table::Need;

/// The states that steps from a piece lead to.
#[derive(Debug)]
pub(super) struct Onward<const W: usize> {
    /// Shard by shard, and otherwise in the order in which they were found.
    nexts: Vec<Next<W>>,
    /// Where each shard's begin.
    starts: [u32; SHARDS + 1],
    /// In the order in which they were found: the place of each that was new, and the steps to them.
    entered: Vec<AtomicU32>,
    by: Vec<By>,
}

/// What is known to follow a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Follower {
    /// A state that was there.
    There(Place),
    /// One that was not, and whose link leads here.
    New,
    /// One at rest, or it is at rest itself.
    Good,
}

impl Follower {
    /// As a number, the more telling the greater; nought is nothing. Of the states that were there the last says most: it is the furthest
    /// from the beginning.
    pub(super) const fn number(self) -> u32 {
        match self {
            Follower::There(place) => place.number() + 1,
            Follower::New => u32::MAX - 1,
            Follower::Good => u32::MAX,
        }
    }

    const fn of(number: u32) -> Option<Self> {
        match number {
            0 => None,
            u32::MAX => Some(Follower::Good),
            number if number == u32::MAX - 1 => Some(Follower::New),
            number => Some(Follower::There(Place::of(number - 1))),
        }
    }
}

/// What else a thread found in a piece.
#[derive(Debug)]
pub(super) struct Found {
    /// For each state of the piece, something that follows it: the greatest [`Follower`] that anybody has found.
    pub(super) follows: [AtomicU32; PIECE],
    pub(super) hits: Vec<Hit>,
    pub(super) ends: Vec<(Likeness, u8, Place)>,
    pub(super) transitions: u64,
    pub(super) missed: Vec<Met>,
    pub(super) needs: Vec<Need>,
    pub(super) likenesses: Vec<Likeness>,
    /// What the normal form of a state depends on that has not been worked out yet.
    pub(super) besides: Vec<Beside>,
}

impl<const W: usize> Onward<W> {
    pub(super) fn new() -> Self {
        Onward { nexts: Vec::new(), starts: [0; SHARDS + 1], entered: Vec::new(), by: Vec::new() }
    }

    /// Those of a shard.
    pub(super) fn of(&self, shard: usize) -> &[Next<W>] {
        &self.nexts[self.starts[shard] as usize..self.starts[shard + 1] as usize]
    }

    /// One of them was new.
    pub(super) fn enter(&self, next: &Next<W>, place: Place) {
        self.entered[next.order as usize].store(place.number() + 1, Relaxed);
    }

    /// The new ones, in the order in which they were found.
    pub(super) fn entered(&self) -> impl Iterator<Item = Met> + '_ {
        self.entered.iter().zip(&self.by).filter_map(|(place, &by)| {
            let place = Place::of(place.load(Relaxed).checked_sub(1)?);
            Some(Met { place, by })
        })
    }

    /// Takes in states, each with its shard, and the steps to them, in place of those of another piece.
    pub(super) fn sort(&mut self, nexts: &[Next<W>], by: &[By]) {
        self.by.clear();
        self.by.extend_from_slice(by);
        let mut counts = [0_u32; SHARDS];
        for next in nexts {
            counts[next.shard as usize] += 1;
        }
        for (shard, count) in counts.iter().enumerate() {
            self.starts[shard + 1] = self.starts[shard] + count;
        }
        let mut at = self.starts;
        // What is left of the other piece is written over.
        if let Some(any) = nexts.first().filter(|_| self.nexts.len() < nexts.len()) {
            self.nexts.resize(nexts.len(), *any);
        }
        self.entered.iter_mut().take(nexts.len()).for_each(|place| *place.get_mut() = 0);
        self.entered.resize_with(nexts.len(), AtomicU32::default);
        for next in nexts {
            let at = &mut at[next.shard as usize];
            self.nexts[*at as usize] = *next;
            *at += 1;
        }
    }
}

impl Found {
    pub(super) fn new() -> Self {
        Found {
            follows: std::array::from_fn(|_| AtomicU32::new(0)),
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
        self.follows.iter_mut().for_each(|number| *number.get_mut() = 0);
        self.hits.clear();
        self.ends.clear();
        self.transitions = 0;
        self.missed.clear();
        self.needs.clear();
        self.likenesses.clear();
        self.besides.clear();
    }

    /// Something follows that state of the piece. Whoever comes first, the greatest remains.
    pub(super) fn follow(&self, number: u16, follower: Follower) {
        let (known, follower) = (&self.follows[usize::from(number)], follower.number());
        if known.load(Relaxed) < follower {
            known.fetch_max(follower, Relaxed);
        }
    }

    /// By the numbers of the states: what follows each.
    pub(super) fn follows(&self) -> impl Iterator<Item = Option<Follower>> + '_ {
        self.follows.iter().map(|number| Follower::of(number.load(Relaxed)))
    }
}
