//! The parts that messages, records and evidence are made of.
//!
//! The paper writes a message as a list such as "instrument, k, TID"; so does this program. A shared vocabulary lets the checker
//! and the judge read what was sent and saved without knowing any protocol, and lets a new protocol say new things with old
//! words.

use std::sync::Arc;

use super::order::{Cents, Description, Instrument, Status, Transfer};
use super::wire::{Malformed, Reader, Writer};
use crate::crypto::{Blob, Crypto, Digest, Key, Signature};

/// One part of a message, a record or a bundle of evidence.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// What is bought.
    Description(Description),
    /// What it costs, or what M claims.
    Price(Cents),
    /// `{item}k`.
    Sealed(Blob),
    /// `H(k)`, quoted so that C can sign it.
    KeyDigest(Digest),
    /// C's order and signature.
    Instrument(Arc<Instrument>),
    /// M's signature over what it submits.
    Countersignature(Signature),
    /// `k`.
    Key(Key),
    /// The item itself.
    Item(Blob),
    /// What became of the purchase.
    Status(Status),
    /// The digest of the key or item on P's record, which the receipt covers.
    GoodsDigest(Digest),
    /// P's signature over order, status and goods digest.
    Receipt(Signature),
    /// The asker's signature over the purchase it asks about.
    Request(Signature),
    /// In P's records: what moved, and between which accounts.
    Transfer(Transfer),
    /// In P's records: what every customer's account received from outside.
    TopUp(Cents),
}

macro_rules! accessors {
    ($($(#[$doc:meta])* $name:ident: $variant:ident -> $type:ty;)*) => {
        /// Typed access to a list of parts.
        pub trait Parts {
            /// The list.
            fn parts(&self) -> &[Part];
            $($(#[$doc])* fn $name(&self) -> Option<&$type> {
                self.parts().iter().find_map(|part| match part { Part::$variant(value) => Some(value), _ => None })
            })*
        }
    };
}

accessors! {
    /// The description, if there is one.
    description: Description -> Description;
    /// The price, if there is one.
    price: Price -> Cents;
    /// The ciphertext, if there is one.
    sealed: Sealed -> Blob;
    /// The quoted digest of the key, if there is one.
    key_digest: KeyDigest -> Digest;
    /// The instrument, if there is one.
    instrument: Instrument -> Arc<Instrument>;
    /// The countersignature, if there is one.
    countersignature: Countersignature -> Signature;
    /// The key, if there is one.
    key: Key -> Key;
    /// The item, if there is one.
    item: Item -> Blob;
    /// The status, if there is one.
    status: Status -> Status;
    /// The digest of the goods on record, if there is one.
    goods_digest: GoodsDigest -> Digest;
    /// The receipt, if there is one.
    receipt: Receipt -> Signature;
    /// The request, if there is one.
    request: Request -> Signature;
    /// The transfer, if there is one.
    transfer: Transfer -> Transfer;
    /// The top-up, if there is one.
    top_up: TopUp -> Cents;
}

impl Parts for [Part] {
    fn parts(&self) -> &[Part] {
        self
    }
}

impl Part {
    /// The part's place in the canonical order, which is also its code on the wire.
    pub const fn code(&self) -> u8 {
        match self {
            Part::Description(_) => 1,
            Part::Price(_) => 2,
            Part::Sealed(_) => 3,
            Part::KeyDigest(_) => 4,
            Part::Instrument(_) => 5,
            Part::Countersignature(_) => 6,
            Part::Key(_) => 7,
            Part::Item(_) => 8,
            Part::Status(_) => 9,
            Part::GoodsDigest(_) => 10,
            Part::Receipt(_) => 11,
            Part::Request(_) => 12,
            Part::Transfer(_) => 13,
            Part::TopUp(_) => 14,
        }
    }

    /// The words that diagrams use, as the paper writes them.
    pub const fn word(&self) -> &'static str {
        match self {
            Part::Description(_) => "description",
            Part::Price(_) => "price",
            Part::Sealed(_) => "{item}k",
            Part::KeyDigest(_) => "H(k)",
            Part::Instrument(_) => "instrument",
            Part::Countersignature(_) => "sigM",
            Part::Key(_) => "k",
            Part::Item(_) => "item",
            Part::Status(_) => "status",
            Part::GoodsDigest(_) => "H(goods)",
            Part::Receipt(_) => "receipt",
            Part::Request(_) => "request",
            Part::Transfer(_) => "transfer",
            Part::TopUp(_) => "top-up",
        }
    }

    fn encode_value(&self, out: &mut Writer) {
        match self {
            Part::Description(description) => description.encode(out),
            Part::Price(cents) | Part::TopUp(cents) => {
                out.i64(*cents);
            }
            Part::Transfer(transfer) => transfer.encode(out),
            Part::Sealed(blob) | Part::Item(blob) => blob.write(out.buffer()),
            Part::KeyDigest(digest) | Part::GoodsDigest(digest) => {
                out.fixed(&digest.0);
            }
            Part::Instrument(instrument) => instrument.encode(out),
            Part::Countersignature(signature) | Part::Receipt(signature) | Part::Request(signature) => {
                out.fixed(&signature.0);
            }
            Part::Key(key) => {
                out.fixed(&key.0);
            }
            Part::Status(status) => {
                out.u8(status.code());
            }
        }
    }

    /// Appends code, length and value.
    pub fn encode(&self, out: &mut Writer) {
        out.u8(self.code()).u32(0);
        let start = out.as_slice().len();
        self.encode_value(out);
        let len = (out.as_slice().len() - start) as u32;
        out.buffer()[start - 4..start].copy_from_slice(&len.to_le_bytes());
    }

    /// The length of [`encode`](Self::encode)'s bytes, found without encoding.
    pub fn encoded_len(&self) -> usize {
        const DIGEST: usize = 32;
        let digest = |digest: &Option<Digest>| 1 + if digest.is_some() { DIGEST } else { 0 };
        let description = |d: &Description| 4 + digest(&d.digest);
        5 + match self {
            Part::Description(d) => description(d),
            Part::Price(_) | Part::TopUp(_) => 8,
            Part::Transfer(_) => 26,
            Part::Sealed(blob) | Part::Item(blob) => blob.len(),
            Part::KeyDigest(_) | Part::GoodsDigest(_) => DIGEST,
            Part::Instrument(i) => {
                let order =
                    24 + 8 + description(&i.order.description) + digest(&i.order.sealed) + digest(&i.order.key) + 8;
                order + 64 + 1 + if i.acknowledgement.is_some() { 64 } else { 0 }
            }
            Part::Countersignature(_) | Part::Receipt(_) | Part::Request(_) => 64,
            Part::Key(_) => 32,
            Part::Status(_) => 1,
        }
    }

    /// Takes one part off the front.
    pub fn decode(from: &mut Reader<'_>, crypto: &dyn Crypto) -> Result<Self, Malformed> {
        let code = from.u8()?;
        let mut value = Reader::new(from.bytes()?);
        let part = match code {
            1 => Part::Description(Description::decode(&mut value)?),
            2 => Part::Price(value.i64()?),
            3 => Part::Sealed(crypto.read_blob(value.take(value.left())?)),
            4 => Part::KeyDigest(Digest(value.fixed()?)),
            5 => Part::Instrument(Arc::new(Instrument::decode(&mut value)?)),
            6 => Part::Countersignature(Signature(value.fixed()?)),
            7 => Part::Key(Key(value.fixed()?)),
            8 => Part::Item(crypto.read_blob(value.take(value.left())?)),
            9 => Part::Status(Status::from_code(value.u8()?)?),
            10 => Part::GoodsDigest(Digest(value.fixed()?)),
            11 => Part::Receipt(Signature(value.fixed()?)),
            12 => Part::Request(Signature(value.fixed()?)),
            13 => Part::Transfer(Transfer::decode(&mut value)?),
            14 => Part::TopUp(value.i64()?),
            _ => return Err(Malformed("no such part")),
        };
        value.end()?;
        Ok(part)
    }
}
