//! From the raw layer to a [`Scenario`]: defaults, ranges, names, and settings that contradict each other.
//!
//! Every check goes on after a fault with the default in its place, so that one reading finds all of them; the caller discards
//! the scenario if anything was found. The tables that have more rules are left to `workload` and `faults`,
//! single values to `values`.

use std::collections::BTreeMap;

use toml::Spanned;

use super::diagnostic::{Findings, clip};
use super::faults::cuts;
use super::names::quoted;
use super::raw::{Given, Named, RawFaults, RawScenario, Texts, Whole};
use super::values::{CENTS_MAX, HOUR_US, YEAR_US};
use super::workload::workload;
use super::{Clock, Costs, CryptoKind, Deviations, Faults, Judged, Network, OnUnknown, Parties, Recovery, Scenario};
use crate::costs::{Profile, Signatures};
use crate::explore::{Bounds, PARTIES_MAX};
use crate::invariant::{Expectation, Invariant};
use crate::protocol::deviation::{self, HONEST};
use crate::protocol::mechanism::{Mechanism, MechanismSet, Preset};
use crate::protocol::outsider::{self, NOBODY, OUTSIDER};
use crate::protocol::{self, NAMES};

/// The longest name of a file's scenario, and of one of a matrix: file systems take 255 bytes.
const NAME_CHARS: (usize, usize) = (64, 200);

/// The most items that all merchants may have together: each takes some memory from the start.
const OFFERS_MAX: u64 = 10_000_000;

/// Checks everything. The result counts only if `findings` stayed empty.
pub(super) fn scenario(raw: &RawScenario, suffix: &str, findings: &mut Findings<'_>) -> Scenario {
    let protocols = protocols(&raw.protocol, findings);
    let preset = findings.one_of("preset", &raw.preset, Preset::ALL, |preset| preset.name(), Preset::Hardened);
    let without = without(&raw.without, preset, &protocols, findings);
    let with = with(&raw.with, preset, &protocols, findings);
    let workload = workload(raw, findings);
    let faults = findings.faults(&raw.faults, &raw.workload.purchases, &workload, &raw.seed);
    let crypto = match faults {
        Faults::Random { .. } => CryptoKind::Real,
        _ => CryptoKind::Symbolic,
    };
    let parties = parties(raw, findings);
    let offers = u64::from(parties.merchants) * u64::from(workload.catalogue.items);
    if let (true, Some(items)) = (offers > OFFERS_MAX, &raw.workload.catalogue.items) {
        let message = format!("`workload.catalogue.items` times `parties.merchants` is {offers}");
        findings.error(items.span(), message, format!("accepted: at most {OFFERS_MAX} items in all"));
    }
    if let (Faults::Exhaustive { .. } | Faults::Scripted { .. }, Some(judged), Judged::WhenSettled) =
        (&faults, &raw.workload.judged, workload.judged)
    {
        let help = "accepted: mode = \"random\" or \"none\", or judged = \"at-the-end\"";
        findings.error(judged.span(), "`workload.judged` is \"when-settled\" in a mode of small runs", help);
    }
    if let Faults::Exhaustive { clock: Clock::Untimed, .. } = &faults {
        let all = parties.customers.saturating_add(parties.merchants).saturating_add(1);
        let given = raw.parties.customers.as_ref().or(raw.parties.merchants.as_ref());
        if let (Some(given), true) = (given, all as usize > PARTIES_MAX) {
            let message = format!("there are {all} parties under the untimed clock");
            findings.error(given.span(), message, format!("accepted: at most {PARTIES_MAX}, P included"));
        }
    }
    if let (Faults::Exhaustive { clock: Clock::Untimed, .. }, Some(given)) = (&faults, &raw.deviations.outsider)
        && outsider::find(given.get_ref()).is_some_and(|outsider| outsider.heeds_the_past())
    {
        let message = format!("`deviations.outsider` is {} under the untimed clock", quoted(given.get_ref()));
        let others = OUTSIDER.iter().filter(|outsider| !outsider.heeds_the_past()).map(|outsider| outsider.name());
        let others: Vec<&str> = std::iter::once(NOBODY).chain(others).collect();
        findings.error(given.span(), message, format!("accepted: {}, or clock = \"timed\"", others.join(", ")));
    }
    let cuts = matches!(faults, Faults::Exhaustive { clock: Clock::Timed, .. })
        && raw.faults.as_ref().is_some_and(|faults| cuts(faults.get_ref()));
    let flag = raw.faults.as_ref().and_then(|faults| faults.get_ref().server_crash_forever.as_ref());
    Scenario {
        arguments: None,
        name: name(raw, suffix, findings),
        about: raw.about.as_ref().map(|about| about.get_ref().clone()).unwrap_or_default(),
        protocols,
        preset,
        without,
        with,
        crypto: findings.one_of("crypto", &raw.crypto, CryptoKind::ALL, |crypto| crypto.name(), crypto),
        // The last seed of all is left out, so that the seeds of a run are a range.
        seed: findings.whole("seed", &raw.seed, 0..=u64::MAX - 1, 0),
        parties,
        workload,
        network: network(raw, findings),
        recovery: recovery(raw, findings),
        faults,
        cuts,
        server_crash_forever: flag.is_some_and(|flag| *flag.get_ref()),
        bounds: bounds(&raw.faults, findings),
        deviations: deviations(raw, findings),
        costs: costs(raw, findings),
        expect: expect(&raw.expect, findings),
    }
}

fn bounds(given: &Given<RawFaults>, findings: &mut Findings<'_>) -> Bounds {
    let Bounds { states, depth, bytes } = Bounds::default();
    let Some(raw) = given.as_ref().map(Spanned::get_ref) else { return Bounds::default() };
    let mebibytes =
        findings.whole("faults.mebibytes_at_most", &raw.mebibytes_at_most, 1..=Bounds::MEBIBYTES_MAX, bytes >> 20);
    Bounds {
        states: findings.whole("faults.states_at_most", &raw.states_at_most, 1..=Bounds::STATES_MAX, states),
        depth: findings.whole("faults.events_at_most", &raw.events_at_most, 1..=u64::from(u32::MAX), depth),
        bytes: mebibytes << 20,
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

fn with(given: &Texts, preset: Preset, protocols: &[&str], findings: &mut Findings<'_>) -> Vec<Mechanism> {
    let with = findings.all_of("with", given, Mechanism::EVERY, |mechanism| mechanism.name());
    for name in given.iter().flat_map(|names| names.get_ref()) {
        let Some(mechanism) = with.iter().find(|mechanism| mechanism.name() == name.get_ref()) else { continue };
        let lacks = |protocol: &&str| !mechanisms(protocol, preset).has(*mechanism);
        if !protocols.is_empty() && !protocols.iter().any(lacks) {
            let (preset_name, all) = (preset.name(), protocols.join(", "));
            let message = format!("`with` adds `{mechanism}`, which preset \"{preset_name}\" of {all} has already");
            let lacking = Mechanism::EVERY.iter().filter(|m| protocols.iter().any(|p| !mechanisms(p, preset).has(**m)));
            let lacking: Vec<&str> = lacking.map(|mechanism| mechanism.name()).collect();
            findings.error(name.span(), message, format!("accepted: {}", lacking.join(", ")));
        }
    }
    with
}

fn parties(raw: &RawScenario, findings: &mut Findings<'_>) -> Parties {
    let (given, default) = (&raw.parties, Parties::default());
    Parties {
        customers: findings.whole("parties.customers", &given.customers, 1..=10_000_000, default.customers),
        merchants: findings.whole("parties.merchants", &given.merchants, 1..=100_000, default.merchants),
        opening_balance_cents: findings.whole(
            "parties.opening_balance_cents",
            &given.opening_balance_cents,
            0..=CENTS_MAX,
            default.opening_balance_cents,
        ),
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
    let mut one_of = |key: &str, given: &Given<String>, list: &[deviation::Known], default| {
        let names: Vec<&'static str> = std::iter::once(HONEST).chain(list.iter().map(|known| known.name())).collect();
        findings.one_of(key, given, &names, |name| name, default)
    };
    Deviations {
        merchant: one_of("deviations.merchant", &given.merchant, deviation::MERCHANT, default.merchant),
        customer: one_of("deviations.customer", &given.customer, deviation::CUSTOMER, default.customer),
        outsider: {
            let names: Vec<&'static str> =
                std::iter::once(NOBODY).chain(OUTSIDER.iter().map(|known| known.name())).collect();
            findings.one_of("deviations.outsider", &given.outsider, &names, |name| name, default.outsider)
        },
    }
}

fn costs(raw: &RawScenario, findings: &mut Findings<'_>) -> Costs {
    let given = &raw.costs;
    findings.not_empty("costs.signatures", &given.signatures);
    let profiles = findings.all_of("costs.profiles", &given.profiles, Profile::ALL, |profile| profile.name());
    let signatures = findings.all_of("costs.signatures", &given.signatures, Signatures::ALL, |kind| kind.name());
    if given.signatures.is_none() { Costs { profiles, ..Costs::default() } } else { Costs { profiles, signatures } }
}

fn expect(given: &Named<String>, findings: &mut Findings<'_>) -> BTreeMap<Invariant, Expectation> {
    let mut expect: BTreeMap<_, _> = Invariant::ALL.iter().map(|invariant| (*invariant, Expectation::Holds)).collect();
    for (key, value) in given {
        let invariant = findings.named("expect", key, Invariant::ALL, |invariant| invariant.name());
        let what = format!("expect.{}", clip(key.get_ref()));
        let expected = findings.named(&what, value, Expectation::ALL, |expected| expected.name());
        if let (Some(invariant), Some(expected)) = (invariant, expected) {
            expect.insert(invariant, expected);
        }
    }
    expect
}

/// The mechanisms of a protocol under a preset.
fn mechanisms(name: &str, preset: Preset) -> MechanismSet {
    protocol::by_name(name).map_or(MechanismSet::NONE, |protocol| protocol.preset(preset))
}
