//! The ways in which a party may break the protocol.
//!
//! A deviating party runs the honest role and bends what comes out of it: it keeps messages back, sends others, or works from a
//! catalogue that lies. It signs as itself only, like everyone else. What hurts nobody but the deviating party is no violation.
//! The lists here are what scenarios, the command line and reports read; each deviation is a file of its own.

mod abort_after_quote;
mod raise_price;
mod submit_twice;
mod withhold_item;
mod withhold_submit;
mod wrong_item;
mod wrong_key;

use std::fmt::Debug;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use super::message::Message;
use super::part::Part;
use super::party::Step;
use super::role::{AnyRole, Context, Effect, Input, Role};
use super::setup::Setup;
use crate::crypto::Blob;

/// A way of breaking the protocol.
pub trait Deviation: Debug + Send + Sync {
    /// The name that scenarios use.
    fn name(&self) -> &'static str;

    /// One line on what the party does.
    fn about(&self) -> &'static str;

    /// Changes what the honest role wants done with an input.
    fn bend(&self, _effects: &mut Vec<Effect>, _context: &mut Context<'_>) {}

    /// What a merchant hands out instead of an item, if it does.
    fn goods(&self, _setup: &Setup, _merchant: u32, _item: u32) -> Option<Blob> {
        None
    }
}

/// A deviation, known by its name.
pub type Known = &'static dyn Deviation;

/// How merchants may deviate.
pub const MERCHANT: &[Known] = &[
    &withhold_item::WithholdItem,
    &withhold_submit::WithholdSubmit,
    &submit_twice::SubmitTwice,
    &wrong_item::WrongItem,
    &wrong_key::WrongKey,
    &raise_price::RaisePrice,
];

/// How customers may deviate.
pub const CUSTOMER: &[Known] = &[&abort_after_quote::AbortAfterQuote];

/// The name of not deviating.
pub const HONEST: &str = "honest";

/// The deviation of that name in a list, if it is one.
pub fn find(list: &[Known], name: &str) -> Option<Known> {
    list.iter().copied().find(|known| known.name() == name)
}

/// A role whose effects are bent.
#[derive(Debug, Clone)]
pub struct Deviant {
    role: AnyRole,
    deviation: Known,
}

impl Deviant {
    /// The honest role, bent.
    pub fn new(role: Box<dyn Role>, deviation: Known) -> Self {
        Deviant { role: AnyRole(role), deviation }
    }
}

impl PartialEq for Deviant {
    fn eq(&self, other: &Self) -> bool {
        self.role == other.role && self.deviation.name() == other.deviation.name()
    }
}

impl Eq for Deviant {}

impl Hash for Deviant {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.role.hash(hasher);
        self.deviation.name().hash(hasher);
    }
}

impl Role for Deviant {
    fn handle(&mut self, input: Input<'_>, context: &mut Context<'_>) {
        let mut earlier = std::mem::take(context.effects);
        self.role.0.handle(input, context);
        let mut effects = std::mem::take(context.effects);
        self.deviation.bend(&mut effects, context);
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
