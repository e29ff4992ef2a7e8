//! Who may break the protocol while a mechanism is away: nobody, one side, or an outsider, in one of the ways that there are.
//!
//! What a deviation does is its own affair; here is what a search has to set up for it, and how the command line names it.

use std::sync::Arc;

use crate::party::Side;
use crate::protocol::deviation::{CUSTOMER, Errands, HONEST, Known, MERCHANT};
use crate::protocol::outsider::{self, OUTSIDER};
use crate::protocol::{self, Protocol};
use crate::scenario::{Arrival, Clock, Scenario};

/// Who may break the protocol, beside the faults.
#[derive(Debug, Clone, Copy)]
pub enum Threat {
    /// Nobody.
    Honest,
    /// Every merchant, so.
    Merchant(Known),
    /// Every customer, so.
    Customer(Known),
    /// Somebody on the network, so.
    Outsider(outsider::Known),
}

impl Threat {
    /// Every threat, the weakest first: honest parties, then the deviations in the order of their lists, then outsiders.
    pub fn all() -> Vec<Threat> {
        let merchants = MERCHANT.iter().copied().map(Threat::Merchant);
        let customers = CUSTOMER.iter().copied().map(Threat::Customer);
        let outsiders = OUTSIDER.iter().copied().map(Threat::Outsider);
        std::iter::once(Threat::Honest).chain(merchants).chain(customers).chain(outsiders).collect()
    }

    /// The name that scenarios and reports use.
    pub fn name(self) -> &'static str {
        match self {
            Threat::Honest => HONEST,
            Threat::Merchant(known) | Threat::Customer(known) => known.name(),
            Threat::Outsider(known) => known.name(),
        }
    }

    /// Whether everyone keeps to the protocol.
    pub fn is_honest(self) -> bool {
        matches!(self, Threat::Honest)
    }

    /// The side that breaks the protocol, if one does.
    pub fn side(self) -> Option<Side> {
        match self {
            Threat::Merchant(_) => Some(Side::Merchant),
            Threat::Customer(_) => Some(Side::Customer),
            Threat::Honest | Threat::Outsider(_) => None,
        }
    }

    /// What customers set out to do, where one purchase leaves it nothing to do.
    pub fn errands(self) -> Option<Errands> {
        match self {
            Threat::Honest => None,
            Threat::Merchant(known) | Threat::Customer(known) => known.errands(),
            Threat::Outsider(known) => known.errands(),
        }
    }

    /// Whether it does nothing unless some party crashes and comes back.
    pub fn awaits_a_crash(self) -> bool {
        matches!(self, Threat::Outsider(known) if known.awaits_a_crash())
    }

    /// Whether it goes by the clock. Some outsiders can be searched without, and are where that is asked for; in all the questions of a
    /// table, where some mechanism is away, they lead to too many states.
    pub const fn needs_the_clock(self) -> bool {
        matches!(self, Threat::Outsider(_))
    }

    /// The clock that is to answer. Interleavings of several purchases are mostly too many.
    pub fn clock(self) -> Clock {
        if self.needs_the_clock() || self.errands().is_some() { Clock::Timed } else { Clock::Untimed }
    }

    /// Sets a scenario up for it.
    pub fn apply(self, scenario: &mut Scenario) {
        match self {
            Threat::Honest => {}
            Threat::Merchant(known) => scenario.deviations.merchant = known.name(),
            Threat::Customer(known) => scenario.deviations.customer = known.name(),
            Threat::Outsider(known) => scenario.deviations.outsider = known.name(),
        }
        if let Some(Errands { purchases, every_us, opening_balance_cents, merchants }) = self.errands() {
            scenario.workload.purchases = purchases;
            scenario.workload.arrival = Arrival::Every { us: every_us };
            scenario.parties.merchants = merchants;
            if let Some(cents) = opening_balance_cents {
                scenario.parties.opening_balance_cents = cents;
            }
        }
    }

    /// Whether there is anything to it in a protocol.
    pub fn acts_in(self, protocol: &dyn Protocol) -> bool {
        match self {
            Threat::Merchant(known) | Threat::Customer(known) => {
                protocol.escrow().is_none_or(|escrow| known.acts_in(escrow))
            }
            Threat::Honest | Threat::Outsider(_) => true,
        }
    }

    /// In which of some protocols there is nothing to it, in words.
    pub fn idle_among(self, protocols: &[Arc<dyn Protocol>]) -> Option<String> {
        let without = protocols.iter().filter(|protocol| !self.acts_in(&***protocol));
        let without: Vec<&str> = without.map(|protocol| protocol.name()).collect();
        (!without.is_empty()).then(|| format!("{} has nothing to do in {}", self.name(), without.join(" and ")))
    }

    /// What of a scenario's deviations has nothing to do in it, and why, in words.
    pub fn idle_in(scenario: &Scenario) -> Vec<String> {
        let (named, purchases) = (&scenario.deviations, scenario.workload.purchases);
        let protocols = scenario.protocols.iter().filter_map(|name| protocol::by_name(name)).collect::<Vec<_>>();
        let is_named = |threat: &Threat| match threat {
            Threat::Honest => false,
            Threat::Merchant(known) => named.merchant == known.name(),
            Threat::Customer(known) => named.customer == known.name(),
            Threat::Outsider(known) => named.outsider == known.name(),
        };
        let idle = |threat: Threat| {
            threat.idle_among(&protocols).or_else(|| {
                let errands = threat.errands().filter(|errands| purchases < errands.purchases)?;
                let with = errands.arguments();
                Some(format!("{} has nothing to do with so few purchases: give it{with}", threat.name()))
            })
        };
        Threat::all().into_iter().filter(is_named).filter_map(idle).collect()
    }

    /// The same as arguments of `replay` and `explore`, each with a blank before it.
    pub fn arguments(self) -> String {
        let mut text = match self {
            Threat::Honest => String::new(),
            Threat::Merchant(known) => format!(" --merchant {}", known.name()),
            Threat::Customer(known) => format!(" --customer {}", known.name()),
            Threat::Outsider(known) => format!(" --outsider {}", known.name()),
        };
        text.extend(self.errands().map(Errands::arguments));
        text
    }
}
