//! How half-paid and in-doubt time grow with the rate at which messages are lost.
//!
//! A series is made of scenarios that differ in that rate alone, as a matrix over `faults.rates.drop` makes them, and perhaps in the
//! protocol, which has a line of its own.

use std::collections::BTreeMap;
use std::path::Path;

use maud::{Markup, html};
use serde::Deserialize;

use super::chart::{self, Line};
use super::{Campaign, Folder, Section, family, milliseconds, wide};
use crate::fault::FaultKind;
use crate::results::{ResultsError, Sheet, grouped, read_columns};
use crate::scenario::{Faults, Scenario};

/// Scenarios that differ in one rate.
#[derive(Debug)]
pub(super) struct Series {
    /// The names of its files.
    name: String,
    /// Whether runs draw their own rates.
    swarm: bool,
    /// For each protocol the points, by rate in parts per million.
    lines: BTreeMap<String, BTreeMap<u32, Point>>,
}

/// What the purchases of a scenario came to.
#[derive(Debug, Clone, Default)]
struct Point {
    in_doubt: Vec<u64>,
    half_paid: Vec<u64>,
}

/// The wanted columns of `purchases.csv`.
#[derive(Deserialize)]
struct Times {
    protocol: String,
    half_paid_us: u64,
    in_doubt_us: u64,
}

/// The rate at which a scenario loses messages, in parts per million, and the scenario without it.
fn rate(scenario: &Scenario) -> Option<(u32, String)> {
    let mut rest = scenario.clone();
    (rest.name, rest.about) = (String::new(), String::new());
    rest.expect.clear();
    rest.protocols.clear();
    let Faults::Random { rates, .. } = &mut rest.faults else { return None };
    let drop = rates.remove(&FaultKind::Drop).unwrap_or(0);
    Some((drop, format!("{rest:?}")))
}

/// Finds the series among the scenarios, and reads their purchases.
pub(super) fn series(root: &Path, folders: &[Folder]) -> Result<Vec<Series>, ResultsError> {
    let mut groups: Vec<(String, Vec<(u32, &Folder)>)> = Vec::new();
    for folder in folders {
        let Some((drop, rest)) = folder.scenario.as_ref().ok().and_then(rate) else { continue };
        match groups.iter_mut().find(|(known, _)| *known == rest) {
            Some((_, members)) => members.push((drop, folder)),
            None => groups.push((rest, vec![(drop, folder)])),
        }
    }
    let mut all = Vec::new();
    for (_, members) in groups {
        let Some((first, others)) = members.split_first() else { continue };
        if others.iter().all(|other| other.0 == first.0) {
            continue;
        }
        let swarm = matches!(&first.1.scenario, Ok(Scenario { faults: Faults::Random { swarm: true, .. }, .. }));
        let mut lines: BTreeMap<String, BTreeMap<u32, Point>> = BTreeMap::new();
        for (drop, folder) in &members {
            let path = root.join(&folder.manifest.scenario).join(Sheet::Purchases.file_name());
            if !path.exists() {
                continue;
            }
            read_columns(&path, &["protocol", "half_paid_us", "in_doubt_us"], |times: Times| {
                let point = lines.entry(times.protocol).or_default().entry(*drop).or_default();
                point.in_doubt.push(times.in_doubt_us);
                point.half_paid.push(times.half_paid_us);
            })?;
        }
        let points = lines.values_mut().flat_map(BTreeMap::values_mut);
        points
            .for_each(|point| [&mut point.in_doubt, &mut point.half_paid].into_iter().for_each(|t| t.sort_unstable()));
        let mut names: Vec<&str> = members.iter().map(|(_, folder)| family(&folder.manifest.scenario).0).collect();
        names.dedup();
        all.push(Series { name: names.join(", "), swarm, lines });
    }
    Ok(all)
}

/// The mean of some times.
fn mean(times: &[u64]) -> u64 {
    let sum: u128 = times.iter().map(|time| u128::from(*time)).sum();
    (sum / times.len().max(1) as u128) as u64
}

/// The time that 99 in 100 of sorted times do not exceed (nearest rank).
fn almost_all(times: &[u64]) -> u64 {
    let rank = (times.len() * 99).div_ceil(100);
    times.get(rank.saturating_sub(1)).copied().unwrap_or(0)
}

/// Parts per million as percent.
fn percent(ppm: u32) -> String {
    let text = format!("{}.{:04}", ppm / 10_000, ppm % 10_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

pub(super) fn section(campaign: &Campaign) -> Section {
    let body = html! {
        @for series in &campaign.series {
            h3 { (series.name) }
            @if series.swarm {
                p.note { "Each run of these scenarios switches whole kinds of fault off, and draws up to twice the rate for the others." }
            }
            div.charts {
                (drawn(series, "In doubt", |point| &point.in_doubt))
                (drawn(series, "Half-paid", |point| &point.half_paid))
            }
            (table(series))
        }
    };
    let lead = if campaign.series.is_empty() {
        "There is no picture of half-paid and in-doubt time against loss: it takes scenarios that differ in \"faults.rates.drop\" alone, \
         such as those of a matrix over it."
    } else {
        "How long the mean purchase was in doubt (a party did not know whether money had moved), and half-paid (P had taken the money \
         while C could not yet derive the item), against the share of messages lost."
    };
    Section { id: "delays", title: "Time against loss", lead: lead.to_owned(), body }
}

fn drawn(series: &Series, what: &str, times: fn(&Point) -> &Vec<u64>) -> Markup {
    let lines: Vec<Line<'_>> = series
        .lines
        .iter()
        .map(|(protocol, points)| Line {
            name: protocol,
            points: points.iter().map(|(ppm, point)| (u64::from(*ppm), mean(times(point)))).collect(),
        })
        .collect();
    let never = lines.iter().flat_map(|line| &line.points).all(|point| point.1 == 0);
    let title = format!("{what} time of the mean purchase against messages lost, in {}", series.name);
    html! {
        figure {
            figcaption { (what) ", mean in ms" }
            @if never { p.note { "Always 0: it never came to that." } }
            @else { (chart::draw(&title, &lines, |ppm| format!("{} %", percent(ppm as u32)), tick)) }
        }
    }
}

/// A round number of milliseconds, for an axis.
fn tick(us: u64) -> String {
    if us.is_multiple_of(1000) { grouped(us / 1000) } else { milliseconds(us) }
}

fn table(series: &Series) -> Markup {
    let table = html! {
        table {
            caption.unseen { "Times against loss, " (series.name) }
            thead {
                tr {
                    th scope="col" rowspan="2" { "Protocol" } th.number scope="col" rowspan="2" { "Lost" }
                    th.number scope="col" rowspan="2" { "Purchases" }
                    th scope="colgroup" colspan="3" { "In doubt, ms" } th scope="colgroup" colspan="3" { "Half-paid, ms" }
                }
                tr { @for _ in 0..2 { @for name in ["mean", "99 of 100", "most"] { th.number scope="col" { (name) } } } }
            }
            @for (protocol, points) in &series.lines {
                tbody {
                    @for (nth, (ppm, point)) in points.iter().enumerate() {
                        tr {
                            @if nth == 0 { th scope="rowgroup" rowspan=(points.len()) { (protocol) } }
                            td.number { (percent(*ppm)) " %" }
                            td.number { (grouped(point.in_doubt.len() as u64)) }
                            @for times in [&point.in_doubt, &point.half_paid] {
                                td.number { (milliseconds(mean(times))) }
                                td.number { (milliseconds(almost_all(times))) }
                                td.number { (milliseconds(times.last().copied().unwrap_or(0))) }
                            }
                        }
                    }
                }
            }
        }
    };
    wide("Times against loss", &table)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_summed_up_with_integers() {
        let times: Vec<u64> = (1..=200).collect();
        assert_eq!((mean(&times), almost_all(&times)), (100, 198));
        assert_eq!((mean(&[]), almost_all(&[])), (0, 0));
        assert_eq!(
            (percent(50_000), percent(0), percent(12_500), percent(1)),
            ("5".into(), "0".into(), "1.25".into(), "0.0001".into())
        );
        assert_eq!(
            (milliseconds(1_049), milliseconds(1_050), milliseconds(1_234_567_890)),
            ("1.0".into(), "1.1".into(), "1,234,567.9".into())
        );
    }
}
