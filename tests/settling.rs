//! A run that forgets what has settled knows the same of each purchase as one that keeps everything to the end.

use std::collections::BTreeMap;

use crate::common::Shop;
use halfpaid::drive::random::{Random, Rates};
use halfpaid::drive::settle::{Desk, Settled};
use halfpaid::drive::{self, Finished};
use halfpaid::fault::FaultKind;
use halfpaid::invariant::ending::Ending;
use halfpaid::invariant::facts::PurchaseFacts;
use halfpaid::invariant::{Invariant, Violation};
use halfpaid::protocol::mechanism::Mechanism;
use halfpaid::protocol::role::Wish;
use halfpaid::protocol::setup::Catalogue;
use halfpaid::world::{Errand, Happening, Observer};

const PURCHASES: u32 = 1_000;

/// What is compared of a purchase.
#[derive(Debug, Clone, PartialEq)]
struct Known {
    ending: Ending,
    times_us: [Option<u64>; 5],
    messages: u64,
    half_paid_us: u64,
    violations: Vec<&'static str>,
}

fn known(purchase: &PurchaseFacts, violations: &[Violation], shop: &Shop) -> Known {
    let broken = |invariant: Invariant| violations.iter().any(|violation| violation.invariant == invariant);
    let mut clauses: Vec<_> = violations.iter().map(|violation| violation.clause).collect();
    clauses.sort_unstable();
    Known {
        ending: Ending::of(purchase, broken, &shop.setup),
        times_us: [
            Some(purchase.started_us),
            purchase.signed_us,
            purchase.committed_us,
            purchase.delivered_us,
            purchase.rested_us,
        ],
        messages: purchase.messages,
        half_paid_us: purchase.half_paid_us,
        violations: clauses,
    }
}

fn shop(case: &str) -> Shop {
    let mut shop = Shop::hardened(case);
    shop.setup.population.customers = 40;
    shop.setup.population.merchants = 4;
    // Some can not afford all that they want.
    shop.setup.population.opening_balance_cents = 20_000;
    shop.setup.catalogue = Catalogue::new(4, 10, (50, 2_000), (512, 4_096));
    shop.workload.errands = (0..PURCHASES)
        .map(|number| Errand {
            customer: number * 7 % 40,
            wish: Wish { merchant: number % 4, item: number % 10 },
            at_us: u64::from(number) * 20_000,
        })
        .collect();
    shop
}

/// A storm without replays, since the network of a run that forgets has fewer envelopes to choose from, and in which nobody goes for
/// good: whoever has gone by the end has nothing to lose any more, but had when its purchases settled.
fn storm(shop: &Shop) -> Random {
    let rates = Rates::from([
        (FaultKind::Drop, 20_000),
        (FaultKind::Duplicate, 20_000),
        (FaultKind::Delay, 2_000),
        (FaultKind::Corrupt, 5_000),
        (FaultKind::Crash, 2_000),
    ]);
    Random::new(shop.setup.streams, &rates, false, false, u64::from(PURCHASES) * 20_000)
}

#[derive(Default)]
struct Gathered {
    known: BTreeMap<u32, Known>,
    never_begun: u32,
}

struct Desks<'a>(&'a Shop, Gathered);

impl Desk for Desks<'_> {
    fn settled(&mut self, settled: &Settled<'_>) -> bool {
        let known = known(settled.purchase, settled.violations, self.0);
        assert!(self.1.known.insert(settled.number, known).is_none(), "purchase {} settles twice", settled.number);
        true
    }

    fn never_begun(&mut self, _: u32, _: Errand) -> bool {
        self.1.never_begun += 1;
        true
    }
}

/// What is left of a finished run.
fn left(finished: &Finished<'_>, shop: &Shop) -> BTreeMap<u32, Known> {
    let (facts, all) = (finished.checker.facts(), finished.checker.violations());
    let purchases = finished.labels.purchases().iter().filter(|(_, number)| **number <= PURCHASES);
    let purchases = purchases.filter_map(|(about, number)| Some((*number, facts.purchases.get(about)?)));
    let known = |purchase: &PurchaseFacts| {
        let violations: Vec<_> = all.iter().filter(|v| v.purchase == purchase.about).cloned().collect();
        known(purchase, &violations, shop)
    };
    purchases.map(|(number, purchase)| (number, known(purchase))).collect()
}

#[test]
fn what_settles_is_judged_as_it_would_be_at_the_end() {
    for case in ["case1", "case2", "case3"] {
        let shop = shop(case);
        let whole = drive::run(&shop.job(), &mut storm(&shop), &mut ());
        let mut desk = Desks(&shop, Gathered::default());
        let streamed = drive::run_settling(&shop.job(), &mut storm(&shop), &mut (), &mut desk);
        let mut known = desk.1.known;
        let settled = known.len();
        known.extend(left(&streamed, &shop));
        let expected = left(&whole, &shop);
        assert!(settled as u32 > PURCHASES * 8 / 10, "{case}: only {settled} settled on the way");
        assert_eq!(known.len() as u32 + desk.1.never_begun, PURCHASES);
        for (number, expected) in &expected {
            // A party that crashes later comes to rest once more: a purchase that has settled is not told.
            let mut known = known.get(number).cloned().expect("it has settled, or is left");
            if known.times_us[4] < expected.times_us[4] {
                known.times_us[4] = expected.times_us[4];
            }
            assert_eq!(&known, expected, "{case}, purchase {number}");
        }
        assert_eq!(known.len(), expected.len());
        assert_eq!(whole.meter.tally(), streamed.meter.tally(), "{case}");
        assert_eq!(whole.struck, streamed.struck, "{case}");
        let committed = expected.values().filter(|known| known.times_us[2].is_some()).count();
        assert!(committed > 500 && committed < expected.len(), "{case}: {committed} committed: the test shows little");
    }
}

#[test]
fn nothing_is_forgotten_where_a_crash_could_still_change_it() {
    let shop = shop("case2").without(&[Mechanism::CustomerJournal]);
    let mut desk = Desks(&shop, Gathered::default());
    let streamed = drive::run_settling(&shop.job(), &mut storm(&shop), &mut (), &mut desk);
    assert!(desk.1.known.is_empty());
    let whole = drive::run(&shop.job(), &mut storm(&shop), &mut ());
    assert_eq!(whole.meter.fingerprint(), streamed.meter.fingerprint());
}

/// Sums all accounts after each thing that happens, which a run does not do.
struct Auditor<'a>(halfpaid::invariant::checker::Checker<'a>, u64);

impl Observer for Auditor<'_> {
    fn observe(&mut self, now_us: u64, happening: &Happening<'_>) {
        self.0.observe(now_us, happening);
        if let Happening::Saved { .. } | Happening::Crashed { .. } = happening {
            assert_eq!(self.0.facts().audit(), Ok(()));
            self.1 += 1;
        }
    }
}

#[test]
fn the_sums_that_are_kept_up_are_the_sums_of_all_accounts() {
    for without in [&[][..], &[Mechanism::PaymentJournal], &[Mechanism::IdempotentSubmit]] {
        let mut shop = shop("case2").without(without);
        shop.workload.errands.truncate(200);
        let mut auditor = Auditor(halfpaid::invariant::checker::Checker::new(&shop.setup), 0);
        let finished = drive::run(&shop.job(), &mut storm(&shop), &mut auditor);
        assert!(auditor.1 > 500);
        assert_eq!(finished.checker.facts().imbalance_cents(), 0);
    }
}
