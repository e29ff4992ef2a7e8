//! What may strike a run in a search that tries everything.

use std::collections::BTreeMap;

use super::FaultKind;

/// How many faults a plan may have, of which kinds, and how many of each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Budget {
    /// How many faults a plan may have in all.
    pub at_most: u32,
    /// Of which kinds.
    pub kinds: Vec<FaultKind>,
    /// Kinds of which a plan may have fewer.
    pub each: BTreeMap<FaultKind, u32>,
    /// Whether P may vanish for ever.
    pub server_may_vanish: bool,
}

impl Budget {
    /// So many faults of any of these kinds; P stays.
    pub fn new(at_most: u32, kinds: &[FaultKind]) -> Self {
        Budget { at_most, kinds: kinds.to_vec(), each: BTreeMap::new(), server_may_vanish: false }
    }

    /// How many faults of a kind a plan may have.
    pub fn of(&self, kind: FaultKind) -> u32 {
        if self.kinds.contains(&kind) { self.each.get(&kind).copied().unwrap_or(self.at_most) } else { 0 }
    }
}
