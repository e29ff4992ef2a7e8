//! Which faults may strike in a state of the untimed search, and where they lead.
//!
//! The network's faults strike a copy that is under way rather than the send that put it there: until it arrives nobody can tell.
//! A late copy needs no fault here, since any copy may be late. A garbled copy arrives as it is garbled. Losing one of any number
//! of copies, or doubling one, leaves any number: the fault would tell nothing and is not tried where it makes no new state. A crash
//! strikes between two inputs, or it cuts the handling of one short before any of its effects.

use std::collections::hash_map::Entry;

use rustc_hash::FxHashMap;

use super::early::Last;
use super::state::{ONE, SPENT_MAX, STALE, State, THREE};
use super::step::{Often, Step, Steps, Taken, View};
use super::table::{Full, Need};
use crate::fault::{Budget, FaultKind};
use crate::party::Party;
use crate::world::Presence;

/// What may strike in a search, ready for use.
#[derive(Debug, Clone, Copy)]
pub(super) struct Strikes {
    /// By kind: whether it may strike.
    may: [bool; FaultKind::ALL.len()],
    /// By kind: what one fault adds to what a state has spent, and how many faults there may be; nought where only the number of all
    /// faults counts.
    prices: [(u8, u8); FaultKind::ALL.len()],
    server_may_vanish: bool,
}

impl Strikes {
    /// # Errors
    ///
    /// If there are more ways of having spent the budgets of single kinds than a state has room to tell.
    pub(super) fn new(budget: &Budget) -> Result<Self, Full> {
        let (mut may, mut prices) = ([false; FaultKind::ALL.len()], [(0, 0); FaultKind::ALL.len()]);
        let mut ways = 1_u32;
        for kind in FaultKind::ALL {
            let most = budget.of(*kind).min(budget.at_most);
            may[*kind as usize] = most > 0 && !matches!(kind, FaultKind::Delay | FaultKind::Partition);
            if may[*kind as usize] && most < budget.at_most {
                prices[*kind as usize] = (ways as u8, most as u8);
                ways *= most + 1;
                if ways > SPENT_MAX {
                    return Err(Full("ways of spending the budgets of single kinds"));
                }
            }
        }
        Ok(Strikes { may, prices, server_may_vanish: budget.server_may_vanish })
    }

    /// Nothing.
    pub(super) const fn none() -> Self {
        let (may, prices) = ([false; FaultKind::ALL.len()], [(0, 0); FaultKind::ALL.len()]);
        Strikes { may, prices, server_may_vanish: false }
    }

    /// What may yet strike where so much has been spent.
    fn left(mut self, spent: u8) -> Self {
        for (may, (price, most)) in self.may.iter_mut().zip(self.prices) {
            *may &= price == 0 || spent / price % (most + 1) < most;
        }
        self
    }

    /// Whether a kind may strike.
    pub(super) const fn has(&self, kind: FaultKind) -> bool {
        self.may[kind as usize]
    }

    /// Whether a party may crash, for ever or not.
    pub(super) fn may_crash(&self, party: Party, forever: bool) -> bool {
        let stays = forever && party == Party::Server && !self.server_may_vanish;
        self.has(if forever { FaultKind::CrashForever } else { FaultKind::Crash }) && !stays
    }

    /// Whether any party may crash.
    pub(super) const fn crashes(&self) -> bool {
        self.has(FaultKind::Crash) || self.has(FaultKind::CrashForever)
    }
}

/// What garbled copies of letters do to their recipients, ready for use. By letter, and by share and moment of its recipient.
#[derive(Debug, Default)]
pub(super) struct Garbles(FxHashMap<(u16, u16, u8), Vec<Garbled>>);

/// What a copy with a bit flipped does.
#[derive(Debug, Clone, Copy)]
struct Garbled {
    bit: u32,
    /// The number of the move; none where an earlier bit has done the same.
    number: Option<u32>,
}

impl Garbles {
    /// `None` where something has not been worked out yet.
    fn find<const W: usize>(&mut self, view: &View<'_, '_, W>, letter: u16) -> Option<&[Garbled]> {
        let to = view.tables.letters[letter as usize].to;
        match self.0.entry((letter, view.state.local(to), view.state.moment())) {
            Entry::Occupied(known) => Some(known.into_mut()),
            Entry::Vacant(vacant) => {
                let mut garbled: Vec<Garbled> = Vec::new();
                for &(bit, stimulus) in view.tables.garbled(letter).ok()? {
                    let number = view.number(to, stimulus).ok()?;
                    let new = view.tables.moved(number);
                    let does_the_same = |earlier: u32| new.does_the_same(view.tables.moved(earlier));
                    let is_new = !garbled.iter().any(|earlier| earlier.number.is_some_and(does_the_same));
                    garbled.push(Garbled { bit, number: is_new.then_some(number) });
                }
                Some(vacant.insert(garbled))
            }
        }
    }
}

/// Has states pay for the faults that lead to them.
struct Paying<'s, S> {
    steps: &'s mut S,
    strikes: Strikes,
}

impl<const W: usize, S: Steps<W>> Steps<W> for Paying<'_, S> {
    fn to(&mut self, step: Step, mut state: State<W>) {
        let (price, _) = step.fault().map_or((0, 0), |kind| self.strikes.prices[kind as usize]);
        state.spend(price);
        self.steps.to(step, state);
    }

    fn between(&mut self, step: Step, seat: u8, local: u16) {
        self.steps.between(step, seat, local);
    }

    fn in_vain(&mut self, step: Step) {
        self.steps.in_vain(step);
    }

    fn missed(&mut self, need: Need) {
        self.steps.missed(need);
    }
}

impl<const W: usize> View<'_, '_, W> {
    /// What of that may yet strike.
    pub(super) fn left(&self, strikes: Strikes) -> Strikes {
        strikes.left(self.state.spent())
    }

    /// Every step in which one fault strikes, but for those that could have struck before the `last` step, which are in vain.
    pub(super) fn faulty(
        &self,
        strikes: Strikes,
        garbles: &mut Garbles,
        last: Option<&Last<W>>,
        steps: &mut impl Steps<W>,
    ) {
        let strikes = self.left(strikes);
        let steps = &mut Paying { steps, strikes };
        self.each_letter(|place, letter, code| {
            self.network_faults((place, letter, code), strikes, garbles, last, steps);
        });
        if !strikes.crashes() {
            return;
        }
        for seat in self.seats().filter(|seat| self.presence(*seat) == Presence::Up) {
            let before = last.is_some_and(|last| last.spares_party(seat));
            self.crashes(seat, strikes, before, steps, |forever| (Step::Crash { seat, forever }, *self.state));
        }
        self.each_input(|seat, taken, stimulus, before| {
            let place = match taken {
                Taken::Letter(letter) => self.tables.letters[letter as usize].place,
                _ => None,
            };
            let last = last.filter(|last| last.spares_party(seat) && place.is_none_or(|at| last.spares_letter(at)));
            // A timer dies with its party, and so does whoever is not there yet.
            if let Taken::Letter(_) | Taken::Start | Taken::TopUp = taken {
                let from = |forever| (Step::CrashTaking { seat, taken, forever }, before);
                self.crashes(seat, strikes, last.is_some(), steps, from);
            }
            let found = match self.find(seat, stimulus) {
                Ok(found) => found,
                Err(need) => return steps.missed(need),
            };
            for (number, cut) in found.cuts.iter().enumerate() {
                if last.is_some_and(|last| last.spares_handling(seat, found, cut.sends as usize, self.tables)) {
                    for (forever, _) in self.ends(seat, strikes, (cut.down, cut.gone)) {
                        steps.in_vain(Step::CrashWithin { seat, taken, cut: number as u8, forever });
                    }
                    continue;
                }
                let mut after = before;
                after.set_moment(found.moment_at(cut, self.state.moment()));
                self.send_first(cut.sends as usize, found, Often::Once, &mut after, steps);
                for (forever, local) in self.ends(seat, strikes, (cut.down, cut.gone)) {
                    after.set_local(seat, local);
                    steps.to(Step::CrashWithin { seat, taken, cut: number as u8, forever }, after);
                }
            }
        });
    }

    fn network_faults(
        &self,
        (place, letter, code): (u16, u16, u8),
        strikes: Strikes,
        garbles: &mut Garbles,
        last: Option<&Last<W>>,
        steps: &mut impl Steps<W>,
    ) {
        if !self.tables.letters[letter as usize].genuine {
            return;
        }
        let copies = code >= ONE;
        let last = last.filter(|last| last.spares_letter(place));
        // Of any number of copies one may be lost, doubled or sent again, and any number is left.
        let counted = code <= THREE;
        if strikes.has(FaultKind::Drop) && copies {
            if code == STALE || last.is_some() {
                steps.in_vain(Step::Drop(letter));
            } else {
                let mut after = *self.state;
                after.take(place, self.none);
                steps.to(Step::Drop(letter), after);
            }
        }
        let doubled = strikes.has(FaultKind::Duplicate) && copies;
        let again = [(doubled, Step::Duplicate(letter)), (strikes.has(FaultKind::Replay), Step::Replay(letter))];
        for (strikes, step) in again {
            if strikes && counted && last.is_none() {
                let mut after = *self.state;
                after.add(place, self.tables.counting);
                steps.to(step, after);
            } else if strikes {
                steps.in_vain(step);
            }
        }
        let to = self.tables.letters[letter as usize].to;
        if strikes.has(FaultKind::Corrupt) && copies && self.presence(to) == Presence::Up {
            match garbles.find(self, letter) {
                Some(garbled) => {
                    for &Garbled { bit, number } in garbled {
                        let step = Step::Corrupt { letter, bit };
                        let before = |number: &u32| {
                            let found = self.tables.moved(*number);
                            let spares = |last: &Last<W>| last.spares_handling(to, found, usize::MAX, self.tables);
                            found.points.is_empty() && last.is_some_and(spares)
                        };
                        match number.filter(|number| !before(number)) {
                            Some(number) => self.deliver_garbled(step, (place, to), number, steps),
                            None => steps.in_vain(step),
                        }
                    }
                }
                None => self.ask_for_garbled(letter, to, steps),
            }
        }
    }

    #[cold]
    fn ask_for_garbled(&self, letter: u16, to: u8, steps: &mut impl Steps<W>) {
        match self.tables.garbled(letter) {
            Ok(garbled) => {
                let missed = garbled.iter().filter_map(|(_, stimulus)| self.number(to, *stimulus).err());
                missed.for_each(|need| steps.missed(need));
            }
            Err(need) => steps.missed(need),
        }
    }

    fn deliver_garbled(&self, step: Step, (place, to): (u16, u8), number: u32, steps: &mut impl Steps<W>) {
        let found = self.tables.moved(number);
        let mut after = *self.state;
        after.take(place, self.none);
        after.set_local(to, found.after);
        after.set_moment(found.moment(self.state.moment()));
        self.send_first(found.sends.len(), found, Often::Once, &mut after, steps);
        for &point in &found.points {
            steps.between(step, to, point);
        }
        steps.to(step, after);
    }

    /// `before`: whether the party could have crashed before the last step as well.
    fn crashes(
        &self,
        seat: u8,
        strikes: Strikes,
        before: bool,
        steps: &mut impl Steps<W>,
        from: impl Fn(bool) -> (Step, State<W>),
    ) {
        match self.tables.crashed(seat, self.state.local(seat)) {
            Ok(crashed) => {
                for (forever, local) in self.ends(seat, strikes, crashed) {
                    let (step, mut after) = from(forever);
                    if before {
                        steps.in_vain(step);
                        continue;
                    }
                    after.set_local(seat, local);
                    steps.to(step, after);
                }
            }
            Err(need) => steps.missed(need),
        }
    }

    /// How a party may be after a crash, of how it is if it is to return and if it is not.
    fn ends(&self, seat: u8, strikes: Strikes, (down, gone): (u16, u16)) -> impl Iterator<Item = (bool, u16)> + use<W> {
        let party = self.tables.seats[seat as usize].party;
        let down = strikes.may_crash(party, false).then_some((false, down));
        down.into_iter().chain(strikes.may_crash(party, true).then_some((true, gone)))
    }
}
