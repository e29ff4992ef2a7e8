//! Every safeguard is taken away from the hardened protocols, and what breaks under any two faults is pinned.
//!
//! The model's section 3 gives a hypothesis for each; where the finding differs, the finding stands, and the sentence beside it
//! says why. Parties are honest here: a safeguard that nothing needs may well be needed against one that cheats.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use crate::common::{Shop, clauses, set};
use halfpaid::drive::scripted::run_plan;
use halfpaid::fault::Plan;
use halfpaid::protocol::mechanism::Mechanism;

/// What breaks with every mechanism on; only Case 1 has anything.
fn broken_anyway(name: &str) -> &'static BTreeSet<&'static str> {
    static CASE1: OnceLock<BTreeSet<&'static str>> = OnceLock::new();
    static NONE: BTreeSet<&'static str> = BTreeSet::new();
    if name == "case1" { CASE1.get_or_init(|| Shop::hardened("case1").breaks_within(2)) } else { &NONE }
}

/// What taking one mechanism away breaks in each case, beside what is broken anyway.
fn broken_without(mechanism: Mechanism, name: &str) -> BTreeSet<&'static str> {
    let without = Shop::hardened(name).without(&[mechanism]).breaks_within(2);
    without.difference(broken_anyway(name)).copied().collect()
}

#[track_caller]
fn expect(mechanism: Mechanism, [case1, case2, case3]: [&[&'static str]; 3]) {
    for (name, expected) in [("case1", case1), ("case2", case2), ("case3", case3)] {
        assert_eq!(broken_without(mechanism, name), set(expected), "{name} without {mechanism}");
    }
}

/// Cutting plans hides nothing: the same breaks where every one of them is run to its end.
#[test]
#[ignore = "a minute"]
fn every_plan_run_to_its_end_breaks_the_same() {
    for name in ["case1", "case2", "case3"] {
        for &mechanism in Mechanism::ALL {
            let shop = Shop::hardened(name).without(&[mechanism]);
            assert_eq!(shop.breaks_within(2), shop.explore(2).1, "{name} without {mechanism}");
        }
    }
}

/// Whether a mechanism is on makes no difference to a run in which nobody asked.
#[test]
fn what_nobody_asks_about_makes_no_difference() {
    let (mut alike, mut other) = (0, 0);
    for case in ["case1", "case2", "case3"] {
        for preset in [Shop::hardened, Shop::as_written] {
            for plan in
                ["none", "drop 4#1", "duplicate 3#1", "crash C1 after 3#1", "crash P before 5#1; replay 4#1 after late"]
            {
                let shop = preset(case);
                let course = |shop: &Shop| {
                    // Other messages may be sent, so that a fault finds no site.
                    let plan: Plan = plan.parse().expect("a plan");
                    let (finished, _) = run_plan(&shop.job(), &plan, &mut ());
                    (finished.meter.fingerprint(), clauses(finished.checker.violations()))
                };
                let shown = course(&shop);
                let asked = shop.setup.mechanisms.asked();
                for &mechanism in Mechanism::EVERY {
                    let mut switched = preset(case);
                    let on = switched.setup.mechanisms.all();
                    let on = if on.has(mechanism) { on.without(mechanism) } else { on.with(mechanism) };
                    switched.setup.mechanisms = on.into();
                    let same = course(&switched) == shown;
                    assert!(same || asked.has(mechanism), "{case}, {plan}: {mechanism}");
                    alike += u32::from(!asked.has(mechanism));
                    other += u32::from(!same);
                }
            }
        }
    }
    assert!(alike > 100 && other > 100, "{alike} were not asked about, {other} made a difference");
}

/// As expected: progress only. Whoever hears nothing asks P in the end.
#[test]
fn nothing_rests_on_retransmission() {
    expect(Mechanism::Retransmit, [&[], &[], &[]]);
}

#[test]
fn without_status_queries_c_stays_in_doubt_and_may_not_get_its_goods() {
    let hurt: &[_] = &["customer-in-doubt", "got-nothing", "paid-no-goods"];
    expect(Mechanism::StatusQuery, [&["customer-in-doubt"], hurt, hurt]);
}

/// Case 1 has nothing at P to hand out.
#[test]
fn without_release_on_query_the_goods_are_lost() {
    let hurt: &[_] = &["got-nothing", "paid-no-goods"];
    expect(Mechanism::ReleaseOnQuery, [&[], hurt, hurt]);
}

/// A duplicated step 4 charges twice. What was garbled once and declined is carried out when it comes again, against beliefs that
/// are final by then. The other way round, where it is declined after it was carried out, C believes that it was charged, and it was.
#[test]
fn without_idempotence_c_is_charged_twice() {
    let hurt: &[_] = &["belief-customer", "belief-not-paid", "final", "once"];
    expect(Mechanism::IdempotentSubmit, [hurt, hurt, hurt]);
}

#[test]
fn without_retention_an_old_step_4_charges_again() {
    expect(Mechanism::DedupRetention, [&["once"], &["once"], &["once"]]);
}

/// P forgets what it moved: the money comes back, and everyone who was told is wrong. M holds a receipt for a payment that is no
/// more, and the judge goes by it.
#[test]
fn without_its_journal_p_takes_back_what_it_said() {
    let hurt: &[_] = &[
        "belief-charged",
        "belief-merchant",
        "belief-open",
        "final",
        "never-committed",
        "not-charged",
        "unpaid-goods",
    ];
    expect(Mechanism::PaymentJournal, [hurt, hurt, hurt]);
}

#[test]
fn without_its_journal_c_forgets_what_it_signed() {
    let hurt: &[_] = &["customer-forgot", "got-nothing", "paid-no-goods"];
    expect(Mechanism::CustomerJournal, [&["customer-forgot"], hurt, hurt]);
}

#[test]
fn without_the_ciphertext_only_case_2_is_hurt() {
    expect(Mechanism::CiphertextJournal, [&[], &["got-nothing", "paid-no-goods"], &[]]);
}

/// The hypothesis was goods in Case 1 and a second key in Case 2. In Case 1 a repeated order makes M submit again, and P answers
/// as before; in Case 2 P has the key by the time it matters. What is lost is M's knowledge, and in Case 2 its proof.
#[test]
fn without_its_journal_m_forgets_whether_it_was_paid() {
    expect(
        Mechanism::MerchantJournal,
        [&["merchant-forgot"], &["delivered-this", "merchant-forgot"], &["merchant-forgot"]],
    );
}

/// The hypothesis was goods in Case 2. Each of three safeguards stops it: M compares the digest, and P compares the key.
/// `case2.rs` takes all three away.
#[test]
fn a_second_key_for_a_tid_does_no_harm_by_itself() {
    expect(Mechanism::OneKeyPerTid, [&[], &[], &[]]);
}

/// A ciphertext that was garbled on the way is signed as it is, and paid for.
#[test]
fn without_ms_check_of_the_seal_c_pays_for_a_garbled_ciphertext() {
    expect(Mechanism::MerchantChecksSeal, [&[], &["paid-no-goods"], &[]]);
}

/// With honest parties a wrong k reaches P only by garbling, and then M's signature over it does not hold. Against a merchant that
/// lies the commitment is what counts.
#[test]
fn honest_parties_do_not_need_a_commitment_to_the_key() {
    expect(Mechanism::KeyCommitment, [&[], &[], &[]]);
}

/// Pieces of two purchases are combined only by somebody who does it on purpose.
#[test]
fn honest_parties_do_not_need_one_signature_over_everything() {
    expect(Mechanism::BoundSignature, [&[], &[], &[]]);
}

/// P's record says what M submitted, and P does not lie: between honest parties M's own signature adds nothing that
/// `key-commitment` and `item-digest` do not catch.
#[test]
fn honest_parties_do_not_need_a_countersignature() {
    expect(Mechanism::Countersign, [&[], &[], &[]]);
}

/// A garbled status passes for another: M is told "committed" when nothing was, and in Cases 1 and 2 hands out the goods.
#[test]
fn without_a_signed_status_a_flipped_bit_makes_a_party_wrong() {
    let hurt: &[_] = &["belief-charged", "belief-merchant", "unpaid-goods"];
    expect(Mechanism::SignedStatus, [hurt, hurt, &["belief-charged", "belief-merchant"]]);
}

/// The hypothesis was goods unpaid in Cases 1 and 2. P acts once per TID, so a second submission of the same order gets the old
/// answer; only another order under the same TID would do harm, and honest customers do not make one.
#[test]
fn honest_parties_do_not_need_the_merchant_to_serve_once() {
    expect(Mechanism::MerchantDedup, [&[], &[], &[]]);
}

/// In Case 2 the seal itself shows that the item was garbled.
#[test]
fn without_the_items_digest_c_takes_a_garbled_item_for_the_real_one() {
    expect(
        Mechanism::ItemDigest,
        [&["got-other", "wrong-content"], &[], &["got-other", "received-this", "wrong-content"]],
    );
}

#[test]
fn without_a_tombstone_c_takes_unknown_for_not_charged() {
    let hurt: &[_] = &["belief-customer", "belief-open"];
    expect(Mechanism::Tombstone, [hurt, hurt, hurt]);
}

/// Without a top-up too: an order whose price was garbled on the way to P is declined, and carried out when it comes again.
#[test]
fn without_final_declines_c_is_charged_after_it_was_told_no() {
    let hurt: &[_] = &["belief-customer", "belief-not-paid", "final"];
    expect(Mechanism::FinalDecline, [hurt, hurt, hurt]);
}

/// Guessing is what an outsider does, and there is none here.
#[test]
fn honest_parties_do_not_need_unguessable_tids() {
    expect(Mechanism::UnguessableTid, [&[], &[], &[]]);
}

/// Asking in somebody else's name is what an outsider does; a replayed question is answered to the one who asked it first.
#[test]
fn honest_parties_do_not_need_authenticated_queries() {
    expect(Mechanism::AuthenticatedQuery, [&[], &[], &[]]);
}

/// A list that grows must be tested here too.
#[test]
fn every_mechanism_has_a_test_here() {
    let tested = include_str!("mechanisms.rs");
    for mechanism in Mechanism::ALL {
        let variant = format!("Mechanism::{mechanism:?},");
        assert!(tested.contains(&variant), "{mechanism} has none");
    }
}
