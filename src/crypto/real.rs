//! real
/// Real
#[derive(Debug)]
pub struct Real;
