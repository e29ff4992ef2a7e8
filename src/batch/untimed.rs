//! A scenario under the untimed clock: one search in place of runs, and its rows.
//!
//! `runs.csv` and `purchases.csv` have no rows then, since there are no runs: what columns elsewhere call runs are distinct states at
//! rest. A plan is a course: the faults, and the order of events that goes with them.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::conclude::unstruck;
use super::kept::{Searched, Wanted, interned};
use super::rows::{self, SOMETIMES};
use super::{BatchError, Campaign, Level, workload};
use crate::blame::Run;
use crate::blame::orders::Orders;
use crate::drive::exhaustive::Given;
use crate::drive::follow::follow;
use crate::drive::{Job, Latency};
use crate::explore::{self, Answer, Doubt, Question, Reductions, Sought, Stopped};
use crate::fault::{Budget, FaultKind};
use crate::invariant::Invariant;
use crate::protocol::Protocol;
use crate::protocol::order::Status;
use crate::protocol::setup::Setup;
use crate::results::{LeftOut, Percent, ViolationRow, counted, grouped};
use crate::scenario::Scenario;

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
            events: Some(level.events),
            states: level.states,
            frontier: level.frontier,
            bytes: level.bytes,
        });
        !self.campaign.interrupted.load(Ordering::Relaxed)
    }
}

impl Campaign<'_> {
    /// Searches, unless what was found is known or is looked for elsewhere, and writes it.
    pub(super) fn untimed(
        &mut self,
        protocol: &Arc<dyn Protocol>,
        setup: Setup,
        budget: &Budget,
    ) -> Result<(), BatchError> {
        let Scenario { name, seed, .. } = self.scenario;
        let wanted = Wanted { scenario: name, protocol: protocol.name(), run: 1, seed: *seed, plan: "" };
        let searched = match self.shelf.search(wanted)? {
            Given::Elsewhere => return Ok(()),
            Given::Known(searched) => searched,
            Given::Run => self.search(protocol, setup, budget)?,
        };
        self.shelf.keep_search(&searched)?;
        self.apply(searched)
    }

    /// Writes what was found.
    fn apply(&mut self, searched: Searched) -> Result<(), BatchError> {
        let Searched { violations, outcomes, coverage, summary, sometimes, left_out, extent, .. } = searched;
        violations.iter().try_for_each(|row| self.writer.write(row))?;
        outcomes.iter().try_for_each(|row| self.writer.write(row))?;
        coverage.iter().try_for_each(|row| self.writer.write(row))?;
        for (name, reached) in sometimes {
            *self.sometimes.entry(interned(&name)).or_default() += reached;
        }
        self.summary.extend(summary);
        self.left_out.extend(left_out);
        self.findings.extend(violations);
        self.extent.extend(extent);
        Ok(())
    }

    fn search(&self, protocol: &Arc<dyn Protocol>, setup: Setup, budget: &Budget) -> Result<Searched, BatchError> {
        let setup = workload::without_time(setup);
        let errands = workload::workload(self.scenario, self.scenario.seed);
        let bounds = self.scenario.bounds;
        let (reductions, sought) = (Reductions::ALL, Sought::Causes);
        let question = Question { setup: &setup, workload: &errands, budget, bounds, reductions, sought };
        let mut teller = Teller { campaign: self, told: 0 };
        let (answer, _) = explore::explore_surely(&question, &[], &mut teller);
        if answer.stopped == Some(Stopped::Interrupted) {
            return Err(BatchError::Interrupted);
        }
        let mut searched = Searched { protocol: protocol.name().to_owned(), ..Searched::default() };
        searched.extent.push(format!(
            "{}: {} states on {} levels, {} steps between them; {} states at rest",
            protocol.name(),
            grouped(answer.states),
            answer.levels.iter().map(Vec::len).sum::<usize>(),
            grouped(answer.transitions),
            grouped(answer.at_rest)
        ));
        self.found(&mut searched, protocol, &question, &answer);
        self.summarise(&mut searched, protocol, &answer);
        reached(&mut searched, &answer, &budget.kinds);
        not_searched(&mut searched, protocol, &answer);
        Ok(searched)
    }

    fn found(&self, searched: &mut Searched, protocol: &Arc<dyn Protocol>, question: &Question<'_>, answer: &Answer) {
        let place = self.place(protocol, self.scenario.seed);
        let orders = Orders::new(*question);
        let job = Job { setup: question.setup, workload: question.workload, latency: Latency { min_us: 0, max_us: 0 } };
        for finding in &answer.findings {
            let followed = follow(&job, &finding.course, &mut ());
            let run = Run { finished: &followed.finished, setup: question.setup };
            let blame = orders.blame(&finding.course.plan, run, &finding.violation);
            let roots: Vec<&str> = blame.deviations.iter().chain(&finding.cause).map(String::as_str).collect();
            let cause = if roots.is_empty() { "no fault".to_owned() } else { roots.join(" + ") };
            let replay = self.scenario.replay(place.protocol, &finding.course, place.seed);
            searched.violations.push(ViolationRow {
                scenario: place.scenario.to_owned().into(),
                protocol: place.protocol.to_owned().into(),
                invariant: finding.breach.invariant,
                clause: finding.breach.clause.into(),
                victim: finding.breach.victim.side().word().into(),
                cause: cause.into(),
                faults: finding.course.plan.0.len() as u64,
                plan: finding.course.to_string().into(),
                events: finding.violation.events,
                runs: finding.states,
                replay: replay.into(),
                could_prevent: blame.prevention.is_possible().map(Into::into),
                prevented_by: blame.prevention.names().join(" ").into(),
                can_prove: Some(blame.provable.into()),
            });
        }
        if answer.endless > 0 {
            let from = counted(answer.endless, "state");
            searched.extent.push(format!("{}: {from} from which nothing at rest can be reached", protocol.name()));
        }
        for ended in &answer.ends {
            let course = ended.course.as_ref().map(ToString::to_string).unwrap_or_default();
            searched.outcomes.push(rows::outcome(&ended.ending, place, ended.states, course).detached());
        }
        let covered = |covered| rows::coverage(covered, place.scenario, place.protocol);
        searched.coverage.extend(answer.coverage.iter().map(covered));
    }

    fn summarise(&self, searched: &mut Searched, protocol: &Arc<dyn Protocol>, answer: &Answer) {
        let ended: u64 = answer.ends.iter().map(|ended| ended.states).sum();
        let committed = answer.ends.iter().filter(|ended| ended.ending.payment == Status::Committed);
        let committed: u64 = committed.map(|ended| ended.states).sum();
        for invariant in Invariant::ALL {
            let violations = answer.findings.iter().filter(|f| f.breach.invariant == *invariant).count() as u64;
            let counts = (answer.at_rest, violations);
            searched.summary.push(self.verdict(protocol, *invariant, counts, Percent::of(committed, ended)));
        }
    }
}

/// The conditions that the search has come to, and in how many states.
fn reached(searched: &mut Searched, answer: &Answer, kinds: &[FaultKind]) {
    let [committed, in_spite, between, _] = SOMETIMES;
    let committed_ends = || answer.ends.iter().filter(|ended| ended.ending.payment == Status::Committed);
    let committed_in = committed_ends().map(|ended| ended.states).sum::<u64>();
    searched.sometimes.push((committed.to_owned(), committed_in));
    searched.sometimes.push((in_spite.to_owned(), answer.committed_in_spite));
    let struck = answer.coverage.iter().filter(|covered| covered.is_half_way()).map(|covered| covered.struck).sum();
    searched.sometimes.push((between.to_owned(), struck));
    for kind in kinds {
        let struck = answer.coverage.iter().filter(|covered| covered.fault == *kind);
        // Any message may be late without a fault there.
        let always = u64::from(*kind == FaultKind::Delay);
        let struck = struck.map(|covered| covered.struck).sum::<u64>();
        searched.sometimes.push((kind.name().to_owned(), struck + always));
    }
}

/// Says what the search has not done.
fn not_searched(searched: &mut Searched, protocol: &Arc<dyn Protocol>, answer: &Answer) {
    let finished = answer.levels.last().map_or(0, |levels| levels.len().saturating_sub(1));
    if let Some(stopped) = answer.stopped {
        let faults = answer.levels.len().saturating_sub(1);
        searched.left_out.push(LeftOut {
            what: format!(
                "{} after {} states: complete up to {faults} faults and {finished} events",
                protocol.name(),
                answer.states
            ),
            why: stopped.to_string(),
        });
    }
    if answer.stopped.is_none() {
        searched.left_out.extend(unstruck(&answer.coverage, protocol.name()));
    }
    for Doubt { breach, course, .. } in &answer.unconfirmed {
        let course = course.as_ref().map_or("no course".to_owned(), |course| format!("`{course}`"));
        searched.left_out.push(LeftOut {
            what: format!("{} of {} under {}", breach.clause, breach.victim, protocol.name()),
            why: format!("no run could be made to follow what the search found: {course}"),
        });
    }
}
