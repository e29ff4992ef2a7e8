//! Where TIDs are counted, the next one is no secret: the outsider inquires under it in the customer's name, for another item,
//! before the customer does, so that M has quoted something else by then.
//!
//! It cannot do more with a name. An order needs C's signature, and so does a question to P about a purchase that P has not heard
//! of: the question carries the order.

use std::sync::Arc;

use super::super::deviation::Errands;
use super::{Forged, Outsider, Overheard};
use crate::party::{PurchaseKey, Step, Tid};
use crate::protocol::message::Message;
use crate::protocol::order::Description;
use crate::protocol::part::{Part, Parts};
use crate::protocol::setup::Setup;

#[derive(Debug)]
pub(super) struct GuessTid;

impl Outsider for GuessTid {
    fn name(&self) -> &'static str {
        "guess-tid"
    }

    fn about(&self) -> &'static str {
        "inquires for another item under the TID that would come next if they were counted"
    }

    /// The second purchase has a name that can be guessed from the first.
    fn errands(&self) -> Option<Errands> {
        Some(Errands::two(500_000))
    }

    fn meddle(&self, heard: &[Overheard], setup: &Setup) -> Vec<Forged> {
        let Some(last) = heard.last().filter(|last| last.is(1)) else { return Vec::new() };
        let Some(description) = last.message.description() else { return Vec::new() };
        let item = (description.item + 1) % setup.catalogue.items().max(1);
        let tid = u128::from_be_bytes(last.message.about.tid.0);
        let inquiry = |tid: u128| {
            let about = PurchaseKey { tid: Tid(tid.to_be_bytes()), ..last.message.about };
            let parts = vec![Part::Description(Description { item, ..*description })];
            last.saying(Arc::new(Message::new(about, Step::Numbered(1), parts)), 0)
        };
        vec![inquiry(tid.wrapping_add(1))]
    }
}
