//! What a bound on a search leaves open, and what it does not.

use super::place::{Place, last_line};

#[test]
fn a_bound_that_was_reached_leaves_what_holds_open() {
    let place = Place::new();
    for bound in [
        &["--states", "100"][..],
        &["--events", "5"],
        &["--mebibytes", "1", "--faults", "3", "--kinds", "drop,corrupt"],
    ] {
        let (out, _) = place.says(3, &[&["explore", "case2", "--untimed"], bound].concat());
        let why = last_line(&out);
        assert!(why.starts_with("incomplete:") && why.contains("the bound on "), "{why}");
    }
}

#[test]
fn what_broke_before_the_bound_is_broken() {
    let place = Place::new();
    let search = ["explore", "case2", "--untimed", "--without", "idempotent-submit", "--faults", "0"];
    let (out, _) = place.says(1, &search);
    assert!(last_line(&out).starts_with("complete:"), "{out}");
    let (out, _) = place.says(1, &[&search[..], &["--events", "9"]].concat());
    assert!(last_line(&out).starts_with("incomplete:"), "{out}");
    // Money is as expected then; the others have not been seen to break, and may yet.
    let (out, _) = place.says(3, &[&search[..], &["--events", "9", "--expect", "money=violated"]].concat());
    assert!(last_line(&out).starts_with("incomplete:"), "{out}");
}

#[test]
fn a_search_under_the_clock_keeps_to_its_bounds_and_says_how_far_it_came() {
    let place = Place::new();
    let search = ["explore", "case2", "--faults", "2", "--kinds", "drop,crash"];
    let (out, _) = place.says(0, &search);
    assert!(last_line(&out).starts_with("complete:"), "{out}");
    let [few, many] = [["--faults", "2"], ["--faults", "4"]];
    for (faults, bound, why, complete) in
        [(few, ["--states", "500"], "states", 1), (many, ["--mebibytes", "1"], "memory", 2)]
    {
        let (out, _) = place.says(3, &[&["explore", "case2", "--kinds", "drop,crash"], &faults[..], &bound].concat());
        assert!(last_line(&out).contains(&format!("the bound on {why}")), "{out}");
        let manifest = place.read("results/explore-case2/manifest.json");
        assert!(manifest.contains(&format!("complete up to {complete} faults")), "{manifest}");
    }
}

#[test]
fn what_broke_before_the_bound_is_broken_under_the_clock_too() {
    let place = Place::new();
    let search = ["explore", "case1", "--faults", "2", "--kinds", "crash-forever", "--states", "40"];
    let (out, _) = place.says(1, &search);
    assert!(last_line(&out).starts_with("incomplete:") && out.contains("paid-no-goods"), "{out}");
}
