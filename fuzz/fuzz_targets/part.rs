//! A part of a message, a record or a bundle of evidence.
#![no_main]

use halfpaid::protocol::part::Part;
use halfpaid::protocol::wire::{Reader, Writer};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    for crypto in halfpaid_fuzz::both() {
        let mut from = Reader::new(bytes);
        if let Ok(part) = Part::decode(&mut from, &*crypto) {
            let mut out = Writer::default();
            part.encode(&mut out);
            assert_eq!(out.as_slice().len(), part.encoded_len());
            assert_eq!(bytes.len() - from.left(), part.encoded_len());
        }
    }
});
