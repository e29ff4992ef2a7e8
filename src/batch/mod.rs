//! Runs a scenario: every plan under every protocol, on all cores, with rows written in an order that does not depend on them.

mod conclude;
pub mod costs;
pub mod findings;
mod joined;
mod kept;
mod modes;
mod outcome;
pub mod parts;
pub mod partition;
pub mod replay;
mod resume;
pub mod rows;
mod streamed;
mod untimed;
pub mod workload;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::drive::Job;
use crate::drive::exhaustive::Given;
use crate::fault::coverage::Coverage;
use crate::fault::{Budget, Fault, FaultKind};
use crate::invariant::Verdict;
use crate::protocol::{self, Protocol};
use crate::results::{
    LeftOut, Manifest, ResultsError, Row, ScenarioWriter, Sometimes, SummaryRow, ViolationRow, YesNo,
    create_scenario_folder,
};
use crate::scenario::{Clock, Deviations, Faults, Judged, Scenario};

use conclude::{Gathered, Sums};
use findings::Exhaustive;
use kept::{KEPT, Shelf, Wanted};
pub use outcome::{BatchError, Level, Outcome, Progress, Standing};
use partition::Partition;
pub use resume::{finished, part_finished};
use rows::{COMMITTED, CRASHED_BETWEEN, HALF_PAID, Kept, Place, SOMETIMES};

/// Says which faults of a plan never met their site.
pub fn unmet(faults: &[Fault]) -> String {
    let list: Vec<String> = faults.iter().map(|fault| format!("`{fault}`")).collect();
    format!("the run never comes to the site of {}", list.join(", "))
}

/// What is to be done about a scenario's runs.
#[derive(Debug, Clone, Copy)]
pub enum Runs<'a> {
    /// All of them are made.
    All,
    /// The same, but for those that an interrupted process has kept.
    Rest,
    /// Those of a part are made and kept, and nothing is concluded. Runs that an interrupted process has kept are not made again.
    Part(Partition),
    /// All are taken from the parts that have made them: the folders of all the parts, in order.
    Merged(&'a [PathBuf]),
}

/// The manifest of a scenario's folder, before anything is in it.
fn manifest(scenario: &Scenario, text: &str, partition: Option<Partition>) -> Manifest {
    let seeds = scenario.seeds();
    let manifest = Manifest::new(&scenario.name, text, &format!("{}..{}", seeds.start, seeds.end));
    Manifest { partition: partition.map(|partition| partition.to_string()), ..manifest }
}

/// Runs a scenario and writes its results below `out`.
pub fn run(
    scenario: &Scenario,
    text: &str,
    out: &Path,
    interrupted: &AtomicBool,
    progress: &dyn Progress,
) -> Result<Outcome, BatchError> {
    run_some(scenario, text, out, Runs::All, interrupted, progress)
}

/// The same, with a choice of where its runs come from. The outcome of a part is empty.
pub fn run_some(
    scenario: &Scenario,
    text: &str,
    out: &Path,
    runs: Runs<'_>,
    interrupted: &AtomicBool,
    progress: &dyn Progress,
) -> Result<Outcome, BatchError> {
    let folder = out.join(&scenario.name);
    let partition = if let Runs::Part(partition) = runs { Some(partition) } else { None };
    let manifest = manifest(scenario, text, partition);
    // A part's folder holds no results, only what they are made of.
    let writer = match runs {
        Runs::Part(_) => Writer::nowhere(out, &scenario.name)?,
        _ => Writer(Some(ScenarioWriter::create(out, &scenario.name)?)),
    };
    let shelf = match runs {
        Runs::All => Shelf::open(&folder, &manifest, None, false)?,
        Runs::Rest => Shelf::open(&folder, &manifest, None, true)?,
        Runs::Part(partition) => Shelf::open(&folder, &manifest, Some(partition), true)?,
        Runs::Merged(parts) => {
            let folders: Vec<PathBuf> = parts.iter().map(|part| part.join(&scenario.name)).collect();
            Shelf::merge(&folders)?
        }
    };
    let mut campaign = Campaign {
        scenario,
        shelf,
        writer,
        interrupted,
        progress,
        summary: Vec::new(),
        sometimes: BTreeMap::new(),
        left_out: Vec::new(),
        findings: Vec::new(),
        extent: Vec::new(),
        asked: 0,
        runs: 0,
    };
    for name in &scenario.protocols {
        if let Some(protocol) = protocol::by_name(name) {
            let (rows, left_out) = (campaign.summary.len(), campaign.left_out.len());
            let run = campaign.protocol(&protocol);
            if campaign.left_out.len() > left_out {
                let open = campaign.summary[rows..].iter_mut().filter(|row| row.found == Verdict::Holds);
                open.for_each(|row| row.complete = YesNo::No);
            }
            match run {
                // The file has to be changed first, and then nothing of this is of use.
                Err(error @ BatchError::Unmet { .. }) => {
                    campaign.shelf.discard()?;
                    return Err(error);
                }
                other => other?,
            }
        }
    }
    let Campaign { mut shelf, writer, summary, sometimes, left_out, findings, extent, .. } = campaign;
    shelf.exhausted()?;
    let Some(writer) = writer.0 else {
        let files = shelf.finish()?.map(|sum| (KEPT.to_owned(), sum)).into_iter().collect();
        Manifest { files, ..manifest }.write(&folder)?;
        return Ok(Outcome { summary: Vec::new(), incomplete: None, gaps: Vec::new(), findings, extent });
    };
    let incomplete = left_out.first().map(|left: &LeftOut| left.why.clone());
    let mut manifest = Manifest { left_out, ..manifest };
    let reached = |name: &str| sometimes.get(name).copied().unwrap_or(0);
    let reached = |name: &'static str| Sometimes { name: name.to_owned(), reached: reached(name) };
    manifest.sometimes = conditions(scenario).into_iter().map(reached).collect();
    let gaps = gaps(scenario, &manifest.sometimes);
    manifest.summary.clone_from(&summary);
    writer.finish(manifest)?;
    shelf.discard()?;
    Ok(Outcome { summary, incomplete, gaps, findings, extent })
}

/// The conditions that some run of a scenario should reach.
fn conditions(scenario: &Scenario) -> Vec<&'static str> {
    let kinds = scenario.faults.kinds();
    SOMETIMES.into_iter().chain(kinds.iter().map(|kind| kind.name())).collect()
}

/// Those that none reached. Where no fault was to be chosen, none was to be reached that takes one, nor a crash where none was to strike;
/// Cases 2 and 3 are built never to be half-paid; and whoever breaks the protocol may let no purchase come to anything.
pub fn gaps(scenario: &Scenario, reached: &[Sometimes]) -> Vec<&'static str> {
    let kinds = match &scenario.faults {
        Faults::Exhaustive { at_most: 0, .. } => Vec::new(),
        faults => faults.kinds(),
    };
    let missed = |name: &&str| reached.iter().all(|sometimes| sometimes.name != **name || sometimes.reached == 0);
    let possible = |name: &&str| match *name {
        HALF_PAID => false,
        COMMITTED => !kinds.is_empty() || scenario.deviations == Deviations::default(),
        CRASHED_BETWEEN => kinds.contains(&FaultKind::Crash),
        _ => !kinds.is_empty(),
    };
    conditions(scenario).into_iter().filter(|name| possible(name) && missed(name)).collect()
}

/// The writer of a scenario's results; in a part, which has none, rows go nowhere.
struct Writer(Option<ScenarioWriter>);

impl Writer {
    /// Makes the scenario's folder, and nothing in it.
    fn nowhere(out: &Path, scenario: &str) -> Result<Writer, ResultsError> {
        create_scenario_folder(out, scenario)?;
        Ok(Writer(None))
    }

    fn write<R: Row>(&mut self, row: &R) -> Result<(), ResultsError> {
        self.0.as_mut().map_or(Ok(()), |writer| writer.write(row))
    }
}

struct Campaign<'a> {
    scenario: &'a Scenario,
    // Dropped first: what it leaves keeps the folder.
    shelf: Shelf,
    writer: Writer,
    interrupted: &'a AtomicBool,
    progress: &'a dyn Progress,
    summary: Vec<SummaryRow<'static>>,
    sometimes: BTreeMap<&'static str, u64>,
    left_out: Vec<LeftOut>,
    findings: Vec<ViolationRow<'static>>,
    extent: Vec<String>,
    /// How many runs of the protocol at hand were asked for.
    asked: u64,
    /// How many of them are taken care of.
    runs: u64,
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
        (self.asked, self.runs) = (0, 0);
        costs::rows(scenario, protocol).iter().try_for_each(|row| self.writer.write(row))?;
        if let (Faults::Exhaustive { clock: Clock::Untimed, .. }, Some(budget)) = (&scenario.faults, scenario.budget())
        {
            return self.untimed(protocol, setup, &budget);
        }
        let gathered = match &scenario.faults {
            Faults::None | Faults::Random { .. } if scenario.workload.judged == Judged::WhenSettled => {
                Gathered::Streamed(self.streamed(protocol, &mut sums)?)
            }
            Faults::Random { seeds, .. } => Gathered::Sampled(self.sampled(protocol, seeds, &mut sums)?),
            Faults::Exhaustive { .. } | Faults::Scripted { .. } | Faults::None => {
                let (setup, workload) = (&setup, &workload::workload(scenario, seed));
                let job = Job { setup, workload, latency: workload::latency(scenario) };
                let (mut exhaustive, mut coverage) = (Exhaustive::default(), Coverage::default());
                match &scenario.faults {
                    Faults::Exhaustive { .. } => {
                        let budget = scenario.budget().unwrap_or_else(|| Budget::new(0, &[]));
                        coverage = if scenario.cuts {
                            self.joined(&job, &budget, self.place(protocol, seed), &mut exhaustive, &mut sums)?
                        } else {
                            self.every_plan(protocol, &job, &budget, &mut exhaustive, &mut sums)?
                        };
                    }
                    Faults::Scripted { plans } => self.scripted(protocol, &job, plans, &mut exhaustive, &mut sums)?,
                    _ => self.without_faults(protocol, &job, &mut exhaustive, &mut sums)?,
                }
                Gathered::Exhaustive(exhaustive, coverage)
            }
        };
        self.conclude(protocol, sums, gathered)
    }

    /// Which run comes next, and what is to become of it.
    fn given(&mut self, protocol: &Arc<dyn Protocol>, seed: u64, plan: &str) -> Result<Given<Kept<'a>>, BatchError> {
        self.asked += 1;
        let scenario = &self.scenario.name;
        self.shelf.run(Wanted { scenario, protocol: protocol.name(), run: self.asked, seed, plan })
    }

    /// Keeps a run and takes it in. One that is made elsewhere is counted.
    fn take(&mut self, kept: Option<Kept<'_>>, sums: &mut Sums) -> Result<(), BatchError> {
        if self.interrupted.load(Ordering::Relaxed) {
            return Err(BatchError::Interrupted);
        }
        let Some(kept) = kept else {
            self.runs += 1;
            self.progress.done(1);
            return Ok(());
        };
        let kept = self.numbered(kept);
        self.shelf.keep(&kept)?;
        self.add(kept, sums)?;
        self.progress.done(1);
        Ok(())
    }

    /// Gives a run the number that is next.
    fn numbered<'k>(&mut self, mut kept: Kept<'k>) -> Kept<'k> {
        self.runs += 1;
        kept.run.run = self.runs;
        for purchase in &mut kept.purchases {
            purchase.run = self.runs;
        }
        kept
    }

    /// Writes a run's rows and adds it up.
    fn add(&mut self, kept: Kept<'_>, sums: &mut Sums) -> Result<(), BatchError> {
        let Kept { run, purchases, ends, plan, reached, cut_short, .. } = kept;
        self.writer.write(&run)?;
        purchases.iter().try_for_each(|purchase| self.writer.write(purchase))?;
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
        Ok(())
    }
}
