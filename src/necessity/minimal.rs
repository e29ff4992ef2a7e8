//! The reverse of the table: the smallest sets of mechanisms that make `as-written` keep what `hardened` keeps, all of them.
//!
//! A smallest set suffices, and nothing that it contains does. What suffices need not suffice with one mechanism more (see
//! [`necessity`](super)), so that nothing can be concluded from a set about a larger or a smaller one: every set is looked at, in the
//! order of size, but for those that contain one that suffices. There may be a hundred thousand, and most fail like one that failed
//! before: a counterexample that has been found is run again with the mechanisms at hand (`witness.rs`), which takes a fraction of a
//! millisecond, and less where a run has shown it that asked about the same mechanisms and found them as they are. Only what stands up to all of them is searched; what that finds is one counterexample more, or a set that suffices.
//!
//! What must hold in the end is looked at when everything is at rest. A set with which something never comes to rest would keep every
//! such promise by never being asked; it does not suffice.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;

use super::ask::{Ask, Harm, Heard, Way, answer_all};
use super::table::{CaseTable, applicable, arguments, joined};
use super::threat::Threat;
use super::witness::Witness;
use super::{Interrupted, Progress, Settings};
use crate::invariant::{Invariant, terminates};
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

/// A set that suffices, and contains none that does.
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

/// Counterexamples and searches.
struct Library<'a> {
    table: &'a CaseTable,
    settings: &'a Settings,
    interrupted: &'a AtomicBool,
    progress: &'a dyn Progress,
    wanted: Vec<Invariant>,
    /// In the order in which they are tried: what refuted most sets first.
    witnesses: Vec<Witness>,
}

/// What fails mostly fails soon: searches go this far at first.
const FIRST_STATES: [u64; 3] = [1_000, 10_000, 100_000];

/// So many sets are held against counterexamples before the first that is left is searched.
const BATCH: usize = 4_096;

impl<'a> Library<'a> {
    /// A library with the counterexamples of the table.
    fn new(
        table: &'a CaseTable,
        settings: &'a Settings,
        interrupted: &'a AtomicBool,
        progress: &'a dyn Progress,
        against: Against,
    ) -> Self {
        let threats = against.threats(table.threats.len());
        let breaks = |invariant: Invariant| {
            threats.iter().any(|threat| {
                let faults = settings.faults_beside(table.threats[*threat]);
                let broken = &table.base.heard[*threat].broken;
                broken.iter().any(|(harm, way)| harm.0 == invariant && way.faults <= faults)
            })
        };
        let wanted = WANTED.into_iter().filter(|invariant| !breaks(*invariant)).collect();
        let mut library = Library { table, settings, interrupted, progress, wanted, witnesses: Vec::new() };
        for (line, threat) in table.lines.iter().flat_map(|line| threats.iter().map(move |threat| (line, *threat))) {
            library.learn(threat, &line.heard[threat]);
        }
        library
    }

    fn ask(&self, mechanisms: MechanismSet, threat: usize, states: u64) -> Ask {
        let threat = self.table.threats[threat];
        let faults = self.settings.faults_beside(threat);
        Ask { protocol: Arc::clone(&self.table.protocol), mechanisms, threat, clock: threat.clock(), faults, states }
    }

    /// Keeps what an answer shows to break, or never to come to rest.
    fn learn(&mut self, threat: usize, heard: &Heard) {
        let faults = self.settings.faults_beside(self.table.threats[threat]);
        let counts = |invariant: &Invariant, way: &Way| self.wanted.contains(invariant) && way.faults <= faults;
        let broken = heard.broken.iter().filter(|((invariant, ..), way)| counts(invariant, way));
        for plan in broken.map(|(_, way)| &way.plan).chain(&heard.restless) {
            if !self.witnesses.iter().any(|known| known.threat == threat && known.plan == *plan) {
                self.witnesses.extend(Witness::new(&self.ask(MechanismSet::all(), threat, 0), threat, plan));
            }
        }
    }

    /// The sets that none of the counterexamples refutes, from that one on.
    fn unrefuted(&mut self, sets: &[MechanismSet], from: usize) -> Vec<MechanismSet> {
        let witnesses = &self.witnesses[from..];
        let refuted_by = |set: &MechanismSet| witnesses.iter().position(|witness| witness.refutes(*set, &self.wanted));
        let refuted: Vec<Option<usize>> = sets.par_iter().map(refuted_by).collect();
        refuted.iter().flatten().for_each(|place| self.witnesses[from + place].refuted += 1);
        sets.iter().zip(refuted).filter(|(_, refuted)| refuted.is_none()).map(|(set, _)| *set).collect()
    }

    /// Whether an answer breaks what is to hold, or comes never to rest; it is learned from if one does.
    fn fails(&mut self, threats: &[usize], heard: &[Heard]) -> bool {
        let breaks =
            |(invariant, clause, _): &Harm| self.wanted.contains(invariant) || *clause == terminates::ENDLESS.0;
        let fails = heard.iter().any(|heard| heard.restless.is_some() || heard.broken.keys().any(breaks));
        if fails {
            threats.iter().zip(heard).for_each(|(threat, heard)| self.learn(*threat, heard));
        }
        fails
    }

    /// Searches what a set is to stand up to: with a few states first, then by the clock, since some sets have very many states before
    /// the first fault. Nothing, and counterexamples, if it fails.
    fn search(
        &mut self,
        set: MechanismSet,
        start: MechanismSet,
        threats: &[usize],
    ) -> Result<Option<Sufficient>, Interrupted> {
        let all = self.settings.states;
        let mut heard = Vec::new();
        for states in FIRST_STATES.into_iter().filter(|states| *states < all).chain([all]) {
            let asks: Vec<Ask> = threats.iter().map(|threat| self.ask(start.and(set), *threat, states)).collect();
            self.progress.ahead(asks.len() as u64);
            heard = answer_all(&asks, self.settings, self.interrupted, self.progress)?;
            if self.fails(threats, &heard) {
                return Ok(None);
            }
            if heard.iter().all(|heard| heard.stopped.is_none()) {
                break;
            }
            if states == FIRST_STATES[0] {
                let by_the_clock = asks.iter().map(|ask| ask.timed(self.settings, self.interrupted));
                let by_the_clock = by_the_clock.collect::<Result<Vec<Heard>, Interrupted>>()?;
                if self.fails(threats, &by_the_clock) {
                    return Ok(None);
                }
            }
        }
        Ok(Some(Sufficient {
            added: set,
            states: heard.iter().map(|heard| heard.states).sum(),
            stopped: heard.iter().find_map(|heard| heard.stopped.clone()),
        }))
    }
}

/// Every set of so many of these mechanisms.
fn subsets(of: &[Mechanism], size: usize) -> Vec<MechanismSet> {
    let (Some((first, rest)), Some(fewer)) = (of.split_first(), size.checked_sub(1)) else {
        return if size == 0 { vec![MechanismSet::NONE] } else { Vec::new() };
    };
    let with = subsets(rest, fewer).into_iter().map(|set| set.with(*first));
    with.chain(subsets(rest, size)).collect()
}

/// All smallest sets for honest parties, and for all threats of the table, with [as many faults](Settings::for_sets) as there are for sets.
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
    let settings = &settings.for_sets();
    let every = (table.threats.len() > 1).then_some(Against::Every);
    let whom = std::iter::once(Against::Honest).chain(every);
    let find = || {
        whom.map(|against| {
            let mut library = Library::new(table, settings, interrupted, progress, against);
            let sets = smallest(&mut library, against)?;
            Ok(Minimal { against, wanted: library.wanted, sets })
        })
        .collect()
    };
    let jobs = settings.jobs.map_or(0, std::num::NonZeroUsize::get);
    match rayon::ThreadPoolBuilder::new().num_threads(jobs).build() {
        Ok(pool) => pool.install(find),
        Err(_) => find(),
    }
}

fn smallest(library: &mut Library<'_>, against: Against) -> Result<Vec<Sufficient>, Interrupted> {
    let table = library.table;
    let threats = against.threats(table.threats.len());
    // Mechanisms that make no difference are as good as on.
    let all = applicable(&*table.protocol).into_iter().fold(MechanismSet::NONE, MechanismSet::with);
    let start = table.protocol.as_written().and(MechanismSet::all().less(all));
    let open: Vec<Mechanism> = MechanismSet::all().less(start).iter().collect();
    let mut found: Vec<Sufficient> = Vec::new();
    for size in 0..=open.len() {
        let contains_one = |set: &MechanismSet| found.iter().any(|known| set.holds(known.added));
        let candidates: Vec<_> = subsets(&open, size).into_iter().filter(|set| !contains_one(set)).collect();
        for batch in candidates.chunks(BATCH) {
            if library.interrupted.load(Ordering::Relaxed) {
                return Err(Interrupted);
            }
            library.witnesses.sort_by_key(|witness| std::cmp::Reverse(witness.refuted));
            let whole: Vec<MechanismSet> = batch.iter().map(|set| start.and(*set)).collect();
            let mut left = library.unrefuted(&whole, 0);
            while let Some((set, others)) = left.split_first() {
                let known = library.witnesses.len();
                found.extend(library.search(set.less(start), start, &threats)?);
                left = library.unrefuted(others, known);
            }
        }
    }
    Ok(found)
}

impl Minimal {
    /// The rows of `minimal.csv`.
    pub fn rows(&self, table: &CaseTable, settings: &Settings) -> Vec<MinimalRow<'static>> {
        let settings = &settings.for_sets();
        let holds: Vec<&str> = self.wanted.iter().map(|invariant| invariant.name()).collect();
        let cheats = self.against.threats(table.threats.len()).into_iter().map(|threat| table.threats[threat]);
        let beside = cheats.filter(|threat| !threat.is_honest()).map(|threat| settings.faults_beside(threat)).min();
        let beside = beside.unwrap_or(0);
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
                faults_beside: beside,
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
    use crate::protocol::mechanism::Mechanism::{Countersign, Retransmit, Tombstone};

    #[test]
    fn subsets_of_a_size_are_all_there_once() {
        let of = |size| subsets(&[Retransmit, Countersign, Tombstone], size);
        let set = MechanismSet::of;
        assert_eq!(of(0), [MechanismSet::NONE]);
        assert_eq!(of(1), [set(&[Retransmit]), set(&[Countersign]), set(&[Tombstone])]);
        assert_eq!(
            of(2),
            [set(&[Retransmit, Countersign]), set(&[Retransmit, Tombstone]), set(&[Countersign, Tombstone])]
        );
        assert_eq!(of(3).len(), 1);
        assert_eq!(of(4), []);
        let twelve = &Mechanism::ALL[..12];
        assert_eq!((0..=12).map(|size| subsets(twelve, size).len()).sum::<usize>(), 1 << 12);
    }
}
