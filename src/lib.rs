//! halfpaid: a deterministic failure-injection simulator for electronic purchases.

pub mod batch;
pub mod cli;
pub mod crypto;
pub mod diagram;
pub mod drive;
pub mod fault;
pub mod invariant;
pub mod judge;
pub mod protocol;
pub mod results;
pub mod scenario;
pub mod world;
