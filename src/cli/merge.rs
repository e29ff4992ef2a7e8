//! `halfpaid merge`: the parts of a partitioned run, joined into what one run would have written, with its verdict.

use std::path::PathBuf;

use clap::Args;

use super::output::Output;
use super::progress::Bars;
use super::run::on_interrupt;
use super::verdict::{ReportArgs, Verdicts};
use super::{Exit, Failure};
use crate::batch::parts::Parts;
use crate::batch::{self, Runs};
use crate::results::PART;
use crate::scenario::LoadedScenario;

#[derive(Args)]
pub(super) struct MergeArgs {
    /// The folders of all the parts, in any order: each is the --out of a `run --partition`
    #[arg(required = true, value_name = "PART")]
    parts: Vec<PathBuf>,
    /// The folder for the results
    #[arg(long, value_name = "DIR", default_value = "results")]
    out: PathBuf,
    #[command(flatten)]
    report: ReportArgs,
}

pub(super) fn merge(arguments: &MergeArgs, output: &Output) -> Result<Exit, Failure> {
    let parts = Parts::open(&arguments.parts).map_err(Failure::usage)?;
    if arguments.out.join(PART).exists() {
        let why = "is a part itself, which the results would spoil: expected a folder of their own";
        return Err(Failure::usage(format!("--out `{}` {why}", arguments.out.display())));
    }
    let interrupted = on_interrupt();
    let of = parts.scenarios.len();
    let bars = Bars::new(output, of);
    let mut verdicts = Verdicts::new(&arguments.report, &arguments.out, output);
    for (number, name) in parts.scenarios.iter().enumerate() {
        let (scenario, source) = parts.scenario(name).map_err(Failure::usage)?;
        bars.next(name, number + 1, of);
        let runs = Runs::Merged(&parts.folders);
        let outcome = batch::run_some(&scenario, &source, &arguments.out, runs, &interrupted, &bars);
        // Nobody knows here where the file was.
        let loaded = LoadedScenario { path: PathBuf::from(format!("{name}.toml")), scenario, source };
        match outcome {
            Ok(outcome) => verdicts.add(&loaded, outcome, &bars),
            Err(error) => {
                verdicts.stop(error);
                break;
            }
        }
    }
    bars.finish();
    verdicts.finish()
}
