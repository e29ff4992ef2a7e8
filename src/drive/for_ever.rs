//! What goes on for ever: a run that comes round to where it was, with all that is pending taken in turn, never comes to rest.
//!
//! A search without time knows from which states nothing at rest can be reached. Here such a state is held against the world: an order of
//! events leads there, and what then comes again and again really happens.

use std::collections::BTreeSet;

use super::follow::follow_order;
use super::scripted::Scripted;
use super::{Driver, Ended, Fair, Finished, Job};
use crate::crypto::streams::{Draws, Purpose};
use crate::fault::Course;
use crate::party::{Party, PurchaseKey};
use crate::world::{Event, Observer, Slot, World, event_party};

/// What goes on for ever after an order of events: taken in turn, all that is pending brings everybody back to where they were.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Round {
    /// So many turns come before it, each of all that is pending then.
    before: usize,
    /// So many turns it takes.
    turns: usize,
    /// So many events it takes.
    pub events: u64,
    /// Who changes in it, and by what is about which purchase.
    pub changing: BTreeSet<(Party, PurchaseKey)>,
}

/// What comes round again and again is looked for during so many turns.
const TURNS_MAX: usize = 64;
/// So many other ways of going on are tried, should one of them come to rest.
const OTHER_WAYS: u32 = 16;
/// Of each of them so many events.
const OTHER_EVENTS: usize = 200;

/// Follows a course, and then, where nothing is at rest, takes all that is pending in turn, until it is known to go on for ever. `None` if
/// the course does not fit, if all comes to rest after it, in turn or in one of some other ways, or if it is not known.
///
/// That no way at all comes to rest is what a search knows; of a course that a search has not found, this is as much as can be tried.
pub fn follow_for_ever<'s>(
    job: &Job<'s, '_>,
    course: &Course,
    listener: &mut dyn Observer,
) -> Option<(Finished<'s>, Round)> {
    let order = course.order.as_deref()?;
    let mut nobody = ();
    let mut oracle = Scripted::new(&course.plan);
    let (mut silent, parted) = follow_order(job, order, &mut oracle, &mut nobody, &mut |_| false);
    let round = (parted.is_none() && oracle.unmet().next().is_none()).then(|| silent.round()).flatten()?;
    let mut oracle = Scripted::new(&course.plan);
    let (mut driver, _) = follow_order(job, order, &mut oracle, listener, &mut |_| false);
    driver.ears.checker.never_ends(round.changing.iter().copied());
    (0..round.before + round.turns).for_each(|_| driver.turn_of_all(&mut |_, _, _| {}));
    Some((driver.finish(Ended::Never), round))
}

impl Driver<'_, '_, '_> {
    /// Finds out what goes on for ever from here, if that is known.
    fn round(&mut self) -> Option<Round> {
        let setup = self.job.setup;
        let mut nobody = ();
        let start = self.fork(&mut nobody);
        let mut before: Vec<World> = Vec::new();
        while before.len() < TURNS_MAX {
            if self.is_at_rest() {
                return None;
            }
            if let Some(first) = before.iter().position(|known| known.comes_to_the_same(&self.world, setup)) {
                let turns = before.len() - first;
                let mut draws = setup.streams.reader(Purpose::Fault, None);
                if (0..OTHER_WAYS).any(|way| start.rests_otherwise(way == 0, &mut draws)) {
                    return None;
                }
                let (mut events, mut changing) = (0, BTreeSet::new());
                let mut note = |party, about: Option<PurchaseKey>, changed| {
                    events += 1;
                    changing.extend(about.filter(|_| changed).map(|about| (party, about)));
                };
                (0..turns).for_each(|_| self.turn_of_all(&mut note));
                return Some(Round { before: first, turns, events, changing });
            }
            before.push(self.world.clone());
            self.turn_of_all(&mut |_, _, _| {});
        }
        None
    }

    /// Whether the same run comes to rest if it goes on in some other way: what is under way mostly arrives before anything else happens,
    /// in turn the first time, then as it is drawn.
    fn rests_otherwise(&self, in_turn: bool, draws: &mut Draws) -> bool {
        let mut nobody = ();
        let mut driver = self.fork(&mut nobody);
        for _ in 0..OTHER_EVENTS {
            let is_arrival = |event: &Event| matches!(event, Event::Arrival(_));
            let pending = driver.world.agenda().iter().map(|(slot, event)| (slot, is_arrival(event)));
            let (arrivals, others): (Vec<_>, Vec<_>) = pending.partition(|(_, arrival)| *arrival);
            if arrivals.is_empty() && driver.is_at_rest() {
                return true;
            }
            let arrives = !arrivals.is_empty() && (in_turn || others.is_empty() || draws.below(4) > 0);
            if !arrives && (in_turn || draws.below(2) == 0) && driver.lapse() {
                continue;
            }
            let from = if arrives { &arrivals } else { &others };
            let drawn = if in_turn { 0 } else { draws.below(from.len() as u64) as usize };
            let Some((slot, _)) = from.get(drawn) else { return false };
            driver.take(*slot, &mut Fair);
        }
        false
    }

    /// Takes all that is pending, in turn, after all orders have lapsed; of each event it is told whose it was, about which purchase, and
    /// whether it has changed the party.
    fn turn_of_all(&mut self, told: &mut dyn FnMut(Party, Option<PurchaseKey>, bool)) {
        while self.lapse() {}
        let slots: Vec<Slot> = self.world.agenda().iter().map(|(slot, _)| slot).collect();
        for slot in slots {
            let Some(event) = self.world.agenda().get(slot) else { continue };
            let party = event_party(event, self.job.workload);
            let about = match event {
                Event::Arrival(envelope) => Some(envelope.about),
                Event::Timer(_, timer) => Some(timer.about),
                _ => None,
            };
            let before = self.world.clone();
            self.take(slot, &mut Fair);
            told(party, about, self.world.differs(&before, self.job.setup, party));
        }
    }
}
