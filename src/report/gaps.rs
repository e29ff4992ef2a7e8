//! What the results do not say: bounds that were reached, and conditions that no run came to.

use maud::html;

use super::{Campaign, Section, family};
use crate::batch;
use crate::results::counted;

/// Scenarios of one file that all leave the same undone.
struct Missed<'c> {
    names: Vec<&'c str>,
    conditions: Vec<&'static str>,
}

pub(super) fn section(campaign: &Campaign) -> Option<Section> {
    let mut left_out = Vec::new();
    let mut missed: Vec<Missed<'_>> = Vec::new();
    for folder in &campaign.folders {
        let name = folder.manifest.scenario.as_str();
        left_out.extend(folder.manifest.left_out.iter().map(|left| (name, &left.what, &left.why)));
        let Ok(scenario) = &folder.scenario else { continue };
        let conditions = batch::gaps(scenario, &folder.manifest.sometimes);
        if conditions.is_empty() {
            continue;
        }
        let same =
            |known: &&mut Missed<'_>| family(known.names[0]).0 == family(name).0 && known.conditions == conditions;
        match missed.iter_mut().find(same) {
            Some(known) => known.names.push(name),
            None => missed.push(Missed { names: vec![name], conditions }),
        }
    }
    if left_out.is_empty() && missed.is_empty() {
        return None;
    }
    let body = html! {
        @if !left_out.is_empty() {
            h3 { "Not searched to the end" }
            ul { @for (name, what, why) in left_out { li { strong { (name) } ": " (what) "; " (why) } } }
        }
        @if !missed.is_empty() {
            h3 { "Never reached" }
            ul {
                @for Missed { names, conditions } in &missed {
                    li {
                        @if let [name] = names[..] { strong { (name) } }
                        @else { strong { (family(names[0]).0) } " (" (counted(names.len() as u64, "variant")) ")" }
                        ": " (conditions.join("; "))
                    }
                }
            }
        }
    };
    let lead = "What a green table does not cover. A condition that no run reached was not tested.";
    Some(Section { id: "gaps", title: "Gaps", lead: lead.to_owned(), body })
}
