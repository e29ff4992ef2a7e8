//! M registers a key with P that does not open the ciphertext it sent to C, and signs that it does.

use super::super::escrow::Escrow;
use super::super::mechanism::Mechanism;
use super::super::part::{Part, Parts};
use super::super::role::{Context, Effect, Input};
use super::{Deviation, Memory, rewrite};
use crate::crypto::Key;

#[derive(Debug)]
pub(super) struct WrongKey;

impl Deviation for WrongKey {
    fn name(&self) -> &'static str {
        "wrong-key"
    }

    fn about(&self) -> &'static str {
        "M submits another key to P"
    }

    fn acts_in(&self, escrow: Escrow) -> bool {
        escrow == Escrow::Key
    }

    fn bend(&self, _: Input<'_>, effects: &mut Vec<Effect>, _: &mut Memory, context: &mut Context<'_>) {
        rewrite(effects, 4, |parts| {
            let Some(right) = parts.key().copied() else { return };
            // The right key with its bits turned over: a junk key that is the same each time.
            let junk = Key(right.0.map(|byte| !byte));
            let order = parts.instrument().map(|instrument| instrument.order);
            let signature = order.filter(|_| context.has(Mechanism::Countersign)).map(|order| {
                let digest = context.digest_key(&junk);
                context.sign(order.countersigned(Some(&digest)))
            });
            for part in parts {
                match part {
                    Part::Key(key) => *key = junk,
                    Part::Countersignature(old) => *old = signature.unwrap_or(*old),
                    _ => {}
                }
            }
        });
    }
}
