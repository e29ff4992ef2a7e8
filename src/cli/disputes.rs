//! `halfpaid disputes`: whether any judge could tell the guilty from the innocent.

use clap::Args;

use super::output::Output;
use super::settings::{MechanismArgs, settings_beside};
use super::{Exit, Failure};
use crate::batch::workload;
use crate::fault::{Budget, FaultKind};
use crate::necessity::Threat;
use crate::protocol;
use crate::protocol::mechanism::Mechanism;
use crate::results::{counted, grouped};
use crate::scenario::{Arrival, Clock, CryptoKind, Scenario};
use crate::twins::{self, text};

#[derive(Args)]
pub(super) struct DisputesArgs {
    /// The protocols [default: all]
    protocols: Vec<String>,
    /// The most faults in a plan
    #[arg(long, value_name = "K", default_value_t = 1, value_parser = clap::value_parser!(u32).range(0..=2))]
    faults: u32,
    /// Every interleaving, in place of the one order that the clock gives
    #[arg(long)]
    untimed: bool,
    /// The most faults in a plan of an untimed search where a deviation or an outsider takes several purchases
    #[arg(long, value_name = "K", requires = "untimed", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=2))]
    several: u32,
    /// How many customers, each of whom buys something, by the clock
    #[arg(long, value_name = "N", conflicts_with = "untimed", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=3))]
    customers: u32,
    /// Stop at so many states with each of them in an untimed search
    #[arg(long, value_name = "N", requires = "untimed", default_value_t = 30_000_000, value_parser = clap::value_parser!(u64).range(1..))]
    states: u64,
    #[command(flatten)]
    mechanisms: MechanismArgs,
    /// The seed
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// How many threads to use [default: one for each core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,
}

/// The purchases of several customers are under way at the same time.
const EVERY_US: u64 = 20_000;

/// Every kind that has sites.
fn kinds() -> Vec<FaultKind> {
    FaultKind::ALL.iter().copied().filter(|kind| *kind != FaultKind::Partition).collect()
}

pub(super) fn disputes(arguments: &DisputesArgs, output: &Output) -> Result<Exit, Failure> {
    let given: Vec<&str> = arguments.protocols.iter().map(String::as_str).collect();
    let names = if given.is_empty() { protocol::NAMES } else { &given };
    if let Some(jobs) = arguments.jobs {
        rayon::ThreadPoolBuilder::new().num_threads(usize::from(jobs)).build_global().map_err(Failure::usage)?;
    }
    let mut searched = Scenario::new("disputes", protocol::NAMES[0]);
    searched.protocols.clear();
    for name in names {
        let Some(known) = protocol::NAMES.iter().find(|known| *known == name) else {
            let names = protocol::NAMES.join(", ");
            return Err(Failure::usage(format!("there is no protocol `{name}`: expected {names}")));
        };
        searched.protocols.push(known);
    }
    arguments.mechanisms.apply(&mut searched)?;
    let (mut refuted, mut incomplete) = (0, 0);
    for name in &searched.protocols {
        let Some(protocol) = protocol::by_name(name) else { continue };
        let mut scenario = Scenario { name: (*name).to_owned(), protocols: vec![name], ..searched.clone() };
        // What is said of all protocols may make no difference to this one.
        let preset = protocol.preset(scenario.preset);
        scenario.with.retain(|mechanism| !preset.has(*mechanism));
        scenario.without.retain(|mechanism| preset.has(*mechanism));
        (scenario.parties.customers, scenario.workload.purchases) = (arguments.customers, arguments.customers);
        if arguments.customers > 1 {
            scenario.workload.arrival = Arrival::Every { us: EVERY_US };
        }
        let with = |threat: Threat| {
            let mut scenario = scenario.clone();
            threat.apply(&mut scenario);
            scenario.workload.purchases = scenario.workload.purchases.max(arguments.customers);
            scenario
        };
        let set_up = |threat: Threat| {
            let scenario = with(threat);
            let setup = workload::setup(&scenario, &protocol, CryptoKind::Symbolic, arguments.seed);
            let setup = if arguments.untimed { workload::without_time(setup) } else { setup };
            (setup, workload::workload(&scenario, arguments.seed))
        };
        let mut threats = Threat::all();
        threats.retain(|threat| threat.acts_in(&*protocol));
        let clock = if arguments.untimed { Clock::Untimed } else { Clock::Timed };
        let [budget, several] = [arguments.faults, arguments.several].map(|faults| Budget::new(faults, &kinds()));
        let search = twins::Search {
            threats: &threats,
            clock,
            latency: workload::latency(&scenario),
            budget: &budget,
            several: &several,
            // An order that names the item's digest says what it means.
            other_meanings: !workload::mechanisms(&scenario, &protocol).has(Mechanism::ItemDigest),
            states: arguments.states,
        };
        let answer = search.answer(set_up);
        let plain = Scenario::new(name, name);
        let replay = |run: &twins::Run| {
            let settings = settings_beside(&with(run.threat), &plain);
            let seed = if arguments.seed == 0 { String::new() } else { format!(" --seed {}", arguments.seed) };
            format!("halfpaid replay {name} \"{}\"{settings}{seed}", run.course)
        };
        output.print(&text::print(&answer, &replay))?;
        let found = match answer.twins.len() {
            0 => "no two runs with different guilty parties and the same evidence".to_owned(),
            1 => "1 claim that no judge can decide: certified delivery fails".to_owned(),
            more => format!("{more} claims that no judge can decide: certified delivery fails"),
        };
        let what = if arguments.untimed { "states" } else { "runs" };
        let (runs, claims) = (grouped(answer.runs), grouped(answer.claims));
        output.print(&format!(
            "{name}: {found}, among {runs} {what} and {claims} different claims with their evidence\n"
        ))?;
        for left_out in &answer.left_out {
            output.print(&format!("  not complete: {left_out}\n"))?;
        }
        output.print("\n")?;
        refuted += u32::from(!answer.twins.is_empty());
        incomplete += answer.left_out.len();
    }
    let complete = if incomplete == 0 { "complete" } else { "incomplete" };
    let searched = counted(names.len() as u64, "protocol");
    output.print(&format!("{complete}: {searched}, {refuted} with claims that no judge can decide\n"))?;
    Ok(if incomplete == 0 { Exit::AsExpected } else { Exit::Inconclusive })
}
