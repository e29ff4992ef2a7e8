//! P is asked to record that a purchase has lapsed: at once, with an order whose date the outsider has set back, and at the very
//! moment at which the genuine order lapses.

use std::sync::Arc;

use super::ask::questions;
use super::{Forged, Outsider, Overheard};
use crate::protocol::order::{Instrument, Order};
use crate::protocol::part::Parts;
use crate::protocol::setup::Setup;

#[derive(Debug)]
pub(super) struct Abort;

impl Outsider for Abort {
    fn name(&self) -> &'static str {
        "abort"
    }

    fn about(&self) -> &'static str {
        "asks P to record an abort, with the order's date set back, and when the order lapses"
    }

    fn meddle(&self, heard: &[Overheard], _: &Setup) -> Vec<Forged> {
        // Every message that carries the order is an occasion: a question that was signed comes late.
        let Some(last) = heard.last() else { return Vec::new() };
        let Some(instrument) = last.message.instrument() else { return Vec::new() };
        let lapsed = Order { expires_us: 0, ..instrument.order };
        let dated_back = Arc::new(Instrument { order: lapsed, ..(**instrument).clone() });
        let until_us = instrument.order.expires_us.saturating_sub(last.at_us);
        questions(heard, &dated_back, 0).into_iter().chain(questions(heard, instrument, until_us)).collect()
    }
}
