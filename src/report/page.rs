//! The page around the sections: head, summary, links, and what it all was made from.

use std::collections::BTreeSet;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::{Campaign, Section, costs, counterexamples, coverage, delays, gaps, necessity, verdicts};
use crate::invariant::Verdict;
use crate::results::{SummaryRow, YesNo, counted, grouped};

const STYLE: &str =
    concat!(include_str!("../diagram/colours.css"), include_str!("../diagram/svg.css"), include_str!("style.css"));

/// A page.
#[derive(Debug)]
pub struct Page {
    /// Its bytes.
    pub html: String,
    /// What is on it, in a line.
    pub summary: String,
    /// Why counterexamples are not drawn, a line each.
    pub not_drawn: Vec<String>,
}

/// Turns results into a page.
pub fn page(campaign: &Campaign) -> Page {
    let pictures = counterexamples::draw(campaign);
    let sections = [
        Some(verdicts::section(campaign, &pictures)),
        necessity::section(campaign),
        coverage::section(campaign),
        Some(delays::section(campaign)),
        costs::section(campaign),
        gaps::section(campaign),
        counterexamples::section(campaign, &pictures),
    ];
    let sections: Vec<Section> = sections.into_iter().flatten().collect();
    let summary = format!(
        "{}, {}",
        counted(campaign.folders.len() as u64, "scenario"),
        counted(pictures.drawn() as u64, "picture"),
    );
    let html = document(campaign, &sections).into_string() + "\n";
    Page { html, summary, not_drawn: pictures.not_drawn() }
}

fn document(campaign: &Campaign, sections: &[Section]) -> Markup {
    let count = |keep: &dyn Fn(&SummaryRow<'_>) -> bool| campaign.summary.iter().filter(|row| keep(row)).count();
    let answered = |as_expected: YesNo| count(&|row| row.complete == YesNo::Yes && row.as_expected == as_expected);
    let (good, bad) = (answered(YesNo::Yes), answered(YesNo::No));
    let open = count(&|row| row.complete == YesNo::No);
    let headline = match (bad, open) {
        (0, 0) => "Every verdict is as expected".to_owned(),
        (0, open) => format!("{} open", counted(open as u64, "verdict")),
        (bad, _) => format!("{} not as expected", counted(bad as u64, "verdict")),
    };
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                link rel="icon" href="data:,";
                title { (headline) " · halfpaid" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                a.skip href="#main" { "Skip to the results" }
                header {
                    p.brand { "halfpaid" }
                    h1 .alarm[bad + open > 0] { (headline) }
                    (tiles(campaign, [good, bad, open]))
                }
                nav aria-label="Sections" {
                    ul { @for section in sections { li { a href={ "#" (section.id) } { (section.title) } } } }
                }
                main id="main" {
                    @for section in sections {
                        section id=(section.id) aria-labelledby={ (section.id) "-title" } {
                            h2 id={ (section.id) "-title" } { (section.title) }
                            @if !section.lead.is_empty() { p.lead { (section.lead) } }
                            (section.body)
                        }
                    }
                }
                (footer(campaign))
            }
        }
    }
}

/// The numbers at the top.
fn tiles(campaign: &Campaign, [good, bad, open]: [usize; 3]) -> Markup {
    let mut runs = 0;
    let mut subjects = BTreeSet::new();
    for row in &campaign.summary {
        if subjects.insert((&row.scenario, &row.protocol)) {
            runs += row.runs;
        }
    }
    let broken: usize = campaign.folders.iter().map(|folder| folder.violations.len()).sum();
    let violated = campaign.summary.iter().filter(|row| row.found == Verdict::Violated).count();
    let tiles = [
        (campaign.folders.len() as u64, "scenarios"),
        (runs, "runs"),
        (good as u64, "verdicts as expected"),
        (bad as u64, "not as expected"),
        if open > 0 { (open as u64, "open") } else { (violated as u64, "invariants violated") },
        (broken as u64, "distinct violations"),
    ];
    html! {
        dl.tiles {
            @for (number, name) in tiles { div { dt { (name) } dd { (grouped(number)) } } }
        }
    }
}

fn footer(campaign: &Campaign) -> Markup {
    let versions: BTreeSet<&str> = campaign.folders.iter().map(|folder| folder.manifest.version.as_str()).collect();
    let versions: Vec<&str> = versions.into_iter().collect();
    html! {
        footer {
            p {
                "Made by halfpaid " (env!("CARGO_PKG_VERSION")) " from results of version " (versions.join(", "))
                ". The same scenarios, seeds and version give the same page, byte for byte. All times are virtual."
            }
        }
    }
}
