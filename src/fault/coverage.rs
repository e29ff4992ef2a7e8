//! What a search met and what it struck: every site, every kind of fault.
//!
//! Sites go without their numbers: step 4 is one site, whichever of its sends. A site is *met* where a search finds that a fault
//! could strike there, and *struck* where one does. A site that was met and never struck is a fault of the search's own.

use std::collections::BTreeMap;

use super::{CrashSite, EventSite, Fault, FaultKind, Plan, SendSite};
use crate::party::{Party, Step};

/// Whom a fault strikes and where, without numbers, and its kind.
pub type Spot = (Party, String, FaultKind);

/// One site and one kind of fault.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Covered {
    /// Who sends, or crashes.
    pub party: Party,
    /// Where, without numbers.
    pub site: String,
    /// What may strike.
    pub fault: FaultKind,
    /// In how many runs, or states, it could have struck.
    pub met: u64,
    /// In how many it did.
    pub struck: u64,
    /// How many findings it has a part in.
    pub violated: u64,
}

impl Covered {
    /// Whether P crashes there between saving what it has decided and sending it.
    pub fn is_half_way(&self) -> bool {
        let sends = self.site.starts_with("before ") && !self.site.starts_with("before save");
        self.fault == FaultKind::Crash && self.party == Party::Server && sends
    }
}

/// The counts of a search that runs plan after plan.
#[derive(Debug, Default)]
pub struct Coverage {
    counts: BTreeMap<Spot, [u64; 3]>,
    /// Who sends what.
    senders: BTreeMap<(u32, Step), Party>,
}

impl Coverage {
    /// A plan could have that fault too. `party` sends there, or crashes.
    pub fn meet(&mut self, party: Party, fault: &Fault) {
        if let Fault::Drop(send) | Fault::Duplicate(send) | Fault::Delay(send) = fault {
            self.senders.insert((send.purchase, send.step), party);
        }
        if let Some(site) = site(fault) {
            self.counts.entry((party, site, fault.kind())).or_default()[0] += 1;
        }
    }

    /// A fault struck.
    pub fn strike(&mut self, party: Party, fault: &Fault) {
        if let Some(site) = site(fault) {
            self.counts.entry((party, site, fault.kind())).or_default()[1] += 1;
        }
    }

    /// A plan is a finding's.
    pub fn violate(&mut self, plan: &Plan) {
        let sender = |send: &SendSite| self.senders.get(&(send.purchase, send.step)).copied();
        let spots = plan.0.iter().filter_map(|fault| {
            let party = match fault {
                Fault::Drop(send) | Fault::Duplicate(send) | Fault::Delay(send) => sender(send)?,
                Fault::Replay { send, .. } | Fault::Corrupt { send, .. } => sender(send)?,
                Fault::Crash { party, .. } => *party,
                Fault::Partition { .. } => return None,
            };
            Some((party, site(fault)?, fault.kind()))
        });
        for spot in spots.collect::<Vec<_>>() {
            self.counts.entry(spot).or_default()[2] += 1;
        }
    }

    /// In the order of the reports.
    pub fn into_rows(self) -> impl Iterator<Item = Covered> {
        self.counts.into_iter().map(|((party, site, fault), counts)| {
            let [met, struck, violated] = counts;
            Covered { party, site, fault, met, struck, violated }
        })
    }
}

/// A fault's site without its number; a partition has none.
fn site(fault: &Fault) -> Option<String> {
    Some(match fault {
        Fault::Drop(send) | Fault::Duplicate(send) | Fault::Delay(send) => format!("send {}", send.step),
        Fault::Replay { send, .. } | Fault::Corrupt { send, .. } => format!("send {}", send.step),
        Fault::Crash { site: CrashSite::Taking(event), .. } => match event {
            EventSite::Arrival { send, .. } => format!("taking {}", send.step),
            EventSite::Timer { kind, .. } => format!("taking {kind}"),
            EventSite::Start { .. } => "taking start".to_owned(),
            EventSite::TopUp => "taking top-up".to_owned(),
            EventSite::Restart { .. } | EventSite::Settled | EventSite::Late | EventSite::Expiry { .. } => return None,
        },
        Fault::Crash { site: CrashSite::BeforeSend(send), .. } => format!("before {}", send.step),
        Fault::Crash { site: CrashSite::BeforeSave(save), .. } => format!("before save {}", save.kind),
        Fault::Crash { site: CrashSite::After(_), .. } => "idle".to_owned(),
        Fault::Partition { .. } => return None,
    })
}
