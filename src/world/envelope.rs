//! What crosses the network: messages as they are, their bytes, or bytes sealed for the recipient.

use std::hash::Hash;
use std::sync::Arc;

use super::fingerprint::{Fingerprint, Kept, Room};
use crate::crypto::channel;
use crate::party::{Party, PurchaseKey};
use crate::protocol::mechanism::Mechanism;
use crate::protocol::message::Message;
use crate::protocol::setup::Setup;

/// A message on its way.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Envelope {
    /// Envelopes are numbered from zero in the order in which they were sent.
    pub number: u32,
    /// Who sent it.
    pub from: Party,
    /// Who it is addressed to.
    pub to: Party,
    /// The purchase that it was sent about, whatever is left of that in the bytes.
    pub about: PurchaseKey,
    /// What it holds.
    pub payload: Payload,
    /// Whether the outsider sent it in the sender's name.
    pub forged: bool,
    /// Of all but the number.
    kept: Kept,
}

impl Envelope {
    /// One that has just been sent.
    pub(super) fn new(
        number: u32,
        (from, to): (Party, Party),
        about: PurchaseKey,
        payload: Payload,
        forged: bool,
    ) -> Self {
        Envelope { number, from, to, about, payload, forged, kept: Kept::default() }
    }

    /// A fingerprint of all but the number; worked out once, in that room.
    pub fn fingerprint(&self, room: &mut Room) -> Fingerprint {
        let Envelope { number: _, from, to, about, payload, forged, kept } = self;
        room.known(kept, |room| (from, to, about, payload, forged).hash(room))
    }
}

/// What an envelope holds.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Payload {
    /// The message itself: under symbolic cryptography nothing is gained by encoding it.
    Message(Arc<Message>),
    /// The bytes of a message, garbled or not; with `sealed-channels`, sealed for the recipient.
    Bytes(Arc<[u8]>),
}

/// What crosses the wire where nothing is sealed, and what an outsider, who has no key to seal with, sends in any case.
pub(super) fn payload(message: &Arc<Message>, setup: &Setup) -> Payload {
    let bytes = setup.crypto.name() == "real" || sealed(setup);
    if bytes { Payload::Bytes(message.encode().into()) } else { Payload::Message(Arc::clone(message)) }
}

impl Payload {
    /// How many bytes cross the network; never none.
    pub(super) fn len(&self) -> usize {
        match self {
            Payload::Message(message) => message.encoded_len(),
            Payload::Bytes(bytes) => bytes.len(),
        }
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        match self {
            Payload::Message(message) => message.encode(),
            Payload::Bytes(bytes) => bytes.to_vec(),
        }
    }
}

/// Whether messages are sealed for their recipients.
pub(super) fn sealed(setup: &Setup) -> bool {
    setup.mechanisms.has(Mechanism::SealedChannels)
}

/// The message in an envelope, if its recipient can read it.
pub(super) fn open(envelope: &Envelope, setup: &Setup) -> Option<Arc<Message>> {
    let read = |bytes: &[u8]| Message::decode(bytes, &*setup.crypto).ok().map(Arc::new);
    match &envelope.payload {
        Payload::Message(message) => Some(Arc::clone(message)),
        Payload::Bytes(bytes) if sealed(setup) => {
            read(&channel::open(&*setup.crypto, &setup.streams, (envelope.from, envelope.to), bytes)?)
        }
        Payload::Bytes(bytes) => read(bytes),
    }
}

/// What tells an envelope from another for its recipient: a message that is sealed twice is the same message.
pub(super) fn content(envelope: &Envelope, setup: &Setup) -> Payload {
    let opened = if sealed(setup) { open(envelope, setup) } else { None };
    opened.map_or_else(|| envelope.payload.clone(), Payload::Message)
}
