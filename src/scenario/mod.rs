//! What a campaign is asked to do: the scenario file as one checked value.
//!
//! A [`Scenario`] is parsed, not validated: whoever holds one may rely on every range and every combination in it. The way from
//! a path to a scenario is [`load`](load::load); the way from a text is [`parse`]. Files of this module follow that
//! way: `load` finds files, `read` turns text into tables, `matrix` multiplies them, `raw` says which keys exist, `check`,
//! `workload` and `faults` say what they may hold, and `diagnostic` tells the user; `write` goes the other way. Running a scenario is left to `drive`.

mod check;
pub mod diagnostic;
mod faults;
pub mod load;
mod matrix;
mod names;
mod raw;
mod read;
mod schema;
mod values;
mod workload;
pub mod write;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use crate::costs::{Profile, Signatures};
use crate::explore::{self, Bounds};
use crate::fault::{Budget, FaultKind, Plan};
use crate::invariant::{Expectation, Invariant};
use crate::protocol::deviation::HONEST;
use crate::protocol::mechanism::{Mechanism, Preset};
use crate::protocol::outsider::{self, NOBODY};

pub use diagnostic::Diagnostic;
pub use faults::{EXHAUSTIVE_KINDS, parse_seeds, seeds_from};
use faults::{PURCHASES_MAX, most_faults};
pub use load::{Loaded, LoadedScenario, line_of, load, load_file};
pub use read::parse;
pub use schema::schema;
pub use values::YEAR_US;
pub use workload::{Arrival, Catalogue, Judged, Popularity, TopUp, Workload};

/// A scenario, fully checked. Times are virtual microseconds, money is cents.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    /// The file's stem; for one of a matrix `stem~key=value,...`, made of characters that are safe in a file name.
    pub name: String,
    /// What tells `replay` of a scenario that no file describes: arguments, each with a blank before it.
    pub arguments: Option<String>,
    /// One line on what the scenario is for.
    pub about: String,
    /// The protocols to run, from [`NAMES`](crate::protocol::NAMES): at least one, each once.
    pub protocols: Vec<&'static str>,
    /// The mechanisms to start from.
    pub preset: Preset,
    /// The mechanisms to take away, each once; at least one of the protocols has each of them under the preset.
    pub without: Vec<Mechanism>,
    /// The mechanisms to add, each once; at least one of the protocols lacks each of them under the preset.
    pub with: Vec<Mechanism>,
    /// Which cryptography to run with.
    pub crypto: CryptoKind,
    /// The seed of every mode but random, whose seeds are in [`Faults::Random`]; see [`Scenario::seeds`].
    pub seed: u64,
    /// Who takes part.
    pub parties: Parties,
    /// What is bought.
    pub workload: Workload,
    /// How the network behaves when no fault strikes.
    pub network: Network,
    /// Time limits of the parties.
    pub recovery: Recovery,
    /// What goes wrong.
    pub faults: Faults,
    /// Whether `crash-forever` may strike the payment server too.
    pub server_crash_forever: bool,
    /// Whether an exhaustive search under the clock cuts plans where they come to what is known, so that not every plan has a run.
    /// Files cannot ask for it: parts of a run could not be told apart.
    pub cuts: bool,
    /// How far a search may go: one without time, or one that cuts plans, of which situations are the states.
    pub bounds: Bounds,
    /// Who breaks the protocol, and how.
    pub deviations: Deviations,
    /// What `costs.csv` is to have beside the scenario's own costs.
    pub costs: Costs,
    /// What is expected of every invariant.
    pub expect: BTreeMap<Invariant, Expectation>,
}

impl Scenario {
    /// The scenario that a file with nothing but a name and a protocol describes: every default, and no faults.
    pub fn new(name: &str, protocol: &'static str) -> Scenario {
        Scenario {
            name: name.to_owned(),
            arguments: None,
            about: String::new(),
            protocols: vec![protocol],
            preset: Preset::Hardened,
            without: Vec::new(),
            with: Vec::new(),
            crypto: CryptoKind::Symbolic,
            seed: 0,
            parties: Parties::default(),
            workload: Workload::default(),
            network: Network::default(),
            recovery: Recovery::default(),
            faults: Faults::None,
            server_crash_forever: false,
            cuts: false,
            bounds: Bounds::default(),
            deviations: Deviations::default(),
            costs: Costs::default(),
            expect: Invariant::ALL.iter().map(|invariant| (*invariant, Expectation::Holds)).collect(),
        }
    }

    /// The command that repeats a plan or a course.
    pub fn replay(&self, protocol: &str, plan: &impl fmt::Display, seed: u64) -> String {
        match &self.arguments {
            Some(arguments) => format!("halfpaid replay {protocol} \"{plan}\"{arguments} --seed {seed}"),
            None => format!("halfpaid replay {} \"{plan}\" --protocol {protocol} --seed {seed}", self.name),
        }
    }

    /// Whether a scenario that was put together by hand asks for no more than one from a file may.
    ///
    /// # Errors
    ///
    /// What would be accepted.
    pub fn within_limits(&self) -> Result<(), String> {
        let Faults::Exhaustive { at_most, clock, .. } = &self.faults else { return Ok(()) };
        let most = most_faults(*clock, self.cuts);
        if u64::from(*at_most) > most {
            return Err(format!("{at_most} faults: accepted: at most {most} with this clock"));
        }
        if self.workload.purchases == 0 || self.workload.purchases > PURCHASES_MAX {
            return Err(format!("{} purchases: accepted: 1 to {PURCHASES_MAX}", self.workload.purchases));
        }
        let outsider = outsider::find(self.deviations.outsider);
        if *clock == Clock::Untimed && outsider.is_some_and(|outsider| outsider.heeds_the_past()) {
            return Err(format!("outsider {}: accepted: with the timed clock only", self.deviations.outsider));
        }
        let parties = self.parties.customers.saturating_add(self.parties.merchants).saturating_add(1);
        if self.parties.customers == 0 || self.parties.merchants == 0 || parties as usize > explore::PARTIES_MAX {
            return Err(format!("{parties} parties: accepted: 3 to {}, P included", explore::PARTIES_MAX));
        }
        Ok(())
    }

    /// What may strike, where everything is tried.
    pub fn budget(&self) -> Option<Budget> {
        let Faults::Exhaustive { at_most, kinds, each, .. } = &self.faults else { return None };
        let server_may_vanish = self.server_crash_forever;
        Some(Budget { at_most: *at_most, kinds: kinds.clone(), each: each.clone(), server_may_vanish })
    }

    /// One line: the name, what is run, and how faults are chosen.
    pub fn describe(&self) -> String {
        let (protocols, preset, mode) = (self.protocols.join(", "), self.preset.name(), self.faults.mode());
        let more = match &self.faults {
            Faults::None => String::new(),
            Faults::Random { seeds, .. } => format!(", seeds {}..{}", seeds.start, seeds.end),
            Faults::Exhaustive { at_most, clock: Clock::Timed, .. } => format!(", at most {at_most}"),
            Faults::Exhaustive { at_most, clock: Clock::Untimed, .. } => format!(", at most {at_most}, untimed"),
            Faults::Scripted { plans } => format!(", plans {}", plans.len()),
        };
        format!("{} ({protocols}; {preset}; faults {mode}{more})", self.name)
    }

    /// The seeds to run: those of random mode, otherwise [`Scenario::seed`] alone.
    pub fn seeds(&self) -> Range<u64> {
        match &self.faults {
            Faults::Random { seeds, .. } => seeds.clone(),
            _ => self.seed..self.seed.saturating_add(1),
        }
    }

    /// Gives the scenario other seeds to run; without random faults it has one, the first.
    ///
    /// What random faults break under some seeds they need not break under others. So a violation that the scenario expects of its
    /// own seeds may show or not under others; what holds has to hold under all.
    pub fn set_seeds(&mut self, given: Range<u64>) {
        let Faults::Random { seeds, .. } = &mut self.faults else {
            self.seed = given.start;
            return;
        };
        if *seeds != given {
            *seeds = given;
            for expected in self.expect.values_mut().filter(|expected| **expected == Expectation::Violated) {
                *expected = Expectation::Either;
            }
        }
    }
}

/// Which cryptography a scenario runs with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CryptoKind {
    /// Ed25519, AES-256-GCM and SHA-256: the default in random mode.
    Real,
    /// Terms: the default in every other mode.
    Symbolic,
}

impl CryptoKind {
    /// Both kinds.
    pub const ALL: &'static [CryptoKind] = &[CryptoKind::Real, CryptoKind::Symbolic];

    /// The name that scenarios and reports use.
    pub const fn name(self) -> &'static str {
        match self {
            CryptoKind::Real => "real",
            CryptoKind::Symbolic => "symbolic",
        }
    }
}

/// Who takes part, beside the one payment server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parties {
    /// How many customers, at least one.
    pub customers: u32,
    /// How many merchants, at least one.
    pub merchants: u32,
    /// What every customer's account holds at the start.
    pub opening_balance_cents: u64,
}

impl Default for Parties {
    fn default() -> Self {
        Parties { customers: 1, merchants: 1, opening_balance_cents: 100_000 }
    }
}

/// How the network behaves when no fault strikes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Network {
    /// The least and the greatest latency; uniform between the two.
    pub latency_us: (u64, u64),
}

impl Default for Network {
    fn default() -> Self {
        Network { latency_us: (1_000, 20_000) }
    }
}

/// Time limits of the parties.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovery {
    /// When an unanswered message is first repeated.
    pub retry_after_us: u64,
    /// By what every further wait grows, in thousandths (1,000 is a constant wait, 10,000 the most): an integer, so that
    /// nothing downstream computes times with floats.
    pub retry_backoff_thousandths: u32,
    /// When a party in doubt asks P.
    pub query_after_us: u64,
    /// How long a crashed party is away.
    pub restart_after_us: u64,
    /// How long after its signing an instrument may be submitted.
    pub instrument_lifetime_us: u64,
    /// How long P remembers that it has acted on a TID.
    pub dedup_retention_us: u64,
    /// What C makes of P's "unknown" where no tombstone can be had.
    pub on_unknown: OnUnknown,
}

impl Default for Recovery {
    fn default() -> Self {
        Recovery {
            retry_after_us: 200_000,
            retry_backoff_thousandths: 2_000,
            query_after_us: 1_000_000,
            restart_after_us: 500_000,
            instrument_lifetime_us: 10_000_000,
            dedup_retention_us: 60_000_000,
            on_unknown: OnUnknown::GiveUp,
        }
    }
}

/// What C makes of P's "unknown".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OnUnknown {
    /// It takes it for "not charged".
    GiveUp,
    /// It goes on asking.
    Wait,
}

/// Who breaks the protocol: [`HONEST`], or names from the lists in [`deviation`](crate::protocol::deviation).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deviations {
    /// Every merchant's behaviour.
    pub merchant: &'static str,
    /// Every customer's behaviour.
    pub customer: &'static str,
    /// Who meddles from outside: [`NOBODY`], or a name from the list in [`outsider`].
    pub outsider: &'static str,
}

impl Default for Deviations {
    fn default() -> Self {
        Deviations { merchant: HONEST, customer: HONEST, outsider: NOBODY }
    }
}

/// Under which mechanisms purchases are priced, beside the scenario's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Costs {
    /// The security profiles, each once.
    pub profiles: Vec<Profile>,
    /// What is signed under each of them, each once.
    pub signatures: Vec<Signatures>,
}

impl Default for Costs {
    fn default() -> Self {
        Costs { profiles: Vec::new(), signatures: vec![Signatures::Digests] }
    }
}

/// What goes wrong, and who chooses it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Faults {
    /// Nothing.
    None,
    /// Whatever the seeds draw.
    Random {
        /// The seeds, at least one; a run each.
        seeds: Range<u64>,
        /// Whether each run first switches whole kinds on and off.
        swarm: bool,
        /// The kinds that may strike, and how often at a site, in parts per million.
        rates: BTreeMap<FaultKind, u32>,
    },
    /// Every plan.
    Exhaustive {
        /// The most faults in a plan.
        at_most: u32,
        /// The kinds that may strike: at least one, in the order of the specification.
        kinds: Vec<FaultKind>,
        /// Kinds of which a plan may have fewer.
        each: BTreeMap<FaultKind, u32>,
        /// Who orders the events.
        clock: Clock,
    },
    /// These plans.
    Scripted {
        /// At least one.
        plans: Vec<GivenPlan>,
    },
}

impl Faults {
    /// The mode's name in scenarios.
    pub const fn mode(&self) -> &'static str {
        match self {
            Faults::None => "none",
            Faults::Random { .. } => "random",
            Faults::Exhaustive { .. } => "exhaustive",
            Faults::Scripted { .. } => "scripted",
        }
    }

    /// The kinds that may be chosen, in the order of the specification; in scripted mode the plans say it.
    pub fn kinds(&self) -> Vec<FaultKind> {
        match self {
            Faults::None | Faults::Scripted { .. } => Vec::new(),
            Faults::Random { rates, .. } => rates.keys().copied().collect(),
            Faults::Exhaustive { kinds, .. } => kinds.clone(),
        }
    }
}

/// Who orders the events of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Clock {
    /// Latencies and time limits.
    Timed,
    /// Nobody: every interleaving.
    Untimed,
}

impl Clock {
    /// Both.
    pub const ALL: &'static [Clock] = &[Clock::Timed, Clock::Untimed];

    /// The name that scenarios use.
    pub const fn name(self) -> &'static str {
        match self {
            Clock::Timed => "timed",
            Clock::Untimed => "untimed",
        }
    }
}

/// A plan of a scenario, and where it stands: a plan that does not fit its run is an error that points here, by way of
/// [`Diagnostic::at`] and the scenario's source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenPlan {
    /// The plan.
    pub plan: Plan,
    /// Its bytes in the file, quotes included.
    pub span: Range<usize>,
}
