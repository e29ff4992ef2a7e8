//! Copies of every message that are cut short, that have something behind them, and that are far too long: no recipient can read
//! them, and none minds.

use super::{Forged, Outsider, Overheard};
use crate::protocol::setup::Setup;

#[derive(Debug)]
pub(super) struct Truncate;

/// As many bytes stand behind the longest copy.
const JUNK_BYTES: usize = 1 << 16;

impl Outsider for Truncate {
    fn name(&self) -> &'static str {
        "truncate"
    }

    fn about(&self) -> &'static str {
        "sends every message cut short, with junk behind it, and as junk"
    }

    fn meddle(&self, heard: &[Overheard], _: &Setup) -> Vec<Forged> {
        let Some(last) = heard.last() else { return Vec::new() };
        let whole = last.message.encode();
        let longer = |more: usize| [whole.clone(), vec![0xff; more]].concat();
        let cuts = [0, 1, whole.len() / 2, whole.len() - 1].map(|len| whole[..len].to_vec());
        let junk = [longer(1), longer(JUNK_BYTES), vec![0xff; whole.len()]];
        let copies = cuts.into_iter().chain(junk);
        copies.map(|bytes| Forged { bytes: Some(bytes.into()), ..last.again(0) }).collect()
    }
}
