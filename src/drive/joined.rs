//! Every plan of at most so many faults, where plans that come to the same situation are one from there on.
//!
//! Most plans make no lasting difference: what one fault holds up, a retransmission brings along, and soon the run is where
//! another has been before. So a plan is cut where it comes to a [`Situation`] that an earlier one with no more faults has come
//! to: whatever follows has followed there, and whatever fault may yet strike has struck there. What it was cut for is known at
//! once, mostly at the first event after its last fault.
//!
//! A plan is cut only where nothing that follows breaks anything. Which situations those are shows when the search is over; if a
//! plan was cut at another, the search is made again with that in mind, until none was. So every plan that breaks something is
//! run to its end, and what is found is the same to the byte as when every plan is ([`exhaustive`](super::exhaustive)): the cause
//! of a violation is what its plan does, and two plans that meet have different ones.
//!
//! A search that is stopped by a bound has tried all plans of so many faults, and some that are one fault longer. What these broke is
//! broken; a plan was cut at a situation that an earlier one had come to, whether or not that one was taken further before the end.
//!
//! Plans are made from their parents: the parent is run once, and at each turn the world is forked for every fault that could strike
//! there. The answer is the same for any number of threads: they look at situations of earlier batches only, and what they find
//! is taken in in order.

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::exhaustive::Recorder;
use super::labels::Sending;
use super::scripted::Scripted;
use super::situation::{Fingerprint, Room, Situation};
use super::{Driver, Ended, Finished, Job, Oracle, SendFault};
use crate::fault::coverage::Coverage;
use crate::fault::{Budget, CrashSite, EventSite, Fault, FaultKind, Plan, SendSite};
use crate::protocol::message::Message;
use crate::protocol::party::Party;
use crate::world::Numbered;

/// So many plans are taken further before what they find is taken in.
const BATCH: usize = 16;

/// Whoever the search is made for.
pub trait Audience<T> {
    /// So many more plans will be taken further, in this round.
    fn ahead(&mut self, plans: usize);
    /// One of them has been. `false` stops everything.
    fn done(&mut self) -> bool;
    /// The search has come so far.
    fn reached(&mut self, _: Reached) {}
    /// Gets what is kept of a run that came to its end, in order; `false` stops everything.
    fn take(&mut self, kept: T) -> bool;
}

/// How far a search has come.
#[derive(Debug, Clone, Copy)]
pub struct Reached {
    /// Plans of so many faults are being tried.
    pub faults: u32,
    /// Situations so far.
    pub situations: u64,
    /// Plans of one fault less that are still to be taken further.
    pub frontier: u64,
    /// What plans and situations take, in bytes.
    pub bytes: u64,
}

/// How far a search may go. A bound is looked at between batches of plans, whatever the number of threads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// So many situations.
    pub situations: u64,
    /// So many bytes for plans and situations.
    pub bytes: u64,
}

impl Default for Bounds {
    /// None.
    fn default() -> Self {
        Bounds { situations: u64::MAX, bytes: u64::MAX }
    }
}

/// What stopped a search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// See [`Bounds::situations`].
    Situations,
    /// See [`Bounds::bytes`].
    Memory,
}

/// Where a search was stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stopped {
    /// By what.
    pub by: Bound,
    /// Every plan of no more faults than that was tried.
    pub complete: u32,
}

/// What a search has done.
#[derive(Debug, Default)]
pub struct Searched {
    /// Plans that were begun.
    pub plans: u64,
    /// Those of them that were cut, since the rest was known.
    pub joined: u64,
    /// Situations that were told apart.
    pub situations: u64,
    /// What was met and what was struck, by plans that were begun.
    pub coverage: Coverage,
    /// How often the search was made.
    pub passes: u32,
    /// How many plans there would have been had none been cut.
    pub stand_for: u64,
    /// Why it came to its end before every plan was tried, if it did.
    pub stopped: Option<Stopped>,
}

/// A turn of a plan's run. Turns are counted from nought, and a situation is named by the turn that it comes before.
type Turn = u32;

/// A plan that was begun.
#[derive(Debug)]
struct Begun {
    /// The plan with one fault less, by number.
    parent: u32,
    /// The last fault, and whom it strikes. The plan without faults has none.
    last: Option<(Party, Fault)>,
    /// The turn in which it struck.
    struck: Turn,
    /// The turn before which it was cut, and the plan and the turn before which the same situation was met first.
    joined: Option<(Turn, (u32, Turn))>,
    /// Whether the run broke something, or did not come to an end.
    broken: bool,
}

/// What a run looks at to see whether it may be cut.
#[derive(Debug, Default)]
struct Known {
    /// Where each situation was met first.
    first: FxHashMap<Fingerprint, (u32, Turn)>,
    /// Situations after which something breaks. No plan is cut there.
    doomed: FxHashSet<Fingerprint>,
}

impl Known {
    fn joins(&self, fingerprint: &Fingerprint) -> Option<(u32, Turn)> {
        self.first.get(fingerprint).copied().filter(|_| !self.doomed.contains(fingerprint))
    }
}

/// A plan on trial: its own faults strike, and it stops at what is known.
struct Trial<'p, 'k> {
    scripted: Scripted<'p>,
    /// What siblings have come to.
    siblings: &'k mut Siblings,
    /// How many faults of each kind the plan has, of kinds that have a budget of their own.
    spent: Vec<u32>,
    replays: bool,
    known: &'k Known,
    met: Vec<Fingerprint>,
}

/// What the plans that are one fault longer than one and the same plan have come to so far, and room to work in. A sibling may itself
/// be cut before a situation that it came to: then whoever it was cut for comes to that situation too.
#[derive(Default)]
struct Siblings {
    met: FxHashSet<Fingerprint>,
    room: Room,
}

impl<'p, 'k> Trial<'p, 'k> {
    fn new(plan: &Plan, scripted: Scripted<'p>, budget: &Budget, known: &'k Known, siblings: &'k mut Siblings) -> Self {
        let of = |kind: FaultKind| plan.0.iter().filter(|fault| fault.kind() == kind).count() as u32;
        let own = |kind: FaultKind| if budget.of(kind) < budget.at_most { of(kind) } else { 0 };
        let left = (plan.0.len() as u32) < budget.at_most;
        let replays = left && of(FaultKind::Replay) < budget.of(FaultKind::Replay);
        let spent = FaultKind::ALL.iter().map(|kind| own(*kind)).collect();
        Trial { scripted, spent, replays, known, siblings, met: Vec::new() }
    }
}

impl Oracle for Trial<'_, '_> {
    fn send(&mut self, from: Party, site: SendSite, message: &Message) -> Option<SendFault> {
        self.scripted.send(from, site, message)
    }

    fn crash(&mut self, party: Party, site: CrashSite) -> Option<bool> {
        self.scripted.crash(party, site)
    }

    fn replay(&mut self, after: EventSite, sent: &Numbered<Sending>) -> Option<u32> {
        self.scripted.replay(after, sent)
    }

    fn joins(&mut self, situation: &Situation<'_>) -> bool {
        let fingerprint = situation.fingerprint(self.replays, &self.spent, &mut self.siblings.room);
        self.met.push(fingerprint);
        let met_by_sibling = !self.siblings.met.insert(fingerprint);
        let Known { first, doomed } = self.known;
        (met_by_sibling || first.contains_key(&fingerprint)) && !doomed.contains(&fingerprint)
    }
}

/// What came of a plan's trial.
struct Tried<T> {
    last: Option<(Party, Fault)>,
    struck: Turn,
    /// The situations that it came to after its last fault, one for each turn.
    met: Vec<Fingerprint>,
    /// Whether the last of them was known.
    cut: bool,
    broken: bool,
    /// Nothing of a run that was cut, or that nobody wants.
    kept: Option<T>,
}

/// Searches. `inspect` turns each run that came to its end into what is to be kept of it, on any thread.
pub fn explore<T: Send>(
    job: &Job<'_, '_>,
    budget: &Budget,
    bounds: Bounds,
    inspect: impl Fn(&Plan, &Finished<'_>) -> T + Sync,
    audience: &mut impl Audience<T>,
) -> Searched {
    let (known, begun) = (Known::default(), Vec::new());
    let mut pass = Pass { job, budget, bounds, inspect: &inspect, known, begun, passes: 0, stopped: None };
    // Nothing is known of what breaks: as long as nothing does, this pass is the only one.
    let mut runs = Runs::Back(Vec::new());
    while pass.run(&mut runs, audience) && !matches!(runs, Runs::HandedOver) {
        if pass.doom() {
            runs = Runs::Dropped;
            continue;
        }
        // Unless nothing broke the same is done once more, since the runs are to be looked at now.
        if let Runs::Back(back) = std::mem::replace(&mut runs, Runs::HandedOver) {
            back.into_iter().all(|run| audience.take(run));
            break;
        }
    }
    pass.searched()
}

/// What becomes of the runs of a pass.
enum Runs<T> {
    /// They are kept back until it shows that nothing breaks, and so that no other pass is needed.
    Back(Vec<T>),
    /// Nobody wants them: there will be another pass.
    Dropped,
    /// They are handed over as they come.
    HandedOver,
}

struct Pass<'j, 's, 'w, I> {
    job: &'j Job<'s, 'w>,
    budget: &'j Budget,
    inspect: &'j I,
    bounds: Bounds,
    known: Known,
    begun: Vec<Begun>,
    passes: u32,
    stopped: Option<Stopped>,
}

impl<T: Send, I: Fn(&Plan, &Finished<'_>) -> T + Sync> Pass<'_, '_, '_, I> {
    /// How far the search has come with plans of so many faults.
    fn reached(&self, faults: u32, frontier: usize) -> Reached {
        /// A fingerprint and where it was met, and what a table has beside each entry.
        const SITUATION_BYTES: u64 = 32;
        let situations = self.known.first.len() as u64;
        let bytes = self.begun.len() as u64 * size_of::<Begun>() as u64 + situations * SITUATION_BYTES;
        Reached { faults, situations, frontier: frontier as u64, bytes }
    }

    /// The bound that is reached, if one is.
    fn bound(&self, reached: Reached) -> Option<Bound> {
        if reached.situations >= self.bounds.situations {
            Some(Bound::Situations)
        } else if reached.bytes >= self.bounds.bytes {
            Some(Bound::Memory)
        } else {
            None
        }
    }

    /// Tries every plan, up to a bound. Whether the audience wanted all of it.
    fn run(&mut self, runs: &mut Runs<T>, audience: &mut impl Audience<T>) -> bool {
        self.passes += 1;
        self.stopped = None;
        self.known.first.clear();
        self.begun.clear();
        let root = self.root(!matches!(runs, Runs::Dropped));
        self.enter(0, vec![root], runs, audience);
        let mut round = 0..1;
        for faults in 1..=self.budget.at_most {
            audience.ahead(round.len());
            let next = self.begun.len();
            let numbers: Vec<usize> = round.collect();
            for (batches, batch) in numbers.chunks(BATCH).enumerate() {
                let reached = self.reached(faults, numbers.len() - batches * BATCH);
                audience.reached(reached);
                if let Some(by) = self.bound(reached) {
                    self.stopped = Some(Stopped { by, complete: faults - 1 });
                    return true;
                }
                let wanted = !matches!(runs, Runs::Dropped);
                let tried: Vec<Vec<Tried<T>>> =
                    batch.par_iter().map(|number| self.further(*number, faults, wanted)).collect();
                for (number, tried) in batch.iter().zip(tried) {
                    if !self.enter(*number as u32, tried, runs, audience) || !audience.done() {
                        return false;
                    }
                }
            }
            round = next..self.begun.len();
        }
        true
    }

    /// Takes in what came of the plans that are one fault longer than that one.
    fn enter(
        &mut self,
        parent: u32,
        tried: Vec<Tried<T>>,
        runs: &mut Runs<T>,
        audience: &mut impl Audience<T>,
    ) -> bool {
        for Tried { last, struck, met, cut, broken, kept } in tried {
            let number = self.begun.len() as u32;
            // The plan without faults has a situation before its first turn.
            let first = if last.is_some() { struck + 1 } else { 0 };
            let mut joined = None;
            for (turn, fingerprint) in (first..).zip(met) {
                joined = self.known.joins(&fingerprint).map(|there| (turn, there));
                if joined.is_some() {
                    break;
                }
                self.known.first.entry(fingerprint).or_insert((number, turn));
            }
            assert!(joined.is_some() || !cut, "whatever a plan was cut at is known when it is taken in");
            let broken = broken && joined.is_none();
            self.begun.push(Begun { parent, last, struck, joined, broken });
            let Some(kept) = kept.filter(|_| joined.is_none()) else { continue };
            match runs {
                Runs::Back(_) if broken => *runs = Runs::Dropped,
                Runs::Back(back) => back.push(kept),
                Runs::Dropped => {}
                Runs::HandedOver if !audience.take(kept) => return false,
                Runs::HandedOver => {}
            }
        }
        true
    }

    fn plan(&self, mut number: usize) -> Plan {
        let mut faults = Vec::new();
        while let Some((_, fault)) = &self.begun[number].last {
            faults.push(fault.clone());
            number = self.begun[number].parent as usize;
        }
        faults.reverse();
        Plan(faults)
    }

    fn root(&self, wanted: bool) -> Tried<T> {
        let plan = Plan::default();
        let mut siblings = Siblings::default();
        let trial = Trial::new(&plan, Scripted::new(&plan), self.budget, &self.known, &mut siblings);
        let mut nobody = ();
        let driver = Driver::new(self.job, &mut nobody);
        self.on_trial(driver, trial, &plan, None, 0, wanted)
    }

    fn on_trial(
        &self,
        mut driver: Driver<'_, '_, '_>,
        mut trial: Trial<'_, '_>,
        plan: &Plan,
        last: Option<(Party, Fault)>,
        struck: Turn,
        wanted: bool,
    ) -> Tried<T> {
        // The turn in which the last fault strikes begins before it does.
        let ended = if last.is_some() { driver.turn(&mut trial, &mut None) } else { None };
        debug_assert!(trial.scripted.is_done(), "a fault strikes where the parent found its site: {plan}");
        let ended = ended.unwrap_or_else(|| driver.drive(&mut trial, &mut None));
        let finished = driver.finish(ended);
        let broken = ended == Ended::CutShort || !finished.checker.violations().is_empty();
        let kept = (wanted && ended != Ended::Joined).then(|| (self.inspect)(plan, &finished));
        Tried { last, struck, met: trial.met, cut: ended == Ended::Joined, broken, kept }
    }

    /// Every plan that is one fault longer than that one. `faults` is how many faults they have.
    fn further(&self, number: usize, faults: u32, wanted: bool) -> Vec<Tried<T>> {
        let plan = self.plan(number);
        let Begun { struck, joined, .. } = &self.begun[number];
        let until = joined.map_or(Turn::MAX, |(turn, _)| turn);
        let mut recorder = Recorder::new(&plan, self.budget, true);
        let mut nobody = ();
        let mut driver = Driver::new(self.job, &mut nobody);
        let (mut tried, mut siblings) = (Vec::new(), Siblings::default());
        debug_assert_eq!(faults as usize, plan.0.len() + 1);
        for turn in 0..until {
            let mut deaf = ();
            let before = (turn >= *struck).then(|| (driver.fork(&mut deaf), recorder.scripted.clone()));
            let ended = driver.turn(&mut recorder, &mut None);
            if let Some((before, scripted)) = before {
                for (party, fault) in recorder.options.drain(..) {
                    let mut longer = Plan(Vec::with_capacity(plan.0.len() + 1));
                    longer.0.extend_from_slice(&plan.0);
                    longer.0.push(fault.clone());
                    let trial = Trial::new(&longer, scripted.onwards(&longer), self.budget, &self.known, &mut siblings);
                    let mut nobody = ();
                    let fork = before.fork(&mut nobody);
                    tried.push(self.on_trial(fork, trial, &longer, Some((party, fault)), turn, wanted));
                }
            }
            if ended.is_some() {
                break;
            }
        }
        tried
    }

    /// For each plan, before which turn the situations end after which something breaks: by the plan itself, by a longer one,
    /// or by one that it was cut for.
    fn doomed_before(&self) -> Vec<Turn> {
        let mut before = vec![0; self.begun.len()];
        let mut grows = true;
        while grows {
            grows = false;
            for number in (0..self.begun.len()).rev() {
                let Begun { parent, last, struck, joined, broken } = &self.begun[number];
                let there = joined.is_some_and(|(_, (plan, turn))| turn < before[plan as usize]);
                if (*broken || there) && before[number] < Turn::MAX {
                    (before[number], grows) = (Turn::MAX, true);
                }
                let parent = *parent as usize;
                if before[number] > 0 && last.is_some() && before[parent] <= *struck {
                    (before[parent], grows) = (struck + 1, true);
                }
            }
        }
        before
    }

    /// How many plans there are that go on from a turn of a plan, with so many faults more: those that were begun there, and those
    /// that go on from where it was cut. `each` has the same for every plan from its beginning, with one fault less.
    fn onwards(&self, from: (u32, Turn), children: &[Vec<u32>], each: &[u64]) -> u64 {
        let (mut sum, mut from) = (0, Some(from));
        while let Some((number, turn)) = from {
            let later = children[number as usize].iter().filter(|child| self.begun[**child as usize].struck >= turn);
            sum += later.map(|child| each[*child as usize]).sum::<u64>();
            from = self.begun[number as usize].joined.map(|(_, there)| there);
        }
        sum
    }

    /// How many plans those that were begun stand for: themselves, and what was cut.
    fn stand_for(&self) -> u64 {
        let mut children = vec![Vec::new(); self.begun.len()];
        for (number, begun) in self.begun.iter().enumerate().filter(|(_, begun)| begun.last.is_some()) {
            children[begun.parent as usize].push(number as u32);
        }
        let mut each = vec![1; self.begun.len()];
        for _ in 0..self.budget.at_most {
            each = (0..self.begun.len() as u32).map(|number| 1 + self.onwards((number, 0), &children, &each)).collect();
        }
        each.first().copied().unwrap_or(0)
    }

    /// Finds the situations after which something breaks. Whether a plan was cut at one of them.
    fn doom(&mut self) -> bool {
        let before = self.doomed_before();
        let is_doomed = |(plan, turn): &(u32, Turn)| *turn < before[*plan as usize];
        let doomed = self.known.first.iter().filter(|(_, first)| is_doomed(first)).map(|(fingerprint, _)| *fingerprint);
        self.known.doomed.extend(doomed);
        self.begun.iter().any(|begun| begun.joined.is_some_and(|(_, there)| is_doomed(&there)))
    }

    fn searched(&self) -> Searched {
        let mut coverage = Coverage::default();
        for begun in &self.begun {
            if let Some((party, fault)) = &begun.last {
                coverage.meet(*party, fault);
                coverage.strike(*party, fault);
            }
        }
        Searched {
            plans: self.begun.len() as u64,
            joined: self.begun.iter().filter(|begun| begun.joined.is_some()).count() as u64,
            situations: self.known.first.len() as u64,
            coverage,
            passes: self.passes,
            stand_for: self.stand_for(),
            stopped: self.stopped,
        }
    }
}
