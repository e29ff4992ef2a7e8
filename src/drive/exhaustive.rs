//! Every plan of at most so many faults, the sites found as they are met.
//!
//! Plans are tried in order of their length. A run of a plan shows which sites come after its last fault; the plan with one
//! fault more at each of them comes in the next round. So each set of faults is tried once, in the order in which its faults
//! strike, and a site that only a fault opens is found by the run that opens it. The result is the same whatever the number of
//! threads: runs are numbered by the round and the place in it.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::labels::Sending;
use super::scripted::{Scripted, separations};
use super::{Finished, Job, Oracle, SendFault};
use crate::fault::coverage::Coverage;
use crate::fault::{Budget, CrashSite, EventSite, Fault, FaultKind, Plan, SendSite, garble};
use crate::party::{Party, Side};
use crate::protocol::message::Message;

/// Makes a plan happen and writes down what else could have struck after its last fault.
pub(super) struct Recorder<'p, 'b> {
    plan: &'p Plan,
    pub(super) scripted: Scripted<'p>,
    budget: &'b Budget,
    /// Whether to write down anything at this point.
    pub(super) wanted: bool,
    /// What could strike next, and whom.
    pub(super) options: Vec<(Party, Fault)>,
    /// Who has sent what. What an outsider has sent it may repeat itself.
    senders: BTreeMap<SendSite, Party>,
    /// The envelopes that may be replayed at this point, after one that was.
    replayed: Option<(EventSite, u32)>,
}

impl<'p, 'b> Recorder<'p, 'b> {
    pub(super) fn new(plan: &'p Plan, budget: &'b Budget, wanted: bool) -> Self {
        let scripted = Scripted::new(plan);
        Recorder { plan, scripted, budget, wanted, options: Vec::new(), senders: BTreeMap::new(), replayed: None }
    }

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
        self.senders.insert(site, from);
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

    fn replay(&mut self, after: EventSite, sent: &crate::world::Numbered<Sending>) -> Option<u32> {
        let struck = self.scripted.replay(after, sent);
        match struck {
            Some(number) => self.replayed = Some((after, number)),
            None if self.may(FaultKind::Replay) => {
                // Two replays at one point are tried in one order only.
                let first = self.replayed.filter(|(point, _)| *point == after).map_or(0, |(_, number)| number as usize);
                let sends = sent.iter().skip(first);
                let sends = sends.filter_map(|(_, sending)| Some((*self.senders.get(&sending.site)?, sending.site)));
                self.options.extend(sends.map(|(from, send)| (from, Fault::Replay { send, after })));
            }
            None => {}
        }
        struck
    }
}

/// What is to become of a plan, in a search that others have a share in or that goes on from where an earlier one stopped.
#[derive(Debug)]
pub enum Given<T> {
    /// It is run.
    Run,
    /// What is to be kept of its run is known already.
    Known(T),
    /// Others run it.
    Elsewhere,
}

impl<T> Given<T> {
    /// What is kept of the run, which is made if need be; nothing of one that is run elsewhere.
    pub fn or_run(self, run: impl FnOnce() -> T) -> Option<T> {
        match self {
            Given::Run => Some(run()),
            Given::Known(kept) => Some(kept),
            Given::Elsewhere => None,
        }
    }
}

/// Whoever a search is made for. Plans come in one order, whoever asks.
pub trait Share<T> {
    /// So many more plans are ahead.
    fn ahead(&mut self, plans: usize);
    /// Says what is to become of the next plan; `None` stops everything.
    fn given(&mut self, plan: &Plan) -> Option<Given<T>>;
    /// Gets what is kept of the next plan's run, or nothing of one that is run elsewhere; `false` stops everything.
    fn take(&mut self, kept: Option<T>) -> bool;
}

/// All of a search, for functions that ask for no less.
struct All<A, C>(A, C);

impl<T, A: FnMut(usize), C: FnMut(T) -> bool> Share<T> for All<A, C> {
    fn ahead(&mut self, plans: usize) {
        (self.0)(plans);
    }

    fn given(&mut self, _: &Plan) -> Option<Given<T>> {
        Some(Given::Run)
    }

    fn take(&mut self, kept: Option<T>) -> bool {
        kept.is_none_or(&mut self.1)
    }
}

/// Runs every plan of the budget. `inspect` turns each finished run into what is to be kept of it, on any thread; `consume`
/// gets these in order, and stops everything by returning `false`. `ahead` is told of each round how many runs it has. What was
/// met and what was struck comes back.
pub fn explore<T: Send>(
    job: &Job<'_, '_>,
    budget: &Budget,
    inspect: impl Fn(&Plan, &Finished<'_>) -> T + Sync,
    ahead: impl FnMut(usize),
    consume: impl FnMut(T) -> bool,
) -> Coverage {
    explore_share(job, budget, inspect, &mut All(ahead, consume))
}

/// The same for a share of the plans. Those that are shorter than the longest are run in any case, since only they show which
/// sites there are: with two faults that is one run in a hundred.
pub fn explore_share<T: Send>(
    job: &Job<'_, '_>,
    budget: &Budget,
    inspect: impl Fn(&Plan, &Finished<'_>) -> T + Sync,
    share: &mut impl Share<T>,
) -> Coverage {
    const BATCH: usize = 512;
    let mut coverage = Coverage::default();
    // The party that each plan's last fault strikes stands beside it.
    let mut round = vec![(Plan::default(), Party::Server)];
    for faults in 0..=budget.at_most {
        let wanted = faults < budget.at_most;
        let mut next_round = Vec::new();
        share.ahead(round.len());
        for batch in round.chunks(BATCH) {
            let given: Option<Vec<Given<T>>> = batch.iter().map(|(plan, _)| share.given(plan)).collect();
            let Some(given) = given else { return coverage };
            let inspected: Vec<(Option<Ran<T>>, Longer)> = batch
                .par_iter()
                .zip(given)
                .map(|((plan, _), given)| match given {
                    Given::Known(kept) if !wanted => (Some(Ran { kept, all_struck: true }), Vec::new()),
                    Given::Elsewhere if !wanted => (None, Vec::new()),
                    given => {
                        let (ran, longer) = run(job, budget, plan, wanted, &inspect);
                        (if matches!(given, Given::Elsewhere) { None } else { Some(ran) }, longer)
                    }
                })
                .collect();
            for ((ran, longer), (plan, party)) in inspected.into_iter().zip(batch) {
                if let (Some(Ran { all_struck: true, .. }), Some(last)) = (&ran, plan.0.last()) {
                    coverage.strike(*party, last);
                }
                for (plan, party) in &longer {
                    plan.0.last().into_iter().for_each(|next| coverage.meet(*party, next));
                }
                next_round.extend(longer);
                if !share.take(ran.map(|ran| ran.kept)) {
                    return coverage;
                }
            }
        }
        round = next_round;
    }
    coverage
}

/// How many plans of one fault there are.
pub fn plans_of_one_fault(job: &Job<'_, '_>, budget: &Budget) -> u64 {
    run(job, budget, &Plan::default(), true, |_, _| ()).1.len() as u64
}

/// Plans with one fault more, and the party that it strikes.
type Longer = Vec<(Plan, Party)>;

/// What is kept of a run, and whether all faults of its plan struck.
struct Ran<T> {
    kept: T,
    all_struck: bool,
}

/// Runs a plan; the second list is of the plans with one fault more and the party that it strikes, where they are wanted.
fn run<T>(
    job: &Job<'_, '_>,
    budget: &Budget,
    plan: &Plan,
    wanted: bool,
    inspect: impl Fn(&Plan, &Finished<'_>) -> T,
) -> (Ran<T>, Longer) {
    let mut recorder = Recorder::new(plan, budget, wanted);
    debug_assert!(separations(plan).is_empty(), "partitions have no sites to be found");
    let finished = super::run(job, &mut recorder, &mut ());
    let all_struck = recorder.scripted.is_done();
    let longer = recorder.options.into_iter().map(|(party, fault)| {
        let mut faults = Vec::with_capacity(plan.0.len() + 1);
        faults.extend_from_slice(&plan.0);
        faults.push(fault);
        (Plan(faults), party)
    });
    let longer = longer.collect();
    (Ran { kept: inspect(plan, &finished), all_struck }, longer)
}
