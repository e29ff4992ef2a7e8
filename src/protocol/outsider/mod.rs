//! The outsider on the network: somebody who is no party to anything, hears every message, and sends what it likes.
//!
//! It is not a party. It has no account, no keys and nothing that could be taken from it, so that it can neither be paid nor
//! wronged, and no claim of its own comes before the judge. What it has is what crossed the wire, in the order in which it did;
//! what it can do is put bytes on the wire under any sender's name, at any time. It signs nothing: a message of its making has the
//! signatures that it has heard, or none that hold. Hence a name on an envelope means nothing to a party, and only what is signed
//! does, as far as the mechanisms say.
//!
//! Messages are not sealed on the way (the paper seals none), so an outsider also reads every item that is sent in the clear, and
//! could hand it on. That is no matter of atomicity, and no safeguard here is meant against it: what an outsider itself hands out
//! counts as nobody's delivery. What counts is what it makes honest parties do.
//!
//! An outsider is a pure function of what it has heard. It speaks once about each different message, so that it does not go on for
//! ever about its own echoes. Each is a file of its own; the list is what scenarios, the command line and reports read.

mod abort;
mod ask;
mod forge_status;
mod guess_tid;
mod replay;
mod replay_across_merchants;
mod replay_across_purchases;
mod replay_after_restart;
mod replay_after_retention;
mod tamper;
mod tamper_goods;
mod tamper_order;
mod tamper_quote;
mod tamper_status;
mod truncate;

use std::fmt::Debug;
use std::sync::Arc;

use super::deviation::Errands;
use super::message::Message;
use super::setup::Setup;
use crate::party::{Party, PurchaseKey, Side, Step};

/// A message that crossed the wire.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Overheard {
    /// When, in virtual microseconds.
    pub at_us: u64,
    /// Who sent it.
    pub from: Party,
    /// Who it was for.
    pub to: Party,
    /// What it said.
    pub message: Arc<Message>,
}

/// A message of the outsider's making.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Forged {
    /// Whose name is on it.
    pub from: Party,
    /// Who it is for.
    pub to: Party,
    /// What it says.
    pub message: Arc<Message>,
    /// The bytes, where they are not the message's own.
    pub bytes: Option<Arc<[u8]>>,
    /// When it arrives, in virtual microseconds from now.
    pub after_us: u64,
}

/// A way of meddling.
pub trait Outsider: Debug + Send + Sync {
    /// The name that scenarios use.
    fn name(&self) -> &'static str;

    /// One line on what it does.
    fn about(&self) -> &'static str;

    /// What customers have to set out to do for it, where a single purchase leaves it nothing to do.
    fn errands(&self) -> Option<Errands> {
        None
    }

    /// Whether it has nothing to do unless some party crashes and comes back.
    fn awaits_a_crash(&self) -> bool {
        false
    }

    /// Whether what it sends upon a message depends on what it has heard before, in other purchases. Otherwise it can be searched under
    /// every order of events: whatever it makes of a message it may send at any time after that, and as often as it likes.
    fn heeds_the_past(&self) -> bool {
        false
    }

    /// What it sends upon having heard the last of these messages. Everybody knows the setup's timing and who takes part; keys,
    /// random values and the contents of items are not for it to look at.
    fn meddle(&self, heard: &[Overheard], setup: &Setup) -> Vec<Forged>;
}

/// A way of meddling, known by its name.
pub type Known = &'static dyn Outsider;

/// Every way.
pub const OUTSIDER: &[Known] = &[
    &replay::Replay,
    &replay_across_purchases::ReplayAcrossPurchases,
    &replay_across_merchants::ReplayAcrossMerchants,
    &replay_after_restart::ReplayAfterRestart,
    &replay_after_retention::ReplayAfterRetention,
    &guess_tid::GuessTid,
    &ask::Ask,
    &abort::Abort,
    &tamper_quote::TamperQuote,
    &tamper_order::TamperOrder,
    &tamper_goods::TamperGoods,
    &tamper_status::TamperStatus,
    &forge_status::ForgeStatus,
    &truncate::Truncate,
];

/// The name of there being none.
pub const NOBODY: &str = "nobody";

/// The outsider of that name, if there is one.
pub fn find(name: &str) -> Option<Known> {
    OUTSIDER.iter().copied().find(|known| known.name() == name)
}

impl Overheard {
    /// The same once more.
    fn again(&self, after_us: u64) -> Forged {
        self.saying(Arc::clone(&self.message), after_us)
    }

    /// Another message in its place, between the same two.
    fn saying(&self, message: Arc<Message>, after_us: u64) -> Forged {
        Forged { from: self.from, to: self.to, message, bytes: None, after_us }
    }

    /// The same parts under the name of another purchase, between the two who have these parts in it.
    fn renamed(&self, about: PurchaseKey, after_us: u64) -> Forged {
        let cast = |party: Party| match party.side() {
            Side::Customer => about.customer(),
            Side::Merchant => about.merchant(),
            Side::Server => Party::Server,
        };
        let message = Arc::new(Message::new(about, self.message.step, self.message.parts.clone()));
        Forged { from: cast(self.from), to: cast(self.to), message, bytes: None, after_us }
    }

    fn is(&self, step: u8) -> bool {
        self.message.step == Step::Numbered(step)
    }
}
