//! From what broke back to the run that shows it: the commands that are printed and written down, and what `replay` takes.

use std::fs;

use super::place::{LOST, Place, last_line};

/// One plan by which Case 2 loses goods, which is not expected.
fn surprise() -> String {
    LOST.split("[expect]").next().unwrap_or_default().to_owned()
}

/// Splits a command as a shell would, as far as these need it.
fn words(command: &str) -> Vec<String> {
    let pieces = command.split('"').enumerate();
    let split = |(at, piece): (usize, &str)| {
        if at % 2 == 1 { vec![piece.to_owned()] } else { piece.split_whitespace().map(str::to_owned).collect() }
    };
    pieces.flat_map(split).collect()
}

/// The commands in a text, a line each.
fn commands(text: &str) -> Vec<&str> {
    text.lines().map(str::trim).filter(|line| line.starts_with("halfpaid replay ")).collect()
}

fn replayed(place: &Place, command: &str) -> String {
    let words = words(command);
    let arguments: Vec<&str> = words[1..].iter().map(String::as_str).collect();
    place.says(0, &arguments).0
}

/// Scenarios need not lie in `scenarios`, nor results in `results`.
#[test]
fn what_breaks_is_printed_with_a_command_that_works_wherever_the_results_are() {
    let place = Place::new().and("lost", &surprise());
    fs::rename(place.at("scenarios"), place.at("mine")).unwrap();
    for (out, named) in
        [("results", "lost"), ("elsewhere/now", "elsewhere/now/lost"), ("with blanks", "\"with blanks/lost\"")]
    {
        let (shown, _) = place.says(1, &["run", "mine", "--out", out, "--junit", "junit.xml"]);
        let found = commands(&shown);
        assert!(
            found.len() >= 2 && found.iter().all(|command| command.starts_with(&format!("halfpaid replay {named} ")))
        );
        for command in found {
            assert!(replayed(&place, command).contains("paid-no-goods"), "{command}");
        }
        assert!(shown.contains("lost, case2: goods: paid-no-goods, customer is hurt, crash C, "), "{shown}");
        assert!(shown.contains("could have prevented it with "), "{shown}");
        let xml = place.read("junit.xml").replace("&quot;", "\"");
        assert!(xml.contains(&format!("halfpaid replay {named} \"crash C1 after 2#1\"")), "{xml}");
    }
    // The CSV names no path.
    assert!(!place.read("elsewhere/now/lost/violations.csv").contains("elsewhere"));
    // The folder by itself will do, and so will the scenarios under another name.
    for target in [
        &["replay", "elsewhere/now/lost"][..],
        &["replay", "--scenarios", "mine", "lost"],
        &["replay", "mine/lost.toml"],
    ] {
        let (shown, _) = place.says(0, &[target, &["crash C1 after 2#1"]].concat());
        assert!(shown.contains("paid-no-goods"), "{target:?}");
    }
    // Taken from the disk, it says the same.
    let [(fresh, _), (resumed, _)] = [&["--resume"][..0], &["--resume"]]
        .map(|more| place.says(1, &[&["run", "mine", "--out", "elsewhere/now"], more].concat()));
    assert_eq!(fresh, resumed);
}

#[test]
fn what_is_expected_to_break_is_told_on_request() {
    let place = Place::new().and("lost", LOST);
    let (quiet, _) = place.says(0, &["run", "scenarios"]);
    assert_eq!(commands(&quiet), [""; 0]);
    let (told, _) = place.says(0, &["run", "scenarios", "-v"]);
    assert!(commands(&told).len() >= 2, "{told}");
    // An exploration says it in the same way.
    let (explored, _) =
        place.says(1, &["explore", "case2", "--faults", "1", "--kinds", "crash", "--without", "ciphertext-journal"]);
    assert!(!commands(&explored).is_empty(), "{explored}");
    for command in commands(&explored) {
        assert!(replayed(&place, command).contains("violated"), "{command}");
    }
    // What was explored can be replayed from its results, with all that was asked for.
    place.says(
        0,
        &[
            "explore",
            "case3",
            "--faults",
            "0",
            "--purchases",
            "2",
            "--every-us",
            "777",
            "--opening-balance-cents",
            "9000",
        ],
    );
    let (shown, _) = place.says(0, &["replay", "results/explore-case3", "none", "--format", "json"]);
    let told: serde_json::Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(told["purchases"][1]["started_us"], 777);
}

#[test]
fn a_target_that_is_several_scenarios_or_none_is_refused_with_their_names() {
    let place = Place::new().and("lost", LOST).and("more", "protocol = [\"case1\"]\n[matrix]\n\"seed\" = [1, 2]\n");
    let says = |target: &str| place.says(2, &["replay", target, "none"]).1;
    let several = says("scenarios");
    assert!(
        several.contains("`scenarios` holds several scenarios") && several.contains("  more~seed=1\n"),
        "{several}"
    );
    assert!(
        says("more").contains("holds no scenario `more`") && says("more").contains("more~seed=2"),
        "{}",
        says("more")
    );
    assert!(says("scenarios/more.toml").contains("holds several scenarios"));
    place.says(0, &["replay", "more~seed=2", "none"]);
    let none = says("missing");
    assert!(none.contains("`missing` is no protocol, no file, no scenario below `scenarios`"), "{none}");
}

#[test]
fn a_replay_says_what_it_replays() {
    let place = Place::new();
    let settings = "--preset as-written --merchant wrong-item --purchases 2 --with tombstone";
    let arguments = [&["replay", "case1", "none"][..], &settings.split(' ').collect::<Vec<_>>()].concat();
    let (shown, _) = place.says(0, &arguments);
    assert!(shown.lines().nth(1).is_some_and(|line| line == format!("with {settings}")), "{shown}");
    let (json, _) = place.says(0, &[&arguments[..], &["--format", "json"]].concat());
    assert_eq!(serde_json::from_str::<serde_json::Value>(&json).unwrap()["settings"], settings);
    assert!(place.says(0, &["replay", "case1", "none"]).0.lines().nth(1).is_some_and(|line| line == "plan: none"));
}

/// A deviation that a case leaves nothing to do is no test of it, nor one that takes more purchases.
#[test]
fn who_has_nothing_to_do_is_named() {
    let idle =
        "protocol = [\"case2\", \"case3\"]\n[deviations]\nmerchant = \"two-key-item\"\ncustomer = \"reuse-tid\"\n";
    let place = Place::new().and("idle", idle);
    for command in ["run", "check"] {
        let (_, said) = place.says(0, &[command, "scenarios"]);
        assert!(said.contains("idle: two-key-item has nothing to do in case3"), "{said}");
        assert!(said.contains("idle: reuse-tid has nothing to do with so few purchases"), "{said}");
    }
    let (list, _) = place.says(0, &["list"]);
    assert!(list.contains("M does not send step 6 (case1, case2)"), "{list}");
}

/// Nothing that holds has been put to the test if nobody has bought anything.
#[test]
fn that_no_purchase_commits_is_a_gap_without_faults_too() {
    let short = "protocol = [\"case3\"]\n[recovery]\ninstrument_lifetime_us = 1\n";
    let place = Place::new().and("short", short);
    let (_, said) = place.says(0, &["run", "scenarios"]);
    assert!(said.contains("no run reached this: a purchase committed"), "{said}");
}

/// What struck in a plan that was cut has struck.
#[test]
fn a_search_that_cuts_plans_does_not_take_them_for_gaps() {
    let arguments = "explore case2 --faults 1 --outsider guess-tid --purchases 2 --every-us 500000";
    let (_, said) = Place::new().says(0, &arguments.split(' ').collect::<Vec<_>>());
    assert_eq!(said, "");
}

#[test]
fn a_search_that_was_cut_short_says_so_wherever_its_verdicts_are() {
    let every = |more: &str| {
        format!(
            "protocol = [\"case1\"]\npreset = \"as-written\"\n[faults]\nmode = \"exhaustive\"\nclock = \"untimed\"\nat_most = 1\n\
             kinds = [\"drop\", \"crash\"]\n{more}[expect]\ngoods = \"violated\"\ncertified = \"violated\"\n\
             terminates = \"violated\"\n"
        )
    };
    let place = Place::new().and("every", &every(""));
    place.says(0, &["run", "scenarios", "--out", "base"]);
    let place = place.and("every", &every("states_at_most = 10\n"));
    let (shown, _) = place.says(3, &["run", "scenarios", "--junit", "junit.xml"]);
    assert!(shown.contains("holds (so far)") && !shown.contains("(!)"), "{shown}");
    assert!(last_line(&shown).contains(", 0 verdicts as expected, 0 not, 5 open ("), "{shown}");
    let summary = place.read("results/summary.csv");
    assert!(summary.lines().skip(1).all(|row| row.ends_with(",no")), "{summary}");
    let xml = place.read("junit.xml");
    assert!(xml.contains("skipped=\"5\" errors=\"1\" failures=\"0\""), "{xml}");
    place.says(0, &["report", "results"]);
    assert!(place.read("results/report.html").contains("<h1 class=\"alarm\">5 verdicts open</h1>"));
    let (compared, _) = place.says(1, &["compare", "base", "results"]);
    assert!(compared.contains("holds (so far)") && !compared.contains("resolved"), "{compared}");
    assert!(last_line(&compared).starts_with("regressed: "), "{compared}");
}
