//! Case 3, "authority-based atomicity" (sections 4.2 and 5.1).

use crate::common::{Shop, set};
use halfpaid::protocol::mechanism::Mechanism;

#[test]
fn without_faults_six_messages_make_a_purchase_that_everyone_can_prove() {
    for shop in [Shop::hardened("case3"), Shop::as_written("case3")] {
        let finished = shop.run("none");
        assert_eq!(finished.meter.tally().messages, 6);
        assert!(finished.checker.violations().is_empty());
    }
}

#[test]
fn hardened_case_3_keeps_every_property_under_every_two_faults() {
    let (runs, broken) = Shop::hardened("case3").explore(2);
    assert_eq!(broken, set(&[]));
    assert_eq!(runs, 17_660);
}

/// Section 5.1: "since messages 5 and 6 may not be received, the payment server must respond to queries".
#[test]
fn case_3_survives_the_loss_of_both_of_ps_messages() {
    for shop in [Shop::hardened("case3"), Shop::as_written("case3")] {
        assert_eq!(shop.breaks("drop 5#1; drop 6#1"), set(&[]));
    }
}

#[test]
fn case_3_survives_the_crash_that_makes_case_2s_key_worthless() {
    let shop = Shop::hardened("case3").without(&[Mechanism::CiphertextJournal]);
    assert_eq!(shop.explore(1).1, set(&[]));
}

/// Without its journal C forgets its TID too, so even Case 3 is hurt: P cannot be asked about what nobody remembers.
#[test]
fn case_3_is_hurt_when_c_forgets_everything() {
    let shop = Shop::hardened("case3").without(&[Mechanism::CustomerJournal]);
    assert_eq!(shop.breaks("crash C1 after 2#1"), set(&["paid-no-goods", "got-nothing", "customer-forgot"]));
}

/// Section 5.1: P must keep the item, not just a key. The price in bytes.
#[test]
fn p_keeps_the_whole_item_in_case_3_and_only_a_key_in_case_2() {
    let kept = |name: &str| Shop::hardened(name).run("none").meter.tally().server_bytes;
    let item = Shop::hardened("case3").setup.offer(0, 3).expect("an offer").item.len() as u64;
    let digests_of_the_order = 2 * 32;
    assert_eq!(kept("case3") - item, kept("case2") - 32 - digests_of_the_order);
}

/// What the explorer finds in Case 3 as written: as in Case 2, but for the key; and an item that nobody checks against a digest.
#[test]
fn as_written_case_3_under_every_single_fault() {
    let (runs, broken) = Shop::as_written("case3").explore(1);
    let expected = [
        "belief-customer",
        "belief-open",
        "customer-forgot",
        "got-nothing",
        "got-other",
        "merchant-forgot",
        "once",
        "paid-no-goods",
        "received-this",
        "wrong-content",
    ];
    assert_eq!(broken, set(&expected));
    assert_eq!(runs, 127);
}
