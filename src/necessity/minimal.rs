//! The reverse of the table: the smallest sets of mechanisms that make `as-written` keep what `hardened` keeps.
//!
//! A set that fails says that at least one mechanism outside it is needed. Such demands are met in all smallest ways ([`hitting_sets`]);
//! each way that does not suffice is grown until nothing can be added without its sufficing, which gives one more demand; when all
//! suffice, these are the smallest sets.
//!
//! That each of them suffices, and that it does not with any one of its mechanisms less, is searched for. That there are no others
//! rests on this: what suffices suffices with one mechanism more. Nothing makes that so by itself, since a mechanism changes what
//! parties say, and could open a way to do harm; `tests/necessity.rs` looks for sets where it is not.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::ask::{Ask, Heard, answer_all};
use super::table::{CaseTable, Line, applicable, arguments, joined};
use super::threat::Threat;
use super::{Interrupted, Progress, Settings};
use crate::invariant::Invariant;
use crate::protocol::mechanism::{Mechanism, MechanismSet};
use crate::results::MinimalRow;

/// The three properties that the paper is about.
const WANTED: [Invariant; 3] = [Invariant::Money, Invariant::Goods, Invariant::Certified];

/// Whom the sets have to stand up to: honest parties, and of those that deviate none, one, or any one.
#[derive(Debug, Clone, Copy)]
pub enum Against {
    /// The threat of that number; honest parties are number 0.
    One(usize),
    /// Every threat.
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
    /// The name that reports use.
    pub fn name(self, threats: &[Threat]) -> &'static str {
        match self {
            Against::One(number) => threats[number].name(),
            Against::Every => "every deviation",
        }
    }

    fn threats(self, all: usize) -> Vec<usize> {
        match self {
            Against::One(0) => vec![0],
            Against::One(number) => vec![0, number],
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
    /// By mechanisms, threat and number of faults.
    known: BTreeMap<(MechanismSet, usize, u32), Heard>,
}

impl Library<'_> {
    /// Answers for some threats, in their order.
    fn ask(&mut self, mechanisms: MechanismSet, threats: &[usize], faults: u32) -> Result<Vec<&Heard>, Interrupted> {
        let key = |threat: usize| (mechanisms, threat, faults);
        let new: Vec<usize> = threats.iter().copied().filter(|t| !self.known.contains_key(&key(*t))).collect();
        let asks: Vec<Ask> = new
            .iter()
            .map(|threat| Ask {
                protocol: Arc::clone(&self.table.protocol),
                mechanisms,
                threat: self.table.threats[*threat],
                faults,
            })
            .collect();
        self.progress.ahead(asks.len() as u64);
        let heard = answer_all(&asks, self.settings, self.interrupted, self.progress)?;
        self.known.extend(new.into_iter().map(key).zip(heard));
        Ok(threats.iter().map(|threat| &self.known[&key(*threat)]).collect())
    }

    /// Whether one of the wanted invariants breaks. Few faults come first: what fails mostly fails soon.
    fn fails(&mut self, set: MechanismSet, threats: &[usize], wanted: &[Invariant]) -> Result<bool, Interrupted> {
        for faults in 0..=self.settings.faults {
            let heard = self.ask(set, threats, faults)?;
            if heard.iter().any(|heard| heard.broken.keys().any(|(invariant, ..)| wanted.contains(invariant))) {
                return Ok(true);
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

/// The smallest sets for honest parties, for each deviation, and for all of them.
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
    let mut library = Library { table, settings, interrupted, progress, known: BTreeMap::new() };
    let mut known = |line: &Line, mechanisms: MechanismSet| {
        for (threat, heard) in line.heard.iter().enumerate() {
            library.known.insert((mechanisms, threat, settings.faults), heard.clone());
        }
    };
    known(&table.base, MechanismSet::all());
    for line in &table.lines {
        known(line, line.without.iter().fold(MechanismSet::all(), |set, away| set.without(*away)));
    }
    let one = (0..table.threats.len()).map(Against::One);
    let every = (table.threats.len() > 2).then_some(Against::Every);
    one.chain(every).map(|against| against_one(&mut library, against)).collect()
}

fn against_one(library: &mut Library<'_>, against: Against) -> Result<Minimal, Interrupted> {
    let table = library.table;
    let threats = against.threats(table.threats.len());
    let breaks = |line: &Line, invariant: Invariant| {
        threats.iter().any(|threat| line.heard[*threat].broken.keys().any(|harm| harm.0 == invariant))
    };
    let wanted: Vec<Invariant> = WANTED.into_iter().filter(|invariant| !breaks(&table.base, *invariant)).collect();
    // Mechanisms that make no difference are as good as on.
    let all = applicable(&*table.protocol).into_iter().fold(MechanismSet::NONE, MechanismSet::with);
    let start = table.protocol.as_written().and(MechanismSet::all().less(all));
    let open = MechanismSet::all().less(start);
    // What the table says: a mechanism that is missed when it alone is away.
    let missed = table.lines.iter().filter(|line| wanted.iter().any(|invariant| breaks(line, *invariant)));
    let mut demands: Vec<MechanismSet> = missed
        .map(|line| line.without.iter().copied().fold(MechanismSet::NONE, MechanismSet::with))
        .filter(|demand| open.holds(*demand))
        .collect();
    let sets = loop {
        let candidates = hitting_sets(&demands);
        let mut failing = None;
        for candidate in &candidates {
            if library.fails(start.and(*candidate), &threats, &wanted)? {
                failing = Some(*candidate);
                break;
            }
        }
        let Some(mut grown) = failing else { break candidates };
        for mechanism in open.less(grown).iter() {
            if library.fails(start.and(grown).with(mechanism), &threats, &wanted)? {
                grown = grown.with(mechanism);
            }
        }
        demands.push(open.less(grown));
        if open == grown {
            // All of them together fail: the table's base line says that they do not.
            break Vec::new();
        }
    };
    let mut sufficient: Vec<Sufficient> = Vec::new();
    for set in sets {
        let set = irredundant(library, start, set, &threats, &wanted)?;
        if sufficient.iter().any(|known| known.added == set) {
            continue;
        }
        let faults = library.settings.faults;
        let heard = library.ask(start.and(set), &threats, faults)?;
        sufficient.push(Sufficient {
            added: set,
            states: heard.iter().map(|heard| heard.states).sum(),
            stopped: heard.iter().find_map(|heard| heard.stopped.clone()),
        });
    }
    Ok(Minimal { against, wanted, sets: sufficient })
}

/// Takes away what a set does not miss. Where what suffices suffices with more, there is nothing to be taken away.
fn irredundant(
    library: &mut Library<'_>,
    start: MechanismSet,
    mut set: MechanismSet,
    threats: &[usize],
    wanted: &[Invariant],
) -> Result<MechanismSet, Interrupted> {
    for mechanism in set.iter() {
        if !library.fails(start.and(set.without(mechanism)), threats, wanted)? {
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

    /// The command that searches, where there is one.
    fn explore(&self, table: &CaseTable, settings: &Settings, sufficient: &Sufficient) -> String {
        let Against::One(number) = self.against else { return String::new() };
        let threat = table.threats[number];
        if threat.errands().is_some() {
            return String::new();
        }
        let on = table.protocol.as_written().and(sufficient.added);
        let away = arguments(applicable(&*table.protocol).into_iter().filter(|mechanism| !on.has(*mechanism)));
        let kinds: Vec<&str> = settings.kinds.iter().map(|kind| kind.name()).collect();
        let (name, faults, kinds) = (table.protocol.name(), settings.faults, kinds.join(","));
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
