//! Twins: two runs with different guilty parties and the same evidence, the proof that certified delivery fails.
//!
//! If a claim is true in one run and false in another, and the same papers can come before the judge in both, then no judge,
//! however wise, is right in both: this refutes a protocol, not [`judge`]'s rules. Whoever is honest hands in its journal, P its
//! record; the guilty party hands in what suits it, of what it has or can make. So a true claim of one run and the same claim,
//! false in another, are twins where P's records are the same, what the honest claimant of the one hands in is at the liar's
//! disposal in the other, and what the honest other side of that one hands in is at the disposal of the guilty side of the first.
//!
//! The runs are all runs of a protocol with honest parties, and with every deviation of either side, under every plan of at most
//! so many faults by the clock; where a deviation takes several purchases, there are as many. The same seed gives the same keys and TIDs
//! in all of them.

mod sighting;
pub mod text;

use std::collections::BTreeMap;

use crate::drive::exhaustive;
use crate::drive::{Job, Latency};
use crate::fault::{Budget, Plan};
use crate::judge::{Claim, Decision, Evidence, judge};
use crate::protocol::deviation::{CUSTOMER, HONEST, Known, MERCHANT};
use crate::protocol::part::Part;
use crate::protocol::party::Side;
use crate::protocol::setup::Setup;
use crate::world::Workload;

use sighting::{Group, Sighting, sightings};

/// A run, by what makes it differ from the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// How the customer breaks the protocol.
    pub customer: &'static str,
    /// How the merchant does.
    pub merchant: &'static str,
    /// What else goes wrong.
    pub plan: Plan,
}

/// Two runs that no judge can tell apart.
#[derive(Debug, Clone)]
pub struct Twins {
    /// What is claimed in both.
    pub claim: Claim,
    /// Where it is true.
    pub true_in: Run,
    /// Whose doing it is there: the other side's, if that has broken the protocol or has gone for ever. Where nobody has, the
    /// other side is guilty of contesting what is true, and of nothing else.
    pub guilty: Option<Side>,
    /// Where it is false, and the claimant is guilty.
    pub false_in: Run,
    /// What can be handed in in either.
    pub evidence: Evidence,
    /// How the judge decides, which is wrong in one of the two.
    pub decision: Decision,
}

/// What came of a search.
#[derive(Debug, Default)]
pub struct Answer {
    /// How many runs were looked at.
    pub runs: u64,
    /// Claims of which the truth is known, with all different evidence.
    pub claims: u64,
    /// For each kind of claim the pair with the fewest faults.
    pub twins: Vec<Twins>,
}

/// The parties of a search: everybody honest, then each deviation by itself.
fn casts() -> impl Iterator<Item = (Option<Known>, Option<Known>)> {
    let merchants = MERCHANT.iter().map(|known| (None, Some(*known)));
    let customers = CUSTOMER.iter().map(|known| (Some(*known), None));
    std::iter::once((None, None)).chain(merchants).chain(customers)
}

/// Searches for twins among the runs of every cast. `set_up` says what does not change in them, and what the customers set out to do,
/// where the customer or the merchant breaks the protocol, or nobody does.
pub fn search(
    set_up: impl Fn(Option<Known>, Option<Known>) -> (Setup, Workload),
    latency: Latency,
    budget: &Budget,
) -> Answer {
    let mut answer = Answer::default();
    let mut groups: BTreeMap<Group, Vec<Sighting>> = BTreeMap::new();
    let honest = set_up(None, None).0;
    for (customer, merchant) in casts() {
        let (setup, workload) = set_up(customer, merchant);
        let name = |known: Option<Known>| known.map_or(HONEST, |known| known.name());
        let inspect = |plan: &Plan, finished: &crate::drive::Finished<'_>| {
            let run = Run { customer: name(customer), merchant: name(merchant), plan: plan.clone() };
            if finished.cut_short() { Vec::new() } else { sightings(finished, &setup, &run) }
        };
        let consume = |seen: Vec<(Group, Sighting)>| {
            answer.runs += 1;
            for (group, sighting) in seen {
                let known = groups.entry(group).or_default();
                if !known.iter().any(|earlier| earlier.same_evidence(&sighting)) {
                    known.push(sighting);
                    answer.claims += 1;
                }
            }
            true
        };
        let job = Job { setup: &setup, workload: &workload, latency };
        exhaustive::explore(&job, budget, inspect, |_| (), consume);
    }
    let mut found: BTreeMap<(Side, &'static str), Twins> = BTreeMap::new();
    for (group, known) in &groups {
        let Some(twins) = pair(group, known, &honest) else { continue };
        let key = (twins.claim.by, twins.claim.what.words());
        let rank = |twins: &Twins| plainness(twins.guilty, &twins.true_in, &twins.false_in);
        if found.get(&key).is_none_or(|best| rank(&twins) < rank(best)) {
            found.insert(key, twins);
        }
    }
    answer.twins = found.into_values().collect();
    answer
}

/// The two sightings of a group that are twins and have the fewest faults between them.
fn pair(group: &Group, known: &[Sighting], setup: &Setup) -> Option<Twins> {
    let (claim, server) = (group.claim(), group.server());
    let by_truth = |truth: bool| known.iter().filter(move |sighting| sighting.truth == truth);
    let pairs = by_truth(true).flat_map(|one| by_truth(false).map(move |other| (one, other)));
    let twins = pairs.filter(|(one, other)| one.could_be(other, &claim) && other.could_be(one, &claim));
    // The plainest have a culprit in either run, and few faults.
    let (one, other) = twins.min_by_key(|(one, other)| plainness(one.guilty, &one.run, &other.run))?;
    // Of the true claim the claimant is honest, of the false one the other side is.
    let (claimants, others) = (one.sworn.clone(), other.sworn.clone());
    let (customer, merchant) = if claim.by == Side::Customer { (claimants, others) } else { (others, claimants) };
    let evidence = Evidence { customer, merchant, server: server.to_vec() };
    let decision = judge(&claim, &evidence, &*setup.crypto);
    let (true_in, guilty, false_in) = (one.run.clone(), one.guilty, other.run.clone());
    Some(Twins { claim, true_in, guilty, false_in, evidence, decision })
}

fn plainness(guilty: Option<Side>, one: &Run, other: &Run) -> (bool, usize) {
    (guilty.is_none(), one.plan.0.len() + other.plan.0.len())
}

/// Puts a list of parts into an order that does not depend on how they came together.
fn canonical(mut parts: Vec<Part>) -> Vec<Part> {
    parts.sort_unstable();
    parts.dedup();
    parts
}
