//! Rows into bytes: CSV into any writer, with the SHA-256 and the number of rows taken on the way.
//!
//! RFC 4180 with LF, UTF-8, a header row even where no row follows. Where the bytes end up is left to the writer below.

use std::fmt;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest, Sha256};

use super::error::ResultsError;
use super::sheet::{Row, Sheet};

/// How much is gathered before it is written, in bytes.
const BUFFER_BYTES: usize = 1 << 16;

/// A SHA-256 in results: 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sha256Sum(pub [u8; 32]);

impl Sha256Sum {
    /// The sum of some bytes.
    pub fn of(bytes: &[u8]) -> Sha256Sum {
        Sha256Sum(Sha256::digest(bytes).into())
    }

    /// The sum of a file, which may be larger than the memory.
    pub fn of_file(path: &Path) -> Result<Sha256Sum, ResultsError> {
        let mut file = File::open(path).map_err(ResultsError::io("read", path))?;
        let (mut sha256, mut buffer) = (Sha256::new(), vec![0; BUFFER_BYTES]);
        loop {
            match file.read(&mut buffer) {
                Ok(0) => return Ok(Sha256Sum(sha256.finalize().into())),
                Ok(read) => sha256.update(&buffer[..read]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(ResultsError::io("read", path)(error)),
            }
        }
    }
}

impl fmt::Display for Sha256Sum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Sha256Sum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that is no SHA-256.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected 64 lower-case hexadecimal digits")]
pub struct NotASum;

impl FromStr for Sha256Sum {
    type Err = NotASum;

    fn from_str(text: &str) -> Result<Sha256Sum, NotASum> {
        let digit = |byte: u8| match byte {
            b'0'..=b'9' => Ok(byte - b'0'),
            b'a'..=b'f' => Ok(byte - b'a' + 10),
            _ => Err(NotASum),
        };
        let digits: &[u8; 64] = text.as_bytes().try_into().map_err(|_| NotASum)?;
        let mut sum = [0; 32];
        for (byte, pair) in sum.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = digit(pair[0])? << 4 | digit(pair[1])?;
        }
        Ok(Sha256Sum(sum))
    }
}

impl Serialize for Sha256Sum {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Sha256Sum {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Sha256Sum, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// What a manifest says about a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileSum {
    /// Rows, without the header.
    pub rows: u64,
    /// The SHA-256 of the whole file, header included.
    pub sha256: Sha256Sum,
}

/// A writer that hashes what passes through it, and that stays failed once it has failed: writing the same buffer again
/// after half of it went through would put a piece into the file twice.
struct Hashing<W> {
    inner: W,
    sha256: Sha256,
    failed: Option<io::ErrorKind>,
}

impl<W: Write> Hashing<W> {
    /// Does something to the writer below, unless it has failed before.
    fn attempt<T>(&mut self, action: impl FnOnce(&mut W) -> io::Result<T>) -> io::Result<T> {
        if let Some(kind) = self.failed {
            return Err(kind.into());
        }
        let done = action(&mut self.inner);
        self.failed = done.as_ref().err().map(io::Error::kind).filter(|kind| *kind != io::ErrorKind::Interrupted);
        done
    }
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = self.attempt(|inner| inner.write(bytes))?;
        self.sha256.update(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.attempt(W::flush)
    }
}

/// A CSV file that is being written.
pub(super) struct CsvStream<W: Write> {
    /// For messages only.
    path: PathBuf,
    csv: csv::Writer<Hashing<W>>,
    rows: u64,
}

impl<W: Write> CsvStream<W> {
    /// Starts with the header row. The path is for messages only.
    pub(super) fn start(sheet: Sheet, path: &Path, inner: W) -> Result<CsvStream<W>, ResultsError> {
        let hashing = Hashing { inner, sha256: Sha256::new(), failed: None };
        let mut csv = csv::WriterBuilder::new()
            .has_headers(false)
            .terminator(csv::Terminator::Any(b'\n'))
            .buffer_capacity(BUFFER_BYTES)
            .from_writer(hashing);
        csv.write_record(sheet.columns()).map_err(|error| ResultsError::io("write", path)(plain(error)))?;
        Ok(CsvStream { path: path.to_owned(), csv, rows: 0 })
    }

    /// Adds a row. After an error nothing more can be written.
    pub(super) fn write(&mut self, row: &impl Row) -> Result<(), ResultsError> {
        self.csv.serialize(row).map_err(|error| ResultsError::io("write", &self.path)(plain(error)))?;
        self.rows += 1;
        Ok(())
    }

    /// Hands everything down, and gives back the writer below and what was written.
    pub(super) fn finish(self) -> Result<(W, FileSum), ResultsError> {
        let hashing =
            self.csv.into_inner().map_err(|error| ResultsError::io("write", &self.path)(error.into_error()))?;
        Ok((hashing.inner, FileSum { rows: self.rows, sha256: Sha256Sum(hashing.sha256.finalize().into()) }))
    }
}

/// The operating system's error, where it was one: its kind decides on the remedy.
fn plain(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        kind => io::Error::other(format!("{kind:?}")),
    }
}

#[cfg(test)]
#[path = "stream_tests.rs"]
mod tests;
