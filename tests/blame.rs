//! Blame: what is at the root of a violation, who could have prevented it, and who can prove it. Each expectation follows from the
//! reason beside it.

use halfpaid::blame::orders::Orders;
use halfpaid::blame::{Blame, Precaution, Prevention, Run, plans};
use halfpaid::drive::follow::follow;
use halfpaid::explore::{Bounds, Finding, Question, Reductions, Sought, explore_surely};
use halfpaid::fault::{Budget, FaultKind, Plan};
use halfpaid::party::Side;
use halfpaid::protocol::deviation::{MERCHANT, find};
use halfpaid::protocol::mechanism::Mechanism;
use halfpaid::protocol::outsider;

use crate::common::Shop;

/// What of a plan is at the root of a clause, and who is to blame.
fn blame(shop: &Shop, plan: &str, clause: &str) -> (String, Blame) {
    let (finished, plan) = (shop.run(plan), plan.parse::<Plan>().expect("a plan"));
    let violation = finished.checker.violations().iter().find(|violation| violation.clause == clause);
    let violation = violation.unwrap_or_else(|| panic!("{clause} holds"));
    let job = shop.job();
    (plans::faults(&job, &plan, violation).to_string(), plans::blame(&job, &plan, &finished, violation))
}

fn with(mechanism: Mechanism) -> Prevention {
    Prevention::With(vec![Precaution::Mechanism(mechanism)])
}

/// Every safeguard is on: there is nothing that C could have done, and nothing that it could show.
#[test]
fn in_case_1_c_is_helpless() {
    let (root, blame) = blame(&Shop::hardened("case1"), "duplicate 1#1; crash-forever M1 after 3#1", "paid-no-goods");
    assert_eq!(root, "crash-forever M1 after 3#1", "the duplicate has nothing to do with it");
    assert_eq!((blame.prevention, blame.provable), (Prevention::Nothing, false));
}

/// C forgot what it had written nowhere; P would have given it to a C that asks, and a judge looks for the item and finds it.
#[test]
fn a_journal_would_have_saved_c_its_goods() {
    let (_, blame) = blame(&Shop::as_written("case3"), "crash C1 after 2#1", "paid-no-goods");
    assert_eq!((blame.prevention, blame.provable), (with(Mechanism::CustomerJournal), false));
}

/// C forgot that it had ordered. With a journal it gets the item, as it does when nothing goes wrong; that nobody can prove in Case 1 what
/// was delivered is no loss that the journal brings. As written it takes two things: what is in the journal has to be said again.
#[test]
fn what_is_lost_anyway_is_no_loss() {
    let shop = Shop::hardened("case1").without(&[Mechanism::CustomerJournal]);
    let (_, paid) = blame(&shop, "crash C1 taking 6#1", "paid-no-goods");
    assert_eq!((paid.prevention, paid.provable), (with(Mechanism::CustomerJournal), false));
    let (_, paid) = blame(&Shop::as_written("case1"), "crash C1 taking 6#1", "paid-no-goods");
    let both = [Mechanism::Retransmit, Mechanism::CustomerJournal].map(Precaution::Mechanism);
    assert_eq!(paid.prevention, Prevention::With(both.to_vec()));
}

/// P's "unknown" is true when it is said. To repeat the order would not do: without `dedup-retention` C would be charged again.
#[test]
fn patience_would_have_saved_c_its_belief() {
    let shop = Shop::hardened("case2").without(&[Mechanism::Tombstone]);
    let (_, blame) = blame(&shop, "delay 3#1; delay 3#2; delay 3#3", "belief-customer");
    assert_eq!((blame.prevention, blame.provable), (Prevention::With(vec![Precaution::Patience]), false));
}

/// M sold something else: C cannot know before it has paid, and has M's signature on it.
#[test]
fn a_wrong_item_in_case_2_is_proved_and_not_prevented() {
    let mut shop = Shop::hardened("case2");
    shop.setup.merchant_deviation = find(MERCHANT, "wrong-item");
    let (root, wrong) = blame(&shop, "duplicate 1#1", "wrong-content");
    assert_eq!((root.as_str(), wrong.deviations.as_slice()), ("none", ["merchant wrong-item".to_owned()].as_slice()));
    assert_eq!((wrong.prevention, wrong.provable), (Prevention::Nothing, true));
}

/// A deviation that the violation does without is not its root: in Case 1 nobody can prove a thing anyway.
#[test]
fn who_cheats_is_not_to_blame_for_everything() {
    let mut shop = Shop::hardened("case1");
    shop.setup.merchant_deviation = find(MERCHANT, "raise-price");
    assert!(shop.breaks("none").is_empty(), "nothing is bought");
    shop.setup.merchant_deviation = find(MERCHANT, "submit-twice");
    assert_eq!(blame(&shop, "none", "received-this").1.deviations, Vec::<String>::new());
    let mut shop = Shop::hardened("case1");
    shop.setup.merchant_deviation = find(MERCHANT, "withhold-item");
    assert_eq!(blame(&shop, "none", "paid-no-goods").1.deviations, ["merchant withhold-item"]);
}

/// C forgets everything in its own crash. That M has P send the key twice gives the crash a second place to strike, and nothing else.
#[test]
fn who_cheats_is_not_to_blame_for_where_a_fault_strikes() {
    let honest = Shop::as_written("case3");
    assert_eq!(blame(&honest, "crash C1 taking 6#1", "paid-no-goods").1.deviations, Vec::<String>::new());
    let mut shop = Shop::as_written("case3");
    shop.setup.merchant_deviation = find(MERCHANT, "submit-twice");
    assert_eq!(blame(&shop, "crash C1 taking 6#2", "paid-no-goods").1.deviations, Vec::<String>::new());
}

/// An outsider is named like everybody else; what it brought about P could have prevented, and C could not.
#[test]
fn an_outsider_is_named() {
    let mut shop = Shop::hardened("case2").without(&[Mechanism::DedupRetention]);
    shop.setup.outsider = outsider::find("replay-after-retention");
    let (_, blame) = blame(&shop, "none", "once");
    assert_eq!(blame.deviations, ["outsider replay-after-retention"]);
    assert_eq!((blame.prevention, blame.provable), (Prevention::Nothing, false));
}

/// What every order of events shows, and who could have done what about it: the clause, who is hurt, the faults, and whom to blame.
fn blamed_in_every_order(shop: &Shop, faults: u32, kinds: &[FaultKind]) -> Vec<(&'static str, Side, Plan, Blame)> {
    let budget = Budget::new(faults, kinds);
    let question = Question {
        setup: &shop.setup,
        workload: &shop.workload,
        budget: &budget,
        bounds: Bounds::default(),
        reductions: Reductions::ALL,
        sought: Sought::Causes,
    };
    let (answer, _) = explore_surely(&question, &[], &mut ());
    let orders = Orders::new(question);
    let blamed = answer.findings.iter().map(|finding| {
        let followed = follow(&shop.job(), &finding.course, &mut ());
        let run = Run { finished: &followed.finished, setup: &shop.setup };
        let blame = orders.blame(&finding.course.plan, run, &finding.violation);
        (finding.breach.clause, finding.breach.victim.side(), finding.course.plan.clone(), blame)
    });
    blamed.collect()
}

/// In whatever order events come, C is wrong about a purchase only because it took "unknown" for the last word. That C is charged
/// twice lies with P, which forgets.
#[test]
fn patience_saves_c_its_belief_in_every_order() {
    let blamed = blamed_in_every_order(&Shop::as_written("case2").without_time(), 0, &[]);
    let of = |clause| blamed.iter().find(|(known, ..)| *known == clause).map(|(.., blame)| &blame.prevention);
    let patience = Prevention::With(vec![Precaution::Patience]);
    assert_eq!([of("belief-customer"), of("belief-open")], [Some(&patience); 2]);
    assert_eq!(of("once"), Some(&Prevention::Nothing));
}

/// M gets no answer where its order is lost; if it sends it again it does. C, whose order to M is lost, cannot help it: what it sends
/// again M submits again, and P charges again what it has forgotten.
#[test]
fn m_can_ask_again_and_c_cannot() {
    let shop = Shop::as_written("case1").without_time();
    let blamed = blamed_in_every_order(&shop, 1, &[FaultKind::Drop]);
    let of = |clause, cause| {
        let found = blamed.iter().find(|(known, _, plan, _)| *known == clause && plan.words() == [cause]);
        found.map(|(.., blame)| &blame.prevention)
    };
    assert_eq!(of("merchant-in-doubt", "drop 4"), Some(&with(Mechanism::Retransmit)));
    assert_eq!(of("customer-in-doubt", "drop 3"), Some(&Prevention::Nothing));
}

/// What is named helps: with it on for the victim alone, no order of events does the same by such faults.
#[test]
fn what_is_named_helps_in_every_order() {
    let mut named = 0;
    for (case, faults) in [("case1", 1), ("case3", 1)] {
        let shop = Shop::as_written(case).without_time();
        let kinds = [FaultKind::Drop, FaultKind::Crash];
        for (clause, side, plan, blame) in blamed_in_every_order(&shop, faults, &kinds) {
            let Prevention::With(precautions) = blame.prevention else { continue };
            let setup = Precaution::taken(&shop.setup, side, &precautions);
            let careful = Shop { setup, workload: shop.workload.clone() };
            let still = careful.search_surely(faults, &kinds, Sought::Causes).findings;
            let same = |known: &Finding| known.breach.clause == clause && known.course.plan.words() == plan.words();
            assert!(!still.iter().any(same), "{case} {clause} {plan}");
            named += 1;
        }
    }
    assert!(named >= 10, "{named} are named");
}
