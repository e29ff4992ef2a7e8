//! `check`, and how paths stand for scenarios.

use super::place::{LOST, Place};

#[test]
fn check_prints_a_line_for_each_right_scenario_and_runs_nothing() {
    let place = Place::new()
        .and("lost", LOST)
        .and("plain", "protocol = [\"case2\", \"case3\"]\n[matrix]\n\"network.latency_us\" = [1, 2]\n")
        .and(
            "swarm",
            "protocol = [\"case1\"]\npreset = \"as-written\"\n[faults]\nmode = \"random\"\nseeds = \"3..9\"\n",
        );
    let (out, err) = place.says(0, &["check", "scenarios"]);
    assert_eq!(
        out,
        "ok: lost (case2; hardened; faults scripted, plans 1)\n\
         ok: plain~network.latency_us=1 (case2, case3; hardened; faults none)\n\
         ok: plain~network.latency_us=2 (case2, case3; hardened; faults none)\n\
         ok: swarm (case1; as-written; faults random, seeds 3..9)\n"
    );
    assert_eq!(err, "");
    assert!(!place.at("results").exists());
}

#[test]
fn check_points_at_what_is_wrong_and_still_names_what_is_right() {
    let place = Place::new().and("good", "protocol = [\"case2\"]\n").and("bad", "protocol = [\"case9\"]\nsed = 1\n");
    let (out, err) = place.says(2, &["check", "scenarios"]);
    assert_eq!(out, "ok: good (case2; hardened; faults none)\n");
    assert!(err.contains("bad.toml:3:1") && err.contains("did you mean `seed`?"), "{err}");
    place.says(2, &["check"]);
    let (out, err) = place.says(2, &["check", "nowhere.toml"]);
    assert_eq!(out, "");
    assert!(err.contains("nowhere.toml"), "{err}");
}

#[test]
fn every_shipped_scenario_is_right() {
    let scenarios = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios");
    let (out, err) = Place::new().says(0, &["check", scenarios]);
    assert!(out.lines().count() >= 60 && out.lines().all(|line| line.starts_with("ok: ")), "{out}");
    assert_eq!(err, "");
}

#[test]
fn a_pattern_that_the_shell_left_alone_is_expanded() {
    let plain = "protocol = [\"case2\"]\n";
    let named = |name: &str| format!("name = \"{name}\"\n{plain}");
    let place = Place::new().and("a1", plain).and("a2", plain).and("b", plain).file("deep/er/a3.toml", &named("a3"));
    let names = |pattern: &str| -> Vec<String> {
        let (out, _) = place.says(0, &["check", pattern]);
        out.lines().map(|line| line.split_whitespace().nth(1).unwrap_or_default().to_owned()).collect()
    };
    assert_eq!(names("scenarios/a*.toml"), ["a1", "a2"]);
    assert_eq!(names("scenarios/**/a?.toml"), ["a1", "a2", "a3"]);
    assert_eq!(names("scenarios/[b].toml"), ["b"]);
    assert_eq!(names("scen*"), ["a1", "a2", "b", "a3"], "a folder that matches is searched");
    for (pattern, said) in [("scenarios/z*.toml", "nothing matches"), ("scenarios/***.toml", "cannot be read")] {
        let (_, err) = place.says(2, &["check", pattern]);
        assert!(err.contains(said) && err.contains("accepted: *"), "{err}");
    }
    // A file of that very name is meant as it is.
    let place = Place::new().file("[b].toml", &named("b")).and("b", plain);
    let (_, err) = place.says(2, &["check", "scenarios/[b].toml"]);
    assert!(err.contains("\"[b]\""), "{err}");
}
