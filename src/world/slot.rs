//! When an event is to come.

/// An event's place: when, and as the how-manieth scheduled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot {
    /// When, in virtual microseconds.
    pub at_us: u64,
    /// Ties are taken in the order of scheduling.
    pub order: u64,
    /// Where in the agenda's table the event lies.
    pub(super) place: u32,
}
