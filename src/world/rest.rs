//! When a run is over without its end: what is pending goes on for ever, and nobody learns anything by it.

use std::collections::BTreeSet;

use super::envelope::content;
use super::seat::{Chair, Seat};
use super::{Choice, Event, Fate, Payload, World};
use crate::party::{Party, Side};
use crate::protocol::setup::Setup;
use crate::world::Workload;

/// A world in which deviating parties may be in more ways than these is not known to be at rest.
const WAYS_MAX: usize = 32;

/// The ways in which the parties that break the protocol may be while nobody else changes.
struct Ways<'s> {
    setup: &'s Setup,
    deviating: Vec<Side>,
    known: Vec<World>,
    /// From which to which an event leads.
    leads: BTreeSet<(usize, usize)>,
}

impl Ways<'_> {
    /// The way that a world is in, where an event has led; `None` where it has changed somebody else, or too much.
    fn after(&mut self, way: usize, next: &World) -> Option<usize> {
        let known = self.known.iter().position(|known| next.is_like(known, self.setup, &[]));
        let then = match known {
            Some(then) => then,
            None if self.known.len() < WAYS_MAX && next.is_like(&self.known[0], self.setup, &self.deviating) => {
                self.known.push(next.clone());
                self.known.len() - 1
            }
            None => return None,
        };
        self.leads.insert((way, then));
        Some(then)
    }

    /// Whether each of them may come to the first again.
    fn come_back(&self) -> bool {
        let mut back = BTreeSet::from([0]);
        loop {
            let before = back.len();
            let more: Vec<usize> =
                self.leads.iter().filter(|(_, then)| back.contains(then)).map(|(way, _)| *way).collect();
            back.extend(more);
            if back.len() == before {
                return back.len() == self.known.len();
            }
        }
    }
}

impl World {
    /// Whether all that is pending is repeated for ever and changes nobody who keeps to the protocol: no party is about to start or to
    /// return, and every timer, every message under way, every answer to these, and so on, leaves every such party as it is. A record
    /// that stands in a journal already changes nothing. Nobody has to wait for an outsider: what it has sent may come, or not.
    ///
    /// Nor has anybody to wait for a party that breaks the protocol. It may change for ever, as long as it is able to come back to what
    /// it is: otherwise one could escape every judgement of what holds in the end by never coming to one.
    pub fn at_rest(&self, setup: &Setup, workload: &Workload) -> bool {
        let deviating = setup.deviations().map(|(side, _)| side).collect();
        let mut ways = Ways { setup, deviating, known: vec![self.clone()], leads: BTreeSet::new() };
        let mut tried: Vec<(usize, Party, Party, Payload)> = Vec::new();
        let mut worlds = vec![(0, self.clone())];
        while let Some((way, world)) = worlds.pop() {
            for (slot, event) in world.agenda.iter() {
                match event {
                    Event::Timer(..) => {}
                    Event::Arrival(envelope) if envelope.forged => continue,
                    Event::Arrival(envelope) => {
                        let arrival = (way, envelope.from, envelope.to, content(envelope, setup));
                        if tried.contains(&arrival) {
                            continue;
                        }
                        tried.push(arrival);
                    }
                    _ => return false,
                }
                let mut next = world.clone();
                next.step(setup, workload, Choice::Take(slot), &mut ());
                while next.handling.is_some() {
                    next.step(setup, workload, Choice::Apply(Fate::Arrive(0)), &mut ());
                }
                let before = ways.known.len();
                let Some(then) = ways.after(way, &next) else { return false };
                let untried = |event: &Event| match event {
                    Event::Arrival(e) => !e.forged && !tried.contains(&(then, e.from, e.to, content(e, setup))),
                    _ => false,
                };
                let says_more = next.carried.len() > world.carried.len() || then != way;
                if ways.known.len() > before || says_more && next.agenda.iter().any(|(_, event)| untried(event)) {
                    worlds.push((then, next));
                }
            }
        }
        ways.come_back()
    }

    /// Whether a party is another than it is in another world, but for records that say the same thing again.
    pub fn differs(&self, other: &World, setup: &Setup, party: Party) -> bool {
        let Some(place) = setup.population.index(party) else { return false };
        match (&self.seats[place], &other.seats[place]) {
            (Chair::Taken(mine), Chair::Taken(theirs)) => {
                let timers = |seat: &Seat| seat.timers.iter().map(|(timer, _)| timer).collect::<Vec<_>>();
                !mine.node().same_but_for_repetition(theirs.node()) || timers(mine) != timers(theirs)
            }
            (Chair::Taken(one), Chair::Empty(_)) | (Chair::Empty(_), Chair::Taken(one)) => {
                !one.node().is_blank() || !one.timers.is_empty()
            }
            (Chair::Empty(_), Chair::Empty(_)) => false,
        }
    }

    /// Whether the parties of all other sides are as they are in another world.
    fn is_like(&self, other: &World, setup: &Setup, but_for: &[Side]) -> bool {
        let mut parties = setup.population.parties().filter(|party| !but_for.contains(&party.side()));
        !parties.any(|party| self.differs(other, setup, party))
    }

    /// Whether every party is as it is in another world, and the same is pending: where the clock stands, anything that is pending may come
    /// next, and so what goes on in the one can go on in the other.
    pub fn comes_to_the_same(&self, other: &World, setup: &Setup) -> bool {
        let pending = |world: &World| -> Vec<(Party, Party, Payload)> {
            let arrivals = world.agenda.unordered().filter_map(|(_, event)| match event {
                Event::Arrival(envelope) => Some((envelope.from, envelope.to, content(envelope, setup))),
                _ => None,
            });
            arrivals.collect()
        };
        let same_is_pending = || {
            let mut theirs = pending(other);
            pending(self).iter().all(|arrival| {
                let found = theirs.iter().position(|other| other == arrival);
                found.map(|place| theirs.swap_remove(place)).is_some()
            })
        };
        self.agenda.len() == other.agenda.len() && self.is_like(other, setup, &[]) && same_is_pending()
    }
}
