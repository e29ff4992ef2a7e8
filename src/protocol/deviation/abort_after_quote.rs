//! C asks for a price and, in Case 2, gets the sealed item; then it goes away without signing anything away.

use super::super::role::{Context, Effect, Input};
use super::{Deviation, Memory, sends};

#[derive(Debug)]
pub(super) struct AbortAfterQuote;

impl Deviation for AbortAfterQuote {
    fn name(&self) -> &'static str {
        "abort-after-quote"
    }

    fn about(&self) -> &'static str {
        "C does not send step 3"
    }

    fn bend(&self, _: Input<'_>, effects: &mut Vec<Effect>, _: &mut Memory, _: &mut Context<'_>) {
        effects.retain(|effect| !sends(effect, 3));
    }
}
