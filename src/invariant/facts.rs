//! What is known of each purchase from outside: folded from records, envelopes and what parties tell their owners.
//!
//! Every invariant reads these facts and nothing else. No role is asked anything, so no role testifies for itself.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::purchase::is_goods;

use crate::party::{Party, PurchaseKey, Side, Step};
use crate::protocol::by_purchase::ByPurchase;
use crate::protocol::message::Message;
use crate::protocol::order::{Cents, Status, Transfer};
use crate::protocol::part::Parts;
use crate::protocol::record::Record;
use crate::protocol::role::Wish;
use crate::protocol::setup::Setup;
use crate::world::{Envelope, Event, Fate, Happening, Loss};

pub use super::purchase::{Entry, PurchaseFacts};

/// What is known of a whole run.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// The purchases, by key.
    pub purchases: ByPurchase<Box<PurchaseFacts>>,
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
    merchants: FxHashMap<u32, FxHashSet<PurchaseKey>>,
}

impl Facts {
    /// Hashes all that a clause may read now or later; what is measured is left out.
    pub fn hash_known<H: Hasher>(&self, state: &mut H) {
        for purchase in self.purchases.values() {
            purchase.hash_known(state);
        }
        let sorted =
            |accounts: &FxHashMap<Party, Cents>| accounts.iter().map(|(a, b)| (*a, *b)).collect::<BTreeSet<_>>();
        let wishes: BTreeMap<&u32, &Wish> = self.wishes.iter().collect();
        (sorted(&self.moved), self.topped_up_cents, &self.top_ups, &self.gone, wishes).hash(state);
    }

    /// What is known at one moment, put together by somebody who has not listened.
    pub fn of(
        purchases: BTreeMap<PurchaseKey, Box<PurchaseFacts>>,
        moved: FxHashMap<Party, Cents>,
        topped_up_cents: Cents,
        gone: Vec<Party>,
    ) -> Self {
        let purchases = purchases.into_iter().collect();
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
        self.purchase_and_wishes(about, now_us).0
    }

    /// A purchase, and what customers set out to buy.
    fn purchase_and_wishes(&mut self, about: PurchaseKey, now_us: u64) -> (&mut PurchaseFacts, &FxHashMap<u32, Wish>) {
        let Facts { purchases, merchants, wishes, .. } = self;
        let purchase = purchases.get_or_insert_with(about, || {
            merchants.entry(about.merchant).or_default().insert(about);
            Box::new(PurchaseFacts::new(about, now_us))
        });
        (purchase, wishes)
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
                self.landed(envelope);
                // What an outsider hands out is nobody's delivery, whatever its recipient makes of it.
                if !envelope.forged {
                    self.arrived(now_us, envelope.to, message, setup, touched);
                }
            }
            Happening::Lost { event: Event::Arrival(envelope), loss } => {
                self.news = *loss == Loss::Separated;
                self.landed(envelope);
            }
            Happening::Forgone { event: Event::Arrival(envelope), .. } => self.landed(envelope),
            Happening::Saved { party, record, durable } => self.saved(now_us, *party, record, *durable, setup, touched),
            Happening::Believed { party, about, belief } => {
                let purchase = self.purchase(*about, now_us);
                let deviates = setup.deviations().any(|(side, _)| side == party.side());
                self.news = purchase.told(now_us, party.side(), *belief, deviates);
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
                self.departed(envelope);
            }
            _ => {}
        }
    }

    fn sent(&mut self, now_us: u64, envelope: &Envelope, message: &Message, fate: Fate) {
        let (purchase, wishes) = self.purchase_and_wishes(message.about, now_us);
        purchase.messages += 1;
        if let (None, Party::Customer(number)) = (purchase.wish, envelope.from) {
            purchase.wish = wishes.get(&number).copied();
        }
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
        if carries_order(envelope.to, message) {
            let copies = match fate {
                Fate::Drop => 0,
                Fate::Twice(..) => 2,
                Fate::Arrive(_) | Fate::Hold | Fate::Garbled(..) => 1,
            };
            purchase.orders.push(envelope.number);
            purchase.under_way += copies;
        }
        self.last_expiry_us = self.last_expiry_us.max(expires_us);
    }

    /// An outsider's copy of a genuine order is as good as any other.
    fn forged(&mut self, envelope: &Envelope, message: &Message) {
        let Some(purchase) = self.purchases.get_mut(&message.about) else { return };
        let signed = purchase.signed.as_ref();
        if carries_order(envelope.to, message) && signed.is_some() && signed == message.instrument() {
            purchase.orders.push(envelope.number);
            purchase.under_way += 1;
        }
    }

    /// The purchase whose order an envelope carries, if it carries one.
    fn ordered(&mut self, envelope: &Envelope) -> Option<&mut PurchaseFacts> {
        let purchase = self.purchases.get_mut(&envelope.about)?;
        purchase.orders.contains(&envelope.number).then_some(purchase)
    }

    /// Another copy of an envelope is under way.
    fn departed(&mut self, envelope: &Envelope) {
        if let Some(purchase) = self.ordered(envelope) {
            purchase.under_way += 1;
        }
    }

    /// A copy has come to its end, one way or another.
    fn landed(&mut self, envelope: &Envelope) {
        if let Some(purchase) = self.ordered(envelope) {
            purchase.under_way = purchase.under_way.saturating_sub(1);
        }
    }

    fn arrived(&mut self, now_us: u64, to: Party, message: &Message, setup: &Setup, touched: &mut Vec<PurchaseKey>) {
        let Some(purchase) = self.purchases.get_mut(&message.about) else { return };
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
        let sum: Cents = moved.values().sum();
        for account in self.moved.keys() {
            moved.entry(*account).or_default();
        }
        // The least account that differs is named, wherever the others stand in their table.
        let wrong = moved.iter().find_map(differs);
        match wrong {
            Some(wrong) => Err(wrong),
            None if sum != self.imbalance_cents => {
                Err(format!("accounts add up to {sum} cents, and {} are counted", self.imbalance_cents))
            }
            None => Ok(()),
        }
    }

    /// Forgets a purchase. What it moved stays moved.
    pub fn forget(&mut self, about: &PurchaseKey) -> Option<Box<PurchaseFacts>> {
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
        if !self.knows_of_customer(about.customer) {
            self.wishes.remove(&about.customer);
        }
        Some(purchase)
    }

    /// Whether anything is known of a purchase of that customer's.
    pub fn knows_of_customer(&self, customer: u32) -> bool {
        self.purchases.of_customer(customer).next().is_some()
    }

    /// The purchases of a party, in order.
    pub fn of_party(&self, party: Party) -> Vec<PurchaseKey> {
        match party {
            Party::Customer(customer) => self.purchases.of_customer(customer).map(|(about, _)| *about).collect(),
            Party::Merchant(merchant) => {
                let mut abouts: Vec<_> = self.merchants.get(&merchant).into_iter().flatten().copied().collect();
                abouts.sort_unstable();
                abouts
            }
            Party::Server => self.purchases.keys().copied().collect(),
        }
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
}

/// Whether a message on its way to `to` brings an order to somebody who may submit it or act on it. A question does not: P
/// never commits because of one.
pub fn carries_order(to: Party, message: &Message) -> bool {
    to.side() != Side::Customer && matches!(message.step, Step::Numbered(_)) && message.instrument().is_some()
}
