//! What a search met and what it struck: every site, every kind of fault.
//!
//! Sites go without their numbers: step 4 is one site, whichever of its sends. A site is *met* in every state that is left by fair
//! steps while a fault is left that could strike there, and *struck* where one is tried, even if it turns out to change nothing.
//! The two are counted in different passes, so that a site that was met and never struck shows up as what it is: a fault of the
//! search's own.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use super::local::Before;
use super::state::{CARRIED, ONE, State};
use super::step::{Step, Strikes, Taken, View};
use super::table::{Cut, Move, Tables};
use crate::fault::FaultKind;
use crate::protocol::party::Party;
use crate::protocol::record::RecordKind;
use crate::world::Presence;

/// Where a fault may strike, without numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Spot {
    /// A letter on its way.
    Letter(u16),
    /// A party between two inputs.
    Idle(u8),
    /// A party before it takes a letter.
    Taking(u8, u16),
    /// A party before it takes what comes from outside.
    TakingErrand(u8),
    /// A party while it handles an input, before it sends a letter.
    BeforeSend(u8, u16),
    /// The same, before it writes a record.
    BeforeSave(u8, RecordKind),
}

/// How often each kind of fault was met and struck at each spot.
#[derive(Debug, Default)]
pub(super) struct Tried(FxHashMap<(Spot, FaultKind), [u64; 2]>);

/// One site and one kind of fault.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Covered {
    /// Who sends, or crashes.
    pub party: Party,
    /// Where, without numbers.
    pub site: String,
    /// What may strike.
    pub fault: FaultKind,
    /// In how many states it could have struck.
    pub met: u64,
    /// In how many it did.
    pub struck: u64,
    /// How many findings it has a part in.
    pub violated: u64,
}

impl Tried {
    pub(super) fn meet(&mut self, spot: Spot, kind: FaultKind) {
        self.0.entry((spot, kind)).or_default()[0] += 1;
    }

    pub(super) fn strike(&mut self, spot: Spot, kind: FaultKind) {
        self.0.entry((spot, kind)).or_default()[1] += 1;
    }

    pub(super) fn add(&mut self, other: &Tried) {
        for (key, [met, struck]) in &other.0 {
            let own = self.0.entry(*key).or_default();
            own[0] += met;
            own[1] += struck;
        }
    }

    /// In words, in the order of the reports. `findings` says at which sites each finding's faults struck.
    pub(super) fn covered<'f>(
        &self,
        tables: &Tables<'_>,
        findings: impl Iterator<Item = &'f (Spot, FaultKind)>,
    ) -> Vec<Covered> {
        let mut words: BTreeMap<(Party, String, FaultKind), [u64; 3]> = BTreeMap::new();
        for ((spot, kind), [met, struck]) in &self.0 {
            let (party, site) = spot.words(tables);
            let counts = words.entry((party, site, *kind)).or_default();
            counts[0] += met;
            counts[1] += struck;
        }
        for (spot, kind) in findings {
            let (party, site) = spot.words(tables);
            words.entry((party, site, *kind)).or_default()[2] += 1;
        }
        let covered = |((party, site, fault), [met, struck, violated]): ((Party, String, FaultKind), [u64; 3])| {
            Covered { party, site, fault, met, struck, violated }
        };
        words.into_iter().map(covered).collect()
    }
}

impl Spot {
    /// Who, and where.
    fn words(self, tables: &Tables<'_>) -> (Party, String) {
        let step = |letter: u16| tables.letters[letter as usize].message.step;
        let party = |seat: u8| tables.seats[seat as usize].party;
        match self {
            Spot::Letter(letter) => (tables.letters[letter as usize].from, format!("send {}", step(letter))),
            Spot::Idle(seat) => (party(seat), "idle".to_owned()),
            Spot::Taking(seat, letter) => (party(seat), format!("taking {}", step(letter))),
            Spot::TakingErrand(seat) => (party(seat), "taking start".to_owned()),
            Spot::BeforeSend(seat, letter) => (party(seat), format!("before {}", step(letter))),
            Spot::BeforeSave(seat, kind) => (party(seat), format!("before save {kind}")),
        }
    }
}

/// Where in the handling of an input a cut is.
fn spot_of(seat: u8, found: &Move, cut: &Cut) -> Spot {
    match cut.before {
        Before::Send => Spot::BeforeSend(seat, found.sends[cut.sends as usize]),
        Before::Save => Spot::BeforeSave(seat, found.saves[cut.saves as usize].0),
    }
}

const fn crash(forever: bool) -> FaultKind {
    if forever { FaultKind::CrashForever } else { FaultKind::Crash }
}

impl<const W: usize> View<'_, '_, W> {
    /// Where a fault strikes in a step from this state.
    pub(super) fn spot(&self, step: Step) -> Option<Spot> {
        Some(match step {
            Step::Drop(letter) | Step::Duplicate(letter) | Step::Replay(letter) | Step::Corrupt { letter, .. } => {
                Spot::Letter(letter)
            }
            Step::Crash { seat, .. } => Spot::Idle(seat),
            Step::CrashTaking { seat, taken: Taken::Letter(letter), .. } => Spot::Taking(seat, letter),
            Step::CrashTaking { seat, .. } => Spot::TakingErrand(seat),
            Step::CrashWithin { seat, taken, cut, .. } => {
                let found = self.found(seat, taken)?;
                spot_of(seat, found, found.cuts.get(cut as usize)?)
            }
            Step::Take { .. } | Step::Lapse => return None,
        })
    }

    /// Every site at which a fault could strike in this state.
    pub(super) fn meet(&self, strikes: Strikes, tried: &mut Tried) {
        for (_, letter, code) in self.letters() {
            let under_way = code >= ONE;
            let up = self.presence(self.tables.letters[letter as usize].to) == Presence::Up;
            for (kind, could) in [
                (FaultKind::Drop, under_way),
                (FaultKind::Duplicate, under_way),
                (FaultKind::Replay, code >= CARRIED),
                (FaultKind::Corrupt, under_way && up && self.tables.garbled(letter).is_ok_and(|g| !g.is_empty())),
            ] {
                if could && strikes.has(kind) {
                    tried.meet(Spot::Letter(letter), kind);
                }
            }
        }
        let mut meet = |seat: u8, spot: Spot| {
            for forever in [false, true] {
                if strikes.may_crash(self.tables.seats[seat as usize].party, forever) {
                    tried.meet(spot, crash(forever));
                }
            }
        };
        for seat in 0..self.tables.seats.len() as u8 {
            if self.presence(seat) == Presence::Up {
                meet(seat, Spot::Idle(seat));
            }
        }
        self.each_input(|seat, taken, _, _: State<W>| {
            match taken {
                Taken::Letter(letter) => meet(seat, Spot::Taking(seat, letter)),
                Taken::Start | Taken::TopUp => meet(seat, Spot::TakingErrand(seat)),
                Taken::Timer(_) | Taken::Restart => {}
            }
            if let Some(found) = self.found(seat, taken) {
                found.cuts.iter().for_each(|cut| meet(seat, spot_of(seat, found, cut)));
            }
        });
    }
}
