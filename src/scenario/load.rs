//! From paths to scenarios: a file is a scenario, a folder is searched for `*.toml`, and a pattern that the shell left alone
//! stands for the files and folders that it matches.
//!
//! Whatever a path turns out to be, the answer is a scenario or a diagnostic. What a text says is left to `read`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use toml::de::DeTable;

use super::diagnostic::{Diagnostic, Place};
use super::{Scenario, parse};

/// The longest file that is read. A scenario has a few hundred bytes.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// What was found under some paths.
#[derive(Debug, Clone, Default)]
pub struct Loaded {
    /// The scenarios, in the order of the paths, files of a folder sorted, combinations in the order of their matrix.
    pub scenarios: Vec<LoadedScenario>,
    /// Everything that is wrong. The scenarios above can be run whatever is said here of others.
    pub diagnostics: Vec<Diagnostic>,
}

/// A scenario and where it came from.
#[derive(Debug, Clone)]
pub struct LoadedScenario {
    /// The file, as it was named or found.
    pub path: PathBuf,
    /// The scenario.
    pub scenario: Scenario,
    /// The file's text, byte for byte: what a manifest hashes and what [`Diagnostic::at`] quotes. Scenarios of one matrix share it.
    pub source: Arc<str>,
}

impl Loaded {
    /// Keeps the scenarios whose names contain one of the texts; without texts, all of them.
    pub fn keep(&mut self, texts: &[String]) {
        let wanted = |name: &str| texts.is_empty() || texts.iter().any(|text| name.contains(text.as_str()));
        self.scenarios.retain(|loaded| wanted(&loaded.scenario.name));
    }
}

/// The line, from 1, of the value that a scenario's text has for a key, given with those of the tables around it.
pub fn line_of(source: &str, keys: &[&str]) -> Option<usize> {
    let root = DeTable::parse(source).ok()?;
    let (last, tables) = keys.split_last()?;
    let mut table = root.get_ref();
    for key in tables {
        table = table.get(*key)?.get_ref().as_table()?;
    }
    Some(Place::of(source, table.get(*last)?.span()).line)
}

/// Loads scenarios from files, folders and patterns. A file that is reached twice counts once.
pub fn load(paths: &[PathBuf]) -> Loaded {
    let mut loaded = Loaded::default();
    let mut files = Vec::new();
    let paths: Vec<PathBuf> = paths.iter().flat_map(|path| expand(path, &mut loaded.diagnostics)).collect();
    for path in &paths {
        if path.is_dir() {
            let before = (files.len(), loaded.diagnostics.len());
            search(path, &mut files, &mut loaded.diagnostics);
            if before == (files.len(), loaded.diagnostics.len()) {
                let help = "accepted: a scenario file, or a folder with at least one *.toml in it";
                loaded.diagnostics.push(Diagnostic::whole(path, "this folder has no scenario", help));
            }
        } else {
            files.push(path.clone());
        }
    }
    let mut seen = BTreeMap::new();
    for path in files {
        let identity = fs::canonicalize(&path).unwrap_or_else(|_| path.clone());
        if seen.insert(identity, ()).is_some() {
            continue;
        }
        match load_file(&path) {
            Ok(scenarios) => loaded.scenarios.extend(scenarios),
            Err(diagnostics) => loaded.diagnostics.extend(diagnostics),
        }
    }
    let (twins, diagnostics) = duplicates(&loaded.scenarios);
    loaded.scenarios.retain(|loaded| !twins.contains(&loaded.scenario.name.to_lowercase()));
    loaded.diagnostics.extend(diagnostics);
    loaded
}

/// What a path stands for: itself if it is there or is no pattern, otherwise what it matches, in order.
fn expand(path: &Path, diagnostics: &mut Vec<Diagnostic>) -> Vec<PathBuf> {
    let pattern = path.to_str().filter(|text| text.contains(['*', '?', '[']) && !path.exists());
    let Some(pattern) = pattern else { return vec![path.to_owned()] };
    let help = "accepted: * and ? inside a name, ** for folders at any depth, [abc] for one of some characters";
    let mut found = Vec::new();
    match glob::glob(pattern) {
        Err(error) => {
            diagnostics.push(Diagnostic::whole(path, format!("this pattern cannot be read: {}", error.msg), help));
            return found;
        }
        Ok(matches) => {
            for matched in matches {
                match matched {
                    Ok(path) => found.push(path),
                    Err(error) => {
                        let message = format!("this folder cannot be read: {}", error.error());
                        diagnostics.push(Diagnostic::whole(
                            error.path(),
                            message,
                            "accepted: a folder that may be read",
                        ));
                    }
                }
            }
        }
    }
    if found.is_empty() {
        diagnostics.push(Diagnostic::whole(path, "nothing matches this pattern", help));
    }
    found
}

/// Loads the scenarios of one file.
///
/// # Errors
///
/// Everything that is wrong with it; a folder is no file.
pub fn load_file(path: &Path) -> Result<Vec<LoadedScenario>, Vec<Diagnostic>> {
    let source: Arc<str> = text(path).map_err(|diagnostic| vec![*diagnostic])?.into();
    let scenarios = parse(path, &source)?;
    let loaded = |scenario| LoadedScenario { path: path.to_owned(), scenario, source: Arc::clone(&source) };
    Ok(scenarios.into_iter().map(loaded).collect())
}

/// Collects the `*.toml` under a folder, in the order of their paths. Links to folders are not followed: they may lead back.
fn search(folder: &Path, files: &mut Vec<PathBuf>, diagnostics: &mut Vec<Diagnostic>) {
    let entries = fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let mut entries = match entries {
        Ok(entries) => entries,
        Err(error) => {
            let help = "accepted: a folder that may be read";
            diagnostics.push(Diagnostic::whole(folder, format!("this folder cannot be read: {error}"), help));
            return;
        }
    };
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            search(&path, files, diagnostics);
        } else if path.extension().is_some_and(|extension| extension == "toml") && !path.is_dir() {
            files.push(path);
        }
    }
}

/// A file's text. The diagnostic is boxed, since it is large and rare.
fn text(path: &Path) -> Result<String, Box<Diagnostic>> {
    let whole = |message: String, help: &str| Box::new(Diagnostic::whole(path, message, help));
    let unreadable = |error: std::io::Error| {
        whole(format!("this file cannot be read: {error}"), "accepted: a scenario file, or a folder of them")
    };
    let kind = fs::metadata(path).map_err(unreadable)?;
    if kind.is_dir() {
        return Err(whole("this is a folder".to_owned(), "accepted here: one scenario file"));
    }
    // A pipe or a device may never end.
    if !kind.is_file() {
        return Err(whole("this is not a regular file".to_owned(), "accepted: a scenario file"));
    }
    let mut bytes = Vec::new();
    File::open(path).and_then(|file| file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes)).map_err(unreadable)?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        let message = format!("this file has {} bytes, which no scenario has", kind.len().max(bytes.len() as u64));
        return Err(whole(message, "accepted: a file of at most 1 MiB"));
    }
    if bytes.is_empty() {
        return Err(whole("this file is empty".to_owned(), super::read::SMALLEST));
    }
    String::from_utf8(bytes)
        .map_err(|error| Box::new(not_utf8(path, error.as_bytes(), error.utf8_error().valid_up_to())))
}

/// Points at the first byte of a file that is not UTF-8; the line is shown up to it.
fn not_utf8(path: &Path, bytes: &[u8], valid: usize) -> Diagnostic {
    let text = String::from_utf8_lossy(bytes.get(..valid).unwrap_or_default());
    let message = match bytes.get(valid) {
        Some(byte) => format!("byte {valid} of this file is 0x{byte:02x}, which is not UTF-8"),
        None => format!("this file is not UTF-8 from byte {valid} on"),
    };
    let place = Some(Place::of(&text, valid..valid));
    Diagnostic { place, ..Diagnostic::whole(path, message, "accepted: a text file in UTF-8") }
}

/// The names, in lower case, of scenarios that would write into one folder of results, on file systems that take upper and lower
/// case for one, too; and what to say of them. Which of two is meant, nobody can tell.
fn duplicates(scenarios: &[LoadedScenario]) -> (BTreeSet<String>, Vec<Diagnostic>) {
    let mut first: BTreeMap<String, &LoadedScenario> = BTreeMap::new();
    let (mut twins, mut found) = (BTreeSet::new(), Vec::new());
    for loaded in scenarios {
        let Some(earlier) = first.get(&loaded.scenario.name.to_lowercase()) else {
            first.insert(loaded.scenario.name.to_lowercase(), loaded);
            continue;
        };
        twins.insert(loaded.scenario.name.to_lowercase());
        // One diagnostic for all combinations of a matrix.
        if found.last().is_some_and(|last: &Diagnostic| last.path == loaded.path) {
            continue;
        }
        let message = format!("scenario `{}` is in {} too", loaded.scenario.name, earlier.path.display());
        let help = "rename one of the two files, and the `name` in it";
        let name = DeTable::parse(&loaded.source).ok().and_then(|root| Some(root.get_ref().get("name")?.span()));
        found.push(Diagnostic::at(&loaded.path, &loaded.source, name.unwrap_or(0..0), message, help));
    }
    (twins, found)
}
