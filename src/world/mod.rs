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
pub mod node;
pub mod observer;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use crate::crypto::channel;
use crate::protocol::mechanism::Mechanism;
use crate::protocol::message::Message;
use crate::protocol::order::Cents;
use crate::protocol::party::Party;
use crate::protocol::role::{Clock, Effect, Input, Timer, Wish, Work};
use crate::protocol::setup::Setup;

pub use agenda::{Agenda, Event, Slot};
pub use node::{Node, Presence};
pub use observer::{Happening, Loss, Observer};

/// A message on its way.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Envelope {
    /// Envelopes are numbered from zero in the order in which they were sent.
    pub number: u32,
    /// Who sent it.
    pub from: Party,
    /// Who it is addressed to.
    pub to: Party,
    /// What it holds.
    pub payload: Payload,
}

/// What an envelope holds.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Payload {
    /// The message itself: under symbolic cryptography nothing is gained by encoding it.
    Message(Arc<Message>),
    /// The bytes of a message, garbled or not; with `sealed-channels`, sealed for the recipient.
    Bytes(Arc<[u8]>),
}

/// A customer's purchase to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Errand {
    /// The customer's number, from zero.
    pub customer: u32,
    /// What it is to buy.
    pub wish: Wish,
    /// When, in virtual microseconds.
    pub at_us: u64,
}

/// What the customers set out to do, and what reaches their accounts on the way.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Workload {
    /// The purchases, in the order in which they start.
    pub errands: Vec<Errand>,
    /// When every customer's account receives money from outside, and how much.
    pub top_up: Option<(u64, Cents)>,
    /// Times during which some parties cannot reach the others.
    pub partitions: Vec<Separation>,
}

/// A partition of the network.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Separation {
    /// The parties that are cut off from all others, in order.
    pub group: Vec<Party>,
    /// When it starts, in virtual microseconds.
    pub from_us: u64,
    /// When it has ended.
    pub until_us: u64,
}

/// A party's place in the world: itself, and its timers on the agenda.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Seat {
    node: Node,
    timers: BTreeMap<Timer, Slot>,
}

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
    seats: Vec<Seat>,
    agenda: Agenda,
    held: Vec<Arc<Envelope>>,
    carried: Vec<Arc<Envelope>>,
    /// The party that is handling an input, and what it still wants done.
    handling: Option<(Party, VecDeque<Effect>)>,
}

impl World {
    /// The world before anything has happened.
    pub fn new(setup: &Setup, workload: &Workload) -> Self {
        let seat = |party| Seat { node: Node::new(party, setup), timers: BTreeMap::new() };
        let seats = setup.population.parties().map(seat).collect();
        let mut agenda = Agenda::default();
        if let Some((at_us, _)) = workload.top_up {
            agenda.schedule(at_us, Event::TopUp);
        }
        if let Some(first) = workload.errands.first() {
            agenda.schedule(first.at_us, Event::Start(0));
        }
        World { now_us: 0, stands: false, seats, agenda, held: Vec::new(), carried: Vec::new(), handling: None }
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

    /// What is held back.
    pub fn held(&self) -> &[Arc<Envelope>] {
        &self.held
    }

    /// Every envelope that the network has carried, in the order of their numbers.
    pub fn carried(&self) -> &[Arc<Envelope>] {
        &self.carried
    }

    /// The party that is handling an input, and its next effect.
    pub fn handling(&self) -> Option<(Party, &Effect)> {
        self.handling.as_ref().and_then(|(party, effects)| effects.front().map(|effect| (*party, effect)))
    }

    /// Whether a party is there; `None` if it takes no part.
    pub fn presence(&self, setup: &Setup, party: Party) -> Option<Presence> {
        setup.population.index(party).map(|index| self.seats[index].node.presence())
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
        self.seats.iter().zip(&other.seats).all(|(mine, theirs)| {
            mine.node.same_but_for_repetition(&theirs.node) && mine.timers.keys().eq(theirs.timers.keys())
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
                let envelope = Arc::clone(&self.carried[envelope as usize]);
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
            && let Some(errand) = workload.errands.get(*number as usize + 1)
        {
            self.agenda.schedule(errand.at_us, Event::Start(number + 1));
        }
    }

    fn take(&mut self, event: Event, setup: &Setup, workload: &Workload, observer: &mut dyn Observer) {
        self.schedule_next_start(&event, workload);
        let party = event_party(&event, workload);
        let Some(index) = setup.population.index(party) else { return };
        if let Event::Restart(_) = event {
            self.seats[index].node.restart();
        }
        if let Some(loss) = self.loss(&event, index, workload) {
            return observer.observe(self.now_us, &Happening::Lost { event: &event, loss });
        }
        let opening = Happening::Worked { party, work: Work { opens: u64::from(sealed(setup)), ..Work::default() } };
        let message;
        let input = match &event {
            Event::Arrival(envelope) => match open(envelope, setup) {
                Some(opened) => {
                    message = opened;
                    observer.observe(self.now_us, &Happening::Arrived { envelope, message: &message });
                    observer.observe(self.now_us, &opening);
                    Input::Message { from: envelope.from, message: &message }
                }
                None => {
                    let lost = Happening::Lost { event: &event, loss: Loss::Unreadable };
                    observer.observe(self.now_us, &lost);
                    return observer.observe(self.now_us, &opening);
                }
            },
            Event::Timer(_, timer) => {
                self.seats[index].timers.remove(timer);
                observer.observe(self.now_us, &Happening::Fired { party, timer: *timer });
                Input::Timeout(*timer)
            }
            Event::Restart(_) => {
                observer.observe(self.now_us, &Happening::Restarted { party });
                Input::Restart
            }
            Event::Start(number) => {
                let errand = workload.errands[*number as usize];
                observer.observe(self.now_us, &Happening::Started { number: *number, errand });
                Input::Start(errand.wish)
            }
            Event::TopUp => {
                let cents = workload.top_up.map_or(0, |(_, cents)| cents);
                observer.observe(self.now_us, &Happening::ToppedUp { cents });
                Input::TopUp(cents)
            }
        };
        let (effects, work) = self.seats[index].node.handle(input, &Clock::at(self.now_us), setup);
        observer.observe(self.now_us, &Happening::Worked { party, work });
        self.handling = (!effects.is_empty()).then(|| (party, effects.into()));
    }

    /// Why an event comes to nothing, if it does.
    fn loss(&self, event: &Event, index: usize, workload: &Workload) -> Option<Loss> {
        if self.seats[index].node.presence() != Presence::Up {
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
        let seat = &mut self.seats[index];
        match effect {
            Effect::Save { record, durable } => {
                observer.observe(self.now_us, &Happening::Saved { party, record: &record, durable });
                seat.node.save(record, durable);
            }
            Effect::Send { to, message } => self.send(party, to, message, fate, setup, observer),
            Effect::SetTimer { timer, after_us } => {
                let at_us = self.now_us.saturating_add(after_us);
                let slot = self.agenda.schedule(at_us, Event::Timer(party, timer));
                if let Some(earlier) = seat.timers.insert(timer, slot) {
                    self.agenda.remove(earlier);
                }
            }
            Effect::CancelTimer(timer) => {
                if let Some(slot) = seat.timers.remove(&timer) {
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
        let payload = if sealed(setup) {
            Payload::Bytes(channel::seal(&*setup.crypto, &setup.streams, (from, to), number, &message.encode()).into())
        } else if setup.crypto.name() == "real" {
            Payload::Bytes(message.encode().into())
        } else {
            Payload::Message(Arc::clone(&message))
        };
        let bytes = payload.len();
        let mut envelope = Arc::new(Envelope { number, from, to, payload });
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
                envelope = Arc::new(Envelope { number, from, to, payload: Payload::Bytes(garbled.into()) });
                arrive(&envelope, after_us);
            }
        }
    }

    fn crash(&mut self, party: Party, forever: bool, setup: &Setup, observer: &mut dyn Observer) {
        let Some(index) = setup.population.index(party) else { return };
        if self.handling.as_ref().is_some_and(|(handling, _)| *handling == party) {
            self.handling = None;
        }
        let seat = &mut self.seats[index];
        seat.node.crash(forever, setup);
        for (_, slot) in std::mem::take(&mut seat.timers) {
            self.agenda.remove(slot);
        }
        if !forever {
            let back_us = self.now_us.saturating_add(setup.timing.restart_after_us);
            self.agenda.schedule(back_us, Event::Restart(party));
        }
        observer.observe(self.now_us, &Happening::Crashed { party, forever });
    }
}

impl Payload {
    /// How many bytes cross the network; never none.
    fn len(&self) -> usize {
        match self {
            Payload::Message(message) => message.encoded_len(),
            Payload::Bytes(bytes) => bytes.len(),
        }
    }

    fn to_bytes(&self) -> Vec<u8> {
        match self {
            Payload::Message(message) => message.encode(),
            Payload::Bytes(bytes) => bytes.to_vec(),
        }
    }
}

/// Whether messages are sealed for their recipients.
const fn sealed(setup: &Setup) -> bool {
    setup.mechanisms.has(Mechanism::SealedChannels)
}

/// The message in an envelope, if its recipient can read it.
fn open(envelope: &Envelope, setup: &Setup) -> Option<Arc<Message>> {
    let read = |bytes: &[u8]| Message::decode(bytes, &*setup.crypto).ok().map(Arc::new);
    match &envelope.payload {
        Payload::Message(message) => Some(Arc::clone(message)),
        Payload::Bytes(bytes) if sealed(setup) => {
            read(&channel::open(&*setup.crypto, &setup.streams, (envelope.from, envelope.to), bytes)?)
        }
        Payload::Bytes(bytes) => read(bytes),
    }
}

/// What tells an envelope from another for its recipient: a message that is sealed twice is the same message.
fn content(envelope: &Envelope, setup: &Setup) -> Payload {
    let opened = if sealed(setup) { open(envelope, setup) } else { None };
    opened.map_or_else(|| envelope.payload.clone(), Payload::Message)
}

/// The party that takes an event.
pub fn event_party(event: &Event, workload: &Workload) -> Party {
    match event {
        Event::Arrival(envelope) => envelope.to,
        Event::Timer(party, _) | Event::Restart(party) => *party,
        Event::Start(number) => Party::Customer(workload.errands.get(*number as usize).map_or(0, |e| e.customer)),
        Event::TopUp => Party::Server,
    }
}
