//! Fingerprints of what is hashed again and again and seldom changes.

use std::hash::Hasher;
use std::sync::OnceLock;

use twox_hash::XxHash3_128;

/// A value's name. 128 bits: among a thousand million values two share one with a chance of one in 10²⁰.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(pub u128);

/// Where a fingerprint is worked out: all that is hashed, byte after byte.
#[derive(Debug, Default)]
pub struct Room(Vec<u8>);

impl Room {
    /// Forgets what was hashed.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// The fingerprint of all that was hashed.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint(XxHash3_128::oneshot(&self.0))
    }

    /// A value's own fingerprint: the one that is kept beside it, or of what `hash` hashes.
    pub(super) fn known(&mut self, kept: &Kept, hash: impl FnOnce(&mut Room)) -> Fingerprint {
        *kept.0.get_or_init(|| {
            let before = self.0.len();
            hash(self);
            let fingerprint = Fingerprint(XxHash3_128::oneshot(&self.0[before..]));
            self.0.truncate(before);
            fingerprint
        })
    }
}

impl Hasher for Room {
    /// Nobody asks for these 64 bits.
    fn finish(&self) -> u64 {
        self.fingerprint().0 as u64
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    fn write_u8(&mut self, byte: u8) {
        self.0.push(byte);
    }

    /// Lengths, which are small: one byte, or nine.
    fn write_usize(&mut self, number: usize) {
        match u8::try_from(number) {
            Ok(byte) if byte < u8::MAX => self.0.push(byte),
            _ => {
                self.0.push(u8::MAX);
                self.0.extend_from_slice(&number.to_le_bytes());
            }
        }
    }

    /// Which variant of an enumeration, which is small too.
    fn write_isize(&mut self, number: isize) {
        self.write_usize(number as usize);
    }
}

/// A value's fingerprint, kept beside it once it has been asked for. Whoever changes the value has to forget it. It says nothing that the
/// value does not, so no two values differ in it.
#[derive(Debug, Clone, Default)]
pub(super) struct Kept(OnceLock<Fingerprint>);

impl Kept {
    /// The value is about to change.
    pub(super) fn forget(&mut self) {
        self.0.take();
    }
}

impl PartialEq for Kept {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Kept {}

impl std::hash::Hash for Kept {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}
