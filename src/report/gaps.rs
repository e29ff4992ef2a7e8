//! What the results do not say: bounds that were reached, and conditions that no run came to.

use maud::html;

use super::{Campaign, Section};
use crate::batch;

pub(super) fn section(campaign: &Campaign) -> Option<Section> {
    let mut left_out = Vec::new();
    let mut missed = Vec::new();
    for folder in &campaign.folders {
        let name = &folder.manifest.scenario;
        left_out.extend(folder.manifest.left_out.iter().map(|left| (name, &left.what, &left.why)));
        if let Ok(scenario) = &folder.scenario {
            let gaps = batch::gaps(scenario, &folder.manifest.sometimes);
            missed.extend(gaps.into_iter().map(|condition| (name, condition)));
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
            ul { @for (name, condition) in missed { li { strong { (name) } ": " (condition) } } }
        }
    };
    let lead = "What a green table does not cover. A condition that no run reached was not tested.";
    Some(Section { id: "gaps", title: "Gaps", lead: lead.to_owned(), body })
}
