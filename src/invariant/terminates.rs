//! Termination: after the faults end, every honest party comes to know the outcome of every TID.
//!
//! A customer that has signed nothing, and a merchant that has submitted nothing, has nothing to know.

use super::{Clause, Invariant, View, When};
use crate::party::Side;
use crate::protocol::role::Belief;

const fn clause(name: &'static str, victim: Side, about: &'static str, broken: fn(&View<'_>) -> bool) -> Clause {
    Clause { name, invariant: Invariant::Terminates, victim, when: When::AtTheEnd, about, broken }
}

/// What never comes to rest, and why that is wrong. It is no predicate over facts: somebody has to have seen that it never ends.
pub const ENDLESS: (&str, &str) = ("endless", "what it knows of the purchase changes again and again, for ever");

/// The clauses.
pub const CLAUSES: &[Clause] = &[
    clause("customer-in-doubt", Side::Customer, "C never comes to know whether it was charged", |view| {
        view.purchase.customer_sent && view.purchase.customer_belief == Some(Belief::InDoubt)
    }),
    clause("customer-forgot", Side::Customer, "C has forgotten a purchase that it signed", |view| {
        view.purchase.customer_sent && view.purchase.customer_belief.is_none()
    }),
    clause("merchant-in-doubt", Side::Merchant, "M never comes to know whether it was paid", |view| {
        view.purchase.merchant_sent && view.purchase.merchant_belief == Some(Belief::InDoubt)
    }),
    clause("merchant-forgot", Side::Merchant, "M has forgotten an order that it submitted", |view| {
        view.purchase.merchant_sent && view.purchase.merchant_belief.is_none()
    }),
];
