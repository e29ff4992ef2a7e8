//! Results read back: the rows of a CSV file, one at a time.
//!
//! Columns are found by their names, so that files with more columns than this version knows can be read; a [`Grid`] is read where
//! nothing is known of the columns beforehand. What the rows mean is left to the caller.

use std::fs::File;
use std::path::Path;

use serde::de::DeserializeOwned;

use super::error::ResultsError;
use super::sheet::Row;

/// Hands the rows of a folder's file to `each`, in order; the file is the one that the rows belong to.
///
/// # Errors
///
/// A file that cannot be read, or a row that is not one of this file's: the message names line and column.
pub fn read_rows<R: Row + DeserializeOwned>(folder: &Path, each: impl FnMut(R)) -> Result<(), ResultsError> {
    read_columns(&folder.join(R::SHEET.file_name()), R::SHEET.columns(), each)
}

/// The same for a file of which only some columns are wanted.
///
/// # Errors
///
/// Those of [`read_rows`]; the columns have to be there.
pub fn read_columns<R: DeserializeOwned>(
    path: &Path,
    columns: &[&str],
    mut each: impl FnMut(R),
) -> Result<(), ResultsError> {
    let (mut reader, header) = open(path)?;
    if let Some(column) = columns.iter().find(|column| header.iter().all(|named| named != **column)) {
        let why = format!("the column `{column}` is missing");
        return Err(ResultsError::Rows { path: path.to_owned(), line: 1, why });
    }
    for row in reader.deserialize() {
        each(row.map_err(|error| wrong(path, &error, &header))?);
    }
    Ok(())
}

fn open(path: &Path) -> Result<(csv::Reader<File>, csv::StringRecord), ResultsError> {
    let file = File::open(path).map_err(ResultsError::missing(path))?;
    let mut reader = csv::Reader::from_reader(file);
    let header = reader.headers().cloned().map_err(|error| wrong(path, &error, &csv::StringRecord::new()))?;
    Ok((reader, header))
}

/// A file of rows as texts, whatever its columns.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Grid {
    /// The columns' names.
    pub header: Vec<String>,
    /// The rows, each as long as the header.
    pub rows: Vec<Vec<String>>,
}

impl Grid {
    /// Reads a file, or gives `None` where there is none.
    ///
    /// # Errors
    ///
    /// A file that is there and cannot be read.
    pub fn read(path: &Path) -> Result<Option<Grid>, ResultsError> {
        if !path.exists() {
            return Ok(None);
        }
        let (mut reader, header) = open(path)?;
        let mut grid = Grid { header: header.iter().map(str::to_owned).collect(), rows: Vec::new() };
        for record in reader.records() {
            let record = record.map_err(|error| wrong(path, &error, &header))?;
            grid.rows.push(record.iter().map(str::to_owned).collect());
        }
        Ok(Some(grid))
    }

    /// Whether the file has the column.
    pub fn has(&self, column: &str) -> bool {
        self.header.iter().any(|named| named == column)
    }

    /// What a row has in a column; nothing where there is no such column.
    pub fn cell<'g>(&self, row: &'g [String], column: &str) -> &'g str {
        let at = self.header.iter().position(|named| named == column);
        at.and_then(|at| row.get(at)).map_or("", String::as_str)
    }
}

fn wrong(path: &Path, error: &csv::Error, header: &csv::StringRecord) -> ResultsError {
    let line = error.position().map_or(1, csv::Position::line);
    let why = match error.kind() {
        csv::ErrorKind::Deserialize { err, .. } => {
            let column = err.field().and_then(|field| header.get(field as usize));
            column.map_or_else(|| err.kind().to_string(), |column| format!("in column `{column}`: {}", err.kind()))
        }
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => format!("{len} columns in place of {expected_len}"),
        csv::ErrorKind::Utf8 { .. } => "this is not UTF-8".to_owned(),
        kind => format!("{kind:?}"),
    };
    ResultsError::Rows { path: path.to_owned(), line, why }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::results::{SummaryRow, write_summary};

    const HEADER: &str =
        "scenario,protocol,invariant,expected,found,as_expected,runs,violations,completed_percent,complete";

    fn read(content: &[u8]) -> Result<Vec<SummaryRow<'static>>, String> {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("summary.csv"), content).unwrap();
        let mut rows = Vec::new();
        read_rows(folder.path(), |row| rows.push(row)).map_err(|error| error.to_string()).map(|()| rows)
    }

    #[test]
    fn rows_read_back_as_they_were_written() {
        let text = format!("{HEADER}\n\"a~b=1,2\",case1,goods,violated,holds,no,31204,12,66.66,yes\n");
        let rows = read(text.as_bytes()).unwrap();
        let out = tempfile::tempdir().unwrap();
        write_summary(out.path(), &rows).unwrap();
        assert_eq!(fs::read_to_string(out.path().join("summary.csv")).unwrap(), text);
        // A newer version may have more columns.
        let more = format!("{HEADER},more\na,case1,goods,holds,holds,yes,1,0,0.05,no,x\n");
        assert_eq!(read(more.as_bytes()).unwrap().len(), 1);
        assert_eq!(read(format!("{HEADER}\n").as_bytes()), Ok(Vec::new()));
    }

    #[test]
    fn a_row_that_is_none_is_named_by_line_and_column() {
        for (row, said) in [
            ("a,case1,goods,holds,holds,yes,many,0,1.00,yes", "line 3: in column `runs`: invalid digit"),
            ("a,case1,godos,holds,holds,yes,1,0,1.00,yes", "line 3: unknown variant `godos`"),
            ("a,case1,goods,holds,holds,yes,1,0,100.01,yes", "line 3: expected a share such as 99.98"),
            ("a,case1,goods,holds,holds,yes,1,0,1.0,yes", "line 3: expected a share such as 99.98"),
            ("a,case1,goods", "line 3: 3 columns in place of 10"),
        ] {
            let good = "a,case1,money,holds,holds,yes,1,0,1.00,yes";
            let error = read(format!("{HEADER}\n{good}\n{row}\n").as_bytes()).unwrap_err();
            assert!(error.contains(said) && error.contains("summary.csv"), "{error}");
        }
        assert!(read(b"a,b\n").unwrap_err().contains("the column `scenario` is missing"));
        let latin = [HEADER.as_bytes(), b"\n\xff,case1,goods,holds,holds,yes,1,0,1.00,yes\n"].concat();
        assert!(read(&latin).unwrap_err().contains("line 2: this is not UTF-8"), "{:?}", read(&latin));
        let folder = tempfile::tempdir().unwrap();
        let error = read_rows(&folder.path().join("x"), |_: SummaryRow<'static>| ()).unwrap_err().to_string();
        assert!(error.contains("summary.csv") && error.contains("results folder"), "{error}");
    }

    #[test]
    fn a_grid_is_read_whatever_its_columns() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("costs.csv");
        assert_eq!(Grid::read(&path).unwrap(), None);
        fs::write(&path, "step,bytes\n1,\"6,8\"\n").unwrap();
        let grid = Grid::read(&path).unwrap().unwrap();
        assert_eq!(grid.cell(&grid.rows[0], "bytes"), "6,8");
        assert_eq!(grid.cell(&grid.rows[0], "seals"), "");
        assert!(grid.has("step") && !grid.has("seals"));
        fs::write(&path, "step,bytes\n1\n").unwrap();
        assert!(Grid::read(&path).unwrap_err().to_string().contains("line 2: 1 columns in place of 2"));
    }
}
