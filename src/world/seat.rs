//! A party's place in the world.

use std::hash::Hash;

use super::fingerprint::{Fingerprint, Kept, Room};
use super::node::{Node, Presence};
use super::timers::Timers;

/// A party, and its timers on the agenda.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Seat {
    node: Node,
    /// Of the node, which nobody changes but through [`Seat::change`].
    kept: Kept,
    pub(super) timers: Timers,
}

/// Where a party sits, or would: one that has nothing to do with any purchase takes up no more than this.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Chair {
    Taken(Box<Seat>),
    /// How many random values the party has drawn in its life.
    Empty(u64),
}

impl Seat {
    pub(super) fn new(node: Node) -> Self {
        Seat { node, kept: Kept::default(), timers: Timers::default() }
    }

    pub(super) const fn node(&self) -> &Node {
        &self.node
    }

    /// The node, to be changed.
    pub(super) fn change(&mut self) -> &mut Node {
        self.kept.forget();
        &mut self.node
    }

    /// The node's fingerprint.
    pub(super) fn fingerprint(&self, room: &mut Room) -> Fingerprint {
        room.known(&self.kept, |room| self.node.hash(room))
    }
}

impl Chair {
    pub(super) fn presence(&self) -> Presence {
        match self {
            Chair::Taken(seat) => seat.node.presence(),
            Chair::Empty(_) => Presence::Up,
        }
    }
}
