//! The costs of a protocol as tables for people: profiles side by side, the total beside its bounds, and step by step.

use comfy_table::{CellAlignment, ContentArrangement, LineStyle, Table, TableStyle};

use super::least::{Bounds, Least};
use super::meter::Count;
use super::{Cost, Profile, Signatures};

/// What a purchase costs under one profile with one kind of signature.
#[derive(Debug, Clone)]
pub struct Priced {
    /// The profile.
    pub profile: Profile,
    /// What is signed.
    pub signatures: Signatures,
    /// The costs.
    pub cost: Cost,
    /// The least that they can be, if that is known for the protocol.
    pub least: Option<Bounds>,
}

/// A figure, or a blank where there is none.
fn figure(value: Option<u64>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

fn table(header: &[&str], words: usize, rows: Vec<Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(TableStyle::new().header_separator(LineStyle::none().fill('-').junction('-')));
    table.set_content_arrangement(ContentArrangement::Disabled).set_header(header.to_vec());
    table.add_rows(rows);
    for column in table.column_iter_mut().skip(words) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table.trim_fmt().lines().map(|line| format!("{line}\n")).collect()
}

const COUNTS: [&str; 8] = ["messages", "bytes", "signs", "verifies", "seals", "opens", "digests", "writes"];

fn counts(count: &Count) -> Vec<String> {
    let work = count.work;
    let figures = [count.messages, count.bytes, work.signs, work.verifies, work.seals, work.opens, work.digests];
    figures.into_iter().chain([count.journal_writes]).map(|figure| figure.to_string()).collect()
}

/// A line for each profile and kind of signature.
pub fn profiles(priced: &[Priced]) -> String {
    let header: Vec<&str> = ["profile", "signed"]
        .into_iter()
        .chain(COUNTS)
        .chain(["in sequence", "commit", "delivery", "P keeps", "goods"])
        .collect();
    let row = |priced: &Priced| {
        let (cost, mut row) =
            (&priced.cost, vec![priced.profile.name().to_owned(), priced.signatures.name().to_owned()]);
        row.extend(counts(&cost.total));
        row.extend([cost.forced_writes_to_commit, cost.delays_to_commit, cost.delays_to_delivery].map(figure));
        row.extend([cost.total.server_bytes, cost.server_goods_bytes].map(|figure| figure.to_string()));
        row
    };
    table(&header, 2, priced.iter().map(row).collect())
}

/// A line for each figure of the total: what was measured, the least that it can be, and who says so.
pub fn bounds(priced: &Priced) -> String {
    let Some(least) = &priced.least else { return String::new() };
    let (cost, work) = (&priced.cost, priced.cost.total.work);
    let figures: [(&str, Option<u64>, Least); 13] = [
        ("messages", Some(cost.total.messages), least.messages),
        ("bytes", Some(cost.total.bytes), least.bytes),
        ("signatures made", Some(work.signs), least.signs),
        ("signatures verified", Some(work.verifies), least.verifies),
        ("seals", Some(work.seals), least.seals),
        ("opens", Some(work.opens), least.opens),
        ("digests", Some(work.digests), least.digests),
        ("records saved", Some(cost.total.journal_writes), least.journal_writes),
        ("forced writes in sequence to the commit", cost.forced_writes_to_commit, least.forced_writes),
        ("message delays to the commit", cost.delays_to_commit, least.delays_to_commit),
        ("message delays to the delivery", cost.delays_to_delivery, least.delays_to_delivery),
        ("message delays until all is known", Some(cost.delays), least.delays),
        ("bytes that P keeps", Some(cost.total.server_bytes), least.server_bytes),
    ];
    let row = |(name, measured, least): &(&str, Option<u64>, Least)| {
        let at = if *measured == Some(least.least) { "at its bound" } else { "" };
        vec![(*name).to_owned(), least.source.to_owned(), figure(*measured), least.least.to_string(), at.to_owned()]
    };
    table(&["figure", "source of the bound", "measured", "least", ""], 2, figures.iter().map(row).collect())
}

/// A line for each step.
pub fn steps(cost: &Cost) -> String {
    let header: Vec<&str> = ["step"].into_iter().chain(COUNTS).chain(["in sequence", "delays", "P keeps"]).collect();
    let steps = cost.steps.iter().map(|step| {
        let name = step.step.map_or_else(|| "start".to_owned(), |step| step.to_string());
        (name, &step.count, Some(step.forced_writes), step.delays)
    });
    let total = ("total".to_owned(), &cost.total, cost.forced_writes_to_commit, cost.delays);
    let row = |(name, count, in_sequence, delays): (String, &Count, Option<u64>, u64)| {
        let mut row = vec![name];
        row.extend(counts(count));
        row.extend([figure(in_sequence), delays.to_string(), count.server_bytes.to_string()]);
        row
    };
    table(&header, 1, steps.chain([total]).map(row).collect())
}

/// What P keeps, for how long, and what an acknowledgement from C would save.
pub fn retention(cost: &Cost) -> String {
    let (kept, goods) = (cost.total.server_bytes, cost.server_goods_bytes);
    let verdict = match goods {
        0 => "there is nothing that C could acknowledge".to_owned(),
        _ => format!("{} of them are what C may still ask for, and could go with one acknowledgement from C", goods),
    };
    format!(
        "P keeps {kept} bytes for ever; {verdict} ({} bytes on the wire).\nThat it has acted on the TID it must know for {} s, \
         until the order lapses.\n",
        cost.ack_bytes,
        cost.server_tid_us as f64 / 1e6
    )
}
