//! M seals, escrows or sends something else than the catalogue describes, of the same length.

use super::super::setup::Setup;
use super::Deviation;
use crate::crypto::Blob;

#[derive(Debug)]
pub(super) struct WrongItem;

impl Deviation for WrongItem {
    fn name(&self) -> &'static str {
        "wrong-item"
    }

    fn about(&self) -> &'static str {
        "M hands out another item than described"
    }

    fn goods(&self, setup: &Setup, merchant: u32, item: u32) -> Option<Blob> {
        setup.other_content(merchant, item)
    }
}
