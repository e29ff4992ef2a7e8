//! What is signed: orders, instruments, descriptions, transfers and purchase keys.
#![no_main]

use halfpaid::protocol::order::{Description, Instrument, Order, Transfer, decode_key, encode_key};
use halfpaid::protocol::wire::{Malformed, Reader, Writer};
use libfuzzer_sys::fuzz_target;

/// Whatever decodes encodes to the bytes that it came from.
fn both_ways<T>(bytes: &[u8], decode: fn(&mut Reader<'_>) -> Result<T, Malformed>, encode: fn(&T, &mut Writer)) {
    let mut from = Reader::new(bytes);
    if let Ok(value) = decode(&mut from) {
        let mut out = Writer::default();
        encode(&value, &mut out);
        assert_eq!(out.as_slice(), &bytes[..bytes.len() - from.left()]);
    }
}

fuzz_target!(|bytes: &[u8]| {
    both_ways(bytes, Order::decode, Order::encode);
    both_ways(bytes, Instrument::decode, Instrument::encode);
    both_ways(bytes, Description::decode, Description::encode);
    both_ways(bytes, Transfer::decode, Transfer::encode);
    both_ways(bytes, decode_key, encode_key);
});
