//! What parties and P have in hand when a purchase comes before the judge.

use super::facts::{Entry, PurchaseFacts};
use crate::party::Side;
use crate::protocol::part::Part;

/// What a party has of a purchase: what its journal holds, and what it was sent.
pub fn papers(purchase: &PurchaseFacts, side: Side) -> Vec<Part> {
    match side {
        Side::Customer => [parts(&purchase.customer), purchase.received.clone()].concat(),
        _ => parts(&purchase.merchant),
    }
}

/// What a journal holds.
pub fn parts(journal: &[Entry]) -> Vec<Part> {
    let mut parts = Vec::with_capacity(journal.iter().map(|(record, _)| record.parts.len()).sum());
    journal.iter().for_each(|(record, _)| parts.extend_from_slice(&record.parts));
    parts
}

/// What P's record says.
pub fn on_record(purchase: &PurchaseFacts) -> Vec<Part> {
    purchase.commitment().or(purchase.record()).map_or_else(Vec::new, |record| record.parts.clone())
}
