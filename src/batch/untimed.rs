//! A scenario under the untimed clock: one search in place of runs, and its rows.
//!
//! `runs.csv` and `purchases.csv` have no rows then, since there are no runs: what columns elsewhere call runs are distinct states at
//! rest. A plan is a course: the faults, and the order of events that goes with them.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::rows::{self, SOMETIMES};
use super::{BatchError, Campaign, Level, workload};
use crate::explore::{self, Answer, Question, Reductions, Stopped};
use crate::fault::{Budget, FaultKind};
use crate::invariant::{Invariant, Verdict};
use crate::protocol::Protocol;
use crate::protocol::order::Status;
use crate::protocol::setup::Setup;
use crate::results::{LeftOut, Percent, SummaryRow, ViolationRow};

/// Tells the terminal how the search goes on, and the search when the user has had enough.
struct Teller<'c, 'a> {
    campaign: &'c Campaign<'a>,
    told: u64,
}

impl explore::Progress for Teller<'_, '_> {
    fn level(&mut self, level: explore::Reached) -> bool {
        let progress = self.campaign.progress;
        // A search that starts again with wider states counts from the beginning.
        let new = level.states.saturating_sub(self.told);
        progress.ahead(new);
        progress.done(new);
        self.told += new;
        progress.level(Level {
            faults: level.faults,
            events: level.events,
            states: level.states,
            frontier: level.frontier,
            bytes: level.bytes,
        });
        !self.campaign.interrupted.load(Ordering::Relaxed)
    }
}

impl Campaign<'_> {
    /// Searches and writes what was found.
    pub(super) fn untimed(
        &mut self,
        protocol: &Arc<dyn Protocol>,
        setup: Setup,
        budget: &Budget,
        deviation: Option<&str>,
    ) -> Result<(), BatchError> {
        let setup = workload::without_time(setup);
        let errands = workload::workload(self.scenario, self.scenario.seed);
        let bounds = self.scenario.bounds;
        let question = Question { setup: &setup, workload: &errands, budget, bounds, reductions: Reductions::ALL };
        let answer = explore::explore(&question, &mut Teller { campaign: self, told: 0 });
        if answer.stopped == Some(Stopped::Interrupted) {
            return Err(BatchError::Interrupted);
        }
        self.searched(protocol, &answer, deviation)?;
        self.covered(protocol, &answer.coverage, answer.stopped.is_none())?;
        self.summarise(protocol, &answer);
        self.reached(&answer, &budget.kinds);
        self.not_searched(protocol, &answer);
        Ok(())
    }

    fn searched(
        &mut self,
        protocol: &Arc<dyn Protocol>,
        answer: &Answer,
        deviation: Option<&str>,
    ) -> Result<(), BatchError> {
        let place = self.place(protocol, self.scenario.seed);
        for finding in &answer.findings {
            let roots: Vec<&str> = deviation.into_iter().chain(finding.cause.iter().map(String::as_str)).collect();
            let cause = if roots.is_empty() { "no fault".to_owned() } else { roots.join(" + ") };
            let replay = format!(
                "halfpaid replay {} \"{}\" --protocol {} --seed {}",
                place.scenario, finding.course, place.protocol, place.seed
            );
            self.note(finding.breach.clause, &cause, &finding.course.to_string(), &finding.violation);
            self.writer.write(&ViolationRow {
                scenario: place.scenario.into(),
                protocol: place.protocol.into(),
                invariant: finding.breach.invariant,
                clause: finding.breach.clause.into(),
                victim: finding.breach.victim.side().word().into(),
                cause: cause.into(),
                faults: finding.course.plan.0.len() as u64,
                plan: finding.course.to_string().into(),
                events: finding.violation.events,
                runs: finding.states,
                replay: replay.into(),
            })?;
        }
        for ended in &answer.ends {
            let course = ended.course.as_ref().map(ToString::to_string).unwrap_or_default();
            self.writer.write(&rows::outcome(&ended.ending, place, ended.states, course))?;
        }
        Ok(())
    }

    fn summarise(&mut self, protocol: &Arc<dyn Protocol>, answer: &Answer) {
        let ended: u64 = answer.ends.iter().map(|ended| ended.states).sum();
        let committed = answer.ends.iter().filter(|ended| ended.ending.payment == Status::Committed);
        let committed: u64 = committed.map(|ended| ended.states).sum();
        for invariant in Invariant::ALL {
            let violations = answer.findings.iter().filter(|f| f.breach.invariant == *invariant).count() as u64;
            let endless = u64::from(*invariant == Invariant::Terminates && answer.endless.is_some());
            let expected = self.scenario.expect.get(invariant).copied().unwrap_or_default();
            let found = if violations + endless > 0 { Verdict::Violated } else { Verdict::Holds };
            self.summary.push(SummaryRow {
                scenario: self.scenario.name.clone().into(),
                protocol: protocol.name().into(),
                invariant: *invariant,
                expected,
                found,
                as_expected: (expected == found).into(),
                runs: answer.at_rest,
                violations: violations + endless,
                completed_percent: Percent::of(committed, ended),
            });
        }
    }

    /// The conditions that the search has come to, and in how many states.
    fn reached(&mut self, answer: &Answer, kinds: &[FaultKind]) {
        let [committed, in_spite, between, _] = SOMETIMES;
        let committed_ends = || answer.ends.iter().filter(|ended| ended.ending.payment == Status::Committed);
        *self.sometimes.entry(committed).or_default() += committed_ends().map(|ended| ended.states).sum::<u64>();
        *self.sometimes.entry(in_spite).or_default() += answer.committed_in_spite;
        let half_way = |covered: &&explore::Covered| {
            covered.fault == FaultKind::Crash
                && covered.party == crate::protocol::party::Party::Server
                && covered.site.starts_with("before ")
                && !covered.site.starts_with("before save")
        };
        *self.sometimes.entry(between).or_default() +=
            answer.coverage.iter().filter(half_way).map(|covered| covered.struck).sum::<u64>();
        for kind in kinds {
            let struck = answer.coverage.iter().filter(|covered| covered.fault == *kind);
            // Any message may be late without a fault there.
            let always = u64::from(*kind == FaultKind::Delay);
            *self.sometimes.entry(kind.name()).or_default() +=
                struck.map(|covered| covered.struck).sum::<u64>() + always;
        }
    }

    /// Says what the search has not done.
    fn not_searched(&mut self, protocol: &Arc<dyn Protocol>, answer: &Answer) {
        let finished = answer.levels.last().map_or(0, |levels| levels.len().saturating_sub(1));
        if let Some(stopped) = answer.stopped {
            let faults = answer.levels.len().saturating_sub(1);
            self.left_out.push(LeftOut {
                what: format!(
                    "{} after {} states: complete up to {faults} faults and {finished} events",
                    protocol.name(),
                    answer.states
                ),
                why: stopped.to_string(),
            });
        }
        for (breach, course) in &answer.unconfirmed {
            let course = course.as_ref().map_or("no course".to_owned(), |course| format!("`{course}`"));
            self.left_out.push(LeftOut {
                what: format!("{} of {} under {}", breach.clause, breach.victim, protocol.name()),
                why: format!("no run could be made to follow what the search found: {course}"),
            });
        }
    }
}
