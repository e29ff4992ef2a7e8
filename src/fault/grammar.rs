//! The text form of a plan.
/// x
#[derive(Debug)]
pub struct PlanError;
