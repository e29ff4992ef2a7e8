//! Money atomicity: money is neither made nor lost, moves at most once as C signed, for good, and nobody is wrong about it.

use super::{Clause, Invariant, View, When};
use crate::party::{Party, Side};
use crate::protocol::order::Cents;
use crate::protocol::part::Parts;
use crate::protocol::role::Belief;

const fn clause(
    name: &'static str,
    victim: Side,
    when: When,
    about: &'static str,
    broken: fn(&View<'_>) -> bool,
) -> Clause {
    Clause { name, invariant: Invariant::Money, victim, when, about, broken }
}

/// The clauses.
pub const CLAUSES: &[Clause] = &[
    clause("conserved", Side::Server, When::Always, "a transfer debits one amount and credits another", not_conserved),
    clause("solvent", Side::Server, When::Always, "an account is overdrawn", overdrawn),
    clause("once", Side::Customer, When::Always, "C is charged more than once for one TID", charged_again),
    clause("as-signed", Side::Customer, When::Always, "money moved otherwise than C signed", not_as_signed),
    clause("final", Side::Server, When::Always, "P's terminal status changed or was lost", not_final),
    clause(
        "belief-customer",
        Side::Customer,
        When::Always,
        "C rests on \"not charged\" while P has committed",
        customer_wrong,
    ),
    clause(
        "belief-charged",
        Side::Customer,
        When::Always,
        "C rests on \"charged\" while P has not committed",
        customer_pays,
    ),
    clause(
        "belief-open",
        Side::Customer,
        When::Always,
        "C rests on \"not charged\" while P can still commit",
        too_soon,
    ),
    clause("belief-merchant", Side::Merchant, When::Always, "M rests on \"paid\" while P has not committed", unpaid),
    clause("belief-not-paid", Side::Merchant, When::Always, "M rests on \"not paid\" while P has committed", paid),
];

fn transfers<'a>(view: &'a View<'_>) -> impl Iterator<Item = &'a crate::protocol::order::Transfer> {
    view.purchase.server.iter().filter_map(|(record, _)| record.transfer())
}

fn not_conserved(view: &View<'_>) -> bool {
    transfers(view).any(|transfer| transfer.debit_cents != transfer.credit_cents)
}

fn overdrawn(view: &View<'_>) -> bool {
    let negative = |party: Party| view.facts.balance_cents(party, view.setup) < 0;
    transfers(view).any(|transfer| negative(transfer.payer) || negative(transfer.payee))
}

fn charged_again(view: &View<'_>) -> bool {
    transfers(view).count() > 1
}

fn not_as_signed(view: &View<'_>) -> bool {
    let signed: Option<(Party, Party, Cents)> = view
        .purchase
        .signed
        .as_ref()
        .map(|signed| (signed.order.about.customer(), signed.order.about.merchant(), signed.order.price_cents));
    transfers(view).any(|transfer| signed != Some((transfer.payer, transfer.payee, transfer.debit_cents)))
}

fn not_final(view: &View<'_>) -> bool {
    view.purchase.status_changed
}

fn customer_wrong(view: &View<'_>) -> bool {
    view.purchase.customer_belief == Some(Belief::NotCharged) && view.purchase.committed()
}

fn customer_pays(view: &View<'_>) -> bool {
    view.purchase.customer_belief == Some(Belief::Charged) && !view.purchase.committed()
}

fn too_soon(view: &View<'_>) -> bool {
    let merchant_gone = view.facts.gone.contains(&view.purchase.about.merchant());
    view.purchase.customer_belief == Some(Belief::NotCharged)
        && view.purchase.can_still_commit(view.now_us, merchant_gone)
}

fn unpaid(view: &View<'_>) -> bool {
    view.purchase.merchant_belief == Some(Belief::Paid) && !view.purchase.committed()
}

fn paid(view: &View<'_>) -> bool {
    view.purchase.merchant_belief == Some(Belief::NotPaid) && view.purchase.committed()
}
