//! Everything is sent twice more: at once, so that the copy comes first, and a little later.

use super::{Forged, Outsider, Overheard};
use crate::protocol::setup::Setup;

#[derive(Debug)]
pub(super) struct Replay;

impl Outsider for Replay {
    fn name(&self) -> &'static str {
        "replay"
    }

    fn about(&self) -> &'static str {
        "sends every message again, at once and a little later"
    }

    fn meddle(&self, heard: &[Overheard], setup: &Setup) -> Vec<Forged> {
        let later_us = setup.timing.retry_after_us / 2;
        heard.last().into_iter().flat_map(|last| [last.again(0), last.again(later_us)]).collect()
    }
}
