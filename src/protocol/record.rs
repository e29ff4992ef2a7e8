//! What a party writes to its journal.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::accounts::Accounts;
use super::order::{Cents, Transfer};
use super::part::{Part, Parts};
use crate::party::{Party, PurchaseKey};

/// One entry of a journal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Record {
    /// What sort of entry it is.
    pub kind: RecordKind,
    /// The purchase that it is about; `None` for what is about none.
    pub about: Option<PurchaseKey>,
    /// What it says.
    pub parts: Vec<Part>,
}

impl Parts for Record {
    fn parts(&self) -> &[Part] {
        &self.parts
    }
}

impl Record {
    /// What accounts gained or lost by records that have been struck out of P's journal, in one record in their place.
    pub fn brought_forward(moved: &Accounts) -> Record {
        let line = |(account, cents): (Party, Cents)| {
            Part::Transfer(Transfer { payer: account, debit_cents: -cents, payee: account, credit_cents: 0 })
        };
        Record { kind: RecordKind::Payment, about: None, parts: moved.in_order().into_iter().map(line).collect() }
    }

    /// The bytes that it takes: kind, purchase and parts in the encoding of messages.
    pub fn encoded_len(&self) -> usize {
        1 + 24 + 1 + self.parts.iter().map(Part::encoded_len).sum::<usize>()
    }
}

/// The kinds of record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum RecordKind {
    /// C's ciphertext, as it was quoted.
    Ciphertext,
    /// C's order and its signature, before step 3.
    Signed,
    /// The goods as C has them: a key or an item.
    Goods,
    /// M's key, price and ciphertext, before step 2.
    Quoted,
    /// The customer's order as M has it, before step 4.
    Ordered,
    /// How the purchase ended, as C or M learned it.
    Outcome,
    /// P's record: the transfer, if any, with the terminal status and everything that P must keep.
    Payment,
    /// P's record of money from outside.
    TopUp,
}

impl RecordKind {
    /// Every kind.
    pub const ALL: &'static [RecordKind] = &[
        RecordKind::Ciphertext,
        RecordKind::Signed,
        RecordKind::Goods,
        RecordKind::Quoted,
        RecordKind::Ordered,
        RecordKind::Outcome,
        RecordKind::Payment,
        RecordKind::TopUp,
    ];

    /// The name that plans and diagrams use.
    pub const fn name(self) -> &'static str {
        match self {
            RecordKind::Ciphertext => "ciphertext",
            RecordKind::Signed => "signed",
            RecordKind::Goods => "goods",
            RecordKind::Quoted => "quoted",
            RecordKind::Ordered => "ordered",
            RecordKind::Outcome => "outcome",
            RecordKind::Payment => "payment",
            RecordKind::TopUp => "top-up",
        }
    }
}

impl fmt::Display for RecordKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
