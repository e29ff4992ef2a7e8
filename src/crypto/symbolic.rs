//! Symbolic cryptography: terms in place of bytes, for exhaustive work.
//!
//! A digest, a signature and a ciphertext are terms built by free constructors: `H(x)`, `sig(X, y)`, `{x}k`. Two terms are equal
//! only if they are built alike, and nothing can be taken out of one but by the rules: `open` undoes `seal` under the same key
//! (and `seal_twice` under either of its two), `verify` compares with the term that the signer would build. A term is written as its *name*, the XXH3-128 hash of its
//! constructor and arguments, so that it takes the place of real bytes of the same length, is cheap to copy, and needs no table.
//! XXH3 is no cryptographic hash: what makes a signature unforgeable here is that no role, and no fault, computes names but
//! through these functions, and that a signature is made only by `Context::sign`, for the party itself. Two different terms
//! share a name with odds of one in 2^128; among a billion terms, about one in 10^21.

use twox_hash::XxHash3_128;

use super::streams::{Purpose, Streams};
use super::two_keys::{inverse, multiply};
use super::{Blob, Crypto, Digest, ITEM_BYTES_MIN, Key, SEAL_OVERHEAD_BYTES, Signature};
use crate::party::Party;

/// The cryptography of terms.
#[derive(Debug)]
pub struct Symbolic {
    streams: Streams,
}

/// The constructors of terms.
#[derive(Debug, Clone, Copy)]
enum Constructor {
    Item = 1,
    Sealed = 2,
    DigestOfContent = 3,
    DigestOfKey = 4,
    Signature = 5,
    /// Bytes that are no term: garbled on the way, or made up.
    Junk = 6,
    /// What a ciphertext that was sealed under two keys gives under one of them.
    HalfOpened = 7,
    /// A key's straight line, on which such a ciphertext must lie: its slope and its offset.
    Line = 8,
    /// Bytes sealed under a key: the tag.
    SealedBytes = 9,
    /// What hides sixteen of them.
    Mask = 10,
}

/// The name of a term.
fn name(constructor: Constructor, arguments: &[&[u8]]) -> [u8; 16] {
    let mut buffer = [0_u8; 512];
    let len = 1 + arguments.iter().map(|argument| 4 + argument.len()).sum::<usize>();
    let mut heap;
    let bytes: &mut [u8] = if len <= buffer.len() {
        &mut buffer[..len]
    } else {
        heap = vec![0; len];
        &mut heap
    };
    bytes[0] = constructor as u8;
    let mut at = 1;
    for argument in arguments {
        bytes[at..at + 4].copy_from_slice(&(argument.len() as u32).to_le_bytes());
        bytes[at + 4..at + 4 + argument.len()].copy_from_slice(argument);
        at += 4 + argument.len();
    }
    XxHash3_128::oneshot(bytes).to_le_bytes()
}

fn party_bytes(party: Party) -> [u8; 5] {
    let (kind, number) = match party {
        Party::Customer(number) => (1, number),
        Party::Merchant(number) => (2, number),
        Party::Server => (3, 0),
    };
    let mut bytes = [kind; 5];
    bytes[1..].copy_from_slice(&number.to_le_bytes());
    bytes
}

/// A name at the start of as many bytes as the real thing takes.
fn padded<const N: usize>(name: [u8; 16]) -> [u8; N] {
    let mut bytes = [0; N];
    bytes[..16].copy_from_slice(&name);
    bytes
}

/// Hides bytes, or shows them again.
fn mask(key: &Key, nonce: &[u8; 12], bytes: &mut [u8]) {
    for (i, block) in bytes.chunks_mut(16).enumerate() {
        let mask = name(Constructor::Mask, &[&key.0, nonce, &(i as u64).to_le_bytes()]);
        block.iter_mut().zip(mask).for_each(|(byte, mask)| *byte ^= mask);
    }
}

/// A straight line in GF(2^128).
struct Line {
    slope: u128,
    offset: u128,
}

impl Line {
    /// That of a key, for contents of that length.
    fn of(key: &Key, len: u32) -> Self {
        let part = |what: &[u8]| u128::from_le_bytes(name(Constructor::Line, &[&key.0, what, &len.to_le_bytes()]));
        Line { slope: part(b"slope"), offset: part(b"offset") }
    }

    fn at(&self, x: u128) -> u128 {
        multiply(self.slope, x) ^ self.offset
    }
}

impl Symbolic {
    /// The terms of a seed.
    pub const fn new(streams: Streams) -> Self {
        Symbolic { streams }
    }
}

impl Crypto for Symbolic {
    fn name(&self) -> &'static str {
        "symbolic"
    }

    fn sign(&self, signer: Party, statement: &[u8]) -> Signature {
        Signature(padded(name(Constructor::Signature, &[&party_bytes(signer), statement])))
    }

    fn verify(&self, signer: Party, statement: &[u8], signature: &Signature) -> bool {
        self.sign(signer, statement) == *signature
    }

    fn digest_blob(&self, blob: &Blob) -> Digest {
        Digest(padded(match blob {
            Blob::Bytes(bytes) => name(Constructor::DigestOfContent, &[bytes]),
            Blob::Term { name: item, seal, len } => {
                name(Constructor::DigestOfContent, &[item, seal, &len.to_le_bytes()])
            }
        }))
    }

    fn digest_key(&self, key: &Key) -> Digest {
        Digest(padded(name(Constructor::DigestOfKey, &[&key.0])))
    }

    /// As in the real thing, nothing but the tag depends on the key; the nonce, drawn with the key and used once, is left out.
    fn seal(&self, key: &Key, _nonce: [u8; 12], item: &Blob) -> Blob {
        match item {
            Blob::Term { name: item, len, .. } => {
                let seal = name(Constructor::Sealed, &[&key.0, item, &len.to_le_bytes()]);
                Blob::Term { name: *item, seal, len: len + SEAL_OVERHEAD_BYTES }
            }
            Blob::Bytes(bytes) => self.read_blob(bytes),
        }
    }

    /// As in the real thing, what comes out under either key depends on the ciphertext and that key, and is a content like any
    /// other, of which the merchant can say that it is its item. And as there, each key demands that name and seal satisfy an
    /// equation, and two keys' equations are solved at once: here each is a straight line in GF(2^128), and two lines meet.
    fn seal_twice(&self, keys: [&Key; 2], nonce: [u8; 12], items: [&Blob; 2]) -> Blob {
        let Blob::Term { len, .. } = *items[0] else { return self.seal(keys[0], nonce, items[0]) };
        let [first, second] = keys.map(|key| Line::of(key, len));
        if first.slope == second.slope {
            return self.seal(keys[0], nonce, items[0]);
        }
        let meeting = multiply(first.offset ^ second.offset, inverse(first.slope ^ second.slope));
        let (name, seal) = (meeting.to_le_bytes(), first.at(meeting).to_le_bytes());
        Blob::Term { name, seal, len: len + SEAL_OVERHEAD_BYTES }
    }

    fn open(&self, key: &Key, sealed: &Blob) -> Option<Blob> {
        let Blob::Term { name: item, seal, len } = sealed else { return None };
        let len = len.checked_sub(SEAL_OVERHEAD_BYTES)?;
        if *seal == name(Constructor::Sealed, &[&key.0, item, &len.to_le_bytes()]) {
            return Some(Blob::Term { name: *item, seal: [0; 16], len });
        }
        let fits = Line::of(key, len).at(u128::from_le_bytes(*item)) == u128::from_le_bytes(*seal);
        fits.then(|| Blob::Term { name: name(Constructor::HalfOpened, &[&key.0, item]), seal: [0; 16], len })
    }

    /// Nonce, content under a mask, tag. The mask is a term too: without the key nobody can name it.
    fn seal_bytes(&self, key: &Key, nonce: [u8; 12], bytes: &[u8]) -> Vec<u8> {
        let mut sealed = nonce.to_vec();
        sealed.extend_from_slice(bytes);
        mask(key, &nonce, &mut sealed[12..]);
        sealed.extend_from_slice(&name(Constructor::SealedBytes, &[&key.0, &nonce, bytes]));
        sealed
    }

    fn open_bytes(&self, key: &Key, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, rest) = sealed.split_first_chunk::<12>()?;
        let (masked, tag) = rest.split_last_chunk::<16>()?;
        let mut bytes = masked.to_vec();
        mask(key, nonce, &mut bytes);
        (name(Constructor::SealedBytes, &[&key.0, nonce, &bytes]) == *tag).then_some(bytes)
    }

    fn content(&self, merchant: u32, number: u32, len: u32) -> Blob {
        let seed = self.streams.draw(Purpose::Content, Some(Party::Merchant(merchant)), u64::from(number));
        Blob::Term { name: name(Constructor::Item, &[&seed]), seal: [0; 16], len: len.max(ITEM_BYTES_MIN) }
    }

    fn read_blob(&self, bytes: &[u8]) -> Blob {
        let (Some(head), Ok(len)) = (bytes.first_chunk::<32>(), u32::try_from(bytes.len())) else {
            return Blob::Bytes(bytes.into());
        };
        let (mut item, mut seal) = ([0; 16], [0; 16]);
        item.copy_from_slice(&head[..16]);
        seal.copy_from_slice(&head[16..]);
        if bytes[32..].iter().any(|byte| *byte != 0) {
            item = name(Constructor::Junk, &[b"name", bytes]);
            seal = name(Constructor::Junk, &[b"seal", bytes]);
        }
        Blob::Term { name: item, seal, len }
    }
}
