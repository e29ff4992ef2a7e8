//! Every state that can be reached: proves that no plan of at most so many faults, under any order of events, breaks anything.

mod future;
mod local;
mod look;
mod search;
mod state;
mod step;
mod store;
mod table;

use crate::drive::exhaustive::Budget;
use crate::protocol::setup::Setup;
use crate::world::Workload;

pub use look::Breach;
pub use search::Stopped;

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
    /// The states with so many faults and so many events are next. Whether the search goes on.
    fn level(&mut self, faults: u32, events: u32, states: u64, frontier: u64) -> bool;
}

impl Progress for () {
    fn level(&mut self, _: u32, _: u32, _: u64, _: u64) -> bool {
        true
    }
}

/// What came of a search.
#[derive(Debug)]
pub struct Answer {
    /// How many states there are.
    pub states: u64,
    /// How many steps were taken.
    pub transitions: u64,
    /// Why the search stopped before it was complete, if it did.
    pub stopped: Option<Stopped>,
    /// How many events deep, by number of faults.
    pub depths: Vec<usize>,
    /// How many different letters, shares and looks.
    pub sizes: (usize, Vec<usize>, usize),
    /// What is broken somewhere.
    pub breaches: Vec<Breach>,
    /// How many distinct ends.
    pub ends: usize,
}

/// Searches.
pub fn explore(question: &Question<'_>, progress: &mut dyn Progress) -> Answer {
    fn answer<const W: usize>(search: &search::Search<'_, W>) -> Answer {
        let hit = search.hits.iter().fold(0, |all, hit| all | hit.broken);
        Answer {
            states: search.len(),
            transitions: search.transitions,
            stopped: search.stopped,
            depths: search.levels.iter().map(Vec::len).collect(),
            sizes: (search.tables.letters.len(), search.tables.seats.iter().map(|s| s.locals.len()).collect(), W),
            breaches: search.looks.breaches(hit).map(|(_, breach)| *breach).collect(),
            ends: search.ends.len(),
        }
    }
    macro_rules! widths {
        ($($width:literal)*) => {
            $(if let Ok(search) = search::Search::<$width>::run(question, progress) {
                return answer(&search);
            })*
        };
    }
    widths!(2 3 4 5 6 8 12 16 24 48);
    unreachable!("no more letters than that")
}
