//! Every way in which a customer cheats, in every case, hardened and as written: what an honest merchant suffers.
//!
//! The reasons stand beside the rows. One thing holds throughout: in Case 1 no paper says what was delivered, so that an M that
//! has delivered cannot prove it (`delivered-this`), whatever C does.

use halfpaid::protocol::deviation::CUSTOMER;

use super::{Row, compare, two_purchases, with_customer};
use crate::common::{Shop, set};

const ONE: &[Row] = &[
    // Nothing was ordered. In Case 2 C has a ciphertext, and no key.
    ("abort-after-quote", [&[], &[], &[]], [&[], &[], &[]]),
    // Only Case 2 has a digest to sign. Hardened, M compares and does not submit. As written it submits: C has the item and the
    // key; no ciphertext that M can show is the one that C signed for, and the one that C shows opens to nothing.
    (
        "sign-wrong-digest",
        [&["delivered-this"], &[], &[]],
        [&["delivered-this"], &["delivered-this", "claims-nothing"], &[]],
    ),
    // P's record has C's order under C's signature, whatever else C shows.
    ("deny-receipt", [&["delivered-this"], &[], &[]], [&["delivered-this"], &[], &[]]),
    // One purchase has one TID.
    ("reuse-tid", [&["delivered-this"], &[], &[]], [&["delivered-this"], &[], &[]]),
    // With one errand there is no other to be dropped for it.
    ("new-tid-while-in-doubt", [&["delivered-this"], &[], &[]], [&["delivered-this"], &[], &[]]),
    // One order does not overdraw the account.
    ("overdraw", [&["delivered-this"], &[], &[]], [&["delivered-this"], &[], &[]]),
    // Cases 2 and 3: P's record, with M's ciphertext, shows the goods. Case 1: nothing shows them, but nothing shows that C has
    // none either, and whoever claims must prove.
    ("claim-non-delivery", [&["delivered-this"], &[], &[]], [&["delivered-this"], &[], &[]]),
    // C signed for one ciphertext and no other; orders that it signs afterwards are not the one on P's record.
    ("frame-merchant", [&["delivered-this"], &[], &[]], [&["delivered-this"], &[], &[]]),
];

#[test]
fn each_deviation_of_a_customer_breaks_what_it_must_and_nothing_else() {
    compare(CUSTOMER, ONE, with_customer);
}

/// A second order under the same name. Hardened, M takes it for the first one and delivers that again. As written M serves it;
/// P refuses it, since the name is taken; and now M rests on "not paid" for a name under which it has been paid.
const REUSED: Row = (
    "reuse-tid",
    [&["delivered-this"], &[], &[]],
    [&["delivered-this", "belief-not-paid"], &["belief-not-paid"], &["belief-not-paid"]],
);

#[test]
fn with_a_second_purchase_only_the_reused_tid_makes_a_difference() {
    let rows: Vec<Row> = ONE.iter().map(|row| if row.0 == "reuse-tid" { REUSED } else { *row }).collect();
    // Long enough for the first purchase to be over, and then so short that both are under way at once.
    compare(CUSTOMER, &rows, |shop, name| {
        two_purchases(with_customer(shop, name), if name == "reuse-tid" { 3_000_000 } else { 20_000 })
    });
}

/// Hardened, no fault helps a cheating customer, with one purchase or two.
#[test]
fn one_fault_more_does_not_help_a_cheating_customer() {
    for known in CUSTOMER {
        for case in ["case2", "case3"] {
            let one = with_customer(Shop::hardened(case), known.name());
            assert_eq!(one.explore(1).1, set(&[]), "{}, {case}", known.name());
        }
    }
    for name in ["reuse-tid", "new-tid-while-in-doubt", "overdraw"] {
        for case in ["case2", "case3"] {
            let two = two_purchases(with_customer(Shop::hardened(case), name), 200_000);
            assert_eq!(two.explore(1).1, set(&[]), "{name}, {case}, twice");
        }
    }
}
