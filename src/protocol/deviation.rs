//! The ways in which a party may break the protocol: names and one line each.
//!
//! These two lists are what scenarios, the command line and reports read. What a deviation does is left to the roles.

/// How a merchant may behave: name and one line on it. The first is the default.
pub const MERCHANT: &[(&str, &str)] = &[("honest", "keeps to the protocol")];

/// How a customer may behave: name and one line on it. The first is the default.
pub const CUSTOMER: &[(&str, &str)] = &[("honest", "keeps to the protocol")];
