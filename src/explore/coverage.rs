//! What a search met and what it struck: every site, every kind of fault.
//!
//! Sites go without their numbers: step 4 is one site, whichever of its sends. A site is *met* in every state that is left by fair
//! steps while a fault is left that could strike there, and *struck* where one is tried, even if it turns out to change nothing.
//! The two are counted in different passes, so that a site that was met and never struck shows up as what it is: a fault of the
//! search's own.
//!
//! Counting is done for every input of very many states. So what is counted is what has a number anyhow, letters, moves and cuts,
//! and only in the end are the counts put to the sites that they belong to.

use std::collections::BTreeMap;

use super::local::Before;
use super::seat::{Cut, Move};
use super::state::{CARRIED, ONE, PARTIES_MAX};
use super::step::{Step, Taken, View};
use super::strike::Strikes;
use super::table::Tables;
use crate::fault::FaultKind;
use crate::fault::coverage::{Covered, Spot};
use crate::party::Party;
use crate::world::Presence;

/// What strikes letters, in the order of their counts.
const ON_LETTERS: [FaultKind; 4] = [FaultKind::Drop, FaultKind::Duplicate, FaultKind::Replay, FaultKind::Corrupt];

/// How often a letter was met and struck.
#[derive(Debug, Clone, Copy, Default)]
struct OfLetter {
    /// By what strikes letters.
    met: [u64; 4],
    struck: [u64; 4],
    taking: OfCrash,
}

/// How often a party was met where it could crash, and how often it did: for a while, for ever.
#[derive(Debug, Clone, Copy, Default)]
struct OfCrash {
    met: [u64; 2],
    struck: [u64; 2],
}

/// How often each kind of fault was met and struck at each spot.
#[derive(Debug)]
pub(super) struct Tried {
    strikes: Strikes,
    letters: Vec<OfLetter>,
    idle: [OfCrash; PARTIES_MAX],
    errands: [OfCrash; PARTIES_MAX],
    /// In how many states a move could be made, where its party could crash: for a while, for ever. It has the same cuts in all.
    moves: Vec<[u64; 2]>,
    /// How often a move was cut short: for a while, for ever.
    cuts: Vec<[u64; 2]>,
}

/// The place of that number, which is made if it is not there.
fn at<T: Clone + Default>(counts: &mut Vec<T>, number: usize) -> &mut T {
    if counts.len() <= number {
        counts.resize(number + 1, T::default());
    }
    &mut counts[number]
}

impl OfCrash {
    fn add(&mut self, other: &OfCrash) {
        self.met.iter_mut().zip(other.met).for_each(|(own, more)| *own += more);
        self.struck.iter_mut().zip(other.struck).for_each(|(own, more)| *own += more);
    }
}

impl Tried {
    pub(super) fn new(strikes: Strikes) -> Self {
        let none = [OfCrash::default(); PARTIES_MAX];
        Tried { strikes, letters: Vec::new(), idle: none, errands: none, moves: Vec::new(), cuts: Vec::new() }
    }

    pub(super) fn add(&mut self, other: &Tried) {
        for (number, more) in other.letters.iter().enumerate() {
            let own = at(&mut self.letters, number);
            own.met.iter_mut().zip(more.met).for_each(|(own, more)| *own += more);
            own.struck.iter_mut().zip(more.struck).for_each(|(own, more)| *own += more);
            own.taking.add(&more.taking);
        }
        self.idle.iter_mut().zip(&other.idle).for_each(|(own, more)| own.add(more));
        self.errands.iter_mut().zip(&other.errands).for_each(|(own, more)| own.add(more));
        for (own, other) in [(&mut self.moves, &other.moves), (&mut self.cuts, &other.cuts)] {
            for (number, [down, gone]) in other.iter().enumerate() {
                let own = at(own, number);
                *own = [own[0] + down, own[1] + gone];
            }
        }
    }

    /// In words, in the order of the reports. `findings` says at which sites each finding's faults struck.
    pub(super) fn covered<'f>(&self, tables: &Tables<'_>, findings: impl Iterator<Item = &'f Spot>) -> Vec<Covered> {
        let mut words: BTreeMap<Spot, [u64; 3]> = BTreeMap::new();
        let mut count = |party: Party, site: String, kind: FaultKind, met: u64, struck: u64| {
            if met + struck > 0 {
                let counts = words.entry((party, site, kind)).or_default();
                *counts = [counts[0] + met, counts[1] + struck, counts[2]];
            }
        };
        let party = |seat: u8| tables.seats[seat as usize].party;
        let crashes = |party: Party, OfCrash { met, struck }: OfCrash| {
            [FaultKind::Crash, FaultKind::CrashForever].into_iter().zip(met).zip(struck).filter_map(
                move |((kind, met), struck)| {
                    self.strikes.may_crash(party, kind == FaultKind::CrashForever).then_some((kind, met, struck))
                },
            )
        };
        for (letter, counts) in self.letters.iter().enumerate() {
            let super::table::Letter { from, to, message, .. } = &tables.letters[letter];
            for ((kind, met), struck) in ON_LETTERS.into_iter().zip(counts.met).zip(counts.struck) {
                count(*from, format!("send {}", message.step), kind, met, struck);
            }
            for (kind, met, struck) in crashes(party(*to), counts.taking) {
                count(party(*to), format!("taking {}", message.step), kind, met, struck);
            }
        }
        for seat in 0..tables.seats.len() as u8 {
            for (site, counts) in [("idle", self.idle[seat as usize]), ("taking start", self.errands[seat as usize])] {
                for (kind, met, struck) in crashes(party(seat), counts) {
                    count(party(seat), site.to_owned(), kind, met, struck);
                }
            }
        }
        for number in 0..tables.moves() {
            let found = tables.moved(number as u32);
            let met = self.moves.get(number).copied().unwrap_or_default();
            for (cut, at) in found.cuts.iter().zip(found.cuts_before..) {
                let struck = self.cuts.get(at).copied().unwrap_or_default();
                let site = site_of(tables, found, cut);
                for (kind, met, struck) in crashes(party(found.handling.seat), OfCrash { met, struck }) {
                    count(party(found.handling.seat), site.clone(), kind, met, struck);
                }
            }
        }
        for spot in findings {
            words.entry(spot.clone()).or_default()[2] += 1;
        }
        let words = together(words, tables);
        let covered = |((party, site, fault), [met, struck, violated]): (Spot, [u64; 3])| Covered {
            party,
            site,
            fault,
            met,
            struck,
            violated,
        };
        words.into_iter().map(covered).collect()
    }
}

/// Has parties that can stand for each other share their counts: which of them a state names tells nothing.
fn together(words: BTreeMap<Spot, [u64; 3]>, tables: &Tables<'_>) -> BTreeMap<Spot, [u64; 3]> {
    let mut all: BTreeMap<Spot, [u64; 3]> = BTreeMap::new();
    for ((party, site, fault), counts) in words {
        let mut names: Vec<Party> = tables.symmetry.all().map(|other| tables.rename_party(other, party)).collect();
        names.push(party);
        names.sort_unstable();
        names.dedup();
        for name in names {
            let own = all.entry((name, site.clone(), fault)).or_default();
            own.iter_mut().zip(counts).for_each(|(own, more)| *own += more);
        }
    }
    all
}

/// Where in the handling of an input a cut is.
fn site_of(tables: &Tables<'_>, found: &Move, cut: &Cut) -> String {
    match cut.before {
        Before::Send => format!("before {}", tables.letters[found.sends[cut.sends as usize] as usize].message.step),
        Before::Save => format!("before save {}", found.saves[cut.saves as usize].0),
    }
}

impl<const W: usize> View<'_, '_, W> {
    /// Where a fault strikes in a step from this state.
    pub(super) fn spot(&self, step: Step) -> Option<Spot> {
        let party = |seat: u8| self.tables.seats[seat as usize].party;
        let name = |letter: u16| self.tables.letters[letter as usize].message.step;
        let (party, site) = match step {
            Step::Drop(letter) | Step::Duplicate(letter) | Step::Replay(letter) | Step::Corrupt { letter, .. } => {
                (self.tables.letters[letter as usize].from, format!("send {}", name(letter)))
            }
            Step::Crash { seat, .. } => (party(seat), "idle".to_owned()),
            Step::CrashTaking { seat, taken: Taken::Letter(letter), .. } => {
                (party(seat), format!("taking {}", name(letter)))
            }
            Step::CrashTaking { seat, .. } => (party(seat), "taking start".to_owned()),
            Step::CrashWithin { seat, taken, cut, .. } => {
                let found = self.tables.moved(self.found(seat, taken)?);
                (party(seat), site_of(self.tables, found, found.cuts.get(cut as usize)?))
            }
            Step::Take { .. } | Step::Lapse => return None,
        };
        Some((party, site, step.fault()?))
    }

    /// A fault strikes in a step from this state.
    pub(super) fn strike(&self, step: Step, tried: &mut Tried) {
        let mut letter = |letter: u16, kind: usize| at(&mut tried.letters, letter as usize).struck[kind] += 1;
        match step {
            Step::Drop(number) => letter(number, 0),
            Step::Duplicate(number) => letter(number, 1),
            Step::Replay(number) => letter(number, 2),
            Step::Corrupt { letter: number, .. } => letter(number, 3),
            Step::Crash { seat, forever } => tried.idle[seat as usize].struck[usize::from(forever)] += 1,
            Step::CrashTaking { taken: Taken::Letter(letter), forever, .. } => {
                at(&mut tried.letters, letter as usize).taking.struck[usize::from(forever)] += 1;
            }
            Step::CrashTaking { seat, forever, .. } => tried.errands[seat as usize].struck[usize::from(forever)] += 1,
            Step::CrashWithin { seat, taken, cut, forever } => {
                if let Some(number) = self.found(seat, taken) {
                    let number = self.tables.moved(number).cuts_before + cut as usize;
                    at(&mut tried.cuts, number)[usize::from(forever)] += 1;
                }
            }
            Step::Take { .. } | Step::Lapse => {}
        }
    }

    /// Every site at which a fault could strike in this state; `taken` is what parties could take.
    pub(super) fn meet(&self, taken: &[(u8, Taken, u32)], tried: &mut Tried) {
        let strikes = self.left(tried.strikes);
        let crash = [u64::from(strikes.has(FaultKind::Crash)), u64::from(strikes.has(FaultKind::CrashForever))];
        let meet = |met: &mut [u64; 2]| met.iter_mut().zip(crash).for_each(|(met, crash)| *met += crash);
        self.each_letter(|_, letter, code| {
            let under_way = code >= ONE;
            let up = under_way && self.presence(self.tables.letters[letter as usize].to) == Presence::Up;
            let garbled = || self.tables.garbled(letter).is_ok_and(|garbled| !garbled.is_empty());
            let own = at(&mut tried.letters, letter as usize);
            own.met[0] += u64::from(under_way && strikes.has(FaultKind::Drop));
            own.met[1] += u64::from(under_way && strikes.has(FaultKind::Duplicate));
            own.met[2] += u64::from(code >= CARRIED && strikes.has(FaultKind::Replay));
            own.met[3] += u64::from(up && strikes.has(FaultKind::Corrupt) && garbled());
            if up {
                meet(&mut own.taking.met);
            }
        });
        for (seat, idle) in tried.idle.iter_mut().enumerate().take(self.tables.seats.len()) {
            if self.presence(seat as u8) == Presence::Up {
                meet(&mut idle.met);
            }
        }
        for &(seat, taken, number) in taken {
            if let Taken::Start | Taken::TopUp = taken {
                meet(&mut tried.errands[seat as usize].met);
            }
            meet(at(&mut tried.moves, number as usize));
        }
    }
}
