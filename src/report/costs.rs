//! What a purchase costs, figure by figure, each beside the least that it could be.
//!
//! The file is read by its columns' names: every column that is not known to be a label is a figure, and `X_least` is the bound of
//! `X`. Scenarios that measured the same share a line. The price list, where security profiles are measured beside each other, is in
//! view; what the scenarios' own mechanisms cost unfolds.

use maud::{Markup, html};

use super::{Campaign, Section, milliseconds, wide};
use crate::results::{Grid, grouped};

/// Columns that say what was measured.
const LABELS: [&str; 7] = ["scenario", "protocol", "crypto", "step", "purchases", "profile", "signatures"];
const TOTAL: &str = "total";
const LEAST: &str = "_least";
/// The profile of what a scenario's own mechanisms cost.
const OWN: &str = "scenario";

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

    /// Whether a security profile was measured, and not what the scenario happens to have.
    fn is_priced(&self) -> bool {
        self.steps.first().is_some_and(|row| !matches!(self.grid.cell(row, "profile"), "" | OWN))
    }

    /// Whether two measured the same, whatever the scenario and the cryptography.
    fn is_like(&self, other: &Measured<'_>) -> bool {
        let alike = |a: &[String], b: &[String]| {
            let mut columns =
                self.grid.header.iter().filter(|column| !["scenario", "crypto"].contains(&column.as_str()));
            columns.all(|column| self.grid.cell(a, column) == other.grid.cell(b, column))
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
            let profile = match grid.cell(first, "profile") {
                OWN => "the scenario's own",
                profile => profile,
            };
            let signed = grid.cell(first, "signatures");
            let signed = if signed.is_empty() { String::new() } else { format!("{signed} signed") };
            let name: Vec<&str> = [profile, &signed].into_iter().filter(|label| !label.is_empty()).collect();
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
            @let (priced, own): (Vec<_>, Vec<_>) = group.iter().partition(|one| one.is_priced());
            h3 { (group[0].protocol) }
            @if !priced.is_empty() {
                (totals(&priced))
                @if !own.is_empty() { details { summary { "The scenarios' own mechanisms" } (totals(&own)) } }
            } @else { (totals(&own)) }
            details {
                summary { "Step by step" }
                @for one in group {
                    details {
                        summary { (one.name) ", " (scenarios(&one.scenarios)) }
                        (steps(one))
                    }
                }
            }
            (sources(group))
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

fn totals(group: &[&Measured<'_>]) -> Markup {
    let Some(first) = group.first() else { return html! {} };
    let columns: Vec<&String> = figures(first.grid).collect();
    let table = html! {
        table.costs {
            caption.unseen { "Costs of " (first.protocol) }
            thead {
                tr { th scope="col" { "Mechanisms" } @for column in &columns { th.number scope="col" { (heading(column)) } } }
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

/// A column's name in words. Times are shown in milliseconds.
fn heading(column: &str) -> String {
    column.strip_suffix("_us").map_or_else(|| column.to_owned(), |stem| format!("{stem} ms")).replace('_', " ")
}

/// A number of a column with its digits in threes, or whatever else stands there.
fn number(column: &str, text: &str) -> String {
    match text.parse() {
        Ok(us) if column.ends_with("_us") => milliseconds(us),
        Ok(number) => grouped(number),
        Err(_) => text.to_owned(),
    }
}

fn undercuts(grid: &Grid, row: &[String], column: &str) -> bool {
    let (value, least) = (grid.cell(row, column), grid.cell(row, &format!("{column}{LEAST}")));
    matches!((value.parse::<u64>(), least.parse::<u64>()), (Ok(value), Ok(least)) if value < least)
}

fn figure(grid: &Grid, row: &[String], column: &str) -> Markup {
    let (value, least) = (grid.cell(row, column), grid.cell(row, &format!("{column}{LEAST}")));
    let (value_is, least_is) = (value.parse::<u64>(), least.parse::<u64>());
    let below = undercuts(grid, row, column);
    let share = match (value_is, least_is) {
        (Ok(value), Ok(least)) if value > 0 => Some((least.saturating_mul(100) / value).min(100)),
        (Ok(0), Ok(0)) => Some(100),
        _ => None,
    };
    html! {
        td.number style=[share.map(|share| format!("--share:{share}%"))] {
            (number(column, value))
            @if below { " " span.bad { "!" } span.unseen { " below its bound" } }
            @if share.is_some() { span.least { "≥ " (number(column, least)) } }
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
            thead { tr { th scope="col" { "Step" } @for column in &columns { th.number scope="col" { (heading(column)) } } } }
            tbody {
                @for row in &one.steps {
                    tr .total[one.grid.cell(row, "step") == TOTAL] {
                        th scope="row" { (one.grid.cell(row, "step")) }
                        @for column in &columns { td.number { (number(column, one.grid.cell(row, column))) } }
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
    // Bounds follow the mechanisms that are on, so that a figure below its bound refutes one of the two.
    let below = |one: &Measured<'_>| {
        one.total().is_some_and(|total| figures(one.grid).any(|column| undercuts(one.grid, total, column)))
    };
    html! {
        @for text in texts { p.note { "Bounds: " (text.replace('_', " ")) } }
        @if group.iter().any(below) {
            p.note {
                span.bad { "!" } " A figure below its bound: one of the two is wrong."
            }
        }
    }
}
