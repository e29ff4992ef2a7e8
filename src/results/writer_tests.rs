//! Tests of a scenario's folder: what stands in it when all goes well, and when it does not.

use super::*;
use crate::invariant::Invariant;
use crate::results::{Sha256Sum, ViolationRow, YesNo};

fn violation(runs: u64) -> ViolationRow<'static> {
    ViolationRow {
        scenario: "s".into(),
        protocol: "case1".into(),
        invariant: Invariant::Money,
        clause: "moves once".into(),
        victim: "C".into(),
        cause: "duplicate".into(),
        faults: 1,
        plan: "duplicate(1.4)".into(),
        events: 9,
        runs,
        replay: "halfpaid replay case1 'duplicate(1.4)'".into(),
        could_prevent: Some(YesNo::Yes),
        prevented_by: "customer-journal".into(),
        can_prove: Some(YesNo::No),
    }
}

fn manifest(text: &str) -> Manifest {
    Manifest::new("s", text, "0..1")
}

/// The names in a folder, hidden ones included, in order.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

const FINISHED: [&str; 7] =
    ["costs.csv", "coverage.csv", "manifest.json", "outcomes.csv", "purchases.csv", "runs.csv", "violations.csv"];

/// Asserts that the folder is finished and that its manifest says of every file what is so.
fn assert_finished(folder: &Path, text: &str) {
    assert_eq!(names(folder), FINISHED);
    let manifest = Manifest::read(folder).unwrap().unwrap();
    assert_eq!(manifest.scenario_text, text);
    assert_eq!(manifest.files.len(), 6);
    for (name, sum) in manifest.files {
        let bytes = fs::read(folder.join(name)).unwrap();
        assert_eq!(sum.sha256, Sha256Sum::of(&bytes));
        assert_eq!(sum.rows + 1, bytes.split(|byte| *byte == b'\n').count() as u64 - 1);
    }
}

#[test]
fn a_finished_scenario_has_all_files_and_a_manifest_that_matches_them() {
    let out = tempfile::tempdir().unwrap();
    let out = out.path().join("not/there/yet");
    let mut writer = ScenarioWriter::create(&out, "s").unwrap();
    (0..5_000).for_each(|runs| writer.write(&violation(runs)).unwrap());
    let returned = writer.finish(manifest("new")).unwrap();
    assert_eq!(returned.files["violations.csv"].rows, 5_000);
    assert_eq!(returned.files["runs.csv"].rows, 0);
    assert_eq!(Manifest::read(&out.join("s")).unwrap(), Some(returned));
    assert_finished(&out.join("s"), "new");
}

#[test]
fn an_interrupted_scenario_leaves_no_trace() {
    let out = tempfile::tempdir().unwrap();
    let mut writer = ScenarioWriter::create(out.path(), "s").unwrap();
    (0..5_000).for_each(|runs| writer.write(&violation(runs)).unwrap());
    let partials = [".costs.csv", ".coverage.csv", ".outcomes.csv", ".purchases.csv", ".runs.csv", ".violations.csv"]
        .map(|name| format!("{name}.partial"));
    assert_eq!(names(&out.path().join("s")), partials);
    drop(writer);
    assert_eq!(names(out.path()), [] as [&str; 0]);
}

#[test]
fn an_older_result_is_replaced_at_the_end_and_not_before() {
    let out = tempfile::tempdir().unwrap();
    let folder = out.path().join("s");
    let mut writer = ScenarioWriter::create(out.path(), "s").unwrap();
    writer.write(&violation(1)).unwrap();
    writer.finish(manifest("old")).unwrap();

    let mut writer = ScenarioWriter::create(out.path(), "s").unwrap();
    writer.write(&violation(2)).unwrap();
    drop(writer);
    assert_finished(&folder, "old");

    // What a killed process has left is in nobody's way.
    fs::write(folder.join(".runs.csv.partial"), "half a r").unwrap();
    ScenarioWriter::create(out.path(), "s").unwrap().finish(manifest("new")).unwrap();
    assert_finished(&folder, "new");
}

#[test]
fn a_finish_that_fails_leaves_no_manifest_that_does_not_match() {
    let out = tempfile::tempdir().unwrap();
    let folder = out.path().join("s");
    ScenarioWriter::create(out.path(), "s").unwrap().finish(manifest("old")).unwrap();
    // The second file cannot be placed: a folder has its name.
    fs::remove_file(folder.join("purchases.csv")).unwrap();
    fs::create_dir(folder.join("purchases.csv")).unwrap();
    let error = ScenarioWriter::create(out.path(), "s").unwrap().finish(manifest("new")).unwrap_err();
    assert!(error.to_string().contains("a folder stands where a file should be"), "{error}");
    assert_eq!(Manifest::read(&folder).unwrap(), None);
    assert_eq!(
        names(&folder),
        ["costs.csv", "coverage.csv", "outcomes.csv", "purchases.csv", "runs.csv", "violations.csv"]
    );
}

#[test]
fn a_file_in_the_place_of_the_results_folder_is_an_error_with_a_remedy() {
    let out = tempfile::tempdir().unwrap();
    let file = out.path().join("file");
    fs::write(&file, "mine").unwrap();
    for below in [file.clone(), file.join("deeper")] {
        let message = ScenarioWriter::create(&below, "s").err().unwrap().to_string();
        assert!(message.contains("a file stands where a folder should be"), "{message}");
    }
    fs::write(out.path().join("s"), "mine").unwrap();
    let message = ScenarioWriter::create(out.path(), "s").err().unwrap().to_string();
    assert!(message.contains("a file stands where a folder should be"), "{message}");
    assert_eq!(fs::read_to_string(out.path().join("s")).unwrap(), "mine");
}

#[cfg(unix)]
#[test]
fn a_read_only_folder_is_an_error_with_a_remedy() {
    use std::os::unix::fs::PermissionsExt;
    let out = tempfile::tempdir().unwrap();
    let folder = out.path().join("closed");
    fs::create_dir(&folder).unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o555)).unwrap();
    if fs::write(folder.join("probe"), "").is_ok() {
        eprintln!("skipped: this user may write anywhere");
        return;
    }
    let message = ScenarioWriter::create(&folder, "s").err().unwrap().to_string();
    assert!(message.contains("make it writable for you or choose another place"), "{message}");
}

#[test]
fn names_that_are_no_folder_names_are_refused() {
    let out = tempfile::tempdir().unwrap();
    for (name, why) in [
        ("", "empty"),
        ("..", "dot"),
        (".", "dot"),
        (".hidden", "dot"),
        ("a/b", "separator"),
        ("../a", "separator"),
        ("a\\b", "separator"),
        ("a\0b", "control"),
        ("a\nb", "control"),
    ] {
        let message = ScenarioWriter::create(out.path(), name).err().unwrap().to_string();
        assert!(message.contains(why), "{message}");
    }
    let message = ScenarioWriter::create(out.path(), &"x".repeat(5_000)).err().unwrap().to_string();
    assert!(message.contains("use a shorter `name`"), "{message}");
    assert_eq!(names(out.path()), [] as [&str; 0]);
    for name in ["a~faults.at_most=2,latency_us=[1, 2]", "grüße", "a..b"] {
        ScenarioWriter::create(out.path(), name).unwrap().finish(Manifest::new(name, "", "0..1")).unwrap();
        assert_eq!(names(&out.path().join(name)), FINISHED);
    }
}
