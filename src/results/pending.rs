//! A file that appears under its name whole or not at all.
//!
//! It is written under a hidden name in the same folder, and renamed when it is done; given up, it disappears. What is in it,
//! and in which order files appear, is left to others.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use super::error::ResultsError;

/// A file under its hidden name. Dropped before [`place`](PendingFile::place), it is removed.
pub(super) struct PendingFile {
    file: File,
    partial: PathBuf,
    target: PathBuf,
    placed: bool,
}

impl PendingFile {
    /// Creates `.NAME.partial` in the folder, in place of what a killed process may have left there.
    pub(super) fn create(folder: &Path, name: &str) -> Result<PendingFile, ResultsError> {
        let partial = folder.join(partial_name(name));
        let file = File::create(&partial).map_err(ResultsError::io("create", &partial))?;
        Ok(PendingFile { file, partial, target: folder.join(name), placed: false })
    }

    /// The hidden name, for messages.
    pub(super) fn path(&self) -> &Path {
        &self.partial
    }

    /// Writes all of a small file.
    pub(super) fn fill(&mut self, bytes: &[u8]) -> Result<(), ResultsError> {
        self.file.write_all(bytes).map_err(ResultsError::io("write", &self.partial))
    }

    /// Waits until the content is on the disk: some disks say only then that they are full.
    pub(super) fn sync(&self) -> Result<(), ResultsError> {
        self.file.sync_all().map_err(ResultsError::io("write", &self.partial))
    }

    /// Gives the file its name, in place of an older one. The folder is not synced.
    pub(super) fn place(mut self) -> Result<(), ResultsError> {
        fs::rename(&self.partial, &self.target).map_err(ResultsError::io("replace", &self.target))?;
        self.placed = true;
        Ok(())
    }
}

impl Write for PendingFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for PendingFile {
    fn drop(&mut self) {
        if !self.placed {
            // Nobody is left to tell; the next run overwrites it.
            let _ = fs::remove_file(&self.partial);
        }
    }
}

/// What a file is called before it is done.
pub(super) fn partial_name(name: &str) -> String {
    format!(".{name}.partial")
}

/// Removes a file that may not be there.
pub(super) fn remove_if_there(path: &Path) -> Result<(), ResultsError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(ResultsError::io("remove", path)(error)),
        _ => Ok(()),
    }
}

/// Creates a folder and those above it; whether it was not there before.
pub(super) fn create_folder(path: &Path) -> Result<bool, ResultsError> {
    let is_new = !path.exists();
    fs::create_dir_all(path).map_err(ResultsError::io("create", path))?;
    Ok(is_new)
}

/// Waits until the names in a folder are on the disk, so that a power cut does not reorder removals and renames.
pub(super) fn sync_folder(path: &Path) -> Result<(), ResultsError> {
    // Only Unix opens a folder like a file; elsewhere the file system keeps its own order.
    if cfg!(unix) {
        File::open(path).and_then(|folder| folder.sync_all()).map_err(ResultsError::io("sync", path))?;
    }
    Ok(())
}
