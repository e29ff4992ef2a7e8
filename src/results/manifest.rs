//! `manifest.json`: what a scenario's folder holds, and what it was made from.
//!
//! It is written last, so a folder with a manifest is a finished one. It says nothing about when and where it was made.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::error::ResultsError;
use super::part::write_json;
use super::rows::SummaryRow;
use super::sheet::Sheet;
use super::stream::{FileSum, Sha256Sum};

/// The manifest's file name.
pub const MANIFEST: &str = "manifest.json";

/// What a scenario's folder holds, and what it was made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The version of halfpaid.
    pub version: String,
    /// The scenario's name.
    pub scenario: String,
    /// The SHA-256 of [`scenario_text`](Manifest::scenario_text).
    pub scenario_sha256: Sha256Sum,
    /// The scenario itself, so that the results can be made again from their folder alone.
    pub scenario_text: String,
    /// The seeds as `--seeds` takes them, such as `0..1000`. (A text: many readers of JSON round large numbers.)
    pub seeds: String,
    /// The part of a partitioned run as `--partition` takes it, such as `2/8`.
    pub partition: Option<String>,
    /// Rows and SHA-256 of each CSV file, by file name. [`ScenarioWriter::finish`](super::ScenarioWriter::finish) fills it in.
    pub files: BTreeMap<String, FileSum>,
    /// What is not in the files although one might look for it, and why.
    pub left_out: Vec<LeftOut>,
    /// How often the conditions that should sometimes be reached were reached.
    pub sometimes: Vec<Sometimes>,
    /// The scenario's rows of `summary.csv`, so that a run that goes on later need not run it again.
    #[serde(default)]
    pub summary: Vec<SummaryRow<'static>>,
}

/// Something that is missing on purpose.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LeftOut {
    /// What is missing.
    pub what: String,
    /// Why.
    pub why: String,
}

/// A condition that some run should reach, lest the scenario tests less than it seems to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Sometimes {
    /// The condition.
    pub name: String,
    /// In how many runs it was reached.
    pub reached: u64,
}

impl Manifest {
    /// A manifest of this version, about the scenario with this name and source text. The rest is for the caller to fill in.
    pub fn new(scenario: &str, scenario_text: &str, seeds: &str) -> Manifest {
        Manifest {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            scenario: scenario.to_owned(),
            scenario_sha256: Sha256Sum::of(scenario_text.as_bytes()),
            scenario_text: scenario_text.to_owned(),
            seeds: seeds.to_owned(),
            partition: None,
            files: BTreeMap::new(),
            left_out: Vec::new(),
            sometimes: Vec::new(),
            summary: Vec::new(),
        }
    }

    /// The manifest of a finished scenario's folder, or `None` where the folder is absent or unfinished.
    pub fn read(folder: &Path) -> Result<Option<Manifest>, ResultsError> {
        let path = folder.join(MANIFEST);
        if !path.exists() {
            return Ok(None);
        }
        let bytes = fs::read(&path).map_err(ResultsError::io("read", &path))?;
        serde_json::from_slice(&bytes).map(Some).map_err(|cause| ResultsError::Manifest { path, cause })
    }

    /// Writes the manifest of a folder that has no CSV files, such as a part's.
    ///
    /// # Errors
    ///
    /// Where it cannot be written.
    pub fn write(&self, folder: &Path) -> Result<(), ResultsError> {
        write_json(folder, MANIFEST, self)
    }

    /// Whether it was made by the same version from the same scenario, seeds and partition.
    pub fn same_origin(&self, other: &Manifest) -> bool {
        let origin = |manifest: &Manifest| {
            let Manifest { version, scenario, scenario_sha256, scenario_text, seeds, partition, .. } = manifest.clone();
            (version, scenario, scenario_sha256, scenario_text, seeds, partition)
        };
        origin(self) == origin(other)
    }

    /// The first of some files of the folder that is not there as the manifest has it.
    pub fn differs(&self, folder: &Path, sheets: &[Sheet]) -> Result<Option<PathBuf>, ResultsError> {
        self.differs_in(folder, sheets.iter().map(|sheet| sheet.file_name()))
    }

    /// The same for files by name.
    pub fn differs_in<'n>(
        &self,
        folder: &Path,
        names: impl IntoIterator<Item = &'n str>,
    ) -> Result<Option<PathBuf>, ResultsError> {
        for name in names {
            let path = folder.join(name);
            let Some(sum) = self.files.get(name) else { return Ok(Some(path)) };
            if !path.is_file() || Sha256Sum::of_file(&path)? != sum.sha256 {
                return Ok(Some(path));
            }
        }
        Ok(None)
    }

    /// The file's bytes: indented, keys in the order of the fields, a newline at the end.
    pub(super) fn to_json(&self) -> Result<Vec<u8>, serde_json::Error> {
        let mut json = serde_json::to_vec_pretty(self)?;
        json.push(b'\n');
        Ok(json)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_is_stable_and_reads_back() {
        let mut manifest = Manifest::new("a~b=1,2", "name = \"a\"\n", "0..18446744073709551615");
        manifest.partition = Some("2/8".into());
        manifest.files.insert("runs.csv".into(), FileSum { rows: 3, sha256: Sha256Sum([0xab; 32]) });
        manifest.left_out.push(LeftOut { what: "purchases".into(), why: "exhaustive mode".into() });
        manifest.sometimes.push(Sometimes { name: "M crashed after payment".into(), reached: 7 });
        let json = manifest.to_json().unwrap();
        let expected = format!(
            r#"{{
  "version": "{}",
  "scenario": "a~b=1,2",
  "scenario_sha256": "{}",
  "scenario_text": "name = \"a\"\n",
  "seeds": "0..18446744073709551615",
  "partition": "2/8",
  "files": {{
    "runs.csv": {{
      "rows": 3,
      "sha256": "{}"
    }}
  }},
  "left_out": [
    {{
      "what": "purchases",
      "why": "exhaustive mode"
    }}
  ],
  "sometimes": [
    {{
      "name": "M crashed after payment",
      "reached": 7
    }}
  ],
  "summary": []
}}
"#,
            env!("CARGO_PKG_VERSION"),
            Sha256Sum::of(b"name = \"a\"\n"),
            "ab".repeat(32),
        );
        assert_eq!(String::from_utf8(json.clone()).unwrap(), expected);
        assert_eq!(serde_json::from_slice::<Manifest>(&json).unwrap(), manifest);
    }

    #[test]
    fn a_broken_manifest_is_named_and_an_absent_one_is_none() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Manifest::read(folder.path()).unwrap(), None);
        fs::write(folder.path().join(MANIFEST), "{}").unwrap();
        let message = Manifest::read(folder.path()).unwrap_err().to_string();
        assert!(message.contains("manifest.json` is not a manifest: missing field `version`"), "{message}");
    }
}
