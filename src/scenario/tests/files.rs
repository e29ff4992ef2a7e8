//! What is found under a path, and what is said where nothing is.

use std::fs;
use std::path::PathBuf;

use super::*;

/// A folder of its own for a test, with some files in it.
fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, content) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(path, content).expect("a file");
    }
    folder
}

/// Loads one path of a folder: the names found, and what is wrong.
fn load_from(folder: &tempfile::TempDir, path: &str) -> (Vec<String>, Vec<Diagnostic>) {
    let loaded = load(&[folder.path().join(path)]);
    (loaded.scenarios.into_iter().map(|loaded| loaded.scenario.name).collect(), loaded.diagnostics)
}

fn named(name: &str) -> String {
    format!("protocol = [\"case1\"]\n name = \"{name}\"\n")
}

#[test]
fn a_folder_is_searched_in_order_and_a_file_counts_once() {
    let (a, b, c) = (named("a"), named("b"), named("c"));
    let folder =
        folder(&[("b.toml", b.as_bytes()), ("a/c.toml", c.as_bytes()), ("a.toml", a.as_bytes()), ("x.txt", b"?")]);
    let loaded = load(&[folder.path().to_owned(), folder.path().join("a.toml")]);
    assert_eq!(loaded.diagnostics, []);
    let names: Vec<&str> = loaded.scenarios.iter().map(|loaded| loaded.scenario.name.as_str()).collect();
    assert_eq!(names, ["c", "a", "b"]);
    assert_eq!(*loaded.scenarios[1].source, *a);
}

#[test]
fn two_files_with_one_name_are_both_named() {
    let a = named("a");
    let folder = folder(&[("x/a.toml", a.as_bytes()), ("y/a.toml", a.as_bytes())]);
    let (_, found) = load_from(&folder, "");
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].line(), found[0].column()), (Some(2), Some(9)));
    assert!(found[0].path.ends_with("y/a.toml"));
    assert!(
        found[0].message.contains("scenario `a` is in ") && found[0].message.ends_with("x/a.toml too"),
        "{}",
        found[0]
    );
    assert_eq!(found[0].help, "rename one of the two files, and the `name` in it");
}

#[test]
fn a_folder_without_scenarios_and_a_folder_for_a_file_are_errors() {
    let folder = folder(&[("a/x.txt", b"?")]);
    let (_, found) = load_from(&folder, "a");
    assert_eq!(found[0].message, "this folder has no scenario");
    assert_eq!(found[0].help, "accepted: a scenario file, or a folder with at least one *.toml in it");
    let found = load_file(folder.path()).expect_err("a folder");
    assert_eq!(
        (found[0].message.as_str(), found[0].help.as_str()),
        ("this is a folder", "accepted here: one scenario file")
    );
    let (_, found) = load_from(&folder, "gone.toml");
    assert!(found[0].message.starts_with("this file cannot be read: "), "{}", found[0]);
    assert!(load(&[PathBuf::new(), PathBuf::from("a\0b")]).diagnostics.len() == 2);
}

#[test]
fn a_file_that_is_not_utf8_says_which_byte_and_line() {
    let folder = folder(&[("a.toml", b"name = \"a\"\n\xc3\xa4 \xff\xfe = 1\n"), ("b.toml", b"")]);
    let (_, found) = load_from(&folder, "a.toml");
    assert_eq!(found[0].message, "byte 14 of this file is 0xff, which is not UTF-8");
    assert_eq!(
        (found[0].line(), found[0].column(), found[0].help.as_str()),
        (Some(2), Some(3), "accepted: a text file in UTF-8")
    );
    let (_, found) = load_from(&folder, "b.toml");
    assert_eq!(found[0].message, "this file is empty");
    assert!(found[0].help.contains("protocol = [\"case2\"]"));
}

#[test]
fn ten_megabytes_of_garbage_are_refused_at_once() {
    let garbage: Vec<u8> = (0..10_000_000_u32).map(|number| (number.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let folder = folder(&[("a.toml", &garbage)]);
    let (_, found) = load_from(&folder, "a.toml");
    assert_eq!(found[0].message, "this file has 10000000 bytes, which no scenario has");
    assert_eq!(found[0].help, "accepted: a file of at most 1 MiB");
}

proptest! {
    #[test]
    fn no_bytes_make_the_loader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let folder = folder(&[("a.toml", &bytes)]);
        let (_, found) = load_from(&folder, "a.toml");
        prop_assert!(!found.is_empty());
    }
}
