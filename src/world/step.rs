//! What one choice does to a world.

use std::sync::Arc;

use super::envelope::{open, payload, sealed};
use super::{Envelope, Event, Happening, Loss, Observer, Payload, Presence, Slot, Workload, World, event_party};
use crate::crypto::channel;
use crate::party::Party;
use crate::protocol::message::Message;
use crate::protocol::outsider::Forged;
use crate::protocol::role::{Clock, Effect, Input, Work};
use crate::protocol::setup::Setup;

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

impl World {
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
