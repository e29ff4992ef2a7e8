//! A counterexample that has been found, to be run again with other mechanisms: whether it still breaks something is known in a
//! fraction of a millisecond, where a search takes as long as there are states.
//!
//! A run proves what it breaks, wherever its plan comes from. It may part from the plan, since with other mechanisms other messages
//! are sent: what it broke by then it broke all the same, and what must hold in the end is looked at only where it came to its end.

use std::sync::{Mutex, PoisonError};

use super::ask::Ask;
use crate::batch::workload;
use crate::drive::follow::follow;
use crate::drive::scripted::run_plan;
use crate::drive::{Job, Latency};
use crate::fault::Course;
use crate::invariant::Invariant;
use crate::protocol::mechanism::MechanismSet;
use crate::protocol::setup::Setup;
use crate::scenario::CryptoKind;
use crate::world::Workload;

/// What a run has shown. With all mechanisms that it asks about as they were it takes the same course, whatever the others are.
#[derive(Debug)]
struct Told {
    asked: MechanismSet,
    /// Those of them that were on.
    on: MechanismSet,
    refutes: bool,
}

/// A counterexample.
#[derive(Debug)]
pub(super) struct Witness {
    /// The threat's place in the table.
    pub(super) threat: usize,
    /// The plan or course, as it was found.
    pub(super) plan: String,
    /// How many sets it has refuted.
    pub(super) refuted: u64,
    course: Course,
    /// What its runs have shown.
    told: Mutex<Vec<Told>>,
    setup: Setup,
    workload: Workload,
    latency: Latency,
}

impl Witness {
    /// A plan that was found in answer to a question of that kind; nothing if it is none that can be run.
    pub(super) fn new(ask: &Ask, threat: usize, plan: &str) -> Option<Self> {
        let course: Course = plan.parse().ok()?;
        let (scenario, setup, workload) = ask.set_up(CryptoKind::Symbolic);
        let setup = if course.order.is_some() { workload::without_time(setup) } else { setup };
        let latency = workload::latency(&scenario);
        let told = Mutex::default();
        Some(Witness { threat, plan: plan.to_owned(), refuted: 0, course, told, setup, workload, latency })
    }

    /// Whether it breaks one of these invariants with those mechanisms, or does not settle by the clock. It is always to be asked about the
    /// same invariants.
    pub(super) fn refutes(&self, mechanisms: MechanismSet, wanted: &[Invariant]) -> bool {
        let told = || self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let known = told().iter().find(|told| mechanisms.both(told.asked) == told.on).map(|told| told.refutes);
        known.unwrap_or_else(|| {
            let (refutes, asked) = self.run(mechanisms, wanted);
            told().push(Told { asked, on: mechanisms.both(asked), refutes });
            refutes
        })
    }

    /// Runs it with those mechanisms. Whether it refutes them, and those that anybody has asked about.
    fn run(&self, mechanisms: MechanismSet, wanted: &[Invariant]) -> (bool, MechanismSet) {
        let setup = Setup { mechanisms: mechanisms.into(), ..self.setup.again() };
        let job = Job { setup: &setup, workload: &self.workload, latency: self.latency };
        let by_the_clock = self.course.order.is_none();
        let finished = if by_the_clock {
            run_plan(&job, &self.course.plan, &mut ()).0
        } else {
            follow(&job, &self.course, &mut ()).finished
        };
        let restless = by_the_clock && finished.cut_short();
        let breaks = finished.checker.violations().iter().any(|violation| wanted.contains(&violation.invariant));
        (restless || breaks, setup.mechanisms.asked())
    }
}
