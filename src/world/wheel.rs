//! A queue of slots whose cost per entry does not grow with their number: a timing wheel of many levels, one for each digit of the time.
//!
//! Times are written with digits of six bits. A slot lies on the level of the highest digit in which its time differs from the time
//! that the wheel has come to, in the bucket of that digit. When a level's first bucket is reached, its slots move down to the levels
//! of their next digits; what differs in no digit is due. So a slot moves at most once for each digit of the time that it lies ahead
//! (three to five for milliseconds to minutes), and is never compared with another. Slots of one time are in one bucket at every
//! moment and are only ever appended, so they stay in the order in which they were pushed (Varghese and Lauck 1987; the rule by which
//! slots move is that of the radix heap of Ahuja, Mehlhorn, Orlin and Tarjan 1990).
//!
//! Slots that are not wanted any more are not looked for: whoever asks for the first says which are alive.

use std::collections::{BTreeSet, VecDeque};

use super::slot::Slot;

const DIGIT_BITS: u32 = 6;
const DIGITS: usize = 1 << DIGIT_BITS;

/// The slots that differ from the wheel's time first in one digit.
#[derive(Debug, Clone)]
struct Level {
    /// A bit for each bucket that is not empty.
    occupied: u64,
    buckets: Vec<Vec<Slot>>,
}

impl Level {
    fn new() -> Self {
        Level { occupied: 0, buckets: vec![Vec::new(); DIGITS] }
    }
}

/// The queue.
#[derive(Debug, Clone, Default)]
pub(super) struct Wheel {
    /// The time that the wheel has come to.
    base_us: u64,
    /// What is due at that time, in order.
    due: VecDeque<Slot>,
    levels: Vec<Level>,
    /// What was pushed for a time that the wheel is past: a handful, since that takes somebody who looks ahead and goes back.
    late: BTreeSet<Slot>,
}

impl Wheel {
    /// Adds a slot. Those of one time must come in the order of their numbers.
    pub(super) fn push(&mut self, slot: Slot) {
        if slot.at_us < self.base_us {
            self.late.insert(slot);
            return;
        }
        let differs = slot.at_us ^ self.base_us;
        if differs == 0 {
            self.due.push_back(slot);
            return;
        }
        let level = (differs.ilog2() / DIGIT_BITS) as usize;
        while self.levels.len() <= level {
            self.levels.push(Level::new());
        }
        let digit = (slot.at_us >> (level as u32 * DIGIT_BITS)) as usize % DIGITS;
        let level = &mut self.levels[level];
        level.occupied |= 1 << digit;
        level.buckets[digit].push(slot);
    }

    /// The first slot that is alive. The wheel moves on to its time.
    pub(super) fn first(&mut self, alive: impl Fn(&Slot) -> bool) -> Option<Slot> {
        while let Some(slot) = self.late.first() {
            if alive(slot) {
                return Some(*slot);
            }
            self.late.pop_first();
        }
        loop {
            while let Some(slot) = self.due.front() {
                if alive(slot) {
                    return Some(*slot);
                }
                self.due.pop_front();
            }
            let number = self.levels.iter().position(|level| level.occupied != 0)?;
            let level = &mut self.levels[number];
            let digit = level.occupied.trailing_zeros() as usize;
            level.occupied &= level.occupied - 1;
            let mut bucket = std::mem::take(&mut level.buckets[digit]);
            bucket.retain(&alive);
            // The lower levels are empty, and what is on the higher ones still differs from the new time first in the same digit.
            if let Some(next_us) = bucket.iter().map(|slot| slot.at_us).min() {
                self.base_us = next_us;
                bucket.drain(..).for_each(|slot| self.push(slot));
            }
            // The room of a small bucket is kept for the next turn; nothing was pushed to where it was taken from.
            if bucket.capacity() <= DIGITS {
                self.levels[number].buckets[digit] = bucket;
            }
        }
    }

    /// Drops what is not alive any more.
    pub(super) fn retain(&mut self, alive: impl Fn(&Slot) -> bool) {
        self.late.retain(&alive);
        self.due.retain(&alive);
        for level in &mut self.levels {
            for (digit, bucket) in level.buckets.iter_mut().enumerate() {
                bucket.retain(&alive);
                bucket.shrink_to(2 * bucket.len());
                if bucket.is_empty() {
                    level.occupied &= !(1 << digit);
                }
            }
        }
    }
}
