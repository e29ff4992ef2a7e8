//! Every counterexample as a picture. Rows hold its plan; what then happens is found by running the plan again.
//!
//! Violations that one plan shows are one picture. Where a plan cannot be run, or its run does not show what the row says, the page
//! says so in place of the picture.

use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, html};
use rayon::prelude::*;

use super::{Campaign, Folder, Section, family, wide};
use crate::batch::replay::{Replayed, Stage};
use crate::diagram::svg::{self, Break, View};
use crate::diagram::{Transcript, verdict};
use crate::fault::Course;
use crate::invariant::{Invariant, Violation};
use crate::protocol;
use crate::results::{ViolationRow, YesNo, counted};

/// Runs of more purchases are shown as far as the broken ones go.
const PURCHASES_SHOWN: usize = 4;

/// What one plan shows, and how it looks.
struct Case<'c> {
    folder: &'c Folder,
    rows: Vec<&'c ViolationRow<'static>>,
    id: String,
    picture: Result<Picture, String>,
}

/// A plan that was run again.
struct Picture {
    svg: Markup,
    /// What the rows say and the run does not show.
    absent: Vec<&'static str>,
    /// How it ended, and how the disputes went; nothing where there are too many purchases.
    words: Vec<(&'static str, String)>,
}

/// Every counterexample.
pub(super) struct Pictures<'c> {
    cases: Vec<Case<'c>>,
}

impl Pictures<'_> {
    /// The place of the first that breaks the invariant.
    pub(super) fn first(&self, scenario: &str, protocol: &str, invariant: Invariant) -> Option<&str> {
        let hits = |row: &&ViolationRow<'_>| {
            row.scenario == scenario && row.protocol == protocol && row.invariant == invariant
        };
        self.cases.iter().find(|case| case.rows.iter().any(hits)).map(|case| case.id.as_str())
    }

    /// How many are drawn.
    pub(super) fn drawn(&self) -> usize {
        self.cases.iter().filter(|case| case.picture.is_ok()).count()
    }

    /// Why the others are not.
    pub(super) fn not_drawn(&self) -> Vec<String> {
        let reasons = self.cases.iter().filter_map(|case| case.picture.as_ref().err().map(|why| (case, why)));
        reasons.map(|(case, why)| format!("no picture of {}: {why}", case.folder.manifest.scenario)).collect()
    }
}

/// Runs every plan again, on all cores.
pub(super) fn draw(campaign: &Campaign) -> Pictures<'_> {
    let mut cases: Vec<(&Folder, Vec<&ViolationRow<'static>>)> = Vec::new();
    for folder in &campaign.folders {
        // In the order of the file, where a plan is first met.
        let mut places: BTreeMap<(&str, &str, Option<u64>), usize> = BTreeMap::new();
        for row in &folder.violations {
            let place = *places.entry((&row.protocol, &row.plan, seed(row))).or_insert(cases.len());
            match cases.get_mut(place) {
                Some((_, rows)) => rows.push(row),
                None => cases.push((folder, vec![row])),
            }
        }
    }
    let cases = cases.into_par_iter().enumerate().map(|(number, (folder, rows))| {
        let id = format!("case-{}", number + 1);
        let picture = picture(folder, &rows, &id);
        Case { folder, rows, id, picture }
    });
    Pictures { cases: cases.collect() }
}

/// The seed, which the command that repeats a violation names.
fn seed(row: &ViolationRow<'_>) -> Option<u64> {
    let (_, rest) = row.replay.rsplit_once(" --seed ")?;
    rest.split(' ').next()?.parse().ok()
}

fn picture(folder: &Folder, rows: &[&ViolationRow<'static>], id: &str) -> Result<Picture, String> {
    let row = rows.first().ok_or("there is no row")?;
    let scenario = folder.scenario.as_ref().map_err(Clone::clone)?;
    let protocol =
        protocol::by_name(&row.protocol).ok_or_else(|| format!("there is no protocol `{}`", row.protocol))?;
    let course: Course = row.plan.parse().map_err(|error| format!("its plan cannot be read: {error}"))?;
    let seed = seed(row).unwrap_or(scenario.seed);
    let stage = Stage::new(scenario, &protocol, scenario.crypto, seed, &course);
    let mut transcript = Transcript::new(stage.errands.errands.len());
    let Replayed { finished, .. } = stage.run(&course, &mut transcript)?;
    let shows = |row: &ViolationRow<'_>, violation: &Violation| {
        let (clause, victim) = (violation.clause, violation.victim.side().word());
        violation.invariant == row.invariant && clause == row.clause && victim == row.victim
    };
    let broken = |row: &&ViolationRow<'static>| finished.checker.violations().iter().find(|found| shows(row, found));
    let (shown, absent): (Vec<_>, Vec<_>) = rows.iter().partition(|row| broken(row).is_some());
    let few = stage.errands.errands.len() <= PURCHASES_SHOWN;
    let whole = View::whole("", &finished, false);
    let purchases: BTreeSet<u32> =
        shown.iter().filter_map(&broken).map(|violation| finished.labels.purchase(&violation.purchase)).collect();
    let breaks = shown.iter().filter_map(&broken).map(|violation| Break {
        at_us: (!violation.at_the_end).then_some(violation.at_us),
        words: format!("{}: {}: {}", violation.invariant.name(), violation.clause, violation.about),
    });
    let view = View {
        title: format!("{}, {}: {}", row.scenario, row.protocol, row.plan),
        id: id.to_owned(),
        purchases: (!few && !purchases.is_empty()).then_some(purchases),
        breaks: breaks.collect(),
        ..whole
    };
    let words = if few {
        vec![
            ("In the end", verdict::ends(&finished, &stage.setup)),
            ("Disputes before the judge", verdict::disputes(&finished, &stage.setup)),
        ]
    } else {
        Vec::new()
    };
    let absent = absent.iter().map(|row| row.invariant.name()).collect();
    Ok(Picture { svg: svg::draw(&transcript, &view), absent, words })
}

pub(super) fn section(campaign: &Campaign, pictures: &Pictures<'_>) -> Option<Section> {
    if pictures.cases.is_empty() {
        return None;
    }
    let stem = |case: &Case<'_>| family(&case.folder.manifest.scenario).0.to_owned();
    let subject = |case: &Case<'_>| case.rows.first().map(|row| (row.scenario.clone(), row.protocol.clone()));
    let body = html! {
        (key())
        @for cases in pictures.cases.chunk_by(|a, b| stem(a) == stem(b)) {
            @let first = cases[0].id == "case-1";
            details.family open[first || cases.iter().any(|case| is_alarm(campaign, case))] {
                summary {
                    h3 { (stem(&cases[0])) }
                    @let rows = cases.iter().flat_map(|case| &case.rows).copied();
                    " " span.note { (counted(cases.len() as u64, "plan")) ": " (clauses(rows)) }
                }
                @if let Ok(scenario) = &cases[0].folder.scenario {
                    @if !scenario.about.is_empty() { p.about { (scenario.about) } }
                }
                @for group in cases.chunk_by(|a, b| subject(a) == subject(b)) {
                    @if let Some((scenario, protocol)) = group.first().and_then(subject) {
                        h4 { (protocol) @if !family(&scenario).1.is_empty() { ", " (family(&scenario).1) } }
                        @for case in group { (block(campaign, case, case.id == "case-1")) }
                    }
                }
            }
        }
    };
    let lead = "The shortest plan for everything that broke, run again. A figure opens when its line is chosen; those that nobody \
                expected are open.";
    Some(Section { id: "counterexamples", title: "Counterexamples", lead: lead.to_owned(), body })
}

/// How to read a picture.
fn key() -> Markup {
    html! {
        p.lead {
            "Time runs downwards, in milliseconds. An arrow goes from where a message is sent to where it arrives, and is dashed \
             where a fault has a hand in it. A square is a record saved (hollow: only noted, and lost in a crash), a ring what a party \
             tells its owner, a cross something lost. A dotted line is a party that is down."
        }
    }
}

/// Whether it breaks what nobody expected to break.
fn is_alarm(campaign: &Campaign, case: &Case<'_>) -> bool {
    let unexpected = |row: &&ViolationRow<'_>| {
        campaign.summary.iter().any(|verdict| {
            verdict.scenario == row.scenario
                && verdict.protocol == row.protocol
                && verdict.invariant == row.invariant
                && verdict.as_expected == YesNo::No
        })
    };
    case.rows.iter().any(unexpected)
}

fn block(campaign: &Campaign, case: &Case<'_>, first: bool) -> Markup {
    let Some(row) = case.rows.first() else { return html! {} };
    let alarm = is_alarm(campaign, case);
    html! {
        details.case open[first || alarm] {
            summary {
                @if alarm { span.flag { "! not expected" } " " }
                code { (row.plan) } " "
                span.note {
                    (clauses(case.rows.iter().copied())) " · " (counted(row.faults, "fault")) ", " (counted(row.events, "event"))
                }
            }
            figure id=(case.id) {
                @match &case.picture {
                    Ok(picture) => {
                        (wide(&format!("Picture of {}", row.plan), &picture.svg))
                        @if !picture.absent.is_empty() {
                            p.alarm { "This run does not show what the results say of: " (picture.absent.join(", ")) "." }
                        }
                    }
                    Err(why) => p.alarm { "There is no picture: " (why) "." }
                }
                figcaption {
                    @for row in &case.rows { (blame(row)) }
                    p { code { (row.replay) } }
                    @for (title, words) in case.picture.iter().flat_map(|picture| &picture.words) {
                        details.words { summary { (title) } pre { (words) } }
                    }
                }
            }
        }
    }
}

/// What broke, each once.
fn clauses<'r>(rows: impl Iterator<Item = &'r ViolationRow<'static>>) -> String {
    let mut names: Vec<&str> = Vec::new();
    for row in rows {
        if !names.contains(&&*row.clause) {
            names.push(&row.clause);
        }
    }
    names.join(", ")
}

/// What the plan breaks, who is hurt, and who could have helped it.
fn blame(row: &ViolationRow<'_>) -> Markup {
    let answer = |answer: Option<YesNo>| answer.map_or("not found out", YesNo::name);
    html! {
        p.broken { strong { (row.invariant.name()) ": " (row.clause) } }
        dl.blame {
            dt { "Who is hurt" } dd { (row.victim) }
            dt { "Cause" } dd { (row.cause) }
            dt { "Could prevent it alone" }
            dd { (answer(row.could_prevent)) @if !row.prevented_by.is_empty() { ", with " (row.prevented_by) } }
            dt { "Can prove it" } dd { (answer(row.can_prove)) }
            dt { "Shown by" } dd { (counted(row.runs, "run")) }
        }
    }
}
