//! The disputes of a run in full: who says what, what each side hands in, and every check that the judge made, in order.
//!
//! [`verdict`](super::verdict) has the short form. Which claims are filed, and with what evidence, is left to
//! [`certified`].

use std::fmt::Write;

use super::says;
use crate::drive::Finished;
use crate::invariant::certified::{self, Dispute};
use crate::invariant::facts::PurchaseFacts;
use crate::invariant::{View, certified::disputes};
use crate::judge::{Decision, Evidence};
use crate::party::Side;
use crate::protocol::part::Part;
use crate::protocol::setup::Setup;

/// Every dispute of the run, each way in which it is played: with forged papers too, where a side breaks the protocol.
pub fn in_full(finished: &Finished<'_>, setup: &Setup) -> String {
    let mut out = String::new();
    for (number, view) in purchases(finished, setup) {
        let filed = disputes(&view);
        let all = filed.len();
        for (at, dispute) in filed.iter().enumerate() {
            let _ = writeln!(out, "purchase {number}, dispute {} of {all}: {}", at + 1, claim(dispute, &view));
            out.push_str(&hearing(&dispute.evidence, &dispute.decide(&view)));
            let _ = writeln!(out, "  {}", ruling(dispute, &dispute.decide(&view), setup));
        }
    }
    if out.is_empty() { "nobody signed anything: there is nothing to dispute\n".to_owned() } else { out }
}

/// The purchases of a run in order, each as the judge's clerk sees it once all is over.
pub fn purchases<'f>(finished: &'f Finished<'_>, setup: &'f Setup) -> Vec<(u32, View<'f>)> {
    let facts = finished.checker.facts();
    let mut purchases: Vec<(u32, &PurchaseFacts)> =
        finished.labels.purchases().iter().filter_map(|(key, n)| Some((*n, &**facts.purchases.get(key)?))).collect();
    purchases.sort_unstable_by_key(|(number, _)| *number);
    let view = |purchase| View { purchase, facts, setup, now_us: u64::MAX };
    purchases.into_iter().map(|(number, purchase)| (number, view(purchase))).collect()
}

fn claim(dispute: &Dispute, view: &View<'_>) -> String {
    let truth = if dispute.truth { "true" } else { "false" };
    let forged = dispute.forged_by.map_or_else(String::new, |side| format!(", papers forged by {side}"));
    format!("{} says \"{}\" ({truth}{forged})", dispute.claim.by, dispute.words(view))
}

/// The ruling and whether it is right; if it is not, the clause that it breaks and who is hurt, unless that is its own doing.
fn ruling(dispute: &certified::Dispute, decision: &Decision, setup: &Setup) -> String {
    let ruling = if decision.upheld { "upheld" } else { "rejected" };
    if decision.upheld == dispute.truth {
        format!("{ruling}, rightly")
    } else {
        let victim = dispute.victim();
        let cheats = setup.deviations().any(|(side, _)| side == victim);
        let hurt = if cheats { "by its own doing" } else { "is hurt" };
        format!("{ruling}, WRONGLY: {} ({}, {victim} {hurt})", dispute.about, dispute.clause)
    }
}

/// What is handed in, and what the judge made of it, check by check.
pub fn hearing(evidence: &Evidence, decision: &Decision) -> String {
    let mut out = String::new();
    for (side, parts) in
        [(Side::Customer, &evidence.customer), (Side::Merchant, &evidence.merchant), (Side::Server, &evidence.server)]
    {
        let _ = writeln!(out, "  {side} hands in: {}", papers(parts));
    }
    for (number, (check, finding)) in decision.reasons.iter().enumerate() {
        let _ = writeln!(out, "  {:>3}. {finding} {}", number + 1, check.words());
    }
    out
}

/// What a side hands in, paper by paper.
pub fn each_paper(parts: &[Part]) -> Vec<String> {
    parts.iter().map(|part| says(std::slice::from_ref(part))).collect()
}

fn papers(parts: &[Part]) -> String {
    if parts.is_empty() { "nothing".to_owned() } else { says(parts) }
}
