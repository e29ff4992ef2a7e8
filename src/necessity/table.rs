//! The table: a line for what is taken away, a column for each threat, and what follows from comparing them.
//!
//! What breaks with a mechanism away is no news where it breaks with as few faults with the mechanism on, or where it breaks with
//! as few faults although nobody deviates. How it is found is left to [`ask`](super::ask), how it is shown to [`text`](super::text).

use std::sync::Arc;

use super::ask::{Harm, Heard, Way};
use super::threat::Threat;
use crate::invariant::Invariant;
use crate::protocol::Protocol;
use crate::protocol::mechanism::{Mechanism, MechanismSet};
use crate::results::{NecessityRow, Need};
use crate::scenario::Clock;

/// What was heard with some mechanisms away: an answer for each threat, in their order, honest parties first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What is away; nothing in the base line.
    pub without: Vec<Mechanism>,
    /// The answers.
    pub heard: Vec<Heard>,
}

/// The lines of one protocol.
#[derive(Debug, Clone)]
pub struct CaseTable {
    /// The protocol.
    pub protocol: Arc<dyn Protocol>,
    /// The columns; honest parties come first.
    pub threats: Vec<Threat>,
    /// With every mechanism on.
    pub base: Line,
    /// With each one away, in the order of their list; then with each two, if that was asked for.
    pub lines: Vec<Line>,
}

/// What is news: a harm, and the shortest way to do it.
pub type News<'t> = (&'t Harm, &'t Way);

/// The weakest threat that makes a mechanism needed for something.
#[derive(Debug, Clone, Copy)]
pub struct Weakest<'t> {
    /// The threat.
    pub threat: Threat,
    /// What it breaks.
    pub harm: &'t Harm,
    /// The shortest way.
    pub way: &'t Way,
}

impl CaseTable {
    /// The lines that a line has to bring more than: with less away, and with nobody deviating.
    fn lesser<'t>(&'t self, line: &'t Line, threat: usize) -> impl Iterator<Item = &'t Heard> {
        let part = |other: &&Line| {
            other.without.len() < line.without.len() && other.without.iter().all(|m| line.without.contains(m))
        };
        let parts = self.lines.iter().filter(part).chain(std::iter::once(&self.base));
        let parts = parts.filter(|_| !line.without.is_empty()).map(move |other| &other.heard[threat]);
        parts.chain((threat > 0).then(|| &line.heard[0]))
    }

    /// What breaks in a line and a column, and in none that it has to be compared with, or there with more faults only.
    pub fn news<'t>(&'t self, line: &'t Line, threat: usize) -> Vec<News<'t>> {
        let known = |harm: &Harm, way: &Way| {
            self.lesser(line, threat).any(|other| other.fewest(harm).is_some_and(|fewest| fewest <= way.faults))
        };
        line.heard[threat].broken.iter().filter(|(harm, way)| !known(harm, way)).collect()
    }

    /// What follows for a line and a column. Where it was not tried to the end what breaks anyway, nothing follows; where that was, what
    /// is seen to break does break, and if nothing is, it may yet.
    pub fn need(&self, line: &Line, threat: usize) -> Need {
        let honest = threat == 0;
        let needed_anyway = !honest && !self.news(line, 0).is_empty();
        let comparable = self.lesser(line, threat).all(|heard| heard.stopped.is_none());
        let complete = comparable && line.heard[threat].stopped.is_none();
        match (self.news(line, threat).is_empty(), line.without.is_empty()) {
            (true, _) if !complete => Need::Unknown,
            (false, _) if !comparable => Need::Unknown,
            (true, true) => Need::Holds,
            (false, true) => Need::Violated,
            (false, false) if honest => Need::Needed,
            (false, false) if needed_anyway => Need::WorseAgainst,
            (false, false) => Need::NeededOnlyAgainst,
            (true, false) if needed_anyway => Need::NoWorseAgainst,
            (true, false) => Need::NotNeededWithin,
        }
    }

    /// The weakest threat that breaks something in a line, or one of the invariants: nobody deviates before somebody does, then the
    /// fewest faults, then the fewest events.
    pub fn weakest<'t>(&'t self, line: &'t Line, invariant: Option<Invariant>) -> Option<Weakest<'t>> {
        let all = self.threats.iter().enumerate().flat_map(|(place, threat)| {
            let known = self.need(line, place) != Need::Unknown;
            let news = self.news(line, place).into_iter().filter(move |_| known);
            news.map(|(harm, way)| Weakest { threat: *threat, harm, way })
        });
        let wanted = all.filter(|weakest| invariant.is_none_or(|invariant| weakest.harm.0 == invariant));
        wanted.min_by_key(|weakest| (!weakest.threat.is_honest(), weakest.way.faults, weakest.way.events))
    }

    /// The first column of a line that could not be answered, and why not, if there is one.
    pub fn unknown<'t>(&'t self, line: &'t Line) -> Option<(Threat, &'t str)> {
        self.threats.iter().enumerate().find_map(|(place, threat)| {
            let mut heard = self.lesser(line, place).chain(std::iter::once(&line.heard[place]));
            heard.find_map(|heard| Some((*threat, heard.stopped.as_deref()?)))
        })
    }

    /// The base line and the others.
    pub fn all_lines(&self) -> impl Iterator<Item = &Line> {
        std::iter::once(&self.base).chain(&self.lines)
    }

    /// The rows of `necessity.csv`.
    pub fn rows(&self) -> Vec<NecessityRow<'static>> {
        let mut rows = Vec::new();
        for line in self.all_lines() {
            for (place, threat) in self.threats.iter().enumerate() {
                let heard = &line.heard[place];
                let empty = self.row(line, *threat, heard, self.need(line, place));
                let news = self.news(line, place);
                if news.is_empty() {
                    rows.push(empty);
                    continue;
                }
                rows.extend(news.into_iter().map(|((invariant, clause, victim), way)| NecessityRow {
                    invariant: Some(*invariant),
                    clause: (*clause).into(),
                    victim: victim.word().into(),
                    faults: Some(way.faults),
                    events: Some(way.events),
                    plan: way.plan.clone().into(),
                    replay: self.replay(line, *threat, way).into(),
                    ..empty.clone()
                }));
            }
        }
        rows
    }

    /// A row in which nothing breaks.
    fn row(&self, line: &Line, threat: Threat, heard: &Heard, verdict: Need) -> NecessityRow<'static> {
        let clock = match (heard.clock, heard.every_order) {
            (Clock::Untimed, _) => "untimed",
            (Clock::Timed, false) => "timed",
            (Clock::Timed, true) => "both",
        };
        NecessityRow {
            protocol: self.protocol.name().to_owned().into(),
            without: joined(&line.without, "none").into(),
            against: threat.name().into(),
            verdict,
            invariant: None,
            clause: "".into(),
            victim: "".into(),
            faults: None,
            events: None,
            plan: "".into(),
            replay: "".into(),
            clock: clock.into(),
            faults_at_most: heard.faults,
            states: heard.states,
            complete: heard.stopped.is_none().into(),
        }
    }

    /// The command that shows a way.
    pub fn replay(&self, line: &Line, threat: Threat, way: &Way) -> String {
        let away = arguments(line.without.iter().copied());
        format!("halfpaid replay {} \"{}\"{away}{}", self.protocol.name(), way.plan, threat.arguments())
    }
}

/// The mechanisms of the preset `hardened` that make a difference to a protocol.
pub fn applicable(protocol: &dyn Protocol) -> Vec<Mechanism> {
    MechanismSet::all().iter().filter(|mechanism| protocol.applies(*mechanism)).collect()
}

/// Names, joined by ` + `, or a word for none.
pub fn joined(mechanisms: &[Mechanism], none: &str) -> String {
    if mechanisms.is_empty() {
        return none.to_owned();
    }
    mechanisms.iter().map(|mechanism| mechanism.name()).collect::<Vec<_>>().join(" + ")
}

/// Mechanisms to be taken away, as arguments with a blank before each.
pub fn arguments(away: impl Iterator<Item = Mechanism>) -> String {
    away.map(|mechanism| format!(" --without {mechanism}")).collect()
}
