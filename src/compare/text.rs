//! A comparison in words: a table for each kind of change, and one line that says what came of it.

use std::collections::BTreeSet;
use std::fmt::Write;

use comfy_table::{CellAlignment, ContentArrangement, LineStyle, Table, TableStyle};

use super::{Breach, Change, Comparison, Expected, Subject};
use crate::results::{counted, grouped};

/// Marks what counts as a regression.
const WORSE: &str = "(!)";

/// Everything that has changed, then the line. `all` adds the violations that both have. `width` is the terminal's.
pub fn show(comparison: &Comparison, all: bool, width: Option<u16>) -> String {
    let mut out = String::new();
    let mut section = |title: &str, header: &[&str], rows: Vec<Vec<String>>| {
        if !rows.is_empty() {
            // Writing to a string cannot fail.
            let _ = writeln!(out, "{title}\n{}", table(header, rows, width));
        }
    };
    let subjects = |subjects: &[Subject], mark: &str| -> Vec<Vec<String>> {
        subjects.iter().map(|subject| [place(subject), vec![mark.to_owned()]].concat()).collect()
    };
    section("in the baseline only", &["scenario", "protocol", ""], subjects(&comparison.missing, WORSE));
    section("in the results only", &["scenario", "protocol", ""], subjects(&comparison.added, ""));
    let rows = comparison.verdicts.iter().map(|Change { what, regressed }| {
        let cells = vec![what.invariant.name().to_owned(), verdict(what.before), verdict(what.after), mark(*regressed)];
        [place(&what.subject), cells].concat()
    });
    section("verdicts that changed", &["scenario", "protocol", "invariant", "baseline", "results", ""], rows.collect());
    let header = ["scenario", "protocol", "invariant", "clause", "victim", "cause", ""];
    let breaches = |list: &[Breach]| list.iter().map(|breach| breach_cells(breach, "")).collect::<Vec<_>>();
    let new = comparison.new.iter();
    let new = new.map(|Change { what: (breach, _), regressed }| breach_cells(breach, &mark(*regressed)));
    section("new violations", &header, new.collect());
    section("resolved violations", &header, breaches(&comparison.resolved));
    if all {
        section("ongoing violations", &header, breaches(&comparison.ongoing));
    }
    let rows = comparison.costs.iter().map(|Change { what, regressed }| {
        let change = what.per_run.map(percent).unwrap_or_default();
        let cells = vec![what.cost.to_owned(), grouped(what.before), grouped(what.after), change, mark(*regressed)];
        [place(&what.subject), cells].concat()
    });
    section(
        "costs that moved, over all runs",
        &["scenario", "protocol", "cost", "baseline", "results", "per run", ""],
        rows.collect(),
    );
    let lost = comparison.lost.iter();
    let lost = lost.map(|(scenario, condition)| vec![scenario.clone(), condition.clone(), WORSE.to_owned()]);
    section("conditions that no run reaches any more", &["scenario", "condition", ""], lost.collect());
    let uncovered = comparison.uncovered.iter().map(|struck| {
        let cells = [&struck.party, &struck.site, &struck.fault].map(String::clone).to_vec();
        [place(&struck.subject), cells, vec![WORSE.to_owned()]].concat()
    });
    let header = ["scenario", "protocol", "party", "site", "fault", ""];
    section("sites at which no fault of the kind strikes any more", &header, uncovered.collect());
    let rewritten = comparison.rewritten.iter().map(|scenario| vec![scenario.clone()]);
    section("scenarios whose text has changed", &["scenario"], rewritten.collect());
    let shown = comparison.new.iter().filter(|change| change.regressed).map(|change| &change.what.1);
    let shown: Vec<&String> = shown.collect();
    if !shown.is_empty() {
        let _ = writeln!(out, "to see what is new");
        for replay in shown {
            let _ = writeln!(out, "  {replay}");
        }
        out.push('\n');
    }
    let _ = writeln!(out, "{}", one_line(comparison));
    out
}

/// `regressed`, `changed` or `unchanged`, and by what.
pub fn one_line(comparison: &Comparison) -> String {
    let changes = [
        (scenarios(&comparison.missing), "scenario", "missing"),
        (scenarios(&comparison.added), "scenario", "added"),
        (comparison.verdicts.len(), "verdict", "changed"),
        (comparison.new.len(), "violation", "new"),
        (comparison.resolved.len(), "violation", "resolved"),
        (comparison.costs.len(), "cost", "moved"),
        (comparison.lost.len(), "condition", "lost"),
        (comparison.uncovered.len(), "site", "lost"),
    ];
    let state = match (comparison.regressions(), changes.iter().all(|(count, ..)| *count == 0)) {
        (0, true) => "unchanged",
        (0, false) => "changed, for no worse",
        _ => "regressed",
    };
    let mut parts: Vec<String> = Vec::new();
    for (count, what, how) in changes {
        if count > 0 {
            parts.push(format!("{} {how}", counted(count as u64, what)));
        }
    }
    parts.push(format!("{} ongoing", counted(comparison.ongoing.len() as u64, "violation")));
    format!("{state}: {}", parts.join(", "))
}

/// How many scenarios these are, each under one protocol or several.
fn scenarios(subjects: &[Subject]) -> usize {
    subjects.iter().map(|subject| &subject.scenario).collect::<BTreeSet<_>>().len()
}

fn place(subject: &Subject) -> Vec<String> {
    vec![subject.scenario.clone(), subject.protocol.clone()]
}

fn breach_cells(breach: &Breach, mark: &str) -> Vec<String> {
    let Breach { subject, invariant, clause, victim, cause } = breach;
    let cells = vec![invariant.name().to_owned(), clause.clone(), victim.clone(), cause.clone(), mark.to_owned()];
    [place(subject), cells].concat()
}

fn verdict(verdict: Expected) -> String {
    let note = match (verdict.complete, verdict.as_expected()) {
        (false, _) => "so far",
        (true, true) => "as expected",
        (true, false) => "unexpected",
    };
    format!("{} ({note})", verdict.found.name())
}

fn mark(regressed: bool) -> String {
    if regressed { WORSE.to_owned() } else { String::new() }
}

/// Hundredths of a percent, with the sign.
fn percent(hundredths: i128) -> String {
    let sign = if hundredths < 0 { '-' } else { '+' };
    let all = hundredths.unsigned_abs();
    format!("{sign}{}.{:02} %", all / 100, all % 100)
}

fn table(header: &[&str], rows: Vec<Vec<String>>, width: Option<u16>) -> String {
    let mut table = Table::new();
    table.load_style(TableStyle::new().header_separator(LineStyle::none().fill('-').junction('-')));
    table.set_header(header.iter().copied());
    table.add_rows(rows);
    if let Some(width) = width {
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
    }
    for (column, name) in table.column_iter_mut().zip(header) {
        if header.contains(&"cost") && ["baseline", "results", "per run"].contains(name) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let lines: Vec<String> = table.trim_fmt().lines().map(|line| format!("{}\n", line.trim_end())).collect();
    lines.concat()
}
