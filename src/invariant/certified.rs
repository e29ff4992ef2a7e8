//! Certified delivery: at quiescence the checker files every claim, true and false, and looks whether the judge is right.
//!
//! Against a true claim the other side keeps silent, which is the worst that an honest party can do to an honest claimant; against
//! a false claim both sides hand in what they have, since a liar's journal may hold papers that seem to speak for it, except that
//! who claims to have received nothing keeps back what it received. Whoever is honest hands in what it has of the purchase in question,
//! and does not look through the papers of others for what might bear on it. P's record is there on request. Where a side breaks the
//! protocol on purpose, each dispute is played again with every bundle of papers that it can forge
//! ([`testimony`](crate::protocol::deviation::testimony)), and a wrong decision in any of them counts. A clause that is broken names
//! who is wronged: an honest claimant that is not believed, or an honest party against whom a lie is believed.

use std::sync::Arc;

use super::facts::{Entry, PurchaseFacts};
use super::liars::Liars;
use super::papers::{on_record, papers, parts};
use super::{Invariant, View};
use crate::crypto::Blob;
use crate::judge::{Allegation, Claim, Decision, Evidence, Hearing, judge};
use crate::party::Side;
use crate::protocol::part::{Part, Parts};

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
    /// What is handed in: the same, most of the time, as in another dispute.
    pub evidence: Arc<Evidence>,
    /// Who hands in what it has forged, if anybody does.
    pub forged_by: Option<Side>,
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

    /// The claim in words.
    pub fn words(&self, view: &View<'_>) -> String {
        self.claim.what.of_which(view.purchase.truth(view.setup).as_ref())
    }

    /// The judge's decision.
    pub fn decide(&self, view: &View<'_>) -> Decision {
        judge(&self.claim, &self.evidence, &*view.setup.crypto)
    }
}

/// A clause that a wrong decision has broken, what is wrong in words, and who is wronged.
pub type Wrong = (&'static str, &'static str, Side);

/// Plays every dispute of a purchase; says what is decided wrongly. Each bundle of evidence is heard once.
pub fn wrongs(view: &View<'_>) -> Vec<Wrong> {
    let disputes = disputes(view);
    let mut hearings: Vec<(&Arc<Evidence>, Hearing<'_>)> = Vec::with_capacity(disputes.len());
    let mut wrongs = Vec::new();
    for dispute in &disputes {
        let evidence = &dispute.evidence;
        let heard = hearings.iter().position(|(known, _)| Arc::ptr_eq(known, evidence));
        let heard = heard.unwrap_or_else(|| {
            hearings.push((evidence, Hearing::new(dispute.claim.about, evidence, &*view.setup.crypto)));
            hearings.len() - 1
        });
        if hearings[heard].1.decide(&dispute.claim).upheld != dispute.truth {
            wrongs.push((dispute.clause, dispute.about, dispute.victim()));
        }
    }
    wrongs
}

/// The invariant that a wrong decision breaks.
pub const INVARIANT: Invariant = Invariant::Certified;

/// The claims that are filed of a purchase, each with the ways in which it is played.
struct Docket<'a> {
    view: &'a View<'a>,
    liars: Liars,
    filed: Vec<Dispute>,
    /// What reaches the judge if nobody forges anything, by who speaks: C, M.
    plain: [[Option<Arc<Evidence>>; 2]; 2],
}

/// The claims of the specification's table that apply to a purchase that C has signed an order for.
pub fn disputes(view: &View<'_>) -> Vec<Dispute> {
    let purchase = view.purchase;
    let Some(signed) = &purchase.signed else { return Vec::new() };
    let item = signed.order.description.item;
    let Some(other) = view.setup.other_content(purchase.about.merchant, item) else { return Vec::new() };
    let liars = Liars::of(view);
    let truth = purchase.truth(view.setup);
    // A liar may have kept no record of what it got, and knows it all the same.
    let known = || if liars.lies(Side::Customer) && purchase.knows_item { truth.clone() } else { None };
    let held = purchase.held.clone().or_else(known);
    let has = purchase.obtainable(view.setup).or_else(known);
    // A merchant that has made two items of one is not to say that it delivered the one that C does not have.
    let in_hand = if purchase.two_in_one() { held.clone() } else { None };
    let delivered = in_hand.or_else(|| purchase.delivered(view.setup)).or_else(|| held.clone());
    // Where C has lost what was sealed for it, it is a matter of words whether C has received that and M delivered it: neither is a lie.
    let lost = purchase.has_lost_its_ciphertext();
    let in_words = if lost { sealed_for(view) } else { Vec::new() };
    // What a liar says: some other content or, where that is what was delivered, the item that should have been.
    let lie = match &truth {
        Some(truth) if delivered.as_ref() == Some(&other) || in_words.contains(&other) => truth.clone(),
        _ => other,
    };
    let lies = |side: Side, so: [&Option<Blob>; 2]| {
        let favourites = liars.favourites(side).iter();
        let false_ones = favourites
            .filter(|favourite| so.iter().all(|so| so.as_ref() != Some(favourite)) && !in_words.contains(favourite));
        [lie.clone()].into_iter().chain(false_ones.cloned()).collect::<Vec<Blob>>()
    };
    let mut false_receipts = lies(Side::Customer, [&held, &delivered]);
    let mut false_deliveries = lies(Side::Merchant, [&delivered, &None]);
    if delivered.is_none() && has.is_none() && !lost {
        // Where nothing was delivered, the very item that was ordered is a lie as well.
        false_receipts.extend(truth.clone());
        false_deliveries.extend(truth.clone());
    }
    let committed = purchase.committed();
    let mut docket = Docket { view, liars, filed: Vec::with_capacity(8), plain: Default::default() };
    let mut file = |clause, about, by, what, truth| docket.file(clause, about, by, &what, truth);
    if let Some(held) = &purchase.held
        && committed
    {
        let what = Allegation::Received(held.clone());
        file("received-this", "C cannot prove what it received", Side::Customer, what, true);
    }
    for lie in false_receipts {
        let what = Allegation::Received(lie);
        file("received-other", "C proves that it received what it did not", Side::Customer, what, false);
    }
    if let Some(delivered) = delivered
        && committed
    {
        let what = Allegation::Delivered(delivered);
        file("delivered-this", "M cannot prove what it delivered", Side::Merchant, what, true);
    }
    for lie in false_deliveries {
        let what = Allegation::Delivered(lie);
        file("delivered-other", "M proves that it delivered what it did not", Side::Merchant, what, false);
    }
    if !committed {
        file("never-committed", "M proves a sale that never was", Side::Merchant, Allegation::Ordered, false);
        file("not-charged", "C cannot prove that it was not charged", Side::Customer, Allegation::NotCharged, true);
    }
    if committed && has.is_some() && has == truth {
        let what = Allegation::ReceivedNothing;
        file("claims-nothing", "C proves that it got nothing, and it did", Side::Customer, what, false);
        let what = Allegation::NotAsDescribed;
        file("claims-other", "C proves that it got something else, and it did not", Side::Customer, what, false);
    }
    if committed && has.is_none() {
        let what = Allegation::ReceivedNothing;
        file("got-nothing", "C cannot prove that it paid for nothing", Side::Customer, what, true);
    }
    if committed && has.is_some() && has != truth {
        let what = Allegation::NotAsDescribed;
        file("got-other", "C cannot prove that it got something else", Side::Customer, what, true);
    }
    docket.filed
}

/// What the key on P's record makes of the ciphertexts of the purchase, whoever has them.
fn sealed_for(view: &View<'_>) -> Vec<Blob> {
    let purchase = view.purchase;
    let Some(key) = purchase.commitment().and_then(|record| record.key()) else { return Vec::new() };
    let papers = [Side::Customer, Side::Merchant].map(|side| papers(purchase, side)).concat();
    let sealed = papers.iter().filter_map(|part| if let Part::Sealed(sealed) = part { Some(sealed) } else { None });
    sealed.filter_map(|sealed| view.setup.crypto.open(key, sealed)).collect()
}

impl Docket<'_> {
    /// Files a claim as honest parties would play it, and once more for each bundle of forgeries. Only the side that does not gain
    /// by the truth forges: the claimant of a lie, or the other side of a true claim.
    fn file(&mut self, clause: &'static str, about: &'static str, by: Side, what: &Allegation, truth: bool) {
        let purchase = self.view.purchase;
        let speaking = speaking(what, by, truth);
        let [customer, merchant] = speaking.map(usize::from);
        let plain = self.plain[customer][merchant].get_or_insert_with(|| Arc::new(evidence(purchase, speaking)));
        let plain = Arc::clone(plain);
        let other = if by == Side::Customer { Side::Merchant } else { Side::Customer };
        let liar = if truth { other } else { by };
        let forgeries = self.liars.testimonies(liar).iter().map(|bundle| {
            let mut evidence = Evidence::clone(&plain);
            match liar {
                Side::Customer => evidence.customer.clone_from(bundle),
                _ => evidence.merchant.clone_from(bundle),
            }
            (Arc::new(evidence), Some(liar))
        });
        let claim = Claim { about: purchase.about, by, what: what.clone() };
        let ways = [(Arc::clone(&plain), None)].into_iter().chain(forgeries);
        self.filed.extend(ways.map(|(evidence, forged_by)| Dispute {
            clause,
            about,
            claim: claim.clone(),
            truth,
            evidence,
            forged_by,
        }));
    }
}

/// Whether C's and M's journals reach the judge if nobody forges anything. Of a true claim, the claimant's alone. Of a false one,
/// both: the liar's, which may hold more than the truth needs, and the honest side's; but who claims to have received nothing keeps
/// back what it has.
fn speaking(what: &Allegation, by: Side, truth: bool) -> [bool; 2] {
    let keeps_back = !truth && *what == Allegation::ReceivedNothing;
    [Side::Customer, Side::Merchant].map(|side| if side == by { !keeps_back } else { !truth })
}

/// The journals of those who speak, and P's record.
fn evidence(purchase: &PurchaseFacts, [customer, merchant]: [bool; 2]) -> Evidence {
    let of = |speaks: bool, journal: &[Entry]| if speaks { parts(journal) } else { Vec::new() };
    Evidence {
        customer: of(customer, &purchase.customer),
        merchant: of(merchant, &purchase.merchant),
        server: on_record(purchase),
    }
}
