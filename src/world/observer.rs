//! What happens in a run, as told to whoever listens: the checker, the labels of sites, the trace, the counts of costs.

use std::sync::Arc;

use super::{Envelope, Errand, Event, Fate};
use crate::party::{Party, PurchaseKey};
use crate::protocol::message::Message;
use crate::protocol::order::Cents;
use crate::protocol::record::Record;
use crate::protocol::role::{Belief, Timer, Work};

/// Why an event came to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Loss {
    /// Its party is down or gone.
    Absent,
    /// A partition lies between sender and recipient.
    Separated,
    /// The bytes are no message.
    Unreadable,
}

/// One thing that has happened.
#[derive(Debug, Clone, Copy)]
pub enum Happening<'a> {
    /// A customer sets out.
    Started {
        /// The purchase's number, from zero.
        number: u32,
        /// Who buys what.
        errand: Errand,
    },
    /// A party has put a message under way.
    Sent {
        /// The envelope, as it was sent.
        envelope: &'a Arc<Envelope>,
        /// What it says.
        message: &'a Arc<Message>,
        /// Its length on the wire.
        bytes: usize,
        /// What becomes of it.
        fate: Fate,
    },
    /// An outsider has put a message under way in somebody's name.
    Forged {
        /// The envelope.
        envelope: &'a Arc<Envelope>,
        /// What it says, or what it was made of where it is no message.
        message: &'a Arc<Message>,
        /// Its length on the wire.
        bytes: usize,
    },
    /// A message has reached its recipient.
    Arrived {
        /// The envelope.
        envelope: &'a Arc<Envelope>,
        /// What the recipient reads.
        message: &'a Arc<Message>,
    },
    /// An event has come to nothing.
    Lost {
        /// Which.
        event: &'a Event,
        /// Why.
        loss: Loss,
    },
    /// An event was lost because its party crashed before taking it.
    Forgone {
        /// Which.
        event: &'a Event,
        /// Who.
        party: Party,
    },
    /// A timer has fired.
    Fired {
        /// Whose.
        party: Party,
        /// Which.
        timer: Timer,
    },
    /// Money from outside has reached the customers' accounts.
    ToppedUp {
        /// How much, each.
        cents: Cents,
    },
    /// A party has handled an input, at this price.
    Worked {
        /// Who.
        party: Party,
        /// What it cost.
        work: Work,
    },
    /// A party has written a record.
    Saved {
        /// Whose journal.
        party: Party,
        /// The record.
        record: &'a Arc<Record>,
        /// Whether it survives a crash.
        durable: bool,
    },
    /// A party has told its owner.
    Believed {
        /// Who.
        party: Party,
        /// The purchase.
        about: PurchaseKey,
        /// The belief.
        belief: Belief,
    },
    /// A party has lost its volatile state.
    Crashed {
        /// Who.
        party: Party,
        /// Whether it never returns.
        forever: bool,
    },
    /// A party is back.
    Restarted {
        /// Who.
        party: Party,
    },
    /// The network has sent a recorded envelope again.
    Replayed {
        /// Which.
        envelope: &'a Arc<Envelope>,
    },
}

/// Whoever listens to a run.
pub trait Observer {
    /// Called for each thing, in order, with the virtual time in microseconds.
    fn observe(&mut self, now_us: u64, happening: &Happening<'_>);
}

/// Two listeners.
impl<A: Observer, B: Observer> Observer for (A, B) {
    fn observe(&mut self, now_us: u64, happening: &Happening<'_>) {
        self.0.observe(now_us, happening);
        self.1.observe(now_us, happening);
    }
}

impl<O: Observer + ?Sized> Observer for &mut O {
    fn observe(&mut self, now_us: u64, happening: &Happening<'_>) {
        (**self).observe(now_us, happening);
    }
}

/// Nobody.
impl Observer for () {
    fn observe(&mut self, _: u64, _: &Happening<'_>) {}
}
