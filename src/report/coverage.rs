//! Coverage as a heat map: at which sites which kind of fault struck, how often, and whether something broke.

use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, html};

use super::{Campaign, Section, wide};
use crate::fault::FaultKind;
use crate::party::Party;
use crate::results::{CoverageRow, counted, grouped};

/// Counts of one cell.
#[derive(Debug, Clone, Copy, Default)]
struct Count {
    met: u64,
    struck: u64,
    violated: u64,
}

/// What struck at the sites of a party, or on the messages of all.
type Map<'c> = BTreeMap<Place, BTreeMap<&'c str, BTreeMap<&'c str, Count>>>;

/// Where faults strike: each has a map of its own, since messages are not crashed and parties not dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Messages,
    Inside(Party),
}

impl Place {
    fn of(spot: &CoverageRow<'_>) -> Place {
        if spot.site.starts_with("send ") { Place::Messages } else { Place::Inside(spot.party) }
    }

    fn name(self) -> String {
        match self {
            Place::Messages => "Messages".to_owned(),
            Place::Inside(party) => party.to_string(),
        }
    }
}

pub(super) fn section(campaign: &Campaign) -> Option<Section> {
    // For each protocol all scenarios together, and each by itself.
    type Maps<'c> = (Map<'c>, Vec<(&'c str, Map<'c>)>);
    let mut maps: BTreeMap<&str, Maps<'_>> = BTreeMap::new();
    for folder in &campaign.folders {
        // Where plans are drawn at random, nobody counts what they could have been.
        let counted = || folder.coverage.iter().filter(|spot| spot.met > 0);
        let protocols: BTreeSet<&str> = counted().map(|spot| &*spot.protocol).collect();
        for protocol in protocols {
            let (together, single) = maps.entry(protocol).or_default();
            let mut own = Map::new();
            for spot in counted().filter(|spot| spot.protocol == protocol) {
                add(together, spot);
                add(&mut own, spot);
            }
            single.push((&folder.manifest.scenario, own));
        }
    }
    if maps.is_empty() {
        return None;
    }
    let body = html! {
        (legend())
        @for (protocol, (together, single)) in &maps {
            h3 { (protocol) ", " (counted(single.len() as u64, "scenario")) }
            (heat(&format!("Coverage of {protocol}"), together))
            @if single.len() > 1 {
                details {
                    summary { "Scenario by scenario" }
                    @for (scenario, own) in single {
                        details {
                            summary { (scenario) }
                            (heat(&format!("Coverage of {scenario}, {protocol}"), own))
                        }
                    }
                }
            }
        }
    };
    let lead = "Where each kind of fault could strike, in the scenarios that try every plan: in how many runs (or states, without a \
                clock) it did, and in how many distinct violations it has a part.";
    Some(Section { id: "coverage", title: "Coverage", lead: lead.to_owned(), body })
}

fn add<'c>(map: &mut Map<'c>, spot: &'c CoverageRow<'_>) {
    let sites = map.entry(Place::of(spot)).or_default();
    let count = sites.entry(&spot.site).or_default().entry(&spot.fault).or_default();
    count.met += spot.met;
    count.struck += spot.struck;
    count.violated += spot.violated;
}

/// How strong a cell's colour is: a step for each power of ten.
const fn heat_of(count: Count) -> &'static str {
    match count.struck {
        0 => "gap",
        1..=9 => "h1",
        10..=99 => "h2",
        100..=999 => "h3",
        1_000..=9_999 => "h4",
        _ => "h5",
    }
}

fn legend() -> Markup {
    let steps = [("h1", "1 to 9"), ("h2", "to 99"), ("h3", "to 999"), ("h4", "to 9,999"), ("h5", "more")];
    html! {
        ul.legend {
            @for (class, words) in steps { li { span.swatch .(class) {} " " (words) } }
            li { span.swatch.gap {} " 0: could have struck, and never did" }
            li { span.hit { "✗ 3" } " has a part in 3 violations" }
        }
    }
}

/// A map for each place, side by side where there is room.
fn heat(name: &str, map: &Map<'_>) -> Markup {
    html! { div.maps { @for (place, sites) in map { (table(name, *place, sites)) } } }
}

fn table(name: &str, place: Place, sites: &BTreeMap<&str, BTreeMap<&str, Count>>) -> Markup {
    let used: BTreeSet<&str> = sites.values().flat_map(BTreeMap::keys).copied().collect();
    let mut faults: Vec<&str> =
        FaultKind::ALL.iter().map(|kind| kind.name()).filter(|kind| used.contains(kind)).collect();
    faults.extend(used.iter().filter(|kind| FaultKind::ALL.iter().all(|known| known.name() != **kind)));
    let title = format!("{name}: {}", place.name());
    let table = html! {
        table.heat {
            caption.unseen { (title) }
            thead {
                tr { th scope="col" { (place.name()) } @for fault in &faults { th scope="col" { (fault) } } }
            }
            tbody {
                @for (site, counts) in sites {
                    tr {
                        th scope="row" { (site) }
                        @for fault in &faults {
                            @match counts.get(fault) {
                                Some(count) => (cell(*count)),
                                None => td.none {},
                            }
                        }
                    }
                }
            }
        }
    };
    wide(&title, &table)
}

fn cell(count: Count) -> Markup {
    let class = heat_of(count);
    html! {
        td .(class) title={ "could have struck " (grouped(count.met)) " times" } {
            (grouped(count.struck))
            @if count.violated > 0 { " " span.hit { "✗ " (grouped(count.violated)) } }
        }
    }
}
