//! Plans as text.

use std::fmt::{self, Display, Formatter};

use super::ORDER;
use crate::fault::{Course, CrashSite, EventSite, Fault, Plan, SaveSite, SendSite};

fn purchase(f: &mut Formatter<'_>, number: u32) -> fmt::Result {
    if number == 1 { Ok(()) } else { write!(f, "{number}:") }
}

impl Display for SendSite {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        purchase(f, self.purchase)?;
        write!(f, "{}#{}", self.step, self.nth)
    }
}

impl Display for SaveSite {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        purchase(f, self.purchase)?;
        write!(f, "{}#{}", self.kind, self.nth)
    }
}

impl Display for EventSite {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            EventSite::Arrival { send, nth: 1 } => write!(f, "{send}"),
            EventSite::Arrival { send, nth } => write!(f, "{send}.{nth}"),
            EventSite::Timer { party, purchase: number, kind, nth } => {
                purchase(f, *number)?;
                write!(f, "{party}.{kind}#{nth}")
            }
            EventSite::Restart { party, nth } => write!(f, "{party}.restart#{nth}"),
            EventSite::Start { purchase: number } => {
                purchase(f, *number)?;
                f.write_str("start")
            }
            EventSite::TopUp => f.write_str("top-up"),
            EventSite::Settled => f.write_str("settled"),
            EventSite::Late => f.write_str("late"),
            EventSite::Expiry { nth } => write!(f, "expiry#{nth}"),
        }
    }
}

impl Display for CrashSite {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            CrashSite::Taking(event) => write!(f, "taking {event}"),
            CrashSite::BeforeSend(send) => write!(f, "before {send}"),
            CrashSite::BeforeSave(save) => write!(f, "before save {save}"),
            CrashSite::After(event) => write!(f, "after {event}"),
        }
    }
}

impl Display for Fault {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind().name())?;
        match self {
            Fault::Drop(send) | Fault::Duplicate(send) | Fault::Delay(send) => write!(f, " {send}"),
            Fault::Replay { send, after } => write!(f, " {send} after {after}"),
            Fault::Corrupt { send, bit } => write!(f, " {send} bit {bit}"),
            Fault::Crash { party, site, .. } => write!(f, " {party} {site}"),
            Fault::Partition { group, from_us, for_us } => {
                for (i, party) in group.iter().enumerate() {
                    write!(f, "{}{party}", if i == 0 { " " } else { "," })?;
                }
                write!(f, " from {from_us}us for {for_us}us")
            }
        }
    }
}

impl Display for Plan {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("none");
        }
        for (i, fault) in self.0.iter().enumerate() {
            write!(f, "{}{fault}", if i == 0 { "" } else { "; " })?;
        }
        Ok(())
    }
}

impl Display for Course {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Some(order) = &self.order else { return write!(f, "{}", self.plan) };
        if !self.plan.0.is_empty() {
            write!(f, "{}; ", self.plan)?;
        }
        f.write_str(ORDER)?;
        order.iter().try_for_each(|event| write!(f, " {event}"))
    }
}
