//! One course of a scenario, made to happen again.
//!
//! A plan runs under the clock, a plan with an order of events follows the order. Where the run goes another way than the course
//! says, that is an error, never a run of something else. Drawing it is left to [`diagram`](crate::diagram).

use std::sync::Arc;

use super::{unmet, workload};
use crate::blame::orders::{self, Orders};
use crate::blame::{Blame, Run, plans};
use crate::drive::follow::follow;
use crate::drive::for_ever::follow_for_ever;
use crate::drive::scripted::run_plan;
use crate::drive::{Finished, Job};
use crate::explore::{Bounds, Question, Reductions, Sought};
use crate::fault::{Budget, Course, Plan};
use crate::invariant::Violation;
use crate::protocol::Protocol;
use crate::protocol::setup::Setup;
use crate::scenario::{CryptoKind, Scenario};
use crate::world::{Observer, Workload};

/// Everything that the course needs.
#[derive(Debug)]
pub struct Stage {
    /// What does not change.
    pub setup: Setup,
    /// The same with the cheap cryptography, to search with.
    cheap: Setup,
    /// What the customers set out to do.
    pub errands: Workload,
    /// How long messages take.
    pub latency: crate::drive::Latency,
}

/// A course that has been run.
#[derive(Debug)]
pub struct Replayed<'s> {
    /// The run.
    pub finished: Finished<'s>,
    /// Why what must hold in the end was not judged, if it was not.
    pub unjudged: Option<String>,
}

impl Stage {
    /// Sets the scenario up for the course.
    pub fn new(
        scenario: &Scenario,
        protocol: &Arc<dyn Protocol>,
        crypto: CryptoKind,
        seed: u64,
        course: &Course,
    ) -> Self {
        let setup = |crypto| {
            let setup = workload::setup(scenario, protocol, crypto, seed);
            if course.order.is_some() { workload::without_time(setup) } else { setup }
        };
        let (setup, cheap) = (setup(crypto), setup(CryptoKind::Symbolic));
        Stage { setup, cheap, errands: workload::workload(scenario, seed), latency: workload::latency(scenario) }
    }

    /// The run, before it starts.
    pub fn job(&self) -> Job<'_, '_> {
        Job { setup: &self.setup, workload: &self.errands, latency: self.latency }
    }

    /// Whom and what to blame for what a run of the course shows: the deviations, and the faults apart.
    pub fn blame(&self, course: &Course, finished: &Finished<'_>, violation: &Violation) -> (Blame, Plan) {
        let job = self.job();
        if course.order.is_none() {
            let blame = plans::blame(&job, &course.plan, finished, violation);
            return (blame, plans::faults(&job, &course.plan, violation));
        }
        let faults = orders::faults(&self.setup, &self.errands, course, violation);
        let question = Question {
            setup: &self.cheap,
            workload: &self.errands,
            budget: &Budget::new(0, &[]),
            bounds: Bounds::default(),
            reductions: Reductions::ALL,
            sought: Sought::Causes,
        };
        (Orders::new(question).blame(&faults, Run { finished, setup: &self.setup }, violation), faults)
    }

    /// Runs the course. `listener` hears everything that happens.
    ///
    /// # Errors
    ///
    /// Why the course no longer fits.
    pub fn run(&self, course: &Course, listener: &mut dyn Observer) -> Result<Replayed<'_>, String> {
        let (finished, left, at_rest) = match &course.order {
            None => {
                let (finished, left) = run_plan(&self.job(), &course.plan, listener);
                (finished, left, true)
            }
            Some(order) => {
                if let Some((finished, round)) = follow_for_ever(&self.job(), course, listener) {
                    let why = format!(
                        "nothing comes to rest after the order: all that is pending, taken in turn, brings everybody back to where they \
                         were, by {} events",
                        round.events
                    );
                    return Ok(Replayed { finished, unjudged: Some(why) });
                }
                let followed = follow(&self.job(), course, listener);
                if let Some((at, event)) = followed.parted {
                    let of = order.len();
                    return Err(format!(
                        "the plan no longer fits: event {at} of {of} in its order, `{event}`, cannot come next there"
                    ));
                }
                (followed.finished, followed.unmet, followed.at_rest)
            }
        };
        let cut_short = finished.cut_short() && course.order.is_none();
        if !cut_short && !left.is_empty() {
            return Err(format!("the plan no longer fits: {}", unmet(&left)));
        }
        let unjudged = match (at_rest, cut_short) {
            (false, _) => Some("the order ends before everything is at rest"),
            (true, true) => Some("the run did not settle within the bound on its events"),
            (true, false) => None,
        };
        Ok(Replayed { finished, unjudged: unjudged.map(str::to_owned) })
    }
}
