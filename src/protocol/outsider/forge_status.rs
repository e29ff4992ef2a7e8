//! M is told that it has been paid as soon as it has submitted an order, before P can have heard of it; and P gets the submission
//! with another price first, so that it declines. Where P's word has to be signed, it is P's word on the purchase before.

use std::sync::Arc;

use super::super::deviation::Errands;
use super::{Forged, Outsider, Overheard};
use crate::party::{Party, Step};
use crate::protocol::message::Message;
use crate::protocol::order::Status;
use crate::protocol::part::{Part, Parts};
use crate::protocol::setup::Setup;

#[derive(Debug)]
pub(super) struct ForgeStatus;

impl Outsider for ForgeStatus {
    fn name(&self) -> &'static str {
        "forge-status"
    }

    fn about(&self) -> &'static str {
        "tells M that it was paid, with P's word on an earlier purchase if need be, and spoils what M submits"
    }

    /// The second purchase starts when the first is over, so that there is an old status.
    fn errands(&self) -> Option<Errands> {
        Some(Errands::two(500_000))
    }

    fn heeds_the_past(&self) -> bool {
        true
    }

    fn meddle(&self, heard: &[Overheard], _: &Setup) -> Vec<Forged> {
        let Some(last) = heard.last().filter(|last| last.is(4)) else { return Vec::new() };
        let about = last.message.about;
        let old = heard.iter().rev().find(|known| {
            let committed = known.message.status() == Some(&Status::Committed);
            known.is(5) && known.message.about != about && committed
        });
        // Of the first purchase there is no old status, and a genuine one is wanted for the second.
        let Some(old) = old else { return Vec::new() };
        let paid = Message::new(about, Step::Numbered(5), old.message.parts.clone());
        let to_merchant =
            Forged { from: Party::Server, to: about.merchant(), message: Arc::new(paid), bytes: None, after_us: 0 };
        let dearer = |part: &Part| match part {
            Part::Price(cents) => Part::Price(cents.saturating_add(1)),
            other => other.clone(),
        };
        let spoilt = Message::new(about, Step::Numbered(4), last.message.parts.iter().map(dearer).collect());
        vec![to_merchant, last.saying(Arc::new(spoilt), 0)]
    }
}
