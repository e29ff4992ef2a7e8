//! What is known of each purchase from outside: folded from records, envelopes and what parties tell their owners.
//!
//! Every invariant reads these facts and nothing else. No role is asked anything, so no role testifies for itself. A party
//! knows what it received since it last lost its memory, and what its journal holds.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::crypto::{Blob, Key};
use crate::protocol::mechanism::Mechanism;
use crate::protocol::message::Message;
use crate::protocol::order::{Cents, Instrument, Status, Transfer};
use crate::protocol::part::{Part, Parts};
use crate::protocol::party::{Party, PurchaseKey, Side, Step, Tid};
use crate::protocol::record::Record;
use crate::protocol::role::{Belief, Wish};
use crate::protocol::setup::Setup;
use crate::world::{Envelope, Event, Fate, Happening, Loss};

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
    /// What each of the keys makes of each of the ciphertexts that have come together, so that none is opened twice.
    opened: Vec<(Key, Blob, Option<Blob>)>,
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
            opened: Vec::new(),
        }
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

    /// P's record of the commitment.
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

    /// What P's record and C's records give together; C's journal alone if `durable`.
    fn escrowed(&self, durable: bool, setup: &Setup) -> Option<Blob> {
        let record = self.commitment()?;
        if let Some(item) = record.item() {
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
        let known = self.opened.iter().find(|(by, from, _)| by == key && from == sealed);
        known.map_or_else(|| setup.crypto.open(key, sealed), |(_, _, item)| item.clone())
    }

    /// Whether C has kept a ciphertext, opened or not.
    pub fn has_ciphertext(&self) -> bool {
        self.customer.iter().any(|(record, _)| record.sealed().is_some())
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
        let records = || self.customer.iter().flat_map(|(record, _)| record.parts.iter());
        let held = self.derivable(records(), setup).next();
        let known = self.derivable(records().chain(&self.received), setup).collect();
        (self.held, self.known) = (held, known);
        self.refresh_status(now_us, setup);
    }

    /// The same where C has neither got nor lost any goods.
    fn refresh_status(&mut self, now_us: u64, setup: &Setup) {
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
        fn parts(journal: &[Entry]) -> impl Iterator<Item = &Part> {
            journal.iter().flat_map(|(record, _)| &record.parts)
        }
        let goods = || parts(&self.customer).chain(&self.received);
        let mut fresh = Vec::new();
        for part in goods() {
            let Part::Sealed(sealed) = part else { continue };
            for part in goods().chain(parts(&self.server)) {
                let Part::Key(key) = part else { continue };
                let mut tried = self.opened.iter().chain(&fresh);
                if !tried.any(|(by, from, _)| by == key && from == sealed) {
                    fresh.push((*key, sealed.clone(), setup.crypto.open(key, sealed)));
                }
            }
        }
        self.opened.extend(fresh);
    }

    /// All that a collection of parts gives: the contents of the ciphertexts that one of the keys opens, then the items.
    fn derivable<'p>(
        &'p self,
        parts: impl Iterator<Item = &'p Part> + Clone + 'p,
        setup: &'p Setup,
    ) -> impl Iterator<Item = Blob> + 'p {
        let keys = parts.clone().filter_map(|part| if let Part::Key(key) = part { Some(key) } else { None });
        let sealed = parts.clone().filter_map(|part| if let Part::Sealed(sealed) = part { Some(sealed) } else { None });
        let opened = sealed.flat_map(move |sealed| keys.clone().filter_map(move |key| self.open(key, sealed, setup)));
        opened.chain(parts.filter_map(|part| if let Part::Item(item) = part { Some(item.clone()) } else { None }))
    }
}

/// Whether a part is goods, or opens them.
const fn is_goods(part: &Part) -> bool {
    matches!(part, Part::Sealed(_) | Part::Key(_) | Part::Item(_))
}

/// What is known of a whole run.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// The purchases, by key.
    pub purchases: BTreeMap<PurchaseKey, Box<PurchaseFacts>>,
    /// What each account has gained or lost by P's records; accounts that never moved are not listed.
    pub moved: FxHashMap<Party, Cents>,
    /// What customers received from outside, each.
    pub topped_up_cents: Cents,
    /// Records of top-ups, and whether they survive a crash.
    top_ups: Vec<(Cents, bool)>,
    /// Parties that will never return.
    pub gone: Vec<Party>,
    /// Whether the last thing that happened told anything new.
    pub news: bool,
    /// When the last order that anybody signed lapses, in virtual microseconds.
    pub last_expiry_us: u64,
    /// The sum of all that accounts have gained or lost, kept up with each transfer. Money is conserved while it is zero.
    imbalance_cents: Cents,
    /// What purchases that are forgotten have moved; kept for the audit alone, and so in builds that are audited.
    brought_forward: BTreeMap<Party, Cents>,
    wishes: FxHashMap<u32, Wish>,
    /// The purchases of each merchant.
    merchants: BTreeMap<u32, BTreeSet<PurchaseKey>>,
    /// The envelopes that carry an order, by number, and whose it is.
    orders: FxHashMap<u32, PurchaseKey>,
}

impl Facts {
    /// What is known at one moment, put together by somebody who has not listened.
    pub fn of(
        purchases: BTreeMap<PurchaseKey, Box<PurchaseFacts>>,
        moved: FxHashMap<Party, Cents>,
        topped_up_cents: Cents,
        gone: Vec<Party>,
    ) -> Self {
        Facts { purchases, moved, topped_up_cents, gone, ..Facts::default() }
    }

    /// What a customer's or merchant's account holds.
    pub fn balance_cents(&self, party: Party, setup: &Setup) -> Cents {
        let moved = self.moved.get(&party).copied().unwrap_or(0);
        match party {
            Party::Customer(_) => setup.population.opening_balance_cents + self.topped_up_cents + moved,
            _ => moved,
        }
    }

    fn purchase(&mut self, about: PurchaseKey, now_us: u64) -> &mut PurchaseFacts {
        let merchants = &mut self.merchants;
        self.purchases.entry(about).or_insert_with(|| {
            merchants.entry(about.merchant).or_default().insert(about);
            Box::new(PurchaseFacts::new(about, now_us))
        })
    }

    /// Takes note of what happened; says which purchases it touched.
    pub fn note(&mut self, now_us: u64, happening: &Happening<'_>, setup: &Setup, touched: &mut Vec<PurchaseKey>) {
        self.news = false;
        match happening {
            Happening::Started { errand, .. } => {
                self.wishes.insert(errand.customer, errand.wish);
                self.news = true;
            }
            Happening::Sent { envelope, message, fate, .. } => {
                self.news = !matches!(fate, Fate::Arrive(_));
                self.sent(now_us, envelope, message, *fate);
            }
            Happening::Forged { envelope, message, .. } => {
                self.news = true;
                self.forged(envelope, message);
            }
            Happening::Arrived { envelope, message } => {
                self.landed(envelope.number);
                // What an outsider hands out is nobody's delivery, whatever its recipient makes of it.
                if !envelope.forged {
                    self.arrived(now_us, envelope.to, message, setup, touched);
                }
            }
            Happening::Lost { event: Event::Arrival(envelope), loss } => {
                self.news = *loss == Loss::Separated;
                self.landed(envelope.number);
            }
            Happening::Forgone { event: Event::Arrival(envelope), .. } => self.landed(envelope.number),
            Happening::Saved { party, record, durable } => self.saved(now_us, *party, record, *durable, setup, touched),
            Happening::Believed { party, about, belief } => {
                let purchase = self.purchase(*about, now_us);
                let held = match party.side() {
                    Side::Customer => &mut purchase.customer_belief,
                    _ => &mut purchase.merchant_belief,
                };
                let changed = held.replace(*belief) != Some(*belief);
                if party.side() == Side::Customer && belief.is_final() && changed {
                    purchase.rested_us = Some(now_us);
                }
                self.news = changed;
                touched.push(*about);
            }
            Happening::Crashed { party, forever } => {
                self.news = true;
                if *forever {
                    self.gone.push(*party);
                }
                self.crashed(now_us, *party, setup, touched);
            }
            Happening::Restarted { .. } | Happening::ToppedUp { .. } => self.news = true,
            Happening::Replayed { envelope } => {
                self.news = true;
                self.departed(envelope.number, 1);
            }
            _ => {}
        }
    }

    fn sent(&mut self, now_us: u64, envelope: &Envelope, message: &Message, fate: Fate) {
        let wish = match envelope.from {
            Party::Customer(number) => self.wishes.get(&number).copied(),
            _ => None,
        };
        let purchase = self.purchase(message.about, now_us);
        purchase.messages += 1;
        purchase.wish = purchase.wish.or(wish);
        let Some(instrument) = message.instrument() else { return };
        let mut expires_us = 0;
        match envelope.from.side() {
            Side::Customer => {
                purchase.customer_sent = true;
                purchase.signed_us.get_or_insert(now_us);
                purchase.signed.get_or_insert_with(|| Arc::clone(instrument));
                expires_us = instrument.order.expires_us;
            }
            Side::Merchant => purchase.merchant_sent = true,
            Side::Server => {}
        }
        self.last_expiry_us = self.last_expiry_us.max(expires_us);
        if carries_order(envelope.to, message) {
            self.orders.insert(envelope.number, message.about);
            let copies = match fate {
                Fate::Drop => 0,
                Fate::Twice(..) => 2,
                Fate::Arrive(_) | Fate::Hold | Fate::Garbled(..) => 1,
            };
            self.departed(envelope.number, copies);
        }
    }

    /// An outsider's copy of a genuine order is as good as any other.
    fn forged(&mut self, envelope: &Envelope, message: &Message) {
        let signed = self.purchases.get(&message.about).and_then(|purchase| purchase.signed.as_ref());
        if carries_order(envelope.to, message) && signed.is_some() && signed == message.instrument() {
            self.orders.insert(envelope.number, message.about);
            self.departed(envelope.number, 1);
        }
    }

    /// Copies of an envelope are under way; of those that carry an order, the number is kept.
    fn departed(&mut self, envelope: u32, copies: u32) {
        if let Some(purchase) = self.orders.get(&envelope).and_then(|about| self.purchases.get_mut(about)) {
            purchase.under_way += copies;
        }
    }

    /// A copy has come to its end, one way or another.
    fn landed(&mut self, envelope: u32) {
        if let Some(purchase) = self.orders.get(&envelope).and_then(|about| self.purchases.get_mut(about)) {
            purchase.under_way = purchase.under_way.saturating_sub(1);
        }
    }

    fn arrived(&mut self, now_us: u64, to: Party, message: &Message, setup: &Setup, touched: &mut Vec<PurchaseKey>) {
        if !self.purchases.contains_key(&message.about) {
            return;
        }
        let purchase = self.purchase(message.about, now_us);
        if to != purchase.about.customer() {
            return;
        }
        let mut grew = false;
        for part in &message.parts {
            if is_goods(part) && !purchase.received.contains(part) {
                purchase.received.push(part.clone());
                grew = true;
            }
        }
        if grew {
            purchase.refresh(now_us, setup);
            touched.push(message.about);
        }
        self.news = grew;
    }

    fn saved(
        &mut self,
        now_us: u64,
        party: Party,
        record: &Arc<Record>,
        durable: bool,
        setup: &Setup,
        touched: &mut Vec<PurchaseKey>,
    ) {
        if let Some(&cents) = record.top_up() {
            self.topped_up_cents += cents;
            self.top_ups.push((cents, durable));
        }
        let Some(about) = record.about else { return };
        if let (Party::Server, Some(transfer)) = (party, record.transfer()) {
            self.post(transfer, 1);
        }
        let purchase = self.purchase(about, now_us);
        let journal = match party.side() {
            Side::Customer => &mut purchase.customer,
            Side::Merchant => &mut purchase.merchant,
            Side::Server => &mut purchase.server,
        };
        let new = !journal.iter().any(|(earlier, _)| earlier == record);
        journal.push((Arc::clone(record), durable));
        match party.side() {
            Side::Customer => {
                if let Some(instrument) = record.instrument() {
                    purchase.signed.get_or_insert_with(|| Arc::clone(instrument));
                }
            }
            Side::Merchant => {}
            Side::Server => {
                if let Some(&status) = record.status().filter(|status| status.is_terminal()) {
                    let first = *purchase.first_terminal.get_or_insert(status);
                    purchase.status_changed |= first != status;
                    if status == Status::Committed {
                        purchase.committed_us.get_or_insert(now_us);
                    }
                }
            }
        }
        // Of the other records only P's bear on what C can get, by the key that P has then.
        let goods = party.side() != Side::Merchant && record.parts.iter().any(is_goods);
        if goods {
            purchase.refresh(now_us, setup)
        } else {
            purchase.refresh_status(now_us, setup)
        }
        self.news |= new;
        touched.push(about);
    }

    fn post(&mut self, transfer: &Transfer, sign: Cents) {
        *self.moved.entry(transfer.payer).or_default() -= sign * transfer.debit_cents;
        *self.moved.entry(transfer.payee).or_default() += sign * transfer.credit_cents;
        self.imbalance_cents += sign * (transfer.credit_cents - transfer.debit_cents);
    }

    /// By how much more accounts have gained than lost, in all.
    pub const fn imbalance_cents(&self) -> Cents {
        self.imbalance_cents
    }

    /// Works out from the records of the purchases what is kept up with each event: the accounts, and the sum of all money. Says what
    /// differs. This is the slow way that checks the fast one. Where purchases are forgotten, only builds with debug assertions keep
    /// what it takes.
    pub fn audit(&self) -> Result<(), String> {
        let mut moved = self.brought_forward.clone();
        let records = self.purchases.values().flat_map(|purchase| purchase.server.iter());
        for transfer in records.filter_map(|(record, _)| record.transfer()) {
            *moved.entry(transfer.payer).or_default() -= transfer.debit_cents;
            *moved.entry(transfer.payee).or_default() += transfer.credit_cents;
        }
        let differs = |(account, cents): (&Party, &Cents)| {
            let kept = self.moved.get(account).copied().unwrap_or(0);
            (kept != *cents).then(|| format!("{account} moved {cents} cents by the records, and {kept} are counted"))
        };
        let counted = self.moved.keys().map(|account| (account, moved.get(account).unwrap_or(&0)));
        let wrong = moved.iter().chain(counted).find_map(differs);
        let sum: Cents = moved.values().sum();
        match wrong {
            Some(wrong) => Err(wrong),
            None if sum != self.imbalance_cents => {
                Err(format!("accounts add up to {sum} cents, and {} are counted", self.imbalance_cents))
            }
            None => Ok(()),
        }
    }

    /// Forgets a purchase, with the envelopes of those numbers. What it moved stays moved.
    pub fn forget(&mut self, about: &PurchaseKey, envelopes: &[u32]) -> Option<Box<PurchaseFacts>> {
        for number in envelopes {
            self.orders.remove(number);
        }
        let purchase = self.purchases.remove(about)?;
        for transfer in purchase.server.iter().filter_map(|(record, _)| record.transfer()) {
            if cfg!(debug_assertions) {
                *self.brought_forward.entry(transfer.payer).or_default() -= transfer.debit_cents;
                *self.brought_forward.entry(transfer.payee).or_default() += transfer.credit_cents;
            }
        }
        if let Some(merchant) = self.merchants.get_mut(&about.merchant) {
            merchant.remove(about);
            if merchant.is_empty() {
                self.merchants.remove(&about.merchant);
            }
        }
        if self.of_customer(about.customer).next().is_none() {
            self.wishes.remove(&about.customer);
        }
        Some(purchase)
    }

    /// The purchases of a party, in order.
    pub fn of_party(&self, party: Party) -> impl Iterator<Item = &PurchaseKey> {
        let (customer, merchant, all) = match party {
            Party::Customer(customer) => (Some(self.of_customer(customer)), None, None),
            Party::Merchant(merchant) => (None, self.merchants.get(&merchant), None),
            Party::Server => (None, None, Some(self.purchases.keys())),
        };
        customer.into_iter().flatten().chain(merchant.into_iter().flatten()).chain(all.into_iter().flatten())
    }

    /// A party lost its memory, and with it the records that are not durable.
    fn crashed(&mut self, now_us: u64, party: Party, setup: &Setup, touched: &mut Vec<PurchaseKey>) {
        let first = touched.len();
        touched.extend(self.of_party(party));
        let mut lost = Vec::new();
        for about in &touched[first..] {
            let Some(purchase) = self.purchases.get_mut(about) else { continue };
            match party {
                Party::Server => {
                    let before = purchase.status();
                    purchase.server.retain(|(record, durable)| {
                        lost.extend(record.transfer().filter(|_| !durable).copied());
                        *durable
                    });
                    purchase.status_changed |= before.is_terminal() && purchase.status() != before;
                    purchase.refresh_status(now_us, setup);
                }
                Party::Customer(_) => {
                    purchase.customer.retain(|(_, durable)| *durable);
                    purchase.received.clear();
                    purchase.customer_belief = None;
                    purchase.rested_us = None;
                    purchase.refresh(now_us, setup);
                }
                Party::Merchant(_) => {
                    purchase.merchant.retain(|(_, durable)| *durable);
                    purchase.merchant_belief = None;
                    purchase.refresh_status(now_us, setup);
                }
            }
        }
        lost.iter().for_each(|transfer| self.post(transfer, -1));
        if party == Party::Server {
            self.top_ups.retain(|(_, durable)| *durable);
            self.topped_up_cents = self.top_ups.iter().map(|(cents, _)| cents).sum();
        }
    }

    /// The purchases of a customer, in order.
    fn of_customer(&self, customer: u32) -> impl Iterator<Item = &PurchaseKey> {
        let first = PurchaseKey { customer, merchant: 0, tid: Tid([0; 16]) };
        let last = PurchaseKey { customer, merchant: u32::MAX, tid: Tid([0xff; 16]) };
        self.purchases.range(first..=last).map(|(about, _)| about)
    }
}

/// Whether a message on its way to `to` brings an order to somebody who may submit it or act on it. A question does not: P
/// never commits because of one.
pub fn carries_order(to: Party, message: &Message) -> bool {
    to.side() != Side::Customer && matches!(message.step, Step::Numbered(_)) && message.instrument().is_some()
}
