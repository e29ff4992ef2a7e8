//! Single safeguards, and what a deviating party can do where one is taken away.

use halfpaid::protocol::mechanism::Mechanism;

use super::{two_purchases, with_customer, with_merchant};
use crate::common::{Shop, set};

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

/// C signed for the ciphertext, P has the right key, and C lost the ciphertext in its own crash. A merchant that "lies" about that says
/// that it delivered what it sent, which is a matter of words: C loses what it loses beside an honest merchant, and nothing to the lie.
#[test]
fn to_have_delivered_what_c_has_lost_is_no_lie() {
    let lost = || Shop::hardened("case2").without(&[Mechanism::CiphertextJournal]);
    let honest = lost().breaks("crash C1 after 2#1");
    assert_eq!(honest, set(&["paid-no-goods", "got-nothing"]));
    for name in ["frame-customer", "wrong-item", "submit-twice"] {
        assert_eq!(with_merchant(lost(), name).breaks("crash C1 after 2#1"), honest, "{name}");
    }
    for name in ["frame-merchant", "deny-receipt", "claim-non-delivery"] {
        let shop = Shop::hardened("case2").without(&[Mechanism::CustomerJournal]);
        let broken = with_customer(shop, name).explore(1).1;
        assert!(!broken.contains("received-other"), "{name}: {broken:?}");
    }
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
        assert_eq!(with_customer(Shop::hardened(name), "abort-after-quote").explore(1).1, set(&[]), "{name}");
        assert_eq!(with_merchant(Shop::hardened(name), "withhold-submit").explore(1).1, set(&[]), "{name}");
    }
}

/// P does not think of its patience: what C asks and is told before the order has lapsed settles nothing.
#[test]
fn a_late_submission_deceives_only_a_customer_that_takes_unknown_for_not_charged() {
    for name in ["case2", "case3"] {
        assert_eq!(with_merchant(Shop::hardened(name), "submit-late").breaks("none"), set(&[]), "{name}");
        let hasty = with_merchant(Shop::hardened(name).without(&[Mechanism::Tombstone]), "submit-late");
        assert_eq!(hasty.breaks("none"), set(&["belief-open", "belief-customer"]), "{name}");
    }
}

/// M looks at the digest that C signed: the order of a C that signs for junk is not submitted. Where M does not look, C has the
/// item, M's signature is on something that opens under nothing, and C shows the judge just that.
#[test]
fn a_merchant_that_checks_the_seal_is_not_framed_by_it() {
    assert_eq!(with_customer(Shop::hardened("case2"), "sign-wrong-digest").explore(1).1, set(&[]));
    let careless = Shop::hardened("case2").without(&[Mechanism::MerchantChecksSeal]);
    let framed = set(&["claims-nothing", "delivered-this"]);
    assert_eq!(with_customer(careless, "sign-wrong-digest").breaks("none"), framed);
}

/// Pieces of two purchases fit together only where C signs for the ciphertext apart: then M is paid for the second purchase, P's
/// record of it names the first ciphertext and the first key, and that is what M proves and C cannot disprove.
#[test]
fn a_stolen_acknowledgement_fits_only_where_the_signature_is_in_two_pieces() {
    let bound = two_purchases(with_merchant(Shop::hardened("case2"), "steal-instrument"), 20_000);
    assert_eq!(bound.breaks("none"), set(&[]));
    let unbound = Shop::as_written("case2");
    let unbound = two_purchases(with_merchant(unbound, "steal-instrument"), 20_000);
    assert_eq!(unbound.breaks("none"), set(&["received-this", "delivered-other"]));
}

/// Two orders at once, and money for either but not for both: P looks at the balance and takes from it in one write.
#[test]
fn orders_sent_together_do_not_overdraw_an_account() {
    for name in ["case1", "case2", "case3"] {
        let mut shop = two_purchases(with_customer(Shop::hardened(name), "overdraw"), 20_000);
        let [one, other] = [3, 4].map(|item| shop.setup.offer(0, item).expect("an offer").price_cents);
        shop.setup.population.opening_balance_cents = one.max(other);
        let finished = shop.run("none");
        let committed = finished.checker.facts().purchases.values().filter(|purchase| purchase.committed()).count();
        assert_eq!((finished.checker.facts().purchases.len(), committed), (2, 1), "{name}");
        let anyway: &[&str] = if name == "case1" { &["delivered-this"] } else { &[] };
        assert_eq!(shop.breaks("none"), anyway.iter().copied().collect(), "{name}");
    }
}

/// The goods of one TID are sold once: C gets the first item again, and is refused the second order.
#[test]
fn a_tid_that_is_used_twice_buys_one_item() {
    for name in ["case1", "case2", "case3"] {
        let shop = two_purchases(with_customer(Shop::hardened(name), "reuse-tid"), 3_000_000);
        let finished = shop.run("none");
        assert_eq!(finished.checker.facts().purchases.len(), 1, "{name}: one name, one purchase");
        let paid = -finished.checker.facts().moved[&halfpaid::party::Party::Customer(0)];
        assert_eq!(paid, shop.setup.offer(0, 3).expect("an offer").price_cents, "{name}");
    }
}

/// Whoever presses the button twice pays twice, and nobody else is hurt.
#[test]
fn who_orders_again_while_in_doubt_buys_the_same_thing_twice() {
    for name in ["case1", "case2", "case3"] {
        let shop = two_purchases(with_customer(Shop::hardened(name), "new-tid-while-in-doubt"), 60_000);
        let finished = shop.run("delay 4#1");
        let facts = finished.checker.facts();
        let items: Vec<u32> =
            facts.purchases.values().filter_map(|p| Some(p.signed.as_ref()?.order.description.item)).collect();
        assert_eq!(items, [3, 3], "{name}");
    }
}
