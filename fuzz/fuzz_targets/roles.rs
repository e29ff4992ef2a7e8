//! Messages for C, M and P, one after another, as they come from the wire: no role panics, in any case.
#![no_main]

use halfpaid::protocol::message::Message;
use halfpaid::party::Party;
use halfpaid::protocol::role::{Clock, Input, Wish};
use halfpaid::world::Node;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((&case, rest)) = bytes.split_first() else { return };
    let setup = halfpaid_fuzz::setup(usize::from(case));
    let parties = [Party::Customer(0), Party::Merchant(0), Party::Server];
    let mut nodes = parties.map(|party| Node::new(party, &setup));
    let wish = Wish { merchant: 0, item: 0 };
    let _ = nodes[0].handle(Input::Start(wish), &Clock::at(0), &setup);
    for (at, chunk) in rest.split(|byte| *byte == 0xa5).take(16).enumerate() {
        let Ok(message) = Message::decode(chunk, &*setup.crypto) else { continue };
        let message = std::sync::Arc::new(message);
        for node in &mut nodes {
            let input = Input::Message { from: Party::Customer(0), message: &message };
            let _ = node.handle(input, &Clock::at(at as u64 * 1_000), &setup);
        }
    }
});
