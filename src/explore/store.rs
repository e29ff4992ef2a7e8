//! Every state that a search has met, in the order in which it was met, and where it came from.
//!
//! States are spread over a fixed number of shards by their hash, so that several threads can enter states at once and still the same
//! states stand at the same places whatever their number. A state is kept once, in full; the table beside it holds places only,
//! and so does the link to the state before it. How a state was reached is not kept: it is found again by taking every step of the
//! state before it.
//!
//! Most of what a search does is to ask whether a state is there, and the answer lies where no cache has it. So what steps lead to is
//! gathered by shard, and each shard is asked for all of its own at a time ([`Shard::enter_all`]): what lies close together is asked
//! for close together. Where that is not done, many are asked for in one go ([`find_all`]). Both go in rounds of loads that do not depend
//! on each other: the processor then waits for all of them at once.

use super::state::{State, widened};

/// The number of shards, which does not depend on the number of threads.
pub(super) const SHARDS: usize = 64;
const BLOCK: usize = 1 << 10;

/// A state's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Place(u32);

impl Place {
    pub(super) const fn new(shard: usize, index: usize) -> Self {
        Place((index * SHARDS + shard) as u32)
    }

    /// The place as a number, and back.
    pub(super) const fn number(self) -> u32 {
        self.0
    }

    pub(super) const fn of(number: u32) -> Self {
        Place(number)
    }

    pub(super) const fn shard(self) -> usize {
        self.0 as usize % SHARDS
    }

    pub(super) const fn index(self) -> usize {
        self.0 as usize / SHARDS
    }
}

/// A state that a step leads to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Next<const W: usize> {
    pub(super) state: State<W>,
    /// Its number among all that steps from a piece lead to.
    pub(super) order: u32,
    /// The number of the state before it in its piece.
    pub(super) number: u16,
    /// The shard that it belongs to.
    pub(super) shard: u8,
}

/// The shard that a state belongs to.
pub(super) const fn shard_of(hash: u64) -> usize {
    (hash >> 58) as usize
}

/// A list that grows by blocks, so that growing it never copies what is there.
type Blocks<T> = Vec<Vec<T>>;

fn push<T>(blocks: &mut Blocks<T>, value: T) {
    if blocks.last().is_none_or(|last| last.len() == BLOCK) {
        blocks.push(Vec::with_capacity(BLOCK));
    }
    blocks.last_mut().expect("there is a block with room").push(value);
}

/// A part of the states.
#[derive(Debug)]
pub(super) struct Shard<const W: usize> {
    /// Open addressing with linear probing: six bits of the hash above the state's index plus one; nought is free. The bits spare
    /// most looks at states that are others.
    slots: Vec<u32>,
    states: Blocks<[u64; W]>,
    parents: Blocks<u32>,
    /// A bit for each state: whether a state at rest is known to follow it.
    good: Vec<u64>,
    len: usize,
}

/// The bits of a slot that hold the index, plus one. Together with the shards' number they are a [`Place`].
const INDEX_BITS: u32 = 26;
const INDEX: u32 = (1 << INDEX_BITS) - 1;
/// So many states may yet be entered when a shard counts as full: more than one piece of work leads to.
const SPARE: usize = 1 << 24;
/// A table's least size.
const SLOTS_MIN: usize = 16;

const fn tag(hash: u64) -> u32 {
    (hash as u32) << INDEX_BITS
}

impl<const W: usize> Shard<W> {
    pub(super) fn new() -> Self {
        Shard { slots: vec![0; SLOTS_MIN], states: Vec::new(), parents: Vec::new(), good: Vec::new(), len: 0 }
    }

    /// The same states with more words. Each keeps its place, since it keeps its hash.
    pub(super) fn widen<const V: usize>(self) -> Shard<V> {
        let Shard { slots, states, parents, good, len } = self;
        let block = |block: Vec<[u64; W]>| {
            let mut wide = Vec::with_capacity(BLOCK);
            wide.extend(block.into_iter().map(|state| widened(state, 0)));
            wide
        };
        Shard { slots, states: states.into_iter().map(block).collect(), parents, good, len }
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Whether there is hardly room for more states, which takes more than three thousand million of them in all.
    pub(super) fn is_full(&self) -> bool {
        self.len > INDEX as usize - SPARE
    }

    fn at(&self, index: usize) -> &[u64; W] {
        &self.states[index / BLOCK][index % BLOCK]
    }

    pub(super) fn state(&self, index: usize) -> State<W> {
        State(*self.at(index))
    }

    /// The state before a state.
    pub(super) fn parent(&self, index: usize) -> Place {
        Place(self.parents[index / BLOCK][index % BLOCK])
    }

    /// Whether a state at rest is known to follow a state.
    pub(super) fn is_good(&self, index: usize) -> bool {
        self.good[index / 64] >> (index % 64) & 1 == 1
    }

    /// A state at rest follows. Whether that was not known.
    pub(super) fn set_good(&mut self, index: usize) -> bool {
        let (word, bit) = (&mut self.good[index / 64], 1 << (index % 64));
        let new = *word & bit == 0;
        *word |= bit;
        new
    }

    /// The slot where the search for a state begins. The top bits have picked the shard, the bottom ones are the tag.
    fn home(&self, hash: u64) -> usize {
        (((hash >> INDEX_BITS & 0xffff_ffff) * self.slots.len() as u64) >> 32) as usize
    }

    fn after(&self, slot: usize) -> usize {
        if slot + 1 == self.slots.len() { 0 } else { slot + 1 }
    }

    /// The first slot from that one on that is free or may be the state's, and what it holds.
    fn probe(&self, mut slot: usize, tag: u32) -> (usize, u32) {
        loop {
            let held = self.slots[slot];
            if held == 0 || held & !INDEX == tag {
                return (slot, held);
            }
            slot = self.after(slot);
        }
    }

    /// The state's index, or the slot that is free for it.
    fn seek(&self, state: &State<W>, hash: u64, mut slot: usize) -> Result<usize, usize> {
        loop {
            let (at, held) = self.probe(slot, tag(hash));
            if held == 0 {
                return Err(at);
            }
            let index = (held & INDEX) as usize - 1;
            if *self.at(index) == state.0 {
                return Ok(index);
            }
            slot = self.after(at);
        }
    }

    /// Enters a state, unless it is there; then its index.
    pub(super) fn enter(&mut self, state: State<W>, hash: u64, parent: Place) -> Option<usize> {
        self.enter_from(self.home(hash), state, hash, parent)
    }

    /// The same, where it is known to stand in no slot from its first one up to that.
    fn enter_from(&mut self, slot: usize, state: State<W>, hash: u64, parent: Place) -> Option<usize> {
        let mut free = match self.seek(&state, hash, slot) {
            Ok(there) => return Some(there),
            Err(free) => free,
        };
        // Above seven tenths probing takes too long; growing by half rather than by all keeps the table small.
        if (self.len + 1) * 10 > self.slots.len() * 7 {
            self.grow();
            free = self.seek(&state, hash, self.home(hash)).expect_err("the state is not there");
        }
        if self.len.is_multiple_of(64) {
            self.good.push(0);
        }
        self.len += 1;
        assert!(self.len < INDEX as usize, "a shard has room for {INDEX} states");
        self.slots[free] = tag(hash) | self.len as u32;
        push(&mut self.states, state.0);
        push(&mut self.parents, parent.0);
        None
    }

    /// Enters those of some states that are not there, in their order; each comes with the state before it and something to know it by.
    /// Shows each that is there with its index, and each that is new.
    pub(super) fn enter_all<'n, K: Copy>(
        &mut self,
        mut nexts: impl Iterator<Item = (&'n Next<W>, Place, K)>,
        mut is_there: impl FnMut(&Self, &Next<W>, K, usize),
        mut is_new: impl FnMut(&Next<W>, K, usize),
    ) {
        let mut some = Vec::with_capacity(AT_ONCE);
        loop {
            some.clear();
            some.extend(nexts.by_ref().take(AT_ONCE));
            if some.is_empty() {
                return;
            }
            let mut hashes = [0; AT_ONCE];
            let (mut first, mut found) = ([0; AT_ONCE], [(0, 0); AT_ONCE]);
            let (mut same, size) = ([false; AT_ONCE], self.slots.len());
            for ((next, ..), hash) in some.iter().zip(&mut hashes) {
                *hash = next.state.hash();
            }
            for (hash, first) in hashes[..some.len()].iter().zip(&mut first) {
                *first = self.slots[self.home(*hash)];
            }
            for ((hash, first), found) in hashes[..some.len()].iter().zip(first).zip(&mut found) {
                let home = self.home(*hash);
                let done = first == 0 || first & !INDEX == tag(*hash);
                *found = if done { (home, first) } else { self.probe(self.after(home), tag(*hash)) };
            }
            for (((next, ..), (_, held)), same) in some.iter().zip(found).zip(&mut same) {
                *same = held != 0 && is_same(self.at((held & INDEX) as usize - 1), &next.state.0);
            }
            for (((&(next, before, known), hash), (slot, held)), same) in some.iter().zip(hashes).zip(found).zip(same) {
                // What has been entered since leaves an index what it was; a slot only if the table has not grown.
                let there = if same {
                    Some((held & INDEX) as usize - 1)
                } else if self.slots.len() == size {
                    self.enter_from(slot, next.state, hash, before)
                } else {
                    self.enter(next.state, hash, before)
                };
                match there {
                    Some(there) => is_there(self, next, known, there),
                    None => is_new(next, known, self.len - 1),
                }
            }
        }
    }

    fn grow(&mut self) {
        let size = self.slots.len() + self.slots.len() / 2;
        self.slots = Vec::new();
        self.slots.resize(size, 0);
        for (index, state) in self.states.iter().flatten().enumerate() {
            let hash = State(*state).hash();
            let mut slot = self.home(hash);
            while self.slots[slot] != 0 {
                slot = self.after(slot);
            }
            self.slots[slot] = tag(hash) | (index as u32 + 1);
        }
    }
}

/// Whether two states are the same, found out without a branch.
fn is_same<const W: usize>(one: &[u64; W], other: &[u64; W]) -> bool {
    let mut differ = 0;
    for (a, b) in one.iter().zip(other) {
        differ |= a ^ b;
    }
    differ == 0
}

/// So many states are asked for at a time.
const AT_ONCE: usize = 32;

/// Shows where each of some states stands, if it is there.
pub(super) fn find_all<'q, const W: usize, Q>(
    shards: &[Shard<W>],
    asked: &'q [Q],
    key: impl Fn(&Q) -> (&State<W>, u64),
    mut show: impl FnMut(&'q Q, Option<Place>),
) {
    for asked in asked.chunks(AT_ONCE) {
        let (mut first, mut found) = ([0_u32; AT_ONCE], [(0_usize, 0_u32); AT_ONCE]);
        let mut same = [false; AT_ONCE];
        for (one, first) in asked.iter().zip(&mut first) {
            let (_, hash) = key(one);
            let shard = &shards[shard_of(hash)];
            *first = shard.slots[shard.home(hash)];
        }
        for ((one, first), found) in asked.iter().zip(first).zip(&mut found) {
            let (_, hash) = key(one);
            let shard = &shards[shard_of(hash)];
            let home = shard.home(hash);
            let done = first == 0 || first & !INDEX == tag(hash);
            *found = if done { (home, first) } else { shard.probe(shard.after(home), tag(hash)) };
        }
        for ((one, (_, held)), same) in asked.iter().zip(found).zip(&mut same) {
            if held != 0 {
                let (state, hash) = key(one);
                *same = is_same(shards[shard_of(hash)].at((held & INDEX) as usize - 1), &state.0);
            }
        }
        for ((one, (slot, held)), same) in asked.iter().zip(found).zip(same) {
            let (state, hash) = key(one);
            let (number, shard) = (shard_of(hash), &shards[shard_of(hash)]);
            let index = if same {
                Some((held & INDEX) as usize - 1)
            } else if held == 0 {
                None
            } else {
                shard.seek(state, hash, shard.after(slot)).ok()
            };
            show(one, index.map(|index| Place::new(number, index)));
        }
    }
}
