//! The world of a run: parties, journals, what is under way, and the one function that moves it on.
//!
//! A [`World`] is a plain value: it can be cloned, compared and hashed. [`World::step`] makes one [`Choice`] happen, and every
//! choice is made outside: which event comes next, what becomes of a message, who crashes between which two effects. So the same
//! world serves a timed run, a random one, a search and a replay; they differ in who chooses. The world knows no protocol: it
//! is handed roles. It judges nothing: whoever wants to know what happened listens as an [`Observer`].
//!
//! A party's handling of an input is not atomic. Taking an event computes the role's effects; each is then carried out by a
//! step of its own, and the driver may let the party crash before any of them.

pub mod agenda;
mod envelope;
mod fingerprint;
pub mod node;
pub mod numbered;
pub mod observer;
mod rest;
mod seat;
pub mod slot;
mod step;
mod timers;
mod wheel;
mod workload;

use std::collections::VecDeque;
use std::hash::Hash;
use std::sync::Arc;

use crate::party::{Party, PurchaseKey};
use crate::protocol::role::Effect;
use crate::protocol::setup::Setup;

use seat::{Chair, Seat};

pub use agenda::{Agenda, Event};
pub use envelope::{Envelope, Payload};
pub use fingerprint::{Fingerprint, Room};
pub use node::{Node, Presence};
pub use numbered::Numbered;
pub use observer::{Happening, Loss, Observer};
pub use slot::Slot;
pub use step::{Choice, Fate};
pub use workload::{Drawn, Errand, Separation, Supply, Workload};

/// The state of a run.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct World {
    now_us: u64,
    /// Whether the clock moves on a [`Choice::Wait`] only.
    stands: bool,
    seats: Vec<Chair>,
    agenda: Agenda,
    held: Vec<Arc<Envelope>>,
    carried: Numbered<Arc<Envelope>>,
    /// The party that is handling an input, and what it still wants done.
    handling: Option<(Party, VecDeque<Effect>)>,
}

impl World {
    /// The world before anything has happened.
    pub fn new(setup: &Setup, workload: &Workload) -> Self {
        let seats = setup.population.parties().map(|_| Chair::Empty(0)).collect();
        let mut agenda = Agenda::default();
        if let Some((at_us, _)) = workload.top_up {
            agenda.schedule(at_us, Event::TopUp);
        }
        if let Some(first) = workload.errand(0) {
            agenda.schedule(first.at_us, Event::Start(0));
        }
        World {
            now_us: 0,
            stands: false,
            seats,
            agenda,
            held: Vec::new(),
            carried: Numbered::default(),
            handling: None,
        }
    }

    /// The same with a clock that stands: events may be taken in any order, and time moves on a [`Choice::Wait`] only.
    pub fn untimed(setup: &Setup, workload: &Workload) -> Self {
        World { stands: true, ..World::new(setup, workload) }
    }

    /// Virtual time, in microseconds.
    pub const fn now_us(&self) -> u64 {
        self.now_us
    }

    /// What is still to come.
    pub const fn agenda(&self) -> &Agenda {
        &self.agenda
    }

    /// The event that comes next by the clock.
    pub fn upcoming(&mut self) -> Option<Slot> {
        self.agenda.upcoming()
    }

    /// What is held back.
    pub fn held(&self) -> &[Arc<Envelope>] {
        &self.held
    }

    /// Every envelope that the network has carried, by number, but for those of purchases that are forgotten.
    pub const fn carried(&self) -> &Numbered<Arc<Envelope>> {
        &self.carried
    }

    /// Whether a party waits for a timer about a purchase.
    pub fn waits(&self, setup: &Setup, party: Party, about: PurchaseKey) -> bool {
        let Some(Chair::Taken(seat)) = setup.population.index(party).map(|index| &self.seats[index]) else {
            return false;
        };
        seat.timers.any(&about)
    }

    /// Forgets a purchase about which nothing is under way or pending any more, with the envelopes of those numbers: the network cannot
    /// replay them, its parties and their journals know nothing of it, and a party that knows of no other takes up no room.
    pub fn forget(&mut self, setup: &Setup, about: &PurchaseKey, envelopes: &[u32]) {
        for number in envelopes {
            self.carried.forget(*number);
        }
        for party in [about.customer(), about.merchant(), Party::Server] {
            let Some(chair) = setup.population.index(party).map(|index| &mut self.seats[index]) else { continue };
            let Chair::Taken(seat) = chair else { continue };
            seat.change().forget(about);
            if seat.timers.is_empty() && seat.node().is_blank() {
                *chair = Chair::Empty(seat.node().draws());
            }
        }
    }

    /// Hashes all that what is to come depends on: parties, what is pending and when, what is held back. Numbers of envelopes and
    /// slots only name things. Of parties and envelopes fingerprints are kept: from one event to the next most stay as they are.
    pub fn hash_pending(&self, room: &mut Room) {
        (self.now_us, self.stands, &self.handling).hash(room);
        for chair in &self.seats {
            match chair {
                Chair::Taken(seat) => seat.fingerprint(room).hash(room),
                Chair::Empty(draws) => draws.hash(room),
            }
        }
        for (slot, event) in self.agenda.iter() {
            slot.at_us.hash(room);
            match event {
                Event::Arrival(envelope) => envelope.fingerprint(room).hash(room),
                other => other.hash(room),
            }
        }
        self.held.len().hash(room);
        self.held.iter().for_each(|envelope| envelope.fingerprint(room).hash(room));
    }

    /// The seat of a party that is about to do something.
    fn seat(&mut self, index: usize, setup: &Setup) -> &mut Seat {
        let chair = &mut self.seats[index];
        if let Chair::Empty(draws) = *chair {
            let party = setup.population.party(index);
            let seat = Seat::new(Node::resting(party, draws, setup));
            *chair = Chair::Taken(Box::new(seat));
        }
        match chair {
            Chair::Taken(seat) => seat,
            Chair::Empty(_) => unreachable!("it has just been taken"),
        }
    }

    /// The party that is handling an input, and its next effect.
    pub fn handling(&self) -> Option<(Party, &Effect)> {
        self.handling.as_ref().and_then(|(party, effects)| effects.front().map(|effect| (*party, effect)))
    }

    /// Whether a party is there; `None` if it takes no part.
    pub fn presence(&self, setup: &Setup, party: Party) -> Option<Presence> {
        setup.population.index(party).map(|index| self.seats[index].presence())
    }
}

/// The party that takes an event.
pub fn event_party(event: &Event, workload: &Workload) -> Party {
    match event {
        Event::Arrival(envelope) => envelope.to,
        Event::Timer(party, _) | Event::Restart(party) => *party,
        Event::Start(number) => Party::Customer(workload.errand(*number).map_or(0, |errand| errand.customer)),
        Event::TopUp => Party::Server,
    }
}
