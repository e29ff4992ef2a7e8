//! The paper's own example (section 5.1, Case 1): M is paid and does not send step 6. In Case 3 step 6 is P's.

use super::super::escrow::Escrow;
use super::super::role::{Context, Effect, Input};
use super::{Deviation, Memory, sends};

#[derive(Debug)]
pub(super) struct WithholdItem;

impl Deviation for WithholdItem {
    fn name(&self) -> &'static str {
        "withhold-item"
    }

    fn about(&self) -> &'static str {
        "M does not send step 6"
    }

    fn acts_in(&self, escrow: Escrow) -> bool {
        escrow != Escrow::Item
    }

    fn bend(&self, _: Input<'_>, effects: &mut Vec<Effect>, _: &mut Memory, _: &mut Context<'_>) {
        effects.retain(|effect| !sends(effect, 6));
    }
}
