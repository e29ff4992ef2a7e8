//! One customer, one merchant and a payment server, ready to be run: the fixture of the tests of the cases.
#![allow(dead_code, unreachable_pub, reason = "each test file uses its own part of the fixture")]

use std::collections::BTreeSet;
use std::sync::Arc;

use halfpaid::crypto::Crypto;
use halfpaid::crypto::real::Real;
use halfpaid::crypto::streams::Streams;
use halfpaid::crypto::symbolic::Symbolic;
use halfpaid::drive::exhaustive::explore;
use halfpaid::drive::joined::{self, Audience, Cuts};
use halfpaid::drive::scripted::run_plan;
use halfpaid::drive::{Finished, Job, Latency};
use halfpaid::explore::{self, Answer, Bounds, Question, Reductions, Sought};
use halfpaid::fault::{Budget, FaultKind, Plan};
use halfpaid::invariant::Violation;
use halfpaid::protocol::mechanism::{Mechanism, Preset};
use halfpaid::protocol::role::Wish;
use halfpaid::protocol::setup::{Catalogue, Population, Setup, Timing};
use halfpaid::protocol::{self, Protocol};
use halfpaid::world::{Errand, Workload};

/// Every kind of fault that has sites.
pub const EVERY_KIND: [FaultKind; 7] = [
    FaultKind::Drop,
    FaultKind::Duplicate,
    FaultKind::Delay,
    FaultKind::Replay,
    FaultKind::Corrupt,
    FaultKind::Crash,
    FaultKind::CrashForever,
];

/// A purchase to be made, with everything as the scenarios have it by default.
pub struct Shop {
    pub setup: Setup,
    pub workload: Workload,
}

pub fn timing() -> Timing {
    Timing {
        retry_after_us: 200_000,
        retry_backoff_permille: 2_000,
        query_after_us: 1_000_000,
        restart_after_us: 500_000,
        instrument_lifetime_us: 10_000_000,
        dedup_retention_us: 60_000_000,
        gives_up_on_unknown: true,
    }
}

impl Shop {
    pub fn of(protocol: Arc<dyn Protocol>, preset: Preset) -> Self {
        let streams = Streams::new(0);
        let setup = Setup {
            mechanisms: protocol.preset(preset).into(),
            protocol,
            alone: None,
            timing: timing(),
            population: Population { customers: 1, merchants: 1, opening_balance_cents: 100_000 },
            catalogue: Catalogue::new(1, 10, (50, 2_000), (512, 4_096)),
            crypto: Arc::new(Symbolic::new(streams)),
            streams,
            customer_deviation: None,
            merchant_deviation: None,
            outsider: None,
        };
        let errand = Errand { customer: 0, wish: Wish { merchant: 0, item: 3 }, at_us: 0 };
        Shop { setup, workload: Workload { errands: vec![errand], ..Workload::default() } }
    }

    pub fn hardened(name: &str) -> Self {
        Shop::of(protocol::by_name(name).expect("a protocol"), Preset::Hardened)
    }

    pub fn as_written(name: &str) -> Self {
        Shop::of(protocol::by_name(name).expect("a protocol"), Preset::AsWritten)
    }

    pub fn without(mut self, mechanisms: &[Mechanism]) -> Self {
        for mechanism in mechanisms {
            self.setup.mechanisms = self.setup.mechanisms.all().without(*mechanism).into();
        }
        self
    }

    pub fn really(mut self) -> Self {
        let Population { customers, merchants, .. } = self.setup.population;
        let crypto: Arc<dyn Crypto> = Arc::new(Real::new(self.setup.streams, customers, merchants));
        let catalogue = Catalogue::new(merchants, 10, (50, 2_000), (512, 4_096));
        self.setup = Setup { crypto, catalogue, ..self.setup };
        self
    }

    /// So many merchants, each with a catalogue.
    pub fn with_merchants(mut self, merchants: u32) -> Self {
        self.setup.population.merchants = merchants;
        self.setup.catalogue = Catalogue::new(merchants, 10, (50, 2_000), (512, 4_096));
        self
    }

    pub fn job(&self) -> Job<'_, '_> {
        let latency = Latency { min_us: 1_000, max_us: 20_000 };
        Job { setup: &self.setup, workload: &self.workload, latency }
    }

    /// Runs one plan, every fault of which must strike.
    pub fn run(&self, plan: &str) -> Finished<'_> {
        let plan: Plan = plan.parse().expect("a plan");
        let (finished, unmet) = run_plan(&self.job(), &plan, &mut ());
        assert!(unmet.is_empty(), "never met: {unmet:?}");
        finished
    }

    /// The clauses that a plan breaks.
    pub fn breaks(&self, plan: &str) -> BTreeSet<&'static str> {
        clauses(self.run(plan).checker.violations())
    }

    /// Every interleaving with at most so many faults.
    pub fn search(&self, at_most: u32, kinds: &[FaultKind], reductions: Reductions) -> Answer {
        self.search_within(&Budget::new(at_most, kinds), reductions)
    }

    /// The same within a budget.
    pub fn search_within(&self, budget: &Budget, reductions: Reductions) -> Answer {
        let setup = &self.setup;
        let bounds = Bounds { states: 30_000_000, ..Bounds::default() };
        let question = Question { setup, workload: &self.workload, budget, bounds, reductions, sought: Sought::Causes };
        let answer = explore::explore(&question, &mut ());
        assert_eq!(answer.stopped, None);
        answer
    }

    /// Searches, and asks again about what no run confirms.
    pub fn search_surely(&self, at_most: u32, kinds: &[FaultKind], sought: Sought) -> Answer {
        let (setup, budget) = (&self.setup, &Budget::new(at_most, kinds));
        let (bounds, reductions) = (Bounds { states: 30_000_000, ..Bounds::default() }, Reductions::ALL);
        let question = Question { setup, workload: &self.workload, budget, bounds, reductions, sought };
        let (answer, _) = explore::explore_surely(&question, &[], &mut ());
        assert_eq!(answer.stopped, None);
        answer
    }

    /// The same shop where nobody waits: for the untimed clock.
    pub fn without_time(mut self) -> Self {
        self.setup.timing.retry_backoff_permille = 1_000;
        self
    }

    /// One customer with two purchases, one soon after the other.
    pub fn with_two_purchases(mut self) -> Self {
        self.workload.errands.push(Errand { customer: 0, wish: Wish { merchant: 0, item: 3 }, at_us: 10_000 });
        self
    }

    /// Two customers, one purchase each, of the same merchant.
    pub fn with_two_customers(mut self) -> Self {
        self.setup.population.customers = 2;
        let second = Errand { customer: 1, wish: Wish { merchant: 0, item: 3 }, at_us: 0 };
        self.workload.errands.push(second);
        self
    }

    /// Two customers, one purchase each, of a merchant each.
    pub fn with_two_shops(self) -> Self {
        let mut shop = self.with_merchants(2).with_two_customers();
        shop.workload.errands[1].wish.merchant = 1;
        shop
    }

    /// Every plan of at most so many faults: how many there are, and the clauses that any of them breaks.
    pub fn explore(&self, at_most: u32) -> (u64, BTreeSet<&'static str>) {
        let budget = Budget::new(at_most, &EVERY_KIND);
        let (mut runs, mut broken) = (0, BTreeSet::new());
        let inspect = |_: &Plan, finished: &Finished<'_>| {
            assert!(!finished.cut_short(), "{} does not settle", finished.plan());
            clauses(finished.checker.violations())
        };
        explore(
            &self.job(),
            &budget,
            inspect,
            |_| (),
            |clauses| {
                runs += 1;
                broken.extend(clauses);
                true
            },
        );
        (runs, broken)
    }

    /// The clauses that any plan of at most so many faults breaks, where plans are cut as soon as they have come to a known situation.
    pub fn breaks_within(&self, at_most: u32) -> BTreeSet<&'static str> {
        let inspect = |_: &Plan, finished: &Finished<'_>| {
            assert!(!finished.cut_short(), "{} does not settle", finished.plan());
            clauses(finished.checker.violations())
        };
        let (budget, mut broken) = (Budget::new(at_most, &EVERY_KIND), BTreeSet::new());
        let mut listener = Listener(|clauses| {
            broken.extend(clauses);
            true
        });
        joined::explore(&self.job(), &budget, joined::Bounds::default(), Cuts::Everywhere, inspect, &mut listener);
        broken
    }
}

/// Listens to a search whose plans are cut, run by run.
pub struct Listener<F>(pub F);

impl<T, F: FnMut(T) -> bool> Audience<T> for Listener<F> {
    fn ahead(&mut self, _: usize) {}

    fn done(&mut self) -> bool {
        true
    }

    fn take(&mut self, kept: T) -> bool {
        self.0(kept)
    }
}

pub fn clauses(violations: &[Violation]) -> BTreeSet<&'static str> {
    violations.iter().map(|violation| violation.clause).collect()
}

pub fn set(clauses: &[&'static str]) -> BTreeSet<&'static str> {
    clauses.iter().copied().collect()
}
