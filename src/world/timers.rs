//! The timers that a party has set, and where each stands on the agenda.

use crate::party::PurchaseKey;
use crate::protocol::by_purchase::ByPurchase;
use crate::protocol::role::{Timer, TimerKind};

use super::slot::Slot;

/// The timers, those of a purchase side by side.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub(super) struct Timers(ByPurchase<[Option<Slot>; TimerKind::ALL.len()]>);

impl Timers {
    /// Whether none is set.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether one is set about a purchase.
    pub(super) fn any(&self, about: &PurchaseKey) -> bool {
        self.0.get(about).is_some()
    }

    /// Sets a timer; gives the place of an earlier one of the same name.
    pub(super) fn set(&mut self, timer: Timer, slot: Slot) -> Option<Slot> {
        self.0.get_or_insert_with(timer.about, Default::default)[timer.kind as usize].replace(slot)
    }

    /// Forgets a timer; gives its place.
    pub(super) fn stop(&mut self, timer: &Timer) -> Option<Slot> {
        let slots = self.0.get_mut(&timer.about)?;
        let slot = slots[timer.kind as usize].take();
        if slots.iter().all(Option::is_none) {
            self.0.remove(&timer.about);
        }
        slot
    }

    /// Every timer, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Timer, Slot)> {
        self.0.iter().flat_map(|(about, slots)| {
            let named = TimerKind::ALL.iter().zip(slots);
            named.filter_map(|(kind, slot)| Some((Timer { about: *about, kind: *kind }, (*slot)?)))
        })
    }
}
