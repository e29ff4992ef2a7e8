//! How fast halfpaid is, each figure beside a floor that says how fast it could be.
//!
//! `cargo bench` takes about a minute; `cargo bench -- events` runs what has that in its name. Nothing is asserted: on a shared
//! machine absolute times differ by half from one run to the next, so compare the lines of one run, or two runs made back to
//! back (`cargo bench -- --save-baseline before`, then `--baseline before`). `thrpt` is what counts:
//!
//! - `purchases/symbolic/CASE`: purchases a second and core without faults, 100 customers with one purchase each, in one run
//!   from start to the last dispute. What is left is the simulator's own cost.
//! - `purchases/real/CASE`: the same with Ed25519, AES-GCM and SHA-256. `purchases/real/case2-floor` makes as many of these
//!   operations as the parties of Case 2 ask for, one after the other with nothing around them. Checker and judge, who verify
//!   on their own account, are not in the floor.
//! - `events/case2`: events a second and core of one long run of Case 2 in a storm of faults, with names, invariants and trace
//!   hash. `events/heap-floor` pops and pushes as many entries of a binary heap that holds one for each purchase.
//! - `plans/case2`: plans a second of an exhaustive search for what two faults can do to hardened Case 2, on all cores.
#![allow(missing_docs, reason = "criterion's macros write functions without comments")]

#[path = "../tests/common/mod.rs"]
mod common;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::hint::black_box;
use std::time::Duration;

use common::Shop;
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use halfpaid::crypto::real::Real;
use halfpaid::crypto::streams::Streams;
use halfpaid::crypto::{Crypto, Key};
use halfpaid::drive::random::{Random, Rates};
use halfpaid::drive::{self, Fair, Finished};
use halfpaid::fault::FaultKind;
use halfpaid::party::Party;
use halfpaid::protocol::role::{Wish, Work};
use halfpaid::world::Errand;

const CASES: [&str; 3] = ["case1", "case2", "case3"];
/// Purchases of a run without faults, each of a customer of its own.
const PURCHASES: u32 = 100;
/// Purchases of the long run.
const MANY_PURCHASES: u32 = 2_000;

/// A shop with so many purchases, 10 ms apart, of customers who take turns.
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

fn fault_free(shop: &Shop) -> Finished<'_> {
    drive::run(&shop.job(), &mut Fair, &mut ())
}

fn stormy(shop: &Shop) -> Finished<'_> {
    let heals_at_us = u64::from(MANY_PURCHASES) * 10_000;
    let rates = Rates::from([
        (FaultKind::Drop, 50_000),
        (FaultKind::Duplicate, 20_000),
        (FaultKind::Delay, 20_000),
        (FaultKind::Replay, 10_000),
        (FaultKind::Corrupt, 10_000),
        (FaultKind::Crash, 10_000),
    ]);
    let mut storm = Random::new(shop.setup.streams, &rates, false, false, heals_at_us);
    drive::run(&shop.job(), &mut storm, &mut ())
}

/// The operations that parties asked for, on an order's length of bytes and an item of the catalogue's mean length.
fn straight_line(crypto: &dyn Crypto, work: &Work) {
    let (statement, key, nonce) = ([7; 180], Key([8; 32]), [9; 12]);
    let item = crypto.content(0, 0, 2_304);
    let signature = crypto.sign(Party::Server, &statement);
    let sealed = crypto.seal(&key, nonce, &item);
    for _ in 0..work.signs {
        black_box(crypto.sign(Party::Server, black_box(&statement)));
    }
    for _ in 0..work.verifies {
        black_box(crypto.verify(Party::Server, black_box(&statement), &signature));
    }
    for _ in 0..work.seals {
        black_box(crypto.seal(&key, nonce, black_box(&item)));
    }
    for _ in 0..work.opens {
        black_box(crypto.open(&key, black_box(&sealed)));
    }
    for _ in 0..work.digests {
        black_box(crypto.digest_blob(black_box(&sealed)));
    }
}

fn group<'c>(criterion: &'c mut Criterion, name: &str, elements: u64) -> BenchmarkGroup<'c, WallTime> {
    let mut group = criterion.benchmark_group(name);
    group.throughput(Throughput::Elements(elements));
    group.sampling_mode(SamplingMode::Flat).sample_size(10);
    group.warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(3));
    group
}

fn purchases(criterion: &mut Criterion) {
    let mut symbolic = group(criterion, "purchases/symbolic", u64::from(PURCHASES));
    for case in CASES {
        let shop = busy(case, PURCHASES, PURCHASES);
        symbolic.bench_function(case, |bencher| bencher.iter(|| fault_free(&shop)));
    }
    symbolic.finish();
    let mut real = group(criterion, "purchases/real", u64::from(PURCHASES));
    for case in CASES {
        let shop = busy(case, PURCHASES, PURCHASES).really();
        real.bench_function(case, |bencher| bencher.iter(|| fault_free(&shop)));
    }
    let work = fault_free(&busy("case2", PURCHASES, PURCHASES)).meter.tally().work;
    let crypto = Real::new(Streams::new(0), 1, 1);
    real.bench_function("case2-floor", |bencher| bencher.iter(|| straight_line(&crypto, &work)));
    real.finish();
}

fn events(criterion: &mut Criterion) {
    let shop = busy("case2", 200, MANY_PURCHASES);
    let events = stormy(&shop).checker.events();
    let mut group = group(criterion, "events", events);
    group.bench_function("case2", |bencher| bencher.iter(|| stormy(&shop)));
    group.bench_function("heap-floor", |bencher| {
        let mut draws = Streams::new(0).reader(halfpaid::crypto::streams::Purpose::Latency, None);
        let waits: Vec<u64> = (0..events).map(|_| draws.below(1_000_000)).collect();
        let mut heap: BinaryHeap<_> = (0..u64::from(MANY_PURCHASES)).map(|order| Reverse((order, order))).collect();
        bencher.iter(|| {
            for (order, wait_us) in waits.iter().enumerate() {
                if let Some(Reverse((now_us, _))) = heap.pop() {
                    heap.push(Reverse((now_us + wait_us, order as u64)));
                }
            }
        });
    });
    group.finish();
}

fn plans(criterion: &mut Criterion) {
    let shop = Shop::hardened("case2");
    let (plans, _) = shop.explore(2);
    let mut group = group(criterion, "plans", plans);
    group.measurement_time(Duration::from_secs(6));
    group.bench_function("case2", |bencher| bencher.iter(|| shop.explore(2)));
    group.finish();
}

criterion_group!(benches, purchases, events, plans);
criterion_main!(benches);
