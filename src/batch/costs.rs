//! From a scenario to the rows of its `costs.csv`: what one purchase costs with its own mechanisms, and under each security profile
//! that it asks for.

use std::sync::Arc;

use super::workload;
use crate::costs::least::{Bounds, Least, bounds};
use crate::costs::meter::Count;
use crate::costs::{Cost, Signatures, StepCost, measure};
use crate::protocol::Protocol;
use crate::protocol::mechanism::{Mechanism, MechanismSet};
use crate::protocol::setup::Setup;
use crate::results::{CostRow, Text};
use crate::scenario::{CryptoKind, Deviations, Scenario};

/// The profile of the rows that have the scenario's own mechanisms.
pub const OWN: &str = "scenario";

/// What one purchase costs with these mechanisms. Of the scenario count seed, catalogue and time limits; there is one party of each
/// sort, all are honest, and C can pay.
pub fn price(scenario: &Scenario, protocol: &Arc<dyn Protocol>, crypto: CryptoKind, on: MechanismSet) -> Cost {
    let mut alone = scenario.clone();
    let (parties, wanted) = (&mut alone.parties, &mut alone.workload);
    (parties.customers, parties.merchants) = (1, 1);
    parties.opening_balance_cents = parties.opening_balance_cents.max(wanted.catalogue.price_cents.1);
    (wanted.purchases, wanted.catalogue.items, wanted.top_up) = (1, 1, None);
    alone.deviations = Deviations::default();
    let setup = Setup { mechanisms: on.into(), ..workload::setup(&alone, protocol, crypto, scenario.seed) };
    measure(&setup, &workload::workload(&alone, scenario.seed))
}

/// The rows of a protocol: the scenario's own, then those of each profile with each kind of signature.
pub fn rows<'a>(scenario: &'a Scenario, protocol: &Arc<dyn Protocol>) -> Vec<CostRow<'a>> {
    let own = workload::mechanisms(scenario, protocol);
    let profiles = scenario.costs.profiles.iter().flat_map(|profile| {
        let differ = protocol.applies(Mechanism::WholeSignatures);
        let kinds = scenario.costs.signatures.iter().filter(move |kind| differ || **kind == Signatures::Digests);
        kinds.map(|signatures| (profile.name(), signatures.among(profile.mechanisms())))
    });
    std::iter::once((OWN, own))
        .chain(profiles)
        .flat_map(|(profile, on)| of_profile(scenario, protocol, profile, on))
        .collect()
}

fn of_profile<'a>(
    scenario: &'a Scenario,
    protocol: &Arc<dyn Protocol>,
    profile: &'static str,
    on: MechanismSet,
) -> Vec<CostRow<'a>> {
    let cost = price(scenario, protocol, scenario.crypto, on);
    let row = |step: Text<'a>, count: &Count, delays| CostRow {
        scenario: Text::Borrowed(&scenario.name),
        protocol: protocol.name().into(),
        crypto: scenario.crypto.name(),
        step,
        delays,
        profile,
        signatures: Signatures::of(on).name(),
        ..counted(count)
    };
    let of_step = |cost: &StepCost| {
        let step = cost.step.map_or_else(|| "start".to_owned(), |step| step.to_string());
        let row = row(step.into(), &cost.count, cost.delays);
        CostRow { forced_writes_in_sequence: Some(cost.forced_writes), ..row }
    };
    let mut rows: Vec<CostRow<'a>> = cost.steps.iter().map(of_step).collect();
    let least = protocol.escrow().map(|escrow| bounds(escrow, on, cost.item_bytes));
    rows.push(in_all(row("total".into(), &cost.total, cost.delays), &cost, least.as_ref()));
    rows
}

/// A row with nothing but counts in it.
fn counted<'a>(count: &Count) -> CostRow<'a> {
    CostRow {
        scenario: Text::Borrowed(""),
        protocol: Text::Borrowed(""),
        crypto: "",
        step: Text::Borrowed(""),
        purchases: 1,
        messages: count.messages,
        bytes: count.bytes,
        signs: count.work.signs,
        verifies: count.work.verifies,
        seals: count.work.seals,
        opens: count.work.opens,
        digests: count.work.digests,
        journal_writes: count.journal_writes,
        server_bytes: count.server_bytes,
        delays: 0,
        forced_writes_in_sequence: None,
        profile: "",
        signatures: "",
        delays_to_commit: None,
        delays_to_delivery: None,
        server_goods_bytes: None,
        server_tid_us: None,
        ack_bytes: None,
        messages_least: None,
        bytes_least: None,
        signs_least: None,
        verifies_least: None,
        seals_least: None,
        opens_least: None,
        digests_least: None,
        journal_writes_least: None,
        server_bytes_least: None,
        delays_least: None,
        forced_writes_in_sequence_least: None,
        delays_to_commit_least: None,
        delays_to_delivery_least: None,
        least_source: Text::Borrowed(""),
    }
}

/// A total, with the columns that only totals have.
fn in_all<'a>(row: CostRow<'a>, cost: &Cost, least: Option<&Bounds>) -> CostRow<'a> {
    CostRow {
        forced_writes_in_sequence: cost.forced_writes_to_commit,
        delays_to_commit: cost.delays_to_commit,
        delays_to_delivery: cost.delays_to_delivery,
        server_goods_bytes: Some(cost.server_goods_bytes),
        server_tid_us: Some(cost.server_tid_us),
        ack_bytes: Some(cost.ack_bytes),
        messages_least: least.map(|least| least.messages.least),
        bytes_least: least.map(|least| least.bytes.least),
        signs_least: least.map(|least| least.signs.least),
        verifies_least: least.map(|least| least.verifies.least),
        seals_least: least.map(|least| least.seals.least),
        opens_least: least.map(|least| least.opens.least),
        digests_least: least.map(|least| least.digests.least),
        journal_writes_least: least.map(|least| least.journal_writes.least),
        server_bytes_least: least.map(|least| least.server_bytes.least),
        delays_least: least.map(|least| least.delays.least),
        forced_writes_in_sequence_least: least.map(|least| least.forced_writes.least),
        delays_to_commit_least: least.map(|least| least.delays_to_commit.least),
        delays_to_delivery_least: least.map(|least| least.delays_to_delivery.least),
        least_source: least.map(|least| sources(least).into()).unwrap_or_default(),
        ..row
    }
}

/// Every figure that has a bound, by its column.
fn figures(least: &Bounds) -> [(&'static str, Least); 13] {
    [
        ("messages", least.messages),
        ("bytes", least.bytes),
        ("signs", least.signs),
        ("verifies", least.verifies),
        ("seals", least.seals),
        ("opens", least.opens),
        ("digests", least.digests),
        ("journal_writes", least.journal_writes),
        ("server_bytes", least.server_bytes),
        ("delays", least.delays),
        ("forced_writes_in_sequence", least.forced_writes),
        ("delays_to_commit", least.delays_to_commit),
        ("delays_to_delivery", least.delays_to_delivery),
    ]
}

fn sources(least: &Bounds) -> String {
    figures(least).map(|(figure, least)| format!("{figure}: {}", least.source)).join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::costs::Profile;
    use crate::protocol::mechanism::Mechanism;
    use crate::protocol::{self, NAMES};

    #[test]
    fn nothing_that_is_measured_is_below_its_bound_whatever_mechanism_is_taken_away() {
        for name in NAMES {
            let (protocol, scenario) = (protocol::by_name(name).unwrap(), Scenario::new("least", name));
            let profiles = Profile::ALL.iter().map(|profile| profile.mechanisms());
            let hardened = MechanismSet::all().with(Mechanism::SealedChannels);
            let fewer = Mechanism::EVERY.iter().map(|mechanism| hardened.without(*mechanism));
            for on in profiles.chain(fewer).flat_map(|on| Signatures::ALL.iter().map(move |s| s.among(on))) {
                let cost = price(&scenario, &protocol, CryptoKind::Symbolic, on);
                let Some(escrow) = protocol.escrow() else { continue };
                let least = bounds(escrow, on, cost.item_bytes);
                let work = cost.total.work;
                // A safeguard against crashes that is taken away takes its forced writes with it, and its promise.
                let journals = [Mechanism::CustomerJournal, Mechanism::PaymentJournal];
                let journals = journals.iter().all(|journal| on.has(*journal));
                let figures = [
                    (cost.total.messages, least.messages),
                    (cost.total.bytes, least.bytes),
                    (work.signs, least.signs),
                    (work.verifies, least.verifies),
                    (work.seals, least.seals),
                    (work.opens, least.opens),
                    (work.digests, least.digests),
                    (cost.delays, least.delays),
                    (cost.delays_to_commit.unwrap(), least.delays_to_commit),
                    (cost.delays_to_delivery.unwrap(), least.delays_to_delivery),
                ];
                let kept = [
                    (cost.total.journal_writes, least.journal_writes),
                    (cost.total.server_bytes, least.server_bytes),
                    (cost.forced_writes_to_commit.unwrap(), least.forced_writes),
                ];
                for (i, (measured, least)) in figures.iter().chain(kept.iter().filter(|_| journals)).enumerate() {
                    assert!(*measured >= least.least, "{name}, figure {i}: {measured} < {} with {on:?}", least.least);
                }
            }
        }
    }
}
