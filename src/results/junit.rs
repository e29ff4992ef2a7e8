//! `junit.xml`: the verdicts as CI systems show them, a suite for each scenario and a case for each protocol and invariant.
//!
//! No time goes in, so that the same results give the same bytes.

use std::path::Path;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::error::ResultsError;
use super::pending::{PendingFile, create_folder};
use super::rows::{SummaryRow, ViolationRow};
use super::vocabulary::YesNo;
use crate::invariant::Verdict;

/// What one scenario contributes.
#[derive(Debug, Clone, Default)]
pub struct Suite {
    /// The scenario's name, or the file's where it has none.
    pub name: String,
    /// Its verdicts.
    pub summary: Vec<SummaryRow<'static>>,
    /// What broke.
    pub violations: Vec<ViolationRow<'static>>,
    /// Why there is no answer, or only half of one.
    pub error: Option<String>,
}

impl Suite {
    /// A scenario that has been run into `out`, with its verdicts and what broke.
    pub fn new(
        out: &Path,
        scenario: &str,
        (summary, broken): (&[SummaryRow<'static>], &[ViolationRow<'static>]),
        incomplete: Option<&str>,
    ) -> Suite {
        let from_here = |row: &ViolationRow<'static>| ViolationRow { replay: row.command(out).into(), ..row.clone() };
        Suite {
            name: scenario.to_owned(),
            summary: summary.to_vec(),
            violations: broken.iter().map(from_here).collect(),
            error: incomplete.map(|why| format!("inconclusive: {why}")),
        }
    }

    /// A file that holds no scenario.
    pub fn unusable(path: &Path, error: &str) -> Suite {
        let name = path.file_stem().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        Suite { name, error: Some(error.trim_end().to_owned()), ..Suite::default() }
    }
}

impl Suite {
    /// The verdicts that are not as expected, each with a line on what was found and the commands that show it.
    pub fn failures(&self) -> impl Iterator<Item = (&SummaryRow<'static>, (String, String))> {
        let failed = |row: &&SummaryRow<'_>| row.complete == YesNo::Yes && row.as_expected == YesNo::No;
        self.summary.iter().filter(failed).map(|row| (row, self.failure(row)))
    }

    fn failure(&self, row: &SummaryRow<'_>) -> (String, String) {
        let (expected, found) = (row.expected.name(), row.found.name());
        match row.found {
            Verdict::Holds => {
                (format!("expected {expected}, but it {found} in all of {} runs", row.runs), String::new())
            }
            Verdict::Violated => {
                let of_this = |v: &&ViolationRow<'_>| v.protocol == row.protocol && v.invariant == row.invariant;
                let about = self.violations.iter().filter(of_this);
                let lines: Vec<String> =
                    about.map(|v| format!("{}, {} is hurt, {}: {}", v.clause, v.victim, v.cause, v.replay)).collect();
                let message = format!("expected {expected}, found {found} ({} of {} runs)", row.violations, row.runs);
                (message, lines.join("\n"))
            }
        }
    }
}

/// Writes the report, in place of an older one.
///
/// # Errors
///
/// Where the file cannot be written.
pub fn write_junit(path: &Path, suites: &[Suite]) -> Result<(), ResultsError> {
    let bytes = report(suites).to_string().map_err(|error| {
        let cause = std::io::Error::other(error.to_string());
        ResultsError::io("write", path)(cause)
    })?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    create_folder(folder)?;
    let mut file = PendingFile::create(folder, &name)?;
    file.fill(bytes.as_bytes())?;
    file.sync()?;
    file.place()
}

fn report(suites: &[Suite]) -> Report {
    let mut report = Report::new("halfpaid");
    for suite in suites {
        let mut junit = TestSuite::new(suite.name.as_str());
        for row in &suite.summary {
            let mut case = TestCase::new(format!("{} {}", row.protocol, row.invariant.name()), status(row, suite));
            case.set_classname(suite.name.as_str());
            junit.add_test_case(case);
        }
        if let Some(error) = &suite.error {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
            status.set_message(error.lines().next().unwrap_or_default()).set_description(error.as_str());
            let mut case = TestCase::new("scenario", status);
            case.set_classname(suite.name.as_str());
            junit.add_test_case(case);
        }
        report.add_test_suite(junit);
    }
    report
}

fn status(row: &SummaryRow<'_>, suite: &Suite) -> TestCaseStatus {
    if row.complete == YesNo::No {
        let mut status = TestCaseStatus::skipped();
        status.set_message("it holds so far, and not everything was looked at");
        return status;
    }
    if row.as_expected == YesNo::Yes {
        return TestCaseStatus::success();
    }
    let (message, details) = suite.failure(row);
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
    status.set_message(message);
    if row.found == Verdict::Violated {
        status.set_description(details);
    }
    status
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::invariant::Invariant;
    use crate::results::Percent;

    fn row(invariant: Invariant, expected: Verdict, found: Verdict) -> SummaryRow<'static> {
        SummaryRow {
            scenario: "a~b=<1>".into(),
            protocol: "case1".into(),
            invariant,
            expected: expected.into(),
            found,
            as_expected: (expected == found).into(),
            runs: 7,
            violations: 2,
            completed_percent: Percent::of(1, 2),
            complete: YesNo::Yes,
        }
    }

    #[test]
    fn every_verdict_is_a_case_and_a_failure_says_how_to_see_it() {
        use Verdict::{Holds, Violated};
        let violation = ViolationRow {
            scenario: "a~b=<1>".into(),
            protocol: "case1".into(),
            invariant: Invariant::Goods,
            clause: "paid-no-goods".into(),
            victim: "C".into(),
            cause: "crash".into(),
            faults: 1,
            plan: "crash M1 before 6#1".into(),
            events: 9,
            runs: 2,
            replay: "halfpaid replay a \"crash M1 before 6#1\"".into(),
            could_prevent: Some(YesNo::Yes),
            prevented_by: "customer-journal".into(),
            can_prove: Some(YesNo::No),
        };
        let suite = Suite {
            name: "a~b=<1>".into(),
            summary: vec![
                row(Invariant::Money, Holds, Holds),
                row(Invariant::Goods, Holds, Violated),
                row(Invariant::Certified, Violated, Holds),
            ],
            violations: vec![violation],
            error: None,
        };
        let bad =
            Suite { name: "bad".into(), error: Some("error: it is wrong\n --> bad.toml".into()), ..Suite::default() };
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("not/there/junit.xml");
        write_junit(&path, &[suite, bad]).unwrap();
        let xml = std::fs::read_to_string(&path).unwrap();
        for word in [
            "tests=\"4\" skipped=\"0\" failures=\"2\" errors=\"1\"",
            "<testcase name=\"case1 money\" classname=\"a~b=&lt;1&gt;\"/>",
            "message=\"expected holds, found violated (2 of 7 runs)\"",
            "paid-no-goods, C is hurt, crash: halfpaid replay a \"crash M1 before 6#1\"",
            "message=\"expected violated, but it holds in all of 7 runs\"",
            "message=\"error: it is wrong\"",
        ] {
            assert!(xml.replace("&quot;", "\"").contains(word), "`{word}` is missing:\n{xml}");
        }
        assert!(!xml.contains("time"), "{xml}");
        assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn a_report_that_cannot_be_written_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        assert!(write_junit(folder.path(), &[]).is_err(), "a folder has its name");
        assert!(write_junit(Path::new(""), &[]).is_err());
        assert!(write_junit(Path::new("/"), &[]).is_err());
    }
}
