//! The table of verdicts that `run` prints, and the line that ends it.
//!
//! Both are made from the rows of the summary alone. How wide the terminal is, whether it shows colours, and printing itself
//! are left to the caller.

use std::collections::BTreeSet;
use std::fmt::Write;

use anstyle::{AnsiColor, Style};
use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, LineStyle, Table, TableStyle, Width};

use super::rows::SummaryRow;
use super::vocabulary::YesNo;
use crate::invariant::{Expectation, Invariant, Verdict};

/// How the table is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TableLook {
    /// The columns of the terminal; without it lines are as long as they need to be.
    pub width: Option<u16>,
    /// Whether to use ANSI colours. They only repeat what the words say.
    pub colour: bool,
}

/// One line per scenario and protocol, in the order of the rows: what was found for each invariant, with `(!)` where it is not
/// as expected and `(so far)` where that is not known yet. Where a terminal is too narrow for columns, the lines say what does not hold.
/// Ends with a newline. Rows of one scenario and protocol stand together.
pub fn verdict_table(rows: &[SummaryRow<'_>], look: TableLook) -> String {
    let mut table = Table::new();
    // A rule below the header and nothing else: it survives being pasted anywhere.
    table.load_style(TableStyle::new().header_separator(LineStyle::none().fill('-').junction('-')));
    let ends = ["scenario", "protocol"].into_iter();
    table.set_header(ends.chain(Invariant::ALL.iter().map(|i| i.name())).chain(["runs", "completed %"]));
    for group in groups(rows) {
        let Some(first) = group.first() else { continue };
        let mut cells = vec![first.scenario.to_string(), first.protocol.to_string()];
        for invariant in Invariant::ALL {
            let row = group.iter().find(|row| row.invariant == *invariant);
            cells.push(row.map_or_else(|| "-".to_owned(), |row| verdict_cell(row, look.colour)));
        }
        cells.push(grouped(first.runs));
        cells.push(first.completed_percent.to_string());
        table.add_row(cells);
    }
    if look.width.is_some_and(|width| width < least_width(&table)) {
        return groups(rows).map(|group| paint(&verdict_line(group, look.colour))).collect();
    }
    lay_out(&mut table, look.width);
    let mut text = String::new();
    for line in table.trim_fmt().lines() {
        text.push_str(&paint(line));
        text.push('\n');
    }
    text
}

/// A scenario under a protocol in a line: what does not hold or is open, and how much was run.
fn verdict_line(group: &[SummaryRow<'_>], colour: bool) -> String {
    let Some(first) = group.first() else { return String::new() };
    let told_of = |row: &&SummaryRow<'_>| verdict_cell(row, false) != Verdict::Holds.name();
    let mut alike: Vec<(Vec<&str>, String)> = Vec::new();
    for row in group.iter().filter(told_of) {
        let (name, verdict) = (row.invariant.name(), verdict_cell(row, colour));
        match alike.iter_mut().find(|(_, known)| *known == verdict) {
            Some((names, _)) => names.push(name),
            None => alike.push((vec![name], verdict)),
        }
    }
    let told = alike.into_iter().map(|(names, verdict)| format!("{} {verdict}", names.join(" and ")));
    let mut told = told.collect::<Vec<_>>().join(", ");
    if told.is_empty() {
        let holds = Verdict::Holds.name();
        told = format!("everything {}", if colour { Mark::Holds.put_on(holds) } else { holds.to_owned() });
    }
    let (runs, completed) = (counted(first.runs, "run"), first.completed_percent);
    format!("{}, {}: {told}; {runs}, {completed} % completed\n", first.scenario, first.protocol)
}

/// The last line of a command: `complete` or, where a bound was reached first, `incomplete` with the reason. No newline.
pub fn one_line(rows: &[SummaryRow<'_>], incomplete: Option<&str>) -> String {
    let scenarios = rows.iter().map(|row| &row.scenario).collect::<BTreeSet<_>>().len() as u64;
    let runs = groups(rows).filter_map(|group| group.first()).map(|row| row.runs).sum();
    let open = rows.iter().filter(|row| row.complete == YesNo::No).count() as u64;
    let unexpected = |row: &&SummaryRow<'_>| row.complete == YesNo::Yes && row.as_expected == YesNo::No;
    let unexpected = rows.iter().filter(unexpected).count() as u64;
    let expected = rows.len() as u64 - unexpected - open;
    let (state, reason) = match incomplete {
        None => ("complete", String::new()),
        Some(reason) => ("incomplete", format!(" ({reason})")),
    };
    format!(
        "{state}: {}, {}, {} as expected, {} not{}{reason}",
        counted(scenarios, "scenario"),
        counted(runs, "run"),
        counted(expected, "verdict"),
        grouped(unexpected),
        if open > 0 { format!(", {} open", grouped(open)) } else { String::new() },
    )
}

/// The rows of one scenario and protocol at a time.
fn groups<'r, 'a>(rows: &'r [SummaryRow<'a>]) -> impl Iterator<Item = &'r [SummaryRow<'a>]> {
    rows.chunk_by(|one, next| one.scenario == next.scenario && one.protocol == next.protocol)
}

/// The verdict, and whether it is news.
fn verdict_cell(row: &SummaryRow<'_>, colour: bool) -> String {
    let (note, mark) = match (row.found, row.as_expected) {
        (Verdict::Holds, _) if row.complete == YesNo::No => (" (so far)", Mark::Open),
        (_, YesNo::No) => (" (!)", Mark::Unexpected),
        (Verdict::Violated, YesNo::Yes) if row.expected == Expectation::Either => {
            (" (either)", Mark::ExpectedViolation)
        }
        (Verdict::Violated, YesNo::Yes) => (" (expected)", Mark::ExpectedViolation),
        (Verdict::Holds, YesNo::Yes) => ("", Mark::Holds),
    };
    let text = format!("{}{note}", row.found.name());
    if colour { mark.put_on(&text) } else { text }
}

/// A colour that goes through the layout as a character without width, since without its terminal detection the table counts
/// escape sequences as text.
#[derive(Clone, Copy)]
enum Mark {
    Holds,
    ExpectedViolation,
    Unexpected,
    /// Nothing was seen to break, and not everything was looked at.
    Open,
}

impl Mark {
    const ALL: [Mark; 4] = [Mark::Holds, Mark::ExpectedViolation, Mark::Unexpected, Mark::Open];

    /// Unicode's invisible operators: nobody writes them, and they take no room.
    const END: char = '\u{2064}';

    const fn start(self) -> char {
        match self {
            Mark::Holds => '\u{2061}',
            Mark::ExpectedViolation => '\u{2062}',
            Mark::Unexpected => '\u{2063}',
            Mark::Open => '\u{2060}',
        }
    }

    const fn style(self) -> Style {
        match self {
            Mark::Holds => AnsiColor::Green.on_default(),
            Mark::ExpectedViolation => AnsiColor::Yellow.on_default(),
            Mark::Unexpected => AnsiColor::Red.on_default().bold(),
            Mark::Open => AnsiColor::Cyan.on_default(),
        }
    }

    /// Marks each word by itself: a narrow cell puts them on lines of their own.
    fn put_on(self, text: &str) -> String {
        let words: Vec<_> = text.split(' ').map(|word| format!("{}{word}{}", self.start(), Mark::END)).collect();
        words.join(" ")
    }
}

/// Turns the marks of a finished line into escape sequences.
fn paint(line: &str) -> String {
    let mut painted = String::with_capacity(line.len());
    let mut style = Style::new();
    for c in line.chars() {
        // Writing to a string cannot fail.
        let _ = if let Some(mark) = Mark::ALL.into_iter().find(|mark| mark.start() == c) {
            style = mark.style();
            write!(painted, "{}", style.render())
        } else if c == Mark::END {
            write!(painted, "{}", style.render_reset())
        } else {
            painted.write_char(c)
        };
    }
    painted
}

/// How wide each column has to be: names and numbers are never cut, and verdicts between words only.
fn least_widths(table: &Table) -> Vec<u16> {
    const LONGEST_WORD: u16 = "(expected)".len() as u16;
    const PADDING: u16 = 2;
    let verdicts = 2..2 + Invariant::ALL.len();
    let natural = table.column_max_content_widths().into_iter().enumerate();
    let least = natural.map(|(at, width)| if verdicts.contains(&at) { width.min(LONGEST_WORD) } else { width });
    least.map(|width| width.saturating_add(PADDING)).collect()
}

/// How wide the table has to be.
fn least_width(table: &Table) -> u16 {
    // A blank parts two columns.
    least_widths(table)
        .into_iter()
        .fold(0, |sum: u16, width| sum.saturating_add(width.saturating_add(1)))
        .saturating_sub(1)
}

/// Fits the table into the width.
fn lay_out(table: &mut Table, width: Option<u16>) {
    if let Some(width) = width {
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
    }
    let least = least_widths(table);
    for (index, column) in table.column_iter_mut().enumerate() {
        let least = least.get(index).copied().unwrap_or(0);
        column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(least)));
        if index >= 2 + Invariant::ALL.len() {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
}

/// `1 run`, `31,204 runs`.
pub(crate) fn counted(count: u64, what: &str) -> String {
    format!("{} {what}{}", grouped(count), if count == 1 { "" } else { "s" })
}

/// A number with its digits in threes: `31,204`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
#[path = "table_tests.rs"]
mod tests;
