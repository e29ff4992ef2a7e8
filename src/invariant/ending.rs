//! How a purchase ended: what outcomes are counted by, for every way of running one.

use serde::{Deserialize, Serialize};

use super::facts::PurchaseFacts;
use super::{Invariant, Verdict};
use crate::protocol::order::Status;
use crate::protocol::role::Belief;
use crate::protocol::setup::Setup;

/// What C holds in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Goods {
    /// Nothing.
    None,
    /// A ciphertext that it cannot open.
    Sealed,
    /// What the catalogue describes.
    Item,
    /// Something else.
    WrongItem,
}

/// How a purchase ended, and what broke on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Ending {
    /// What P's record says; committed if any of its records says so.
    pub payment: Status,
    /// What C holds.
    pub goods: Goods,
    /// Whether C neither holds anything nor can get it.
    pub out_of_reach: bool,
    /// What C last told its owner.
    pub customer_belief: Option<Belief>,
    /// What M did.
    pub merchant_belief: Option<Belief>,
    /// What held, in the order of [`Invariant::ALL`].
    pub verdicts: [Verdict; Invariant::ALL.len()],
}

impl Ending {
    /// How a purchase ended, given what of it broke.
    pub fn of(purchase: &PurchaseFacts, broken: impl Fn(Invariant) -> bool, setup: &Setup) -> Self {
        let goods = match &purchase.held {
            Some(held) if Some(held) == purchase.truth(setup).as_ref() => Goods::Item,
            Some(_) => Goods::WrongItem,
            None if purchase.has_ciphertext() => Goods::Sealed,
            None => Goods::None,
        };
        let mut verdicts = [Verdict::Holds; Invariant::ALL.len()];
        for (verdict, invariant) in verdicts.iter_mut().zip(Invariant::ALL) {
            if broken(*invariant) {
                *verdict = Verdict::Violated;
            }
        }
        Ending {
            payment: if purchase.committed() { Status::Committed } else { purchase.status() },
            goods,
            out_of_reach: purchase.obtainable(setup).is_none(),
            customer_belief: purchase.customer_belief,
            merchant_belief: purchase.merchant_belief,
            verdicts,
        }
    }
}
