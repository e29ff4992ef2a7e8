//! Parties that break the protocol (section 4: "S and R may try to deviate"), and the safeguards that stop them.

mod common;

use common::{Shop, set};
use halfpaid::protocol::deviation::{CUSTOMER, MERCHANT, find};
use halfpaid::protocol::mechanism::Mechanism;

fn with_merchant(mut shop: Shop, name: &str) -> Shop {
    shop.setup.merchant_deviation = find(MERCHANT, name);
    assert!(shop.setup.merchant_deviation.is_some(), "{name}");
    shop
}

/// Section 5.1, Case 1: "the merchant could decline to send message 6".
#[test]
fn case_1_is_at_the_mercy_of_a_merchant_that_withholds_the_item() {
    let shop = with_merchant(Shop::hardened("case1"), "withhold-item");
    assert_eq!(shop.breaks("none"), set(&["paid-no-goods", "got-nothing"]));
}

#[test]
fn in_cases_2_and_3_there_is_nothing_left_to_withhold() {
    for name in ["case2", "case3"] {
        assert_eq!(with_merchant(Shop::hardened(name), "withhold-item").explore(1).1, set(&[]), "{name}");
    }
}

/// Case 2 does not prevent a wrong item: it lets C prove it.
#[test]
fn in_case_2_a_wrong_item_is_paid_for_and_proved() {
    let shop = with_merchant(Shop::hardened("case2"), "wrong-item");
    assert_eq!(shop.breaks("none"), set(&["wrong-content"]));
    let unproved = with_merchant(Shop::hardened("case2").without(&[Mechanism::ItemDigest]), "wrong-item");
    assert_eq!(unproved.breaks("none"), set(&["wrong-content", "got-other"]));
}

#[test]
fn in_case_3_p_declines_a_wrong_item_if_the_order_says_what_is_right() {
    assert_eq!(with_merchant(Shop::hardened("case3"), "wrong-item").breaks("none"), set(&[]));
    let blind = with_merchant(Shop::hardened("case3").without(&[Mechanism::ItemDigest]), "wrong-item");
    assert_eq!(blind.breaks("none"), set(&["wrong-content", "got-other"]));
}

/// What honest parties do not need, C needs against a merchant that lies.
#[test]
fn the_commitment_to_the_key_stops_a_merchant_that_registers_junk() {
    let gone = "crash-forever M1 after 3#1";
    assert_eq!(with_merchant(Shop::hardened("case2"), "wrong-key").breaks(gone), set(&[]));
    let open = with_merchant(Shop::hardened("case2").without(&[Mechanism::KeyCommitment]), "wrong-key");
    assert_eq!(open.breaks(gone), set(&["paid-no-goods"]), "and C wins its dispute");
    assert_eq!(open.breaks("none"), set(&["received-this"]), "C got the key from M itself, and cannot prove it");
}

#[test]
fn a_merchant_that_submits_twice_or_claims_more_gets_nothing_by_it() {
    for name in ["case1", "case2", "case3"] {
        let anyway: &[&str] = if name == "case1" { &["received-this"] } else { &[] };
        assert_eq!(
            with_merchant(Shop::hardened(name), "submit-twice").breaks("none"),
            anyway.iter().copied().collect(),
            "{name}"
        );
        assert_eq!(with_merchant(Shop::hardened(name), "raise-price").breaks("none"), set(&[]), "{name}");
        let twice = Shop::hardened(name).without(&[Mechanism::IdempotentSubmit]);
        assert!(with_merchant(twice, "submit-twice").breaks("none").contains("once"), "{name}");
    }
}

/// A party's own loss is no violation, and a customer that goes away with the ciphertext has nothing that it can open.
#[test]
fn who_goes_away_hurts_nobody() {
    for name in ["case2", "case3"] {
        let mut shop = Shop::hardened(name);
        shop.setup.customer_deviation = find(CUSTOMER, "abort-after-quote");
        assert_eq!(shop.explore(1).1, set(&[]), "{name}");
        assert_eq!(with_merchant(Shop::hardened(name), "withhold-submit").explore(1).1, set(&[]), "{name}");
    }
}
