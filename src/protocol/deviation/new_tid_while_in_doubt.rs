//! C does not wait to learn what became of an order: at its next errand it orders the same thing again under a new TID.
//!
//! This is what people do who press the button twice. It can cost C the price twice; it must cost nobody else anything.

use std::sync::Arc;

use super::super::part::Parts;
use super::super::role::{AnyRole, Context, Effect, Input, Wish};
use super::{Deviation, Errands, Memory, sent};

#[derive(Debug)]
pub(super) struct NewTidWhileInDoubt;

impl Deviation for NewTidWhileInDoubt {
    fn name(&self) -> &'static str {
        "new-tid-while-in-doubt"
    }

    fn about(&self) -> &'static str {
        "C orders again under a new TID while it is in doubt"
    }

    /// The second purchase starts while the first is in doubt.
    fn errands(&self) -> Option<Errands> {
        Some(Errands::two(60_000))
    }

    /// The memory holds the orders of which C does not know how they ended.
    fn twist<'i>(&self, input: Input<'i>, _: &mut AnyRole, memory: &mut Memory, _: &mut Context<'_>) -> Input<'i> {
        let doubtful = memory.first().and_then(|message| Some((message.about, message.instrument()?.order)));
        match (input, doubtful) {
            (Input::Start(_), Some((about, order))) => {
                Input::Start(Wish { merchant: about.merchant, item: order.description.item })
            }
            _ => input,
        }
    }

    fn bend(&self, _: Input<'_>, effects: &mut Vec<Effect>, memory: &mut Memory, _: &mut Context<'_>) {
        for effect in effects.iter() {
            if let Some(message) = sent(effect, 3) {
                if !memory.iter().any(|kept| kept.about == message.about) {
                    memory.push(Arc::clone(message));
                }
            } else if let Effect::Believe { about, belief } = effect
                && belief.is_final()
            {
                memory.retain(|kept| kept.about != *about);
            }
        }
    }
}
