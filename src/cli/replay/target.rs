//! What `replay` is asked to replay: a protocol by itself, a scenario of a file, or the scenario that results were made of.

use std::path::{Path, PathBuf};

use super::ReplayArgs;
use crate::batch::parts::scenario_of;
use crate::cli::Failure;
use crate::cli::output::Output;
use crate::protocol;
use crate::results::{Manifest, RESULTS};
use crate::scenario::{self, Scenario};

fn find_named(folder: &Path, file: &str) -> Option<PathBuf> {
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(folder).ok()?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    entries.sort_unstable();
    let here = entries.iter().find(|path| path.is_file() && path.file_name().is_some_and(|name| name == file));
    here.cloned().or_else(|| entries.iter().filter(|path| path.is_dir()).find_map(|path| find_named(path, file)))
}

/// So many scenarios are named where there are several to choose from.
const NAMED_MAX: usize = 12;

/// The scenario of that name below a path; without a name, the only one.
fn load_one(path: &Path, name: Option<&str>, output: &Output) -> Result<Scenario, Failure> {
    let loaded = scenario::load(&[path.to_owned()]);
    if !loaded.diagnostics.is_empty() {
        let shown: Vec<String> = loaded.diagnostics.iter().map(|d| d.render(output.colour_of_errors)).collect();
        return Err(Failure::usage(shown.join("\n\n")));
    }
    let mut scenarios: Vec<Scenario> = loaded.scenarios.into_iter().map(|loaded| loaded.scenario).collect();
    let found = match name {
        Some(name) => scenarios.iter().position(|scenario| scenario.name == name),
        None => (scenarios.len() == 1).then_some(0),
    };
    found.map(|found| scenarios.swap_remove(found)).ok_or_else(|| {
        let more = scenarios.len().saturating_sub(NAMED_MAX);
        let mut names: Vec<String> = scenarios.into_iter().take(NAMED_MAX).map(|s| format!("  {}", s.name)).collect();
        names.extend((more > 0).then(|| format!("  and {more} more")));
        let none = match name {
            Some(name) => format!("`{}` holds no scenario `{name}`", path.display()),
            None => format!("`{}` holds several scenarios", path.display()),
        };
        Failure::usage(format!(
            "{none}: expected the name of one (and --scenarios where they lie)\n{}",
            names.join("\n")
        ))
    })
}

/// The scenario that the results in a folder were made of, if there are any.
fn of_results(folder: &Path) -> Result<Option<Scenario>, Failure> {
    let Some(manifest) = Manifest::read(folder).map_err(Failure::usage)? else { return Ok(None) };
    let scenario = scenario_of(&manifest);
    scenario.map(Some).map_err(|why| Failure::usage(format!("`{}`: {why}", folder.display())))
}

/// The scenario that was asked for.
pub(super) fn find(arguments: &ReplayArgs, output: &Output) -> Result<Scenario, Failure> {
    let (name, scenarios) = (arguments.target.as_str(), &arguments.scenarios);
    if let Some(known) = protocol::NAMES.iter().find(|known| **known == name) {
        return Ok(Scenario::new(known, known));
    }
    let path = Path::new(name);
    if path.exists() {
        return of_results(path)?.map_or_else(|| load_one(path, None, output), Ok);
    }
    // A scenario that a matrix made is named after its file, then `~`.
    let stem = name.split('~').next().unwrap_or(name);
    if let Some(path) = find_named(scenarios, &format!("{stem}.toml")) {
        return load_one(&path, Some(name), output);
    }
    if let Some(scenario) = of_results(&Path::new(RESULTS).join(name))? {
        return Ok(scenario);
    }
    Err(Failure::usage(format!(
        "`{}` is no protocol, no file, no scenario below `{}` (see --scenarios), and no results in `{RESULTS}`: \
         expected {}, a scenario file, a scenario's name, or its folder of results",
        name.chars().take(80).collect::<String>(),
        scenarios.display(),
        protocol::NAMES.join(", ")
    )))
}
