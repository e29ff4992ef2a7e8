//! The matrix of verdicts: a line for each scenario and protocol, a column for each invariant.
//!
//! What is not as expected comes first and in full. Of the rest, the scenarios of one matrix share a line, and unfold beneath.

use maud::{Markup, html};

use super::counterexamples::Pictures;
use super::{Campaign, Section, family, wide};
use crate::invariant::{Expectation, Invariant, Verdict};
use crate::results::{SummaryRow, YesNo, counted, grouped};

/// The rows of a scenario and protocol: one for each invariant.
type Line<'c> = &'c [SummaryRow<'static>];

/// Lines that are shown as one: those of one scenario, or of one matrix.
struct Group<'c> {
    name: &'c str,
    lines: Vec<Line<'c>>,
}

pub(super) fn section(campaign: &Campaign, pictures: &Pictures<'_>) -> Section {
    let lines: Vec<Line<'_>> =
        campaign.summary.chunk_by(|a, b| a.scenario == b.scenario && a.protocol == b.protocol).collect();
    let (odd, even): (Vec<_>, Vec<_>) =
        lines.iter().partition(|line| line.iter().any(|row| row.as_expected == YesNo::No));
    let odd = groups(&odd, |name| name);
    let even = groups(&even, |name| family(name).0);
    let body = html! {
        ul.legend {
            li { span.verdict.ok { "✓ holds" } " as expected" }
            li { span.verdict.known { "? holds" } " so far: not everything was looked at" }
            li { span.verdict.known { "✗ violated" } " as expected: a known weakness" }
            li { span.verdict.bad { "! ✗ violated" } " not expected" }
            li { span.verdict.bad { "! ✓ holds" } " expected to break" }
        }
        @if !odd.is_empty() {
            h3 { "Not as expected" }
            (matrix("Verdicts that are not as expected", campaign, &odd, pictures))
            @if !even.is_empty() { h3 { "As expected" } }
        }
        @if !even.is_empty() {
            (matrix("Verdicts", campaign, &even, pictures))
            @for group in even.iter().filter(|group| group.variants() > 1) {
                details.variants id=(group.id()) {
                    summary { (group.name) ": " (counted(group.variants() as u64, "variant")) }
                    (matrix(&format!("Variants of {}", group.name), campaign, &groups(&group.lines, |name| name), pictures))
                }
            }
        }
        @if lines.is_empty() { p { "There is no verdict in these results." } }
    };
    let lead = "A violation that was expected is a result too. Each one leads to the shortest plan that shows it. \
                Completed is the share of purchases that were paid: doing nothing would be safe.";
    Section { id: "verdicts", title: "Verdicts", lead: lead.to_owned(), body }
}

/// Lines that follow each other and have a name in common.
fn groups<'c>(lines: &[Line<'c>], name: fn(&str) -> &str) -> Vec<Group<'c>> {
    let alike = |a: &Line<'_>, b: &Line<'_>| name(&a[0].scenario) == name(&b[0].scenario);
    lines.chunk_by(alike).map(|lines| Group { name: name(&lines[0][0].scenario), lines: lines.to_vec() }).collect()
}

impl<'c> Group<'c> {
    /// How many scenarios it is made of.
    fn variants(&self) -> usize {
        self.lines.chunk_by(|a, b| a[0].scenario == b[0].scenario).count()
    }

    /// Its place on the page. Scenarios' names are safe in a file's name, and so here.
    fn id(&self) -> String {
        format!("variants-{}", self.name)
    }

    /// The protocols, each once, as they come.
    fn protocols(&self) -> Vec<&'c str> {
        let mut all: Vec<&str> = Vec::new();
        for line in &self.lines {
            if !all.contains(&&*line[0].protocol) {
                all.push(&line[0].protocol);
            }
        }
        all
    }

    fn of(&self, protocol: &str) -> Vec<Line<'c>> {
        self.lines.iter().copied().filter(|line| line[0].protocol == protocol).collect()
    }
}

fn matrix(name: &str, campaign: &Campaign, groups: &[Group<'_>], pictures: &Pictures<'_>) -> Markup {
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
            @for group in groups {
                @let protocols = group.protocols();
                tbody {
                    @for (nth, protocol) in protocols.iter().enumerate() {
                        @let lines = group.of(protocol);
                        tr {
                            @if nth == 0 { (scenario_cell(campaign, group, protocols.len())) }
                            td.protocol { (protocol) }
                            @for invariant in Invariant::ALL { (cell(&lines, *invariant, pictures)) }
                            td.number { (grouped(lines.iter().map(|line| line[0].runs).sum())) }
                            td.number { (completed(&lines)) }
                        }
                    }
                }
            }
        }
    };
    wide(name, &table)
}

/// The share of the purchases that were paid: from the least to the most among the variants.
fn completed(lines: &[Line<'_>]) -> Markup {
    let shares = || lines.iter().map(|line| line[0].completed_percent);
    match (shares().min(), shares().max()) {
        (Some(least), Some(most)) if least != most => html! { (least) " to " (most) " %" },
        (_, most) => html! { @if let Some(most) = most { (most) " %" } },
    }
}

fn scenario_cell(campaign: &Campaign, group: &Group<'_>, lines: usize) -> Markup {
    let ours = |line: &Line<'_>| campaign.folders.iter().find(|folder| folder.manifest.scenario == line[0].scenario);
    let mut folders = group.lines.iter().filter_map(ours);
    let incomplete = folders.clone().any(|folder| !folder.manifest.left_out.is_empty());
    let about = folders.next().and_then(|folder| folder.scenario.as_ref().ok()).map_or("", |scenario| &scenario.about);
    let (stem, variant) = family(group.name);
    html! {
        th.scenario scope="rowgroup" rowspan=(lines) {
            span.name { (stem) }
            @if !variant.is_empty() { span.variant { "~" (variant) } }
            @if group.variants() > 1 { " " a.note href={ "#" (group.id()) } { (counted(group.variants() as u64, "variant")) } }
            @if incomplete { " " a.flag href="#gaps" { "incomplete" } }
            @if !about.is_empty() { span.about { (about) } }
        }
    }
}

fn cell(lines: &[Line<'_>], invariant: Invariant, pictures: &Pictures<'_>) -> Markup {
    let rows: Vec<&SummaryRow<'_>> =
        lines.iter().filter_map(|line| line.iter().find(|row| row.invariant == invariant)).collect();
    let broken: Vec<_> = rows.iter().filter(|row| row.found == Verdict::Violated).collect();
    let open = rows.iter().find(|row| row.complete == YesNo::No);
    let Some(row) = broken.first().copied().or(open).or(rows.first()) else {
        return html! { td.verdict { span.unseen { "not looked at" } "–" } };
    };
    let (class, note) = match (row.found, row.as_expected, row.expected) {
        _ if row.complete == YesNo::No => ("known", "so far"),
        (Verdict::Holds, YesNo::Yes, _) => ("ok", ""),
        (Verdict::Violated, YesNo::Yes, Expectation::Either) => ("known", "which may be"),
        (Verdict::Violated, YesNo::Yes, _) => ("known", "as expected"),
        (Verdict::Violated, YesNo::No, _) => ("bad", "not expected"),
        (Verdict::Holds, YesNo::No, _) => ("bad", "expected to break"),
    };
    let sign = match (row.found, row.complete) {
        (Verdict::Holds, YesNo::No) => "?",
        (Verdict::Holds, YesNo::Yes) => "✓",
        (Verdict::Violated, _) => "✗",
    };
    let words = html! {
        @if class == "bad" { "! " }
        span.sign aria-hidden="true" { (sign) }
        span.word { " " (row.found.name()) }
        @if !broken.is_empty() && broken.len() < rows.len() { span.note { " " (broken.len()) " of " (rows.len()) } }
        @if !note.is_empty() { span.note .unseen[class == "known" && row.complete == YesNo::Yes] { " " (note) } }
    };
    let link = pictures.first(&row.scenario, &row.protocol, invariant);
    html! {
        td.verdict .(class) {
            @if let Some(link) = link { a href={ "#" (link) } { (words) } } @else { (words) }
        }
    }
}
