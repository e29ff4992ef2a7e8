//! Case 1, "without atomicity" (section 5.1): what the paper says of it, and what the simulator finds.

use crate::common::{Shop, set};

/// Nothing that M signs says what step 6 held, so a true claim about it cannot be proved, with or without faults.
const UNPROVABLE: [&str; 2] = ["delivered-this", "received-this"];

fn and_unprovable(clauses: &[&'static str]) -> std::collections::BTreeSet<&'static str> {
    set(&[clauses, &UNPROVABLE].concat())
}

#[test]
fn without_faults_six_messages_make_a_purchase_that_nobody_can_prove() {
    let shop = Shop::hardened("case1");
    let finished = shop.run("none");
    assert_eq!(finished.meter.tally().messages, 6);
    assert_eq!(shop.breaks("none"), set(&UNPROVABLE));
    assert_eq!(Shop::as_written("case1").run("none").meter.tally().messages, 6);
}

/// Section 5.1: "the merchant could decline to send message 6", or be gone.
#[test]
fn case_1_loses_goods_when_the_merchant_dies_after_payment() {
    let shop = Shop::hardened("case1");
    for plan in ["crash-forever M1 after 3#1", "crash-forever M1 taking 5#1", "crash-forever M1 before 6#1"] {
        assert_eq!(shop.breaks(plan), set(&["paid-no-goods", "got-nothing"]), "{plan}");
    }
}

#[test]
fn as_written_case_1_loses_goods_when_step_6_is_lost() {
    let expected = set(&["paid-no-goods", "got-nothing", "customer-in-doubt"]);
    assert_eq!(Shop::as_written("case1").breaks("drop 6#1"), expected);
    assert_eq!(Shop::hardened("case1").breaks("drop 6#1"), set(&UNPROVABLE), "a repeated order is answered again");
}

#[test]
fn hardened_case_1_keeps_money_under_every_two_faults() {
    let (runs, broken) = Shop::hardened("case1").explore(2);
    assert_eq!(broken, and_unprovable(&["got-nothing", "paid-no-goods"]));
    assert_eq!(runs, 20_310);
}

/// What the explorer finds in Case 1 as written. Money: P forgets a TID before the instrument lapses and a recorded order is
/// replayed (`once`); a garbled, unsigned status (`belief-*`). Goods and termination: nothing is repeated or remembered.
#[test]
fn as_written_case_1_under_every_single_fault() {
    let (runs, broken) = Shop::as_written("case1").explore(1);
    let expected = [
        "belief-customer",
        "customer-forgot",
        "customer-in-doubt",
        "got-nothing",
        "got-other",
        "merchant-forgot",
        "merchant-in-doubt",
        "once",
        "paid-no-goods",
        "wrong-content",
    ];
    assert_eq!(broken, and_unprovable(&expected));
    assert_eq!(runs, 121);
}
