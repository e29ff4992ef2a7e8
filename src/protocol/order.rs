//! What is signed: C's order, M's countersignature, P's receipt, and the right to ask.
//!
//! Each statement has one canonical encoding that starts with the domain of its kind ([`wire`](super::wire)). An order says who
//! pays whom how much for what, until when; paper, section 5.1. Whether C binds the ciphertext's digest into the same signature
//! (`bound-signature`) or signs it apart, as the paper's step 3 writes it, is a difference of the [`Instrument`].
//!
//! Section 5.1 prefers signatures of checksums to full ones in steps 3 and 4. The full ones (`whole-signatures`) are here too: their
//! statements hold the content in place of its digest, and whoever is to check them must be sent the content.

use serde::{Deserialize, Serialize};

use super::wire::{Malformed, Reader, Writer};
use crate::crypto::{Blob, Digest, Signature};
use crate::party::{Party, PurchaseKey, Tid};

/// Money, in cents.
pub type Cents = i64;

/// What is bought: an item of the merchant's catalogue and, with `item-digest`, what it consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Description {
    /// The item's number in the merchant's catalogue, from zero.
    pub item: u32,
    /// `H(item)`.
    pub digest: Option<Digest>,
}

impl Description {
    fn write(&self, out: &mut Writer) {
        out.u32(self.item).digest(self.digest.as_ref());
    }

    /// Appends the encoding.
    pub fn encode(&self, out: &mut Writer) {
        self.write(out);
    }

    /// Takes the encoding off the front.
    pub fn decode(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(Description { item: from.u32()?, digest: from.digest()? })
    }
}

/// What C orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Order {
    /// The purchase: payer, payee and TID.
    pub about: PurchaseKey,
    /// What C agrees to pay.
    pub price_cents: Cents,
    /// What for.
    pub description: Description,
    /// `H({item}k)`, in Case 2; not with `whole-signatures`.
    pub sealed: Option<Digest>,
    /// `H(k)`, in Case 2 with `key-commitment`.
    pub key: Option<Digest>,
    /// When the order lapses, in virtual microseconds.
    pub expires_us: u64,
}

impl Order {
    /// Appends the encoding.
    pub fn encode(&self, out: &mut Writer) {
        encode_key(&self.about, out);
        out.i64(self.price_cents);
        self.description.write(out);
        out.digest(self.sealed.as_ref()).digest(self.key.as_ref()).u64(self.expires_us);
    }

    /// Takes the encoding off the front.
    pub fn decode(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(Order {
            about: decode_key(from)?,
            price_cents: from.i64()?,
            description: Description::decode(from)?,
            sealed: from.digest()?,
            key: from.digest()?,
            expires_us: from.u64()?,
        })
    }

    /// What C signs with `bound-signature`: everything.
    pub fn bound(&self) -> Writer {
        let mut out = Writer::domain("order");
        self.encode(&mut out);
        out
    }

    /// What C signs as the instrument without `bound-signature`: everything but the digests, which it signs apart.
    pub fn unbound(&self) -> Writer {
        let mut out = Writer::domain("payment");
        Order { sealed: None, key: None, ..*self }.encode(&mut out);
        out
    }

    /// What C signs beside the instrument without `bound-signature`: the digests alone, `sigC(H({item}k))`.
    pub fn acknowledgement(&self) -> Writer {
        let mut out = Writer::domain("acknowledgement");
        out.digest(self.sealed.as_ref()).digest(self.key.as_ref());
        out
    }

    /// What C signs with `bound-signature` and `whole-signatures`: everything, the ciphertext in full.
    pub fn bound_in_full(&self, sealed: &Blob) -> Writer {
        let mut out = Writer::domain("order-in-full");
        self.encode(&mut out);
        in_full(sealed, &mut out);
        out
    }

    /// What C signs beside the instrument without `bound-signature` and with `whole-signatures`: `sigC({item}k)`.
    pub fn acknowledgement_in_full(&self, sealed: &Blob) -> Writer {
        let mut out = Writer::domain("acknowledgement-in-full");
        out.digest(self.key.as_ref());
        in_full(sealed, &mut out);
        out
    }

    /// What M signs with `countersign` and `whole-signatures`: the order together with the item or, in Case 2, the ciphertext and the
    /// key's digest.
    pub fn countersigned_in_full(&self, key: Option<&Digest>, content: &Blob) -> Writer {
        let mut out = Writer::domain("countersignature-in-full");
        self.encode(&mut out);
        out.digest(key);
        in_full(content, &mut out);
        out
    }

    /// What M signs with `countersign`: the order together with the digest of what it submits, the key or the item.
    pub fn countersigned(&self, goods: Option<&Digest>) -> Writer {
        let mut out = Writer::domain("countersignature");
        self.encode(&mut out);
        out.digest(goods);
        out
    }

    /// What P signs: the order, how it ended, and the digest of the goods on record.
    pub fn receipt(&self, status: Status, goods: Option<&Digest>) -> Writer {
        let mut out = Writer::domain("receipt");
        self.encode(&mut out);
        out.u8(status.code()).digest(goods);
        out
    }
}

/// Appends a content with its length.
fn in_full(content: &Blob, out: &mut Writer) {
    out.u32(content.len() as u32);
    content.write(out.buffer());
}

/// What M signs without `countersign`, as the paper's step 4 writes it: `sigM(sigC(H({item}k)))`.
pub fn signed_again(signature: &Signature) -> Writer {
    let mut out = Writer::domain("signed-again");
    out.fixed(&signature.0);
    out
}

/// What a party signs to ask about a purchase, with `authenticated-query`.
pub fn request(about: &PurchaseKey) -> Writer {
    let mut out = Writer::domain("query");
    encode_key(about, &mut out);
    out
}

/// Appends a purchase's key.
pub fn encode_key(key: &PurchaseKey, out: &mut Writer) {
    out.u32(key.customer).u32(key.merchant).fixed(&key.tid.0);
}

/// Takes a purchase's key off the front.
pub fn decode_key(from: &mut Reader<'_>) -> Result<PurchaseKey, Malformed> {
    Ok(PurchaseKey { customer: from.u32()?, merchant: from.u32()?, tid: Tid(from.fixed()?) })
}

/// The paper's *instrument*: an order and C's authority for it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instrument {
    /// What is ordered.
    pub order: Order,
    /// C's signature over [`Order::bound`], or over [`Order::unbound`] where there is an acknowledgement.
    pub signature: Signature,
    /// C's separate signature over [`Order::acknowledgement`].
    pub acknowledgement: Option<Signature>,
}

impl Instrument {
    /// Appends the encoding.
    pub fn encode(&self, out: &mut Writer) {
        self.order.encode(out);
        out.fixed(&self.signature.0).signature(self.acknowledgement.as_ref());
    }

    /// Takes the encoding off the front.
    pub fn decode(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(Instrument {
            order: Order::decode(from)?,
            signature: Signature(from.fixed()?),
            acknowledgement: from.signature()?,
        })
    }
}

/// What P moved. Both halves are written out, so that whoever reads the record can see whether they agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Transfer {
    /// Whose account was debited.
    pub payer: Party,
    /// By how much.
    pub debit_cents: Cents,
    /// Whose account was credited.
    pub payee: Party,
    /// By how much.
    pub credit_cents: Cents,
}

impl Transfer {
    /// Appends the encoding.
    pub fn encode(&self, out: &mut Writer) {
        encode_party(self.payer, out);
        out.i64(self.debit_cents);
        encode_party(self.payee, out);
        out.i64(self.credit_cents);
    }

    /// Takes the encoding off the front.
    pub fn decode(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(Transfer {
            payer: decode_party(from)?,
            debit_cents: from.i64()?,
            payee: decode_party(from)?,
            credit_cents: from.i64()?,
        })
    }
}

fn encode_party(party: Party, out: &mut Writer) {
    match party {
        Party::Customer(n) => out.u8(0).u32(n),
        Party::Merchant(n) => out.u8(1).u32(n),
        Party::Server => out.u8(2).u32(0),
    };
}

fn decode_party(from: &mut Reader<'_>) -> Result<Party, Malformed> {
    Ok(match (from.u8()?, from.u32()?) {
        (0, n) => Party::Customer(n),
        (1, n) => Party::Merchant(n),
        (2, 0) => Party::Server,
        _ => return Err(Malformed("no such party")),
    })
}

/// What has become of a purchase, as P tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Status {
    /// P has no record of it: nothing is settled.
    Unknown,
    /// The money has moved.
    Committed,
    /// The funds were not there, or the instrument failed a check. For good, with `final-decline`.
    Declined,
    /// The instrument lapsed before anything was settled. For good.
    Aborted,
}

impl Status {
    /// The byte that stands for it.
    pub const fn code(self) -> u8 {
        match self {
            Status::Unknown => 0,
            Status::Committed => 1,
            Status::Declined => 2,
            Status::Aborted => 3,
        }
    }

    /// The status that a byte stands for.
    pub const fn from_code(code: u8) -> Result<Self, Malformed> {
        Ok(match code {
            0 => Status::Unknown,
            1 => Status::Committed,
            2 => Status::Declined,
            3 => Status::Aborted,
            _ => return Err(Malformed("no such status")),
        })
    }

    /// Whether nothing can follow it.
    pub const fn is_terminal(self) -> bool {
        !matches!(self, Status::Unknown)
    }

    /// The word that diagrams use.
    pub const fn word(self) -> &'static str {
        match self {
            Status::Unknown => "unknown",
            Status::Committed => "committed",
            Status::Declined => "declined",
            Status::Aborted => "aborted",
        }
    }
}
