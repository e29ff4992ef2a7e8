//! Every plan of at most so many faults, the sites found as they are met.
//!
//! Plans are tried in order of their length. A run of a plan shows which sites come after its last fault; the plan with one
//! fault more at each of them comes in the next round. So each set of faults is tried once, in the order in which its faults
//! strike, and a site that only a fault opens is found by the run that opens it. The result is the same whatever the number of
//! threads: runs are numbered by the round and the place in it.

use rayon::prelude::*;

use super::scripted::{Scripted, separations};
use super::{Finished, Job, Oracle, SendFault};
use crate::fault::{CrashSite, EventSite, Fault, FaultKind, Plan, SendSite, garble};
use crate::protocol::message::Message;
use crate::protocol::party::{Party, Side};

/// What may strike.
#[derive(Debug, Clone)]
pub struct Budget {
    /// How many faults a plan may have.
    pub at_most: u32,
    /// Of which kinds.
    pub kinds: Vec<FaultKind>,
    /// Whether P may vanish for ever.
    pub server_may_vanish: bool,
}

/// Makes a plan happen and writes down what else could have struck after its last fault.
struct Recorder<'p, 'b> {
    scripted: Scripted<'p>,
    budget: &'b Budget,
    wanted: bool,
    options: Vec<Fault>,
    /// The envelopes that may be replayed at this point, after one that was.
    replayed: Option<(EventSite, u32)>,
}

impl Recorder<'_, '_> {
    fn may(&self, kind: FaultKind) -> bool {
        self.wanted && self.scripted.is_done() && self.budget.kinds.contains(&kind)
    }
}

impl Oracle for Recorder<'_, '_> {
    fn send(&mut self, from: Party, site: SendSite, message: &Message) -> Option<SendFault> {
        let struck = self.scripted.send(from, site, message);
        if struck.is_none() {
            for (kind, fault) in [
                (FaultKind::Drop, Fault::Drop(site)),
                (FaultKind::Duplicate, Fault::Duplicate(site)),
                (FaultKind::Delay, Fault::Delay(site)),
            ] {
                if self.may(kind) {
                    self.options.push(fault);
                }
            }
            if self.may(FaultKind::Corrupt) {
                let garbled = garble::bits(message).into_iter().map(|bit| Fault::Corrupt { send: site, bit });
                self.options.extend(garbled);
            }
        }
        struck
    }

    fn crash(&mut self, party: Party, site: CrashSite) -> Option<bool> {
        let struck = self.scripted.crash(party, site);
        if struck.is_none() {
            if self.may(FaultKind::Crash) {
                self.options.push(Fault::Crash { party, site, forever: false });
            }
            if self.may(FaultKind::CrashForever) && (party.side() != Side::Server || self.budget.server_may_vanish) {
                self.options.push(Fault::Crash { party, site, forever: true });
            }
        }
        struck
    }

    fn replay(&mut self, after: EventSite, sent: &crate::world::Numbered<SendSite>) -> Option<u32> {
        let struck = self.scripted.replay(after, sent);
        match struck {
            Some(number) => self.replayed = Some((after, number)),
            None if self.may(FaultKind::Replay) => {
                // Two replays at one point are tried in one order only.
                let first = self.replayed.filter(|(point, _)| *point == after).map_or(0, |(_, number)| number as usize);
                self.options.extend(sent.iter().skip(first).map(|(_, send)| Fault::Replay { send: *send, after }));
            }
            None => {}
        }
        struck
    }
}

/// Runs every plan of the budget. `inspect` turns each finished run into what is to be kept of it, on any thread; `consume`
/// gets these in order, and stops everything by returning `false`. `ahead` is told of each round how many runs it has.
pub fn explore<T: Send>(
    job: &Job<'_, '_>,
    budget: &Budget,
    inspect: impl Fn(&Plan, &Finished<'_>) -> T + Sync,
    mut ahead: impl FnMut(usize),
    mut consume: impl FnMut(T) -> bool,
) {
    const BATCH: usize = 512;
    let mut round = vec![Plan::default()];
    for faults in 0..=budget.at_most {
        let wanted = faults < budget.at_most;
        let mut next_round = Vec::new();
        ahead(round.len());
        for batch in round.chunks(BATCH) {
            let inspected: Vec<(T, Vec<Plan>)> = batch
                .par_iter()
                .map(|plan| {
                    let scripted = Scripted::new(plan);
                    let mut recorder = Recorder { scripted, budget, wanted, options: Vec::new(), replayed: None };
                    debug_assert!(separations(plan).is_empty(), "partitions have no sites to be found");
                    let finished = super::run(job, &mut recorder, &mut ());
                    let longer = recorder.options.into_iter().map(|fault| {
                        let mut faults = Vec::with_capacity(plan.0.len() + 1);
                        faults.extend_from_slice(&plan.0);
                        faults.push(fault);
                        Plan(faults)
                    });
                    (inspect(plan, &finished), longer.collect())
                })
                .collect();
            for (kept, longer) in inspected {
                next_round.extend(longer);
                if !consume(kept) {
                    return;
                }
            }
        }
        round = next_round;
    }
}
