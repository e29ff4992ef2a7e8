//! What does not change during a run: who takes part, which mechanisms are on, how long things take, what is for sale.

use std::sync::{Arc, OnceLock};

use super::Protocol;
use super::deviation::{Deviant, Known};
use super::mechanism::{Mechanism, MechanismSet, Switches};
use super::order::{Cents, Description};
use super::outsider;
use super::record::Record;
use super::role::AnyRole;
use crate::crypto::streams::{Purpose, Streams};
use crate::crypto::{Blob, Crypto, Digest, Key};
use crate::party::{Party, Side};

/// How long parties wait, in virtual microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// Before an unanswered message is sent again for the first time.
    pub retry_after_us: u64,
    /// By how much each wait is longer than the one before, in thousandths.
    pub retry_backoff_permille: u32,
    /// Before P is asked for the first time.
    pub query_after_us: u64,
    /// Between a crash and the restart.
    pub restart_after_us: u64,
    /// Between an order's signing and its lapse.
    pub instrument_lifetime_us: u64,
    /// How long P remembers that it acted on a TID, where `dedup-retention` does not make it longer.
    pub dedup_retention_us: u64,
    /// Without `tombstone`: whether C takes P's "unknown" for "not charged".
    pub gives_up_on_unknown: bool,
}

/// After this many repetitions the wait grows no further.
pub const BACKOFF_STEPS_MAX: u32 = 3;

impl Timing {
    fn backed_off(&self, base_us: u64, tries: u32) -> u64 {
        (0..tries.min(BACKOFF_STEPS_MAX))
            .fold(base_us, |wait, _| wait.saturating_mul(u64::from(self.retry_backoff_permille)) / 1000)
    }

    /// The wait before a message is sent again that has been sent again `tries` times.
    pub fn retry_us(&self, tries: u32) -> u64 {
        self.backed_off(self.retry_after_us, tries)
    }

    /// The wait before P is asked that has been asked `tries` times.
    pub fn query_us(&self, tries: u32) -> u64 {
        self.backed_off(self.query_after_us, tries)
    }

    /// The count of tries after one more. It stops where the waits stop growing, so that who asks for ever comes back to the state
    /// that it was in.
    pub const fn next_try(&self, tries: u32) -> u32 {
        let grows = self.retry_backoff_permille != 1000 && tries < BACKOFF_STEPS_MAX;
        if grows { tries + 1 } else { tries }
    }

    /// How long P remembers a TID without `dedup-retention`: half an instrument's lifetime, or less if the setting says so.
    pub fn forgetful_us(&self) -> u64 {
        self.dedup_retention_us.min(self.instrument_lifetime_us / 2)
    }

    /// The longest that any party waits before it repeats itself.
    pub fn longest_wait_us(&self) -> u64 {
        self.retry_us(u32::MAX).max(self.query_us(u32::MAX))
    }
}

/// Who takes part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Population {
    /// How many customers.
    pub customers: u32,
    /// How many merchants.
    pub merchants: u32,
    /// What each customer's account holds at first.
    pub opening_balance_cents: Cents,
}

impl Population {
    /// Every party: customers, merchants, then the payment server.
    pub fn parties(&self) -> impl Iterator<Item = Party> {
        let customers = (0..self.customers).map(Party::Customer);
        customers.chain((0..self.merchants).map(Party::Merchant)).chain([Party::Server])
    }

    /// How many parties.
    pub const fn len(&self) -> usize {
        self.customers as usize + self.merchants as usize + 1
    }

    /// Never: P is always there.
    pub const fn is_empty(&self) -> bool {
        false
    }

    /// The party at a place in [`parties`](Self::parties).
    pub const fn party(&self, index: usize) -> Party {
        let number = index as u32;
        if number < self.customers {
            Party::Customer(number)
        } else if number - self.customers < self.merchants {
            Party::Merchant(number - self.customers)
        } else {
            Party::Server
        }
    }

    /// A party's place in [`parties`](Self::parties), or `None` if it takes no part.
    pub fn index(&self, party: Party) -> Option<usize> {
        match party {
            Party::Customer(n) if n < self.customers => Some(n as usize),
            Party::Merchant(n) if n < self.merchants => Some((self.customers + n) as usize),
            Party::Server => Some((self.customers + self.merchants) as usize),
            _ => None,
        }
    }
}

/// An item as its merchant offers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// What it costs.
    pub price_cents: Cents,
    /// What it consists of.
    pub item: Blob,
    /// `H(item)`, which the catalogue prints.
    pub digest: Digest,
    /// See [`Setup::other_content`]; made when it is first asked for.
    other: OnceLock<Blob>,
}

/// What is for sale. Prices and descriptions are public; contents are the merchant's.
#[derive(Debug)]
pub struct Catalogue {
    items: u32,
    price_cents: (Cents, Cents),
    item_bytes: (u32, u32),
    /// See [`swapped`](Self::swapped).
    swapped: bool,
    offers: Vec<OnceLock<Box<Offer>>>,
}

fn between(low: u64, high: u64, random: u64) -> u64 {
    low + ((u128::from(random) * u128::from(high - low + 1)) >> 64) as u64
}

impl Catalogue {
    /// A catalogue of `items` items for each merchant; prices and lengths lie between the bounds, both included.
    pub fn new(merchants: u32, items: u32, price_cents: (Cents, Cents), item_bytes: (u32, u32)) -> Self {
        let offers = (0..merchants as usize * items as usize).map(|_| OnceLock::new()).collect();
        Catalogue { items, price_cents, item_bytes, swapped: false, offers }
    }

    /// The same, with nothing worked out yet.
    fn again(&self) -> Self {
        let offers = self.offers.iter().map(|_| OnceLock::new()).collect();
        Catalogue { offers, ..*self }
    }

    /// The same in a world in which the name of each item means its [other content](Setup::other_content), and what it means here
    /// is the other content there. Nothing else differs, so that what a merchant does wrong here is right there.
    pub fn swapped(&self) -> Self {
        Catalogue { swapped: !self.swapped, ..self.again() }
    }

    /// The number of the content that the name of an item means, or of the other one.
    const fn content_number(&self, item: u32, other: bool) -> u32 {
        if self.swapped == other { item } else { item + self.items }
    }

    /// How many items each merchant has.
    pub const fn items(&self) -> u32 {
        self.items
    }

    /// An item, or `None` where there is no such merchant or item. `prepared` may put another in its place.
    pub fn offer(
        &self,
        merchant: u32,
        item: u32,
        streams: &Streams,
        crypto: &dyn Crypto,
        prepared: impl FnOnce(&Blob) -> Option<Blob>,
    ) -> Option<&Offer> {
        if item >= self.items {
            return None;
        }
        let cell = self.offers.get(merchant as usize * self.items as usize + item as usize)?;
        Some(cell.get_or_init(|| {
            let random = streams.draw(Purpose::Workload, Some(Party::Merchant(merchant)), u64::from(item));
            let word = |i: usize| random[i * 8..].iter().take(8).fold(0, |word, byte| word << 8 | u64::from(*byte));
            let len = between(self.item_bytes.0.into(), self.item_bytes.1.into(), word(0)) as u32;
            let price = between(self.price_cents.0 as u64, self.price_cents.1 as u64, word(1)) as Cents;
            let genuine = crypto.content(merchant, self.content_number(item, false), len);
            let item = prepared(&genuine).unwrap_or(genuine);
            let digest = crypto.digest_blob(&item);
            Box::new(Offer { price_cents: price, item, digest, other: OnceLock::new() })
        }))
    }
}

/// Everything that stays the same during a run.
#[derive(Debug)]
pub struct Setup {
    /// The protocol that the parties run.
    pub protocol: Arc<dyn Protocol>,
    /// The mechanisms that are on.
    pub mechanisms: Switches,
    /// Mechanisms that one side has on alone, beyond these.
    pub alone: Option<(Side, MechanismSet)>,
    /// How long parties wait.
    pub timing: Timing,
    /// Who takes part.
    pub population: Population,
    /// What is for sale.
    pub catalogue: Catalogue,
    /// The cryptography.
    pub crypto: Arc<dyn Crypto>,
    /// The random values.
    pub streams: Streams,
    /// How every customer breaks the protocol, if they do.
    pub customer_deviation: Option<Known>,
    /// How every merchant does.
    pub merchant_deviation: Option<Known>,
    /// Who meddles from outside, if anybody does.
    pub outsider: Option<outsider::Known>,
}

impl Setup {
    /// The same, to be changed: what a merchant has for sale depends on how it deviates, and is worked out anew.
    pub fn again(&self) -> Setup {
        Setup {
            protocol: Arc::clone(&self.protocol),
            crypto: Arc::clone(&self.crypto),
            catalogue: self.catalogue.again(),
            mechanisms: self.mechanisms.again(),
            ..*self
        }
    }

    /// Whether a mechanism is on, as far as that side is concerned.
    pub fn has(&self, side: Side, mechanism: Mechanism) -> bool {
        self.mechanisms.has(mechanism) || self.alone.is_some_and(|(alone, more)| alone == side && more.has(mechanism))
    }

    /// A party's role, rebuilt from its journal, honest or not.
    pub fn role(&self, party: Party, journal: &mut dyn Iterator<Item = &Record>) -> AnyRole {
        let role = self.protocol.role(party, self, journal);
        let deviation = match party.side() {
            Side::Customer => self.customer_deviation,
            Side::Merchant => self.merchant_deviation,
            Side::Server => None,
        };
        match deviation {
            Some(deviation) => AnyRole(Box::new(Deviant::new(role, deviation))),
            None => AnyRole(role),
        }
    }

    /// The sides that break the protocol on purpose, and how.
    pub fn deviations(&self) -> impl Iterator<Item = (Side, Known)> {
        let customer = self.customer_deviation.map(|deviation| (Side::Customer, deviation));
        customer.into_iter().chain(self.merchant_deviation.map(|deviation| (Side::Merchant, deviation)))
    }

    /// What a merchant hands out for an item: the item, if it is honest.
    pub fn goods(&self, merchant: u32, item: u32) -> Option<Blob> {
        let false_goods = self.merchant_deviation.and_then(|deviation| deviation.goods(self, merchant, item));
        false_goods.or_else(|| self.offer(merchant, item).map(|offer| offer.item.clone()))
    }

    /// A key and a ciphertext that a deviating merchant has made up for an item, if it does.
    pub fn sealed(&self, merchant: u32, item: u32) -> Option<(Key, Blob)> {
        self.merchant_deviation.and_then(|deviation| deviation.sealed(self, merchant, item))
    }

    /// An item of a merchant's. It is the merchant that writes the catalogue.
    pub fn offer(&self, merchant: u32, item: u32) -> Option<&Offer> {
        let prepared =
            |genuine: &Blob| self.merchant_deviation.and_then(|known| known.prepared(self, merchant, item, genuine));
        self.catalogue.offer(merchant, item, &self.streams, &*self.crypto, prepared)
    }

    /// What the catalogue prints of an item.
    pub fn description(&self, merchant: u32, item: u32) -> Option<Description> {
        let digest = self.offer(merchant, item)?.digest;
        let digest = self.mechanisms.has(Mechanism::ItemDigest).then_some(digest);
        Some(Description { item, digest })
    }

    /// A content of the item's length that is not the item: what a liar would claim to have sent or received.
    pub fn other_content(&self, merchant: u32, item: u32) -> Option<Blob> {
        let offer = self.offer(merchant, item)?;
        let other = self.catalogue.content_number(item, true);
        let make = || self.crypto.content(merchant, other, offer.item.len() as u32);
        Some(offer.other.get_or_init(make).clone())
    }
}
