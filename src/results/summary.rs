//! `summary.csv`: every verdict of every scenario, at the top of the results folder.
//!
//! It appears whole or not at all, like the files of a scenario. Which scenarios are in it is left to the caller.

use std::path::Path;

use super::error::ResultsError;
use super::pending::{PendingFile, create_folder, sync_folder};
use super::rows::SummaryRow;
use super::sheet::Sheet;
use super::stream::{CsvStream, FileSum};

/// Writes `summary.csv` into the results folder, in place of an older one.
pub fn write_summary(out: &Path, rows: &[SummaryRow<'_>]) -> Result<FileSum, ResultsError> {
    create_folder(out)?;
    let file = PendingFile::create(out, Sheet::Summary.file_name())?;
    let path = file.path().to_owned();
    let mut stream = CsvStream::start(Sheet::Summary, &path, file)?;
    rows.iter().try_for_each(|row| stream.write(row))?;
    let (file, sum) = stream.finish()?;
    file.sync()?;
    file.place()?;
    sync_folder(out)?;
    Ok(sum)
}

/// Writes a small file in place of an older one, whole or not at all.
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<(), ResultsError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    create_folder(folder)?;
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
        let why = "is no file's name: expected one such as report.html".to_owned();
        return Err(ResultsError::Folder { path: path.to_owned(), why });
    };
    let mut file = PendingFile::create(folder, name)?;
    file.fill(bytes)?;
    file.sync()?;
    file.place()?;
    sync_folder(folder)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::invariant::{Invariant, Verdict};
    use crate::results::{Percent, Sha256Sum, YesNo};

    #[test]
    fn the_summary_replaces_an_older_one_whole() {
        let out = tempfile::tempdir().unwrap();
        let out = out.path().join("results");
        let row = SummaryRow {
            scenario: "a~b=1,2".into(),
            protocol: "case1".into(),
            invariant: Invariant::Goods,
            expected: Verdict::Violated,
            found: Verdict::Violated,
            as_expected: YesNo::Yes,
            runs: 31_204,
            violations: 12,
            completed_percent: Percent::of(2, 3),
        };
        write_summary(&out, &[]).unwrap();
        let sum = write_summary(&out, &[row]).unwrap();
        let bytes = fs::read(out.join("summary.csv")).unwrap();
        assert_eq!(
            String::from_utf8(bytes.clone()).unwrap(),
            "scenario,protocol,invariant,expected,found,as_expected,runs,violations,completed_percent\n\
             \"a~b=1,2\",case1,goods,violated,violated,yes,31204,12,66.66\n"
        );
        assert_eq!(sum, FileSum { rows: 1, sha256: Sha256Sum::of(&bytes) });
        assert_eq!(fs::read_dir(&out).unwrap().count(), 1, "nothing else is left");
    }
}
