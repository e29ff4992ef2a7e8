//! The same scenario, seed and version give the same bytes: whatever the number of threads, the build and the machine.
//!
//! The sums below change with every change that changes results, and then they are to be changed with it, on purpose: a sum
//! that differs between two machines or two builds is a bug.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use assert_cmd::Command;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

/// A file for each mode of choosing faults, small enough for a debug build.
const SCENARIOS: &[(&str, &str)] = &[
    (
        "exhaustive",
        r#"
protocol = ["case1", "case2", "case3"]
preset = "as-written"
[faults]
mode = "exhaustive"
at_most = 1
kinds = ["drop", "duplicate", "delay", "replay", "corrupt", "crash", "crash-forever"]
"#,
    ),
    (
        "none",
        r#"
protocol = ["case1", "case2", "case3"]
crypto = "real"
[parties]
customers = 3
merchants = 2
[workload]
purchases = 9
arrival = { poisson_per_s = 33.3 }
[faults]
mode = "none"
"#,
    ),
    (
        "random",
        r#"
protocol = ["case1", "case2"]
preset = "as-written"
[parties]
customers = 5
merchants = 2
[workload]
purchases = 10
arrival = { poisson_per_s = 40.0 }
[faults]
mode = "random"
seeds = "0..40"
swarm = true
"#,
    ),
    (
        "scripted",
        r#"
protocol = ["case2", "case3"]
without = ["ciphertext-journal", "tombstone"]
[faults]
mode = "scripted"
plans = ["crash C1 after 2#1", "drop 6#1", "crash-forever M1 after 3#1", "drop 4#1; duplicate 3#2"]
"#,
    ),
    // Which course is found first depends on the order in which the search numbers things.
    (
        "untimed",
        r#"
protocol = ["case2"]
without = ["ciphertext-journal", "signed-status"]
[faults]
mode = "exhaustive"
clock = "untimed"
at_most = 2
kinds = ["drop", "duplicate", "replay", "corrupt", "crash"]
"#,
    ),
];

/// The SHA-256 of every CSV of these scenarios, one after the other in the order of their paths.
const PINNED: &str = "4fb6c572be247ce2fd6b20c0f1490e12dd3c62c19883dfe0e8bbe6f9a1803665";

const THIS: &str = env!("CARGO_BIN_EXE_halfpaid");

fn scenarios() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, rest) in SCENARIOS {
        fs::write(folder.path().join(format!("{name}.toml")), format!("name = \"{name}\"{rest}")).unwrap();
    }
    folder
}

type Tree = BTreeMap<String, Vec<u8>>;

fn gather(folder: &Path, below: &str, tree: &mut Tree) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{below}{}", entry.file_name().into_string().unwrap());
        if entry.file_type().unwrap().is_dir() {
            gather(&entry.path(), &format!("{name}/"), tree);
        } else {
            tree.insert(name, fs::read(entry.path()).unwrap());
        }
    }
}

/// Every file that a build of the program writes for the scenarios, in a process of its own.
fn results(binary: impl AsRef<OsStr>, scenarios: &Path, jobs: &str) -> Tree {
    let out = tempfile::tempdir().unwrap();
    let mut command = Command::new(binary);
    command.arg("run").arg(scenarios).arg("--out").arg(out.path()).args(["--jobs", jobs]);
    // What the verdicts are is of no interest here, as long as there are any.
    let run = command.assert().code(predicates::prelude::predicate::in_iter([0, 1]));
    assert!(String::from_utf8_lossy(&run.get_output().stdout).contains("\ncomplete: "));
    let mut tree = Tree::new();
    gather(out.path(), "", &mut tree);
    assert!(tree.len() > 5, "{:?}", tree.keys());
    tree
}

fn same(one: &Tree, other: &Tree) {
    assert_eq!(one.keys().collect::<Vec<_>>(), other.keys().collect::<Vec<_>>());
    for (name, bytes) in one {
        if bytes != &other[name] {
            let [one, other] = [bytes, &other[name]].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
            let differs = one.lines().zip(other.lines()).position(|(a, b)| a != b).unwrap_or(0);
            let line = |text: &str| text.lines().nth(differs).unwrap_or_default().to_owned();
            panic!("{name}, line {}:\n{}\n{}", differs + 1, line(&one), line(&other));
        }
    }
}

fn sum(tree: &Tree) -> String {
    let mut sha256 = Sha256::new();
    for (name, bytes) in tree {
        if name.ends_with(".csv") {
            sha256.update(bytes);
        }
    }
    sha256.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn one_thread_and_two_write_the_same_bytes_and_they_are_the_ones_that_every_machine_writes() {
    let scenarios = scenarios();
    let one = results(THIS, scenarios.path(), "1");
    assert_eq!(one.len(), 1 + 7 * SCENARIOS.len(), "{:?}", one.keys());
    same(&one, &results(THIS, scenarios.path(), "2"));
    let rows = |name: &str| one[name].iter().filter(|byte| **byte == b'\n').count() - 1;
    for (name, _) in SCENARIOS {
        assert!(rows(&format!("{name}/violations.csv")) > 0, "{name} breaks nothing: the test shows little");
    }
    assert_eq!(sum(&one), PINNED, "changed results: on purpose? then change the sum in this file");
}

#[test]
fn no_file_of_the_results_says_where_it_was_made() {
    let scenarios = scenarios();
    let tree = results(THIS, &scenarios.path().join("scripted.toml"), "2");
    let where_it_was = scenarios.path().to_string_lossy().into_owned();
    for (name, bytes) in &tree {
        assert!(!String::from_utf8_lossy(bytes).contains(&where_it_was), "{name} holds a path");
    }
}

#[test]
fn another_seed_gives_other_bytes() {
    let scenarios = scenarios();
    let file = scenarios.path().join("scripted.toml");
    let before = results(THIS, &file, "1");
    fs::write(&file, format!("name = \"scripted\"\nseed = 1{}", SCENARIOS[3].1)).unwrap();
    let after = results(THIS, &file, "1");
    assert_ne!(before["scripted/runs.csv"], after["scripted/runs.csv"]);
}

/// For CI and for whoever has another build at hand, made by another profile, compiler or target: `.ci/run` sets the variable.
#[test]
fn another_build_of_the_program_writes_the_same_bytes() {
    let Some(other) = std::env::var_os("HALFPAID_OTHER_BINARY") else {
        eprintln!("HALFPAID_OTHER_BINARY names no other build: nothing to compare with");
        return;
    };
    let scenarios = scenarios();
    same(&results(THIS, scenarios.path(), "2"), &results(other, scenarios.path(), "2"));
}
