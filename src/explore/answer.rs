//! What came of a search: every way of breaking something with its shortest course, every way of ending, and what was tried.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::Question;
use super::look::{Breach, recall, seen};
use super::search::{Hit, Search, Stopped};
use super::step::Step;
use super::step::View;
use super::store::Place;
use crate::drive::follow::{follow, shorten};
use crate::drive::{Job, Latency};
use crate::fault::coverage::{Covered, Spot};
use crate::fault::{Course, FaultKind};
use crate::invariant::ending::Ending;
use crate::invariant::{Invariant, Violation};
use crate::party::Side;

/// A way of breaking a clause: for each clause, victim and cause the shortest.
#[derive(Debug, Clone)]
pub struct Finding {
    /// What breaks.
    pub breach: Breach,
    /// The faults at its root, without their numbers; empty for none.
    pub cause: Vec<String>,
    /// The shortest course that was found.
    pub course: Course,
    /// The violation as a run of the course shows it.
    pub violation: Violation,
    /// At how many states it is broken first for this cause or for one that holds more than this.
    pub states: u64,
}

/// A way in which a purchase ends.
#[derive(Debug, Clone)]
pub struct Ended {
    /// How.
    pub ending: Ending,
    /// At how many states at rest.
    pub states: u64,
    /// A course that leads there, if one could be written down.
    pub course: Option<Course>,
}

/// What the faults on the way to a hit are, without their numbers, and where they struck.
pub(super) type Roots = (Vec<String>, Vec<Spot>);

/// What a search takes to be broken, and no run confirms.
#[derive(Debug, Clone)]
pub struct Doubt {
    /// What is said to break.
    pub breach: Breach,
    /// The faults at its root, as a finding has them.
    pub cause: Vec<String>,
    /// The first of the courses that were followed in vain, if any could be written down.
    pub course: Option<Course>,
}

/// What came of a search.
#[derive(Debug)]
pub struct Answer {
    /// How many states there are.
    pub states: u64,
    /// How many steps were taken.
    pub transitions: u64,
    /// By number of faults, then by number of events: how many states are first reached so.
    pub levels: Vec<Vec<u64>>,
    /// Why the search stopped before it was complete, if it did.
    pub stopped: Option<Stopped>,
    /// What breaks.
    pub findings: Vec<Finding>,
    /// What the search takes to be broken and following its courses does not confirm.
    pub unconfirmed: Vec<Doubt>,
    /// How purchases end.
    pub ends: Vec<Ended>,
    /// At how many states everything is at rest.
    pub at_rest: u64,
    /// At how many of these, after some fault, something was committed.
    pub committed_in_spite: u64,
    /// From how many states nothing at rest can be reached. Of a search that was cut short that is not known, and it is none.
    pub endless: u64,
    /// What was met, and what struck.
    pub coverage: Vec<Covered>,
    /// The bytes of one state, without its place in the table and the link to the state before it.
    pub state_bytes: usize,
}

/// What makes findings the same but for their cause.
pub(super) type Kind = (Invariant, &'static str, Side);

impl Breach {
    fn kind(&self) -> Kind {
        (self.invariant, self.clause, self.victim.side())
    }
}

impl Finding {
    pub(super) fn kind(&self) -> Kind {
        self.breach.kind()
    }
}

impl Doubt {
    pub(super) fn kind(&self) -> Kind {
        self.breach.kind()
    }
}

/// Hits that are alike.
struct Gathered<'h> {
    cause: &'h Vec<String>,
    spots: &'h Vec<Spot>,
    /// And what is broken there.
    hits: Vec<(&'h Hit, Breach)>,
    states: u64,
}

/// Findings, where the faults of each struck, and what could not be confirmed.
pub(super) type Found = (Vec<Finding>, Vec<Vec<Spot>>, Vec<Doubt>);

/// Whether one sorted list holds all of another.
pub fn holds(all: &[String], part: &[String]) -> bool {
    let mut rest = all.iter();
    part.iter().all(|wanted| rest.any(|have| have == wanted))
}

impl<const W: usize> Search<'_, W> {
    /// The words for a fault without its numbers, as `cause` in `violations.csv` has them.
    fn cause(&self, step: Step) -> String {
        let Some(kind) = step.fault() else { return String::new() };
        match step {
            Step::Drop(letter) | Step::Duplicate(letter) | Step::Replay(letter) | Step::Corrupt { letter, .. } => {
                format!("{} {}", kind.name(), self.tables.letters[letter as usize].message.step)
            }
            Step::Crash { seat, .. } | Step::CrashTaking { seat, .. } | Step::CrashWithin { seat, .. } => {
                format!("{} {}", kind.name(), self.tables.seats[seat as usize].party.side())
            }
            Step::Take { .. } | Step::Lapse => String::new(),
        }
    }

    pub(super) fn answer(&self, question: &Question<'_>) -> Answer {
        let job = Job { setup: question.setup, workload: question.workload, latency: Latency { min_us: 0, max_us: 0 } };
        let (mut findings, mut struck, mut unconfirmed) = self.findings(&job);
        let without_rest = self.without_rest(&job);
        findings.extend(without_rest.0);
        struck.extend(without_rest.1);
        unconfirmed.extend(without_rest.2);
        let committed = |likeness| seen(likeness, &self.tables).purchases.values().any(|purchase| purchase.committed());
        let in_spite =
            self.ends.iter().filter(|(likeness, _, _, place)| self.faults_of(*place) > 0 && committed(*likeness));
        Answer {
            states: self.len(),
            transitions: self.transitions,
            levels: self.levels.iter().map(|l| l.iter().map(|level| level.len() as u64).collect()).collect(),
            stopped: self.stopped,
            findings,
            unconfirmed,
            committed_in_spite: in_spite.map(|(_, _, states, _)| states).sum(),
            at_rest: self.ends.iter().map(|(_, _, states, _)| states).sum(),
            ends: self.endings(),
            endless: self.endless().states,
            coverage: if self.counts {
                self.coverage.covered(&self.tables, struck.iter().flatten())
            } else {
                Vec::new()
            },
            state_bytes: W * 8,
        }
    }

    /// What the faults on the way to each hit are. Many have the same on their way, and each is looked for once.
    pub(super) fn roots(&self, hits: &[Hit]) -> Vec<Roots> {
        let struck: Vec<Vec<Place>> = hits.par_iter().map(|hit| self.struck(hit.place)).collect();
        let mut all: Vec<Place> = struck.iter().flatten().copied().collect();
        all.sort_unstable();
        all.dedup();
        let root = |place: Place, step: Step| {
            let state = self.state(place);
            (self.cause(step), View::new(&self.tables, &state, false).spot(step))
        };
        let known: Vec<_> = all
            .par_iter()
            .map(|place| {
                let before = self.parent(*place);
                Some(root(before, self.step_between(before, *place)?.0))
            })
            .collect();
        let of = |place: &Place| all.binary_search(place).ok().and_then(|at| known[at].clone());
        let roots = hits.iter().zip(&struck).map(|(hit, struck)| {
            let within = hit.within.filter(|step| step.fault().is_some()).map(|step| root(hit.place, step));
            let (mut causes, spots): (Vec<_>, Vec<_>) = struck.iter().filter_map(of).chain(within).unzip();
            causes.sort_unstable();
            (causes, spots.into_iter().flatten().collect())
        });
        roots.collect()
    }

    /// Gathers hits by clause, victim and cause. Hits come in the order of their faults, then of their events.
    fn findings(&self, job: &Job<'_, '_>) -> Found {
        let roots = self.roots(&self.hits);
        let mut kinds: BTreeMap<Kind, Vec<Gathered<'_>>> = BTreeMap::new();
        for (hit, (cause, spots)) in self.hits.iter().zip(&roots) {
            for (_, breach) in self.looks.breaches(hit.broken) {
                let known = kinds.entry(breach.kind()).or_default();
                match known.iter_mut().find(|smaller| holds(cause, smaller.cause)) {
                    Some(smaller) => {
                        smaller.states += 1;
                        if smaller.cause == cause && smaller.hits.len() < CANDIDATES_MAX {
                            smaller.hits.push((hit, *breach));
                        }
                    }
                    None => known.push(Gathered { cause, spots, hits: vec![(hit, *breach)], states: 1 }),
                }
            }
        }
        let gathered: Vec<Gathered<'_>> = kinds.into_values().flatten().collect();
        let shortest: Vec<_> = gathered.par_iter().map(|gathered| self.shortest(job, gathered)).collect();
        let (mut findings, mut struck, mut unconfirmed) = (Vec::new(), Vec::new(), Vec::new());
        for (Gathered { cause, spots, hits, states }, shortest) in gathered.into_iter().zip(shortest) {
            let cause = cause.clone();
            match shortest {
                Ok((breach, course, violation)) => {
                    findings.push(Finding { breach, cause, course, violation, states });
                    struck.push(spots.clone());
                }
                Err(course) => unconfirmed.push(Doubt { breach: hits[0].1, cause, course }),
            }
        }
        (findings, struck, unconfirmed)
    }

    /// The shortest of the courses to hits that are alike that a run confirms. If none does, the first course.
    ///
    /// Hits come in the order of their events, but loops are not among these, and nor is what a course takes to make copies.
    fn shortest(
        &self,
        job: &Job<'_, '_>,
        gathered: &Gathered<'_>,
    ) -> Result<(Breach, Course, Violation), Option<Course>> {
        let course = |(hit, breach): &(&Hit, Breach)| {
            let (course, names) = self.course(hit)?;
            Some((course, breach.renamed(names, &self.tables)))
        };
        let mut first = None;
        for hits in gathered.hits.chunks(CANDIDATES) {
            let courses: Vec<(Course, Breach)> = hits.iter().filter_map(course).collect();
            first = first.or_else(|| courses.first().map(|(course, _)| course.clone()));
            let confirmed = |(course, breach)| {
                let violation = confirm(job, &course, &breach)?;
                Some((breach, course, violation))
            };
            let shown = courses.into_iter().filter_map(confirmed);
            if let Some((breach, course, violation)) =
                shown.min_by_key(|(_, course, violation)| (course.plan.0.len(), violation.events))
            {
                let shorter = shorten(job, &course, &|violation| breach.is(violation));
                let (course, violation) = shorter.unwrap_or((course, violation));
                return Ok((breach, course, violation));
            }
        }
        Err(first)
    }

    fn endings(&self) -> Vec<Ended> {
        let mut ends: BTreeMap<Ending, (u64, Place)> = BTreeMap::new();
        for (likeness, remembered, states, place) in &self.ends {
            let facts = seen(*likeness, &self.tables);
            let broken = self.looks.find(likeness).map_or(0, |look| look.broken);
            for (about, purchase) in facts.purchases.iter().filter(|(_, purchase)| purchase.wish.is_some()) {
                let is_broken = |invariant| {
                    self.looks.breaches(broken).any(|(_, b)| b.purchase == *about && b.invariant == invariant)
                        || recall(*remembered, &self.tables).any(|b| b == (*about, invariant))
                };
                let ending = Ending::of(purchase, is_broken, self.tables.setup);
                let known = ends.entry(ending).or_insert((0, *place));
                known.0 += states;
                if (self.faults_of(*place), self.depth_of(*place), *place)
                    < (self.faults_of(known.1), self.depth_of(known.1), known.1)
                {
                    known.1 = *place;
                }
            }
        }
        let ends: Vec<_> = ends.into_iter().collect();
        ends.into_par_iter()
            .map(|(ending, (states, place))| {
                let course = self.course(&Hit { place, within: None, broken: 0 });
                Ended { ending, states, course: course.map(|(course, _)| course) }
            })
            .collect()
    }
}

/// So many courses are tried at a time for each finding, to find the one with the fewest events.
const CANDIDATES: usize = 16;
/// So many are kept, should none of the first be confirmed.
const CANDIDATES_MAX: usize = 512;

/// Follows a course and looks whether it breaks what it is said to break.
fn confirm(job: &Job<'_, '_>, course: &Course, breach: &Breach) -> Option<Violation> {
    let followed = follow(job, course, &mut ());
    followed.finished.checker.violations().iter().find(|violation| breach.is(violation)).cloned()
}

/// Every kind of fault that an untimed search strikes with; a late message needs no fault there.
pub const KINDS: &[FaultKind] = &[
    FaultKind::Drop,
    FaultKind::Duplicate,
    FaultKind::Replay,
    FaultKind::Corrupt,
    FaultKind::Crash,
    FaultKind::CrashForever,
];
