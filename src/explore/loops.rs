//! What parties do again and again: inputs that change nothing but put letters under way. Worked out once for each share and moment of a
//! party, since many normal forms ([`form`](super::form)) are beside it.

use rustc_hash::FxHashMap;

use super::numbered::Numbered;
use super::search::Search;
use super::table::{Full, Need};

/// The table of it.
#[derive(Debug)]
pub(super) struct Loops {
    numbers: FxHashMap<(u8, u16, u8), usize>,
    rows: Vec<Loop>,
    /// The places of the letters that an input makes somebody send; the first is no letter.
    pub(super) echoes: Numbered<Vec<u16>>,
}

/// The number of no letter.
pub(super) const NO_ECHO: u32 = 0;

/// What a party does again and again in some share at some moment.
#[derive(Debug, Default)]
struct Loop {
    /// The places of what its timers send, if that has been found out.
    looped: Option<Vec<u16>>,
    /// By place of a letter: what that makes it send, as far as that has been found out.
    echoes: Vec<Option<u32>>,
}

impl Default for Loops {
    fn default() -> Self {
        let mut echoes = Numbered::new();
        echoes.number(Vec::new());
        Loops { numbers: FxHashMap::default(), rows: Vec::new(), echoes }
    }
}

impl Loops {
    pub(super) fn row(&mut self, seat: u8, local: u16, moment: u8) -> usize {
        *self.numbers.entry((seat, local, moment)).or_insert_with(|| {
            self.rows.push(Loop::default());
            self.rows.len() - 1
        })
    }
}

impl<const W: usize> Search<'_, W> {
    /// The places of the letters that a party's timers put under way again and again.
    pub(super) fn looped(&mut self, row: usize, (seat, local, moment): (u8, u16, u8)) -> Result<&[u16], Full> {
        if self.loops.rows[row].looped.is_none() {
            let mut looped = Vec::new();
            for timer in self.tables.seats[seat as usize].timers[local as usize].clone() {
                looped.extend(self.repeats(seat, local, moment, timer)?);
            }
            self.loops.rows[row].looped = Some(looped);
        }
        Ok(self.loops.rows[row].looped.as_deref().unwrap_or_default())
    }

    /// The number of what the letter of a place makes a party send again and again.
    pub(super) fn echo(&mut self, row: usize, (seat, local, moment): (u8, u16, u8), place: usize) -> Result<u32, Full> {
        if let Some(&Some(echo)) = self.loops.rows[row].echoes.get(place) {
            return Ok(echo);
        }
        let stimulus = self.tables.letters[self.tables.placed[place] as usize].stimulus;
        let echo = self.repeats(seat, local, moment, stimulus)?;
        let (echo, _) = self.loops.echoes.number(echo);
        let echoes = &mut self.loops.rows[row].echoes;
        if echoes.len() <= place {
            echoes.resize(place + 1, None);
        }
        echoes[place] = Some(echo);
        Ok(echo)
    }

    /// The places of the letters that an input makes a party send, if it changes nothing else and can thus be taken again and again.
    fn repeats(&mut self, seat: u8, local: u16, moment: u8, stimulus: u16) -> Result<Vec<u16>, Full> {
        self.fill(Need::Move(seat, local, moment, stimulus))?;
        let Ok(found) = self.tables.find(seat, local, moment, stimulus) else { return Ok(Vec::new()) };
        if found.after != local || found.moment(moment) != moment {
            return Ok(Vec::new());
        }
        let sends: Vec<u16> = found.letters().collect();
        let mut places = Vec::with_capacity(sends.len());
        for letter in sends {
            if let Err(need) = self.tables.place(letter) {
                self.fill(need)?;
            }
            places.extend(self.tables.place(letter).ok().flatten());
        }
        Ok(places)
    }
}
