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
mod seat;
pub mod slot;
mod timers;
mod wheel;
mod workload;

use std::collections::VecDeque;
use std::hash::Hash;
use std::sync::Arc;

use crate::crypto::channel;
use crate::protocol::message::Message;
use crate::protocol::outsider::Forged;
use crate::protocol::party::{Party, PurchaseKey};
use crate::protocol::role::{Clock, Effect, Input, Work};
use crate::protocol::setup::Setup;

use envelope::{content, open, payload, sealed};
use seat::{Chair, Seat};

pub use agenda::{Agenda, Event};
pub use envelope::{Envelope, Payload};
pub use fingerprint::{Fingerprint, Room};
pub use node::{Node, Presence};
pub use numbered::Numbered;
pub use observer::{Happening, Loss, Observer};
pub use slot::Slot;
pub use workload::{Drawn, Errand, Separation, Supply, Workload};

/// What the driver decides of a send; of every other effect there is nothing to decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It arrives once, after the given time.
    Arrive(u64),
    /// It never arrives.
    Drop,
    /// It arrives twice, after the given times.
    Twice(u64, u64),
    /// It is held back until the driver says [`Choice::Release`].
    Hold,
    /// It arrives after the given time with one bit flipped, counted modulo its length.
    Garbled(u64, u32),
}

/// One thing that may happen to a world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// The event comes next: its party handles it, and its effects are to be carried out one by one.
    Take(Slot),
    /// The event comes next, and its party crashes before it takes it: the input is lost.
    CrashTaking {
        /// Which event.
        slot: Slot,
        /// Whether the party never returns.
        forever: bool,
    },
    /// The next effect of the party that is handling an input is carried out; the fate matters if it is a send.
    Apply(Fate),
    /// A party crashes. If it is handling an input, the effects that have not been carried out are lost.
    Crash {
        /// Who.
        party: Party,
        /// Whether it never returns.
        forever: bool,
    },
    /// The network sends a recorded envelope again; it arrives after the given time.
    Replay {
        /// The envelope's number.
        envelope: u32,
        /// How long it takes.
        latency_us: u64,
    },
    /// What was held back arrives now, in the order in which it was sent.
    Release,
    /// The clock moves on to this moment; nothing happens in between.
    Wait(u64),
}

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
                Event::Arrival(envelope) => envelope.content(room).hash(room),
                other => other.hash(room),
            }
        }
        self.held.len().hash(room);
        self.held.iter().for_each(|envelope| envelope.content(room).hash(room));
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

    /// Whether all that is pending is repeated for ever and changes nothing: no party is about to start or to return, and every timer,
    /// every message under way, every answer to these, and so on, leaves every party as it is. A record that stands in a journal
    /// already changes nothing.
    pub fn at_rest(&self, setup: &Setup, workload: &Workload) -> bool {
        let mut tried: Vec<(Party, Party, Payload)> = Vec::new();
        let mut worlds = vec![self.clone()];
        while let Some(world) = worlds.pop() {
            for (slot, event) in world.agenda.iter() {
                match event {
                    Event::Timer(..) => {}
                    Event::Arrival(envelope) => {
                        let arrival = (envelope.from, envelope.to, content(envelope, setup));
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
                if !next.same_parties(self) {
                    return false;
                }
                let untried = |event: &Event| match event {
                    Event::Arrival(e) => !tried.contains(&(e.from, e.to, content(e, setup))),
                    _ => false,
                };
                if next.carried.len() > world.carried.len() && next.agenda.iter().any(|(_, event)| untried(event)) {
                    worlds.push(next);
                }
            }
        }
        true
    }

    /// Whether every party is as it is in another world, but for records that say the same thing again.
    fn same_parties(&self, other: &World) -> bool {
        self.seats.iter().zip(&other.seats).all(|chairs| match chairs {
            (Chair::Taken(mine), Chair::Taken(theirs)) => {
                mine.node().same_but_for_repetition(theirs.node())
                    && mine.timers.iter().map(|(timer, _)| timer).eq(theirs.timers.iter().map(|(timer, _)| timer))
            }
            (Chair::Taken(one), Chair::Empty(_)) | (Chair::Empty(_), Chair::Taken(one)) => {
                one.node().is_blank() && one.timers.is_empty()
            }
            (Chair::Empty(_), Chair::Empty(_)) => true,
        })
    }

    /// Makes one choice happen. The choice must be one that the world offers: a slot of its agenda, an effect that is next, an
    /// envelope that was carried.
    pub fn step(&mut self, setup: &Setup, workload: &Workload, choice: Choice, observer: &mut dyn Observer) {
        debug_assert!(self.handling.is_none() || matches!(choice, Choice::Apply(_) | Choice::Crash { .. }));
        match choice {
            Choice::Take(slot) => {
                if let Some(event) = self.begin(slot) {
                    self.take(event, setup, workload, observer);
                }
            }
            Choice::CrashTaking { slot, forever } => {
                if let Some(event) = self.begin(slot) {
                    let party = event_party(&event, workload);
                    self.schedule_next_start(&event, workload);
                    observer.observe(self.now_us, &Happening::Forgone { event: &event, party });
                    self.crash(party, forever, setup, observer);
                }
            }
            Choice::Apply(fate) => self.apply(fate, setup, observer),
            Choice::Crash { party, forever } => self.crash(party, forever, setup, observer),
            Choice::Replay { envelope, latency_us } => {
                let Some(envelope) = self.carried.get(envelope).map(Arc::clone) else { return };
                observer.observe(self.now_us, &Happening::Replayed { envelope: &envelope });
                self.agenda.schedule(self.now_us + latency_us, Event::Arrival(envelope));
            }
            Choice::Release => {
                for envelope in std::mem::take(&mut self.held) {
                    self.agenda.schedule(self.now_us, Event::Arrival(envelope));
                }
            }
            Choice::Wait(at_us) => self.now_us = self.now_us.max(at_us),
        }
    }

    /// Takes an event off the agenda and moves the clock to it.
    fn begin(&mut self, slot: Slot) -> Option<Event> {
        let event = self.agenda.remove(slot)?;
        if !self.stands {
            self.now_us = self.now_us.max(slot.at_us);
        }
        Some(event)
    }

    /// Starts are put on the agenda one at a time, so that a long workload costs nothing before it is due.
    fn schedule_next_start(&mut self, event: &Event, workload: &Workload) {
        if let Event::Start(number) = event
            && let Some(errand) = workload.errand(*number + 1)
        {
            self.agenda.schedule(errand.at_us, Event::Start(number + 1));
        }
    }

    fn take(&mut self, event: Event, setup: &Setup, workload: &Workload, observer: &mut dyn Observer) {
        self.schedule_next_start(&event, workload);
        let party = event_party(&event, workload);
        let Some(index) = setup.population.index(party) else { return };
        if let Event::Restart(_) = event {
            self.seat(index, setup).change().restart();
        }
        if let Some(loss) = self.loss(&event, index, workload) {
            return observer.observe(self.now_us, &Happening::Lost { event: &event, loss });
        }
        let opening = Happening::Worked { party, work: Work { opens: 1, ..Work::default() } };
        let opening = Some(opening).filter(|_| sealed(setup));
        let message;
        let input = match &event {
            Event::Arrival(envelope) => match open(envelope, setup) {
                Some(opened) => {
                    message = opened;
                    observer.observe(self.now_us, &Happening::Arrived { envelope, message: &message });
                    opening.iter().for_each(|opening| observer.observe(self.now_us, opening));
                    Input::Message { from: envelope.from, message: &message }
                }
                None => {
                    let lost = Happening::Lost { event: &event, loss: Loss::Unreadable };
                    observer.observe(self.now_us, &lost);
                    return opening.iter().for_each(|opening| observer.observe(self.now_us, opening));
                }
            },
            Event::Timer(_, timer) => {
                self.seat(index, setup).timers.stop(timer);
                observer.observe(self.now_us, &Happening::Fired { party, timer: *timer });
                Input::Timeout(*timer)
            }
            Event::Restart(_) => {
                observer.observe(self.now_us, &Happening::Restarted { party });
                Input::Restart
            }
            Event::Start(number) => {
                let Some(errand) = workload.errand(*number) else { return };
                observer.observe(self.now_us, &Happening::Started { number: *number, errand });
                Input::Start(errand.wish)
            }
            Event::TopUp => {
                let cents = workload.top_up.map_or(0, |(_, cents)| cents);
                observer.observe(self.now_us, &Happening::ToppedUp { cents });
                Input::TopUp(cents)
            }
        };
        let clock = Clock::at(self.now_us);
        let (effects, work) = self.seat(index, setup).change().handle(input, &clock, setup);
        observer.observe(self.now_us, &Happening::Worked { party, work });
        self.handling = (!effects.is_empty()).then(|| (party, effects.into()));
    }

    /// Why an event comes to nothing, if it does.
    fn loss(&self, event: &Event, index: usize, workload: &Workload) -> Option<Loss> {
        if self.seats[index].presence() != Presence::Up {
            return Some(Loss::Absent);
        }
        let Event::Arrival(envelope) = event else { return None };
        let separated = workload.partitions.iter().any(|separation| {
            let inside = |party| separation.group.binary_search(&party).is_ok();
            (separation.from_us..separation.until_us).contains(&self.now_us)
                && inside(envelope.from) != inside(envelope.to)
        });
        separated.then_some(Loss::Separated)
    }

    fn apply(&mut self, fate: Fate, setup: &Setup, observer: &mut dyn Observer) {
        let Some((party, effects)) = &mut self.handling else { return };
        let (party, effect) = (*party, effects.pop_front());
        if effects.is_empty() {
            self.handling = None;
        }
        let (Some(effect), Some(index)) = (effect, setup.population.index(party)) else { return };
        match effect {
            Effect::Save { record, durable } => {
                observer.observe(self.now_us, &Happening::Saved { party, record: &record, durable });
                self.seat(index, setup).change().save(record, durable);
            }
            Effect::Send { to, message } => self.send(party, to, message, fate, setup, observer),
            Effect::SetTimer { timer, after_us } => {
                let at_us = self.now_us.saturating_add(after_us);
                let slot = self.agenda.schedule(at_us, Event::Timer(party, timer));
                if let Some(earlier) = self.seat(index, setup).timers.set(timer, slot) {
                    self.agenda.remove(earlier);
                }
            }
            Effect::CancelTimer(timer) => {
                if let Some(slot) = self.seat(index, setup).timers.stop(&timer) {
                    self.agenda.remove(slot);
                }
            }
            Effect::Believe { about, belief } => {
                observer.observe(self.now_us, &Happening::Believed { party, about, belief });
            }
        }
    }

    fn send(
        &mut self,
        from: Party,
        to: Party,
        message: Arc<Message>,
        fate: Fate,
        setup: &Setup,
        observer: &mut dyn Observer,
    ) {
        let number = self.carried.len() as u32;
        let about = message.about;
        let payload = if sealed(setup) {
            Payload::Bytes(channel::seal(&*setup.crypto, &setup.streams, (from, to), number, &message.encode()).into())
        } else {
            payload(&message, setup)
        };
        let bytes = payload.len();
        let mut envelope = Arc::new(Envelope::new(number, (from, to), about, payload, false));
        observer.observe(self.now_us, &Happening::Sent { envelope: &envelope, message: &message, bytes, fate });
        if sealed(setup) {
            let work = Work { seals: 1, ..Work::default() };
            observer.observe(self.now_us, &Happening::Worked { party: from, work });
        }
        self.carried.push(Arc::clone(&envelope));
        if setup.population.index(to).is_none() {
            return;
        }
        let mut arrive = |envelope: &Arc<Envelope>, after_us: u64| {
            self.agenda.schedule(self.now_us + after_us, Event::Arrival(Arc::clone(envelope)));
        };
        match fate {
            Fate::Arrive(after_us) => arrive(&envelope, after_us),
            Fate::Drop => {}
            Fate::Twice(first_us, second_us) => {
                arrive(&envelope, first_us);
                arrive(&envelope, second_us);
            }
            Fate::Hold => self.held.push(envelope),
            Fate::Garbled(after_us, bit) => {
                let mut garbled = envelope.payload.to_bytes();
                let bit = bit as usize % (garbled.len() * 8);
                garbled[bit / 8] ^= 1 << (bit % 8);
                let payload = Payload::Bytes(garbled.into());
                envelope = Arc::new(Envelope::new(number, (from, to), about, payload, false));
                arrive(&envelope, after_us);
            }
        }
    }

    /// Puts an outsider's message under way. It is chosen outside, like everything else, and by somebody who is no party.
    pub fn inject(&mut self, forged: &Forged, setup: &Setup, observer: &mut dyn Observer) {
        let Forged { from, to, message, bytes, after_us } = forged;
        if setup.population.index(*to).is_none() {
            return;
        }
        let payload = bytes.clone().map_or_else(|| payload(message, setup), Payload::Bytes);
        let number = self.carried.len() as u32;
        let envelope = Arc::new(Envelope::new(number, (*from, *to), message.about, payload, true));
        let bytes = bytes.as_ref().map_or_else(|| message.encoded_len(), |bytes| bytes.len());
        observer.observe(self.now_us, &Happening::Forged { envelope: &envelope, message, bytes });
        self.carried.push(Arc::clone(&envelope));
        self.agenda.schedule(self.now_us.saturating_add(*after_us), Event::Arrival(envelope));
    }

    fn crash(&mut self, party: Party, forever: bool, setup: &Setup, observer: &mut dyn Observer) {
        let Some(index) = setup.population.index(party) else { return };
        if self.handling.as_ref().is_some_and(|(handling, _)| *handling == party) {
            self.handling = None;
        }
        let seat = self.seat(index, setup);
        seat.change().crash(forever, setup);
        for (_, slot) in std::mem::take(&mut seat.timers).iter() {
            self.agenda.remove(slot);
        }
        if !forever {
            let back_us = self.now_us.saturating_add(setup.timing.restart_after_us);
            self.agenda.schedule(back_us, Event::Restart(party));
        }
        observer.observe(self.now_us, &Happening::Crashed { party, forever });
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
