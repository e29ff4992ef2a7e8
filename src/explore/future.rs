//! Which letters can still make a difference.
//!
//! Most copies that are under way late in a purchase are old ones that nobody minds any more: a quote that reaches a customer that has
//! signed, a question whose answer is known. To tell states apart by them multiplies states without end, and to lose, double or
//! replay one is a fault on a message that nothing depends on (the pruning of lineage-driven fault injection: Alvaro, Rosen and
//! Hellerstein 2015). So a letter is left out of a state from the moment on at which it is *dead*: whatever its recipient may
//! come to be from then on, taking the letter would not change it and would send dead letters at most.
//!
//! Why this tells no lies. Let `x` be the recipient's share of the state. Every share that it can still come to be is found by
//! following every input that anybody could ever hand it, its timers, its crashes and returns, whether or not the others would
//! send these just then: a superset of what can happen, so that dead means dead. Taking a dead letter leaves every share as it is
//! and adds dead letters only, which by the same argument are left out as well; so with and without the letter the same steps are
//! open, they lead to states that differ by dead letters only, and every clause sees the same. One thing looks at letters
//! themselves: whether a copy of an order is under way, so that P may yet commit. A dead copy of an order will not make P commit.
//!
//! Garbled letters are not followed, since a garbled name can make any number of purchases that nobody began. So nothing is left out
//! while a letter may yet be garbled, not even a letter that nobody ever minds as it is (an "unknown" may come to read "committed"); nor
//! where one has led to a share or a letter that is not known otherwise.
//! Tests run every search that is small enough both ways.

use super::local::Stimulus;
use super::table::{Full, Need, Tables};
use crate::world::Presence;

/// A set of letters.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Letters(Vec<u64>);

impl Letters {
    fn with_room(letters: usize) -> Self {
        Letters(vec![0; letters.div_ceil(64)])
    }

    fn insert(&mut self, letter: u16) {
        self.insert_at(0, letter);
    }

    /// Inserts a letter in the set that begins at that word.
    fn insert_at(&mut self, word: usize, letter: u16) {
        self.0[word + letter as usize / 64] |= 1 << (letter % 64);
    }

    pub(super) fn has(&self, letter: u16) -> bool {
        self.0.get(letter as usize / 64).is_some_and(|word| word >> (letter % 64) & 1 == 1)
    }

    /// Adds another set. Whether that made a difference.
    fn add(&mut self, other: &Letters) -> bool {
        let mut grew = 0;
        for (word, more) in self.0.iter_mut().zip(&other.0) {
            grew |= *more & !*word;
            *word |= more;
        }
        grew != 0
    }

    fn meets(&self, other: &[u64]) -> bool {
        self.0.iter().zip(other).any(|(a, b)| a & b != 0)
    }
}

/// What letters can do from one share on.
#[derive(Debug, Clone, Default)]
struct Reach {
    /// Those that may change the party.
    change: Letters,
    /// What each letter to the party may make it send, one set after the other by the letter's place among them.
    send: Letters,
}

/// What letters can do, for every share of every party.
#[derive(Debug)]
pub(super) struct Futures {
    /// By seat: the letters to it.
    to: Vec<Vec<u16>>,
    /// By whether a crash may yet strike, seat and share.
    reach: [Vec<Vec<Reach>>; 2],
    /// By letter: whether it makes a difference anywhere.
    matters: Letters,
    /// Whether letters may be garbled, so that any may make one.
    garbles: bool,
    /// So many letters were known, and so many shares of each party. Others come of garbled letters alone.
    letters: usize,
    shares: Vec<usize>,
}

/// A party with more shares than this is not followed to the end, of which there may be none. A merchant of two customers has 18,000;
/// of the others nobody whose shares come to an end at all has more than 2,000.
const SHARES_MAX: usize = 20_000;
/// Nor is a search with more transitions than this.
const MOVES_MAX: usize = 4_000_000;
/// Nor, where a search may have fewer states than that, a party with more shares than these: it would take longer than the search.
const STATES_FEW: u64 = 200_000;
const SHARES_FEW: usize = 3_000;

impl Tables<'_> {
    /// Follows every input that anybody could ever hand each party. `None` if there is no end to it. Whether crashes may strike, and
    /// whether letters may be garbled; and how many states the search may have.
    pub(super) fn futures(&mut self, crashes: bool, garbles: bool, states: u64) -> Result<Option<Futures>, Full> {
        let shares_max = if states < STATES_FEW { SHARES_FEW } else { SHARES_MAX };
        if !self.close(crashes, shares_max)? {
            return Ok(None);
        }
        let letters = self.letters.len();
        let mut to = vec![Vec::new(); self.seats.len()];
        for (number, letter) in self.letters.iter().enumerate() {
            to[letter.to as usize].push(number as u16);
        }
        let reach = [false, true].map(|crash| {
            let crash = crash && crashes;
            (0..self.seats.len()).map(|seat| self.reach(seat as u8, &to[seat], letters, crash)).collect::<Vec<_>>()
        });
        let shares = self.seats.iter().map(|seat| seat.locals.len()).collect();
        let mut futures = Futures { to, reach, matters: Letters::with_room(letters), garbles, letters, shares };
        futures.matters = futures.somewhere(letters);
        Ok(Some(futures))
    }

    /// Works out every transition of every party from every share that any input leads to. Whether that came to an end.
    fn close(&mut self, crashes: bool, shares_max: usize) -> Result<bool, Full> {
        loop {
            let before = (self.moves(), self.sizes());
            for seat in 0..self.seats.len() as u8 {
                let mut local = 0;
                while local < self.seats[seat as usize].locals.len() {
                    self.close_share(seat, local as u16, crashes)?;
                    local += 1;
                    if self.seats[seat as usize].locals.len() > shares_max || self.moves() > MOVES_MAX {
                        return Ok(false);
                    }
                }
            }
            if (self.moves(), self.sizes()) == before {
                return Ok(true);
            }
        }
    }

    fn sizes(&self) -> Vec<(usize, usize)> {
        self.seats.iter().map(|seat| (seat.locals.len(), seat.stimuli.len())).collect()
    }

    fn close_share(&mut self, seat: u8, local: u16, crashes: bool) -> Result<(), Full> {
        if crashes && self.seats[seat as usize].presence[local as usize] == Presence::Up {
            self.fill(Need::Crash(seat, local))?;
        }
        for stimulus in 0..self.seats[seat as usize].stimuli.len() as u16 {
            if self.may_take(seat, local, stimulus) {
                for moment in 0..self.moments.len() as u8 {
                    self.fill(Need::Move(seat, local, moment, stimulus))?;
                }
            }
        }
        Ok(())
    }

    /// Whether a party could ever take that input in that share, whatever the others do.
    fn may_take(&self, seat: u8, local: u16, stimulus: u16) -> bool {
        let known = &self.seats[seat as usize];
        let presence = known.presence[local as usize];
        match known.stimuli.get(stimulus.into()) {
            Stimulus::Restart => presence == Presence::Down,
            Stimulus::Timer(_) => presence == Presence::Up && known.timers[local as usize].contains(&stimulus),
            Stimulus::Start(_) | Stimulus::TopUp(_) => {
                let in_all = self.starts.iter().filter(|(customer, _)| *customer == seat).count().max(1);
                presence == Presence::Up && (known.locals.get(local.into()).from_outside as usize) < in_all
            }
            Stimulus::Letter(..) => presence == Presence::Up,
        }
    }

    fn reach(&self, seat: u8, to: &[u16], letters: usize, crash: bool) -> Vec<Reach> {
        let shares = self.seats[seat as usize].locals.len();
        let none = Letters::with_room(letters);
        let words = none.0.len();
        let send = Letters(vec![0; words * to.len()]);
        let mut reach = vec![Reach { change: none, send }; shares];
        let mut next: Vec<Vec<u16>> = vec![Vec::new(); shares];
        for local in 0..shares as u16 {
            let edges = &mut next[local as usize];
            if crash && let Ok((down, gone)) = self.crashed(seat, local) {
                edges.extend([down, gone]);
            }
            for stimulus in 0..self.seats[seat as usize].stimuli.len() as u16 {
                for moment in 0..self.moments.len() as u8 {
                    let Ok(found) = self.find(seat, local, moment, stimulus) else { continue };
                    if !edges.contains(&found.after) {
                        edges.push(found.after);
                    }
                    if crash {
                        edges.extend(found.cuts.iter().flat_map(|cut| [cut.down, cut.gone]));
                    }
                }
            }
            let own = &mut reach[local as usize];
            for (place, &letter) in to.iter().enumerate() {
                for moment in 0..self.moments.len() as u8 {
                    let stimulus = self.letters[letter as usize].stimulus;
                    let Ok(found) = self.find(seat, local, moment, stimulus) else { continue };
                    if found.after != local || found.moment(moment) != moment {
                        own.change.insert(letter);
                    }
                    found.letters().for_each(|sent| own.send.insert_at(words * place, sent));
                }
            }
        }
        // What holds for a share holds for every share that leads to it.
        let mut grows = true;
        while grows {
            grows = false;
            for local in (0..shares).rev() {
                let mut own = std::mem::take(&mut reach[local]);
                for &after in next[local].iter().filter(|after| **after as usize != local) {
                    let after = &reach[after as usize];
                    grows |= own.change.add(&after.change);
                    grows |= own.send.add(&after.send);
                }
                reach[local] = own;
            }
        }
        reach
    }
}

impl Futures {
    /// Whether a letter, or what becomes of it, makes a difference anywhere. Only genuine ones are garbled.
    pub(super) fn matters(&self, letter: u16, genuine: bool) -> bool {
        self.garbles && genuine || !self.knows(letter) || self.matters.has(letter)
    }

    /// Whether a letter can come about without a garbled one.
    pub(super) const fn knows(&self, letter: u16) -> bool {
        (letter as usize) < self.letters
    }

    /// The letters that are alive beside these shares; `None` where a garbled letter has led beyond what is known. `crash`:
    /// whether a crash may yet strike.
    pub(super) fn alive(&self, locals: impl Iterator<Item = u16> + Clone, crash: bool) -> Option<Letters> {
        if locals.clone().zip(&self.shares).any(|(local, shares)| local as usize >= *shares) {
            return None;
        }
        let reach = &self.reach[usize::from(crash)];
        let mut alive = Letters(vec![0; self.matters.0.len()]);
        for (seat, local) in locals.clone().enumerate() {
            alive.add(&reach[seat][local as usize].change);
        }
        Some(self.spread(alive, locals.enumerate().map(|(seat, local)| (seat, &reach[seat][local as usize]))))
    }

    /// The letters that make a difference beside some shares.
    fn somewhere(&self, letters: usize) -> Letters {
        let mut alive = Letters::with_room(letters);
        let all = || self.reach[1].iter().enumerate().flat_map(|(seat, shares)| shares.iter().map(move |r| (seat, r)));
        for (_, reach) in all() {
            alive.add(&reach.change);
        }
        self.spread(alive, all())
    }

    /// Adds the letters that may make somebody send a letter of the set.
    fn spread<'r>(&self, mut alive: Letters, reach: impl Iterator<Item = (usize, &'r Reach)> + Clone) -> Letters {
        loop {
            let mut grew = false;
            for (seat, reach) in reach.clone() {
                let sends = reach.send.0.chunks_exact(alive.0.len().max(1));
                for (sends, &letter) in sends.zip(&self.to[seat]) {
                    if !alive.has(letter) && alive.meets(sends) {
                        alive.insert(letter);
                        grew = true;
                    }
                }
            }
            if !grew {
                return alive;
            }
        }
    }
}
