//! Changes to a message: one copy for each part, in which that part is another. What the outsiders that tamper share.

use std::sync::Arc;

use super::{Forged, Overheard};
use crate::crypto::{Blob, Digest, Key, Signature};
use crate::protocol::message::Message;
use crate::protocol::order::{Instrument, Order, Status};
use crate::protocol::part::{Part, Parts};
use crate::protocol::setup::Setup;

/// A copy for each change, to arrive before the original.
pub(super) fn copies(last: &Overheard, setup: &Setup) -> Vec<Forged> {
    copies_of(last, |_| true, setup)
}

/// The same for changes to some of the parts.
pub(super) fn copies_of(last: &Overheard, wanted: impl Fn(&Part) -> bool, setup: &Setup) -> Vec<Forged> {
    let mut copies = Vec::new();
    for (at, part) in last.message.parts.iter().enumerate().filter(|(_, part)| wanted(part)) {
        for changed in changes(part, setup) {
            let mut parts = last.message.parts.clone();
            parts[at] = changed;
            let message = Message { parts, ..(*last.message).clone() };
            copies.push(last.saying(Arc::new(message), 0));
        }
    }
    copies
}

/// Copies with goods of the outsider's own beside what there is, of the kind that the message does not have.
pub(super) fn with_goods(last: &Overheard, setup: &Setup) -> Vec<Forged> {
    let parts = &last.message.parts;
    let item = parts.item().is_none().then(|| Part::Item(setup.crypto.read_blob(&[0x6f; 64])));
    let key = parts.key().is_none().then_some(Part::Key(Key([0x6f; 32])));
    let with = |part: Part| {
        let parts = parts.iter().cloned().chain([part]).collect();
        last.saying(Arc::new(Message::new(last.message.about, last.message.step, parts)), 0)
    };
    item.into_iter().chain(key).map(with).collect()
}

/// What the outsider puts in the place of a part. It can make anything that nobody signs, and spoil what somebody does.
fn changes(part: &Part, setup: &Setup) -> Vec<Part> {
    match part {
        Part::Description(description) => {
            let items = setup.catalogue.items().max(1);
            let other = crate::protocol::order::Description { item: (description.item + 1) % items, ..*description };
            vec![Part::Description(other)]
        }
        Part::Price(cents) => [1, cents.saturating_add(1)].map(Part::Price).to_vec(),
        Part::Sealed(blob) => vec![Part::Sealed(content(blob, setup))],
        Part::Item(blob) => vec![Part::Item(content(blob, setup))],
        Part::KeyDigest(digest) => vec![Part::KeyDigest(Digest(flipped(digest.0)))],
        Part::GoodsDigest(digest) => vec![Part::GoodsDigest(Digest(flipped(digest.0)))],
        Part::Key(key) => vec![Part::Key(Key(flipped(key.0)))],
        Part::Countersignature(signature) => vec![Part::Countersignature(Signature(flipped(signature.0)))],
        Part::Receipt(signature) => vec![Part::Receipt(Signature(flipped(signature.0)))],
        Part::Request(signature) => vec![Part::Request(Signature(flipped(signature.0)))],
        Part::Instrument(instrument) => orders(instrument),
        Part::Status(status) => {
            let all = [Status::Unknown, Status::Committed, Status::Declined, Status::Aborted];
            all.into_iter().filter(|other| other != status).map(Part::Status).collect()
        }
        Part::Transfer(_) | Part::TopUp(_) => Vec::new(),
    }
}

/// Another order under the same signatures: dearer, cheaper, for another ciphertext, without an end.
fn orders(instrument: &Instrument) -> Vec<Part> {
    let order = instrument.order;
    let other = |digest: Option<Digest>| digest.map(|digest| Digest(flipped(digest.0)));
    let changed = [
        Order { price_cents: order.price_cents.saturating_add(1), ..order },
        Order { price_cents: 1, ..order },
        Order { expires_us: u64::MAX, ..order },
        Order { sealed: other(order.sealed), ..order },
        Order { key: other(order.key), ..order },
    ];
    let changed = changed.into_iter().filter(|changed| *changed != order);
    changed.map(|order| Part::Instrument(Arc::new(Instrument { order, ..instrument.clone() }))).collect()
}

/// Content of the outsider's own, of the same length.
fn content(blob: &Blob, setup: &Setup) -> Blob {
    setup.crypto.read_blob(&vec![0x6f; blob.len()])
}

fn flipped<const N: usize>(mut bytes: [u8; N]) -> [u8; N] {
    bytes[0] ^= 1;
    bytes
}
