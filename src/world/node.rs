//! A party as the world keeps it: its state machine, its journal, and whether it is there.
//!
//! What a crash takes and what it leaves is decided here and nowhere else: a driver that keeps its own account of what is under
//! way, such as a search, steps the very same nodes.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::party::{Party, PurchaseKey};
use crate::protocol::accounts::Accounts;
use crate::protocol::part::Parts;
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

/// A journal of so few records is swept each time that a purchase is forgotten.
const SWEPT_AT_ONCE: usize = 16;

/// A party of the world.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Node {
    party: Party,
    presence: Presence,
    role: AnyRole,
    /// Records, oldest first, and whether each survives a crash.
    journal: Vec<(Arc<Record>, bool)>,
    draws: u64,
    /// Purchases whose records are to be struck out of the journal.
    settled: BTreeSet<PurchaseKey>,
    /// What accounts gained or lost by records that were struck out.
    brought_forward: Accounts,
}

impl Node {
    /// A party that has just been set up, with an empty journal.
    pub fn new(party: Party, setup: &Setup) -> Self {
        let role = setup.role(party, &mut std::iter::empty());
        Node {
            party,
            presence: Presence::Up,
            role,
            journal: Vec::new(),
            draws: 0,
            settled: BTreeSet::new(),
            brought_forward: Accounts::default(),
        }
    }

    /// The same, of a party that has drawn so many values in its life.
    pub fn resting(party: Party, draws: u64, setup: &Setup) -> Self {
        Node { draws, ..Node::new(party, setup) }
    }

    /// Whether nothing but the number of values that it has drawn tells it from a party that has just been set up.
    pub fn is_blank(&self) -> bool {
        self.presence == Presence::Up
            && self.journal.is_empty()
            && self.brought_forward.is_empty()
            && self.role.0.is_blank()
    }

    /// Forgets a purchase about which nothing is under way any more: the role its part, the journal the records. What these moved is
    /// brought forward.
    pub fn forget(&mut self, about: &PurchaseKey) {
        self.role.0.forget(about);
        self.settled.insert(*about);
        // A sweep of a long journal strikes out a good part of it, so that each purchase costs the same.
        if self.journal.len() <= SWEPT_AT_ONCE || self.settled.len() > self.journal.len() / 4 {
            self.sweep();
        }
    }

    fn sweep(&mut self) {
        let (settled, moved) = (std::mem::take(&mut self.settled), &mut self.brought_forward);
        if settled.is_empty() {
            return;
        }
        self.journal.retain(|(record, _)| {
            let stays = record.about.is_none_or(|about| !settled.contains(&about));
            if let (false, Party::Server, Some(transfer)) = (stays, self.party, record.transfer()) {
                moved.post(transfer);
            }
            stays
        });
        self.journal.shrink_to(2 * self.journal.len());
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
        // Room for what most inputs bring about.
        let (mut effects, mut work) = (Vec::with_capacity(8), Work::default());
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

    /// Has the latest record stand at another place. For whoever knows that the order makes no difference; no party can do this.
    pub fn file(&mut self, place: usize) {
        self.journal[place..].rotate_right(1);
    }

    /// Loses what is not durable. The role is rebuilt from the journal, and waits for its restart, if there is to be one.
    pub fn crash(&mut self, forever: bool, setup: &Setup) {
        debug_assert_eq!(self.presence, Presence::Up, "{} crashes while it is not up", self.party);
        self.presence = if forever { Presence::Gone } else { Presence::Down };
        self.sweep();
        self.journal.retain(|(_, durable)| *durable);
        let before = (!self.brought_forward.is_empty()).then(|| Record::brought_forward(&self.brought_forward));
        let mut journal = before.iter().chain(self.journal.iter().map(|(record, _)| &**record));
        self.role = setup.role(self.party, &mut journal);
    }

    /// Is there again; the role is yet to be told.
    pub fn restart(&mut self) {
        self.presence = Presence::Up;
    }
}
