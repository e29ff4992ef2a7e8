//! What P says, and what is delivered with it, is changed on the way: M and C hear of another outcome before they hear of the real one.

use super::{Forged, Outsider, Overheard, tamper};
use crate::party::Step;
use crate::protocol::setup::Setup;

#[derive(Debug)]
pub(super) struct TamperStatus;

impl Outsider for TamperStatus {
    fn name(&self) -> &'static str {
        "tamper-status"
    }

    fn about(&self) -> &'static str {
        "changes P's word and what is delivered: copies arrive before the original"
    }

    fn meddle(&self, heard: &[Overheard], setup: &Setup) -> Vec<Forged> {
        let hit = heard.last().filter(|last| {
            !(last.is(1) || last.is(2) || last.is(3) || last.is(4) || matches!(last.message.step, Step::Query(_)))
        });
        hit.map_or_else(Vec::new, |last| tamper::copies(last, setup))
    }
}
