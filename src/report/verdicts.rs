//! The matrix of verdicts: a line for each scenario and protocol, a column for each invariant.

use maud::{Markup, html};

use super::counterexamples::Pictures;
use super::{Campaign, Section, wide};
use crate::invariant::{Invariant, Verdict};
use crate::results::{SummaryRow, YesNo, grouped};

pub(super) fn section(campaign: &Campaign, pictures: &Pictures<'_>) -> Section {
    let lines: Vec<&[SummaryRow<'static>]> =
        campaign.summary.chunk_by(|a, b| a.scenario == b.scenario && a.protocol == b.protocol).collect();
    let (odd, even): (Vec<_>, Vec<_>) =
        lines.iter().partition(|line| line.iter().any(|row| row.as_expected == YesNo::No));
    let body = html! {
        ul.legend {
            li { span.verdict.ok { "✓ holds" } " as expected" }
            li { span.verdict.known { "✗ violated" } " as expected: a known weakness" }
            li { span.verdict.bad { "! ✗ violated" } " not expected" }
            li { span.verdict.bad { "! ✓ holds" } " expected to break" }
        }
        @if !odd.is_empty() {
            h3 { "Not as expected" }
            (matrix("Verdicts that are not as expected", campaign, &odd, pictures))
            @if !even.is_empty() { h3 { "As expected" } }
        }
        @if !even.is_empty() { (matrix("Verdicts", campaign, &even, pictures)) }
        @if lines.is_empty() { p { "There is no verdict in these results." } }
    };
    let lead = "A violation that was expected is a result too. Each one leads to the shortest plan that shows it. \
                Completed is the share of purchases that were paid: doing nothing would be safe.";
    Section { id: "verdicts", title: "Verdicts", lead: lead.to_owned(), body }
}

fn matrix(name: &str, campaign: &Campaign, lines: &[&&[SummaryRow<'static>]], pictures: &Pictures<'_>) -> Markup {
    let table = html! {
        table.matrix {
            caption.unseen { (name) ": a line for each scenario and protocol" }
            thead {
                tr {
                    th scope="col" { "Scenario" }
                    th scope="col" { "Protocol" }
                    @for invariant in Invariant::ALL { th.verdict scope="col" { (invariant.name()) } }
                    th.number scope="col" { "Runs" }
                    th.number scope="col" { "Completed" }
                }
            }
            @for group in lines.chunk_by(|a, b| a[0].scenario == b[0].scenario) {
                tbody {
                    @for (nth, line) in group.iter().enumerate() {
                        tr {
                            @if nth == 0 { (scenario_cell(campaign, &line[0].scenario, group.len())) }
                            td.protocol { (line[0].protocol) }
                            @for invariant in Invariant::ALL { (cell(line, *invariant, pictures)) }
                            td.number { (grouped(line[0].runs)) }
                            td.number { (line[0].completed_percent) " %" }
                        }
                    }
                }
            }
        }
    };
    wide(name, &table)
}

fn scenario_cell(campaign: &Campaign, name: &str, lines: usize) -> Markup {
    let folder = campaign.folders.iter().find(|folder| folder.manifest.scenario == name);
    let about = folder.and_then(|folder| folder.scenario.as_ref().ok()).map_or("", |scenario| &scenario.about);
    let incomplete = folder.is_some_and(|folder| !folder.manifest.left_out.is_empty());
    html! {
        th.scenario scope="rowgroup" rowspan=(lines) {
            span.name { (name) }
            @if incomplete { " " a.flag href="#gaps" { "incomplete" } }
            @if !about.is_empty() { span.about { (about) } }
        }
    }
}

fn cell(line: &[SummaryRow<'static>], invariant: Invariant, pictures: &Pictures<'_>) -> Markup {
    let Some(row) = line.iter().find(|row| row.invariant == invariant) else {
        return html! { td.verdict { span.unseen { "not looked at" } "–" } };
    };
    let (class, note) = match (row.found, row.as_expected) {
        (Verdict::Holds, YesNo::Yes) => ("ok", ""),
        (Verdict::Violated, YesNo::Yes) => ("known", "as expected"),
        (Verdict::Violated, YesNo::No) => ("bad", "not expected"),
        (Verdict::Holds, YesNo::No) => ("bad", "expected to break"),
    };
    let sign = if row.found == Verdict::Holds { "✓" } else { "✗" };
    let words = html! {
        @if row.as_expected == YesNo::No { "! " }
        span.sign aria-hidden="true" { (sign) }
        span.word { " " (row.found.name()) }
        @if !note.is_empty() { span.note { " " (note) } }
    };
    let link = pictures.first(&row.scenario, &row.protocol, invariant);
    html! {
        td.verdict .(class) {
            @if let Some(link) = link { a href={ "#" (link) } { (words) } } @else { (words) }
        }
    }
}
