//! What comes of a scenario: its verdicts, or why it has none; and how it gets on meanwhile.

use crate::invariant::Verdict;
use crate::results::{ResultsError, SummaryRow, ViolationRow, YesNo};
use crate::scenario::GivenPlan;

/// Is told how a scenario gets on.
pub trait Progress: Sync {
    /// So many more runs are known to be ahead.
    fn ahead(&self, runs: u64);
    /// So many runs are done.
    fn done(&self, runs: u64);
    /// Whether more runs will turn out to be ahead than are known.
    fn open_ended(&self, _is_so: bool) {}
    /// A search has come so far.
    fn level(&self, _level: Level) {}
}

/// How far a search has come.
#[derive(Debug, Clone, Copy)]
pub struct Level {
    /// Faults.
    pub faults: u32,
    /// Events; none under the clock, where plans are tried one after the other.
    pub events: Option<u32>,
    /// States or situations so far.
    pub states: u64,
    /// States that are next, or plans to be taken further.
    pub frontier: u64,
    /// What they take, in bytes.
    pub bytes: u64,
}

/// Why a scenario has no results.
#[derive(Debug, thiserror::Error)]
pub enum BatchError {
    /// They could not be written.
    #[error(transparent)]
    Results(#[from] ResultsError),
    /// A given plan does not fit the run.
    #[error("under {protocol}, the plan `{}` no longer fits: {unmet}", given.plan)]
    Unmet {
        /// The protocol's name.
        protocol: &'static str,
        /// The plan, and where the scenario has it.
        given: GivenPlan,
        /// What was never met.
        unmet: String,
    },
    /// The user has had enough.
    #[error("interrupted")]
    Interrupted,
}

/// What came of a scenario.
#[derive(Debug)]
pub struct Outcome {
    /// The rows for `summary.csv`.
    pub summary: Vec<SummaryRow<'static>>,
    /// Why the answer is not complete, if it is not.
    pub incomplete: Option<String>,
    /// The conditions that some run should have reached, and none did.
    pub gaps: Vec<&'static str>,
    /// What broke: the rows of `violations.csv`.
    pub findings: Vec<ViolationRow<'static>>,
    /// How much was searched, a line for each search that is not a number of runs.
    pub extent: Vec<String>,
}

/// What the verdicts of a scenario, or of several, amount to; the worst is the greatest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// Every verdict is as expected.
    AsExpected,
    /// A bound was reached before an answer: what has not been seen to break may break yet.
    Open,
    /// Some verdict is not as expected.
    NotAsExpected,
}

impl Outcome {
    /// What the verdicts amount to. What broke is broken, however much was left out.
    pub fn standing(&self) -> Standing {
        let any = |of: &dyn Fn(&SummaryRow<'_>) -> bool| self.summary.iter().any(of);
        if any(&|row| row.found == Verdict::Violated && row.as_expected == YesNo::No) {
            Standing::NotAsExpected
        } else if any(&|row| row.complete == YesNo::No) {
            Standing::Open
        } else if any(&|row| row.as_expected == YesNo::No) {
            Standing::NotAsExpected
        } else {
            Standing::AsExpected
        }
    }
}
