//! Real cryptography: Ed25519 (strictly verified), AES-256-GCM and SHA-256.

use std::sync::{Arc, OnceLock};

use aes_gcm::aead::{Aead, KeyInit};
use aes_gcm::{Aes256Gcm, Nonce};
use ed25519_dalek::VerifyingKey;
use ed25519_dalek::hazmat::{ExpandedSecretKey, raw_sign};
use sha2::{Digest as _, Sha256, Sha512};

use super::memory::Memory;
use super::streams::{Purpose, Streams};
use super::{Blob, Crypto, Digest, Key, Signature, two_keys};
use crate::party::Party;

const NONCE_BYTES: usize = 12;

/// Everybody's keys; each pair is made when it is first used.
#[derive(Debug)]
pub struct Real {
    streams: Streams,
    customers: Vec<OnceLock<Box<Pair>>>,
    merchants: Vec<OnceLock<Box<Pair>>>,
    server: OnceLock<Box<Pair>>,
    /// The signatures that have been verified; `None` where each is to be verified each time.
    memory: Option<Memory>,
}

#[derive(Debug)]
struct Pair {
    /// The secret key as a signer uses it.
    signing: ExpandedSecretKey,
    verifying: VerifyingKey,
}

impl Pair {
    /// The pair of a 32-byte secret, as RFC 8032 makes it.
    fn of(secret: &[u8; 32]) -> Self {
        let signing = ExpandedSecretKey::from(secret);
        let verifying = VerifyingKey::from(&signing);
        Pair { signing, verifying }
    }

    fn sign(&self, statement: &[u8]) -> Signature {
        Signature(raw_sign::<Sha512>(&self.signing, statement, &self.verifying).to_bytes())
    }
}

impl Real {
    /// The cryptography of a run with so many customers and merchants.
    pub fn new(streams: Streams, customers: u32, merchants: u32) -> Self {
        let keys = |n: u32| (0..n).map(|_| OnceLock::new()).collect();
        let (customers, merchants) = (keys(customers), keys(merchants));
        Real { streams, customers, merchants, server: OnceLock::new(), memory: Some(Memory::default()) }
    }

    /// The same with every verification done each time that it is asked for. The answers are the same.
    pub fn without_memory(self) -> Self {
        Real { memory: None, ..self }
    }

    fn pair(&self, party: Party) -> Option<&Pair> {
        let cell = match party {
            Party::Customer(n) => self.customers.get(n as usize)?,
            Party::Merchant(n) => self.merchants.get(n as usize)?,
            Party::Server => &self.server,
        };
        Some(&**cell.get_or_init(|| Box::new(Pair::of(&self.streams.draw(Purpose::Identity, Some(party), 0)))))
    }
}

/// Strictly: no key of small order, and one encoding of a signature only.
///
/// Signatures are not verified in batches. ed25519-dalek's `verify_batch` takes keys and commitments of small order, and checks one
/// random combination of all equations, in which the small-order parts of several bad signatures can cancel out: it takes what
/// `verify_strict` refuses, and whether it does depends on what else is in the batch. The verdict on a forgery would be another one,
/// and not the same each time.
fn holds(key: &VerifyingKey, statement: &[u8], signature: &Signature) -> bool {
    key.verify_strict(statement, &ed25519_dalek::Signature::from_bytes(&signature.0)).is_ok()
}

fn sha256(domain: &str, bytes: &[u8]) -> Digest {
    let mut hash = Sha256::new();
    hash.update([domain.len() as u8]);
    hash.update(domain.as_bytes());
    hash.update(bytes);
    Digest(hash.finalize().into())
}

fn bytes_of(blob: &Blob) -> Option<&[u8]> {
    match blob {
        Blob::Bytes(bytes) => Some(bytes),
        Blob::Term { .. } => None,
    }
}

impl Crypto for Real {
    fn name(&self) -> &'static str {
        "real"
    }

    /// A party that takes no part has no key, and its signature is all zeros, which nobody's key verifies.
    fn sign(&self, signer: Party, statement: &[u8]) -> Signature {
        self.pair(signer).map_or(Signature([0; 64]), |pair| pair.sign(statement))
    }

    fn verify(&self, signer: Party, statement: &[u8], signature: &Signature) -> bool {
        let verify = || self.pair(signer).is_some_and(|pair| holds(&pair.verifying, statement, signature));
        match &self.memory {
            Some(memory) => memory.recall(signer, statement, signature, verify),
            None => verify(),
        }
    }

    fn digest_blob(&self, blob: &Blob) -> Digest {
        match blob {
            Blob::Bytes(bytes) => sha256("halfpaid/1 content", bytes),
            Blob::Term { .. } => {
                let mut bytes = Vec::new();
                blob.write(&mut bytes);
                sha256("halfpaid/1 content", &bytes)
            }
        }
    }

    fn digest_key(&self, key: &Key) -> Digest {
        sha256("halfpaid/1 key", &key.0)
    }

    fn seal(&self, key: &Key, nonce: [u8; NONCE_BYTES], item: &Blob) -> Blob {
        let mut plain = Vec::with_capacity(item.len());
        item.write(&mut plain);
        Blob::Bytes(self.seal_bytes(key, nonce, &plain).into())
    }

    /// Where it cannot be done, the first item sealed under the first key.
    fn seal_twice(&self, keys: [&Key; 2], nonce: [u8; NONCE_BYTES], items: [&Blob; 2]) -> Blob {
        let plain = items.map(|item| {
            let mut bytes = Vec::with_capacity(item.len());
            item.write(&mut bytes);
            bytes
        });
        match two_keys::seal(keys, nonce, [&plain[0], &plain[1]]) {
            Some(sealed) => Blob::Bytes(sealed.into()),
            None => self.seal(keys[0], nonce, items[0]),
        }
    }

    fn open(&self, key: &Key, sealed: &Blob) -> Option<Blob> {
        self.open_bytes(key, bytes_of(sealed)?).map(|plain| Blob::Bytes(plain.into()))
    }

    fn seal_bytes(&self, key: &Key, nonce: [u8; NONCE_BYTES], bytes: &[u8]) -> Vec<u8> {
        let mut sealed = nonce.to_vec();
        // Encryption fails only for content of more than 64 GiB; an empty ciphertext opens under no key.
        let ciphertext = Aes256Gcm::new(&key.0.into()).encrypt(&Nonce::from(nonce), bytes).unwrap_or_default();
        sealed.extend_from_slice(&ciphertext);
        sealed
    }

    fn open_bytes(&self, key: &Key, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, ciphertext) = sealed.split_first_chunk::<NONCE_BYTES>()?;
        Aes256Gcm::new(&key.0.into()).decrypt(&Nonce::from(*nonce), ciphertext).ok()
    }

    fn content(&self, merchant: u32, number: u32, len: u32) -> Blob {
        let seed = self.streams.draw(Purpose::Content, Some(Party::Merchant(merchant)), u64::from(number));
        let word = u64::from_le_bytes([seed[0], seed[1], seed[2], seed[3], seed[4], seed[5], seed[6], seed[7]]);
        let mut bytes = vec![0; len as usize];
        Streams::new(word).reader(Purpose::Content, None).fill(&mut bytes);
        Blob::Bytes(bytes.into())
    }

    fn read_blob(&self, bytes: &[u8]) -> Blob {
        Blob::Bytes(Arc::from(bytes))
    }
}
#[cfg(test)]
mod tests {
    use ed25519_dalek::Verifier;

    use super::*;

    fn real() -> Real {
        Real::new(Streams::new(1), 2, 1)
    }

    fn unhex<const N: usize>(text: &str) -> [u8; N] {
        assert_eq!(text.len(), 2 * N);
        std::array::from_fn(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap())
    }

    /// RFC 8032, section 7.1, test 2.
    #[test]
    fn ed25519_is_that_of_rfc_8032() {
        let pair = Pair::of(&unhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"));
        let public = unhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
        let expected = unhex(
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
             085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        );
        assert_eq!(pair.verifying.to_bytes(), public);
        assert_eq!(pair.sign(&[0x72]).0, expected);
        assert!(holds(&pair.verifying, &[0x72], &Signature(expected)));
        assert!(!holds(&pair.verifying, &[0x73], &Signature(expected)));
    }

    /// McGrew and Viega, "The Galois/Counter Mode of Operation", test cases 14 and 15 (submitted to NIST, used in its CAVS).
    #[test]
    fn a_sealed_item_is_nonce_ciphertext_and_tag_of_aes_256_gcm() {
        let zeros = Blob::Bytes([0; 16].into());
        let expected: [u8; 44] =
            unhex("000000000000000000000000cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919");
        assert_eq!(real().seal(&Key([0; 32]), [0; 12], &zeros), Blob::Bytes(expected.into()));

        let key = Key(unhex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308"));
        let item: [u8; 64] = unhex(
            "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72\
             1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255",
        );
        let expected: [u8; 92] = unhex(
            "cafebabefacedbaddecaf888\
             522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa\
             8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad\
             b094dac5d93471bdec1a502270e3cc6c",
        );
        let sealed = real().seal(&key, unhex("cafebabefacedbaddecaf888"), &Blob::Bytes(item.into()));
        assert_eq!(sealed, Blob::Bytes(expected.into()));
        assert_eq!(real().open(&key, &sealed), Some(Blob::Bytes(item.into())));
    }

    /// S and S + L, L being the group's order, satisfy the same equation: a verifier that takes both takes two signatures
    /// for one statement, and a digest of evidence no longer names it.
    #[test]
    fn a_signature_has_no_second_encoding() {
        let order: [u8; 32] = unhex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
        let real = real();
        let mut signature = real.sign(Party::Server, b"statement");
        assert!(real.verify(Party::Server, b"statement", &signature));
        let mut carry = 0;
        for (byte, addend) in signature.0[32..].iter_mut().zip(order) {
            let sum = u16::from(*byte) + u16::from(addend) + carry;
            *byte = sum as u8;
            carry = sum >> 8;
        }
        assert_eq!(carry, 0);
        assert!(!real.verify(Party::Server, b"statement", &signature));
    }

    /// Under the neutral element as public key, R neutral and S zero satisfy the equation for every statement.
    #[test]
    fn a_key_of_small_order_verifies_nothing() {
        let mut neutral = [0; 32];
        neutral[0] = 1;
        let key = VerifyingKey::from_bytes(&neutral).unwrap();
        let mut forged = [0; 64];
        forged[0] = 1;
        assert!(
            key.verify(b"anything", &ed25519_dalek::Signature::from_bytes(&forged)).is_ok(),
            "the lax rule takes it"
        );
        assert!(!holds(&key, b"anything", &Signature(forged)));
    }

    #[test]
    fn a_party_that_takes_no_part_has_signed_nothing() {
        let real = real();
        let signature = real.sign(Party::Customer(1), b"statement");
        assert_eq!(real.sign(Party::Customer(2), b"statement").0, [0; 64]);
        assert!(real.verify(Party::Customer(1), b"statement", &signature));
        for absent in [Party::Customer(2), Party::Customer(u32::MAX), Party::Merchant(1)] {
            assert!(!real.verify(absent, b"statement", &signature));
        }
    }
}
