//! What may happen next in a state of the untimed search.
//!
//! Any letter under way may arrive, any timer may fire, any party that is down may return; an order may lapse once it has been
//! signed. Where faults are left, any may strike. A party's handling of an input is one step: what it saves nobody else can see, and
//! what it sends another party may take as late as it likes, so nothing that may happen in between can be told from the same thing
//! after it. What may be seen *at* such a point is looked at all the same ([`Steps::Between`]), and a crash may cut the handling
//! short before any of its effects.
//!
//! The network's faults strike a copy that is under way rather than the send that put it there: until it arrives nobody can tell.
//! A late copy needs no fault here, since any copy may be late. A garbled copy arrives as it is garbled. Losing one of any number
//! of copies, or doubling one, leaves any number: the fault would tell nothing and is not tried where it makes no new state.

use std::collections::hash_map::Entry;

use rustc_hash::FxHashMap;

use super::early::Last;
use super::state::{ABSENT, CARRIED, FRESH, ONE, PARTIES_MAX, SPENT_MAX, STALE, State, THREE};
use super::table::{Cut, Full, Move, Need, Tables};
use crate::fault::{Budget, FaultKind};
use crate::protocol::party::Party;
use crate::world::Presence;

/// Something that a party takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    /// A letter.
    Letter(u16),
    /// A timer fires, by its number among what the party may take.
    Timer(u16),
    /// It is back.
    Restart,
    /// The next purchase is due.
    Start,
    /// Money comes from outside.
    TopUp,
}

/// One step from a state to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// A party takes an input. `repeats` where the step can be taken as often as you like.
    Take { seat: u8, taken: Taken, repeats: bool },
    /// The next order lapses.
    Lapse,
    /// A copy is lost.
    Drop(u16),
    /// A copy is doubled.
    Duplicate(u16),
    /// A recorded letter is sent again.
    Replay(u16),
    /// A copy arrives with a bit flipped.
    Corrupt { letter: u16, bit: u32 },
    /// A party crashes between two inputs.
    Crash { seat: u8, forever: bool },
    /// A party crashes before it takes an input.
    CrashTaking { seat: u8, taken: Taken, forever: bool },
    /// A party crashes while it handles an input, at the cut of that number.
    CrashWithin { seat: u8, taken: Taken, cut: u8, forever: bool },
}

impl Step {
    /// The fault that strikes in the step, if one does.
    pub(super) const fn fault(self) -> Option<FaultKind> {
        match self {
            Step::Take { .. } | Step::Lapse => None,
            Step::Drop(_) => Some(FaultKind::Drop),
            Step::Duplicate(_) => Some(FaultKind::Duplicate),
            Step::Replay(_) => Some(FaultKind::Replay),
            Step::Corrupt { .. } => Some(FaultKind::Corrupt),
            Step::Crash { forever, .. } | Step::CrashTaking { forever, .. } | Step::CrashWithin { forever, .. } => {
                Some(if forever { FaultKind::CrashForever } else { FaultKind::Crash })
            }
        }
    }
}

/// What a search does with what it is shown of a state.
pub(super) trait Steps<const W: usize> {
    /// A step leads to a state.
    fn to(&mut self, step: Step, state: State<W>);
    /// In the course of a step a party may be seen like this, everything else being as it is before the step.
    fn between(&mut self, step: Step, seat: u8, local: u16);
    /// A party may take something, and the move of that number comes of it.
    fn takes(&mut self, _seat: u8, _: Taken, _number: u32) {}
    /// A fault strikes and changes nothing.
    fn in_vain(&mut self, _: Step) {}
    /// Whether what this party takes need be shown.
    fn minds(&self, _seat: u8) -> bool {
        true
    }
    /// Whether no more steps need be shown.
    fn enough(&self) -> bool {
        false
    }
    /// Something has not been worked out yet: what is shown of this state is not all.
    fn missed(&mut self, need: Need);
}

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

/// How often a letter is put under way.
#[derive(Debug, Clone, Copy)]
enum Often {
    Once,
    /// As often as you like, since the step that does it can be taken again and again. Whether it has to be taken.
    AnyNumber {
        due: bool,
    },
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

/// Shows steps from one state.
#[derive(Debug, Clone, Copy)]
pub(super) struct View<'t, 'a, const W: usize> {
    pub(super) tables: &'t Tables<'a>,
    pub(super) state: &'t State<W>,
    /// The code of a letter of which no copy is under way any more.
    pub(super) none: u8,
    presence: [Presence; PARTIES_MAX],
}

impl<'t, 'a, const W: usize> View<'t, 'a, W> {
    /// `replays`: whether a replay may yet strike.
    pub(super) fn new(tables: &'t Tables<'a>, state: &'t State<W>, replays: bool) -> Self {
        let mut presence = [Presence::Gone; PARTIES_MAX];
        for ((seat, known), presence) in tables.seats.iter().enumerate().zip(&mut presence) {
            *presence = known.presence[state.local(seat as u8) as usize];
        }
        View { tables, state, none: if replays { CARRIED } else { ABSENT }, presence }
    }

    pub(super) fn presence(&self, seat: u8) -> Presence {
        self.presence[seat as usize]
    }

    fn seats(&self) -> std::ops::Range<u8> {
        0..self.tables.seats.len() as u8
    }

    /// Shows the letters that are not absent: place, number, code.
    #[inline]
    pub(super) fn each_letter(&self, mut show: impl FnMut(u16, u16, u8)) {
        self.state.each_letter(|place, code| show(place, self.tables.placed[place as usize], code));
    }

    fn code(&self, letter: u16) -> u8 {
        self.tables.letters[letter as usize].place.map_or(ABSENT, |place| self.state.letter(place))
    }

    /// Puts a letter under way.
    fn send(&self, letter: u16, how_often: Often, after: &mut State<W>, steps: &mut impl Steps<W>) {
        match self.tables.place(letter) {
            Ok(Some(place)) => match how_often {
                Often::Once => after.add(place, self.tables.counting),
                Often::AnyNumber { due } => after.add_any(place, due, self.tables.counting),
            },
            Ok(None) => {}
            Err(need) => steps.missed(need),
        }
    }

    fn find(&self, seat: u8, stimulus: u16) -> Result<&'t Move, Need> {
        self.number(seat, stimulus).map(|number| self.tables.moved(number))
    }

    fn number(&self, seat: u8, stimulus: u16) -> Result<u32, Need> {
        self.tables.find_number(seat, self.state.local(seat), self.state.moment(), stimulus)
    }

    /// Every step without a fault.
    pub(super) fn fair(&self, steps: &mut impl Steps<W>) {
        self.each_input(|seat, taken, stimulus, before| {
            if steps.enough() {
                return;
            }
            let local = self.state.local(seat);
            let number = match self.number(seat, stimulus) {
                Ok(number) => number,
                Err(need) => return steps.missed(need),
            };
            steps.takes(seat, taken, number);
            let found = self.tables.moved(number);
            let repeatable = match taken {
                Taken::Letter(letter) => self.code(letter) >= FRESH,
                Taken::Timer(_) => true,
                _ => false,
            };
            let repeats =
                repeatable && found.after == local && found.moment(self.state.moment()) == self.state.moment();
            // A copy that must arrive has its answer sent.
            let due = matches!(taken, Taken::Letter(letter) if self.code(letter) != STALE);
            let how_often = if repeats { Often::AnyNumber { due } } else { Often::Once };
            let step = Step::Take { seat, taken, repeats };
            let mut after = before;
            after.set_local(seat, found.after);
            after.set_moment(found.moment(self.state.moment()));
            for &letter in &found.sends {
                self.send(letter, how_often, &mut after, steps);
            }
            if after != *self.state {
                for &point in &found.points {
                    steps.between(step, seat, point);
                }
                steps.to(step, after);
            }
        });
        self.each_loss(|step, after| steps.to(step, after));
        if let Some(moment) = self.tables.lapsed(self.state.moment()) {
            let mut after = *self.state;
            after.set_moment(moment);
            steps.to(Step::Lapse, after);
        }
    }

    /// The number of an input among what its party may take.
    pub(super) fn stimulus(&self, seat: u8, taken: Taken) -> Option<u16> {
        Some(match taken {
            Taken::Letter(letter) => self.tables.letters[letter as usize].stimulus,
            Taken::Timer(timer) => timer,
            Taken::Restart => self.tables.seats[seat as usize].restart,
            Taken::Start => self.next_start()?.1,
            Taken::TopUp => self.tables.top_up?.1,
        })
    }

    /// The number of what comes of an input, if that has been worked out.
    pub(super) fn found(&self, seat: u8, taken: Taken) -> Option<u32> {
        self.number(seat, self.stimulus(seat, taken)?).ok()
    }

    /// Every input that a party that is there may take: who, what, its number, and the state without it.
    pub(super) fn each_input(&self, mut show: impl FnMut(u8, Taken, u16, State<W>)) {
        self.each_letter(|place, letter, code| {
            if code >= ONE {
                let &super::table::Letter { to, stimulus, .. } = &self.tables.letters[letter as usize];
                if self.presence(to) == Presence::Up {
                    let mut before = *self.state;
                    before.take(place, self.none);
                    show(to, Taken::Letter(letter), stimulus, before);
                }
            }
        });
        for seat in self.seats() {
            let known = &self.tables.seats[seat as usize];
            match self.presence(seat) {
                Presence::Up => {
                    for &timer in &known.timers[self.state.local(seat) as usize] {
                        show(seat, Taken::Timer(timer), timer, *self.state);
                    }
                }
                Presence::Down => {
                    show(seat, Taken::Restart, known.restart, *self.state);
                }
                Presence::Gone => {}
            }
        }
        if let Some((seat, stimulus)) = self.next_start()
            && self.presence(seat) == Presence::Up
        {
            let mut before = *self.state;
            before.start_next();
            show(seat, Taken::Start, stimulus, before);
        }
        if let Some((seat, stimulus)) = self.top_up()
            && self.presence(seat) == Presence::Up
        {
            let mut before = *self.state;
            before.top_up();
            show(seat, Taken::TopUp, stimulus, before);
        }
    }

    /// What reaches a party that is not there is lost.
    fn each_loss(&self, mut show: impl FnMut(Step, State<W>)) {
        let lost = |seat, taken| Step::Take { seat, taken, repeats: false };
        self.each_letter(|place, letter, code| {
            let to = self.tables.letters[letter as usize].to;
            if code >= ONE && code != STALE && self.presence(to) != Presence::Up {
                let mut after = *self.state;
                after.take(place, self.none);
                show(lost(to, Taken::Letter(letter)), after);
            }
        });
        if let Some((seat, _)) = self.next_start()
            && self.presence(seat) != Presence::Up
        {
            let mut after = *self.state;
            after.start_next();
            show(lost(seat, Taken::Start), after);
        }
        if let Some((seat, _)) = self.top_up()
            && self.presence(seat) != Presence::Up
        {
            let mut after = *self.state;
            after.top_up();
            show(lost(seat, Taken::TopUp), after);
        }
    }

    fn next_start(&self) -> Option<(u8, u16)> {
        self.tables.next_start(self.state)
    }

    fn top_up(&self) -> Option<(u8, u16)> {
        self.tables.next_top_up(self.state)
    }

    /// Whether everything that comes from outside has come.
    pub(super) fn nothing_to_come(&self) -> bool {
        self.next_start().is_none()
            && self.top_up().is_none()
            && self.tables.lapsed(self.state.moment()).is_none()
            && self.seats().all(|seat| self.presence(seat) != Presence::Down)
    }

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
            // A timer dies with its party, and so does whoever is not there yet.
            let place = match taken {
                Taken::Letter(letter) => self.tables.letters[letter as usize].place,
                _ => None,
            };
            let last = last.filter(|last| last.spares_party(seat) && place.is_none_or(|at| last.spares_letter(at)));
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
                    for (forever, _) in self.ends(seat, strikes, cut) {
                        steps.in_vain(Step::CrashWithin { seat, taken, cut: number as u8, forever });
                    }
                    continue;
                }
                let mut after = before;
                after.set_moment(found.moment(self.state.moment()));
                for &letter in found.sends.iter().take(cut.sends as usize) {
                    self.send(letter, Often::Once, &mut after, steps);
                }
                for (forever, local) in self.ends(seat, strikes, cut) {
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
        found.sends.iter().for_each(|letter| self.send(*letter, Often::Once, &mut after, steps));
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
            Ok((down, gone)) => {
                let cut = Cut { before: super::local::Before::Save, sends: 0, saves: 0, down, gone };
                for (forever, local) in self.ends(seat, strikes, &cut) {
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

    fn ends(&self, seat: u8, strikes: Strikes, cut: &Cut) -> impl Iterator<Item = (bool, u16)> {
        let party = self.tables.seats[seat as usize].party;
        let down = strikes.may_crash(party, false).then_some((false, cut.down));
        down.into_iter().chain(strikes.may_crash(party, true).then_some((true, cut.gone)))
    }
}
