//! Two runs with different guilty parties and the same evidence: Case 1 has them, hardened Cases 2 and 3 do not.

use std::collections::BTreeSet;
use std::sync::Arc;

use halfpaid::fault::Budget;
use halfpaid::judge::judge;
use halfpaid::necessity::Threat;
use halfpaid::necessity::ask::Ask;
use halfpaid::protocol::deviation::{CUSTOMER, Known, MERCHANT, find};
use halfpaid::protocol::party::Side;
use halfpaid::scenario::{Clock, CryptoKind};
use halfpaid::twins::{Answer, Run, search};

use crate::common::{EVERY_KIND, Shop};

/// With as many purchases as a deviation takes.
fn searched(shop: &Shop, at_most: u32) -> Answer {
    let set_up = |customer: Option<Known>, merchant: Option<Known>| {
        let threat = customer.map(Threat::Customer).or(merchant.map(Threat::Merchant)).unwrap_or(Threat::Honest);
        let ask = Ask {
            protocol: Arc::clone(&shop.setup.protocol),
            mechanisms: shop.setup.mechanisms.all(),
            threat,
            clock: Clock::Timed,
            faults: at_most,
            states: 0,
        };
        let (_, setup, workload) = ask.set_up(CryptoKind::Symbolic);
        (setup, workload)
    };
    let answer = search(set_up, shop.job().latency, &Budget::new(at_most, &EVERY_KIND));
    assert!(answer.runs > u64::from(at_most) * 1_000 && answer.claims > 20, "{} runs", answer.runs);
    answer
}

fn words(answer: &Answer) -> BTreeSet<(Side, &'static str)> {
    answer.twins.iter().map(|twins| (twins.claim.by, twins.claim.what.words())).collect()
}

/// Section 5.1: in Case 1 the merchant could decline to send message 6, and nothing that anybody signs says whether it did.
#[test]
fn case_1_has_runs_that_no_judge_can_tell_apart() {
    let shop = Shop::hardened("case1");
    let answer = searched(&shop, 0);
    let nothing = (Side::Customer, "I paid and received nothing");
    assert!(words(&answer).contains(&nothing), "{:?}", words(&answer));
    for twins in &answer.twins {
        assert_eq!(judge(&twins.claim, &twins.evidence, &*shop.setup.crypto), twins.decision);
        assert_ne!(twins.true_in, twins.false_in);
    }
    let twins = answer.twins.iter().find(|twins| (twins.claim.by, twins.claim.what.words()) == nothing).expect("it is");
    assert_eq!(twins.guilty, Some(Side::Merchant));
    assert_ne!(twins.true_in.merchant, "honest");
    // What both runs are said to be, they are.
    let is_so = |run: &Run| {
        let mut shop = Shop::hardened("case1");
        shop.setup.merchant_deviation = find(MERCHANT, run.merchant);
        shop.setup.customer_deviation = find(CUSTOMER, run.customer);
        shop.breaks(&run.plan.to_string()).contains("paid-no-goods")
    };
    assert!(is_so(&twins.true_in) && !is_so(&twins.false_in));
}

#[test]
fn hardened_cases_2_and_3_have_none_under_any_single_fault() {
    for case in ["case2", "case3"] {
        assert_eq!(words(&searched(&Shop::hardened(case), 1)), BTreeSet::new(), "{case}");
    }
}
