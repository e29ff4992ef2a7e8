//! What a scenario's runs come to under one protocol: the violations with who is to blame, coverage, outcomes, and the verdicts.

use std::collections::BTreeMap;
use std::sync::Arc;

use rayon::prelude::*;

use super::findings::{self, Exhaustive, Finding, Kind, Sampled};
use super::rows::CRASHED_BETWEEN;
use super::{BatchError, Campaign, rows, workload};
use crate::blame::{Blame, plans};
use crate::drive::Job;
use crate::drive::scripted::run_plan;
use crate::drive::shrink::shrink;
use crate::fault::Plan;
use crate::fault::coverage::{Coverage, Covered};
use crate::invariant::ending::Ending;
use crate::invariant::{Invariant, Verdict};
use crate::protocol::Protocol;
use crate::results::{LeftOut, Percent, SummaryRow, ViolationRow, YesNo};
use crate::scenario::CryptoKind;

/// What adds up over the runs of one protocol.
#[derive(Default)]
pub(super) struct Sums {
    pub(super) runs: u64,
    pub(super) purchases: u64,
    pub(super) committed: u64,
    pub(super) violated: [u64; Invariant::ALL.len()],
    pub(super) cut_short: u64,
    pub(super) ends: BTreeMap<Ending, (u64, Plan)>,
}

/// The violations of one protocol, gathered as its way of choosing plans allows.
pub(super) enum Gathered {
    Exhaustive(Exhaustive, Coverage),
    Sampled(Sampled),
    /// Of runs that are too long to be done again.
    Streamed(Sampled),
}

impl Campaign<'_> {
    /// Writes what the runs have come to.
    pub(super) fn conclude(
        &mut self,
        protocol: &Arc<dyn Protocol>,
        sums: Sums,
        gathered: Gathered,
    ) -> Result<(), BatchError> {
        if self.shelf.is_a_part() {
            return Ok(());
        }
        let place = self.place(protocol, self.scenario.seed);
        let (mut coverage, mut tried_again) = (Coverage::default(), true);
        let findings: Vec<(Kind, Finding)> = match gathered {
            Gathered::Exhaustive(exhaustive, tried) => {
                coverage = tried;
                exhaustive.into_findings().collect()
            }
            Gathered::Streamed(sampled) => {
                tried_again = false;
                sampled.into_findings().collect()
            }
            Gathered::Sampled(sampled) => {
                let found: Vec<(Kind, Finding)> = sampled.into_findings().collect();
                found.into_par_iter().map(|(kind, finding)| (kind, self.shrunk(protocol, finding))).collect()
            }
        };
        let blamed = findings.into_par_iter().map(|(kind, finding)| {
            // A run that is too long to be done again answers nothing more.
            let blame = tried_again.then(|| self.blame(protocol, &finding));
            (kind, finding, blame)
        });
        for (kind, finding, blame) in blamed.collect::<Vec<_>>() {
            let blame = blame.as_ref();
            let cause = findings::cause(&finding.plan, blame.map_or(&[], |blame| &blame.deviations));
            let replay = self.scenario.replay(protocol.name(), &finding.plan, finding.seed);
            coverage.violate(&finding.plan);
            let row = ViolationRow {
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
                could_prevent: blame.and_then(|blame| blame.prevention.is_possible()).map(Into::into),
                prevented_by: blame.map(|blame| blame.prevention.names().join(" ")).unwrap_or_default().into(),
                can_prove: blame.map(|blame| blame.provable.into()),
            };
            self.writer.write(&row)?;
            self.findings.push(row.detached());
        }
        self.covered(protocol, &coverage.into_rows().collect::<Vec<_>>())?;
        for (end, (runs, plan)) in &sums.ends {
            self.writer.write(&rows::outcome(end, place, *runs, plan.to_string()))?;
        }
        for (invariant, violations) in Invariant::ALL.iter().zip(sums.violated) {
            let completed = Percent::of(sums.committed, sums.purchases);
            let verdict = self.verdict(protocol, *invariant, (sums.runs, violations), completed);
            self.summary.push(verdict);
        }
        if sums.cut_short > 0 {
            self.left_out.push(LeftOut {
                what: format!("the ends of {} runs of {}", sums.cut_short, protocol.name()),
                why: "a run did not settle within the bound on its events".to_owned(),
            });
        }
        Ok(())
    }

    /// The verdict on an invariant: of so many runs so many broke it.
    pub(super) fn verdict(
        &self,
        protocol: &Arc<dyn Protocol>,
        invariant: Invariant,
        (runs, violations): (u64, u64),
        completed_percent: Percent,
    ) -> SummaryRow<'static> {
        let expected = self.scenario.expect.get(&invariant).copied().unwrap_or_default();
        let found = if violations > 0 { Verdict::Violated } else { Verdict::Holds };
        SummaryRow {
            scenario: self.scenario.name.clone().into(),
            protocol: protocol.name().into(),
            invariant,
            expected,
            found,
            as_expected: expected.met_by(found).into(),
            runs,
            violations,
            completed_percent,
            complete: YesNo::Yes,
        }
    }

    /// Writes what a search has met and struck.
    pub(super) fn covered(&mut self, protocol: &Arc<dyn Protocol>, coverage: &[Covered]) -> Result<(), BatchError> {
        for covered in coverage {
            self.writer.write(&rows::coverage(covered, &self.scenario.name, protocol.name()))?;
        }
        // A plan that was cut has no run to say that it struck.
        let struck = coverage.iter().filter(|covered| covered.struck > 0);
        for covered in struck {
            let half_way = covered.is_half_way().then_some(CRASHED_BETWEEN);
            for name in half_way.into_iter().chain([covered.fault.name()]) {
                self.sometimes.entry(name).or_insert(covered.struck);
            }
        }
        self.left_out.extend(unstruck(coverage, protocol.name()));
        Ok(())
    }

    /// Who and what is to blame for a finding. Its runs are made with the cheap cryptography.
    fn blame(&self, protocol: &Arc<dyn Protocol>, finding: &Finding) -> Blame {
        let setup = workload::setup(self.scenario, protocol, CryptoKind::Symbolic, finding.seed);
        let workload = workload::workload(self.scenario, finding.seed);
        let job = Job { setup: &setup, workload: &workload, latency: workload::latency(self.scenario) };
        let (finished, _) = run_plan(&job, &finding.plan, &mut ());
        plans::blame(&job, &finding.plan, &finished, &finding.violation)
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

/// What a search that came to its end met and never struck.
pub(super) fn unstruck(coverage: &[Covered], protocol: &str) -> Option<LeftOut> {
    let unstruck = coverage.iter().filter(|covered| covered.met > 0 && covered.struck == 0);
    let unstruck: Vec<String> = unstruck.map(|c| format!("{} at {} of {}", c.fault.name(), c.site, c.party)).collect();
    (!unstruck.is_empty()).then(|| LeftOut {
        what: format!("{} sites of {protocol}: {}", unstruck.len(), unstruck.join(", ")),
        why: "a site was met and never struck, which is a fault of the search".to_owned(),
    })
}
