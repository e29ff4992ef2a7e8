//! The three protocols a second time, as explicit-state models for `stateright`, written from the specification alone.
//!
//! Nothing here shares a line or a type with halfpaid: an end state that only one of the two programs reaches is a
//! mistake in one of them, or a reading of the specification that they do not share. Every such reading is a constant
//! in [`readings`], with its reason, so that a difference can be traced by flipping one.
//!
//! * [`readings`]: what the specification leaves open, and how it is read here.
//! * [`parties`]: customer, merchant and payment server as functions from an input to effects.
//! * [`network`]: the messages under way.
//! * [`world`]: the untimed clock, the faults, and the `stateright::Model`.
//! * [`ends`]: the end states, as bottom strongly connected components of the fair steps.

pub mod ends;
pub mod network;
pub mod parties;
pub mod readings;
pub mod world;

use std::collections::BTreeSet;

pub use ends::{EndState, Graph};

/// A protocol of section 5.1 of the paper.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Case {
    /// Without atomicity: M sends the item after P's status.
    One,
    /// Encryption-based: {item}k first, k is registered at P.
    Two,
    /// Authority-based: the item is registered at P, and P delivers it.
    Three,
}

/// Which safeguards are on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Preset {
    /// All of them.
    Hardened,
    /// What the paper states outright: `idempotent-submit` and `payment-journal`, and in Cases 2 and 3 `status-query`
    /// with `release-on-query`.
    AsWritten,
}

/// The kinds of fault that may strike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Kinds {
    /// A copy that was sent never arrives.
    pub drop: bool,
    /// A send makes two copies.
    pub duplicate: bool,
    /// A party loses its volatile state, and restarts later from its journal.
    pub crash: bool,
}

impl Kinds {
    /// All three kinds.
    pub const ALL: Self = Self { drop: true, duplicate: true, crash: true };
}

/// One purchase by honest parties under at most `budget` faults; this value is the `stateright` model.
#[derive(Clone, Copy, Debug)]
pub struct Configuration {
    /// The protocol.
    pub case: Case,
    /// Its safeguards.
    pub preset: Preset,
    /// The faults that may strike.
    pub kinds: Kinds,
    /// How many of them in one run.
    pub budget: u8,
    /// How many identical copies may be under way before one more, sent without a fault, adds nothing; see [`world`].
    pub copies: u8,
}

impl Configuration {
    /// Every kind of fault, and retransmissions that add nothing to an identical copy under way.
    pub fn new(case: Case, preset: Preset, budget: u8) -> Self {
        Self { case, preset, kinds: Kinds::ALL, budget, copies: 1 }
    }

    fn hardened(&self) -> bool {
        self.preset == Preset::Hardened
    }

    /// `status-query`, and with it `release-on-query`: no preset has one without the other.
    fn queries(&self) -> bool {
        self.hardened() || self.case != Case::One
    }
}

/// Every end state that some run within the budget comes to rest in.
pub fn end_states(configuration: Configuration) -> BTreeSet<EndState> {
    Graph::explore(configuration).end_states().into_keys().collect()
}

/// A run that comes to rest in `end`: fewest faults first, then fewest events; empty if there is none.
pub fn example(configuration: Configuration, end: &EndState) -> Vec<String> {
    let graph = Graph::explore(configuration);
    graph.end_states().get(end).map(|&state| graph.trace(state)).unwrap_or_default()
}
