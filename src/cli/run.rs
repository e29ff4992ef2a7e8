//! `halfpaid run`: scenarios in, results and verdicts out.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Args;
use clap::builder::NonEmptyStringValueParser;

use super::output::Output;
use super::progress::Bars;
use super::verdict::{ReportArgs, Verdicts};
use super::{Exit, Failure};
use crate::batch::partition::Partition;
use crate::batch::{self, BatchError, Runs};
use crate::necessity::Threat;
use crate::results::{PART, PartList, Sheet, counted, lock_folder};
use crate::scenario::{self, Diagnostic, Faults, Loaded, LoadedScenario, Scenario, parse_seeds, seeds_from};

#[derive(Args)]
pub(super) struct RunArgs {
    /// Scenario files, folders that are searched for *.toml, or patterns such as 'scenarios/**/case2-*.toml'
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Run only scenarios with this text in their names; may be repeated, and one match is enough
    #[arg(long, value_name = "TEXT", value_parser = NonEmptyStringValueParser::new())]
    filter: Vec<String>,
    /// The folder for the results
    #[arg(long, value_name = "DIR", default_value = "results")]
    out: PathBuf,
    /// The seed, in place of the scenarios' own
    #[arg(long, value_name = "N", conflicts_with = "seeds")]
    seed: Option<u64>,
    /// The seeds of random scenarios, in place of their own: from A up to but not including B
    #[arg(long, value_name = "A..B", value_parser = parse_seeds)]
    seeds: Option<std::ops::Range<u64>>,
    /// Make the seeds of random scenarios from a text, such as a commit's id: as many as they have, in place of their own
    #[arg(long, value_name = "TEXT", conflicts_with_all = ["seed", "seeds"], value_parser = NonEmptyStringValueParser::new())]
    seed_from: Option<String>,
    /// Run only one of N parts, with I from 1 to N, for `merge` to join; exits 0 when the part is whole, whatever was found
    #[arg(long, value_name = "I/N", conflicts_with_all = ["junit", "annotations"])]
    partition: Option<Partition>,
    /// Go on after an interruption: a scenario whose results are on disk, whole and from the same version, text and seeds, is not
    /// run again; of one that was under way, only what is missing. A part always goes on
    #[arg(long)]
    resume: bool,
    #[command(flatten)]
    report: ReportArgs,
    /// How many threads to use [default: one for each core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,
}

fn apply_seeds(arguments: &RunArgs, scenario: &mut Scenario) {
    let random = matches!(scenario.faults, Faults::Random { .. });
    if let Some(seed) = arguments.seed {
        scenario.set_seeds(seed..seed.saturating_add(1));
    } else if let (Some(given), true) = (&arguments.seeds, random) {
        scenario.set_seeds(given.clone());
    } else if let (Some(text), true) = (&arguments.seed_from, random) {
        let own = scenario.seeds();
        scenario.set_seeds(seeds_from(text, own.end - own.start));
    }
}

/// Sets a flag on the first Ctrl-C, so that what is finished is kept, and ends the process on the second.
pub(super) fn on_interrupt() -> Arc<AtomicBool> {
    let flag = Arc::new(AtomicBool::new(false));
    let handed = Arc::clone(&flag);
    let _ = ctrlc::set_handler(move || {
        if handed.swap(true, Ordering::Relaxed) {
            std::process::exit(Exit::Interrupted as i32);
        }
    });
    flag
}

/// The scenarios to run, and what is wrong with others.
fn scenarios(arguments: &RunArgs, output: &Output) -> Result<Loaded, Failure> {
    let mut loaded = scenario::load(&arguments.paths);
    loaded.keep(&arguments.filter);
    let shown: Vec<String> = loaded.diagnostics.iter().map(|d| d.render(output.colour_of_errors)).collect();
    if loaded.scenarios.is_empty() {
        let texts: Vec<String> = arguments.filter.iter().map(|text| format!("\"{}\"", text.escape_debug())).collect();
        let none = format!("no scenario has {} in its name", texts.join(" or "));
        return Err(Failure::usage(if shown.is_empty() { none } else { shown.join("\n\n") }));
    }
    loaded.scenarios.iter_mut().for_each(|loaded| apply_seeds(arguments, &mut loaded.scenario));
    Ok(loaded)
}

pub(super) fn run(arguments: &RunArgs, output: &Output) -> Result<Exit, Failure> {
    let loaded = scenarios(arguments, output)?;
    if let Some(jobs) = arguments.jobs {
        rayon::ThreadPoolBuilder::new().num_threads(usize::from(jobs)).build_global().map_err(Failure::usage)?;
    }
    match arguments.partition {
        Some(partition) => run_part(arguments, loaded, partition, output),
        None => run_all(arguments, loaded, output),
    }
}

fn run_all(arguments: &RunArgs, loaded: Loaded, output: &Output) -> Result<Exit, Failure> {
    let (interrupted, out) = (on_interrupt(), &arguments.out);
    let of = loaded.scenarios.len();
    let bars = Bars::new(output, of);
    let mut verdicts = Verdicts::new(&arguments.report, out, output);
    loaded.diagnostics.iter().for_each(|diagnostic| verdicts.unusable(diagnostic, &bars));
    for (number, loaded) in loaded.scenarios.iter().enumerate() {
        let scenario = &loaded.scenario;
        begin(&bars, output, scenario, number + 1, of);
        let on_disk = if arguments.resume { batch::finished(scenario, &loaded.source, out) } else { None };
        let result = match on_disk {
            Some(outcome) => {
                bars.suspend(|| output.note(&format!("{}: the results are on disk", scenario.name)));
                Ok(outcome)
            }
            None => {
                let runs = if arguments.resume { Runs::Rest } else { Runs::All };
                batch::run_some(scenario, &loaded.source, out, runs, &interrupted, &bars)
            }
        };
        match result {
            Ok(outcome) => verdicts.add(loaded, outcome, &bars),
            Err(error @ BatchError::Unmet { .. }) => verdicts.unusable(&unmet(&error, loaded), &bars),
            Err(error) => {
                verdicts.stop(error);
                break;
            }
        }
    }
    bars.finish();
    verdicts.finish()
}

/// Makes one part. It is whole or it is not: a scenario that cannot be used stops it before anything is run.
fn run_part(arguments: &RunArgs, loaded: Loaded, partition: Partition, output: &Output) -> Result<Exit, Failure> {
    if !loaded.diagnostics.is_empty() {
        let shown: Vec<String> = loaded.diagnostics.iter().map(|d| d.render(output.colour_of_errors)).collect();
        return Err(Failure::usage(shown.join("\n\n")));
    }
    let (interrupted, out) = (on_interrupt(), &arguments.out);
    if out.join(Sheet::Summary.file_name()).exists() {
        let why = "holds the results of a whole run, which a part would spoil: expected a folder of the part's own";
        return Err(Failure::usage(format!("--out `{}` {why}", out.display())));
    }
    let waiting = || output.warn(&format!("waiting for another process that works on `{}`", out.display()));
    let _lock = lock_folder(out, waiting).map_err(Failure::usage)?;
    let of = loaded.scenarios.len();
    let bars = Bars::new(output, of);
    for (number, loaded) in loaded.scenarios.iter().enumerate() {
        let scenario = &loaded.scenario;
        begin(&bars, output, scenario, number + 1, of);
        if batch::part_finished(scenario, &loaded.source, out, partition) {
            bars.suspend(|| output.note(&format!("{}: the part is on disk", scenario.name)));
            continue;
        }
        // What was whole is not whole while something in it is made anew.
        PartList::remove(out).map_err(Failure::usage)?;
        match batch::run_some(scenario, &loaded.source, out, Runs::Part(partition), &interrupted, &bars) {
            Ok(_) => {}
            Err(BatchError::Interrupted) => {
                bars.finish();
                output.print(&format!("incomplete: part {partition} (interrupted; run it again to go on)\n"))?;
                return Ok(Exit::Interrupted);
            }
            Err(error @ BatchError::Unmet { .. }) => {
                return Err(Failure::usage(unmet(&error, loaded).render(output.colour_of_errors)));
            }
            Err(error) => return Err(Failure::usage(error)),
        }
    }
    bars.finish();
    let scenarios = loaded.scenarios.into_iter().map(|loaded| loaded.scenario.name).collect();
    let list = PartList { version: env!("CARGO_PKG_VERSION").to_owned(), partition: partition.to_string(), scenarios };
    list.write(out).map_err(Failure::usage)?;
    let what = counted(of as u64, "scenario");
    output.print(&format!(
        "complete: part {partition} of {what}, for `halfpaid merge`: {}\n",
        out.join(PART).display()
    ))?;
    Ok(Exit::AsExpected)
}

fn begin(bars: &Bars, output: &Output, scenario: &Scenario, number: usize, of: usize) {
    bars.next(&scenario.name, number, of);
    let about = scenario.about.replace(char::is_control, " ");
    let what = if about.is_empty() { scenario.name.clone() } else { format!("{}: {about}", scenario.name) };
    bars.suspend(|| output.note(&what));
    for idle in Threat::idle_in(scenario) {
        bars.suspend(|| output.warn(&format!("{}: {idle}", scenario.name)));
    }
}

/// Points at a plan that does not fit its run.
fn unmet(error: &BatchError, loaded: &LoadedScenario) -> Diagnostic {
    let help = "take the fault out, or name a site that the run meets: `halfpaid replay` shows them";
    match error {
        BatchError::Unmet { given, .. } => {
            Diagnostic::at(&loaded.path, &loaded.source, given.span.clone(), error.to_string(), help)
        }
        error => Diagnostic::whole(&loaded.path, error.to_string(), ""),
    }
}
