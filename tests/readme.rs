//! What the README shows is what the program prints.

use std::collections::BTreeSet;
use std::process::Command;

const README: &str = include_str!("../README.md");

fn halfpaid(arguments: &[&str]) -> (String, i32) {
    let output = Command::new(env!("CARGO_BIN_EXE_halfpaid")).args(arguments).output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!said.contains("nothing to do"), "{arguments:?} shows nothing: {said}");
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

/// The commands of the findings, in their order, and the clauses that each has to break for its finding to be true; none where the
/// finding is that nothing breaks.
const SHOWN: &[(&str, &str)] = &[
    ("explore case2 --untimed --faults 2 --without retransmit", ""),
    ("explore case3 --untimed --faults 2 --without retransmit", ""),
    (r#"replay case1 "drop 6#1" --without retransmit"#, "got-nothing paid-no-goods"),
    (r#"replay case2 "delay 3#1" --preset as-written"#, "belief-customer belief-open"),
    (r#"replay case2 "crash M1 after 3#1" --without merchant-journal"#, "delivered-this merchant-forgot"),
    ("explore case2 --untimed --faults 0 --without one-key-per-tid --without key-commitment", "paid-no-goods"),
    (
        r#"replay case2 "duplicate 1#1" --without one-key-per-tid --without merchant-checks-seal --without key-commitment"#,
        "paid-no-goods",
    ),
    (r#"replay case2 "corrupt 2#1 bit 352" --without merchant-checks-seal"#, "paid-no-goods"),
    (
        r#"replay case2 "delay 4#1; corrupt 4#2 bit 248" --without final-decline"#,
        "belief-customer belief-not-paid final",
    ),
    (
        r#"replay case2 "corrupt 4#1 bit 2056; corrupt 5#1 bit 248" --without signed-status"#,
        "belief-charged belief-merchant unpaid-goods",
    ),
    (
        r#"replay case3 "corrupt answer-C#1 bit 248; order start 1#1 2#1 C1.query#1 query-C#1 answer-C#1" --without signed-status"#,
        "belief-charged",
    ),
    ("replay case1 none", "delivered-this received-this"),
    (r#"replay case2 "crash-forever M1 after 3#1" --merchant wrong-key --without key-commitment"#, "paid-no-goods"),
    ("replay case2 none --merchant wrong-item", "wrong-content"),
    (
        r#"replay case1 "corrupt answer-M#1 bit 248; order start 1#1 2#1 3#1 M1.query#1 query-M#1 answer-M#1 6#1" --without signed-status"#,
        "belief-charged belief-merchant unpaid-goods",
    ),
    (
        r#"replay case1 "order start 1#1 2#1 3#1 C1.query#1 query-C#1 answer-C#1 4#1 5#1 6#1 expiry#1" --without tombstone"#,
        "belief-customer belief-open got-nothing paid-no-goods",
    ),
    (
        r#"replay case3 "crash M1 before 4#1; order start 1#1 2#1 3#1 M1.restart#1 4#1 2:start 1#2 2#2" --without merchant-dedup --customer reuse-tid --purchases 2 --every-us 3000000"#,
        "belief-not-paid endless",
    ),
    (r#"replay case1 "crash C1 taking 6#1" --without customer-journal"#, "customer-forgot got-nothing paid-no-goods"),
    (
        "explore case3 --untimed --faults 1 --without merchant-dedup --customer reuse-tid --purchases 2",
        "belief-not-paid endless",
    ),
    ("replay case3 none --without status-query --merchant withhold-submit", "customer-in-doubt"),
    (r#"replay case2 "order start 1#1 2#1 3#1 4#1 M1.retry#1 4#2" --without idempotent-submit"#, "once"),
    (r#"replay case2 "crash C1 after 2#1" --without customer-journal"#, "customer-forgot got-nothing paid-no-goods"),
    ("explore case2 --untimed --faults 1 --without one-key-per-tid", ""),
    ("replay case2 none --without key-commitment --merchant two-key-item", "delivered-other received-this"),
    ("explore case2 --untimed --faults 1 --without key-commitment --merchant wrong-key", "paid-no-goods received-this"),
    (
        r#"replay case2 "crash M1 taking 5#1" --without bound-signature --merchant steal-instrument --purchases 2 --every-us 20000"#,
        "belief-customer delivered-other got-nothing paid-no-goods",
    ),
    (
        r#"replay case1 "crash M1 after 5#1" --without merchant-dedup --customer reuse-tid --purchases 2 --every-us 3000000"#,
        "belief-not-paid delivered-this",
    ),
    ("explore case2 --untimed --faults 2 --without countersign", ""),
    ("replay case1 none --without item-digest --merchant wrong-item", "got-other received-this wrong-content"),
    (
        r#"replay case3 "delay 4#1; corrupt 4#2 bit 248" --without final-decline"#,
        "belief-customer belief-not-paid final",
    ),
    (
        "replay case2 none --without signed-status --outsider forge-status --purchases 2 --every-us 500000",
        "belief-charged belief-merchant unpaid-goods",
    ),
    ("explore case2 --faults 1 --without unguessable-tid --outsider guess-tid --purchases 2 --every-us 500000", ""),
    ("explore case2 --faults 1 --without authenticated-query --outsider ask", ""),
    (r#"replay case3 "corrupt 6#1 bit 248" --without release-on-query"#, "got-nothing paid-no-goods"),
    (
        r#"replay case2 "crash P after 4#1" --without payment-journal"#,
        "belief-charged belief-merchant final never-committed not-charged unpaid-goods",
    ),
    (r#"replay case2 "crash C1 after 2#1" --without ciphertext-journal"#, "got-nothing paid-no-goods"),
    (
        r#"replay case2 "order start 1#1 2#1 3#1 4#1 5#1 expiry#1" --without merchant-checks-seal --customer sign-wrong-digest"#,
        "claims-nothing delivered-this",
    ),
    (
        "explore case1 --untimed --faults 0 --without dedup-retention --outsider tamper-order",
        "belief-customer belief-not-paid delivered-this final got-nothing once paid-no-goods received-this",
    ),
    ("explore case2 --untimed --faults 0 --without merchant-checks-seal --outsider tamper-quote", "paid-no-goods"),
    (
        "replay case1 none --without final-decline --outsider tamper-order",
        "belief-customer belief-not-paid final got-nothing paid-no-goods",
    ),
    (
        "replay case2 none --without countersign --without key-commitment --outsider tamper-goods",
        "claims-nothing delivered-this received-this",
    ),
    ("replay case3 none --without status-query --outsider tamper-quote", "customer-in-doubt"),
    ("explore case2 --untimed --faults 0 --without dedup-retention", "once"),
    (
        "replay case3 none --preset as-written --with dedup-retention --with customer-journal --with signed-status --with item-digest --with tombstone --with final-decline --customer reuse-tid --purchases 2 --every-us 3000000",
        "belief-not-paid",
    ),
    (
        r#"replay case3 "crash M1 after 5#1" --preset as-written --with dedup-retention --with customer-journal --with merchant-dedup --with signed-status --with item-digest --with tombstone --with final-decline --customer reuse-tid --purchases 2 --every-us 3000000"#,
        "belief-not-paid",
    ),
    (
        r#"replay case1 "replay 4#1 after 3#1; corrupt 4#1 bit 248; order start 1#1 2#1 3#1 4#1 4#1.2" --preset as-written --with dedup-retention --with signed-status"#,
        "final",
    ),
    (
        r#"replay case1 "corrupt 4#1 bit 800; corrupt 5#1 bit 248; order start 1#1 2#1 3#1 4#1 5#1" --preset as-written --with dedup-retention --with tombstone --with final-decline"#,
        "belief-merchant",
    ),
    (
        "replay case2 none --without one-key-per-tid --without merchant-dedup --customer reuse-tid --purchases 2 --every-us 3000000",
        "belief-not-paid",
    ),
];

/// The clauses that a command finds broken.
fn broken(words: &[String]) -> BTreeSet<String> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    if words[0] == "replay" {
        let (shown, code) = halfpaid(&[&words[..], &["--format", "json"]].concat());
        assert_eq!(code, 0, "{words:?}");
        let told: serde_json::Value = serde_json::from_str(&shown).expect("JSON");
        let violations = told["violations"].as_array().expect("violations").iter();
        return violations.map(|broken| broken["clause"].as_str().expect("a clause").to_owned()).collect();
    }
    let folder = tempfile::tempdir().expect("a folder");
    let (shown, code) = halfpaid(&[&words[..], &["--out", folder.path().to_str().expect("a path")]].concat());
    let scenario = folder.path().join(format!("explore-{}", words[1]));
    let mut rows = csv::Reader::from_path(scenario.join("violations.csv")).expect("violations");
    let clause = rows.headers().expect("headers").iter().position(|name| name == "clause").expect("a column");
    let clauses: BTreeSet<String> = rows.records().map(|row| row.expect("a row")[clause].to_owned()).collect();
    assert_eq!(code, i32::from(!clauses.is_empty()), "{words:?}:\n{shown}");
    clauses
}

/// Every finding's command shows what the finding says, and no command is without a finding.
#[test]
fn every_finding_is_what_its_command_shows() {
    let findings = README.split("## Findings").nth(1).and_then(|rest| rest.split("## What a purchase costs").next());
    let mut commands: Vec<String> = Vec::new();
    for piece in findings.expect("there are findings").split('`') {
        let command = piece.split_whitespace().collect::<Vec<_>>().join(" ");
        if let Some(command) = command.strip_prefix("halfpaid ")
            && (command.starts_with("replay ") || command.starts_with("explore "))
            && !commands.iter().any(|known| known == command)
        {
            commands.push(command.to_owned());
        }
    }
    assert_eq!(commands, SHOWN.iter().map(|(command, _)| (*command).to_owned()).collect::<Vec<_>>());
    for (command, clauses) in SHOWN {
        let clauses: BTreeSet<String> = clauses.split_whitespace().map(str::to_owned).collect();
        assert_eq!(broken(&words(command)), clauses, "{command}");
    }
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
