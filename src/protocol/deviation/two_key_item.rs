//! M makes one ciphertext that opens under two keys to two items, registers one key with P and gives C the other.
//!
//! AES-GCM does not commit to its key ([`Crypto::seal_twice`](crate::crypto::Crypto::seal_twice)). M makes the ciphertext before
//! it writes the catalogue, since what comes out of it has a block that nobody could have chosen, and offers what the *shown* key
//! opens it to. The *registered* key opens it to something else. So C, with the shown key, gets exactly what the catalogue
//! describes, and P's record with the ciphertext that C signed for proves that it got something else. Only Case 2 has a key.
//!
//! Where C's order commits to a key, it is the registered one: with the shown one P would decline, as it does
//! with [`wrong_key`](super::wrong_key).

use super::super::escrow::Escrow;
use super::super::part::{Part, Parts};
use super::super::role::{Context, Effect, Input};
use super::super::setup::Setup;
use super::{Deviation, Memory, replace, rewrite};
use crate::crypto::streams::Purpose;
use crate::crypto::{Blob, Key};
use crate::party::Party;

#[derive(Debug)]
pub(super) struct TwoKeyItem;

/// Where in M's stream of secrets the draws for its catalogue begin: far beyond those of any run.
const CATALOGUE_DRAWS: u64 = 1 << 40;

/// The `n`th draw for an item.
fn draw(setup: &Setup, merchant: u32, item: u32, n: u64) -> [u8; 32] {
    let index = CATALOGUE_DRAWS + 3 * u64::from(item) + n;
    setup.streams.draw(Purpose::Secret, Some(Party::Merchant(merchant)), index)
}

/// The key that C is given, and the key that P is given.
fn keys(setup: &Setup, merchant: u32, item: u32) -> (Key, Key) {
    (Key(draw(setup, merchant, item, 0)), Key(draw(setup, merchant, item, 1)))
}

/// The ciphertext, made from an item and from one that is in nobody's catalogue.
fn seal(setup: &Setup, merchant: u32, item: u32, genuine: &Blob) -> Blob {
    let (shown, registered) = keys(setup, merchant, item);
    let mut nonce = [0; 12];
    nonce.copy_from_slice(&draw(setup, merchant, item, 2)[..12]);
    let other = setup.crypto.content(merchant, item + setup.catalogue.items(), genuine.len() as u32);
    setup.crypto.seal_twice([&shown, &registered], nonce, [genuine, &other])
}

impl Deviation for TwoKeyItem {
    fn name(&self) -> &'static str {
        "two-key-item"
    }

    fn about(&self) -> &'static str {
        "M seals two items in one ciphertext, and gives P one key and C the other"
    }

    fn acts_in(&self, escrow: Escrow) -> bool {
        escrow == Escrow::Key
    }

    fn prepared(&self, setup: &Setup, merchant: u32, item: u32, genuine: &Blob) -> Option<Blob> {
        setup.crypto.open(&keys(setup, merchant, item).0, &seal(setup, merchant, item, genuine))
    }

    fn sealed(&self, setup: &Setup, merchant: u32, item: u32) -> Option<(Key, Blob)> {
        let len = setup.offer(merchant, item)?.item.len() as u32;
        let genuine = setup.crypto.content(merchant, item, len);
        Some((keys(setup, merchant, item).1, seal(setup, merchant, item, &genuine)))
    }

    fn bend(&self, _: Input<'_>, effects: &mut Vec<Effect>, _: &mut Memory, context: &mut Context<'_>) {
        let Party::Merchant(me) = context.me else { return };
        let setup = context.setup;
        rewrite(effects, 6, |parts| {
            // M knows which item it was by the key that its role would have sent.
            let Some(registered) = parts.key().copied() else { return };
            let mut pairs = (0..setup.catalogue.items()).map(|item| keys(setup, me, item));
            if let Some((shown, _)) = pairs.find(|pair| pair.1 == registered) {
                replace(parts, Part::Key(shown));
            }
        });
    }
}
