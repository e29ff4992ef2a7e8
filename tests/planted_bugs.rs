//! A checker that has never failed has not been tested: for every clause that no switch breaks, a role with a bug that does.
//!
//! Each bug is planted in a protocol that lives outside the crate, which also shows that one can.

use std::sync::Arc;

use crate::common::Shop;
use halfpaid::crypto::Crypto;
use halfpaid::crypto::streams::Streams;
use halfpaid::crypto::symbolic::Symbolic;
use halfpaid::invariant::clauses;
use halfpaid::party::{Party, Side};
use halfpaid::protocol::mechanism::{Mechanism, MechanismSet, Preset};
use halfpaid::protocol::order::Status;
use halfpaid::protocol::part::{Part, Parts};
use halfpaid::protocol::record::{Record, RecordKind};
use halfpaid::protocol::role::{AnyRole, Belief, Context, Effect, Input, Role};
use halfpaid::protocol::setup::Setup;
use halfpaid::protocol::{self, Protocol, Rung};

/// What a bug does to an effect of the party that has it.
type Bend = fn(&mut Effect);

/// A case whose roles on one side have a bug.
#[derive(Debug)]
struct Buggy {
    case: Arc<dyn Protocol>,
    side: Side,
    bend: Bend,
}

impl Protocol for Buggy {
    fn name(&self) -> &'static str {
        "buggy"
    }

    fn about(&self) -> &'static str {
        "a case with a bug"
    }

    fn ladder(&self) -> &'static [Rung] {
        self.case.ladder()
    }

    fn as_written(&self) -> MechanismSet {
        self.case.as_written()
    }

    fn applies(&self, mechanism: Mechanism) -> bool {
        self.case.applies(mechanism)
    }

    fn role(&self, party: Party, setup: &Setup, journal: &mut dyn Iterator<Item = &Record>) -> Box<dyn Role> {
        let role = self.case.role(party, setup, journal);
        if party.side() == self.side { Box::new(Bent { role: AnyRole(role), bend: self.bend }) } else { role }
    }
}

#[derive(Debug, Clone)]
struct Bent {
    role: AnyRole,
    bend: Bend,
}

impl PartialEq for Bent {
    fn eq(&self, other: &Self) -> bool {
        self.role == other.role
    }
}

impl Eq for Bent {}

impl std::hash::Hash for Bent {
    fn hash<H: std::hash::Hasher>(&self, hasher: &mut H) {
        self.role.hash(hasher);
    }
}

impl Role for Bent {
    fn handle(&mut self, input: Input<'_>, context: &mut Context<'_>) {
        let before = context.effects.len();
        self.role.0.handle(input, context);
        context.effects[before..].iter_mut().for_each(self.bend);
    }
}

fn rewrite(effect: &mut Effect, kind: RecordKind, change: fn(&mut Part)) {
    if let Effect::Save { record, .. } = effect
        && record.kind == kind
    {
        Arc::make_mut(record).parts.iter_mut().for_each(change);
    }
}

fn breaks(side: Side, bend: Bend, plan: &str) -> std::collections::BTreeSet<&'static str> {
    let case = protocol::by_name("case2").expect("a protocol");
    Shop::of(Arc::new(Buggy { case, side, bend }), Preset::Hardened).breaks(plan)
}

#[test]
fn a_server_that_credits_more_than_it_debits_makes_money() {
    let bend: Bend = |effect| {
        rewrite(effect, RecordKind::Payment, |part| {
            if let Part::Transfer(transfer) = part {
                transfer.credit_cents += 1;
            }
        });
    };
    assert!(breaks(Side::Server, bend, "none").contains("conserved"));
}

#[test]
fn a_server_that_charges_another_amount_moves_money_otherwise_than_signed() {
    let bend: Bend = |effect| {
        rewrite(effect, RecordKind::Payment, |part| {
            if let Part::Transfer(transfer) = part {
                transfer.credit_cents += 1;
                transfer.debit_cents += 1;
            }
        });
    };
    let broken = breaks(Side::Server, bend, "none");
    assert!(broken.contains("as-signed") && !broken.contains("conserved"), "{broken:?}");
}

#[test]
fn a_server_that_pays_the_wrong_party_is_caught() {
    let bend: Bend = |effect| {
        rewrite(effect, RecordKind::Payment, |part| {
            if let Part::Transfer(transfer) = part {
                transfer.payee = Party::Customer(0);
            }
        });
    };
    assert!(breaks(Side::Server, bend, "none").contains("as-signed"));
}

#[test]
fn a_server_that_lends_is_caught() {
    let bend: Bend = |effect| {
        rewrite(effect, RecordKind::Payment, |part| {
            if let Part::Transfer(transfer) = part {
                transfer.debit_cents += 1_000_000;
                transfer.credit_cents += 1_000_000;
            }
        });
    };
    assert!(breaks(Side::Server, bend, "none").contains("solvent"));
}

#[test]
fn a_merchant_that_takes_any_status_for_payment_is_caught() {
    let bend: Bend = |effect| {
        if let Effect::Believe { belief, .. } = effect
            && *belief == Belief::InDoubt
        {
            *belief = Belief::Paid;
        }
    };
    assert!(breaks(Side::Merchant, bend, "none").contains("belief-merchant"));
}

#[test]
fn a_merchant_that_gives_up_is_caught() {
    let bend: Bend = |effect| {
        if let Effect::Believe { belief, .. } = effect {
            *belief = Belief::NotPaid;
        }
    };
    assert!(breaks(Side::Merchant, bend, "none").contains("belief-not-paid"));
}

#[test]
fn a_customer_that_never_makes_up_its_mind_is_caught() {
    let bend: Bend = |effect| {
        if let Effect::Believe { belief, .. } = effect {
            *belief = Belief::InDoubt;
        }
    };
    assert!(breaks(Side::Customer, bend, "none").contains("customer-in-doubt"));
    assert!(breaks(Side::Merchant, bend, "none").contains("merchant-in-doubt"));
}

#[test]
fn a_merchant_that_sends_the_key_with_the_ciphertext_gives_its_goods_away() {
    let bend: Bend = |effect| {
        if let Effect::Send { message, .. } = effect
            && message.sealed().is_some()
        {
            // The first key that this customer's merchant draws.
            let mut parts = message.parts.clone();
            parts.push(Part::Key(KEY.with(|key| key.get())));
            *message = Arc::new(halfpaid::protocol::message::Message::new(message.about, message.step, parts));
        }
        if let Effect::Save { record, .. } = effect
            && let Some(key) = record.key()
        {
            KEY.with(|cell| cell.set(*key));
        }
    };
    assert!(breaks(Side::Merchant, bend, "drop 3#1").contains("unpaid-goods"));
}

thread_local! {
    static KEY: std::cell::Cell<halfpaid::crypto::Key> = const { std::cell::Cell::new(halfpaid::crypto::Key([0; 32])) };
}

#[test]
fn a_server_that_loses_ms_signature_leaves_everyone_without_proof() {
    let bend: Bend = |effect| {
        if let Effect::Save { record, .. } = effect {
            Arc::make_mut(record).parts.retain(|part| !matches!(part, Part::Countersignature(_)));
        }
    };
    let broken = breaks(Side::Server, bend, "none");
    assert!(broken.contains("received-this") && broken.contains("delivered-this"), "{broken:?}");
}

/// The judge goes by P's record. Where P files another item than M has sent, and hands out the right one, C proves that it got
/// something else than described, and cannot prove what it did get.
#[test]
fn a_server_that_files_another_item_makes_a_lie_of_c_s_true() {
    let bend: Bend = |effect| {
        rewrite(effect, RecordKind::Payment, |part| {
            if let Part::Item(item) = part {
                // What a liar would say that it got: see `Setup::other_content`.
                *item = Symbolic::new(Streams::new(0)).content(0, 3 + 10, item.len() as u32);
            }
        });
    };
    let case = protocol::by_name("case3").expect("a protocol");
    let broken = Shop::of(Arc::new(Buggy { case, side: Side::Server, bend }), Preset::Hardened).breaks("none");
    assert_eq!(broken, crate::common::set(&["received-this", "claims-other"]));
}

/// P's record says committed where nothing was: M can then prove a sale that never was, and C cannot prove its innocence. The
/// record is what the judge goes by, so the checker's own notion of "committed" must come from the transfer, and does not: P is
/// trusted by all. What catches such a P is money atomicity.
#[test]
fn a_server_that_records_a_commitment_against_everyones_belief_is_caught() {
    let bend: Bend = |effect| {
        rewrite(effect, RecordKind::Payment, |part| {
            if let Part::Status(status) = part {
                *status = Status::Aborted;
            }
        });
    };
    let broken = breaks(Side::Server, bend, "none");
    assert!(broken.contains("belief-charged") && broken.contains("belief-merchant"), "{broken:?}");
}

/// The clauses that a bug or a switch has been seen to break, here, in `mechanisms.rs` or in the files of the cases; a clause that
/// is added must be broken somewhere too.
#[test]
fn every_clause_has_been_seen_to_fail() {
    let seen = [
        include_str!("planted_bugs.rs"),
        include_str!("mechanisms.rs"),
        include_str!("case1.rs"),
        include_str!("case2.rs"),
        include_str!("case3.rs"),
    ];
    for clause in clauses() {
        let name = format!("\"{}\"", clause.name);
        assert!(seen.iter().any(|text| text.contains(&name)), "{name} has never been broken");
    }
}
