//! Every state that can be reached, each once: shows that no plan of at most so many faults, under any order of events, breaks
//! anything, or the shortest course to what it breaks.
//!
//! This is the untimed clock: any message under way may be next, any timer may fire, any fault that is left may strike. A state is
//! a few numbers: each party's share ([`local`]), stepped by the very nodes and roles that a run steps and worked out once for each
//! input ([`table`], [`deeds`]); and how many copies of each letter are under way ([`state`]). What may happen next is in [`step`], and what
//! faults add to it in [`strike`]. The search goes breadth first, fewest faults first ([`search`], [`expand`]), over states that are kept
//! in full, with a link to the state before ([`store`]). What holds is looked at from outside, by the same clauses and disputes as in a
//! run ([`look`]); a way from every state to one at rest ([`rest`]) is looked for at the end ([`settle`]), and where there is none, whom that
//! keeps busy ([`endless`]). Whatever is found is written down as a course ([`trace`]) and followed event by event in a world that knows
//! nothing of the search ([`follow`](crate::drive::follow), [`for_ever`](crate::drive::for_ever)), under real cryptography too: what a run
//! does not confirm is no finding. It is a doubt, and asked again more exactly ([`doubts`]).
//!
//! Six things keep the number of states down, and each is argued for where it is done: copies that a loop can make without end
//! count as any number ([`state`]), loops are taken at once ([`form`], [`loops`]), letters that nobody minds any more are left out
//! ([`future`]), a journal does not tell which purchase came first, a merchant that makes a new key for each inquiry makes two
//! ([`local`]), and parties that set out to do the same stand for each other ([`symmetry`]). They are [`Reductions`] and can be switched
//! off, but for copies without end. Time is what it makes parties do: orders lapse, timers fire, P forgets ([`table`]).
//!
//! A seventh keeps the number of steps down: a fault does not strike where it could as well have struck one event earlier
//! ([`early`]). Hardened Case 2 under any two faults takes 370,022 steps in place of 550,981. Where nothing is left out but steps, those
//! without a fault are left out for the same reason: under one fault, of those three kinds that the benchmark has, 12,765,049 lead to the
//! 3,361,610 states, in place of 25,714,381.
//!
//! Not among them is a partial-order reduction in the strict sense, taking what one party may do alone while the others wait. It was
//! measured what one could gain. In a state it may be done for a party if nothing that the party may do shows in any fact that a
//! clause looks at, and if nobody can send it anything more that matters before. Nearly everything that a party does here shows: it
//! writes a record or tells its owner. Of the 3,303 states of hardened Case 3 under two faults (drop, duplicate, replay, crash, for
//! ever or not) 167 fulfil the first condition and 82 both; of the 3,062 of Case 2 none; of 102,163 with two customers and one fault
//! 1,032 and 417. As the paper writes Case 2, half of the states fulfil the first and none both, since everybody asks P for ever.
//! That is no more than one state in forty. What independent deliveries cost here was something else: journals told in which order
//! parties had heard of purchases that have nothing to do with each other, so that deliveries which commute led to different states.
//! That they do not is worth a factor of three to four with two customers.
//!
//! Deliberately not here: the timed clock, which [`drive::exhaustive`](crate::drive::exhaustive) runs plan by plan.
#![allow(rustdoc::private_intra_doc_links, reason = "the map is for those who read the code")]

mod alike;
mod answer;
mod coverage;
mod deeds;
mod doubts;
mod early;
mod endless;
mod ends;
mod expand;
mod form;
mod found;
mod future;
mod local;
mod look;
mod loops;
mod numbered;
mod own;
mod ready;
mod rename;
mod rest;
mod search;
mod seat;
mod settle;
mod state;
mod step;
mod store;
mod strike;
mod symmetry;
mod table;
#[cfg(test)]
mod tests;
mod trace;

use self::search::{Halt, Search};
use crate::fault::Budget;
use crate::protocol::setup::Setup;
use crate::world::Workload;

pub use crate::fault::coverage::Covered;
pub use answer::{Answer, Doubt, Ended, Finding, KINDS, holds};
pub use doubts::explore_surely;
pub use ends::{Extent, each_end};
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
    /// What findings are told apart by.
    pub sought: Sought,
}

/// What findings are told apart by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sought {
    /// What breaks, who is hurt, and the faults at the root; and it is asked how purchases end, and what was broken on the way there.
    Causes,
    /// What breaks and who is hurt: one way with as few faults as possible is enough, and nobody asks what was met and struck.
    Harms,
}

/// What a search leaves out because it makes no difference. Each can be switched off, and nothing changes but the time it takes.
#[derive(Debug, Clone, Copy)]
pub struct Reductions {
    /// Letters that nobody minds any more.
    pub dead_letters: bool,
    /// Steps that can be taken again and again are taken at once.
    pub loops: bool,
    /// Of copies that must still arrive among any number of others not more than one is counted. Alone of them all this may find what
    /// no run confirms, and then the question is to be asked again without.
    pub copies: bool,
    /// In which order a party wrote about different purchases.
    pub journals: bool,
    /// Which of several parties it is that did something, where they can stand for each other.
    pub symmetry: bool,
    /// Of the keys that a merchant makes for one purchase, one inquiry after the other, all beyond the second.
    pub keys: bool,
    /// Faults that could as well have struck one event earlier. It leaves out no state, only ways to it.
    pub late_faults: bool,
    /// Steps without a fault that could as well have been taken one event earlier. It leaves out no state, only ways to it.
    pub late_steps: bool,
}

impl Reductions {
    /// All of them.
    pub const ALL: Self = Reductions {
        dead_letters: true,
        loops: true,
        copies: true,
        journals: true,
        symmetry: true,
        keys: true,
        late_faults: true,
        late_steps: true,
    };
    /// All but that of copies.
    pub const EXACT: Self = Reductions { copies: false, ..Self::ALL };
    /// None of them.
    pub const NONE: Self = Reductions {
        dead_letters: false,
        loops: false,
        copies: false,
        journals: false,
        symmetry: false,
        keys: false,
        late_faults: false,
        late_steps: false,
    };
}

/// How far a search may go. A bound is looked at before each level, so that what is finished is whole levels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// So many states.
    pub states: u64,
    /// So many events after the last fault but one, loops not counted.
    pub depth: u32,
    /// So many bytes for states, their table and their links.
    pub bytes: u64,
}

impl Bounds {
    /// No search takes more states than that: a place has 32 bits, and no shard may overflow.
    pub const STATES_MAX: u64 = 3_000_000_000;
    /// A bound on memory beyond that bounds nothing.
    pub const MEBIBYTES_MAX: u64 = 1 << 24;
}

impl Default for Bounds {
    fn default() -> Self {
        Bounds { states: 100_000_000, depth: u32::MAX, bytes: Bounds::MEBIBYTES_MAX << 20 }
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
    explore_for(question, &[], progress).0
}

/// Searches among honest parties, and says for each of some setups that differ in who breaks the protocol alone whether a search with
/// it would go through the same states ([`alike`]). Then its answer is this one, less what is done to those who deviate.
pub fn explore_for(question: &Question<'_>, others: &[Setup], progress: &mut dyn Progress) -> (Answer, Vec<bool>) {
    conclude(question, progress, Answering(others))
}

/// What is made of a search that has come to its end, however wide its states are.
trait Conclusion {
    type Drawn;

    fn draw<const W: usize>(self, search: Search<'_, W>, question: &Question<'_>) -> Self::Drawn;
}

/// Says what was found, and for which of some other setups it answers.
struct Answering<'o>(&'o [Setup]);

impl Conclusion for Answering<'_> {
    type Drawn = (Answer, Vec<bool>);

    fn draw<const W: usize>(self, search: Search<'_, W>, question: &Question<'_>) -> Self::Drawn {
        let alike = self.0.iter().map(|other| search.stands_for(other)).collect();
        (search.answer(question), alike)
    }
}

/// Searches, and draws a conclusion.
fn conclude<C: Conclusion>(question: &Question<'_>, progress: &mut dyn Progress, conclusion: C) -> C::Drawn {
    let mut question = *question;
    loop {
        let search = Search::<3>::new(&question);
        // A search begins with narrow states and goes on with wider ones as letters turn up.
        macro_rules! widths {
            ($($width:literal)*) => {
                $(let mut search: Search<'_, $width> = search.widen();
                match search.go_on(&question.bounds, progress) {
                    Ok(()) => return conclusion.draw(search, &question),
                    Err(Halt::NotSymmetric) => {
                        question.reductions.symmetry = false;
                        continue;
                    }
                    Err(Halt::Narrow) => {}
                })*
            };
        }
        widths!(3 4 5 6 8 12 16 24 48);
        unreachable!("no more letters get a place than the widest state has room for")
    }
}
