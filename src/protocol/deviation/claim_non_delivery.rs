//! C gets what it paid for and claims that it got nothing: it hands in the order and keeps back all that could show the goods.
//!
//! It does not even write down what it received, so that its journal says as much.

use std::sync::Arc;

use super::super::part::Part;
use super::super::record::{Record, RecordKind};
use super::super::role::{Context, Effect, Input};
use super::testimony::{self, Stand};
use super::{Deviation, Memory};

#[derive(Debug)]
pub(super) struct ClaimNonDelivery;

impl Deviation for ClaimNonDelivery {
    fn name(&self) -> &'static str {
        "claim-non-delivery"
    }

    fn about(&self) -> &'static str {
        "C keeps no record of the goods and claims to have got nothing"
    }

    fn bend(&self, _: Input<'_>, effects: &mut Vec<Effect>, _: &mut Memory, _: &mut Context<'_>) {
        effects.retain(|effect| !matches!(effect, Effect::Save { record, .. } if record.kind == RecordKind::Goods));
        for effect in effects {
            if let Effect::Save { record, .. } = effect
                && record.kind == RecordKind::Outcome
            {
                let kept = record.parts.iter().filter(|part| !matches!(part, Part::Key(_) | Part::Item(_)));
                *record = Arc::new(Record { parts: kept.cloned().collect(), ..(**record).clone() });
            }
        }
    }

    /// Beside the usual: the order alone, and the order with a ciphertext that opens under nothing.
    fn testify(&self, stand: &Stand<'_>) -> Vec<Vec<Part>> {
        let bare = stand.own.iter().filter(|part| matches!(part, Part::Instrument(_))).cloned();
        let bare: Vec<Part> = bare.collect();
        let with_junk = [bare.clone(), vec![Part::Sealed(stand.junk())]].concat();
        let mut bundles = testimony::forge(stand);
        bundles.extend([bare, with_junk]);
        bundles
    }
}
