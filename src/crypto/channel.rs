//! Sealed channels: what two parties say to each other, sealed under a key that only they have.
//!
//! Each direction between two parties has a key of its own, so that a message cannot be turned round. The keys are agreed before a
//! run starts and come from the seed, like the signing keys; how parties agree on them (and what that costs, once for each pair and
//! not for each purchase) is left out. A nonce is drawn for each envelope from its sender's stream: a counter would have to be
//! forced to stable storage, or be used twice after a crash. An observer of the network sees who sends to whom, and how many bytes:
//! those of the message and [`SEAL_OVERHEAD_BYTES`](super::SEAL_OVERHEAD_BYTES) more. It can still replay what it has seen.

use super::streams::{Purpose, Streams};
use super::{Crypto, Key};
use crate::party::Party;

/// Where nonces start in a party's stream; keys stand below, one for each party there may be.
const NONCES: u64 = 1 << 40;

fn key(streams: &Streams, from: Party, to: Party) -> Key {
    let place = match to {
        Party::Customer(number) => 1 << 32 | u64::from(number),
        Party::Merchant(number) => 2 << 32 | u64::from(number),
        Party::Server => 3 << 32,
    };
    Key(streams.draw(Purpose::Channel, Some(from), place))
}

/// The bytes of envelope `number` as they cross the network.
pub fn seal(
    crypto: &dyn Crypto,
    streams: &Streams,
    (from, to): (Party, Party),
    number: u32,
    message: &[u8],
) -> Vec<u8> {
    let mut nonce = [0; 12];
    nonce.copy_from_slice(&streams.draw(Purpose::Channel, Some(from), NONCES + u64::from(number))[..12]);
    crypto.seal_bytes(&key(streams, from, to), nonce, message)
}

/// What was sealed, or `None` if the bytes were touched, or sealed for somebody else.
pub fn open(crypto: &dyn Crypto, streams: &Streams, (from, to): (Party, Party), sealed: &[u8]) -> Option<Vec<u8>> {
    crypto.open_bytes(&key(streams, from, to), sealed)
}

#[cfg(test)]
mod tests {
    use super::super::SEAL_OVERHEAD_BYTES;
    use super::super::real::Real;
    use super::super::symbolic::Symbolic;
    use super::*;

    #[test]
    fn a_sealed_message_opens_for_its_recipient_alone_and_only_untouched() {
        let streams = Streams::new(3);
        let both: [Box<dyn Crypto>; 2] = [Box::new(Real::new(streams, 2, 1)), Box::new(Symbolic::new(streams))];
        let (c, m) = (Party::Customer(0), Party::Merchant(0));
        for crypto in both {
            let open = |way, bytes: &[u8]| open(&*crypto, &streams, way, bytes);
            for len in [0, 1, 15, 16, 17, 1000] {
                let message: Vec<u8> = (0..len).map(|i| i as u8).collect();
                let sealed = seal(&*crypto, &streams, (c, m), 7, &message);
                assert_eq!(sealed.len(), len + SEAL_OVERHEAD_BYTES as usize);
                assert_eq!(open((c, m), &sealed), Some(message.clone()));
                for way in [(m, c), (c, Party::Server), (Party::Customer(1), m)] {
                    assert_eq!(open(way, &sealed), None, "{way:?}");
                }
                for at in [0, 11, sealed.len() / 2, sealed.len() - 1] {
                    let mut touched = sealed.clone();
                    touched[at] ^= 1;
                    assert_eq!(open((c, m), &touched), None, "byte {at} of {len}");
                }
                assert_eq!(open((c, m), &sealed[..sealed.len() - 1]), None);
                assert_ne!(seal(&*crypto, &streams, (c, m), 8, &message), sealed, "said twice, it looks different");
            }
            let patterned = seal(&*crypto, &streams, (c, m), 7, &[0; 64]);
            assert!(patterned.windows(8).all(|window| window != [0; 8]), "the content shows");
            assert_eq!(open((c, m), &[1; 27]), None);
        }
    }
}
