//! What a run means, in words: what each side believes and has, which invariants hold, and how the disputes went.

use std::fmt::Write;

use crate::drive::Finished;
use crate::invariant::{Invariant, View, Violation, certified};
use crate::party::Party;
use crate::protocol::role::Belief;
use crate::protocol::setup::Setup;

fn word(belief: Option<Belief>) -> &'static str {
    belief.map_or("none", Belief::word)
}

/// The end of each purchase: P's record, beliefs, goods and accounts.
pub fn ends(finished: &Finished<'_>, setup: &Setup) -> String {
    let mut out = String::new();
    let (facts, last_us) = (finished.checker.facts(), finished.checker.last_news_us());
    let mut purchases: Vec<_> =
        finished.labels.purchases().iter().filter_map(|(key, n)| Some((*n, facts.purchases.get(key)?))).collect();
    purchases.sort_unstable_by_key(|(number, _)| *number);
    for (number, purchase) in purchases {
        let truth = purchase.truth(setup);
        let described = |blob: Option<crate::crypto::Blob>| match blob {
            None => "nothing",
            Some(blob) if Some(&blob) == truth.as_ref() => "the item described",
            Some(_) => "something else than described",
        };
        let _ = writeln!(out, "purchase {number}, TID {}", purchase.about.tid);
        let _ = writeln!(out, "  P's record       {}", purchase.status().word());
        let _ = writeln!(out, "  {} believes      {}", purchase.about.customer(), word(purchase.customer_belief));
        let _ = writeln!(out, "  {} believes      {}", purchase.about.merchant(), word(purchase.merchant_belief));
        let _ = writeln!(out, "  {} holds         {}", purchase.about.customer(), described(purchase.held.clone()));
        let _ =
            writeln!(out, "  {} can get       {}", purchase.about.customer(), described(purchase.obtainable(setup)));
        let _ = writeln!(out, "  half-paid        {} us", purchase.half_paid_until_us(last_us));
    }
    let mut moved: Vec<Party> = facts.moved.keys().copied().collect();
    moved.sort_unstable();
    for party in moved {
        let _ = writeln!(out, "account of {party}: {} cents", facts.balance_cents(party, setup));
    }
    out
}

/// Each invariant with the clauses that broke, and what `blame` says of each. Whether the rest holds is known of a run that has been
/// `judged` to its end.
pub fn verdicts(finished: &Finished<'_>, judged: bool, blame: impl Fn(&Violation) -> String) -> String {
    let mut out = String::new();
    let holds = if judged { "holds" } else { "holds so far" };
    for invariant in Invariant::ALL {
        let broken: Vec<_> =
            finished.checker.violations().iter().filter(|violation| violation.invariant == *invariant).collect();
        let _ = writeln!(out, "{:<11} {}", invariant.name(), if broken.is_empty() { holds } else { "violated" });
        for violation in broken {
            let when =
                if violation.at_the_end { "at the end".to_owned() } else { format!("at {} us", violation.at_us) };
            let number = finished.labels.purchase(&violation.purchase);
            let _ = writeln!(
                out,
                "            {}: {} (victim {}, purchase {number}, {when}, after {} events)",
                violation.clause, violation.about, violation.victim, violation.events
            );
            let blame = blame(violation);
            if !blame.is_empty() {
                let _ = writeln!(out, "              {blame}");
            }
        }
    }
    out
}

/// Each dispute: the claim, whether it is true, the decision, and the evidence that decided it. Of those that are played again with
/// forged papers, the first that goes wrong where it did not without them, and how many do not.
pub fn disputes(finished: &Finished<'_>, setup: &Setup) -> String {
    let mut out = String::new();
    let facts = finished.checker.facts();
    for (key, number) in finished.labels.purchases() {
        let Some(purchase) = facts.purchases.get(key) else { continue };
        let view = View { purchase, facts, setup, now_us: u64::MAX };
        let (mut in_vain, mut went_wrong) = (0, false);
        for dispute in certified::disputes(&view) {
            let decision = dispute.decide(&view);
            let wrong = decision.upheld != dispute.truth;
            // The ways of playing one claim follow each other, the one without forgeries first.
            if dispute.forged_by.is_some() && (!wrong || went_wrong) {
                in_vain += u32::from(!wrong);
                continue;
            }
            went_wrong = wrong;
            let ruling = if decision.upheld { "upheld" } else { "rejected" };
            let right = if decision.upheld == dispute.truth { "rightly" } else { "WRONGLY" };
            let truth = if dispute.truth { "true" } else { "false" };
            let forged = dispute.forged_by.map_or_else(String::new, |side| format!(", papers forged by {side}"));
            let _ = writeln!(
                out,
                "purchase {number}: {} says \"{}\" ({truth}{forged}): {ruling}, {right}",
                dispute.claim.by,
                dispute.words(&view)
            );
            for (check, finding) in &decision.reasons {
                let _ = writeln!(out, "    {finding:<8} {}", check.words());
            }
        }
        if in_vain > 0 {
            let _ = writeln!(
                out,
                "purchase {number}: played {in_vain} times more with forged papers: decided rightly each time"
            );
        }
    }
    out
}
