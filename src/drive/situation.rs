//! All that the rest of a run depends on, in a fingerprint: two runs that come to the same situation take the same course from
//! there, and what is found of the one at its end is found of the other.
//!
//! What only tells how a run got there is left out: names of sites, numbers of envelopes, times and counts that no clause reads.
//! Times are those of the clock and not relative to now, because orders lapse at a moment that their signatures cover; two
//! runs meet where the same thing is pending at the same time. Where latencies are drawn, they depend on how often something has been
//! sent, and so the names of sites belong to the situation; where the network may still replay, so does what it has carried.

use std::collections::BTreeSet;
use std::hash::Hash;

use super::eavesdropper::Eavesdropper;
use super::labels::Labels;
use crate::invariant::checker::Checker;
use crate::world::{Fingerprint, Room, World};

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
        room.clear();
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
            let fingerprints = self.world.carried().iter().map(|(_, envelope)| envelope.fingerprint(room));
            let carried: BTreeSet<Fingerprint> = fingerprints.collect();
            carried.hash(room);
        }
        room.fingerprint()
    }
}
