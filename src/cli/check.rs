//! `halfpaid check`: what is wrong with scenarios, without running them.

use std::path::PathBuf;

use clap::Args;

use super::output::Output;
use super::{Exit, Failure};
use crate::necessity::Threat;
use crate::scenario::{self, LoadedScenario};

#[derive(Args)]
pub(super) struct CheckArgs {
    /// Scenario files, folders that are searched for *.toml, or patterns such as 'scenarios/**/case2-*.toml'
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
}

pub(super) fn check(arguments: &CheckArgs, output: &Output) -> Result<Exit, Failure> {
    let loaded = scenario::load(&arguments.paths);
    let right: String = loaded.scenarios.iter().map(|loaded| format!("ok: {}\n", loaded.scenario.describe())).collect();
    output.print(&right)?;
    for LoadedScenario { scenario, .. } in &loaded.scenarios {
        Threat::idle_in(scenario).iter().for_each(|idle| output.warn(&format!("{}: {idle}", scenario.name)));
    }
    if loaded.diagnostics.is_empty() {
        return Ok(Exit::AsExpected);
    }
    let shown: Vec<String> = loaded.diagnostics.iter().map(|d| d.render(output.colour_of_errors)).collect();
    Err(Failure::usage(shown.join("\n\n")))
}
