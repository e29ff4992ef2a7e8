//! Which bits of a message a search tries to flip: enough to hit each part of it once or twice.

use crate::protocol::message::Message;

/// One bit of the purchase's name, the first of each part, and one in the middle of a long part; bits count from the first byte's
/// lowest.
pub fn bits(message: &Message) -> Vec<u32> {
    let mut bytes = vec![0];
    for (_, span) in message.spans() {
        bytes.push(span.start);
        bytes.extend((span.len() > 8).then_some(span.start + span.len() / 2));
    }
    bytes.into_iter().map(|at| at as u32 * 8).collect()
}
