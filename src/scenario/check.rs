//! From the raw layer to a [`Scenario`]: defaults, ranges, names, and settings that contradict each other.
//!
//! Every check goes on after a fault with the default in its place, so that one reading finds all of them; the caller discards
//! the scenario if anything was found. Fault settings are left to `faults`, which has more of them.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use toml::Spanned;

use super::diagnostic::{Findings, clip};
use super::names::{quoted, remedy};
use super::raw::{Between, Decimal, Given, Named, RawArrival, RawScenario, RawTopUp, Texts, Whole};
use super::{
    Arrival, Catalogue, CryptoKind, Deviations, Faults, Network, OnUnknown, Parties, Popularity, Recovery, Scenario,
    TopUp, Workload,
};
use crate::crypto::ITEM_BYTES_MIN;
use crate::invariant::{Invariant, Verdict};
use crate::protocol::mechanism::{Mechanism, MechanismSet, Preset};
use crate::protocol::{self, NAMES, deviation};

/// The longest name of a file's scenario, and of one of a matrix: file systems take 255 bytes.
const NAME_CHARS: (usize, usize) = (64, 200);
/// A billion dollars: sums over all customers stay far inside 64 bits.
const CENTS_MAX: u64 = 100_000_000_000;
const HOUR_US: u64 = 3_600_000_000;
const YEAR_US: u64 = 365 * 24 * HOUR_US;

/// Checks everything. The result counts only if `findings` stayed empty.
pub(super) fn scenario(raw: &RawScenario, suffix: &str, findings: &mut Findings<'_>) -> Scenario {
    let protocols = protocols(&raw.protocol, findings);
    let preset = findings.one_of("preset", &raw.preset, Preset::ALL, |preset| preset.name(), Preset::Hardened);
    let without = without(&raw.without, preset, &protocols, findings);
    let workload = workload(raw, findings);
    let faults = findings.faults(&raw.faults, &raw.workload.purchases, &workload, &raw.seed);
    let crypto = match faults {
        Faults::Random { .. } => CryptoKind::Real,
        _ => CryptoKind::Symbolic,
    };
    let flag = raw.faults.as_ref().and_then(|faults| faults.get_ref().server_crash_forever.as_ref());
    Scenario {
        name: name(raw, suffix, findings),
        about: raw.about.as_ref().map(|about| about.get_ref().clone()).unwrap_or_default(),
        protocols,
        preset,
        without,
        crypto: findings.one_of("crypto", &raw.crypto, CryptoKind::ALL, |crypto| crypto.name(), crypto),
        // The last seed of all is left out, so that the seeds of a run are a range.
        seed: findings.whole("seed", &raw.seed, 0..=u64::MAX - 1, 0),
        parties: parties(raw, findings),
        workload,
        network: network(raw, findings),
        recovery: recovery(raw, findings),
        faults,
        server_crash_forever: flag.is_some_and(|flag| *flag.get_ref()),
        deviations: deviations(raw, findings),
        expect: expect(&raw.expect, findings),
    }
}

fn name(raw: &RawScenario, suffix: &str, findings: &mut Findings<'_>) -> String {
    let stem = findings.path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let Some(name) = &raw.name else {
        findings.error(0..0, "`name` is missing", format!("add name = {}, the file's stem", quoted(&stem)));
        return stem;
    };
    let text = name.get_ref();
    let fits = |character: char| character.is_ascii_alphanumeric() || matches!(character, '_' | '-');
    if text.is_empty() || text.len() > NAME_CHARS.0 || text.starts_with('-') || !text.chars().all(fits) {
        let message = format!("`name` is {}, which cannot name a folder of results", quoted(text));
        let help = format!("accepted: 1 to {} letters, digits, `-` and `_`, the first no `-`", NAME_CHARS.0);
        findings.error(name.span(), message, help);
    } else if *text != stem {
        let message = format!("`name` is {}, but the file is {}", quoted(text), quoted(&stem));
        findings.error(name.span(), message, format!("accepted: name = {}, or rename the file", quoted(&stem)));
    }
    if suffix.is_empty() { text.clone() } else { format!("{text}~{suffix}").chars().take(NAME_CHARS.1).collect() }
}

fn protocols(given: &Texts, findings: &mut Findings<'_>) -> Vec<&'static str> {
    if given.is_none() {
        findings.error(0..0, "`protocol` is missing", format!("accepted: one or several of {}", NAMES.join(", ")));
    }
    let protocols = findings.all_of("protocol", given, NAMES, |name| name);
    findings.not_empty("protocol", given);
    protocols
}

fn without(given: &Texts, preset: Preset, protocols: &[&str], findings: &mut Findings<'_>) -> Vec<Mechanism> {
    let without = findings.all_of("without", given, Mechanism::ALL, |mechanism| mechanism.name());
    for name in given.iter().flat_map(|names| names.get_ref()) {
        let Some(mechanism) = without.iter().find(|mechanism| mechanism.name() == name.get_ref()) else { continue };
        let has = |protocol: &&str| mechanisms(protocol, preset).has(*mechanism);
        if !protocols.is_empty() && !protocols.iter().any(has) {
            let message = format!(
                "`without` takes away `{mechanism}`, which preset \"{}\" of {} does not have",
                preset.name(),
                protocols.join(", ")
            );
            let mut kept: Vec<&str> =
                protocols.iter().flat_map(|name| mechanisms(name, preset).iter()).map(Mechanism::name).collect();
            kept.sort_unstable();
            kept.dedup();
            findings.error(name.span(), message, format!("accepted: {}; or preset = \"hardened\"", kept.join(", ")));
        }
    }
    without
}

fn parties(raw: &RawScenario, findings: &mut Findings<'_>) -> Parties {
    let (given, default) = (&raw.parties, Parties::default());
    Parties {
        customers: findings.whole("parties.customers", &given.customers, 1..=100_000, default.customers),
        merchants: findings.whole("parties.merchants", &given.merchants, 1..=100_000, default.merchants),
        opening_balance_cents: findings.whole(
            "parties.opening_balance_cents",
            &given.opening_balance_cents,
            0..=CENTS_MAX,
            default.opening_balance_cents,
        ),
    }
}

fn workload(raw: &RawScenario, findings: &mut Findings<'_>) -> Workload {
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

fn network(raw: &RawScenario, findings: &mut Findings<'_>) -> Network {
    let default = Network::default().latency_us;
    Network { latency_us: findings.between("network.latency_us", &raw.network.latency_us, 0..=HOUR_US, default) }
}

fn recovery(raw: &RawScenario, findings: &mut Findings<'_>) -> Recovery {
    let (given, default) = (&raw.recovery, Recovery::default());
    let backoff = f64::from(default.retry_backoff_thousandths) / 1_000.0;
    let backoff = findings.decimal("recovery.retry_backoff", &given.retry_backoff, 1.0..=10.0, backoff);
    let mut time = |key: &str, given: &Given<Whole>, default: u64| {
        findings.whole(&format!("recovery.{key}"), given, 1..=YEAR_US, default)
    };
    Recovery {
        retry_after_us: time("retry_after_us", &given.retry_after_us, default.retry_after_us),
        retry_backoff_thousandths: (backoff * 1_000.0).round() as u32,
        query_after_us: time("query_after_us", &given.query_after_us, default.query_after_us),
        restart_after_us: time("restart_after_us", &given.restart_after_us, default.restart_after_us),
        instrument_lifetime_us: time(
            "instrument_lifetime_us",
            &given.instrument_lifetime_us,
            default.instrument_lifetime_us,
        ),
        dedup_retention_us: time("dedup_retention_us", &given.dedup_retention_us, default.dedup_retention_us),
        on_unknown: findings.one_of(
            "recovery.on_unknown",
            &given.on_unknown,
            &[OnUnknown::GiveUp, OnUnknown::Wait],
            |on_unknown| match on_unknown {
                OnUnknown::GiveUp => "give-up",
                OnUnknown::Wait => "wait",
            },
            default.on_unknown,
        ),
    }
}

fn deviations(raw: &RawScenario, findings: &mut Findings<'_>) -> Deviations {
    let (given, default) = (&raw.deviations, Deviations::default());
    let mut one_of = |key: &str, given: &Given<String>, list: &[(&'static str, &'static str)], default| {
        findings.one_of(key, given, list, |(name, _)| name, (default, "")).0
    };
    Deviations {
        merchant: one_of("deviations.merchant", &given.merchant, deviation::MERCHANT, default.merchant),
        customer: one_of("deviations.customer", &given.customer, deviation::CUSTOMER, default.customer),
    }
}

fn expect(given: &Named<String>, findings: &mut Findings<'_>) -> BTreeMap<Invariant, Verdict> {
    let mut expect: BTreeMap<_, _> = Invariant::ALL.iter().map(|invariant| (*invariant, Verdict::Holds)).collect();
    for (key, value) in given {
        let invariant = findings.named("expect", key, Invariant::ALL, |invariant| invariant.name());
        let what = format!("expect.{}", clip(key.get_ref()));
        let verdicts = [Verdict::Holds, Verdict::Violated];
        let verdict = findings.named(&what, value, &verdicts, |verdict| verdict.name());
        if let (Some(invariant), Some(verdict)) = (invariant, verdict) {
            expect.insert(invariant, verdict);
        }
    }
    expect
}

/// How single values are read: each gives the default where the value is left out, and where it is wrong after saying so.
impl Findings<'_> {
    /// A whole number.
    pub(super) fn whole<T>(&mut self, key: &str, given: &Given<Whole>, range: RangeInclusive<u64>, default: T) -> T
    where
        T: TryFrom<u64>,
    {
        let Some(value) = given else { return default };
        fitting(*value.get_ref(), &range).unwrap_or_else(|| {
            let message = format!("`{key}` is {}, which is out of range", value.get_ref().0);
            self.error(value.span(), message, from_to(&range));
            default
        })
    }

    /// The least and the greatest of something.
    fn between<T>(&mut self, key: &str, given: &Given<Between>, range: RangeInclusive<u64>, default: (T, T)) -> (T, T)
    where
        T: TryFrom<u64> + PartialOrd,
    {
        let Some(value) = given else { return default };
        let Between(least, greatest) = *value.get_ref();
        match (fitting::<T>(least, &range), fitting::<T>(greatest, &range)) {
            (Some(low), Some(high)) if low <= high => (low, high),
            (Some(_), Some(_)) => {
                let message = format!("`{key}` goes from {} down to {}", least.0, greatest.0);
                self.error(value.span(), message, "accepted: the least first, then the greatest");
                default
            }
            (low, _) => {
                let wrong = if low.is_none() { least } else { greatest };
                let message = format!("`{key}` is {}, which is out of range", wrong.0);
                self.error(value.span(), message, from_to(&range));
                default
            }
        }
    }

    /// A number with a fraction. Infinity and NaN are in no range.
    pub(super) fn decimal(
        &mut self,
        key: &str,
        given: &Given<Decimal>,
        range: RangeInclusive<f64>,
        default: f64,
    ) -> f64 {
        let Some(value) = given else { return default };
        let number = value.get_ref().0;
        if range.contains(&number) {
            return number;
        }
        let message = format!("`{key}` is {number:?}, which is out of range");
        let help = format!("accepted: a number from {} to {}", range.start(), range.end());
        self.error(value.span(), message, help);
        default
    }

    /// One of a list of names.
    pub(super) fn one_of<T: Copy>(
        &mut self,
        key: &str,
        given: &Given<String>,
        accepted: &[T],
        name: impl Fn(T) -> &'static str,
        default: T,
    ) -> T {
        given.as_ref().and_then(|value| self.named(key, value, accepted, name)).unwrap_or(default)
    }

    /// Several of a list of names, each once, in the order given.
    pub(super) fn all_of<T: Copy + PartialEq>(
        &mut self,
        key: &str,
        given: &Texts,
        accepted: &[T],
        name: impl Fn(T) -> &'static str,
    ) -> Vec<T> {
        let mut all = Vec::new();
        for value in given.iter().flat_map(|values| values.get_ref()) {
            let Some(found) = self.named(key, value, accepted, &name) else { continue };
            if all.contains(&found) {
                let message = format!("`{key}` lists {} twice", quoted(value.get_ref()));
                self.error(value.span(), message, "take one of them out");
            } else {
                all.push(found);
            }
        }
        all
    }

    /// Whether an array has anything in it; says so if not. One that is left out is no fault here.
    pub(super) fn not_empty(&mut self, key: &str, given: &Texts) {
        if let Some(values) = given
            && values.get_ref().is_empty()
        {
            self.error(values.span(), format!("`{key}` is empty"), "accepted: at least one");
        }
    }

    /// What a name stands for, or `None` after saying that it is not one of the list.
    pub(super) fn named<T: Copy>(
        &mut self,
        key: &str,
        value: &Spanned<String>,
        accepted: &[T],
        name: impl Fn(T) -> &'static str,
    ) -> Option<T> {
        let found = accepted.iter().copied().find(|candidate| name(*candidate) == value.get_ref());
        if found.is_none() && !self.full() {
            let message = format!("`{key}` does not know {}", quoted(value.get_ref()));
            self.error(
                value.span(),
                message,
                remedy(value.get_ref(), accepted.iter().map(|candidate| name(*candidate))),
            );
        }
        found
    }
}

fn fitting<T: TryFrom<u64>>(value: Whole, range: &RangeInclusive<u64>) -> Option<T> {
    u64::try_from(value.0).ok().filter(|number| range.contains(number)).and_then(|number| T::try_from(number).ok())
}

fn from_to(range: &RangeInclusive<u64>) -> String {
    format!("accepted: a whole number from {} to {}", range.start(), range.end())
}

/// The mechanisms of a protocol under a preset.
fn mechanisms(name: &str, preset: Preset) -> MechanismSet {
    protocol::by_name(name).map_or(MechanismSet::NONE, |protocol| protocol.preset(preset))
}
