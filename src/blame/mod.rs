//! Blame: what is at the root of a violation, whether its victim could have prevented it, and whether the victim can prove it.
//!
//! None of this is anybody's opinion; each answer is a run.
//!
//! - The *root* is what cannot be taken away. Each deviation is put right in turn, and each fault left out; what the violation
//!   does without is no part of its root.
//! - The victim *could have prevented* it if it would have been spared with safeguards that it can carry out alone
//!   ([`Mechanism::carried_out_by`]; a customer can also wait where P says "unknown"): the same is tried again with each of
//!   those that were off on for the victim's side and nobody else, then with each two, then with all, less those that make no
//!   difference. What it takes is named, provided that the victim loses nothing by it but what it lost before, or loses where no fault
//!   strikes: in Case 1 whoever gets its goods cannot prove that it did.
//! - The victim *can prove* it if it has a claim for what it lost, and the judge upholds it on the victim's own papers and P's
//!   record, in every way in which the other side can play it. A wrong decision of the judge is itself beyond proof, and for a
//!   wrong belief there is no claim.
//!
//! What "the same" is depends on the clock. Under it one plan is run again ([`plans`]). Without time there is nothing to run again, since
//! another setup offers other events: all courses with no other faults are searched ([`orders`]). So a victim could have prevented what
//! an order of events did to it if no order does it then, wherever among the same steps the faults strike.

pub mod orders;
pub mod plans;

use std::collections::BTreeSet;
use std::fmt;

use crate::drive::Finished;
use crate::fault::Plan;
use crate::invariant::certified::disputes;
use crate::invariant::{View, Violation};
use crate::judge::Allegation;
use crate::party::{Party, Side};
use crate::protocol::mechanism::{Mechanism, MechanismSet};
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

/// What the victim could have done to be spared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Prevention {
    /// All of this.
    With(Vec<Precaution>),
    /// Nothing that it can do alone.
    Nothing,
    /// That was not found out: there is too much to search.
    Unknown,
}

impl Prevention {
    /// Whether there is something, if that is known.
    pub const fn is_possible(&self) -> Option<bool> {
        match self {
            Prevention::With(_) => Some(true),
            Prevention::Nothing => Some(false),
            Prevention::Unknown => None,
        }
    }

    /// The names of what it takes.
    pub fn names(&self) -> Vec<&'static str> {
        let Prevention::With(precautions) = self else { return Vec::new() };
        precautions.iter().map(|precaution| precaution.name()).collect()
    }
}

/// The clauses that break, and for whom.
pub type Broken = BTreeSet<(&'static str, Party)>;

/// Tries the same again under another setup, and says what breaks; `None` where that cannot be told.
pub type Trial<'t> = dyn Fn(&Setup) -> Option<Broken> + 't;

/// How it is tried again whether a violation can do without something.
#[expect(missing_debug_implementations, reason = "functions have no names")]
pub struct Trials<'t> {
    /// Whether it happens as soon where somebody is honest.
    pub sooner: &'t Trial<'t>,
    /// Whether it happens at all where its victim takes precautions.
    pub at_all: &'t Trial<'t>,
    /// What breaks where no fault strikes.
    pub anyway: Broken,
}

/// A run that shows a violation, and what does not change in it.
#[derive(Debug, Clone, Copy)]
pub struct Run<'r, 's> {
    /// The run.
    pub finished: &'r Finished<'s>,
    /// What does not change.
    pub setup: &'r Setup,
}

/// Who and what is to blame for a violation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blame {
    /// The deviations that it takes, such as `merchant wrong-key`.
    pub deviations: Vec<String>,
    /// What the victim could have done to be spared.
    pub prevention: Prevention,
    /// Whether the victim can prove before the judge what it lost.
    pub provable: bool,
}

impl Blame {
    /// Finds out whom to blame. A run shows the violation; it may have another cryptography than what `setup` tries.
    pub fn of(run: Run<'_, '_>, setup: &Setup, violation: &Violation, trials: &Trials<'_>) -> Self {
        Blame {
            deviations: deviations(setup, violation, trials.sooner),
            prevention: prevention(setup, violation, trials),
            provable: provable(run, violation),
        }
    }

    /// What the victim could have done and what it can prove, in words.
    pub fn words(&self, victim: Party) -> String {
        words(&victim, self.prevention.is_possible(), &self.prevention.names(), self.provable)
    }
}

/// Whether the victim could have prevented it and with what, and whether it can prove it, in words.
pub fn words(victim: &dyn fmt::Display, possible: Option<bool>, with: &[&str], provable: bool) -> String {
    let proof = if provable { "can prove it to the judge" } else { "cannot prove it to the judge" };
    match possible {
        Some(true) => format!("{victim} could have prevented it with {}, and {proof}", with.join(" and ")),
        Some(false) => format!("{victim} could not have prevented it alone, and {proof}"),
        None => format!("whether {victim} could have prevented it is too much to search; it {proof}"),
    }
}

/// The clauses of these violations.
fn broken_by(violations: &[Violation]) -> Broken {
    violations.iter().map(|violation| (violation.clause, violation.victim)).collect()
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

/// What its victim could have done about a violation.
fn prevention(setup: &Setup, violation: &Violation, Trials { at_all, anyway, .. }: &Trials<'_>) -> Prevention {
    let (victim, lost) = (violation.victim, violation.clause);
    let mut precautions = Precaution::left_out(setup, victim.side());
    if precautions.is_empty() {
        return Prevention::Nothing;
    }
    let Some(before) = at_all(setup) else { return Prevention::Unknown };
    // Spared is who loses one thing less and nothing else instead.
    let spares = |precautions: &[Precaution]| {
        let after = at_all(&Precaution::taken(setup, victim.side(), precautions))?;
        let mut losses = after.iter().filter(|(_, whose)| *whose == victim);
        Some(losses.all(|loss| loss.0 != lost && (before.contains(loss) || anyway.contains(loss))))
    };
    // More is not always better: a message that is sent again may be charged again.
    let ones = precautions.iter().map(|one| vec![*one]);
    let twos =
        precautions.iter().enumerate().flat_map(|(at, one)| precautions[..at].iter().map(|two| vec![*two, *one]));
    let mut known = true;
    for few in ones.chain(twos) {
        match spares(&few) {
            Some(true) => return Prevention::With(few),
            Some(false) => {}
            None => known = false,
        }
    }
    match if precautions.len() < 3 { Some(false) } else { spares(&precautions) } {
        Some(true) => {}
        Some(false) if known => return Prevention::Nothing,
        _ => return Prevention::Unknown,
    }
    let mut at = 0;
    while at < precautions.len() {
        let mut fewer = precautions.clone();
        fewer.remove(at);
        if spares(&fewer) == Some(true) {
            precautions = fewer;
        } else {
            at += 1;
        }
    }
    Prevention::With(precautions)
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

fn provable(Run { finished, setup }: Run<'_, '_>, violation: &Violation) -> bool {
    let facts = finished.checker.facts();
    let (Some(claim), Some(purchase)) = (redress(violation.clause), facts.purchases.get(&violation.purchase)) else {
        return false;
    };
    let view = View { purchase, facts, setup, now_us: u64::MAX };
    let filed: Vec<_> = disputes(&view).into_iter().filter(|filed| filed.truth && filed.claim.what == claim).collect();
    !filed.is_empty() && filed.iter().all(|filed| filed.decide(&view).upheld)
}
