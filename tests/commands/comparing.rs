//! `compare` and `run --junit`: what CI asks of a run.

use std::fs;

use super::place::{LOST, Place, last_line};

const TWO: &str = "protocol = [\"case1\", \"case2\"]\n[faults]\nmode = \"scripted\"\nplans = [\"drop 6#1\"]\n[expect]\n\
                   certified = \"violated\"\n";

/// Results in `base` and in `results`, the latter from scenarios that `change` has been over.
fn compared(change: impl Fn(Place) -> Place) -> Place {
    let place = Place::new().and("lost", LOST).and("two", TWO);
    let run = |place: &Place, out: &str| {
        place.halfpaid(&["run", "scenarios", "--out", out, "--quiet"]).output().unwrap();
    };
    run(&place, "base");
    let place = change(place);
    run(&place, "results");
    place
}

#[test]
fn results_that_are_the_baselines_are_unchanged() {
    let place = compared(|place| place);
    let (out, err) = place.says(0, &["compare", "base", "results"]);
    assert!(out.starts_with("unchanged: ") && out.lines().count() == 1, "{out}");
    assert_eq!(err, "");
    let (out, _) = place.says(0, &["compare", "base", "results", "-v"]);
    assert!(out.starts_with("ongoing violations\n") && out.contains("paid-no-goods"), "{out}");
}

#[test]
fn a_mechanism_that_is_taken_away_is_a_regression_with_its_replay() {
    let place = compared(|place| {
        place.and("lost", &LOST.replace("crash C1 after 2#1", "drop 6#1")).and("two", &format!("seed = 1\n{TWO}"))
    });
    // Nothing is lost by a drop: an expected violation that does not show.
    let (out, _) = place.says(1, &["compare", "base", "results"]);
    assert!(out.contains("verdicts that changed\n") && out.contains("violated (as expected)"), "{out}");
    assert!(out.contains("scenarios whose text has changed\n"), "{out}");
    assert!(last_line(&out).starts_with("regressed: "), "{out}");
    // The other way round the violation is new.
    let (out, _) = place.says(1, &["compare", "results", "base"]);
    assert!(
        out.contains("new violations\n") && out.contains("  halfpaid replay base/lost \"crash C1 after 2#1\""),
        "{out}"
    );
}

#[test]
fn a_cost_that_grows_is_a_regression_unless_it_is_tolerated() {
    let place = compared(|place| place.and("two", &TWO.replace("drop 6#1", "duplicate 1#1")));
    let (out, _) = place.says(1, &["compare", "results", "base"]);
    assert!(out.contains("costs that moved, over all runs\n"), "{out}");
    let moved = |line: &&str| line.contains(" messages ") && line.contains('%');
    assert!(out.lines().any(|line| moved(&line)), "{out}");
    let (out, _) = place.says(1, &["compare", "base", "results", "--tolerance", "100000"]);
    assert!(!out.lines().any(|line| moved(&line) && line.contains("(!)")), "{out}");
}

#[test]
fn a_scenario_that_is_missing_is_a_regression_and_one_more_is_not() {
    let place = compared(|place| place.and("more", LOST));
    let (out, _) = place.says(0, &["compare", "base", "results"]);
    assert!(out.starts_with("in the results only\n"), "{out}");
    assert!(last_line(&out).starts_with("changed, for no worse: 1 scenario added, "), "{out}");
    let (out, _) = place.says(1, &["compare", "results", "base"]);
    assert!(last_line(&out).starts_with("regressed: 1 scenario missing, "), "{out}");
}

#[test]
fn a_folder_that_is_no_whole_result_exits_2_and_says_why() {
    let place = compared(|place| place);
    let says = |said: &str| {
        let (out, err) = place.says(2, &["compare", "base", "results"]);
        assert!(out.is_empty() && err.contains(said), "{err}");
    };
    fs::write(place.at("results/two/runs.csv"), "scenario\n").unwrap();
    says("is not what its manifest says");
    fs::remove_file(place.at("results/two/manifest.json")).unwrap();
    says("has no manifest: `halfpaid run --resume`");
    fs::write(place.at("results/summary.csv"), "scenario,protocol\n").unwrap();
    says("the column `invariant` is missing");
    fs::remove_dir_all(place.at("results")).unwrap();
    says("expected a results folder");
    place.says(2, &["compare", "base"]);
    // What a comparison does not read may be left out of a baseline.
    fs::remove_file(place.at("base/two/purchases.csv")).unwrap();
    fs::remove_file(place.at("base/two/outcomes.csv")).unwrap();
    place.says(0, &["compare", "base", "base"]);
}

#[test]
fn a_junit_report_has_a_case_for_each_verdict_and_the_replay_of_what_broke() {
    let unexpected = LOST.split("[expect]").next().unwrap_or_default();
    let place = Place::new().and("lost", unexpected).and("two", TWO).file("worse.toml", "name = 5");
    place.says(2, &["run", "scenarios", "--junit", "reports/junit.xml"]);
    let xml = place.read("reports/junit.xml");
    for word in [
        "<testsuite name=\"lost\" tests=\"5\" skipped=\"0\" errors=\"0\" failures=\"2\">",
        "<testsuite name=\"two\" tests=\"10\" ",
        "<testsuite name=\"worse\" tests=\"1\" skipped=\"0\" errors=\"1\" ",
        "halfpaid replay lost \"crash C1 after 2#1\" --protocol case2 --seed 0",
        "worse.toml:1:8",
    ] {
        assert!(xml.replace("&quot;", "\"").contains(word), "`{word}` is missing:\n{xml}");
    }
    // The same again, from what is on disk.
    place.says(2, &["run", "scenarios", "--junit", "again.xml", "--resume"]);
    assert_eq!(place.read("again.xml"), xml);
    let (_, err) = place.says(2, &["run", "scenarios", "--junit", "scenarios"]);
    assert!(err.contains("scenarios"), "{err}");
}

#[test]
fn coverage_that_is_lost_is_a_regression_where_the_baseline_has_any() {
    let search = |kinds: &str| {
        format!(
            "protocol = [\"case3\"]\n[faults]\nmode = \"exhaustive\"\nclock = \"untimed\"\nat_most = 1\nkinds = [{kinds}]\n"
        )
    };
    let place = compared(|place| place);
    let place = place.and("search", &search("\"drop\", \"crash\""));
    place.says(0, &["run", "scenarios/search.toml", "--out", "base"]);
    let place = place.and("search", &search("\"drop\""));
    place.says(0, &["run", "scenarios/search.toml", "--out", "results"]);
    let (out, _) = place.says(1, &["compare", "base", "results"]);
    assert!(out.contains("sites at which no fault of the kind strikes any more\n"), "{out}");
    assert!(out.lines().any(|line| line.contains(" crash ") && line.contains("(!)")), "{out}");
    assert!(!out.lines().any(|line| line.contains(" drop ")), "{out}");
    fs::remove_file(place.at("base/search/coverage.csv")).unwrap();
    let (out, _) = place.says(1, &["compare", "base", "results"]);
    assert!(!out.contains("sites at which"), "the baseline says nothing: {out}");
}
