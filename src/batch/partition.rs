//! Parts of a run: which of them a single run of the simulator belongs to.
//!
//! It depends on the scenario's name, the protocol, the seed and the plan alone, so that every machine knows it without asking and a
//! scenario that is added or taken away moves no other. A part runs its share of every scenario, so that one large scenario is spread
//! too. How a part looks on the disk is left to `kept`.

use std::fmt;
use std::num::NonZero;
use std::str::FromStr;

use sha2::{Digest, Sha256};

/// The most parts of a run: all are open at once while they are joined.
pub const PARTS_MAX: u32 = 1_000;

/// One of the parts of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Partition {
    /// Which, from 1.
    number: u32,
    /// How many there are.
    of: NonZero<u32>,
}

impl Partition {
    /// Which part it is, from 1.
    pub const fn number(self) -> u32 {
        self.number
    }

    /// How many parts there are.
    pub const fn of(self) -> NonZero<u32> {
        self.of
    }

    /// Its place among the parts, from 0.
    pub(super) const fn index(self) -> usize {
        self.number as usize - 1
    }
}

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

/// A text that names no part.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected I/N, with N from 1 to {PARTS_MAX} and I from 1 to N, such as 2/8")]
pub struct NotAPart;

impl FromStr for Partition {
    type Err = NotAPart;

    fn from_str(text: &str) -> Result<Self, NotAPart> {
        let number = |text: &str| {
            let canonical = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
            text.parse::<u32>().ok().filter(|_| canonical)
        };
        let (one, of) = text.split_once('/').ok_or(NotAPart)?;
        let of = number(of).filter(|of| *of <= PARTS_MAX).and_then(NonZero::new).ok_or(NotAPart)?;
        let number = number(one).filter(|one| *one <= of.get()).ok_or(NotAPart)?;
        Ok(Partition { number, of })
    }
}

/// Who does a piece of work, counted from 0, when the parts are so many.
pub(super) fn owner(of: NonZero<u32>, scenario: &str, protocol: &str, seed: u64, plan: &str) -> usize {
    if of.get() == 1 {
        return 0;
    }
    let mut sha256 = Sha256::new();
    for text in [scenario, protocol] {
        sha256.update(text.as_bytes());
        sha256.update([0]);
    }
    sha256.update(seed.to_be_bytes());
    sha256.update(plan.as_bytes());
    let sum: [u8; 32] = sha256.finalize().into();
    let number = sum.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte));
    (number % u64::from(of.get())) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_read_back_what_they_print() {
        for text in ["1/1", "2/8", "1000/1000"] {
            assert_eq!(text.parse::<Partition>().unwrap().to_string(), text);
        }
        for bad in ["", "1", "/", "0/1", "2/1", "1/0", "01/2", "1/02", "+1/2", "-1/2", "1/1001", "1/2/3", " 1/2"] {
            assert_eq!(bad.parse::<Partition>(), Err(NotAPart), "{bad}");
        }
    }

    #[test]
    fn work_is_spread_evenly_and_stays_where_it_is() {
        let of = NonZero::new(8).unwrap();
        let mut counts = [0_u32; 8];
        (0..8_000).for_each(|seed| counts[owner(of, "swarm", "case2", seed, "")] += 1);
        assert!(counts.iter().all(|count| (850..1_150).contains(count)), "{counts:?}");
        // Parts that were made by another build of this version must fit: these numbers are never to change.
        let owners: Vec<_> = (0..8).map(|seed| owner(of, "swarm", "case2", seed, "drop 3#1")).collect();
        assert_eq!(owners, PINNED);
    }

    const PINNED: [usize; 8] = [5, 4, 0, 3, 3, 3, 7, 1];
}
