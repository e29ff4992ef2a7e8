//! What is wrong with a scenario, where, and what would be accepted instead.
//!
//! A diagnostic keeps its own cut of the line, so that it can be shown long after the file is gone and never prints more than
//! a line of it. Deciding what is wrong is left to the rest of `scenario`.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

/// The characters that a snippet shows before the caret, and in all.
const SNIPPET_CHARS: (usize, usize) = (60, 120);
/// The characters of a value of the user's that a message shows.
const VALUE_CHARS: usize = 60;

/// The most diagnostics that one file gets.
pub(super) const FINDINGS_MAX: usize = 20;

/// Something wrong with a file, for a user to mend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// The file or folder.
    pub path: PathBuf,
    /// Where in the file, if it is about a place in a file.
    pub place: Option<Place>,
    /// What is wrong, the bad value included.
    pub message: String,
    /// What would be accepted.
    pub help: String,
}

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// The line's text, or the part of it around the place, without control characters.
    pub snippet: String,
    /// The bytes of `snippet` that are meant.
    pub caret: Range<usize>,
}

impl Diagnostic {
    /// About a file or folder as a whole.
    pub fn whole(path: &Path, message: impl Into<String>, help: impl Into<String>) -> Diagnostic {
        Diagnostic { path: path.to_owned(), place: None, message: message.into(), help: help.into() }
    }

    /// About the bytes `span` of the file's text. A span beyond the text is taken for its end.
    pub fn at(
        path: &Path,
        source: &str,
        span: Range<usize>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Diagnostic {
        Diagnostic { place: Some(Place::of(source, span)), ..Diagnostic::whole(path, message, help) }
    }

    /// The line, from 1, if it is about a place in a file.
    pub fn line(&self) -> Option<usize> {
        self.place.as_ref().map(|place| place.line)
    }

    /// The column in characters, from 1, if it is about a place in a file.
    pub fn column(&self) -> Option<usize> {
        self.place.as_ref().map(|place| place.column)
    }

    /// The text for a terminal, several lines without a newline at the end; ANSI colours if `colour`.
    pub fn render(&self, colour: bool) -> String {
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        let path = plain(&self.path.display().to_string());
        let help = (!self.help.is_empty()).then(|| Level::HELP.message(&self.help));
        let title = Level::ERROR.primary_title(&self.message);
        let snippet = |place: &'_ Place| {
            Snippet::source(place.snippet.clone())
                .line_start(place.line)
                .annotation(AnnotationKind::Primary.span(place.caret.clone()))
        };
        let report = match &self.place {
            None => vec![title.element(Origin::path(path)).elements(help)],
            Some(place) if place.starts_its_line() => vec![title.element(snippet(place).path(path)).elements(help)],
            // The renderer would count the column from where the snippet was cut.
            Some(place) => vec![
                title.element(Origin::path(path).line(place.line).char_column(place.column)),
                Group::with_level(Level::ERROR).element(snippet(place)).elements(help),
            ],
        };
        renderer.decor_style(DecorStyle::Ascii).render(&report)
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Diagnostic {}

impl Place {
    /// The place of `span` in `source`.
    pub fn of(source: &str, span: Range<usize>) -> Place {
        let start = boundary(source, span.start);
        let (before, after) = source.split_at(start);
        let head = before.rsplit('\n').next().unwrap_or(before);
        // A byte order mark is no column in any editor.
        let head = head.strip_prefix('\u{feff}').unwrap_or(head);
        let tail = after.split('\n').next().unwrap_or(after).trim_end_matches('\r');
        let meant = boundary(source, span.end.max(start)).saturating_sub(start).min(tail.len());

        let column = head.chars().count() + 1;
        let (lead_chars, all_chars) = SNIPPET_CHARS;
        let mut snippet = String::new();
        let skipped = (column - 1).saturating_sub(lead_chars);
        if skipped > 0 {
            snippet.push('…');
        }
        snippet.extend(head.chars().skip(skipped).map(shown));
        let caret_start = snippet.len();
        let mut caret_end = caret_start;
        let room = all_chars - (column - 1 - skipped);
        for (at, character) in tail.char_indices().take(room) {
            snippet.push(shown(character));
            if at < meant {
                caret_end = snippet.len();
            }
        }
        if tail.chars().nth(room).is_some() {
            snippet.push('…');
        }
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        Place { line, column, snippet, caret: caret_start..caret_end }
    }

    /// Whether nothing was cut off in front of the caret.
    fn starts_its_line(&self) -> bool {
        self.snippet.get(..self.caret.start).is_some_and(|head| head.chars().count() + 1 == self.column)
    }
}

/// Everything found wrong with one file so far: each thing once, however many scenarios of a matrix share it.
pub(super) struct Findings<'a> {
    pub(super) path: &'a Path,
    pub(super) source: &'a str,
    found: Vec<Diagnostic>,
}

impl<'a> Findings<'a> {
    pub(super) fn new(path: &'a Path, source: &'a str) -> Findings<'a> {
        Findings { path, source, found: Vec::new() }
    }

    /// Files a diagnostic about the bytes `span`. Beyond [`FINDINGS_MAX`] nobody reads on, and a hostile file would only make it
    /// slow.
    pub(super) fn error(&mut self, span: Range<usize>, message: impl Into<String>, help: impl Into<String>) {
        if self.full() {
            return;
        }
        let diagnostic = Diagnostic::at(self.path, self.source, span, message, help);
        if !self.found.contains(&diagnostic) {
            self.found.push(diagnostic);
        }
    }

    /// Whether nothing is wrong so far.
    pub(super) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// Whether enough is wrong to stop looking.
    pub(super) fn full(&self) -> bool {
        self.found.len() >= FINDINGS_MAX
    }

    /// The diagnostics, in the order of the file.
    pub(super) fn into_diagnostics(mut self) -> Vec<Diagnostic> {
        self.found.sort_by_key(|diagnostic| (diagnostic.line(), diagnostic.column()));
        self.found
    }
}

/// The last place at or before `at` where a character of `text` starts, or its end.
fn boundary(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

/// A character of the user's as a terminal may see it: one column wide where control characters would move the caret.
fn shown(character: char) -> char {
    match character {
        '\t' => ' ',
        control if control.is_control() => '\u{fffd}',
        other => other,
    }
}

/// A text without control characters.
fn plain(text: &str) -> String {
    text.chars().map(shown).collect()
}

/// A value of the user's, short enough for a message and without control characters.
pub(super) fn clip(text: &str) -> String {
    let mut cut: String = text.chars().take(VALUE_CHARS).map(shown).collect();
    if text.chars().nth(VALUE_CHARS).is_some() {
        cut.push('…');
    }
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(source: &str, span: Range<usize>) -> Diagnostic {
        Diagnostic::at(Path::new("some/where.toml"), source, span, "it is wrong", "accepted: right")
    }

    #[test]
    fn a_diagnostic_shows_file_line_column_caret_and_remedy() {
        let text = at("a = 1\nb = 22 # c\n", 10..12).render(false);
        assert_eq!(
            text,
            "error: it is wrong\n --> some/where.toml:2:5\n  |\n2 | b = 22 # c\n  |     ^^\n  |\n  = help: accepted: right"
        );
        assert!(at("a = 1", 4..5).render(true).contains('\u{1b}'));
    }

    #[test]
    fn a_diagnostic_about_a_whole_file_has_no_place() {
        let text = Diagnostic::whole(Path::new("gone\n.toml"), "no such file", "").to_string();
        assert_eq!(text, "error: no such file\n--> gone\u{fffd}.toml");
    }

    #[test]
    fn columns_count_characters_and_lines_count_from_one() {
        let place = Place::of("ä\r\näö€ = 5\r\n", "ä\r\näö€ = ".len().."ä\r\näö€ = 5".len());
        assert_eq!((place.line, place.column), (2, 7));
        assert_eq!(&place.snippet[place.caret], "5");
        let end = Place::of("a\n", 900..1_000);
        assert_eq!((end.line, end.column, end.caret), (2, 1, 0..0));
        let marked = Place::of("\u{feff}a = 5", 7..8);
        assert_eq!((marked.line, marked.column), (1, 5));
        let inside = Place::of("ä", 1..1);
        assert_eq!((inside.line, inside.column), (1, 1));
    }

    #[test]
    fn a_line_of_a_megabyte_is_cut_around_the_caret() {
        let source = "x".repeat(1 << 20);
        let diagnostic = at(&source, 500_000..900_000);
        assert_eq!(diagnostic.column(), Some(500_001));
        assert!(diagnostic.render(false).contains("some/where.toml:1:500001\n"), "{diagnostic}");
        assert!(diagnostic.render(false).len() < 600, "{}", diagnostic.render(false));
        assert!(clip(&source).len() < 100);
    }
}
