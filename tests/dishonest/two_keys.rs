//! One ciphertext that opens under two keys: what it proves, and to whose cost.

use aes_gcm::aead::{Aead, KeyInit};
use aes_gcm::{Aes256Gcm, Nonce};
use halfpaid::crypto::{Blob, Key};
use halfpaid::protocol::mechanism::Mechanism;
use halfpaid::protocol::part::{Part, Parts};

use super::with_merchant;
use crate::common::{Shop, set};

fn bytes(blob: &Blob) -> &[u8] {
    match blob {
        Blob::Bytes(bytes) => bytes,
        Blob::Term { .. } => panic!("a term has no bytes"),
    }
}

/// What AES-256-GCM itself says, with nothing of ours in between.
fn open(key: &Key, sealed: &Blob) -> Vec<u8> {
    let (nonce, ciphertext) = bytes(sealed).split_first_chunk::<12>().expect("a nonce");
    Aes256Gcm::new(&key.0.into()).decrypt(&Nonce::from(*nonce), ciphertext).expect("it opens")
}

/// In a run without `key-commitment`: C has from M the item that the catalogue describes, P has a key that opens the same
/// ciphertext, with the same tag, to another.
#[test]
fn c_s_key_and_p_s_key_open_the_same_ciphertext_to_two_items() {
    let shop = Shop::hardened("case2").without(&[Mechanism::KeyCommitment]).really();
    let shop = with_merchant(shop, "two-key-item");
    let finished = shop.run("none");
    let purchase = finished.checker.facts().purchases.values().next().expect("a purchase");
    let of = |journal: &[halfpaid::invariant::facts::Entry]| -> Vec<Part> {
        journal.iter().flat_map(|(record, _)| record.parts.clone()).collect()
    };
    let (customer, server) = (of(&purchase.customer), of(&purchase.server));
    let sealed = customer.sealed().expect("a ciphertext");
    let [shown, registered] = [customer.key(), server.key()].map(|key| *key.expect("a key"));
    assert_ne!(shown, registered);
    let described = &shop.setup.offer(0, 3).expect("an offer").item;
    assert_eq!(open(&shown, sealed), bytes(described));
    let other = open(&registered, sealed);
    assert_eq!(other.len(), described.len());
    assert_ne!(other, bytes(described));

    // Each is what M chose for half its blocks: a genuine item, and a content of M's own.
    let [genuine, own] = [3, 13].map(|number| shop.setup.crypto.content(0, number, described.len() as u32));
    let (whole, len) = (other.len() / 16, other.len());
    let (middle, free) = (16 * (whole / 2), 16 * (whole - 1));
    assert_eq!(bytes(described)[..middle], bytes(&genuine)[..middle]);
    assert_eq!(other[middle..free], bytes(&own)[middle..free]);
    assert_eq!(other[free + 16..len], bytes(&own)[free + 16..len]);
}

/// Without the commitment every signature is right and the record is P's own: the judge can only believe it, against C. With
/// C's order committing to the key, C takes no other, and M has gained what it could have had with a wrong item: C proves it.
#[test]
fn the_commitment_to_the_key_is_what_protects_c_before_the_judge() {
    for real in [false, true] {
        let of = |without: &[Mechanism]| {
            let shop = Shop::hardened("case2").without(without);
            with_merchant(if real { shop.really() } else { shop }, "two-key-item")
        };
        let wronged = set(&["received-this", "delivered-other"]);
        assert_eq!(of(&[Mechanism::KeyCommitment]).breaks("none"), wronged);
        assert_eq!(of(&[]).breaks("none"), set(&["wrong-content"]));
        // Without a description by digest C does not see that P's key opens the wrong item, but it has what P's record proves.
        let blind = set(&["wrong-content", "got-other"]);
        assert_eq!(of(&[Mechanism::ItemDigest]).breaks("none"), blind);
        // M's countersignature does not help: M is glad to sign for the key that it registered.
        assert_eq!(of(&[Mechanism::KeyCommitment, Mechanism::Countersign]).breaks("none"), wronged);
    }
}

/// Where M is gone before step 6, C never sees the other key: the wrong item on P's record is all there is.
#[test]
fn without_step_6_the_two_keys_are_a_wrong_item() {
    let shop = with_merchant(Shop::hardened("case2").without(&[Mechanism::KeyCommitment]), "two-key-item");
    assert_eq!(shop.breaks("crash-forever M1 after 3#1"), set(&["wrong-content"]));
}
