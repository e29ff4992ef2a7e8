//! The rows of the results, column by column.
//!
//! Texts are [`Text`]s, so that a million rows can share one scenario's name. Which rows there are and in which order is left
//! to whoever writes them; their bytes are left to `stream`.

use std::borrow::Cow;
use std::fmt::{self, Display};
use std::path::Path;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::RESULTS;
use super::sheet::{Row, Sheet};
use super::stream::Sha256Sum;
use super::vocabulary::{CustomerBelief, CustomerGoods, MerchantBelief, Payment, YesNo};
use crate::invariant::{Expectation, Invariant, Verdict};
use crate::party::{Party, Tid};

/// A text in a row: borrowed where it is shared, owned where it was made for the row.
pub type Text<'a> = Cow<'a, str>;

/// A row of `runs.csv`: one run. In untimed mode `run` counts distinct end states.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunRow<'a> {
    /// The scenario's name.
    pub scenario: Text<'a>,
    /// The protocol's name.
    pub protocol: Text<'a>,
    /// The run's number in the scenario and protocol.
    pub run: u64,
    /// What every random choice of the run came from.
    pub seed: u64,
    /// The faults, as `replay` reads them.
    pub plan: Text<'a>,
    /// How many faults the plan has.
    pub faults: u64,
    /// Purchases that were started.
    pub purchases: u64,
    /// Those that P committed.
    pub committed: u64,
    /// Those that P declined.
    pub declined: u64,
    /// Those that P aborted.
    pub aborted: u64,
    /// Those that P never decided.
    pub unfinished: u64,
    /// Whether money atomicity held.
    pub money: Verdict,
    /// Whether goods atomicity held.
    pub goods: Verdict,
    /// Whether what C derived was what was described.
    pub content: Verdict,
    /// Whether the judge decided every dispute rightly.
    pub certified: Verdict,
    /// Whether every honest party came to know every outcome.
    pub terminates: Verdict,
    /// Messages sent, repeated ones included.
    pub messages: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Signatures made.
    pub signs: u64,
    /// Signatures verified.
    pub verifies: u64,
    /// Items sealed.
    pub seals: u64,
    /// Ciphertexts opened.
    pub opens: u64,
    /// Digests taken.
    pub digests: u64,
    /// Records saved, by all parties.
    pub journal_writes: u64,
    /// Bytes in P's journal at the end.
    pub server_bytes: u64,
    /// The longest that a purchase was half-paid, in virtual microseconds.
    pub half_paid_us_max: u64,
    /// The longest that a purchase left a party in doubt, in virtual microseconds.
    pub in_doubt_us_max: u64,
    /// From the start to quiescence, in virtual microseconds.
    pub duration_us: u64,
    /// The SHA-256 of all that happened.
    pub trace_sha256: Sha256Sum,
}

/// A row of `purchases.csv`: one purchase of a run. Times are virtual microseconds since the run's start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PurchaseRow<'a> {
    /// The scenario's name.
    pub scenario: Text<'a>,
    /// The protocol's name.
    pub protocol: Text<'a>,
    /// The run's number in the scenario and protocol.
    pub run: u64,
    /// The transaction id, in hexadecimal.
    #[serde(serialize_with = "displayed", deserialize_with = "parsed")]
    pub tid: Tid,
    /// Who buys: `C1`, `C2`, ...
    #[serde(serialize_with = "displayed", deserialize_with = "parsed")]
    pub customer: Party,
    /// Who sells: `M1`, `M2`, ...
    #[serde(serialize_with = "displayed", deserialize_with = "parsed")]
    pub merchant: Party,
    /// The item's number in the merchant's catalogue.
    pub item: u64,
    /// The price.
    pub price_cents: i64,
    /// What became of it at P.
    pub outcome: Payment,
    /// What C believes in the end.
    pub customer_belief: CustomerBelief,
    /// What M believes in the end.
    pub merchant_belief: MerchantBelief,
    /// What C holds in the end.
    pub customer_goods: CustomerGoods,
    /// Whether C holds the item, or can get it with nothing but its own journal and P's.
    pub obtainable: YesNo,
    /// Messages sent about it.
    pub messages: u64,
    /// When C set out.
    pub started_us: u64,
    /// Empty where P never committed.
    pub committed_us: Option<u64>,
    /// Empty where C never had the item.
    pub delivered_us: Option<u64>,
    /// How long it was half-paid.
    pub half_paid_us: u64,
    /// How long it left a party in doubt.
    pub in_doubt_us: u64,
}

/// A row of `violations.csv`: one distinct violation, with the shortest plan that shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ViolationRow<'a> {
    /// The scenario's name.
    pub scenario: Text<'a>,
    /// The protocol's name.
    pub protocol: Text<'a>,
    /// What was violated.
    pub invariant: Invariant,
    /// Which clause of the invariant.
    pub clause: Text<'a>,
    /// Who is hurt.
    pub victim: Text<'a>,
    /// The party or fault at its root.
    pub cause: Text<'a>,
    /// How many faults the plan has.
    pub faults: u64,
    /// The shortest plan, as `replay` reads it.
    pub plan: Text<'a>,
    /// How many events that plan's run has.
    pub events: u64,
    /// In how many runs it showed.
    pub runs: u64,
    /// The command that shows it again.
    pub replay: Text<'a>,
    /// Whether the victim would have been spared with safeguards that it can carry out alone; empty where that was not found out.
    pub could_prevent: Option<YesNo>,
    /// With which; empty for none.
    pub prevented_by: Text<'a>,
    /// Whether the judge upholds what the victim claims for its loss.
    pub can_prove: Option<YesNo>,
}

/// A row of `outcomes.csv`: one distinct end state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutcomeRow<'a> {
    /// The scenario's name.
    pub scenario: Text<'a>,
    /// The protocol's name.
    pub protocol: Text<'a>,
    /// What became of the payment at P.
    pub payment: Payment,
    /// What C holds in the end.
    pub customer_goods: CustomerGoods,
    /// Whether C holds the item, or can get it with nothing but its own journal and P's.
    pub obtainable: YesNo,
    /// What C believes in the end.
    pub customer_belief: CustomerBelief,
    /// What M believes in the end.
    pub merchant_belief: MerchantBelief,
    /// Whether money atomicity held.
    pub money: Verdict,
    /// Whether goods atomicity held.
    pub goods: Verdict,
    /// Whether what C derived was what was described.
    pub content: Verdict,
    /// Whether the judge decided every dispute rightly.
    pub certified: Verdict,
    /// Whether every honest party came to know every outcome.
    pub terminates: Verdict,
    /// In how many runs it was reached.
    pub runs: u64,
    /// One plan that leads there, as `replay` reads it.
    pub example_plan: Text<'a>,
}

/// A row of `coverage.csv`: one site and one kind of fault. Sites go without their numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoverageRow<'a> {
    /// The scenario's name.
    pub scenario: Text<'a>,
    /// The protocol's name.
    pub protocol: Text<'a>,
    /// Who sends or crashes there.
    #[serde(serialize_with = "displayed", deserialize_with = "parsed")]
    pub party: Party,
    /// The site.
    pub site: Text<'a>,
    /// The kind of fault.
    pub fault: Text<'a>,
    /// In how many runs, or states of an untimed search, it could have struck.
    pub met: u64,
    /// In how many it did.
    pub struck: u64,
    /// How many of the distinct violations it has a part in.
    pub violated: u64,
}

/// A row of `costs.csv`: one step of a fault-free purchase, or all of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CostRow<'a> {
    /// The scenario's name.
    pub scenario: Text<'a>,
    /// The protocol's name.
    pub protocol: Text<'a>,
    /// The cryptography.
    pub crypto: &'static str,
    /// The step, `start` or `total`. A step's message and its recipient's work on it count for it.
    pub step: Text<'a>,
    /// Purchases that were measured.
    pub purchases: u64,
    /// Messages.
    pub messages: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Signatures made.
    pub signs: u64,
    /// Signatures verified.
    pub verifies: u64,
    /// Items and messages sealed.
    pub seals: u64,
    /// Items and messages opened.
    pub opens: u64,
    /// Digests taken.
    pub digests: u64,
    /// Records saved, by all parties.
    pub journal_writes: u64,
    /// Bytes of P's record, which it keeps for ever.
    pub server_bytes: u64,
    /// Message delays from the start until the step's message has arrived; in all, until nothing is under way.
    pub delays: u64,
    /// Forced writes in sequence from the start until the step has been dealt with; in all, until P has committed.
    pub forced_writes_in_sequence: Option<u64>,
    /// `scenario`, for its own mechanisms, or a security profile.
    pub profile: &'static str,
    /// What is signed: `digests` or `items`.
    pub signatures: &'static str,
    /// Message delays until P has committed. This column and those after it are of totals only.
    pub delays_to_commit: Option<u64>,
    /// Message delays until C has the item.
    pub delays_to_delivery: Option<u64>,
    /// Of the bytes that P keeps, those of the key or the item, which C could acknowledge.
    pub server_goods_bytes: Option<u64>,
    /// How long P must remember that it has acted on the TID, in virtual microseconds.
    pub server_tid_us: Option<u64>,
    /// The length of an acknowledgement from C to P.
    pub ack_bytes: Option<u64>,
    /// The least of `messages`.
    pub messages_least: Option<u64>,
    /// The least of `bytes`.
    pub bytes_least: Option<u64>,
    /// The least of `signs`.
    pub signs_least: Option<u64>,
    /// The least of `verifies`.
    pub verifies_least: Option<u64>,
    /// The least of `seals`.
    pub seals_least: Option<u64>,
    /// The least of `opens`.
    pub opens_least: Option<u64>,
    /// The least of `digests`.
    pub digests_least: Option<u64>,
    /// The least of `journal_writes`.
    pub journal_writes_least: Option<u64>,
    /// The least of `server_bytes`.
    pub server_bytes_least: Option<u64>,
    /// The least of `delays`.
    pub delays_least: Option<u64>,
    /// The least of `forced_writes_in_sequence`.
    pub forced_writes_in_sequence_least: Option<u64>,
    /// The least of `delays_to_commit`.
    pub delays_to_commit_least: Option<u64>,
    /// The least of `delays_to_delivery`.
    pub delays_to_delivery_least: Option<u64>,
    /// Where each bound comes from.
    pub least_source: Text<'a>,
}

/// A row of `summary.csv`: one invariant of one protocol in one scenario.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SummaryRow<'a> {
    /// The scenario's name.
    pub scenario: Text<'a>,
    /// The protocol's name.
    pub protocol: Text<'a>,
    /// The invariant.
    pub invariant: Invariant,
    /// What the scenario expects.
    pub expected: Expectation,
    /// What was found.
    pub found: Verdict,
    /// Whether the two agree.
    pub as_expected: YesNo,
    /// The runs of the scenario under the protocol: the same for each of its invariants.
    pub runs: u64,
    /// Distinct violations of the invariant.
    pub violations: u64,
    /// The purchases that committed, of all that were started: safety alone is kept by doing nothing.
    pub completed_percent: Percent,
    /// Whether the verdict is an answer. Where something was left out, what holds has held so far and no more.
    pub complete: YesNo,
}

impl ViolationRow<'_> {
    /// The command that shows it again, from where these results lie. `replay` finds a scenario by its name in some places only; its
    /// folder of results is found wherever it is.
    pub fn command(&self, results: &Path) -> String {
        match self.replay.strip_prefix(&format!("halfpaid replay {} ", self.scenario)) {
            Some(rest) if results != Path::new(RESULTS) => {
                let folder = results.join(&*self.scenario).display().to_string();
                let quoted = folder.contains(|c: char| !c.is_ascii_alphanumeric() && !"/._-~=,+:@%".contains(c));
                format!("halfpaid replay {} {rest}", if quoted { format!("{folder:?}") } else { folder })
            }
            _ => self.replay.to_string(),
        }
    }

    /// The same row, with names of its own.
    pub fn detached(self) -> ViolationRow<'static> {
        let own = |text: Text<'_>| Text::Owned(text.into_owned());
        ViolationRow {
            scenario: own(self.scenario),
            protocol: own(self.protocol),
            clause: own(self.clause),
            victim: own(self.victim),
            cause: own(self.cause),
            plan: own(self.plan),
            replay: own(self.replay),
            prevented_by: own(self.prevented_by),
            ..self
        }
    }
}

impl OutcomeRow<'_> {
    /// The same row, with names of its own.
    pub fn detached(self) -> OutcomeRow<'static> {
        let own = |text: Text<'_>| Text::Owned(text.into_owned());
        OutcomeRow {
            scenario: own(self.scenario),
            protocol: own(self.protocol),
            example_plan: own(self.example_plan),
            ..self
        }
    }
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

impl Row for CoverageRow<'_> {
    const SHEET: Sheet = Sheet::Coverage;
}

impl Row for CostRow<'_> {
    const SHEET: Sheet = Sheet::Costs;
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

impl<'de> Deserialize<'de> for Percent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Percent, D::Error> {
        let text = String::deserialize(deserializer)?;
        let parts = text.split_once('.').filter(|(_, hundredths)| hundredths.len() == 2);
        let number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<u64>().ok())?;
        parts
            .and_then(|(whole, hundredths)| number(whole)?.checked_mul(100)?.checked_add(number(hundredths)?))
            .filter(|hundredths| *hundredths <= 10_000)
            .map(|hundredths| Percent { hundredths })
            .ok_or_else(|| de::Error::custom("expected a share such as 99.98"))
    }
}

/// Writes a value as it displays.
fn displayed<S: Serializer>(value: &impl Display, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

/// Reads what [`displayed`] has written.
fn parsed<'de, T: FromStr<Err: Display>, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
}
