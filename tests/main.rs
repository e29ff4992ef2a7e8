//! Every test of the program from outside, in one binary: the crate is linked once, and slow tests of one file run beside those of another.
//!
//! A file is a module here, so `cargo test untimed::` runs those of `tests/untimed.rs`. `common` is the fixture, `independent` the
//! model of the protocols that knows nothing of `src/`.
#![allow(unreachable_pub, reason = "what is public in a file is what it offers to the others")]

mod common;
mod independent;

mod blame;
mod case1;
mod case2;
mod case3;
mod cli;
mod commands;
mod costs;
mod cryptographies_agree;
mod determinism;
mod dishonest;
mod every_clause;
mod evidence;
mod independent_model;
mod joined;
mod layers;
mod mechanisms;
mod necessity;
mod options;
mod planted_bugs;
mod readme;
mod settling;
mod soundness;
mod twins;
mod untimed;
mod wire;

#[test]
fn every_file_with_tests_is_part_of_this_binary() {
    let here = concat!(env!("CARGO_MANIFEST_DIR"), "/tests");
    let entries = std::fs::read_dir(here).expect("the folder of this file");
    for entry in entries {
        let name = entry.expect("an entry").file_name().into_string().expect("a name");
        let module = name.strip_suffix(".rs").unwrap_or(&name);
        let is_module = include_str!("main.rs").lines().any(|line| line == format!("mod {module};"));
        assert!(is_module || matches!(module, "main" | "schemas"), "tests/main.rs does not have `mod {module};`");
    }
}
