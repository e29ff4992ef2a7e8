//! What scale costs.
#[path = "../tests/common/mod.rs"]
mod common;

use std::time::Instant;

use common::Shop;
use halfpaid::crypto::real::Real;
use halfpaid::drive::random::{Random, Rates};
use halfpaid::drive;
use halfpaid::fault::FaultKind;
use halfpaid::protocol::role::Wish;
use halfpaid::world::Errand;

fn busy(case: &str, customers: u32, purchases: u32) -> Shop {
    let mut shop = Shop::hardened(case);
    shop.setup.population.customers = customers;
    shop.workload.errands = (0..purchases)
        .map(|number| Errand {
            customer: number % customers,
            wish: Wish { merchant: 0, item: number % shop.setup.catalogue.items() },
            at_us: u64::from(number) * 10_000,
        })
        .collect();
    shop
}

fn main() {
    let _ = std::any::type_name::<Real>();
    for (customers, purchases) in [(200, 2_000), (2_000, 20_000)] {
        let shop = busy("case2", customers, purchases);
        let heals_at_us = u64::from(purchases) * 10_000;
        let rates = Rates::from([
            (FaultKind::Drop, 50_000),
            (FaultKind::Duplicate, 20_000),
            (FaultKind::Delay, 20_000),
            (FaultKind::Replay, 10_000),
            (FaultKind::Corrupt, 10_000),
            (FaultKind::Crash, 10_000),
        ]);
        let rates = if std::env::args().any(|a| a == "calm") { Rates::new() } else { rates };
        let mut storm = Random::new(shop.setup.streams, &rates, false, false, heals_at_us);
        let start = Instant::now();
        let finished = drive::run(&shop.job(), &mut storm, &mut ());
        let s = start.elapsed().as_secs_f64();
        println!("{purchases} {} events {:.0} ns/event {:.1} us/purchase", finished.checker.events(), s * 1e9 / finished.checker.events() as f64, s*1e6/f64::from(purchases));
    }
}
