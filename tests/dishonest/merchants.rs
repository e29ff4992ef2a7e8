//! Every way in which a merchant cheats, in every case, hardened and as written: what an honest customer suffers.
//!
//! The reasons stand beside the rows. One thing holds throughout: in Case 1 no paper says what was delivered, so that a C that
//! has its item cannot prove it (`received-this`), whatever M does; where nothing is committed, or C has nothing, it does not arise.

use halfpaid::invariant::View;
use halfpaid::invariant::certified::disputes;
use halfpaid::judge::Allegation;
use halfpaid::protocol::deviation::MERCHANT;
use halfpaid::protocol::mechanism::Mechanism;

use super::{Row, compare, two_purchases, with_merchant};
use crate::common::{Shop, set};

const ONE: &[Row] = &[
    // Case 1: P has no goods, so C has none, and no paper tells this M from one that delivers. As written C may not even ask P,
    // and M's silence is all it hears. Cases 2 and 3: P gives C what M withholds.
    (
        "withhold-item",
        [&["paid-no-goods", "got-nothing"], &[], &[]],
        [&["paid-no-goods", "got-nothing", "customer-in-doubt"], &[], &[]],
    ),
    // The order lapses; P then says so for ever. As written P says "unknown", and C rests on "not charged" while M could still
    // submit; in Case 1 C has nobody to ask.
    ("withhold-submit", [&[], &[], &[]], [&["customer-in-doubt"], &["belief-open"], &["belief-open"]]),
    // As written C has been told "unknown" when M submits: C rests on "not charged", and is charged. In Case 1 it asks nobody
    // and waits for M. Hardened, C waits until the order has lapsed.
    (
        "submit-late",
        [&["received-this"], &[], &[]],
        [&["received-this"], &["belief-open", "belief-customer"], &["belief-open", "belief-customer"]],
    ),
    // P acts once per TID, under both presets.
    ("submit-twice", [&["received-this"], &[], &[]], [&["received-this"], &[], &[]]),
    // Hardened, the order has H(item). Case 1: C sees at once that it has paid for junk, which is nothing, and can prove nothing.
    // Case 2: it has paid for junk, and proves it. Case 3: P declines. As written nothing says what is right: C takes what it
    // gets for the goods, and cannot show that they are not; in Case 1 it cannot even show what it got.
    (
        "wrong-item",
        [&["paid-no-goods", "got-nothing"], &["wrong-content"], &[]],
        [
            &["wrong-content", "got-other", "received-this"],
            &["wrong-content", "got-other"],
            &["wrong-content", "got-other"],
        ],
    ),
    // Only Case 2 has a key. Hardened, P compares it with the order and declines. As written P takes it; C has the right one from
    // M and its goods, but P's record with C's ciphertext opens to nothing, so C cannot prove what it has.
    ("wrong-key", [&["received-this"], &[], &[]], [&["received-this"], &["received-this"], &[]]),
    // The key opens nothing, so C asks P, which has the right one.
    ("wrong-key-to-customer", [&["received-this"], &[], &[]], [&["received-this"], &[], &[]]),
    // As written C gets what the catalogue describes, and P's record proves that it got the other item: M says so and is
    // believed, C says what it has and is not. Hardened, C's order commits to the key that P has, so C does not take the other,
    // asks P, and ends as with a wrong item: it has paid for junk and proves it.
    (
        "two-key-item",
        [&["received-this"], &["wrong-content"], &[]],
        [&["received-this"], &["received-this", "delivered-other"], &[]],
    ),
    // P moves what C signed or nothing: it declines, and tells M, who tells C.
    ("raise-price", [&[], &[], &[]], [&[], &[], &[]]),
    // With one purchase there is nothing to steal.
    ("steal-instrument", [&["received-this"], &[], &[]], [&["received-this"], &[], &[]]),
    // C's signature is not on the changed description, so P does not act. It ends as if M had not submitted.
    ("other-description", [&[], &[], &[]], [&["customer-in-doubt"], &["belief-open"], &["belief-open"]]),
    // M cannot sign as C or as P, and what C signed for it cannot change.
    ("frame-customer", [&["received-this"], &[], &[]], [&["received-this"], &[], &[]]),
];

#[test]
fn each_deviation_of_a_merchant_breaks_what_it_must_and_nothing_else() {
    compare(MERCHANT, ONE, with_merchant);
}

/// The same with a second purchase by the same customer: what differs.
#[test]
fn with_a_second_purchase_only_the_stolen_instrument_makes_a_difference() {
    let rows: Vec<Row> = ONE.iter().map(|row| if row.0 == "steal-instrument" { STOLEN } else { *row }).collect();
    compare(MERCHANT, &rows, |shop, name| two_purchases(with_merchant(shop, name), 20_000));
}

const STOLEN: Row = (
    "steal-instrument",
    // The first purchase goes well. Of the second P gets an order that C did not sign, and the first one again, which is settled.
    // The second lapses.
    [&["received-this"], &[], &[]],
    // Case 1: the same, but C has nobody to ask. Case 2: the two pieces fit, so the second purchase is on record with the first
    // ciphertext and the first key: M proves that it delivered the first item twice, C cannot prove what it got. Case 3: C's one
    // signature binds everything, as in Case 1; C is told "unknown" while M could still submit. M goes on submitting
    // the first order until P has forgotten that it has acted on it (no `dedup-retention`), and C is charged twice.
    [&["received-this", "customer-in-doubt"], &["received-this", "delivered-other"], &["belief-open", "once"]],
);

/// Hardened, no fault helps a cheating merchant but in what it can do without: nothing in Case 3, a wrong item that C proves in
/// Case 2. In Case 1 a fault may keep step 6 away, whoever is to blame.
#[test]
fn one_fault_more_does_not_help_a_cheating_merchant() {
    for known in MERCHANT {
        for case in ["case2", "case3"] {
            let junk = case == "case2" && ["wrong-item", "two-key-item"].contains(&known.name());
            let expected = if junk { set(&["wrong-content"]) } else { set(&[]) };
            let shop = with_merchant(Shop::hardened(case), known.name());
            assert_eq!(shop.explore(1).1, expected, "{}, {case}", known.name());
        }
    }
    for case in ["case2", "case3"] {
        let shop = two_purchases(with_merchant(Shop::hardened(case), "steal-instrument"), 20_000);
        assert_eq!(shop.explore(1).1, set(&[]), "{case}");
    }
}

/// In Case 1 the item is not sent, in the others nothing is submitted. Either side may say all the same that what was ordered changed hands,
/// with any papers that the merchant can make, and is not believed.
#[test]
fn that_what_was_ordered_was_delivered_is_a_lie_where_nothing_was() {
    for (case, name) in [("case1", "withhold-item"), ("case2", "withhold-submit"), ("case3", "withhold-submit")] {
        let shop = with_merchant(Shop::hardened(case), name);
        let finished = shop.run("none");
        let facts = finished.checker.facts();
        let purchase = facts.purchases.values().next().expect("a purchase");
        let view = View { purchase, facts, setup: &shop.setup, now_us: u64::MAX };
        let ordered = purchase.truth(&shop.setup).expect("an item");
        let claims = [
            ("delivered-other", Allegation::Delivered(ordered.clone())),
            ("received-other", Allegation::Received(ordered)),
        ];
        for (clause, what) in claims {
            let filed =
                disputes(&view).into_iter().filter(|filed| (filed.clause, &filed.claim.what) == (clause, &what));
            let filed: Vec<_> = filed.collect();
            assert!(!filed.is_empty(), "{case}: {clause}");
            assert!(filed.iter().all(|filed| !filed.truth && !filed.decide(&view).upheld), "{case}: {filed:?}");
        }
    }
    // Nobody lies who says so where it did.
    let shop = Shop::hardened("case3");
    let finished = shop.run("none");
    let facts = finished.checker.facts();
    let purchase = facts.purchases.values().next().expect("a purchase");
    let view = View { purchase, facts, setup: &shop.setup, now_us: u64::MAX };
    let ordered = Allegation::Delivered(purchase.truth(&shop.setup).expect("an item"));
    assert!(disputes(&view).iter().filter(|filed| filed.claim.what == ordered).all(|filed| filed.truth));
}

/// What was delivered is a matter of what happened: a merchant that could have cheated and did not is the honest one.
#[test]
fn the_truth_of_a_claim_does_not_depend_on_who_is_said_to_cheat() {
    let shop = || Shop::hardened("case3").without(&[Mechanism::Countersign, Mechanism::ItemDigest]);
    let claims = |shop: &Shop| {
        let finished = shop.run("corrupt 6#1 bit 248");
        let facts = finished.checker.facts();
        let purchase = facts.purchases.values().next().expect("a purchase");
        let view = View { purchase, facts, setup: &shop.setup, now_us: u64::MAX };
        let played = disputes(&view).into_iter().filter(|dispute| dispute.forged_by.is_none());
        played.map(|dispute| (dispute.clause, dispute.claim.what.clone(), dispute.truth)).collect::<Vec<_>>()
    };
    let honest = claims(&shop());
    assert!(honest.iter().any(|(clause, _, truth)| *clause == "delivered-this" && *truth));
    assert_eq!(claims(&with_merchant(shop(), "withhold-item")), honest);
}
