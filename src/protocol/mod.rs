//! The protocols: what parties say, save and do. Nothing here knows of faults or of a simulator.
//!
//! Read on in this order: who takes part ([`party`](crate::party)), what is signed ([`order`]), what is said ([`message`]), the contract of a
//! state machine ([`role`]), then a purchase as [`customer`], [`merchant`] and payment [`server`] see it. The three cases of the
//! paper differ in where the goods are while the money moves ([`escrow::Escrow`]), so they share these roles. Who breaks the protocol
//! is in [`deviation`], who meddles from outside in [`outsider`].
//!
//! A protocol is a value that the rest of the program is handed: implement [`Protocol`], here or in another crate.

pub mod accounts;
pub mod by_purchase;
pub mod cases;
pub mod customer;
pub mod deviation;
pub mod escrow;
pub mod mechanism;
pub mod merchant;
pub mod message;
pub mod order;
pub mod outsider;
pub mod part;
pub mod record;
pub mod role;
pub mod server;
pub mod setup;
pub mod signing;
pub mod asking;
pub mod wire;

use std::fmt;
use std::sync::Arc;

use crate::party::{Party, Side};
use mechanism::{Mechanism, MechanismSet, Preset};
use record::Record;
use role::Role;
use setup::Setup;

/// One numbered step of a protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rung {
    /// The step's number.
    pub number: u8,
    /// Who sends it.
    pub from: Side,
    /// Who receives it.
    pub to: Side,
    /// What it says, in the paper's words.
    pub says: &'static str,
}

/// A purchase protocol.
pub trait Protocol: fmt::Debug + Send + Sync {
    /// The name that scenarios use.
    fn name(&self) -> &'static str;

    /// One line on what it is.
    fn about(&self) -> &'static str;

    /// The numbered steps of a purchase in which nothing goes wrong, in order.
    fn ladder(&self) -> &'static [Rung];

    /// The mechanisms that the paper states outright for it.
    fn as_written(&self) -> MechanismSet;

    /// Whether a mechanism makes any difference to it.
    fn applies(&self, mechanism: Mechanism) -> bool;

    /// Where the goods are while the money moves, if that can be said.
    fn escrow(&self) -> Option<escrow::Escrow> {
        None
    }

    /// A party's role, rebuilt from its journal (oldest record first); from an empty one at the start of a run.
    fn role(&self, party: Party, setup: &Setup, journal: &mut dyn Iterator<Item = &Record>) -> Box<dyn Role>;

    /// The mechanisms of a preset.
    fn preset(&self, preset: Preset) -> MechanismSet {
        match preset {
            Preset::Hardened => MechanismSet::all(),
            Preset::AsWritten => self.as_written(),
        }
    }
}

/// The names of the protocols that exist.
pub const NAMES: &[&str] = &["case1", "case2", "case3"];

/// The protocol of that name.
pub fn by_name(name: &str) -> Option<Arc<dyn Protocol>> {
    cases::CASES.iter().find(|case| case.name() == name).map(|case| Arc::new(*case) as Arc<dyn Protocol>)
}
