//! The customer: asks for a price, signs an order, and wants to know how it ended.
//!
//! Each purchase is a state machine of its own, its states named for what it awaits. C rests on an outcome only once P's word
//! has reached it (a receipt, where P signs them), or, without `tombstone`, once P has said that it knows nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::asking::Asking;
use super::escrow::Escrow;
use super::mechanism::Mechanism;
use super::message::Message;
use super::order::{Description, Instrument, Order, Status};
use super::part::{Part, Parts};
use super::record::{Record, RecordKind};
use super::role::{Belief, Context, Input, Role, TimerKind, Wish};
use super::signing::{outcome_parts, receipt_holds, sign_order, sign_order_in_full, with_order};
use crate::crypto::Blob;
use crate::party::{Party, PurchaseKey, Side, Step, Tid};

/// A customer's volatile state.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Customer {
    escrow: Escrow,
    /// Boxed, so that a customer with one purchase under way takes up the room of one.
    purchases: BTreeMap<Tid, Box<Purchase>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Purchase {
    about: PurchaseKey,
    state: State,
    asking: Asking,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum State {
    /// Step 1 is sent.
    AwaitQuote { description: Description },
    /// Step 3 is sent: in doubt.
    AwaitOutcome { instrument: Arc<Instrument>, sealed: Option<Blob> },
    /// Charged, and still without the goods.
    AwaitGoods { instrument: Arc<Instrument>, sealed: Option<Blob> },
    /// The outcome is known, and so are the goods if there are any.
    Done(Belief),
}

impl Customer {
    /// A customer that remembers its journal.
    pub fn new(escrow: Escrow, journal: &mut dyn Iterator<Item = &Record>) -> Self {
        let mut customer = Customer { escrow, purchases: BTreeMap::new() };
        let mut ciphertexts: BTreeMap<Tid, Blob> = BTreeMap::new();
        for record in journal {
            let Some(about) = record.about else { continue };
            match record.kind {
                RecordKind::Ciphertext => {
                    ciphertexts.extend(record.sealed().map(|sealed| (about.tid, sealed.clone())));
                }
                RecordKind::Signed => {
                    let Some(instrument) = record.instrument().map(Arc::clone) else { continue };
                    let sealed = ciphertexts.remove(&about.tid);
                    customer
                        .purchases
                        .insert(about.tid, Purchase::new(about, State::AwaitOutcome { instrument, sealed }));
                }
                RecordKind::Outcome | RecordKind::Goods => {
                    if let Some(purchase) = customer.purchases.get_mut(&about.tid) {
                        purchase.remember(record);
                    }
                }
                _ => {}
            }
        }
        customer
    }

    fn start(&mut self, wish: Wish, context: &mut Context<'_>) {
        let Party::Customer(customer) = context.me else { return };
        let Some(description) = context.setup.description(wish.merchant, wish.item) else { return };
        let tid = if context.has(Mechanism::UnguessableTid) {
            let mut tid = [0; 16];
            tid.copy_from_slice(&context.draw()[..16]);
            Tid(tid)
        } else {
            Tid((self.purchases.len() as u128 + 1).to_be_bytes())
        };
        let about = PurchaseKey { customer, merchant: wish.merchant, tid };
        let purchase = Purchase::new(about, State::AwaitQuote { description });
        purchase.send_again(context);
        purchase.asking.await_answer(about, context);
        self.purchases.insert(tid, purchase);
    }
}

impl Role for Customer {
    fn handle(&mut self, input: Input<'_>, context: &mut Context<'_>) {
        match input {
            Input::Start(wish) => self.start(wish, context),
            Input::Message { message, .. } => {
                if let Some(purchase) = self.purchases.get_mut(&message.about.tid)
                    && purchase.about == message.about
                {
                    purchase.on_message(message, self.escrow, context);
                }
            }
            Input::Timeout(timer) => {
                if let Some(purchase) = self.purchases.get_mut(&timer.about.tid) {
                    purchase.on_timeout(timer.kind, context);
                }
            }
            Input::Restart => self.purchases.values_mut().for_each(|purchase| purchase.resume(context)),
            Input::TopUp(_) => {}
        }
    }

    fn forget(&mut self, about: &PurchaseKey) {
        if self.purchases.get(&about.tid).is_some_and(|purchase| purchase.about == *about) {
            self.purchases.remove(&about.tid);
        }
    }

    fn is_blank(&self) -> bool {
        self.purchases.is_empty()
    }
}

impl Purchase {
    fn new(about: PurchaseKey, state: State) -> Box<Self> {
        Box::new(Purchase { about, state, asking: Asking::default() })
    }

    /// Folds a record of the outcome into a purchase under recovery.
    fn remember(&mut self, record: &Record) {
        let has_goods = record.key().is_some() || record.item().is_some();
        let state = std::mem::replace(&mut self.state, State::Done(Belief::Charged));
        self.state = match (record.kind, record.status(), state) {
            (RecordKind::Outcome, Some(Status::Committed), State::AwaitOutcome { instrument, sealed })
                if !has_goods =>
            {
                State::AwaitGoods { instrument, sealed }
            }
            (RecordKind::Outcome, Some(Status::Committed), _) | (RecordKind::Goods, ..) => State::Done(Belief::Charged),
            _ => State::Done(Belief::NotCharged),
        };
    }

    /// After a restart: says again what it believes, and goes on asking.
    fn resume(&mut self, context: &mut Context<'_>) {
        match &self.state {
            State::AwaitQuote { .. } => return,
            State::AwaitOutcome { .. } => context.believe(self.about, Belief::InDoubt),
            State::AwaitGoods { .. } => context.believe(self.about, Belief::Charged),
            State::Done(belief) => return context.believe(self.about, *belief),
        }
        if context.has(Mechanism::Retransmit) {
            self.send_again(context);
        }
        self.asking.start_over(self.about, context);
    }

    /// Sends the message that the state awaits an answer to.
    fn send_again(&self, context: &mut Context<'_>) {
        let (step, parts) = match &self.state {
            State::AwaitQuote { description } => (Step::Numbered(1), vec![Part::Description(*description)]),
            State::AwaitOutcome { instrument, sealed } | State::AwaitGoods { instrument, sealed } => {
                let mut parts = vec![Part::Instrument(Arc::clone(instrument))];
                parts.extend(with_order(sealed.as_ref(), context));
                (Step::Numbered(3), parts)
            }
            State::Done(_) => return,
        };
        context.send(self.about.merchant(), Message::new(self.about, step, parts));
    }

    fn on_message(&mut self, message: &Message, escrow: Escrow, context: &mut Context<'_>) {
        match (&self.state, message.step) {
            (State::AwaitQuote { description }, Step::Numbered(2)) => self.sign(*description, message, escrow, context),
            (
                State::AwaitOutcome { .. } | State::AwaitGoods { .. },
                Step::Numbered(6) | Step::Answer(Side::Customer),
            ) => {
                self.settle(message, context);
            }
            _ => {}
        }
    }

    fn on_timeout(&mut self, kind: TimerKind, context: &mut Context<'_>) {
        match (kind, &self.state) {
            (_, State::Done(_)) => {}
            (TimerKind::Retry, _) => {
                self.send_again(context);
                self.asking.asked_again(self.about, context);
            }
            (
                TimerKind::Query,
                State::AwaitOutcome { instrument, sealed } | State::AwaitGoods { instrument, sealed },
            ) => {
                self.asking.ask(Side::Customer, instrument, sealed.as_ref(), context);
            }
            _ => {}
        }
    }

    /// Step 2 has arrived: order what is quoted. Saved before it is sent, so that a restarted C knows what it signed.
    fn sign(&mut self, description: Description, quote: &Message, escrow: Escrow, context: &mut Context<'_>) {
        let Some(&price_cents) = quote.price().filter(|price| **price > 0) else { return };
        let (sealed, key) = match escrow {
            Escrow::Key => {
                let Some(sealed) = quote.sealed() else { return };
                let key = quote.key_digest().copied();
                if context.has(Mechanism::KeyCommitment) && key.is_none() {
                    return;
                }
                (Some(sealed.clone()), key)
            }
            Escrow::Nothing | Escrow::Item => (None, None),
        };
        let in_full = sealed.as_ref().filter(|_| context.has(Mechanism::WholeSignatures));
        let by_digest = sealed.as_ref().filter(|_| in_full.is_none());
        let order = Order {
            about: self.about,
            price_cents,
            description,
            sealed: by_digest.map(|sealed| context.digest(sealed)),
            key,
            expires_us: context.now_us().saturating_add(context.setup.timing.instrument_lifetime_us),
        };
        let instrument = Arc::new(match in_full {
            Some(sealed) => sign_order_in_full(order, sealed, context),
            None => sign_order(order, context),
        });
        if let Some(sealed) = &sealed {
            // Two records, so that `ciphertext-journal` can take one of them away.
            let journal = if context.has(Mechanism::CustomerJournal) {
                Mechanism::CiphertextJournal
            } else {
                Mechanism::CustomerJournal
            };
            context.save(journal, self.record(RecordKind::Ciphertext, vec![Part::Sealed(sealed.clone())]));
        }
        let signed = self.record(RecordKind::Signed, vec![Part::Instrument(Arc::clone(&instrument))]);
        context.save(Mechanism::CustomerJournal, signed);
        context.believe(self.about, Belief::InDoubt);
        self.state = State::AwaitOutcome { instrument, sealed };
        self.send_again(context);
        self.asking.start_over(self.about, context);
    }

    /// Step 6 or an answer of P's has arrived.
    fn settle(&mut self, message: &Message, context: &mut Context<'_>) {
        let (State::AwaitOutcome { instrument, sealed } | State::AwaitGoods { instrument, sealed }) = &self.state
        else {
            return;
        };
        let (instrument, sealed) = (Arc::clone(instrument), sealed.clone());
        let known = matches!(self.state, State::AwaitGoods { .. });
        let Some(&status) = message.status() else { return };
        if !known && context.has(Mechanism::SignedStatus) && !receipt_holds(&instrument.order, message, context) {
            return;
        }
        let goods = goods_in(message, &instrument.order, sealed.as_ref(), context);
        match status {
            Status::Committed => {
                let mut parts: Vec<Part> = goods.iter().cloned().collect();
                if known {
                    if parts.is_empty() {
                        return;
                    }
                    context.save(Mechanism::CustomerJournal, self.record(RecordKind::Goods, parts));
                } else {
                    parts.extend(outcome_parts(message));
                    context.save(Mechanism::CustomerJournal, self.record(RecordKind::Outcome, parts));
                    context.believe(self.about, Belief::Charged);
                }
                match goods {
                    Some(_) => self.done(Belief::Charged, context),
                    None => self.state = State::AwaitGoods { instrument, sealed },
                }
            }
            _ if known => {}
            Status::Declined | Status::Aborted => self.not_charged(message, context),
            Status::Unknown => {
                if !context.has(Mechanism::Tombstone) && context.setup.timing.gives_up_on_unknown {
                    self.not_charged(message, context);
                }
            }
        }
    }

    fn not_charged(&mut self, message: &Message, context: &mut Context<'_>) {
        context.save(Mechanism::CustomerJournal, self.record(RecordKind::Outcome, outcome_parts(message)));
        context.believe(self.about, Belief::NotCharged);
        self.done(Belief::NotCharged, context);
    }

    fn done(&mut self, belief: Belief, context: &mut Context<'_>) {
        self.state = State::Done(belief);
        self.asking.stop(self.about, context);
    }

    fn record(&self, kind: RecordKind, parts: Vec<Part>) -> Record {
        Record { kind, about: Some(self.about), parts }
    }
}

/// The goods in a message, if they are of use: a key that opens the ciphertext (with `key-commitment`, the one that the order
/// commits to), or an item; and, with `item-digest`, what the order describes. C goes on asking otherwise, since what it holds may have been garbled on the way.
fn goods_in(message: &Message, order: &Order, sealed: Option<&Blob>, context: &mut Context<'_>) -> Option<Part> {
    let (item, part) = match (message.key(), message.item(), sealed) {
        (Some(key), _, Some(sealed)) => {
            // AES-GCM does not commit to its key: a ciphertext can be made that opens under two. What P has, and what C can
            // prove, is the one that C's order commits to.
            if order.key.is_some_and(|committed| context.digest_key(key) != committed) {
                return None;
            }
            (context.open(key, sealed)?, Part::Key(*key))
        }
        (_, Some(item), _) => (item.clone(), Part::Item(item.clone())),
        _ => return None,
    };
    match order.description.digest {
        Some(digest) if context.digest(&item) != digest => None,
        _ => Some(part),
    }
}
