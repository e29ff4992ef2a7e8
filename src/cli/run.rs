//! `halfpaid run`: scenarios in, results and verdicts out.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::output::{self, Output};
use super::{Exit, Failure};
use crate::batch::{self, BatchError, Level, Progress, Standing};
use crate::results::{Suite, SummaryRow, TableLook, one_line, verdict_table, write_junit, write_summary};
use crate::scenario::{self, Diagnostic, Faults, LoadedScenario, Scenario, parse_seeds};

#[derive(Args)]
pub(super) struct RunArgs {
    /// Scenario files, folders that are searched for *.toml, or patterns such as 'scenarios/**/case2-*.toml'
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Run only scenarios with this text in their names; may be repeated, and one match is enough
    #[arg(long, value_name = "TEXT")]
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
    /// Go on after an interruption: a scenario whose results are on disk, whole and from the same version, text and seeds, is not
    /// run again
    #[arg(long)]
    resume: bool,
    /// Write a JUnit report too, a suite for each scenario
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// How many threads to use [default: one for each core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,
}

/// A bar for the scenario at hand.
pub(super) struct Bar {
    bar: ProgressBar,
}

impl Bar {
    pub(super) fn new(output: &Output) -> Self {
        let target = if output.progress { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(0), target);
        let style = "{prefix} {wide_msg} {bar:24} {human_pos}/{human_len} runs, {eta} left";
        if let Ok(style) = ProgressStyle::with_template(style) {
            bar.set_style(style);
        }
        Bar { bar }
    }

    pub(super) fn next(&self, name: &str, number: usize, of: usize) {
        self.bar.reset();
        self.bar.set_length(0);
        self.bar.set_prefix(format!("[{number}/{of}]"));
        self.bar.set_message(name.to_owned());
    }
}

impl Bar {
    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

impl Progress for Bar {
    fn ahead(&self, runs: u64) {
        self.bar.inc_length(runs);
    }

    fn done(&self, runs: u64) {
        self.bar.inc(runs);
    }

    fn level(&self, level: Level) {
        let Level { faults, events, states, frontier, bytes } = level;
        let rate = states as f64 / self.bar.elapsed().as_secs_f64().max(1e-3);
        self.bar.set_message(format!(
            "{states} states, {rate:.0}/s, {faults} faults and {events} events deep, {frontier} ahead, {} MiB",
            bytes >> 20
        ));
    }
}

fn apply_seeds(arguments: &RunArgs, scenario: &mut Scenario) {
    if let Some(seed) = arguments.seed {
        scenario.seed = seed;
    }
    if let Faults::Random { seeds, .. } = &mut scenario.faults {
        if let Some(given) = &arguments.seeds {
            *seeds = given.clone();
        } else if let Some(seed) = arguments.seed {
            *seeds = seed..seed.saturating_add(1);
        }
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

/// The scenarios to run. What is wrong with others is said at once, and given by file.
fn scenarios(arguments: &RunArgs, output: &Output) -> Result<(Vec<LoadedScenario>, Unusable), Failure> {
    let mut loaded = scenario::load(&arguments.paths);
    loaded.keep(&arguments.filter);
    let shown: Vec<String> = loaded.diagnostics.iter().map(|d| d.render(output.colour_of_errors)).collect();
    if loaded.scenarios.is_empty() {
        let texts: Vec<String> = arguments.filter.iter().map(|text| format!("\"{}\"", text.escape_debug())).collect();
        let none = format!("no scenario has {} in its name", texts.join(" or "));
        return Err(Failure::usage(if shown.is_empty() { none } else { shown.join("\n\n") }));
    }
    if !shown.is_empty() {
        let _ = output::complain(&format!("{}\n", shown.join("\n\n")));
    }
    let mut unusable = Unusable::new();
    loaded.diagnostics.iter().for_each(|diagnostic| note(&mut unusable, diagnostic));
    Ok((loaded.scenarios, unusable))
}

/// What is wrong with the files that cannot be used.
type Unusable = BTreeMap<PathBuf, String>;

fn note(unusable: &mut Unusable, diagnostic: &Diagnostic) {
    let said = unusable.entry(diagnostic.path.clone()).or_default();
    said.push_str(&format!("{diagnostic}\n\n"));
}

pub(super) fn run(arguments: &RunArgs, output: &Output) -> Result<Exit, Failure> {
    let (scenarios, mut unusable) = scenarios(arguments, output)?;
    if let Some(jobs) = arguments.jobs {
        rayon::ThreadPoolBuilder::new().num_threads(usize::from(jobs)).build_global().map_err(Failure::usage)?;
    }
    let interrupted = on_interrupt();
    let bar = Bar::new(output);
    let mut rows: Vec<SummaryRow<'static>> = Vec::new();
    let mut suites: Vec<Suite> = Vec::new();
    let (mut incomplete, mut standing): (Option<String>, _) = (None, Standing::AsExpected);
    let of = scenarios.len();
    let mut stopped = None;
    for (number, mut loaded) in scenarios.into_iter().enumerate() {
        apply_seeds(arguments, &mut loaded.scenario);
        let scenario = &loaded.scenario;
        bar.next(&scenario.name, number + 1, of);
        output.note(&format!("{}: {}", scenario.name, scenario.about));
        let on_disk = if arguments.resume { batch::finished(scenario, &loaded.source, &arguments.out) } else { None };
        let result = match on_disk {
            Some(outcome) => {
                output.note(&format!("{}: the results are on disk", scenario.name));
                Ok(outcome)
            }
            None => batch::run(scenario, &loaded.source, &arguments.out, &interrupted, &bar),
        };
        match result {
            Ok(outcome) => {
                if arguments.junit.is_some() {
                    let read =
                        Suite::read(&arguments.out, &scenario.name, &outcome.summary, outcome.incomplete.as_deref());
                    suites.push(read.map_err(Failure::usage)?);
                }
                standing = standing.max(outcome.standing());
                incomplete = incomplete.or(outcome.incomplete.map(|why| format!("{}: {why}", scenario.name)));
                for gap in outcome.gaps {
                    bar.bar.suspend(|| output.warn(&format!("{}: no run reached this: {gap}", scenario.name)));
                }
                rows.extend(outcome.summary);
            }
            Err(error @ BatchError::Unmet { .. }) => {
                let diagnostic = unmet(&error, &loaded);
                let _ = bar.bar.suspend(|| output::complain(&diagnostic.render(output.colour_of_errors)));
                note(&mut unusable, &diagnostic);
            }
            Err(error) => {
                stopped = Some(error);
                break;
            }
        }
    }
    bar.bar.finish_and_clear();
    if matches!(stopped, None | Some(BatchError::Interrupted)) && !rows.is_empty() {
        write_summary(&arguments.out, &rows).map_err(Failure::usage)?;
    }
    if let Some(path) = &arguments.junit {
        suites.extend(unusable.iter().map(|(path, error)| Suite::unusable(path, error)));
        write_junit(path, &suites).map_err(Failure::usage)?;
    }
    let why = match &stopped {
        Some(BatchError::Interrupted) => Some("interrupted; the scenarios above are finished and on disk".to_owned()),
        Some(_) => Some("stopped by an error".to_owned()),
        None if unusable.len() == 1 => Some("1 scenario file could not be used".to_owned()),
        None if unusable.len() > 1 => Some(format!("{} scenario files could not be used", unusable.len())),
        None => incomplete.clone(),
    };
    let look = TableLook { width: output.width, colour: output.colour };
    let table = if rows.is_empty() { String::new() } else { verdict_table(&rows, look) };
    match output.print(&format!("{table}{}\n", one_line(&rows, why.as_deref()))) {
        // A reader that has seen enough does not change what the verdicts are.
        Err(failure) if failure.exit != Exit::AsExpected => return Err(failure),
        _ => {}
    }
    match stopped {
        Some(BatchError::Interrupted) => Ok(Exit::Interrupted),
        Some(error) => Err(Failure::usage(error)),
        None if !unusable.is_empty() => Ok(Exit::Usage),
        None => Ok(standing.into()),
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
