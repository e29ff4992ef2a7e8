//! C uses one TID for every purchase, in the hope of paying once.
//!
//! At each start it puts a customer without a past in its place, which draws or counts its first TID anew. What it has under way
//! by then it forgets; what it wrote down it keeps.

use super::super::role::{AnyRole, Context, Input};
use super::{Deviation, Errands, Memory};

#[derive(Debug)]
pub(super) struct ReuseTid;

impl Deviation for ReuseTid {
    fn name(&self) -> &'static str {
        "reuse-tid"
    }

    fn about(&self) -> &'static str {
        "C uses the same TID for every purchase"
    }

    /// By the second purchase the first is over.
    fn errands(&self) -> Option<Errands> {
        Some(Errands::two(3_000_000))
    }

    fn twist<'i>(&self, input: Input<'i>, role: &mut AnyRole, _: &mut Memory, context: &mut Context<'_>) -> Input<'i> {
        if let Input::Start(_) = input {
            let setup = context.setup;
            *role = AnyRole(setup.protocol.role(context.me, setup, &mut std::iter::empty()));
            // C draws for nothing but its TIDs.
            *context.draws = 0;
        }
        input
    }
}
