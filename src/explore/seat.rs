//! A party's table: its shares, its inputs, and what comes of each input in each share.

use rustc_hash::FxHashMap;

use super::local::{Before, Local, Stimulus};
use super::numbered::Numbered;
use super::table::{Full, LOCALS_MAX};
use crate::party::{Party, PurchaseKey};
use crate::protocol::record::RecordKind;
use crate::protocol::role::Timer;
use crate::world::Presence;

/// Not worked out yet.
pub(super) const UNKNOWN: u32 = u32::MAX;
/// The bit of inputs that are about no purchase.
pub(super) const OF_NONE: u8 = 1 << 7;

/// A party's handling of an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Handling {
    pub(super) seat: u8,
    pub(super) local: u16,
    pub(super) moment: u8,
    pub(super) stimulus: u16,
}

/// How a share was first met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// A party begins with it.
    First,
    /// After the handling of an input.
    After(Handling),
    /// At a point in the middle.
    Point(Handling, u8),
    /// Where a crash cuts the handling short, for ever or not.
    Cut(Handling, u8, bool),
    /// After a crash of a party in another share, for ever or not.
    Crash(u16, bool),
}

/// What comes of an input.
#[derive(Debug)]
pub(super) struct Move {
    /// The party afterwards.
    pub(super) after: u16,
    /// The moment afterwards, where it is another.
    pub(super) then: Option<u8>,
    /// The letters that it sends, in order.
    pub(super) sends: Box<[u16]>,
    /// The letters that the outsider may send from then on: after how many of the sends it has heard what it makes them of, and which.
    pub(super) forged: Box<[(u8, u16)]>,
    /// What it writes down, in order.
    pub(super) saves: Box<[(RecordKind, Option<PurchaseKey>)]>,
    /// The party as it may be seen in between.
    pub(super) points: Box<[u16]>,
    /// Where a crash may cut the handling short.
    pub(super) cuts: Box<[Cut]>,
    /// How many cuts the moves before it have.
    pub(super) cuts_before: usize,
    /// What it was worked out for.
    pub(super) handling: Handling,
}

impl Move {
    /// Whether another leads to the same, for its own party and for everybody else.
    pub(super) fn does_the_same(&self, other: &Move) -> bool {
        let all = |found: &Move| (found.after, found.then);
        let same_letters = self.sends == other.sends && self.forged == other.forged;
        all(self) == all(other) && same_letters && self.points == other.points
    }

    /// The letters that the outsider may send once it has heard the first so many sends.
    pub(super) fn forged_after(&self, sends: usize) -> impl Iterator<Item = u16> + '_ {
        self.forged.iter().filter(move |(after, _)| usize::from(*after) <= sends).map(|(_, letter)| *letter)
    }

    /// Every letter that may come of it.
    pub(super) fn letters(&self) -> impl Iterator<Item = u16> + '_ {
        self.sends.iter().copied().chain(self.forged_after(self.sends.len()))
    }

    /// The moment afterwards.
    pub(super) fn moment(&self, before: u8) -> u8 {
        self.then.unwrap_or(before)
    }

    /// The moment after a crash has cut the handling short.
    pub(super) fn moment_at(&self, cut: &Cut, before: u8) -> u8 {
        if cut.signed { self.moment(before) } else { before }
    }
}

/// A crash in the middle of handling an input.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cut {
    /// What does not happen any more.
    pub(super) before: Before,
    /// How many sends come before it.
    pub(super) sends: u8,
    /// How many records.
    pub(super) saves: u8,
    /// Whether the order that the party signs has been signed by then.
    pub(super) signed: bool,
    /// The party if it is to return.
    pub(super) down: u16,
    /// The party if it is not.
    pub(super) gone: u16,
}

/// A party's table.
#[derive(Debug)]
pub(super) struct Seat {
    pub(super) party: Party,
    pub(super) locals: Numbered<Local>,
    pub(super) stimuli: Numbered<Stimulus>,
    pub(super) presence: Vec<Presence>,
    /// For each share, how it was first met.
    pub(super) origins: Vec<Origin>,
    /// For each share, the timers that are set, as numbers of stimuli.
    pub(super) timers: Vec<Box<[u16]>>,
    /// The number of its being back.
    pub(super) restart: u16,
    /// For each share, itself after a crash, and after a crash for ever.
    pub(super) crashed: Vec<Option<(u16, u16)>>,
    /// For each share and stimulus, the number of the move before the lapse of the order that the stimulus is about, and after it.
    pub(super) moves: Vec<Vec<[u32; 2]>>,
    /// For each moment, share and stimulus, the number of the move, where it is the signing of an order.
    pub(super) signing: FxHashMap<(u8, u16, u16), u32>,
    /// By stimulus: the bit that says in the tables' `over` whether it comes too late.
    pub(super) about: Vec<u8>,
}

/// When a party does the same with an input.
#[derive(Debug, Clone, Copy)]
pub(super) enum When {
    /// At any time.
    AnyTime,
    /// Before the lapse of the order that the input is about, or after it.
    Lapsed(bool),
    /// At this moment.
    At(u8),
}

impl Seat {
    pub(super) fn new(party: Party) -> Self {
        Seat {
            party,
            locals: Numbered::new(),
            stimuli: Numbered::new(),
            presence: Vec::new(),
            origins: Vec::new(),
            timers: Vec::new(),
            restart: 0,
            crashed: Vec::new(),
            moves: Vec::new(),
            signing: FxHashMap::default(),
            about: Vec::new(),
        }
    }

    pub(super) fn local(
        &mut self,
        local: Local,
        origin: Origin,
        about: impl Fn(&PurchaseKey) -> Option<u8>,
    ) -> Result<u16, Full> {
        let presence = local.node.presence();
        let (number, new) = self.locals.number(local);
        if new {
            let timers: Vec<Timer> = self.locals.get(number).timers.iter().copied().collect();
            if number as usize >= LOCALS_MAX {
                return Err(Full("states of one party"));
            }
            self.presence.push(presence);
            self.origins.push(origin);
            self.crashed.push(None);
            let number = |timer: Timer| self.stimulus(Stimulus::Timer(timer), about(&timer.about));
            let timers: Result<Box<[u16]>, Full> = timers.into_iter().map(number).collect();
            self.timers.push(timers?);
        }
        Ok(number as u16)
    }

    pub(super) fn stimulus(&mut self, stimulus: Stimulus, about: Option<u8>) -> Result<u16, Full> {
        let (number, new) = self.stimuli.number(stimulus);
        if new {
            self.about.push(about.map_or(OF_NONE, |purchase| 1 << purchase));
        }
        u16::try_from(number).map_err(|_| Full("inputs of one party"))
    }

    pub(super) fn enter(&mut self, local: u16, when: When, stimulus: u16, number: u32) {
        if let When::At(moment) = when {
            self.signing.insert((moment, local, stimulus), number);
            return;
        }
        let (local, stimulus) = (local as usize, stimulus as usize);
        if self.moves.len() <= local {
            self.moves.resize_with(local + 1, Vec::new);
        }
        let row = &mut self.moves[local];
        if row.len() <= stimulus {
            row.resize(stimulus + 1, [UNKNOWN; 2]);
        }
        match when {
            When::Lapsed(over) => row[stimulus][usize::from(over)] = number,
            _ => row[stimulus] = [number; 2],
        }
    }
}
