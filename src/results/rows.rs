//! The rows of the results, column by column.
//!
//! Texts are [`Text`]s, so that a million rows can share one scenario's name. Which rows there are and in which order is left
//! to whoever writes them; their bytes are left to `stream`.

use std::borrow::Cow;
use std::fmt::{self, Display};

use serde::{Serialize, Serializer};

use super::sheet::{Row, Sheet};
use super::stream::Sha256Sum;
use super::vocabulary::{CustomerBelief, CustomerGoods, MerchantBelief, Payment, YesNo};
use crate::invariant::{Invariant, Verdict};
use crate::protocol::party::{Party, Tid};

/// A text in a row: borrowed where it is shared, owned where it was made for the row.
pub type Text<'a> = Cow<'a, str>;

/// A row of `runs.csv`: one run. In untimed mode `run` counts distinct end states.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[allow(missing_docs, reason = "the columns of the interface, whose names say what they are")]
pub struct RunRow<'a> {
    pub scenario: Text<'a>,
    pub protocol: Text<'a>,
    pub run: u64,
    pub seed: u64,
    pub plan: Text<'a>,
    pub faults: u64,
    pub purchases: u64,
    pub committed: u64,
    pub declined: u64,
    pub aborted: u64,
    pub unfinished: u64,
    pub money: Verdict,
    pub goods: Verdict,
    pub content: Verdict,
    pub certified: Verdict,
    pub terminates: Verdict,
    pub messages: u64,
    pub bytes: u64,
    pub signs: u64,
    pub verifies: u64,
    pub seals: u64,
    pub opens: u64,
    pub digests: u64,
    pub journal_writes: u64,
    pub server_bytes: u64,
    pub half_paid_us_max: u64,
    pub in_doubt_us_max: u64,
    pub duration_us: u64,
    pub trace_sha256: Sha256Sum,
}

/// A row of `purchases.csv`: one purchase of a run. Times are virtual microseconds since the run's start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[allow(missing_docs, reason = "the columns of the interface, whose names say what they are")]
pub struct PurchaseRow<'a> {
    pub scenario: Text<'a>,
    pub protocol: Text<'a>,
    pub run: u64,
    #[serde(serialize_with = "displayed")]
    pub tid: Tid,
    #[serde(serialize_with = "displayed")]
    pub customer: Party,
    #[serde(serialize_with = "displayed")]
    pub merchant: Party,
    /// The item's number in the merchant's catalogue.
    pub item: u64,
    pub price_cents: i64,
    pub outcome: Payment,
    pub customer_belief: CustomerBelief,
    pub merchant_belief: MerchantBelief,
    pub customer_goods: CustomerGoods,
    /// Whether C can get at the item by itself from what it and P have saved.
    pub obtainable: YesNo,
    pub messages: u64,
    pub started_us: u64,
    /// Empty where P never committed.
    pub committed_us: Option<u64>,
    /// Empty where C never had the item.
    pub delivered_us: Option<u64>,
    pub half_paid_us: u64,
    pub in_doubt_us: u64,
}

/// A row of `violations.csv`: one distinct violation, with the shortest plan that shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[allow(missing_docs, reason = "the columns of the interface, whose names say what they are")]
pub struct ViolationRow<'a> {
    pub scenario: Text<'a>,
    pub protocol: Text<'a>,
    pub invariant: Invariant,
    pub clause: Text<'a>,
    pub victim: Text<'a>,
    pub cause: Text<'a>,
    pub faults: u64,
    pub plan: Text<'a>,
    /// How many events that plan's run has.
    pub events: u64,
    /// In how many runs it showed.
    pub runs: u64,
    /// The command that shows it again.
    pub replay: Text<'a>,
}

/// A row of `outcomes.csv`: one distinct end state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[allow(missing_docs, reason = "the columns of the interface, whose names say what they are")]
pub struct OutcomeRow<'a> {
    pub scenario: Text<'a>,
    pub protocol: Text<'a>,
    pub payment: Payment,
    pub customer_goods: CustomerGoods,
    pub obtainable: YesNo,
    pub customer_belief: CustomerBelief,
    pub merchant_belief: MerchantBelief,
    pub money: Verdict,
    pub goods: Verdict,
    pub content: Verdict,
    pub certified: Verdict,
    pub terminates: Verdict,
    pub runs: u64,
    pub example_plan: Text<'a>,
}

/// A row of `summary.csv`: one invariant of one protocol in one scenario.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[allow(missing_docs, reason = "the columns of the interface, whose names say what they are")]
pub struct SummaryRow<'a> {
    pub scenario: Text<'a>,
    pub protocol: Text<'a>,
    pub invariant: Invariant,
    pub expected: Verdict,
    pub found: Verdict,
    pub as_expected: YesNo,
    /// The runs of the scenario under the protocol: the same for each of its invariants.
    pub runs: u64,
    pub violations: u64,
    pub completed_percent: Percent,
}

impl Row for RunRow<'_> {
    const SHEET: Sheet = Sheet::Runs;
}

impl Row for PurchaseRow<'_> {
    const SHEET: Sheet = Sheet::Purchases;
}

impl Row for ViolationRow<'_> {
    const SHEET: Sheet = Sheet::Violations;
}

impl Row for OutcomeRow<'_> {
    const SHEET: Sheet = Sheet::Outcomes;
}

impl Row for SummaryRow<'_> {
    const SHEET: Sheet = Sheet::Summary;
}

/// A share in percent with two decimals, such as `99.98`, found with integers alone.
///
/// It is cut off, not rounded: `100.00` means all of them, without exception.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Percent {
    hundredths: u64,
}

impl Percent {
    /// `part` of `whole`. Nothing of nothing is `0.00`: where nothing was tried, nothing was completed.
    ///
    /// # Panics
    ///
    /// Where `part` is more than `whole`.
    pub const fn of(part: u64, whole: u64) -> Percent {
        assert!(part <= whole, "a part is at most the whole");
        if whole == 0 {
            return Percent { hundredths: 0 };
        }
        Percent { hundredths: (part as u128 * 10_000 / whole as u128) as u64 }
    }
}

impl Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02}", self.hundredths / 100, self.hundredths % 100)
    }
}

impl Serialize for Percent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        displayed(self, serializer)
    }
}

/// Writes a value as it displays.
fn displayed<S: Serializer>(value: &impl Display, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}
