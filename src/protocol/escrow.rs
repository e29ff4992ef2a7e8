//! What the three cases differ in.

/// Where the goods are while the money moves: all that the three cases differ in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Escrow {
    /// With M, who is trusted to send them afterwards (Case 1).
    Nothing,
    /// The ciphertext with C, the key with P (Case 2, section 4.1).
    Key,
    /// With P (Case 3, section 4.2).
    Item,
}
