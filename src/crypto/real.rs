//! Real cryptography: Ed25519 (strictly verified), AES-256-GCM and SHA-256.

use std::sync::{Arc, OnceLock};

use aes_gcm::aead::{Aead, KeyInit};
use aes_gcm::{Aes256Gcm, Nonce};
use ed25519_dalek::{Signer, SigningKey, VerifyingKey};
use sha2::Digest as _;
use sha2::Sha256;

use super::streams::{Purpose, Streams};
use super::{Blob, Crypto, Digest, Key, Signature};
use crate::protocol::party::Party;

const NONCE_BYTES: usize = 12;

/// Everybody's keys; each pair is made when it is first used.
#[derive(Debug)]
pub struct Real {
    streams: Streams,
    customers: Vec<OnceLock<Pair>>,
    merchants: Vec<OnceLock<Pair>>,
    server: OnceLock<Pair>,
}

#[derive(Debug)]
struct Pair {
    signing: SigningKey,
    verifying: VerifyingKey,
}

impl Real {
    /// The cryptography of a run with so many customers and merchants.
    pub fn new(streams: Streams, customers: u32, merchants: u32) -> Self {
        let keys = |n: u32| (0..n).map(|_| OnceLock::new()).collect();
        Real { streams, customers: keys(customers), merchants: keys(merchants), server: OnceLock::new() }
    }

    fn pair(&self, party: Party) -> Option<&Pair> {
        let cell = match party {
            Party::Customer(n) => self.customers.get(n as usize)?,
            Party::Merchant(n) => self.merchants.get(n as usize)?,
            Party::Server => &self.server,
        };
        Some(cell.get_or_init(|| {
            let signing = SigningKey::from_bytes(&self.streams.draw(Purpose::Identity, Some(party), 0));
            let verifying = signing.verifying_key();
            Pair { signing, verifying }
        }))
    }
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
        Signature(self.pair(signer).map_or([0; 64], |pair| pair.signing.sign(statement).to_bytes()))
    }

    fn verify(&self, signer: Party, statement: &[u8], signature: &Signature) -> bool {
        let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
        self.pair(signer).is_some_and(|pair| pair.verifying.verify_strict(statement, &signature).is_ok())
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
        let mut sealed = nonce.to_vec();
        // Encryption fails only for content of more than 64 GiB; an empty ciphertext opens under no key.
        let ciphertext =
            Aes256Gcm::new(&key.0.into()).encrypt(&Nonce::from(nonce), plain.as_slice()).unwrap_or_default();
        sealed.extend_from_slice(&ciphertext);
        Blob::Bytes(sealed.into())
    }

    fn open(&self, key: &Key, sealed: &Blob) -> Option<Blob> {
        let (nonce, ciphertext) = bytes_of(sealed)?.split_first_chunk::<NONCE_BYTES>()?;
        let plain = Aes256Gcm::new(&key.0.into()).decrypt(&Nonce::from(*nonce), ciphertext).ok()?;
        Some(Blob::Bytes(plain.into()))
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
