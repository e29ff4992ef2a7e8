//! Signing and checking as the mechanisms say: C's order, P's receipts. Shared by the roles; the judge has rules of its own.

use super::mechanism::Mechanism;
use super::message::Message;
use super::order::{Instrument, Order};
use super::part::{Part, Parts};
use super::role::Context;
use crate::crypto::Blob;
use crate::party::Party;

/// The same with `whole-signatures`, over the ciphertext itself.
pub fn sign_order_in_full(order: Order, sealed: &Blob, context: &mut Context<'_>) -> Instrument {
    if context.has(Mechanism::BoundSignature) {
        Instrument { signature: context.sign(order.bound_in_full(sealed)), order, acknowledgement: None }
    } else {
        let signature = context.sign(order.unbound());
        Instrument { signature, order, acknowledgement: Some(context.sign(order.acknowledgement_in_full(sealed))) }
    }
}

/// The ciphertext that goes with an order, if C signs it in full.
pub fn with_order(sealed: Option<&Blob>, context: &Context<'_>) -> Option<Part> {
    sealed.filter(|_| context.has(Mechanism::WholeSignatures)).map(|sealed| Part::Sealed(sealed.clone()))
}

/// C's signature or, without `bound-signature`, its two signatures. An order without digests has nothing to sign apart.
pub fn sign_order(order: Order, context: &mut Context<'_>) -> Instrument {
    if context.has(Mechanism::BoundSignature) || order.sealed.is_none() {
        Instrument { signature: context.sign(order.bound()), order, acknowledgement: None }
    } else {
        let signature = context.sign(order.unbound());
        Instrument { signature, order, acknowledgement: Some(context.sign(order.acknowledgement())) }
    }
}

/// Whether both of C's signatures, or the one that binds everything, are C's. `sealed` is the ciphertext that came with the order,
/// which counts with `whole-signatures` only.
pub fn instrument_holds(instrument: &Instrument, sealed: Option<&Blob>, context: &mut Context<'_>) -> bool {
    let (order, customer) = (&instrument.order, instrument.order.about.customer());
    let sealed = sealed.filter(|_| context.has(Mechanism::WholeSignatures));
    match &instrument.acknowledgement {
        None => {
            let statement = sealed.map_or_else(|| order.bound(), |sealed| order.bound_in_full(sealed));
            context.verify(customer, statement, &instrument.signature)
        }
        Some(acknowledgement) => {
            let apart = sealed.map_or_else(|| order.acknowledgement(), |sealed| order.acknowledgement_in_full(sealed));
            context.verify(customer, order.unbound(), &instrument.signature)
                && context.verify(customer, apart, acknowledgement)
        }
    }
}

/// Whether a message's receipt is P's word on this very order.
pub fn receipt_holds(order: &Order, message: &Message, context: &mut Context<'_>) -> bool {
    match (message.status(), message.receipt()) {
        (Some(status), Some(receipt)) => {
            context.verify(Party::Server, order.receipt(*status, message.goods_digest()), receipt)
        }
        _ => false,
    }
}

/// The parts of a message that say how a purchase ended, to be kept.
pub fn outcome_parts(message: &Message) -> Vec<Part> {
    let kept = |part: &&Part| matches!(part, Part::Status(_) | Part::GoodsDigest(_) | Part::Receipt(_));
    message.parts.iter().filter(kept).cloned().collect()
}
