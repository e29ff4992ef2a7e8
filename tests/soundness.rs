//! The judge is sound and complete, searched for and not asserted: whatever a coalition lays before it, out of all that it has or
//! has overheard in any run and any purchase, no honest party is convicted, and an honest party that is wronged wins.
//!
//! A coalition is a side that breaks the protocol together with an outsider on the network: it has what the side's journals hold,
//! everything that crossed the wire, in the purchase at hand and in others, and what it has signed in every other run that was
//! explored. What honest parties and P have signed counts in the run alone in which they signed it: in one and the same world none
//! of them signs two things of one purchase that exclude each other. C and M together have nobody to wrong but P, whose word is the
//! record.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use halfpaid::crypto::streams::{Draws, Purpose, Streams};
use halfpaid::drive::exhaustive::explore;
use halfpaid::drive::scripted::run_plan;
use halfpaid::drive::{Finished, Job};
use halfpaid::fault::{Budget, Plan};
use halfpaid::invariant::View;
use halfpaid::invariant::certified::{Dispute, disputes};
use halfpaid::judge::{Evidence, judge};
use halfpaid::party::{Party, Side};
use halfpaid::protocol::deviation::{CUSTOMER, Known, MERCHANT};
use halfpaid::protocol::mechanism::Mechanism;
use halfpaid::protocol::part::{Part, Parts};
use halfpaid::protocol::role::Wish;
use halfpaid::protocol::setup::Setup;
use halfpaid::world::{Errand, Happening, Observer};

use crate::common::{EVERY_KIND, Shop};

/// Hears every message.
#[derive(Default)]
struct Wire(BTreeSet<Part>);

impl Observer for Wire {
    fn observe(&mut self, _: u64, happening: &Happening<'_>) {
        match happening {
            Happening::Sent { message, .. } => self.0.extend(message.parts.iter().cloned()),
            Happening::Saved { record, .. } => self.0.extend(record.parts.iter().cloned()),
            _ => {}
        }
    }
}

/// A dispute of an honest party against a coalition, in one run.
struct Case {
    dispute: Dispute,
    /// Who hands in what it likes.
    liar: Side,
    /// What crossed the wire or was written down in this run.
    here: Arc<BTreeSet<Part>>,
}

const fn other(side: Side) -> Side {
    match side {
        Side::Customer => Side::Merchant,
        _ => Side::Customer,
    }
}

/// What crosses the wire or is written down in a run.
fn heard(job: &Job<'_, '_>, plan: &Plan) -> Arc<BTreeSet<Part>> {
    let mut wire = Wire::default();
    let _ = run_plan(job, plan, &mut wire);
    Arc::new(wire.0)
}

/// Every dispute of a run in which the side that is to win is honest, and who is to lose it.
fn contests(setup: &Setup, finished: &Finished<'_>) -> Vec<(Dispute, Side)> {
    let breaks = |side: Side| setup.deviations().any(|(deviating, _)| deviating == side);
    let facts = finished.checker.facts();
    let views = facts.purchases.values().map(|purchase| View { purchase, facts, setup, now_us: u64::MAX });
    let filed = views.flat_map(|view| disputes(&view)).filter(|dispute| dispute.forged_by.is_none());
    let contests = filed.map(|dispute| {
        let liar = if dispute.truth { other(dispute.claim.by) } else { dispute.claim.by };
        (dispute, liar)
    });
    contests.filter(|(dispute, liar)| !breaks(other(*liar)) && !facts.gone.contains(&honest(dispute, *liar))).collect()
}

fn honest(dispute: &Dispute, liar: Side) -> Party {
    let about = dispute.claim.about;
    if liar == Side::Customer { about.merchant() } else { about.customer() }
}

/// Whether a part of another run can be there in this one: made by the liar, or by nobody.
const fn carries_over(part: &Part, liar: Side) -> bool {
    match part {
        Part::Receipt(_) => false,
        Part::Instrument(_) => matches!(liar, Side::Customer),
        Part::Countersignature(_) => matches!(liar, Side::Merchant),
        _ => true,
    }
}

/// So many papers of other runs are mixed in, taken evenly from all there are.
const FOREIGN_MAX: usize = 60;

fn foreign(everywhere: &BTreeSet<Part>, liar: Side) -> Vec<Part> {
    let all: Vec<&Part> = everywhere.iter().filter(|part| carries_over(part, liar)).collect();
    all.iter().step_by(all.len().div_ceil(FOREIGN_MAX).max(1)).map(|part| (*part).clone()).collect()
}

fn shuffled(mut parts: Vec<Part>, draws: &mut Draws) -> Vec<Part> {
    for at in (1..parts.len()).rev() {
        parts.swap(at, draws.below(at as u64 + 1) as usize);
    }
    parts
}

/// What the coalition tries: everything before and after its own papers, in several orders, each kind of paper alone, nothing.
fn bundles(own: &[Part], pool: &[Part], draws: &mut Draws) -> Vec<Vec<Part>> {
    let mut bundles = vec![Vec::new(), [own, pool].concat(), [pool, own].concat()];
    bundles.push(pool.iter().rev().cloned().collect());
    bundles.extend((0..2).map(|_| shuffled([own, pool].concat(), draws)));
    let codes: BTreeSet<u8> = pool.iter().map(Part::code).collect();
    for code in codes {
        let (alone, rest): (Vec<Part>, Vec<Part>) = pool.iter().cloned().partition(|part| part.code() == code);
        bundles.extend([alone, [own, &rest].concat()]);
    }
    bundles
}

/// Explores a case with every deviation and at most so many faults; how many disputes were played, and how many went wrong.
fn search(shop: &Shop, at_most: u32) -> (u64, BTreeMap<&'static str, u64>) {
    let budget = Budget::new(at_most, &EVERY_KIND);
    let merchants = MERCHANT.iter().map(|known| (None, Some(*known)));
    let customers = CUSTOMER.iter().map(|known| (Some(*known), None));
    let casts: Vec<(Option<Known>, Option<Known>)> =
        std::iter::once((None, None)).chain(merchants).chain(customers).collect();
    let mut all: Vec<Case> = Vec::new();
    let mut known = BTreeSet::new();
    let mut everywhere: BTreeSet<Part> = BTreeSet::new();
    for (customer, merchant) in casts {
        let mut setup = Setup { customer_deviation: customer, merchant_deviation: merchant, ..shop.setup.again() };
        // Where one purchase leaves a deviation nothing to do, the first customer makes both.
        let mut workload = shop.workload.clone();
        if let Some(errands) = customer.or(merchant).and_then(|known| known.errands()) {
            workload.errands.truncate(1);
            let wish = Wish { merchant: 0, item: 4 };
            workload.errands.push(Errand { customer: 0, wish, at_us: errands.every_us });
            if let Some(cents) = errands.opening_balance_cents {
                setup.population.opening_balance_cents = cents.cast_signed();
            }
        }
        let job = Job { setup: &setup, workload: &workload, ..shop.job() };
        let inspect = |plan: &Plan, finished: &Finished<'_>| (plan.clone(), contests(&setup, finished));
        let consume = |(plan, contests): (Plan, Vec<(Dispute, Side)>)| {
            // Of most runs all disputes are known.
            let mut here = None;
            for (dispute, liar) in contests {
                let Dispute { claim, truth, evidence, .. } = &dispute;
                let claimed = format!("{:?} {} {:?} {truth}", claim.about, claim.by, claim.what);
                let sides = [&evidence.customer, &evidence.merchant, &evidence.server].map(Clone::clone);
                if known.insert((claimed, sides)) {
                    let here = here.get_or_insert_with(|| heard(&job, &plan));
                    everywhere.extend(here.iter().cloned());
                    all.push(Case { dispute, liar, here: Arc::clone(here) });
                }
            }
            true
        };
        explore(&job, &budget, inspect, |_| (), consume);
    }
    let crypto = &*shop.setup.crypto;
    let mut draws = Streams::new(1).reader(Purpose::Fault, None);
    let (mut played, mut wrong) = (0, BTreeMap::new());
    let foreign = [Side::Customer, Side::Merchant].map(|liar| foreign(&everywhere, liar));
    for case in &all {
        let foreign = &foreign[usize::from(case.liar == Side::Merchant)];
        let pool: Vec<Part> = case.here.iter().chain(foreign).cloned().collect();
        for bundle in bundles(own(case), &pool, &mut draws) {
            let mut evidence = Evidence::clone(&case.dispute.evidence);
            match case.liar {
                Side::Customer => evidence.customer = bundle,
                _ => evidence.merchant = bundle,
            }
            played += 1;
            if judge(&case.dispute.claim, &evidence, crypto).upheld != case.dispute.truth {
                *wrong.entry(case.dispute.clause).or_default() += 1;
            }
        }
    }
    (played, wrong)
}

fn own(case: &Case) -> &[Part] {
    let evidence = &case.dispute.evidence;
    if case.liar == Side::Customer { &evidence.customer } else { &evidence.merchant }
}

/// Two customers buy of one merchant, so that there are papers of another purchase to mix in.
fn shop(case: &str) -> Shop {
    Shop::hardened(case).with_two_customers()
}

#[test]
fn no_coalition_convicts_an_honest_party_and_a_wronged_one_wins() {
    for (case, at_least) in [("case2", 10_000), ("case3", 5_000)] {
        let (played, wrong) = search(&shop(case), 1);
        assert!(played > at_least, "{case}: {played} disputes are few");
        assert_eq!(wrong, BTreeMap::new(), "{case}, of {played} disputes");
    }
}

/// The same search has teeth: where C does not bind itself, or M does not have to, it finds who is wronged, and by which lie.
#[test]
fn the_same_search_finds_what_goes_wrong_without_a_safeguard() {
    let unproved = |case: &str, without: &[Mechanism]| {
        let (_, wrong) = search(&shop(case).without(without), 0);
        wrong.into_keys().collect::<Vec<_>>()
    };
    // Two keys: M proves that it delivered what C does not have, and C cannot prove what it has.
    let two_keys = unproved("case2", &[Mechanism::KeyCommitment]);
    assert!(two_keys.contains(&"delivered-other") && two_keys.contains(&"received-this"), "{two_keys:?}");
    // A wrong item is nobody's fault where nothing says what is right.
    assert!(unproved("case3", &[Mechanism::ItemDigest]).contains(&"got-other"));
}

/// What the coalition mixes is really there to be mixed.
#[test]
fn the_pool_holds_papers_of_both_purchases() {
    let shop = shop("case2");
    let mut wire = Wire::default();
    let _ = run_plan(&shop.job(), &Plan::default(), &mut wire);
    let parts: Vec<Part> = wire.0.into_iter().collect();
    let of = |parts: &[Part]| parts.iter().filter(|part| matches!(part, Part::Instrument(_))).count();
    assert_eq!(of(&parts), 2);
    assert!(parts.key().is_some() && parts.sealed().is_some() && parts.receipt().is_some());
}
