//! Which module knows which: as the list in `src/lib.rs` says, and never the other way round.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn files(below: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(below).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The modules that a line of code names from the root of the crate: `crate::x` and `crate::{x, y::z}`.
fn named<'l>(line: &'l str, modules: &[&'l str]) -> Vec<&'l str> {
    let starts = line.match_indices("crate::").filter(|(at, _)| !line[..*at].ends_with('$'));
    let rests = starts.map(|(at, root)| &line[at + root.len()..]);
    let names = rests.flat_map(|rest| {
        let group = rest.strip_prefix('{').map_or(rest, |group| group.split('}').next().unwrap_or(group));
        let several = rest.starts_with('{');
        let parts: Vec<&str> = if several { group.split(',').collect() } else { vec![group] };
        parts.into_iter().map(|part| part.trim().split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or(""))
    });
    names.filter(|name| modules.contains(name)).collect()
}

#[test]
fn each_module_knows_only_those_above_it() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let root = fs::read_to_string(source.join("lib.rs")).expect("the root");
    let modules: Vec<&str> = root.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    // The table that a reader sees is in the same order.
    let listed: Vec<&str> = root.lines().filter_map(|line| line.strip_prefix("//! | [`")?.split('`').next()).collect();
    assert_eq!(listed, modules);
    let (mut all, mut edges) = (Vec::new(), BTreeSet::new());
    files(&source, &mut all);
    for path in &all {
        let within = path.strip_prefix(&source).expect("below the root").with_extension("");
        let first = within.iter().next().and_then(|name| name.to_str()).expect("a name");
        let Some(own) = modules.iter().position(|module| *module == first) else { continue };
        let text = fs::read_to_string(path).expect("a file");
        // Tests may use what is above them, to be spared work.
        let is_test = within.iter().any(|name| name.to_str().is_some_and(|name| name.ends_with("tests")));
        let text = if is_test { "" } else { text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default() };
        for line in text.lines().map(str::trim_start).filter(|line| !line.starts_with("//")) {
            for name in named(line, &modules) {
                let other = modules.iter().position(|module| *module == name).expect("it is one of them");
                assert!(other <= own, "{}: {first} is above {name}: {line}", path.display());
                edges.insert((own, other));
            }
        }
    }
    // The lines are really read: these are a few of the edges that there must be.
    for (from, to) in [("crypto", "party"), ("protocol", "crypto"), ("world", "protocol"), ("batch", "explore")] {
        let number = |name: &str| modules.iter().position(|module| *module == name).expect("it is there");
        assert!(edges.contains(&(number(from), number(to))), "{from} knows {to}");
    }
}
