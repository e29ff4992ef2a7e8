//! Lines of JSON under a hidden name: what is done so far of something that takes long.
//!
//! They reach the disk in pieces of whole lines. After a kill or a power cut, everything up to the first line that is not whole can be
//! gone on from. What the lines say is left to the caller; the first is a heading, by which the caller tells its own lines from
//! those of other times.

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Take, Write};
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Serialize};

use super::error::ResultsError;
use super::pending::{partial_name, remove_if_there, sync_folder};
use super::stream::{FileSum, Sha256Sum};

/// No more than this is held back, in bytes.
const HELD_BACK_BYTES: usize = 1 << 20;

/// Adds lines to a file that has its hidden name until it is finished. Dropped before that, it stays there for another time.
///
/// The file is made with the first piece, so that what takes no time leaves no trace.
pub struct LineWriter {
    folder: PathBuf,
    partial: PathBuf,
    target: PathBuf,
    file: Option<File>,
    held_back: Vec<u8>,
    rows: u64,
}

/// The lines that are whole, and how many they are.
pub type Earlier<T> = (LineReader<T>, u64);

impl LineWriter {
    /// Starts anew, below a heading.
    ///
    /// # Errors
    ///
    /// Where what an earlier process has left cannot be removed.
    pub fn create(folder: &Path, name: &str, heading: &impl Serialize) -> Result<LineWriter, ResultsError> {
        let mut writer = LineWriter::idle(folder, name);
        remove_if_there(&writer.partial)?;
        writer.put(heading)?;
        Ok(writer)
    }

    /// Goes on with what an earlier process has left below the same heading, and gives the lines that are whole, and how many they
    /// are; starts anew where there is nothing of the kind.
    ///
    /// # Errors
    ///
    /// Where it cannot be read or shortened.
    pub fn resume<T: DeserializeOwned>(
        folder: &Path,
        name: &str,
        heading: &impl Serialize,
    ) -> Result<(LineWriter, Option<Earlier<T>>), ResultsError> {
        let mut writer = LineWriter::idle(folder, name);
        let Ok(file) = File::open(&writer.partial) else {
            return Ok((LineWriter::create(folder, name, heading)?, None));
        };
        let mut headed = Vec::new();
        put(&mut headed, heading).map_err(ResultsError::io("write", &writer.partial))?;
        let (rows, bytes) = whole(BufReader::new(file), &headed);
        if bytes == 0 {
            return Ok((LineWriter::create(folder, name, heading)?, None));
        }
        let io = |operation| ResultsError::io(operation, &writer.partial);
        let mut file = OpenOptions::new().write(true).open(&writer.partial).map_err(io("write"))?;
        file.set_len(bytes).and_then(|()| file.seek(SeekFrom::End(0))).map_err(io("write"))?;
        let lines = LineReader::open_at(&writer.partial, headed.len() as u64, bytes)?;
        (writer.file, writer.rows) = (Some(file), rows);
        Ok((writer, Some((lines, rows))))
    }

    fn idle(folder: &Path, name: &str) -> LineWriter {
        let (partial, target) = (folder.join(partial_name(name)), folder.join(name));
        LineWriter { folder: folder.to_owned(), partial, target, file: None, held_back: Vec::new(), rows: 0 }
    }

    /// Adds a line. It may be held back.
    ///
    /// # Errors
    ///
    /// Where the disk does not take it.
    pub fn write(&mut self, line: &impl Serialize) -> Result<(), ResultsError> {
        self.rows += 1;
        self.put(line)
    }

    fn put(&mut self, line: &impl Serialize) -> Result<(), ResultsError> {
        put(&mut self.held_back, line).map_err(ResultsError::io("write", &self.partial))?;
        if self.held_back.len() >= HELD_BACK_BYTES { self.flush() } else { Ok(()) }
    }

    /// Holds nothing back.
    ///
    /// # Errors
    ///
    /// Where the disk does not take it.
    pub fn flush(&mut self) -> Result<(), ResultsError> {
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(File::create(&self.partial).map_err(ResultsError::io("create", &self.partial))?),
        };
        let written = file.write_all(&self.held_back);
        // After an error nobody knows how much got through: what is there ends with a line that is not whole.
        self.held_back.clear();
        written.map_err(ResultsError::io("write", &self.partial))
    }

    /// Gives the file its name, with everything in it on the disk. The heading is no row.
    ///
    /// # Errors
    ///
    /// Where the disk does not take it.
    pub fn finish(mut self) -> Result<FileSum, ResultsError> {
        self.flush()?;
        if let Some(file) = self.file.take() {
            file.sync_all().map_err(ResultsError::io("write", &self.partial))?;
        }
        let sum = FileSum { rows: self.rows, sha256: Sha256Sum::of_file(&self.partial)? };
        fs::rename(&self.partial, &self.target).map_err(ResultsError::io("replace", &self.target))?;
        sync_folder(&self.folder)?;
        Ok(sum)
    }

    /// Removes what there is, since nobody will need it.
    ///
    /// # Errors
    ///
    /// Where it cannot be removed.
    pub fn discard(mut self) -> Result<(), ResultsError> {
        self.held_back.clear();
        self.file.take().map_or(Ok(()), |_| remove_if_there(&self.partial))
    }
}

impl Drop for LineWriter {
    fn drop(&mut self) {
        if !self.held_back.is_empty() {
            // Nobody is left to tell; what is lost is made again.
            let _ = self.flush();
        }
    }
}

fn put(bytes: &mut Vec<u8>, line: &impl Serialize) -> std::io::Result<()> {
    serde_json::to_writer(&mut *bytes, line)?;
    bytes.push(b'\n');
    Ok(())
}

/// How many lines are whole below this heading, and with how many bytes, heading included.
fn whole(mut file: impl BufRead, heading: &[u8]) -> (u64, u64) {
    let (mut rows, mut bytes, mut line) = (0, 0, Vec::new());
    loop {
        line.clear();
        let is_whole = match file.read_until(b'\n', &mut line) {
            Ok(read) if read > 0 && line.ends_with(b"\n") => {
                if bytes == 0 {
                    line == heading
                } else {
                    serde_json::from_slice::<IgnoredAny>(&line).is_ok()
                }
            }
            _ => false,
        };
        if !is_whole {
            return (rows, bytes);
        }
        rows += u64::from(bytes > 0);
        bytes += line.len() as u64;
    }
}

/// Reads lines, one at a time.
pub struct LineReader<T> {
    path: PathBuf,
    file: BufReader<Take<File>>,
    line: u64,
    bytes: Vec<u8>,
    of: PhantomData<fn() -> T>,
}

impl<T: DeserializeOwned> LineReader<T> {
    /// The heading of a finished file, and the lines below it.
    ///
    /// # Errors
    ///
    /// Where it cannot be read, or the heading is none.
    pub fn open<H: for<'de> Deserialize<'de>>(path: &Path) -> Result<(H, LineReader<T>), ResultsError> {
        let mut lines = LineReader::<H>::open_at(path, 0, u64::MAX)?;
        let none = || ResultsError::Rows { path: path.to_owned(), line: 1, why: "there is no heading".to_owned() };
        let heading = lines.read()?.ok_or_else(none)?;
        let LineReader { path, file, line, bytes, .. } = lines;
        Ok((heading, LineReader { path, file, line, bytes, of: PhantomData }))
    }

    /// The lines from some byte on, where one starts, up to another.
    fn open_at(path: &Path, from: u64, to: u64) -> Result<LineReader<T>, ResultsError> {
        let io = || ResultsError::io("read", path);
        let mut file = File::open(path).map_err(io())?;
        file.seek(SeekFrom::Start(from)).map_err(io())?;
        let (path, file) = (path.to_owned(), BufReader::new(file.take(to - from)));
        Ok(LineReader { path, file, line: u64::from(from > 0), bytes: Vec::new(), of: PhantomData })
    }

    /// Where the lines come from.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The next line; `None` behind the last.
    ///
    /// # Errors
    ///
    /// A line that is none: the message names its number.
    pub fn read(&mut self) -> Result<Option<T>, ResultsError> {
        self.bytes.clear();
        self.line += 1;
        if self.file.read_until(b'\n', &mut self.bytes).map_err(ResultsError::io("read", &self.path))? == 0 {
            return Ok(None);
        }
        let wrong = |why: String| ResultsError::Rows { path: self.path.clone(), line: self.line, why };
        serde_json::from_slice(&self.bytes).map(Some).map_err(|error| wrong(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: &str = "kept.jsonl";

    fn all(mut lines: LineReader<u64>) -> Vec<u64> {
        std::iter::from_fn(|| lines.read().unwrap()).collect()
    }

    /// What a process that goes on finds, before it adds 7 and is killed too.
    fn found(folder: &Path, heading: &str) -> Vec<u64> {
        let (mut writer, lines) = LineWriter::resume::<u64>(folder, NAME, &heading).unwrap();
        let found = lines.map_or(Vec::new(), |(lines, rows)| {
            let found = all(lines);
            assert_eq!(found.len() as u64, rows);
            found
        });
        writer.write(&7).unwrap();
        found
    }

    #[test]
    fn lines_go_on_after_the_last_that_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let partial = folder.join(".kept.jsonl.partial");
        assert_eq!(found(folder, "one"), [] as [u64; 0]);
        assert_eq!(found(folder, "one"), [7]);
        for torn in ["1", "1\n2", "1\nx\n2\n", "1\n\0\0\0\n"] {
            fs::write(&partial, format!("\"one\"\n5\n{torn}")).unwrap();
            let whole = if torn == "1" { vec![5] } else { vec![5, 1] };
            assert_eq!(found(folder, "one"), whole, "{torn:?}");
            assert_eq!(found(folder, "one"), [whole, vec![7]].concat(), "{torn:?}");
        }
        assert_eq!(found(folder, "another"), [] as [u64; 0], "lines of other times");
        fs::write(&partial, "\"one\"").unwrap();
        assert_eq!(found(folder, "one"), [] as [u64; 0], "half a heading");
    }

    #[test]
    fn a_finished_file_has_its_name_and_a_discarded_one_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        found(folder, "one");
        let (mut writer, _) = LineWriter::resume::<u64>(folder, NAME, &"one").unwrap();
        writer.write(&8).unwrap();
        let sum = writer.finish().unwrap();
        assert_eq!(fs::read_to_string(folder.join(NAME)).unwrap(), "\"one\"\n7\n8\n");
        assert_eq!(sum, FileSum { rows: 2, sha256: Sha256Sum::of(b"\"one\"\n7\n8\n") });
        let (heading, lines) = LineReader::<u64>::open::<String>(&folder.join(NAME)).unwrap();
        assert_eq!((heading.as_str(), all(lines)), ("one", vec![7, 8]));
        let (_, mut lines) = LineReader::<bool>::open::<String>(&folder.join(NAME)).unwrap();
        assert!(lines.read().unwrap_err().to_string().contains("line 2: invalid type"));

        found(folder, "one");
        let (writer, _) = LineWriter::resume::<u64>(folder, NAME, &"one").unwrap();
        writer.discard().unwrap();
        LineWriter::create(folder, NAME, &"one").unwrap().discard().unwrap();
        assert_eq!(fs::read_dir(folder).unwrap().count(), 1, "only the finished one is left");
    }

    #[test]
    fn much_does_not_stay_in_memory() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = LineWriter::create(folder.path(), NAME, &"one").unwrap();
        for line in 0..400_000_u64 {
            writer.write(&line).unwrap();
            assert!(writer.held_back.len() < HELD_BACK_BYTES);
        }
        assert!(fs::metadata(folder.path().join(".kept.jsonl.partial")).unwrap().len() > HELD_BACK_BYTES as u64);
    }
}
