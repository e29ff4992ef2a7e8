//! A results folder as far as a comparison needs it: read once, row by row, so that its size does not matter.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::{Breach, Struck, Subject};
use crate::invariant::{Expectation, Invariant, Verdict};
use crate::results::{
    CoverageRow, Manifest, ResultsError, RunRow, Sha256Sum, Sheet, SummaryRow, ViolationRow, YesNo, read_rows,
};

/// What was expected of an invariant, and what was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expected {
    /// By the scenario.
    pub expected: Expectation,
    /// By the run.
    pub found: Verdict,
    /// Whether that is an answer: what holds has held so far and no more where something was left out.
    pub complete: bool,
}

impl Expected {
    /// Whether the two agree.
    pub fn as_expected(&self) -> bool {
        self.expected.met_by(self.found)
    }
}

/// Sums over the runs of a scenario under a protocol.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Costs {
    /// How many runs.
    pub runs: u64,
    totals: [u64; Costs::NAMES.len()],
}

impl Costs {
    /// The name of the number of runs.
    pub const RUNS: &'static str = "runs";
    /// The columns that are summed.
    pub const NAMES: [&'static str; 9] =
        ["messages", "bytes", "signs", "verifies", "seals", "opens", "digests", "journal_writes", "server_bytes"];

    /// Takes a run in.
    pub(super) fn add(&mut self, run: &RunRow<'_>) {
        let costs = [
            run.messages,
            run.bytes,
            run.signs,
            run.verifies,
            run.seals,
            run.opens,
            run.digests,
            run.journal_writes,
            run.server_bytes,
        ];
        self.runs += 1;
        for (total, cost) in self.totals.iter_mut().zip(costs) {
            *total = total.saturating_add(cost);
        }
    }

    /// Each cost of this and the other, by name; the number of runs first.
    pub(super) fn beside<'c>(&'c self, other: &'c Costs) -> impl Iterator<Item = (&'static str, u64, u64)> + 'c {
        let totals = Costs::NAMES.into_iter().zip(self.totals).zip(other.totals);
        let totals = totals.map(|((name, one), two)| (name, one, two));
        std::iter::once((Costs::RUNS, self.runs, other.runs)).chain(totals)
    }
}

/// A results folder.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Campaign {
    /// Every verdict.
    pub verdicts: BTreeMap<Subject, BTreeMap<Invariant, Expected>>,
    /// Every violation, and the command that shows it.
    pub violations: BTreeMap<Breach, String>,
    /// What the runs cost; searches without time have no runs.
    pub costs: BTreeMap<Subject, Costs>,
    /// The conditions that were reached, by scenario.
    pub reached: BTreeMap<String, BTreeSet<String>>,
    /// Where faults have struck.
    pub struck: BTreeSet<Struck>,
    /// The scenarios of which something was left out.
    pub cut_short: BTreeSet<String>,
    /// The SHA-256 of each scenario's text.
    pub texts: BTreeMap<String, Sha256Sum>,
}

/// The files of a scenario that a comparison reads. A baseline that is kept small may lack the others.
const SHEETS: &[Sheet] = &[Sheet::Violations, Sheet::Runs];

/// Reads a results folder.
///
/// # Errors
///
/// A folder that holds no results, or whose results are unfinished or not what their manifests say.
pub fn read(folder: &Path) -> Result<Campaign, ResultsError> {
    let mut campaign = Campaign::default();
    read_rows(folder, |row: SummaryRow<'static>| {
        let subject = subject(&row.scenario, &row.protocol);
        let verdict = Expected { expected: row.expected, found: row.found, complete: row.complete == YesNo::Yes };
        campaign.verdicts.entry(subject).or_default().insert(row.invariant, verdict);
    })?;
    let scenarios: BTreeSet<String> = campaign.verdicts.keys().map(|subject| subject.scenario.clone()).collect();
    for scenario in scenarios {
        let inside = folder.join(&scenario);
        let Some(manifest) = Manifest::read(&inside)? else {
            let why = "has no manifest: `halfpaid run --resume` finishes what was interrupted".to_owned();
            return Err(ResultsError::Folder { path: inside, why });
        };
        // A baseline that is kept small may say nothing of coverage, and then nothing is lost.
        let covers = inside.join(Sheet::Coverage.file_name()).exists();
        let sheets = SHEETS.iter().copied().chain(covers.then_some(Sheet::Coverage));
        if let Some(path) = manifest.differs(&inside, &sheets.collect::<Vec<_>>())? {
            let why = "is not what its manifest says: run the scenario again to replace it".to_owned();
            return Err(ResultsError::Folder { path, why });
        }
        read_rows(&inside, |row: ViolationRow<'static>| {
            let replay = row.command(folder);
            let breach = Breach {
                subject: subject(&row.scenario, &row.protocol),
                invariant: row.invariant,
                clause: row.clause.into_owned(),
                victim: row.victim.into_owned(),
                cause: row.cause.into_owned(),
            };
            campaign.violations.insert(breach, replay);
        })?;
        read_rows(&inside, |run: RunRow<'static>| {
            campaign.costs.entry(subject(&run.scenario, &run.protocol)).or_default().add(&run);
        })?;
        if covers {
            read_rows(&inside, |row: CoverageRow<'static>| {
                if row.struck > 0 {
                    let subject = subject(&row.scenario, &row.protocol);
                    let (party, site, fault) = (row.party.to_string(), row.site.into_owned(), row.fault.into_owned());
                    campaign.struck.insert(Struck { subject, party, site, fault });
                }
            })?;
        }
        if !manifest.left_out.is_empty() {
            campaign.cut_short.insert(scenario.clone());
        }
        let reached = manifest.sometimes.into_iter().filter(|sometimes| sometimes.reached > 0);
        campaign.reached.insert(scenario.clone(), reached.map(|sometimes| sometimes.name).collect());
        campaign.texts.insert(scenario, manifest.scenario_sha256);
    }
    Ok(campaign)
}

fn subject(scenario: &str, protocol: &str) -> Subject {
    Subject { scenario: scenario.to_owned(), protocol: protocol.to_owned() }
}
