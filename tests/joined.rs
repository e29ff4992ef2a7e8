//! Cutting plans where they come to a known situation hides nothing: held against the search that runs every plan to its end.

use std::collections::{BTreeMap, BTreeSet};

use crate::common::{EVERY_KIND, Shop};
use halfpaid::drive::joined::{self, Audience, Bound, Bounds, Cuts, Searched, Stopped};
use halfpaid::drive::{Finished, Job, Latency, exhaustive};
use halfpaid::fault::{Budget, FaultKind, Plan};
use halfpaid::invariant::ending::Ending;
use halfpaid::protocol::deviation::{CUSTOMER, MERCHANT};
use halfpaid::protocol::mechanism::Mechanism;
use halfpaid::protocol::outsider::OUTSIDER;

const DRAWN: Latency = Latency { min_us: 1_000, max_us: 20_000 };
const CONSTANT: Latency = Latency { min_us: 10_000, max_us: 10_000 };

/// A clause that broke, its victim, and how many events had passed.
type Broken = (&'static str, String, u64);

/// What a search shows: every way in which a purchase may end, and every plan that breaks something, with what it breaks.
#[derive(Debug, Default, PartialEq)]
struct Shown {
    ends: BTreeSet<Ending>,
    broken: BTreeMap<Plan, Vec<Broken>>,
    /// In the order in which they came.
    runs: Vec<Plan>,
}

type Run = (Plan, Vec<Ending>, Vec<Broken>);

impl Audience<Run> for Shown {
    fn ahead(&mut self, _: usize) {}

    fn done(&mut self) -> bool {
        true
    }

    fn take(&mut self, (plan, ends, broken): Run) -> bool {
        self.ends.extend(ends);
        self.runs.push(plan.clone());
        if !broken.is_empty() {
            self.broken.insert(plan, broken);
        }
        true
    }
}

fn look(shop: &Shop) -> impl Fn(&Plan, &Finished<'_>) -> Run + Sync {
    |plan, finished| {
        let told = || finished.checker.violations().iter();
        let end = |purchase: &Box<_>| {
            let purchase: &halfpaid::invariant::facts::PurchaseFacts = purchase;
            let broken = |invariant| told().any(|v| v.invariant == invariant && v.purchase == purchase.about);
            Ending::of(purchase, broken, &shop.setup)
        };
        let ends = finished.checker.facts().purchases.values().map(end).collect();
        (plan.clone(), ends, told().map(|v| (v.clause, v.victim.to_string(), v.events)).collect())
    }
}

fn cut(shop: &Shop, latency: Latency, budget: &Budget) -> (Searched, Shown) {
    let mut shown = Shown::default();
    let searched = joined::explore(
        &Job { latency, ..shop.job() },
        budget,
        Bounds::default(),
        Cuts::Unbroken,
        look(shop),
        &mut shown,
    );
    (searched, shown)
}

/// By clause and victim: how few faults and, among these, how few events it takes, and by which plan.
type Shortest = BTreeMap<(&'static str, String), (usize, u64, Plan)>;

/// Gathers the shortest way to break each clause. It may be shown runs that do not come to their end.
#[derive(Debug, Default)]
struct Ways(Shortest);

impl Audience<Run> for Ways {
    fn ahead(&mut self, _: usize) {}

    fn done(&mut self) -> bool {
        true
    }

    fn take(&mut self, (plan, _, broken): Run) -> bool {
        for (clause, victim, events) in broken {
            let way = (plan.0.len(), events, plan.clone());
            let known = self.0.entry((clause, victim)).or_insert_with(|| way.clone());
            if (way.0, way.1) < (known.0, known.1) {
                *known = way;
            }
        }
        true
    }
}

/// Where plans are cut everywhere, each clause breaks by the same plan as when none is, and as many plans are accounted for. What broke.
fn as_short(shop: &Shop, latency: Latency, budget: &Budget) -> (Searched, Shortest) {
    let (job, mut every, mut plans) = (Job { latency, ..shop.job() }, Ways::default(), 0);
    exhaustive::explore(&job, budget, look(shop), |more| plans += more as u64, |run| every.take(run));
    let mut ways = Ways::default();
    let searched = joined::explore(&job, budget, Bounds::default(), Cuts::Everywhere, look(shop), &mut ways);
    assert_eq!(ways.0, every.0);
    // Where messages take the same time, equal copies of one message are replayed but once.
    if latency == DRAWN {
        assert_eq!(searched.stand_for, plans);
    }
    assert_eq!(searched.passes, 1);
    (searched, ways.0)
}

/// Both searches show the same. What was cut, and how many plans there are.
fn agree(shop: &Shop, latency: Latency, budget: &Budget) -> (Searched, u64) {
    let mut every = Shown::default();
    let job = Job { latency, ..shop.job() };
    exhaustive::explore(&job, budget, look(shop), |_| (), |run| every.take(run));
    let (searched, shown) = cut(shop, latency, budget);
    assert_eq!(shown.ends, every.ends);
    assert_eq!(shown.broken, every.broken);
    assert_eq!(searched.plans - searched.joined, shown.runs.len() as u64);
    (searched, every.runs.len() as u64)
}

#[test]
fn one_fault_of_any_kind() {
    for case in ["case1", "case2", "case3"] {
        for shop in [Shop::hardened(case), Shop::as_written(case)] {
            for latency in [DRAWN, CONSTANT] {
                agree(&shop, latency, &Budget::new(1, &EVERY_KIND));
            }
        }
    }
}

#[test]
fn two_faults_and_every_plan_is_accounted_for() {
    for (case, plans) in [("case2", 20_716), ("case3", 17_660)] {
        let (searched, every) = agree(&Shop::hardened(case), DRAWN, &Budget::new(2, &EVERY_KIND));
        assert_eq!((searched.stand_for, every), (plans, plans));
        assert_eq!(searched.passes, 1, "nothing breaks");
        assert!(searched.joined * 5 > searched.plans * 4, "{searched:?}");
    }
    // Where messages take the same time, equal copies of one message are replayed but once.
    let kinds: Vec<FaultKind> = EVERY_KIND.into_iter().filter(|kind| *kind != FaultKind::Replay).collect();
    let (searched, every) = agree(&Shop::hardened("case3"), CONSTANT, &Budget::new(2, &kinds));
    assert_eq!(searched.stand_for, every);
}

#[test]
fn four_faults_of_two_kinds_break_nothing() {
    let budget = Budget::new(4, &[FaultKind::Drop, FaultKind::Crash]);
    let (searched, shown) = cut(&Shop::hardened("case2"), DRAWN, &budget);
    assert_eq!((searched.stand_for, searched.plans, searched.stopped), (230_278, 54_590, None));
    assert!(shown.broken.is_empty());
}

#[test]
fn what_a_bounded_search_finds_the_whole_one_finds() {
    let shop = Shop::as_written("case2");
    let budget = Budget::new(2, &[FaultKind::Drop, FaultKind::Crash]);
    let (whole, all) = cut(&shop, DRAWN, &budget);
    let bounds = Bounds { situations: whole.situations / 2, ..Bounds::default() };
    let mut some = Shown::default();
    let job = Job { latency: DRAWN, ..shop.job() };
    let searched = joined::explore(&job, &budget, bounds, Cuts::Unbroken, look(&shop), &mut some);
    assert_eq!(searched.stopped, Some(Stopped { by: Bound::Situations, complete: 1 }));
    assert!(!some.broken.is_empty() && some.broken.iter().all(|(plan, broken)| all.broken.get(plan) == Some(broken)));
    assert!(some.ends.is_subset(&all.ends) && some.runs.len() < all.runs.len());
}

#[test]
fn two_faults_that_break_something() {
    use FaultKind::{Crash, Delay, Drop, Replay};
    let (searched, every) = agree(&Shop::as_written("case3"), DRAWN, &Budget::new(2, &[Drop, Delay, Crash, Replay]));
    assert_eq!(searched.stand_for, every);
    assert!(searched.passes > 1, "what breaks is known afterwards: {searched:?}");
    let shop = Shop::hardened("case2").without(&[Mechanism::Tombstone]);
    let (searched, every) = agree(&shop, DRAWN, &Budget::new(2, &[Drop, Delay, Crash]));
    assert_eq!(searched.stand_for, every);
    assert!(searched.joined > searched.plans / 4, "where nothing breaks plans are cut all the same: {searched:?}");
}

/// Purchases that overlap: of one customer at one merchant, of two customers at one, and of two at two.
#[test]
fn two_purchases() {
    let ways: [fn(Shop) -> Shop; 3] = [Shop::with_two_purchases, Shop::with_two_customers, Shop::with_two_shops];
    for case in ["case1", "case2", "case3"] {
        for way in ways {
            for shop in [Shop::hardened(case), Shop::as_written(case)] {
                let (searched, every) = agree(&way(shop), DRAWN, &Budget::new(1, &EVERY_KIND));
                assert_eq!(searched.stand_for, every);
            }
        }
    }
    let kinds = [FaultKind::Drop, FaultKind::Replay, FaultKind::Crash];
    for (without, breaks) in [(&[][..], false), (&[Mechanism::Tombstone], true)] {
        let shop = Shop::hardened("case2").without(without).with_two_customers();
        let (searched, shown) = cut(&shop, DRAWN, &Budget::new(2, &kinds));
        assert_eq!(!shown.broken.is_empty(), breaks, "{searched:?}");
    }
}

#[test]
fn cut_everywhere_what_breaks_breaks_as_soon() {
    let (mut plans, mut joined, mut ways) = (0, 0, 0);
    let mut note = |(searched, broken): (Searched, Shortest)| {
        plans += searched.plans;
        joined += searched.joined;
        ways += broken.len();
    };
    let some = [FaultKind::Drop, FaultKind::Delay, FaultKind::Crash];
    for case in ["case1", "case2", "case3"] {
        note(as_short(&Shop::as_written(case), CONSTANT, &Budget::new(1, &EVERY_KIND)));
        note(as_short(&Shop::as_written(case), DRAWN, &Budget::new(2, &some)));
        for without in [Mechanism::MerchantDedup, Mechanism::Tombstone, Mechanism::Retransmit] {
            let shop = Shop::hardened(case).without(&[without]).with_two_purchases();
            note(as_short(&shop, DRAWN, &Budget::new(1, &some)));
        }
        for known in OUTSIDER {
            let mut shop = Shop::as_written(case);
            shop.setup.outsider = Some(*known);
            note(as_short(&shop, CONSTANT, &Budget::new(1, &some)));
        }
    }
    assert!(ways > 100 && joined * 5 > plans, "{ways} ways, {joined} of {plans} plans cut");
}

#[test]
fn a_budget_of_single_kinds() {
    let budget = Budget {
        each: [(FaultKind::Drop, 1), (FaultKind::Replay, 1)].into(),
        ..Budget::new(2, &[FaultKind::Drop, FaultKind::Replay, FaultKind::CrashForever])
    };
    for shop in [Shop::hardened("case2"), Shop::as_written("case1")] {
        let (searched, every) = agree(&shop, DRAWN, &budget);
        assert_eq!(searched.stand_for, every);
    }
}

#[test]
fn among_those_who_cheat() {
    let budget = Budget::new(1, &EVERY_KIND);
    for case in ["case1", "case2", "case3"] {
        for known in MERCHANT {
            let mut shop = Shop::hardened(case);
            shop.setup.merchant_deviation = Some(*known);
            agree(&shop, DRAWN, &budget);
        }
        for known in CUSTOMER {
            let mut shop = Shop::hardened(case);
            shop.setup.customer_deviation = Some(*known);
            agree(&shop, DRAWN, &budget);
        }
        for known in OUTSIDER {
            let mut shop = Shop::hardened(case);
            shop.setup.outsider = Some(*known);
            agree(&shop, CONSTANT, &budget);
        }
    }
}

#[test]
fn any_number_of_threads_finds_the_same_in_the_same_order() {
    let search = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let shop = Shop::hardened("case2");
        let (searched, shown) = pool.install(|| cut(&shop, DRAWN, &Budget::new(2, &EVERY_KIND)));
        (searched.plans, searched.joined, searched.situations, searched.coverage.into_rows().collect::<Vec<_>>(), shown)
    };
    assert_eq!(search(1), search(4));
}

#[test]
fn three_faults_are_more_plans_than_anybody_runs() {
    let (searched, shown) = cut(&Shop::hardened("case2"), CONSTANT, &Budget::new(3, &EVERY_KIND));
    assert!(shown.broken.is_empty());
    assert_eq!((searched.plans, searched.joined, searched.situations), (660_602, 646_143, 609_797));
}
