//! Blame for what an order of events does: all courses with no other faults are searched again.
//!
//! Another setup offers other events, so that there is no order to be followed in it. What is searched is every course with no more faults
//! than the violation's, of the same kinds at the same steps. A search answers for every violation that takes such faults, and is kept.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::{Blame, Broken, Run, Trials, broken_by, least};
use crate::drive::follow::follow_loosely;
use crate::drive::{Job, Latency};
use crate::explore::{Bounds, KINDS, Question, explore_surely, holds};
use crate::fault::{Budget, Course, Fault, FaultKind, Plan};
use crate::invariant::Violation;
use crate::party::{Party, Side};
use crate::protocol::mechanism::MechanismSet;
use crate::protocol::setup::Setup;
use crate::world::Workload;

/// A search again stops at so many states.
const STATES_MAX: u64 = 150_000;
/// Searches again for what a search has found.
#[derive(Debug)]
pub struct Orders<'q> {
    question: Question<'q>,
    /// What was found, and under what.
    searched: RefCell<Vec<(Variant, Searched)>>,
}

/// What searches again differ in.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Variant {
    /// Who breaks the protocol, and how.
    deviations: Vec<(Side, &'static str)>,
    outsider: Option<&'static str>,
    /// The safeguards that are on for one side alone.
    alone: Option<(Side, MechanismSet)>,
    gives_up_on_unknown: bool,
    budget: Budget,
}

/// What came of a search.
#[derive(Debug, Clone)]
struct Searched {
    /// By which faults: what breaks, for which side, and after how many events at the least.
    broken: Vec<(Vec<String>, &'static str, Side, u64)>,
    /// By which faults something may break for a side, or not.
    doubtful: Vec<(Vec<String>, Side)>,
    endless: bool,
    /// Whether that is all.
    complete: bool,
}

impl<'q> Orders<'q> {
    /// Nothing has been searched again yet. Of the question, budget and bounds do not matter.
    pub const fn new(question: Question<'q>) -> Self {
        Orders { question, searched: RefCell::new(Vec::new()) }
    }

    /// Whom to blame for what a run of a course shows, all of whose faults it takes.
    pub fn blame(&self, plan: &Plan, run: Run<'_, '_>, violation: &Violation) -> Blame {
        let causes = plan.words();
        let by_these = |faults: &[String]| holds(&causes, faults);
        // Whoever is alike may be hurt in another's place.
        let side = violation.victim.side();
        let losses = |searched: &Searched, within: u64| -> Broken {
            let broken = searched.broken.iter();
            let broken =
                broken.filter(|(faults, _, whose, events)| by_these(faults) && *whose == side && *events <= within);
            broken.map(|(_, clause, ..)| (*clause, violation.victim)).collect()
        };
        let lost = (violation.clause, violation.victim);
        let sooner = |setup: &Setup| {
            let searched = self.search(setup, plan);
            let broken = losses(&searched, violation.events);
            // It takes no complete search to show a loss.
            (searched.complete || broken.contains(&lost)).then_some(broken)
        };
        let at_all = |setup: &Setup| {
            let before = self.search(self.question.setup, plan);
            let after = self.search(setup, plan);
            let mut broken = losses(&after, u64::MAX);
            // To wait for ever spares nobody.
            broken.extend((after.endless && !before.endless).then_some(lost));
            let doubtful = after.doubtful.iter().any(|(faults, whose)| by_these(faults) && *whose == side);
            let known = broken.contains(&lost) || before.complete && after.complete && !doubtful;
            known.then_some(broken)
        };
        // What breaks by no fault breaks by these: it is among what broke before.
        let trials = Trials { sooner: &sooner, at_all: &at_all, anyway: Broken::new() };
        Blame::of(run, self.question.setup, violation, &trials)
    }

    /// Searches all courses with such faults, unless that has been done.
    fn search(&self, setup: &Setup, plan: &Plan) -> Searched {
        let budget = budget(plan);
        let variant = Variant {
            deviations: setup.deviations().map(|(side, known)| (side, known.name())).collect(),
            outsider: setup.outsider.map(|known| known.name()),
            alone: setup.alone,
            gives_up_on_unknown: setup.timing.gives_up_on_unknown,
            budget,
        };
        if let Some((_, known)) = self.searched.borrow().iter().find(|(known, _)| *known == variant) {
            return known.clone();
        }
        let bounds = Bounds { states: STATES_MAX, ..Bounds::default() };
        let question = Question { setup, budget: &variant.budget, bounds, ..self.question };
        let (answer, _) = explore_surely(&question, &[], &mut ());
        let searched = Searched {
            broken: answer
                .findings
                .into_iter()
                .map(|found| (found.cause, found.breach.clause, found.breach.victim.side(), found.violation.events))
                .collect(),
            doubtful: answer.unconfirmed.into_iter().map(|doubt| (doubt.cause, doubt.breach.victim.side())).collect(),
            endless: answer.endless > 0,
            complete: answer.stopped.is_none(),
        };
        self.searched.borrow_mut().push((variant, searched.clone()));
        searched
    }
}

/// The faults of a course that the violation cannot do without, as far as the same order can be followed without them.
pub fn faults(setup: &Setup, workload: &Workload, course: &Course, violation: &Violation) -> Plan {
    let job = Job { setup, workload, latency: Latency { min_us: 0, max_us: 0 } };
    let lost = (violation.clause, violation.victim);
    least(&course.plan, |fewer| {
        let course = Course { plan: fewer.clone(), order: course.order.clone() };
        broken_by(follow_loosely(&job, &course).finished.checker.violations()).contains(&lost)
    })
}

/// No other faults than these: as many of each kind.
fn budget(plan: &Plan) -> Budget {
    let mut each: BTreeMap<FaultKind, u32> = BTreeMap::new();
    for fault in &plan.0 {
        *each.entry(fault.kind()).or_default() += 1;
    }
    let kinds: Vec<FaultKind> = KINDS.iter().copied().filter(|kind| each.contains_key(kind)).collect();
    each.retain(|kind, many| kinds.contains(kind) && *many < plan.0.len() as u32);
    let vanishes = |fault: &Fault| matches!(fault, Fault::Crash { party: Party::Server, forever: true, .. });
    Budget { at_most: plan.0.len() as u32, kinds, each, server_may_vanish: plan.0.iter().any(vanishes) }
}
