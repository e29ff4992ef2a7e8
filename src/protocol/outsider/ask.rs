//! As soon as an order is on its way to M, P is asked about it in C's name and in M's, before P can have heard of it: what C hears
//! then is an honest "unknown". Where a question has to be signed, the outsider uses the signature of a question that it has heard.

use std::sync::Arc;

use super::{Forged, Outsider, Overheard};
use crate::party::{Party, Side, Step};
use crate::protocol::message::Message;
use crate::protocol::order::Instrument;
use crate::protocol::part::{Part, Parts};
use crate::protocol::setup::Setup;

#[derive(Debug)]
pub(super) struct Ask;

/// Questions about a purchase in both parties' names, signed as far as the outsider has heard them sign.
pub(super) fn questions(heard: &[Overheard], instrument: &Arc<Instrument>, after_us: u64) -> [Forged; 2] {
    let about = instrument.order.about;
    [(Side::Customer, about.customer()), (Side::Merchant, about.merchant())].map(|(side, asker)| {
        let asked = |known: &&Overheard| known.from == asker && known.message.about == about;
        let request = heard.iter().filter(asked).find_map(|known| known.message.request().copied());
        let parts = [Part::Instrument(Arc::clone(instrument))].into_iter().chain(request.map(Part::Request));
        let message = Arc::new(Message::new(about, Step::Query(side), parts.collect()));
        Forged { from: asker, to: Party::Server, message, bytes: None, after_us }
    })
}

impl Outsider for Ask {
    fn name(&self) -> &'static str {
        "ask"
    }

    fn about(&self) -> &'static str {
        "asks P about a purchase in C's name and in M's, before P has heard of it"
    }

    fn meddle(&self, heard: &[Overheard], _: &Setup) -> Vec<Forged> {
        let order = heard.last().filter(|last| last.is(3)).and_then(|last| last.message.instrument());
        order.into_iter().flat_map(|instrument| questions(heard, instrument, 0)).collect()
    }
}
