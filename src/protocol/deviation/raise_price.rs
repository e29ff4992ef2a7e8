//! M quotes one price and claims twice as much from P.

use super::super::part::Part;
use super::super::role::{Context, Effect, Input};
use super::{Deviation, Memory, rewrite};

#[derive(Debug)]
pub(super) struct RaisePrice;

impl Deviation for RaisePrice {
    fn name(&self) -> &'static str {
        "raise-price"
    }

    fn about(&self) -> &'static str {
        "M claims more from P than C agreed to"
    }

    fn bend(&self, _: Input<'_>, effects: &mut Vec<Effect>, _: &mut Memory, _: &mut Context<'_>) {
        rewrite(effects, 4, |parts| {
            for part in parts {
                if let Part::Price(cents) = part {
                    *cents = cents.saturating_mul(2);
                }
            }
        });
    }
}
