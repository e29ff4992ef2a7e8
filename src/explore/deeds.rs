//! What comes of each input, as bits that change in a state.
//!
//! What a party does with an input depends on its share and on the moment alone, so millions of states share a few thousand answers.
//! The tables hold them as they were worked out: for each input a way through several lists. Here the same answers stand as the
//! search needs them: for each share and moment of a party a row, in it for each letter to that party what its arrival changes in a
//! state. Each thread has rows of its own, which it fills as it goes and which say nothing that the tables do not; where these
//! have no answer yet, there is none here either ([`Unready`]).

use std::ops::Range;

use super::state::{Cell, PARTIES_MAX, State};
use super::step::Taken;
use super::table::Tables;
use crate::world::Presence;

/// What comes of an input in some share at some moment: sixteen bytes, of which four have room in a line of the cache.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deed {
    /// The number of the move.
    pub(super) number: u32,
    /// The letters that it sends: where their cells begin, and how many they are.
    sends_from: u32,
    sends: u16,
    /// How many letters the outsider may send then; their cells come next.
    forged: u16,
    /// The party afterwards.
    pub(super) after: u16,
    /// The moment afterwards.
    pub(super) moment: u8,
    marks: u8,
}

/// A deed changes nothing but letters.
const SAME: u8 = 1;
/// The party may be seen in between.
const POINTS: u8 = 2;

impl Deed {
    /// What has not been asked for. No move has that number.
    const UNKNOWN: Self = Deed { number: u32::MAX, sends_from: 0, sends: 0, forged: 0, after: 0, moment: 0, marks: 0 };

    /// Whether it changes nothing but letters.
    #[inline]
    pub(super) const fn is_same(&self) -> bool {
        self.marks & SAME != 0
    }

    /// Whether the party may be seen in between.
    #[inline]
    pub(super) const fn has_points(&self) -> bool {
        self.marks & POINTS != 0
    }
}

/// What a party may take in some share at some moment.
#[derive(Debug)]
struct Row {
    presence: Presence,
    /// Its timers, or its return.
    own: Vec<(Taken, Deed)>,
    /// Where the arrivals of letters begin, and how many there are: by number among the letters to the party.
    arrivals: Span,
    /// Errands and money from outside, by number of the input, as far as they have been asked for.
    others: Vec<(u16, Deed)>,
}

/// A part of the arrivals.
#[derive(Debug, Clone, Copy, Default)]
struct Span {
    from: u32,
    len: u32,
}

/// A letter that states have a place for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lodged {
    pub(super) letter: u16,
    /// The recipient, and the letter's number among the letters to it.
    pub(super) to: u8,
    number: u16,
    pub(super) cell: Cell,
}

/// The deeds that one thread has asked for.
#[derive(Debug)]
pub(super) struct Deeds {
    lodged: Vec<Lodged>,
    /// By seat: how many of them are for it.
    letters_to: [u16; PARTIES_MAX],
    /// By seat, share and moment: the number of the row, plus one.
    index: [Vec<u32>; PARTIES_MAX],
    /// So many moments have room beside a share.
    moments: usize,
    rows: Vec<Row>,
    /// Of all rows, in one list.
    arrivals: Vec<Deed>,
    /// Row by row, what is known of arrivals, as the lowest bits of letters in so many words: see [`Marks`].
    marks: Vec<u64>,
    words: usize,
    cells: Vec<Cell>,
}

/// What is known of a row's arrivals, as the lowest bits of letters, word by word.
#[derive(Debug, Clone, Copy)]
pub(super) struct Marks<'d> {
    /// Those of which nothing can be seen in between, and that leave the moment as it is.
    pub(super) calm: &'d [u64],
    /// Those that change nothing and send nothing.
    pub(super) idle: &'d [u64],
    /// The letters that any of those sends that is known.
    pub(super) sent: &'d [u64],
}

/// The rows of a state.
#[derive(Debug, Clone, Copy)]
pub(super) struct Here {
    rows: [u32; PARTIES_MAX],
    arrivals: [Span; PARTIES_MAX],
    pub(super) up: [bool; PARTIES_MAX],
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

impl Deeds {
    pub(super) fn new() -> Self {
        Deeds {
            lodged: Vec::new(),
            letters_to: [0; PARTIES_MAX],
            index: Default::default(),
            moments: 4,
            rows: Vec::new(),
            arrivals: Vec::new(),
            marks: Vec::new(),
            words: 0,
            cells: Vec::new(),
        }
    }

    /// Learns which letters have been given a place since, in states of so many words. To be called whenever the tables may have grown.
    pub(super) fn learn(&mut self, tables: &Tables<'_>, words: usize) {
        for (place, &letter) in (0..).zip(&tables.placed).skip(self.lodged.len()) {
            let to = tables.letters[letter as usize].to;
            let number = &mut self.letters_to[to as usize];
            self.lodged.push(Lodged { letter, to, number: *number, cell: Cell::of(place) });
            *number += 1;
        }
        if self.moments < tables.moments.len() || self.words != words {
            self.moments = self.moments.max(tables.moments.len().next_power_of_two());
            self.words = words;
            self.index = Default::default();
            self.rows.clear();
            self.arrivals.clear();
            self.marks.clear();
            self.cells.clear();
        }
    }

    /// The letter of a place.
    #[inline]
    pub(super) fn lodged(&self, place: u16) -> Lodged {
        self.lodged[place as usize]
    }

    /// The rows of a state.
    #[inline]
    pub(super) fn here<const W: usize>(&mut self, tables: &Tables<'_>, state: &State<W>) -> Result<Here, Unready> {
        self.rows_of(tables, state, 0..tables.seats.len() as u8)
    }

    /// The rows of some parties in a state.
    #[inline]
    pub(super) fn rows_of<const W: usize>(
        &mut self,
        tables: &Tables<'_>,
        state: &State<W>,
        seats: Range<u8>,
    ) -> Result<Here, Unready> {
        let mut here = Here {
            rows: [0; PARTIES_MAX],
            arrivals: [Span::default(); PARTIES_MAX],
            up: [false; PARTIES_MAX],
            returned: true,
        };
        for seat in seats {
            let number = self.row(tables, state, seat)?;
            let Row { presence, arrivals, .. } = self.rows[number as usize];
            let seat = seat as usize;
            (here.rows[seat], here.arrivals[seat]) = (number, arrivals);
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
        self.marks.resize(self.marks.len() + 3 * self.words, 0);
        self.rows.push(Row { presence, own, arrivals: Span::default(), others: Vec::new() });
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
        let same = if found.after == local && then == moment { SAME } else { 0 };
        let points = if found.points.is_empty() { 0 } else { POINTS };
        Ok(Deed {
            number,
            sends_from: sends_from as u32,
            sends: sends as u16,
            forged: forged as u16,
            after: found.after,
            moment: then,
            marks: same | points,
        })
    }

    /// What a party may take of its own, by number, as long as there is any: its timers, or its return.
    #[inline]
    pub(super) fn own(&self, here: &Here, seat: u8, number: usize) -> Option<(Taken, Deed)> {
        self.rows[here.rows[seat as usize] as usize].own.get(number).copied()
    }

    /// What the arrival of a letter changes.
    #[inline]
    pub(super) fn arrival<const W: usize>(
        &mut self,
        tables: &Tables<'_>,
        state: &State<W>,
        here: &Here,
        lodged: Lodged,
    ) -> Result<Deed, Unready> {
        let Span { from, len } = here.arrivals[lodged.to as usize];
        if u32::from(lodged.number) < len {
            let deed = self.arrivals[from as usize + lodged.number as usize];
            if deed.number != Deed::UNKNOWN.number {
                return Ok(deed);
            }
        }
        self.ask_for_letter(tables, (state.local(lodged.to), state.moment()), here.rows[lodged.to as usize], lodged)
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
        let span = &mut self.rows[row as usize].arrivals;
        if span.len <= u32::from(lodged.number) {
            // The row moves to where it has room, with some to spare; where it was, nobody looks again.
            let known = span.from as usize..(span.from + span.len) as usize;
            let (from, len) = (self.arrivals.len(), self.letters_to[lodged.to as usize].next_multiple_of(8));
            self.arrivals.extend_from_within(known);
            self.arrivals.resize(from + len as usize, Deed::UNKNOWN);
            *span = Span { from: from as u32, len: u32::from(len) };
        }
        self.arrivals[span.from as usize + lodged.number as usize] = deed;
        let (marks, cells) = (&mut self.marks[row as usize * 3 * self.words..], &self.cells);
        let mut mark = |kind: usize, cell: Cell| marks[kind * self.words + cell.word()] |= cell.lowest();
        if deed.moment == moment && !deed.has_points() {
            mark(0, lodged.cell);
        }
        if deed.is_same() && deed.sends == 0 && deed.forged == 0 {
            mark(1, lodged.cell);
        }
        cells[deed.sends_from as usize..][..deed.sends as usize].iter().for_each(|cell| mark(2, *cell));
        Ok(deed)
    }

    /// What is known of the arrivals of letters to a party.
    #[inline]
    pub(super) fn marks(&self, here: &Here, seat: u8) -> Marks<'_> {
        let marks = &self.marks[here.rows[seat as usize] as usize * 3 * self.words..][..3 * self.words];
        let (calm, rest) = marks.split_at(self.words);
        let (idle, sent) = rest.split_at(self.words);
        Marks { calm, idle, sent }
    }

    /// What something from outside changes.
    pub(super) fn other<const W: usize>(
        &mut self,
        tables: &Tables<'_>,
        state: &State<W>,
        here: &Here,
        (seat, stimulus): (u8, u16),
    ) -> Result<Deed, Unready> {
        let row = here.rows[seat as usize] as usize;
        if let Some((_, deed)) = self.rows[row].others.iter().find(|(known, _)| *known == stimulus) {
            return Ok(*deed);
        }
        let deed = self.deed(tables, seat, state.local(seat), state.moment(), stimulus)?;
        self.rows[row].others.push((stimulus, deed));
        Ok(deed)
    }

    /// The cells of the letters that a deed sends.
    #[inline]
    pub(super) fn sent(&self, deed: Deed) -> &[Cell] {
        &self.cells[deed.sends_from as usize..][..deed.sends as usize]
    }

    /// The cells of the letters that the outsider may send after it.
    #[inline]
    pub(super) fn forged(&self, deed: Deed) -> &[Cell] {
        &self.cells[deed.sends_from as usize + deed.sends as usize..][..deed.forged as usize]
    }
}
