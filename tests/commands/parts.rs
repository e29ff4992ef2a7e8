//! `run --partition` and `merge`: parts that are made anywhere, in any order and more than once, join into the bytes of one run.

use std::fs;
use std::time::{Duration, Instant, SystemTime};

use super::place::{LOST, PATIENCE, Place, last_line};

/// A scenario of every mode.
fn every_mode() -> Place {
    let search = "protocol = [\"case1\", \"case2\"]\n[faults]\nmode = \"exhaustive\"\nat_most = 2\nkinds = [\"drop\", \"crash\"]\n\
                  [expect]\ngoods = \"violated\"\ncertified = \"violated\"\n";
    let random = "protocol = [\"case1\", \"case2\"]\n[parties]\ncustomers = 3\n[workload]\npurchases = 6\n[faults]\n\
                  mode = \"random\"\nseeds = \"5..75\"\n[expect]\ngoods = \"violated\"\ncertified = \"violated\"\n";
    let plain =
        "protocol = [\"case1\", \"case2\", \"case3\"]\n[matrix]\nseed = [1, 2]\n[expect]\ncertified = \"violated\"\n";
    let untimed =
        "protocol = [\"case3\", \"case1\"]\n[faults]\nmode = \"exhaustive\"\nclock = \"untimed\"\nat_most = 1\n";
    let cut = "protocol = [\"case2\", \"case1\"]\n[faults]\nmode = \"exhaustive\"\nevery_plan = false\nat_most = 2\n\
               kinds = [\"drop\", \"crash-forever\"]\n[expect]\ngoods = \"either\"\ncertified = \"either\"\n";
    Place::new()
        .and("cut", cut)
        .and("lost", LOST)
        .and("search", search)
        .and("random", random)
        .and("plain", plain)
        .and("untimed", untimed)
}

const WHOLE: &[&str] = &["run", "scenarios", "--out", "whole"];

/// Makes a part of so many, in a folder of its own.
fn part(place: &Place, name: &str, more: &[&str]) -> String {
    let out = format!("part-{}", name.replace('/', "-of-"));
    let command = ["run", "scenarios", "--partition", name, "--out", &out];
    let (said, _) = place.says(0, &[&command, more].concat());
    assert!(last_line(&said).starts_with(&format!("complete: part {name} of ")), "{said}");
    out
}

#[test]
fn parts_join_into_the_bytes_and_the_verdict_of_one_run() {
    let place = every_mode();
    let one = place.halfpaid(WHOLE).output().unwrap();
    let whole = place.files("whole");
    for of in [1, 2, 7] {
        let parts: Vec<String> = (1..=of).rev().map(|number| part(&place, &format!("{number}/{of}"), &[])).collect();
        let out = format!("merged-{of}");
        let parts = parts.iter().map(String::as_str);
        let merge: Vec<&str> = ["merge", "--out", &out].into_iter().chain(parts).collect();
        let joined = place.halfpaid(&merge).output().unwrap();
        // What broke is shown from where its results are.
        let said = String::from_utf8(joined.stdout).unwrap().replace(&format!("replay {out}/"), "replay whole/");
        assert_eq!(said, String::from_utf8_lossy(&one.stdout), "{of} parts");
        assert_eq!(joined.status.code(), one.status.code());
        assert_eq!(place.files(&out), whole, "{of} parts");
    }
    // Each part has something to do of each large scenario.
    for number in 1..=7 {
        for scenario in ["search", "random"] {
            let kept = place.read(&format!("part-{number}-of-7/{scenario}/kept.jsonl"));
            assert!(kept.lines().count() > 2, "part {number} of {scenario}");
        }
    }
}

#[test]
fn a_part_that_is_whole_is_not_made_again_and_others_do_not_move_when_a_scenario_is_added() {
    let place = every_mode();
    let out = part(&place, "2/3", &[]);
    let before = place.files(&out);
    let written = || fs::metadata(place.at(&out).join("random/kept.jsonl")).unwrap().modified().unwrap();
    let first = written();
    part(&place, "2/3", &[]);
    assert_eq!((place.files(&out), written()), (before.clone(), first));
    let place = place.and("another", "protocol = [\"case2\"]\n");
    part(&place, "2/3", &[]);
    let mut after = place.files(&out);
    assert!(after.remove(std::path::Path::new("another/kept.jsonl")).is_some());
    for (path, content) in before.iter().filter(|(path, _)| path.to_str() != Some("part.json")) {
        assert_eq!(after.get(path), Some(content), "{path:?}");
    }
    // What does not match is made again.
    fs::write(place.at(&out).join("lost/kept.jsonl"), "{}\n").unwrap();
    part(&place, "2/3", &[]);
    assert_eq!(
        place.files(&out)[std::path::Path::new("lost/kept.jsonl")],
        before[std::path::Path::new("lost/kept.jsonl")]
    );
}

#[test]
fn parts_that_do_not_belong_together_are_refused() {
    let place = every_mode();
    let refused = |place: &Place, parts: &[&str], why: &str| {
        let (_, said) = place.says(2, &[&["merge", "--out", "merged"], parts].concat());
        assert!(said.contains(why), "expected `{why}`: {said}");
        assert!(!place.at("merged/summary.csv").exists());
    };
    for number in ["1/3", "2/3", "3/3", "1/2"] {
        part(&place, number, &[]);
    }
    let all = ["part-1-of-3", "part-2-of-3", "part-3-of-3"];
    refused(&place, &all[..1], "of 3 parts 2 and 3 is missing");
    refused(&place, &all[1..], "of 3 parts 1 is missing");
    refused(&place, &[all[0], all[1], all[2], all[1]], "part 2/3 is there twice: `part-2-of-3` and `part-2-of-3`");
    refused(&place, &[all[0], "part-1-of-2"], "not parts of one run: parts 1/3 and 1/2");
    refused(&place, &[all[0], "nowhere"], "`nowhere` is not a whole part");
    refused(&place, &[all[0], "scenarios"], "`scenarios` is not a whole part");

    // A part from other seeds, another text, another version, and one that was changed.
    let mend = |out: &str, file: &str, from: &str, to: &str| {
        let path = place.at(out).join(file);
        let content = fs::read_to_string(&path).unwrap();
        assert!(content.contains(from), "{content}");
        fs::write(&path, content.replace(from, to)).unwrap();
    };
    part(&place, "2/3", &["--seeds", "5..80"]);
    refused(&place, &all, "seeds 5..75 and 5..80");
    part(&place, "2/3", &[]);
    let version = format!("\"version\": \"{}\"", env!("CARGO_PKG_VERSION"));
    mend(all[1], "part.json", &version, "\"version\": \"0.0.1\"");
    refused(&place, &all, "versions");
    part(&place, "2/3", &[]);
    mend(all[1], "random/kept.jsonl", "\"seed\":", "\"seed\": ");
    refused(&place, &all, "kept.jsonl is not what its manifest says");
    fs::remove_file(place.at("part-2-of-3/random/kept.jsonl")).unwrap();
    part(&place, "2/3", &[]);
    let place = place.and("another", "protocol = [\"case2\"]\n");
    part(&place, "2/3", &[]);
    refused(&place, &all, "only one of them has the scenario `another`");
    part(&place, "1/3", &[]);
    part(&place, "3/3", &[]);
    place.says(1, &[&["merge", "--out", "merged"], all.as_slice()].concat());

    for bad in ["0/3", "4/3", "3", "1/1001", "x/y"] {
        let (_, said) = place.says(2, &["run", "scenarios", "--partition", bad]);
        assert!(said.contains("expected I/N"), "{said}");
    }
    let place = place.and("bad", "protocol = [\"case9\"]\n");
    let (_, said) = place.says(2, &["run", "scenarios", "--partition", "1/2", "--out", "bad"]);
    assert!(said.contains("case9") && !place.at("bad").exists(), "a part is whole or it is not: {said}");
}

#[cfg(unix)]
#[test]
fn parts_that_are_killed_and_started_again_join_into_the_same_bytes() {
    let place = every_mode();
    let started = Instant::now();
    place.halfpaid(WHOLE).output().unwrap();
    let takes = started.elapsed();
    let mut dice = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_nanos() as u64 | 1;
    let mut killed = 0;
    for number in ["1/2", "2/2"] {
        let out = format!("part-{}", number.replace('/', "-of-"));
        let command = ["run", "scenarios", "--partition", number, "--out", &out];
        // The first is killed so soon that it cannot have come to its end, whatever else the machine does; later ones come further.
        for latest in [0.02, 0.1, 0.2, 0.4, 0.7] {
            let mut child = place.start(&command);
            dice ^= dice << 13;
            dice ^= dice >> 7;
            dice ^= dice << 17;
            std::thread::sleep(takes.mul_f64(latest * (dice % 1_000) as f64 / 1_000.0));
            killed += u32::from(child.try_wait().unwrap().is_none());
            child.kill().unwrap();
            child.wait().unwrap();
        }
        // Two at once: one waits for the other, and then has nothing to do.
        let mut twin = place.start(&command);
        part(&place, number, &[]);
        assert_eq!(twin.wait().unwrap().code(), Some(0));
    }
    assert!(killed > 0, "every part was whole before it was killed");
    place.halfpaid(&["merge", "--out", "merged", "part-1-of-2", "part-2-of-2"]).output().unwrap();
    assert_eq!(place.files("merged"), place.files("whole"), "after {killed} kills");
}

#[test]
fn a_part_that_is_interrupted_says_so_and_goes_on() {
    let slow =
        "protocol = [\"case2\"]\n[workload]\npurchases = 300\n[faults]\nmode = \"random\"\nseeds = \"0..100000\"\n";
    let place = Place::new().and("slow", slow);
    let mut child = place.start(&["run", "scenarios", "--partition", "1/2", "--out", "part"]);
    let started = Instant::now();
    while !place.at("part/slow/.kept.jsonl.partial").exists() && started.elapsed() < PATIENCE {
        std::thread::sleep(Duration::from_millis(5));
    }
    let interrupt = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(interrupt.success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let kept = place.read("part/slow/.kept.jsonl.partial");
    assert!(kept.lines().count() > 1 && kept.ends_with('\n'));
    assert!(!place.at("part/part.json").exists());
}
