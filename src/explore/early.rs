//! What could as well have happened one event earlier, and need not happen again.
//!
//! # Faults
//!
//! A state `s` has come of a state `p` by a step `f` without a fault. A fault that has nothing to do with `f` can strike before `f` as well
//! as after it, and leads to the same state either way: `f` can still be taken after the fault, and takes, sends and changes the same. So
//! whatever can come of the fault in `s` comes of it in `p`, followed by `f`, with as many faults and as many events. What follows a state by
//! a step without a fault is all reached (see below), so it is enough that the fault strikes in `p`. There it does, or is left out for
//! the same reason, since it could have struck before `p` as well; and that comes to an end, for `p` is nearer to the beginning. This is
//! a partial order reduction by sleep sets (Godefroid, 1996), in a case in which they need no memory but of the last step.
//!
//! A fault has nothing to do with `f` if
//!
//! - it strikes another party than the one that takes `f`, where it strikes a party (a garbled copy strikes its recipient);
//! - neither the letter that it strikes nor any that it has sent is taken or sent in `f`;
//! - what it does depends on the moment and changes it as little as `f` does, or it does not depend on the moment.
//!
//! States are kept in normal form, so what `f` leads to is not quite `s`. Letters that `s` lacks are dead: with and without them the same
//! can happen. Those that it has beside are made by loops, in any number, and can be made after the fault as well if it strikes nobody who
//! takes part in the loops. So whoever sends a letter that was added counts among those who take `f`, and the letter among those that `f`
//! sends. If `s` is known under other names than those that `f` leads to, no step counts as the last ([`By::Other`]) and all faults strike.
//!
//! Where a state after a fault differs from one with fewer faults by no more than what the network could still send again, the latter stands
//! for it as it always does: more can follow it. It may be reached an event later then.
//!
//! # Steps without a fault
//!
//! The same can be said of a step `g` without a fault. Only, of two steps that have nothing to do with each other, one order has to be
//! kept: that in which the step comes first that is less ([`By`]). So `g` is left out in `s` if it has nothing to do with `f`, and is
//! less. Nothing is lost by that: what `g` leads to from `s` is reached, after as many events at most. For `g` can be taken in `p`, and
//! what that leads to, `q`, is reached on the level of `s` at the latest, `p` being nearer to the beginning. From there `f` leads to the
//! same state as `g` from `s`. If it is left out in `q`, it is so after a step that is greater than `f`. Thus the steps that are left out
//! grow greater and greater, and there is an end to that. Since steps are taken in the order of [`By`], by and large, what is left out
//! is mostly the second way to a state and not the first.
//!
//! This is done where states are kept as they are. In normal form it could lie about where there is no rest: loops that have been taken
//! between `g` and `f` may have put letters under way that cannot be made again after both, so that a state with these would stand for
//! one without. Everything that can come of the latter comes of the former; but that something at rest comes of the former does not
//! show that it does of the latter.
//!
//! If all steps from a state are left out, one is taken all the same, so that it is known what follows ([`settle`](super::settle)).
//!
//! # Where neither is done
//!
//! Where there is an outsider everything happens wherever it can: what it makes of a letter that is sent again and again is added to a state
//! by a loop of somebody whose name need not be on it.
//!
//! What is broken on the way is remembered, if it can be told on the way only and if it is asked how purchases end
//! ([`Sought`](super::Sought)). A way through `s` and one around it may differ in that; so as soon as there is anything to remember,
//! nothing is left out any more. By then all that anything in `p` leads to has been looked at, since it is on the level before.

use super::deeds::Deeds;
use super::search::Search;
use super::seat::Move;
use super::state::{ABSENT, Cell, State};
use super::step::{Step, Taken};
use super::store::Place;
use super::table::Tables;

/// A step without a fault. They are taken in this order, by and large.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum By {
    /// The letter of a place arrives or is lost.
    Letter(u16),
    /// A party takes that input of its own: a timer, or its return.
    Own(u8, u16),
    /// An order lapses.
    Lapse,
    /// Anything else. Nothing could as well have happened one event earlier.
    Other,
}

impl By {
    pub(super) fn new(step: Step, tables: &Tables<'_>) -> Self {
        match step {
            Step::Take { taken: Taken::Letter(letter), .. } => {
                tables.letters[letter as usize].place.map_or(By::Other, By::Letter)
            }
            Step::Take { seat, taken: Taken::Timer(timer), .. } => By::Own(seat, timer),
            Step::Take { seat, taken: Taken::Restart, .. } => By::Own(seat, tables.seats[seat as usize].restart),
            Step::Lapse => By::Lapse,
            _ => By::Other,
        }
    }
}

/// A state, and the step that has led to it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Met {
    pub(super) place: Place,
    pub(super) by: By,
}

/// What has to do with the last step to a state.
#[derive(Debug)]
pub(super) struct Last<const W: usize> {
    by: By,
    /// A bit for each party.
    seats: u8,
    /// The bits of letters.
    letters: [u64; W],
    /// The moment before it, if it changes that.
    moment: Option<u8>,
}

impl<const W: usize> Last<W> {
    /// Whether a step comes before this one in the order in which they are taken.
    pub(super) fn is_after(&self, by: By) -> bool {
        by < self.by
    }

    /// By word: the lowest bits of the letters whose arrival comes before this step in the order in which they are taken, if these were
    /// neither taken nor sent.
    #[inline]
    pub(super) fn letters_before(&self) -> [u64; W] {
        let before = if let By::Letter(place) = self.by { State::below(Cell::of(place)) } else { [u64::MAX; W] };
        std::array::from_fn(|word| before[word] & !self.letters[word])
    }

    /// Whether none of these letters, given by their lowest bits, was taken or sent.
    #[inline]
    pub(super) fn spares_all(&self, letters: &[u64]) -> bool {
        self.letters.iter().zip(letters).fold(0, |touched, (known, letters)| touched | known & letters) == 0
    }

    /// Whether what happens to a copy of this letter on its way could have happened before.
    pub(super) fn spares_letter(&self, place: u16) -> bool {
        State(self.letters).letter(place) == 0
    }

    /// Whether a letter in that cell was neither taken nor sent.
    pub(super) fn spares_cell(&self, cell: Cell) -> bool {
        State(self.letters).code(cell) == 0
    }

    /// Whether what happens to a party between two inputs could have happened before.
    pub(super) fn spares_party(&self, seat: u8) -> bool {
        self.seats >> seat & 1 == 0
    }

    /// The moment before, if it was another.
    pub(super) fn moment_before(&self) -> Option<u8> {
        self.moment
    }

    /// Whether a party could have handled something before as it does now, as far as so many of its first sends.
    pub(super) fn spares_handling(&self, seat: u8, found: &Move, sends: usize, tables: &Tables<'_>) -> bool {
        let spares =
            |letter: u16| matches!(tables.place(letter), Ok(place) if place.is_none_or(|at| self.spares_letter(at)));
        self.spares_party(seat)
            && self.moment.is_none()
            && found.then.is_none()
            && found.sends.iter().take(sends).all(|letter| spares(*letter))
            && found.forged_after(sends).all(spares)
    }
}

impl<const W: usize> Search<'_, W> {
    /// What has to do with the last step to a state, which has led there from the state before it; `None` if anything may have.
    pub(super) fn last(
        &self,
        by: By,
        (before, state): (&State<W>, &State<W>),
        replays: bool,
        deeds: &mut Deeds,
    ) -> Option<Last<W>> {
        let (mut letters, mut seats) = match by {
            By::Other => return None,
            By::Lapse => ([0; W], 0),
            _ => deeds.reach(&self.tables, before, by)?,
        };
        if !self.plain || cfg!(debug_assertions) {
            let after = match by {
                By::Lapse => self.tables.lapsed(before.moment()).map(|moment| before.at(moment))?,
                _ => deeds.redo(&self.tables, before, by, replays)?,
            };
            debug_assert!(after.agrees_but_for_letters(state), "the step leads there");
            // Normal form has left letters out or added them.
            let mut all = State(letters);
            after.each_that_differs(state, |place| {
                debug_assert!(!self.plain, "the step leads there");
                all.set_letter(place, 7);
                if state.letter(place) != ABSENT {
                    seats |= self.tables.sender(place).map_or(u8::MAX, |seat| 1 << seat);
                }
            });
            letters = all.0;
        }
        let moment = (before.moment() != state.moment()).then_some(before.moment());
        Some(Last { by, seats, letters, moment })
    }
}
