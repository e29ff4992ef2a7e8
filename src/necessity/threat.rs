//! Who may break the protocol while a mechanism is away: nobody, or one side in one of the ways that there are.
//!
//! What a deviation does is its own affair; here is what a search has to set up for it, and how the command line names it.

use crate::protocol::deviation::{CUSTOMER, Errands, HONEST, Known, MERCHANT};
use crate::protocol::party::Side;
use crate::scenario::{Arrival, Scenario};

/// Who may break the protocol, beside the faults.
#[derive(Debug, Clone, Copy)]
pub enum Threat {
    /// Nobody.
    Honest,
    /// Every merchant, so.
    Merchant(Known),
    /// Every customer, so.
    Customer(Known),
}

impl Threat {
    /// Every threat, the weakest first: honest parties, then the deviations in the order of their lists.
    pub fn all() -> Vec<Threat> {
        let merchants = MERCHANT.iter().copied().map(Threat::Merchant);
        let customers = CUSTOMER.iter().copied().map(Threat::Customer);
        std::iter::once(Threat::Honest).chain(merchants).chain(customers).collect()
    }

    /// The deviation, if there is one.
    pub fn deviation(self) -> Option<Known> {
        match self {
            Threat::Honest => None,
            Threat::Merchant(known) | Threat::Customer(known) => Some(known),
        }
    }

    /// The side that deviates, if one does.
    pub fn side(self) -> Option<Side> {
        match self {
            Threat::Honest => None,
            Threat::Merchant(_) => Some(Side::Merchant),
            Threat::Customer(_) => Some(Side::Customer),
        }
    }

    /// The name that scenarios and reports use.
    pub fn name(self) -> &'static str {
        self.deviation().map_or(HONEST, |known| known.name())
    }

    /// Whether it is the other side's good faith that everything rests on.
    pub fn is_honest(self) -> bool {
        matches!(self, Threat::Honest)
    }

    /// What customers set out to do, where one purchase leaves a deviation nothing to do.
    pub fn errands(self) -> Option<Errands> {
        self.deviation().and_then(|known| known.errands())
    }

    /// Sets a scenario up for it.
    pub fn apply(self, scenario: &mut Scenario) {
        match self {
            Threat::Honest => {}
            Threat::Merchant(known) => scenario.deviations.merchant = known.name(),
            Threat::Customer(known) => scenario.deviations.customer = known.name(),
        }
        if let Some(Errands { purchases, every_us, opening_balance_cents }) = self.errands() {
            scenario.workload.purchases = purchases;
            scenario.workload.arrival = Arrival::Every { us: every_us };
            if let Some(cents) = opening_balance_cents {
                scenario.parties.opening_balance_cents = cents;
            }
        }
    }

    /// The same as arguments of `replay` and `explore`, each with a blank before it.
    pub fn arguments(self) -> String {
        let mut text = match self {
            Threat::Honest => String::new(),
            Threat::Merchant(known) => format!(" --merchant {}", known.name()),
            Threat::Customer(known) => format!(" --customer {}", known.name()),
        };
        if let Some(Errands { purchases, every_us, opening_balance_cents }) = self.errands() {
            text.push_str(&format!(" --purchases {purchases} --every-us {every_us}"));
            if let Some(cents) = opening_balance_cents {
                text.push_str(&format!(" --opening-balance-cents {cents}"));
            }
        }
        text
    }
}
