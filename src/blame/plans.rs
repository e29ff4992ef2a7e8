//! Blame for what a plan does under the clock: the same plan is run again.
//!
//! A fault whose site the new run never comes to strikes nothing. Where it is asked whether the same is lost among honest parties, that
//! would be unfair: what a cheat does twice has sites that what is done once has not. There the fault strikes the time before as well.

use super::{Blame, Broken, Run, Trials, broken_by, least};
use crate::drive::Finished;
use crate::drive::Job;
use crate::drive::scripted::run_plan;
use crate::fault::Plan;
use crate::invariant::Violation;
use crate::protocol::setup::Setup;

/// Whom to blame for what a run of a plan shows.
pub fn blame(job: &Job<'_, '_>, plan: &Plan, finished: &Finished<'_>, violation: &Violation) -> Blame {
    let sooner = |setup: &Setup| broken_as_well(&Job { setup, ..*job }, plan);
    // A run that does not settle spares nobody.
    let as_it_was = || broken_by(finished.checker.violations());
    let at_all = |setup: &Setup| Some(broken(&Job { setup, ..*job }, plan).unwrap_or_else(as_it_was));
    let anyway = broken(job, &Plan::default()).unwrap_or_default();
    let run = Run { finished, setup: job.setup };
    Blame::of(run, job.setup, violation, &Trials { sooner: &sooner, at_all: &at_all, anyway })
}

/// The faults of a plan that the violation cannot do without.
pub fn faults(job: &Job<'_, '_>, plan: &Plan, violation: &Violation) -> Plan {
    least(plan, |fewer| broken(job, fewer).is_some_and(|broken| broken.contains(&(violation.clause, violation.victim))))
}

/// What a run of a plan breaks, and one in which the faults that met no site strike once before, and so on; `None` if one does not settle.
fn broken_as_well(job: &Job<'_, '_>, plan: &Plan) -> Option<Broken> {
    let (mut plan, mut all) = (plan.clone(), Broken::new());
    loop {
        let (finished, unmet) = run_plan(job, &plan, &mut ());
        if finished.cut_short() {
            return None;
        }
        all.extend(broken_by(finished.checker.violations()));
        let mut moved = false;
        for fault in plan.0.iter_mut().filter(|fault| unmet.contains(fault)) {
            if let Some(before) = fault.once_before() {
                (*fault, moved) = (before, true);
            }
        }
        if !moved {
            return Some(all);
        }
    }
}

/// What a run of a plan breaks; `None` if it does not settle.
fn broken(job: &Job<'_, '_>, plan: &Plan) -> Option<Broken> {
    let (finished, _) = run_plan(job, plan, &mut ());
    (!finished.cut_short()).then(|| broken_by(finished.checker.violations()))
}
