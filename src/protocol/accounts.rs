//! What accounts have gained or lost: found by hashing, told in order.

use std::hash::{Hash, Hasher};

use rustc_hash::FxHashMap;

use super::order::{Cents, Transfer};
use crate::party::Party;

/// The accounts that have ever moved.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Accounts(FxHashMap<Party, Cents>);

impl Accounts {
    /// Whether no account has ever moved.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What an account has gained.
    pub fn gained_cents(&self, party: Party) -> Cents {
        self.0.get(&party).copied().unwrap_or(0)
    }

    /// Moves what a transfer moves.
    pub fn post(&mut self, transfer: &Transfer) {
        *self.0.entry(transfer.payer).or_default() -= transfer.debit_cents;
        *self.0.entry(transfer.payee).or_default() += transfer.credit_cents;
    }

    /// Every account that has moved and what it has gained, in order.
    pub fn in_order(&self) -> Vec<(Party, Cents)> {
        let mut accounts: Vec<_> = self.0.iter().map(|(party, cents)| (*party, *cents)).collect();
        accounts.sort_unstable();
        accounts
    }
}

impl Hash for Accounts {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.in_order().hash(state);
    }
}
