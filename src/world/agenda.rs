//! What is still to come: events ordered by time and, at the same time, by the order in which they were scheduled.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::protocol::party::Party;
use crate::protocol::role::Timer;

use super::Envelope;

/// Something that may happen next.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Event {
    /// A copy of an envelope reaches its recipient.
    Arrival(Arc<Envelope>),
    /// A timer fires.
    Timer(Party, Timer),
    /// A crashed party comes back.
    Restart(Party),
    /// The purchase of that number, from zero, is due to start.
    Start(u32),
    /// Money from outside reaches the customers' accounts.
    TopUp,
}

/// An event's place: when, and as the how-manieth scheduled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot {
    /// When, in virtual microseconds.
    pub at_us: u64,
    /// Ties are taken in the order of scheduling.
    pub order: u64,
}

/// The events to come.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Agenda {
    events: BTreeMap<Slot, Event>,
    scheduled: u64,
}

impl Agenda {
    /// Puts an event on the agenda.
    pub fn schedule(&mut self, at_us: u64, event: Event) -> Slot {
        let slot = Slot { at_us, order: self.scheduled };
        self.scheduled += 1;
        self.events.insert(slot, event);
        slot
    }

    /// The event that comes next by the clock.
    pub fn first(&self) -> Option<(Slot, &Event)> {
        self.events.first_key_value().map(|(slot, event)| (*slot, event))
    }

    /// Every event to come, in order.
    pub fn iter(&self) -> impl Iterator<Item = (Slot, &Event)> {
        self.events.iter().map(|(slot, event)| (*slot, event))
    }

    /// The event at that place.
    pub fn get(&self, slot: Slot) -> Option<&Event> {
        self.events.get(&slot)
    }

    /// Takes an event off the agenda.
    pub fn remove(&mut self, slot: Slot) -> Option<Event> {
        self.events.remove(&slot)
    }

    /// How many events are to come.
    pub fn len(&self) -> usize {
        self.events.len()
    }

    /// Whether nothing is to come.
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }
}
