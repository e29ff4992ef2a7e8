//! A check that nothing can break is none: for each clause of each invariant the run that breaks it, and for each finding that the
//! judge can make the runs in which it makes it. What no switch, no deviation and no fault brings about is listed with the reason;
//! such a clause is broken by a planted bug (`planted_bugs.rs`), such a finding by tampered evidence (`judge::tests`).

use std::collections::BTreeSet;

use crate::common::{Shop, set};
use halfpaid::invariant::certified::disputes;
use halfpaid::invariant::{View, clauses};
use halfpaid::judge::Check::*;
use halfpaid::judge::Finding::{self, *};
use halfpaid::judge::{Check, judge};
use halfpaid::protocol::deviation::{self, CUSTOMER, MERCHANT};
use halfpaid::protocol::mechanism::Mechanism::{self, *};
use halfpaid::protocol::outsider::{self, OUTSIDER};

/// What breaks some clauses: the case, what is away, who deviates, and the plan.
type Run = (&'static [&'static str], &'static str, &'static [Mechanism], &'static str, &'static str);

const RUNS: &[Run] = &[
    (&["once"], "case2", &[IdempotentSubmit], "honest", "duplicate 4#1"),
    (&["final"], "case2", &[PaymentJournal], "honest", "crash P before 5#1"),
    (
        &["unpaid-goods", "belief-merchant", "belief-charged", "never-committed", "not-charged"],
        "case2",
        &[PaymentJournal],
        "honest",
        "crash P after 4#1",
    ),
    (&["belief-customer", "belief-open"], "case2", &[Tombstone], "submit-late", "none"),
    (&["belief-not-paid"], "case2", &[FinalDecline], "honest", "delay 4#1; corrupt 4#2 bit 248"),
    (&["paid-no-goods", "got-nothing"], "case1", &[], "honest", "crash-forever M1 after 3#1"),
    (&["wrong-content", "got-other"], "case2", &[ItemDigest], "wrong-item", "none"),
    (&["customer-in-doubt"], "case2", &[StatusQuery], "honest", "crash-forever M1 after 1#1"),
    (&["customer-forgot"], "case2", &[CustomerJournal], "honest", "crash C1 after 2#1"),
    (&["merchant-in-doubt"], "case2", &[StatusQuery, Retransmit], "honest", "drop 5#1"),
    (&["merchant-forgot"], "case2", &[MerchantJournal], "honest", "crash M1 after 3#1"),
    (&["received-this", "delivered-this"], "case1", &[], "honest", "none"),
    (&["delivered-other"], "case2", &[KeyCommitment], "two-key-item", "none"),
    (&["claims-nothing"], "case2", &[MerchantChecksSeal], "sign-wrong-digest", "none"),
];

/// What nothing but a bug in P breaks, and why.
const BUGS: &[(&str, &str)] = &[
    ("conserved", "P writes both halves of a transfer in one record, whatever is switched off"),
    ("solvent", "P looks at the balance in the write that takes from it"),
    ("as-signed", "P moves what the order says, and looks at C's signature on it"),
    (
        "claims-other",
        "what an honest M submits is as described, and C cannot sign for a ciphertext under a key that it will learn",
    ),
];

/// What nothing but a wrong judge breaks: what P's record shows to be delivered counts as delivered, so that a lie about it is one
/// that the judge sees. Forged evidence is tried on it in `judge::tests` and in `soundness.rs`.
const JUDGE: &[&str] = &["received-other"];

fn deviating(mut shop: Shop, name: &str) -> Shop {
    shop.setup.customer_deviation = deviation::find(CUSTOMER, name);
    shop.setup.merchant_deviation = deviation::find(MERCHANT, name);
    shop.setup.outsider = outsider::find(name);
    let setup = &shop.setup;
    let known = setup.customer_deviation.is_some() || setup.merchant_deviation.is_some() || setup.outsider.is_some();
    assert!(known || name == deviation::HONEST, "{name}");
    shop
}

#[test]
fn every_clause_can_break() {
    for (expected, case, without, who, plan) in RUNS {
        let broken = deviating(Shop::hardened(case).without(without), who).breaks(plan);
        assert!(set(expected).is_subset(&broken), "{case} without {without:?}, {who}, {plan}: {broken:?}");
    }
    let broken: BTreeSet<&str> = RUNS.iter().flat_map(|run| run.0).copied().collect();
    let bugs: BTreeSet<&str> = BUGS.iter().map(|(clause, _)| *clause).collect();
    assert_eq!(broken.intersection(&bugs).count(), 0);
    let planted = include_str!("planted_bugs.rs");
    assert!(bugs.iter().all(|clause| planted.contains(&format!("\"{clause}\""))), "a bug for each");
    // The clauses of certified delivery are where their disputes are filed.
    let filed = include_str!("../src/invariant/certified.rs").split("file(\"").skip(1);
    let filed = filed.map(|text| text.split('"').next().expect("a name"));
    let all: BTreeSet<&str> = clauses().map(|clause| clause.name).chain(filed).collect();
    assert_eq!(all.len(), 27, "{all:?}");
    let told: BTreeSet<&str> = broken.iter().chain(&bugs).chain(JUDGE).copied().collect();
    assert_eq!(told, all);
}

/// Findings that no run leads to, since P looks for itself before it records anything: the judge would notice if it did not. Tampered
/// evidence leads to them.
const NEVER: &[(Check, Finding, &str)] = &[
    (
        CustomerSignature,
        Failed,
        "P records no order that C has not signed, and its receipt is for the order that it had",
    ),
    (CustomerSignature, Missing, "P records the order with the outcome"),
    (CiphertextSigned, Failed, "where C signs for the ciphertext apart, P looks at that signature too"),
    (KeyCommitted, Failed, "an order commits to a key with `key-commitment` alone, and then P compares"),
    (MerchantSignature, Failed, "in Case 2 P takes no key without M's signature, of one kind or the other"),
    (MerchantSignature, Missing, "for the same reason"),
];

/// Findings that there are not: a thing is there to be looked at when the judge comes to it, or is what it looks for.
const NONE: &[(Check, Finding)] = &[
    (CiphertextSigned, Missing),
    (KeyOnRecord, Failed),
    (KeyCommitted, Missing),
    (Opens, Missing),
    (ItemOnRecord, Failed),
    (SameAsClaimed, Missing),
    (AsDescribed, Missing),
    (Described, Failed),
];

/// Everything that the judge finds in the disputes of a run, forged evidence included.
fn findings(shop: &Shop, plan: &str) -> BTreeSet<(Check, Finding)> {
    let Ok(plan) = plan.parse() else { panic!("{plan} is no plan") };
    let (finished, _) = halfpaid::drive::scripted::run_plan(&shop.job(), &plan, &mut ());
    let facts = finished.checker.facts();
    let views = facts.purchases.values().map(|purchase| View { purchase, facts, setup: &shop.setup, now_us: u64::MAX });
    let filed = views.flat_map(|view| disputes(&view));
    let decided = filed.map(|dispute| judge(&dispute.claim, &dispute.evidence, &*shop.setup.crypto));
    decided.flat_map(|decision| decision.reasons).collect()
}

#[test]
fn every_finding_of_the_judge_is_made_in_some_run() {
    let plans = [
        "none",
        "crash P after 4#1",
        "crash P before 5#1",
        "crash M1 after 3#1",
        "crash-forever M1 after 3#1",
        "crash C1 after 2#1",
        "drop 6#1",
        "delay 3#1",
        "corrupt 2#1 bit 352",
        "corrupt 4#1 bit 248",
    ];
    let everybody = MERCHANT.iter().chain(CUSTOMER).map(|known| known.name());
    let everybody: Vec<&str> =
        std::iter::once("honest").chain(everybody).chain(OUTSIDER.iter().map(|known| known.name())).collect();
    let mut made = BTreeSet::new();
    for case in ["case1", "case2", "case3"] {
        let away = Mechanism::ALL.iter().map(|mechanism| vec![*mechanism]);
        for without in std::iter::once(Vec::new()).chain(away) {
            for who in &everybody {
                let shop = deviating(Shop::hardened(case).without(&without), who);
                let plans = if *who == "honest" { &plans[..] } else { &plans[..2] };
                plans.iter().for_each(|plan| made.extend(findings(&shop, plan)));
            }
        }
        for who in &everybody {
            made.extend(findings(&deviating(Shop::as_written(case), who), "none"));
        }
    }
    let possible = Check::ALL.iter().flat_map(|check| [Passed, Failed, Missing].map(|finding| (*check, finding)));
    let never = NEVER.iter().map(|(check, finding, _)| (*check, *finding));
    let never: BTreeSet<(Check, Finding)> = never.chain(NONE.iter().copied()).collect();
    let open: Vec<_> = possible.filter(|found| !made.contains(found) && !never.contains(found)).collect();
    assert_eq!(open, [], "never made");
    let made_after_all: Vec<_> = never.intersection(&made).collect();
    assert!(made_after_all.is_empty(), "made after all: {made_after_all:?}");
}
