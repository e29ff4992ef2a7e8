//! C signs for a ciphertext that it made up, and keeps the one that it was sent.
//!
//! If M does not look, C gets a key that opens what it has, and holds M's signature over something that the key does not open.
//! In Cases 1 and 3 there is no ciphertext to sign for.

use std::sync::Arc;

use super::super::escrow::Escrow;
use super::super::message::Message;
use super::super::order::{Instrument, Order};
use super::super::part::{Part, Parts};
use super::super::record::Record;
use super::super::role::{Context, Effect, Input};
use super::super::setup::Setup;
use super::testimony::{self, Stand};
use super::{Deviation, Memory, replace, signed};
use crate::crypto::{Blob, Key};

#[derive(Debug)]
pub(super) struct SignWrongDigest;

/// The ciphertext that C signs for: junk under a key that C has thrown away.
fn junk(setup: &Setup, order: &Order) -> Option<Blob> {
    let content = setup.other_content(order.about.merchant, order.description.item)?;
    let mut key = [0; 32];
    key[..16].copy_from_slice(&order.about.tid.0);
    Some(setup.crypto.seal(&Key(key), [0; 12], &content))
}

/// The order that C signs in place of the one that it should.
fn forged(genuine: &Instrument, context: &mut Context<'_>) -> Option<Arc<Instrument>> {
    genuine.order.sealed?;
    let junk = junk(context.setup, &genuine.order)?;
    let order = Order { sealed: Some(context.digest(&junk)), ..genuine.order };
    (order != genuine.order).then(|| signed(order, context))
}

impl Deviation for SignWrongDigest {
    fn name(&self) -> &'static str {
        "sign-wrong-digest"
    }

    fn about(&self) -> &'static str {
        "C signs the digest of a ciphertext of its own making"
    }

    fn acts_in(&self, escrow: Escrow) -> bool {
        escrow == Escrow::Key
    }

    /// What C writes down, what it sends and what it asks P with are the same order.
    fn bend(&self, _: Input<'_>, effects: &mut Vec<Effect>, _: &mut Memory, context: &mut Context<'_>) {
        for effect in effects {
            match effect {
                Effect::Save { record, .. } => {
                    let Some(forged) = record.instrument().and_then(|genuine| forged(genuine, context)) else {
                        continue;
                    };
                    let mut parts = record.parts.clone();
                    replace(&mut parts, Part::Instrument(forged));
                    *record = Arc::new(Record { parts, ..(**record).clone() });
                }
                Effect::Send { message, .. } => {
                    let Some(forged) = message.instrument().and_then(|genuine| forged(genuine, context)) else {
                        continue;
                    };
                    let mut parts = message.parts.clone();
                    replace(&mut parts, Part::Instrument(forged));
                    *message = Arc::new(Message::new(message.about, message.step, parts));
                }
                _ => {}
            }
        }
    }

    /// Beside the usual: the junk that C signed for, with the order.
    fn testify(&self, stand: &Stand<'_>) -> Vec<Vec<Part>> {
        let mut bundles = testimony::forge(stand);
        let instrument = stand.server.instrument().or(stand.own.instrument());
        if let Some(instrument) = instrument
            && let Some(junk) = junk(stand.setup, &instrument.order)
        {
            bundles.push(vec![Part::Instrument(Arc::clone(instrument)), Part::Sealed(junk)]);
        }
        bundles
    }
}
