//! The one encoding of everything that is signed or sent.
//!
//! Integers are little-endian and of fixed width; whatever varies in length is preceded by its length as a `u32`; what may be
//! absent is preceded by a byte, 0 or 1. So every value has exactly one encoding, and no two values share one.

use crate::crypto::{Digest, Signature};

/// Bytes that cannot be decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("malformed bytes: {0}")]
pub struct Malformed(pub &'static str);

/// Appends values to a buffer.
#[derive(Debug, Clone, Default)]
pub struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    /// A writer that starts with a domain separator: the kind of what follows, so that bytes of one kind never pass for another.
    pub fn domain(kind: &str) -> Self {
        let mut writer = Writer { bytes: Vec::with_capacity(256) };
        writer.bytes(b"halfpaid/1").bytes(kind.as_bytes());
        writer
    }

    /// A writer that starts empty and uses the memory of an old buffer.
    pub fn reuse(mut bytes: Vec<u8>) -> Self {
        bytes.clear();
        Writer { bytes }
    }

    /// Appends a byte.
    pub fn u8(&mut self, value: u8) -> &mut Self {
        self.bytes.push(value);
        self
    }

    /// Appends a `u32`.
    pub fn u32(&mut self, value: u32) -> &mut Self {
        self.fixed(&value.to_le_bytes())
    }

    /// Appends a `u64`.
    pub fn u64(&mut self, value: u64) -> &mut Self {
        self.fixed(&value.to_le_bytes())
    }

    /// Appends an `i64`.
    pub fn i64(&mut self, value: i64) -> &mut Self {
        self.fixed(&value.to_le_bytes())
    }

    /// Appends bytes whose number is fixed by the kind of value.
    pub fn fixed(&mut self, bytes: &[u8]) -> &mut Self {
        self.bytes.extend_from_slice(bytes);
        self
    }

    /// Appends a length and that many bytes.
    pub fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.u32(bytes.len() as u32).fixed(bytes)
    }

    /// Appends a digest that may be absent.
    pub fn digest(&mut self, digest: Option<&Digest>) -> &mut Self {
        match digest {
            None => self.u8(0),
            Some(digest) => self.u8(1).fixed(&digest.0),
        }
    }

    /// Appends a signature that may be absent.
    pub fn signature(&mut self, signature: Option<&Signature>) -> &mut Self {
        match signature {
            None => self.u8(0),
            Some(signature) => self.u8(1).fixed(&signature.0),
        }
    }

    /// The buffer itself, for values that write themselves.
    pub fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// What has been written so far.
    pub fn as_slice(&self) -> &[u8] {
        &self.bytes
    }

    /// The finished bytes.
    pub fn finish(self) -> Vec<u8> {
        self.bytes
    }
}

/// Takes values off the front of a buffer.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// A reader of all the bytes.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Reader { rest: bytes }
    }

    /// The next `n` bytes.
    pub fn take(&mut self, n: usize) -> Result<&'a [u8], Malformed> {
        if self.rest.len() < n {
            return Err(Malformed("too short"));
        }
        let (head, tail) = self.rest.split_at(n);
        self.rest = tail;
        Ok(head)
    }

    /// The next bytes, as many as their type says.
    pub fn fixed<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let mut out = [0; N];
        out.copy_from_slice(self.take(N)?);
        Ok(out)
    }

    /// The next byte.
    pub fn u8(&mut self) -> Result<u8, Malformed> {
        Ok(self.fixed::<1>()?[0])
    }

    /// The next `u32`.
    pub fn u32(&mut self) -> Result<u32, Malformed> {
        Ok(u32::from_le_bytes(self.fixed()?))
    }

    /// The next `u64`.
    pub fn u64(&mut self) -> Result<u64, Malformed> {
        Ok(u64::from_le_bytes(self.fixed()?))
    }

    /// The next `i64`.
    pub fn i64(&mut self) -> Result<i64, Malformed> {
        Ok(i64::from_le_bytes(self.fixed()?))
    }

    /// A length and that many bytes.
    pub fn bytes(&mut self) -> Result<&'a [u8], Malformed> {
        let len = self.u32()? as usize;
        self.take(len)
    }

    /// Whether an optional value follows.
    pub fn present(&mut self) -> Result<bool, Malformed> {
        match self.u8()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Malformed("a presence byte that is neither 0 nor 1")),
        }
    }

    /// A digest that may be absent.
    pub fn digest(&mut self) -> Result<Option<Digest>, Malformed> {
        Ok(if self.present()? { Some(Digest(self.fixed()?)) } else { None })
    }

    /// A signature that may be absent.
    pub fn signature(&mut self) -> Result<Option<Signature>, Malformed> {
        Ok(if self.present()? { Some(Signature(self.fixed()?)) } else { None })
    }

    /// How many bytes are left.
    pub const fn left(&self) -> usize {
        self.rest.len()
    }

    /// Fails where bytes are left over.
    pub const fn end(&self) -> Result<(), Malformed> {
        if self.rest.is_empty() { Ok(()) } else { Err(Malformed("bytes left over")) }
    }
}
