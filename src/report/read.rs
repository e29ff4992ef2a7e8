//! A results folder as far as the page needs it.

use std::collections::BTreeSet;
use std::path::Path;

use super::delays::{self, Series};
use crate::results::{CoverageRow, Grid, Manifest, ResultsError, Sheet, SummaryRow, ViolationRow, read_rows};
use crate::scenario::{self, Scenario};

/// A results folder.
#[derive(Debug)]
pub struct Campaign {
    /// Every verdict, in the order of the file.
    pub summary: Vec<SummaryRow<'static>>,
    /// The scenarios' folders, in the order of the summary.
    pub folders: Vec<Folder>,
    /// Scenarios that differ in how often messages are lost, and in nothing else.
    pub(super) series: Vec<Series>,
    /// What each mechanism is needed for, if somebody has asked.
    pub necessity: Option<Grid>,
    /// Which sets of mechanisms suffice, if somebody has asked.
    pub minimal: Option<Grid>,
}

/// A scenario's folder.
#[derive(Debug)]
pub struct Folder {
    /// What it was made from.
    pub manifest: Manifest,
    /// The scenario, or why there is none.
    pub scenario: Result<Scenario, String>,
    /// What broke.
    pub violations: Vec<ViolationRow<'static>>,
    /// What was looked at; nothing for scenarios that do not try everything.
    pub coverage: Vec<CoverageRow<'static>>,
    /// What a purchase costs, if it was measured.
    pub costs: Option<Grid>,
}

/// The files of a scenario that the page may show.
const SHEETS: [Sheet; 4] = [Sheet::Violations, Sheet::Coverage, Sheet::Purchases, Sheet::Costs];

/// Reads a results folder.
///
/// # Errors
///
/// A folder that holds no results, or whose results are unfinished or not what their manifests say.
pub fn read(root: &Path) -> Result<Campaign, ResultsError> {
    let mut summary: Vec<SummaryRow<'static>> = Vec::new();
    read_rows(root, |row| summary.push(row))?;
    let mut seen = BTreeSet::new();
    let names: Vec<&str> = summary.iter().map(|row| &*row.scenario).filter(|name| seen.insert(*name)).collect();
    let folders = names.iter().map(|name| folder(&root.join(name))).collect::<Result<Vec<_>, _>>()?;
    let series = delays::series(root, &folders)?;
    let grid = |sheet: Sheet| Grid::read(&root.join(sheet.file_name()));
    Ok(Campaign { folders, series, necessity: grid(Sheet::Necessity)?, minimal: grid(Sheet::Minimal)?, summary })
}

fn folder(inside: &Path) -> Result<Folder, ResultsError> {
    let Some(manifest) = Manifest::read(inside)? else {
        let why = "has no manifest: `halfpaid run --resume` finishes what was interrupted".to_owned();
        return Err(ResultsError::Folder { path: inside.to_owned(), why });
    };
    // A folder that is kept small may lack some of them.
    let listed: Vec<Sheet> = SHEETS.into_iter().filter(|sheet| inside.join(sheet.file_name()).exists()).collect();
    if let Some(path) = manifest.differs(inside, &listed)? {
        let why = "is not what its manifest says: run the scenario again to replace it".to_owned();
        return Err(ResultsError::Folder { path, why });
    }
    let (mut violations, mut coverage) = (Vec::new(), Vec::new());
    read_rows(inside, |row| violations.push(row))?;
    if listed.contains(&Sheet::Coverage) {
        read_rows(inside, |row| coverage.push(row))?;
    }
    let costs = Grid::read(&inside.join(Sheet::Costs.file_name()))?;
    let scenario = scenario_of(&manifest);
    Ok(Folder { manifest, scenario, violations, coverage, costs })
}

/// The scenario that a manifest holds, one of a matrix perhaps.
fn scenario_of(manifest: &Manifest) -> Result<Scenario, String> {
    let stem = manifest.scenario.split('~').next().unwrap_or_default();
    let path = format!("{stem}.toml");
    match scenario::parse(Path::new(&path), &manifest.scenario_text) {
        Ok(scenarios) => {
            let found = scenarios.into_iter().find(|scenario| scenario.name == manifest.scenario);
            found.ok_or_else(|| "the scenario in the manifest has another name".to_owned())
        }
        Err(_) => {
            let (made, here) = (&manifest.version, env!("CARGO_PKG_VERSION"));
            Err(format!("version {here} cannot read the scenario in the manifest, which is of version {made}"))
        }
    }
}
