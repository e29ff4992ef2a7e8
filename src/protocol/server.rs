//! The payment server: keeps the accounts, moves the money once, and answers for ever.
//!
//! What it decides and what it moves is one record, so that no crash comes between them. A submission whose signatures do not
//! hold is answered "unknown" and leaves no record: recording a refusal would let anyone who can garble a message, or guess a
//! TID, kill a purchase. Whatever fails a check on a genuine order is declined, for good with `final-decline`.

use std::sync::Arc;

use super::accounts::Accounts;
use super::by_purchase::ByPurchase;
use super::escrow::Escrow;
use super::mechanism::Mechanism;
use super::message::Message;
use super::order::{Cents, Instrument, Order, Status, Transfer, request, signed_again};
use super::part::{Part, Parts};
use super::record::{Record, RecordKind};
use super::role::{Context, Input, Role, TimerKind};
use super::setup::Setup;
use super::signing::instrument_holds;
use crate::crypto::Digest;
use crate::party::{Party, PurchaseKey, Side, Step};

/// P's volatile state: what the journal says, ready at hand.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Server {
    escrow: Escrow,
    opening_balance_cents: Cents,
    /// What each account has gained or lost since it was opened; an account that never moved is not listed.
    moved: Accounts,
    topped_up_cents: Cents,
    entries: ByPurchase<Entry>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Entry {
    /// What is recorded of the purchase: instrument, status, goods, receipt. The last record; of several commitments the first,
    /// so that the goods that P hands out are always the same.
    record: Arc<Record>,
    /// Whether P still knows that it has acted on the TID when the order comes again.
    remembered: bool,
}

impl Server {
    /// A payment server that remembers its journal.
    pub fn new(escrow: Escrow, setup: &Setup, journal: &mut dyn Iterator<Item = &Record>) -> Self {
        let mut server = Server {
            escrow,
            opening_balance_cents: setup.population.opening_balance_cents,
            moved: Accounts::default(),
            topped_up_cents: 0,
            entries: ByPurchase::default(),
        };
        journal.for_each(|record| server.apply(Arc::new(record.clone())));
        server
    }

    /// Takes a record to heart: the same path for one just written and for one read back.
    fn apply(&mut self, record: Arc<Record>) {
        if let Some(cents) = record.top_up() {
            self.topped_up_cents += *cents;
        }
        for part in &record.parts {
            if let Part::Transfer(transfer) = part {
                self.moved.post(transfer);
            }
        }
        let Some(about) = record.about else { return };
        // A TID that P acts on again, having forgotten that it has, is charged again; what P keeps of the purchase stays.
        let earlier = self.entries.get(&about).map(|entry| Arc::clone(&entry.record));
        let committed = |record: &Record| record.status() == Some(&Status::Committed);
        let record = earlier.filter(|earlier| committed(earlier) && committed(&record)).unwrap_or(record);
        self.entries.insert(about, Entry { record, remembered: true });
    }

    fn balance_cents(&self, customer: Party) -> Cents {
        self.opening_balance_cents + self.topped_up_cents + self.moved.gained_cents(customer)
    }

    /// Step 4 has arrived.
    fn submit(&mut self, message: &Message, context: &mut Context<'_>) {
        let Some(instrument) = message.instrument() else { return };
        let order = instrument.order;
        if order.about != message.about || !self.knows(&order.about, context) {
            return;
        }
        if context.has(Mechanism::IdempotentSubmit)
            && let Some(entry) = self.entries.get(&order.about).filter(|entry| entry.remembered)
        {
            let final_status = *entry.record.status().unwrap_or(&Status::Unknown) != Status::Declined
                || context.has(Mechanism::FinalDecline);
            let other_content = entry.record.sealed().is_some_and(|recorded| Some(recorded) != message.sealed());
            if entry.record.instrument().is_some_and(|recorded| recorded.order != order) || other_content {
                // A TID that was used for something else: a refusal of this order, which changes nothing about the other.
                if instrument_holds(instrument, message.sealed(), context) {
                    let refusal = self.outcome(instrument, Status::Declined, None, None, context);
                    self.tell_merchant(&refusal, context);
                }
                return;
            } else if final_status {
                let record = Arc::clone(&entry.record);
                return self.tell(&record, context);
            }
        }
        if !instrument_holds(instrument, message.sealed(), context)
            || !self.countersignature_holds(message, instrument, context)
        {
            let refusal = self.outcome(instrument, Status::Unknown, None, None, context);
            return self.tell_merchant(&refusal, context);
        }
        if context.now_us() >= order.expires_us {
            return match self.entries.get(&order.about).map(|entry| Arc::clone(&entry.record)) {
                Some(record) => self.tell(&record, context),
                None => self.decide(message, instrument, Status::Aborted, context),
            };
        }
        let status = if self.accepts(message, &order, context) { Status::Committed } else { Status::Declined };
        self.decide(message, instrument, status, context);
    }

    /// After a restart, without `dedup-retention`: what was forgotten by now stays forgotten, the rest will be. When P acted on
    /// a TID is not on record, so the time since the order was signed stands for it.
    fn forget_again(&mut self, context: &mut Context<'_>) {
        if context.has(Mechanism::DedupRetention) {
            return;
        }
        let timing = &context.setup.timing;
        for (about, entry) in self.entries.iter_mut() {
            let Some(instrument) = entry.record.instrument() else { continue };
            let signed_us = instrument.order.expires_us.saturating_sub(timing.instrument_lifetime_us);
            let forget_us = signed_us.saturating_add(timing.forgetful_us());
            if entry.record.status() != Some(&Status::Committed) {
                continue;
            }
            if context.now_us() >= forget_us {
                entry.remembered = false;
            } else {
                context.set_timer(*about, TimerKind::Forget, forget_us - context.now_us());
            }
        }
    }

    /// Whether both accounts exist.
    fn knows(&self, about: &PurchaseKey, context: &Context<'_>) -> bool {
        let population = &context.setup.population;
        population.index(about.customer()).is_some() && population.index(about.merchant()).is_some()
    }

    /// The digest of the goods that a submission carries.
    fn goods_digest(&self, message: &Message, context: &mut Context<'_>) -> Option<Digest> {
        match self.escrow {
            Escrow::Nothing => None,
            Escrow::Key => message.key().map(|key| context.digest_key(key)),
            Escrow::Item => message.item().map(|item| context.digest(item)),
        }
    }

    fn countersignature_holds(&self, message: &Message, instrument: &Instrument, context: &mut Context<'_>) -> bool {
        let statement = match self.escrow {
            Escrow::Nothing => return true,
            _ if context.has(Mechanism::Countersign) => {
                let in_full = match self.escrow {
                    Escrow::Key => message.sealed(),
                    _ => message.item(),
                };
                match in_full.filter(|_| context.has(Mechanism::WholeSignatures)) {
                    Some(content) => {
                        let key = message.key().map(|key| context.digest_key(key));
                        instrument.order.countersigned_in_full(key.as_ref(), content)
                    }
                    None => {
                        let goods = self.goods_digest(message, context);
                        instrument.order.countersigned(goods.as_ref())
                    }
                }
            }
            Escrow::Key => signed_again(instrument.acknowledgement.as_ref().unwrap_or(&instrument.signature)),
            Escrow::Item => return true,
        };
        let merchant = instrument.order.about.merchant();
        message.countersignature().is_some_and(|signature| context.verify(merchant, statement, signature))
    }

    /// Whether a genuine, unexpired order can be carried out as submitted: price, goods, funds.
    fn accepts(&self, message: &Message, order: &Order, context: &mut Context<'_>) -> bool {
        let goods = self.goods_digest(message, context);
        let goods_fit = match self.escrow {
            Escrow::Nothing => true,
            Escrow::Key => goods.is_some() && (!context.has(Mechanism::KeyCommitment) || order.key == goods),
            Escrow::Item => {
                goods.is_some() && (!context.has(Mechanism::ItemDigest) || order.description.digest == goods)
            }
        };
        goods_fit
            && message.price() == Some(&order.price_cents)
            && order.price_cents > 0
            && self.balance_cents(order.about.customer()) >= order.price_cents
    }

    /// Records an outcome, with the transfer in the same write, and tells both sides.
    fn decide(&mut self, message: &Message, instrument: &Arc<Instrument>, status: Status, context: &mut Context<'_>) {
        let goods = (status == Status::Committed).then(|| self.goods_digest(message, context)).flatten();
        let record = Arc::new(self.outcome(instrument, status, Some(message), goods, context));
        context.save(Mechanism::PaymentJournal, Arc::clone(&record));
        self.apply(Arc::clone(&record));
        if status == Status::Committed && !context.has(Mechanism::DedupRetention) {
            context.set_timer(instrument.order.about, TimerKind::Forget, context.setup.timing.forgetful_us());
        }
        self.tell(&record, context);
    }

    /// A record of an outcome; of a commitment, with everything that P must keep.
    fn outcome(
        &self,
        instrument: &Arc<Instrument>,
        status: Status,
        submission: Option<&Message>,
        goods: Option<Digest>,
        context: &mut Context<'_>,
    ) -> Record {
        let order = &instrument.order;
        let mut parts = vec![Part::Instrument(Arc::clone(instrument))];
        if let (Status::Committed, Some(submission)) = (status, submission) {
            let in_full = context.has(Mechanism::WholeSignatures);
            // Nobody has signed for what else may have come with it.
            let kept = |part: &&Part| match part {
                Part::Countersignature(_) => true,
                Part::Key(_) => self.escrow == Escrow::Key,
                Part::Item(_) => self.escrow == Escrow::Item,
                Part::Sealed(_) => in_full,
                _ => false,
            };
            parts.extend(submission.parts.iter().filter(kept).cloned());
            parts.push(Part::Transfer(Transfer {
                payer: order.about.customer(),
                debit_cents: order.price_cents,
                payee: order.about.merchant(),
                credit_cents: order.price_cents,
            }));
        }
        parts.push(Part::Status(status));
        parts.extend(goods.map(Part::GoodsDigest));
        if context.has(Mechanism::SignedStatus) {
            parts.push(Part::Receipt(context.sign(order.receipt(status, goods.as_ref()))));
        }
        Record { kind: RecordKind::Payment, about: Some(order.about), parts }
    }

    /// Sends step 5 and, in Case 3, step 6.
    fn tell(&self, record: &Record, context: &mut Context<'_>) {
        self.tell_merchant(record, context);
        if let (Escrow::Item, Some(about)) = (self.escrow, record.about) {
            let parts = reply(record, true);
            context.send(about.customer(), Message::new(about, Step::Numbered(6), parts));
        }
    }

    fn tell_merchant(&self, record: &Record, context: &mut Context<'_>) {
        let Some(about) = record.about else { return };
        context.send(about.merchant(), Message::new(about, Step::Numbered(5), reply(record, false)));
    }

    /// A question has arrived. P gives the goods to C alone, and with `authenticated-query` believes nobody's word for who asks.
    fn answer(&mut self, from: Party, side: Side, message: &Message, context: &mut Context<'_>) {
        let about = message.about;
        let asker = match side {
            Side::Customer => about.customer(),
            Side::Merchant => about.merchant(),
            Side::Server => return,
        };
        let Some(instrument) = message.instrument() else { return };
        if instrument.order.about != about || !self.knows(&about, context) {
            return;
        }
        let authenticated = context.has(Mechanism::AuthenticatedQuery);
        if authenticated
            && !message.request().is_some_and(|signature| context.verify(asker, request(&about), signature))
        {
            return;
        }
        let record = match self.entries.get(&about) {
            Some(entry) => Arc::clone(&entry.record),
            None if !instrument_holds(instrument, message.sealed(), context) => return,
            None => {
                let lapsed = context.now_us() >= instrument.order.expires_us && context.has(Mechanism::Tombstone);
                let status = if lapsed { Status::Aborted } else { Status::Unknown };
                let record = Arc::new(self.outcome(instrument, status, None, None, context));
                if lapsed {
                    context.save(Mechanism::PaymentJournal, Arc::clone(&record));
                    self.apply(Arc::clone(&record));
                }
                record
            }
        };
        let releases = context.has(Mechanism::ReleaseOnQuery) && (side == Side::Customer || !authenticated);
        let to = if authenticated { asker } else { from };
        context.send(to, Message::new(about, Step::Answer(side), reply(&record, releases)));
    }
}

/// What a recipient is told of a record.
fn reply(record: &Record, with_goods: bool) -> Vec<Part> {
    let told = |part: &&Part| match part {
        Part::Status(_) | Part::GoodsDigest(_) | Part::Receipt(_) => true,
        Part::Key(_) | Part::Item(_) => with_goods,
        _ => false,
    };
    record.parts.iter().filter(told).cloned().collect()
}

impl Role for Server {
    fn handle(&mut self, input: Input<'_>, context: &mut Context<'_>) {
        match input {
            Input::Message { from, message } => match message.step {
                Step::Numbered(4) => self.submit(message, context),
                Step::Query(side) => self.answer(from, side, message, context),
                _ => {}
            },
            Input::Timeout(timer) => {
                if let (TimerKind::Forget, Some(entry)) = (timer.kind, self.entries.get_mut(&timer.about)) {
                    entry.remembered = false;
                }
            }
            Input::TopUp(cents) => {
                let parts = vec![Part::TopUp(cents)];
                let record = Arc::new(Record { kind: RecordKind::TopUp, about: None, parts });
                self.apply(Arc::clone(&record));
                context.save(Mechanism::PaymentJournal, record);
            }
            Input::Restart => self.forget_again(context),
            Input::Start(_) => {}
        }
    }

    /// The accounts stay as they are.
    fn forget(&mut self, about: &PurchaseKey) {
        self.entries.remove(about);
    }
}
