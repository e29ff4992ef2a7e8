//! C does everything right, and then shows the judge a junk ciphertext, or one that it sealed itself, and orders that it signed
//! after the fact ([`testimony`](super::testimony)). Every deviating party does that; this one does nothing else.

use super::Deviation;

#[derive(Debug)]
pub(super) struct FrameMerchant;

impl Deviation for FrameMerchant {
    fn name(&self) -> &'static str {
        "frame-merchant"
    }

    fn about(&self) -> &'static str {
        "C forges evidence before the judge: junk ciphertexts, orders signed afterwards"
    }
}
