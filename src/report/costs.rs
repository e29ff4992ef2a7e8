//! What a purchase costs, figure by figure, each beside the least that it could be.
//!
//! The file is read by its columns' names: every column that is not known to be a label is a figure, and `X_least` is the bound of
//! `X`. Scenarios that measured the same share a line.

use maud::{Markup, html};

use super::{Campaign, Section, wide};
use crate::results::{Grid, grouped};

/// Columns that say what was measured.
const LABELS: [&str; 7] = ["scenario", "protocol", "crypto", "step", "purchases", "profile", "signatures"];
const TOTAL: &str = "total";
const LEAST: &str = "_least";

/// What was measured once.
struct Measured<'c> {
    protocol: &'c str,
    /// What it is called: a profile, or the scenarios' own mechanisms.
    name: String,
    scenarios: Vec<&'c str>,
    grid: &'c Grid,
    steps: Vec<&'c [String]>,
}

impl<'c> Measured<'c> {
    fn total(&self) -> Option<&'c [String]> {
        self.steps.iter().copied().find(|row| self.grid.cell(row, "step") == TOTAL)
    }

    /// Whether two measured the same, whatever the scenario.
    fn is_like(&self, other: &Measured<'_>) -> bool {
        let alike = |a: &[String], b: &[String]| {
            let columns = self.grid.header.iter().filter(|column| *column != "scenario");
            columns.clone().all(|column| self.grid.cell(a, column) == other.grid.cell(b, column))
        };
        self.grid.header == other.grid.header
            && self.steps.len() == other.steps.len()
            && self.steps.iter().zip(&other.steps).all(|(a, b)| alike(a, b))
    }
}

/// The figures of a file: its columns that are neither labels nor bounds, nor where bounds come from.
fn figures(grid: &Grid) -> impl Iterator<Item = &String> {
    let label = |column: &str| LABELS.contains(&column) || column.ends_with(LEAST) || column == "least_source";
    grid.header.iter().filter(move |column| !label(column))
}

fn gather(campaign: &Campaign) -> Vec<Measured<'_>> {
    let mut all: Vec<Measured<'_>> = Vec::new();
    for grid in campaign.folders.iter().filter_map(|folder| folder.costs.as_ref()) {
        let label = |row: &[String], column| grid.cell(row, column).to_owned();
        let subject =
            |row: &[String]| ["scenario", "protocol", "crypto", "profile", "signatures"].map(|c| label(row, c));
        for rows in grid.rows.chunk_by(|a, b| subject(a) == subject(b)) {
            let Some(first) = rows.first() else { continue };
            let named = ["profile", "signatures", "crypto"].map(|column| grid.cell(first, column));
            let name: Vec<&str> = named.into_iter().filter(|label| !label.is_empty()).collect();
            let scenarios = vec![grid.cell(first, "scenario")];
            let steps = rows.iter().map(Vec::as_slice).collect();
            let one =
                Measured { protocol: grid.cell(first, "protocol"), name: name.join(", "), scenarios, grid, steps };
            match all.iter_mut().find(|known| known.is_like(&one)) {
                Some(known) => known.scenarios.extend(one.scenarios),
                None => all.push(one),
            }
        }
    }
    all.sort_by(|a, b| a.protocol.cmp(b.protocol));
    all
}

pub(super) fn section(campaign: &Campaign) -> Option<Section> {
    let all = gather(campaign);
    if all.is_empty() {
        return None;
    }
    let bounded = all.iter().any(|one| one.grid.header.iter().any(|column| column.ends_with(LEAST)));
    let body = html! {
        @for group in all.chunk_by(|a, b| a.protocol == b.protocol && a.grid.header == b.grid.header) {
            @if let Some(first) = group.first() {
                h3 { (first.protocol) }
                (totals(group))
                details {
                    summary { "Step by step" }
                    @for one in group {
                        h4 { (one.name) ", " (one.scenarios.join(", ")) }
                        (steps(one))
                    }
                }
                (sources(group))
            }
        }
    };
    let lead = if bounded {
        "A purchase without faults. Beneath each figure is the least that it could be, and the bar is that share of it: a full bar is at \
         its bound."
    } else {
        "A purchase without faults. These results have no bounds beside the figures."
    };
    Some(Section { id: "costs", title: "Costs", lead: lead.to_owned(), body })
}

fn totals(group: &[Measured<'_>]) -> Markup {
    let Some(first) = group.first() else { return html! {} };
    let columns: Vec<&String> = figures(first.grid).collect();
    let table = html! {
        table.costs {
            caption.unseen { "Costs of " (first.protocol) }
            thead {
                tr { th scope="col" { "Mechanisms" } @for column in &columns { th.number scope="col" { (column.replace('_', " ")) } } }
            }
            tbody {
                @for one in group {
                    @if let Some(total) = one.total() {
                        tr {
                            th scope="row" {
                                (one.name)
                                span.about { (scenarios(&one.scenarios)) }
                            }
                            @for column in &columns { (figure(one.grid, total, column)) }
                        }
                    }
                }
            }
        }
    };
    wide(&format!("Costs of {}", first.protocol), &table)
}

fn scenarios(names: &[&str]) -> String {
    match names {
        [name] => (*name).to_owned(),
        [first, rest @ ..] => format!("{first} and {} more", rest.len()),
        [] => String::new(),
    }
}

/// A number with its digits in threes, or whatever else stands there.
fn number(text: &str) -> String {
    text.parse().map_or_else(|_| text.to_owned(), grouped)
}

fn figure(grid: &Grid, row: &[String], column: &str) -> Markup {
    let (value, least) = (grid.cell(row, column), grid.cell(row, &format!("{column}{LEAST}")));
    let (value_is, least_is) = (value.parse::<u64>(), least.parse::<u64>());
    // A bound that is undercut is none: somebody should look.
    let below = matches!((&value_is, &least_is), (Ok(value), Ok(least)) if value < least);
    let share = match (value_is, least_is) {
        (Ok(value), Ok(least)) if value > 0 => Some((least.saturating_mul(100) / value).min(100)),
        (Ok(0), Ok(0)) => Some(100),
        _ => None,
    };
    html! {
        td.number style=[share.map(|share| format!("--share:{share}%"))] {
            (number(value))
            @if below { " " span.bad { "!" } span.unseen { " below its bound" } }
            @if share.is_some() { span.least { "≥ " (number(least)) } }
        }
    }
}

fn steps(one: &Measured<'_>) -> Markup {
    let used = |column: &&String| {
        one.steps.iter().any(|row| one.grid.cell(row, "step") != TOTAL && !one.grid.cell(row, column).is_empty())
    };
    let columns: Vec<&String> = figures(one.grid).filter(used).collect();
    let table = html! {
        table {
            caption.unseen { "Costs of " (one.protocol) ", step by step: " (one.name) }
            thead { tr { th scope="col" { "Step" } @for column in &columns { th.number scope="col" { (column.replace('_', " ")) } } } }
            tbody {
                @for row in &one.steps {
                    tr .total[one.grid.cell(row, "step") == TOTAL] {
                        th scope="row" { (one.grid.cell(row, "step")) }
                        @for column in &columns { td.number { (number(one.grid.cell(row, column))) } }
                    }
                }
            }
        }
    };
    wide("Step by step", &table)
}

/// Where the bounds come from, each text once.
fn sources(group: &[Measured<'_>]) -> Markup {
    let mut texts: Vec<&str> = Vec::new();
    for one in group {
        let text = one.total().map_or("", |total| one.grid.cell(total, "least_source"));
        if !text.is_empty() && !texts.contains(&text) {
            texts.push(text);
        }
    }
    html! { @for text in texts { p.note { "Bounds: " (text) } } }
}
