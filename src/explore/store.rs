//! Every state that a search has met, in the order in which it was met, and where it came from.
//!
//! States are spread over a fixed number of shards by their hash, so that several threads can enter states at once and still the same
//! states stand at the same places whatever their number. A state is kept once, in full; the table beside it holds places only,
//! and so does the link to the state before it. How a state was reached is not kept: it is found again by taking every step of the
//! state before it.

use hashbrown::HashTable;

use super::state::State;

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

    pub(super) const fn shard(self) -> usize {
        self.0 as usize % SHARDS
    }

    pub(super) const fn index(self) -> usize {
        self.0 as usize / SHARDS
    }
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
    table: HashTable<u32>,
    states: Blocks<[u64; W]>,
    parents: Blocks<u32>,
    len: usize,
}

impl<const W: usize> Shard<W> {
    pub(super) fn new() -> Self {
        Shard { table: HashTable::new(), states: Vec::new(), parents: Vec::new(), len: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn get(&self, index: usize) -> (State<W>, Place) {
        let (block, at) = (index / BLOCK, index % BLOCK);
        (State(self.states[block][at]), Place(self.parents[block][at]))
    }

    /// Enters a state, unless it is there.
    pub(super) fn enter(&mut self, state: State<W>, hash: u64, parent: Place) -> bool {
        let states = &self.states;
        let at = |index: u32| states[index as usize / BLOCK][index as usize % BLOCK];
        let entry = self.table.entry(hash, |index| at(*index) == state.0, |index| State(at(*index)).hash());
        let hashbrown::hash_table::Entry::Vacant(vacant) = entry else { return false };
        vacant.insert(self.len as u32);
        push(&mut self.states, state.0);
        push(&mut self.parents, parent.0);
        self.len += 1;
        true
    }

    /// Where a state stands.
    pub(super) fn find(&self, state: &State<W>, hash: u64) -> Option<usize> {
        let at = |index: u32| self.states[index as usize / BLOCK][index as usize % BLOCK];
        self.table.find(hash, |index| at(*index) == state.0).map(|index| *index as usize)
    }
}
