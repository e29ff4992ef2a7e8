//! Everything is sent again after the time in which a party that has crashed comes back, so that it reaches one that has only its
//! journal left. That somebody has crashed the outsider need not know.

use super::{Forged, Outsider, Overheard};
use crate::protocol::setup::Setup;

#[derive(Debug)]
pub(super) struct ReplayAfterRestart;

impl Outsider for ReplayAfterRestart {
    fn name(&self) -> &'static str {
        "replay-after-restart"
    }

    fn about(&self) -> &'static str {
        "sends every message again once its recipient could have crashed and come back"
    }

    fn awaits_a_crash(&self) -> bool {
        true
    }

    fn meddle(&self, heard: &[Overheard], setup: &Setup) -> Vec<Forged> {
        let after_us = setup.timing.restart_after_us.saturating_mul(3) / 2;
        heard.last().map(|last| last.again(after_us)).into_iter().collect()
    }
}
