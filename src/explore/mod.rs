//! Every state that can be reached: proves that no plan of at most so many faults, under any order of events, breaks anything.

mod answer;
mod coverage;
mod future;
mod local;
mod look;
mod search;
mod settle;
mod state;
mod step;
mod store;
mod table;
mod trace;

use crate::drive::exhaustive::Budget;
use crate::protocol::setup::Setup;
use crate::world::Workload;

pub use answer::{Answer, Ended, Finding, KINDS};
pub use coverage::Covered;
pub use look::Breach;
pub use search::Stopped;
pub use state::PARTIES_MAX;

/// What is asked of a search.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// What does not change.
    pub setup: &'a Setup,
    /// What the customers set out to do.
    pub workload: &'a Workload,
    /// What may strike.
    pub budget: &'a Budget,
    /// How far the search may go.
    pub bounds: Bounds,
    /// What may be left out because it makes no difference.
    pub reductions: Reductions,
}

/// What a search leaves out because it makes no difference. Each can be switched off, and nothing changes but the time it takes.
#[derive(Debug, Clone, Copy)]
pub struct Reductions {
    /// Letters that nobody minds any more.
    pub dead_letters: bool,
    /// Steps that can be taken again and again are taken at once.
    pub loops: bool,
}

impl Reductions {
    /// All of them.
    pub const ALL: Self = Reductions { dead_letters: true, loops: true };
    /// None of them.
    pub const NONE: Self = Reductions { dead_letters: false, loops: false };
}

/// How far a search may go.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// So many states.
    pub states: u64,
    /// So many events.
    pub depth: u32,
}

impl Default for Bounds {
    fn default() -> Self {
        Bounds { states: 100_000_000, depth: u32::MAX }
    }
}

/// Is told how a search goes on.
pub trait Progress {
    /// The states of a level are next. Whether the search goes on.
    fn level(&mut self, level: Reached) -> bool;
}

/// How far a search has come.
#[derive(Debug, Clone, Copy)]
pub struct Reached {
    /// The states that are next have so many faults behind them.
    pub faults: u32,
    /// And so many events.
    pub events: u32,
    /// All states so far.
    pub states: u64,
    /// Those that are next.
    pub frontier: u64,
    /// What all states take, in bytes, tables and links included.
    pub bytes: u64,
}

impl Progress for () {
    fn level(&mut self, _: Reached) -> bool {
        true
    }
}

/// Searches. Threads are those of the current rayon pool; the answer is the same for any number of them.
pub fn explore(question: &Question<'_>, progress: &mut dyn Progress) -> Answer {
    macro_rules! widths {
        ($($width:literal)*) => {
            $(if let Ok(search) = search::Search::<$width>::run(question, progress) {
                return search.answer(question);
            })*
        };
    }
    // A state that is too narrow for all letters is found out early, and the search starts again.
    widths!(2 3 4 5 6 8 12 16 24 48);
    unreachable!("no search has that many letters")
}
