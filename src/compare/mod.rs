//! What has changed between two results folders: verdicts, violations, costs, and what was looked at.
//!
//! Both are read as they are on disk, and a folder that is unfinished or damaged is an error. Runs are made again by others: here
//! nothing is run. [`text`] says what was found in words.
//!
//! What counts as a regression: a verdict that was as expected and is not any more, or that went from holds to violated; a violation
//! that the baseline does not have; a cost per run that has grown by more than the tolerance; a scenario, a protocol or a condition
//! that the baseline reached and the results do not; a verdict that was an answer and is left open; a site at which a kind of fault struck in the baseline and does not any more. A
//! scenario that the baseline does not have is judged by what it expects.

mod read;
pub mod text;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use crate::invariant::{Invariant, Verdict};

pub use read::{Campaign, Costs, Expected, read};

/// A scenario under a protocol.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Subject {
    /// The scenario's name.
    pub scenario: String,
    /// The protocol's name.
    pub protocol: String,
}

/// A violation, whatever the plan that shows it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Breach {
    /// Where.
    pub subject: Subject,
    /// What was violated.
    pub invariant: Invariant,
    /// Which clause.
    pub clause: String,
    /// Who is hurt.
    pub victim: String,
    /// The party or fault at its root.
    pub cause: String,
}

/// Where a kind of fault may strike.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Struck {
    /// Under which scenario and protocol.
    pub subject: Subject,
    /// Who sends or crashes there.
    pub party: String,
    /// The site.
    pub site: String,
    /// The kind of fault.
    pub fault: String,
}

/// Something that has changed, and whether for the worse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change<T> {
    /// What.
    pub what: T,
    /// Whether it counts as a regression.
    pub regressed: bool,
}

/// A verdict before and after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerdictChange {
    /// Where.
    pub subject: Subject,
    /// Which invariant.
    pub invariant: Invariant,
    /// In the baseline.
    pub before: Expected,
    /// In the results.
    pub after: Expected,
}

/// A cost before and after, in total.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CostChange {
    /// Where.
    pub subject: Subject,
    /// The column of `runs.csv`.
    pub cost: &'static str,
    /// The total in the baseline.
    pub before: u64,
    /// The total in the results.
    pub after: u64,
    /// The change per run in hundredths of a percent; `None` where the baseline has none at all.
    pub per_run: Option<i128>,
}

/// What has changed. Lists are in the order of scenario, protocol and invariant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Scenarios and protocols that only the baseline has.
    pub missing: Vec<Subject>,
    /// Those that only the results have.
    pub added: Vec<Subject>,
    /// Verdicts that differ.
    pub verdicts: Vec<Change<VerdictChange>>,
    /// Violations that only the results have, with the command that shows each.
    pub new: Vec<Change<(Breach, String)>>,
    /// Violations that only the baseline has.
    pub resolved: Vec<Breach>,
    /// Violations that both have.
    pub ongoing: Vec<Breach>,
    /// Totals that differ.
    pub costs: Vec<Change<CostChange>>,
    /// Conditions that the baseline reached and the results do not, by scenario.
    pub lost: Vec<(String, String)>,
    /// Where faults struck in the baseline, and do not in the results.
    pub uncovered: Vec<Struck>,
    /// Scenarios whose text is not the baseline's.
    pub rewritten: Vec<String>,
}

impl Comparison {
    /// How much has become worse.
    pub fn regressions(&self) -> usize {
        fn worse<T>(changes: &[Change<T>]) -> usize {
            changes.iter().filter(|change| change.regressed).count()
        }
        self.missing.len()
            + worse(&self.verdicts)
            + worse(&self.new)
            + worse(&self.costs)
            + self.lost.len()
            + self.uncovered.len()
    }
}

/// Compares results with a baseline. Costs per run may grow by so many percent.
pub fn compare(baseline: &Campaign, results: &Campaign, tolerance_percent: u32) -> Comparison {
    let (before, after) = (&baseline.verdicts, &results.verdicts);
    let only = |one: &BTreeMap<_, _>, other: &BTreeMap<_, _>| -> Vec<Subject> {
        one.keys().filter(|subject| !other.contains_key(*subject)).cloned().collect()
    };
    let (missing, added) = (only(before, after), only(after, before));
    let in_both = |subject: &Subject| before.contains_key(subject) && after.contains_key(subject);
    // A search that was cut short may have missed what it does not show, whatever else it has found.
    let looked_at = |b: &Breach| in_both(&b.subject) && !results.cut_short.contains(&b.subject.scenario);
    let violations = |one: &Campaign, keep: &dyn Fn(&Breach) -> bool| -> Vec<Breach> {
        one.violations.keys().filter(|breach| keep(breach)).cloned().collect()
    };
    let new = results.violations.iter().filter(|(breach, _)| !baseline.violations.contains_key(*breach));
    let new = new.map(|(breach, replay)| {
        let expected = after.get(&breach.subject).and_then(|verdicts| verdicts.get(&breach.invariant));
        let regressed = before.contains_key(&breach.subject) || expected.is_none_or(|verdict| !verdict.as_expected());
        Change { what: (breach.clone(), replay.clone()), regressed }
    });
    Comparison {
        verdicts: verdicts(before, after),
        new: new.collect(),
        // What is gone because nobody looked is not resolved.
        resolved: violations(baseline, &|b| !results.violations.contains_key(b) && looked_at(b)),
        ongoing: violations(results, &|breach| baseline.violations.contains_key(breach)),
        costs: costs(&baseline.costs, &results.costs, tolerance_percent),
        lost: lost(baseline, results),
        // What nobody has looked at in the results is missing, and said to be.
        uncovered: baseline.struck.difference(&results.struck).filter(|s| in_both(&s.subject)).cloned().collect(),
        rewritten: rewritten(baseline, results),
        missing,
        added,
    }
}

type Verdicts = BTreeMap<Subject, BTreeMap<Invariant, Expected>>;

fn verdicts(before: &Verdicts, after: &Verdicts) -> Vec<Change<VerdictChange>> {
    let mut changes = Vec::new();
    for (subject, invariants) in after {
        for (invariant, after) in invariants {
            let Some(before) = before.get(subject).and_then(|invariants| invariants.get(invariant)) else {
                // There is nothing to compare with but what the scenario expects.
                if !after.as_expected() {
                    let before = Expected { found: after.found.other(), ..*after };
                    let what = VerdictChange { subject: subject.clone(), invariant: *invariant, before, after: *after };
                    changes.push(Change { what, regressed: true });
                }
                continue;
            };
            if before != after {
                let worse = before.found == Verdict::Holds && after.found == Verdict::Violated;
                let open = before.complete && !after.complete;
                let regressed = worse || open || (before.as_expected() && !after.as_expected());
                let what =
                    VerdictChange { subject: subject.clone(), invariant: *invariant, before: *before, after: *after };
                changes.push(Change { what, regressed });
            }
        }
    }
    changes
}

fn costs(
    before: &BTreeMap<Subject, Costs>,
    after: &BTreeMap<Subject, Costs>,
    tolerance_percent: u32,
) -> Vec<Change<CostChange>> {
    let mut changes = Vec::new();
    for (subject, after) in after {
        let Some(before) = before.get(subject) else { continue };
        for (cost, before_total, after_total) in before.beside(after) {
            if before_total == after_total {
                continue;
            }
            let per_run = per_run(before_total, before.runs, after_total, after.runs);
            // How many runs there are is no cost of the protocol's.
            let regressed = cost != Costs::RUNS
                && per_run.map_or(after_total > 0, |change| change > i128::from(tolerance_percent) * 100);
            let what = CostChange {
                subject: subject.clone(),
                cost,
                before: before_total,
                after: after_total,
                per_run: if cost == Costs::RUNS { None } else { per_run },
            };
            changes.push(Change { what, regressed });
        }
    }
    changes
}

/// By how much a mean has changed, in hundredths of a percent, rounded up, so that no growth is lost.
fn per_run(before: u64, before_runs: u64, after: u64, after_runs: u64) -> Option<i128> {
    let (was, is) = (i128::from(before) * i128::from(after_runs), i128::from(after) * i128::from(before_runs));
    let change = (is - was).checked_mul(10_000)?;
    let rounded = change.checked_div(was)? + i128::from(change > 0 && change % was != 0);
    Some(rounded)
}

fn lost(baseline: &Campaign, results: &Campaign) -> Vec<(String, String)> {
    let reached = |campaign: &Campaign, scenario: &str| -> BTreeSet<String> {
        campaign.reached.get(scenario).cloned().unwrap_or_default()
    };
    let scenarios = baseline.reached.keys().filter(|scenario| results.reached.contains_key(*scenario));
    scenarios
        .flat_map(|scenario| {
            let lost: Vec<_> = reached(baseline, scenario).difference(&reached(results, scenario)).cloned().collect();
            lost.into_iter().map(move |condition| (scenario.clone(), condition))
        })
        .collect()
}

fn rewritten(baseline: &Campaign, results: &Campaign) -> Vec<String> {
    let differs = |(scenario, sum): &(&String, &_)| results.texts.get(*scenario).is_some_and(|other| other != *sum);
    baseline.texts.iter().filter(differs).map(|(scenario, _)| scenario.clone()).collect()
}
