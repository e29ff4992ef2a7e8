//! `halfpaid necessity`: which mechanism is needed for what, and against whom. What is asked and what follows is in the library.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;

use super::explore::kind_alone;
use super::output::Output;
use super::progress::Bars;
use super::run::on_interrupt;
use super::{Exit, Failure};
use crate::fault::FaultKind;
use crate::necessity::{self, Interrupted, Progress, Settings, Threat, minimal::minimal, text};
use crate::protocol;
use crate::results::{MinimalRow, NecessityRow, write_sheet, write_text};
use crate::scenario::EXHAUSTIVE_KINDS;

#[derive(Args)]
pub(super) struct NecessityArgs {
    /// The protocols [default: all]
    #[arg(value_parser = protocol::NAMES.to_vec())]
    protocols: Vec<String>,
    /// The most faults in a plan
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u32).range(0..=8))]
    faults: u32,
    /// The most faults beside a deviation [default: as many]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=8))]
    beside: Option<u32>,
    /// The most faults beside an outsider or a deviation that takes several purchases, which are searched under the clock
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=2))]
    under_the_clock: u32,
    /// The kinds of fault, separated by commas [default: all but partition]
    #[arg(long, value_name = "KIND,...", value_delimiter = ',', value_parser = kind_alone)]
    kinds: Vec<FaultKind>,
    /// Take two mechanisms away at a time, too
    #[arg(long)]
    pairs: bool,
    /// Look for the smallest sets of mechanisms that have to come to as-written, too
    #[arg(long)]
    minimal: bool,
    /// Deviations to ask about, separated by commas; honest for none [default: all]; honest parties are always asked about
    #[arg(long, value_name = "DEVIATION,...", value_delimiter = ',', value_parser = threat)]
    against: Vec<Threat>,
    /// Stop a search at so many states; what rests on it is unknown then
    #[arg(long, value_name = "N", default_value_t = 3_000_000, value_parser = clap::value_parser!(u64).range(1..))]
    states: u64,
    /// Under the clock, try no faults where there are more plans of one fault than that; what rests on it is unknown then
    #[arg(long, value_name = "N", default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(1..))]
    plans: u64,
    /// The folder for the results
    #[arg(long, value_name = "DIR", default_value = "results")]
    out: PathBuf,
    /// How many questions to answer at a time [default: one for each core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,
}

fn threat(name: &str) -> Result<Threat, String> {
    let all = Threat::all();
    let names = || all.iter().map(|threat| threat.name()).collect::<Vec<_>>().join(", ");
    all.iter().find(|threat| threat.name() == name).copied().ok_or_else(|| format!("expected {}", names()))
}

impl Progress for Bars {
    fn ahead(&self, questions: u64) {
        crate::batch::Progress::ahead(self, questions);
    }

    fn done(&self, _: u64) {
        crate::batch::Progress::done(self, 1);
    }
}

fn settings_of(arguments: &NecessityArgs) -> Settings {
    let named =
        |name: &&&str| arguments.protocols.is_empty() || arguments.protocols.iter().any(|given| given == **name);
    let wanted = |threat: &Threat| {
        let all = arguments.against.is_empty() || threat.is_honest();
        all || arguments.against.iter().any(|given| given.name() == threat.name())
    };
    let mut kinds = arguments.kinds.clone();
    if kinds.is_empty() {
        kinds = EXHAUSTIVE_KINDS.to_vec();
        kinds.push(FaultKind::Corrupt);
    }
    kinds.sort_unstable();
    kinds.dedup();
    Settings {
        protocols: protocol::NAMES.iter().filter(named).filter_map(|name| protocol::by_name(name)).collect(),
        threats: Threat::all().into_iter().filter(wanted).collect(),
        faults: arguments.faults,
        beside: arguments.beside.unwrap_or(arguments.faults),
        under_the_clock: arguments.under_the_clock,
        kinds,
        pairs: arguments.pairs,
        states: arguments.states,
        plans: arguments.plans,
        jobs: arguments.jobs.and_then(|jobs| NonZeroUsize::new(usize::from(jobs))),
    }
}

pub(super) fn necessity(arguments: &NecessityArgs, output: &Output) -> Result<Exit, Failure> {
    let settings = settings_of(arguments);
    let idle = arguments.against.iter().filter_map(|threat| threat.idle_among(&settings.protocols));
    idle.for_each(|idle| output.warn(&idle));
    let interrupted = on_interrupt();
    let bar = Arc::new(Bars::new(output, 1));
    bar.next("necessity", 1, 2);
    let found = necessity::tables(&settings, &interrupted, &*bar).and_then(|tables| {
        bar.next("smallest sets", 2, 2);
        let wanted = tables.iter().filter(|_| arguments.minimal);
        let sets = wanted.map(|table| minimal(table, &settings, &interrupted, &*bar));
        let sets = sets.collect::<Result<Vec<_>, Interrupted>>()?;
        Ok((tables, sets))
    });
    bar.finish();
    let Ok((tables, sets)) = found else {
        output.print("incomplete: interrupted\n")?;
        return Ok(Exit::Interrupted);
    };
    let rows: Vec<NecessityRow<'_>> = tables.iter().flat_map(|table| table.rows()).collect();
    let smallest: Vec<MinimalRow<'_>> = tables
        .iter()
        .zip(&sets)
        .flat_map(|(table, sets)| sets.iter().flat_map(|minimal| minimal.rows(table, &settings)))
        .collect();
    write_sheet(&arguments.out, &rows).map_err(Failure::usage)?;
    if arguments.minimal {
        write_sheet(&arguments.out, &smallest).map_err(Failure::usage)?;
    }
    let markdown = text::markdown(&tables, &sets, &settings);
    write_text(&arguments.out, text::MARKDOWN, &markdown).map_err(Failure::usage)?;
    let line = text::one_line(&tables, &sets);
    output.print(&format!("{}\n{line}\n", text::terminal(&tables, &sets, &settings, output.width)))?;
    Ok(if line.starts_with("complete") { Exit::AsExpected } else { Exit::Inconclusive })
}
