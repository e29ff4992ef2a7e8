//! The judge: decides a claim about a purchase on the evidence alone.
//!
//! The judge knows everybody's public key and the rules, and nothing of what happened. Each side hands in what its journal
//! holds; P, which never lies, hands in its record. Whoever claims must prove: what cannot be shown is rejected. The rules are
//! the paper's (sections 4.1 and 5.1): C's signature binds it to an order and, in Case 2, to a ciphertext; M's binds it to what
//! it submitted; P's record says what was settled, and under which key or with which item.

#[cfg(test)]
mod tests;

use std::cell::OnceCell;
use std::fmt;

use crate::crypto::{Blob, Crypto, Digest, Signature};
use crate::party::{Party, PurchaseKey, Side};
use crate::protocol::order::{Instrument, Order, Status, signed_again};
use crate::protocol::part::{Part, Parts};

/// What somebody says of a purchase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Which purchase.
    pub about: PurchaseKey,
    /// Who says it.
    pub by: Side,
    /// What.
    pub what: Allegation,
}

/// What can be claimed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Allegation {
    /// C: "I received exactly this."
    Received(Blob),
    /// M: "I delivered exactly this."
    Delivered(Blob),
    /// M: "C ordered this, and it has been paid for." What was delivered for it is claimed apart.
    Ordered,
    /// C: "I paid and received nothing."
    ReceivedNothing,
    /// C: "I paid and received something else than described."
    NotAsDescribed,
    /// C: "I was not charged."
    NotCharged,
}

impl Allegation {
    /// The claim in words.
    pub const fn words(&self) -> &'static str {
        match self {
            Allegation::Received(_) => "I received exactly this item",
            Allegation::Delivered(_) => "I delivered exactly this item",
            Allegation::Ordered => "C ordered this, and it is paid for",
            Allegation::ReceivedNothing => "I paid and received nothing",
            Allegation::NotAsDescribed => "I paid and received something else than described",
            Allegation::NotCharged => "I was not charged",
        }
    }

    /// The same, with what the item is that the claim is about, where `ordered` is what C has ordered.
    pub fn of_which(&self, ordered: Option<&Blob>) -> String {
        let words = self.words();
        match self {
            Allegation::Received(content) | Allegation::Delivered(content) if Some(content) == ordered => {
                format!("{words}, the one that was ordered")
            }
            Allegation::Received(_) | Allegation::Delivered(_) => format!("{words}, not the one that was ordered"),
            _ => words.to_owned(),
        }
    }
}

/// What the judge is handed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Evidence {
    /// From C.
    pub customer: Vec<Part>,
    /// From M.
    pub merchant: Vec<Part>,
    /// P's records of the purchase.
    pub server: Vec<Part>,
}

/// Something the judge looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Check {
    /// P's record says that the purchase was committed.
    Committed,
    /// A receipt, signed by P, says so.
    Receipt,
    /// C's signature on the order.
    CustomerSignature,
    /// C's signature on the ciphertext's digest.
    CiphertextSigned,
    /// A ciphertext with the digest that C signed.
    Ciphertext,
    /// The key on P's record.
    KeyOnRecord,
    /// The key on P's record is the one that C's order commits to.
    KeyCommitted,
    /// M's signature on what it submitted.
    MerchantSignature,
    /// The ciphertext opens under the key.
    Opens,
    /// The item on P's record.
    ItemOnRecord,
    /// What was delivered is what the claim says.
    SameAsClaimed,
    /// What was delivered has the digest that the order describes.
    AsDescribed,
    /// The order describes the item by its digest.
    Described,
}

impl Check {
    /// Every check.
    pub const ALL: [Self; 13] = [
        Self::Committed,
        Self::Receipt,
        Self::CustomerSignature,
        Self::CiphertextSigned,
        Self::Ciphertext,
        Self::KeyOnRecord,
        Self::KeyCommitted,
        Self::MerchantSignature,
        Self::Opens,
        Self::ItemOnRecord,
        Self::SameAsClaimed,
        Self::AsDescribed,
        Self::Described,
    ];

    /// The check in words.
    pub const fn words(self) -> &'static str {
        match self {
            Check::Committed => "P's record: committed",
            Check::Receipt => "a receipt with P's signature: committed",
            Check::CustomerSignature => "C's signature on the order",
            Check::CiphertextSigned => "C's signature on H({item}k)",
            Check::Ciphertext => "a ciphertext with the digest that C signed",
            Check::KeyOnRecord => "k on P's record",
            Check::KeyCommitted => "k is the key that the order commits to",
            Check::MerchantSignature => "M's signature on what it submitted",
            Check::Opens => "the ciphertext opens under k",
            Check::ItemOnRecord => "the item on P's record",
            Check::SameAsClaimed => "what was delivered is what is claimed",
            Check::AsDescribed => "what was delivered is what the order describes",
            Check::Described => "the order describes the item by its digest",
        }
    }
}

/// What came of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Finding {
    /// It is so.
    Passed,
    /// It is not so.
    Failed,
    /// Nothing was handed in that could show it.
    Missing,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Finding::Passed => "passed",
            Finding::Failed => "failed",
            Finding::Missing => "missing",
        })
    }
}

/// How the judge decides, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Whether the claim is upheld; it is rejected otherwise.
    pub upheld: bool,
    /// What was looked at, in order.
    pub reasons: Vec<(Check, Finding)>,
}

/// What was looked at, in order.
type Reasons = Vec<(Check, Finding)>;

/// A stage of a hearing: what the evidence shows of one thing, and why. It is worked out when it is first asked for.
#[derive(Debug)]
struct Stage<T>(OnceCell<(T, Reasons)>);

impl<T> Default for Stage<T> {
    fn default() -> Self {
        Stage(OnceCell::new())
    }
}

impl<T> Stage<T> {
    /// What the stage shows; its reasons are told each time.
    fn show(&self, reasons: &mut Reasons, work_out: impl FnOnce(&mut Reasons) -> T) -> &T {
        let (shown, why) = self.0.get_or_init(|| {
            let mut why = Reasons::new();
            (work_out(&mut why), why)
        });
        reasons.extend(why);
        shown
    }
}

/// A bundle of evidence about a purchase before the judge. What it shows does not depend on the claim, and is worked out once,
/// however many claims are decided on it.
#[derive(Debug)]
pub struct Hearing<'a> {
    about: PurchaseKey,
    evidence: &'a Evidence,
    crypto: &'a dyn Crypto,
    commitment: Stage<Commitment<'a>>,
    instrument: Stage<Option<&'a Instrument>>,
    delivery: Stage<Delivery>,
}

/// What the evidence shows of the payment.
#[derive(Debug, Clone, Copy)]
struct Commitment<'a> {
    committed: bool,
    /// Where P has no record: the order that its receipt is for.
    receipted: Option<&'a Order>,
}

/// What the evidence shows of the delivery.
#[derive(Debug)]
enum Delivery {
    /// C has this, or can have it for the asking.
    Shown(Blob),
    /// C signed for a ciphertext, and P hands out a key for it; what it opens to was not shown.
    Signed,
    /// The ciphertext that C signed for does not open under the key.
    Worthless,
    /// Nothing.
    NotShown,
}

/// What C signed of the ciphertext.
#[derive(Clone, Copy)]
enum Signed<'a> {
    /// Its digest.
    Digest(Digest),
    /// All of it, with `whole-signatures`.
    InFull(&'a Blob),
}

/// Decides a claim.
pub fn judge(claim: &Claim, evidence: &Evidence, crypto: &dyn Crypto) -> Decision {
    Hearing::new(claim.about, evidence, crypto).decide(claim)
}

fn find(reasons: &mut Reasons, check: Check, finding: Option<bool>) -> bool {
    let finding = match finding {
        Some(true) => Finding::Passed,
        Some(false) => Finding::Failed,
        None => Finding::Missing,
    };
    reasons.push((check, finding));
    finding == Finding::Passed
}

impl<'a> Hearing<'a> {
    /// Opens a hearing.
    pub fn new(about: PurchaseKey, evidence: &'a Evidence, crypto: &'a dyn Crypto) -> Self {
        let (commitment, instrument, delivery) = Default::default();
        Hearing { about, evidence, crypto, commitment, instrument, delivery }
    }

    /// Decides a claim about the purchase.
    pub fn decide(&self, claim: &Claim) -> Decision {
        assert_eq!(claim.about, self.about, "one hearing is about one purchase");
        let mut reasons = Reasons::new();
        Decision { upheld: self.upholds(&claim.what, &mut reasons), reasons }
    }

    fn upholds(&self, what: &Allegation, reasons: &mut Reasons) -> bool {
        let committed = self.commitment(reasons).committed;
        match what {
            Allegation::NotCharged => !committed,
            _ if !committed => false,
            Allegation::Ordered => self.instrument(reasons).is_some(),
            Allegation::Received(content) | Allegation::Delivered(content) => {
                let Some(instrument) = self.instrument(reasons) else { return false };
                match self.delivery(instrument, reasons) {
                    Delivery::Shown(shown) => find(reasons, Check::SameAsClaimed, Some(shown == content)),
                    _ => false,
                }
            }
            Allegation::ReceivedNothing => {
                let Some(instrument) = self.instrument(reasons) else { return false };
                matches!(self.delivery(instrument, reasons), Delivery::Worthless)
            }
            Allegation::NotAsDescribed => {
                let Some(instrument) = self.instrument(reasons) else { return false };
                let described = instrument.order.description.digest;
                find(reasons, Check::Described, described.map(|_| true));
                match (self.delivery(instrument, reasons), described) {
                    (Delivery::Shown(shown), Some(described)) => {
                        let same = self.crypto.digest_blob(shown) == described;
                        !find(reasons, Check::AsDescribed, Some(same))
                    }
                    _ => false,
                }
            }
        }
    }

    fn commitment(&self, reasons: &mut Reasons) -> Commitment<'a> {
        *self.commitment.show(reasons, |reasons| self.look_for_commitment(reasons))
    }

    fn instrument(&self, reasons: &mut Reasons) -> Option<&'a Instrument> {
        *self.instrument.show(reasons, |reasons| self.look_for_instrument(reasons))
    }

    fn delivery(&self, instrument: &Instrument, reasons: &mut Reasons) -> &Delivery {
        self.delivery.show(reasons, |reasons| self.look_for_delivery(instrument, reasons))
    }

    /// Whether the purchase was committed: P's record says it; or, where P has none, a receipt that P signed.
    fn look_for_commitment(&self, reasons: &mut Reasons) -> Commitment<'a> {
        let on_record = self.evidence.server.contains(&Part::Status(Status::Committed));
        let known = on_record || self.evidence.server.status().is_some();
        find(reasons, Check::Committed, known.then_some(on_record));
        if known {
            return Commitment { committed: on_record, receipted: None };
        }
        let evidence = self.evidence;
        let sides = [&evidence.customer, &evidence.merchant];
        let receipted = sides.into_iter().find_map(|parts| {
            let receipts = parts.iter().filter_map(|part| if let Part::Receipt(r) = part { Some(r) } else { None });
            receipts.into_iter().find_map(|receipt| self.receipted_order(receipt, parts))
        });
        let any = sides.into_iter().any(|parts| parts.receipt().is_some());
        let committed = find(reasons, Check::Receipt, any.then_some(receipted.is_some()));
        Commitment { committed, receipted }
    }

    /// The order of this purchase that a receipt is P's word for: that it was committed. Orders may come from either side.
    fn receipted_order(&self, receipt: &Signature, parts: &[Part]) -> Option<&'a Order> {
        let evidence = self.evidence;
        let all = evidence.customer.iter().chain(&evidence.merchant);
        let goods = parts.iter().filter_map(|part| if let Part::GoodsDigest(d) = part { Some(d) } else { None });
        let goods: Vec<Option<&Digest>> = goods.map(Some).chain([None]).collect();
        let mut orders = all.filter_map(|part| if let Part::Instrument(i) = part { Some(&i.order) } else { None });
        orders.find(|order| {
            order.about == self.about
                && goods.iter().any(|goods| {
                    let statement = order.receipt(Status::Committed, *goods);
                    self.crypto.verify(Party::Server, statement.as_slice(), receipt)
                })
        })
    }

    /// The order of this purchase, if it is C's: the one on P's record. Where P has none, one from either side, and of several the
    /// one that P's receipt is for: a side that hands in a bad one, or another that C signed under the same name, gains nothing.
    fn look_for_instrument(&self, reasons: &mut Reasons) -> Option<&'a Instrument> {
        let evidence = self.evidence;
        let orders = |parts: &'a [Part]| {
            let instruments = parts.iter().filter_map(|p| if let Part::Instrument(i) = p { Some(&**i) } else { None });
            instruments.filter(|found| found.order.about == self.about)
        };
        let on_record = orders(&evidence.server).next();
        let handed_in = || orders(&evidence.customer).chain(orders(&evidence.merchant));
        let candidates: Vec<&Instrument> = match (on_record, self.commitment(&mut Reasons::new()).receipted) {
            (Some(on_record), _) => vec![on_record],
            (None, Some(order)) => handed_in().filter(|found| found.order == *order).collect(),
            (None, None) => handed_in().collect(),
        };
        let valid = candidates.iter().copied().find(|instrument| self.signed_by_customer(instrument));
        find(reasons, Check::CustomerSignature, (!candidates.is_empty()).then_some(valid.is_some()));
        valid
    }

    fn signed_by_customer(&self, instrument: &Instrument) -> bool {
        let statement = match instrument.acknowledgement {
            None => instrument.order.bound(),
            Some(_) => instrument.order.unbound(),
        };
        self.crypto.verify(self.about.customer(), statement.as_slice(), &instrument.signature)
            || (instrument.acknowledgement.is_none() && self.signed_in_full(instrument).is_some())
    }

    /// The ciphertext that C signed in full, if it did and somebody has handed it in.
    fn signed_in_full(&self, instrument: &Instrument) -> Option<&'a Blob> {
        let (order, evidence) = (&instrument.order, self.evidence);
        let all = evidence.server.iter().chain(&evidence.customer).chain(&evidence.merchant);
        let mut ciphertexts = all.filter_map(|part| if let Part::Sealed(sealed) = part { Some(sealed) } else { None });
        ciphertexts.find(|sealed| {
            let (statement, signature) = match &instrument.acknowledgement {
                None => (order.bound_in_full(sealed), &instrument.signature),
                Some(apart) => (order.acknowledgement_in_full(sealed), apart),
            };
            self.crypto.verify(order.about.customer(), statement.as_slice(), signature)
        })
    }

    fn look_for_delivery(&self, instrument: &Instrument, reasons: &mut Reasons) -> Delivery {
        // Where C has ordered what a ciphertext holds, it has ordered nothing else.
        if let (None, Some(item)) = (instrument.order.sealed, self.evidence.server.item()) {
            find(reasons, Check::ItemOnRecord, Some(true));
            return Delivery::Shown(item.clone());
        }
        let signed = match instrument.order.sealed {
            Some(digest) => Some(Signed::Digest(digest)),
            None => self.signed_in_full(instrument).map(Signed::InFull),
        };
        let Some(signed) = signed else {
            find(reasons, Check::ItemOnRecord, None);
            return Delivery::NotShown;
        };
        self.sealed_delivery(instrument, signed, reasons)
    }

    /// Case 2: the ciphertext that C signed for, and the key on P's record.
    fn sealed_delivery(&self, instrument: &Instrument, what: Signed<'a>, reasons: &mut Reasons) -> Delivery {
        let order = &instrument.order;
        let signed =
            |signature| self.crypto.verify(order.about.customer(), order.acknowledgement().as_slice(), &signature);
        let signed = matches!(what, Signed::InFull(_)) || instrument.acknowledgement.is_none_or(signed);
        if !find(reasons, Check::CiphertextSigned, Some(signed)) {
            return Delivery::NotShown;
        }
        let key = self.evidence.server.key();
        find(reasons, Check::KeyOnRecord, key.map(|_| true));
        let Some(key) = key else { return Delivery::NotShown };
        let key_digest = self.crypto.digest_key(key);
        if let Some(committed) = order.key
            && !find(reasons, Check::KeyCommitted, Some(committed == key_digest))
        {
            return Delivery::Worthless;
        }
        let merchant_signed = self.evidence.server.countersignature().map(|signature| {
            let again = signed_again(instrument.acknowledgement.as_ref().unwrap_or(&instrument.signature));
            let countersigned = match what {
                Signed::Digest(_) => order.countersigned(Some(&key_digest)),
                Signed::InFull(sealed) => order.countersigned_in_full(Some(&key_digest), sealed),
            };
            let statements = [countersigned, again];
            statements.iter().any(|s| self.crypto.verify(order.about.merchant(), s.as_slice(), signature))
        });
        if !find(reasons, Check::MerchantSignature, merchant_signed) {
            return Delivery::NotShown;
        }
        let evidence = self.evidence;
        let papers = evidence.customer.iter().chain(&evidence.merchant);
        let mut handed_in = papers.filter_map(|part| if let Part::Sealed(sealed) = part { Some(sealed) } else { None });
        let any = handed_in.clone().next().is_some();
        let ciphertext = match what {
            Signed::InFull(sealed) => Some(sealed),
            Signed::Digest(digest) => handed_in.find(|sealed| self.crypto.digest_blob(sealed) == digest),
        };
        find(reasons, Check::Ciphertext, (ciphertext.is_some() || any).then_some(ciphertext.is_some()));
        let Some(ciphertext) = ciphertext else { return Delivery::Signed };
        let opened = self.crypto.open(key, ciphertext);
        find(reasons, Check::Opens, Some(opened.is_some()));
        opened.map_or(Delivery::Worthless, Delivery::Shown)
    }
}
