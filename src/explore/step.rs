//! What may happen next in a state of the untimed search.
//!
//! Any letter under way may arrive, any timer may fire, any party that is down may return; an order may lapse once it has been
//! signed. A party's handling of an input is one step: what it saves nobody else can see, and
//! what it sends another party may take as late as it likes, so nothing that may happen in between can be told from the same thing
//! after it. What may be seen *at* such a point is looked at all the same ([`Steps::between`]). Faults are left to
//! [`strike`](super::strike).

use super::seat::Move;
use super::state::{ABSENT, CARRIED, Cell, Change, FRESH, ONE, PARTIES_MAX, STALE, State};
use super::table::{Need, Tables};
use crate::fault::FaultKind;
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
    /// What was shown last in the course of a step is all of it: it could as well have been taken one event earlier.
    fn late(&mut self) {}
    /// A fault strikes and changes nothing.
    fn in_vain(&mut self, _: Step) {}
    /// Whether it is to hear what parties may take where nothing comes of it, or nothing that could not have come one event earlier.
    fn listens(&self) -> bool {
        true
    }
    /// Whether no more steps need be shown.
    fn enough(&self) -> bool {
        false
    }
    /// Something has not been worked out yet: what is shown of this state is not all.
    fn missed(&mut self, need: Need);
}

/// How often a letter is put under way.
#[derive(Debug, Clone, Copy)]
pub(super) enum Often {
    Once,
    /// As often as you like, since the step that does it can be taken again and again. Whether it has to be taken.
    AnyNumber {
        due: bool,
    },
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

    pub(super) fn seats(&self) -> std::ops::Range<u8> {
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

    /// Puts the first so many letters of a move under way. What the outsider makes of them may come at any time then.
    pub(super) fn send_first(
        &self,
        sends: usize,
        found: &Move,
        how_often: Often,
        after: &mut State<W>,
        steps: &mut impl Steps<W>,
    ) {
        found.sends.iter().take(sends).for_each(|letter| self.send(*letter, how_often, after, steps));
        for letter in found.forged_after(sends) {
            match self.tables.place(letter) {
                Ok(Some(place)) => after.change(Cell::of(place), Change::add_some(self.tables.counting)),
                Ok(None) => {}
                Err(need) => steps.missed(need),
            }
        }
    }

    pub(super) fn find(&self, seat: u8, stimulus: u16) -> Result<&'t Move, Need> {
        self.number(seat, stimulus).map(|number| self.tables.moved(number))
    }

    pub(super) fn number(&self, seat: u8, stimulus: u16) -> Result<u32, Need> {
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
            self.send_first(found.sends.len(), found, how_often, &mut after, steps);
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
}
