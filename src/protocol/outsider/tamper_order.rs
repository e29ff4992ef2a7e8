//! Orders and what M submits with them are changed on the way to M and to P, and so are questions.

use super::{Forged, Outsider, Overheard, tamper};
use crate::party::Step;
use crate::protocol::setup::Setup;

#[derive(Debug)]
pub(super) struct TamperOrder;

impl Outsider for TamperOrder {
    fn name(&self) -> &'static str {
        "tamper-order"
    }

    fn about(&self) -> &'static str {
        "changes orders, submissions and questions: copies arrive before the original"
    }

    fn meddle(&self, heard: &[Overheard], setup: &Setup) -> Vec<Forged> {
        let hit = heard.last().filter(|last| last.is(3) || last.is(4) || matches!(last.message.step, Step::Query(_)));
        hit.map_or_else(Vec::new, |last| tamper::copies(last, setup))
    }
}
