//! Certified delivery: at quiescence the checker files every claim, true and false, and looks whether the judge is right.
//!
//! Against a true claim the other side keeps silent, which is the worst that it can do to an honest claimant; against a false claim
//! both sides hand in what they have, since a liar's journal may hold papers that seem to speak for it, except that who claims to
//! have received nothing keeps back what it received. P's record is there on request. A clause that is broken names who is wronged: an honest claimant that is not
//! believed, or an honest party against whom a lie is believed.

use super::facts::{Entry, PurchaseFacts};
use super::{Invariant, View};
use crate::crypto::Crypto;
use crate::judge::{Allegation, Claim, Decision, Evidence, judge};
use crate::protocol::part::Part;
use crate::protocol::party::Side;

/// A claim that the checker files.
#[derive(Debug, Clone)]
pub struct Dispute {
    /// The clause that a wrong decision breaks.
    pub clause: &'static str,
    /// What is wrong if it does, in words.
    pub about: &'static str,
    /// The claim.
    pub claim: Claim,
    /// Whether it is true.
    pub truth: bool,
    /// What is handed in.
    pub evidence: Evidence,
}

impl Dispute {
    /// Who is wronged if the judge decides wrongly.
    pub const fn victim(&self) -> Side {
        match (self.truth, self.claim.by) {
            (true, by) => by,
            (false, Side::Customer) => Side::Merchant,
            (false, _) => Side::Customer,
        }
    }

    /// The judge's decision.
    pub fn decide(&self, view: &View<'_>) -> Decision {
        self.decide_with(&*view.setup.crypto)
    }

    /// The judge's decision, by the given cryptography.
    pub fn decide_with(&self, crypto: &dyn Crypto) -> Decision {
        judge(&self.claim, &self.evidence, crypto)
    }
}

/// The invariant that a wrong decision breaks.
pub const INVARIANT: Invariant = Invariant::Certified;

/// The claims of the specification's table that apply to a purchase that C has signed an order for.
pub fn disputes(view: &View<'_>) -> Vec<Dispute> {
    let purchase = view.purchase;
    let Some(signed) = &purchase.signed else { return Vec::new() };
    let item = signed.order.description.item;
    let Some(other) = view.setup.other_content(purchase.about.merchant, item) else { return Vec::new() };
    let has = purchase.obtainable(view.setup);
    let truth = purchase.truth(view.setup);
    let delivered = purchase.delivered(view.setup);
    // What a liar says: some other content or, where that is what was delivered, the item that should have been.
    let lie = match &truth {
        Some(truth) if delivered.as_ref() == Some(&other) => truth.clone(),
        _ => other,
    };
    let committed = purchase.committed();
    let mut filed = Vec::with_capacity(8);
    let mut file = |clause, about, by, what, truth| {
        let evidence = evidence(purchase, &what, by, truth);
        filed.push(Dispute { clause, about, claim: Claim { about: purchase.about, by, what }, truth, evidence });
    };
    if let Some(held) = &purchase.held
        && committed
    {
        let what = Allegation::Received(held.clone());
        file("received-this", "C cannot prove what it received", Side::Customer, what, true);
    }
    let what = Allegation::Received(lie.clone());
    file("received-other", "C proves that it received what it did not", Side::Customer, what, false);
    if let Some(delivered) = delivered
        && committed
    {
        let what = Allegation::Delivered(delivered);
        file("delivered-this", "M cannot prove what it delivered", Side::Merchant, what, true);
    }
    let what = Allegation::Delivered(lie);
    file("delivered-other", "M proves that it delivered what it did not", Side::Merchant, what, false);
    if !committed {
        file("never-committed", "M proves a sale that never was", Side::Merchant, Allegation::Ordered, false);
        file("not-charged", "C cannot prove that it was not charged", Side::Customer, Allegation::NotCharged, true);
    }
    if committed && has.is_some() && has == truth {
        let what = Allegation::ReceivedNothing;
        file("claims-nothing", "C proves that it got nothing, and it did", Side::Customer, what, false);
    }
    if committed && has.is_none() {
        let what = Allegation::ReceivedNothing;
        file("got-nothing", "C cannot prove that it paid for nothing", Side::Customer, what, true);
    }
    if committed && has.is_some() && has != truth {
        let what = Allegation::NotAsDescribed;
        file("got-other", "C cannot prove that it got something else", Side::Customer, what, true);
    }
    filed
}

/// What reaches the judge. Of a true claim, the claimant's journal alone. Of a false one, everything: the liar's journal, which may
/// hold more than the truth needs, and the honest side's; but who claims to have received nothing keeps back what it has.
fn evidence(purchase: &PurchaseFacts, what: &Allegation, by: Side, truth: bool) -> Evidence {
    let parts = |journal: &[Entry]| journal.iter().flat_map(|(record, _)| record.parts.iter().cloned()).collect();
    let nothing: fn() -> Vec<Part> = Vec::new;
    let keeps_back = !truth && *what == Allegation::ReceivedNothing;
    let speaks = |side: Side| if side == by { !keeps_back } else { !truth };
    Evidence {
        customer: if speaks(Side::Customer) { parts(&purchase.customer) } else { nothing() },
        merchant: if speaks(Side::Merchant) { parts(&purchase.merchant) } else { nothing() },
        server: purchase.commitment().or(purchase.record()).map_or_else(nothing, |record| record.parts.clone()),
    }
}
