//! Which mechanism each protocol needs: what breaks without it, against whom, and with how few faults.
//!
//! The file is read by its columns' names. Where it lacks the ones that make a matrix, it is shown as it is.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::{Campaign, Section, wide};
use crate::invariant::Invariant;
use crate::results::{Grid, counted};

const HONEST: &str = "honest";

pub(super) fn section(campaign: &Campaign) -> Option<Section> {
    let grid = campaign.necessity.as_ref().filter(|grid| !grid.rows.is_empty())?;
    let is_matrix = ["protocol", "without", "invariant"].iter().all(|column| grid.has(column));
    let body = html! {
        @if is_matrix {
            @for protocol in in_order(grid, "protocol") {
                h3 { (protocol) }
                (matrix(grid, protocol))
            }
            details { summary { "Every answer, with its plan" } (plain(grid)) }
        } @else { (plain(grid)) }
    };
    let lead = "One mechanism is taken away at a time. A cell names what then breaks, with how few faults, and which deviation it \
                takes where honest parties are safe.";
    Some(Section { id: "necessity", title: "Necessity", lead: lead.to_owned(), body })
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

fn matrix(grid: &Grid, protocol: &str) -> Markup {
    // For each mechanism and invariant the row with an honest cast, or else with the fewest faults.
    let mut lines: Vec<(&str, Vec<&str>, BTreeMap<&str, &[String]>)> = Vec::new();
    for row in grid.rows.iter().filter(|row| grid.cell(row, "protocol") == protocol) {
        let (without, verdict) = (grid.cell(row, "without"), grid.cell(row, "verdict"));
        let at = lines.iter().position(|(known, ..)| *known == without).unwrap_or_else(|| {
            lines.push((without, Vec::new(), BTreeMap::new()));
            lines.len() - 1
        });
        let (_, verdicts, cells) = &mut lines[at];
        if !verdict.is_empty() && !verdicts.contains(&verdict) {
            verdicts.push(verdict);
        }
        let rank = |row: &[String]| {
            let faults: u64 = grid.cell(row, "faults").parse().unwrap_or(u64::MAX);
            (grid.cell(row, "against") != HONEST, faults)
        };
        let best = cells.entry(grid.cell(row, "invariant")).or_insert(row);
        if rank(row) < rank(best) {
            *best = row;
        }
    }
    let table = html! {
        table.necessity {
            caption.unseen { "What breaks in " (protocol) " without each mechanism" }
            thead {
                tr {
                    th scope="col" { "Without" }
                    @for invariant in Invariant::ALL { th scope="col" { (invariant.name()) } }
                    th scope="col" { "Verdict" }
                }
            }
            tbody {
                @for (without, verdicts, cells) in &lines {
                    tr {
                        th scope="row" { (without) }
                        @for invariant in Invariant::ALL { (cell(grid, cells.get(invariant.name()).copied())) }
                        td.note { (verdicts.first().unwrap_or(&"")) }
                    }
                }
            }
        }
    };
    wide(&format!("Necessity in {protocol}"), &table)
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

fn plain(grid: &Grid) -> Markup {
    let table = html! {
        table {
            caption.unseen { "necessity.csv" }
            thead { tr { @for column in &grid.header { th scope="col" { (column) } } } }
            tbody { @for row in &grid.rows { tr { @for cell in row { td { (cell) } } } } }
        }
    };
    wide("Every answer", &table)
}
