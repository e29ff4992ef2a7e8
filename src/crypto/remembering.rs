//! Cryptography that verifies no signature twice. Since operations are pure, nobody can tell the difference but by the clock.

use std::sync::Mutex;

use super::{Blob, Crypto, Digest, Key, Signature};
use crate::protocol::party::Party;

/// Another cryptography, and the signatures that it has been asked about. They are searched one by one: meant for a handful.
#[derive(Debug)]
pub struct Remembering<'a> {
    inner: &'a dyn Crypto,
    verified: Mutex<Vec<Verified>>,
}

#[derive(Debug)]
struct Verified {
    signer: Party,
    statement: Vec<u8>,
    signature: Signature,
    holds: bool,
}

impl<'a> Remembering<'a> {
    /// Remembers nothing yet.
    pub const fn new(inner: &'a dyn Crypto) -> Self {
        Remembering { inner, verified: Mutex::new(Vec::new()) }
    }
}

impl Crypto for Remembering<'_> {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn sign(&self, signer: Party, statement: &[u8]) -> Signature {
        self.inner.sign(signer, statement)
    }

    fn verify(&self, signer: Party, statement: &[u8], signature: &Signature) -> bool {
        let Ok(mut verified) = self.verified.lock() else { return self.inner.verify(signer, statement, signature) };
        let known = verified
            .iter()
            .find(|known| known.signature == *signature && known.signer == signer && known.statement == statement);
        if let Some(known) = known {
            return known.holds;
        }
        let holds = self.inner.verify(signer, statement, signature);
        verified.push(Verified { signer, statement: statement.to_vec(), signature: *signature, holds });
        holds
    }

    fn digest_blob(&self, blob: &Blob) -> Digest {
        self.inner.digest_blob(blob)
    }

    fn digest_key(&self, key: &Key) -> Digest {
        self.inner.digest_key(key)
    }

    fn seal(&self, key: &Key, nonce: [u8; 12], item: &Blob) -> Blob {
        self.inner.seal(key, nonce, item)
    }

    fn seal_twice(&self, keys: [&Key; 2], nonce: [u8; 12], items: [&Blob; 2]) -> Blob {
        self.inner.seal_twice(keys, nonce, items)
    }

    fn open(&self, key: &Key, sealed: &Blob) -> Option<Blob> {
        self.inner.open(key, sealed)
    }

    fn seal_bytes(&self, key: &Key, nonce: [u8; 12], bytes: &[u8]) -> Vec<u8> {
        self.inner.seal_bytes(key, nonce, bytes)
    }

    fn open_bytes(&self, key: &Key, sealed: &[u8]) -> Option<Vec<u8>> {
        self.inner.open_bytes(key, sealed)
    }

    fn content(&self, merchant: u32, number: u32, len: u32) -> Blob {
        self.inner.content(merchant, number, len)
    }

    fn read_blob(&self, bytes: &[u8]) -> Blob {
        self.inner.read_blob(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::super::streams::Streams;
    use super::super::symbolic::Symbolic;
    use super::*;

    #[test]
    fn a_remembered_answer_is_the_answer_to_the_very_same_question() {
        let inner = Symbolic::new(Streams::new(1));
        let crypto = Remembering::new(&inner);
        let (signer, other) = (Party::Customer(0), Party::Merchant(0));
        let signature = crypto.sign(signer, b"yes");
        for _ in 0..2 {
            assert!(crypto.verify(signer, b"yes", &signature));
            assert!(!crypto.verify(signer, b"no", &signature));
            assert!(!crypto.verify(other, b"yes", &signature));
            assert!(!crypto.verify(signer, b"yes", &Signature([0; 64])));
        }
    }
}
