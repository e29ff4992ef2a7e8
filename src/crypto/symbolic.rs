//! symbolic
/// Symbolic
#[derive(Debug)]
pub struct Symbolic;
