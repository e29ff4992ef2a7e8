//! `run --resume`: whatever stopped a run, what is in the results folder in the end is what an uninterrupted run leaves.

use std::fs;
use std::time::{Duration, Instant, SystemTime};

use super::place::{LOST, PATIENCE, Place, last_line};

/// Scenarios of every mode, some of which take a while.
fn many() -> Place {
    let search = "protocol = [\"case2\"]\n[faults]\nmode = \"exhaustive\"\nat_most = 1\n";
    let random = "protocol = [\"case1\", \"case2\"]\n[parties]\ncustomers = 4\n[workload]\npurchases = 20\n[faults]\n\
                  mode = \"random\"\nseeds = \"0..3\"\n[expect]\ngoods = \"violated\"\ncertified = \"violated\"\n";
    let plain = "protocol = [\"case1\", \"case2\", \"case3\"]\n[matrix]\nseed = [1, 2, 3]\n[expect]\ncertified = \"violated\"\n";
    let untimed = "protocol = [\"case3\"]\n[faults]\nmode = \"exhaustive\"\nclock = \"untimed\"\nat_most = 1\n";
    Place::new()
        .and("a-lost", LOST)
        .and("b-search", search)
        .and("c-random", random)
        .and("d-plain", plain)
        .and("e-untimed", untimed)
}

const RUN: &[&str] = &["run", "scenarios", "--jobs", "1", "-v"];
const RESUME: &[&str] = &["run", "scenarios", "--jobs", "1", "--resume", "-v"];

/// Runs to the end, whatever the verdicts are.
fn to_the_end(place: &Place, arguments: &[&str]) -> (String, String, Option<i32>) {
    let output = place.halfpaid(arguments).output().unwrap();
    (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap(), output.status.code())
}

#[test]
fn a_run_that_is_killed_at_random_moments_and_resumed_ends_with_the_same_bytes() {
    let whole = many();
    let started = Instant::now();
    let (said, _, code) = to_the_end(&whole, RUN);
    let takes = started.elapsed();
    let expected = whole.files("results");
    assert!(expected.len() > 7 * 6, "{:?}", expected.keys());

    let place = many();
    // Moments from the clock: a run that depends on when it was killed is what this test is after.
    let mut dice = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_nanos() as u64 | 1;
    let mut killed = 0;
    for round in 0..10 {
        let mut child = place.start(if round == 0 { RUN } else { RESUME });
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        // The first is killed so soon that it cannot have come to its end, whatever else the machine does.
        let latest = if round == 0 { 0.02 } else { 0.67 };
        std::thread::sleep(takes.mul_f64(latest * (dice % 1_000) as f64 / 1_000.0));
        killed += u32::from(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
    }
    assert!(killed > 0, "every run was over before it was killed");
    let (resumed, _, resumed_code) = to_the_end(&place, RESUME);
    assert_eq!((resumed, resumed_code), (said, code));
    assert_eq!(place.files("results"), expected, "after {killed} kills");
}

#[test]
fn what_is_finished_is_not_run_again() {
    let place = many();
    let (said, _, code) = to_the_end(&place, RUN);
    let manifest = place.at("results/b-search/manifest.json");
    let written = fs::metadata(&manifest).unwrap().modified().unwrap();
    let (resumed, notes, resumed_code) = to_the_end(&place, RESUME);
    assert_eq!((resumed, resumed_code), (said, code));
    assert_eq!(notes.matches("the results are on disk").count(), 7, "{notes}");
    assert_eq!(fs::metadata(&manifest).unwrap().modified().unwrap(), written);
    // Without the flag everything is made anew.
    to_the_end(&place, RUN);
    assert!(fs::metadata(&manifest).unwrap().modified().unwrap() > written);
}

/// Resumes, and gives the scenarios that were run again.
fn again(place: &Place, more: &[&str]) -> Vec<String> {
    let (_, notes, _) = to_the_end(place, &[RESUME, more].concat());
    let kept = |name: &str| notes.contains(&format!("{name}: the results are on disk"));
    ["lost", "swarm"].into_iter().filter(|name| !kept(name)).map(str::to_owned).collect()
}

#[test]
fn what_does_not_match_is_run_again() {
    let swarm = "protocol = [\"case2\"]\n[workload]\npurchases = 2\n[faults]\nmode = \"random\"\nseeds = \"0..2\"\n";
    let place = Place::new().and("lost", LOST).and("swarm", swarm);
    assert_eq!(again(&place, &[]), ["lost", "swarm"], "nothing is on disk yet");
    let expected = place.files("results");
    assert_eq!(again(&place, &[]), [] as [&str; 0]);
    assert_eq!(again(&place, &["--seeds", "0..3"]), ["swarm"], "other seeds");
    assert_eq!(again(&place, &[]), ["swarm"], "its own seeds again");
    assert_eq!(again(&place, &["--seed", "0"]), ["swarm"]);
    assert_eq!(again(&place, &[]), ["swarm"]);
    assert_eq!(place.files("results"), expected);

    let results = |file: &str| place.at("results").join(file);
    let change = |file: &str, from: &str, to: &str| {
        let content = fs::read_to_string(results(file)).unwrap();
        assert!(content.contains(from), "{file}: {content}");
        fs::write(results(file), content.replacen(from, to, 1)).unwrap();
    };
    change("lost/runs.csv", "lost,case2,1", "lost,case2,2");
    assert_eq!(again(&place, &[]), ["lost"], "a file was changed");
    fs::remove_file(results("lost/coverage.csv")).unwrap();
    assert_eq!(again(&place, &[]), ["lost"], "a file is gone");
    change("lost/manifest.json", env!("CARGO_PKG_VERSION"), "0.0.1");
    assert_eq!(again(&place, &[]), ["lost"], "another version");
    fs::write(results("lost/manifest.json"), "{").unwrap();
    assert_eq!(again(&place, &[]), ["lost"], "the manifest is broken");
    change("lost/manifest.json", "\"summary\": [", "\"was\": [");
    assert_eq!(again(&place, &[]), ["lost"], "an older manifest has no verdicts");
    fs::remove_file(results("swarm/manifest.json")).unwrap();
    fs::remove_file(results("summary.csv")).unwrap();
    assert_eq!(again(&place, &[]), ["swarm"], "it was not finished");
    assert_eq!(place.files("results"), expected);

    let place = place.and("lost", &format!("about = \"other words\"\n{LOST}"));
    assert_eq!(again(&place, &[]), ["lost"], "another text");
}

/// One scenario that takes long: what is finished of it is not run again.
#[test]
fn a_long_scenario_goes_on_where_it_was_killed() {
    let long = "protocol = [\"case1\", \"case2\"]\n[workload]\npurchases = 40\n[faults]\nmode = \"random\"\nseeds = \"0..400\"\n";
    let whole = Place::new().and("long", long);
    let (said, _, code) = to_the_end(&whole, RUN);
    let place = Place::new().and("long", long);
    let kept = || fs::metadata(place.at("results/long/.kept.jsonl.partial")).map_or(0, |file| file.len());
    for round in 1..=10 {
        let before = kept();
        let mut child = place.start(if round == 1 { RUN } else { RESUME });
        let started = Instant::now();
        // Killed as soon as it has got on a little, each time: without going on it would never be done.
        while kept() <= before && child.try_wait().unwrap().is_none() && started.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(1));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(kept() > before || place.at("results/long/manifest.json").exists(), "round {round}: {before} bytes");
    }
    // Half a line at the end, as a power cut may leave it.
    let path = place.at("results/long/.kept.jsonl.partial");
    if path.exists() {
        let content = fs::read(&path).unwrap();
        fs::write(&path, &content[..content.len() - 100]).unwrap();
    }
    let (resumed, _, resumed_code) = to_the_end(&place, RESUME);
    assert_eq!((resumed, resumed_code), (said, code));
    assert_eq!(place.files("results"), whole.files("results"));
}

#[cfg(unix)]
#[test]
fn after_a_ctrl_c_the_rest_is_run() {
    let slow =
        "protocol = [\"case2\"]\n[workload]\npurchases = 300\n[faults]\nmode = \"random\"\nseeds = \"0..100000\"\n";
    let place = Place::new().and("a-lost", LOST).and("b-slow", slow).and("c-plain", "protocol = [\"case2\"]\n");
    let mut child = place.start(RUN);
    let started = Instant::now();
    while !place.at("results/b-slow").exists() && started.elapsed() < PATIENCE {
        std::thread::sleep(Duration::from_millis(5));
    }
    let interrupt = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(interrupt.success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let place = place.and("b-slow", &slow.replace("100000", "2"));
    let (out, notes, code) = to_the_end(&place, RESUME);
    assert_eq!(notes.matches("the results are on disk").count(), 1, "{notes}");
    assert!(last_line(&out).starts_with("complete: 3 scenarios") && code == Some(0), "{out}");
}
