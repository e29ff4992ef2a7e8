//! The bytes of a message, under both kinds of cryptography: whatever decodes encodes to the same bytes.
#![no_main]

use halfpaid::protocol::message::Message;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    for crypto in halfpaid_fuzz::both() {
        if let Ok(message) = Message::decode(bytes, &*crypto) {
            let again = message.encode();
            assert_eq!(again.len(), message.encoded_len());
            // Under symbolic cryptography a blob's padding is not kept.
            if crypto.name() == "real" {
                assert_eq!(again, bytes);
            }
            assert_eq!(Message::decode(&again, &*crypto), Ok(message));
        }
    }
});
