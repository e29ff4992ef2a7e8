//! All that the rest of a run depends on, in a fingerprint: two runs that come to the same situation take the same course from
//! there, and what is found of the one at its end is found of the other.
//!
//! What only tells how a run got there is left out: names of sites, numbers of envelopes, times and counts that no clause reads.
//! Times are those of the clock and not relative to now, because orders lapse at a moment that their signatures cover; two
//! runs meet where the same thing is pending at the same time. Where latencies are drawn, they depend on how often something has been
//! sent, and so the names of sites belong to the situation; where the network may still replay, so does what it has carried.

use std::collections::BTreeSet;
use std::hash::{Hash, Hasher};

use twox_hash::XxHash3_128;

use super::eavesdropper::Eavesdropper;
use super::labels::Labels;
use crate::invariant::checker::Checker;
use crate::world::{Envelope, World};

/// A situation's name. 128 bits: among a thousand million situations two share one with a chance of one in 10²⁰.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(pub u128);

/// A run between two events.
#[derive(Debug)]
pub struct Situation<'d> {
    pub(super) world: &'d World,
    pub(super) checker: &'d Checker<'d>,
    pub(super) labels: &'d Labels,
    pub(super) eavesdropper: Option<&'d Eavesdropper<'d>>,
    /// Whether each of the points at which replays may strike in the end has come.
    pub(super) points: (bool, bool),
    /// Whether every message takes the same time.
    pub(super) constant_latency: bool,
}

impl Situation<'_> {
    /// How many events have passed, and how many of them since something last told anything new.
    pub fn events(&self) -> (u64, u64) {
        (self.checker.passed(), self.checker.passed() - self.checker.events())
    }

    /// Its fingerprint. `replays` says whether the network may yet send again what it has carried; `spent` is whatever else the rest
    /// of the run depends on. `room` is overwritten.
    pub fn fingerprint(&self, replays: bool, spent: impl Hash, room: &mut Room) -> Fingerprint {
        room.0.clear();
        spent.hash(room);
        self.points.hash(room);
        self.world.hash_pending(room);
        self.checker.hash_known(room);
        if let Some(eavesdropper) = self.eavesdropper {
            eavesdropper.hash(room);
        }
        if !self.constant_latency {
            self.labels.hash_sends(room);
        }
        if replays {
            let of = |envelope: &Envelope| {
                let mut one = Room::default();
                envelope.hash_content(&mut one);
                one.fingerprint()
            };
            let carried: BTreeSet<Fingerprint> =
                self.world.carried().iter().map(|(_, envelope)| of(envelope)).collect();
            carried.hash(room);
        }
        room.fingerprint()
    }
}

/// Where a fingerprint is worked out: all that is hashed, byte after byte.
#[derive(Debug, Default)]
pub struct Room(Vec<u8>);

impl Room {
    fn fingerprint(&self) -> Fingerprint {
        Fingerprint(XxHash3_128::oneshot(&self.0))
    }
}

impl Hasher for Room {
    /// Nobody asks for these 64 bits.
    fn finish(&self) -> u64 {
        self.fingerprint().0 as u64
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    fn write_u8(&mut self, byte: u8) {
        self.0.push(byte);
    }

    /// Lengths, which are small: one byte, or nine.
    fn write_usize(&mut self, number: usize) {
        match u8::try_from(number) {
            Ok(byte) if byte < u8::MAX => self.0.push(byte),
            _ => {
                self.0.push(u8::MAX);
                self.0.extend_from_slice(&number.to_le_bytes());
            }
        }
    }

    /// Which variant of an enumeration, which is small too.
    fn write_isize(&mut self, number: isize) {
        self.write_usize(number as usize);
    }
}
