//! Parties that break the protocol (section 4: "S and R may try to deviate"), and the safeguards that stop them.

mod customers;
mod merchants;
mod outsiders;
mod safeguards;
mod two_keys;

use std::collections::BTreeSet;

use crate::common::Shop;
use halfpaid::drive::scripted::run_plan;
use halfpaid::protocol::deviation::{CUSTOMER, Known, MERCHANT, find};
use halfpaid::protocol::role::Wish;
use halfpaid::world::Errand;

fn with_merchant(mut shop: Shop, name: &str) -> Shop {
    shop.setup.merchant_deviation = find(MERCHANT, name);
    assert!(shop.setup.merchant_deviation.is_some(), "{name}");
    shop
}

fn with_customer(mut shop: Shop, name: &str) -> Shop {
    shop.setup.customer_deviation = find(CUSTOMER, name);
    assert!(shop.setup.customer_deviation.is_some(), "{name}");
    shop
}

/// The same customer buys another item from the same merchant so much later.
fn two_purchases(mut shop: Shop, later_us: u64) -> Shop {
    shop.workload.errands.push(Errand { customer: 0, wish: Wish { merchant: 0, item: 4 }, at_us: later_us });
    shop
}

/// The clauses that a deviation breaks without any fault: each case hardened, then each as written.
type Row = (&'static str, [&'static [&'static str]; 3], [&'static [&'static str]; 3]);

/// Holds a table against runs with both kinds of cryptography; every deviation of the list has its row.
fn compare(list: &[Known], rows: &[Row], shop: impl Fn(Shop, &str) -> Shop) {
    let names: Vec<&str> = list.iter().map(|known| known.name()).collect();
    table(&names, rows, shop);
}

/// The same for any list of names.
fn table(names: &[&str], rows: &[Row], shop: impl Fn(Shop, &str) -> Shop) {
    assert_eq!(rows.iter().map(|row| row.0).collect::<Vec<_>>(), names, "a row for each, in the order of the list");
    for (deviation, hardened, as_written) in rows {
        for (number, case) in ["case1", "case2", "case3"].into_iter().enumerate() {
            for (words, expected) in [("hardened", hardened[number]), ("as written", as_written[number])] {
                let preset = if words == "hardened" { Shop::hardened } else { Shop::as_written };
                let expected: BTreeSet<&str> = expected.iter().copied().collect();
                let symbolic = shop(preset(case), deviation);
                assert_eq!(symbolic.breaks("none"), expected, "{deviation}, {case}, {words}");
                let real = shop(preset(case).really(), deviation);
                assert_eq!(real.breaks("none"), expected, "{deviation}, {case}, {words}, real");
            }
        }
    }
}

/// Where a deviation is said to have nothing to do, a run with it is one of honest parties; elsewhere it is another, unless all that is
/// done about it is said before the judge.
#[test]
fn a_deviation_acts_where_it_says_that_it_does() {
    let words_only = ["frame-customer", "deny-receipt", "frame-merchant"];
    let merchants = MERCHANT.iter().map(|known| (*known, with_merchant as fn(Shop, &str) -> Shop));
    let customers = CUSTOMER.iter().map(|known| (*known, with_customer as fn(Shop, &str) -> Shop));
    for (known, with) in merchants.chain(customers) {
        for case in ["case1", "case2", "case3"] {
            let acts = Shop::hardened(case).setup.protocol.escrow().is_none_or(|escrow| known.acts_in(escrow));
            let shop = || match known.errands() {
                Some(errands) => {
                    let mut shop = two_purchases(Shop::hardened(case), errands.every_us);
                    let cents = errands.opening_balance_cents.map(|cents| i64::try_from(cents).expect("a sum"));
                    let population = &mut shop.setup.population;
                    population.opening_balance_cents = cents.unwrap_or(population.opening_balance_cents);
                    shop
                }
                None => Shop::hardened(case),
            };
            let (honest, bent) = (shop(), with(shop(), known.name()));
            let plans =
                ["none", "drop 1#1", "drop 5#1", "corrupt 2#1 bit 300", "crash M1 after 3#1", "crash C1 after 3#1"];
            // A deviation may leave a fault nothing to strike.
            let trace = |shop: &Shop, plan: &str| {
                run_plan(&shop.job(), &plan.parse().expect("a plan"), &mut ()).0.meter.fingerprint()
            };
            let differs: Vec<&str> =
                plans.into_iter().filter(|plan| trace(&honest, plan) != trace(&bent, plan)).collect();
            if !acts || words_only.contains(&known.name()) {
                assert_eq!(differs, [""; 0], "{}, {case}", known.name());
            } else {
                assert!(!differs.is_empty(), "{}, {case}", known.name());
            }
        }
    }
}
