//! M does everything right, and then proves to the judge that C got something else, or ordered what it never did, by papers of
//! its own making ([`testimony`](super::testimony)). Every deviating party does that; this one does nothing else.

use super::Deviation;

#[derive(Debug)]
pub(super) struct FrameCustomer;

impl Deviation for FrameCustomer {
    fn name(&self) -> &'static str {
        "frame-customer"
    }

    fn about(&self) -> &'static str {
        "M forges and mixes evidence before the judge"
    }
}
