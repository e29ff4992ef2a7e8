//! M takes the order and does not submit it.

use super::super::role::{Context, Effect, Input};
use super::{Deviation, Memory, sends};

#[derive(Debug)]
pub(super) struct WithholdSubmit;

impl Deviation for WithholdSubmit {
    fn name(&self) -> &'static str {
        "withhold-submit"
    }

    fn about(&self) -> &'static str {
        "M does not send step 4"
    }

    fn bend(&self, _: Input<'_>, effects: &mut Vec<Effect>, _: &mut Memory, _: &mut Context<'_>) {
        effects.retain(|effect| !sends(effect, 4));
    }
}
