//! Everything is sent again when P may have forgotten it: once while orders are still good, if P forgets so soon, and once after
//! both retention and the order's lifetime are over.

use super::{Forged, Outsider, Overheard};
use crate::protocol::setup::Setup;

#[derive(Debug)]
pub(super) struct ReplayAfterRetention;

impl Outsider for ReplayAfterRetention {
    fn name(&self) -> &'static str {
        "replay-after-retention"
    }

    fn about(&self) -> &'static str {
        "sends every message again after P may have forgotten it, before the order lapses and after"
    }

    fn meddle(&self, heard: &[Overheard], setup: &Setup) -> Vec<Forged> {
        let timing = &setup.timing;
        let soon_us = timing.forgetful_us().saturating_add(timing.instrument_lifetime_us / 4);
        let late_us = timing.dedup_retention_us.saturating_add(timing.instrument_lifetime_us);
        heard.last().into_iter().flat_map(|last| [last.again(soon_us), last.again(late_us)]).collect()
    }
}
