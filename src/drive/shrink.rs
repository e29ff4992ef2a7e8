//! Makes a plan as small as it can be while it still breaks the same clause for the same victim.
//!
//! First faults are taken away, then weakened: a crash for ever becomes a crash, a replay a duplicate, a garbled message a lost
//! one, a late message a lost one. Every try is a run of its own; the result is a plan whose faults all struck.

use super::Job;
use super::scripted::run_plan;
use crate::fault::{EventSite, Fault, Plan};
use crate::invariant::Violation;

/// The smallest plan found, and its violation.
#[derive(Debug, Clone)]
pub struct Shrunk {
    /// The plan.
    pub plan: Plan,
    /// What it breaks.
    pub violation: Violation,
}

/// Whether a run of the plan breaks the clause for a victim of the same kind; if so, with which faults that struck.
fn breaks(job: &Job<'_, '_>, plan: &Plan, like: &Violation) -> Option<Shrunk> {
    let (finished, _) = run_plan(job, plan, &mut ());
    let same = |violation: &&Violation| violation.clause == like.clause && violation.victim == like.victim;
    let violation = finished.checker.violations().iter().find(same)?.clone();
    Some(Shrunk { plan: finished.plan(), violation })
}

fn weaker(fault: &Fault) -> Vec<Fault> {
    match fault {
        Fault::Crash { party, site, forever: true } => {
            vec![Fault::Crash { party: *party, site: *site, forever: false }]
        }
        Fault::Replay { send, after: EventSite::Arrival { .. } } => vec![Fault::Duplicate(*send)],
        Fault::Corrupt { send, .. } | Fault::Delay(send) => vec![Fault::Drop(*send)],
        Fault::Partition { group, from_us, for_us } if *for_us > 1 => {
            let half = for_us / 2;
            let (group, from_us) = (group.clone(), *from_us);
            vec![
                Fault::Partition { group: group.clone(), from_us, for_us: half },
                Fault::Partition { group, from_us: from_us + half, for_us: half },
            ]
        }
        _ => Vec::new(),
    }
}

/// Shrinks a plan that breaks a clause. `None` if it does not.
pub fn shrink(job: &Job<'_, '_>, plan: &Plan, violation: &Violation) -> Option<Shrunk> {
    let mut best = breaks(job, plan, violation)?;
    // Large plans lose whole halves, quarters, ... first.
    let mut size = best.plan.0.len().div_ceil(2);
    while size > 0 {
        let mut at = 0;
        while at < best.plan.0.len() {
            let mut faults = best.plan.0.clone();
            faults.drain(at..(at + size).min(faults.len()));
            match breaks(job, &Plan(faults), violation) {
                Some(smaller) if smaller.plan.0.len() < best.plan.0.len() => best = smaller,
                _ => at += size,
            }
        }
        size /= 2;
    }
    let mut at = 0;
    while at < best.plan.0.len() {
        let found = weaker(&best.plan.0[at]).into_iter().find_map(|fault| {
            let mut faults = best.plan.0.clone();
            faults[at] = fault;
            let tried = breaks(job, &Plan(faults), violation)?;
            (tried.plan.0.len() <= best.plan.0.len()).then_some(tried)
        });
        match found {
            Some(weakened) => best = weakened,
            None => at += 1,
        }
    }
    Some(best)
}
