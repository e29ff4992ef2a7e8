//! C gets what it paid for and says of everything that bears its name that it is not its own.
//!
//! A signature cannot be unmade. What C can do is to show the judge others: the same order with a signature that does not hold,
//! and another order under the same name that it signs for the occasion.

use std::sync::Arc;

use super::super::order::{Description, Instrument, Order};
use super::super::part::{Part, Parts};
use super::Deviation;
use super::testimony::{self, Stand};
use crate::crypto::Signature;

#[derive(Debug)]
pub(super) struct DenyReceipt;

impl Deviation for DenyReceipt {
    fn name(&self) -> &'static str {
        "deny-receipt"
    }

    fn about(&self) -> &'static str {
        "C denies before the judge what it ordered and received"
    }

    /// Beside the usual: the order with a bad signature, and another one with a good signature, in place of its journal.
    fn testify(&self, stand: &Stand<'_>) -> Vec<Vec<Part>> {
        let mut bundles = testimony::forge(stand);
        if let Some(genuine) = stand.own.instrument() {
            let torn = Instrument { signature: Signature([7; 64]), ..(**genuine).clone() };
            bundles.push(vec![Part::Instrument(Arc::new(torn))]);
            let description = Description {
                digest: Some(stand.setup.crypto.digest_blob(&stand.junk())),
                ..genuine.order.description
            };
            bundles.push(vec![stand.order(Order { description, ..genuine.order })]);
        }
        bundles
    }
}
