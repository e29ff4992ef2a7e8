//! `halfpaid replay`: one plan, and everything that happens in it.

mod json;
mod target;

use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, ValueEnum};

use super::output::Output;
use super::progress::wait;
use super::settings::{DeviationArgs, ErrandArgs, MechanismArgs, settings_beside};
use super::{Exit, Failure};
use crate::batch::findings::cause;
use crate::batch::replay::{Replayed, Stage};
use crate::batch::rows::{self, Place};
use crate::diagram::svg::View;
use crate::diagram::{Transcript, dispute, mermaid, svg, text, verdict};
use crate::fault::Course;
use crate::invariant::Violation;
use crate::necessity::Threat;
use crate::protocol::{self, Protocol};
use crate::scenario::{CryptoKind, Scenario};

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
    #[command(flatten)]
    mechanisms: MechanismArgs,
    #[command(flatten)]
    deviations: DeviationArgs,
    #[command(flatten)]
    errands: ErrandArgs,
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
    arguments.mechanisms.apply(&mut scenario)?;
    arguments.deviations.apply(&mut scenario);
    arguments.errands.apply(&mut scenario);
    Threat::idle_in(&scenario).iter().for_each(|idle| output.warn(idle));
    let protocol = protocol_of(arguments, &scenario)?;
    let seed = arguments.seed.unwrap_or_else(|| scenario.seeds().start);
    let stage = Stage::new(&scenario, &protocol, arguments.crypto.into(), seed, &course);
    let (setup, mut transcript) = (&stage.setup, Transcript::new(stage.errands.errands.len()));
    let Replayed { finished, unjudged } = stage.run(&course, &mut transcript).map_err(Failure::usage)?;
    if let Some(why) = &unjudged {
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
            let asked = json::Asked { settings: settings.trim_start().to_owned(), order, unjudged: unjudged.clone() };
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

fn indent(text: &str) -> String {
    text.lines().map(|line| format!("  {line}\n")).collect()
}
