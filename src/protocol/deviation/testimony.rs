//! What a liar hands to the judge: its journal, forged papers, papers of other purchases, in several mixtures.
//!
//! A party on the stand can use its own journals, what it was sent, and P's record, which is read out in court. It signs anything
//! as itself. It has no other party's key, and so no other party's signature but those that it was given. The judge must be right
//! whichever of these it is shown.

use std::sync::Arc;

use super::super::order::{Description, Instrument, Order, Status};
use super::super::part::{Part, Parts};
use super::super::setup::Setup;
use crate::crypto::{Blob, Key};
use crate::party::{Party, PurchaseKey};

/// A deviating party before the judge.
#[derive(Debug)]
pub struct Stand<'a> {
    /// What does not change during a run.
    pub setup: &'a Setup,
    /// Who it is.
    pub me: Party,
    /// The purchase in question.
    pub about: PurchaseKey,
    /// What its journal holds of the purchase, and what it was sent, oldest first.
    pub own: &'a [Part],
    /// The same of all its other purchases.
    pub others: &'a [Part],
    /// P's record of the purchase.
    pub server: &'a [Part],
}

impl Stand<'_> {
    /// A content that was never sold, as long as the item.
    fn other(&self) -> Option<Blob> {
        let order = self.instrument()?.order;
        self.setup.other_content(self.about.merchant, order.description.item)
    }

    fn instrument(&self) -> Option<&Arc<Instrument>> {
        self.server.instrument().or_else(|| self.own.instrument())
    }

    /// A key of the liar's own making.
    fn key(&self) -> Key {
        let mut key = [0x5a; 32];
        key[..16].copy_from_slice(&self.about.tid.0);
        Key(key)
    }

    /// A ciphertext that opens under nothing that anybody has.
    pub fn junk(&self) -> Blob {
        let content = self.other().unwrap_or_else(|| self.setup.crypto.content(self.about.merchant, u32::MAX, 64));
        self.setup.crypto.seal(&self.key(), [0; 12], &content)
    }

    /// An order with the liar's own signature, as C would sign it; worth something only if the liar is C.
    pub fn order(&self, order: Order) -> Part {
        let signature = self.setup.crypto.sign(self.me, order.bound().as_slice());
        Part::Instrument(Arc::new(Instrument { order, signature, acknowledgement: None }))
    }

    /// The signature that `me` puts under a statement.
    fn sign(&self, statement: &super::super::wire::Writer) -> crate::crypto::Signature {
        self.setup.crypto.sign(self.me, statement.as_slice())
    }
}

/// What can be made up about a purchase.
fn made_up(stand: &Stand<'_>) -> Vec<Part> {
    let crypto = &*stand.setup.crypto;
    let mut parts = vec![Part::Status(Status::Aborted), Part::Status(Status::Committed), Part::Sealed(stand.junk())];
    let (Some(instrument), Some(other)) = (stand.instrument(), stand.other()) else { return parts };
    let order = instrument.order;
    let (key, junk) = (stand.key(), stand.junk());
    // Other orders of the same name: for the junk, for another description, for both.
    let description = Description { digest: Some(crypto.digest_blob(&other)), ..order.description };
    let lying = Order { sealed: Some(crypto.digest_blob(&junk)), key: Some(crypto.digest_key(&key)), ..order };
    for order in [lying, Order { description, ..order }, Order { description, ..lying }] {
        parts.push(stand.order(order));
    }
    // C's own signatures under an order that C did not sign.
    parts.push(Part::Instrument(Arc::new(Instrument { order: lying, ..(**instrument).clone() })));
    // Orders of other purchases, renamed; and this one with what C signed for in another, where it signs for that apart.
    for part in stand.others {
        if let Part::Instrument(foreign) = part {
            let renamed = Order { about: stand.about, ..foreign.order };
            parts.push(Part::Instrument(Arc::new(Instrument { order: renamed, ..(**foreign).clone() })));
            if foreign.acknowledgement.is_some() {
                let mixed = Order { sealed: foreign.order.sealed, key: foreign.order.key, ..order };
                let mixed =
                    Instrument { order: mixed, acknowledgement: foreign.acknowledgement, ..(**instrument).clone() };
                parts.push(Part::Instrument(Arc::new(mixed)));
            }
        }
    }
    // Another content under the very key of the purchase, and under a new one.
    if let Some(right) = stand.server.key().or(stand.own.key()) {
        parts.push(Part::Sealed(crypto.seal(right, [0; 12], &other)));
    }
    let goods = crypto.digest_key(&key);
    parts.extend([
        Part::Key(key),
        Part::Item(other),
        Part::GoodsDigest(goods),
        Part::Countersignature(stand.sign(&lying.countersigned(Some(&goods)))),
        Part::Countersignature(stand.sign(&order.countersigned(Some(&goods)))),
        Part::Receipt(stand.sign(&order.receipt(Status::Committed, Some(&goods)))),
        Part::Receipt(stand.sign(&order.receipt(Status::Aborted, None))),
    ]);
    parts
}

/// The bundles that any liar tries: forgeries before what it has, after it, and alone; and its papers of all purchases at once.
pub fn forge(stand: &Stand<'_>) -> Vec<Vec<Part>> {
    let forged = made_up(stand);
    let (own, others) = (stand.own.to_vec(), stand.others.to_vec());
    vec![
        [forged.clone(), own.clone(), others.clone()].concat(),
        [own, others.clone(), forged.clone()].concat(),
        others,
        forged,
    ]
}

/// What the key on P's record opens any of the party's ciphertexts to, those of other purchases included.
pub fn plausible(stand: &Stand<'_>) -> Vec<Blob> {
    let Some(key) = stand.server.key() else { return Vec::new() };
    let papers = stand.own.iter().chain(stand.others);
    let sealed = papers.filter_map(|part| if let Part::Sealed(sealed) = part { Some(sealed) } else { None });
    let mut contents: Vec<Blob> = sealed.filter_map(|sealed| stand.setup.crypto.open(key, sealed)).collect();
    contents.sort_unstable();
    contents.dedup();
    contents
}
