//! What can go wrong with a results folder, said so that the reader knows what to do about it.
//!
//! Exit codes are left to the command line.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// A results folder that cannot be written or read.
///
/// The message is whole: it holds the cause's own message, so there is no further source to print.
#[derive(Debug, thiserror::Error)]
pub enum ResultsError {
    /// The operating system refused.
    #[error("cannot {operation} `{}`: {cause}; {}", path.display(), remedy(cause.kind()))]
    Io {
        /// What was being done: `create`, `write`, ...
        operation: &'static str,
        /// To which file or folder.
        path: PathBuf,
        /// What the operating system says.
        cause: io::Error,
    },
    /// A scenario's name that cannot be the name of a folder.
    #[error("`{}` cannot name a scenario: {why}; choose another `name`", name.escape_debug())]
    Name {
        /// The name.
        name: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A manifest that is no manifest.
    #[error("`{}` is not a manifest: {cause}; run the scenario again to replace it", path.display())]
    Manifest {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        cause: serde_json::Error,
    },
    /// A file of rows that holds something else.
    #[error("`{}`, line {line}: {why}; run the scenario again to replace it", path.display())]
    Rows {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// What is wrong.
        why: String,
    },
    /// A folder that is not one of finished results.
    #[error("`{}` {why}", path.display())]
    Folder {
        /// The folder or file.
        path: PathBuf,
        /// What is wrong, and what would be accepted.
        why: String,
    },
}

impl ResultsError {
    /// For `map_err`: the operation on the path failed.
    pub(super) fn io(operation: &'static str, path: &Path) -> impl FnOnce(io::Error) -> ResultsError {
        let path = path.to_owned();
        move |cause| ResultsError::Io { operation, path, cause }
    }
}

impl ResultsError {
    /// For `map_err`: a file that every results folder has could not be opened.
    pub(super) fn missing(path: &Path) -> impl FnOnce(io::Error) -> ResultsError {
        let path = path.to_owned();
        move |cause| match cause.kind() {
            ErrorKind::NotFound | ErrorKind::NotADirectory => ResultsError::Folder {
                path,
                why: "is not there: expected a results folder, as `halfpaid run` writes it".into(),
            },
            _ => ResultsError::Io { operation: "read", path, cause },
        }
    }
}

/// What the reader can do about it.
fn remedy(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "free some space or choose another place",
        ErrorKind::PermissionDenied => "make it writable for you or choose another place",
        ErrorKind::ReadOnlyFilesystem => "the file system is read-only: choose another place",
        ErrorKind::NotADirectory | ErrorKind::AlreadyExists => {
            "a file stands where a folder should be: move it away or choose another place"
        }
        ErrorKind::IsADirectory | ErrorKind::DirectoryNotEmpty => {
            "a folder stands where a file should be: move it away or choose another place"
        }
        ErrorKind::InvalidFilename => "use a shorter `name`, or choose another place",
        ErrorKind::NotFound => "something removed it meanwhile: run again, with one run per --out",
        _ => "look after the disk or choose another place",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_names_operation_path_cause_and_remedy() {
        let error = ResultsError::io("write", Path::new("out/a/.runs.csv.partial"))(ErrorKind::StorageFull.into());
        assert_eq!(
            error.to_string(),
            "cannot write `out/a/.runs.csv.partial`: no storage space; free some space or choose another place"
        );
        let error = ResultsError::Name { name: "a\n/b".into(), why: "it holds a path separator" };
        assert_eq!(
            error.to_string(),
            "`a\\n/b` cannot name a scenario: it holds a path separator; choose another `name`"
        );
    }
}
