//! Makes a given plan happen, and says which of its faults never met their site.

use super::labels::Sending;
use super::{Finished, Job, Oracle, SendFault};
use crate::fault::{CrashSite, EventSite, Fault, Plan, SendSite};
use crate::party::Party;
use crate::protocol::message::Message;
use crate::world::{Numbered, Observer, Separation, Workload};

/// The oracle of a plan.
#[derive(Debug, Clone)]
pub struct Scripted<'p> {
    plan: &'p Plan,
    met: Vec<bool>,
}

impl<'p> Scripted<'p> {
    /// Nothing has struck yet.
    pub fn new(plan: &'p Plan) -> Self {
        // Partitions are part of the workload, since they strike at times rather than at sites.
        let met = plan.0.iter().map(|fault| matches!(fault, Fault::Partition { .. })).collect();
        Scripted { plan, met }
    }

    /// The same after what has struck so far, with another plan: this one and one fault more.
    pub(super) fn onwards<'q>(&self, longer: &'q Plan) -> Scripted<'q> {
        let mut met = self.met.clone();
        met.resize(longer.0.len(), false);
        Scripted { plan: longer, met }
    }

    /// Whether all of the plan's faults have struck.
    pub fn is_done(&self) -> bool {
        self.met.iter().all(|met| *met)
    }

    /// The faults whose sites were never met.
    pub fn unmet(&self) -> impl Iterator<Item = &'p Fault> {
        let (plan, met) = (self.plan, &self.met);
        plan.0.iter().zip(met.clone()).filter(|(_, met)| !met).map(|(fault, _)| fault)
    }

    fn strike<T>(&mut self, hits: impl Fn(&Fault) -> Option<T>) -> Option<T> {
        let waiting = self.plan.0.iter().zip(&mut self.met).filter(|(_, met)| !**met);
        for (fault, met) in waiting {
            if let Some(hit) = hits(fault) {
                *met = true;
                return Some(hit);
            }
        }
        None
    }
}

/// The partitions of a plan, as the workload wants them.
pub fn separations(plan: &Plan) -> Vec<Separation> {
    let mut separations = Vec::new();
    for fault in &plan.0 {
        if let Fault::Partition { group, from_us, for_us } = fault {
            let mut group = group.clone();
            group.sort_unstable();
            let until_us = from_us.saturating_add(*for_us);
            separations.push(Separation { group, from_us: *from_us, until_us });
        }
    }
    separations
}

impl Oracle for Scripted<'_> {
    fn send(&mut self, _: Party, site: SendSite, _: &Message) -> Option<SendFault> {
        self.strike(|fault| match fault {
            Fault::Drop(at) if *at == site => Some(SendFault::Drop),
            Fault::Duplicate(at) if *at == site => Some(SendFault::Duplicate),
            Fault::Delay(at) if *at == site => Some(SendFault::Delay),
            Fault::Corrupt { send, bit } if *send == site => Some(SendFault::Corrupt(*bit)),
            _ => None,
        })
    }

    fn crash(&mut self, who: Party, at: CrashSite) -> Option<bool> {
        self.strike(|fault| match fault {
            Fault::Crash { party, site, forever } if (*party, *site) == (who, at) => Some(*forever),
            _ => None,
        })
    }

    fn replay(&mut self, point: EventSite, sent: &Numbered<Sending>) -> Option<u32> {
        self.strike(|fault| match fault {
            Fault::Replay { send, after } if *after == point => {
                sent.iter().find(|(_, known)| known.site == *send).map(|(number, _)| number)
            }
            _ => None,
        })
    }

    fn waits(&self) -> bool {
        self.plan
            .0
            .iter()
            .any(|fault| matches!(fault, Fault::Replay { after: EventSite::Settled | EventSite::Late, .. }))
    }
}

/// Drives one plan to its end; says which of its faults never met their site.
pub fn run_plan<'s>(job: &Job<'s, '_>, plan: &Plan, listener: &mut dyn Observer) -> (Finished<'s>, Vec<Fault>) {
    let mut oracle = Scripted::new(plan);
    let separations = separations(plan);
    let finished = if separations.is_empty() {
        super::run(job, &mut oracle, listener)
    } else {
        let workload = Workload { partitions: separations, ..job.workload.clone() };
        super::run(&Job { workload: &workload, ..*job }, &mut oracle, listener)
    };
    (finished, oracle.unmet().cloned().collect())
}
