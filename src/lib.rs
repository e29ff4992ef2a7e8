//! halfpaid: a deterministic failure-injection simulator for electronic purchases.

pub mod crypto;
pub mod fault;
pub mod invariant;
pub mod protocol;
pub mod results;
