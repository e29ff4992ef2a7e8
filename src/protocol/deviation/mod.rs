//! The ways in which a party may break the protocol.
//!
//! A deviating party runs the honest role, twists what goes into it and bends what comes out of it: it keeps messages back, sends
//! others, or works from a catalogue that lies. Afterwards it lies to the judge as well as its evidence allows ([`testimony`]). It
//! signs as itself only, like everyone else. What hurts nobody but the deviating party is no violation. The lists here are what
//! scenarios, the command line and reports read; each deviation is a file of its own.

mod abort_after_quote;
mod claim_non_delivery;
mod deny_receipt;
mod frame_customer;
mod frame_merchant;
mod new_tid_while_in_doubt;
mod other_description;
mod overdraw;
mod raise_price;
mod reuse_tid;
mod sign_wrong_digest;
mod steal_instrument;
mod submit_late;
mod submit_twice;
pub mod testimony;
mod two_key_item;
mod withhold_item;
mod withhold_submit;
mod wrong_item;
mod wrong_key;
mod wrong_key_to_customer;

use std::fmt::Debug;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use super::escrow::Escrow;
use super::mechanism::Mechanism;
use super::message::Message;
use super::order::{Instrument, Order, signed_again};
use super::part::Part;
use super::role::{AnyRole, Context, Effect, Input, Role};
use super::setup::Setup;
use super::signing::sign_order;
use crate::crypto::{Blob, Digest, Key};
use crate::party::Step;
use testimony::Stand;

/// What a deviating party keeps in mind beside its role's state: messages that it may have a use for. A crash takes it.
pub type Memory = Vec<Arc<Message>>;

/// A way of breaking the protocol.
pub trait Deviation: Debug + Send + Sync {
    /// The name that scenarios use.
    fn name(&self) -> &'static str;

    /// One line on what the party does.
    fn about(&self) -> &'static str;

    /// Whether there is anything to it where the goods are there while the money moves.
    fn acts_in(&self, _: Escrow) -> bool {
        true
    }

    /// What customers have to set out to do for it, where a single purchase leaves it nothing to do.
    fn errands(&self) -> Option<Errands> {
        None
    }

    /// Looks at an input before the honest role gets it; what comes back is what the role gets. It may put another role in the
    /// honest one's place.
    fn twist<'i>(&self, input: Input<'i>, _: &mut AnyRole, _: &mut Memory, _: &mut Context<'_>) -> Input<'i> {
        input
    }

    /// Changes what the honest role wants done upon an input.
    fn bend(&self, _upon: Input<'_>, _effects: &mut Vec<Effect>, _: &mut Memory, _context: &mut Context<'_>) {}

    /// What a merchant hands out instead of an item, if it does.
    fn goods(&self, _setup: &Setup, _merchant: u32, _item: u32) -> Option<Blob> {
        None
    }

    /// An item that a merchant has made up for its catalogue, which then describes it, in place of the genuine one.
    fn prepared(&self, _setup: &Setup, _merchant: u32, _item: u32, _genuine: &Blob) -> Option<Blob> {
        None
    }

    /// A key and a ciphertext that a merchant has made up for an item, in place of sealing it under a fresh key.
    fn sealed(&self, _setup: &Setup, _merchant: u32, _item: u32) -> Option<(Key, Blob)> {
        None
    }

    /// What the party hands to the judge beyond, or instead of, what its journal holds: each bundle is tried. It signs as itself,
    /// uses what it has, and knows nobody else's secrets. A liar lies as well as it can, whatever else it does.
    fn testify(&self, stand: &Stand<'_>) -> Vec<Vec<Part>> {
        testimony::forge(stand)
    }

    /// Contents that the party would say were delivered, if they were not: those that its papers and P's record speak for.
    fn lies(&self, stand: &Stand<'_>) -> Vec<Blob> {
        testimony::plausible(stand)
    }
}

/// Several purchases by the same customer, or several merchants to buy from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Errands {
    /// How many.
    pub purchases: u32,
    /// How long after each other they start, in virtual microseconds.
    pub every_us: u64,
    /// What the customer's account holds, where it matters.
    pub opening_balance_cents: Option<u64>,
    /// How many merchants there are.
    pub merchants: u32,
}

impl Errands {
    /// Two purchases, so far apart.
    pub(super) const fn two(every_us: u64) -> Self {
        Errands { purchases: 2, every_us, opening_balance_cents: None, merchants: 1 }
    }

    /// The same as arguments of `replay` and `explore`, each with a blank before it.
    pub fn arguments(self) -> String {
        let Errands { purchases, every_us, opening_balance_cents, merchants } = self;
        let merchants = (merchants > 1).then(|| format!(" --merchants {merchants}"));
        let balance = opening_balance_cents.map(|cents| format!(" --opening-balance-cents {cents}"));
        let rest = [merchants, balance].into_iter().flatten().collect::<String>();
        format!(" --purchases {purchases} --every-us {every_us}{rest}")
    }
}

/// A deviation, known by its name.
pub type Known = &'static dyn Deviation;

/// How merchants may deviate.
pub const MERCHANT: &[Known] = &[
    &withhold_item::WithholdItem,
    &withhold_submit::WithholdSubmit,
    &submit_late::SubmitLate,
    &submit_twice::SubmitTwice,
    &wrong_item::WrongItem,
    &wrong_key::WrongKey,
    &wrong_key_to_customer::WrongKeyToCustomer,
    &two_key_item::TwoKeyItem,
    &raise_price::RaisePrice,
    &steal_instrument::StealInstrument,
    &other_description::OtherDescription,
    &frame_customer::FrameCustomer,
];

/// How customers may deviate.
pub const CUSTOMER: &[Known] = &[
    &abort_after_quote::AbortAfterQuote,
    &sign_wrong_digest::SignWrongDigest,
    &deny_receipt::DenyReceipt,
    &reuse_tid::ReuseTid,
    &new_tid_while_in_doubt::NewTidWhileInDoubt,
    &overdraw::Overdraw,
    &claim_non_delivery::ClaimNonDelivery,
    &frame_merchant::FrameMerchant,
];

/// The name of not deviating.
pub const HONEST: &str = "honest";

/// The deviation of that name in a list, if it is one.
pub fn find(list: &[Known], name: &str) -> Option<Known> {
    list.iter().copied().find(|known| known.name() == name)
}

/// A role whose inputs are twisted and whose effects are bent.
#[derive(Debug, Clone)]
pub struct Deviant {
    role: AnyRole,
    deviation: Known,
    memory: Memory,
}

impl Deviant {
    /// The honest role, bent.
    pub fn new(role: Box<dyn Role>, deviation: Known) -> Self {
        Deviant { role: AnyRole(role), deviation, memory: Memory::new() }
    }
}

impl PartialEq for Deviant {
    fn eq(&self, other: &Self) -> bool {
        self.role == other.role && self.deviation.name() == other.deviation.name() && self.memory == other.memory
    }
}

impl Eq for Deviant {}

impl Hash for Deviant {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.role.hash(hasher);
        self.deviation.name().hash(hasher);
        self.memory.hash(hasher);
    }
}

impl Role for Deviant {
    fn handle(&mut self, input: Input<'_>, context: &mut Context<'_>) {
        let mut earlier = std::mem::take(context.effects);
        let input = self.deviation.twist(input, &mut self.role, &mut self.memory, context);
        self.role.0.handle(input, context);
        let mut effects = std::mem::take(context.effects);
        self.deviation.bend(input, &mut effects, &mut self.memory, context);
        earlier.append(&mut effects);
        *context.effects = earlier;
    }
}

/// Whether an effect sends that step.
fn sends(effect: &Effect, step: u8) -> bool {
    matches!(effect, Effect::Send { message, .. } if message.step == Step::Numbered(step))
}

/// Rewrites the parts of every message of that step.
fn rewrite(effects: &mut [Effect], step: u8, mut change: impl FnMut(&mut Vec<Part>)) {
    for effect in effects {
        if let Effect::Send { message, .. } = effect
            && message.step == Step::Numbered(step)
        {
            let mut parts = message.parts.clone();
            change(&mut parts);
            *message = Arc::new(Message::new(message.about, message.step, parts));
        }
    }
}

/// The message that an effect sends, if it is of that step.
fn sent(effect: &Effect, step: u8) -> Option<&Arc<Message>> {
    match effect {
        Effect::Send { message, .. } if message.step == Step::Numbered(step) => Some(message),
        _ => None,
    }
}

/// M's signature in step 4 over an order that it has changed, or over other goods: as P demands it.
fn countersign(instrument: &Instrument, goods: Option<&Digest>, context: &mut Context<'_>) -> Part {
    let statement = if context.has(Mechanism::Countersign) {
        instrument.order.countersigned(goods)
    } else {
        signed_again(instrument.acknowledgement.as_ref().unwrap_or(&instrument.signature))
    };
    Part::Countersignature(context.sign(statement))
}

/// C's signature on an order of its own making.
fn signed(order: Order, context: &mut Context<'_>) -> Arc<Instrument> {
    Arc::new(sign_order(order, context))
}

/// Puts a part in the place of the one of its kind, if there is one.
fn replace(parts: &mut [Part], part: Part) {
    if let Some(old) = parts.iter_mut().find(|old| old.code() == part.code()) {
        *old = part;
    }
}
