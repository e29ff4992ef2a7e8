//! The `[workload]` table: what is bought, from what catalogue, and when.
//!
//! Drawing arrivals and items from it is left to `drive`.

use toml::Spanned;

use super::diagnostic::Findings;
use super::raw::{RawArrival, RawScenario, RawTopUp};
use super::values::{CENTS_MAX, YEAR_US};
use crate::crypto::ITEM_BYTES_MIN;

/// What is bought, and when.
#[derive(Debug, Clone, PartialEq)]
pub struct Workload {
    /// How many purchases in all, at least one.
    pub purchases: u32,
    /// When they start.
    pub arrival: Arrival,
    /// What there is to buy.
    pub catalogue: Catalogue,
    /// Money from outside that reaches every customer's account once.
    pub top_up: Option<TopUp>,
    /// When a purchase is judged.
    pub judged: Judged,
}

/// When a purchase is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Judged {
    /// When the run has come to its end.
    AtTheEnd,
    /// As soon as nothing about it is under way or pending; then it is forgotten.
    WhenSettled,
}

impl Judged {
    /// Every way.
    pub const ALL: &'static [Judged] = &[Judged::AtTheEnd, Judged::WhenSettled];

    /// The name that scenarios use.
    pub const fn name(self) -> &'static str {
        match self {
            Judged::AtTheEnd => "at-the-end",
            Judged::WhenSettled => "when-settled",
        }
    }
}

impl Default for Workload {
    fn default() -> Self {
        Workload {
            purchases: 1,
            arrival: Arrival::Every { us: 50_000 },
            catalogue: Catalogue::default(),
            top_up: None,
            judged: Judged::AtTheEnd,
        }
    }
}

/// When purchases start.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Arrival {
    /// One after the other at a fixed distance.
    Every {
        /// The distance, in microseconds, at least one.
        us: u64,
    },
    /// At random, independently of each other.
    Poisson {
        /// The mean rate per virtual second: finite and positive.
        per_s: f64,
    },
}

/// What every merchant sells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Catalogue {
    /// How many items, at least one.
    pub items: u32,
    /// The least and the greatest price, at least one cent.
    pub price_cents: (u64, u64),
    /// The least and the greatest length, at least [`ITEM_BYTES_MIN`].
    pub item_bytes: (u32, u32),
    /// Which items sell well.
    pub popularity: Popularity,
}

impl Default for Catalogue {
    fn default() -> Self {
        Catalogue { items: 100, price_cents: (50, 2_000), item_bytes: (512, 4_096), popularity: Popularity::Zipf }
    }
}

/// Which items sell well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Popularity {
    /// The nth item sells one nth as often as the first.
    Zipf,
    /// All sell alike.
    Uniform,
}

/// Money from outside: every customer's account grows once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TopUp {
    /// When, counted from the start of the run.
    pub after_us: u64,
    /// By how much, at least one cent.
    pub cents: u64,
}

/// Checks `[workload]`.
pub(super) fn workload(raw: &RawScenario, findings: &mut Findings<'_>) -> Workload {
    let (given, default) = (&raw.workload, Workload::default());
    let catalogue = &given.catalogue;
    let bytes = u64::from(ITEM_BYTES_MIN)..=1 << 20;
    Workload {
        purchases: findings.whole("workload.purchases", &given.purchases, 1..=10_000_000, default.purchases),
        arrival: given.arrival.as_ref().map_or(default.arrival, |given| arrival(given, default.arrival, findings)),
        catalogue: Catalogue {
            items: findings.whole("workload.catalogue.items", &catalogue.items, 1..=1_000_000, default.catalogue.items),
            price_cents: findings.between(
                "workload.catalogue.price_cents",
                &catalogue.price_cents,
                1..=CENTS_MAX,
                default.catalogue.price_cents,
            ),
            item_bytes: findings.between(
                "workload.catalogue.item_bytes",
                &catalogue.item_bytes,
                bytes,
                default.catalogue.item_bytes,
            ),
            popularity: findings.one_of(
                "workload.catalogue.popularity",
                &catalogue.popularity,
                &[Popularity::Zipf, Popularity::Uniform],
                |popularity| match popularity {
                    Popularity::Zipf => "zipf",
                    Popularity::Uniform => "uniform",
                },
                default.catalogue.popularity,
            ),
        },
        top_up: given.top_up.as_ref().map(|given| top_up(given, findings)),
        judged: findings.one_of("workload.judged", &given.judged, Judged::ALL, Judged::name, default.judged),
    }
}

fn arrival(given: &Spanned<RawArrival>, default: Arrival, findings: &mut Findings<'_>) -> Arrival {
    let span = given.span();
    match (&given.get_ref().every_us, &given.get_ref().poisson_per_s) {
        (every @ Some(_), None) => {
            Arrival::Every { us: findings.whole("workload.arrival.every_us", every, 1..=YEAR_US, 1) }
        }
        (None, rate @ Some(_)) => Arrival::Poisson {
            per_s: findings.decimal("workload.arrival.poisson_per_s", rate, 0.001..=1_000_000.0, 1.0),
        },
        _ => {
            let help = "accepted: either { every_us = 50_000 } or { poisson_per_s = 200.0 }";
            findings.error(span, "`workload.arrival` has to say one thing", help);
            default
        }
    }
}

fn top_up(given: &Spanned<RawTopUp>, findings: &mut Findings<'_>) -> TopUp {
    let raw = given.get_ref();
    if raw.after_us.is_none() || raw.cents.is_none() {
        let help = "accepted: { after_us = 1_000_000, cents = 500 }";
        findings.error(given.span(), "`workload.top_up` has to say when and how much", help);
    }
    TopUp {
        after_us: findings.whole("workload.top_up.after_us", &raw.after_us, 0..=YEAR_US, 0),
        cents: findings.whole("workload.top_up.cents", &raw.cents, 1..=CENTS_MAX, 1),
    }
}
