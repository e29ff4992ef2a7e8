//! What is known of one purchase from outside.
//!
//! A party knows what it received since it last lost its memory, and what its journal holds.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use super::opened::Opened;
use crate::crypto::{Blob, Key};
use crate::party::{PurchaseKey, Side};
use crate::protocol::mechanism::Mechanism;
use crate::protocol::order::{Instrument, Status};
use crate::protocol::part::{Part, Parts};
use crate::protocol::record::Record;
use crate::protocol::role::{Belief, Wish};
use crate::protocol::setup::Setup;

/// A record in a journal, and whether it survives a crash.
pub type Entry = (Arc<Record>, bool);

/// What is known of one purchase.
#[derive(Debug, Clone)]
pub struct PurchaseFacts {
    /// Whose purchase it is.
    pub about: PurchaseKey,
    /// What C set out to buy.
    pub wish: Option<Wish>,
    /// What C signed: the first instrument that it let out of its hands or wrote down.
    pub signed: Option<Arc<Instrument>>,
    /// C's records, oldest first.
    pub customer: Vec<Entry>,
    /// M's records.
    pub merchant: Vec<Entry>,
    /// P's records.
    pub server: Vec<Entry>,
    /// The first terminal status that P recorded.
    pub first_terminal: Option<Status>,
    /// Whether P's record of a terminal status has changed or been lost.
    pub status_changed: bool,
    /// What C has received since it last lost its memory: ciphertexts, keys, items.
    pub received: Vec<Part>,
    /// Whether C could derive the item from all that it has ever received and kept at one time: possession is knowledge,
    /// whether C makes use of it or not. This is what M cares about.
    pub knows_item: bool,
    /// What C's own records give, whatever it may have received and thrown away. This is what C can count on.
    pub held: Option<Blob>,
    /// What C last told its owner and has not forgotten.
    pub customer_belief: Option<Belief>,
    /// What M last told its owner and has not forgotten.
    pub merchant_belief: Option<Belief>,
    /// What parties that break the protocol have told their owners, whatever they told them since; a bit for each.
    told: u16,
    /// Whether C has sent an instrument.
    pub customer_sent: bool,
    /// Whether M has submitted one.
    pub merchant_sent: bool,
    /// Copies of the instrument on their way to M or P.
    pub under_way: u32,
    /// Envelopes sent.
    pub messages: u64,
    /// When C set out.
    pub started_us: u64,
    /// When C first sent the instrument.
    pub signed_us: Option<u64>,
    /// When P first committed.
    pub committed_us: Option<u64>,
    /// When C first could derive something from what it holds.
    pub delivered_us: Option<u64>,
    /// Since when P has committed while C cannot derive the item from its journal and P's.
    pub half_paid_since_us: Option<u64>,
    /// How long that has lasted, spells that are over added up; see [`half_paid_until_us`](Self::half_paid_until_us).
    pub half_paid_us: u64,
    /// When C last came to rest.
    pub rested_us: Option<u64>,
    /// What C can derive from all that it has received and kept; see [`knows_item`](Self::knows_item).
    known: Vec<Blob>,
    /// The numbers of the envelopes that carry C's order to M or P.
    pub(super) orders: Vec<u32>,
    /// What keys make of ciphertexts that have come together with them.
    opened: Opened,
}

impl PurchaseFacts {
    /// Nothing is known yet but that it was started at `now_us`.
    pub fn new(about: PurchaseKey, now_us: u64) -> Self {
        PurchaseFacts {
            about,
            wish: None,
            signed: None,
            customer: Vec::new(),
            merchant: Vec::new(),
            server: Vec::new(),
            first_terminal: None,
            status_changed: false,
            received: Vec::new(),
            knows_item: false,
            held: None,
            customer_belief: None,
            merchant_belief: None,
            told: 0,
            customer_sent: false,
            merchant_sent: false,
            under_way: 0,
            messages: 0,
            started_us: now_us,
            signed_us: None,
            committed_us: None,
            delivered_us: None,
            half_paid_since_us: None,
            half_paid_us: 0,
            rested_us: None,
            known: Vec::new(),
            orders: Vec::new(),
            opened: Opened::default(),
        }
    }

    /// Hashes all that a clause may read now or later and that does not stand in the parties' journals: everything but times and
    /// counts.
    pub fn hash_known<H: Hasher>(&self, state: &mut H) {
        (self.about, self.wish, &self.signed).hash(state);
        (self.first_terminal, self.status_changed, &self.received, &self.held, &self.known).hash(state);
        (self.customer_belief, self.merchant_belief, self.told).hash(state);
        (self.customer_sent, self.merchant_sent, self.under_way).hash(state);
    }

    /// A party tells its owner something at that time. Whether that is news: what has changed, unless somebody who breaks the protocol goes
    /// back and forth between what it has said before.
    pub fn told(&mut self, now_us: u64, side: Side, belief: Belief, deviates: bool) -> bool {
        let held = match side {
            Side::Customer => &mut self.customer_belief,
            _ => &mut self.merchant_belief,
        };
        let changed = held.replace(belief) != Some(belief);
        if side == Side::Customer && belief.is_final() && changed {
            self.rested_us = Some(now_us);
        }
        let bit = 1 << (belief as u16 + if side == Side::Customer { 0 } else { 8 });
        let said = self.told & bit != 0;
        if deviates {
            self.told |= bit;
        }
        changed && !said
    }

    /// P's latest record, if it has one.
    pub fn record(&self) -> Option<&Record> {
        self.server.last().map(|(record, _)| &**record)
    }

    /// What P's record says.
    pub fn status(&self) -> Status {
        self.record().and_then(|record| record.status().copied()).unwrap_or(Status::Unknown)
    }

    /// Whether any of P's records says that the money has moved.
    pub fn committed(&self) -> bool {
        self.server.iter().any(|(record, _)| record.status() == Some(&Status::Committed))
    }

    /// P's record of the commitment. Of several it is the first that P answers by.
    pub fn commitment(&self) -> Option<&Record> {
        let committed = |entry: &&Entry| entry.0.status() == Some(&Status::Committed);
        self.server.iter().find(committed).map(|(record, _)| &**record)
    }

    /// Whether P can still come to commit: nothing is settled, the order has not lapsed, and somebody who may submit it has it
    /// or is about to. `now_us` is `u64::MAX` at quiescence, when every order has lapsed.
    pub fn can_still_commit(&self, now_us: u64, merchant_gone: bool) -> bool {
        let Some(signed) = &self.signed else { return false };
        let with_merchant = !merchant_gone && self.merchant.iter().any(|(record, _)| record.instrument().is_some());
        !self.status().is_terminal() && now_us < signed.order.expires_us && (self.under_way > 0 || with_merchant)
    }

    /// What C can count on: what its records give, or what they and P's record give together, as far as P helps. C cannot ask P
    /// about a purchase that it has forgotten.
    pub fn obtainable(&self, setup: &Setup) -> Option<Blob> {
        let helps =
            setup.has(Side::Customer, Mechanism::StatusQuery) && setup.has(Side::Server, Mechanism::ReleaseOnQuery);
        let asks = || helps && self.customer.iter().any(|(record, _)| record.instrument().is_some());
        self.held.clone().or_else(|| if asks() { self.escrowed(false, setup) } else { None })
    }

    /// What M and P have made available to C: what P's record gives, with C's ciphertext where one is needed; or else what C has.
    pub fn delivered(&self, setup: &Setup) -> Option<Blob> {
        self.escrowed(false, setup).or_else(|| self.held.clone())
    }

    /// Whether a ciphertext of C's opens to different contents under different keys, which only a merchant can bring about that means to.
    pub fn two_in_one(&self) -> bool {
        let sealed = || parts(&self.customer).filter_map(sealed);
        let keys = || parts(&self.customer).chain(&self.received).chain(parts(&self.server)).filter_map(key);
        sealed().any(|sealed| {
            let contents = self.opened.contents(keys(), std::iter::once(sealed));
            contents.iter().any(|content| *content != contents[0])
        })
    }

    /// What P's record and C's records give together; C's journal alone if `durable`.
    fn escrowed(&self, durable: bool, setup: &Setup) -> Option<Blob> {
        let record = self.commitment()?;
        // Where C has ordered what a ciphertext holds, an item beside it is none that it could ask for.
        let for_a_ciphertext = record.instrument().is_some_and(|instrument| instrument.order.sealed.is_some());
        if let (false, Some(item)) = (for_a_ciphertext, record.item()) {
            return Some(item.clone());
        }
        let key = record.key()?;
        self.customer
            .iter()
            .filter(|(_, kept)| *kept || !durable)
            .filter_map(|(record, _)| record.sealed())
            .find_map(|sealed| self.open(key, sealed, setup))
    }

    /// What a key makes of a ciphertext.
    fn open(&self, key: &Key, sealed: &Blob, setup: &Setup) -> Option<Blob> {
        self.opened.open(key, sealed).map_or_else(|| setup.crypto.open(key, sealed), Option::clone)
    }

    /// Whether C has kept a ciphertext, opened or not.
    pub fn has_ciphertext(&self) -> bool {
        self.customer.iter().any(|(record, _)| record.sealed().is_some())
    }

    /// Whether C has lost by itself what it was to open: it signed for a ciphertext, and P has the key. Then it is a matter of words whether M
    /// has delivered.
    pub fn has_lost_its_ciphertext(&self) -> bool {
        self.commitment().is_some_and(|record| record.key().is_some()) && !self.has_ciphertext()
    }

    /// What C set out to buy, as the catalogue has it.
    pub fn truth(&self, setup: &Setup) -> Option<Blob> {
        let item =
            self.signed.as_ref().map(|signed| signed.order.description.item).or(self.wish.map(|wish| wish.item))?;
        setup.offer(self.about.merchant, item).map(|offer| offer.item.clone())
    }

    /// How long the purchase has been half-paid, up to this moment, in virtual microseconds.
    pub fn half_paid_until_us(&self, now_us: u64) -> u64 {
        self.half_paid_us + self.half_paid_since_us.map_or(0, |since_us| now_us.saturating_sub(since_us))
    }

    /// Half-paid: committed, and neither held nor to be derived from C's journal and P's.
    fn half_paid(&self, setup: &Setup) -> bool {
        let asks = || self.customer.iter().any(|(record, durable)| *durable && record.instrument().is_some());
        self.committed() && self.held.is_none() && !(asks() && self.escrowed(true, setup).is_some())
    }

    /// Works out again what follows from the records and from what was received.
    pub fn refresh(&mut self, now_us: u64, setup: &Setup) {
        self.try_keys(setup);
        let records = || parts(&self.customer);
        let held = self.derivable(records()).next().cloned();
        let known = self.derivable(records().chain(&self.received)).cloned().collect();
        (self.held, self.known) = (held, known);
        self.refresh_status(now_us, setup);
    }

    /// The same where C has neither got nor lost any goods.
    pub(super) fn refresh_status(&mut self, now_us: u64, setup: &Setup) {
        self.knows_item = self.truth(setup).is_some_and(|truth| self.known.contains(&truth));
        if self.held.is_some() {
            self.delivered_us.get_or_insert(now_us);
        }
        match (self.half_paid(setup), self.half_paid_since_us) {
            (true, None) => self.half_paid_since_us = Some(now_us),
            (false, Some(since_us)) => {
                self.half_paid_us += now_us - since_us;
                self.half_paid_since_us = None;
            }
            _ => {}
        }
    }

    /// Opens every ciphertext of C's with every key that C has or P has on record, unless that has been done.
    fn try_keys(&mut self, setup: &Setup) {
        let goods = || parts(&self.customer).chain(&self.received);
        let keys = goods().chain(parts(&self.server)).filter_map(key);
        self.opened.try_all(keys, goods().filter_map(sealed), &*setup.crypto);
    }

    /// All that a collection of parts gives: the contents of the ciphertexts that one of the keys opens, then the items.
    fn derivable<'p>(&'p self, parts: impl Iterator<Item = &'p Part> + Clone) -> impl Iterator<Item = &'p Blob> {
        let contents = self.opened.contents(parts.clone().filter_map(key), parts.clone().filter_map(sealed));
        contents.into_iter().chain(parts.filter_map(item))
    }
}

fn key(part: &Part) -> Option<&Key> {
    if let Part::Key(key) = part { Some(key) } else { None }
}

fn sealed(part: &Part) -> Option<&Blob> {
    if let Part::Sealed(sealed) = part { Some(sealed) } else { None }
}

fn item(part: &Part) -> Option<&Blob> {
    if let Part::Item(item) = part { Some(item) } else { None }
}

/// What records hold, oldest first.
fn parts(journal: &[Entry]) -> impl Iterator<Item = &Part> + Clone {
    journal.iter().flat_map(|(record, _)| &record.parts)
}

/// Whether a part is goods, or opens them.
pub(super) const fn is_goods(part: &Part) -> bool {
    matches!(part, Part::Sealed(_) | Part::Key(_) | Part::Item(_))
}
