//! Which mechanism each protocol needs: what breaks without it, against whom, and with how few faults.
//!
//! The files are read by their columns' names. Where one lacks the columns that make a matrix, it is shown as it is.

use maud::{Markup, html};

use super::{Campaign, Section, wide};
use crate::invariant::Invariant;
use crate::results::{Grid, Need, counted};

const HONEST: &str = "honest";
/// What stands between mechanisms that are taken away together.
const AND: &str = " + ";
const NOTHING: &str = "none";

/// The columns of the files that are shown in full.
const WAYS: [&str; 9] =
    ["protocol", "without", "against", "verdict", "invariant", "clause", "victim", "faults", "replay"];
const SETS: [&str; 6] = ["protocol", "against", "holds", "mechanisms", "faults_at_most", "complete"];

/// What one protocol does without some of its mechanisms.
struct Line<'g> {
    without: &'g str,
    /// The answers, those between honest parties first.
    rows: Vec<&'g [String]>,
}

pub(super) fn section(campaign: &Campaign) -> Option<Section> {
    let grid = campaign.necessity.as_ref().filter(|grid| !grid.rows.is_empty())?;
    let is_matrix = ["protocol", "without", "invariant"].iter().all(|column| grid.has(column));
    let body = html! {
        @if is_matrix {
            @for protocol in in_order(grid, "protocol") {
                @let (single, pairs) = single_and_pairs(grid, protocol);
                h3 { (protocol) }
                (matrix(grid, protocol, &single))
                @if !pairs.is_empty() {
                    details { summary { "Two at a time, where that breaks more" } (matrix(grid, protocol, &pairs)) }
                }
            }
            details {
                summary { "Every way, with the command that shows it" }
                (plain(grid, &WAYS, "invariant"))
            }
        } @else { (plain(grid, &[], "")) }
        @if let Some(minimal) = campaign.minimal.as_ref().filter(|minimal| !minimal.rows.is_empty()) {
            details {
                summary { "The smallest sets that suffice" }
                (plain(minimal, &SETS, ""))
            }
        }
    };
    let lead = "One mechanism is taken away at a time. A cell names what then breaks that did not before, with how few faults, and \
                which deviation it takes where honest parties are safe.";
    Some(Section { id: "necessity", title: "Necessity", lead: lead.to_owned(), body })
}

fn lines<'g>(grid: &'g Grid, protocol: &str) -> Vec<Line<'g>> {
    let mut lines: Vec<Line<'g>> = Vec::new();
    for row in grid.rows.iter().filter(|row| grid.cell(row, "protocol") == protocol) {
        let without = grid.cell(row, "without");
        match lines.iter_mut().find(|line| line.without == without) {
            Some(line) => line.rows.push(row),
            None => lines.push(Line { without, rows: vec![row] }),
        }
    }
    lines
}

/// The lines with one mechanism away, and those with more, as far as these break anything.
fn single_and_pairs<'g>(grid: &'g Grid, protocol: &str) -> (Vec<Line<'g>>, Vec<Line<'g>>) {
    let (mut pairs, single): (Vec<_>, Vec<_>) =
        lines(grid, protocol).into_iter().partition(|line| line.without.contains(AND));
    pairs.retain(|line| broken(grid, line).next().is_some());
    (single, pairs)
}

/// The answers that name something broken.
fn broken<'l, 'g>(grid: &'g Grid, line: &'l Line<'g>) -> impl Iterator<Item = &'g [String]> + use<'l, 'g> {
    line.rows.iter().copied().filter(|row| !grid.cell(row, "invariant").is_empty())
}

/// What follows for the mechanism, in words: the strongest of the answers.
fn verdict(grid: &Grid, line: &Line<'_>) -> String {
    let of = |need: Need| line.rows.iter().copied().find(|row| grid.cell(row, "verdict") == need.name());
    let words = |row: Option<&[String]>| row.map_or("", |row| grid.cell(row, "verdict")).to_owned();
    if let Some(row) = of(Need::NeededOnlyAgainst).filter(|_| of(Need::Needed).is_none()) {
        return format!("needed only against {}", grid.cell(row, "against"));
    }
    if of(Need::Needed).is_none() && of(Need::Unknown).is_some() {
        return "unknown: not everything was tried".to_owned();
    }
    match of(Need::NotNeededWithin) {
        Some(row) if of(Need::Needed).is_none() => match grid.cell(row, "faults_at_most").parse() {
            Ok(faults) => format!("not needed within {}", counted(faults, "fault")),
            Err(_) => words(Some(row)),
        },
        _ => words(line.rows.first().copied()),
    }
}

/// The values of a column, each once, as they come.
fn in_order<'g>(grid: &'g Grid, column: &str) -> Vec<&'g str> {
    let mut values = Vec::new();
    for row in &grid.rows {
        let value = grid.cell(row, column);
        if !values.contains(&value) {
            values.push(value);
        }
    }
    values
}

fn matrix(grid: &Grid, protocol: &str, lines: &[Line<'_>]) -> Markup {
    let name = format!("What breaks in {protocol} without its mechanisms");
    let table = html! {
        table.necessity {
            caption.unseen { (name) }
            thead {
                tr {
                    th scope="col" { "Without" }
                    @for invariant in Invariant::ALL { th scope="col" { (invariant.name()) } }
                    th scope="col" { "Verdict" }
                }
            }
            tbody {
                @for line in lines {
                    tr {
                        th scope="row" { @if line.without == NOTHING { "nothing: all are on" } @else { (line.without) } }
                        @for invariant in Invariant::ALL { (cell(grid, weakest(grid, line, *invariant))) }
                        td.note { (verdict(grid, line)) }
                    }
                }
            }
        }
    };
    wide(&name, &table)
}

/// The answer that takes least: between honest parties, or else with the fewest faults.
fn weakest<'g>(grid: &'g Grid, line: &Line<'g>, invariant: Invariant) -> Option<&'g [String]> {
    let takes = |row: &&[String]| {
        let faults: u64 = grid.cell(row, "faults").parse().unwrap_or(u64::MAX);
        (grid.cell(row, "against") != HONEST, faults)
    };
    broken(grid, line).filter(|row| grid.cell(row, "invariant") == invariant.name()).min_by_key(takes)
}

fn cell(grid: &Grid, row: Option<&[String]>) -> Markup {
    let Some(row) = row else { return html! { td.ok { span aria-hidden="true" { "·" } span.unseen { "holds" } } } };
    let of = |column| grid.cell(row, column);
    let honest = of("against").is_empty() || of("against") == HONEST;
    let class = if honest { "bad" } else { "known" };
    html! {
        td .(class) title=(of("plan")) {
            "✗ " (of("clause"))
            span.note {
                @if let Ok(faults) = of("faults").parse() { " " (counted(faults, "fault")) }
                @if !honest { " by " (of("against")) }
            }
        }
    }
}

/// Some columns of a file, or all where none is named. Rows that have nothing in the `wanted` column are left out.
fn plain(grid: &Grid, columns: &[&str], wanted: &str) -> Markup {
    let all: Vec<&str> = grid.header.iter().map(String::as_str).collect();
    let columns = if columns.is_empty() { &all } else { columns };
    let rows = grid.rows.iter().filter(|row| wanted.is_empty() || !grid.cell(row, wanted).is_empty());
    let table = html! {
        table.plain {
            caption.unseen { (columns.join(", ")) }
            thead { tr { @for column in columns { th scope="col" { (column.replace('_', " ")) } } } }
            tbody {
                @for row in rows {
                    tr {
                        @for column in columns {
                            @let cell = grid.cell(row, column);
                            td { @if *column == "replay" { code { (cell) } } @else { (cell) } }
                        }
                    }
                }
            }
        }
    };
    wide("Every answer", &table)
}
