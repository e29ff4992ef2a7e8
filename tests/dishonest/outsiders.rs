//! Everything that an outsider on the network tries, in every case, hardened and as written: what honest parties suffer.
//!
//! The reasons stand beside the rows. In Case 1 no paper says what was delivered, so that neither side can prove it
//! (`received-this`, `delivered-this`) where something was; where nothing was committed there is nothing to prove.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use halfpaid::drive::eavesdropper::NEWS_MAX;
use halfpaid::drive::exhaustive::explore;
use halfpaid::drive::scripted::run_plan;
use halfpaid::fault::{Budget, Plan};
use halfpaid::party::{Party, PurchaseKey, Step};
use halfpaid::protocol::mechanism::Mechanism;
use halfpaid::protocol::message::Message;
use halfpaid::protocol::outsider::{OUTSIDER, find};
use halfpaid::protocol::part::{Part, Parts};
use halfpaid::protocol::role::Wish;
use halfpaid::world::{Errand, Happening, Observer};

use super::{Row, table, two_purchases};
use crate::common::{EVERY_KIND, Shop, set};

fn with_outsider(mut shop: Shop, name: &str) -> Shop {
    shop.setup.outsider = find(name);
    assert!(shop.setup.outsider.is_some(), "{name}");
    shop
}

fn names() -> Vec<&'static str> {
    OUTSIDER.iter().map(|known| known.name()).collect()
}

const BOTH: &[&str] = &["received-this", "delivered-this"];
const DOUBLE: &[&str] = &["once", "received-this", "delivered-this"];

const ONE: &[Row] = &[
    // Everybody does as after a duplicate. As written M makes a new key for the second inquiry, but by then P has the first.
    ("replay", [BOTH, &[], &[]], [BOTH, &[], &[]]),
    // There is one purchase and one merchant.
    ("replay-across-purchases", [BOTH, &[], &[]], [BOTH, &[], &[]]),
    ("replay-across-merchants", [BOTH, &[], &[]], [BOTH, &[], &[]]),
    // Nobody has crashed, and a repetition is late, no more.
    ("replay-after-restart", [BOTH, &[], &[]], [BOTH, &[], &[]]),
    // As written P forgets while the order is still good, and charges again.
    ("replay-after-retention", [BOTH, &[], &[]], [DOUBLE, &["once"], &["once"]]),
    // No second purchase comes that could have the guessed name.
    ("guess-tid", [BOTH, &[], &[]], [BOTH, &[], &[]]),
    // Hardened, P does not answer a question that C has not signed. As written C hears "unknown" while its order is on its way,
    // rests on it, and is charged; in Case 1 it does not take the item any more.
    (
        "ask",
        [BOTH, &[], &[]],
        [
            &["belief-open", "belief-customer", "paid-no-goods", "got-nothing"],
            &["belief-open", "belief-customer"],
            &["belief-open", "belief-customer"],
        ],
    ),
    // The date is under C's signature, so that P believes the genuine order alone; when that lapses, the purchase is settled.
    ("abort", [BOTH, &[], &[]], [BOTH, &[], &[]]),
    // The outsider is there first with an inquiry for another item, and then with another price. Hardened, M holds to the quote
    // that it made for the TID, and does not take C's order for what it has not quoted: P never hears of it, and C learns that it
    // has lapsed. As written C signs the first quote that it gets, and M does not take that either; in Case 1 C has nobody to ask.
    ("tamper-quote", [&[], &[], &[]], [&["customer-in-doubt"], &[], &[]]),
    // M's claim to a price is not signed. P takes the wrong one that comes first for M's own, and declines; that is the end of a
    // purchase, and nothing worse. As written a decline is not final: another copy comes, C is charged and both have been told
    // that it is not. In Cases 2 and 3 that copy is one with a key or an item of the outsider's, since M signs neither, and P
    // keeps that: C has paid for a key that opens nothing, or for junk of which no digest says that it is.
    (
        "tamper-order",
        [&[], &[], &[]],
        [
            &["final", "belief-customer", "belief-not-paid", "paid-no-goods", "got-nothing"],
            &["final", "belief-customer", "belief-not-paid", "paid-no-goods"],
            &["final", "belief-customer", "belief-not-paid", "wrong-content", "got-other"],
        ],
    ),
    // Hardened, P looks for M's signature on the key or the item, and files nothing that may have come beside it. As written the first copy counts. In Case 2 M itself hands C the key,
    // and P's record holds junk: nobody can prove what C got, and C proves that it got nothing. In Case 3 C gets the junk.
    (
        "tamper-goods",
        [BOTH, &[], &[]],
        [BOTH, &["received-this", "delivered-this", "claims-nothing"], &["wrong-content", "got-other"]],
    ),
    // Hardened, both look for P's signature. As written M is told that it is not paid, and tells C, which in Cases 1 and 2 has no
    // other word. In Case 3 C has P's word from the outsider, with junk for an item that no digest describes.
    (
        "tamper-status",
        [BOTH, &[], &[]],
        [
            &["belief-customer", "belief-not-paid", "paid-no-goods", "got-nothing"],
            &["belief-customer", "belief-not-paid"],
            &["belief-not-paid", "wrong-content", "received-this", "got-other"],
        ],
    ),
    // There is no earlier purchase of which P's word could be used, and an honest word is what this outsider wants.
    ("forge-status", [BOTH, &[], &[]], [BOTH, &[], &[]]),
    // Nobody reads what is no message.
    ("truncate", [BOTH, &[], &[]], [BOTH, &[], &[]]),
];

#[test]
fn an_outsider_alone_does_no_more_than_the_table_says() {
    table(&names(), ONE, with_outsider);
}

/// The second purchase, of another item, starts when the first is over. Hardened, every word is bound to its purchase. As written
/// the old quote, the old status and the old goods pass for new ones: C takes itself for charged with what it never ordered.
#[test]
fn across_purchases_only_what_is_signed_stays_where_it_belongs() {
    for (case, both) in [("case1", BOTH), ("case2", &[]), ("case3", &[])] {
        let hardened = two_purchases(with_outsider(Shop::hardened(case), "replay-across-purchases"), 500_000);
        let expected = if case == "case1" { BOTH } else { &[] };
        assert_eq!(hardened.breaks("none"), set(expected), "{case}");
        let as_written = two_purchases(with_outsider(Shop::as_written(case), "replay-across-purchases"), 500_000);
        assert_eq!(as_written.breaks("none"), set(&[&["belief-charged"], both].concat()), "{case}");
    }
}

/// P's word on the first purchase is used for the second, of which P declines what reaches it. Where P signs, the word is for the first
/// alone. Where it does not, M rests on it; and in Cases 1 and 2, where M delivers, it gives its goods away, and C too takes itself for
/// charged. In Case 3 the goods are P's to deliver, and it knows better. As written the genuine order is good after a decline, too, and
/// comes when the word is out: P changes its mind, and in Case 3 C has been told by then that it was not charged.
#[test]
fn an_old_word_of_p_s_passes_for_a_new_one_only_where_p_does_not_sign() {
    let fooled: &[&str] = &["belief-merchant", "belief-charged", "unpaid-goods"];
    let told: &[&str] = &["belief-merchant"];
    for (case, harm, later) in
        [("case1", fooled, "final"), ("case2", fooled, "final"), ("case3", told, "belief-customer")]
    {
        let anyway = if case == "case1" { BOTH } else { &[] };
        let forged = |shop: Shop| two_purchases(with_outsider(shop, "forge-status"), 500_000).breaks("none");
        assert_eq!(forged(Shop::hardened(case)), set(anyway), "{case}");
        let unsigned = Shop::hardened(case).without(&[Mechanism::SignedStatus]);
        assert_eq!(forged(unsigned), set(&[anyway, harm].concat()), "{case}");
        let as_written = set(&[anyway, harm, &["final", later]].concat());
        assert_eq!(forged(Shop::as_written(case)), as_written, "{case}");
    }
}

/// M's signature and the digest in C's order each keep another's key or item away from P; it takes neither for one to get through.
#[test]
fn the_goods_that_p_keeps_are_guarded_twice() {
    use Mechanism::{Countersign, ItemDigest, KeyCommitment};
    let junk_key: &[&str] = &["received-this", "delivered-this", "claims-nothing"];
    for (case, digest, harm) in
        [("case2", KeyCommitment, junk_key), ("case3", ItemDigest, &["wrong-content", "got-other"])]
    {
        let without = |mechanisms: &[Mechanism]| {
            with_outsider(Shop::hardened(case).without(mechanisms), "tamper-goods").breaks("none")
        };
        assert_eq!(without(&[Countersign]), set(&[]), "{case}");
        assert_eq!(without(&[digest]), set(&[]), "{case}");
        assert_eq!(without(&[Countersign, digest]), set(harm), "{case}");
    }
}

/// What comes with step 4 beside what M has signed for, P does not file: a key or an item of an outsider's would be read out in court.
#[test]
fn p_keeps_no_goods_that_its_case_does_not_call_for() {
    for (case, keys, items) in [("case1", 0, 0), ("case2", 1, 0), ("case3", 0, 1)] {
        let shop = with_outsider(Shop::hardened(case), "tamper-goods");
        let finished = shop.run("none");
        let facts = finished.checker.facts();
        let records = facts.purchases.values().flat_map(|purchase| &purchase.server);
        let committed: Vec<_> = records.filter(|(record, _)| record.transfer().is_some()).collect();
        assert!(!committed.is_empty(), "{case}");
        for (record, _) in committed {
            let count = |is_one: fn(&Part) -> bool| record.parts.iter().filter(|part| is_one(part)).count();
            assert_eq!(count(|part| matches!(part, Part::Key(_))), keys, "{case}");
            assert_eq!(count(|part| matches!(part, Part::Item(_))), items, "{case}");
        }
    }
}

/// Nobody signs a quote: another merchant's passes for M's, and C orders at a price that M has not named. That is the end of the
/// purchase, and of nothing else: an order says whose it is. As written, C has nobody to ask in Case 1.
#[test]
fn across_merchants_a_quote_passes_and_nothing_else_does() {
    for case in ["case1", "case2", "case3"] {
        let across = |shop: Shop| {
            let mut shop = with_outsider(shop.with_merchants(2), "replay-across-merchants");
            shop.workload.errands.push(Errand { customer: 0, wish: Wish { merchant: 1, item: 4 }, at_us: 20_000 });
            assert!(shop.run("none").checker.facts().purchases.values().all(|purchase| !purchase.committed()));
            shop.breaks("none")
        };
        assert_eq!(across(Shop::hardened(case)), set(&[]), "{case}");
        let stuck: &[&str] = if case == "case1" { &["customer-in-doubt"] } else { &[] };
        assert_eq!(across(Shop::as_written(case)), set(stuck), "{case}");
    }
}

/// No single fault helps an outsider against Cases 2 and 3, restarts and two purchases included.
#[test]
fn hardened_cases_2_and_3_stand_under_any_fault_with_any_outsider() {
    for case in ["case2", "case3"] {
        for name in names() {
            assert_eq!(with_outsider(Shop::hardened(case), name).explore(1).1, set(&[]), "{case}, {name}");
        }
        let across = two_purchases(with_outsider(Shop::hardened(case), "replay-across-purchases"), 20_000);
        assert_eq!(across.explore(1).1, set(&[]), "{case}, two purchases");
    }
}

/// Which safeguard stops which outsider, in Cases 2 and 3: without it, what it lets through.
#[test]
fn each_outsider_is_stopped_by_a_safeguard() {
    use Mechanism::{AuthenticatedQuery, DedupRetention, FinalDecline, SignedStatus, Tombstone};
    for case in ["case2", "case3"] {
        let without = |mechanisms: &[Mechanism], name: &str| {
            with_outsider(Shop::hardened(case).without(mechanisms), name).breaks("none")
        };
        assert_eq!(without(&[DedupRetention], "replay-after-retention"), set(&["once"]), "{case}");
        // An honest "unknown" does harm only to a C that takes it for an outcome.
        assert_eq!(without(&[AuthenticatedQuery], "ask"), set(&[]), "{case}");
        assert_eq!(without(&[Tombstone], "ask"), set(&[]), "{case}");
        let wrong = set(&["belief-open", "belief-customer"]);
        assert_eq!(without(&[AuthenticatedQuery, Tombstone], "ask"), wrong, "{case}");
        let declined = set(&["final", "belief-customer", "belief-not-paid"]);
        assert_eq!(without(&[FinalDecline], "tamper-order"), declined, "{case}");
        assert!(without(&[SignedStatus], "tamper-status").contains("belief-not-paid"), "{case}");
    }
}

/// A guessed name is as good as a stolen one for keeping C from buying, and no better for anything else. As written M quotes anew for each
/// inquiry, so that what was asked for before C asks keeps C from nothing.
#[test]
fn who_can_guess_a_tid_spoils_the_next_purchase() {
    for case in ["case1", "case2", "case3"] {
        let committed = |shop: Shop| {
            let mut shop = two_purchases(with_outsider(shop, "guess-tid"), 500_000);
            // Not the item that the outsider happens to ask for.
            shop.workload.errands[1].wish.item = 6;
            let finished = shop.run("none");
            assert!(case == "case1" || finished.checker.violations().is_empty(), "{case}");
            let named = finished.labels.purchases().iter().filter(|(_, number)| **number <= 2);
            let facts = finished.checker.facts();
            named.filter_map(|(about, _)| facts.purchases.get(about)).filter(|purchase| purchase.committed()).count()
        };
        let guessed = Shop::hardened(case).without(&[Mechanism::UnguessableTid]);
        assert_eq!([Shop::hardened(case), guessed, Shop::as_written(case)].map(committed), [2, 1, 2], "{case}");
    }
}

/// The different messages of each step that were sent to each party.
#[derive(Default)]
struct Said(BTreeMap<(Party, PurchaseKey, Step), BTreeSet<Arc<Message>>>);

impl Observer for Said {
    fn observe(&mut self, _: u64, happening: &Happening<'_>) {
        let Happening::Sent { envelope, message, .. } = happening else { return };
        self.0.entry((envelope.to, message.about, message.step)).or_default().insert(Arc::clone(message));
    }
}

/// An outsider stops listening to a step of which it has heard too many different messages. Nobody says half as many by itself, whatever
/// one fault does, even where every inquiry gets a new key.
#[test]
fn an_outsider_hears_out_everybody_who_does_not_answer_itself() {
    let shops = ["case1", "case2", "case3"].into_iter().flat_map(|case| [Shop::hardened(case), Shop::as_written(case)]);
    for shop in shops.chain([Shop::hardened("case2").without(&[Mechanism::OneKeyPerTid])]) {
        let budget = Budget::new(1, &EVERY_KIND);
        let mut plans = Vec::new();
        explore(
            &shop.job(),
            &budget,
            |plan: &Plan, _| plan.clone(),
            |_| (),
            |plan| {
                plans.push(plan);
                true
            },
        );
        for plan in plans {
            let mut said = Said::default();
            run_plan(&shop.job(), &plan, &mut said);
            let most = said.0.values().map(BTreeSet::len).max().unwrap_or(0);
            assert!(most * 2 < NEWS_MAX as usize, "{most} different messages of one step after {plan}");
        }
    }
}
