//! `halfpaid explore`: an exhaustive search without a scenario file. It is a scenario made of arguments, run like any other.

use std::path::PathBuf;

use clap::Args;

use super::broken;
use super::output::Output;
use super::progress::Bars;
use super::run::on_interrupt;
use super::settings::{DeviationArgs, ErrandArgs, MechanismArgs, checked, settings_beside};
use super::{Exit, Failure};
use crate::batch::{self, BatchError};
use crate::explore::Bounds;
use crate::fault::FaultKind;
use crate::invariant::{Expectation, Invariant};
use crate::necessity::Threat;
use crate::protocol;
use crate::results::{TableLook, add_to_summary, one_line, verdict_table};
use crate::scenario::{Clock, EXHAUSTIVE_KINDS, Faults, Scenario, write};

#[derive(Args)]
pub(super) struct ExploreArgs {
    /// The protocol
    protocol: String,
    /// The most faults in a plan
    #[arg(long, value_name = "K", default_value_t = 2, value_parser = clap::value_parser!(u32).range(0..=8))]
    faults: u32,
    /// The kinds of fault, separated by commas, each with the most of it if that is less, such as drop,crash=1
    /// [default: all but corrupt and partition]
    #[arg(long, value_name = "KIND[=N],...", value_delimiter = ',', value_parser = kind)]
    kinds: Vec<(FaultKind, Option<u32>)>,
    /// Every interleaving, in place of the one order that the clock gives
    #[arg(long)]
    untimed: bool,
    /// Run every plan to its end, those that come to where another has been too
    #[arg(long, conflicts_with = "untimed")]
    every_plan: bool,
    #[command(flatten)]
    mechanisms: MechanismArgs,
    #[command(flatten)]
    errands: ErrandArgs,
    #[command(flatten)]
    deviations: DeviationArgs,
    /// Let P crash for ever too
    #[arg(long)]
    server_crash_forever: bool,
    /// Expect a verdict, such as goods=violated; may be repeated [default: everything holds]
    #[arg(long, value_name = "INVARIANT=VERDICT", value_parser = expectation)]
    expect: Vec<(Invariant, Expectation)>,
    /// Stop at so many states, or situations under the clock
    #[arg(long, value_name = "N", conflicts_with = "every_plan", default_value_t = Bounds::default().states, value_parser = clap::value_parser!(u64).range(1..))]
    states: u64,
    /// Stop after so many events that follow each other in an untimed search
    #[arg(long, value_name = "N", requires = "untimed", value_parser = clap::value_parser!(u32).range(1..))]
    events: Option<u32>,
    /// Stop when states, or situations and plans under the clock, take so much memory
    #[arg(long, value_name = "N", conflicts_with = "every_plan", value_parser = clap::value_parser!(u64).range(1..=Bounds::MEBIBYTES_MAX))]
    mebibytes: Option<u64>,
    /// The seed
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// The folder for the results
    #[arg(long, value_name = "DIR", default_value = "results")]
    out: PathBuf,
    /// How many threads to use [default: one for each core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,
}

fn kind(text: &str) -> Result<(FaultKind, Option<u32>), String> {
    let (name, most) = text.split_once('=').map_or((text, None), |(name, most)| (name, Some(most)));
    let most = most.map(|most| most.parse().map_err(|_| format!("expected {name}=N with a number"))).transpose()?;
    let known = || FaultKind::ALL.iter().filter(|kind| **kind != FaultKind::Partition);
    let names: Vec<&str> = known().map(|kind| kind.name()).collect();
    let found = known().find(|kind| kind.name() == name).copied();
    found.map(|kind| (kind, most)).ok_or_else(|| format!("expected {}", names.join(", ")))
}

/// A kind without a number.
pub(super) fn kind_alone(text: &str) -> Result<FaultKind, String> {
    match kind(text)? {
        (kind, None) => Ok(kind),
        (kind, Some(_)) => Err(format!("expected {} without a number", kind.name())),
    }
}

fn expectation(text: &str) -> Result<(Invariant, Expectation), String> {
    let names: Vec<&str> = Invariant::ALL.iter().map(|invariant| invariant.name()).collect();
    let words: Vec<&str> = Expectation::ALL.iter().map(|expected| expected.name()).collect();
    let expected = || format!("expected one of {} = one of {}", names.join(", "), words.join(", "));
    let (invariant, verdict) = text.split_once('=').ok_or_else(expected)?;
    let invariant = Invariant::ALL.iter().find(|known| known.name() == invariant).ok_or_else(expected)?;
    let verdict = Expectation::ALL.iter().find(|known| known.name() == verdict).ok_or_else(expected)?;
    Ok((*invariant, *verdict))
}

/// The first of some things that is there already.
fn repeated<T: PartialEq>(all: &[T]) -> Option<&T> {
    all.iter().enumerate().find(|(at, one)| all[..*at].contains(one)).map(|(_, one)| one)
}

fn scenario_of(arguments: &ExploreArgs) -> Result<Scenario, Failure> {
    let known = protocol::NAMES.iter().find(|known| **known == arguments.protocol);
    let protocol = known.ok_or_else(|| {
        let names = protocol::NAMES.join(", ");
        Failure::usage(format!("there is no protocol `{}`: expected {names}", arguments.protocol))
    })?;
    let mut scenario = Scenario::new(&format!("explore-{protocol}"), protocol);
    scenario.about = format!("every plan of at most {} faults", arguments.faults);
    arguments.mechanisms.apply(&mut scenario)?;
    scenario.seed = arguments.seed;
    arguments.errands.apply(&mut scenario);
    scenario.workload.purchases = arguments.errands.purchases.unwrap_or(scenario.parties.customers);
    scenario.cuts = !arguments.every_plan;
    scenario.server_crash_forever = arguments.server_crash_forever;
    let Bounds { depth, bytes, .. } = Bounds::default();
    scenario.bounds = Bounds {
        states: arguments.states,
        depth: arguments.events.unwrap_or(depth),
        bytes: arguments.mebibytes.map_or(bytes, |mebibytes| mebibytes << 20),
    };
    arguments.deviations.apply(&mut scenario);
    let named: Vec<Invariant> = arguments.expect.iter().map(|(invariant, _)| *invariant).collect();
    if let Some(invariant) = repeated(&named) {
        return Err(Failure::usage(format!("--expect has `{}` twice: expected each once", invariant.name())));
    }
    scenario.expect.extend(arguments.expect.iter().copied());
    let mut kinds: Vec<FaultKind> = arguments.kinds.iter().map(|(kind, _)| *kind).collect();
    kinds.sort_unstable();
    if let Some(kind) = repeated(&kinds) {
        return Err(Failure::usage(format!("--kinds has `{}` twice: expected each once", kind.name())));
    }
    if kinds.is_empty() {
        kinds = EXHAUSTIVE_KINDS.to_vec();
    }
    let each = arguments.kinds.iter().filter_map(|(kind, most)| Some((*kind, (*most)?))).collect();
    let clock = if arguments.untimed { Clock::Untimed } else { Clock::Timed };
    scenario.faults = Faults::Exhaustive { at_most: arguments.faults, kinds, each, clock };
    scenario.within_limits().map_err(Failure::usage)?;
    checked(&scenario)?;
    let plain = Scenario::new(&scenario.name, protocol);
    scenario.arguments = Some(settings_beside(&scenario, &plain));
    Ok(scenario)
}

pub(super) fn explore(arguments: &ExploreArgs, output: &Output) -> Result<Exit, Failure> {
    let scenario = scenario_of(arguments)?;
    if let Some(jobs) = arguments.jobs {
        rayon::ThreadPoolBuilder::new().num_threads(usize::from(jobs)).build_global().map_err(Failure::usage)?;
    }
    Threat::idle_in(&scenario).iter().for_each(|idle| output.warn(idle));
    let interrupted = on_interrupt();
    let bar = Bars::new(output, 1);
    bar.next(&scenario.name, 1, 1);
    // Results are told apart by what was asked for.
    let asked = write::exhaustive(&scenario).map_err(Failure::usage)?;
    let outcome = match batch::run(&scenario, &asked, &arguments.out, &interrupted, &bar) {
        Ok(outcome) => outcome,
        Err(BatchError::Interrupted) => {
            bar.finish();
            output.print("incomplete: interrupted\n")?;
            return Ok(Exit::Interrupted);
        }
        Err(error) => return Err(Failure::usage(error)),
    };
    bar.finish();
    add_to_summary(&arguments.out, &outcome.summary).map_err(Failure::usage)?;
    for gap in &outcome.gaps {
        output.warn(&format!("nothing that was tried reached this: {gap}"));
    }
    let look = TableLook { width: output.width, colour: output.colour };
    let extent: String = outcome.extent.iter().map(|searched| format!("{searched}\n")).collect();
    let findings = broken::all(outcome.findings.iter(), &arguments.out);
    let table = verdict_table(&outcome.summary, look);
    let line = one_line(&outcome.summary, outcome.incomplete.as_deref());
    output.print(&format!("{table}{findings}{extent}{line}\n"))?;
    Ok(outcome.standing().into())
}
