//! The merchant: quotes, submits the order that C signed, and delivers once P says that it has been paid.

use std::sync::Arc;

use super::asking::Asking;
use super::by_purchase::ByPurchase;
use super::escrow::Escrow;
use super::mechanism::Mechanism;
use super::message::Message;
use super::order::{Instrument, Status, signed_again};
use super::part::{Part, Parts};
use super::record::{Record, RecordKind};
use super::role::{Belief, Context, Input, Role, TimerKind};
use super::signing::{instrument_holds, outcome_parts, receipt_holds, with_order};
use crate::crypto::{Blob, Key};
use crate::party::{Party, PurchaseKey, Side, Step};

/// A merchant's volatile state.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Merchant {
    escrow: Escrow,
    /// Boxed, so that the table moves no more than keys about.
    purchases: ByPurchase<Box<Purchase>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Purchase {
    about: PurchaseKey,
    /// What was quoted; `None` where M took an order that it does not remember quoting for.
    quote: Option<Quote>,
    state: State,
    asking: Asking,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Quote {
    item: u32,
    /// In Case 2: the key, and the item sealed under it.
    sealed: Option<(Key, Blob)>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum State {
    /// Step 2 is sent.
    AwaitOrder,
    /// Step 4 is sent: in doubt.
    AwaitStatus { instrument: Arc<Instrument> },
    /// The outcome is known; `outcome` is what C is told about it.
    Done { instrument: Arc<Instrument>, status: Status, outcome: Vec<Part> },
}

impl Merchant {
    /// A merchant that remembers its journal.
    pub fn new(escrow: Escrow, journal: &mut dyn Iterator<Item = &Record>) -> Self {
        let mut merchant = Merchant { escrow, purchases: ByPurchase::default() };
        for record in journal {
            let Some(about) = record.about else { continue };
            let purchase = merchant.purchases.get_or_insert_with(about, || Purchase::new(about));
            match (record.kind, &purchase.state) {
                (RecordKind::Quoted, _) => {
                    let sealed = record.key().copied().zip(record.sealed().cloned());
                    purchase.quote = record.description().map(|description| Quote { item: description.item, sealed });
                }
                (RecordKind::Ordered, _) => {
                    if let Some(instrument) = record.instrument().map(Arc::clone) {
                        purchase.state = State::AwaitStatus { instrument };
                    }
                }
                (RecordKind::Outcome, State::AwaitStatus { instrument }) => {
                    if let Some(&status) = record.status() {
                        let (instrument, outcome) = (Arc::clone(instrument), record.parts.clone());
                        purchase.state = State::Done { instrument, status, outcome };
                    }
                }
                _ => {}
            }
        }
        merchant
    }

    fn on_message(&mut self, message: &Message, context: &mut Context<'_>) {
        let about = message.about;
        if about.merchant() != context.me {
            return;
        }
        match message.step {
            Step::Numbered(1) => {
                let purchase = self.purchases.get_or_insert_with(about, || Purchase::new(about));
                purchase.on_inquiry(message, self.escrow, context);
                if purchase.quote.is_none() {
                    self.purchases.remove(&about);
                }
            }
            Step::Numbered(3) => {
                let (Some(instrument), sealed) = (message.instrument(), message.sealed()) else { return };
                match self.purchases.get_mut(&about) {
                    Some(purchase) => purchase.on_order(instrument, sealed, self.escrow, context),
                    // In Cases 1 and 3 an order says all that M must know; in Case 2 the key is gone.
                    None if self.escrow != Escrow::Key => {
                        let mut purchase = Purchase::new(about);
                        purchase.on_order(instrument, sealed, self.escrow, context);
                        if purchase.state != State::AwaitOrder {
                            self.purchases.insert(about, purchase);
                        }
                    }
                    None => {}
                }
            }
            Step::Numbered(5) | Step::Answer(Side::Merchant) => {
                if let Some(purchase) = self.purchases.get_mut(&about) {
                    purchase.on_status(message, self.escrow, context);
                }
            }
            _ => {}
        }
    }
}

impl Role for Merchant {
    fn handle(&mut self, input: Input<'_>, context: &mut Context<'_>) {
        match input {
            Input::Message { message, .. } => self.on_message(message, context),
            Input::Timeout(timer) => {
                if let Some(purchase) = self.purchases.get_mut(&timer.about) {
                    purchase.on_timeout(timer.kind, self.escrow, context);
                }
            }
            Input::Restart => {
                let escrow = self.escrow;
                self.purchases.iter_mut().for_each(|(_, purchase)| purchase.resume(escrow, context));
            }
            Input::Start(_) | Input::TopUp(_) => {}
        }
    }

    fn forget(&mut self, about: &PurchaseKey) {
        self.purchases.remove(about);
    }

    fn is_blank(&self) -> bool {
        self.purchases.is_empty()
    }
}

impl Purchase {
    fn new(about: PurchaseKey) -> Box<Self> {
        Box::new(Purchase { about, quote: None, state: State::AwaitOrder, asking: Asking::default() })
    }

    /// After a restart: says again what it believes, and goes on asking.
    fn resume(&mut self, escrow: Escrow, context: &mut Context<'_>) {
        match &self.state {
            State::AwaitOrder => {}
            State::AwaitStatus { .. } => {
                context.believe(self.about, Belief::InDoubt);
                if context.has(Mechanism::Retransmit) {
                    self.submit(escrow, context);
                }
                self.asking.start_over(self.about, context);
            }
            State::Done { status, .. } => context.believe(self.about, belief(*status)),
        }
    }

    /// Step 1 has arrived, for the first time or again.
    fn on_inquiry(&mut self, message: &Message, escrow: Escrow, context: &mut Context<'_>) {
        let Some(description) = message.description() else { return };
        let repeated = self.quote.is_some();
        if !(repeated && context.has(Mechanism::OneKeyPerTid)) {
            let Some(offer) = context.setup.offer(self.about.merchant, description.item) else { return };
            let price_cents = offer.price_cents;
            if escrow == Escrow::Key {
                let Some((key, sealed)) = seal_item(self.about.merchant, description.item, context) else { return };
                let parts = vec![
                    Part::Description(*description),
                    Part::Price(price_cents),
                    Part::Sealed(sealed.clone()),
                    Part::Key(key),
                ];
                let quoted = Record { kind: RecordKind::Quoted, about: Some(self.about), parts };
                context.save(Mechanism::MerchantJournal, quoted);
                self.quote = Some(Quote { item: description.item, sealed: Some((key, sealed)) });
            } else {
                self.quote = Some(Quote { item: description.item, sealed: None });
            }
        }
        let Some(quote) = &self.quote else { return };
        let Some(offer) = context.setup.offer(self.about.merchant, quote.item) else { return };
        let mut parts = vec![Part::Price(offer.price_cents)];
        if let Some((key, sealed)) = quote.sealed.clone() {
            if context.has(Mechanism::KeyCommitment) {
                parts.push(Part::KeyDigest(context.digest_key(&key)));
            }
            parts.push(Part::Sealed(sealed));
        }
        context.send(self.about.customer(), Message::new(self.about, Step::Numbered(2), parts));
    }

    /// Step 3 has arrived, for the first time or again.
    fn on_order(
        &mut self,
        instrument: &Arc<Instrument>,
        sealed: Option<&Blob>,
        escrow: Escrow,
        context: &mut Context<'_>,
    ) {
        match &self.state {
            State::AwaitStatus { .. } if context.has(Mechanism::MerchantDedup) => {}
            State::Done { .. } if context.has(Mechanism::MerchantDedup) => self.deliver(escrow, context),
            _ => {
                if !self.order_holds(instrument, sealed, context) {
                    return;
                }
                let parts = vec![Part::Instrument(Arc::clone(instrument))];
                let ordered = Record { kind: RecordKind::Ordered, about: Some(self.about), parts };
                context.save(Mechanism::MerchantJournal, ordered);
                context.believe(self.about, Belief::InDoubt);
                self.state = State::AwaitStatus { instrument: Arc::clone(instrument) };
                self.submit(escrow, context);
                self.asking.start_over(self.about, context);
            }
        }
    }

    /// Whether the order is C's and what M has quoted. One that is not is C's own mistake, or the network's: it is not answered.
    fn order_holds(&self, instrument: &Instrument, signed: Option<&Blob>, context: &mut Context<'_>) -> bool {
        let order = &instrument.order;
        let item = self.quote.as_ref().map_or(order.description.item, |quote| quote.item);
        let Some(offer) = context.setup.offer(self.about.merchant, item) else { return false };
        let as_quoted =
            order.about == self.about && order.price_cents == offer.price_cents && order.description.item == item;
        let digest_fits = order.description.digest.is_none_or(|digest| digest == offer.digest);
        if !as_quoted || !digest_fits || !instrument_holds(instrument, signed, context) {
            return false;
        }
        let Some((key, sealed)) = self.quote.as_ref().and_then(|quote| quote.sealed.as_ref()) else { return true };
        if !context.has(Mechanism::MerchantChecksSeal) {
            return true;
        }
        let as_sealed = if context.has(Mechanism::WholeSignatures) {
            signed == Some(sealed)
        } else {
            order.sealed == Some(context.digest(sealed))
        };
        as_sealed && order.key.is_none_or(|digest| digest == context.digest_key(key))
    }

    /// Sends step 4.
    fn submit(&mut self, escrow: Escrow, context: &mut Context<'_>) {
        let (State::AwaitStatus { instrument } | State::Done { instrument, .. }) = &self.state else { return };
        let instrument = Arc::clone(instrument);
        let order = instrument.order;
        let Some(offer) = context.setup.offer(self.about.merchant, order.description.item) else { return };
        let mut parts = vec![Part::Price(offer.price_cents)];
        let in_full = context.has(Mechanism::WholeSignatures);
        let goods = match (escrow, self.quote.as_ref().and_then(|quote| quote.sealed.as_ref())) {
            (Escrow::Key, Some((key, sealed))) => {
                parts.push(Part::Key(*key));
                parts.extend(with_order(Some(sealed), context));
                let digest = context.digest_key(key);
                Some(if in_full {
                    order.countersigned_in_full(Some(&digest), sealed)
                } else {
                    order.countersigned(Some(&digest))
                })
            }
            (Escrow::Item, _) => {
                let goods = context.setup.goods(self.about.merchant, order.description.item);
                let Some(item) = goods else { return };
                parts.push(Part::Item(item.clone()));
                Some(if in_full {
                    order.countersigned_in_full(None, &item)
                } else {
                    order.countersigned(Some(&context.digest(&item)))
                })
            }
            _ => None,
        };
        if let Some(statement) = goods.filter(|_| context.has(Mechanism::Countersign)) {
            parts.push(Part::Countersignature(context.sign(statement)));
        } else if escrow == Escrow::Key {
            let signature = instrument.acknowledgement.as_ref().unwrap_or(&instrument.signature);
            parts.push(Part::Countersignature(context.sign(signed_again(signature))));
        }
        parts.push(Part::Instrument(instrument));
        context.send(Party::Server, Message::new(self.about, Step::Numbered(4), parts));
    }

    /// Step 5, or P's answer to M's question, has arrived.
    fn on_status(&mut self, message: &Message, escrow: Escrow, context: &mut Context<'_>) {
        let State::AwaitStatus { instrument } = &self.state else { return };
        let instrument = Arc::clone(instrument);
        let Some(&status) = message.status() else { return };
        if context.has(Mechanism::SignedStatus) && !receipt_holds(&instrument.order, message, context) {
            return;
        }
        if !status.is_terminal() {
            // Nothing is settled, so the order may be submitted again; only on an answer to a question, which timers space out.
            if message.step == Step::Answer(Side::Merchant) {
                self.submit(escrow, context);
            }
            return;
        }
        let outcome = outcome_parts(message);
        let record = Record { kind: RecordKind::Outcome, about: Some(self.about), parts: outcome.clone() };
        context.save(Mechanism::MerchantJournal, record);
        context.believe(self.about, belief(status));
        self.state = State::Done { instrument, status, outcome };
        self.asking.stop(self.about, context);
        self.deliver(escrow, context);
    }

    /// Sends step 6: the goods if they are paid for, and P's word either way. In Case 3 that is P's part.
    fn deliver(&self, escrow: Escrow, context: &mut Context<'_>) {
        let State::Done { instrument, status, outcome } = &self.state else { return };
        let mut parts = outcome.clone();
        if *status == Status::Committed {
            let goods = match escrow {
                Escrow::Nothing => {
                    context.setup.goods(self.about.merchant, instrument.order.description.item).map(Part::Item)
                }
                Escrow::Key => {
                    self.quote.as_ref().and_then(|quote| quote.sealed.as_ref()).map(|(key, _)| Part::Key(*key))
                }
                Escrow::Item => None,
            };
            parts.extend(goods);
        }
        if escrow != Escrow::Item {
            context.send(self.about.customer(), Message::new(self.about, Step::Numbered(6), parts));
        }
    }

    fn on_timeout(&mut self, kind: TimerKind, escrow: Escrow, context: &mut Context<'_>) {
        let State::AwaitStatus { instrument } = &self.state else { return };
        let instrument = Arc::clone(instrument);
        match kind {
            TimerKind::Retry => {
                self.submit(escrow, context);
                self.asking.asked_again(self.about, context);
            }
            TimerKind::Query => {
                let sealed = self.quote.as_ref().and_then(|quote| quote.sealed.as_ref()).map(|(_, sealed)| sealed);
                self.asking.ask(Side::Merchant, &instrument, sealed, context);
            }
            TimerKind::Forget => {}
        }
    }
}

/// A fresh key, and the item sealed under it.
fn seal_item(merchant: u32, item: u32, context: &mut Context<'_>) -> Option<(Key, Blob)> {
    if let Some(made_up) = context.setup.sealed(merchant, item) {
        return Some(made_up);
    }
    let goods = context.setup.goods(merchant, item)?;
    let key = Key(context.draw());
    let mut nonce = [0; 12];
    nonce.copy_from_slice(&context.draw()[..12]);
    let sealed = context.seal(&key, nonce, &goods);
    Some((key, sealed))
}

fn belief(status: Status) -> Belief {
    match status {
        Status::Committed => Belief::Paid,
        Status::Declined | Status::Aborted => Belief::NotPaid,
        Status::Unknown => Belief::InDoubt,
    }
}
