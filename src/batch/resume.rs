//! Which scenarios an earlier run has finished: what came of them is taken from the disk.
//!
//! A manifest is written last, and says what its files were made from and what is in them. Whatever does not match is no error: the
//! scenario is run again, and its folder replaced.

use std::path::Path;

use super::{Outcome, gaps};
use crate::results::{Manifest, Sheet};
use crate::scenario::Scenario;

/// What came of a scenario that has been run into `out` by this version, from this text and these seeds, and whose files are still
/// what they were; otherwise `None`. The lines on what broke are left to its `violations.csv`.
pub fn finished(scenario: &Scenario, text: &str, out: &Path) -> Option<Outcome> {
    let folder = out.join(&scenario.name);
    let found = Manifest::read(&folder).ok()??;
    let seeds = scenario.seeds();
    let wanted = Manifest::new(&scenario.name, text, &format!("{}..{}", seeds.start, seeds.end));
    let made_from = |manifest: &Manifest| {
        let Manifest { version, scenario, scenario_sha256, scenario_text, seeds, partition, .. } = manifest.clone();
        (version, scenario, scenario_sha256, scenario_text, seeds, partition)
    };
    let same = made_from(&found) == made_from(&wanted);
    if !same || found.summary.is_empty() || found.differs(&folder, &Sheet::OF_A_SCENARIO).ok()?.is_some() {
        return None;
    }
    Some(Outcome {
        incomplete: found.left_out.first().map(|left| left.why.clone()),
        gaps: gaps(scenario, &found.sometimes),
        findings: Vec::new(),
        summary: found.summary,
    })
}
