//! What one run has to say on one claim: whether it is true there, what the honest side hands in, and what the other side can.
//!
//! A claim whose truth is a matter of words in a run, such as whether who was given one of two items was given the other, is left
//! out there.

use super::{Run, canonical};
use crate::crypto::Blob;
use crate::invariant::facts::{Facts, PurchaseFacts};
use crate::invariant::papers::{on_record, papers, parts};
use crate::judge::{Allegation, Claim};
use crate::party::{PurchaseKey, Side};
use crate::protocol::part::Part;
use crate::protocol::setup::Setup;

/// What twins have in common: the claim, and P's record.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Group {
    about: PurchaseKey,
    by: Side,
    what: What,
    server: Vec<Part>,
}

/// An allegation that can be put in order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    Received(Blob),
    Delivered(Blob),
    Ordered,
    ReceivedNothing,
    NotAsDescribed,
    NotCharged,
}

impl Group {
    pub(super) fn claim(&self) -> Claim {
        let what = match &self.what {
            What::Received(content) => Allegation::Received(content.clone()),
            What::Delivered(content) => Allegation::Delivered(content.clone()),
            What::Ordered => Allegation::Ordered,
            What::ReceivedNothing => Allegation::ReceivedNothing,
            What::NotAsDescribed => Allegation::NotAsDescribed,
            What::NotCharged => Allegation::NotCharged,
        };
        Claim { about: self.about, by: self.by, what }
    }

    pub(super) fn server(&self) -> &[Part] {
        &self.server
    }

    /// Whether it is the same claim, whatever P has on record.
    fn is_about_the_same(&self, other: &Group) -> bool {
        (self.about, self.by, &self.what) == (other.about, other.by, &other.what)
    }
}

/// Nobody is guilty of what is true without its deviation too: where honest parties come to `anyway` by the same faults.
pub(super) fn excuse(seen: &mut [(Group, Sighting)], anyway: &[Group]) {
    for (group, sighting) in seen {
        if sighting.by_deviation && anyway.iter().any(|other| other.is_about_the_same(group)) {
            sighting.guilty = None;
        }
    }
}

/// A claim in a run.
#[derive(Debug, Clone)]
pub(super) struct Sighting {
    pub(super) truth: bool,
    /// What the honest side's journal holds: the claimant's if the claim is true, the other's if it is false.
    pub(super) sworn: Vec<Part>,
    /// What the guilty party has, of all its purchases.
    has: Vec<Part>,
    /// Who has broken the protocol, or has gone for ever, to the cost of a claimant that says the truth; or who lies.
    pub(super) guilty: Option<Side>,
    /// Whether that side is guilty of nothing but its deviation.
    by_deviation: bool,
    pub(super) run: Run,
    /// Whether the run shows it; what a search of every order takes to be so need not be.
    pub(super) shown: bool,
}

impl Sighting {
    /// How plainly the run shows it, the plainest first.
    pub(super) fn plainness(&self) -> (bool, u32, u32) {
        (self.guilty.is_none(), self.run.faults, self.run.weight())
    }

    pub(super) fn same_evidence(&self, other: &Sighting) -> bool {
        (self.truth, &self.sworn, &self.has) == (other.truth, &other.sworn, &other.has)
    }

    /// Whether the guilty side of this run can hand in what the honest side of the other does, where both have the same part in
    /// the claim.
    pub(super) fn could_be(&self, other: &Sighting, claim: &Claim) -> bool {
        let opponent = if claim.by == Side::Customer { Side::Merchant } else { Side::Customer };
        let guilty = if self.truth { opponent } else { claim.by };
        other.sworn.iter().all(|part| self.has.contains(part) || makes(guilty, part))
    }
}

/// Whether a side can make a part without having been given it: what nobody signs, and what it signs itself.
const fn makes(side: Side, part: &Part) -> bool {
    match part {
        Part::Description(_) | Part::Price(_) | Part::Status(_) | Part::Transfer(_) | Part::TopUp(_) => true,
        Part::Instrument(_) => matches!(side, Side::Customer),
        Part::Countersignature(_) => matches!(side, Side::Merchant),
        // Digests and secrets have to be known, receipts are P's, and requests are of no use to a judge.
        _ => false,
    }
}

/// Whether a claim is true, as far as that can be said.
fn truth(what: &What, purchase: &PurchaseFacts, setup: &Setup) -> Option<bool> {
    let committed = purchase.committed();
    let (has, described) = (purchase.obtainable(setup), purchase.truth(setup));
    // Who has had the item knows it, whatever it has kept.
    let knows = |content: &Blob| {
        purchase.held.as_ref() == Some(content)
            || has.as_ref() == Some(content)
            || (purchase.knows_item && described.as_ref() == Some(content))
    };
    let got_it = described.as_ref().is_some_and(knows);
    let so = |yes: bool, no: bool| if yes { Some(true) } else { no.then_some(false) };
    match what {
        What::NotCharged => Some(!committed),
        _ if !committed => Some(false),
        What::Ordered => so(has.is_some() && has == described, false),
        What::Received(content) => so(purchase.held.as_ref() == Some(content), !knows(content)),
        What::Delivered(content) => {
            let delivered = purchase.delivered(setup);
            let not_so = !knows(content) && delivered.as_ref() != Some(content) && !purchase.has_lost_its_ciphertext();
            so(delivered.as_ref() == Some(content), not_so)
        }
        What::ReceivedNothing => so(has.is_none() && !purchase.knows_item, got_it),
        What::NotAsDescribed => so(has.is_some() && !got_it, got_it),
    }
}

/// Every claim on every purchase of a run of which the truth is known, and which a side that is honest stands by or contests.
pub(super) fn sightings(facts: &Facts, setup: &Setup, run: &Run) -> Vec<(Group, Sighting)> {
    facts.purchases.values().flat_map(|purchase| of_purchase(purchase, facts, setup, run)).collect()
}

/// What a side of a purchase has in hand, of its other purchases too.
fn all_papers(facts: &Facts, purchase: &PurchaseFacts, side: Side) -> Vec<Part> {
    let party = |about: &PurchaseKey| if side == Side::Customer { about.customer() } else { about.merchant() };
    let its = facts.purchases.values().filter(|other| party(&other.about) == party(&purchase.about));
    its.flat_map(|other| papers(other, side)).collect()
}

fn of_purchase(purchase: &PurchaseFacts, facts: &Facts, setup: &Setup, run: &Run) -> Vec<(Group, Sighting)> {
    let Some(signed) = &purchase.signed else { return Vec::new() };
    let described = purchase.truth(setup);
    let other = setup.other_content(purchase.about.merchant, signed.order.description.item);
    let contents: Vec<Blob> = described.clone().into_iter().chain(other).collect();
    let received = contents.iter().map(|content| (Side::Customer, What::Received(content.clone())));
    let delivered = contents.iter().map(|content| (Side::Merchant, What::Delivered(content.clone())));
    let rest = [
        (Side::Merchant, What::Ordered),
        (Side::Customer, What::ReceivedNothing),
        (Side::Customer, What::NotAsDescribed),
        (Side::Customer, What::NotCharged),
    ];
    let server = canonical(on_record(purchase));
    let journal = |side| canonical(parts(if side == Side::Customer { &purchase.customer } else { &purchase.merchant }));
    let breaks = |side| run.threat.side() == Some(side);
    let gone = |side| {
        let party = if side == Side::Customer { purchase.about.customer() } else { purchase.about.merchant() };
        facts.gone.contains(&party)
    };
    let mut seen = Vec::new();
    for (by, what) in received.chain(delivered).chain(rest) {
        let Some(truth) = truth(&what, purchase, setup) else { continue };
        let opponent = if by == Side::Customer { Side::Merchant } else { Side::Customer };
        let (honest, liar) = if truth { (by, opponent) } else { (opponent, by) };
        // Whoever breaks the protocol has nothing to ask of a judge, and who never comes back asks nothing.
        if breaks(honest) || gone(honest) {
            continue;
        }
        // What went as it should is nobody's doing.
        let complaint = match &what {
            What::ReceivedNothing | What::NotAsDescribed => true,
            What::Received(content) => described.as_ref() != Some(content),
            What::Delivered(_) | What::Ordered | What::NotCharged => false,
        };
        let guilty = !truth || complaint && (breaks(liar) || gone(liar));
        let (guilty, by_deviation) = (guilty.then_some(liar), truth && !gone(liar));
        let (sworn, has) = (journal(honest), canonical(all_papers(facts, purchase, liar)));
        let group = Group { about: purchase.about, by, what, server: server.clone() };
        seen.push((group, Sighting { truth, sworn, has, guilty, by_deviation, run: run.clone(), shown: true }));
    }
    seen
}
