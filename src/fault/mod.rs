//! What may go wrong, exactly where, and how a person writes it down.
//!
//! A *site* is a place in a run where a fault can strike; a *plan* is the full list of the faults of a run. A plan prints as
//! one line and reads back ([`grammar`]). Choosing plans is left to `drive`; striking is left to `world`.

pub mod budget;
pub mod coverage;
pub mod garble;
pub mod grammar;

use serde::{Deserialize, Serialize};

use crate::party::{Party, Step};
use crate::protocol::record::RecordKind;
use crate::protocol::role::TimerKind;

pub use budget::Budget;
pub use grammar::PlanError;

/// The kinds of fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FaultKind {
    /// A copy of a message never arrives.
    Drop,
    /// A message arrives twice.
    Duplicate,
    /// A message arrives after everything else that was under way has settled.
    Delay,
    /// The network sends a recorded envelope again.
    Replay,
    /// Bits are flipped on the wire.
    Corrupt,
    /// A party loses its volatile state and restarts later from its journal.
    Crash,
    /// A party crashes and never returns.
    CrashForever,
    /// Some parties cannot reach the others for a while.
    Partition,
}

impl FaultKind {
    /// Every kind, in the order of the specification.
    pub const ALL: &'static [FaultKind] = &[
        FaultKind::Drop,
        FaultKind::Duplicate,
        FaultKind::Delay,
        FaultKind::Replay,
        FaultKind::Corrupt,
        FaultKind::Crash,
        FaultKind::CrashForever,
        FaultKind::Partition,
    ];

    /// The name that scenarios and the command line use.
    pub const fn name(self) -> &'static str {
        match self {
            FaultKind::Drop => "drop",
            FaultKind::Duplicate => "duplicate",
            FaultKind::Delay => "delay",
            FaultKind::Replay => "replay",
            FaultKind::Corrupt => "corrupt",
            FaultKind::Crash => "crash",
            FaultKind::CrashForever => "crash-forever",
            FaultKind::Partition => "partition",
        }
    }

    /// One line on what happens.
    pub const fn about(self) -> &'static str {
        match self {
            FaultKind::Drop => "that copy of a message never arrives",
            FaultKind::Duplicate => "a message arrives twice",
            FaultKind::Delay => "a message arrives after everything else under way has settled, timers included",
            FaultKind::Replay => "the network sends a recorded envelope again, to its old recipient",
            FaultKind::Corrupt => "a bit is flipped on the wire",
            FaultKind::Crash => "a party loses its volatile state and restarts later from its journal",
            FaultKind::CrashForever => "a party crashes and never returns (never P unless asked for)",
            FaultKind::Partition => "some parties cannot reach the others for a while (random and scripted modes)",
        }
    }
}

/// A send of a run: the `nth` time that `step` of a purchase is sent. Numbers start at 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SendSite {
    /// The purchase, counted in the order in which purchases start.
    pub purchase: u32,
    /// The step that is sent.
    pub step: Step,
    /// Which of that step's sends.
    pub nth: u32,
}

/// A journal write of a run. Numbers start at 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SaveSite {
    /// Whose journal.
    pub party: Party,
    /// The purchase that the record is about.
    pub purchase: u32,
    /// The record's kind.
    pub kind: RecordKind,
    /// Which of the party's records of that kind for that purchase.
    pub nth: u32,
}

/// Something that a party takes as an input. Numbers start at 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum EventSite {
    /// The `nth` arrival of what was sent at `send`: the second is a duplicate or a replay.
    Arrival {
        /// The send that put the envelope under way.
        send: SendSite,
        /// Which of its arrivals.
        nth: u32,
    },
    /// A timer of a purchase fires.
    Timer {
        /// Whose timer.
        party: Party,
        /// The purchase that it is about.
        purchase: u32,
        /// The timer's kind.
        kind: TimerKind,
        /// Which of its firings.
        nth: u32,
    },
    /// A party comes back.
    Restart {
        /// Who.
        party: Party,
        /// Which of its restarts.
        nth: u32,
    },
    /// The customer sets out to make a purchase.
    Start {
        /// The purchase.
        purchase: u32,
    },
    /// Money from outside reaches the accounts of all customers.
    TopUp,
    /// Nothing is under way or pending any more.
    Settled,
    /// The same, after every instrument has expired.
    Late,
    /// Under the untimed clock: the next instrument expires.
    Expiry {
        /// Which of these events.
        nth: u32,
    },
}

/// Where a crash strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum CrashSite {
    /// Before the party takes the input, which is lost with it.
    Taking(EventSite),
    /// Between the effects of one handler, just before a send.
    BeforeSend(SendSite),
    /// Between the effects of one handler, just before a journal write.
    BeforeSave(SaveSite),
    /// After the last effect of handling the input.
    After(EventSite),
}

/// One injected cause.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Fault {
    /// See [`FaultKind::Drop`].
    Drop(SendSite),
    /// See [`FaultKind::Duplicate`].
    Duplicate(SendSite),
    /// See [`FaultKind::Delay`].
    Delay(SendSite),
    /// The envelope sent at `send` is sent again right after `after`.
    Replay {
        /// The recorded envelope.
        send: SendSite,
        /// The point of the run.
        after: EventSite,
    },
    /// The given bit of the encoded message is flipped; bits count from the first byte's lowest.
    Corrupt {
        /// The send.
        send: SendSite,
        /// The bit, taken modulo the message's length in bits.
        bit: u32,
    },
    /// The party crashes.
    Crash {
        /// Who.
        party: Party,
        /// Where.
        site: CrashSite,
        /// Whether it never returns.
        forever: bool,
    },
    /// From a moment on, for a while, nothing passes between `group` and everybody else.
    Partition {
        /// The parties that are cut off, in order, without repetition.
        group: Vec<Party>,
        /// When it starts, in virtual microseconds.
        from_us: u64,
        /// How long it lasts, in virtual microseconds.
        for_us: u64,
    },
}

impl Fault {
    /// The fault's kind.
    pub const fn kind(&self) -> FaultKind {
        match self {
            Fault::Drop(_) => FaultKind::Drop,
            Fault::Duplicate(_) => FaultKind::Duplicate,
            Fault::Delay(_) => FaultKind::Delay,
            Fault::Replay { .. } => FaultKind::Replay,
            Fault::Corrupt { .. } => FaultKind::Corrupt,
            Fault::Crash { forever: false, .. } => FaultKind::Crash,
            Fault::Crash { forever: true, .. } => FaultKind::CrashForever,
            Fault::Partition { .. } => FaultKind::Partition,
        }
    }

    /// The same fault where its site comes for the time before, if there is one: at the first send of a step in place of the second.
    pub fn once_before(&self) -> Option<Fault> {
        let mut before = self.clone();
        let nth = match &mut before {
            Fault::Drop(send)
            | Fault::Duplicate(send)
            | Fault::Delay(send)
            | Fault::Replay { send, .. }
            | Fault::Corrupt { send, .. }
            | Fault::Crash { site: CrashSite::BeforeSend(send), .. } => &mut send.nth,
            Fault::Crash { site: CrashSite::BeforeSave(save), .. } => &mut save.nth,
            Fault::Crash { site: CrashSite::Taking(event) | CrashSite::After(event), .. } => match event {
                EventSite::Arrival { send, nth: 1 } => &mut send.nth,
                EventSite::Arrival { nth, .. }
                | EventSite::Timer { nth, .. }
                | EventSite::Restart { nth, .. }
                | EventSite::Expiry { nth } => nth,
                EventSite::Start { .. } | EventSite::TopUp | EventSite::Settled | EventSite::Late => return None,
            },
            Fault::Partition { .. } => return None,
        };
        *nth = nth.checked_sub(1).filter(|nth| *nth > 0)?;
        Some(before)
    }

    /// The fault without its numbers, as `cause` in `violations.csv` has it.
    pub fn words(&self) -> String {
        let kind = self.kind().name();
        match self {
            Fault::Drop(send)
            | Fault::Duplicate(send)
            | Fault::Delay(send)
            | Fault::Replay { send, .. }
            | Fault::Corrupt { send, .. } => format!("{kind} {}", send.step),
            Fault::Crash { party, .. } => format!("{kind} {}", party.side()),
            Fault::Partition { .. } => kind.to_owned(),
        }
    }
}

/// All faults of a run, in the order in which they are written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Plan(pub Vec<Fault>);

impl Plan {
    /// The faults without their numbers, sorted.
    pub fn words(&self) -> Vec<String> {
        let mut words: Vec<String> = self.0.iter().map(Fault::words).collect();
        words.sort_unstable();
        words
    }
}

/// A plan and, under the untimed clock, the order of events that it goes with: exactly these, and no others.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Course {
    /// What goes wrong.
    pub plan: Plan,
    /// What happens, in order; `None` where the clock decides.
    pub order: Option<Vec<EventSite>>,
}
