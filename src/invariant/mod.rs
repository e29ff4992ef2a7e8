//! What must hold, judged from outside.
//!
//! Each invariant is a file of its own with a list of clauses: predicates over the [`facts`] of a purchase. Safety clauses are
//! looked at after every journal write, every delivery and every belief; the others at quiescence. The [`checker`] listens to a
//! run, keeps the facts, and reports each clause's first violation for each purchase.

pub mod certified;
pub mod checker;
pub mod ending;
pub mod facts;
pub mod goods;
pub mod liars;
pub mod money;
mod opened;
pub mod papers;
pub mod purchase;
pub mod terminates;

use crate::party::{Party, Side};
use crate::protocol::setup::Setup;

use facts::{Facts, PurchaseFacts};

/// When a clause is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// After every journal write, delivery and belief.
    Always,
    /// At quiescence.
    AtTheEnd,
}

/// What a clause looks at.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    /// The purchase.
    pub purchase: &'a PurchaseFacts,
    /// The run.
    pub facts: &'a Facts,
    /// What does not change.
    pub setup: &'a Setup,
    /// Virtual time, in microseconds; `u64::MAX` at quiescence, when every order has lapsed.
    pub now_us: u64,
}

/// One thing that must never be so.
#[derive(Debug)]
pub struct Clause {
    /// The name that reports use.
    pub name: &'static str,
    /// Which invariant it belongs to.
    pub invariant: Invariant,
    /// Who is hurt; P stands for the public at large.
    pub victim: Side,
    /// When it is looked at.
    pub when: When,
    /// What is wrong, in words.
    pub about: &'static str,
    /// Whether it is so.
    pub broken: fn(&View<'_>) -> bool,
}

/// Every clause but those of certified delivery, which are disputes ([`certified`]).
pub fn clauses() -> impl Iterator<Item = &'static Clause> {
    money::CLAUSES.iter().chain(goods::CLAUSES).chain(terminates::CLAUSES)
}

/// A clause broken in a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The invariant.
    pub invariant: Invariant,
    /// The clause's name.
    pub clause: &'static str,
    /// What is wrong, in words.
    pub about: &'static str,
    /// Who is hurt.
    pub victim: Party,
    /// The purchase.
    pub purchase: crate::party::PurchaseKey,
    /// When, in virtual microseconds.
    pub at_us: u64,
    /// Whether it was found at quiescence.
    pub at_the_end: bool,
    /// How many events had passed.
    pub events: u64,
}

/// A property that a run keeps or breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Invariant {
    /// Money is neither made nor lost, moves once, for good, and nobody is wrong about it.
    Money,
    /// Goods if and only if money.
    Goods,
    /// What C derives is what the signed description says.
    Content,
    /// Everyone can prove afterwards exactly what was delivered.
    Certified,
    /// Every honest party comes to know every outcome.
    Terminates,
}

impl Invariant {
    /// Every invariant, in the order of the reports.
    pub const ALL: &'static [Invariant] =
        &[Invariant::Money, Invariant::Goods, Invariant::Content, Invariant::Certified, Invariant::Terminates];

    /// The name that scenarios and reports use.
    pub const fn name(self) -> &'static str {
        match self {
            Invariant::Money => "money",
            Invariant::Goods => "goods",
            Invariant::Content => "content",
            Invariant::Certified => "certified",
            Invariant::Terminates => "terminates",
        }
    }
}

/// Whether an invariant held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It held, everywhere it was looked at.
    #[default]
    Holds,
    /// It was broken at least once.
    Violated,
}

impl Verdict {
    /// The word that scenarios and reports use.
    pub const fn name(self) -> &'static str {
        match self {
            Verdict::Holds => "holds",
            Verdict::Violated => "violated",
        }
    }

    /// The one that was not found.
    pub const fn other(self) -> Verdict {
        match self {
            Verdict::Holds => Verdict::Violated,
            Verdict::Violated => Verdict::Holds,
        }
    }
}

/// What a scenario expects of an invariant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Expectation {
    /// That it holds.
    #[default]
    Holds,
    /// That it is violated.
    Violated,
    /// Nothing: what random faults may or may not bring about is told, and decides nothing.
    Either,
}

impl From<Verdict> for Expectation {
    fn from(verdict: Verdict) -> Expectation {
        match verdict {
            Verdict::Holds => Expectation::Holds,
            Verdict::Violated => Expectation::Violated,
        }
    }
}

impl Expectation {
    /// Every expectation.
    pub const ALL: &'static [Expectation] = &[Expectation::Holds, Expectation::Violated, Expectation::Either];

    /// The word that scenarios and reports use.
    pub const fn name(self) -> &'static str {
        match self {
            Expectation::Holds => Verdict::Holds.name(),
            Expectation::Violated => Verdict::Violated.name(),
            Expectation::Either => "either",
        }
    }

    /// Whether a verdict is as expected.
    pub const fn met_by(self, found: Verdict) -> bool {
        matches!(
            (self, found),
            (Expectation::Holds, Verdict::Holds)
                | (Expectation::Violated, Verdict::Violated)
                | (Expectation::Either, _)
        )
    }
}
