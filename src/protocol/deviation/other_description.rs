//! M delivers another item of its catalogue, and submits the order as if C had ordered that one.
//!
//! Unlike [`wrong_item`](super::wrong_item), where the order stays as C signed it, the submission is of one piece: description and
//! goods agree. What does not agree is C's signature.

use std::sync::Arc;

use super::super::order::{Instrument, Order};
use super::super::part::{Part, Parts};
use super::super::role::{Context, Effect, Input};
use super::super::setup::Setup;
use super::{Deviation, Memory, countersign, replace, rewrite};
use crate::crypto::Blob;
use crate::party::Party;

#[derive(Debug)]
pub(super) struct OtherDescription;

/// The item that M would rather deliver.
fn neighbour(setup: &Setup, item: u32) -> u32 {
    (item + 1) % setup.catalogue.items().max(1)
}

impl Deviation for OtherDescription {
    fn name(&self) -> &'static str {
        "other-description"
    }

    fn about(&self) -> &'static str {
        "M delivers another item, and writes its description into the order"
    }

    fn goods(&self, setup: &Setup, merchant: u32, item: u32) -> Option<Blob> {
        setup.offer(merchant, neighbour(setup, item)).map(|offer| offer.item.clone())
    }

    fn bend(&self, _: Input<'_>, effects: &mut Vec<Effect>, _: &mut Memory, context: &mut Context<'_>) {
        let Party::Merchant(me) = context.me else { return };
        rewrite(effects, 4, |parts| {
            let Some(instrument) = parts.instrument().map(Arc::clone) else { return };
            let item = neighbour(context.setup, instrument.order.description.item);
            let Some(description) = context.setup.description(me, item) else { return };
            let order = Order { description, ..instrument.order };
            let changed = Arc::new(Instrument { order, ..(*instrument).clone() });
            let goods = match (parts.key().copied(), parts.item().cloned()) {
                (Some(key), _) => Some(context.digest_key(&key)),
                (_, Some(item)) => Some(context.digest(&item)),
                _ => None,
            };
            let countersignature = countersign(&changed, goods.as_ref(), context);
            replace(parts, countersignature);
            replace(parts, Part::Instrument(changed));
        });
    }
}
