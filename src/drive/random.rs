//! Draws faults at random, in the swarm manner: each run first switches whole kinds on and off and draws how often each strikes,
//! so that some runs see a storm of one kind and nothing of another.
//!
//! Faults strike for a while; then the network heals, so that every run has a time in which everybody can come to know.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use super::labels::Sending;
use super::{Oracle, SendFault};
use crate::crypto::streams::{Draws, Purpose, Streams};
use crate::fault::{CrashSite, EventSite, FaultKind, SendSite};
use crate::party::{Party, Side};
use crate::protocol::message::Message;
use crate::protocol::setup::Population;
use crate::world::{Numbered, Separation};

/// How often faults strike, in parts per million: of a kind's sites, or of the runs for partitions.
pub type Rates = BTreeMap<FaultKind, u32>;

/// The oracle of a random run.
#[derive(Debug, Clone)]
pub struct Random {
    streams: Streams,
    /// For what concerns no party: rates, replays, partitions.
    common: Draws,
    /// One for each party: its sends and its crashes.
    parties: FxHashMap<Party, Draws>,
    /// How far the parties that have nothing to do have come in theirs, in 64-bit words.
    resting: FxHashMap<Party, u32>,
    /// By kind, in the order of [`FaultKind::ALL`].
    rates: [u32; FaultKind::ALL.len()],
    server_may_vanish: bool,
    heals_at_us: u64,
    now_us: u64,
    /// The point of the run at which a replay was last asked for.
    last_point: Option<EventSite>,
}

impl Random {
    /// The oracle of a seed. With `swarm`, each kind is switched off with even odds, and the others strike up to twice as often as
    /// the rates say.
    pub fn new(streams: Streams, rates: &Rates, swarm: bool, server_may_vanish: bool, heals_at_us: u64) -> Self {
        let mut common = streams.reader(Purpose::Fault, None);
        let mut drawn = [0; FaultKind::ALL.len()];
        for (kind, rate) in rates {
            let (on, twice) = (common.below(2) == 1, common.below(2_000_001));
            let rate = if !swarm {
                *rate
            } else if on {
                (u64::from(*rate) * twice / 1_000_000).min(1_000_000) as u32
            } else {
                0
            };
            drawn[*kind as usize] = rate;
        }
        let (parties, resting) = (FxHashMap::default(), FxHashMap::default());
        Random {
            streams,
            common,
            parties,
            resting,
            rates: drawn,
            server_may_vanish,
            heals_at_us,
            now_us: 0,
            last_point: None,
        }
    }

    /// The partitions of the run: up to three, each of one to three parties, at any time before the network heals.
    pub fn separations(&mut self, population: &Population) -> Vec<Separation> {
        let everyone: Vec<Party> = population.parties().collect();
        let mut separations = Vec::new();
        while separations.len() < 3 && self.common.chance(self.rate(FaultKind::Partition)) {
            let size = 1 + self.common.below(3.min(everyone.len() as u64 - 1));
            let mut group: Vec<Party> =
                (0..size).map(|_| everyone[self.common.below(everyone.len() as u64) as usize]).collect();
            group.sort_unstable();
            group.dedup();
            let from_us = self.common.below(self.heals_at_us.max(1));
            let until_us = from_us + 1 + self.common.below((self.heals_at_us - from_us).max(1));
            separations.push(Separation { group, from_us, until_us });
        }
        separations
    }

    const fn rate(&self, kind: FaultKind) -> u32 {
        self.rates[kind as usize]
    }

    /// The first of some kinds that strikes a party. A kind that never strikes draws nothing.
    fn strikes<const N: usize>(&mut self, party: Party, kinds: [FaultKind; N]) -> Option<FaultKind> {
        let rates = kinds.map(|kind| (kind, self.rate(kind)));
        let healed = self.now_us >= self.heals_at_us;
        if healed || rates.iter().all(|(_, rate)| *rate == 0) {
            return None;
        }
        let draws = self.parties.entry(party).or_insert_with(|| {
            let read = self.resting.remove(&party).unwrap_or(0);
            self.streams.reader_from(Purpose::Fault, Some(party), read)
        });
        let struck = rates.into_iter().find(|(_, rate)| *rate > 0 && draws.chance(*rate));
        struck.map(|(kind, _)| kind)
    }
}

impl Oracle for Random {
    fn send(&mut self, from: Party, _: SendSite, message: &Message) -> Option<SendFault> {
        let kinds = [FaultKind::Drop, FaultKind::Duplicate, FaultKind::Delay, FaultKind::Corrupt];
        match self.strikes(from, kinds)? {
            FaultKind::Drop => Some(SendFault::Drop),
            FaultKind::Duplicate => Some(SendFault::Duplicate),
            FaultKind::Delay => Some(SendFault::Delay),
            _ => {
                let bits = message.encoded_len() as u64 * 8;
                self.parties.get_mut(&from).map(|draws| SendFault::Corrupt(draws.below(bits) as u32))
            }
        }
    }

    fn crash(&mut self, party: Party, _: CrashSite) -> Option<bool> {
        let may_vanish = party.side() != Side::Server || self.server_may_vanish;
        let struck = if may_vanish {
            self.strikes(party, [FaultKind::CrashForever, FaultKind::Crash])
        } else {
            self.strikes(party, [FaultKind::Crash])
        };
        struck.map(|kind| kind == FaultKind::CrashForever)
    }

    /// What is left of a reader is a number.
    fn rest(&mut self, party: Party) {
        if let Some(draws) = self.parties.remove(&party) {
            self.resting.insert(party, draws.words());
        }
    }

    fn tick(&mut self, now_us: u64) {
        self.now_us = now_us;
    }

    /// At most once at each point, so that no rate makes a run endless.
    fn replay(&mut self, after: EventSite, sent: &Numbered<Sending>) -> Option<u32> {
        let rate = self.rate(FaultKind::Replay);
        let asked = self.last_point.replace(after) == Some(after);
        let strikes =
            rate > 0 && !asked && self.now_us < self.heals_at_us && sent.kept() > 0 && self.common.chance(rate);
        if strikes { sent.nth(self.common.below(sent.kept() as u64) as usize) } else { None }
    }

    fn waits(&self) -> bool {
        false
    }
}
