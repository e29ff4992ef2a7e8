//! Where text goes: results to stdout, everything else to stderr. A reader that goes away is the end, not an error.

use std::io::{self, ErrorKind, IsTerminal, Write};

use super::{Color, Exit, Failure, Look};

/// How to talk to the user.
#[derive(Debug, Clone, Copy)]
pub(super) struct Output {
    /// Whether stdout takes colours.
    pub(super) colour: bool,
    /// Whether stderr takes colours.
    pub(super) colour_of_errors: bool,
    /// The width of the terminal, if stdout is one.
    pub(super) width: Option<u16>,
    /// Whether progress bars may be shown.
    pub(super) progress: bool,
    /// Whether notes are wanted.
    pub(super) verbose: bool,
    /// Whether nothing but results and errors is wanted.
    quiet: bool,
}

impl Output {
    pub(super) fn new(look: &Look) -> Self {
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let colours = |terminal: bool| match look.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => terminal && !no_color,
        };
        let (out, err) = (io::stdout().is_terminal(), io::stderr().is_terminal());
        Output {
            colour: colours(out),
            colour_of_errors: colours(err),
            width: if out { terminal_size::terminal_size().map(|(width, _)| width.0) } else { None },
            progress: err && !look.quiet && !look.no_progress,
            verbose: look.verbose && !look.quiet,
            quiet: look.quiet,
        }
    }

    /// Prints results.
    pub(super) fn print(&self, text: &str) -> Result<(), Failure> {
        let mut out = io::stdout().lock();
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            // The other end has seen enough: a clean end, and nobody is there to be told.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                Err(Failure { exit: Exit::AsExpected, message: String::new() })
            }
            Err(error) => Err(Failure::usage(format!("cannot write to stdout: {error}"))),
            Ok(()) => Ok(()),
        }
    }

    /// Prints what the user should know although nothing is wrong.
    pub(super) fn warn(&self, text: &str) {
        if !self.quiet {
            let _ = writeln!(io::stderr().lock(), "note: {text}");
        }
    }

    /// Prints a note, if notes are wanted.
    pub(super) fn note(&self, text: &str) {
        if self.verbose {
            let _ = writeln!(io::stderr().lock(), "{text}");
        }
    }
}

/// Says what went wrong.
pub(super) fn complain(message: &str) -> io::Result<()> {
    let prefix = if message.starts_with("error") { "" } else { "error: " };
    writeln!(io::stderr().lock(), "{prefix}{}", message.trim_end())
}
