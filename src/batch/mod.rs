//! Runs a scenario: every plan under every protocol, on all cores, with rows written in an order that does not depend on them.

pub mod findings;
pub mod replay;
mod resume;
pub mod rows;
mod untimed;
pub mod workload;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;

use crate::drive::exhaustive::explore;
use crate::drive::random::Random;
use crate::drive::scripted::run_plan;
use crate::drive::shrink::shrink;
use crate::drive::{self, Fair, Finished, Job};
use crate::fault::coverage::{Coverage, Covered};
use crate::fault::{Budget, Fault, Plan};
use crate::invariant::ending::Ending;
use crate::invariant::{Invariant, Verdict, Violation};
use crate::protocol::setup::Setup;
use crate::protocol::{self, Protocol};
use crate::results::{
    CoverageRow, LeftOut, Manifest, Percent, ResultsError, ScenarioWriter, Sometimes, SummaryRow, ViolationRow, YesNo,
};
use crate::scenario::{Clock, CryptoKind, Faults, GivenPlan, Scenario};
use crate::world::Workload;

use findings::{Exhaustive, Finding, Kind, Sampled};
pub use resume::finished;
use rows::{HALF_PAID, Kept, Place, SOMETIMES};

/// Is told how a scenario gets on.
pub trait Progress: Sync {
    /// So many more runs are known to be ahead.
    fn ahead(&self, runs: u64);
    /// So many runs are done.
    fn done(&self, runs: u64);
    /// A search without time has come to the states with so many faults and so many events.
    fn level(&self, _level: Level) {}
}

/// How far a search without time has come.
#[derive(Debug, Clone, Copy)]
pub struct Level {
    /// Faults.
    pub faults: u32,
    /// Events.
    pub events: u32,
    /// States so far.
    pub states: u64,
    /// States that are next.
    pub frontier: u64,
    /// What they take, in bytes.
    pub bytes: u64,
}

/// Why a scenario has no results.
#[derive(Debug, thiserror::Error)]
pub enum BatchError {
    /// They could not be written.
    #[error(transparent)]
    Results(#[from] ResultsError),
    /// A given plan does not fit the run.
    #[error("under {protocol}, the plan `{}` no longer fits: {unmet}", given.plan)]
    Unmet {
        /// The protocol's name.
        protocol: &'static str,
        /// The plan, and where the scenario has it.
        given: GivenPlan,
        /// What was never met.
        unmet: String,
    },
    /// The user has had enough.
    #[error("interrupted")]
    Interrupted,
}

/// What came of a scenario.
#[derive(Debug)]
pub struct Outcome {
    /// The rows for `summary.csv`.
    pub summary: Vec<SummaryRow<'static>>,
    /// Why the answer is not complete, if it is not.
    pub incomplete: Option<String>,
    /// The conditions that some run should have reached, and none did.
    pub gaps: Vec<&'static str>,
    /// What broke, a line each: clause, victim, cause, and the plan.
    pub findings: Vec<String>,
}

/// What the verdicts of a scenario, or of several, amount to; the worst is the greatest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// Every verdict is as expected.
    AsExpected,
    /// A bound was reached before an answer: what has not been seen to break may break yet.
    Open,
    /// Some verdict is not as expected.
    NotAsExpected,
}

impl Outcome {
    /// What the verdicts amount to. What broke is broken, however much was left out.
    pub fn standing(&self) -> Standing {
        let any = |of: &dyn Fn(&SummaryRow<'_>) -> bool| self.summary.iter().any(of);
        let left_out = self.incomplete.is_some();
        if any(&|row| row.found == Verdict::Violated && row.expected == Verdict::Holds) {
            Standing::NotAsExpected
        } else if left_out && any(&|row| row.found == Verdict::Holds) {
            Standing::Open
        } else if any(&|row| row.as_expected == YesNo::No) {
            Standing::NotAsExpected
        } else {
            Standing::AsExpected
        }
    }
}

/// Says which faults of a plan never met their site.
pub fn unmet(faults: &[Fault]) -> String {
    let list: Vec<String> = faults.iter().map(|fault| format!("`{fault}`")).collect();
    format!("the run never comes to the site of {}", list.join(", "))
}

/// How the parties of a run break the protocol, in words.
fn deviation(setup: &Setup) -> Option<String> {
    let words: Vec<String> =
        setup.deviations().map(|(side, known)| format!("{} {}", side.word(), known.name())).collect();
    (!words.is_empty()).then(|| words.join(" + "))
}

/// Runs a scenario and writes its results below `out`.
pub fn run(
    scenario: &Scenario,
    text: &str,
    out: &Path,
    interrupted: &AtomicBool,
    progress: &dyn Progress,
) -> Result<Outcome, BatchError> {
    let writer = ScenarioWriter::create(out, &scenario.name)?;
    let manifest = {
        let seeds = scenario.seeds();
        Manifest::new(&scenario.name, text, &format!("{}..{}", seeds.start, seeds.end))
    };
    let mut campaign = Campaign {
        scenario,
        writer,
        interrupted,
        progress,
        summary: Vec::new(),
        sometimes: BTreeMap::new(),
        left_out: Vec::new(),
        findings: Vec::new(),
        runs: 0,
    };
    for name in &scenario.protocols {
        if let Some(protocol) = protocol::by_name(name) {
            campaign.protocol(&protocol)?;
        }
    }
    let Campaign { writer, summary, sometimes, left_out, findings, .. } = campaign;
    let incomplete = left_out.first().map(|left: &LeftOut| left.why.clone());
    let mut manifest = Manifest { left_out, ..manifest };
    let reached = |name: &str| sometimes.get(name).copied().unwrap_or(0);
    let reached = |name: &'static str| Sometimes { name: name.to_owned(), reached: reached(name) };
    manifest.sometimes = conditions(scenario).into_iter().map(reached).collect();
    let gaps = gaps(scenario, &manifest.sometimes);
    manifest.summary.clone_from(&summary);
    writer.finish(manifest)?;
    Ok(Outcome { summary, incomplete, gaps, findings })
}

/// The conditions that some run of a scenario should reach.
fn conditions(scenario: &Scenario) -> Vec<&'static str> {
    let kinds = scenario.faults.kinds();
    SOMETIMES.into_iter().chain(kinds.iter().map(|kind| kind.name())).collect()
}

/// Those that none reached. Where no fault was to be chosen, nothing was to be reached; and Cases 2 and 3 are built never to be
/// half-paid.
pub fn gaps(scenario: &Scenario, reached: &[Sometimes]) -> Vec<&'static str> {
    let missed = |name: &&str| reached.iter().all(|sometimes| sometimes.name != **name || sometimes.reached == 0);
    let wanted = |name: &&str| !scenario.faults.kinds().is_empty() && *name != HALF_PAID && missed(name);
    conditions(scenario).into_iter().filter(wanted).collect()
}

struct Campaign<'a> {
    scenario: &'a Scenario,
    writer: ScenarioWriter,
    interrupted: &'a AtomicBool,
    progress: &'a dyn Progress,
    summary: Vec<SummaryRow<'static>>,
    sometimes: BTreeMap<&'static str, u64>,
    left_out: Vec<LeftOut>,
    findings: Vec<String>,
    runs: u64,
}

/// What adds up over the runs of one protocol.
#[derive(Default)]
struct Sums {
    runs: u64,
    purchases: u64,
    committed: u64,
    violated: [u64; Invariant::ALL.len()],
    cut_short: u64,
    ends: BTreeMap<Ending, (u64, Plan)>,
}

/// The violations of one protocol, gathered as its way of choosing plans allows.
enum Gathered {
    Exhaustive(Exhaustive, Coverage),
    Sampled(Sampled),
}

impl<'a> Campaign<'a> {
    fn place(&self, protocol: &Arc<dyn Protocol>, seed: u64) -> Place<'a> {
        Place { scenario: &self.scenario.name, protocol: protocol.name(), seed }
    }

    fn protocol(&mut self, protocol: &Arc<dyn Protocol>) -> Result<(), BatchError> {
        let scenario = self.scenario;
        let mut sums = Sums::default();
        let seed = scenario.seed;
        let setup = workload::setup(scenario, protocol, scenario.crypto, seed);
        let deviation = deviation(&setup);
        self.runs = 0;
        if let (Faults::Exhaustive { clock: Clock::Untimed, .. }, Some(budget)) = (&scenario.faults, scenario.budget())
        {
            return self.untimed(protocol, setup, &budget, deviation.as_deref());
        }
        let gathered = match &scenario.faults {
            Faults::Random { seeds, .. } => {
                let mut sampled = Sampled::default();
                let seeds: Vec<u64> = seeds.clone().collect();
                self.progress.ahead(seeds.len() as u64);
                for batch in seeds.chunks(32) {
                    let kept: Vec<Kept<'a>> = batch.par_iter().map(|seed| self.random(protocol, *seed)).collect();
                    for kept in kept {
                        sampled.note(&kept.plan, &kept.violations, kept.run.seed);
                        self.take(kept, &mut sums)?;
                    }
                }
                Gathered::Sampled(sampled)
            }
            chosen => {
                let workload = workload::workload(scenario, seed);
                let latency = workload::latency(scenario);
                let job = Job { setup: &setup, workload: &workload, latency };
                let place = self.place(protocol, seed);
                let mut exhaustive = Exhaustive::default();
                let mut coverage = Coverage::default();
                match chosen {
                    Faults::Exhaustive { .. } => {
                        let budget = scenario.budget().unwrap_or_else(|| Budget::new(0, &[]));
                        let inspect =
                            |_: &Plan, finished: &Finished<'_>| rows::keep(finished, &setup, &workload, place);
                        let progress = self.progress;
                        let mut result = Ok(());
                        coverage = explore(
                            &job,
                            &budget,
                            inspect,
                            |round| progress.ahead(round as u64),
                            |kept| {
                                exhaustive.note(&kept.plan, &kept.violations, seed, deviation.as_deref());
                                result = self.take(kept, &mut sums);
                                result.is_ok()
                            },
                        );
                        result?;
                    }
                    Faults::Scripted { plans } => {
                        self.progress.ahead(plans.len() as u64);
                        // Shorter plans first: what a part of a plan breaks is not the longer plan's doing.
                        let mut plans: Vec<&GivenPlan> = plans.iter().collect();
                        plans.sort_by_key(|given| given.plan.0.len());
                        for given in plans {
                            let plan = &given.plan;
                            let (finished, left) = run_plan(&job, plan, &mut ());
                            if !left.is_empty() && !finished.cut_short {
                                let unmet = unmet(&left);
                                let given = given.clone();
                                return Err(BatchError::Unmet { protocol: protocol.name(), given, unmet });
                            }
                            let kept = rows::keep(&finished, &setup, &workload, place);
                            exhaustive.note(plan, &kept.violations, seed, deviation.as_deref());
                            self.take(kept, &mut sums)?;
                        }
                    }
                    _ => {
                        self.progress.ahead(1);
                        let finished = drive::run(&job, &mut Fair, &mut ());
                        let kept = rows::keep(&finished, &setup, &workload, place);
                        exhaustive.note(&kept.plan, &kept.violations, seed, deviation.as_deref());
                        self.take(kept, &mut sums)?;
                    }
                }
                Gathered::Exhaustive(exhaustive, coverage)
            }
        };
        self.conclude(protocol, sums, gathered, deviation.as_deref())
    }

    fn random(&self, protocol: &Arc<dyn Protocol>, seed: u64) -> Kept<'a> {
        let setup = workload::setup(self.scenario, protocol, self.scenario.crypto, seed);
        let mut workload = workload::workload(self.scenario, seed);
        let mut oracle = self.oracle(&setup, &workload);
        workload.partitions = oracle.separations(&setup.population);
        let latency = workload::latency(self.scenario);
        let job = Job { setup: &setup, workload: &workload, latency };
        let finished = drive::run(&job, &mut oracle, &mut ());
        rows::keep(&finished, &setup, &workload, self.place(protocol, seed))
    }

    /// Faults strike until an instrument's lifetime after the last purchase has started.
    fn oracle(&self, setup: &Setup, workload: &Workload) -> Random {
        let (rates, swarm) = match &self.scenario.faults {
            Faults::Random { rates, swarm, .. } => (rates.clone(), *swarm),
            _ => (BTreeMap::new(), false),
        };
        let last_us = workload.errands.last().map_or(0, |errand| errand.at_us);
        let heals_at_us = last_us + setup.timing.instrument_lifetime_us;
        Random::new(setup.streams, &rates, swarm, self.scenario.server_crash_forever, heals_at_us)
    }

    /// Writes a run's rows and adds it up.
    fn take(&mut self, kept: Kept<'_>, sums: &mut Sums) -> Result<(), BatchError> {
        if self.interrupted.load(Ordering::Relaxed) {
            return Err(BatchError::Interrupted);
        }
        let Kept { mut run, purchases, ends, plan, reached, cut_short, .. } = kept;
        self.runs += 1;
        run.run = self.runs;
        self.writer.write(&run)?;
        for mut purchase in purchases {
            purchase.run = self.runs;
            self.writer.write(&purchase)?;
        }
        sums.runs += 1;
        sums.purchases += run.purchases;
        sums.committed += run.committed;
        sums.cut_short += u64::from(cut_short);
        let verdicts = [run.money, run.goods, run.content, run.certified, run.terminates];
        for (sum, verdict) in sums.violated.iter_mut().zip(verdicts) {
            *sum += u64::from(verdict == Verdict::Violated);
        }
        for end in ends {
            sums.ends.entry(end).or_insert_with(|| (0, plan.clone())).0 += 1;
        }
        for name in reached {
            *self.sometimes.entry(name).or_default() += 1;
        }
        self.progress.done(1);
        Ok(())
    }

    fn conclude(
        &mut self,
        protocol: &Arc<dyn Protocol>,
        sums: Sums,
        gathered: Gathered,
        deviation: Option<&str>,
    ) -> Result<(), BatchError> {
        let place = self.place(protocol, self.scenario.seed);
        let mut coverage = Coverage::default();
        let findings: Vec<(Kind, String, Finding)> = match gathered {
            Gathered::Exhaustive(exhaustive, tried) => {
                coverage = tried;
                exhaustive.into_findings().collect()
            }
            Gathered::Sampled(sampled) => {
                let found: Vec<(Kind, Finding)> = sampled.into_findings().collect();
                found
                    .into_par_iter()
                    .map(|(kind, finding)| {
                        let finding = self.shrunk(protocol, finding);
                        let cause = findings::cause(&finding.plan, deviation);
                        (kind, cause, finding)
                    })
                    .collect()
            }
        };
        for (kind, cause, finding) in findings {
            let replay = format!(
                "halfpaid replay {} \"{}\" --protocol {} --seed {}",
                self.scenario.name,
                finding.plan,
                protocol.name(),
                finding.seed
            );
            self.note(kind.clause, &cause, &finding.plan.to_string(), &finding.violation);
            coverage.violate(&finding.plan);
            self.writer.write(&ViolationRow {
                scenario: place.scenario.into(),
                protocol: place.protocol.into(),
                invariant: kind.invariant,
                clause: kind.clause.into(),
                victim: kind.victim.word().into(),
                cause: cause.into(),
                faults: finding.plan.0.len() as u64,
                plan: finding.plan.to_string().into(),
                events: finding.violation.events,
                runs: finding.runs,
                replay: replay.into(),
            })?;
        }
        self.covered(protocol, &coverage.into_rows().collect::<Vec<_>>(), true)?;
        for (end, (runs, plan)) in &sums.ends {
            self.writer.write(&rows::outcome(end, place, *runs, plan.to_string()))?;
        }
        for (invariant, violations) in Invariant::ALL.iter().zip(sums.violated) {
            let expected = self.scenario.expect.get(invariant).copied().unwrap_or_default();
            let found = if violations > 0 { Verdict::Violated } else { Verdict::Holds };
            self.summary.push(SummaryRow {
                scenario: self.scenario.name.clone().into(),
                protocol: protocol.name().into(),
                invariant: *invariant,
                expected,
                found,
                as_expected: (expected == found).into(),
                runs: sums.runs,
                violations,
                completed_percent: Percent::of(sums.committed, sums.purchases),
            });
        }
        if sums.cut_short > 0 {
            self.left_out.push(LeftOut {
                what: format!("the ends of {} runs of {}", sums.cut_short, protocol.name()),
                why: "a run did not settle within the bound on its events".to_owned(),
            });
        }
        Ok(())
    }

    /// Writes what a search has met and struck. One that came to its end has struck wherever it could.
    fn covered(
        &mut self,
        protocol: &Arc<dyn Protocol>,
        coverage: &[Covered],
        complete: bool,
    ) -> Result<(), BatchError> {
        for covered in coverage {
            self.writer.write(&CoverageRow {
                scenario: self.scenario.name.as_str().into(),
                protocol: protocol.name().into(),
                party: covered.party,
                site: covered.site.as_str().into(),
                fault: covered.fault.name().into(),
                met: covered.met,
                struck: covered.struck,
                violated: covered.violated,
            })?;
        }
        let unstruck = coverage.iter().filter(|covered| complete && covered.met > 0 && covered.struck == 0);
        let unstruck: Vec<String> =
            unstruck.map(|c| format!("{} at {} of {}", c.fault.name(), c.site, c.party)).collect();
        if !unstruck.is_empty() {
            self.left_out.push(LeftOut {
                what: format!("{} sites of {}: {}", unstruck.len(), protocol.name(), unstruck.join(", ")),
                why: "a site was met and never struck, which is a fault of the search".to_owned(),
            });
        }
        Ok(())
    }

    /// Keeps a line on something that broke.
    fn note(&mut self, clause: &str, cause: &str, plan: &str, violation: &Violation) {
        let Violation { invariant, victim, events, .. } = violation;
        let line = format!("{}: {clause}, {victim} is hurt, {cause}, {events} events: {plan}", invariant.name());
        self.findings.push(line);
    }

    /// A sampled finding, made as small as it can be. Runs take the same course under both kinds of cryptography, so the many
    /// tries are made with the cheap one.
    fn shrunk(&self, protocol: &Arc<dyn Protocol>, finding: Finding) -> Finding {
        let setup = workload::setup(self.scenario, protocol, CryptoKind::Symbolic, finding.seed);
        let workload = workload::workload(self.scenario, finding.seed);
        let latency = workload::latency(self.scenario);
        let job = Job { setup: &setup, workload: &workload, latency };
        match shrink(&job, &finding.plan, &finding.violation) {
            Some(small) => Finding { plan: small.plan, violation: small.violation, ..finding },
            None => finding,
        }
    }
}
