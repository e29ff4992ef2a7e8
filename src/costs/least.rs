//! How little would do: a lower bound for each figure of a fault-free purchase that commits, and where it comes from.
//!
//! A bound holds for every protocol that does what the case does with the mechanisms at hand, not only for the one that is measured.
//! Those that are not in the literature are derived here, under one set of assumptions. C learns the price from M alone, and M of the
//! wish from C alone: the paper's steps 1 and 2 are part of the purchase. P decides, and may decide "committed" only when it has heard
//! of C's consent to that price. Before that C must not be able to derive the item; in Case 1, before M knows that it is paid.
//! Afterwards C and M both come to know. Keys of signatures and channels are known beforehand; k is fresh, and follows from nothing
//! that P had before.
//!
//! - **Messages: 5.** The inquiry into M, the quote into C and the consent into P are three: each has another recipient and follows the
//!   one before. What C and M hear of the decision follows it: one more into each. Without the inquiry it is the 2(n - 1) = 4 of
//!   atomic commitment among n = 3 (Dwork and Skeen 1983), the quote being M's vote. Five suffice: M quotes with the key or the item
//!   sealed for P, C passes that on with its order, P tells both; in Case 1 P tells M, and M tells C with the item. In the paper's
//!   protocols C's order goes by way of M, which makes six.
//! - **Delays: 3 to the commit, 4 to the delivery.** The same chain of inquiry, quote and consent, and one more to C. In Case 1 the
//!   delivery is the fifth, since M delivers only once it knows. Nobody need hear later than that.
//! - **Forced writes in sequence: 2**, and no fewer in all. C's, with `customer-journal`, before its order leaves: otherwise C comes
//!   back from a crash as one that has ordered nothing, and the order may yet commit. P's, with `payment-journal`, before it tells
//!   anybody: otherwise P comes back and may decide anew. P's follows C's. M's need not be among them (it can derive its keys from one secret and the TID, and ask P for the rest), nor
//!   C's of what it got, since P keeps it.
//! - **Signatures made: 1; with `countersign` 2**, where anything is delivered on record. C's order is P's authority, so nobody but C
//!   may be able to make it; that M delivered this item can be held against M only if nobody but M could make the evidence. P is
//!   trusted and can be asked, so that its word needs none. **Verified: as many**, by P, before it acts on them.
//! - **Items sealed and opened: 1 in Case 2**, where C has the item before it can read it. **With `sealed-channels`** one more for each
//!   message, and there are at least five.
//! - **Digests: 0; with `item-digest` 1** by C, which compares what it got with the order, and in Case 3 one by P, which compares what it
//!   keeps. **With `countersign` and signatures of digests 2 more in Case 2**: C and M each name the ciphertext, which is fresh, and
//!   neither may trust the other's arithmetic. M's digest of an item can be taken once for all purchases.
//! - **Bytes**: the item once in Case 1 and, sealed (28 more), in Case 2, where k crosses twice (32 each); twice in Case 3, by way of P.
//!   Each signature (64) once. Signed in full, the ciphertext has to go to P too. Sealed channels add 28 to each of five messages.
//! - **Bytes that P keeps**, with `payment-journal`: what C may still have to ask for, so k (32) in Case 2, the item in Case 3, nothing in Case 1. With
//!   `countersign`, for disputes: the signatures of C and M and, in Case 2, the ciphertext's digest (32) or all of it.

use crate::crypto::SEAL_OVERHEAD_BYTES;
use crate::protocol::escrow::Escrow;
use crate::protocol::mechanism::{Mechanism, MechanismSet};

const KEY: u64 = 32;
const DIGEST: u64 = 32;
const SIGNATURE: u64 = 64;
const SEAL: u64 = SEAL_OVERHEAD_BYTES as u64;

const MESSAGES: u64 = 5;

/// Where a bound comes from.
const DERIVED: &str = "derived";
const COMMITMENT: &str = "derived; Dwork and Skeen 1983";
const KEEPING: &str = "Su and Tygar 1996, section 5.1; derived";

/// The least of one figure of the total.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Least {
    /// No purchase does with less.
    pub least: u64,
    /// Who says so; "derived" is in the documentation of [`least`](self).
    pub source: &'static str,
}

/// The least of every figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Of [`Count::messages`](super::meter::Count::messages).
    pub messages: Least,
    /// Of the bytes on the wire.
    pub bytes: Least,
    /// Of the signatures made.
    pub signs: Least,
    /// Of those verified.
    pub verifies: Least,
    /// Of the seals, those of channels included.
    pub seals: Least,
    /// Of the opens.
    pub opens: Least,
    /// Of the digests.
    pub digests: Least,
    /// Of the records saved.
    pub journal_writes: Least,
    /// Of the bytes that P keeps.
    pub server_bytes: Least,
    /// Of the delays until everybody knows.
    pub delays: Least,
    /// Of the delays until P has committed.
    pub delays_to_commit: Least,
    /// Of the delays until C has the item.
    pub delays_to_delivery: Least,
    /// Of the forced writes in sequence until P has committed.
    pub forced_writes: Least,
}

/// The bounds for a protocol that keeps the goods there, with these mechanisms, of an item of that length.
pub fn bounds(escrow: Escrow, on: MechanismSet, item_bytes: u64) -> Bounds {
    let one_if = |yes: bool| u64::from(yes);
    let (key, item) = (escrow == Escrow::Key, escrow == Escrow::Item);
    let in_full = on.has(Mechanism::WholeSignatures);
    let proofs = on.has(Mechanism::Countersign);
    let private = on.has(Mechanism::SealedChannels);
    let described = on.has(Mechanism::ItemDigest);
    let sealed_item = item_bytes + SEAL;

    let signs = 1 + one_if(proofs && (key || item));
    let seals = one_if(key) + MESSAGES * one_if(private);
    let named = 2 * one_if(key && proofs && !in_full);
    let keeps = one_if(on.has(Mechanism::PaymentJournal));
    let writes = one_if(on.has(Mechanism::CustomerJournal)) + keeps;
    let delivery = 4 + one_if(!key && !item);
    let goods_bytes = match escrow {
        Escrow::Nothing => item_bytes,
        Escrow::Key => sealed_item * (1 + one_if(in_full)) + 2 * KEY,
        Escrow::Item => 2 * item_bytes,
    };
    let kept_goods = KEY * one_if(key) + item_bytes * one_if(item);
    let kept_named = one_if(key) * if in_full { sealed_item } else { DIGEST };
    let kept_proofs = one_if(proofs) * (signs * SIGNATURE + kept_named);
    let derived = |least| Least { least, source: DERIVED };
    Bounds {
        messages: Least { least: MESSAGES, source: COMMITMENT },
        bytes: derived(goods_bytes + signs * SIGNATURE + MESSAGES * SEAL * one_if(private)),
        signs: derived(signs),
        verifies: derived(signs),
        seals: derived(seals),
        opens: derived(seals),
        digests: derived(one_if(described) * (1 + one_if(item)) + named),
        journal_writes: derived(writes),
        server_bytes: Least { least: keeps * (kept_goods + kept_proofs), source: KEEPING },
        delays: derived(delivery),
        delays_to_commit: derived(3),
        delays_to_delivery: derived(delivery),
        forced_writes: derived(writes),
    }
}
