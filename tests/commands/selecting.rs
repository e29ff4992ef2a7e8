//! Which scenarios `run` takes, and what it does about those that it cannot use.

use super::place::{LOST, Place, last_line};

fn three() -> Place {
    let plain = "protocol = [\"case2\"]\n";
    Place::new().and("lost", LOST).and("plain-a", plain).and("plain-b", plain)
}

/// The scenarios in the summary, each once.
fn ran(place: &Place) -> Vec<String> {
    let summary = place.read("results/summary.csv");
    let mut names: Vec<String> =
        summary.lines().skip(1).map(|line| line.split(',').next().unwrap_or_default().to_owned()).collect();
    names.dedup();
    names
}

#[test]
fn a_filter_keeps_scenarios_by_a_part_of_their_names() {
    let place = three();
    for (filters, expected) in [
        (vec!["--filter", "plain"], vec!["plain-a", "plain-b"]),
        (vec!["--filter", "n-b", "--filter", "lo"], vec!["lost", "plain-b"]),
    ] {
        let (out, _) = place.says(0, &[vec!["run", "scenarios"], filters].concat());
        assert!(last_line(&out).starts_with(&format!("complete: {} scenario", expected.len())), "{out}");
        assert_eq!(ran(&place), expected);
    }
}

#[test]
fn a_filter_that_nothing_matches_exits_2_and_writes_nothing() {
    let place = three();
    // A variable that was not set filters nothing and seeds nothing.
    for option in ["--filter", "--seed-from"] {
        assert!(place.says(2, &["run", "scenarios", option, ""]).1.contains("a value is required"), "{option}");
    }
    let (out, err) = place.says(2, &["run", "scenarios", "--filter", "swarm", "--filter", "PLAIN"]);
    assert_eq!(out, "");
    assert_eq!(err, "error: no scenario has \"swarm\" or \"PLAIN\" in its name\n");
    assert!(!place.at("results").exists());
}

#[test]
fn a_scenario_that_fails_to_load_does_not_stop_the_others() {
    let place = three().file("worse.toml", "name = 5").file("bad.toml", "name = \"bad\"\nprotocol = [\"case9\"]\n");
    let (out, err) = place.says(2, &["run", "scenarios"]);
    assert!(err.contains("worse.toml:1:8") && err.contains("bad.toml:2:13"), "{err}");
    let last = "incomplete: 3 scenarios, 3 runs, 15 verdicts as expected, 0 not (2 scenario files could not be used)";
    assert_eq!(last_line(&out), last);
    assert_eq!(ran(&place), ["lost", "plain-a", "plain-b"]);
    // The same bytes as if the bad ones had never been there.
    let with = place.files("results");
    let place = three();
    place.says(0, &["run", "scenarios"]);
    assert_eq!(with, place.files("results"));
}

#[test]
fn a_plan_that_does_not_fit_does_not_stop_the_others() {
    let place = three().and("a-unmet", &LOST.replace("2#1", "2#9"));
    let (out, err) = place.says(2, &["run", "scenarios"]);
    assert!(err.contains("a-unmet.toml:6:") && err.contains("never comes to the site"), "{err}");
    assert!(last_line(&out).ends_with("0 not (1 scenario file could not be used)"), "{out}");
    assert_eq!(ran(&place), ["lost", "plain-a", "plain-b"]);
}

#[test]
fn an_unexpected_verdict_among_scenarios_that_cannot_be_used_still_exits_2() {
    let unexpected = LOST.split("[expect]").next().unwrap_or_default();
    let place = Place::new().and("lost", unexpected).file("worse.toml", "name = 5");
    let (out, _) = place.says(2, &["run", "scenarios"]);
    assert!(out.contains("violated (!)") && last_line(&out).contains("2 not (1 scenario file"), "{out}");
}

#[test]
fn of_two_scenarios_with_one_name_neither_runs_and_the_others_do() {
    let place = three().file("more/lost.toml", &format!("name = \"lost\"\n{LOST}"));
    let (_, err) = place.says(2, &["run", "scenarios"]);
    assert!(err.contains("scenario `lost` is in"), "{err}");
    assert_eq!(ran(&place), ["plain-a", "plain-b"]);
}
