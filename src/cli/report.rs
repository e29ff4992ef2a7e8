//! `halfpaid report`: a results folder as one HTML page.

use std::path::PathBuf;

use clap::Args;

use super::output::Output;
use super::{Exit, Failure};
use crate::report;
use crate::results::write_file;

#[derive(Args)]
pub(super) struct ReportArgs {
    /// The results folder
    results: PathBuf,
    /// The file to write [default: report.html in the results folder]
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
}

pub(super) fn run(arguments: &ReportArgs, output: &Output) -> Result<Exit, Failure> {
    let campaign = report::read(&arguments.results).map_err(Failure::usage)?;
    let page = report::page(&campaign);
    let to = arguments.to.clone().unwrap_or_else(|| arguments.results.join("report.html"));
    write_file(&to, &page.html).map_err(Failure::usage)?;
    for reason in &page.not_drawn {
        output.warn(reason);
    }
    output.print(&format!("{}: {}\n", to.display(), page.summary))?;
    Ok(Exit::AsExpected)
}
