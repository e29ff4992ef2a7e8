//! What the README shows is what the program prints.

use std::process::Command;

const README: &str = include_str!("../README.md");

fn halfpaid(arguments: &[&str]) -> (String, i32) {
    let output = Command::new(env!("CARGO_BIN_EXE_halfpaid")).args(arguments).output().expect("it runs");
    (String::from_utf8(output.stdout).expect("text"), output.status.code().unwrap_or(-1))
}

/// Splits as a shell would, as far as the README needs it.
fn words(command: &str) -> Vec<String> {
    let quoted = command.split('"').enumerate();
    quoted
        .flat_map(|(i, piece)| {
            if i % 2 == 1 { vec![piece.to_owned()] } else { piece.split_whitespace().map(str::to_owned).collect() }
        })
        .collect()
}

#[test]
fn the_replay_in_the_readme_is_what_replay_prints() {
    let (shown, code) = halfpaid(&["replay", "case1", "crash-forever M1 after 3#1"]);
    assert_eq!(code, 0);
    assert!(README.contains(&shown), "the README should show:\n{shown}");
}

#[test]
fn the_costs_in_the_readme_are_what_costs_prints() {
    let (shown, code) = halfpaid(&["costs", "case2"]);
    assert_eq!(code, 0);
    assert!(README.contains(&format!("$ halfpaid costs case2\n{shown}```")), "the README should show:\n{shown}");
}

#[test]
fn every_finding_in_the_readme_is_shown_by_its_command() {
    let text = README.replace("\n  ", " ");
    let commands: Vec<&str> = text
        .split('`')
        .filter(|piece| piece.starts_with("halfpaid replay "))
        .map(|piece| piece.strip_prefix("halfpaid ").unwrap_or(piece))
        .collect();
    assert!(commands.len() >= 7, "{commands:?}");
    for command in commands {
        let command = command.split_whitespace().collect::<Vec<_>>().join(" ");
        let words = words(&command);
        let (shown, code) = halfpaid(&words.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(code, 0, "{command}");
        assert!(shown.contains("violated"), "{command} breaks nothing:\n{shown}");
    }
}

/// The findings that a search shows: in a row of the table that says "nothing", that nothing breaks; everywhere else, that something
/// does.
#[test]
fn every_search_among_the_findings_shows_what_is_said() {
    let findings = README.split("## Findings").nth(1).and_then(|rest| rest.split("## What a purchase costs").next());
    let text = findings.expect("there are findings").replace("\n  ", " ");
    let mut searches = 0;
    for line in text.lines() {
        let says_nothing =
            line.starts_with("| `") && line.split(" | ").nth(2).is_some_and(|cell| cell.starts_with("nothing"));
        for command in line.split('`').filter(|piece| piece.starts_with("halfpaid explore ")) {
            let folder = tempfile::tempdir().expect("a folder");
            let mut words = words(command);
            words.extend(["--out".to_owned(), folder.path().display().to_string()]);
            let (shown, code) = halfpaid(&words[1..].iter().map(String::as_str).collect::<Vec<_>>());
            assert_eq!(code, i32::from(!says_nothing), "{command}:\n{shown}");
            assert_eq!(!shown.contains("violated"), says_nothing, "{command}:\n{shown}");
            searches += 1;
        }
    }
    assert!(searches >= 6, "{searches}");
}

/// Every row of the table of findings ends in a command.
#[test]
fn every_difference_from_what_one_would_expect_has_a_command() {
    let rows: Vec<&str> =
        README.lines().filter(|line| line.starts_with("| `") && line.split(" | ").count() == 4).collect();
    let ours = rows.iter().filter(|row| row.contains("halfpaid ")).count();
    assert!(ours >= 14, "{ours}");
    assert_eq!(rows.len(), ours, "{rows:#?}");
}
