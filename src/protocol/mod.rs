//! The protocols: parties, messages, mechanisms and the roles that run them.

pub mod mechanism;
pub mod party;
pub mod record;
pub mod role;

/// The names of the protocols that exist.
pub const NAMES: &[&str] = &["case1", "case2", "case3"];
