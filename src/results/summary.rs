//! Files at the top of the results folder, such as `summary.csv`: every verdict of every scenario.
//!
//! Each appears whole or not at all, like the files of a scenario. Which rows are in it is left to the caller.

use std::path::Path;

use super::error::ResultsError;
use super::pending::{PendingFile, create_folder, sync_folder};
use super::read::read_rows;
use super::rows::SummaryRow;
use super::sheet::Row;
use super::stream::{CsvStream, FileSum};

/// Writes `summary.csv` into the results folder, in place of an older one.
pub fn write_summary(out: &Path, rows: &[SummaryRow<'_>]) -> Result<FileSum, ResultsError> {
    write_sheet(out, rows)
}

/// Puts one scenario's rows into `summary.csv` of the results folder: in place of its own, if there are any, beside those of others. A file
/// that cannot be read is replaced.
pub fn add_to_summary(out: &Path, rows: &[SummaryRow<'static>]) -> Result<FileSum, ResultsError> {
    let (mut before, mut after) = (Vec::new(), Vec::new());
    let is_new = |row: &SummaryRow<'_>| rows.iter().any(|new| new.scenario == row.scenario);
    let mut met = false;
    let read = read_rows(out, |row: SummaryRow<'static>| match is_new(&row) {
        true => met = true,
        false if met => after.push(row),
        false => before.push(row),
    });
    if read.is_err() {
        (before, after) = (Vec::new(), Vec::new());
    }
    write_summary(out, &[before, rows.to_vec(), after].concat())
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
            complete: YesNo::Yes,
        };
        write_summary(&out, &[]).unwrap();
        let sum = write_summary(&out, &[row]).unwrap();
        let bytes = fs::read(out.join("summary.csv")).unwrap();
        assert_eq!(
            String::from_utf8(bytes.clone()).unwrap(),
            "scenario,protocol,invariant,expected,found,as_expected,runs,violations,completed_percent,complete\n\
             \"a~b=1,2\",case1,goods,violated,violated,yes,31204,12,66.66,yes\n"
        );
        assert_eq!(sum, FileSum { rows: 1, sha256: Sha256Sum::of(&bytes) });
        assert_eq!(fs::read_dir(&out).unwrap().count(), 1, "nothing else is left");
    }

    #[test]
    fn a_scenario_replaces_its_own_rows_and_no_others() {
        let out = tempfile::tempdir().unwrap();
        let row = |scenario: &'static str, runs: u64| SummaryRow {
            scenario: scenario.into(),
            protocol: "case1".into(),
            invariant: Invariant::Goods,
            expected: Expectation::Holds,
            found: Verdict::Holds,
            as_expected: YesNo::Yes,
            runs,
            violations: 0,
            completed_percent: Percent::of(2, 3),
            complete: YesNo::Yes,
        };
        let read = || {
            let mut rows = Vec::new();
            read_rows(out.path(), |row: SummaryRow<'static>| rows.push((row.scenario.into_owned(), row.runs))).unwrap();
            rows
        };
        let shown =
            |rows: &[(&str, u64)]| rows.iter().map(|(name, runs)| ((*name).to_owned(), *runs)).collect::<Vec<_>>();
        add_to_summary(out.path(), &[row("b", 1)]).unwrap();
        write_summary(out.path(), &[row("a", 1), row("b", 1), row("c", 1)]).unwrap();
        add_to_summary(out.path(), &[row("b", 2), row("b", 2)]).unwrap();
        assert_eq!(read(), shown(&[("a", 1), ("b", 2), ("b", 2), ("c", 1)]));
        add_to_summary(out.path(), &[row("d", 1)]).unwrap();
        assert_eq!(read().last(), Some(&("d".to_owned(), 1)));
        fs::write(out.path().join("summary.csv"), "no such thing\n").unwrap();
        add_to_summary(out.path(), &[row("d", 3)]).unwrap();
        assert_eq!(read(), shown(&[("d", 3)]));
    }
}
