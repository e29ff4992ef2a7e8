//! How C and M go on asking: the message sent again, P asked for the status, and the waits between, which grow.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use super::mechanism::Mechanism;
use super::message::Message;
use super::order::{Instrument, request};
use super::part::Part;
use super::role::{Context, TimerKind};
use super::signing::with_order;
use crate::crypto::{Blob, Signature};
use crate::party::{Party, PurchaseKey, Side, Step};

/// How often a party has asked about a purchase, counted while that makes the next wait longer. Forgotten in a crash, like everything that is not in a journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Asking {
    retries: u32,
    queries: u32,
    /// The party's signature of its right to ask.
    request: Once,
}

/// A signature that is made once and kept. It is a function of who asks about what, so whether it is there yet makes no difference
/// to the state of whoever holds it.
#[derive(Debug, Clone, Copy, Default)]
struct Once(Option<Signature>);

impl PartialEq for Once {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Once {}

impl Hash for Once {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

impl Asking {
    /// Sets the timer for sending the last message again, if messages are sent again.
    pub fn await_answer(&self, about: PurchaseKey, context: &mut Context<'_>) {
        if context.has(Mechanism::Retransmit) {
            context.set_timer(about, TimerKind::Retry, context.setup.timing.retry_us(self.retries));
        }
    }

    /// Sets the timer for asking P, if P may be asked.
    pub fn await_status(&self, about: PurchaseKey, context: &mut Context<'_>) {
        if context.has(Mechanism::StatusQuery) {
            context.set_timer(about, TimerKind::Query, context.setup.timing.query_us(self.queries));
        }
    }

    /// The message has been sent again; the next wait is longer.
    pub fn asked_again(&mut self, about: PurchaseKey, context: &mut Context<'_>) {
        self.retries = context.setup.timing.next_try(self.retries);
        self.await_answer(about, context);
    }

    /// A new message is awaiting its answer.
    pub fn start_over(&mut self, about: PurchaseKey, context: &mut Context<'_>) {
        self.retries = 0;
        self.await_answer(about, context);
        self.await_status(about, context);
    }

    /// Asks P what has become of the purchase. The question carries the order, in which P reads when it lapses.
    pub fn ask(&mut self, side: Side, instrument: &Arc<Instrument>, sealed: Option<&Blob>, context: &mut Context<'_>) {
        let about = instrument.order.about;
        let mut parts = vec![Part::Instrument(Arc::clone(instrument))];
        parts.extend(with_order(sealed, context));
        if context.has(Mechanism::AuthenticatedQuery) {
            let signature = *self.request.0.get_or_insert_with(|| context.sign(request(&about)));
            parts.push(Part::Request(signature));
        }
        context.send(Party::Server, Message::new(about, Step::Query(side), parts));
        self.queries = context.setup.timing.next_try(self.queries);
        self.await_status(about, context);
    }

    /// The answer is known.
    pub fn stop(&mut self, about: PurchaseKey, context: &mut Context<'_>) {
        self.request = Once(None);
        context.cancel_timer(about, TimerKind::Retry);
        context.cancel_timer(about, TimerKind::Query);
    }
}
