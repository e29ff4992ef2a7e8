//! The messages under way: a multiset in one machine word, so that states are small and quick to hash.

use super::parties::{Key, Message, Party, Status};

/// As many keys as a budget of two can make M mint: one and one more for each duplicate of step 1.
const KEYS: u8 = 3;
/// One for each message there can be.
const SLOTS: u32 = 31;
/// Four bits hold a slot's count, which is at most `copies + budget`.
const BITS: u32 = 4;

/// How many copies of each message are under way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Network(u128);

impl Network {
    /// How many identical copies of `message` are under way.
    pub fn count(self, message: Message) -> u8 {
        (self.0 >> (slot(message) * BITS)) as u8 & 0xf
    }

    /// Adds copies.
    pub fn add(&mut self, message: Message, copies: u8) {
        assert!(self.count(message) + copies < 16, "too many copies of {message:?}");
        self.0 += u128::from(copies) << (slot(message) * BITS);
    }

    /// Takes one copy out.
    pub fn remove(&mut self, message: Message) {
        assert!(self.count(message) > 0, "only what is under way can arrive: {message:?}");
        self.0 -= 1 << (slot(message) * BITS);
    }

    /// Each different message once. P's record never changes once it is there, so what a message says of it is
    /// `record`.
    pub fn distinct(self, record: Status) -> impl Iterator<Item = Message> {
        (0..SLOTS).filter(move |slot| (self.0 >> (slot * BITS)) & 0xf != 0).map(move |slot| message(slot as u8, record))
    }
}

fn slot(message: Message) -> u32 {
    let word = |status| match status {
        Status::Unknown => 0,
        Status::Aborted => 1,
        Status::Committed { .. } => 2,
    };
    let keyed = |key: Key| {
        assert!(key < KEYS, "a larger budget needs more keys");
        key
    };
    u32::from(match message {
        Message::Inquiry => 0,
        Message::Refusal => 1,
        Message::Query(party) => 2 + party as u8,
        Message::Quote(key) => 4 + keyed(key),
        Message::Order(key) => 7 + keyed(key),
        Message::Goods(key) => 10 + keyed(key),
        Message::Submit { signed, key } => 13 + KEYS * keyed(signed) + keyed(key),
        Message::Status(status) => 22 + word(status),
        Message::Answer(party, status) => 25 + 3 * party as u8 + word(status),
    })
}

fn message(slot: u8, record: Status) -> Message {
    let party = |second| if second { Party::Merchant } else { Party::Customer };
    let status = |word| match word {
        0 => Status::Unknown,
        1 => Status::Aborted,
        _ => record,
    };
    match slot {
        0 => Message::Inquiry,
        1 => Message::Refusal,
        2..4 => Message::Query(party(slot == 3)),
        4..7 => Message::Quote(slot - 4),
        7..10 => Message::Order(slot - 7),
        10..13 => Message::Goods(slot - 10),
        13..22 => Message::Submit { signed: (slot - 13) / KEYS, key: (slot - 13) % KEYS },
        22..25 => Message::Status(status(slot - 22)),
        _ => Message::Answer(party(slot >= 28), status((slot - 25) % 3)),
    }
}
