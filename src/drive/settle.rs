//! Purchases of a long run that are over: judged, handed over and forgotten while the run goes on.
//!
//! A purchase has settled when nothing about it is under way, held back or pending, and its parties are up or gone for good. Nobody
//! will hear or say anything about it any more, but for what a party says when it comes back from a later crash; since every journal
//! is durable, that is what it said before. Where a mechanism is off or a party cheats so that a purchase that is over can still bear
//! on others ([`forgets`]), nothing is forgotten and the run takes as much room as any other. What a settled purchase cannot show is
//! a replay of its envelopes: the network forgets them too. And a party that goes for good later still had something to lose.

use super::{Driver, Oracle};
use crate::fault::Fault;
use crate::invariant::Violation;
use crate::invariant::facts::PurchaseFacts;
use crate::party::{Party, PurchaseKey};
use crate::protocol::mechanism::Mechanism;
use crate::protocol::setup::Setup;
use crate::world::{Errand, Event, Presence};

/// A purchase that is over.
#[derive(Debug)]
pub struct Settled<'a> {
    /// Its number, from 1.
    pub number: u32,
    /// What is known of it.
    pub purchase: &'a PurchaseFacts,
    /// What broke.
    pub violations: &'a [Violation],
    /// The faults that have struck so far, in order.
    pub struck: &'a [Fault],
    /// When something last told anything new, in virtual microseconds.
    pub last_us: u64,
}

/// Where purchases that are over are handed in.
pub trait Desk {
    /// A purchase has settled. Whether to go on.
    fn settled(&mut self, settled: &Settled<'_>) -> bool;

    /// A purchase, numbered from 1, was lost before its customer gave it a TID. Whether to go on.
    fn never_begun(&mut self, number: u32, errand: Errand) -> bool;
}

/// Whether what is over can be forgotten. Every journal must be durable, so that a crash changes nothing about it; TIDs must not be
/// counted, and P must not forget in its own time; and whoever cheats may want to use what is over.
pub fn forgets(setup: &Setup) -> bool {
    const NEEDED: [Mechanism; 5] = [
        Mechanism::PaymentJournal,
        Mechanism::CustomerJournal,
        Mechanism::MerchantJournal,
        Mechanism::UnguessableTid,
        Mechanism::DedupRetention,
    ];
    setup.outsider.is_none()
        && setup.deviations().next().is_none()
        && NEEDED.iter().all(|mechanism| setup.mechanisms.has(*mechanism))
}

/// What may have settled by an event.
#[derive(Debug, Clone, Copy)]
pub(super) enum Over {
    /// This purchase.
    Purchase(PurchaseKey),
    /// Any purchase of a party.
    Party(Party),
    /// The purchase that was to start, if it did not.
    Start(u32),
    Nothing,
}

impl Over {
    pub(super) fn of(event: &Event) -> Self {
        match event {
            Event::Arrival(envelope) => Over::Purchase(envelope.about),
            Event::Timer(_, timer) => Over::Purchase(timer.about),
            Event::Restart(party) => Over::Party(*party),
            Event::Start(number) => Over::Start(*number),
            Event::TopUp => Over::Nothing,
        }
    }
}

impl Driver<'_, '_, '_> {
    /// Hands in and forgets what has settled by an event that has just been taken. Whether to go on.
    pub(super) fn settle(&mut self, over: Over, oracle: &mut dyn Oracle, desk: &mut dyn Desk) -> bool {
        // A party that has just gone for good leaves purchases that nobody will speak of again.
        let vanished = std::mem::take(&mut self.vanished);
        if let (true, Over::Purchase(about)) = (vanished.is_empty(), over) {
            return self.hand_in(about, oracle, desk);
        }
        let mut abouts: Vec<PurchaseKey> = Vec::new();
        for party in vanished {
            abouts.extend(self.ears.checker.facts().of_party(party));
        }
        match over {
            Over::Purchase(about) => abouts.push(about),
            Over::Party(party) => abouts.extend(self.ears.checker.facts().of_party(party)),
            Over::Start(number) => {
                if let Some(errand) = self.job.workload.errand(number)
                    && !self.ears.labels.has_begun(number + 1)
                {
                    return desk.never_begun(number + 1, errand);
                }
            }
            Over::Nothing => {}
        }
        abouts.into_iter().all(|about| self.hand_in(about, oracle, desk))
    }

    fn hand_in(&mut self, about: PurchaseKey, oracle: &mut dyn Oracle, desk: &mut dyn Desk) -> bool {
        if !forgets(self.job.setup) || !self.is_over(about) {
            return true;
        }
        let last_us = self.ears.checker.last_news_us();
        let Some((number, envelopes)) = self.ears.labels.forget(&about) else { return true };
        let judged = self.ears.checker.settle(about);
        self.world.forget(self.job.setup, &about, &envelopes);
        if !self.ears.checker.facts().knows_of_customer(about.customer) {
            oracle.rest(about.customer());
        }
        let Some((purchase, violations)) = judged else { return true };
        // Others are not purchases but what a garbled name made of one.
        if number > self.job.workload.purchases() {
            return true;
        }
        desk.settled(&Settled { number, purchase: &purchase, violations: &violations, struck: &self.struck, last_us })
    }

    /// Whether nothing about a purchase is to come, and nobody who knows of it is to come back.
    fn is_over(&self, about: PurchaseKey) -> bool {
        let setup = self.job.setup;
        let parties = [about.customer(), about.merchant(), Party::Server];
        self.ears.labels.has_arrived(&about)
            && parties.iter().all(|party| {
                self.world.presence(setup, *party) != Some(Presence::Down) && !self.world.waits(setup, *party, about)
            })
    }
}
