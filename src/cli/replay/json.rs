//! A replay as one JSON document, for programs: the run and its purchases as the CSVs have them, everything that happened, what
//! broke and whom to blame, and every dispute with the evidence and the checks that decided it.

use serde::Serialize;

use crate::batch::rows::Kept;
use crate::diagram::{Act, Entry, Transcript, What, dispute};
use crate::drive::Finished;
use crate::invariant::certified::{self, Dispute};
use crate::invariant::{Invariant, View, Violation};
use crate::party::Party;
use crate::protocol::setup::Setup;
use crate::results::{PurchaseRow, RunRow};

/// The document.
#[derive(Serialize)]
pub(super) struct Document<'a> {
    /// As in `runs.csv`.
    run: &'a RunRow<'a>,
    #[serde(flatten)]
    asked: Asked,
    crypto: &'static str,
    /// As in `purchases.csv`.
    purchases: &'a [PurchaseRow<'a>],
    accounts: Vec<Account>,
    events: Vec<Happened<'a>>,
    violations: Vec<Broken<'a>>,
    disputes: Vec<Disputed>,
}

/// What was asked for, and what could not be answered.
#[derive(Serialize)]
pub(super) struct Asked {
    /// The arguments that the target was changed by.
    pub(super) settings: String,
    /// The order of events that was followed, where the plan has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) order: Option<Vec<String>>,
    /// Why what must hold in the end was not judged, if it was not.
    pub(super) unjudged: Option<String>,
}

/// An account that money has moved on.
#[derive(Serialize)]
struct Account {
    party: String,
    cents: i128,
}

/// Something that happened.
#[derive(Serialize)]
struct Happened<'a> {
    at_us: u64,
    /// The purchase that it is about, if it is about one.
    purchase: Option<u32>,
    #[serde(flatten)]
    what: Deed<'a>,
}

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum Deed<'a> {
    /// A message, on its way.
    Sent {
        envelope: u32,
        from: String,
        to: String,
        site: String,
        says: &'a str,
        bytes: Option<usize>,
        fault: Option<&'a str>,
        lost: bool,
    },
    Begins(At<'a>),
    Gets(At<'a>),
    Misses(At<'a>),
    Forgoes(At<'a>),
    Saves(At<'a>),
    Believes(At<'a>),
    Crashes(At<'a>),
    Returns(At<'a>),
}

/// Something that one party does or undergoes.
#[derive(Serialize)]
struct At<'a> {
    party: String,
    mark: &'a str,
    note: &'a str,
    /// The envelope that it gets or misses.
    #[serde(skip_serializing_if = "Option::is_none")]
    envelope: Option<u32>,
    /// Whether a crash leaves the record that it saves.
    #[serde(skip_serializing_if = "Option::is_none")]
    durable: Option<bool>,
}

/// A clause that broke.
#[derive(Serialize)]
struct Broken<'a> {
    invariant: Invariant,
    clause: &'a str,
    about: &'a str,
    victim: String,
    purchase: u32,
    /// None for what was found at the end.
    at_us: Option<u64>,
    after_events: u64,
    #[serde(flatten)]
    blame: Blamed,
}

/// Whom and what to blame.
#[derive(Serialize)]
pub(super) struct Blamed {
    /// As in `violations.csv`: the faults and deviations at the root.
    pub(super) cause: String,
    /// Whether the victim could have done something to be spared; none where there is too much to search.
    pub(super) could_prevent: Option<bool>,
    pub(super) prevented_by: Vec<&'static str>,
    pub(super) can_prove: bool,
}

#[derive(Serialize)]
struct Disputed {
    purchase: u32,
    by: String,
    claim: String,
    truth: bool,
    forged_by: Option<String>,
    evidence: HandedIn,
    checks: Vec<Checked>,
    upheld: bool,
    /// The clause that a wrong decision breaks, and for whom.
    wrong: Option<Wrong>,
}

/// What each side hands in.
#[derive(Serialize)]
struct HandedIn {
    customer: Vec<String>,
    merchant: Vec<String>,
    server: Vec<String>,
}

#[derive(Serialize)]
struct Checked {
    check: &'static str,
    finding: String,
}

#[derive(Serialize)]
struct Wrong {
    clause: &'static str,
    victim: String,
}

impl<'a> Document<'a> {
    pub(super) fn new(
        kept: &'a Kept<'a>,
        (finished, setup): (&'a Finished<'a>, &Setup),
        transcript: &'a Transcript,
        asked: Asked,
        blame: impl Fn(&Violation) -> Blamed,
    ) -> Self {
        Document {
            run: &kept.run,
            asked,
            crypto: setup.crypto.name(),
            purchases: &kept.purchases,
            accounts: accounts(finished, setup),
            events: transcript.entries().iter().map(happened).collect(),
            violations: finished
                .checker
                .violations()
                .iter()
                .map(|broken| self::broken(broken, finished, &blame))
                .collect(),
            disputes: disputes(finished, setup),
        }
    }
}

fn accounts(finished: &Finished<'_>, setup: &Setup) -> Vec<Account> {
    let facts = finished.checker.facts();
    let mut moved: Vec<Party> = facts.moved.keys().copied().collect();
    moved.sort_unstable();
    let account = |party: Party| Account { party: party.to_string(), cents: facts.balance_cents(party, setup).into() };
    moved.into_iter().map(account).collect()
}

fn happened(entry: &Entry) -> Happened<'_> {
    let what = match &entry.what {
        What::Sent { envelope, from, to, site, says, bytes, fault, lost } => Deed::Sent {
            envelope: *envelope,
            from: from.to_string(),
            to: to.to_string(),
            site: site.to_string(),
            says,
            bytes: *bytes,
            fault: Some(fault.as_str()).filter(|fault| !fault.is_empty()),
            lost: *lost,
        },
        What::At { party, act, mark, note } => {
            let at = |envelope, durable| At { party: party.to_string(), mark, note, envelope, durable };
            match *act {
                Act::Begins => Deed::Begins(at(None, None)),
                Act::Gets(envelope) => Deed::Gets(at(Some(envelope), None)),
                Act::Misses(envelope) => Deed::Misses(at(envelope, None)),
                Act::Forgoes(envelope) => Deed::Forgoes(at(envelope, None)),
                Act::Saves { durable } => Deed::Saves(at(None, Some(durable))),
                Act::Believes => Deed::Believes(at(None, None)),
                Act::Crashes => Deed::Crashes(at(None, None)),
                Act::Returns => Deed::Returns(at(None, None)),
            }
        }
    };
    Happened { at_us: entry.at_us, purchase: entry.purchase, what }
}

fn broken<'a>(violation: &'a Violation, finished: &Finished<'_>, blame: &impl Fn(&Violation) -> Blamed) -> Broken<'a> {
    Broken {
        invariant: violation.invariant,
        clause: violation.clause,
        about: violation.about,
        victim: violation.victim.to_string(),
        purchase: finished.labels.purchase(&violation.purchase),
        at_us: (!violation.at_the_end).then_some(violation.at_us),
        after_events: violation.events,
        blame: blame(violation),
    }
}

fn disputes(finished: &Finished<'_>, setup: &Setup) -> Vec<Disputed> {
    let mut all = Vec::new();
    for (number, view) in dispute::purchases(finished, setup) {
        all.extend(certified::disputes(&view).iter().map(|dispute| disputed(number, dispute, &view)));
    }
    all
}

fn disputed(purchase: u32, filed: &Dispute, view: &View<'_>) -> Disputed {
    let (decision, evidence) = (filed.decide(view), &filed.evidence);
    let papers = dispute::each_paper;
    let checks = decision.reasons.iter();
    Disputed {
        purchase,
        by: filed.claim.by.to_string(),
        claim: filed.words(view),
        truth: filed.truth,
        forged_by: filed.forged_by.map(|side| side.to_string()),
        evidence: HandedIn {
            customer: papers(&evidence.customer),
            merchant: papers(&evidence.merchant),
            server: papers(&evidence.server),
        },
        checks: checks.map(|(check, found)| Checked { check: check.words(), finding: found.to_string() }).collect(),
        upheld: decision.upheld,
        wrong: (decision.upheld != filed.truth)
            .then(|| Wrong { clause: filed.clause, victim: filed.victim().to_string() }),
    }
}
