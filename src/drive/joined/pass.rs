//! One pass over all plans, fewest faults first.

use rayon::prelude::*;

use super::trial::{Known, Met, Siblings, Trial, Turn};
use super::{Audience, Bound, Bounds, Cuts, Reached, Searched, Stopped};
use crate::drive::exhaustive::Recorder;
use crate::drive::scripted::Scripted;
use crate::drive::{Driver, Ended, Finished, Job};
use crate::fault::coverage::Coverage;
use crate::fault::{Budget, Fault, Plan};
use crate::party::Party;

/// So many pieces of runs are worked on before what is found there is taken in.
const BATCH: usize = 16;
/// So many turns make a piece, unless the run is so long that this makes more than [`PIECES`].
const PIECE: Turn = 16;
const PIECES: Turn = 32;

/// A plan that was begun.
#[derive(Debug)]
struct Begun {
    /// The plan with one fault less, by number.
    parent: u32,
    /// The last fault, and whom it strikes. The plan without faults has none.
    last: Option<(Party, Fault)>,
    /// The turn in which it struck.
    struck: Turn,
    /// How many turns its run took.
    turns: Turn,
    /// The turn before which it was cut, and the plan and the turn before which the same situation was met first.
    joined: Option<(Turn, (u32, Turn))>,
    /// Whether the run broke something, or did not come to an end.
    broken: bool,
}

/// A piece of a plan's run.
struct Piece {
    /// The plan.
    parent: u32,
    /// The first of its turns, and the one after the last.
    from: Turn,
    until: Turn,
}

/// What came of a plan's trial.
struct Tried<T> {
    last: Option<(Party, Fault)>,
    struck: Turn,
    turns: Turn,
    /// The situations that it came to after its last fault, one for each turn.
    met: Vec<Met>,
    /// Whether the last of them was known.
    cut: bool,
    broken: bool,
    /// Nothing of a run that nobody wants; of one that was cut only where plans are cut everywhere.
    kept: Option<T>,
}

/// What becomes of the runs of a pass.
pub(super) enum Runs<T> {
    /// They are kept back until it shows that nothing breaks, and so that no other pass is needed.
    Back(Vec<T>),
    /// Nobody wants them: there will be another pass.
    Dropped,
    /// They are handed over as they come.
    HandedOver,
}

pub(super) struct Pass<'j, 's, 'w, I> {
    job: &'j Job<'s, 'w>,
    budget: &'j Budget,
    bounds: Bounds,
    cuts: Cuts,
    inspect: &'j I,
    known: Known,
    begun: Vec<Begun>,
    passes: u32,
    stopped: Option<Stopped>,
}

impl<'j, 's, 'w, I> Pass<'j, 's, 'w, I> {
    /// A pass that is yet to be made.
    pub(super) fn new(job: &'j Job<'s, 'w>, budget: &'j Budget, bounds: Bounds, cuts: Cuts, inspect: &'j I) -> Self {
        let known = Known::new(cuts);
        Pass { job, budget, bounds, cuts, inspect, known, begun: Vec::new(), passes: 0, stopped: None }
    }
}

impl<T: Send, I: Fn(&Plan, &Finished<'_>) -> T + Sync> Pass<'_, '_, '_, I> {
    /// How far the search has come with plans of so many faults.
    fn reached(&self, faults: u32, frontier: usize) -> Reached {
        /// A fingerprint and where it was met, and what a table has beside each entry.
        const SITUATION_BYTES: u64 = 32;
        let situations = self.known.situations();
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
    pub(super) fn run(&mut self, runs: &mut Runs<T>, audience: &mut impl Audience<T>) -> bool {
        self.passes += 1;
        self.stopped = None;
        self.known.clear();
        self.begun.clear();
        let root = self.root(!matches!(runs, Runs::Dropped));
        if !self.enter(0, vec![root], runs, audience) {
            return false;
        }
        let mut round = 0..1;
        for faults in 1..=self.budget.at_most {
            let next = self.begun.len();
            let pieces: Vec<Piece> = round.flat_map(|number| self.pieces(number)).collect();
            audience.ahead(pieces.len());
            for (batches, batch) in pieces.chunks(BATCH).enumerate() {
                let reached = self.reached(faults, pieces.len() - batches * BATCH);
                audience.reached(reached);
                if let Some(by) = self.bound(reached) {
                    self.stopped = Some(Stopped { by, complete: faults - 1 });
                    return true;
                }
                let wanted = !matches!(runs, Runs::Dropped);
                let tried: Vec<Vec<Tried<T>>> =
                    batch.par_iter().map(|piece| self.further(piece, faults, wanted)).collect();
                for (piece, tried) in batch.iter().zip(tried) {
                    if !self.enter(piece.parent, tried, runs, audience) || !audience.done() {
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
        for tried in tried {
            let wanted = !matches!(runs, Runs::Dropped);
            let tried = if self.is_lost(&tried) { self.alone(parent, &tried, wanted) } else { tried };
            let Tried { last, struck, turns, met, cut, broken, kept } = tried;
            let number = self.begun.len() as u32;
            // The plan without faults has a situation before its first turn.
            let first = if last.is_some() { struck + 1 } else { 0 };
            let mut joined = None;
            for (turn, met) in (first..).zip(met) {
                joined = self.known.joins(met).map(|there| (turn, there));
                if joined.is_some() {
                    break;
                }
                self.known.note(met, (number, turn));
            }
            debug_assert!(joined.is_some() || !cut, "what a plan was cut at, if it was tried by itself, is known");
            let broken = broken && joined.is_none();
            self.begun.push(Begun { parent, last, struck, turns, joined, broken });
            let Some(kept) = kept.filter(|_| joined.is_none() || self.cuts == Cuts::Everywhere) else { continue };
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

    /// Whether a plan was cut where nobody is known to have been. It was cut for a sibling then, which was itself cut for a run that was given
    /// up before it came there: of two runs that take the same course the one that has taken more turns by then is given up sooner.
    fn is_lost(&self, tried: &Tried<T>) -> bool {
        tried.cut && !tried.met.iter().rev().any(|met| self.known.joins(*met).is_some())
    }

    /// Tries a plan once more, by itself.
    fn alone(&self, parent: u32, tried: &Tried<T>, wanted: bool) -> Tried<T> {
        let mut plan = self.plan(parent as usize);
        plan.0.extend(tried.last.iter().map(|(_, fault)| fault.clone()));
        let mut siblings = Siblings::default();
        let mut trial = Trial::new(&plan, Scripted::new(&plan), self.budget, &self.known, &mut siblings);
        let mut nobody = ();
        let mut driver = Driver::new(self.job, &mut nobody);
        for _ in 0..tried.struck {
            driver.turn(&mut trial, &mut None);
        }
        self.on_trial(driver, trial, &plan, tried.last.clone(), tried.struck, wanted)
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
        let wanted = wanted && (ended != Ended::Joined || self.cuts == Cuts::Everywhere);
        let kept = wanted.then(|| (self.inspect)(plan, &finished));
        let turns = if last.is_some() { struck + 1 } else { 0 } + trial.turns;
        Tried { last, struck, turns, met: trial.met, cut: ended == Ended::Joined, broken, kept }
    }

    /// The pieces of a plan's run in which one fault more may strike, in order.
    fn pieces(&self, number: usize) -> impl Iterator<Item = Piece> + use<T, I> {
        let Begun { struck, turns, joined, .. } = &self.begun[number];
        let (from, until) = (*struck, joined.map_or(*turns, |(turn, _)| turn));
        let size = PIECE.max((until - from).div_ceil(PIECES));
        let parent = number as u32;
        (from..until).step_by(size as usize).map(move |from| Piece { parent, from, until: until.min(from + size) })
    }

    /// Every plan that is one fault longer than the one of the piece, the last of which strikes there. `faults` is how many faults they
    /// have.
    fn further(&self, piece: &Piece, faults: u32, wanted: bool) -> Vec<Tried<T>> {
        let plan = self.plan(piece.parent as usize);
        let mut recorder = Recorder::new(&plan, self.budget, false);
        let mut nobody = ();
        let mut driver = Driver::new(self.job, &mut nobody);
        let (mut tried, mut siblings) = (Vec::new(), Siblings::default());
        debug_assert_eq!(faults as usize, plan.0.len() + 1);
        for turn in 0..piece.until {
            let mut deaf = ();
            recorder.wanted = turn >= piece.from;
            let before = recorder.wanted.then(|| (driver.fork(&mut deaf), recorder.scripted.clone()));
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
                let Begun { parent, last, struck, joined, broken, .. } = &self.begun[number];
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
    pub(super) fn doom(&mut self) -> bool {
        let before = self.doomed_before();
        let is_doomed = |(plan, turn): (u32, Turn)| turn < before[plan as usize];
        self.known.doom(is_doomed);
        self.begun.iter().any(|begun| begun.joined.is_some_and(|(_, there)| is_doomed(there)))
    }

    pub(super) fn searched(&self) -> Searched {
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
            situations: self.known.situations(),
            coverage,
            passes: self.passes,
            stand_for: self.stand_for(),
            stopped: self.stopped,
        }
    }
}
