//! The reverse of the table: smallest sets of mechanisms that make `as-written` keep what `hardened` keeps.
//!
//! A set that fails is grown until nothing can be added without its sufficing: then at least one of the mechanisms outside is asked
//! for. Such demands are met in all smallest ways (`hitting_sets`); each way that fails gives one more demand; when all suffice, the
//! search is over.
//!
//! That each set suffices is searched for, and that it does not with any one of its mechanisms less. That there are no others would
//! follow if what suffices always sufficed with one mechanism more. It does not: see [`necessity`](super). So sets are found here
//! that nothing can be taken away from; there may be others.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::ask::{Ask, Heard, answer_all};
use super::table::{CaseTable, applicable, arguments, joined};
use super::threat::Threat;
use super::{Interrupted, Progress, Settings};
use crate::invariant::Invariant;
use crate::protocol::mechanism::{Mechanism, MechanismSet};
use crate::results::MinimalRow;
use crate::scenario::Clock;

/// The three properties that the paper is about.
const WANTED: [Invariant; 3] = [Invariant::Money, Invariant::Goods, Invariant::Certified];

/// Whom the sets have to stand up to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Against {
    /// Honest parties.
    Honest,
    /// Honest parties and whatever threat is in the table.
    Every,
}

/// A set that suffices and does not with any one of its mechanisms less.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sufficient {
    /// What comes to the mechanisms of `as-written`.
    pub added: MechanismSet,
    /// The states of the searches that show it.
    pub states: u64,
    /// Why they are not complete, if they are not.
    pub stopped: Option<String>,
}

/// The smallest sets of a protocol.
#[derive(Debug, Clone)]
pub struct Minimal {
    /// Whom they stand up to.
    pub against: Against,
    /// What they keep: of the three properties those that `hardened` keeps.
    pub wanted: Vec<Invariant>,
    /// The sets, smallest first.
    pub sets: Vec<Sufficient>,
}

impl Against {
    /// The name that reports use: the deviation where there is only one.
    pub fn name(self, threats: &[Threat]) -> &'static str {
        match (self, threats) {
            (Against::Honest, _) | (_, []) => Threat::Honest.name(),
            (Against::Every, [_, only]) => only.name(),
            (Against::Every, _) => "every deviation",
        }
    }

    fn threats(self, all: usize) -> Vec<usize> {
        match self {
            Against::Honest => vec![0],
            Against::Every => (0..all).collect(),
        }
    }
}

/// What has been asked, and who is asked.
struct Library<'a> {
    table: &'a CaseTable,
    settings: &'a Settings,
    interrupted: &'a AtomicBool,
    progress: &'a dyn Progress,
    /// By mechanisms and threat, with the bound on states.
    known: BTreeMap<(MechanismSet, usize, u64), Heard>,
    /// What has been seen to fail.
    failed: BTreeSet<(MechanismSet, Against)>,
}

/// What fails mostly fails soon: searches go this far at first.
const FIRST_STATES: [u64; 3] = [1_000, 10_000, 100_000];

impl Library<'_> {
    /// Answers for some threats, in their order.
    fn ask(&mut self, mechanisms: MechanismSet, threats: &[usize], states: u64) -> Result<Vec<&Heard>, Interrupted> {
        let key = |threat: usize| (mechanisms, threat, states);
        let new: Vec<usize> = threats.iter().copied().filter(|t| !self.known.contains_key(&key(*t))).collect();
        let asks: Vec<Ask> = new
            .iter()
            .map(|threat| {
                let threat = self.table.threats[*threat];
                let faults = self.settings.faults_beside(threat);
                Ask { protocol: Arc::clone(&self.table.protocol), mechanisms, threat, faults, states }
            })
            .collect();
        self.progress.ahead(asks.len() as u64);
        let heard = answer_all(&asks, self.settings, self.interrupted, self.progress)?;
        self.known.extend(new.into_iter().map(key).zip(heard));
        Ok(threats.iter().map(|threat| &self.known[&key(*threat)]).collect())
    }

    /// Whether one of the wanted invariants breaks. What a search finds before it is stopped is found.
    fn fails(&mut self, set: MechanismSet, against: Against, wanted: &[Invariant]) -> Result<bool, Interrupted> {
        if self.failed.contains(&(set, against)) {
            return Ok(true);
        }
        let threats = against.threats(self.table.threats.len());
        let all = self.settings.states;
        for states in FIRST_STATES.into_iter().filter(|states| *states < all).chain([all]) {
            let heard = self.ask(set, &threats, states)?;
            if heard.iter().any(|heard| heard.broken.keys().any(|(invariant, ..)| wanted.contains(invariant))) {
                self.failed.insert((set, against));
                return Ok(true);
            }
            if heard.iter().all(|heard| heard.stopped.is_none()) {
                return Ok(false);
            }
        }
        Ok(false)
    }
}

/// All smallest sets that have something of each demand, smallest first.
fn hitting_sets(demands: &[MechanismSet]) -> Vec<MechanismSet> {
    fn extend(chosen: MechanismSet, demands: &[MechanismSet], all: &mut Vec<MechanismSet>) {
        match demands.iter().find(|demand| demand.less(chosen) == **demand) {
            Some(open) => open.iter().for_each(|mechanism| extend(chosen.with(mechanism), demands, all)),
            None => all.push(chosen),
        }
    }
    let mut all = Vec::new();
    extend(MechanismSet::NONE, demands, &mut all);
    all.sort_unstable_by_key(|set| (set.iter().count(), *set));
    all.dedup();
    let minimal = all.iter().filter(|set| !all.iter().any(|other| other != *set && set.holds(*other)));
    minimal.copied().collect()
}

/// Smallest sets for honest parties, and for all threats of the table.
///
/// # Errors
///
/// When somebody wants it to end.
pub fn minimal(
    table: &CaseTable,
    settings: &Settings,
    interrupted: &AtomicBool,
    progress: &dyn Progress,
) -> Result<Vec<Minimal>, Interrupted> {
    let (known, failed) = (BTreeMap::new(), BTreeSet::new());
    let mut library = Library { table, settings, interrupted, progress, known, failed };
    let every = (table.threats.len() > 1).then_some(Against::Every);
    std::iter::once(Against::Honest).chain(every).map(|against| stand_up_to(&mut library, against)).collect()
}

fn stand_up_to(library: &mut Library<'_>, against: Against) -> Result<Minimal, Interrupted> {
    let table = library.table;
    let threats = against.threats(table.threats.len());
    let breaks = |invariant: Invariant| {
        threats.iter().any(|threat| table.base.heard[*threat].broken.keys().any(|harm| harm.0 == invariant))
    };
    let wanted: Vec<Invariant> = WANTED.into_iter().filter(|invariant| !breaks(*invariant)).collect();
    // Mechanisms that make no difference are as good as on.
    let all = applicable(&*table.protocol).into_iter().fold(MechanismSet::NONE, MechanismSet::with);
    let start = table.protocol.as_written().and(MechanismSet::all().less(all));
    let open = MechanismSet::all().less(start);
    let mut demands: Vec<MechanismSet> = Vec::new();
    let candidates = loop {
        let candidates = hitting_sets(&demands);
        let mut failing = None;
        for candidate in &candidates {
            if library.fails(start.and(*candidate), against, &wanted)? {
                failing = Some(*candidate);
                break;
            }
        }
        let Some(mut grown) = failing else { break candidates };
        for mechanism in open.less(grown).iter() {
            if library.fails(start.and(grown).with(mechanism), against, &wanted)? {
                grown = grown.with(mechanism);
            }
        }
        // The base line says that all of them together do not fail, so that something is left to ask for.
        demands.push(open.less(grown));
    };
    let mut sets: Vec<Sufficient> = Vec::new();
    for candidate in candidates {
        let added = irredundant(library, start, candidate, against, &wanted)?;
        if sets.iter().any(|known| known.added == added) {
            continue;
        }
        let states = library.settings.states;
        let heard = library.ask(start.and(added), &threats, states)?;
        sets.push(Sufficient {
            added,
            states: heard.iter().map(|heard| heard.states).sum(),
            stopped: heard.iter().find_map(|heard| heard.stopped.clone()),
        });
    }
    Ok(Minimal { against, wanted, sets })
}

/// Takes away what a set does not miss. Where what suffices suffices with more, there is nothing to be taken away.
fn irredundant(
    library: &mut Library<'_>,
    start: MechanismSet,
    mut set: MechanismSet,
    against: Against,
    wanted: &[Invariant],
) -> Result<MechanismSet, Interrupted> {
    for mechanism in set.iter() {
        if !library.fails(start.and(set.without(mechanism)), against, wanted)? {
            set = set.without(mechanism);
        }
    }
    Ok(set)
}

impl Minimal {
    /// The rows of `minimal.csv`.
    pub fn rows(&self, table: &CaseTable, settings: &Settings) -> Vec<MinimalRow<'static>> {
        let holds: Vec<&str> = self.wanted.iter().map(|invariant| invariant.name()).collect();
        let rows = self.sets.iter().zip(1..).map(|(sufficient, set)| {
            let added: Vec<Mechanism> = sufficient.added.iter().collect();
            MinimalRow {
                protocol: table.protocol.name().to_owned().into(),
                against: self.against.name(&table.threats).into(),
                holds: holds.join(" + ").into(),
                set,
                size: added.len() as u32,
                mechanisms: joined(&added, "none").into(),
                faults_at_most: settings.faults,
                states: sufficient.states,
                complete: sufficient.stopped.is_none().into(),
                explore: self.explore(table, settings, sufficient).into(),
            }
        });
        rows.collect()
    }

    /// The command that searches, where one does.
    fn explore(&self, table: &CaseTable, settings: &Settings, sufficient: &Sufficient) -> String {
        let threat = match (self.against, table.threats.as_slice()) {
            (Against::Honest, _) => Threat::Honest,
            (Against::Every, [_, only]) if only.clock() == Clock::Untimed => *only,
            (Against::Every, _) => return String::new(),
        };
        let on = table.protocol.as_written().and(sufficient.added);
        let away = arguments(applicable(&*table.protocol).into_iter().filter(|mechanism| !on.has(*mechanism)));
        let kinds: Vec<&str> = settings.kinds.iter().map(|kind| kind.name()).collect();
        let (name, faults, kinds) = (table.protocol.name(), settings.faults_beside(threat), kinds.join(","));
        format!("halfpaid explore {name} --untimed --faults {faults} --kinds {kinds}{away}{}", threat.arguments())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::mechanism::Mechanism::{Countersign, FinalDecline, Retransmit, Tombstone};

    #[test]
    fn hitting_sets_are_all_the_smallest_ways_to_meet_every_demand() {
        let of = |demands: &[&[Mechanism]]| {
            let demands: Vec<MechanismSet> = demands.iter().map(|demand| MechanismSet::of(demand)).collect();
            let sets = hitting_sets(&demands).into_iter();
            sets.map(|set| set.iter().collect::<Vec<_>>()).collect::<Vec<_>>()
        };
        assert_eq!(of(&[]), [vec![]]);
        assert_eq!(of(&[&[Tombstone], &[Retransmit]]), [vec![Retransmit, Tombstone]]);
        assert_eq!(
            of(&[&[Tombstone, Retransmit], &[Retransmit, FinalDecline], &[Countersign]]),
            [vec![Retransmit, Countersign], vec![Countersign, Tombstone, FinalDecline]]
        );
        assert_eq!(of(&[&[Tombstone], &[]]), Vec::<Vec<Mechanism>>::new(), "a demand that nothing meets");
    }
}
