//! The cryptography that roles, checker and judge use, behind one interface with two implementations.
//!
//! [`real`] is Ed25519, AES-256-GCM and SHA-256. [`symbolic`] has the same shapes and lengths, but a signature, a digest or a
//! ciphertext is the 128-bit name of the term that it stands for: nobody but its signer can name a signature, and nobody
//! without the key gets at what is sealed. Both draw every random value from the same [`streams`], so that a run takes the same
//! course under both.

pub mod channel;
mod memory;
pub mod real;
pub mod streams;
pub mod symbolic;
mod two_keys;

use std::fmt;
use std::sync::Arc;

use crate::party::Party;

/// The fewest bytes that an item may have: a symbolic item's name and a check fit in them.
pub const ITEM_BYTES_MIN: u32 = 32;

/// How much longer a sealed item is than the item: a 12-byte nonce and a 16-byte tag.
pub const SEAL_OVERHEAD_BYTES: u32 = 28;

/// A symmetric key, `k`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(pub [u8; 32]);

/// A digest, `H(x)`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 32]);

/// A signature.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Signature(pub [u8; 64]);

/// An item or a ciphertext: content whose bytes are shared, never copied.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Blob {
    /// Real content.
    Bytes(Arc<[u8]>),
    /// A symbolic stand-in, as long on the wire as the real content would be.
    Term {
        /// The name of the item.
        name: [u8; 16],
        /// Zero for an item; for a ciphertext the name of the term `{item}k`.
        seal: [u8; 16],
        /// The length of the real content, in bytes.
        len: u32,
    },
}

impl Blob {
    /// The length on the wire, in bytes.
    pub fn len(&self) -> usize {
        match self {
            Blob::Bytes(bytes) => bytes.len(),
            Blob::Term { len, .. } => *len as usize,
        }
    }

    /// Whether it has no bytes at all.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Appends the bytes that cross the wire: a term is its name, its seal, and zeros up to its length.
    pub fn write(&self, out: &mut Vec<u8>) {
        match self {
            Blob::Bytes(bytes) => out.extend_from_slice(bytes),
            Blob::Term { name, seal, len } => {
                let start = out.len();
                out.extend_from_slice(name);
                out.extend_from_slice(seal);
                out.resize(start + *len as usize, 0);
            }
        }
    }
}

/// The operations. Implementations are pure: the same arguments give the same result, whoever asks and whenever.
pub trait Crypto: fmt::Debug + Send + Sync {
    /// `real` or `symbolic`.
    fn name(&self) -> &'static str;

    /// `signer`'s signature over an encoded statement (which starts with its domain separator). Only the simulator's
    /// `Context` and deliberate attackers call this, and only for the party that they are.
    fn sign(&self, signer: Party, statement: &[u8]) -> Signature;

    /// Whether `signature` is `signer`'s over `statement`; strict, so that no second encoding of it is taken.
    fn verify(&self, signer: Party, statement: &[u8], signature: &Signature) -> bool;

    /// The digest of an item or of a ciphertext.
    fn digest_blob(&self, blob: &Blob) -> Digest;

    /// The digest of a key, `H(k)`.
    fn digest_key(&self, key: &Key) -> Digest;

    /// The item sealed under the key. The result is `SEAL_OVERHEAD_BYTES` longer than the item.
    fn seal(&self, key: &Key, nonce: [u8; 12], item: &Blob) -> Blob;

    /// One ciphertext that opens under both keys, to two different contents of the first item's length. As far as can be, the
    /// first key's content is the first item and the second's the second: under real cryptography each has half of its blocks
    /// right, less one that is noise in both (the module `two_keys` says which). Nobody honest does this.
    fn seal_twice(&self, keys: [&Key; 2], nonce: [u8; 12], items: [&Blob; 2]) -> Blob;

    /// What was sealed, or `None` where the key does not fit or the ciphertext has been touched.
    fn open(&self, key: &Key, sealed: &Blob) -> Option<Blob>;

    /// Any bytes sealed under the key, [`SEAL_OVERHEAD_BYTES`] longer than they were.
    fn seal_bytes(&self, key: &Key, nonce: [u8; 12], bytes: &[u8]) -> Vec<u8>;

    /// The inverse of [`seal_bytes`](Self::seal_bytes), or `None` where the key does not fit or the bytes have been touched.
    fn open_bytes(&self, key: &Key, sealed: &[u8]) -> Option<Vec<u8>>;

    /// Content number `number` of a merchant's catalogue, `len` bytes long (at least [`ITEM_BYTES_MIN`]). Different numbers
    /// give different content. It is everybody's knowledge, like a catalogue, and depends on the seed alone.
    fn content(&self, merchant: u32, number: u32, len: u32) -> Blob;

    /// A blob as it came from the wire: the inverse of [`Blob::write`], for any bytes at all.
    fn read_blob(&self, bytes: &[u8]) -> Blob;
}

fn hex(f: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    bytes.iter().take(4).try_for_each(|byte| write!(f, "{byte:02x}"))?;
    write!(f, "..")
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex(f, &self.0)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex(f, &self.0)
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex(f, &self.0)
    }
}

impl fmt::Debug for Blob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Blob::Bytes(bytes) => {
                hex(f, bytes)?;
                write!(f, "({} bytes)", bytes.len())
            }
            Blob::Term { name, seal, len } => {
                hex(f, name)?;
                if *seal != [0; 16] {
                    hex(f, seal)?;
                }
                write!(f, "({len} bytes)")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::real::Real;
    use super::streams::Streams;
    use super::symbolic::Symbolic;
    use super::*;

    fn both() -> [Box<dyn Crypto>; 2] {
        let streams = Streams::new(5);
        [Box::new(Real::new(streams, 2, 2)), Box::new(Symbolic::new(streams))]
    }

    fn flipped(blob: &Blob, bit: usize, crypto: &dyn Crypto) -> Blob {
        let mut bytes = Vec::new();
        blob.write(&mut bytes);
        let bit = bit % (bytes.len() * 8);
        bytes[bit / 8] ^= 1 << (bit % 8);
        crypto.read_blob(&bytes)
    }

    #[test]
    fn both_kinds_have_the_same_lengths() {
        for len in [32, 33, 512, 4096] {
            let [real, symbolic] = both().map(|crypto| {
                let item = crypto.content(1, 3, len);
                let sealed = crypto.seal(&Key([1; 32]), [2; 12], &item);
                (item.len(), sealed.len())
            });
            assert_eq!(real, symbolic);
            assert_eq!(real, (len as usize, (len + SEAL_OVERHEAD_BYTES) as usize));
        }
    }

    #[test]
    fn contents_differ_by_number_and_merchant_and_not_by_call() {
        for crypto in both() {
            assert_eq!(crypto.content(0, 1, 64), crypto.content(0, 1, 64));
            assert_ne!(crypto.content(0, 1, 64), crypto.content(0, 2, 64));
            assert_ne!(crypto.content(0, 1, 64), crypto.content(1, 1, 64));
        }
    }

    #[test]
    fn a_signature_is_the_signers_alone() {
        for crypto in both() {
            let signature = crypto.sign(Party::Customer(0), b"statement");
            assert!(crypto.verify(Party::Customer(0), b"statement", &signature));
            assert!(!crypto.verify(Party::Customer(1), b"statement", &signature));
            assert!(!crypto.verify(Party::Merchant(0), b"statement", &signature));
            assert!(!crypto.verify(Party::Customer(0), b"statemenT", &signature));
            assert!(!crypto.verify(Party::Customer(9), b"statement", &signature));
        }
    }

    proptest! {
        #[test]
        fn what_is_sealed_opens_under_its_key_alone(key: [u8; 32], nonce: [u8; 12], other: [u8; 32], len in 32_u32..2000) {
            for crypto in both() {
                let item = crypto.content(0, 7, len);
                let sealed = crypto.seal(&Key(key), nonce, &item);
                prop_assert_eq!(crypto.open(&Key(key), &sealed), Some(item));
                prop_assert_eq!(crypto.open(&Key(other), &sealed), None);
            }
        }

        #[test]
        fn a_flipped_bit_is_caught_wherever_it_is(bit: usize) {
            for crypto in both() {
                let item = crypto.content(0, 7, 100);
                let sealed = crypto.seal(&Key([3; 32]), [4; 12], &item);
                prop_assert_eq!(crypto.open(&Key([3; 32]), &flipped(&sealed, bit, &*crypto)), None);
                prop_assert_ne!(crypto.digest_blob(&flipped(&item, bit, &*crypto)), crypto.digest_blob(&item));
                let mut signature = crypto.sign(Party::Merchant(1), b"statement");
                signature.0[bit % 64] ^= 1 << (bit / 64 % 8);
                prop_assert!(!crypto.verify(Party::Merchant(1), b"statement", &signature));
            }
        }

        #[test]
        fn what_is_sealed_twice_opens_under_two_keys_to_two_contents(a: [u8; 32], b: [u8; 32], nonce: [u8; 12], len in 32_u32..2000) {
            prop_assume!(a != b && a[0] ^ b[0] != 1);
            for crypto in both() {
                let items = [crypto.content(0, 7, len), crypto.content(0, 8, len)];
                let sealed = crypto.seal_twice([&Key(a), &Key(b)], nonce, [&items[0], &items[1]]);
                let opened = [a, b].map(|key| crypto.open(&Key(key), &sealed).expect("it opens"));
                prop_assert_eq!(sealed.len(), (len + SEAL_OVERHEAD_BYTES) as usize);
                prop_assert_eq!([opened[0].len(), opened[1].len()], [len as usize; 2]);
                prop_assert_ne!(&opened[0], &opened[1]);
                let mut third = a;
                third[0] ^= 1;
                prop_assert_eq!(crypto.open(&Key(third), &sealed), None);
                for bit in [0, 130, 200, 300] {
                    prop_assert_eq!(crypto.open(&Key(a), &flipped(&sealed, bit, &*crypto)), None);
                }
                // What came out is content like any other.
                let again = crypto.seal(&Key(third), nonce, &opened[0]);
                prop_assert_eq!(crypto.open(&Key(third), &again), Some(opened[0].clone()));
            }
        }

        #[test]
        fn any_bytes_can_be_read_and_keep_their_length(bytes: Vec<u8>) {
            for crypto in both() {
                let blob = crypto.read_blob(&bytes);
                prop_assert_eq!(blob.len(), bytes.len());
                let mut written = Vec::new();
                blob.write(&mut written);
                prop_assert_eq!(written.len(), bytes.len());
                prop_assert_eq!(crypto.open(&Key([0; 32]), &blob), None);
            }
        }
    }
}
