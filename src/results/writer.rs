//! A scenario's folder: its CSV files, written as rows come, and its manifest, written last.
//!
//! Until [`ScenarioWriter::finish`] nothing stands under its final name, and an older result stays as it was. The order of the
//! rows is the caller's.

use std::fs;
use std::path::{Path, PathBuf};

use super::error::ResultsError;
use super::manifest::{MANIFEST, Manifest};
use super::pending::{PendingFile, create_folder, remove_if_there, sync_folder};
use super::sheet::{Row, Sheet};
use super::stream::CsvStream;

/// Writes the results of one scenario. Dropped before [`finish`](ScenarioWriter::finish), it leaves no trace.
///
/// One process at a time may write a scenario's folder.
pub struct ScenarioWriter {
    scenario: String,
    // The fields drop in this order: the files must be gone before their folder can go.
    streams: [CsvStream<PendingFile>; Sheet::OF_A_SCENARIO.len()],
    folder: Folder,
}

impl ScenarioWriter {
    /// Makes the scenario's folder below `out`, unless it is there, and starts its files under hidden names.
    pub fn create(out: &Path, scenario: &str) -> Result<ScenarioWriter, ResultsError> {
        check_name(scenario)?;
        let folder = Folder::create(out.join(scenario))?;
        let start = |sheet: Sheet| {
            let file = PendingFile::create(&folder.path, sheet.file_name())?;
            let path = file.path().to_owned();
            CsvStream::start(sheet, &path, file)
        };
        let [runs, purchases, violations, outcomes, coverage, costs] = Sheet::OF_A_SCENARIO;
        let streams =
            [start(runs)?, start(purchases)?, start(violations)?, start(outcomes)?, start(coverage)?, start(costs)?];
        Ok(ScenarioWriter { scenario: scenario.to_owned(), streams, folder })
    }

    /// Adds a row to the file that it belongs to. After an error the writer is good for nothing but being dropped.
    pub fn write<R: Row>(&mut self, row: &R) -> Result<(), ResultsError> {
        const { assert!((R::SHEET as usize) < Sheet::OF_A_SCENARIO.len(), "a row of a scenario's file") }
        self.streams[R::SHEET as usize].write(row)
    }

    /// Puts everything in place, an older result's files included, and gives the manifest back with its `files` filled in.
    ///
    /// The older manifest goes first and the new one comes last, so that a manifest always matches its files: a folder
    /// without one is unfinished. Everything is on the disk before the first name changes.
    pub fn finish(self, mut manifest: Manifest) -> Result<Manifest, ResultsError> {
        assert_eq!(manifest.scenario, self.scenario, "a manifest belongs to its own scenario");
        let ScenarioWriter { folder, streams, .. } = self;
        let mut files = Vec::with_capacity(streams.len());
        manifest.files.clear();
        for (sheet, stream) in Sheet::OF_A_SCENARIO.into_iter().zip(streams) {
            let (file, sum) = stream.finish()?;
            file.sync()?;
            manifest.files.insert(sheet.file_name().to_owned(), sum);
            files.push(file);
        }
        let manifest_path = folder.path.join(MANIFEST);
        let json = manifest.to_json().map_err(|error| ResultsError::io("write", &manifest_path)(error.into()))?;
        let mut manifest_file = PendingFile::create(&folder.path, MANIFEST)?;
        manifest_file.fill(&json)?;
        manifest_file.sync()?;

        remove_if_there(&manifest_path)?;
        sync_folder(&folder.path)?;
        files.into_iter().try_for_each(PendingFile::place)?;
        sync_folder(&folder.path)?;
        manifest_file.place()?;
        sync_folder(&folder.path)?;
        Ok(manifest)
    }
}

/// Makes a scenario's folder below `out`, unless it is there.
///
/// # Errors
///
/// A name that is none for a folder, or a folder that cannot be made.
pub fn create_scenario_folder(out: &Path, scenario: &str) -> Result<(), ResultsError> {
    check_name(scenario)?;
    create_folder(&out.join(scenario)).map(drop)
}

/// A scenario's folder. One that was made here and holds nothing in the end is removed again.
struct Folder {
    path: PathBuf,
    is_new: bool,
}

impl Folder {
    fn create(path: PathBuf) -> Result<Folder, ResultsError> {
        let is_new = create_folder(&path)?;
        Ok(Folder { path, is_new })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.is_new {
            // This removes empty folders only.
            let _ = fs::remove_dir(&self.path);
        }
    }
}

/// Whether a scenario's name can be the name of a folder that lies in `out` and is not hidden there.
fn check_name(name: &str) -> Result<(), ResultsError> {
    let why = if name.is_empty() {
        "it is empty"
    } else if name.contains(['/', '\\']) {
        "it holds a path separator"
    } else if name.contains(char::is_control) {
        "it holds a control character"
    } else if name.starts_with('.') {
        "it starts with a dot"
    } else {
        return Ok(());
    };
    Err(ResultsError::Name { name: name.to_owned(), why })
}

#[cfg(test)]
#[path = "writer_tests.rs"]
mod tests;
