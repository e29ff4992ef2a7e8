//! The form in which a state is kept, of all that make no difference to each other.
//!
//! What takes a state there depends on the parties' shares, the moment and what may yet strike, and is worked out once for all states
//! that agree in these: which letters are dead ([`future`](super::future)), which steps can be taken again and again and so are taken
//! at once, and who stands for whom ([`symmetry`](super::symmetry)).

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::loops::NO_ECHO;
use super::search::Search;
use super::state::{Counting, PARTIES_MAX, Shares, State, widened, words};
use super::symmetry::{NOBODY, Renaming, Thing};
use super::table::Full;
use crate::fault::FaultKind;
use crate::world::Presence;

/// What the normal form of a state depends on: every party's share, the moment, and whether a crash may yet strike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Beside {
    shares: Shares,
    moment: u8,
    /// How many purchases have started, where parties can stand for each other.
    started: u8,
    /// Whether a crash may yet strike.
    crash: bool,
    /// Whether any fault may.
    faults_left: bool,
}

/// In two words, since it is done for every step.
impl Hash for Beside {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        let Beside { shares, moment, started, crash, faults_left } = *self;
        let (four, fifth) = shares.words();
        let flags = u64::from(crash) | u64::from(faults_left) << 1;
        hasher.write_u64(four);
        hasher.write_u64(fifth | u64::from(moment) << 16 | u64::from(started) << 24 | flags << 32);
    }
}

/// The normal forms of a search, by what they depend on. Few are different.
#[derive(Debug, Default)]
pub(super) struct Forms<const W: usize> {
    of: FxHashMap<Beside, Arc<Form<W>>>,
    different: FxHashSet<Arc<Form<W>>>,
}

impl<const W: usize> Forms<W> {
    fn get(&self, beside: &Beside) -> Option<&Form<W>> {
        self.of.get(beside).map(Arc::as_ref)
    }

    fn insert(&mut self, beside: Beside, form: Form<W>) {
        let form = match self.different.get(&form) {
            Some(same) => Arc::clone(same),
            None => {
                let form = Arc::new(form);
                self.different.insert(Arc::clone(&form));
                form
            }
        };
        self.of.insert(beside, form);
    }

    /// Takes one out; the last of its kind is forgotten.
    fn remove(&mut self, beside: &Beside) -> Option<Form<W>> {
        let form = self.of.remove(beside)?;
        if Arc::strong_count(&form) == 2 {
            self.different.remove(&form);
        }
        Some(Arc::unwrap_or_clone(form))
    }

    /// The same for states of more words.
    pub(super) fn widen<const V: usize>(self) -> Forms<V> {
        let mut wide = Forms::default();
        for (beside, form) in self.of {
            wide.insert(beside, form.as_ref().clone().widen());
        }
        wide
    }
}

/// The forms of states that were met lately: steps from one state lead beside what those from its neighbours have led beside.
#[derive(Debug)]
pub(super) struct Near<'f, const W: usize>([Option<(Beside, &'f Form<W>)>; NEAR]);

const NEAR: usize = 64;

impl<'f, const W: usize> Near<'f, W> {
    pub(super) const fn new() -> Self {
        Near([None; NEAR])
    }

    #[inline]
    fn find(&mut self, beside: Beside, forms: &'f Forms<W>) -> Option<&'f Form<W>> {
        let near = &mut self.0[beside.spot()];
        match near {
            Some((known, form)) if *known == beside => Some(form),
            _ => {
                let form = forms.get(&beside)?;
                *near = Some((beside, form));
                Some(form)
            }
        }
    }
}

impl Beside {
    /// Where among the near ones it is kept.
    const fn spot(&self) -> usize {
        let (four, fifth) = self.shares.words();
        let all = four ^ (fifth | (self.moment as u64) << 16).rotate_left(32);
        (all.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (u64::BITS - NEAR.ilog2())) as usize
    }
}

/// How a state is brought into normal form.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Form<const W: usize> {
    /// What makes its shares the least of those under other names. If anything does, that is done first, and this is all.
    renaming: Renaming,
    /// The renamings that leave shares and moment as they are, so that only letters tell which is the least.
    ties: Vec<Renaming>,
    /// The places of the letters that are dead.
    dead: [u64; W],
    /// Unless one of these letters is there.
    unless: [u64; W],
    /// The places of the letters that timers put under way again and again.
    looped: [u64; W],
    /// What letters that can be taken again and again put under way each time.
    echoes: Vec<Echo>,
    /// So many letters had a place when it was worked out; the places of the others.
    placed: usize,
    beyond: [u64; W],
}

/// A word of a list of rules: where any number of copies of one of some letters may be under way, so may be of others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Echo {
    part: Part,
    word: u8,
    /// The letters, as bits of that word.
    letters: u64,
}

/// What a word of a rule says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Part {
    /// Where one of these is: the first word of a rule.
    Where,
    /// Or of these.
    Or,
    /// There are these.
    There,
}

impl Echo {
    /// A rule as words.
    fn rule<const W: usize>(of: &[u16], echo: &[u16]) -> impl Iterator<Item = Echo> {
        let words = |places: &[u16], part| {
            let mask = State::<W>::mask_of(places.iter().copied());
            let there = mask.into_iter().enumerate().filter(|(_, letters)| *letters != 0);
            there.map(move |(word, letters)| Echo { part, word: word as u8, letters })
        };
        let of = words(of, Part::Or).enumerate().map(|(number, echo)| match number {
            0 => Echo { part: Part::Where, ..echo },
            _ => echo,
        });
        of.chain(words(echo, Part::There))
    }
}

impl<const W: usize> Form<W> {
    fn apply(&self, state: &mut State<W>, counting: Counting) {
        if !state.has_any(&self.unless) {
            state.leave_out(&self.dead);
        }
        let mut any = state.any_number();
        let mut add = |word: u8, letters: u64, any: &mut [u64; W]| {
            let (known, letters) = (&mut any[usize::from(word)], letters & State::<W>::lowest(word.into()));
            let adds = letters & !*known != 0;
            if adds {
                state.add_some(word, letters, counting);
                *known |= letters;
            }
            adds
        };
        for (word, letters) in (0..).zip(&self.looped).filter(|(_, letters)| **letters != 0) {
            add(word, *letters, &mut any);
        }
        let mut grows = !self.echoes.is_empty();
        while grows {
            grows = false;
            let mut applies = false;
            for &Echo { part, word, letters } in &self.echoes {
                let is_there = any[usize::from(word)] & letters != 0;
                match part {
                    Part::Where => applies = is_there,
                    Part::Or => applies |= is_there,
                    Part::There => grows |= applies && add(word, letters, &mut any),
                }
            }
        }
    }
}

impl<const W: usize> Form<W> {
    /// The same for states of more words.
    fn widen<const V: usize>(self) -> Form<V> {
        Form {
            renaming: self.renaming,
            ties: self.ties,
            dead: widened(self.dead, 0),
            unless: widened(self.unless, 0),
            looped: widened(self.looped, 0),
            echoes: self.echoes,
            placed: self.placed,
            beyond: widened(self.beyond, u64::MAX),
        }
    }
}

impl<const W: usize> Search<'_, W> {
    /// Finds out how states are brought into normal form beside these shares, as far as that has not been done. Where letters have
    /// more places than a state has room for, it is left undone.
    pub(super) fn find_form(&mut self, beside: Beside) -> Result<(), Full> {
        // Many states miss the same one at the same time.
        let is_known = |form: &Form<W>| form.renaming != NOBODY || form.placed == self.tables.placed.len();
        if self.forms.get(&beside).is_some_and(is_known) {
            return Ok(());
        }
        let known = self.forms.remove(&beside);
        let was_known = known.is_some();
        let mut form = match known {
            Some(form) => form,
            None => self.begin_form(beside),
        };
        let found = if form.renaming == NOBODY { self.follow_letters(&mut form, beside) } else { Ok(true) };
        if was_known || matches!(found, Ok(true)) {
            self.forms.insert(beside, form);
        }
        found.map(drop)
    }

    /// What makes a state the least of its images, and nothing else so far.
    fn begin_form(&mut self, beside: Beside) -> Form<W> {
        let (renaming, ties) = self.least(beside);
        let none = [0; W];
        let (dead, unless, looped, beyond) = (none, none, none, none);
        Form { renaming, ties, dead, unless, looped, echoes: Vec::new(), placed: 0, beyond }
    }

    /// Takes in the letters that have been given a place since the form was worked out. Whether a state has room for all of them.
    fn follow_letters(&mut self, form: &mut Form<W>, beside: Beside) -> Result<bool, Full> {
        let seats = self.tables.seats.len() as u8;
        let local = |seat: u8| beside.shares.local(seat);
        let (mut looped, mut echoing) = (Vec::new(), Vec::new());
        if self.reductions.loops {
            let mut rows = [0; PARTIES_MAX];
            for seat in 0..seats {
                rows[seat as usize] = self.loops.row(seat, local(seat), beside.moment);
                looped.extend_from_slice(self.looped(rows[seat as usize], (seat, local(seat), beside.moment))?);
            }
            let mut place = form.placed;
            while let Some(&letter) = self.tables.placed.get(place) {
                let to = self.tables.letters[letter as usize].to;
                if self.tables.seats[to as usize].presence[local(to) as usize] == Presence::Up {
                    let echo = self.echo(rows[to as usize], (to, local(to), beside.moment), place)?;
                    if echo != NO_ECHO {
                        echoing.push((echo, place as u16));
                    }
                }
                place += 1;
            }
        }
        let placed = &self.tables.placed;
        if words(placed.len()) > W {
            return Ok(false);
        }
        form.placed = placed.len();
        form.beyond = State::<W>::mask_of(placed.len() as u16..State::<W>::LETTERS);
        let (mut dead, mut unless) = (State::<W>::START, State::<W>::START);
        if let Some(futures) = &self.tables.futures {
            let may_garble = self.strikes.has(FaultKind::Corrupt) && beside.faults_left;
            let alive = if may_garble { None } else { futures.alive((0..seats).map(local), beside.crash) };
            for (place, &letter) in (0..).zip(placed) {
                if !futures.knows(letter) {
                    unless.set_letter(place, 7);
                } else if alive.as_ref().is_some_and(|alive| !alive.has(letter)) {
                    dead.set_letter(place, 7);
                }
            }
        }
        let is_alive = |place: &u16| dead.letter(*place) == 0;
        echoing.retain(|(_, place)| is_alive(place));
        // Letters that make somebody send the same make one rule.
        echoing.sort_unstable();
        let mut rules: Vec<(Vec<u16>, Vec<u16>)> = Vec::new();
        for letters in echoing.chunk_by(|(echo, _), (other, _)| echo == other) {
            let echo: Vec<u16> = self.loops.echoes.get(letters[0].0).iter().copied().filter(is_alive).collect();
            let letters = letters.iter().map(|(_, place)| *place);
            match rules.iter_mut().find(|(known, _)| *known == echo) {
                Some((_, of)) => of.extend(letters),
                None => rules.push((echo, letters.collect())),
            }
        }
        let rules = rules.iter().filter(|(echo, _)| !echo.is_empty());
        form.echoes.extend(rules.flat_map(|(echo, of)| Echo::rule::<W>(of, echo)));
        form.looped = State::<W>::mask_of(looped.into_iter().filter(is_alive));
        (form.dead, form.unless) = (dead.0, unless.0);
        Ok(true)
    }

    /// What makes shares and moment the least of those under other names, and what leaves them as they are.
    fn least(&mut self, beside: Beside) -> (Renaming, Vec<Renaming>) {
        let (tables, own) = (&mut self.tables, (beside.shares, beside.moment));
        let (mut least, mut renaming, mut ties) = (own, NOBODY, Vec::new());
        for other in tables.symmetry.usable(beside.started).to_vec() {
            // What was broken on the way is kept by purchase.
            for purchase in 0..tables.purchases.len() as u32 {
                tables.image(other, Thing::Purchase, purchase);
            }
            let mut shares = beside.shares;
            for seat in 0..tables.seats.len() as u8 {
                let local = beside.shares.local(seat);
                let image = tables.image(other, Thing::Share(seat), local.into()).map_or(local, |image| image as u16);
                shares = shares.with(tables.symmetry.seat(other, seat), image);
            }
            let moment = tables.image(other, Thing::Moment, beside.moment.into()).map_or(0, |image| image as u8);
            if (shares, moment) < least {
                (least, renaming) = ((shares, moment), other);
            }
            if (shares, moment) == own {
                ties.push(other);
            }
        }
        (renaming, ties)
    }

    /// Brings a state that a step has led to into the form in which it is kept. What it has been renamed by; an error if that has
    /// not been worked out.
    #[inline]
    pub(super) fn finish<'f>(
        &'f self,
        state: &mut State<W>,
        faulty: bool,
        faults: u32,
        near: &mut Near<'f, W>,
    ) -> Result<Renaming, Beside> {
        let (renaming, ties) = if self.plain { (NOBODY, &[][..]) } else { self.normalise(state, faults, near)? };
        if faulty && !self.replays(faults) {
            state.forget_carried();
        }
        Ok(if ties.is_empty() { renaming } else { self.break_ties(state, (renaming, ties)) })
    }

    /// Brings a state into normal form, but for ties. What it has been renamed by, and the ties.
    fn normalise<'f>(
        &'f self,
        state: &mut State<W>,
        faults: u32,
        near: &mut Near<'f, W>,
    ) -> Result<(Renaming, &'f [Renaming]), Beside> {
        let mut renaming = NOBODY;
        loop {
            let beside = self.beside(state, faults);
            let form = near.find(beside, &self.forms).ok_or(beside)?;
            if form.renaming == NOBODY {
                if state.has_any(&form.beyond) {
                    return Err(beside);
                }
                form.apply(state, self.tables.counting);
                return Ok((renaming, &form.ties));
            }
            *state = self.tables.rename(form.renaming, state);
            renaming = self.tables.symmetry.after(form.renaming, renaming);
        }
    }

    /// Makes a state the least of those that only letters tell from it.
    fn break_ties(&self, state: &mut State<W>, (mut renaming, ties): (Renaming, &[Renaming])) -> Renaming {
        let (own, first) = (*state, renaming);
        for &tie in ties {
            let other = self.tables.rename(tie, &own);
            if other < *state {
                (*state, renaming) = (other, self.tables.symmetry.after(tie, first));
            }
        }
        renaming
    }

    fn beside(&self, state: &State<W>, faults: u32) -> Beside {
        Beside {
            shares: state.shares(),
            moment: state.moment(),
            started: if self.tables.symmetry.is_none() { 0 } else { state.started() },
            crash: self.crashes(faults),
            faults_left: faults < self.at_most,
        }
    }
}
