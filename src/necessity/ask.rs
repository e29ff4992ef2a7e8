//! One question of the table, put to whichever search can answer it: what breaks with these mechanisms against this threat?
//!
//! A purchase by itself is searched without time: every interleaving of every plan. A deviation that takes several purchases is
//! searched under the clock, plan by plan, since the interleavings of two purchases are too many; and so are outsiders. One that has
//! enough to do with a single purchase is searched without time and without a fault as well ([`in_every_order`]): what it makes of what
//! it hears may come at any time. Of a run that goes on for ever the clock shows no end, so that such a question is asked once more
//! without time ([`without_end`]). What the answer means is left to [`table`](super::table).

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::threat::Threat;
use super::{Interrupted, Progress, Settings};
use crate::batch::workload;
use crate::drive::joined::{self, Audience, Cuts};
use crate::drive::{Finished, Job, exhaustive};
use crate::explore::{self, Bounds, Reductions, Sought, Stopped};
use crate::fault::{Budget, Plan};
use crate::invariant::Invariant;
use crate::party::Side;
use crate::protocol::Protocol;
use crate::protocol::mechanism::MechanismSet;
use crate::protocol::setup::Setup;
use crate::results::grouped;
use crate::scenario::{Clock, CryptoKind, Scenario};
use crate::world::Workload;

/// What is asked.
#[derive(Debug, Clone)]
pub struct Ask {
    /// The protocol.
    pub protocol: Arc<dyn Protocol>,
    /// What is switched on.
    pub mechanisms: MechanismSet,
    /// Who breaks the protocol.
    pub threat: Threat,
    /// The clock to search under.
    pub clock: Clock,
    /// The most faults of a plan.
    pub faults: u32,
    /// A search without time stops at so many states.
    pub states: u64,
}

/// What makes two violations the same but for how one comes to them.
pub type Harm = (Invariant, &'static str, Side);

/// The shortest way that was found to do some harm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    /// How many faults it takes.
    pub faults: u32,
    /// How many events.
    pub events: u64,
    /// The plan or course, as `replay` reads it.
    pub plan: String,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// What can be broken.
    pub broken: BTreeMap<Harm, Way>,
    /// The clock that was searched under.
    pub clock: Clock,
    /// The most faults that were tried.
    pub faults: u32,
    /// Whether every order of events without a fault was searched beside the clock.
    pub every_order: bool,
    /// How many states there are, or how many plans under the clock.
    pub states: u64,
    /// Why the search is not complete, if it is not.
    pub stopped: Option<String>,
    /// The first plan under the clock whose run did not settle, if there is one.
    pub restless: Option<String>,
}

impl Heard {
    /// With how few faults a harm is done.
    pub fn fewest(&self, harm: &Harm) -> Option<u32> {
        self.broken.get(harm).map(|way| way.faults)
    }

    /// The same where a side breaks the protocol in a way that changes nothing but who may hurt itself.
    fn beside(&self, threat: Threat) -> Heard {
        let mut heard = self.clone();
        heard.broken.retain(|(_, _, victim), _| Some(*victim) != threat.side());
        heard
    }

    fn note(&mut self, harm: Harm, way: Way) {
        let known = self.broken.entry(harm).or_insert_with(|| way.clone());
        if (way.faults, way.events) < (known.faults, known.events) {
            *known = way;
        }
    }
}

impl Ask {
    /// What does not change, and what the customers set out to do.
    pub fn set_up(&self, crypto: CryptoKind) -> (Scenario, Setup, Workload) {
        let name = self.protocol.name();
        let mut scenario = Scenario::new(name, name);
        self.threat.apply(&mut scenario);
        let setup = workload::setup(&scenario, &self.protocol, crypto, scenario.seed);
        let setup = Setup { mechanisms: self.mechanisms.into(), ..setup };
        let errands = workload::workload(&scenario, scenario.seed);
        (scenario, setup, errands)
    }

    /// Searches, on the threads of the current rayon pool.
    ///
    /// # Errors
    ///
    /// When somebody wants it to end.
    pub fn answer(&self, settings: &Settings, interrupted: &AtomicBool) -> Result<Heard, Interrupted> {
        self.answer_for(&[], settings, interrupted).map(|(heard, _)| heard)
    }

    /// Searches, and answers some other questions too, as far as the same search answers them ([`leads`](Self::leads)).
    fn answer_for(
        &self,
        others: &[&Ask],
        settings: &Settings,
        interrupted: &AtomicBool,
    ) -> Result<(Heard, Vec<Option<Heard>>), Interrupted> {
        match self.clock {
            Clock::Untimed => self.untimed(others, settings, interrupted),
            Clock::Timed => Ok((self.timed(settings, interrupted)?, vec![None; others.len()])),
        }
    }

    /// Whether the answer may answer another question too: the same one about a deviation, which in this case may have nothing to do.
    fn leads(&self, other: &Ask) -> bool {
        self.threat.is_honest()
            && !other.threat.is_honest()
            && !matches!(other.threat, Threat::Outsider(_))
            && other.clock == Clock::Untimed
            && self.protocol.name() == other.protocol.name()
            && (self.mechanisms, self.faults, self.states) == (other.mechanisms, other.faults, other.states)
    }

    /// Whether it asks the same with fewer mechanisms away.
    fn has_more_than(&self, other: &Ask) -> bool {
        self.protocol.name() == other.protocol.name()
            && self.threat.name() == other.threat.name()
            && self.mechanisms != other.mechanisms
            && self.mechanisms.holds(other.mechanisms)
    }

    /// What a search finds, and which other questions it answers too.
    fn untimed(
        &self,
        others: &[&Ask],
        settings: &Settings,
        interrupted: &AtomicBool,
    ) -> Result<(Heard, Vec<Option<Heard>>), Interrupted> {
        let (_, setup, workload) = self.set_up(CryptoKind::Symbolic);
        let setup = workload::without_time(setup);
        let budget = Budget::new(self.faults, &settings.kinds);
        let bounds = Bounds { states: self.states, ..Bounds::default() };
        // Of one purchase without a fault there are few states. To find out which letters an outsider makes nobody minds takes
        // ten times as long as to search with all of them.
        let dead_letters = self.faults > 0 || self.threat.errands().is_some();
        let (reductions, sought) = (Reductions { dead_letters, ..Reductions::ALL }, Sought::Harms);
        let (workload, budget) = (&workload, &budget);
        let question = explore::Question { setup: &setup, workload, budget, bounds, reductions, sought };
        let theirs = others.iter().map(|other| workload::without_time(other.set_up(CryptoKind::Symbolic).1));
        let theirs: Vec<Setup> = theirs.collect();
        let watch = &mut Watch(interrupted);
        let (answer, alike) = explore::explore_surely(&question, &theirs, watch);
        if answer.stopped == Some(Stopped::Interrupted) {
            return Err(Interrupted);
        }
        let mut heard = Heard {
            broken: BTreeMap::new(),
            clock: Clock::Untimed,
            faults: self.faults,
            every_order: false,
            states: answer.states,
            stopped: answer.stopped.map(|why| why.to_string()),
            restless: None,
        };
        for finding in &answer.findings {
            let harm = (finding.breach.invariant, finding.breach.clause, finding.breach.victim.side());
            let faults = finding.course.plan.0.len() as u32;
            heard.note(harm, Way { faults, events: finding.violation.events, plan: finding.course.to_string() });
        }
        let doubt = answer.unconfirmed.first().map(|doubt| {
            format!("the search takes {} to be broken, and no run could be made to show it", doubt.breach.clause)
        });
        heard.stopped = heard.stopped.or(doubt);
        let theirs = others.iter().zip(alike).map(|(other, alike)| alike.then(|| heard.beside(other.threat)));
        let theirs = theirs.collect();
        Ok((heard, theirs))
    }

    /// The same by the clock: every plan, in the one order of events that it gives. What breaks so breaks. Plans are cut wherever an
    /// earlier one has come to the same after as few events ([`Cuts::Everywhere`]): it is asked what can break and how soon, not by
    /// how many plans. Where there are more plans of one fault than [`Settings::plans`], or where the run without faults does not settle,
    /// no others are tried, and the answer is not complete.
    ///
    /// # Errors
    ///
    /// When somebody wants it to end.
    pub fn timed(&self, settings: &Settings, interrupted: &AtomicBool) -> Result<Heard, Interrupted> {
        let (scenario, setup, workload) = self.set_up(CryptoKind::Symbolic);
        let job = Job { setup: &setup, workload: &workload, latency: workload::latency(&scenario) };
        let budget = Budget::new(self.faults, settings.kinds_beside(self.threat));
        let heard = Heard {
            broken: BTreeMap::new(),
            clock: Clock::Timed,
            faults: self.faults,
            every_order: false,
            states: 0,
            stopped: None,
            restless: None,
        };
        let mut told = Told { heard, interrupted };
        let plans = if self.faults > 0 { exhaustive::plans_of_one_fault(&job, &budget) } else { 0 };
        if plans == 0 || plans > settings.plans {
            // Nothing is to be cut, so nobody need look where runs come to.
            let nothing = Budget { at_most: 0, ..budget };
            exhaustive::explore(&job, &nothing, Ran::of, |_| (), |ran| told.take(ran));
            told.heard.states = 1;
            if plans > 0 {
                told.heard.faults = 0;
                told.heard.stopped.get_or_insert_with(|| format!("there are {} plans of one fault", grouped(plans)));
            }
        } else {
            let bounds = joined::Bounds::default();
            let searched = joined::explore(&job, &budget, bounds, Cuts::Everywhere, Ran::of, &mut told);
            told.heard.states = searched.stand_for;
        }
        if interrupted.load(Ordering::Relaxed) { Err(Interrupted) } else { Ok(told.heard) }
    }
}

/// What is kept of a run under the clock.
struct Ran {
    faults: u32,
    found: Vec<(Harm, u64)>,
    cut_short: bool,
    /// The plan, where it may be asked for.
    plan: String,
}

impl Ran {
    fn of(plan: &Plan, finished: &Finished<'_>) -> Self {
        let found = finished.checker.violations().iter().map(|violation| {
            let harm = (violation.invariant, violation.clause, violation.victim.side());
            (harm, violation.events)
        });
        let (found, cut_short): (Vec<_>, bool) = (found.collect(), finished.cut_short());
        let plain = found.is_empty() && !cut_short;
        Ran {
            faults: plan.0.len() as u32,
            found,
            cut_short,
            plan: if plain { String::new() } else { plan.to_string() },
        }
    }
}

/// Hears of runs under the clock.
struct Told<'i> {
    heard: Heard,
    interrupted: &'i AtomicBool,
}

impl Audience<Ran> for Told<'_> {
    fn ahead(&mut self, _: usize) {}

    fn done(&mut self) -> bool {
        !self.interrupted.load(Ordering::Relaxed)
    }

    fn take(&mut self, Ran { faults, found, cut_short, plan }: Ran) -> bool {
        let heard = &mut self.heard;
        if cut_short && heard.stopped.is_none() {
            heard.stopped = Some(format!("a run did not settle: {plan}"));
            heard.restless = Some(plan.clone());
        }
        for (harm, events) in found {
            heard.note(harm, Way { faults, events, plan: plan.clone() });
        }
        let restless = faults == 0 && cut_short;
        if restless {
            heard.faults = 0;
        }
        !restless
    }
}

/// Lets a search go on until somebody has had enough.
struct Watch<'i>(&'i AtomicBool);

impl explore::Progress for Watch<'_> {
    fn level(&mut self, _: explore::Reached) -> bool {
        !self.0.load(Ordering::Relaxed)
    }
}

/// Answers every question, each on a thread of its own: mostly there are many, and most are small. The answers stand in the order of the
/// questions, whatever the number of threads. `progress` is told of each as it comes.
///
/// Questions about honest parties come first, since what they show may answer others.
///
/// # Errors
///
/// When somebody wants it to end.
pub fn answer_all(
    asks: &[Ask],
    settings: &Settings,
    interrupted: &AtomicBool,
    progress: &dyn Progress,
) -> Result<Vec<Heard>, Interrupted> {
    let led = |leader: usize| (0..asks.len()).filter(|place| asks[leader].leads(&asks[*place])).collect::<Vec<_>>();
    let (leaders, others): (Vec<usize>, Vec<usize>) =
        (0..asks.len()).partition(|place| asks[*place].threat.is_honest());
    let mut round = Round { asks, settings, interrupted, progress, heard: Mutex::new(vec![None; asks.len()]) };
    round.answer(&leaders.iter().map(|leader| (*leader, led(*leader))).collect::<Vec<_>>());
    let known: Vec<bool> = round.heard().iter().map(Option::is_some).collect();
    let left = others.into_iter().filter(|place| !known[*place]);
    round.answer(&left.map(|place| (place, Vec::new())).collect::<Vec<_>>());
    std::mem::take(round.heard()).into_iter().collect::<Option<Vec<Heard>>>().ok_or(Interrupted)
}

/// Asks once more, under every order of events, what the clock has left open since a run did not settle: whether it can come to rest is
/// known there. What is to be compared with it, the same with fewer mechanisms away, is asked so too. Where that is too much to search, the
/// answers stay as they are.
///
/// # Errors
///
/// When somebody wants it to end.
pub fn without_end(
    asks: &[Ask],
    heard: &mut [Heard],
    settings: &Settings,
    interrupted: &AtomicBool,
    progress: &dyn Progress,
) -> Result<(), Interrupted> {
    for place in 0..asks.len() {
        if heard[place].restless.is_none() || asks[place].threat.needs_the_clock() {
            continue;
        }
        let others = (0..asks.len()).filter(|other| asks[*other].has_more_than(&asks[place]));
        let places: Vec<usize> = std::iter::once(place).chain(others).collect();
        let again = |place: &usize| Ask { clock: Clock::Untimed, ..asks[*place].clone() };
        let again: Vec<Ask> = places.iter().map(again).collect();
        progress.ahead(again.len() as u64);
        let answers = answer_all(&again, settings, interrupted, progress)?;
        if answers.iter().all(|answer| answer.stopped.is_none()) {
            places.into_iter().zip(answers).for_each(|(place, answer)| heard[place] = answer);
        }
    }
    Ok(())
}

/// Asks about outsiders once more, under every order of events and without a fault, and adds what breaks so: the one order that the clock
/// gives tells little of somebody who may speak at any time. Not about those that mix several purchases; these go by the clock alone.
///
/// # Errors
///
/// When somebody wants it to end.
pub fn in_every_order(
    asks: &[Ask],
    heard: &mut [Heard],
    settings: &Settings,
    interrupted: &AtomicBool,
    progress: &dyn Progress,
) -> Result<(), Interrupted> {
    let by_itself = |ask: &Ask| matches!(ask.threat, Threat::Outsider(_)) && ask.threat.errands().is_none();
    let places: Vec<usize> = (0..asks.len()).filter(|place| by_itself(&asks[*place])).collect();
    let again = |place: &usize| Ask { clock: Clock::Untimed, faults: 0, ..asks[*place].clone() };
    let again: Vec<Ask> = places.iter().map(again).collect();
    progress.ahead(again.len() as u64);
    let answers = answer_all(&again, settings, interrupted, progress)?;
    for (place, answer) in places.into_iter().zip(answers) {
        let heard = &mut heard[place];
        answer.broken.into_iter().for_each(|(harm, way)| heard.note(harm, way));
        heard.every_order = true;
        heard.states += answer.states;
        heard.stopped = heard.stopped.take().or(answer.stopped);
    }
    Ok(())
}

/// Questions that are answered at the same time.
struct Round<'a> {
    asks: &'a [Ask],
    settings: &'a Settings,
    interrupted: &'a AtomicBool,
    progress: &'a dyn Progress,
    heard: Mutex<Vec<Option<Heard>>>,
}

impl Round<'_> {
    fn heard(&mut self) -> &mut Vec<Option<Heard>> {
        self.heard.get_mut().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers questions, each with those that the same search may answer.
    fn answer(&self, places: &[(usize, Vec<usize>)]) {
        let next = AtomicUsize::new(0);
        let jobs = self.settings.jobs.or_else(|| std::thread::available_parallelism().ok());
        let jobs = jobs.map_or(1, NonZeroUsize::get);
        // Fewer questions than threads share them.
        let threads = (jobs / places.len().max(1)).max(1);
        let work = || {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            while let Some((place, others)) = places.get(next.fetch_add(1, Ordering::Relaxed)) {
                let asks: Vec<&Ask> = others.iter().map(|other| &self.asks[*other]).collect();
                let ask = || self.asks[*place].answer_for(&asks, self.settings, self.interrupted);
                let Ok((answer, theirs)) = (match &pool {
                    Ok(pool) => pool.install(ask),
                    Err(_) => ask(),
                }) else {
                    return;
                };
                let theirs = others.iter().copied().zip(theirs).filter_map(|(place, heard)| Some((place, heard?)));
                for (place, answer) in std::iter::once((*place, answer)).chain(theirs) {
                    self.progress.done(answer.states);
                    self.heard.lock().unwrap_or_else(PoisonError::into_inner)[place] = Some(answer);
                }
            }
        };
        std::thread::scope(|scope| (0..jobs.min(places.len())).for_each(|_| drop(scope.spawn(work))));
    }
}
