//! A message: which purchase, which step, and its parts, in canonical order.

use std::ops::Range;

use super::order::{decode_key, encode_key};
use super::part::{Part, Parts};
use super::wire::{Malformed, Reader, Writer};
use crate::crypto::Crypto;
use crate::party::{PurchaseKey, Step};

/// What one party says to another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Message {
    /// The purchase that it is about: the paper's TID, and whose TID it is.
    pub about: PurchaseKey,
    /// Its place in the protocol.
    pub step: Step,
    /// What it says; each kind of part at most once, in the order of their codes.
    pub parts: Vec<Part>,
}

impl Parts for Message {
    fn parts(&self) -> &[Part] {
        &self.parts
    }
}

/// The bytes before the first part: the purchase's key, the step, and the number of parts.
const HEADER_BYTES: usize = 24 + 1 + 1;

impl Message {
    /// A message of the given parts, which are put into canonical order.
    pub fn new(about: PurchaseKey, step: Step, mut parts: Vec<Part>) -> Self {
        parts.sort_unstable_by_key(Part::code);
        debug_assert!(parts.is_sorted_by(|a, b| a.code() < b.code()), "a part is there twice");
        Message { about, step, parts }
    }

    /// The bytes that cross the wire.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Writer::default();
        out.buffer().reserve(self.encoded_len());
        encode_key(&self.about, &mut out);
        out.u8(self.step.code()).u8(self.parts.len() as u8);
        self.parts.iter().for_each(|part| part.encode(&mut out));
        debug_assert_eq!(out.as_slice().len(), self.encoded_len());
        out.finish()
    }

    /// How many bytes cross the wire, found without encoding.
    pub fn encoded_len(&self) -> usize {
        HEADER_BYTES + self.parts.iter().map(Part::encoded_len).sum::<usize>()
    }

    /// Where each part's value stands in the encoding, for whoever wants to hit one.
    pub fn spans(&self) -> impl Iterator<Item = (&Part, Range<usize>)> {
        let mut at = HEADER_BYTES;
        self.parts.iter().map(move |part| {
            let start = at + 5;
            at += part.encoded_len();
            (part, start..at)
        })
    }

    /// The message that the bytes stand for.
    pub fn decode(bytes: &[u8], crypto: &dyn Crypto) -> Result<Self, Malformed> {
        let mut from = Reader::new(bytes);
        let about = decode_key(&mut from)?;
        let step = Step::from_code(from.u8()?).ok_or(Malformed("no such step"))?;
        let count = from.u8()?;
        let mut parts: Vec<Part> = Vec::with_capacity(usize::from(count).min(16));
        for _ in 0..count {
            let part = Part::decode(&mut from, crypto)?;
            if parts.last().is_some_and(|last| last.code() >= part.code()) {
                return Err(Malformed("parts out of order"));
            }
            parts.push(part);
        }
        from.end()?;
        Ok(Message { about, step, parts })
    }
}
