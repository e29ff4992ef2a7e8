//! One AES-256-GCM ciphertext that opens under two keys: what a merchant can make because GCM does not commit to its key.
//!
//! The method is that of Dodis, Grubbs, Ristenpart and Woodage (2018) and of Albertini, Duong, Gueron, Kölbl, Luykx and Schmieg
//! (2022). Encryption is a key stream added to the content, so any ciphertext decrypts to something under any key; only the tag
//! stands in the way. The tag is `GHASH_H(C) + E_k(J0)` with `H = E_k(0)`, a polynomial in `H` whose coefficients are the blocks
//! of `C`. That both keys give the same tag is one equation in GF(2^128), linear in each block: every block but one can be
//! chosen, and the last one is solved for.
//!
//! What can be chosen, and what cannot: the two contents differ by the sum of the two key streams, so that each block of the
//! ciphertext serves one of them, and is noise in the other. Here the first half of the blocks is the first item's, the rest the
//! second's, and the last whole block is the one that is solved for, noise in both. (A real fraud puts the noise where the
//! format of the file skips it; the merchant writes the catalogue, and describes what came out.)

use aes_gcm::aes::Aes256;
use aes_gcm::aes::cipher::{Array, BlockCipherEncrypt, KeyInit};

use super::Key;

const BLOCK_BYTES: usize = 16;
const NONCE_BYTES: usize = 12;

/// An element of GF(2^128) as GCM writes it: the highest bit is the coefficient of 1.
type Element = u128;

/// The product (NIST SP 800-38D, algorithm 1).
pub(super) fn multiply(x: Element, y: Element) -> Element {
    const REDUCTION: Element = 0xe1 << 120;
    let (mut product, mut shifted) = (0, y);
    for bit in (0..128).rev() {
        if x >> bit & 1 == 1 {
            product ^= shifted;
        }
        shifted = (shifted >> 1) ^ (if shifted & 1 == 1 { REDUCTION } else { 0 });
    }
    product
}

const ONE: Element = 1 << 127;

fn power(x: Element, exponent: u128) -> Element {
    (0..128).rev().fold(ONE, |result, bit| {
        let squared = multiply(result, result);
        if exponent >> bit & 1 == 1 { multiply(squared, x) } else { squared }
    })
}

/// The inverse, by Euclid's algorithm (Hankerson, Menezes and Vanstone 2004, algorithm 2.48). Zero has none, and gives zero.
pub(super) fn inverse(x: Element) -> Element {
    /// `z^128` modulo the field's polynomial, the lowest bit being the coefficient of 1.
    const REDUCTION: u128 = 0x87;
    let x = x.reverse_bits();
    if x <= 1 {
        return x.reverse_bits();
    }
    // Up to multiples of the field's polynomial `one * x` is `rest`, and `other * x` is `known`. The polynomial itself has no room.
    let above = x.leading_zeros() + 1;
    let (mut rest, mut known) = (REDUCTION ^ x << above, x);
    let (mut one, mut other): (u128, u128) = (1 << above, 1);
    while rest != 1 {
        if rest.leading_zeros() > known.leading_zeros() {
            (rest, known, one, other) = (known, rest, other, one);
        }
        let shift = known.leading_zeros() - rest.leading_zeros();
        rest ^= known << shift;
        one ^= other << shift;
    }
    one.reverse_bits()
}

/// One key's part: its cipher, its point of the polynomial, and what it adds to the tag.
struct Half {
    cipher: Aes256,
    nonce: [u8; NONCE_BYTES],
    point: Element,
    mask: Element,
}

impl Half {
    fn new(key: &Key, nonce: [u8; NONCE_BYTES]) -> Self {
        let cipher = Aes256::new(&Array::from(key.0));
        let mut half = Half { cipher, nonce, point: 0, mask: 0 };
        half.point = half.encrypt([0; BLOCK_BYTES]);
        half.mask = half.key_stream(1);
        half
    }

    fn encrypt(&self, block: [u8; BLOCK_BYTES]) -> Element {
        let mut block = Array::from(block);
        self.cipher.encrypt_block(&mut block);
        u128::from_be_bytes(block.into())
    }

    /// The key stream's block of that counter: 1 masks the tag, the content starts at 2.
    fn key_stream(&self, counter: u32) -> Element {
        let mut block = [0; BLOCK_BYTES];
        block[..NONCE_BYTES].copy_from_slice(&self.nonce);
        block[NONCE_BYTES..].copy_from_slice(&counter.to_be_bytes());
        self.encrypt(block)
    }

    /// `GHASH_H` of blocks, the block of lengths included.
    fn hash(&self, blocks: &[Element]) -> Element {
        blocks.iter().fold(0, |sum, block| multiply(sum ^ block, self.point))
    }
}

/// The nonce, ciphertext and tag that open under both keys; `None` where the content has not two whole blocks, or where the two
/// keys leave nothing to solve (which has odds of about one in 2^120).
pub(super) fn seal(keys: [&Key; 2], nonce: [u8; NONCE_BYTES], items: [&[u8]; 2]) -> Option<Vec<u8>> {
    let halves = keys.map(|key| Half::new(key, nonce));
    let len = items[0].len();
    let whole = len / BLOCK_BYTES;
    if whole < 2 {
        return None;
    }
    let free = whole - 1;
    let mut blocks: Vec<Element> = (0..len.div_ceil(BLOCK_BYTES))
        .map(|number| {
            let owner = usize::from(number >= whole / 2);
            let from = number * BLOCK_BYTES;
            let until = len.min(from + BLOCK_BYTES);
            let mut block = [0; BLOCK_BYTES];
            let content = items[owner].get(from..until).unwrap_or_default();
            block[..content.len()].copy_from_slice(content);
            let missing = 8 * (BLOCK_BYTES - (until - from));
            let sealed = u128::from_be_bytes(block) ^ halves[owner].key_stream(number as u32 + 2);
            // What is beyond the end of the content is zero in the hash.
            sealed >> missing << missing
        })
        .collect();
    blocks[free] = 0;
    blocks.push(8 * len as u128);
    let exponent = (blocks.len() - free) as u128;
    let slope = power(halves[0].point, exponent) ^ power(halves[1].point, exponent);
    if slope == 0 {
        return None;
    }
    let gap = halves.iter().fold(0, |gap, half| gap ^ half.hash(&blocks) ^ half.mask);
    blocks[free] = multiply(gap, inverse(slope));
    let tag = halves[0].hash(&blocks) ^ halves[0].mask;
    debug_assert_eq!(tag, halves[1].hash(&blocks) ^ halves[1].mask, "solved for");
    blocks.pop();
    let mut sealed = nonce.to_vec();
    sealed.extend(blocks.iter().flat_map(|block| block.to_be_bytes()));
    sealed.truncate(NONCE_BYTES + len);
    sealed.extend_from_slice(&tag.to_be_bytes());
    Some(sealed)
}

#[cfg(test)]
mod tests {
    use aes_gcm::aead::Aead;
    use aes_gcm::{Aes256Gcm, Nonce};
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_element_but_zero_has_an_inverse(x: u128, y: u128) {
            prop_assert_eq!(multiply(x, ONE), x);
            prop_assert_eq!(multiply(x, y), multiply(y, x));
            prop_assert_eq!(multiply(x, inverse(x)), if x == 0 { 0 } else { ONE });
        }

        /// The very crate that everyone in a run opens ciphertexts with takes this one, under either key, and no third.
        #[test]
        fn aes_gcm_opens_one_ciphertext_under_two_keys(a: [u8; 32], b: [u8; 32], nonce: [u8; 12], len in 32_usize..600) {
            prop_assume!(a != b);
            let (first, second) = (vec![0x11; len], vec![0x22; len]);
            let sealed = seal([&Key(a), &Key(b)], nonce, [&first, &second]).expect("long enough");
            prop_assert_eq!(sealed.len(), 12 + len + 16);
            let open = |key: [u8; 32]| Aes256Gcm::new(&key.into()).decrypt(&Nonce::from(nonce), &sealed[12..]);
            let (one, other) = (open(a).expect("it opens"), open(b).expect("it opens"));
            let whole = len / 16;
            let middle = 16 * (whole / 2);
            // The first half is the first item's, the rest the second's but for the block that was solved for.
            prop_assert_eq!(&one[..middle], &first[..middle]);
            prop_assert_eq!(&other[middle..16 * (whole - 1)], &second[middle..16 * (whole - 1)]);
            prop_assert_eq!(&other[16 * whole..], &second[16 * whole..]);
            prop_assert_ne!(one, other);
            let mut third = a;
            third[0] ^= 1;
            prop_assert!(third == b || open(third).is_err());
        }
    }

    #[test]
    fn powers_of_z_have_inverses() {
        for bit in 0..128 {
            let x = ONE >> bit;
            assert_eq!(multiply(x, inverse(x)), ONE, "z^{bit}");
        }
    }

    #[test]
    fn one_block_is_too_short() {
        assert!(seal([&Key([1; 32]), &Key([2; 32])], [0; 12], [&[0; 31], &[0; 31]]).is_none());
    }
}
