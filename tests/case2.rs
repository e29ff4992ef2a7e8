//! Case 2, "encryption-based atomicity" (sections 4.1 and 5.1).

use crate::common::{Shop, set};
use halfpaid::protocol::mechanism::Mechanism;

#[test]
fn without_faults_six_messages_make_a_purchase_that_everyone_can_prove() {
    for shop in [Shop::hardened("case2"), Shop::as_written("case2")] {
        let finished = shop.run("none");
        assert_eq!(finished.meter.tally().messages, 6);
        assert!(finished.checker.violations().is_empty());
    }
}

#[test]
fn hardened_case_2_keeps_every_property_under_every_two_faults() {
    let (runs, broken) = Shop::hardened("case2").explore(2);
    assert_eq!(broken, set(&[]));
    assert_eq!(runs, 20_716);
}

/// Section 5.1: if steps 5 and 6 fail, M and C can ask P.
#[test]
fn case_2_survives_a_lost_key_and_a_merchant_that_is_gone() {
    let shop = Shop::hardened("case2");
    for plan in ["drop 6#1", "crash-forever M1 after 3#1", "drop 6#1; crash-forever M1 after 5#1"] {
        assert_eq!(shop.breaks(plan), set(&[]), "{plan}");
    }
    assert_eq!(Shop::as_written("case2").breaks("drop 6#1"), set(&[]), "P hands out the key on request");
}

/// Half-paid time is zero in every run: C holds the ciphertext before P can commit, and P holds the key when it does.
#[test]
fn hardened_case_2_is_never_half_paid() {
    let shop = Shop::hardened("case2");
    for plan in ["none", "drop 6#1", "delay 6#1", "crash C1 after 2#1", "crash P before 5#1"] {
        let finished = shop.run(plan);
        let half_paid =
            finished.checker.facts().purchases.values().any(|p| p.half_paid_us > 0 || p.half_paid_since_us.is_some());
        assert!(!half_paid, "{plan}");
    }
}

/// The model, section 6: nothing lets C conclude from "P has not heard of this TID" that it will not be charged. Where any message
/// may be next that takes seven events: 1, 2, 3, C's timer, its query, P's answer, and 4. Under the timed clock a message must be
/// late by a fault, which is an event too, and a late 3 still has to become a 4.
#[test]
fn as_written_a_delay_makes_cs_belief_wrong() {
    let shop = Shop::as_written("case2");
    let events = |plan| {
        let finished = shop.run(plan);
        let wrong = finished.checker.violations().iter().find(|v| v.clause == "belief-customer").map(|v| v.events);
        wrong.expect("a wrong belief")
    };
    assert_eq!(events("delay 3#1"), 8);
    assert_eq!(events("delay 4#1"), 11, "M asks too, and submits again before the delayed copy arrives");
    assert_eq!(Shop::hardened("case2").breaks("delay 3#1"), set(&[]), "a tombstone cures it");
}

/// The model, section 6: a fresh k for a repeated step 1, and no check by M of the digest that C signed. H(k) in the order would
/// stop it too, so that goes as well.
#[test]
fn a_fresh_key_for_a_repeated_inquiry_loses_the_goods() {
    let three = [Mechanism::OneKeyPerTid, Mechanism::MerchantChecksSeal, Mechanism::KeyCommitment];
    assert!(Shop::hardened("case2").without(&three).breaks("duplicate 1#1").contains("paid-no-goods"));
    for kept in 0..3 {
        let two: Vec<_> = three.iter().copied().enumerate().filter(|(i, _)| *i != kept).map(|(_, m)| m).collect();
        assert_eq!(
            Shop::hardened("case2").without(&two).breaks("duplicate 1#1"),
            set(&[]),
            "{} is enough",
            three[kept]
        );
    }
}

/// Liu, Ning and Jajodia (2001) report the same of NetBill.
#[test]
fn a_crash_of_c_that_loses_the_ciphertext_makes_the_key_worthless() {
    let shop = Shop::hardened("case2").without(&[Mechanism::CiphertextJournal]);
    assert_eq!(shop.breaks("crash C1 after 2#1"), set(&["paid-no-goods", "got-nothing"]));
    assert_eq!(Shop::hardened("case2").breaks("crash C1 after 2#1"), set(&[]));
}

/// What the explorer finds in Case 2 as written: "unknown" taken for "aborted" (`belief-*`), a TID forgotten too soon (`once`),
/// parties without journals (`*-forgot`, `paid-no-goods`), a key that M does not sign and C does not commit to (`claims-nothing`
/// and the other disputes, when it is garbled on the way to P).
#[test]
fn as_written_case_2_under_every_single_fault() {
    let (runs, broken) = Shop::as_written("case2").explore(1);
    let expected = [
        "belief-customer",
        "belief-open",
        "claims-nothing",
        "customer-forgot",
        "delivered-this",
        "got-nothing",
        "merchant-forgot",
        "once",
        "paid-no-goods",
        "received-this",
    ];
    assert_eq!(broken, set(&expected));
    assert_eq!(runs, 131);
}
