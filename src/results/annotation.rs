//! Lines that a CI system shows beside the files that they are about: workflow commands of GitHub Actions.
//!
//! What is worth a line is left to the caller.

use std::fmt::{self, Display};
use std::path::{Path, PathBuf};

/// Something about a line of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Annotation {
    level: &'static str,
    path: PathBuf,
    line: usize,
    title: String,
    message: String,
}

impl Annotation {
    /// Something that is wrong. Lines count from 1.
    pub fn error(path: &Path, line: usize, title: String, message: String) -> Annotation {
        Annotation { level: "error", path: path.to_owned(), line, title, message }
    }

    /// Something to think about.
    pub fn warning(path: &Path, line: usize, title: String, message: String) -> Annotation {
        Annotation { level: "warning", path: path.to_owned(), line, title, message }
    }
}

impl Display for Annotation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // GitHub takes paths relative to the repository's root, with slashes.
        let path = self.path.display().to_string().replace('\\', "/");
        let path = path.strip_prefix("./").unwrap_or(&path);
        let (file, title) = (property(path), property(&self.title));
        write!(f, "::{} file={file},line={},title={title}::{}", self.level, self.line, data(&self.message))
    }
}

/// A message: a command ends with its line.
fn data(text: &str) -> String {
    text.trim_end().replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property's value, which commas and colons would end.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_ends_the_command() {
        let path = Path::new("./scenarios/a~b=1,2.toml");
        let annotation = Annotation::error(path, 7, "a: b".into(), "100 %, as: expected\r\n::warning::x\n".into());
        assert_eq!(
            annotation.to_string(),
            "::error file=scenarios/a~b=1%2C2.toml,line=7,title=a%3A b::100 %25, as: expected%0D%0A::warning::x"
        );
        let annotation = Annotation::warning(Path::new("x.toml"), 1, "t".into(), "m".into());
        assert_eq!(annotation.to_string(), "::warning file=x.toml,line=1,title=t::m");
    }
}
