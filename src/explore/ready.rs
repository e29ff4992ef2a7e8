//! The steps without a fault, made ready for use.
//!
//! What a party does with an input depends on its share and on the moment alone, so millions of states share a few thousand answers.
//! The tables hold them as they were worked out: for each input a way through several lists. Here the same answers stand as the
//! search needs them: for each share and moment of a party a row, in it for each letter to that party what its arrival changes in a
//! state, as bits. Each thread has rows of its own, which it fills as it goes and which say nothing that the tables do not; where these
//! have no answer yet, the state is left to [`View::fair`](super::step::View::fair), which asks for what is missing.
//!
//! The steps are those of [`View::fair`](super::step::View::fair), in the same order; a test compares the two.

use super::early::{By, Last};
use super::state::{ABSENT, CARRIED, Cell, Change, FRESH, ONE, PARTIES_MAX, STALE, State};
use super::step::{Step, Steps, Taken};
use super::table::Tables;
use crate::world::Presence;

/// What comes of an input in some share at some moment.
#[derive(Debug, Clone, Copy)]
struct Deed {
    /// The number of the move.
    number: u32,
    /// The letters that it sends: where their cells begin, and how many they are.
    sends_from: u32,
    sends: u16,
    /// How many letters the outsider may send then; their cells come next.
    forged: u16,
    /// The party afterwards.
    after: u16,
    /// The moment afterwards.
    moment: u8,
    /// Whether it changes nothing but letters.
    same: bool,
    /// Whether the party may be seen in between.
    points: bool,
}

/// What a party may take in some share at some moment.
#[derive(Debug)]
struct Row {
    presence: Presence,
    /// Its timers, or its return.
    own: Vec<(Taken, Deed)>,
    /// By number among the letters to it: the arrival of one, as far as it has been asked for.
    letters: Vec<Option<Deed>>,
    /// Errands and money from outside, by number of the input, as far as they have been asked for.
    others: Vec<(u16, Deed)>,
}

/// A letter that states have a place for.
#[derive(Debug, Clone, Copy)]
struct Lodged {
    letter: u16,
    /// The recipient, and the letter's number among the letters to it.
    to: u8,
    number: u16,
    cell: Cell,
}

/// The rows of one thread.
#[derive(Debug)]
pub(super) struct Ready {
    lodged: Vec<Lodged>,
    /// By seat: how many of them are for it.
    letters_to: [u16; PARTIES_MAX],
    /// By seat, share and moment: the number of the row, plus one.
    index: [Vec<u32>; PARTIES_MAX],
    /// So many moments have room beside a share.
    moments: usize,
    rows: Vec<Row>,
    cells: Vec<Cell>,
    /// The steps of a state that could as well have been taken one event earlier.
    late: Vec<Step>,
}

/// The rows of a state.
#[derive(Debug, Clone, Copy)]
pub(super) struct Here {
    rows: [u32; PARTIES_MAX],
    up: [bool; PARTIES_MAX],
    /// Whether everybody who will return has.
    returned: bool,
}

impl Here {
    /// Whether everything that comes from outside has come.
    pub(super) fn nothing_to_come<const W: usize>(&self, tables: &Tables<'_>, state: &State<W>) -> bool {
        self.returned
            && tables.next_start(state).is_none()
            && tables.next_top_up(state).is_none()
            && tables.lapsed(state.moment()).is_none()
    }
}

/// Something has not been worked out yet.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unready;

impl Ready {
    pub(super) fn new() -> Self {
        Ready {
            lodged: Vec::new(),
            letters_to: [0; PARTIES_MAX],
            index: Default::default(),
            moments: 4,
            rows: Vec::new(),
            cells: Vec::new(),
            late: Vec::new(),
        }
    }

    /// Learns which letters have been given a place since. To be called whenever the tables may have grown.
    pub(super) fn learn(&mut self, tables: &Tables<'_>) {
        for (place, &letter) in (0..).zip(&tables.placed).skip(self.lodged.len()) {
            let to = tables.letters[letter as usize].to;
            let number = &mut self.letters_to[to as usize];
            self.lodged.push(Lodged { letter, to, number: *number, cell: Cell::of(place) });
            *number += 1;
        }
        while self.moments < tables.moments.len() {
            self.moments *= 2;
            self.index = Default::default();
            self.rows.clear();
            self.cells.clear();
        }
    }

    /// The rows of a state.
    #[inline]
    pub(super) fn here<const W: usize>(&mut self, tables: &Tables<'_>, state: &State<W>) -> Result<Here, Unready> {
        let mut here = Here { rows: [0; PARTIES_MAX], up: [false; PARTIES_MAX], returned: true };
        for seat in 0..tables.seats.len() {
            let row = self.row(tables, state, seat as u8)?;
            let presence = self.rows[row as usize].presence;
            here.rows[seat] = row;
            here.up[seat] = presence == Presence::Up;
            here.returned &= presence != Presence::Down;
        }
        Ok(here)
    }

    /// The row of a party.
    #[inline]
    fn row<const W: usize>(&mut self, tables: &Tables<'_>, state: &State<W>, seat: u8) -> Result<u32, Unready> {
        let (local, moment) = (state.local(seat), state.moment());
        match self.index[seat as usize].get(local as usize * self.moments + moment as usize) {
            Some(&row) if row > 0 => Ok(row - 1),
            _ => self.begin(tables, seat, local, moment),
        }
    }

    /// Begins a row.
    #[cold]
    fn begin(&mut self, tables: &Tables<'_>, seat: u8, local: u16, moment: u8) -> Result<u32, Unready> {
        let known = &tables.seats[seat as usize];
        let presence = known.presence[local as usize];
        let mut own = Vec::new();
        match presence {
            Presence::Up => {
                for &timer in &known.timers[local as usize] {
                    own.push((Taken::Timer(timer), self.deed(tables, seat, local, moment, timer)?));
                }
            }
            Presence::Down => own.push((Taken::Restart, self.deed(tables, seat, local, moment, known.restart)?)),
            Presence::Gone => {}
        }
        let (index, at) = (&mut self.index[seat as usize], local as usize * self.moments + moment as usize);
        if index.len() <= at {
            index.resize(at + 1, 0);
        }
        self.rows.push(Row { presence, own, letters: Vec::new(), others: Vec::new() });
        index[at] = self.rows.len() as u32;
        Ok(self.rows.len() as u32 - 1)
    }

    fn deed(&mut self, tables: &Tables<'_>, seat: u8, local: u16, moment: u8, stimulus: u16) -> Result<Deed, Unready> {
        let number = tables.find_number(seat, local, moment, stimulus).map_err(|_| Unready)?;
        let found = tables.moved(number);
        let sends_from = self.cells.len();
        let mut sends = 0;
        for (number, letter) in found.letters().enumerate() {
            match tables.place(letter) {
                Ok(place) => self.cells.extend(place.map(Cell::of)),
                Err(_) => {
                    self.cells.truncate(sends_from);
                    return Err(Unready);
                }
            }
            if number < found.sends.len() {
                sends = self.cells.len() - sends_from;
            }
        }
        let (forged, then) = (self.cells.len() - sends_from - sends, found.moment(moment));
        Ok(Deed {
            number,
            sends_from: sends_from as u32,
            sends: sends as u16,
            forged: forged as u16,
            after: found.after,
            moment: then,
            same: found.after == local && then == moment,
            points: !found.points.is_empty(),
        })
    }

    /// What the arrival of a letter changes.
    #[inline]
    fn arrival<const W: usize>(
        &mut self,
        tables: &Tables<'_>,
        state: &State<W>,
        row: u32,
        lodged: Lodged,
    ) -> Result<Deed, Unready> {
        match self.rows[row as usize].letters.get(lodged.number as usize) {
            Some(&Some(deed)) => Ok(deed),
            _ => self.ask_for_letter(tables, (state.local(lodged.to), state.moment()), row, lodged),
        }
    }

    #[cold]
    fn ask_for_letter(
        &mut self,
        tables: &Tables<'_>,
        (local, moment): (u16, u8),
        row: u32,
        lodged: Lodged,
    ) -> Result<Deed, Unready> {
        let stimulus = tables.letters[lodged.letter as usize].stimulus;
        let deed = self.deed(tables, lodged.to, local, moment, stimulus)?;
        let letters = &mut self.rows[row as usize].letters;
        if letters.len() <= lodged.number as usize {
            letters.resize(lodged.number as usize + 1, None);
        }
        letters[lodged.number as usize] = Some(deed);
        Ok(deed)
    }

    /// What something from outside changes.
    fn other<const W: usize>(
        &mut self,
        tables: &Tables<'_>,
        state: &State<W>,
        row: u32,
        (seat, stimulus): (u8, u16),
    ) -> Result<Deed, Unready> {
        let others = &self.rows[row as usize].others;
        if let Some((_, deed)) = others.iter().find(|(known, _)| *known == stimulus) {
            return Ok(*deed);
        }
        let deed = self.deed(tables, seat, state.local(seat), state.moment(), stimulus)?;
        self.rows[row as usize].others.push((stimulus, deed));
        Ok(deed)
    }

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
        self.late.clear();
        let take = Change::take(if replays { CARRIED } else { ABSENT });
        let lost = self.letters(tables, state, here, take, last, steps)?;
        self.others(tables, state, here, last, steps)?;
        if lost {
            state.each_letter(|place, code| {
                let Lodged { letter, to, cell, .. } = self.lodged[place as usize];
                let is_late = |last: &Last<W>| {
                    last.is_after(By::Letter(place)) && last.spares_party(to) && last.spares_cell(cell)
                };
                if code >= ONE && code != STALE && !here.up[to as usize] {
                    let step = Step::Take { seat: to, taken: Taken::Letter(letter), repeats: false };
                    if last.is_some_and(is_late) {
                        self.late.push(step);
                        return;
                    }
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
        state.each_letter(|place, code| {
            if code < ONE || unready || steps.enough() {
                return;
            }
            let lodged = self.lodged[place as usize];
            let Lodged { letter, to, cell, .. } = lodged;
            if !here.up[to as usize] {
                lost = true;
                return;
            }
            let Ok(deed) = self.arrival(tables, state, here.rows[to as usize], lodged) else {
                unready = true;
                return;
            };
            let repeats = code >= FRESH && deed.same;
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
            for number in 0..self.rows[here.rows[seat as usize] as usize].own.len() {
                let (taken, deed) = self.rows[here.rows[seat as usize] as usize].own[number];
                if steps.enough() {
                    return Ok(());
                }
                let repeats = deed.same && matches!(taken, Taken::Timer(_));
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
            let deed = self.other(tables, state, here.rows[start.0 as usize], start)?;
            let mut after = *state;
            after.start_next();
            self.show(tables, state, start.0, (Taken::Start, false), deed, (after, add), steps);
        }
        if let Some(top_up) = tables.next_top_up(state).filter(|(seat, _)| here.up[*seat as usize]) {
            let deed = self.other(tables, state, here.rows[top_up.0 as usize], top_up)?;
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
            && !(deed.same && deed.points)
    }

    /// Shows what may be seen of a step that need not be taken.
    fn show_late<const W: usize>(
        &mut self,
        tables: &Tables<'_>,
        seat: u8,
        (taken, repeats): (Taken, bool),
        deed: Deed,
        steps: &mut impl Steps<W>,
    ) {
        steps.takes(seat, taken, deed.number);
        let step = Step::Take { seat, taken, repeats };
        self.late.push(step);
        if deed.points {
            tables.moved(deed.number).points.iter().for_each(|point| steps.between(step, seat, *point));
            steps.late();
        }
    }

    /// The cells of the letters that it sends.
    fn sent(&self, deed: Deed) -> &[Cell] {
        &self.cells[deed.sends_from as usize..][..deed.sends as usize]
    }

    /// Takes the first step of a state that could as well have been taken earlier, if there is one.
    pub(super) fn take_late<const W: usize>(
        &mut self,
        tables: &Tables<'_>,
        state: &State<W>,
        replays: bool,
        steps: &mut impl Steps<W>,
    ) {
        for number in 0..self.late.len() {
            let step = self.late[number];
            let after = self.redo(tables, state, By::new(step, tables), replays).map(|(_, _, after)| after);
            if let Some(after) = after.filter(|after| after != state) {
                return steps.to(step, after);
            }
        }
    }

    /// Takes a step once more that has been taken from a state: the letters that are taken and sent, a bit for whoever takes it, and where
    /// it leads.
    pub(super) fn redo<const W: usize>(
        &mut self,
        tables: &Tables<'_>,
        state: &State<W>,
        by: By,
        replays: bool,
    ) -> Option<([u64; W], u8, State<W>)> {
        let (mut letters, mut after) = (State([0; W]), *state);
        let take = Change::take(if replays { CARRIED } else { ABSENT });
        let add = Change::add(tables.counting);
        let (seat, deed, add) = match by {
            By::Letter(place) => {
                let lodged = self.lodged[place as usize];
                let Lodged { to, cell, .. } = lodged;
                after.change(cell, take);
                letters.fill(cell);
                let row = self.row(tables, state, to).ok()?;
                if self.rows[row as usize].presence != Presence::Up {
                    return Some((letters.0, 1 << to, after));
                }
                let deed = self.arrival(tables, state, row, lodged).ok()?;
                let code = state.code(cell);
                let repeats = code >= FRESH && deed.same;
                (to, deed, if repeats { Change::add_any(code != STALE, tables.counting) } else { add })
            }
            By::Own(seat, stimulus) => {
                let row = self.row(tables, state, seat).ok()?;
                let is_it = |(taken, _): &&(Taken, Deed)| {
                    matches!(*taken, Taken::Timer(timer) if timer == stimulus) || *taken == Taken::Restart
                };
                let &(taken, deed) = self.rows[row as usize].own.iter().find(is_it)?;
                let repeats = deed.same && taken != Taken::Restart;
                (seat, deed, if repeats { Change::add_any(false, tables.counting) } else { add })
            }
            By::Lapse | By::Other => return None,
        };
        self.sent(deed).iter().for_each(|cell| letters.fill(*cell));
        Some((letters.0, 1 << seat, self.after(tables, seat, deed, (after, add))))
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
        if deed.forged > 0 {
            let (from, some) = (deed.sends_from as usize + deed.sends as usize, Change::add_some(tables.counting));
            self.cells[from..][..deed.forged as usize].iter().for_each(|cell| after.change(*cell, some));
        }
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
            if deed.points {
                for &point in &tables.moved(deed.number).points {
                    steps.between(step, seat, point);
                }
            }
            steps.to(step, after);
        }
    }
}
