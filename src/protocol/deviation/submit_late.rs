//! M holds the order back until C has had to ask P: the customer that takes "unknown" for "not charged" is then charged.
//!
//! M does not see C's questions. But it knows when the order was signed, and how long everybody waits before asking; it submits
//! in the middle between C's first question and the second. Without time, where its alarm may go off at any moment, it may submit at any.

use std::sync::Arc;

use super::super::part::Parts;
use super::super::role::{Context, Effect, Input, TimerKind};
use super::{Deviation, Memory, sent};

#[derive(Debug)]
pub(super) struct SubmitLate;

impl Deviation for SubmitLate {
    fn name(&self) -> &'static str {
        "submit-late"
    }

    fn about(&self) -> &'static str {
        "M sends step 4 only after C has asked P"
    }

    /// Step 4 becomes a timer, at which the honest role submits; so does every repetition, until it is late enough.
    fn bend(&self, upon: Input<'_>, effects: &mut Vec<Effect>, _: &mut Memory, context: &mut Context<'_>) {
        if matches!(upon, Input::Timeout(timer) if timer.kind == TimerKind::Retry) {
            return;
        }
        let timing = context.setup.timing;
        let early = |effect: &Effect| {
            let message = sent(effect, 4)?;
            let signed_us = message.instrument()?.order.expires_us.saturating_sub(timing.instrument_lifetime_us);
            let due_us = signed_us.saturating_add(timing.query_us(0)).saturating_add(timing.query_us(1) / 2);
            (context.now_us() < due_us).then(|| (Arc::clone(message), due_us - context.now_us()))
        };
        let held: Vec<_> = effects.iter().filter_map(early).collect();
        for (message, wait_us) in held {
            effects.retain(|effect| match effect {
                Effect::Send { message: sent, .. } => *sent != message,
                Effect::SetTimer { timer, .. } => timer.about != message.about || timer.kind != TimerKind::Retry,
                _ => true,
            });
            let timer = super::super::role::Timer { about: message.about, kind: TimerKind::Retry };
            effects.push(Effect::SetTimer { timer, after_us: wait_us });
        }
    }
}
