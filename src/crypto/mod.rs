//! The cryptography that roles, checker and judge use, behind one interface with two implementations.
//!
//! [`real`] is Ed25519, AES-256-GCM and SHA-256. [`symbolic`] has the same shapes and lengths, but a signature, a digest or a
//! ciphertext is the 128-bit name of the term that it stands for: nobody but its signer can name a signature, and nobody
//! without the key gets at what is sealed. Both draw every random value from the same [`streams`], so that a run takes the same
//! course under both.

pub mod real;
pub mod streams;
pub mod symbolic;

use std::fmt;
use std::sync::Arc;

use crate::protocol::party::Party;

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

    /// What was sealed, or `None` where the key does not fit or the ciphertext has been touched.
    fn open(&self, key: &Key, sealed: &Blob) -> Option<Blob>;

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
