//! The table for people: a summary for the terminal, and `necessity.md` with every cell and the command that shows it.
//!
//! Everything is made from the tables alone; printing is left to the caller.

use std::fmt::Write;

use comfy_table::{ContentArrangement, LineStyle, Table, TableStyle};

use super::minimal::Minimal;
use super::table::{CaseTable, Line, Weakest, joined};
use super::{Settings, Threat};
use crate::invariant::Invariant;
use crate::protocol::mechanism::Mechanism;
use crate::results::{Need, counted};
use crate::scenario::Clock;

/// The name of the file.
pub const MARKDOWN: &str = "necessity.md";

/// `2 faults`.
fn faults(number: u32) -> String {
    counted(u64::from(number), "fault")
}

/// What a line says in a few words: the weakest threat, and what it breaks with as few faults.
fn cell(table: &CaseTable, line: &Line, settings: &Settings) -> String {
    if let Some(weakest) = table.weakest(line, None) {
        let Weakest { threat, way, .. } = weakest;
        let broken = Invariant::ALL.iter().filter(|invariant| {
            let same = |other: Weakest<'_>| other.threat.name() == threat.name() && other.way.faults == way.faults;
            table.weakest(line, Some(**invariant)).is_some_and(same)
        });
        let broken: Vec<&str> = broken.map(|invariant| invariant.name()).collect();
        let whom = if threat.is_honest() { String::new() } else { format!("against {}, ", threat.name()) };
        return format!("{whom}{}: {}", faults(way.faults), broken.join(", "));
    }
    match table.unknown(line) {
        Some((Threat::Honest, why)) => format!("unknown: {why}"),
        Some((threat, why)) => format!("unknown against {}: {why}", threat.name()),
        None => not_needed(line, settings),
    }
}

/// The words for threats that go by the clock.
const BY_THE_CLOCK: &str = "by the clock";

/// The name of a deviation that takes several purchases, and so goes by the clock.
fn takes_several(threat: &Threat) -> Option<&'static str> {
    (threat.clock() == Clock::Timed && !matches!(threat, Threat::Outsider(_))).then(|| threat.name())
}

/// Within how many faults nothing is found to need a mechanism: fewer may have been tried beside some threats.
fn not_needed(line: &Line, settings: &Settings) -> String {
    let least = |clock: Clock| line.heard.iter().filter(|heard| heard.clock == clock).map(|heard| heard.faults).min();
    let fewer = [(Clock::Untimed, "beside deviations"), (Clock::Timed, BY_THE_CLOCK)];
    let fewer = fewer.into_iter().filter_map(|(clock, words)| Some((least(clock)?, words)));
    let fewer: Vec<String> =
        fewer.filter(|(least, _)| *least < settings.faults).map(|(least, words)| format!("{least} {words}")).collect();
    let but = if fewer.is_empty() { String::new() } else { format!(" ({})", fewer.join(", ")) };
    format!("not needed within {}{but}", faults(settings.faults))
}

/// The summary: a line for each mechanism or two, a column for each protocol, and the smallest sets below.
pub fn terminal(tables: &[CaseTable], minimal: &[Vec<Minimal>], settings: &Settings, width: Option<u16>) -> String {
    let mut text = Table::new();
    text.load_style(TableStyle::new().header_separator(LineStyle::none().fill('-').junction('-')));
    text.set_header(std::iter::once("without").chain(tables.iter().map(|table| table.protocol.name())));
    let mut all: Vec<&Vec<Mechanism>> = tables.iter().flat_map(|t| t.lines.iter().map(|line| &line.without)).collect();
    all.sort_by_key(|without| (without.len(), *without));
    all.dedup();
    for without in all {
        let cells = tables.iter().map(|table| {
            let line = table.lines.iter().find(|line| line.without == *without);
            line.map_or_else(|| "-".to_owned(), |line| cell(table, line, settings))
        });
        let cells: Vec<String> = cells.collect();
        // Two at a time there are many, and most are news to nobody.
        if without.len() == 1 || cells.iter().any(|cell| cell.contains(':')) {
            text.add_row(std::iter::once(joined(without, "none")).chain(cells));
        }
    }
    if let Some(width) = width {
        text.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
    }
    let mut out: String = text.trim_fmt().lines().map(|line| format!("{line}\n")).collect();
    if out.contains(BY_THE_CLOCK) {
        let mut several: Vec<&str> = tables.iter().flat_map(|table| &table.threats).filter_map(takes_several).collect();
        several.sort_unstable();
        several.dedup();
        let and = if several.is_empty() { String::new() } else { format!(", and {}", several.join(", ")) };
        let _ = writeln!(out, "\n{BY_THE_CLOCK}: outsiders{and}; what one fault more does there was not asked");
    }
    for (table, minimal) in tables.iter().zip(minimal) {
        let _ = writeln!(out, "\n{}: what has to come to as-written", table.protocol.name());
        for (sets, whom) in grouped_sets(table, minimal) {
            let _ = writeln!(out, "  {whom}");
            sets.iter().for_each(|set| {
                let _ = writeln!(out, "    {set}");
            });
        }
    }
    out
}

/// The last line: `complete` or `incomplete`.
pub fn one_line(tables: &[CaseTable], minimal: &[Vec<Minimal>]) -> String {
    let heard = || tables.iter().flat_map(CaseTable::all_lines).flat_map(|line| &line.heard);
    let open = heard().filter(|heard| heard.stopped.is_some()).count();
    let open_sets = minimal.iter().flatten().flat_map(|m| &m.sets).filter(|set| set.stopped.is_some()).count();
    let of = |clock: Clock| heard().filter(|heard| heard.clock == clock).map(|heard| heard.states).sum::<u64>();
    let counts = format!(
        "{}, {}, {}",
        counted(heard().count() as u64, "question"),
        counted(of(Clock::Untimed), "state"),
        counted(of(Clock::Timed), "run")
    );
    match open + open_sets {
        0 => format!("complete: {counts}"),
        open => format!("incomplete: {counts}, {} not searched to the end", counted(open as u64, "answer")),
    }
}

/// Sets as words, with all whom they stand up to: those with the same sets stand together.
fn grouped_sets(table: &CaseTable, minimal: &[Minimal]) -> Vec<(Vec<String>, String)> {
    let mut groups: Vec<(Vec<String>, Vec<&'static str>, String)> = Vec::new();
    for minimal in minimal {
        let holds: Vec<&str> = minimal.wanted.iter().map(|invariant| invariant.name()).collect();
        let sets: Vec<String> = minimal
            .sets
            .iter()
            .map(|set| {
                let note = if set.stopped.is_some() { " (not searched to the end)" } else { "" };
                format!("{}{note}", joined(&set.added.iter().collect::<Vec<_>>(), "nothing"))
            })
            .collect();
        let (name, holds) = (minimal.against.name(&table.threats), holds.join(", "));
        match groups.iter_mut().find(|(known, _, kept)| *known == sets && *kept == holds) {
            Some((_, names, _)) => names.push(name),
            None => groups.push((sets, vec![name], holds)),
        }
    }
    groups.into_iter().map(|(sets, names, holds)| (sets, format!("{}, for {holds}:", names.join(", ")))).collect()
}

/// The whole table in Markdown.
pub fn markdown(tables: &[CaseTable], minimal: &[Vec<Minimal>], settings: &Settings) -> String {
    let mut out = String::new();
    let kinds: Vec<&str> = settings.kinds.iter().map(|kind| kind.name()).collect();
    let _ = write!(
        out,
        "# Which safeguard is needed for what\n\n\
         Each mechanism is taken away from `hardened`, and every interleaving of every plan is searched ({}): of at most {} with \
         honest parties, of at most {} beside each deviation, one at a time. Outsiders, and deviations that take several purchases, are searched \
         under the clock, with at most {} (and a crash beside the outsider that waits for one); outsiders that do not mix several \
         purchases in every interleaving without a fault as well, and deviations where a run never settles in every interleaving \
         with as many. A number is the \
         fewest faults with which the invariant breaks without the mechanism, and does not with it, while all are honest. Where it \
         then never does, a name stands beside the number: the deviation or outsider that breaks it with the fewest. Others may do \
         with fewer than honest parties, too; `necessity.csv` has them all.\n",
        kinds.join(", "),
        faults(settings.faults),
        faults(settings.beside),
        faults(settings.under_the_clock),
    );
    for (n, table) in tables.iter().enumerate() {
        case(&mut out, table, settings);
        ways(&mut out, table);
        if let Some(minimal) = minimal.get(n) {
            sets(&mut out, table, minimal, settings);
        }
    }
    out
}

/// A protocol's table.
fn case(out: &mut String, table: &CaseTable, settings: &Settings) {
    let names: Vec<&str> = Invariant::ALL.iter().map(|invariant| invariant.name()).collect();
    let _ = writeln!(out, "\n## {}\n", table.protocol.about());
    let _ = writeln!(out, "| without | {} | |", names.join(" | "));
    let _ = writeln!(out, "|---|{}---|", "---|".repeat(names.len()));
    for line in table.all_lines() {
        // Two at a time there are many, and most are news to nobody.
        if line.without.len() > 1 && table.weakest(line, None).is_none() && table.unknown(line).is_none() {
            continue;
        }
        let cells = Invariant::ALL.iter().map(|invariant| match table.weakest(line, Some(*invariant)) {
            Some(Weakest { threat: Threat::Honest, way, .. }) => way.faults.to_string(),
            Some(Weakest { threat, way, .. }) => format!("{} `{}`", way.faults, threat.name()),
            None => String::new(),
        });
        let cells: Vec<String> = cells.collect();
        let without = line.without.iter().map(|mechanism| format!("`{mechanism}`")).collect::<Vec<_>>().join(" + ");
        let without = if without.is_empty() { "nothing" } else { &without };
        let _ = writeln!(out, "| {without} | {} | {} |", cells.join(" | "), verdict(table, line, settings));
    }
}

/// What follows for a mechanism.
fn verdict(table: &CaseTable, line: &Line, settings: &Settings) -> String {
    if line.without.is_empty() {
        let breaks = table.weakest(line, None).is_some();
        return if breaks { "breaks anyway" } else { "breaks nothing" }.to_owned();
    }
    match table.weakest(line, None) {
        Some(Weakest { threat: Threat::Honest, .. }) => "needed".to_owned(),
        Some(_) => {
            let only = (0..table.threats.len()).filter(|place| table.need(line, *place) == Need::NeededOnlyAgainst);
            let only: Vec<String> = only.map(|place| format!("`{}`", table.threats[place].name())).collect();
            format!("needed only against {}", only.join(", "))
        }
        None => match table.unknown(line) {
            Some((Threat::Honest, why)) => format!("unknown: {why}"),
            Some((threat, why)) => format!("unknown against `{}`: {why}", threat.name()),
            None => not_needed(line, settings),
        },
    }
}

/// The shortest way for each invariant that each mechanism is needed for.
fn ways(out: &mut String, table: &CaseTable) {
    let _ = writeln!(out, "\n### The shortest ways\n");
    for line in table.all_lines() {
        for invariant in Invariant::ALL {
            let Some(Weakest { threat, harm: (_, clause, victim), way }) = table.weakest(line, Some(*invariant)) else {
                continue;
            };
            let without = joined(&line.without, "nothing");
            let whom = if threat.is_honest() { String::new() } else { format!(" against `{}`", threat.name()) };
            let _ = writeln!(
                out,
                "- without {without}{whom}, {}: `{clause}` ({}, {} hurt), {}, {}\n  `{}`",
                invariant.name(),
                counted(u64::from(way.faults), "fault"),
                victim.word(),
                counted(way.events, "event"),
                if table.base.without == line.without { "with every mechanism on" } else { "gone with it" },
                table.replay(line, threat, way)
            );
        }
    }
}

/// The smallest sets that suffice.
fn sets(out: &mut String, table: &CaseTable, minimal: &[Minimal], settings: &Settings) {
    let as_written: Vec<Mechanism> = table.protocol.as_written().iter().collect();
    let _ = writeln!(
        out,
        "\n### What has to come to `as-written`\n\nAs written there are {}. All sets that suffice beside them and contain none that does:\n",
        joined(&as_written, "none")
    );
    for (sets, whom) in grouped_sets(table, minimal) {
        let _ = writeln!(out, "- {whom}");
        sets.iter().for_each(|set| {
            let _ = writeln!(out, "  - {set}");
        });
    }
    let _ = writeln!(
        out,
        "\nEach was searched to suffice, and everything that it contains has a counterexample. Whoever stands up to a deviation stands up \
         to honest parties too. Beside a deviation there was at most {}, and at most {} where the table is searched under the clock.",
        faults(settings.for_sets().beside),
        faults(settings.for_sets().under_the_clock)
    );
}
