//! A results folder as one HTML page that needs nothing else: no network, no script, no clock, so that the same results give the
//! same bytes.
//!
//! `read` takes in what is on disk, and every section is a file of its own that turns a part of it into markup. What a
//! counterexample looks like cannot be read from rows: its plan is run again (`counterexamples`). Everything that comes from a
//! file is escaped by the `html!` macro; nothing here writes markup by hand. How results come about is left to others.

mod chart;
mod costs;
mod counterexamples;
mod coverage;
mod delays;
mod gaps;
mod necessity;
mod page;
mod read;
mod verdicts;

pub use page::{Page, page};
pub use read::{Campaign, Folder, read};

use maud::{Markup, html};

/// A section of the page.
struct Section {
    /// Its name in links.
    id: &'static str,
    /// Its heading.
    title: &'static str,
    /// One sentence or two on how to read it.
    lead: String,
    body: Markup,
}

/// A table that may be wider than the screen: it scrolls by itself, with keys too.
fn wide(name: &str, table: &Markup) -> Markup {
    html! { div.wide tabindex="0" role="region" aria-label=(name) { (table) } }
}

/// What the scenarios of one file have in common, and what tells one of a matrix from the others; nothing for a file of one.
fn family(scenario: &str) -> (&str, &str) {
    scenario.split_once('~').unwrap_or((scenario, ""))
}

/// Virtual microseconds as milliseconds with one decimal.
fn milliseconds(us: u64) -> String {
    let tenths = us / 100 + u64::from(us % 100 >= 50);
    format!("{}.{}", crate::results::grouped(tenths / 10), tenths % 10)
}
