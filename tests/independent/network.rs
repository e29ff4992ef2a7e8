//! The messages under way: a multiset in three machine words, so that states are small and quick to hash.

use super::parties::{Key, Message, Party, Told};

/// As many keys as a budget of two can make M mint: one and one more for each duplicate of step 1.
const KEYS: u8 = 3;
/// One for each message there can be.
const SLOTS: u32 = 33;
/// Four bits hold a slot's count, which is at most `copies + budget`.
const BITS: u32 = 4;

/// How many copies of each message are under way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Network([u64; 3]);

impl Network {
    /// How many identical copies of `message` are under way.
    pub fn count(self, message: Message) -> u8 {
        let (word, shift) = place(slot(message));
        (self.0[word] >> shift) as u8 & 0xf
    }

    /// Adds copies.
    pub fn add(&mut self, message: Message, copies: u8) {
        assert!(self.count(message) + copies < 16, "too many copies of {message:?}");
        let (word, shift) = place(slot(message));
        self.0[word] += u64::from(copies) << shift;
    }

    /// Takes one copy out.
    pub fn remove(&mut self, message: Message) {
        assert!(self.count(message) > 0, "only what is under way can arrive: {message:?}");
        let (word, shift) = place(slot(message));
        self.0[word] -= 1 << shift;
    }

    /// Each different message once.
    pub fn distinct(self) -> impl Iterator<Item = Message> {
        let filled = move |slot: &u32| {
            let (word, shift) = place(*slot);
            (self.0[word] >> shift) & 0xf != 0
        };
        (0..SLOTS).filter(filled).map(|slot| message(slot as u8))
    }
}

/// The word and the lowest bit of a slot's count.
fn place(slot: u32) -> (usize, u32) {
    let each = u64::BITS / BITS;
    ((slot / each) as usize, slot % each * BITS)
}

fn slot(message: Message) -> u32 {
    let keyed = |key: Key| {
        assert!(key < KEYS, "a larger budget needs more keys");
        key
    };
    let word = |told| match told {
        Told::Unknown => 0,
        Told::Aborted => 1,
        Told::Committed(key) => 2 + keyed(key),
    };
    u32::from(match message {
        Message::Inquiry => 0,
        Message::Refusal => 1,
        Message::Query(party) => 2 + party as u8,
        Message::Quote(key) => 4 + keyed(key),
        Message::Order(key) => 7 + keyed(key),
        Message::Goods(key) => 10 + keyed(key),
        Message::Submit { signed, key } => 13 + KEYS * keyed(signed) + keyed(key),
        Message::Status(told) => 22 + word(told),
        Message::Answer(Party::Customer, told) => 28 + word(told),
        Message::Answer(_, told) => 25 + word(told),
    })
}

fn message(slot: u8) -> Message {
    let party = |second| if second { Party::Merchant } else { Party::Customer };
    let told = |word| match word {
        0 => Told::Unknown,
        1 => Told::Aborted,
        key => Told::Committed(key - 2),
    };
    match slot {
        0 => Message::Inquiry,
        1 => Message::Refusal,
        2..4 => Message::Query(party(slot == 3)),
        4..7 => Message::Quote(slot - 4),
        7..10 => Message::Order(slot - 7),
        10..13 => Message::Goods(slot - 10),
        13..22 => Message::Submit { signed: (slot - 13) / KEYS, key: (slot - 13) % KEYS },
        22..25 => Message::Status(told(slot - 22)),
        25..28 => Message::Answer(Party::Merchant, told(slot - 25)),
        _ => Message::Answer(Party::Customer, told(slot - 28)),
    }
}
