//! Blame: what is at the root of a violation, who could have prevented it, and who can prove it. Each expectation follows from the
//! reason beside it.

use halfpaid::blame::{Blame, Precaution, faults};
use halfpaid::fault::Plan;
use halfpaid::protocol::deviation::{MERCHANT, find};
use halfpaid::protocol::mechanism::Mechanism;
use halfpaid::protocol::outsider;

use crate::common::Shop;

/// What of a plan is at the root of a clause, and who is to blame.
fn blame(shop: &Shop, plan: &str, clause: &str) -> (String, Blame) {
    let (finished, plan) = (shop.run(plan), plan.parse::<Plan>().expect("a plan"));
    let violation = finished.checker.violations().iter().find(|violation| violation.clause == clause);
    let violation = violation.unwrap_or_else(|| panic!("{clause} holds"));
    let job = shop.job();
    (faults(&job, &plan, violation).to_string(), Blame::of_plan(&job, &plan, &finished, violation))
}

fn with(mechanism: Mechanism) -> Option<Vec<Precaution>> {
    Some(vec![Precaution::Mechanism(mechanism)])
}

/// Every safeguard is on: there is nothing that C could have done, and nothing that it could show.
#[test]
fn in_case_1_c_is_helpless() {
    let (root, blame) = blame(&Shop::hardened("case1"), "duplicate 1#1; crash-forever M1 after 3#1", "paid-no-goods");
    assert_eq!(root, "crash-forever M1 after 3#1", "the duplicate has nothing to do with it");
    assert_eq!((blame.prevention, blame.provable), (None, false));
}

/// C forgot what it had written nowhere; P would have given it to a C that asks, and a judge looks for the item and finds it.
#[test]
fn a_journal_would_have_saved_c_its_goods() {
    let (_, blame) = blame(&Shop::as_written("case3"), "crash C1 after 2#1", "paid-no-goods");
    assert_eq!((blame.prevention, blame.provable), (with(Mechanism::CustomerJournal), false));
}

/// P's "unknown" is true when it is said. To repeat the order would not do: without `dedup-retention` C would be charged again.
#[test]
fn patience_would_have_saved_c_its_belief() {
    let shop = Shop::hardened("case2").without(&[Mechanism::Tombstone]);
    let (_, blame) = blame(&shop, "delay 3#1; delay 3#2; delay 3#3", "belief-customer");
    assert_eq!((blame.prevention, blame.provable), (Some(vec![Precaution::Patience]), false));
}

/// M sold something else: C cannot know before it has paid, and has M's signature on it.
#[test]
fn a_wrong_item_in_case_2_is_proved_and_not_prevented() {
    let mut shop = Shop::hardened("case2");
    shop.setup.merchant_deviation = find(MERCHANT, "wrong-item");
    let (root, wrong) = blame(&shop, "duplicate 1#1", "wrong-content");
    assert_eq!((root.as_str(), wrong.deviations.as_slice()), ("none", ["merchant wrong-item".to_owned()].as_slice()));
    assert_eq!((wrong.prevention, wrong.provable), (None, true));
}

/// A deviation that the violation does without is not its root: in Case 1 nobody can prove a thing anyway.
#[test]
fn who_cheats_is_not_to_blame_for_everything() {
    let mut shop = Shop::hardened("case1");
    shop.setup.merchant_deviation = find(MERCHANT, "raise-price");
    assert!(shop.breaks("none").is_empty(), "nothing is bought");
    shop.setup.merchant_deviation = find(MERCHANT, "submit-twice");
    assert_eq!(blame(&shop, "none", "received-this").1.deviations, Vec::<String>::new());
    let mut shop = Shop::hardened("case1");
    shop.setup.merchant_deviation = find(MERCHANT, "withhold-item");
    assert_eq!(blame(&shop, "none", "paid-no-goods").1.deviations, ["merchant withhold-item"]);
}

/// An outsider is named like everybody else; what it brought about P could have prevented, and C could not.
#[test]
fn an_outsider_is_named() {
    let mut shop = Shop::hardened("case2").without(&[Mechanism::DedupRetention]);
    shop.setup.outsider = outsider::find("replay-after-retention");
    let (_, blame) = blame(&shop, "none", "once");
    assert_eq!(blame.deviations, ["outsider replay-after-retention"]);
    assert_eq!((blame.prevention, blame.provable), (None, false));
}
