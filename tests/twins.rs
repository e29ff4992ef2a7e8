//! Two runs with different guilty parties and the same evidence: Case 1 has them, hardened Cases 2 and 3 do not.

use std::collections::BTreeSet;
use std::sync::Arc;

use halfpaid::batch::workload::{self, without_time};
use halfpaid::fault::{Budget, FaultKind};
use halfpaid::judge::judge;
use halfpaid::necessity::Threat;
use halfpaid::necessity::ask::Ask;
use halfpaid::party::Side;
use halfpaid::protocol::mechanism::Mechanism;
use halfpaid::scenario::{Arrival, Clock, CryptoKind, Scenario};
use halfpaid::twins::{Answer, Run, Search};

use crate::common::{EVERY_KIND, Shop};

fn searched(shop: &Shop, clock: Clock, at_most: u32) -> Answer {
    searched_with(shop, clock, at_most, false)
}

/// With every threat by the clock, as many purchases as it takes; with those that take one under every order of events.
fn searched_with(shop: &Shop, clock: Clock, at_most: u32, other_meanings: bool) -> Answer {
    let mut threats = Threat::all();
    threats.retain(|threat| clock == Clock::Timed || threat.errands().is_none());
    let set_up = |threat: Threat| {
        let mechanisms = shop.setup.mechanisms.all();
        let protocol = Arc::clone(&shop.setup.protocol);
        let ask = Ask { protocol, mechanisms, threat, clock, faults: at_most, states: 0 };
        let (_, setup, workload) = ask.set_up(CryptoKind::Symbolic);
        (if clock == Clock::Untimed { without_time(setup) } else { setup }, workload)
    };
    let (budget, latency) = (&Budget::new(at_most, &EVERY_KIND), shop.job().latency);
    let several = budget;
    let search = Search { threats: &threats, clock, latency, budget, several, other_meanings, states: 3_000_000 };
    let answer = search.answer(set_up);
    assert!(answer.runs > u64::from(at_most) * 1_000 && answer.claims > 20, "{} runs", answer.runs);
    assert_eq!(answer.left_out, Vec::<String>::new());
    answer
}

fn words(answer: &Answer) -> BTreeSet<(Side, &'static str)> {
    answer.twins.iter().map(|twins| (twins.claim.by, twins.claim.what.words())).collect()
}

/// Section 5.1: in Case 1 the merchant could decline to send message 6, and nothing that anybody signs says whether it did.
#[test]
fn case_1_has_runs_that_no_judge_can_tell_apart() {
    let shop = Shop::hardened("case1");
    let answer = searched(&shop, Clock::Timed, 0);
    let nothing = (Side::Customer, "I paid and received nothing");
    assert!(words(&answer).contains(&nothing), "{:?}", words(&answer));
    for twins in &answer.twins {
        assert_eq!(judge(&twins.claim, &twins.evidence, &*shop.setup.crypto), twins.decision);
        assert_ne!(format!("{:?}", twins.true_in), format!("{:?}", twins.false_in));
    }
    let twins = answer.twins.iter().find(|twins| (twins.claim.by, twins.claim.what.words()) == nothing).expect("it is");
    assert_eq!(twins.guilty, Some(Side::Merchant));
    assert_eq!(twins.true_in.threat.side(), Some(Side::Merchant));
    // That M has delivered is nobody's crime: who denies it need not have done anything else.
    let delivered = answer.twins.iter().find(|twins| twins.claim.by == Side::Merchant).expect("M's claim");
    assert_eq!((delivered.guilty, delivered.true_in.threat.is_honest()), (None, true));
    // What both runs are said to be, they are.
    let is_so = |run: &Run| {
        let mut shop = Shop::hardened("case1");
        match run.threat {
            Threat::Merchant(known) => shop.setup.merchant_deviation = Some(known),
            Threat::Customer(known) => shop.setup.customer_deviation = Some(known),
            Threat::Honest | Threat::Outsider(_) => {}
        }
        shop.breaks(&run.course.plan.to_string()).contains("paid-no-goods")
    };
    assert!(is_so(&twins.true_in) && !is_so(&twins.false_in));
}

#[test]
fn hardened_cases_2_and_3_have_none_under_any_single_fault() {
    for case in ["case2", "case3"] {
        assert_eq!(words(&searched(&Shop::hardened(case), Clock::Timed, 1)), BTreeSet::new(), "{case}");
    }
}

#[test]
fn nor_under_any_order_of_events_with_any_single_fault() {
    for case in ["case2", "case3"] {
        assert_eq!(words(&searched(&Shop::hardened(case), Clock::Untimed, 1)), BTreeSet::new(), "{case}");
    }
    // The same search finds them where nobody may ask P: nothing shows then whether M has sent k, or what became of the item.
    let nothing = (Side::Customer, "I paid and received nothing");
    for (case, at_most) in [("case2", 0), ("case3", 1)] {
        let shop = Shop::hardened(case).without(&[Mechanism::StatusQuery]);
        assert_eq!(words(&searched(&shop, Clock::Untimed, at_most)), BTreeSet::from([nothing]), "{case}");
    }
}

/// What the guilty party has of other purchases it may hand in as well: those of other customers too, if it is a merchant.
#[test]
fn hardened_cases_2_and_3_have_none_where_a_merchant_deals_with_two_customers() {
    for case in ["case2", "case3"] {
        let shop = Shop::hardened(case);
        let set_up = |threat: Threat| {
            let mut scenario = Scenario::new(case, case);
            threat.apply(&mut scenario);
            (scenario.parties.customers, scenario.workload.purchases) = (2, 2);
            scenario.workload.arrival = Arrival::Every { us: 20_000 };
            let setup = workload::setup(&scenario, &shop.setup.protocol, CryptoKind::Symbolic, scenario.seed);
            (setup, workload::workload(&scenario, scenario.seed))
        };
        let budget = &Budget::new(1, &[FaultKind::Crash, FaultKind::CrashForever]);
        let search = Search {
            threats: &Threat::all(),
            clock: Clock::Timed,
            latency: shop.job().latency,
            budget,
            several: budget,
            other_meanings: false,
            states: 0,
        };
        let answer = search.answer(set_up);
        assert!(answer.runs > 3_000 && answer.claims > 500, "{} runs, {} claims", answer.runs, answer.claims);
        assert_eq!(words(&answer), BTreeSet::new(), "{case}");
    }
}

/// An order that holds nothing but the item's name does not say what was ordered: what M has sent is right if the name means that.
#[test]
fn what_a_name_means_is_no_papers_to_say() {
    let other = (Side::Customer, "I paid and received something else than described");
    for case in ["case2", "case3"] {
        let shop = Shop::hardened(case).without(&[Mechanism::ItemDigest]);
        for clock in [Clock::Timed, Clock::Untimed] {
            let answer = searched_with(&shop, clock, 0, true);
            assert!(words(&answer).contains(&other), "{case}: {:?}", words(&answer));
            for twins in &answer.twins {
                assert_ne!(twins.true_in.other_meanings, twins.false_in.other_meanings, "{case}");
                assert_eq!(twins.guilty, Some(Side::Merchant), "{case}");
                let (liar, honest) = (twins.false_in.threat.side(), twins.true_in.threat.side());
                assert!(honest == Some(Side::Merchant) && liar != honest, "{case}");
            }
        }
        // Where a name means one thing only, nobody could confuse the two.
        assert_eq!(words(&searched(&shop, Clock::Timed, 0)), BTreeSet::new(), "{case}");
        // With the digest the order says which content it is for.
        let digest = searched_with(&Shop::hardened(case), Clock::Timed, 1, true);
        assert_eq!(words(&digest), BTreeSet::new(), "{case}");
    }
}
