//! A folder of its own for a test, with scenarios in it and the program beside it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::Duration;

use assert_cmd::Command;
use tempfile::TempDir;

/// No test's command takes longer.
pub(crate) const PATIENCE: Duration = Duration::from_secs(300);

/// A scenario's text, without its name: one plan, by which Case 2 loses goods, as expected.
pub(crate) const LOST: &str = r#"protocol = ["case2"]
without = ["ciphertext-journal"]
[faults]
mode = "scripted"
plans = ["crash C1 after 2#1"]
[expect]
goods = "violated"
certified = "violated"
"#;

/// A folder of its own for a test, with scenarios below `scenarios`.
pub(crate) struct Place {
    folder: TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        Place::made_of(tempfile::tempdir().unwrap())
    }

    /// The same in memory, where the system has such a place: for what writes so many files that a disk would be all it waits for.
    pub(crate) fn in_memory() -> Self {
        Place::made_of(tempfile::tempdir_in("/dev/shm").unwrap_or_else(|_| tempfile::tempdir().unwrap()))
    }

    fn made_of(folder: TempDir) -> Self {
        fs::create_dir(folder.path().join("scenarios")).unwrap();
        Place { folder }
    }

    /// Adds a scenario; `rest` follows its name.
    pub(crate) fn and(self, name: &str, rest: &str) -> Self {
        self.file(&format!("{name}.toml"), &format!("name = \"{name}\"\n{rest}"))
    }

    /// Adds a file to the scenarios.
    pub(crate) fn file(self, name: &str, content: &str) -> Self {
        let path = self.at("scenarios").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
        self
    }

    pub(crate) fn at(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    pub(crate) fn halfpaid(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_halfpaid"));
        command.args(arguments).current_dir(self.folder.path()).env_remove("NO_COLOR").timeout(PATIENCE);
        command
    }

    /// What a command prints to stdout and stderr; it has to end with the code.
    pub(crate) fn says(&self, code: i32, arguments: &[&str]) -> (String, String) {
        let output = self.halfpaid(arguments).assert().code(code).get_output().clone();
        (text(output.stdout), text(output.stderr))
    }

    /// Starts the program without waiting for it.
    pub(crate) fn start(&self, arguments: &[&str]) -> Child {
        std::process::Command::new(env!("CARGO_BIN_EXE_halfpaid"))
            .args(arguments)
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    }

    /// Every file below a folder, hidden ones included.
    pub(crate) fn files(&self, folder: &str) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut files = BTreeMap::new();
        collect(&self.at(folder), &self.at(folder), &mut files);
        files
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.at(path)).unwrap()
    }
}

fn collect(root: &Path, folder: &Path, files: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(root, &path, files);
        } else {
            files.insert(path.strip_prefix(root).unwrap().to_owned(), fs::read(&path).unwrap());
        }
    }
}

pub(crate) fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

pub(crate) fn last_line(text: &str) -> &str {
    text.lines().last().unwrap_or_default()
}
