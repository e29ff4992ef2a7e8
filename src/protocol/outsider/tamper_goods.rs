//! The key or the item that M submits is another when it reaches P, or one comes with it that M has not sent. Nothing else is changed, so
//! that a P that does not look at the goods takes them.

use super::{Forged, Outsider, Overheard, tamper};
use crate::protocol::part::Part;
use crate::protocol::setup::Setup;

#[derive(Debug)]
pub(super) struct TamperGoods;

impl Outsider for TamperGoods {
    fn name(&self) -> &'static str {
        "tamper-goods"
    }

    fn about(&self) -> &'static str {
        "changes the key or the item that M submits, or adds one: copies arrive before the original"
    }

    fn meddle(&self, heard: &[Overheard], setup: &Setup) -> Vec<Forged> {
        let goods = |part: &Part| matches!(part, Part::Key(_) | Part::Item(_));
        let Some(last) = heard.last().filter(|last| last.is(4)) else { return Vec::new() };
        let mut copies = tamper::copies_of(last, goods, setup);
        copies.extend(tamper::with_goods(last, setup));
        copies
    }
}
