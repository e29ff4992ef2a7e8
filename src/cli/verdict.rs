//! What `run` and `merge` have in common: outcomes are gathered scenario by scenario, then printed, written, and turned into an exit
//! code.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::broken;
use super::output::{self, Output};
use super::progress::Bars;
use super::{Exit, Failure};
use crate::batch::{BatchError, Outcome, Standing};
use crate::results::{
    Annotation, Suite, SummaryRow, TableLook, ViolationRow, YesNo, one_line, verdict_table, write_junit, write_summary,
};
use crate::scenario::{Diagnostic, LoadedScenario, line_of};

#[derive(Args)]
pub(super) struct ReportArgs {
    /// Write a JUnit report too, a suite for each scenario
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Print what is wrong in the form in which a CI system shows it beside the scenario files
    #[arg(long, value_name = "SYSTEM")]
    annotations: Option<AnnotationsArg>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum AnnotationsArg {
    /// Workflow commands of GitHub Actions
    Github,
}

/// What is wrong with the files that cannot be used.
type Unusable = BTreeMap<PathBuf, String>;

/// What has come of the scenarios so far.
pub(super) struct Verdicts<'a> {
    arguments: &'a ReportArgs,
    out: &'a Path,
    output: &'a Output,
    rows: Vec<SummaryRow<'static>>,
    suites: Vec<Suite>,
    annotations: Vec<Annotation>,
    /// What broke and should not have, in words; all that broke if more is to be said.
    broken: String,
    incomplete: Option<String>,
    standing: Standing,
    unusable: Unusable,
    stopped: Option<BatchError>,
}

impl<'a> Verdicts<'a> {
    pub(super) const fn new(arguments: &'a ReportArgs, out: &'a Path, output: &'a Output) -> Self {
        Verdicts {
            arguments,
            out,
            output,
            rows: Vec::new(),
            suites: Vec::new(),
            annotations: Vec::new(),
            broken: String::new(),
            incomplete: None,
            standing: Standing::AsExpected,
            unusable: Unusable::new(),
            stopped: None,
        }
    }

    /// Takes in what came of a scenario.
    pub(super) fn add(&mut self, loaded: &LoadedScenario, outcome: Outcome, bars: &Bars) {
        let name = &loaded.scenario.name;
        let gaps = outcome.gaps.iter().map(|gap| format!("{name}: no run reached this: {gap}"));
        gaps.for_each(|gap| bars.suspend(|| self.output.warn(&gap)));
        if self.arguments.junit.is_some() || self.arguments.annotations.is_some() {
            let found = (outcome.summary.as_slice(), outcome.findings.as_slice());
            let suite = Suite::new(self.out, name, found, outcome.incomplete.as_deref());
            self.annotate(loaded, &suite, &outcome.gaps);
            self.suites.push(suite);
        }
        let news = |found: &&ViolationRow<'_>| {
            let verdict = |row: &&SummaryRow<'_>| row.protocol == found.protocol && row.invariant == found.invariant;
            let known = outcome.summary.iter().find(verdict);
            self.output.verbose || known.is_some_and(|row| row.as_expected == YesNo::No)
        };
        self.broken.push_str(&broken::all(outcome.findings.iter().filter(news), self.out));
        self.standing = self.standing.max(outcome.standing());
        let incomplete = outcome.incomplete.map(|why| format!("{name}: {why}"));
        self.incomplete = self.incomplete.take().or(incomplete);
        self.rows.extend(outcome.summary);
    }

    fn annotate(&mut self, loaded: &LoadedScenario, suite: &Suite, gaps: &[&str]) {
        let (path, text) = (&loaded.path, &loaded.source);
        let name_line = line_of(text, &["name"]).unwrap_or(1);
        for (row, (message, details)) in suite.failures() {
            let line = line_of(text, &["expect", row.invariant.name()]).unwrap_or(name_line);
            let title = format!("{}: {} of {}", row.scenario, row.invariant.name(), row.protocol);
            let message = if details.is_empty() { message } else { format!("{message}\n{details}") };
            self.annotations.push(Annotation::error(path, line, title, message));
        }
        for gap in gaps {
            let message = format!("no run reached this: {gap}");
            self.annotations.push(Annotation::warning(path, name_line, suite.name.clone(), message));
        }
        if let Some(error) = &suite.error {
            self.annotations.push(Annotation::error(path, name_line, suite.name.clone(), error.clone()));
        }
    }

    /// Says that a file cannot be used. The others can be.
    pub(super) fn unusable(&mut self, diagnostic: &Diagnostic, bars: &Bars) {
        let _ = bars.suspend(|| output::complain(&format!("{}\n", diagnostic.render(self.output.colour_of_errors))));
        let line = diagnostic.line().unwrap_or(1);
        let title = "this scenario cannot be used".to_owned();
        self.annotations.push(Annotation::error(&diagnostic.path, line, title, diagnostic.message.clone()));
        let said = self.unusable.entry(diagnostic.path.clone()).or_default();
        said.push_str(&format!("{diagnostic}\n\n"));
    }

    /// Nothing more will come.
    pub(super) fn stop(&mut self, error: BatchError) {
        self.stopped = Some(error);
    }

    /// Writes and prints everything; the exit code says what came of it.
    pub(super) fn finish(mut self) -> Result<Exit, Failure> {
        if matches!(self.stopped, None | Some(BatchError::Interrupted)) && !self.rows.is_empty() {
            write_summary(self.out, &self.rows).map_err(Failure::usage)?;
        }
        if let Some(path) = &self.arguments.junit {
            self.suites.extend(self.unusable.iter().map(|(path, error)| Suite::unusable(path, error)));
            write_junit(path, &self.suites).map_err(Failure::usage)?;
        }
        let annotations = match self.arguments.annotations {
            Some(AnnotationsArg::Github) => self.annotations.iter().map(|a| format!("{a}\n")).collect(),
            None => String::new(),
        };
        let look = TableLook { width: self.output.width, colour: self.output.colour };
        let table = if self.rows.is_empty() { String::new() } else { verdict_table(&self.rows, look) };
        let line = one_line(&self.rows, self.why().as_deref());
        match self.output.print(&format!("{annotations}{table}{}{line}\n", self.broken)) {
            // A reader that has seen enough does not change what the verdicts are.
            Err(failure) if failure.exit != Exit::AsExpected => return Err(failure),
            _ => {}
        }
        match self.stopped {
            Some(BatchError::Interrupted) => Ok(Exit::Interrupted),
            Some(error) => Err(Failure::usage(error)),
            None if !self.unusable.is_empty() => Ok(Exit::Usage),
            None => Ok(self.standing.into()),
        }
    }

    /// Why the answer is not complete, if it is not.
    fn why(&self) -> Option<String> {
        match (&self.stopped, self.unusable.len()) {
            (Some(BatchError::Interrupted), _) => {
                Some("interrupted; the scenarios above are finished and on disk".to_owned())
            }
            (Some(_), _) => Some("stopped by an error".to_owned()),
            (None, 1) => Some("1 scenario file could not be used".to_owned()),
            (None, 0) => self.incomplete.clone(),
            (None, files) => Some(format!("{files} scenario files could not be used")),
        }
    }
}
