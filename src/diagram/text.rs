//! The picture in plain text: a lane for each party, time downwards.

use super::{Entry, Transcript, What, spoken};
use crate::party::Party;

/// The width of a lane, and how many fit before names stand in their place.
const LANE: usize = 22;
const LANES_MAX: usize = 6;

/// Draws the run. What happens after `until_us`, when nothing told anybody anything new any more, is counted and left out.
pub fn draw(transcript: &Transcript, until_us: u64) -> String {
    let parties = transcript.parties();
    let lanes = if parties.len() <= LANES_MAX { parties.as_slice() } else { &[] };
    let mut out = format!("{:>14}  ", "time");
    for party in lanes {
        out.push_str(&format!("{:<LANE$}", party.to_string()));
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    let (shown, left_out): (Vec<&Entry>, Vec<&Entry>) =
        transcript.entries().iter().partition(|entry| entry.at_us <= until_us);
    for entry in shown {
        let line =
            format!("{}  {}", time(entry.at_us), if lanes.is_empty() { plain(entry) } else { row(entry, lanes) });
        out.push_str(line.trim_end());
        out.push('\n');
    }
    if !left_out.is_empty() {
        out.push_str(&format!(
            "{:>14}  {} lines in which questions are repeated and nothing is learned\n",
            "...",
            left_out.len()
        ));
    }
    out
}

/// Milliseconds with three decimals, which are the microseconds.
fn time(at_us: u64) -> String {
    format!("{:>8}.{:03} ms", at_us / 1000, at_us % 1000)
}

/// The entry without lanes.
pub(super) fn plain(entry: &Entry) -> String {
    match &entry.what {
        What::Sent { from, to, site, says, bytes, fault, .. } => {
            format!("{from} -> {to}  {site}: {}", remark(&spoken(says, *bytes), fault))
        }
        What::At { party, act, mark, note } => {
            format!("{party}  {}{mark}  {note}", if act.is_fault() { "!! " } else { "" })
        }
    }
}

fn remark(says: &str, fault: &str) -> String {
    match (says, fault) {
        (says, "") => says.to_owned(),
        ("", fault) => format!("!! {fault}"),
        (says, fault) => format!("{says}  !! {fault}"),
    }
}

/// One line: what happens in its lane, an arrow where it goes from lane to lane, and what there is to say to the right.
fn row(entry: &Entry, lanes: &[Party]) -> String {
    let width = lanes.len() * LANE;
    let mut line: Vec<char> = vec![' '; width];
    let start = |party: &Party| lanes.iter().position(|lane| lane == party).unwrap_or(0) * LANE;
    for lane in 0..lanes.len() {
        line[lane * LANE] = '|';
    }
    match &entry.what {
        What::Sent { from, to, site, says, bytes, fault, lost, .. } => {
            let (a, b) = (start(from), start(to));
            let (low, high) = (a.min(b), a.max(b));
            line[low + 1..high].fill('-');
            if a < b {
                line[high - 1] = '>';
            } else {
                line[low + 1] = '<';
            }
            if *lost {
                let end = if a < b { high - 1 } else { low + 1 };
                line[end] = 'x';
            }
            let name = format!(" {site} ");
            let at = low + (high - low).saturating_sub(name.chars().count()) / 2;
            for (i, letter) in name.chars().enumerate() {
                if let Some(cell) = line.get_mut(at + i) {
                    *cell = letter;
                }
            }
            format!("{}  {}", line.iter().collect::<String>(), remark(&spoken(says, *bytes), fault))
        }
        What::At { party, act, mark, note } => {
            let at = start(party);
            let mark = if act.is_fault() { format!("!! {mark}") } else { mark.clone() };
            for (i, letter) in mark.chars().enumerate() {
                match line.get_mut(at + 2 + i) {
                    Some(cell) => *cell = letter,
                    None => line.push(letter),
                }
            }
            format!("{}  {note}", line.iter().collect::<String>())
        }
    }
}
