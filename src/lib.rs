//! halfpaid: a deterministic failure-injection simulator for electronic purchases.

pub mod crypto;
pub mod protocol;
pub mod world;
pub mod fault;
pub mod invariant;
pub mod judge;
pub mod drive;
pub mod diagram;
pub mod results;
