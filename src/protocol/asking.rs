//! How C and M go on asking: the message sent again, P asked for the status, and the waits between, which grow.

use std::sync::Arc;

use super::mechanism::Mechanism;
use super::message::Message;
use super::order::{Instrument, request};
use super::part::Part;
use super::party::{Party, PurchaseKey, Side, Step};
use super::role::{Context, TimerKind};
use crate::crypto::Signature;

/// How often a party has asked about a purchase. Forgotten in a crash, like everything that is not in a journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Asking {
    retries: u32,
    queries: u32,
    /// The party's signature of its right to ask, made once.
    request: Option<Signature>,
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
        self.retries += 1;
        self.await_answer(about, context);
    }

    /// A new message is awaiting its answer.
    pub fn start_over(&mut self, about: PurchaseKey, context: &mut Context<'_>) {
        self.retries = 0;
        self.await_answer(about, context);
        self.await_status(about, context);
    }

    /// Asks P what has become of the purchase. The question carries the order, in which P reads when it lapses.
    pub fn ask(&mut self, side: Side, instrument: &Arc<Instrument>, context: &mut Context<'_>) {
        let about = instrument.order.about;
        let mut parts = vec![Part::Instrument(Arc::clone(instrument))];
        if context.has(Mechanism::AuthenticatedQuery) {
            let signature = *self.request.get_or_insert_with(|| context.sign(request(&about)));
            parts.push(Part::Request(signature));
        }
        context.send(Party::Server, Message::new(about, Step::Query(side), parts));
        self.queries += 1;
        self.await_status(about, context);
    }

    /// The answer is known.
    pub fn stop(&mut self, about: PurchaseKey, context: &mut Context<'_>) {
        self.request = None;
        context.cancel_timer(about, TimerKind::Retry);
        context.cancel_timer(about, TimerKind::Query);
    }
}
