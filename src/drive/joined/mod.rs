//! Every plan of at most so many faults, where plans that come to the same situation are one from there on.
//!
//! Most plans make no lasting difference: what one fault holds up, a retransmission brings along, and soon the run is where
//! another has been before. So a plan is cut where it comes to a [`Situation`](super::situation::Situation) that an earlier one with no more faults has come
//! to: whatever follows has followed there, and whatever fault may yet strike has struck there. What it was cut for is known at
//! once, mostly at the first event after its last fault.
//!
//! Mostly ([`Cuts`]) a plan is cut only where nothing that follows breaks anything. Which situations those are shows when the search is over; if a
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

mod pass;
mod trial;

use super::{Finished, Job};
use crate::fault::coverage::Coverage;
use crate::fault::{Budget, Plan};
use pass::{Pass, Runs};

/// Where plans are cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cuts {
    /// Where nothing that follows breaks anything: every plan that breaks something is run to its end.
    Unbroken,
    /// Wherever an earlier plan has come to the same situation after as few events. Then that one breaks whatever may break, as soon:
    /// each clause is shown to break by the plan that has the fewest faults and, among these, takes the fewest events and comes first.
    Everywhere,
}

/// Whoever the search is made for.
pub trait Audience<T> {
    /// So many more pieces of runs will be worked on, in this round.
    fn ahead(&mut self, pieces: usize);
    /// One of them has been. `false` stops everything.
    fn done(&mut self) -> bool;
    /// The search has come so far.
    fn reached(&mut self, _: Reached) {}
    /// Gets what is kept of a run, in order; `false` stops everything. Of runs that were cut it gets what there is by then if plans are
    /// cut [everywhere](Cuts::Everywhere), and nothing otherwise.
    fn take(&mut self, kept: T) -> bool;
}

/// How far a search has come.
#[derive(Debug, Clone, Copy)]
pub struct Reached {
    /// Plans of so many faults are being tried.
    pub faults: u32,
    /// Situations so far.
    pub situations: u64,
    /// Pieces of runs with one fault less that are still to be worked on.
    pub frontier: u64,
    /// What plans and situations take, in bytes.
    pub bytes: u64,
}

/// How far a search may go. A bound is looked at between batches of pieces, whatever the number of threads.
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

/// Searches. `inspect` turns runs into what is to be kept of them, on any thread.
pub fn explore<T: Send>(
    job: &Job<'_, '_>,
    budget: &Budget,
    bounds: Bounds,
    cuts: Cuts,
    inspect: impl Fn(&Plan, &Finished<'_>) -> T + Sync,
    audience: &mut impl Audience<T>,
) -> Searched {
    let mut pass = Pass::new(job, budget, bounds, cuts, &inspect);
    // Nothing is known of what breaks: as long as nothing does, or if it does not matter, this pass is the only one.
    let mut runs = match cuts {
        Cuts::Unbroken => Runs::Back(Vec::new()),
        Cuts::Everywhere => Runs::HandedOver,
    };
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
