//! M submits the same order twice, in the hope of being paid twice.

use super::super::role::{Context, Effect, Input};
use super::{Deviation, Memory, sends};

#[derive(Debug)]
pub(super) struct SubmitTwice;

impl Deviation for SubmitTwice {
    fn name(&self) -> &'static str {
        "submit-twice"
    }

    fn about(&self) -> &'static str {
        "M sends step 4 twice"
    }

    fn bend(&self, _: Input<'_>, effects: &mut Vec<Effect>, _: &mut Memory, _: &mut Context<'_>) {
        let again: Vec<Effect> = effects.iter().filter(|effect| sends(effect, 4)).cloned().collect();
        effects.extend(again);
    }
}
