//! What is still to come: events ordered by time and, at the same time, by the order in which they were scheduled.
//!
//! Events lie in a table and their slots in a wheel of many levels, so that an event costs the same however many others there are. An
//! event that is taken off leaves its slot in the wheel until the wheel comes across it, or until there are too many of these.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use crate::party::Party;
use crate::protocol::role::Timer;

use super::Envelope;
use super::slot::Slot;
use super::wheel::Wheel;

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

/// The events to come.
#[derive(Debug, Clone, Default)]
pub struct Agenda {
    table: Vec<Option<(Slot, Event)>>,
    free: Vec<u32>,
    wheel: Wheel,
    /// No fewer than there are slots in the wheel, those of events that are gone included.
    slots: usize,
    scheduled: u64,
}

impl Agenda {
    /// Puts an event on the agenda.
    pub fn schedule(&mut self, at_us: u64, event: Event) -> Slot {
        let place = self.free.pop().unwrap_or_else(|| {
            self.table.push(None);
            self.table.len() as u32 - 1
        });
        let slot = Slot { at_us, order: self.scheduled, place };
        self.scheduled += 1;
        self.table[place as usize] = Some((slot, event));
        self.slots += 1;
        self.wheel.push(slot);
        slot
    }

    /// The event that comes next by the clock. Whoever asks moves on to its time: what is scheduled before it later is taken all the
    /// same, but in a slower way.
    pub fn upcoming(&mut self) -> Option<Slot> {
        let table = &self.table;
        self.wheel.first(|slot| alive(table, slot))
    }

    /// Every event to come, in order.
    pub fn iter(&self) -> impl Iterator<Item = (Slot, &Event)> {
        let mut events: Vec<(Slot, &Event)> = self.unordered().collect();
        events.sort_unstable_by_key(|(slot, _)| *slot);
        events.into_iter()
    }

    /// Every event to come, in no particular order.
    pub fn unordered(&self) -> impl Iterator<Item = (Slot, &Event)> {
        self.table.iter().flatten().map(|(slot, event)| (*slot, event))
    }

    /// The event at that place.
    pub fn get(&self, slot: Slot) -> Option<&Event> {
        let (found, event) = self.table.get(slot.place as usize)?.as_ref()?;
        (*found == slot).then_some(event)
    }

    /// Takes an event off the agenda.
    pub fn remove(&mut self, slot: Slot) -> Option<Event> {
        let entry = self.table.get_mut(slot.place as usize)?.take_if(|(found, _)| *found == slot);
        let (_, event) = entry?;
        self.free.push(slot.place);
        // Each sweep halves the slots at least, so that it costs each event the same.
        if self.slots > 2 * self.len() + SLACK {
            let table = &self.table;
            self.wheel.retain(|slot| alive(table, slot));
            self.slots = self.len();
        }
        Some(event)
    }

    /// How many events are to come.
    pub fn len(&self) -> usize {
        self.table.len() - self.free.len()
    }

    /// Whether nothing is to come.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// So many slots of events that are gone are worth no sweep.
const SLACK: usize = 1024;

fn alive(table: &[Option<(Slot, Event)>], slot: &Slot) -> bool {
    table[slot.place as usize].as_ref().is_some_and(|(found, _)| found.order == slot.order)
}

/// Agendas are alike if the same is to come in the same order, wherever it lies.
impl PartialEq for Agenda {
    fn eq(&self, other: &Self) -> bool {
        let events = |(slot, event): (Slot, _)| (slot.at_us, slot.order, event);
        self.scheduled == other.scheduled && self.iter().map(events).eq(other.iter().map(events))
    }
}

impl Eq for Agenda {}

impl Hash for Agenda {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        for (slot, event) in self.iter() {
            (slot.at_us, slot.order, event).hash(hasher);
        }
        self.scheduled.hash(hasher);
    }
}

#[cfg(test)]
mod tests {
    use std::cmp::Reverse;
    use std::collections::BinaryHeap;

    use proptest::prelude::*;

    use super::*;

    /// What may be done to an agenda.
    #[derive(Debug, Clone)]
    enum Move {
        /// Schedule so long after the event that was taken last.
        Schedule(u64),
        /// Look at the next event, and then schedule so long after the one that was taken last: perhaps before it.
        LookAndSchedule(u64),
        /// Take the next.
        Take,
        /// Remove one that is to come.
        Remove(usize),
    }

    fn after_us() -> impl Strategy<Value = u64> {
        prop_oneof![4 => 0_u64..4, 4 => 0_u64..20_000, 2 => 0_u64..10_000_000, 1 => any::<u64>()]
    }

    fn moves() -> impl Strategy<Value = Vec<Move>> {
        let one = prop_oneof![
            6 => after_us().prop_map(Move::Schedule),
            1 => after_us().prop_map(Move::LookAndSchedule),
            4 => Just(Move::Take),
            2 => any::<usize>().prop_map(Move::Remove),
        ];
        prop::collection::vec(one, 0..3_000)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Held against a binary heap that knows nothing but times and numbers, whatever is done in whatever order.
        #[test]
        fn events_come_as_from_a_binary_heap(moves in moves()) {
            let (mut agenda, mut heap, mut slots) = (Agenda::default(), BinaryHeap::new(), Vec::new());
            let (mut now_us, mut order, mut gone) = (0_u64, 0_u64, std::collections::BTreeSet::new());
            let mut schedule = |agenda: &mut Agenda, heap: &mut BinaryHeap<_>, slots: &mut Vec<Slot>, at_us: u64| {
                let slot = agenda.schedule(at_us, Event::Start(order as u32));
                assert_eq!((slot.at_us, slot.order), (at_us, order));
                heap.push(Reverse((at_us, order)));
                slots.push(slot);
                order += 1;
            };
            for next in moves.into_iter().chain(std::iter::repeat_n(Move::Take, 3_000)) {
                match next {
                    Move::Schedule(after_us) => schedule(&mut agenda, &mut heap, &mut slots, now_us.saturating_add(after_us)),
                    Move::LookAndSchedule(after_us) => {
                        agenda.upcoming();
                        schedule(&mut agenda, &mut heap, &mut slots, now_us.saturating_add(after_us));
                    }
                    Move::Take => {
                        let expected = loop {
                            match heap.pop() {
                                Some(Reverse((_, order))) if gone.contains(&order) => {}
                                other => break other.map(|Reverse(next)| next),
                            }
                        };
                        let slot = agenda.upcoming();
                        prop_assert_eq!(slot.map(|slot| (slot.at_us, slot.order)), expected);
                        if let Some(slot) = slot {
                            prop_assert_eq!(agenda.remove(slot), Some(Event::Start(slot.order as u32)));
                            prop_assert_eq!(agenda.get(slot), None);
                            (now_us, gone) = (slot.at_us, { gone.insert(slot.order); gone });
                        }
                    }
                    Move::Remove(which) if !slots.is_empty() => {
                        let slot = slots[which % slots.len()];
                        let there = gone.insert(slot.order);
                        prop_assert_eq!(agenda.remove(slot).is_some(), there);
                    }
                    Move::Remove(_) => {}
                }
                prop_assert_eq!(agenda.len() + gone.len(), slots.len());
            }
            prop_assert!(agenda.is_empty() && agenda.iter().next().is_none());
        }
    }

    #[test]
    fn slots_of_events_that_are_gone_do_not_pile_up() {
        let mut agenda = Agenda::default();
        for round in 0..100_000 {
            let slot = agenda.schedule(1_000_000 + round, Event::TopUp);
            agenda.remove(slot);
        }
        assert!(agenda.slots <= SLACK + 1, "{}", agenda.slots);
        assert!(agenda.table.len() == 1);
    }
}
