//! Tests of the table of verdicts and of the last line.

use super::*;
use crate::results::Percent;

fn row(scenario: &'static str, invariant: Invariant, expected: Verdict, found: Verdict) -> SummaryRow<'static> {
    SummaryRow {
        scenario: scenario.into(),
        protocol: "case1".into(),
        invariant,
        expected: expected.into(),
        found,
        as_expected: (expected == found).into(),
        runs: 31_204,
        violations: 0,
        completed_percent: Percent::of(1, 8),
        complete: YesNo::Yes,
    }
}

fn rows() -> Vec<SummaryRow<'static>> {
    use Verdict::{Holds, Violated};
    vec![
        row("first", Invariant::Money, Holds, Holds),
        row("first", Invariant::Goods, Violated, Violated),
        row("first", Invariant::Content, Violated, Holds),
        row("first", Invariant::Certified, Holds, Violated),
        row("first", Invariant::Terminates, Holds, Holds),
        row("second", Invariant::Money, Holds, Violated),
    ]
}

/// The text without its escape sequences.
fn stripped(text: &str) -> String {
    let mut parts = text.split('\u{1b}');
    let first = parts.next().unwrap().to_owned();
    parts.fold(first, |text, part| text + part.split_once('m').unwrap().1)
}

#[test]
fn without_colour_every_surprise_is_visible_in_plain_text() {
    let text = verdict_table(&rows(), TableLook::default());
    let expected = "
 scenario   protocol   money          goods                 content     certified      terminates     runs   completed %
-------------------------------------------------------------------------------------------------------------------------
 first      case1      holds          violated (expected)   holds (!)   violated (!)   holds        31,204         12.50
 second     case1      violated (!)   -                     -           -              -            31,204         12.50
";
    assert_eq!(format!("\n{text}"), expected);
}

#[test]
fn colours_change_nothing_but_the_colour_at_any_width() {
    for width in [None, Some(200), Some(108), Some(80), Some(10)] {
        let all = [rows(), vec![row("third", Invariant::Money, Verdict::Holds, Verdict::Holds)]].concat();
        let plain = verdict_table(&all, TableLook { width, colour: false });
        let coloured = verdict_table(&all, TableLook { width, colour: true });
        assert!(!plain.contains('\u{1b}'));
        assert_eq!(stripped(&coloured), plain);
        assert!(coloured.contains("\u{1b}[32mholds\u{1b}[0m"), "{coloured}");
        assert!(coloured.contains("\u{1b}[33m(expected)\u{1b}[0m"), "{coloured}");
        assert!(coloured.contains("\u{1b}[1m\u{1b}[31m(!)\u{1b}[0m"), "{coloured}");
    }
}

#[test]
fn a_narrow_table_breaks_between_words() {
    let text = verdict_table(&rows(), TableLook { width: Some(110), colour: false });
    assert!(text.lines().all(|line| line.len() <= 110), "{text}");
    assert!(text.lines().any(|line| line.contains("violated")), "{text}");
}

/// Eighty columns have no room for the columns of the table: a line for each scenario says what is to be said.
#[test]
fn a_terminal_that_is_too_narrow_for_columns_gets_lines() {
    let mut all = rows();
    all.push(SummaryRow { complete: YesNo::No, ..row("third", Invariant::Money, Verdict::Holds, Verdict::Holds) });
    all.push(row("fourth", Invariant::Money, Verdict::Holds, Verdict::Holds));
    let expected = "\
first, case1: goods violated (expected), content holds (!), certified violated (!); 31,204 runs, 12.50 % completed
second, case1: money violated (!); 31,204 runs, 12.50 % completed
third, case1: money holds (so far); 31,204 runs, 12.50 % completed
fourth, case1: everything holds; 31,204 runs, 12.50 % completed
";
    assert_eq!(verdict_table(&all, TableLook { width: Some(80), colour: false }), expected);
    // As soon as there is room for all names and words there are columns.
    let widths = (60..140).filter(|width| {
        let text = verdict_table(&all, TableLook { width: Some(*width), colour: false });
        let columns = text.starts_with(" scenario");
        assert!(!columns || text.lines().all(|line| line.len() <= usize::from(*width)), "{width}:\n{text}");
        columns
    });
    assert_eq!(widths.min(), Some(108));
}

#[test]
fn the_last_line_counts_scenarios_runs_and_verdicts() {
    assert_eq!(one_line(&rows(), None), "complete: 2 scenarios, 62,408 runs, 3 verdicts as expected, 3 not");
    assert_eq!(
        one_line(&rows()[..1], Some("the bound of 1,000 states was reached")),
        "incomplete: 1 scenario, 31,204 runs, 1 verdict as expected, 0 not (the bound of 1,000 states was reached)"
    );
    assert_eq!(one_line(&[], None), "complete: 0 scenarios, 0 runs, 0 verdicts as expected, 0 not");
}

#[test]
fn digits_stand_in_threes() {
    assert_eq!([0, 7, 999, 1_000, 1_234_567].map(grouped), ["0", "7", "999", "1,000", "1,234,567"]);
}
