//! Goods atomicity, in the two halves of Heintze, Tygar, Wing and Wong (1996), and what the goods consist of.

use super::{Clause, Invariant, View, When};
use crate::party::Side;

/// The clauses.
pub const CLAUSES: &[Clause] = &[
    Clause {
        name: "unpaid-goods",
        invariant: Invariant::Goods,
        victim: Side::Merchant,
        when: When::Always,
        about: "C can derive the item, and P has not committed",
        broken: unpaid_goods,
    },
    Clause {
        name: "paid-no-goods",
        invariant: Invariant::Goods,
        victim: Side::Customer,
        when: When::AtTheEnd,
        about: "P has committed, and C neither has the item nor can get it",
        broken: paid_no_goods,
    },
    Clause {
        name: "wrong-content",
        invariant: Invariant::Content,
        victim: Side::Customer,
        when: When::AtTheEnd,
        about: "C paid, and what it has or can get is not what the order describes",
        broken: wrong_content,
    },
];

fn unpaid_goods(view: &View<'_>) -> bool {
    view.purchase.knows_item && !view.purchase.committed()
}

fn paid_no_goods(view: &View<'_>) -> bool {
    view.purchase.committed() && view.purchase.obtainable(view.setup).is_none()
}

fn wrong_content(view: &View<'_>) -> bool {
    let has = view.purchase.obtainable(view.setup);
    view.purchase.committed() && has.is_some() && has != view.purchase.truth(view.setup)
}
