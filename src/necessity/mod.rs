//! Which mechanism each protocol needs, for what, and against whom; and which sets of them suffice.
//!
//! Every mechanism is taken away from `hardened`, by itself or two at a time, and everything that can then happen is searched: with
//! honest parties and against each [`Threat`], under every plan of faults ([`ask`]). What breaks now and did not before is what it is
//! needed for ([`table`]). The reverse starts from `as-written` and looks for the smallest sets that suffice ([`minimal`]).
//!
//! Beside a deviation there are as many faults as between honest parties. Many deviations do in a case what honest parties do, and the
//! search among these answers for them ([`explore_for`](crate::explore::explore_for)). What takes several purchases, and outsiders, go
//! by the clock, without a fault unless more is asked for. Each row says how many faults were tried under which clock, and where a
//! search was not complete, that nothing is known.
//!
//! # Mechanisms can need each other
//!
//! What suffices need not suffice with one mechanism more. `status-query` is the example: with it P's answers go to M and C, and
//! without `signed-status` a flipped bit in one makes M believe that it was paid, and hand out its goods. Where nobody may ask P there
//! is no such answer. So what is needed in `hardened` may be of no use in `as-written`, and [`minimal`] does not take its start from
//! the table.
//!
//! Deliberately not here: how a search goes ([`explore`](crate::explore), [`drive::exhaustive`](crate::drive::exhaustive)), and what
//! is right ([`invariant`](crate::invariant)).

pub mod ask;
pub mod minimal;
pub mod table;
pub mod text;
pub mod threat;
mod witness;

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use ask::{Ask, answer_all, in_every_order, without_end};
use table::{CaseTable, Line, applicable};
pub use threat::Threat;

use crate::fault::FaultKind;
use crate::protocol::Protocol;
use crate::protocol::mechanism::{Mechanism, MechanismSet};
use crate::scenario::Clock;

/// What is to be asked.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The protocols.
    pub protocols: Vec<Arc<dyn Protocol>>,
    /// The columns of the table; honest parties first.
    pub threats: Vec<Threat>,
    /// The most faults of a plan between honest parties.
    pub faults: u32,
    /// The most faults of a plan beside a deviation.
    pub beside: u32,
    /// The most faults of a plan beside an outsider or a deviation that takes several purchases, which are searched under the clock:
    /// with each fault more there are hundreds of times as many plans.
    pub under_the_clock: u32,
    /// What may strike.
    pub kinds: Vec<FaultKind>,
    /// Whether two mechanisms are taken away at a time, too.
    pub pairs: bool,
    /// No search without time takes more states than that.
    pub states: u64,
    /// Under the clock no faults are tried where there are more plans of one fault than that.
    pub plans: u64,
    /// How many questions are answered at a time; as many as there are cores if it is not said.
    pub jobs: Option<NonZeroUsize>,
}

impl Settings {
    /// The most faults beside a threat.
    pub fn faults_beside(&self, threat: Threat) -> u32 {
        match (threat.is_honest(), threat.clock()) {
            (true, _) => self.faults,
            (false, Clock::Untimed) => self.beside,
            (false, Clock::Timed) if threat.awaits_a_crash() => self.under_the_clock.max(self.faults.min(1)),
            (false, Clock::Timed) => self.under_the_clock,
        }
    }

    /// What the smallest sets are held against: beside a deviation or an outsider one fault less, since that is something that goes wrong,
    /// too, and there are a hundred thousand sets.
    pub fn for_sets(&self) -> Settings {
        let beside = self.beside.min(self.faults.saturating_sub(1));
        Settings { beside, under_the_clock: self.under_the_clock.saturating_sub(1), ..self.clone() }
    }

    /// What may strike beside a threat: a crash alone, where no fault is wanted beside it and it does nothing without one.
    pub fn kinds_beside(&self, threat: Threat) -> &[FaultKind] {
        let crash_alone = threat.awaits_a_crash() && self.under_the_clock == 0;
        if crash_alone { &[FaultKind::Crash] } else { &self.kinds }
    }
}

/// Somebody wanted it to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("interrupted")]
pub struct Interrupted;

/// Is told how it goes on.
pub trait Progress: Sync {
    /// So many questions more are to be answered.
    fn ahead(&self, questions: u64);
    /// One was answered, and so many states or runs were looked at.
    fn done(&self, states: u64);
}

impl Progress for () {
    fn ahead(&self, _: u64) {}
    fn done(&self, _: u64) {}
}

/// What is taken away, line by line: nothing, each mechanism, each two.
fn lines(protocol: &dyn Protocol, pairs: bool) -> Vec<Vec<Mechanism>> {
    let all = applicable(protocol);
    let mut lines = vec![Vec::new()];
    lines.extend(all.iter().map(|mechanism| vec![*mechanism]));
    if pairs {
        lines.extend(all.iter().enumerate().flat_map(|(n, one)| all[n + 1..].iter().map(|other| vec![*one, *other])));
    }
    lines
}

/// Answers every question of the table.
///
/// # Errors
///
/// When somebody wants it to end.
pub fn tables(
    settings: &Settings,
    interrupted: &AtomicBool,
    progress: &dyn Progress,
) -> Result<Vec<CaseTable>, Interrupted> {
    let lines: Vec<_> = settings.protocols.iter().map(|p| (p, lines(&**p, settings.pairs))).collect();
    let asks: Vec<Ask> = lines
        .iter()
        .flat_map(|(protocol, lines)| lines.iter().map(move |without| (protocol, without)))
        .flat_map(|(protocol, without)| settings.threats.iter().map(move |threat| (protocol, without, threat)))
        .map(|(protocol, without, threat)| Ask {
            protocol: Arc::clone(protocol),
            mechanisms: without.iter().fold(MechanismSet::all(), |set, away| set.without(*away)),
            threat: *threat,
            clock: threat.clock(),
            faults: settings.faults_beside(*threat),
            states: settings.states,
        })
        .collect();
    progress.ahead(asks.len() as u64);
    let mut heard = answer_all(&asks, settings, interrupted, progress)?;
    without_end(&asks, &mut heard, settings, interrupted, progress)?;
    in_every_order(&asks, &mut heard, settings, interrupted, progress)?;
    let mut heard = heard.into_iter();
    let tables = lines.into_iter().map(|(protocol, lines)| {
        let mut lines = lines
            .into_iter()
            .map(|without| Line { without, heard: heard.by_ref().take(settings.threats.len()).collect() })
            .collect::<Vec<_>>();
        let base = lines.remove(0);
        CaseTable { protocol: Arc::clone(protocol), threats: settings.threats.clone(), base, lines }
    });
    Ok(tables.collect())
}
