//! A plan on trial, and what is known of where other plans have been.

use rustc_hash::{FxHashMap, FxHashSet};

use super::Cuts;
use crate::drive::labels::Sending;
use crate::drive::scripted::Scripted;
use crate::drive::situation::Situation;
use crate::drive::{Oracle, SendFault};
use crate::fault::{Budget, CrashSite, EventSite, FaultKind, Plan, SendSite};
use crate::party::Party;
use crate::protocol::message::Message;
use crate::world::{Fingerprint, Numbered, Room};

/// A turn of a plan's run. Turns are counted from nought, and a situation is named by the turn that it comes before.
pub(super) type Turn = u32;

/// A run looks whether it may be cut until so many events have passed: one that goes on for longer mostly never settles, and to look takes
/// longer than to go on. Where events count, whatever it was cut for before has come to where it looks after as few of them, and so has
/// looked, too.
const EVENTS_MAX: u64 = 512;

/// A plan that comes to a situation.
#[derive(Debug, Clone, Copy)]
struct First {
    /// The plan's number, and the turn that the situation comes before.
    at: (u32, Turn),
    /// How many events have passed by then, where that counts.
    events: u32,
}

/// What a run comes to between two turns.
#[derive(Debug, Clone, Copy)]
pub(super) struct Met {
    fingerprint: Fingerprint,
    /// How many events have passed by then, where that counts; nought where it does not.
    events: u32,
}

/// What a run looks at to see whether it may be cut.
#[derive(Debug)]
pub(super) struct Known {
    cuts: Cuts,
    /// Who came to each situation first, or after the fewest events.
    first: FxHashMap<Fingerprint, First>,
    /// Situations after which something breaks. No plan is cut there.
    doomed: FxHashSet<Fingerprint>,
}

impl Known {
    pub(super) fn new(cuts: Cuts) -> Self {
        Known { cuts, first: FxHashMap::default(), doomed: FxHashSet::default() }
    }

    pub(super) fn situations(&self) -> u64 {
        self.first.len() as u64
    }

    /// Forgets who came where, but not what breaks.
    pub(super) fn clear(&mut self) {
        self.first.clear();
    }

    /// The plan, and its turn, for which one that comes to a situation may be cut there.
    pub(super) fn joins(&self, Met { fingerprint, events }: Met) -> Option<(u32, Turn)> {
        let first = self.first.get(&fingerprint).filter(|first| first.events <= events)?;
        (!self.doomed.contains(&fingerprint)).then_some(first.at)
    }

    /// A plan goes on from a situation.
    pub(super) fn note(&mut self, Met { fingerprint, events }: Met, at: (u32, Turn)) {
        let first = self.first.entry(fingerprint).or_insert(First { at, events });
        if events < first.events {
            *first = First { at, events };
        }
    }

    /// Something breaks after some of the situations.
    pub(super) fn doom(&mut self, is_doomed: impl Fn((u32, Turn)) -> bool) {
        let doomed = self.first.iter().filter(|(_, first)| is_doomed(first.at)).map(|(fingerprint, _)| *fingerprint);
        self.doomed.extend(doomed);
    }
}

/// A plan on trial: its own faults strike, and it stops at what is known.
pub(super) struct Trial<'p, 'k> {
    pub(super) scripted: Scripted<'p>,
    /// What siblings have come to.
    siblings: &'k mut Siblings,
    /// How many faults of each kind the plan has, of kinds that have a budget of their own.
    spent: Vec<u32>,
    replays: bool,
    known: &'k Known,
    /// How many turns it has taken after its last fault, or begins to take.
    pub(super) turns: Turn,
    /// What it has come to after its last fault, turn by turn.
    pub(super) met: Vec<Met>,
}

/// What the plans that are one fault longer than one and the same plan have come to so far, after how few events, and room to work in. A
/// sibling may itself be cut before a situation that it came to: then whoever it was cut for comes to that situation too, after as few.
#[derive(Default)]
pub(super) struct Siblings {
    met: FxHashMap<Fingerprint, u32>,
    room: Room,
}

impl<'p, 'k> Trial<'p, 'k> {
    pub(super) fn new(
        plan: &Plan,
        scripted: Scripted<'p>,
        budget: &Budget,
        known: &'k Known,
        siblings: &'k mut Siblings,
    ) -> Self {
        let of = |kind: FaultKind| plan.0.iter().filter(|fault| fault.kind() == kind).count() as u32;
        let own = |kind: FaultKind| if budget.of(kind) < budget.at_most { of(kind) } else { 0 };
        let left = (plan.0.len() as u32) < budget.at_most;
        let replays = left && of(FaultKind::Replay) < budget.of(FaultKind::Replay);
        let spent = FaultKind::ALL.iter().map(|kind| own(*kind)).collect();
        Trial { scripted, spent, replays, known, siblings, turns: 0, met: Vec::new() }
    }
}

impl Oracle for Trial<'_, '_> {
    fn send(&mut self, from: Party, site: SendSite, message: &Message) -> Option<SendFault> {
        self.scripted.send(from, site, message)
    }

    fn crash(&mut self, party: Party, site: CrashSite) -> Option<bool> {
        self.scripted.crash(party, site)
    }

    fn replay(&mut self, after: EventSite, sent: &Numbered<Sending>) -> Option<u32> {
        self.scripted.replay(after, sent)
    }

    fn joins(&mut self, situation: &Situation<'_>) -> bool {
        self.turns += 1;
        let passed = situation.events();
        if passed.0 > EVENTS_MAX {
            return false;
        }
        // Where events count, what is found at the end counts them up to the last news.
        let (events, since_news) = match self.known.cuts {
            Cuts::Unbroken => (0, 0),
            Cuts::Everywhere => passed,
        };
        let fingerprint = situation.fingerprint(self.replays, (&self.spent, since_news), &mut self.siblings.room);
        let met = Met { fingerprint, events: events as u32 };
        self.met.push(met);
        let fewest = self.siblings.met.entry(fingerprint).or_insert(u32::MAX);
        let met_by_sibling = *fewest <= met.events;
        *fewest = met.events.min(*fewest);
        self.known.joins(met).is_some() || met_by_sibling && !self.known.doomed.contains(&fingerprint)
    }
}
