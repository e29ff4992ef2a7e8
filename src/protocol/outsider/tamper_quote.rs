//! Inquiries and quotes are changed on the way: C is asked for another price, or gets another ciphertext.

use super::{Forged, Outsider, Overheard, tamper};
use crate::protocol::setup::Setup;

#[derive(Debug)]
pub(super) struct TamperQuote;

impl Outsider for TamperQuote {
    fn name(&self) -> &'static str {
        "tamper-quote"
    }

    fn about(&self) -> &'static str {
        "changes inquiries and quotes: copies arrive before the original"
    }

    fn meddle(&self, heard: &[Overheard], setup: &Setup) -> Vec<Forged> {
        let hit = heard.last().filter(|last| last.is(1) || last.is(2));
        hit.map_or_else(Vec::new, |last| tamper::copies(last, setup))
    }
}
