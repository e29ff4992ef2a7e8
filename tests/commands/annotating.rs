//! `run --annotations github` and `--seed-from`, as a pull request's checks use them.

use super::place::{LOST, Place, last_line};

#[test]
fn what_is_not_as_expected_stands_beside_the_file_and_the_line() {
    let wrong = LOST.replace("goods = \"violated\"", "goods = \"holds\"");
    let place = Place::new().and("lost", LOST).and("wrong", &wrong).and("bad", "protocol = [\"case9\"]\n");
    let (out, _) = place.says(2, &["run", "scenarios", "--annotations", "github"]);
    let lines: Vec<&str> = out.lines().filter(|line| line.starts_with("::")).collect();
    assert_eq!(lines.len(), 2, "{out}");
    assert!(
        lines[0].starts_with("::error file=scenarios/bad.toml,line=2,title=this scenario cannot be used::"),
        "{out}"
    );
    let start =
        "::error file=scenarios/wrong.toml,line=8,title=wrong%3A goods of case2::expected holds, found violated";
    assert!(lines[1].starts_with(start), "{out}");
    assert!(
        lines[1].contains("%0Apaid-no-goods, customer is hurt") && lines[1].contains("halfpaid replay wrong"),
        "{out}"
    );
    assert!(last_line(&out).starts_with("incomplete: 2 scenarios"), "{out}");
    let (out, _) = place.says(2, &["run", "scenarios"]);
    assert!(!out.contains("::"), "nobody asked: {out}");
}

#[test]
fn a_text_gives_seeds_of_its_own_that_anybody_can_repeat() {
    let random = "protocol = [\"case2\"]\n[workload]\npurchases = 2\n[faults]\nmode = \"random\"\nseeds = \"0..3\"\n";
    let place = Place::new().and("random", random).and("plain", "protocol = [\"case2\"]\n");
    let seeds = |out: &str| -> String {
        let manifest: serde_json::Value =
            serde_json::from_str(&place.read(&format!("{out}/random/manifest.json"))).unwrap();
        manifest["seeds"].as_str().unwrap().to_owned()
    };
    place.says(0, &["run", "scenarios", "--seed-from", "4b825dc", "--out", "one"]);
    place.says(0, &["run", "scenarios", "--seed-from", "4b825dc", "--out", "two"]);
    place.says(0, &["run", "scenarios", "--seed-from", "4b825dd", "--out", "other"]);
    assert_eq!(place.files("one"), place.files("two"));
    assert_ne!(seeds("one"), seeds("other"));
    let given = seeds("one");
    place.says(0, &["run", "scenarios", "--seeds", &given, "--out", "by-hand"]);
    assert_eq!(place.files("one"), place.files("by-hand"));
    let (start, end) = given.split_once("..").unwrap();
    let (start, end): (u64, u64) = (start.parse().unwrap(), end.parse().unwrap());
    assert_eq!(end - start, 3, "as many as the scenario has");
    assert!(start < 1_000_000_000_000);
    place.says(2, &["run", "scenarios", "--seed-from", "x", "--seeds", "0..1"]);
}

#[test]
fn a_violation_that_is_expected_of_some_seeds_need_not_show_under_others() {
    let text = "protocol = [\"case2\"]\n[workload]\npurchases = 2\n[faults]\nmode = \"random\"\nseeds = \"0..3\"\n\
                [expect]\ngoods = \"violated\"\n";
    let place = Place::new().and("random", text);
    let expected = |out: &str| place.read(&format!("{out}/summary.csv")).lines().nth(2).unwrap().to_owned();
    place.says(1, &["run", "scenarios", "--out", "own"]);
    assert!(expected("own").contains("goods,violated,holds,no"), "{}", expected("own"));
    place.says(1, &["run", "scenarios", "--seeds", "0..3", "--out", "same"]);
    place.says(0, &["run", "scenarios", "--seed-from", "4b825dc", "--out", "fresh"]);
    assert!(expected("fresh").contains("goods,either,holds,yes"), "{}", expected("fresh"));
    // Parts know no more of it than their seeds.
    place.says(0, &["run", "scenarios", "--seed-from", "4b825dc", "--partition", "1/1", "--out", "part"]);
    place.says(0, &["merge", "part", "--out", "merged"]);
    assert_eq!(place.files("fresh"), place.files("merged"));
    // What has to hold has to hold under any seeds.
    let place = Place::new().and("random", &text.replace("case2", "case1"));
    place.says(1, &["run", "scenarios", "--seed-from", "4b825dc", "--out", "fresh"]);
    let certified = place.read("fresh/summary.csv").lines().nth(4).unwrap().to_owned();
    assert!(certified.contains("certified,holds,violated,no"), "{certified}");
}
