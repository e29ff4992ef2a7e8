//! Which scenarios an earlier run has finished: what came of them is taken from the disk.
//!
//! A manifest is written last, and says what its files were made from and what is in them. Whatever does not match is no error: the
//! scenario is run again, and its folder replaced.

use std::path::Path;

use super::kept::KEPT;
use super::partition::Partition;
use super::{Outcome, gaps, manifest};
use crate::results::{Manifest, Sheet, read_rows};
use crate::scenario::Scenario;

/// What came of a scenario that has been run into `out` by this version, from this text and these seeds, and whose files are still
/// what they were; otherwise `None`.
pub fn finished(scenario: &Scenario, text: &str, out: &Path) -> Option<Outcome> {
    let folder = out.join(&scenario.name);
    let found = Manifest::read(&folder).ok()??;
    let wanted = manifest(scenario, text, None);
    if !found.same_origin(&wanted)
        || found.summary.is_empty()
        || found.differs(&folder, &Sheet::OF_A_SCENARIO).ok()?.is_some()
    {
        return None;
    }
    let mut findings = Vec::new();
    read_rows(&folder, |row| findings.push(row)).ok()?;
    Some(Outcome {
        incomplete: found.left_out.first().map(|left| left.why.clone()),
        gaps: gaps(scenario, &found.sometimes),
        findings,
        extent: Vec::new(),
        summary: found.summary,
    })
}

/// Whether the part of a scenario is in `out` already, made by this version from this text and these seeds, and as it was.
pub fn part_finished(scenario: &Scenario, text: &str, out: &Path, partition: Partition) -> bool {
    let folder = out.join(&scenario.name);
    let wanted = manifest(scenario, text, Some(partition));
    let found = Manifest::read(&folder).ok().flatten().filter(|found| found.same_origin(&wanted));
    found.is_some_and(|found| matches!(found.differs_in(&folder, [KEPT]), Ok(None)))
}
