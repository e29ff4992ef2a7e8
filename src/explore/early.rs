//! Faults that could as well have struck one event earlier, which need not strike again.
//!
//! A state `s` has come of a state `p` by a step `f` without a fault. A fault that has nothing to do with `f` can strike before `f` as well
//! as after it, and leads to the same state either way: `f` can still be taken after the fault, and takes, sends and changes the same. So
//! whatever can come of the fault in `s` comes of it in `p`, followed by `f`, with as many faults and as many events. Steps without a
//! fault are all taken from every state that is reached, so it is enough that the fault strikes in `p`. There it does, or is left out for the
//! same reason, since it could have struck before `p` as well; and that comes to an end, for `p` is nearer to the beginning. This is a partial
//! order reduction by sleep sets (Godefroid, 1996), in the one case in which they need no memory: nothing is ever left out but faults.
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
//! sends. If `s` is something else besides, such as the same under other names, no `f` is found and all faults strike.
//!
//! Where a state after a fault differs from one with fewer faults by no more than what the network could still send again, the latter stands
//! for it as it always does: more can follow it. It may be reached an event later then.
//!
//! Where there is an outsider all faults strike: what it makes of a letter that is sent again and again is added to a state by a loop of
//! somebody whose name need not be on it.
//!
//! What is broken on the way is remembered, if it can be told on the way only and if it is asked how purchases end
//! ([`Sought`](super::Sought)). A way through `s` and one around it may differ in that; so as soon as there is anything to remember,
//! nothing is left out any more. By then all that a fault in `p` leads to has been looked at, since it is on the level before.

use super::form::Near;
use super::ready::Ready;
use super::search::Search;
use super::seat::Move;
use super::state::{ABSENT, State};
use super::step::{Step, Steps, Taken};
use super::store::Place;
use super::symmetry::NOBODY;
use super::table::{Need, Tables};

/// What has to do with the last step to a state.
#[derive(Debug)]
pub(super) struct Last<const W: usize> {
    /// A bit for each party.
    seats: u8,
    /// The bits of letters.
    letters: [u64; W],
    /// Whether it changes the moment.
    times: bool,
}

impl<const W: usize> Last<W> {
    /// Whether a fault that strikes a copy of this letter on its way could have struck before.
    pub(super) fn spares_letter(&self, place: u16) -> bool {
        State(self.letters).letter(place) == 0
    }

    /// Whether a fault that strikes a party between two inputs could have struck before.
    pub(super) fn spares_party(&self, seat: u8) -> bool {
        self.seats >> seat & 1 == 0
    }

    /// Whether a party could have handled something before as it does now, as far as so many of its first sends.
    pub(super) fn spares_handling(&self, seat: u8, found: &Move, sends: usize, tables: &Tables<'_>) -> bool {
        let spares =
            |letter: u16| matches!(tables.place(letter), Ok(place) if place.is_none_or(|at| self.spares_letter(at)));
        self.spares_party(seat)
            && !self.times
            && found.then.is_none()
            && found.sends.iter().take(sends).all(|letter| spares(*letter))
            && found.forged_after(sends).all(spares)
    }
}

impl<const W: usize> Search<'_, W> {
    /// What has to do with the last step to a state of the layer before; `None` where faults strike whatever that was.
    pub(super) fn last<'f>(&'f self, place: Place, ready: &mut Ready, near: &mut Near<'f, W>) -> Option<Last<W>> {
        let (parent, faults) = (self.parent(place), self.faults - 1);
        let layer = &self.levels[faults as usize][0];
        if parent == place || (parent.index() as u32) < layer.from[parent.shard()] {
            return None;
        }
        let (before, state) = (self.state(parent), self.state(place));
        let all = (1 << self.tables.seats.len()) - 1;
        let differs = |seat: &u8| before.local(*seat) != state.local(*seat);
        let differing = (0..self.tables.seats.len() as u8).filter(differs).fold(0, |seats: u8, seat| seats | 1 << seat);
        let suspects = match differing.count_ones() {
            0 => all,
            1 => differing,
            _ => return None,
        };
        let here = ready.here(&self.tables, &before).ok()?;
        let mut finder = Finder { search: self, faults, near, before, state, suspects, number: None, last: None };
        ready.fair(&self.tables, &before, &here, self.replays(faults), &mut finder).ok()?;
        finder.last
    }
}

/// Looks for the step between two states.
struct Finder<'s, 'n, 'a, const W: usize> {
    search: &'s Search<'a, W>,
    faults: u32,
    near: &'n mut Near<'s, W>,
    before: State<W>,
    state: State<W>,
    /// A bit for everybody who may have taken it.
    suspects: u8,
    /// What comes of the input that a party takes in the step that is shown next.
    number: Option<(u8, Taken, u32)>,
    last: Option<Last<W>>,
}

impl<const W: usize> Finder<'_, '_, '_, W> {
    /// The letters that normal form has left out of or added to what a step has led to, and a bit for whoever sends one that was
    /// added. `None` if the step leads elsewhere.
    fn settled(&mut self, after: &State<W>) -> Option<([u64; W], u8)> {
        if !after.agrees_but_for_letters(&self.state) {
            return None;
        }
        let mut finished = *after;
        let renaming = self.search.finish(&mut finished, false, self.faults, self.near).ok()?;
        if finished != self.state || renaming != NOBODY {
            return None;
        }
        let (mut letters, mut seats) = (State([0; W]), 0);
        after.each_that_differs(&self.state, |place| {
            letters.set_letter(place, 7);
            if self.state.letter(place) != ABSENT {
                seats |= self.search.tables.sender(place).map_or(u8::MAX, |seat| 1 << seat);
            }
        });
        Some((letters.0, seats))
    }
}

impl<const W: usize> Steps<W> for Finder<'_, '_, '_, W> {
    fn to(&mut self, step: Step, after: State<W>) {
        if self.last.is_some() {
            return;
        }
        let Some((letters, seats)) = self.settled(&after) else { return };
        let (mut letters, mut seats) = (State(letters), seats);
        if let Step::Take { seat, taken, .. } = step {
            seats |= 1 << seat;
            match taken {
                Taken::Letter(letter) => {
                    let place = self.search.tables.letters[letter as usize].place;
                    place.into_iter().for_each(|place| letters.set_letter(place, 7));
                }
                Taken::Timer(_) | Taken::Restart => {}
                // A crash may come in place of the next.
                Taken::Start | Taken::TopUp => return,
            }
            // What is lost, since its recipient is not there, has nothing sent.
            if let Some((of, what, number)) = self.number
                && (of, what) == (seat, taken)
            {
                for letter in self.search.tables.moved(number).letters() {
                    if let Ok(Some(place)) = self.search.tables.place(letter) {
                        letters.set_letter(place, 7);
                    }
                }
            }
        }
        self.last = Some(Last { seats, letters: letters.0, times: after.moment() != self.before.moment() });
    }

    fn between(&mut self, _: Step, _: u8, _: u16) {}

    fn takes(&mut self, seat: u8, taken: Taken, number: u32) {
        self.number = Some((seat, taken, number));
    }

    fn minds(&self, seat: u8) -> bool {
        self.suspects >> seat & 1 == 1
    }

    fn enough(&self) -> bool {
        self.last.is_some()
    }

    fn missed(&mut self, _: Need) {}
}
