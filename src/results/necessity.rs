//! The rows of `necessity.csv` and `minimal.csv`: what each mechanism is needed for, and which sets of them suffice.
//!
//! How an answer is found is left to [`necessity`](crate::necessity).

use serde::Serialize;

use super::rows::Text;
use super::sheet::{Row, Sheet};
use super::vocabulary::{Need, YesNo};
use crate::invariant::Invariant;

/// A row of `necessity.csv`: one way to break something with some mechanisms taken away, or that there is none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NecessityRow<'a> {
    /// The protocol's name.
    pub protocol: Text<'a>,
    /// The mechanisms that are taken away from `hardened`, joined by ` + `; `none` for the base line.
    pub without: Text<'a>,
    /// The deviation, or `honest`.
    pub against: Text<'a>,
    /// What follows.
    pub verdict: Need,
    /// What breaks; empty where nothing does.
    pub invariant: Option<Invariant>,
    /// The clause of it.
    pub clause: Text<'a>,
    /// Who is hurt.
    pub victim: Text<'a>,
    /// The faults of the shortest plan.
    pub faults: Option<u32>,
    /// Its events.
    pub events: Option<u64>,
    /// The plan, as `replay` reads it.
    pub plan: Text<'a>,
    /// The command that shows it.
    pub replay: Text<'a>,
    /// `untimed` for every interleaving, `timed` for every plan in the one order that the clock gives, `both` for this and every
    /// interleaving without a fault.
    pub clock: Text<'a>,
    /// The most faults that were tried.
    pub faults_at_most: u32,
    /// Distinct states, or runs under the clock.
    pub states: u64,
    /// Whether everything was tried.
    pub complete: YesNo,
}

impl Row for NecessityRow<'_> {
    const SHEET: Sheet = Sheet::Necessity;
}

/// A row of `minimal.csv`: one smallest set of mechanisms that has to come to `as-written`, or that there is none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MinimalRow<'a> {
    /// The protocol's name.
    pub protocol: Text<'a>,
    /// The deviation, `honest`, or `every deviation`; honest parties are always among them.
    pub against: Text<'a>,
    /// The invariants that the set makes hold, joined by ` + `.
    pub holds: Text<'a>,
    /// The set's number.
    pub set: u32,
    /// How many mechanisms it has.
    pub size: u32,
    /// The mechanisms that come to those of `as-written`, joined by ` + `.
    pub mechanisms: Text<'a>,
    /// The most faults that were tried with honest parties.
    pub faults_at_most: u32,
    /// The most that were tried beside whoever breaks the protocol.
    pub faults_beside: u32,
    /// The states of the searches that show that it suffices, in all.
    pub states: u64,
    /// Whether they were complete.
    pub complete: YesNo,
    /// The command that searches, between honest parties or against the one deviation.
    pub explore: Text<'a>,
}

impl Row for MinimalRow<'_> {
    const SHEET: Sheet = Sheet::Minimal;
}
