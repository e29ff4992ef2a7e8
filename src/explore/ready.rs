//! The steps without a fault, made ready for use: each state's letters and timers, looked up among what is known to come of them
//! ([`deeds`](super::deeds)). Where something is not known yet, the state is left to [`View::fair`](super::step::View::fair), which asks
//! for what is missing.
//!
//! The steps are those of [`View::fair`](super::step::View::fair), in the same order; a test compares the two.

use super::deeds::{Deed, Deeds, Here, Lodged, Marks, Unready};
use super::early::{By, Last};
use super::state::{ABSENT, CARRIED, Change, FRESH, ONE, STALE, State};
use super::step::{Step, Steps, Taken};
use super::table::{Need, Tables};

/// The first step that leads anywhere.
struct First<'s, S> {
    steps: &'s mut S,
    found: bool,
}

impl<const W: usize, S: Steps<W>> Steps<W> for First<'_, S> {
    fn to(&mut self, step: Step, state: State<W>) {
        if !std::mem::replace(&mut self.found, true) {
            self.steps.to(step, state);
        }
    }

    fn between(&mut self, _: Step, _: u8, _: u16) {}

    fn listens(&self) -> bool {
        false
    }

    fn enough(&self) -> bool {
        self.found
    }

    fn missed(&mut self, need: Need) {
        self.steps.missed(need);
    }
}

/// A step that was taken before: who takes what, and what comes of it; nothing where nobody is there to take it.
#[derive(Debug, Clone, Copy)]
struct Redone {
    seat: u8,
    /// The letter that is taken, if one is.
    letter: Option<Lodged>,
    done: Option<(Taken, Deed)>,
}

impl Deeds {
    /// Every step without a fault, but for those that could as well have been taken before the `last` one. Where something has not
    /// been worked out, what was shown is not all.
    pub(super) fn fair<const W: usize>(
        &mut self,
        tables: &Tables<'_>,
        state: &State<W>,
        here: &Here,
        replays: bool,
        last: Option<&Last<W>>,
        steps: &mut impl Steps<W>,
    ) -> Result<(), Unready> {
        let take = Change::take(if replays { CARRIED } else { ABSENT });
        let lost = self.letters(tables, state, here, take, last, steps)?;
        self.others(tables, state, here, last, steps)?;
        if lost {
            state.each_letter(|place, code| {
                let Lodged { letter, to, cell, .. } = self.lodged(place);
                let is_late = |last: &Last<W>| {
                    last.is_after(By::Letter(place)) && last.spares_party(to) && last.spares_cell(cell)
                };
                if code >= ONE && code != STALE && !here.up[to as usize] && !last.is_some_and(is_late) {
                    let step = Step::Take { seat: to, taken: Taken::Letter(letter), repeats: false };
                    let mut after = *state;
                    after.change(cell, take);
                    steps.to(step, after);
                }
            });
        }
        if let Some((seat, _)) = tables.next_start(state).filter(|(seat, _)| !here.up[*seat as usize]) {
            let mut after = *state;
            after.start_next();
            steps.to(Step::Take { seat, taken: Taken::Start, repeats: false }, after);
        }
        if let Some((seat, _)) = tables.next_top_up(state).filter(|(seat, _)| !here.up[*seat as usize]) {
            let mut after = *state;
            after.top_up();
            steps.to(Step::Take { seat, taken: Taken::TopUp, repeats: false }, after);
        }
        if let Some(moment) = tables.lapsed(state.moment()) {
            let mut after = *state;
            after.set_moment(moment);
            steps.to(Step::Lapse, after);
        }
        Ok(())
    }

    /// The arrivals. Whether there are letters to somebody who is not there.
    #[inline]
    fn letters<const W: usize>(
        &mut self,
        tables: &Tables<'_>,
        state: &State<W>,
        here: &Here,
        take: Change,
        last: Option<&Last<W>>,
        steps: &mut impl Steps<W>,
    ) -> Result<bool, Unready> {
        let add = Change::add(tables.counting);
        // What a step that is taken as often as you like adds, where the letter need not arrive and where it must.
        let add_any = [false, true].map(|due| Change::add_any(due, tables.counting));
        let (mut lost, mut unready) = (false, false);
        let without = if steps.listens() { [0; W] } else { self.left_out(state, here, last) };
        state.each_letter_but(&without, |place, code| {
            if code < ONE || unready || steps.enough() {
                return;
            }
            let lodged = self.lodged(place);
            let Lodged { letter, to, cell, .. } = lodged;
            if !here.up[to as usize] {
                lost = true;
                return;
            }
            let Ok(deed) = self.arrival(tables, state, here, lodged) else {
                unready = true;
                return;
            };
            let repeats = code >= FRESH && deed.is_same();
            let taken = (Taken::Letter(letter), repeats);
            if let Some(last) = last
                && last.is_after(By::Letter(place))
                && last.spares_cell(cell)
                && self.is_late(tables, state, last, (to, tables.letters[letter as usize].stimulus), deed)
            {
                return self.show_late(tables, to, taken, deed, steps);
            }
            // A copy that must arrive has its answer sent.
            let add = if repeats { add_any[usize::from(code != STALE)] } else { add };
            let mut after = *state;
            after.change(cell, take);
            self.show(tables, state, to, taken, deed, (after, add), steps);
        });
        if unready { Err(Unready) } else { Ok(lost) }
    }

    /// By word: the lowest bits of letters whose arrival need not be looked at one by one: nothing comes of it, or nothing that could not as
    /// well have come before the `last` step and that is seen in between. There may be more.
    #[inline]
    fn left_out<const W: usize>(&self, state: &State<W>, here: &Here, last: Option<&Last<W>>) -> [u64; W] {
        let (mut without, stale) = ([0; W], state.stale());
        let last = last.filter(|last| last.moment_before().is_none());
        let before = last.map_or([0; W], Last::letters_before);
        for seat in (0..).zip(here.up).filter(|(_, up)| *up).map(|(seat, _)| seat) {
            let Marks { calm, idle, sent } = self.marks(here, seat);
            let late =
                if last.is_some_and(|last| last.spares_party(seat) && last.spares_all(sent)) { u64::MAX } else { 0 };
            for word in 0..W {
                without[word] |= stale[word] & idle[word] | late & before[word] & calm[word];
            }
        }
        without
    }

    /// Timers, returns, and what comes from outside.
    #[inline]
    fn others<const W: usize>(
        &mut self,
        tables: &Tables<'_>,
        state: &State<W>,
        here: &Here,
        last: Option<&Last<W>>,
        steps: &mut impl Steps<W>,
    ) -> Result<(), Unready> {
        let add = Change::add(tables.counting);
        let add_any = Change::add_any(false, tables.counting);
        for seat in 0..tables.seats.len() as u8 {
            let mut numbers = 0..;
            while let Some((taken, deed)) = numbers.next().and_then(|number| self.own(here, seat, number)) {
                if steps.enough() {
                    return Ok(());
                }
                let repeats = deed.is_same() && matches!(taken, Taken::Timer(_));
                let stimulus = match taken {
                    Taken::Timer(timer) => timer,
                    _ => tables.seats[seat as usize].restart,
                };
                if let Some(last) = last
                    && last.is_after(By::Own(seat, stimulus))
                    && self.is_late(tables, state, last, (seat, stimulus), deed)
                {
                    self.show_late(tables, seat, (taken, repeats), deed, steps);
                    continue;
                }
                let add = if repeats { add_any } else { add };
                self.show(tables, state, seat, (taken, repeats), deed, (*state, add), steps);
            }
        }
        if let Some(start) = tables.next_start(state).filter(|(seat, _)| here.up[*seat as usize]) {
            let deed = self.other(tables, state, here, start)?;
            let mut after = *state;
            after.start_next();
            self.show(tables, state, start.0, (Taken::Start, false), deed, (after, add), steps);
        }
        if let Some(top_up) = tables.next_top_up(state).filter(|(seat, _)| here.up[*seat as usize]) {
            let deed = self.other(tables, state, here, top_up)?;
            let mut after = *state;
            after.top_up();
            self.show(tables, state, top_up.0, (Taken::TopUp, false), deed, (after, add), steps);
        }
        Ok(())
    }

    /// Whether a party could have done the same with an input before the last step.
    #[inline]
    fn is_late<const W: usize>(
        &self,
        tables: &Tables<'_>,
        state: &State<W>,
        last: &Last<W>,
        (seat, stimulus): (u8, u16),
        deed: Deed,
    ) -> bool {
        let does_the_same = |moment| {
            tables.find_number(seat, state.local(seat), moment, stimulus).is_ok_and(|number| number == deed.number)
        };
        last.spares_party(seat)
            && deed.moment == state.moment()
            && self.sent(deed).iter().all(|cell| last.spares_cell(*cell))
            && last.moment_before().is_none_or(does_the_same)
            // What does nothing is no step, and nobody sees anything in the middle of it.
            && !(deed.is_same() && deed.has_points())
    }

    /// Shows what may be seen of a step that need not be taken.
    fn show_late<const W: usize>(
        &self,
        tables: &Tables<'_>,
        seat: u8,
        (taken, repeats): (Taken, bool),
        deed: Deed,
        steps: &mut impl Steps<W>,
    ) {
        steps.takes(seat, taken, deed.number);
        if deed.has_points() {
            let step = Step::Take { seat, taken, repeats };
            tables.moved(deed.number).points.iter().for_each(|point| steps.between(step, seat, *point));
            steps.late();
        }
    }

    /// Takes the first step of a state all of whose steps could as well have been taken one event earlier, and have been looked at.
    pub(super) fn take_late<const W: usize>(
        &mut self,
        tables: &Tables<'_>,
        state: &State<W>,
        here: &Here,
        replays: bool,
        steps: &mut impl Steps<W>,
    ) -> Result<(), Unready> {
        self.fair(tables, state, here, replays, None, &mut First { steps, found: false })
    }

    /// A step once more that has been taken from a state.
    #[inline]
    fn redone<const W: usize>(&mut self, tables: &Tables<'_>, state: &State<W>, by: By) -> Option<Redone> {
        match by {
            By::Letter(place) => {
                let lodged = self.lodged(place);
                let here = self.rows_of(tables, state, lodged.to..lodged.to + 1).ok()?;
                let done = if here.up[lodged.to as usize] {
                    let deed = self.arrival(tables, state, &here, lodged).ok()?;
                    Some((Taken::Letter(lodged.letter), deed))
                } else {
                    None
                };
                Some(Redone { seat: lodged.to, letter: Some(lodged), done })
            }
            By::Own(seat, stimulus) => {
                let here = self.rows_of(tables, state, seat..seat + 1).ok()?;
                let is_it = |(taken, _): &(Taken, Deed)| {
                    matches!(*taken, Taken::Timer(timer) if timer == stimulus) || *taken == Taken::Restart
                };
                let done = (0..).map_while(|number| self.own(&here, seat, number)).find(is_it)?;
                Some(Redone { seat, letter: None, done: Some(done) })
            }
            By::Lapse | By::Other => None,
        }
    }

    /// What has to do with a step that has been taken from a state: the letters that are taken and sent, and a bit for whoever takes it.
    #[inline]
    pub(super) fn reach<const W: usize>(
        &mut self,
        tables: &Tables<'_>,
        state: &State<W>,
        by: By,
    ) -> Option<([u64; W], u8)> {
        let Redone { seat, letter, done } = self.redone(tables, state, by)?;
        let mut letters = State([0; W]);
        letter.iter().for_each(|lodged| letters.fill(lodged.cell));
        done.iter().for_each(|(_, deed)| self.sent(*deed).iter().for_each(|cell| letters.fill(*cell)));
        Some((letters.0, 1 << seat))
    }

    /// Where a step leads that has been taken from a state.
    pub(super) fn redo<const W: usize>(
        &mut self,
        tables: &Tables<'_>,
        state: &State<W>,
        by: By,
        replays: bool,
    ) -> Option<State<W>> {
        let Redone { seat, letter, done } = self.redone(tables, state, by)?;
        let (mut after, mut copies) = (*state, None);
        if let Some(lodged) = letter {
            after.change(lodged.cell, Change::take(if replays { CARRIED } else { ABSENT }));
            copies = Some(state.code(lodged.cell));
        }
        let Some((taken, deed)) = done else { return Some(after) };
        let repeatable = matches!(taken, Taken::Timer(_)) || copies.is_some_and(|code| code >= FRESH);
        let add = if repeatable && deed.is_same() {
            Change::add_any(copies.is_some_and(|code| code != STALE), tables.counting)
        } else {
            Change::add(tables.counting)
        };
        Some(self.after(tables, seat, deed, (after, add)))
    }

    /// Where a step leads: `after` is the state without what the party takes, and what a send adds to it.
    #[inline(always)]
    fn after<const W: usize>(
        &self,
        tables: &Tables<'_>,
        seat: u8,
        deed: Deed,
        (mut after, add): (State<W>, Change),
    ) -> State<W> {
        after.set_local(seat, deed.after);
        after.set_moment(deed.moment);
        self.sent(deed).iter().for_each(|cell| after.change(*cell, add));
        let some = Change::add_some(tables.counting);
        self.forged(deed).iter().for_each(|cell| after.change(*cell, some));
        after
    }

    /// Shows a step: `after` is the state without what the party takes, and what a send adds to it.
    #[inline]
    #[expect(clippy::too_many_arguments, reason = "on the way of every step")]
    fn show<const W: usize>(
        &self,
        tables: &Tables<'_>,
        state: &State<W>,
        seat: u8,
        (taken, repeats): (Taken, bool),
        deed: Deed,
        after: (State<W>, Change),
        steps: &mut impl Steps<W>,
    ) {
        steps.takes(seat, taken, deed.number);
        let after = self.after(tables, seat, deed, after);
        if after != *state {
            let step = Step::Take { seat, taken, repeats };
            if deed.has_points() {
                for &point in &tables.moved(deed.number).points {
                    steps.between(step, seat, point);
                }
            }
            steps.to(step, after);
        }
    }
}
