//! The form in which a state is kept, of all that make no difference to each other.
//!
//! What takes a state there depends on the parties' shares, the moment and what may yet strike, and is worked out once for all states
//! that agree in these: which letters are dead ([`future`](super::future)), which steps can be taken again and again and so are taken
//! at once, and who stands for whom ([`symmetry`](super::symmetry)).

use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::search::Search;
use super::state::{Counting, Shares, State, widened, words};
use super::symmetry::{NOBODY, Renaming, Thing};
use super::table::{Full, Need};
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
        for (word, letters) in (0..).zip(&self.looped).filter(|(_, letters)| **letters != 0) {
            state.add_some(word, *letters, counting);
        }
        let mut grows = true;
        while grows {
            grows = false;
            let mut applies = false;
            for &Echo { part, word, letters } in &self.echoes {
                match part {
                    Part::Where => applies = state.has_any_number(word, letters),
                    Part::Or => applies |= state.has_any_number(word, letters),
                    Part::There => grows |= applies && state.add_some(word, letters, counting),
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
        let local = |seat: u8| beside.shares.local(seat);
        let (mut looped, mut echoes) = (Vec::new(), Vec::new());
        if self.reductions.loops {
            for seat in 0..self.tables.seats.len() as u8 {
                for timer in self.tables.seats[seat as usize].timers[local(seat) as usize].clone() {
                    looped.extend(self.repeats(seat, local(seat), beside.moment, timer)?);
                }
            }
            let mut place = form.placed;
            while let Some(&letter) = self.tables.placed.get(place) {
                let (to, stimulus) =
                    (self.tables.letters[letter as usize].to, self.tables.letters[letter as usize].stimulus);
                if self.tables.seats[to as usize].presence[local(to) as usize] == Presence::Up {
                    let echo = self.repeats(to, local(to), beside.moment, stimulus)?;
                    if !echo.is_empty() {
                        echoes.push((place as u16, echo));
                    }
                }
                place += 1;
            }
        }
        let placed = &self.tables.placed;
        if words(placed.len()) > W {
            return Ok(false);
        }
        let places = || 0..placed.len() as u16;
        if let Some(futures) = &self.tables.futures {
            let alive = futures.alive((0..self.tables.seats.len() as u8).map(local), beside.crash);
            let may_garble = self.strikes.has(FaultKind::Corrupt) && beside.faults_left;
            let alive = alive.filter(|_| !may_garble);
            let knows = |place: &u16| futures.knows(placed[*place as usize]);
            let is_dead =
                |place: &u16| alive.as_ref().is_some_and(|alive| knows(place) && !alive.has(placed[*place as usize]));
            form.unless = State::<W>::mask_of(places().filter(|place| !knows(place)));
            form.dead = State::<W>::mask_of(places().filter(is_dead));
            looped.retain(|place| !is_dead(place));
            echoes.retain_mut(|(letter, echo)| {
                echo.retain(|place| !is_dead(place));
                !is_dead(letter) && !echo.is_empty()
            });
        }
        let mut alike = BTreeMap::<_, Vec<u16>>::new();
        for (letter, echo) in echoes {
            alike.entry(echo).or_default().push(letter);
        }
        form.echoes.extend(alike.iter().flat_map(|(echo, letters)| Echo::rule::<W>(letters, echo)));
        form.looped = State::<W>::mask_of(looped.into_iter());
        form.placed = placed.len();
        form.beyond = State::<W>::mask_of(placed.len() as u16..State::<W>::LETTERS);
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

    /// The places of the letters that an input makes a party send, if it changes nothing else and can thus be taken again and again.
    fn repeats(&mut self, seat: u8, local: u16, moment: u8, stimulus: u16) -> Result<Vec<u16>, Full> {
        self.fill(Need::Move(seat, local, moment, stimulus))?;
        let Ok(found) = self.tables.find(seat, local, moment, stimulus) else { return Ok(Vec::new()) };
        if found.after != local || found.moment(moment) != moment {
            return Ok(Vec::new());
        }
        let sends = found.sends.to_vec();
        let mut places = Vec::with_capacity(sends.len());
        for letter in sends {
            if let Err(need) = self.tables.place(letter) {
                self.fill(need)?;
            }
            places.extend(self.tables.place(letter).ok().flatten());
        }
        Ok(places)
    }

    /// Brings a state that a step has led to into the form in which it is kept. What it has been renamed by; an error if that has
    /// not been worked out.
    #[inline]
    pub(super) fn finish(&self, state: &mut State<W>, faulty: bool, faults: u32) -> Result<Renaming, Beside> {
        let (renaming, ties) = if self.plain { (NOBODY, &[][..]) } else { self.normalise(state, faults)? };
        if faulty && !self.replays(faults) {
            state.forget_carried();
        }
        Ok(if ties.is_empty() { renaming } else { self.break_ties(state, (renaming, ties)) })
    }

    /// Brings a state into normal form, but for ties. What it has been renamed by, and the ties.
    fn normalise(&self, state: &mut State<W>, faults: u32) -> Result<(Renaming, &[Renaming]), Beside> {
        let mut renaming = NOBODY;
        loop {
            let beside = self.beside(state, faults);
            let form = self.forms.get(&beside).ok_or(beside)?;
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
