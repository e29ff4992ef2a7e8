//! Gathers what broke over many runs into distinct findings: which clause, whose loss, which cause, and the shortest plan.

use std::collections::{BTreeMap, BTreeSet};

use crate::fault::Plan;
use crate::invariant::{Invariant, Violation};
use crate::party::Side;

/// What makes a finding distinct.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Kind {
    /// The invariant.
    pub invariant: Invariant,
    /// The clause.
    pub clause: &'static str,
    /// Who is hurt.
    pub victim: Side,
}

impl Kind {
    fn of(violation: &Violation) -> Self {
        Kind { invariant: violation.invariant, clause: violation.clause, victim: violation.victim.side() }
    }
}

/// The shortest way to break a clause for one cause.
#[derive(Debug, Clone)]
pub struct Finding {
    /// The shortest plan: fewest faults, then fewest events, then the first that was found.
    pub plan: Plan,
    /// The seed of that run.
    pub seed: u64,
    /// What it breaks.
    pub violation: Violation,
    /// In how many runs it was broken for this cause.
    pub runs: u64,
}

/// The root of a violation, in words: the deviations, and the faults of the plan without their numbers.
pub fn cause(plan: &Plan, deviations: &[String]) -> String {
    let mut roots = deviations.to_vec();
    roots.extend(plan.words());
    if roots.is_empty() { "no fault".to_owned() } else { roots.join(" + ") }
}

/// Findings of a search that tries every part of a plan before the plan itself, shorter plans first.
///
/// A run whose plan contains one that already breaks the same clause for the same victim shows nothing new: its violation counts
/// for the smaller plan. So each finding's plan is minimal: none of its faults can be left out.
#[derive(Debug, Default)]
pub struct Exhaustive {
    findings: BTreeMap<(Kind, String), Finding>,
    minimal: BTreeMap<Kind, BTreeMap<Plan, String>>,
}

impl Exhaustive {
    /// Takes note of a run's violations. Runs must come in the order of their plans' lengths.
    pub fn note(&mut self, plan: &Plan, violations: &[Violation], seed: u64) {
        let mut counted = BTreeSet::new();
        for violation in violations {
            let kind = Kind::of(violation);
            if !counted.insert(kind.clone()) {
                continue;
            }
            let minimal = self.minimal.entry(kind.clone()).or_default();
            let known = parts(plan).find_map(|part| minimal.get(&part).cloned());
            let cause = known.unwrap_or_else(|| {
                let cause = cause(plan, &[]);
                minimal.insert(plan.clone(), cause.clone());
                cause
            });
            let new = || Finding { plan: plan.clone(), seed, violation: violation.clone(), runs: 0 };
            let finding = self.findings.entry((kind, cause)).or_insert_with(new);
            finding.runs += 1;
            let length = |plan: &Plan, violation: &Violation| (plan.0.len(), violation.events);
            if length(plan, violation) < length(&finding.plan, &finding.violation) {
                (finding.plan, finding.violation) = (plan.clone(), violation.clone());
            }
        }
    }

    /// The findings, in the order of the reports.
    pub fn into_findings(self) -> impl Iterator<Item = (Kind, Finding)> {
        self.findings.into_iter().map(|((kind, _), finding)| (kind, finding))
    }
}

/// Every part of a plan but the plan itself, smaller ones first; of long plans, which no search tries, the first 32 single faults.
fn parts(plan: &Plan) -> impl Iterator<Item = Plan> {
    let n = plan.0.len();
    let singles = (0..n.min(32)).map(|i| 1_u32 << i);
    let mut masks: Vec<u32> =
        if n <= 6 { (0..(1_u32 << n) - 1).collect() } else { std::iter::once(0).chain(singles).collect() };
    masks.sort_unstable_by_key(|mask| mask.count_ones());
    masks.into_iter().map(move |mask| Plan((0..n).filter(|i| mask & 1 << i != 0).map(|i| plan.0[i].clone()).collect()))
}

/// Findings of runs in no particular order: for each clause and victim, the run with the fewest faults, to be shrunk.
#[derive(Debug, Default)]
pub struct Sampled {
    findings: BTreeMap<Kind, Finding>,
}

impl Sampled {
    /// Takes note of a run's violations.
    pub fn note(&mut self, plan: &Plan, violations: &[Violation], seed: u64) {
        let mut counted = BTreeSet::new();
        for violation in violations {
            let kind = Kind::of(violation);
            let first = counted.insert(kind.clone());
            let new = || Finding { plan: plan.clone(), seed, violation: violation.clone(), runs: 0 };
            let finding = self.findings.entry(kind).or_insert_with(new);
            finding.runs += u64::from(first);
            if plan.0.len() < finding.plan.0.len() {
                (finding.plan, finding.seed, finding.violation) = (plan.clone(), seed, violation.clone());
            }
        }
    }

    /// The findings, in the order of the reports.
    pub fn into_findings(self) -> impl Iterator<Item = (Kind, Finding)> {
        self.findings.into_iter()
    }
}
