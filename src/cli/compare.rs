//! `halfpaid compare`: what has changed between two results folders, and whether for the worse.

use std::path::PathBuf;

use clap::Args;

use super::output::Output;
use super::{Exit, Failure};
use crate::compare::{compare, read, text};

#[derive(Args)]
pub(super) struct CompareArgs {
    /// The results folder to compare with
    baseline: PathBuf,
    /// The results folder to compare
    results: PathBuf,
    /// Costs per run may grow by so many percent
    #[arg(long, value_name = "PERCENT", default_value_t = 0)]
    tolerance: u32,
}

pub(super) fn run(arguments: &CompareArgs, output: &Output) -> Result<Exit, Failure> {
    let baseline = read(&arguments.baseline).map_err(Failure::usage)?;
    let results = read(&arguments.results).map_err(Failure::usage)?;
    let comparison = compare(&baseline, &results, arguments.tolerance);
    let exit = if comparison.regressions() > 0 { Exit::NotAsExpected } else { Exit::AsExpected };
    match output.print(&text::show(&comparison, output.verbose, output.width)) {
        // A reader that has seen enough does not change what was found.
        Err(failure) if failure.exit != Exit::AsExpected => Err(failure),
        _ => Ok(exit),
    }
}
