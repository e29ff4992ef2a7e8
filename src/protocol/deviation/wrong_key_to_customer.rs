//! M registers the right key with P and sends C another, in the hope that C takes it and asks no further.

use super::super::escrow::Escrow;
use super::super::part::{Part, Parts};
use super::super::role::{Context, Effect, Input};
use super::{Deviation, Memory, replace, rewrite};
use crate::crypto::Key;

#[derive(Debug)]
pub(super) struct WrongKeyToCustomer;

impl Deviation for WrongKeyToCustomer {
    fn name(&self) -> &'static str {
        "wrong-key-to-customer"
    }

    fn about(&self) -> &'static str {
        "M sends C another key than it submitted"
    }

    fn acts_in(&self, escrow: Escrow) -> bool {
        escrow == Escrow::Key
    }

    fn bend(&self, _: Input<'_>, effects: &mut Vec<Effect>, _: &mut Memory, _: &mut Context<'_>) {
        rewrite(effects, 6, |parts| {
            if let Some(right) = parts.key().copied() {
                replace(parts, Part::Key(Key(right.0.map(|byte| !byte))));
            }
        });
    }
}
