//! What parties that break the protocol on purpose would hand to the judge about one purchase.
//!
//! A liar is called to the stand with its own journals and with what it was sent, and with P's record; never with what the
//! simulator knows. What it makes of them is its deviation's affair.

use super::View;
use super::facts::PurchaseFacts;
use super::papers::{on_record, papers};
use crate::crypto::Blob;
use crate::party::Side;
use crate::protocol::deviation::testimony::Stand;
use crate::protocol::part::Part;

/// One liar's part in the disputes of a purchase.
#[derive(Debug)]
struct Liar {
    side: Side,
    testimonies: Vec<Vec<Part>>,
    favourites: Vec<Blob>,
}

/// The sides of a purchase that lie.
#[derive(Debug)]
pub(super) struct Liars(Vec<Liar>);

impl Liars {
    /// Those of the purchase at hand.
    pub(super) fn of(view: &View<'_>) -> Self {
        let purchase = view.purchase;
        let liars = view.setup.deviations().map(|(side, deviation)| {
            let me = if side == Side::Customer { purchase.about.customer() } else { purchase.about.merchant() };
            let mine = |other: &&PurchaseFacts| {
                let party = if side == Side::Customer { other.about.customer() } else { other.about.merchant() };
                party == me && other.about != purchase.about
            };
            let others: Vec<Part> = view
                .facts
                .purchases
                .values()
                .map(|other| &**other)
                .filter(mine)
                .take(OTHERS_MAX)
                .flat_map(|other| papers(other, side))
                .collect();
            let (own, server) = (papers(purchase, side), on_record(purchase));
            let (setup, about) = (view.setup, purchase.about);
            let stand = Stand { setup, me, about, own: &own, others: &others, server: &server };
            Liar { side, testimonies: deviation.testify(&stand), favourites: deviation.lies(&stand) }
        });
        Liars(liars.collect())
    }

    fn liar(&self, side: Side) -> Option<&Liar> {
        self.0.iter().find(|liar| liar.side == side)
    }

    /// Whether a side breaks the protocol on purpose.
    pub(super) fn lies(&self, side: Side) -> bool {
        self.liar(side).is_some()
    }

    /// The bundles of papers that a side can hand in beyond its journal.
    pub(super) fn testimonies(&self, side: Side) -> &[Vec<Part>] {
        self.liar(side).map_or(&[], |liar| &liar.testimonies)
    }

    /// The contents that a side would say were delivered.
    pub(super) fn favourites(&self, side: Side) -> &[Blob] {
        self.liar(side).map_or(&[], |liar| &liar.favourites)
    }
}

/// Of how many other purchases a liar uses the papers, so that a long workload does not take for ever.
const OTHERS_MAX: usize = 8;
