//! The safeguards that make a purchase all-or-nothing, each a switch of its own.
//!
//! The paper says what the messages are; these are what makes them atomic. What each is good for is a hypothesis until the
//! simulator has taken it away and looked: the findings are in the README and in `results/necessity.md`. Beside the
//! safeguards there are options, which no preset has: they make a purchase no more atomic, but private, or its proofs longer, and
//! are there so that their price can be measured.
//! This file is the only list: the command line, scenarios and reports read it.

use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::party::Side;

macro_rules! mechanisms {
    (safeguards { $($variant:ident = $name:literal, $about:literal;)* }
     options { $($option:ident = $option_name:literal, $option_about:literal;)* }) => {
        /// A safeguard that can be switched off, or an option that can be switched on.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Mechanism {
            $(#[doc = $about] $variant,)*
            $(#[doc = $option_about] $option,)*
        }

        impl Mechanism {
            /// Every safeguard, in the order of the specification.
            pub const ALL: &'static [Mechanism] = &[$(Mechanism::$variant,)*];

            /// What no preset has.
            pub const OPTIONS: &'static [Mechanism] = &[$(Mechanism::$option,)*];

            /// Safeguards and options.
            pub const EVERY: &'static [Mechanism] = &[$(Mechanism::$variant,)* $(Mechanism::$option,)*];

            /// The name that scenarios and the command line use.
            pub const fn name(self) -> &'static str {
                match self { $(Mechanism::$variant => $name,)* $(Mechanism::$option => $option_name,)* }
            }

            /// One line on what it does.
            pub const fn about(self) -> &'static str {
                match self { $(Mechanism::$variant => $about,)* $(Mechanism::$option => $option_about,)* }
            }
        }
    };
}

mechanisms! {
    safeguards {
        Retransmit = "retransmit", "a sender repeats an unanswered message";
        StatusQuery = "status-query", "C and M may ask P what became of a purchase";
        ReleaseOnQuery = "release-on-query", "P hands the key or the item to C on request";
        IdempotentSubmit = "idempotent-submit", "P acts once per TID, in the same atomic write as the transfer";
        DedupRetention = "dedup-retention", "P remembers a TID at least until the instrument expires";
        PaymentJournal = "payment-journal", "P saves its record before it answers";
        CustomerJournal = "customer-journal", "C saves TID, instrument and ciphertext before step 3";
        CiphertextJournal = "ciphertext-journal", "C saves the ciphertext before step 3 (it goes with customer-journal)";
        MerchantJournal = "merchant-journal", "M saves TID and key before step 2, and the order before step 4";
        OneKeyPerTid = "one-key-per-tid", "a repeated inquiry gets the same key and price";
        MerchantChecksSeal = "merchant-checks-seal", "M compares the digest that C signed with its own before step 4";
        KeyCommitment = "key-commitment", "the signed instrument carries H(k), and P checks k against it";
        BoundSignature = "bound-signature", "one signature of C's covers the whole order, the ciphertext's digest included";
        Countersign = "countersign", "M signs what it submits: the digest and the key together, or the item's digest";
        SignedStatus = "signed-status", "P signs its receipts, refusals and aborts included";
        MerchantDedup = "merchant-dedup", "M serves a TID once, and repeats its last answer to a repeated order";
        ItemDigest = "item-digest", "the description holds H(item); P checks it in Case 3, C on receipt";
        Tombstone = "tombstone", "a query for an unknown TID after the instrument's expiry makes P record aborted for good";
        FinalDecline = "final-decline", "a declined TID stays declined";
        UnguessableTid = "unguessable-tid", "a TID is 128 bits from C's own stream, not a counter";
        AuthenticatedQuery = "authenticated-query", "P answers only the purchase's own C and M, and gives goods only to C";
    }
    options {
        SealedChannels = "sealed-channels", "every message is sealed for its recipient: the network sees lengths only";
        WholeSignatures = "whole-signatures", "C and M sign the ciphertext or the item itself, not its digest, and it goes with them";
    }
}

impl Mechanism {
    /// The sides that can each carry it out alone, whatever the others do. What parties have to agree on, such as a signature
    /// that one makes and another demands, nobody can.
    pub const fn carried_out_by(self) -> &'static [Side] {
        use Mechanism as M;
        match self {
            M::Retransmit | M::StatusQuery => &[Side::Customer, Side::Merchant],
            M::CustomerJournal | M::CiphertextJournal | M::BoundSignature | M::UnguessableTid => &[Side::Customer],
            M::MerchantJournal | M::OneKeyPerTid | M::MerchantChecksSeal | M::MerchantDedup => &[Side::Merchant],
            M::ReleaseOnQuery
            | M::IdempotentSubmit
            | M::DedupRetention
            | M::PaymentJournal
            | M::Tombstone
            | M::FinalDecline => &[Side::Server],
            M::KeyCommitment | M::Countersign | M::SignedStatus | M::ItemDigest | M::AuthenticatedQuery => &[],
            M::SealedChannels | M::WholeSignatures => &[],
        }
    }
}

impl fmt::Display for Mechanism {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A text that names no mechanism.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a mechanism: expected {list}", list = Mechanism::EVERY.iter().map(|m| m.name()).collect::<Vec<_>>().join(", "))]
pub struct NotAMechanism(pub String);

impl FromStr for Mechanism {
    type Err = NotAMechanism;

    fn from_str(text: &str) -> Result<Self, NotAMechanism> {
        Mechanism::EVERY
            .iter()
            .copied()
            .find(|mechanism| mechanism.name() == text)
            .ok_or_else(|| NotAMechanism(text.chars().take(40).collect()))
    }
}

/// A set of mechanisms: those that are switched on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct MechanismSet(u32);

impl MechanismSet {
    /// No mechanism at all.
    pub const NONE: MechanismSet = MechanismSet(0);

    /// Every safeguard: the preset `hardened`.
    pub const fn all() -> MechanismSet {
        MechanismSet((1 << Mechanism::ALL.len()) - 1)
    }

    /// The set of the given mechanisms.
    pub const fn of(mechanisms: &[Mechanism]) -> MechanismSet {
        let mut bits = 0;
        let mut i = 0;
        while i < mechanisms.len() {
            bits |= 1 << mechanisms[i] as u32;
            i += 1;
        }
        MechanismSet(bits)
    }

    /// Whether a mechanism is on.
    pub const fn has(self, mechanism: Mechanism) -> bool {
        self.0 & (1 << mechanism as u32) != 0
    }

    /// This set and one more.
    #[must_use]
    pub const fn with(self, mechanism: Mechanism) -> MechanismSet {
        MechanismSet(self.0 | 1 << mechanism as u32)
    }

    /// This set less one.
    #[must_use]
    pub const fn without(self, mechanism: Mechanism) -> MechanismSet {
        MechanismSet(self.0 & !(1 << mechanism as u32))
    }

    /// Whether every mechanism of another set is on in this one.
    pub const fn holds(self, other: MechanismSet) -> bool {
        self.0 & other.0 == other.0
    }

    /// What is on in this set or in another.
    #[must_use]
    pub const fn and(self, other: MechanismSet) -> MechanismSet {
        MechanismSet(self.0 | other.0)
    }

    /// What is on in both this set and another.
    #[must_use]
    pub const fn both(self, other: MechanismSet) -> MechanismSet {
        MechanismSet(self.0 & other.0)
    }

    /// What is on in this set and not in another.
    #[must_use]
    pub const fn less(self, other: MechanismSet) -> MechanismSet {
        MechanismSet(self.0 & !other.0)
    }

    /// The mechanisms that are on, in the order of the list.
    pub fn iter(self) -> impl Iterator<Item = Mechanism> {
        Mechanism::EVERY.iter().copied().filter(move |mechanism| self.has(*mechanism))
    }
}

/// The mechanisms of a run, which keep account of whether anybody has asked about them. A run is the same with other mechanisms, as
/// long as those that were asked about are on or off as before.
#[derive(Debug)]
pub struct Switches {
    on: MechanismSet,
    asked: AtomicU32,
}

impl Switches {
    /// Whether a mechanism is on.
    pub fn has(&self, mechanism: Mechanism) -> bool {
        let bit = 1 << mechanism as u32;
        // Written to once for each mechanism, so that threads which share it do not wait for each other.
        if self.asked.load(Ordering::Relaxed) & bit == 0 {
            self.asked.fetch_or(bit, Ordering::Relaxed);
        }
        self.on.has(mechanism)
    }

    /// All that are on. Whoever wants them all has asked about all.
    pub fn all(&self) -> MechanismSet {
        self.asked.store(u32::MAX, Ordering::Relaxed);
        self.on
    }

    /// Those that anybody has asked about, on or off.
    pub fn asked(&self) -> MechanismSet {
        MechanismSet(self.asked.load(Ordering::Relaxed))
    }

    /// The same, and nobody has asked yet.
    pub fn again(&self) -> Switches {
        self.on.into()
    }
}

impl From<MechanismSet> for Switches {
    fn from(on: MechanismSet) -> Self {
        Switches { on, asked: AtomicU32::new(0) }
    }
}

/// Which mechanisms a scenario starts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Preset {
    /// All safeguards.
    #[default]
    Hardened,
    /// Only what the paper states outright for the protocol at hand.
    AsWritten,
}

impl Preset {
    /// Both presets.
    pub const ALL: &'static [Preset] = &[Preset::Hardened, Preset::AsWritten];

    /// The name that scenarios and the command line use.
    pub const fn name(self) -> &'static str {
        match self {
            Preset::Hardened => "hardened",
            Preset::AsWritten => "as-written",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn switches_remember_what_they_were_asked() {
        let switches = Switches::from(MechanismSet::of(&[Mechanism::Retransmit]));
        assert_eq!(switches.asked(), MechanismSet::NONE);
        assert!(switches.has(Mechanism::Retransmit) && !switches.has(Mechanism::Tombstone));
        assert_eq!(switches.asked(), MechanismSet::of(&[Mechanism::Retransmit, Mechanism::Tombstone]));
        assert_eq!(switches.again().asked(), MechanismSet::NONE);
        assert_eq!(switches.all(), MechanismSet::of(&[Mechanism::Retransmit]));
        assert!(Mechanism::EVERY.iter().all(|mechanism| switches.asked().has(*mechanism)));
    }

    #[test]
    fn a_set_holds_what_was_put_in_and_nothing_else() {
        let set = MechanismSet::of(&[Mechanism::Retransmit, Mechanism::AuthenticatedQuery]);
        assert_eq!(set.iter().collect::<Vec<_>>(), [Mechanism::Retransmit, Mechanism::AuthenticatedQuery]);
        assert_eq!(set.without(Mechanism::Retransmit).with(Mechanism::Retransmit), set);
        assert_eq!(MechanismSet::all().iter().count(), Mechanism::ALL.len());
        assert!(Mechanism::OPTIONS.iter().all(|option| !MechanismSet::all().has(*option)));
        for mechanism in Mechanism::EVERY {
            assert_eq!(mechanism.name().parse(), Ok(*mechanism));
        }
    }
}
