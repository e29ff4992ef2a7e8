//! A party as the world keeps it: its state machine, its journal, and whether it is there.
//!
//! What a crash takes and what it leaves is decided here and nowhere else: a driver that keeps its own account of what is under
//! way, such as a search, steps the very same nodes.

use std::sync::Arc;

use crate::protocol::part::Parts;
use crate::protocol::party::Party;
use crate::protocol::record::Record;
use crate::protocol::role::{AnyRole, Clock, Context, Effect, Input, Work};
use crate::protocol::setup::Setup;

/// Whether a party is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Presence {
    /// It runs.
    Up,
    /// It has crashed and will return.
    Down,
    /// It has crashed for good.
    Gone,
}

/// A party of the world.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Node {
    party: Party,
    presence: Presence,
    role: AnyRole,
    /// Records, oldest first, and whether each survives a crash.
    journal: Vec<(Arc<Record>, bool)>,
    draws: u64,
}

impl Node {
    /// A party that has just been set up, with an empty journal.
    pub fn new(party: Party, setup: &Setup) -> Self {
        let role = setup.role(party, &mut std::iter::empty());
        Node { party, presence: Presence::Up, role, journal: Vec::new(), draws: 0 }
    }

    /// Who it is.
    pub const fn party(&self) -> Party {
        self.party
    }

    /// Whether it is there.
    pub const fn presence(&self) -> Presence {
        self.presence
    }

    /// Its records, oldest first, and whether each survives a crash.
    pub fn journal(&self) -> &[(Arc<Record>, bool)] {
        &self.journal
    }

    /// How many random values it has drawn in its life.
    pub const fn draws(&self) -> u64 {
        self.draws
    }

    /// Whether it is as another is, but for records that say the same thing again and move no money.
    pub fn same_but_for_repetition(&self, other: &Node) -> bool {
        let has_all = |mine: &Node, theirs: &Node| {
            mine.journal.iter().all(|entry| {
                let count = |node: &Node| node.journal.iter().filter(|known| *known == entry).count();
                count(theirs) > 0 && (entry.0.transfer().is_none() || count(mine) == count(theirs))
            })
        };
        (self.party, self.presence, &self.role) == (other.party, other.presence, &other.role)
            && has_all(self, other)
            && has_all(other, self)
    }

    /// Hands the role an input; what it wants done comes back, to be carried out one by one.
    pub fn handle(&mut self, input: Input<'_>, clock: &Clock, setup: &Setup) -> (Vec<Effect>, Work) {
        let (mut effects, mut work) = (Vec::new(), Work::default());
        let mut context =
            Context { me: self.party, clock, setup, effects: &mut effects, draws: &mut self.draws, work: &mut work };
        self.role.0.handle(input, &mut context);
        (effects, work)
    }

    /// Writes a record.
    pub fn save(&mut self, record: Arc<Record>, durable: bool) {
        self.journal.push((record, durable));
    }

    /// Has drawn no more than so many values. For whoever keeps many nodes and knows that nobody has seen the others.
    pub fn undraw(&mut self, draws: u64) {
        self.draws = draws;
    }

    /// Takes a record out again. For whoever keeps many nodes and knows that the record makes no difference; no party can do this.
    pub fn strike_out(&mut self, record: usize) {
        self.journal.remove(record);
    }

    /// Loses what is not durable. The role is rebuilt from the journal, and waits for its restart, if there is to be one.
    pub fn crash(&mut self, forever: bool, setup: &Setup) {
        debug_assert_eq!(self.presence, Presence::Up, "{} crashes while it is not up", self.party);
        self.presence = if forever { Presence::Gone } else { Presence::Down };
        self.journal.retain(|(_, durable)| *durable);
        let mut journal = self.journal.iter().map(|(record, _)| &**record);
        self.role = setup.role(self.party, &mut journal);
    }

    /// Is there again; the role is yet to be told.
    pub fn restart(&mut self) {
        self.presence = Presence::Up;
    }
}
