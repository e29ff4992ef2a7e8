//! `halfpaid replay`: one plan, and everything that happens in it.

mod json;
mod target;

use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, ValueEnum};

use super::output::Output;
use super::progress::wait;
use super::{Exit, Failure};
use crate::batch::findings::cause;
use crate::batch::replay::{Replayed, Stage};
use crate::batch::rows::{self, Place};
use crate::diagram::svg::View;
use crate::diagram::{Transcript, dispute, mermaid, svg, text, verdict};
use crate::fault::Course;
use crate::invariant::Violation;
use crate::necessity::Threat;
use crate::protocol::mechanism::{Mechanism, Preset};
use crate::protocol::{self, Protocol, deviation, outsider};
use crate::scenario::{Arrival, CryptoKind, Scenario};

#[derive(Args)]
pub(super) struct ReplayArgs {
    /// A protocol, a scenario file, a scenario's name, or its folder of results
    target: String,
    /// The plan, such as "drop 3#1; crash M1 before 4#1", or none
    plan: String,
    /// Where scenarios are looked for by name
    #[arg(long, value_name = "DIR", default_value = "scenarios")]
    scenarios: PathBuf,
    /// The protocol, where the scenario has several
    #[arg(long, value_name = "NAME")]
    protocol: Option<String>,
    /// The seed, in place of the scenario's own
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// The mechanisms to start from, where the target is a protocol
    #[arg(long, value_name = "PRESET")]
    preset: Option<PresetArg>,
    /// Take a mechanism away; may be repeated
    #[arg(long, value_name = "MECHANISM")]
    without: Vec<Mechanism>,
    /// Add a mechanism that the preset does not have; may be repeated
    #[arg(long, value_name = "MECHANISM")]
    with: Vec<Mechanism>,
    #[command(flatten)]
    deviations: DeviationArgs,
    /// How many purchases, in place of the target's own
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    purchases: Option<u32>,
    #[command(flatten)]
    errands: ErrandArgs,
    /// By how many customers, in place of the target's own
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000))]
    customers: Option<u32>,
    /// Of how many merchants, in place of the target's own
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000))]
    merchants: Option<u32>,
    /// The cryptography
    #[arg(long, value_name = "KIND", default_value = "real")]
    crypto: CryptoArg,
    /// How to draw it
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
    /// Print the disputes alone and in full: what each side hands in, and every check that the judge made
    #[arg(long, conflicts_with = "format")]
    dispute: bool,
}

/// What customers set out with.
#[derive(Args)]
pub(super) struct ErrandArgs {
    /// How long after each other purchases start, in virtual microseconds
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(..=1_000_000_000_000))]
    every_us: Option<u64>,
    /// What every customer's account holds at the start
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(..=1_000_000_000_000))]
    opening_balance_cents: Option<u64>,
}

impl ErrandArgs {
    pub(super) fn apply(&self, scenario: &mut Scenario) {
        if let Some(us) = self.every_us {
            scenario.workload.arrival = Arrival::Every { us };
        }
        let balance = &mut scenario.parties.opening_balance_cents;
        *balance = self.opening_balance_cents.unwrap_or(*balance);
    }
}

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

impl ReplayArgs {
    fn errands(&self, scenario: &mut Scenario) {
        scenario.workload.purchases = self.purchases.unwrap_or(scenario.workload.purchases);
        scenario.parties.customers = self.customers.unwrap_or(scenario.parties.customers);
        scenario.parties.merchants = self.merchants.unwrap_or(scenario.parties.merchants);
        self.errands.apply(scenario);
    }
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

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum CryptoArg {
    /// Ed25519, AES-256-GCM, SHA-256
    Real,
    /// Terms
    Symbolic,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Lanes of text, with beliefs, verdicts and disputes
    Text,
    /// A Mermaid sequence diagram
    Mermaid,
    /// A picture
    Svg,
    /// Everything that the others show, for programs
    Json,
}

impl From<CryptoArg> for CryptoKind {
    fn from(crypto: CryptoArg) -> Self {
        match crypto {
            CryptoArg::Real => CryptoKind::Real,
            CryptoArg::Symbolic => CryptoKind::Symbolic,
        }
    }
}

fn protocol_of(arguments: &ReplayArgs, scenario: &Scenario) -> Result<Arc<dyn Protocol>, Failure> {
    let known: Vec<String> = scenario.protocols.iter().map(ToString::to_string).collect();
    let name = match (&arguments.protocol, known.as_slice()) {
        (Some(name), known) if known.contains(name) => name,
        (None, [only]) => only,
        (Some(name), known) => {
            return Err(Failure::usage(format!("--protocol `{name}`: expected one of {}", known.join(", "))));
        }
        (None, known) => {
            return Err(Failure::usage(format!("the scenario has several protocols: --protocol {}", known.join("|"))));
        }
    };
    protocol::by_name(name).ok_or_else(|| Failure::usage(format!("there is no protocol `{name}`")))
}

pub(super) fn replay(arguments: &ReplayArgs, output: &Output) -> Result<Exit, Failure> {
    let course: Course = arguments.plan.parse().map_err(|error| Failure::usage(format!("the plan, {error}")))?;
    let plain = target::find(arguments, output)?;
    let mut scenario = plain.clone();
    if let Some(preset) = arguments.preset {
        scenario.preset = preset.into();
    }
    scenario.without.extend(&arguments.without);
    scenario.with.extend(&arguments.with);
    arguments.deviations.apply(&mut scenario);
    arguments.errands(&mut scenario);
    Threat::idle_in(&scenario).iter().for_each(|idle| output.warn(idle));
    let protocol = protocol_of(arguments, &scenario)?;
    let seed = arguments.seed.unwrap_or_else(|| scenario.seeds().start);
    let stage = Stage::new(&scenario, &protocol, arguments.crypto.into(), seed, &course);
    let (setup, mut transcript) = (&stage.setup, Transcript::new(stage.errands.errands.len()));
    let Replayed { finished, unjudged } = stage.run(&course, &mut transcript).map_err(Failure::usage)?;
    if let Some(why) = unjudged {
        output.warn(&format!("{why}: what holds only in the end is not judged"));
    }
    let settings = settings_beside(&scenario, &plain);
    let with = if settings.is_empty() { String::new() } else { format!("with{settings}\n") };
    let heading = format!(
        "{}, {}, seed {seed}, {} cryptography\n{with}plan: {course}\n\n",
        scenario.name,
        protocol.about(),
        setup.crypto.name()
    );
    if arguments.dispute {
        output.print(&heading)?;
        output.print(&dispute::in_full(&finished, setup))?;
        return Ok(Exit::AsExpected);
    }
    match arguments.format {
        Format::Mermaid => output.print(&mermaid::draw(&transcript))?,
        Format::Svg => {
            let title = format!("{}, {}, seed {seed}: {course}", scenario.name, protocol.name());
            let view = View::whole(&title, &finished, output.verbose);
            output.print(&svg::file(&transcript, &view))?;
        }
        Format::Json => {
            let place = Place { scenario: &scenario.name, protocol: protocol.name(), seed };
            let kept = rows::keep(&finished, setup, &stage.errands, place);
            let order = course.order.as_ref().map(|order| order.iter().map(ToString::to_string).collect());
            let blame = |violation: &Violation| {
                let (blame, faults) = stage.blame(&course, &finished, violation);
                json::Blamed {
                    cause: cause(&faults, &blame.deviations),
                    could_prevent: blame.prevention.is_possible(),
                    prevented_by: blame.prevention.names(),
                    can_prove: blame.provable,
                }
            };
            let asked = json::Asked { settings: settings.trim_start().to_owned(), order, unjudged };
            let document = json::Document::new(&kept, (&finished, setup), &transcript, asked, blame);
            let json = serde_json::to_string_pretty(&document).map_err(Failure::usage)?;
            output.print(&format!("{json}\n"))?;
        }
        Format::Text => {
            output.print(&heading)?;
            let blame = |violation: &Violation| {
                let (blame, faults) = stage.blame(&course, &finished, violation);
                format!("root: {}; {}", cause(&faults, &blame.deviations), blame.words(violation.victim))
            };
            let until_us = if output.verbose { u64::MAX } else { finished.checker.last_news_us() };
            output.print(&text::draw(&transcript, until_us))?;
            output.print(&format!("\nin the end\n{}", indent(&verdict::ends(&finished, setup))))?;
            let search = wait(output, "searching for what could have prevented it");
            let verdicts = verdict::verdicts(&finished, unjudged.is_none(), blame);
            search.finish_and_clear();
            output.print(&format!("\nverdicts\n{}", indent(&verdicts)))?;
            output.print(&format!("\ndisputes\n{}", indent(&verdict::disputes(&finished, setup))))?;
            let fingerprint: String = finished.meter.fingerprint().iter().map(|byte| format!("{byte:02x}")).collect();
            output.print(&format!("\ntrace sha256 {fingerprint}\n"))?;
        }
    }
    Ok(Exit::AsExpected)
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

fn indent(text: &str) -> String {
    text.lines().map(|line| format!("  {line}\n")).collect()
}
