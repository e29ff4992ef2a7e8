//! Twins: two runs with different guilty parties and the same evidence, the proof that certified delivery fails.
//!
//! If a claim is true in one run and false in another, and the same papers can come before the judge in both, then no judge,
//! however wise, is right in both: this refutes a protocol, not [`judge`]'s rules. Whoever is honest hands in what its journal has of
//! the purchase, P its record; the guilty party hands in what suits it, of what it has of any of its purchases or can make. So a true
//! claim of one run and the same claim, false in another, are twins where P's records are the same, what the honest claimant of the
//! one hands in is at the liar's disposal in the other, and what the honest other side of that one hands in is at the disposal of the
//! guilty side of the first.
//!
//! The runs are all runs of a protocol with honest parties, with every deviation of either side, and with every outsider, as many
//! purchases as each takes: under every plan of at most so many faults by the clock, or under every order of events too ([`Clock`]).
//! The same seed gives the same keys and TIDs in all of them. What the words of a catalogue mean is no paper's to say: where an order
//! holds nothing but the item's name, a run in which that names one content and a run in which it names another may be twins too
//! ([`Search::other_meanings`]). Where C and M both break the protocol there is no honest side for anybody to be guilty towards, so
//! that no such run can be a twin.

mod sighting;
pub mod text;

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::hash::Hash;

use crate::drive::exhaustive;
use crate::drive::follow::{Followed, follow};
use crate::drive::{Finished, Job, Latency};
use crate::explore::{Bounds, Question, Reductions, Sought, each_end};
use crate::fault::{Budget, Course, Plan};
use crate::judge::{Claim, Decision, Evidence, judge};
use crate::necessity::Threat;
use crate::party::Side;
use crate::protocol::part::Part;
use crate::protocol::setup::Setup;
use crate::results::grouped;
use crate::scenario::Clock;
use crate::world::{Fingerprint, Room, Workload};

use sighting::{Group, Sighting, excuse, sightings};

/// A run, by what makes it differ from the others.
#[derive(Debug, Clone)]
pub struct Run {
    /// Who breaks the protocol, and how.
    pub threat: Threat,
    /// Whether the names of items mean their other contents ([`Catalogue::swapped`](crate::protocol::setup::Catalogue::swapped)).
    pub other_meanings: bool,
    /// How many faults strike.
    pub faults: u32,
    /// What else goes wrong, and in which order things happen if the clock does not say.
    pub course: Course,
}

/// Two runs that no judge can tell apart.
#[derive(Debug, Clone)]
pub struct Twins {
    /// What is claimed in both.
    pub claim: Claim,
    /// Where it is true.
    pub true_in: Run,
    /// Whose doing it is there: the other side's, if what is claimed is a loss, and the other side has broken the protocol and it would not
    /// be so otherwise, or has gone for ever. Where nobody has, the other side is guilty of contesting what is true, and of nothing
    /// else.
    pub guilty: Option<Side>,
    /// Where it is false, and the claimant is guilty.
    pub false_in: Run,
    /// What can be handed in in either.
    pub evidence: Evidence,
    /// How the judge decides, which is wrong in one of the two.
    pub decision: Decision,
}

/// What came of a search.
#[derive(Debug, Default)]
pub struct Answer {
    /// How many runs were looked at; of every order of events, how many states.
    pub runs: u64,
    /// Claims of which the truth is known, with all different evidence.
    pub claims: u64,
    /// For each kind of claim the pair with the fewest faults.
    pub twins: Vec<Twins>,
    /// What was not searched to its end, and why.
    pub left_out: Vec<String>,
}

/// What is to be searched.
#[derive(Debug, Clone, Copy)]
pub struct Search<'a> {
    /// Who may break the protocol, one at a time.
    pub threats: &'a [Threat],
    /// The clock.
    pub clock: Clock,
    /// How long messages take, by the clock.
    pub latency: Latency,
    /// What may strike.
    pub budget: &'a Budget,
    /// What may strike where a threat takes several purchases and every order of events counts: of these there are many.
    pub several: &'a Budget,
    /// Whether every run is looked at once more where the names of items mean their other contents. Where an order holds the item's
    /// digest that shows no more twins: all that can be proven of a purchase is proven with C's order, which says in either which
    /// content it is for.
    pub other_meanings: bool,
    /// So many states are looked at with one threat, where every order of events counts.
    pub states: u64,
}

/// By plan, what tells a run of honest parties from others, and what is truly claimed in it.
type Honest = BTreeMap<Plan, (Likeness, Vec<Group>)>;

/// What tells a run from others: all that has happened, and all that anybody has in hand in the end. Who sends another item in the place of
/// the right one brings about the same events.
type Likeness = ([u8; 32], Fingerprint);

fn likeness(finished: &Finished<'_>) -> Likeness {
    let mut room = Room::default();
    let facts = finished.checker.facts();
    facts.hash_known(&mut room);
    for purchase in facts.purchases.values() {
        (&purchase.customer, &purchase.merchant, &purchase.server, &purchase.received).hash(&mut room);
    }
    (finished.meter.fingerprint(), room.fingerprint())
}

/// All different claims so far, with their evidence.
#[derive(Debug, Default)]
struct Claims {
    groups: BTreeMap<Group, Vec<Sighting>>,
    number: u64,
}

impl Claims {
    /// Takes note of what a run has to say, unless a plainer one has said and shown it. What is new is shown to `complete` before.
    fn note(&mut self, seen: Vec<(Group, Sighting)>, mut complete: impl FnMut(&Group, &mut Sighting)) {
        for (group, mut sighting) in seen {
            let known = self.groups.entry(group.clone()).or_default();
            match known.iter_mut().find(|earlier| earlier.same_evidence(&sighting)) {
                None => {
                    complete(&group, &mut sighting);
                    known.push(sighting);
                    self.number += 1;
                }
                Some(earlier) if !earlier.shown || sighting.plainness() < earlier.plainness() => {
                    complete(&group, &mut sighting);
                    let rank = |sighting: &Sighting| (!sighting.shown, sighting.plainness());
                    if rank(&sighting) < rank(earlier) {
                        *earlier = sighting;
                    }
                }
                Some(_) => {}
            }
        }
    }
}

impl Search<'_> {
    /// Searches for twins among the runs with every threat. `set_up` says what does not change in them, and what the customers set out
    /// to do.
    pub fn answer(&self, set_up: impl Fn(Threat) -> (Setup, Workload)) -> Answer {
        let (mut answer, mut claims) = (Answer::default(), Claims::default());
        for &other_meanings in if self.other_meanings { &[false, true][..] } else { &[false] } {
            let set_up = |threat| {
                let (mut setup, workload) = set_up(threat);
                if other_meanings {
                    setup.catalogue = setup.catalogue.swapped();
                }
                (setup, workload)
            };
            let (honest, errands) = set_up(Threat::Honest);
            let plain = Job { setup: &honest, workload: &errands, latency: self.latency };
            let mut plainly = Honest::new();
            for &threat in self.threats {
                let (setup, workload) = set_up(threat);
                let job = Job { setup: &setup, workload: &workload, latency: self.latency };
                let run = Run { threat, other_meanings, faults: 0, course: Course::default() };
                match self.clock {
                    Clock::Timed => self.by_the_clock(&run, &job, &mut plainly, &mut claims, &mut answer),
                    Clock::Untimed => self.in_every_order(&run, [&job, &plain], &mut claims, &mut answer),
                }
            }
        }
        answer.find_twins(&claims, &set_up(Threat::Honest).0);
        answer
    }

    /// A run in which whoever breaks the protocol has not come to do so is one of honest parties, and has been looked at as that.
    fn by_the_clock(
        &self,
        plain: &Run,
        job: &Job<'_, '_>,
        plainly: &mut Honest,
        claims: &mut Claims,
        answer: &mut Answer,
    ) {
        let (known, threat) = (std::mem::take(plainly), plain.threat);
        let inspect = |plan: &Plan, finished: &Finished<'_>| {
            let like = likeness(finished);
            let honest = known.get(plan);
            let idle = threat.errands().is_none() && honest.is_some_and(|(known, _)| *known == like);
            let (faults, course) = (plan.0.len() as u32, Course { plan: plan.clone(), order: None });
            let run = Run { faults, course, ..plain.clone() };
            let mut seen = if finished.cut_short() || idle {
                Vec::new()
            } else {
                sightings(finished.checker.facts(), job.setup, &run)
            };
            excuse(&mut seen, honest.map_or(&[], |(_, anyway)| anyway));
            (threat.is_honest().then(|| (plan.clone(), (like, truths(&seen)))), seen)
        };
        let consume = |(honest, seen): (Option<(Plan, _)>, Vec<(Group, Sighting)>)| {
            answer.runs += 1;
            plainly.extend(honest);
            claims.note(seen, |_, _| ());
            true
        };
        exhaustive::explore(job, self.budget, inspect, |_| (), consume);
        plainly.extend(known);
    }

    /// The search may take more to be possible than is. So each claim that is new goes with a run that shows it, if one does.
    fn in_every_order(&self, run: &Run, [job, plain]: [&Job<'_, '_>; 2], claims: &mut Claims, answer: &mut Answer) {
        let (&Job { setup, workload, .. }, threat) = (job, run.threat);
        let bounds = Bounds { states: self.states, ..Bounds::default() };
        // Parties that stand for each other do not have each other's papers.
        let reductions = Reductions { symmetry: false, ..Reductions::ALL };
        let sought = Sought::Harms;
        let budget = if threat.errands().is_some() { self.several } else { self.budget };
        let question = Question { setup, workload, budget, bounds, reductions, sought };
        let extent = each_end(&question, &mut (), &mut |facts, faults, course| {
            let run = Run { faults, ..run.clone() };
            // The same run shows all that is new in it.
            let shown = OnceCell::new();
            claims.note(sightings(facts, setup, &run), |group, sighting| {
                let (course, seen) = shown.get_or_init(|| shown_by([job, plain], &run, course().unwrap_or_default()));
                let shown = seen.iter().find(|(about, other)| about == group && other.same_evidence(sighting));
                match shown {
                    Some((_, shown)) => sighting.clone_from(shown),
                    None => sighting.shown = false,
                }
                sighting.run.course.clone_from(course);
            });
        });
        answer.runs += extent.states;
        if let Some(stopped) = extent.stopped {
            answer.left_out.push(format!("{} after {} states: {stopped}", threat.name(), grouped(extent.states)));
        }
    }
}

/// What a run of a course has to say, with the course; nothing, if not everything is at rest after it. Where honest parties come to the
/// same by it, it is their run.
fn shown_by([job, plain]: [&Job<'_, '_>; 2], run: &Run, course: Course) -> (Course, Vec<(Group, Sighting)>) {
    let (followed, honest) = (follow(job, &course, &mut ()), follow(plain, &course, &mut ()));
    let [like, honest_like] = [&followed, &honest].map(|followed| likeness(&followed.finished));
    let idle = run.threat.errands().is_none() && like == honest_like;
    let threat = if idle { Threat::Honest } else { run.threat };
    let seen = |followed: &Followed<'_>, setup: &Setup, threat: Threat| {
        let (facts, run) = (followed.finished.checker.facts(), Run { threat, ..run.clone() });
        if followed.at_rest { sightings(facts, setup, &run) } else { Vec::new() }
    };
    let anyway = truths(&seen(&honest, plain.setup, Threat::Honest));
    let mut seen = seen(&followed, job.setup, threat);
    excuse(&mut seen, &anyway);
    (course, seen)
}

/// What is truly claimed in a run.
fn truths(seen: &[(Group, Sighting)]) -> Vec<Group> {
    seen.iter().filter(|(_, sighting)| sighting.truth).map(|(group, _)| group.clone()).collect()
}

impl Answer {
    /// Of each kind of claim the twins with the fewest faults; those that runs show, if there are any.
    fn find_twins(&mut self, claims: &Claims, honest: &Setup) {
        let mut found: BTreeMap<(Side, &'static str), (Plainness, Twins)> = BTreeMap::new();
        for (group, known) in &claims.groups {
            let Some((plainness, twins)) = pair(group, known, honest) else { continue };
            let key = (twins.claim.by, twins.claim.what.words());
            if found.get(&key).is_none_or(|(best, _)| plainness < *best) {
                found.insert(key, (plainness, twins));
            }
        }
        self.claims = claims.number;
        for ((by, words), (Plainness { unshown, .. }, twins)) in found {
            if unshown {
                self.left_out.push(format!("{by} says \"{words}\": no two runs could be made to show the twins"));
            } else {
                self.twins.push(twins);
            }
        }
    }
}

/// The two sightings of a group that are twins and have the fewest faults between them.
fn pair(group: &Group, known: &[Sighting], setup: &Setup) -> Option<(Plainness, Twins)> {
    let (claim, server) = (group.claim(), group.server());
    let by_truth = |truth: bool| known.iter().filter(move |sighting| sighting.truth == truth);
    let pairs = by_truth(true).flat_map(|one| by_truth(false).map(move |other| (one, other)));
    let twins = pairs.filter(|(one, other)| one.could_be(other, &claim) && other.could_be(one, &claim));
    let (one, other) = twins.min_by_key(|(one, other)| Plainness::of(one, other))?;
    // Of the true claim the claimant is honest, of the false one the other side is.
    let (claimants, others) = (one.sworn.clone(), other.sworn.clone());
    let (customer, merchant) = if claim.by == Side::Customer { (claimants, others) } else { (others, claimants) };
    let evidence = Evidence { customer, merchant, server: server.to_vec() };
    let decision = judge(&claim, &evidence, &*setup.crypto);
    let (true_in, guilty, false_in) = (one.run.clone(), one.guilty, other.run.clone());
    Some((Plainness::of(one, other), Twins { claim, true_in, guilty, false_in, evidence, decision }))
}

/// How plain twins are, the plainest first: runs show them, they have a culprit in either run, items
/// mean the same in both, and little goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Plainness {
    unshown: bool,
    nobody_is_guilty: bool,
    meanings: bool,
    faults: u32,
    threats: u32,
    events: usize,
}

impl Plainness {
    fn of(one: &Sighting, other: &Sighting) -> Self {
        let orders = [&one.run.course, &other.run.course].into_iter().filter_map(|course| course.order.as_ref());
        Plainness {
            unshown: !(one.shown && other.shown),
            nobody_is_guilty: one.guilty.is_none(),
            meanings: one.run.other_meanings != other.run.other_meanings,
            faults: one.run.faults + other.run.faults,
            threats: one.run.weight() + other.run.weight(),
            events: orders.map(Vec::len).sum(),
        }
    }
}

impl Run {
    /// How much there is to a threat: to nobody's nothing, to one of several purchases or to an outsider the most.
    fn weight(&self) -> u32 {
        match self.threat {
            Threat::Honest => 0,
            Threat::Customer(_) | Threat::Merchant(_) if self.threat.errands().is_none() => 1,
            _ => 2,
        }
    }
}

/// Puts a list of parts into an order that does not depend on how they came together.
fn canonical(mut parts: Vec<Part>) -> Vec<Part> {
    parts.sort_unstable();
    parts.dedup();
    parts
}
