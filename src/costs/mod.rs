//! What a purchase costs when nothing goes wrong, measured from a run: the paper's first and second open problems (section 6).
//!
//! [`measure`] lets one customer buy one item of one merchant, all of them honest, and counts what happens ([`meter`]). Nothing is
//! known beforehand: lengths are those of the envelopes, operations those that roles asked for. What each security consideration of
//! the paper's section 3 costs is the difference between two [`Profile`]s. [`least`] says how little would do, and why. Writing rows
//! and tables is left to others.

pub mod least;
pub mod meter;
pub mod text;

use crate::crypto::SEAL_OVERHEAD_BYTES;
use crate::drive::{self, Fair, Job, Latency};
use crate::party::{PurchaseKey, Side, Step};
use crate::protocol::mechanism::{Mechanism, MechanismSet};
use crate::protocol::message::Message;
use crate::protocol::order::request;
use crate::protocol::part::Part;
use crate::protocol::setup::Setup;
use crate::world::Workload;

use meter::{CostMeter, Count};

use Mechanism as M;

/// What an attacker may not do: send an old message again and be paid or served again (paper, section 3).
pub const REPLAY_PROTECTION: &[Mechanism] =
    &[M::IdempotentSubmit, M::DedupRetention, M::OneKeyPerTid, M::MerchantDedup, M::FinalDecline, M::UnguessableTid];

/// What proves to a third party who said what.
pub const NONREPUDIATION: &[Mechanism] =
    &[M::KeyCommitment, M::BoundSignature, M::Countersign, M::SignedStatus, M::ItemDigest];

/// What keeps others from listening, or from asking.
pub const PRIVACY: &[Mechanism] = &[M::SealedChannels, M::AuthenticatedQuery];

/// Which security considerations are met. All profiles have the safeguards that atomicity itself wants, and the signatures that the
/// paper's steps name: C's on its order, which is P's authority to move the money, and in Case 2 those of steps 3 and 4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Profile {
    /// None.
    None,
    /// [`REPLAY_PROTECTION`] alone.
    ReplayProtection,
    /// [`NONREPUDIATION`] alone.
    Nonrepudiation,
    /// [`PRIVACY`] alone.
    Privacy,
    /// All three.
    All,
}

impl Profile {
    /// Every profile, in the order of the reports.
    pub const ALL: &'static [Profile] =
        &[Profile::None, Profile::ReplayProtection, Profile::Nonrepudiation, Profile::Privacy, Profile::All];

    /// The name that scenarios and reports use.
    pub const fn name(self) -> &'static str {
        match self {
            Profile::None => "none",
            Profile::ReplayProtection => "+replay-protection",
            Profile::Nonrepudiation => "+nonrepudiation",
            Profile::Privacy => "+privacy",
            Profile::All => "all",
        }
    }

    /// The mechanisms that it has.
    pub fn mechanisms(self) -> MechanismSet {
        let added: &[&[Mechanism]] = match self {
            Profile::None => &[],
            Profile::ReplayProtection => &[REPLAY_PROTECTION],
            Profile::Nonrepudiation => &[NONREPUDIATION],
            Profile::Privacy => &[PRIVACY],
            Profile::All => &[REPLAY_PROTECTION, NONREPUDIATION, PRIVACY],
        };
        let security = [REPLAY_PROTECTION, NONREPUDIATION, PRIVACY];
        let bare = security.into_iter().flatten().fold(MechanismSet::all(), |set, mechanism| set.without(*mechanism));
        added.iter().copied().flatten().fold(bare, |set, mechanism| set.with(*mechanism))
    }
}

/// What C and M sign of the ciphertext or the item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Signatures {
    /// Its digest.
    Digests,
    /// All of it (paper, section 5.1: the full signatures of steps 3 and 4).
    Items,
}

impl Signatures {
    /// Both.
    pub const ALL: &'static [Signatures] = &[Signatures::Digests, Signatures::Items];

    /// The word that reports use.
    pub const fn name(self) -> &'static str {
        match self {
            Signatures::Digests => "digests",
            Signatures::Items => "items",
        }
    }

    /// What a set of mechanisms says.
    pub const fn of(mechanisms: MechanismSet) -> Self {
        if mechanisms.has(Mechanism::WholeSignatures) { Signatures::Items } else { Signatures::Digests }
    }

    /// The mechanisms with these signatures.
    #[must_use]
    pub const fn among(self, mechanisms: MechanismSet) -> MechanismSet {
        match self {
            Signatures::Digests => mechanisms.without(Mechanism::WholeSignatures),
            Signatures::Items => mechanisms.with(Mechanism::WholeSignatures),
        }
    }
}

/// What is counted of one step: its message, and its recipient's work on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepCost {
    /// Which; `None` is C's setting out.
    pub step: Option<Step>,
    /// The counts.
    pub count: Count,
    /// Message delays from the start until it has arrived.
    pub delays: u64,
    /// Forced writes in sequence from the start until it has been dealt with.
    pub forced_writes: u64,
}

/// What one purchase costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cost {
    /// Step by step, in the order in which they were taken.
    pub steps: Vec<StepCost>,
    /// All of them together.
    pub total: Count,
    /// Message delays until nothing is under way.
    pub delays: u64,
    /// Message delays until P has committed; `None` if it has not.
    pub delays_to_commit: Option<u64>,
    /// Message delays until C has the item.
    pub delays_to_delivery: Option<u64>,
    /// Forced writes one after the other until P has committed, its own included. Records that a party writes while it handles one
    /// message are forced together.
    pub forced_writes_to_commit: Option<u64>,
    /// Of the bytes that P keeps, those of the key or the item: what C, once it has the item, will not ask for again.
    pub server_goods_bytes: u64,
    /// How long P must remember that it has acted on the TID, in virtual microseconds: until the order lapses. The rest it keeps for
    /// ever, since questions and disputes may come at any time.
    pub server_tid_us: u64,
    /// The length of a signed acknowledgement from C to P, upon which P could forget [`server_goods_bytes`](Self::server_goods_bytes).
    pub ack_bytes: u64,
    /// The length of the item.
    pub item_bytes: u64,
}

/// What the first purchase of a workload costs where nothing goes wrong. It should be the only one.
pub fn measure(setup: &Setup, workload: &Workload) -> Cost {
    // Messages that take no time leave none for anybody to grow impatient in.
    let job = Job { setup, workload, latency: Latency { min_us: 0, max_us: 0 } };
    let mut meter = CostMeter::default();
    let finished = drive::run(&job, &mut Fair, &mut meter);
    let wish = workload.errands.first().map(|errand| errand.wish);
    let offer = wish.and_then(|wish| setup.offer(wish.merchant, wish.item));
    let ack_bytes = finished.labels.purchases().keys().next().map_or(0, |about| acknowledgement_bytes(about, setup));
    meter.finish(ack_bytes, offer.map_or(0, |offer| offer.item.len() as u64), setup.timing.instrument_lifetime_us)
}

/// The length of "I have it", signed by C. No protocol says it: what it would save is for the reader to compare.
fn acknowledgement_bytes(about: &PurchaseKey, setup: &Setup) -> u64 {
    let signature = setup.crypto.sign(about.customer(), request(about).as_slice());
    let message = Message::new(*about, Step::Query(Side::Customer), vec![Part::Request(signature)]);
    let sealed = setup.mechanisms.has(Mechanism::SealedChannels);
    message.encode().len() as u64 + if sealed { u64::from(SEAL_OVERHEAD_BYTES) } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_adds_its_own_mechanisms_and_nothing_else_and_all_is_hardened_and_private() {
        let bare = Profile::None.mechanisms();
        for (profile, added) in [
            (Profile::ReplayProtection, REPLAY_PROTECTION),
            (Profile::Nonrepudiation, NONREPUDIATION),
            (Profile::Privacy, PRIVACY),
        ] {
            assert!(added.iter().all(|mechanism| !bare.has(*mechanism)));
            assert_eq!(profile.mechanisms().iter().count(), bare.iter().count() + added.len());
        }
        assert_eq!(Profile::All.mechanisms(), MechanismSet::all().with(Mechanism::SealedChannels));
    }
}
