//! Every random value of a run, as a pure function of the seed: one ChaCha20 stream for each purpose and party.
//!
//! The key of the cipher is SHA-256 over a domain string and the seed. The 64-bit stream number has the purpose in bits 40 to 47,
//! the kind of party in bits 32 to 39 (0 for the run itself) and the party's number below, so that no two streams meet. Nothing
//! here belongs to another crate's notion of seeding, so that a run stays the same when one of them changes its mind.

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use sha2::{Digest, Sha256};

use crate::party::Party;

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
    /// The keys and nonces of sealed channels.
    Channel,
}

/// The streams of one seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Streams {
    key: [u8; 32],
}

/// One stream, read from its beginning.
#[derive(Debug, Clone)]
pub struct Draws(ChaCha20Rng);

impl Streams {
    /// The streams of a seed.
    pub fn new(seed: u64) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"halfpaid/1 streams");
        hash.update(seed.to_le_bytes());
        Streams { key: hash.finalize().into() }
    }

    /// The stream of a purpose and party (`None`: the run's own), from its beginning.
    pub fn reader(&self, purpose: Purpose, party: Option<Party>) -> Draws {
        let (kind, number) = match party {
            None => (0, 0),
            Some(Party::Customer(number)) => (1, number),
            Some(Party::Merchant(number)) => (2, number),
            Some(Party::Server) => (3, 0),
        };
        let mut cipher = ChaCha20Rng::from_seed(self.key);
        cipher.set_stream((purpose as u64) << 40 | kind << 32 | u64::from(number));
        Draws(cipher)
    }

    /// The same, from where another reader of it stood that had read so many words of 64 bits, and nothing else.
    pub fn reader_from(&self, purpose: Purpose, party: Option<Party>, words: u32) -> Draws {
        let mut draws = self.reader(purpose, party);
        draws.0.set_word_pos(u128::from(words) * 2);
        draws
    }

    /// The `index`th 32 bytes of a stream.
    pub fn draw(&self, purpose: Purpose, party: Option<Party>, index: u64) -> [u8; 32] {
        let mut draws = self.reader(purpose, party);
        draws.0.set_word_pos(u128::from(index) * 8);
        draws.next_32()
    }
}

impl Draws {
    /// The next 32 bytes.
    pub fn next_32(&mut self) -> [u8; 32] {
        let mut bytes = [0; 32];
        self.0.fill_bytes(&mut bytes);
        bytes
    }

    /// The next 64 bits.
    pub fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// How many words of 64 bits have been read, if nothing else has; see [`Streams::reader_from`].
    pub fn words(&self) -> u32 {
        (self.0.get_word_pos() / 2) as u32
    }

    /// Fills a buffer.
    pub fn fill(&mut self, bytes: &mut [u8]) {
        self.0.fill_bytes(bytes);
    }

    /// A number below `n` (below 1 if `n` is 0), each equally likely but for a bias of less than `n` in 2^64.
    pub fn below(&mut self, n: u64) -> u64 {
        ((u128::from(self.next_u64()) * u128::from(n)) >> 64) as u64
    }

    /// Whether an event of the given probability, in parts per million, comes to pass.
    pub fn chance(&mut self, parts_per_million: u32) -> bool {
        self.below(1_000_000) < u64::from(parts_per_million)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draw_is_the_same_for_ever() {
        let draw = Streams::new(7).draw(Purpose::Secret, Some(Party::Customer(2)), 3);
        assert_eq!(draw[..8], PINNED);
    }

    const PINNED: [u8; 8] = [237, 56, 67, 91, 189, 73, 221, 163];

    #[test]
    fn drawing_by_place_and_reading_in_order_agree() {
        let streams = Streams::new(1);
        let mut reader = streams.reader(Purpose::Fault, None);
        for index in 0..20 {
            assert_eq!(reader.next_32(), streams.draw(Purpose::Fault, None, index));
        }
    }

    #[test]
    fn no_two_streams_of_any_seeds_start_alike() {
        use std::collections::BTreeSet;
        let purposes = [
            Purpose::Identity,
            Purpose::Secret,
            Purpose::Latency,
            Purpose::Fault,
            Purpose::Workload,
            Purpose::Content,
            Purpose::Channel,
        ];
        let parties =
            [None, Some(Party::Server), Some(Party::Customer(0)), Some(Party::Customer(1)), Some(Party::Merchant(0))];
        let mut seen = BTreeSet::new();
        for seed in 0..4 {
            for purpose in purposes {
                for party in parties {
                    assert!(seen.insert(Streams::new(seed).draw(purpose, party, 0)), "{seed} {purpose:?} {party:?}");
                }
            }
        }
    }

    #[test]
    fn chances_and_ranges_keep_to_their_bounds() {
        let mut draws = Streams::new(3).reader(Purpose::Fault, None);
        assert!((0..1000).all(|_| draws.below(7) < 7));
        assert!((0..100).all(|_| draws.chance(1_000_000)));
        assert!((0..100).all(|_| !draws.chance(0)));
        let hits = (0..10_000).filter(|_| draws.chance(250_000)).count();
        assert!((2_300..2_700).contains(&hits), "{hits}");
    }
}
