//! Every plan of at most so many faults, the sites found as they are met.
//!
//! Plans are tried in order of their length. A run of a plan shows which sites come after its last fault; the plan with one
//! fault more at each of them comes in the next round. So each set of faults is tried once, in the order in which its faults
//! strike, and a site that only a fault opens is found by the run that opens it. The result is the same whatever the number of
//! threads: runs are numbered by the round and the place in it.

use rayon::prelude::*;

use super::scripted::{Scripted, separations};
use super::{Finished, Job, Oracle, SendFault};
use crate::fault::coverage::Coverage;
use crate::fault::{Budget, CrashSite, EventSite, Fault, FaultKind, Plan, SendSite, garble};
use crate::protocol::message::Message;
use crate::protocol::party::{Party, Side};

/// Makes a plan happen and writes down what else could have struck after its last fault.
struct Recorder<'p, 'b> {
    plan: &'p Plan,
    scripted: Scripted<'p>,
    budget: &'b Budget,
    wanted: bool,
    /// What could strike next, and whom.
    options: Vec<(Party, Fault)>,
    /// By envelope number.
    senders: Vec<Party>,
    /// The envelopes that may be replayed at this point, after one that was.
    replayed: Option<(EventSite, u32)>,
}

impl Recorder<'_, '_> {
    /// How many faults of that kind the plan has.
    fn struck_of(&self, kind: FaultKind) -> u32 {
        self.plan.0.iter().filter(|fault| fault.kind() == kind).count() as u32
    }

    fn may(&self, kind: FaultKind) -> bool {
        self.wanted && self.scripted.is_done() && self.struck_of(kind) < self.budget.of(kind)
    }
}

impl Oracle for Recorder<'_, '_> {
    fn send(&mut self, from: Party, site: SendSite, message: &Message) -> Option<SendFault> {
        let struck = self.scripted.send(from, site, message);
        self.senders.push(from);
        if struck.is_none() {
            for (kind, fault) in [
                (FaultKind::Drop, Fault::Drop(site)),
                (FaultKind::Duplicate, Fault::Duplicate(site)),
                (FaultKind::Delay, Fault::Delay(site)),
            ] {
                if self.may(kind) {
                    self.options.push((from, fault));
                }
            }
            if self.may(FaultKind::Corrupt) {
                let garbled = garble::bits(message).into_iter().map(|bit| (from, Fault::Corrupt { send: site, bit }));
                self.options.extend(garbled);
            }
        }
        struck
    }

    fn crash(&mut self, party: Party, site: CrashSite) -> Option<bool> {
        let struck = self.scripted.crash(party, site);
        if struck.is_none() {
            if self.may(FaultKind::Crash) {
                self.options.push((party, Fault::Crash { party, site, forever: false }));
            }
            if self.may(FaultKind::CrashForever) && (party.side() != Side::Server || self.budget.server_may_vanish) {
                self.options.push((party, Fault::Crash { party, site, forever: true }));
            }
        }
        struck
    }

    fn replay(&mut self, after: EventSite, sent: &[SendSite]) -> Option<u32> {
        let struck = self.scripted.replay(after, sent);
        match struck {
            Some(number) => self.replayed = Some((after, number)),
            None if self.may(FaultKind::Replay) => {
                // Two replays at one point are tried in one order only.
                let first = self.replayed.filter(|(point, _)| *point == after).map_or(0, |(_, number)| number as usize);
                let sends = sent.iter().zip(&self.senders).skip(first);
                self.options.extend(sends.map(|(send, from)| (*from, Fault::Replay { send: *send, after })));
            }
            None => {}
        }
        struck
    }
}

/// Runs every plan of the budget. `inspect` turns each finished run into what is to be kept of it, on any thread; `consume`
/// gets these in order, and stops everything by returning `false`. `ahead` is told of each round how many runs it has. What was met
/// and what was struck comes back.
pub fn explore<T: Send>(
    job: &Job<'_, '_>,
    budget: &Budget,
    inspect: impl Fn(&Plan, &Finished<'_>) -> T + Sync,
    mut ahead: impl FnMut(usize),
    mut consume: impl FnMut(T) -> bool,
) -> Coverage {
    const BATCH: usize = 512;
    let mut coverage = Coverage::default();
    // The party that each plan's last fault strikes stands beside it.
    let mut round = vec![(Plan::default(), Party::Server)];
    for faults in 0..=budget.at_most {
        let wanted = faults < budget.at_most;
        let mut next_round = Vec::new();
        ahead(round.len());
        for batch in round.chunks(BATCH) {
            let inspected: Vec<(T, bool, Vec<(Plan, Party)>)> = batch
                .par_iter()
                .map(|(plan, _)| {
                    let scripted = Scripted::new(plan);
                    let mut recorder = Recorder {
                        plan,
                        scripted,
                        budget,
                        wanted,
                        options: Vec::new(),
                        senders: Vec::new(),
                        replayed: None,
                    };
                    debug_assert!(separations(plan).is_empty(), "partitions have no sites to be found");
                    let finished = super::run(job, &mut recorder, &mut ());
                    let all_struck = recorder.scripted.is_done();
                    let longer = recorder.options.into_iter().map(|(party, fault)| {
                        let mut faults = Vec::with_capacity(plan.0.len() + 1);
                        faults.extend_from_slice(&plan.0);
                        faults.push(fault);
                        (Plan(faults), party)
                    });
                    (inspect(plan, &finished), all_struck, longer.collect())
                })
                .collect();
            for ((kept, all_struck, longer), (plan, party)) in inspected.into_iter().zip(batch) {
                if let (true, Some(last)) = (all_struck, plan.0.last()) {
                    coverage.strike(*party, last);
                }
                for (plan, party) in &longer {
                    plan.0.last().into_iter().for_each(|next| coverage.meet(*party, next));
                }
                next_round.extend(longer);
                if !consume(kept) {
                    return coverage;
                }
            }
        }
        round = next_round;
    }
    coverage
}
