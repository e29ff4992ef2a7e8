//! What was said to or by one merchant is said to or by the next, under the same TID.

use super::super::deviation::Errands;
use super::{Forged, Outsider, Overheard};
use crate::party::PurchaseKey;
use crate::protocol::setup::Setup;

#[derive(Debug)]
pub(super) struct ReplayAcrossMerchants;

impl Outsider for ReplayAcrossMerchants {
    fn name(&self) -> &'static str {
        "replay-across-merchants"
    }

    fn about(&self) -> &'static str {
        "sends the messages of a purchase to and from another merchant, under the same TID"
    }

    /// There is another merchant, of whom the customer buys another time.
    fn errands(&self) -> Option<Errands> {
        Some(Errands { merchants: 2, ..Errands::two(20_000) })
    }

    fn heeds_the_past(&self) -> bool {
        true
    }

    fn meddle(&self, heard: &[Overheard], setup: &Setup) -> Vec<Forged> {
        let Some(last) = heard.last() else { return Vec::new() };
        let (about, merchants) = (last.message.about, setup.population.merchants);
        let other = PurchaseKey { merchant: (about.merchant + 1) % merchants.max(1), ..about };
        if other == about { Vec::new() } else { vec![last.renamed(other, 0)] }
    }
}
