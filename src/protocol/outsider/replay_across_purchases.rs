//! What was said in one purchase is said in another, under the other's name: all that was heard of the purchase before goes into
//! each new one as soon as anything of that is heard, and each new message goes back into the one before.

use super::super::deviation::Errands;
use super::{Forged, Outsider, Overheard};
use crate::protocol::setup::Setup;

#[derive(Debug)]
pub(super) struct ReplayAcrossPurchases;

impl Outsider for ReplayAcrossPurchases {
    fn name(&self) -> &'static str {
        "replay-across-purchases"
    }

    fn about(&self) -> &'static str {
        "sends the messages of one purchase under the name of another"
    }

    /// The second purchase starts when the first is over.
    fn errands(&self) -> Option<Errands> {
        Some(Errands::two(500_000))
    }

    fn heeds_the_past(&self) -> bool {
        true
    }

    fn meddle(&self, heard: &[Overheard], _: &Setup) -> Vec<Forged> {
        let Some((last, earlier)) = heard.split_last() else { return Vec::new() };
        let about = last.message.about;
        let Some(before) = earlier.iter().rev().map(|other| other.message.about).find(|other| *other != about) else {
            return Vec::new();
        };
        let there = earlier.iter().filter(|other| other.message.about == before).map(|other| other.renamed(about, 0));
        there.chain([last.renamed(before, 0)]).collect()
    }
}
