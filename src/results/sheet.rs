//! The CSV files of a results folder: their names and columns.
//!
//! What stands in the columns is left to `rows`. This is the only list: a new file is a variant here and a row there.

use serde::Serialize;

/// A CSV file of a results folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sheet {
    /// One row per run.
    Runs,
    /// One row per purchase.
    Purchases,
    /// One row per distinct violation.
    Violations,
    /// One row per distinct end state.
    Outcomes,
    /// One row per site and fault kind.
    Coverage,
    /// One row per protocol, security profile and step, and a total.
    Costs,
    /// One row per scenario, protocol and invariant.
    Summary,
    /// One row per mechanism taken away, threat and clause that breaks then.
    Necessity,
    /// One row per smallest set of mechanisms that suffices.
    Minimal,
}

impl Sheet {
    /// The files in a scenario's folder. They come first in the enumeration, so that `sheet as usize` is an index into this.
    pub const OF_A_SCENARIO: [Sheet; 6] =
        [Sheet::Runs, Sheet::Purchases, Sheet::Violations, Sheet::Outcomes, Sheet::Coverage, Sheet::Costs];

    /// The file's name.
    pub const fn file_name(self) -> &'static str {
        match self {
            Sheet::Runs => "runs.csv",
            Sheet::Purchases => "purchases.csv",
            Sheet::Violations => "violations.csv",
            Sheet::Outcomes => "outcomes.csv",
            Sheet::Coverage => "coverage.csv",
            Sheet::Costs => "costs.csv",
            Sheet::Summary => "summary.csv",
            Sheet::Necessity => "necessity.csv",
            Sheet::Minimal => "minimal.csv",
        }
    }

    /// The header row. It is written even where no row follows, so it cannot come from the rows.
    #[rustfmt::skip]
    pub const fn columns(self) -> &'static [&'static str] {
        match self {
            Sheet::Runs => &[
                "scenario", "protocol", "run", "seed", "plan", "faults",
                "purchases", "committed", "declined", "aborted", "unfinished",
                "money", "goods", "content", "certified", "terminates",
                "messages", "bytes", "signs", "verifies", "seals", "opens", "digests", "journal_writes", "server_bytes",
                "half_paid_us_max", "in_doubt_us_max", "duration_us", "trace_sha256",
            ],
            Sheet::Purchases => &[
                "scenario", "protocol", "run", "tid", "customer", "merchant", "item", "price_cents",
                "outcome", "customer_belief", "merchant_belief", "customer_goods", "obtainable", "messages",
                "started_us", "committed_us", "delivered_us", "half_paid_us", "in_doubt_us",
            ],
            Sheet::Violations => &[
                "scenario", "protocol", "invariant", "clause", "victim", "cause",
                "faults", "plan", "events", "runs", "replay",
                "could_prevent", "prevented_by", "can_prove",
            ],
            Sheet::Outcomes => &[
                "scenario", "protocol", "payment", "customer_goods", "obtainable", "customer_belief", "merchant_belief",
                "money", "goods", "content", "certified", "terminates", "runs", "example_plan",
            ],
            Sheet::Coverage => &["scenario", "protocol", "party", "site", "fault", "met", "struck", "violated"],
            Sheet::Costs => &[
                "scenario", "protocol", "crypto", "step", "purchases", "messages", "bytes", "signs", "verifies",
                "seals", "opens", "digests", "journal_writes", "server_bytes", "delays", "forced_writes_in_sequence",
                "profile", "signatures", "delays_to_commit", "delays_to_delivery", "server_goods_bytes",
                "server_tid_us", "ack_bytes", "messages_least", "bytes_least", "signs_least", "verifies_least",
                "seals_least", "opens_least", "digests_least", "journal_writes_least", "server_bytes_least",
                "delays_least", "forced_writes_in_sequence_least", "delays_to_commit_least",
                "delays_to_delivery_least", "least_source",
            ],
            Sheet::Summary => &[
                "scenario", "protocol", "invariant", "expected", "found", "as_expected",
                "runs", "violations", "completed_percent", "complete",
            ],
            Sheet::Necessity => &[
                "protocol", "without", "against", "verdict", "invariant", "clause", "victim", "faults", "events",
                "plan", "replay", "clock", "faults_at_most", "states", "complete",
            ],
            Sheet::Minimal => &[
                "protocol", "against", "holds", "set", "size", "mechanisms", "faults_at_most", "faults_beside", "states",
                "complete", "explore",
            ],
        }
    }
}

/// A row of one of the files. Its fields are the file's columns, in the same order and under the same names.
pub trait Row: Serialize {
    /// The file that it belongs to.
    const SHEET: Sheet;
}
