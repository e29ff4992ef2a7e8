//! The same plans under real and symbolic cryptography: the same outcomes, verdicts, bytes and message counts.

use crate::common::{EVERY_KIND, Shop};
use halfpaid::drive::exhaustive::explore;
use halfpaid::drive::scripted::run_plan;
use halfpaid::fault::Budget;
use halfpaid::fault::Plan;

fn agree(symbolic: Shop, real: Shop) {
    let mut plans: Vec<Plan> = Vec::new();
    let budget = Budget::new(1, &EVERY_KIND);
    explore(
        &symbolic.job(),
        &budget,
        |plan, _| plan.clone(),
        |_| (),
        |plan| {
            plans.push(plan);
            true
        },
    );
    assert!(plans.len() > 100);
    for plan in plans {
        let (one, _) = run_plan(&symbolic.job(), &plan, &mut ());
        let (other, unmet) = run_plan(&real.job(), &plan, &mut ());
        assert!(unmet.is_empty(), "{plan}");
        assert_eq!(one.checker.violations(), other.checker.violations(), "{plan}");
        assert_eq!(one.meter.tally(), other.meter.tally(), "{plan}");
        assert_eq!(one.checker.events(), other.checker.events(), "{plan}");
        let ends = |finished: &halfpaid::drive::Finished<'_>| -> Vec<_> {
            let purchases = finished.checker.facts().purchases.values();
            purchases
                .map(|p| (p.about, p.status(), p.customer_belief, p.merchant_belief, p.held.is_some(), p.messages))
                .collect()
        };
        assert_eq!(ends(&one), ends(&other), "{plan}");
        assert_eq!(one.meter.fingerprint(), other.meter.fingerprint(), "{plan}");
    }
}

#[test]
fn every_single_fault_has_the_same_effect_under_both_kinds_of_cryptography() {
    for name in ["case1", "case2", "case3"] {
        agree(Shop::hardened(name), Shop::hardened(name).really());
        agree(Shop::as_written(name), Shop::as_written(name).really());
    }
}
