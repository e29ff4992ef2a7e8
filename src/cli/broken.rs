//! What broke, in words, each with the command that shows it.

use std::path::Path;

use crate::blame;
use crate::results::{ViolationRow, YesNo, counted};

/// So many violations of a scenario are told of.
const TOLD_MAX: usize = 20;

/// What broke, who is hurt, whether it could have been prevented, and the command.
fn told(row: &ViolationRow<'_>, out: &Path) -> String {
    let ViolationRow { scenario, protocol, invariant, clause, victim, cause, .. } = row;
    let events = counted(row.events, "event");
    let mut lines =
        vec![format!("{scenario}, {protocol}: {}: {clause}, {victim} is hurt, {cause}, {events}", invariant.name())];
    if let Some(can_prove) = row.can_prove {
        let possible = row.could_prevent.map(|possible| possible == YesNo::Yes);
        let with: Vec<&str> = row.prevented_by.split_whitespace().collect();
        lines.push(format!("  {}", blame::words(victim, possible, &with, can_prove == YesNo::Yes)));
    }
    lines.push(format!("  {}\n", row.command(out)));
    lines.join("\n")
}

/// The same of several rows of one scenario.
pub(super) fn all<'r>(rows: impl Iterator<Item = &'r ViolationRow<'static>>, out: &Path) -> String {
    let mut rows = rows.peekable();
    let mut text: String = rows.by_ref().take(TOLD_MAX).map(|row| told(row, out)).collect();
    if let Some(row) = rows.next() {
        let (more, scenario) = (counted(1 + rows.count() as u64, "more violation"), &row.scenario);
        text.push_str(&format!("{scenario}: {more} in {}\n", out.join(&**scenario).join("violations.csv").display()));
    }
    text
}
