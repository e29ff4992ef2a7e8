//! Files at the top of the results folder, such as `summary.csv`: every verdict of every scenario.
//!
//! Each appears whole or not at all, like the files of a scenario. Which rows are in it is left to the caller.

use std::path::Path;

use super::error::ResultsError;
use super::pending::{PendingFile, create_folder, sync_folder};
use super::rows::SummaryRow;
use super::sheet::Row;
use super::stream::{CsvStream, FileSum};

/// Writes `summary.csv` into the results folder, in place of an older one.
pub fn write_summary(out: &Path, rows: &[SummaryRow<'_>]) -> Result<FileSum, ResultsError> {
    write_sheet(out, rows)
}

/// Writes the file that the rows belong to into the results folder, in place of an older one.
pub fn write_sheet<R: Row>(out: &Path, rows: &[R]) -> Result<FileSum, ResultsError> {
    create_folder(out)?;
    let file = PendingFile::create(out, R::SHEET.file_name())?;
    let path = file.path().to_owned();
    let mut stream = CsvStream::start(R::SHEET, &path, file)?;
    rows.iter().try_for_each(|row| stream.write(row))?;
    let (file, sum) = stream.finish()?;
    file.sync()?;
    file.place()?;
    sync_folder(out)?;
    Ok(sum)
}

/// Writes a text of that name into the results folder, in place of an older one.
pub fn write_text(out: &Path, name: &str, text: &str) -> Result<(), ResultsError> {
    create_folder(out)?;
    let mut file = PendingFile::create(out, name)?;
    file.fill(text.as_bytes())?;
    file.sync()?;
    file.place()?;
    sync_folder(out)
}

/// The same for a path.
pub fn write_file(path: &Path, text: &str) -> Result<(), ResultsError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
        let why = "is no file's name: expected one such as report.html".to_owned();
        return Err(ResultsError::Folder { path: path.to_owned(), why });
    };
    write_text(folder, name, text)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::invariant::{Expectation, Invariant, Verdict};
    use crate::results::{Percent, Sha256Sum, YesNo};

    #[test]
    fn the_summary_replaces_an_older_one_whole() {
        let out = tempfile::tempdir().unwrap();
        let out = out.path().join("results");
        let row = SummaryRow {
            scenario: "a~b=1,2".into(),
            protocol: "case1".into(),
            invariant: Invariant::Goods,
            expected: Expectation::Violated,
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
