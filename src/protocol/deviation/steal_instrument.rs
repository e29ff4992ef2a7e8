//! M charges a purchase to the authority that C gave for another: another customer's, or the same customer's earlier one.
//!
//! As soon as M has seen the instrument of a second purchase it submits no order as it is. It submits the earlier one once more,
//! and then this one patched together from both. Where C's signature binds everything there is nothing to patch: M writes this
//! purchase's name over the other's order. Where C signs for the ciphertext apart (no `bound-signature`), the pieces fit: this
//! purchase's payment, with the other's ciphertext, acknowledgement and key.

use std::sync::Arc;

use super::super::message::Message;
use super::super::order::{Instrument, Order};
use super::super::part::{Part, Parts};
use super::super::role::{Context, Effect, Input};
use super::{Deviation, Errands, Memory, countersign, replace, sent};
use crate::party::{Party, Step};

#[derive(Debug)]
pub(super) struct StealInstrument;

/// The instrument that M makes of two.
fn patched(own: &Instrument, other: &Instrument) -> Instrument {
    match other.acknowledgement {
        Some(acknowledgement) => Instrument {
            order: Order { sealed: other.order.sealed, key: other.order.key, ..own.order },
            signature: own.signature,
            acknowledgement: Some(acknowledgement),
        },
        None => Instrument { order: Order { about: own.order.about, ..other.order }, ..other.clone() },
    }
}

impl Deviation for StealInstrument {
    fn name(&self) -> &'static str {
        "steal-instrument"
    }

    fn about(&self) -> &'static str {
        "M submits the instrument of another purchase"
    }

    /// The second purchase starts while the first is under way.
    fn errands(&self) -> Option<Errands> {
        Some(Errands::two(20_000))
    }

    /// The memory holds the first submission of each purchase, as an honest merchant would have sent it.
    fn bend(&self, _: Input<'_>, effects: &mut Vec<Effect>, memory: &mut Memory, context: &mut Context<'_>) {
        let mut bent = Vec::with_capacity(effects.len());
        for effect in effects.drain(..) {
            let Some(message) = sent(&effect, 4).map(Arc::clone) else {
                bent.push(effect);
                continue;
            };
            let other = memory.iter().find(|kept| kept.about != message.about).map(Arc::clone);
            if !memory.iter().any(|kept| kept.about == message.about) {
                memory.push(Arc::clone(&message));
            }
            let instruments = message.instrument().zip(other.as_ref().and_then(|other| other.instrument()));
            let (Some(other), Some((own, theirs))) = (&other, instruments) else {
                bent.push(effect);
                continue;
            };
            let stolen = Arc::new(patched(own, theirs));
            let mut parts = message.parts.clone();
            // The goods are those that go with the stolen signature; so is the price, where it is the other's order.
            parts.retain(|part| !matches!(part, Part::Key(_) | Part::Item(_)));
            parts.extend(other.parts.iter().filter(|part| matches!(part, Part::Key(_) | Part::Item(_))).cloned());
            replace(&mut parts, Part::Price(stolen.order.price_cents));
            let goods = match (parts.key().copied(), parts.item().cloned()) {
                (Some(key), _) => Some(context.digest_key(&key)),
                (_, Some(item)) => Some(context.digest(&item)),
                _ => None,
            };
            let countersignature = countersign(&stolen, goods.as_ref(), context);
            replace(&mut parts, countersignature);
            replace(&mut parts, Part::Instrument(stolen));
            bent.push(Effect::Send { to: Party::Server, message: Arc::clone(other) });
            let message = Message::new(message.about, Step::Numbered(4), parts);
            bent.push(Effect::Send { to: Party::Server, message: Arc::new(message) });
        }
        *effects = bent;
    }
}
