//! Blame: what is at the root of a violation, whether its victim could have prevented it, and whether the victim can prove it.
//!
//! None of this is anybody's opinion; each answer is a run.
//!
//! - The *root* is what cannot be taken away. Each deviation is put right in turn, and each fault left out; what the violation
//!   does without is no part of its root.
//! - The victim *could have prevented* it if it would have been spared with safeguards that it can carry out alone
//!   ([`Mechanism::carried_out_by`]; a customer can also wait where P says "unknown"): the same course is run again with each of
//!   those that were off on for the victim's side and nobody else, then with all, less those that make no difference. What it
//!   takes is named, provided that the victim loses nothing by it that it did not lose before. A fault whose site the new run
//!   never comes to strikes nothing.
//! - The victim *can prove* it if it has a claim for what it lost, and the judge upholds it on the victim's own papers and P's
//!   record, in every way in which the other side can play it. A wrong decision of the judge is itself beyond proof, and for a
//!   wrong belief there is no claim.
//!
//! How the runs are made is the caller's affair ([`Trial`]): under the clock one plan is run again. Without time all courses as short
//! are searched again to see which deviations a violation takes, and of a single course that is replayed the same events are made to
//! happen again as far as they can; what the victim could have done is left open there, since it would take a search for each set of
//! precautions.

use std::collections::BTreeSet;

use crate::drive::follow::follow_loosely;
use crate::drive::scripted::run_plan;
use crate::drive::{Finished, Job};
use crate::fault::{Course, Plan};
use crate::invariant::certified::disputes;
use crate::invariant::{View, Violation};
use crate::judge::Allegation;
use crate::protocol::mechanism::{Mechanism, MechanismSet};
use crate::protocol::party::{Party, Side};
use crate::protocol::setup::Setup;

/// Something that a victim could have done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Precaution {
    /// A safeguard that was off.
    Mechanism(Mechanism),
    /// To wait where P says that it does not know of the purchase, instead of giving up.
    Patience,
}

impl Precaution {
    /// The name, as scenarios have it.
    pub const fn name(self) -> &'static str {
        match self {
            Precaution::Mechanism(mechanism) => mechanism.name(),
            Precaution::Patience => "on_unknown=wait",
        }
    }

    /// All that a side could have done alone, and did not.
    pub fn left_out(setup: &Setup, side: Side) -> Vec<Precaution> {
        let mechanisms = Mechanism::ALL.iter().filter(|mechanism| {
            mechanism.carried_out_by().contains(&side)
                && setup.protocol.applies(**mechanism)
                && !setup.has(side, **mechanism)
        });
        let impatient = side == Side::Customer
            && setup.timing.gives_up_on_unknown
            && !setup.has(Side::Server, Mechanism::Tombstone);
        let patience = impatient.then_some(Precaution::Patience);
        mechanisms.copied().map(Precaution::Mechanism).chain(patience).collect()
    }

    /// The setup in which a side has taken these precautions.
    pub fn taken(setup: &Setup, side: Side, precautions: &[Precaution]) -> Setup {
        let mut taken = setup.again();
        let mut on = setup.alone.filter(|(alone, _)| *alone == side).map_or(MechanismSet::NONE, |(_, on)| on);
        for precaution in precautions {
            match precaution {
                Precaution::Mechanism(mechanism) => on = on.with(*mechanism),
                Precaution::Patience => taken.timing.gives_up_on_unknown = false,
            }
        }
        taken.alone = Some((side, on));
        taken
    }
}

/// The clauses that break, and for whom.
pub type Broken = BTreeSet<(&'static str, Party)>;

/// Makes the same thing happen again under another setup, and says what breaks; `None` where that cannot be told.
pub type Trial<'t> = dyn Fn(&Setup) -> Option<Broken> + 't;

/// Who and what is to blame for a violation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blame {
    /// The deviations that it takes, such as `merchant wrong-key`.
    pub deviations: Vec<String>,
    /// What the victim could have done to be spared; `None` for nothing.
    pub prevention: Option<Vec<Precaution>>,
    /// Whether the victim can prove before the judge what it lost.
    pub provable: bool,
}

impl Blame {
    /// Finds out which of these precautions would have helped. `finished` is the run that shows the violation, `before` what
    /// breaks without any precaution.
    pub fn of(
        finished: &Finished<'_>,
        setup: &Setup,
        violation: &Violation,
        before: &Broken,
        precautions: Vec<Precaution>,
        trial: &Trial<'_>,
    ) -> Self {
        Blame {
            deviations: deviations(setup, violation, trial),
            prevention: prevention(setup, violation, before, precautions, trial),
            provable: provable(finished, setup, violation),
        }
    }

    /// The same for a violation of a plan under the clock.
    pub fn of_plan(job: &Job<'_, '_>, plan: &Plan, finished: &Finished<'_>, violation: &Violation) -> Self {
        let trial = |setup: &Setup| broken(&Job { setup, ..*job }, plan);
        let before = of(finished.checker.violations());
        let precautions = Precaution::left_out(job.setup, violation.victim.side());
        Blame::of(finished, job.setup, violation, &before, precautions, &trial)
    }

    /// What the victim could have done, as the results have it: names with a space between, or nothing.
    pub fn prevention_names(&self) -> String {
        let names = self.prevention.iter().flatten().map(|precaution| precaution.name());
        names.collect::<Vec<_>>().join(" ")
    }

    /// The same for a violation of a course that has an order of events; and the faults that are at its root.
    pub fn of_course(
        job: &Job<'_, '_>,
        course: &Course,
        finished: &Finished<'_>,
        violation: &Violation,
    ) -> (Self, Plan) {
        let broken = |setup: &Setup, plan: Plan| {
            let course = Course { plan, order: course.order.clone() };
            of(follow_loosely(&Job { setup, ..*job }, &course).finished.checker.violations())
        };
        let trial = |setup: &Setup| Some(broken(setup, course.plan.clone()));
        let blame = Blame::of(finished, job.setup, violation, &Broken::new(), Vec::new(), &trial);
        let lost = (violation.clause, violation.victim);
        let faults = least(&course.plan, |plan| broken(job.setup, plan.clone()).contains(&lost));
        (blame, faults)
    }

    /// Whether the victim can prove it, in words.
    pub const fn proof(&self) -> &'static str {
        if self.provable { "can prove it to the judge" } else { "cannot prove it to the judge" }
    }

    /// Both answers in words.
    pub fn words(&self, victim: Party) -> String {
        let prevention = match &self.prevention {
            None => format!("{victim} could not have prevented it alone"),
            Some(_) => {
                format!("{victim} could have prevented it with {}", self.prevention_names().replace(' ', " and "))
            }
        };
        format!("{prevention}, and {}", self.proof())
    }
}

/// What a run of a plan breaks; `None` if it does not settle.
fn broken(job: &Job<'_, '_>, plan: &Plan) -> Option<Broken> {
    let (finished, _) = run_plan(job, plan, &mut ());
    (!finished.cut_short()).then(|| of(finished.checker.violations()))
}

/// The clauses of these violations.
pub fn of(violations: &[Violation]) -> Broken {
    violations.iter().map(|violation| (violation.clause, violation.victim)).collect()
}

/// The faults of a plan that the violation cannot do without.
pub fn faults(job: &Job<'_, '_>, plan: &Plan, violation: &Violation) -> Plan {
    least(plan, |fewer| broken(job, fewer).is_some_and(|broken| broken.contains(&(violation.clause, violation.victim))))
}

/// A plan without the faults that can each be left out, so that it still does what it does.
fn least(plan: &Plan, still: impl Fn(&Plan) -> bool) -> Plan {
    let mut plan = plan.clone();
    let mut at = 0;
    while at < plan.0.len() {
        let mut fewer = plan.clone();
        fewer.0.remove(at);
        if still(&fewer) {
            plan = fewer;
        } else {
            at += 1;
        }
    }
    plan
}

/// The deviations that the violation cannot do without.
fn deviations(setup: &Setup, violation: &Violation, trial: &Trial<'_>) -> Vec<String> {
    let mut current = setup.again();
    for side in [Side::Customer, Side::Merchant] {
        let mut honest = current.again();
        let deviation = match side {
            Side::Customer => honest.customer_deviation.take(),
            _ => honest.merchant_deviation.take(),
        };
        let still = || trial(&honest).is_some_and(|broken| broken.contains(&(violation.clause, violation.victim)));
        if deviation.is_some() && still() {
            current = honest;
        }
    }
    let mut alone = current.again();
    if alone.outsider.take().is_some()
        && trial(&alone).is_some_and(|broken| broken.contains(&(violation.clause, violation.victim)))
    {
        current = alone;
    }
    let outsider = current.outsider.map(|known| format!("outsider {}", known.name()));
    current.deviations().map(|(side, known)| format!("{} {}", side.word(), known.name())).chain(outsider).collect()
}

fn prevention(
    setup: &Setup,
    violation: &Violation,
    before: &Broken,
    mut precautions: Vec<Precaution>,
    trial: &Trial<'_>,
) -> Option<Vec<Precaution>> {
    let side = violation.victim.side();
    // Spared is who loses one thing less and nothing else instead.
    let spares = |precautions: &[Precaution]| {
        trial(&Precaution::taken(setup, side, precautions)).is_some_and(|after| {
            let worse = |(clause, victim): &(&'static str, Party)| {
                *victim == violation.victim && (*clause == violation.clause || !before.contains(&(*clause, *victim)))
            };
            !after.iter().any(worse)
        })
    };
    // More is not always better: a message that is sent again may be charged again.
    if let Some(one) = precautions.iter().find(|one| spares(&[**one])) {
        return Some(vec![*one]);
    }
    if precautions.len() < 2 || !spares(&precautions) {
        return None;
    }
    let mut at = 0;
    while at < precautions.len() {
        let mut fewer = precautions.clone();
        fewer.remove(at);
        if spares(&fewer) {
            precautions = fewer;
        } else {
            at += 1;
        }
    }
    Some(precautions)
}

/// What somebody who lost that would claim.
const fn redress(clause: &str) -> Option<Allegation> {
    Some(match clause.as_bytes() {
        b"paid-no-goods" => Allegation::ReceivedNothing,
        b"wrong-content" => Allegation::NotAsDescribed,
        b"belief-charged" => Allegation::NotCharged,
        _ => return None,
    })
}

fn provable(finished: &Finished<'_>, setup: &Setup, violation: &Violation) -> bool {
    let facts = finished.checker.facts();
    let (Some(claim), Some(purchase)) = (redress(violation.clause), facts.purchases.get(&violation.purchase)) else {
        return false;
    };
    let view = View { purchase, facts, setup, now_us: u64::MAX };
    let filed: Vec<_> = disputes(&view).into_iter().filter(|filed| filed.truth && filed.claim.what == claim).collect();
    !filed.is_empty() && filed.iter().all(|filed| filed.decide(&view).upheld)
}
