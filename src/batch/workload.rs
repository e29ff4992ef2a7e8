//! From a scenario to what stays the same during a run, and to what its customers set out to do.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use crate::crypto::Crypto;
use crate::crypto::real::Real;
use crate::crypto::streams::{Draws, Purpose, Streams};
use crate::crypto::symbolic::Symbolic;
use crate::drive::Latency;
use crate::protocol::mechanism::MechanismSet;
use crate::protocol::order::Cents;
use crate::protocol::role::Wish;
use crate::protocol::setup::{Catalogue, Population, Setup, Timing};
use crate::protocol::{Protocol, deviation, outsider};
use crate::scenario::{Arrival, CryptoKind, OnUnknown, Popularity, Scenario};
use crate::world::{Drawn, Errand, Supply, Workload};

/// What does not change during a run of the scenario.
pub fn setup(scenario: &Scenario, protocol: &Arc<dyn Protocol>, crypto: CryptoKind, seed: u64) -> Setup {
    let streams = Streams::new(seed);
    let (parties, recovery, catalogue) = (&scenario.parties, &scenario.recovery, &scenario.workload.catalogue);
    let crypto: Arc<dyn Crypto> = match crypto {
        CryptoKind::Real => Arc::new(Real::new(streams, parties.customers, parties.merchants)),
        CryptoKind::Symbolic => Arc::new(Symbolic::new(streams)),
    };
    Setup {
        protocol: Arc::clone(protocol),
        mechanisms: mechanisms(scenario, protocol).into(),
        alone: None,
        timing: Timing {
            retry_after_us: recovery.retry_after_us,
            retry_backoff_permille: recovery.retry_backoff_thousandths,
            query_after_us: recovery.query_after_us,
            restart_after_us: recovery.restart_after_us,
            instrument_lifetime_us: recovery.instrument_lifetime_us,
            dedup_retention_us: recovery.dedup_retention_us,
            gives_up_on_unknown: recovery.on_unknown == OnUnknown::GiveUp,
        },
        population: Population {
            customers: parties.customers,
            merchants: parties.merchants,
            opening_balance_cents: cents(parties.opening_balance_cents),
        },
        catalogue: {
            let (low, high) = catalogue.price_cents;
            Catalogue::new(parties.merchants, catalogue.items, (cents(low), cents(high)), catalogue.item_bytes)
        },
        crypto,
        streams,
        customer_deviation: deviation::find(deviation::CUSTOMER, scenario.deviations.customer),
        merchant_deviation: deviation::find(deviation::MERCHANT, scenario.deviations.merchant),
        outsider: outsider::find(scenario.deviations.outsider),
    }
}

/// The mechanisms of the scenario: its preset's, those that it adds, less those that it takes away.
pub fn mechanisms(scenario: &Scenario, protocol: &Arc<dyn Protocol>) -> MechanismSet {
    let preset = protocol.preset(scenario.preset);
    let with = scenario.with.iter().fold(preset, |mechanisms, on| mechanisms.with(*on));
    scenario.without.iter().fold(with, |mechanisms, off| mechanisms.without(*off))
}

/// The same for the untimed clock, under which nobody waits: waits that grow would only tell states apart that are alike.
pub fn without_time(setup: Setup) -> Setup {
    Setup { timing: Timing { retry_backoff_permille: 1000, ..setup.timing }, ..setup }
}

/// Money as accounts count it; scenarios cannot ask for more than fits.
fn cents(amount: u64) -> Cents {
    Cents::try_from(amount).unwrap_or(Cents::MAX)
}

/// How long messages take.
pub const fn latency(scenario: &Scenario) -> Latency {
    let (min_us, max_us) = scenario.network.latency_us;
    Latency { min_us, max_us }
}

/// No purchase starts later than this, so that no sum of times overflows: 30,000 years.
const LAST_START_US: u64 = 1_000_000_000_000_000_000;

/// Who buys what from whom, and when. Customers take turns; merchants are equally likely; items as their popularity says.
pub fn workload(scenario: &Scenario, seed: u64) -> Workload {
    let source = Source::new(scenario);
    let mut course = Course::new(seed);
    let errands = (0..source.purchases).map(|_| course.next(&source)).collect();
    Workload { errands, top_up: top_up(scenario), partitions: Vec::new(), drawn: None }
}

/// The same, worked out as the run goes on: a list of ten million purchases would take up more than everything else.
pub fn drawn(scenario: &Scenario, seed: u64) -> Workload {
    let drawn = Drawn(Arc::new(Arrivals::new(scenario, seed)));
    Workload { errands: Vec::new(), top_up: top_up(scenario), partitions: Vec::new(), drawn: Some(drawn) }
}

fn top_up(scenario: &Scenario) -> Option<(u64, Cents)> {
    scenario.workload.top_up.map(|top_up| (top_up.after_us, cents(top_up.cents)))
}

/// What purchases are drawn from.
#[derive(Debug)]
struct Source {
    purchases: u32,
    arrival: Arrival,
    customers: u32,
    merchants: u32,
    shelf: Shelf,
}

impl Source {
    fn new(scenario: &Scenario) -> Self {
        let workload = &scenario.workload;
        Source {
            purchases: workload.purchases,
            arrival: workload.arrival,
            customers: scenario.parties.customers,
            merchants: scenario.parties.merchants,
            shelf: Shelf::new(workload.catalogue.items, workload.catalogue.popularity),
        }
    }
}

/// How far the drawing has come.
#[derive(Debug, Clone)]
struct Course {
    draws: Draws,
    number: u32,
    at_us: u64,
}

impl Course {
    fn new(seed: u64) -> Self {
        Course { draws: Streams::new(seed).reader(Purpose::Workload, None), number: 0, at_us: 0 }
    }

    fn next(&mut self, source: &Source) -> Errand {
        if self.number > 0 {
            self.at_us = (self.at_us + gap_us(source.arrival, &mut self.draws)).min(LAST_START_US);
        }
        let merchant = self.draws.below(u64::from(source.merchants)) as u32;
        let wish = Wish { merchant, item: source.shelf.pick(&mut self.draws) };
        let customer = self.number % source.customers;
        self.number += 1;
        Errand { customer, wish, at_us: self.at_us }
    }
}

/// Purchases by number. The last few are remembered; whoever asks for an earlier one makes it start again.
#[derive(Debug)]
struct Arrivals {
    source: Source,
    seed: u64,
    last_start_us: u64,
    cursor: Mutex<Cursor>,
}

#[derive(Debug)]
struct Cursor {
    course: Course,
    /// The latest purchases, the earliest first.
    latest: VecDeque<Errand>,
}

/// A run asks for a purchase and the next, in turns.
const REMEMBERED: usize = 4;

impl Arrivals {
    fn new(scenario: &Scenario, seed: u64) -> Self {
        let source = Source::new(scenario);
        let mut course = Course::new(seed);
        let last_start_us = (0..source.purchases).map(|_| course.next(&source).at_us).last().unwrap_or(0);
        let cursor = Mutex::new(Cursor { course: Course::new(seed), latest: VecDeque::with_capacity(REMEMBERED) });
        Arrivals { source, seed, last_start_us, cursor }
    }
}

impl Supply for Arrivals {
    fn purchases(&self) -> u32 {
        self.source.purchases
    }

    fn errand(&self, number: u32) -> Option<Errand> {
        if number >= self.source.purchases {
            return None;
        }
        let mut cursor = self.cursor.lock().unwrap_or_else(PoisonError::into_inner);
        let first = cursor.course.number - cursor.latest.len() as u32;
        if number < first {
            *cursor = Cursor { course: Course::new(self.seed), latest: VecDeque::with_capacity(REMEMBERED) };
        }
        while cursor.course.number <= number {
            if cursor.latest.len() == REMEMBERED {
                cursor.latest.pop_front();
            }
            let errand = cursor.course.next(&self.source);
            cursor.latest.push_back(errand);
        }
        let first = cursor.course.number - cursor.latest.len() as u32;
        cursor.latest.get((number - first) as usize).copied()
    }

    fn last_start_us(&self) -> u64 {
        self.last_start_us
    }
}

/// The time between two arrivals. The logarithm is a portable one, so that every machine draws the same.
fn gap_us(arrival: Arrival, draws: &mut Draws) -> u64 {
    match arrival {
        Arrival::Every { us } => us,
        Arrival::Poisson { per_s } => {
            // Uniform in (0, 1]: 53 bits, shifted so that the logarithm is never of zero.
            let uniform = ((draws.next_u64() >> 11) + 1) as f64 / (1_u64 << 53) as f64;
            (-libm::log(uniform) / per_s * 1e6) as u64
        }
    }
}

/// The items of a catalogue, with the weight of each and of all before it.
#[derive(Debug)]
struct Shelf {
    cumulative: Vec<u64>,
}

impl Shelf {
    fn new(items: u32, popularity: Popularity) -> Self {
        let mut sum = 0;
        let cumulative = (1..=u64::from(items))
            .map(|rank| {
                sum += match popularity {
                    Popularity::Uniform => 1,
                    // Zipf's law with exponent 1, in integers.
                    Popularity::Zipf => ((1 << 32) / rank).max(1),
                };
                sum
            })
            .collect();
        Shelf { cumulative }
    }

    fn pick(&self, draws: &mut Draws) -> u32 {
        let at = draws.below(self.cumulative.last().copied().unwrap_or(1));
        self.cumulative.partition_point(|sum| *sum <= at) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn purchases_are_the_same_listed_and_drawn_in_any_order() {
        let mut scenario = Scenario::new("drawn", "case2");
        scenario.parties.customers = 7;
        scenario.parties.merchants = 3;
        scenario.workload.purchases = 100;
        scenario.workload.arrival = Arrival::Poisson { per_s: 50.0 };
        let (listed, drawn) = (workload(&scenario, 3), drawn(&scenario, 3));
        assert_eq!((drawn.purchases(), drawn.last_start_us()), (100, listed.last_start_us()));
        for number in (0..100).chain([50, 49, 48, 99, 3, 100, 0]) {
            assert_eq!(drawn.errand(number), listed.errand(number), "{number}");
        }
    }
}
