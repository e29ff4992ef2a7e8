//! What has been verified before, so that no signature is verified twice. Verifying is a pure function of key, statement and
//! signature: nobody can tell by anything but the clock whether it was done again. Whoever counts operations counts those asked for.
//!
//! The memory is bounded, and its oldest entries go first: what is asked about again is asked about within one purchase.

use std::collections::VecDeque;
use std::hash::BuildHasher;
use std::sync::{Mutex, PoisonError};

use hashbrown::HashTable;
use rustc_hash::FxBuildHasher;

use super::Signature;
use crate::party::Party;

/// Threads that verify at the same time seldom wait for each other.
const SHARDS: usize = 16;

/// How many answers a shard keeps: in all some 16,000, which take about 6 MB.
const KEPT: usize = 1024;

/// The answers given so far.
#[derive(Debug, Default)]
pub(super) struct Memory {
    shards: [Mutex<Shard>; SHARDS],
}

#[derive(Debug, Default)]
struct Shard {
    /// Places in `entries`, as if nothing had ever been dropped.
    table: HashTable<u64>,
    entries: VecDeque<Entry>,
    dropped: u64,
}

#[derive(Debug)]
struct Entry {
    hash: u64,
    signer: Party,
    statement: Box<[u8]>,
    signature: Signature,
    holds: bool,
}

impl Memory {
    /// The answer to a question: the one given before, or else what `verify` says now.
    pub(super) fn recall(
        &self,
        signer: Party,
        statement: &[u8],
        signature: &Signature,
        verify: impl FnOnce() -> bool,
    ) -> bool {
        // A signature names its statement and its signer; where a forged one does not, the comparison below does.
        let hash = FxBuildHasher.hash_one(signature.0);
        let shard = &self.shards[(hash >> 32) as usize % SHARDS];
        let lock = || shard.lock().unwrap_or_else(PoisonError::into_inner);
        let asked =
            |entry: &Entry| entry.signature == *signature && entry.signer == signer && *entry.statement == *statement;
        if let Some(holds) = lock().find(hash, asked) {
            return holds;
        }
        // Not under the lock: two threads may do the same work once, and say the same.
        let holds = verify();
        lock().keep(Entry { hash, signer, statement: statement.into(), signature: *signature, holds });
        holds
    }
}

impl Shard {
    fn find(&self, hash: u64, asked: impl Fn(&Entry) -> bool) -> Option<bool> {
        let entry = |place: &u64| &self.entries[(place - self.dropped) as usize];
        self.table.find(hash, |place| asked(entry(place))).map(|place| entry(place).holds)
    }

    fn keep(&mut self, entry: Entry) {
        if self.entries.len() == KEPT
            && let Some(oldest) = self.entries.pop_front()
        {
            let place = self.dropped;
            self.dropped += 1;
            if let Ok(found) = self.table.find_entry(oldest.hash, |known| *known == place) {
                found.remove();
            }
        }
        let Shard { table, entries, dropped } = self;
        let place = *dropped + entries.len() as u64;
        table.insert_unique(entry.hash, place, |place| entries[(place - *dropped) as usize].hash);
        entries.push_back(entry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_given_again_to_the_very_same_question_alone() {
        let memory = Memory::default();
        let signature = Signature([7; 64]);
        let (signer, other) = (Party::Customer(0), Party::Merchant(0));
        assert!(memory.recall(signer, b"yes", &signature, || true));
        assert!(memory.recall(signer, b"yes", &signature, || unreachable!("it is remembered")));
        for (signer, statement, signature) in
            [(other, &b"yes"[..], signature), (signer, b"no", signature), (signer, b"yes", Signature([8; 64]))]
        {
            assert!(!memory.recall(signer, statement, &signature, || false));
            assert!(!memory.recall(signer, statement, &signature, || unreachable!("it is remembered")));
        }
    }

    #[test]
    fn the_oldest_answers_go_first_and_room_is_bounded() {
        let memory = Memory::default();
        let signature = |number: u32| {
            let mut bytes = [0; 64];
            bytes[..4].copy_from_slice(&number.to_le_bytes());
            Signature(bytes)
        };
        let ask = |number: u32, asked: &mut u32| {
            memory.recall(Party::Server, b"", &signature(number), || {
                *asked += 1;
                number.is_multiple_of(3)
            })
        };
        let mut asked = 0;
        for number in 0..100_000 {
            assert_eq!(ask(number, &mut asked), number.is_multiple_of(3));
        }
        assert_eq!(asked, 100_000);
        for number in 99_000..100_000 {
            assert_eq!(ask(number, &mut asked), number.is_multiple_of(3));
        }
        assert_eq!(asked, 100_000);
        assert!(ask(0, &mut asked));
        assert_eq!(asked, 100_001);
        let kept: usize = memory.shards.iter().map(|shard| shard.lock().unwrap().entries.len()).sum();
        assert!(kept <= SHARDS * KEPT);
    }
}
