//! The program as scripts, CI and people at a terminal meet it: what is printed where, which exit code, what is on the disk.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use assert_cmd::Command;
use halfpaid::protocol::mechanism::Mechanism;
use predicates::prelude::*;
use predicates::str::{contains, is_empty};
use tempfile::TempDir;

/// No test's command takes longer.
const PATIENCE: Duration = Duration::from_secs(300);

const COLUMNS: &[(&str, &str)] = &[
    (
        "runs.csv",
        "scenario,protocol,run,seed,plan,faults,purchases,committed,declined,aborted,unfinished,money,goods,content,\
         certified,terminates,messages,bytes,signs,verifies,seals,opens,digests,journal_writes,server_bytes,\
         half_paid_us_max,in_doubt_us_max,duration_us,trace_sha256",
    ),
    (
        "purchases.csv",
        "scenario,protocol,run,tid,customer,merchant,item,price_cents,outcome,customer_belief,merchant_belief,\
         customer_goods,obtainable,messages,started_us,committed_us,delivered_us,half_paid_us,in_doubt_us",
    ),
    (
        "violations.csv",
        "scenario,protocol,invariant,clause,victim,cause,faults,plan,events,runs,replay,could_prevent,prevented_by,can_prove",
    ),
    (
        "outcomes.csv",
        "scenario,protocol,payment,customer_goods,obtainable,customer_belief,merchant_belief,money,goods,content,\
         certified,terminates,runs,example_plan",
    ),
    ("coverage.csv", "scenario,protocol,party,site,fault,met,struck,violated"),
    (
        "costs.csv",
        "scenario,protocol,crypto,step,purchases,messages,bytes,signs,verifies,seals,opens,digests,journal_writes,\
         server_bytes,delays,forced_writes_in_sequence,profile,signatures,delays_to_commit,delays_to_delivery,\
         server_goods_bytes,server_tid_us,ack_bytes,messages_least,bytes_least,signs_least,verifies_least,\
         seals_least,opens_least,digests_least,journal_writes_least,server_bytes_least,delays_least,\
         forced_writes_in_sequence_least,delays_to_commit_least,delays_to_delivery_least,least_source",
    ),
];
const SUMMARY: &str =
    "scenario,protocol,invariant,expected,found,as_expected,runs,violations,completed_percent,complete";

/// A folder of its own for a test, with scenarios below `scenarios`.
struct Place {
    folder: TempDir,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("scenarios")).unwrap();
        Place { folder }
    }

    /// A place with one scenario; `rest` follows its name.
    fn with(name: &str, rest: &str) -> Self {
        Place::new().and(name, rest)
    }

    fn and(self, name: &str, rest: &str) -> Self {
        self.file(&format!("{name}.toml"), format!("name = \"{name}\"\n{rest}").as_bytes())
    }

    fn file(self, name: &str, bytes: &[u8]) -> Self {
        fs::write(self.at("scenarios").join(name), bytes).unwrap();
        self
    }

    fn at(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    fn halfpaid(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_halfpaid"));
        command.args(arguments).current_dir(self.folder.path()).env_remove("NO_COLOR").timeout(PATIENCE);
        command
    }

    /// Starts the program without waiting for it.
    fn start(&self, arguments: &[&str]) -> Child {
        std::process::Command::new(env!("CARGO_BIN_EXE_halfpaid"))
            .args(arguments)
            .current_dir(self.folder.path())
            .env_remove("NO_COLOR")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    fn stdout(&self, arguments: &[&str]) -> String {
        text(self.halfpaid(arguments).assert().success().get_output().stdout.clone())
    }

    /// The rows of a file of the results, by column.
    fn rows(&self, file: &str) -> Vec<BTreeMap<String, String>> {
        let mut reader = csv::Reader::from_path(self.at("results").join(file)).unwrap();
        reader.deserialize().map(|row| row.unwrap()).collect()
    }
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn last_line(text: &str) -> &str {
    text.lines().last().unwrap_or_default()
}

/// Two scenarios that end as they expect to: one without faults, one with a violation.
fn small() -> Place {
    Place::with("plain", "protocol = [\"case2\", \"case3\"]").and("lost", LOST)
}

const LOST: &str = r#"protocol = ["case2"]
without = ["ciphertext-journal"]
[faults]
mode = "scripted"
plans = ["crash C1 after 2#1"]
[expect]
goods = "violated"
certified = "violated"
"#;

#[test]
fn a_run_prints_a_table_and_writes_the_files_with_their_columns() {
    let place = small();
    let out = place.stdout(&["run", "scenarios"]);
    for word in ["scenario", "protocol", "money", "goods", "lost", "plain", "violated (expected)"] {
        assert!(out.contains(word), "{word} is missing:\n{out}");
    }
    assert!(last_line(&out).starts_with("complete"), "{out}");
    assert_eq!(names(&place.at("results")), ["lost", "plain", "summary.csv"]);
    for scenario in ["lost", "plain"] {
        let folder = place.at("results").join(scenario);
        let files = [
            "costs.csv",
            "coverage.csv",
            "manifest.json",
            "outcomes.csv",
            "purchases.csv",
            "runs.csv",
            "violations.csv",
        ];
        assert_eq!(names(&folder), files);
        for (file, columns) in COLUMNS {
            let content = fs::read_to_string(folder.join(file)).unwrap();
            assert_eq!(content.lines().next(), Some(*columns), "{file}");
            assert!(content.ends_with('\n') && !content.contains('\r'), "{file}");
        }
        let manifest: serde_json::Value =
            serde_json::from_slice(&fs::read(folder.join("manifest.json")).unwrap()).unwrap();
        assert_eq!(manifest["scenario"], scenario);
        assert_eq!(manifest["files"]["runs.csv"]["rows"], if scenario == "lost" { 1 } else { 2 });
    }
    let summary = fs::read_to_string(place.at("results/summary.csv")).unwrap();
    assert_eq!(summary.lines().next(), Some(SUMMARY));
    let rows = place.rows("summary.csv");
    assert_eq!(rows.len(), 3 * 5, "a row for each scenario, protocol and invariant");
    assert!(rows.iter().all(|row| row["as_expected"] == "yes"));
    assert_eq!(place.rows("lost/violations.csv").len(), 2);
}

/// A bound that is undercut is none, whatever mechanisms are on.
#[test]
fn no_purchase_costs_less_than_its_bound() {
    let scenario = |preset: &str| format!("protocol = [\"case1\", \"case2\", \"case3\"]\npreset = \"{preset}\"\n");
    let place = Place::with("hardened", &scenario("hardened")).and("as-written", &scenario("as-written"));
    let place = place.and("bare", &format!("{}without = [\"payment-journal\"]\n", scenario("as-written")));
    place.halfpaid(&["run", "scenarios"]).output().unwrap();
    for name in ["hardened", "as-written", "bare"] {
        let (mut bounds, mut met) = (0, BTreeSet::new());
        for row in place.rows(&format!("{name}/costs.csv")) {
            for (column, least) in row.iter().filter(|(column, least)| column.ends_with("_least") && !least.is_empty())
            {
                let figure = column.trim_end_matches("_least");
                let [measured, least]: [u64; 2] = [&row[figure], least].map(|number| number.parse().unwrap());
                assert!(measured >= least, "{name}, {}: {figure} {measured}, bound {least}", row["protocol"]);
                bounds += 1;
                if measured == least {
                    met.insert(figure.to_owned());
                }
            }
        }
        assert!(bounds >= 3 * 10 && met.contains("seals"), "{name}: {bounds}, met {met:?}");
    }
}

#[test]
fn a_single_file_can_be_run_into_a_folder_of_choice() {
    let place = small();
    place.halfpaid(&["run", "scenarios/plain.toml", "--out", "a/b"]).assert().code(0);
    assert_eq!(names(&place.at("a/b")), ["plain", "summary.csv"]);
    assert!(!place.at("results").exists());
}

#[test]
fn a_violation_that_nobody_expected_exits_1() {
    let place = Place::with("lost", LOST.split("[expect]").next().unwrap());
    let run = place.halfpaid(&["run", "scenarios"]).assert().code(1);
    run.stdout(contains("violated (!)").and(contains("\ncomplete: 1 scenario, 1 run, 3 verdicts as expected, 2 not")));
    let unexpected = place.rows("summary.csv").into_iter().filter(|row| row["as_expected"] == "no");
    assert_eq!(unexpected.map(|row| row["invariant"].clone()).collect::<Vec<_>>(), ["goods", "certified"]);
}

#[test]
fn an_expected_violation_that_does_not_show_exits_1() {
    let place = Place::with("fine", "protocol = [\"case2\"]\n[expect]\ngoods = \"violated\"");
    place.halfpaid(&["run", "scenarios"]).assert().code(1).stdout(contains("holds (!)"));
    let row = place.rows("summary.csv").into_iter().find(|row| row["invariant"] == "goods").unwrap();
    assert_eq!((&*row["expected"], &*row["found"], &*row["as_expected"]), ("violated", "holds", "no"));
}

#[test]
fn wrong_usage_exits_2_and_says_so_on_stderr() {
    let place = small();
    let wrong: &[&[&str]] = &[
        &[],
        &["bogus"],
        &["run"],
        &["run", "scenarios", "--bogus"],
        &["run", "scenarios", "--jobs", "0"],
        &["run", "scenarios", "--jobs", "many"],
        &["run", "scenarios", "--seed", "-1"],
        &["run", "scenarios", "--seeds", "5..5"],
        &["run", "scenarios", "--seeds", "0..3", "--seed", "1"],
        &["run", "scenarios", "--color", "sometimes"],
        &["run", "no-such-file.toml"],
        &["replay"],
        &["replay", "case2"],
        &["replay", "case2", "none", "--crypto", "quantum"],
        &["replay", "case2", "none", "--without", "tombston"],
        &["replay", "case9", "none"],
        &["list", "--format", "xml"],
        &["explore", "case1", "--kinds", "drop,crash,drop"],
        &["explore", "case1", "--expect", "money=holds", "--expect", "money=violated"],
    ];
    for arguments in wrong {
        let run = place.halfpaid(arguments).assert().code(2);
        run.stdout(is_empty()).stderr(is_empty().not().and(contains("panicked").not()));
    }
    assert!(!place.at("results").exists());
}

#[test]
fn help_and_version_are_answers() {
    let place = Place::new();
    for arguments in [["--help"].as_slice(), &["--version"], &["run", "--help"], &["help", "replay"]] {
        place.halfpaid(arguments).assert().code(0).stdout(contains("halfpaid")).stderr(is_empty());
    }
    place.halfpaid(&["--help"]).assert().stdout(contains("130 interrupted"));
}

/// A scenario that cannot be read, and what the message must say of it.
fn refused(place: &Place, said: &[&str]) {
    let run = place.halfpaid(&["run", "scenarios"]).assert().code(2).stdout(is_empty());
    let told = text(run.get_output().stderr.clone());
    for word in said {
        assert!(told.contains(word), "`{word}` is missing:\n{told}");
    }
    assert!(!told.contains("panicked") && told.len() < 4_000, "{told}");
    assert!(!place.at("results").exists(), "a results folder was made");
}

#[test]
fn an_unknown_key_is_refused_with_its_place() {
    let place = Place::with("bad", "protocol = [\"case2\"]\npurchses = 3");
    refused(&place, &["bad.toml:3:1", "`purchses`", "accepted: name, about, protocol"]);
    let place = Place::with("bad", "protocol = [\"case2\"]\n[parties]\ncustomer = 3");
    refused(&place, &["bad.toml:4:1", "did you mean `customers`?"]);
}

#[test]
fn a_wrong_type_is_refused_with_its_place() {
    let place = Place::with("bad", "protocol = [\"case2\"]\n[parties]\ncustomers = \"many\"");
    refused(&place, &["bad.toml:4:13", "wrong type", "\"many\"", "accepted: a whole number"]);
}

#[test]
fn a_value_out_of_range_is_refused_with_the_range() {
    let place = Place::with("bad", "protocol = [\"case2\"]\n[parties]\ncustomers = 0");
    refused(&place, &["bad.toml:4:13", "`parties.customers` is 0", "accepted: a whole number from 1 to"]);
    let place = Place::with("bad", "protocol = [\"case2\"]\n[recovery]\nretry_after_us = -5");
    refused(&place, &["bad.toml:4:18", "is -5", "accepted: a whole number from"]);
}

#[test]
fn an_unknown_mechanism_is_refused_with_the_near_miss() {
    let place = Place::with("bad", "protocol = [\"case2\"]\nwithout = [\"tombston\"]");
    refused(&place, &["bad.toml:3:12", "\"tombston\"", "did you mean `tombstone`?"]);
}

#[test]
fn an_empty_workload_is_refused() {
    let place = Place::with("bad", "protocol = [\"case2\"]\n[workload]\npurchases = 0");
    refused(&place, &["bad.toml:4:13", "`workload.purchases` is 0", "from 1 to"]);
}

#[test]
fn contradictory_settings_are_refused() {
    let place = Place::with("bad", "protocol = [\"case2\"]\n[faults]\nmode = \"none\"\nat_most = 2");
    refused(&place, &["bad.toml:5:11", "no meaning in mode \"none\"", "mode = \"exhaustive\""]);
    let place = Place::with(
        "bad",
        "protocol = [\"case2\"]\n[workload.catalogue]\nprice_cents = [9, 5]\n[faults]\nmode = \"none\"",
    );
    refused(&place, &["bad.toml:4:15", "accepted: the least first"]);
}

#[test]
fn two_scenarios_of_one_name_are_refused() {
    let place = Place::with("twin", "protocol = [\"case2\"]");
    fs::create_dir(place.at("scenarios/more")).unwrap();
    fs::copy(place.at("scenarios/twin.toml"), place.at("scenarios/more/twin.toml")).unwrap();
    refused(&place, &["twin.toml:1:8", "`twin` is in", "rename one of the two"]);
}

#[test]
fn a_folder_without_scenarios_is_refused() {
    refused(&Place::new().file("readme.md", b"none here"), &["scenarios", "has no scenario", "*.toml"]);
}

#[test]
fn a_file_that_is_not_utf_8_is_refused_with_the_byte() {
    let place = Place::new().file("bad.toml", b"name = \"bad\"\nabout = \"\xff\"\n");
    refused(&place, &["bad.toml:2:10", "0xff", "accepted: a text file in UTF-8"]);
}

#[test]
fn ten_megabytes_of_garbage_are_refused_at_once() {
    let garbage: Vec<u8> = (0..10_u32 << 20).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let started = Instant::now();
    refused(&Place::new().file("bad.toml", &garbage), &["bad.toml", "10485760 bytes", "at most 1 MiB"]);
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[test]
fn garbage_of_a_size_that_is_read_is_refused_without_flooding_the_terminal() {
    let line = "[".repeat(1 << 19);
    refused(&Place::new().file("bad.toml", line.as_bytes()), &["bad.toml:1:"]);
    let lines = "a = 1\n".repeat(1 << 17);
    refused(&Place::new().file("bad.toml", lines.as_bytes()), &["bad.toml:2:1", "duplicate key"]);
}

#[test]
fn a_scripted_plan_that_is_malformed_is_refused_with_its_place() {
    let place = Place::with(
        "bad",
        "protocol = [\"case2\"]\n[faults]\nmode = \"scripted\"\nplans = [\"drop 3#1\", \"drp 6#1\"]",
    );
    refused(&place, &["bad.toml:5:", "`drp`", "did you mean `drop`?"]);
}

#[test]
fn a_scripted_plan_whose_site_is_never_met_exits_2_and_names_it() {
    let plans = "plans = [\"drop 6#1\", \"drop 3#1; drop 6#9\"]";
    let place = Place::with("unmet", &format!("protocol = [\"case2\"]\n[faults]\nmode = \"scripted\"\n{plans}"));
    let run = place.halfpaid(&["run", "scenarios"]).assert().code(2);
    let run = run.stderr(
        contains("unmet.toml:5:").and(contains("case2")).and(contains("never comes to the site of `drop 6#9`")),
    );
    let out = text(run.get_output().stdout.clone());
    assert!(last_line(&out).starts_with("incomplete"), "{out}");
    assert!(!place.at("results/unmet").exists(), "a scenario without an answer has no folder");
}

#[test]
fn a_replay_of_a_protocol_shows_steps_beliefs_verdicts_and_disputes() {
    let out = Place::new().stdout(&["replay", "case2", "drop 6#1"]);
    assert!(out.starts_with("case2, Case 2"), "{out}");
    for word in [
        "real cryptography",
        "plan: drop 6#1",
        "1#1",
        "5#1",
        "!! dropped",
        "save payment#1",
        "\"in-doubt\"",
        "\"charged\"",
        "\"paid\"",
        "\nin the end\n",
        "P's record       committed",
        "C1 believes      charged",
        "M1 believes      paid",
        "C1 holds         the item described",
        "\nverdicts\n  money       holds\n  goods       holds",
        "\ndisputes\n",
        "C says \"I received exactly this item, the one that was ordered\" (true): upheld, rightly",
        "M says \"I delivered exactly this item, not the one that was ordered\" (false): rejected, rightly",
        "C's signature on the order",
        "\ntrace sha256 ",
    ] {
        assert!(out.contains(word), "`{word}` is missing:\n{out}");
    }
}

#[test]
fn a_replay_of_a_scenario_goes_by_its_settings() {
    let place = small();
    for target in ["lost", "scenarios/lost.toml"] {
        let out = place.stdout(&["replay", target, "crash C1 after 2#1"]);
        for word in ["lost, Case 2", "!! CRASH", "goods       violated", "paid-no-goods", "rejected, WRONGLY"] {
            assert!(out.contains(word), "`{word}` is missing:\n{out}");
        }
    }
    let out = place.stdout(&["replay", "case2", "crash C1 after 2#1"]);
    assert!(out.contains("goods       holds"), "{out}");
    let out = place.stdout(&["replay", "case2", "crash C1 after 2#1", "--without", "ciphertext-journal"]);
    assert!(out.contains("paid-no-goods"), "{out}");
    let out = place.stdout(&["replay", "case1", "drop 6#1", "--preset", "as-written"]);
    assert!(out.contains("goods       violated"), "{out}");
}

#[test]
fn a_replay_can_be_drawn_with_mermaid() {
    let out = Place::new().stdout(&["replay", "case3", "none", "--format", "mermaid"]);
    assert!(out.starts_with("sequenceDiagram"), "{out}");
}

/// The document says what the text says, in the words of the CSVs.
#[test]
fn a_replay_can_be_read_by_programs() {
    let place = Place::new();
    let json = |arguments: &[&str]| -> serde_json::Value {
        let arguments = [&["replay"], arguments, &["--format", "json"]].concat();
        serde_json::from_str(&place.stdout(&arguments)).expect("JSON")
    };
    let lost = ["case1", "drop 6#1", "--preset", "as-written"];
    let (told, text) = (json(&lost), place.stdout(&[&["replay"], &lost[..]].concat()));
    assert_eq!(
        (&told["run"]["plan"], &told["run"]["goods"], &told["run"]["money"]),
        (&"drop 6#1".into(), &"violated".into(), &"holds".into())
    );
    let fingerprint = told["run"]["trace_sha256"].as_str().expect("a fingerprint");
    assert!(text.contains(&format!("trace sha256 {fingerprint}")));
    let [purchase] = &told["purchases"].as_array().expect("purchases")[..] else { panic!("one purchase") };
    assert_eq!((&purchase["outcome"], &purchase["customer_goods"]), (&"committed".into(), &"none".into()));
    let events = told["events"].as_array().expect("events");
    let sent: Vec<_> = events.iter().filter(|event| event["kind"] == "sent" && event["site"] == "6#1").collect();
    assert_eq!(sent.len(), 1);
    assert_eq!((&sent[0]["fault"], &sent[0]["lost"], &sent[0]["to"]), (&"dropped".into(), &true.into(), &"C1".into()));
    // What arrives names the envelope that was sent.
    let gets = |event: &&serde_json::Value| event["kind"] == "gets";
    for arrived in events.iter().filter(gets) {
        let same = |event: &&serde_json::Value| event["kind"] == "sent" && event["envelope"] == arrived["envelope"];
        assert_eq!(events.iter().find(same).map(|sent| &sent["to"]), Some(&arrived["party"]));
    }
    let violations = told["violations"].as_array().expect("violations");
    let unpaid = violations.iter().find(|broken| broken["clause"] == "paid-no-goods").expect("a violation");
    assert_eq!((&unpaid["victim"], &unpaid["cause"]), (&"C1".into(), &"drop 6".into()));
    assert!(text.contains(&format!("root: {}", unpaid["cause"].as_str().expect("a cause"))));
    let disputes = told["disputes"].as_array().expect("disputes");
    let wrong = disputes.iter().filter(|dispute| !dispute["wrong"].is_null()).count();
    assert_eq!(wrong, text.matches("WRONGLY").count());
    assert!(disputes.iter().all(|dispute| dispute["checks"].as_array().is_some_and(|checks| !checks.is_empty())));
    // An order of events says so, and that what holds only in the end was not judged.
    let told = json(&["case2", "order start 1#1"]);
    assert_eq!(told["order"], serde_json::json!(["start", "1#1"]));
    assert!(told["unjudged"].is_string());
}

/// A merchant may charge a purchase to what another customer has signed; where every mechanism is on it gets nowhere.
#[test]
fn a_replay_has_as_many_customers_as_one_likes() {
    let place = Place::new();
    let two = ["replay", "case2", "none", "--customers", "2", "--purchases", "2", "--every-us", "20000"];
    let stolen = place.stdout(&[&two[..], &["--merchant", "steal-instrument"]].concat());
    assert!(stolen.contains("C2") && !stolen.contains("violated"), "{stolen}");
    let unbound = [&two[..], &["--merchant", "steal-instrument", "--without", "bound-signature"]].concat();
    assert!(place.stdout(&unbound).contains("C2"));
    place.halfpaid(&["replay", "case2", "none", "--customers", "0"]).assert().code(2);
}

/// Whom to blame is the same whether a search says it or the replay of what it found.
#[test]
fn a_replay_blames_as_the_search_did() {
    let place = Place::new();
    let preset = ["--preset", "as-written"];
    let explore = ["explore", "case1", "--untimed", "--faults", "1", "--kinds", "drop", "--out", "results"];
    place.halfpaid(&[&explore[..], &preset[..]].concat()).assert().code(1);
    let (mut clauses, mut answers) = (BTreeSet::new(), BTreeSet::new());
    for row in place.rows("explore-case1/violations.csv") {
        if !clauses.insert(row["clause"].clone()) {
            continue;
        }
        let told = place.stdout(&[&["replay", "case1", &row["plan"], "--format", "json"], &preset[..]].concat());
        let told: serde_json::Value = serde_json::from_str(&told).expect("JSON");
        let broken =
            told["violations"].as_array().expect("violations").iter().find(|known| known["clause"] == row["clause"]);
        let broken = broken.expect("it breaks again");
        let names = broken["prevented_by"].as_array().expect("names").iter().filter_map(|name| name.as_str());
        let yes = |answer: &serde_json::Value| answer.as_bool().map_or("", |yes| if yes { "yes" } else { "no" });
        let said = [
            broken["cause"].as_str().expect("a cause").to_owned(),
            yes(&broken["could_prevent"]).to_owned(),
            names.collect::<Vec<_>>().join(" "),
            yes(&broken["can_prove"]).to_owned(),
        ];
        assert_eq!(said, ["cause", "could_prevent", "prevented_by", "can_prove"].map(|column| row[column].clone()));
        answers.insert(row["could_prevent"].clone());
    }
    assert_eq!(Vec::from_iter(answers), ["no", "yes"], "both are among them");
}

#[test]
fn a_plan_that_cannot_be_read_is_shown_with_its_column() {
    let place = Place::new();
    for (plan, said) in [
        ("drp 6#1", ["column 1", "`drp`", "did you mean `drop`?"]),
        ("drop 6#1; crsh C1 before 3#1", ["column 11", "`crsh`", "did you mean `crash`?"]),
        ("drop", ["column", "expected", "3#1"]),
    ] {
        let run = place.halfpaid(&["replay", "case2", plan]).assert().code(2).stdout(is_empty());
        let told = text(run.get_output().stderr.clone());
        assert!(said.iter().all(|word| told.contains(word)), "{plan}: {told}");
    }
}

#[test]
fn a_plan_that_does_not_fit_is_refused_and_the_fault_is_named() {
    let run = Place::new().halfpaid(&["replay", "case2", "drop 6#1; drop 6#9"]).assert().code(2);
    run.stdout(is_empty()).stderr(contains("`drop 6#9`").and(contains("no longer fits")));
}

#[test]
fn a_replay_of_a_scenario_with_several_protocols_asks_which() {
    let place = small();
    let run = place.halfpaid(&["replay", "plain", "none"]).assert().code(2).stdout(is_empty());
    run.stderr(contains("--protocol case2|case3"));
    let run = place.halfpaid(&["replay", "plain", "none", "--protocol", "case1"]).assert().code(2);
    run.stdout(is_empty()).stderr(contains("expected one of case2, case3"));
    assert!(place.stdout(&["replay", "plain", "none", "--protocol", "case3"]).starts_with("plain, Case 3"));
}

/// A command as `violations.csv` has it, taken apart as a shell would.
fn words(command: &str) -> Vec<String> {
    let mut quoted = false;
    let split = |c: char| {
        quoted ^= c == '"';
        c == ' ' && !quoted
    };
    command.split(split).map(|word| word.replace('"', "")).collect()
}

#[test]
fn every_replay_command_of_the_violations_repeats_the_same_clause() {
    let everything =
        "kinds = [\"drop\", \"duplicate\", \"delay\", \"replay\", \"corrupt\", \"crash\", \"crash-forever\"]";
    let expect =
        "[expect]\nmoney = \"violated\"\ngoods = \"violated\"\ncertified = \"violated\"\nterminates = \"violated\"";
    let place = Place::with(
        "every",
        &format!(
            "protocol = [\"case1\", \"case2\", \"case3\"]\npreset = \"as-written\"\n[faults]\nmode = \"exhaustive\"\n\
             at_most = 1\n{everything}\n{expect}"
        ),
    )
    .and(
        "storm",
        &format!(
            "protocol = [\"case1\", \"case2\"]\npreset = \"as-written\"\n[parties]\ncustomers = 3\nmerchants = 2\n\
             [workload]\npurchases = 6\n[faults]\nmode = \"random\"\nseeds = \"3..9\"\nswarm = true\n{expect}"
        ),
    )
    .and("lost", LOST);
    // Whether the verdicts are as expected is of no interest here.
    place.halfpaid(&["run", "scenarios"]).assert().code(predicate::in_iter([0, 1]));
    let mut replayed = 0;
    for scenario in ["every", "storm", "lost"] {
        let rows = place.rows(&format!("{scenario}/violations.csv"));
        assert!(!rows.is_empty(), "{scenario} breaks nothing");
        let mut seen: BTreeMap<String, String> = BTreeMap::new();
        for row in rows {
            let words = words(&row["replay"]);
            assert_eq!(words[0], "halfpaid");
            let out = seen.entry(row["replay"].clone()).or_insert_with(|| {
                let mut arguments: Vec<&str> = words[1..].iter().map(String::as_str).collect();
                arguments.extend(["--crypto", "symbolic"]);
                replayed += 1;
                place.stdout(&arguments)
            });
            let line = format!("            {}: ", row["clause"]);
            assert!(out.contains(&line), "{} does not break {}:\n{out}", row["replay"], row["clause"]);
        }
    }
    assert!(replayed > 10, "{replayed}");
}

/// There is no file with what a search without one is about: the command has it all. It says the same of proof under real cryptography.
#[test]
fn every_replay_command_of_an_exploration_repeats_what_it_found() {
    let place = Place::new();
    let mut proven = BTreeSet::new();
    for arguments in [
        "case2 --untimed --faults 0 --merchant wrong-item",
        "case2 --untimed --faults 0 --without merchant-checks-seal --outsider tamper-quote",
        "case2 --faults 0 --without merchant-checks-seal --customer sign-wrong-digest",
        "case2 --faults 0 --without bound-signature --merchant steal-instrument --purchases 2 --every-us 20000",
        "case3 --faults 1 --kinds crash --preset as-written --with tombstone --customers 2 --opening-balance-cents 9000",
    ] {
        let arguments: Vec<&str> = arguments.split(' ').collect();
        place.halfpaid(&[&["explore"], &arguments[..], &["--out", "results"]].concat()).assert().code(1);
        let rows = place.rows(&format!("explore-{}/violations.csv", arguments[0]));
        assert!(!rows.is_empty(), "{arguments:?} breaks nothing");
        for row in rows {
            let words = words(&row["replay"]);
            let out = place.stdout(&words[1..].iter().map(String::as_str).collect::<Vec<_>>());
            let told: Vec<&str> = out.lines().skip_while(|line| !line.starts_with("            ")).collect();
            let at = told.iter().position(|line| line.trim_start().starts_with(&format!("{}: ", row["clause"])));
            let at = at.unwrap_or_else(|| panic!("{} does not break {}:\n{out}", row["replay"], row["clause"]));
            let proof =
                if row["can_prove"] == "yes" { "can prove it to the judge" } else { "cannot prove it to the judge" };
            assert!(told[at + 1].ends_with(proof), "{}: {}", row["replay"], told[at + 1]);
            proven.insert(row["can_prove"].clone());
        }
    }
    assert_eq!(Vec::from_iter(proven), ["no", "yes"], "both are among them");
    // What takes several purchases is told so.
    let run = place.halfpaid(&["explore", "case2", "--faults", "0", "--merchant", "steal-instrument"]).assert().code(0);
    run.stderr(contains("steal-instrument has nothing to do").and(contains("--purchases 2 --every-us 20000")));
}

/// Of a run that was not judged to its end nobody says that all is well.
#[test]
fn what_is_not_judged_holds_only_so_far() {
    let restless = "--without merchant-dedup --customer reuse-tid --purchases 2 --every-us 3000000".split(' ');
    let run: Vec<&str> = ["replay", "case3", "crash M1 after 5#1"].into_iter().chain(restless).collect();
    let out = Place::new().stdout(&run);
    assert!(out.contains("  content     holds so far\n") && !out.contains("holds\n"), "{out}");
}

/// A deviation that has nothing to do with a loss is not at its root, whatever strikes beside it.
#[test]
fn who_cheats_to_no_effect_is_not_blamed_for_what_an_order_of_events_does() {
    let place = Place::new();
    for (search, root) in [
        ("case1 --kinds crash-forever --merchant wrong-key", "crash-forever M"),
        (
            "case1 --kinds corrupt --without signed-status --without merchant-dedup --customer frame-merchant",
            "corrupt answer-C",
        ),
        ("case2 --kinds corrupt --without signed-status --outsider ask", "corrupt answer-C"),
    ] {
        let words = ["explore", "--untimed", "--faults", "1"].into_iter().chain(search.split(' '));
        place.halfpaid(&words.collect::<Vec<_>>()).assert().code(1);
        let rows = place.rows(&format!("explore-{}/violations.csv", &search[..5]));
        let causes: BTreeSet<&str> = rows.iter().map(|row| &*row["cause"]).collect();
        assert!(causes.contains(root), "{search}: {causes:?}");
        let named = |cause: &&str| ["merchant ", "customer ", "outsider "].iter().any(|side| cause.contains(side));
        assert!(!causes.iter().any(named), "{search}: {causes:?}");
    }
}

/// What contradicts itself in a file does so on the command line, wherever it is said.
#[test]
fn arguments_that_a_file_could_not_ask_for_are_refused() {
    let place = Place::new();
    for (run, said) in [
        (&["replay", "case1", "none", "--with", "tombstone"][..], "`with` adds `tombstone`, which preset \"hardened\""),
        (&["explore", "case1", "--preset", "as-written", "--without", "tombstone"], "`without` takes away `tombstone`"),
        (&["disputes", "case2", "--with", "tombstone"], "`with` adds `tombstone`"),
    ] {
        place.halfpaid(run).assert().code(2).stderr(contains(said));
    }
}

/// Who replays may say again what the scenario says, and whatever a matrix has named it.
#[test]
fn a_scenario_of_a_matrix_is_replayed_with_what_it_says_itself() {
    let two = "protocol = [\"case1\", \"case2\"]\npreset = \"as-written\"\n[matrix]\nwith = [[\"tombstone\"], [\"final-decline\"]]\n";
    let place = Place::with("two", two);
    place
        .halfpaid(&["replay", "two~with=tombstone", "none", "--protocol", "case1", "--with", "tombstone"])
        .assert()
        .code(0);
    place.halfpaid(&["disputes", "--preset", "as-written", "--with", "status-query", "--faults", "0"]).assert().code(0);
}

/// What `disputes` finds it shows by commands that can be run, with as many customers and purchases as there were.
#[test]
fn each_run_that_disputes_names_can_be_replayed() {
    let place = small();
    for (arguments, at_least) in [
        (&["disputes", "case1", "--faults", "0", "--customers", "2"][..], 4),
        (&["disputes", "case2", "case3", "--without", "item-digest", "--faults", "0"], 4),
        (&["disputes", "case1", "--faults", "0", "--customers", "2", "--seed", "7"], 4),
    ] {
        let found = place.halfpaid(arguments).assert().code(0);
        let found = String::from_utf8_lossy(&found.get_output().stdout).into_owned();
        let commands: Vec<&str> = found.lines().filter_map(|line| line.trim().strip_prefix("halfpaid ")).collect();
        assert!(commands.len() >= at_least, "{arguments:?}: {found}");
        for command in commands {
            let words = words(command);
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            place.halfpaid(&words).assert().code(0);
        }
    }
}

#[test]
fn a_replay_is_the_same_under_both_kinds_of_cryptography_but_for_its_heading() {
    let place = small();
    for (target, plan) in [
        ("case1", "none"),
        ("case2", "corrupt 2#1 bit 900; duplicate 1#1"),
        ("case3", "drop 5#1; duplicate 4#1"),
        ("lost", "crash C1 after 2#1"),
    ] {
        let [real, symbolic] = ["real", "symbolic"].map(|crypto| {
            let out = place.stdout(&["replay", target, plan, "--crypto", crypto]);
            let (heading, rest) = out.split_once('\n').unwrap();
            assert!(heading.ends_with(&format!("{crypto} cryptography")), "{heading}");
            rest.to_owned()
        });
        assert_eq!(real, symbolic, "{target} {plan}");
    }
}

#[test]
fn the_list_names_everything_in_text_and_in_json() {
    let place = Place::new();
    let out = place.stdout(&["list"]);
    let json: serde_json::Value = serde_json::from_str(&place.stdout(&["list", "--format", "json"])).unwrap();
    let named = |section: &str| -> Vec<String> {
        let items = json[section].as_array().unwrap();
        items.iter().map(|item| item["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(named("protocols"), ["case1", "case2", "case3"]);
    assert_eq!(named("mechanisms"), Mechanism::ALL.iter().map(|m| m.name()).collect::<Vec<_>>());
    assert_eq!(named("options"), Mechanism::OPTIONS.iter().map(|m| m.name()).collect::<Vec<_>>());
    for mechanism in Mechanism::EVERY {
        assert!(out.contains(&format!("  {:<20} ", mechanism.name())), "{mechanism}:\n{out}");
    }
    for section in ["faults", "merchant_deviations", "customer_deviations", "outsiders"] {
        for name in named(section) {
            assert!(out.contains(&format!("  {name} ")), "{name}:\n{out}");
        }
    }
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let place = small();
    for arguments in [["list"].as_slice(), &["replay", "case2", "none"], &["run", "scenarios"], &["--help"]] {
        // As with `| head -1`, and gone before the first word.
        for lines in [1, 0] {
            let mut child = place.start(arguments);
            let mut reader = BufReader::new(child.stdout.take().unwrap());
            for _ in 0..lines {
                reader.read_line(&mut String::new()).unwrap();
            }
            drop(reader);
            let ended = child.wait_with_output().unwrap();
            assert_eq!(ended.status.code(), Some(0), "{arguments:?}");
            assert_eq!(text(ended.stderr), "", "{arguments:?}");
        }
    }
}

#[test]
fn a_reader_that_goes_away_does_not_hide_an_unexpected_verdict() {
    let place = Place::with("lost", LOST.split("[expect]").next().unwrap());
    let mut child = place.start(&["run", "scenarios"]);
    drop(child.stdout.take());
    let ended = child.wait_with_output().unwrap();
    assert_eq!((ended.status.code(), text(ended.stderr).as_str()), (Some(1), ""));
}

#[test]
fn no_progress_bar_shows_where_stderr_is_no_terminal() {
    let place = small();
    let quiet = place.halfpaid(&["run", "scenarios"]).assert().code(0);
    quiet.stderr(is_empty());
    let verbose = place.halfpaid(&["run", "scenarios", "-v"]).assert().code(0);
    verbose.stderr(contains("lost").and(contains('\r').not()).and(contains('\u{1b}').not()));
    place.halfpaid(&["run", "scenarios", "-v", "--quiet"]).assert().code(0).stderr(is_empty());
}

#[test]
fn colours_are_used_when_asked_for_and_only_then() {
    let place = small().and("bad", "protocol = [\"case2\"]");
    let run = ["run", "scenarios/lost.toml"];
    let coloured = contains('\u{1b}');
    let with = |more: &[&str]| place.halfpaid(&[&run, more].concat());
    with(&["--color", "always"]).assert().code(0).stdout(coloured.clone());
    with(&["--color", "never"]).assert().code(0).stdout(coloured.clone().not());
    with(&[]).assert().code(0).stdout(coloured.clone().not());
    with(&[]).env("NO_COLOR", "1").assert().code(0).stdout(coloured.clone().not());
    // What is asked for on the command line goes before what the environment asks for.
    with(&["--color", "always"]).env("NO_COLOR", "1").assert().code(0).stdout(coloured.clone());
    with(&["--color", "always"]).env("NO_COLOR", "").assert().code(0).stdout(coloured.clone());
    let bad = place.file("bad.toml", b"name = 5");
    let run = bad.halfpaid(&["run", "scenarios/bad.toml", "--color", "always"]).assert().code(2);
    run.stderr(coloured.clone());
    bad.halfpaid(&["run", "scenarios/bad.toml"]).assert().code(2).stderr(coloured.not());
}

#[test]
fn results_below_a_regular_file_exit_2_with_a_remedy() {
    let place = small();
    fs::write(place.at("taken"), "a file").unwrap();
    for out in ["taken", "taken/below"] {
        let run = place.halfpaid(&["run", "scenarios", "--out", out]).assert().code(2);
        run.stderr(contains("cannot create").and(contains(out)).and(contains("choose another place")));
    }
    assert_eq!(fs::read_to_string(place.at("taken")).unwrap(), "a file");
}

#[test]
fn an_older_result_stands_until_the_new_one_is_whole() {
    let place = small();
    place.halfpaid(&["run", "scenarios/lost.toml"]).assert().code(0);
    let before = fs::read(place.at("results/lost/runs.csv")).unwrap();
    let unmet = fs::read_to_string(place.at("scenarios/lost.toml")).unwrap().replace("2#1", "2#9");
    let place = place.file("lost.toml", unmet.as_bytes());
    place.halfpaid(&["run", "scenarios/lost.toml"]).assert().code(2);
    assert_eq!(fs::read(place.at("results/lost/runs.csv")).unwrap(), before);
    assert!(place.at("results/lost/manifest.json").exists());
    assert_eq!(names(&place.at("results/lost")).len(), 7, "nothing half-written is left");
}

/// Waits for something that another process does.
fn until(what: &str, child: &mut Child, mut done: impl FnMut() -> bool) {
    let started = Instant::now();
    while !done() {
        if started.elapsed() > PATIENCE {
            let _ = child.kill();
            panic!("waited in vain until {what}");
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_keeps_what_is_finished_and_leaves_nothing_half_written() {
    let random =
        "[parties]\ncustomers = 20\n[workload]\npurchases = 200\n[faults]\nmode = \"random\"\nseeds = \"0..100000\"";
    let exhaustive = "[faults]\nmode = \"exhaustive\"\nat_most = 2\n\
                      kinds = [\"drop\", \"duplicate\", \"delay\", \"replay\", \"corrupt\", \"crash\", \"crash-forever\"]";
    for large in [random, exhaustive] {
        let place = Place::with("a-small", "protocol = [\"case2\"]")
            .and("b-large", &format!("protocol = [\"case1\", \"case2\", \"case3\"]\n{large}"))
            .and("c-never", "protocol = [\"case2\"]");
        let mut child = place.start(&["run", "scenarios", "--jobs", "1"]);
        until("the large scenario runs", &mut child, || place.at("results/b-large").exists());
        std::thread::sleep(Duration::from_millis(100));
        let pid = child.id().to_string();
        assert!(std::process::Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
        let mut status = None;
        let asked = Instant::now();
        while status.is_none() {
            if asked.elapsed() > PATIENCE {
                let _ = child.kill();
                panic!("it goes on in spite of the interrupt");
            }
            std::thread::sleep(Duration::from_millis(10));
            status = child.try_wait().unwrap();
        }
        let ended = child.wait_with_output().unwrap();
        let out = text(ended.stdout);
        assert_eq!(ended.status.code(), Some(130), "{out}");
        assert!(last_line(&out).starts_with("incomplete"), "{out}");
        assert_eq!(text(ended.stderr), "");
        // Of the unfinished one there is nothing but the runs that it has kept for `--resume`, out of sight.
        assert_eq!(names(&place.at("results")), ["a-small", "b-large", "summary.csv"]);
        assert!(names(&place.at("results/b-large")).iter().all(|name| name.starts_with('.')), "it left half a file");
        assert_eq!(names(&place.at("results/a-small")).len(), 7);
        assert!(place.at("results/a-small/manifest.json").exists());
        assert!(place.rows("summary.csv").iter().all(|row| row["scenario"] == "a-small"));
    }
}
