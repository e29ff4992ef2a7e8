//! The paper's three protocols for a debit or credit instrument (section 5.1).

use super::escrow::Escrow;
use super::mechanism::{Mechanism, MechanismSet};
use super::record::Record;
use super::role::Role;
use super::setup::Setup;
use super::{Protocol, Rung};
use crate::party::{Party, Side};
use crate::protocol::customer::Customer;
use crate::protocol::merchant::Merchant;
use crate::protocol::server::Server;

/// One of the three cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Case {
    name: &'static str,
    about: &'static str,
    escrow: Escrow,
    ladder: &'static [Rung],
}

use Side::{Customer as C, Merchant as M, Server as P};

const fn rung(number: u8, from: Side, to: Side, says: &'static str) -> Rung {
    Rung { number, from, to, says }
}

/// The three cases, in the paper's order.
pub const CASES: &[Case] = &[
    Case {
        name: "case1",
        about: "Case 1, no atomicity: M sends the item once it has been paid",
        escrow: Escrow::Nothing,
        ladder: &[
            rung(1, C, M, "inquiry, TID"),
            rung(2, M, C, "price, TID"),
            rung(3, C, M, "instrument, TID"),
            rung(4, M, P, "instrument, TID"),
            rung(5, P, M, "status, TID"),
            rung(6, M, C, "item, TID"),
        ],
    },
    Case {
        name: "case2",
        about: "Case 2, encryption-based: C holds the sealed item before it pays, P keeps the key",
        escrow: Escrow::Key,
        ladder: &[
            rung(1, C, M, "inquiry, TID"),
            rung(2, M, C, "price, {item}k, TID"),
            rung(3, C, M, "instrument, sigC(H({item}k)), TID"),
            rung(4, M, P, "instrument, k, sigM(sigC(H({item}k))), TID"),
            rung(5, P, M, "status, TID"),
            rung(6, M, C, "k, TID"),
        ],
    },
    Case {
        name: "case3",
        about: "Case 3, authority-based: P keeps the item and delivers it",
        escrow: Escrow::Item,
        ladder: &[
            rung(1, C, M, "inquiry, TID"),
            rung(2, M, C, "price, TID"),
            rung(3, C, M, "instrument, TID"),
            rung(4, M, P, "instrument, item, TID"),
            rung(5, P, M, "status, TID"),
            rung(6, P, C, "item, TID"),
        ],
    },
];

impl Protocol for Case {
    fn name(&self) -> &'static str {
        self.name
    }

    fn about(&self) -> &'static str {
        self.about
    }

    fn ladder(&self) -> &'static [Rung] {
        self.ladder
    }

    /// Sections 4 and 5: messages are idempotent by TID and P's database is atomic, in every case; status queries, and P's
    /// handing out what it keeps, in Cases 2 and 3.
    fn as_written(&self) -> MechanismSet {
        let all = MechanismSet::of(&[Mechanism::IdempotentSubmit, Mechanism::PaymentJournal]);
        match self.escrow {
            Escrow::Nothing => all,
            Escrow::Key | Escrow::Item => all.with(Mechanism::StatusQuery).with(Mechanism::ReleaseOnQuery),
        }
    }

    fn applies(&self, mechanism: Mechanism) -> bool {
        match mechanism {
            Mechanism::CiphertextJournal
            | Mechanism::MerchantChecksSeal
            | Mechanism::KeyCommitment
            | Mechanism::BoundSignature => self.escrow == Escrow::Key,
            Mechanism::ReleaseOnQuery | Mechanism::Countersign | Mechanism::WholeSignatures => {
                self.escrow != Escrow::Nothing
            }
            _ => true,
        }
    }

    fn escrow(&self) -> Option<Escrow> {
        Some(self.escrow)
    }

    fn role(&self, party: Party, setup: &Setup, journal: &mut dyn Iterator<Item = &Record>) -> Box<dyn Role> {
        match party {
            Party::Customer(_) => Box::new(Customer::new(self.escrow, journal)),
            Party::Merchant(_) => Box::new(Merchant::new(self.escrow, journal)),
            Party::Server => Box::new(Server::new(self.escrow, setup, journal)),
        }
    }
}
