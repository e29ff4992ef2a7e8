//! C orders more than its account holds, all at once: it keeps its first order back until it has signed a second, and lets both
//! go together, so that neither has been paid for when the other is looked at.

use std::sync::Arc;

use super::super::role::{Context, Effect, Input, Timer, TimerKind};
use super::{Deviation, Errands, Memory, sent};

#[derive(Debug)]
pub(super) struct Overdraw;

impl Deviation for Overdraw {
    fn name(&self) -> &'static str {
        "overdraw"
    }

    fn about(&self) -> &'static str {
        "C sends several orders at once, whatever its account holds"
    }

    /// Both orders are under way at once, and there is money for either but not for both.
    fn errands(&self) -> Option<Errands> {
        Some(Errands { opening_balance_cents: Some(2_000), ..Errands::two(20_000) })
    }

    /// The memory holds the orders that C has let go or keeps back. One that is alone goes when it would be sent again.
    fn bend(&self, _: Input<'_>, effects: &mut Vec<Effect>, memory: &mut Memory, context: &mut Context<'_>) {
        let orders: Vec<_> = effects.iter().filter_map(|effect| sent(effect, 3).map(Arc::clone)).collect();
        for order in orders {
            if memory.iter().any(|kept| kept.about == order.about) {
                continue;
            }
            memory.push(Arc::clone(&order));
            match memory.as_slice() {
                [_] => {
                    effects.retain(|effect| sent(effect, 3) != Some(&order));
                    let timer = Timer { about: order.about, kind: TimerKind::Retry };
                    effects.push(Effect::SetTimer { timer, after_us: context.setup.timing.retry_us(0) });
                }
                [first, _] => effects.push(Effect::Send { to: first.about.merchant(), message: Arc::clone(first) }),
                _ => {}
            }
        }
    }
}
