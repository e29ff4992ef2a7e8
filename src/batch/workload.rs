//! From a scenario to what stays the same during a run, and to what its customers set out to do.

use std::sync::Arc;

use crate::crypto::Crypto;
use crate::crypto::real::Real;
use crate::crypto::streams::{Draws, Purpose, Streams};
use crate::crypto::symbolic::Symbolic;
use crate::drive::Latency;
use crate::protocol::mechanism::MechanismSet;
use crate::protocol::order::Cents;
use crate::protocol::role::Wish;
use crate::protocol::setup::{Catalogue, Population, Setup, Timing};
use crate::protocol::{Protocol, deviation};
use crate::scenario::{Arrival, CryptoKind, OnUnknown, Popularity, Scenario};
use crate::world::{Errand, Workload};

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
        mechanisms: mechanisms(scenario, protocol),
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
    let mut draws = Streams::new(seed).reader(Purpose::Workload, None);
    let shelf = Shelf::new(scenario.workload.catalogue.items, scenario.workload.catalogue.popularity);
    let mut at_us = 0;
    let mut errands = Vec::with_capacity(scenario.workload.purchases as usize);
    for number in 0..scenario.workload.purchases {
        if number > 0 {
            at_us = (at_us + gap_us(scenario.workload.arrival, &mut draws)).min(LAST_START_US);
        }
        let merchant = draws.below(u64::from(scenario.parties.merchants)) as u32;
        let wish = Wish { merchant, item: shelf.pick(&mut draws) };
        let customer = number % scenario.parties.customers;
        errands.push(Errand { customer, wish, at_us });
    }
    let top_up = scenario.workload.top_up.map(|top_up| (top_up.after_us, cents(top_up.cents)));
    Workload { errands, top_up, partitions: Vec::new() }
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
