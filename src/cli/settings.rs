//! What a scenario is changed by on the command line: the same arguments wherever they are taken, and checked as in a file.

use std::path::Path;

use clap::{Args, ValueEnum};

use super::Failure;
use crate::protocol::mechanism::{Mechanism, Preset};
use crate::protocol::{deviation, outsider};
use crate::scenario::{self, Arrival, Scenario, YEAR_US, write};

/// Which mechanisms are on.
#[derive(Args)]
pub(super) struct MechanismArgs {
    /// The mechanisms to start from [default: hardened, or the scenario's own]
    #[arg(long, value_name = "PRESET")]
    preset: Option<PresetArg>,
    /// Take a mechanism away; may be repeated
    #[arg(long, value_name = "MECHANISM")]
    without: Vec<Mechanism>,
    /// Add a mechanism that the preset does not have; may be repeated
    #[arg(long, value_name = "MECHANISM")]
    with: Vec<Mechanism>,
}

impl MechanismArgs {
    /// Applies them to what the scenario says itself, as far as a file may ask for the two together. Where there are several protocols,
    /// it is enough that it makes sense for one of them.
    pub(super) fn apply(&self, scenario: &mut Scenario) -> Result<(), Failure> {
        scenario.preset = self.preset.map_or(scenario.preset, Into::into);
        let add = |own: &mut Vec<Mechanism>, more: &[Mechanism]| {
            more.iter().for_each(|mechanism| {
                if !own.contains(mechanism) {
                    own.push(*mechanism)
                }
            });
        };
        add(&mut scenario.without, &self.without);
        add(&mut scenario.with, &self.with);
        let mut alone = Scenario::new("arguments", scenario.protocols.first().copied().unwrap_or_default());
        alone.protocols.clone_from(&scenario.protocols);
        alone.preset = scenario.preset;
        alone.without.clone_from(&scenario.without);
        alone.with.clone_from(&scenario.with);
        checked(&alone)
    }
}

/// What a file may not ask for, arguments may not either.
pub(super) fn checked(scenario: &Scenario) -> Result<(), Failure> {
    let text = write::exhaustive(scenario).map_err(Failure::usage)?;
    let path = format!("{}.toml", scenario.name);
    scenario::parse(Path::new(&path), &text).map(drop).map_err(|diagnostics| {
        let said = diagnostics.iter().map(|found| format!("{}; {}", found.message, found.help));
        Failure::usage(said.collect::<Vec<_>>().join("\n"))
    })
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum PresetArg {
    /// Every mechanism
    Hardened,
    /// Only what the paper states outright
    AsWritten,
}

impl From<PresetArg> for Preset {
    fn from(preset: PresetArg) -> Self {
        match preset {
            PresetArg::Hardened => Preset::Hardened,
            PresetArg::AsWritten => Preset::AsWritten,
        }
    }
}

/// What customers set out to do, and among whom.
#[derive(Args)]
pub(super) struct ErrandArgs {
    /// How many purchases [default: the scenario's own; for a search one for each customer]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(super) purchases: Option<u32>,
    /// By how many customers
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000))]
    customers: Option<u32>,
    /// Of how many merchants
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000))]
    merchants: Option<u32>,
    /// How long after each other purchases start, in virtual microseconds
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=YEAR_US))]
    every_us: Option<u64>,
    /// What every customer's account holds at the start
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(..=1_000_000_000_000))]
    opening_balance_cents: Option<u64>,
}

impl ErrandArgs {
    pub(super) fn apply(&self, scenario: &mut Scenario) {
        let Scenario { workload, parties, .. } = scenario;
        workload.purchases = self.purchases.unwrap_or(workload.purchases);
        parties.customers = self.customers.unwrap_or(parties.customers);
        parties.merchants = self.merchants.unwrap_or(parties.merchants);
        parties.opening_balance_cents = self.opening_balance_cents.unwrap_or(parties.opening_balance_cents);
        if let Some(us) = self.every_us {
            workload.arrival = Arrival::Every { us };
        }
    }
}

/// Who breaks the protocol.
#[derive(Args)]
pub(super) struct DeviationArgs {
    /// How every merchant breaks the protocol
    #[arg(long, value_name = "DEVIATION", value_parser = |name: &str| known(deviation::MERCHANT, name))]
    merchant: Option<&'static str>,
    /// How every customer does
    #[arg(long, value_name = "DEVIATION", value_parser = |name: &str| known(deviation::CUSTOMER, name))]
    customer: Option<&'static str>,
    /// Who meddles from outside
    #[arg(long, value_name = "OUTSIDER", value_parser = outsider_named)]
    outsider: Option<&'static str>,
}

impl DeviationArgs {
    pub(super) fn apply(&self, scenario: &mut Scenario) {
        scenario.deviations.merchant = self.merchant.unwrap_or(scenario.deviations.merchant);
        scenario.deviations.customer = self.customer.unwrap_or(scenario.deviations.customer);
        scenario.deviations.outsider = self.outsider.unwrap_or(scenario.deviations.outsider);
    }
}

/// The outsider's name, if it is one.
fn outsider_named(name: &str) -> Result<&'static str, String> {
    let mut names = std::iter::once(outsider::NOBODY).chain(outsider::OUTSIDER.iter().map(|known| known.name()));
    let list = names.clone().collect::<Vec<_>>().join(", ");
    names.find(|known| *known == name).ok_or_else(|| format!("expected {list}"))
}

/// The deviation's name, if it is one.
fn known(list: &[deviation::Known], name: &str) -> Result<&'static str, String> {
    let names: Vec<&str> = list.iter().map(|known| known.name()).collect();
    match deviation::find(list, name) {
        Some(known) => Ok(known.name()),
        None if name == deviation::HONEST => Ok(deviation::HONEST),
        None => Err(format!("expected {} or {}", deviation::HONEST, names.join(", "))),
    }
}

/// What tells a scenario from a plain one, as arguments of `replay`, each with a blank before it; as far as there are such arguments.
pub(super) fn settings_beside(scenario: &Scenario, plain: &Scenario) -> String {
    let every_us = |scenario: &Scenario| match scenario.workload.arrival {
        Arrival::Every { us } => us.to_string(),
        Arrival::Poisson { .. } => String::new(),
    };
    let settings = |scenario: &Scenario| {
        let Scenario { preset, deviations, parties, workload, .. } = scenario;
        [
            ("preset", preset.name().to_owned()),
            ("merchant", deviations.merchant.to_owned()),
            ("customer", deviations.customer.to_owned()),
            ("outsider", deviations.outsider.to_owned()),
            ("customers", parties.customers.to_string()),
            ("merchants", parties.merchants.to_string()),
            ("purchases", workload.purchases.to_string()),
            ("every-us", every_us(scenario)),
            ("opening-balance-cents", parties.opening_balance_cents.to_string()),
        ]
    };
    let other = settings(scenario).into_iter().zip(settings(plain)).filter(|(own, plain)| own != plain);
    let other = other.map(|((flag, value), _)| format!(" --{flag} {value}"));
    let of = |flag: &'static str, own: &[Mechanism], plain: &[Mechanism]| {
        let more = own.iter().filter(|mechanism| !plain.contains(mechanism));
        more.map(|mechanism| format!(" --{flag} {mechanism}")).collect::<String>()
    };
    let without = of("without", &scenario.without, &plain.without);
    let with = of("with", &scenario.with, &plain.with);
    other.chain([without, with]).collect()
}
