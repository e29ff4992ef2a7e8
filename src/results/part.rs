//! A part of a partitioned run, as a folder: `part.json` says which part of what it is, and is written last.
//!
//! Each scenario has a folder in it, with a manifest and the runs that fell to this part. What a run's line says is left to whoever
//! writes it.

use std::fs::{self, File};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::error::ResultsError;
use super::pending::{PendingFile, create_folder, remove_if_there, sync_folder};

/// The name of the file that says that a part is whole.
pub const PART: &str = "part.json";

/// Which part of what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartList {
    /// The version of halfpaid.
    pub version: String,
    /// Which part, such as `2/8`.
    pub partition: String,
    /// The scenarios, in the order of the run.
    pub scenarios: Vec<String>,
}

impl PartList {
    /// What a folder says, if it is that of a whole part.
    ///
    /// # Errors
    ///
    /// Where there is something else, or nothing.
    pub fn read(folder: &Path) -> Result<PartList, ResultsError> {
        let path = folder.join(PART);
        let wrong = |why: String| ResultsError::Folder { path: folder.to_owned(), why };
        let bytes = fs::read(&path).map_err(|error| {
            wrong(format!("is not a whole part: its {PART}: {error}; run it again with the same --partition and --out"))
        })?;
        serde_json::from_slice(&bytes).map_err(|error| wrong(format!("is not a part: its {PART}: {error}")))
    }

    /// Says no more that the part in a folder is whole.
    ///
    /// # Errors
    ///
    /// Where that cannot be taken back.
    pub fn remove(folder: &Path) -> Result<(), ResultsError> {
        remove_if_there(&folder.join(PART))
    }

    /// Says that the part in a folder is whole.
    ///
    /// # Errors
    ///
    /// Where that cannot be written.
    pub fn write(&self, folder: &Path) -> Result<(), ResultsError> {
        write_json(folder, PART, self)
    }
}

/// Writes a small file, whole or not at all.
pub(super) fn write_json(folder: &Path, name: &str, value: &impl Serialize) -> Result<(), ResultsError> {
    let path = folder.join(name);
    let mut json = serde_json::to_vec_pretty(value).map_err(|error| ResultsError::io("write", &path)(error.into()))?;
    json.push(b'\n');
    create_folder(folder)?;
    let mut file = PendingFile::create(folder, name)?;
    file.fill(&json)?;
    file.sync()?;
    file.place()?;
    sync_folder(folder)
}

/// Waits until no other process works on a folder, and keeps others away for as long as the answer is kept. A scheduler may start
/// a part again while the machine that it has given up is still at it.
///
/// # Errors
///
/// Where the folder cannot be written to. File systems that know no locks are taken as they are.
pub fn lock_folder(folder: &Path, waiting: impl FnOnce()) -> Result<File, ResultsError> {
    create_folder(folder)?;
    let path = folder.join(".lock");
    let file = File::create(&path).map_err(ResultsError::io("create", &path))?;
    if let Err(fs::TryLockError::WouldBlock) = file.try_lock() {
        waiting();
        file.lock().map_err(ResultsError::io("lock", &path))?;
    }
    Ok(file)
}
