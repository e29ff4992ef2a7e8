//! Drives a world from start to quiescence under the timed clock, asking an [`Oracle`] at every site whether a fault strikes.
//!
//! The loop is the same for every way of choosing plans; [`scripted`], [`random`], [`exhaustive`] and [`joined`] differ only in how
//! they answer. After the last fault the network is fair and parties go on asking, so that nothing that looks like a violation is an
//! artefact of a run that stopped too soon. Quiescence is reached when nothing is under way or pending, or when everything that
//! is pending has been repeated without telling anybody anything new and every order has lapsed. What is held back arrives only
//! then; and the network may still replay what it has recorded, once right away and once after every order has lapsed.

pub mod eavesdropper;
pub mod exhaustive;
pub mod follow;
pub mod for_ever;
pub mod joined;
pub mod labels;
pub mod random;
pub mod scripted;
pub mod settle;
pub mod shrink;
pub mod situation;
pub mod tally;

use crate::crypto::streams::Purpose;
use crate::fault::{CrashSite, EventSite, Fault, Plan, SendSite};
use crate::invariant::checker::Checker;
use crate::party::Party;
use crate::protocol::message::Message;
use crate::protocol::role::Effect;
use crate::protocol::setup::Setup;
use crate::world::{Choice, Fate, Happening, Numbered, Observer, Presence, Slot, Workload, World, event_party};

use eavesdropper::Eavesdropper;
use labels::{Labels, Sending};
use settle::{Desk, Over};
use situation::Situation;
use tally::Meter;

/// What strikes a send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SendFault {
    /// See [`Fault::Drop`].
    Drop,
    /// See [`Fault::Duplicate`].
    Duplicate,
    /// See [`Fault::Delay`].
    Delay,
    /// See [`Fault::Corrupt`]; the bit.
    Corrupt(u32),
}

/// Decides, site by site, what goes wrong.
pub trait Oracle {
    /// What strikes a send of that party's, if anything does.
    fn send(&mut self, from: Party, site: SendSite, message: &Message) -> Option<SendFault>;

    /// Whether a party crashes here, and if so, whether for ever.
    fn crash(&mut self, party: Party, site: CrashSite) -> Option<bool>;

    /// Virtual time has come to this moment.
    fn tick(&mut self, _now_us: u64) {}

    /// Which envelope the network sends again right after an event, by its number; `sent` names all there are. Asked again
    /// until it says `None`.
    fn replay(&mut self, after: EventSite, sent: &Numbered<Sending>) -> Option<u32>;

    /// A party has nothing to do any more, for the time being: what is kept for it is better kept small.
    fn rest(&mut self, _party: Party) {}

    /// The run is between two events. Whether it is to stop here, since another run has come to the same situation.
    fn joins(&mut self, _: &Situation<'_>) -> bool {
        false
    }

    /// Whether the run is to go on until every order has lapsed, so that replays can strike after that too.
    fn waits(&self) -> bool {
        true
    }
}

/// The network of a run without faults.
#[derive(Debug, Clone, Copy, Default)]
pub struct Fair;

impl Oracle for Fair {
    fn send(&mut self, _: Party, _: SendSite, _: &Message) -> Option<SendFault> {
        None
    }

    fn crash(&mut self, _: Party, _: CrashSite) -> Option<bool> {
        None
    }

    fn replay(&mut self, _: EventSite, _: &Numbered<Sending>) -> Option<u32> {
        None
    }

    fn waits(&self) -> bool {
        false
    }
}

/// How long messages take, in virtual microseconds, both bounds included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Latency {
    /// At least.
    pub min_us: u64,
    /// At most.
    pub max_us: u64,
}

impl Latency {
    /// How long the `copy`th copy of a send takes: a function of the seed, the sender and the send's name, so that a fault
    /// elsewhere does not change it.
    fn of(&self, setup: &Setup, from: Party, site: SendSite, copy: usize) -> u64 {
        if self.min_us == self.max_us {
            return self.min_us;
        }
        let step = u64::from(site.step.code());
        let index = u64::from(site.purchase) << 24 | step << 16 | u64::from(site.nth.min(0xffff));
        let bytes = setup.streams.draw(Purpose::Latency, Some(from), index);
        let word = bytes[copy * 8..copy * 8 + 8].iter().fold(0_u64, |word, byte| word << 8 | u64::from(*byte));
        self.min_us + ((u128::from(word) * u128::from(self.max_us - self.min_us + 1)) >> 64) as u64
    }
}

/// A run to be driven.
#[derive(Debug, Clone, Copy)]
pub struct Job<'s, 'w> {
    /// What does not change.
    pub setup: &'s Setup,
    /// What the customers set out to do.
    pub workload: &'w Workload,
    /// How long messages take.
    pub latency: Latency,
}

/// A run that has come to its end.
#[derive(Debug)]
pub struct Finished<'s> {
    /// What is known, and what has broken.
    pub checker: Checker<'s>,
    /// The names of purchases and sites.
    pub labels: Labels,
    /// Costs and fingerprint.
    pub meter: Meter,
    /// The faults that struck, in order.
    pub struck: Vec<Fault>,
    /// How it came to its end.
    pub ended: Ended,
}

/// How a run came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Nothing more was to come, or nothing new.
    Settled,
    /// It went on for too long.
    CutShort,
    /// It is known to go on for ever; see [`for_ever::Round`].
    Never,
    /// It came to a situation from which the rest is known; see [`situation`].
    Joined,
}

/// Drives a run to its end. `listener` hears everything that happens, after the checker has.
pub fn run<'s>(job: &Job<'s, '_>, oracle: &mut dyn Oracle, listener: &mut dyn Observer) -> Finished<'s> {
    run_to(job, oracle, listener, &mut None)
}

/// Drives a run to its end, and hands each purchase over as soon as it has settled, to be forgotten: what a long run takes up grows
/// with what is under way, not with what is over. See [`settle`].
pub fn run_settling<'s>(
    job: &Job<'s, '_>,
    oracle: &mut dyn Oracle,
    listener: &mut dyn Observer,
    desk: &mut dyn Desk,
) -> Finished<'s> {
    run_to(job, oracle, listener, &mut Some(desk))
}

fn run_to<'s>(
    job: &Job<'s, '_>,
    oracle: &mut dyn Oracle,
    listener: &mut dyn Observer,
    desk: &mut Option<&mut dyn Desk>,
) -> Finished<'s> {
    let mut driver = Driver::new(job, listener);
    let ended = driver.drive(oracle, desk);
    driver.finish(ended)
}

/// See [`Driver::round_us`].
fn round_us(job: &Job<'_, '_>) -> u64 {
    job.setup.timing.longest_wait_us().saturating_add(job.latency.max_us.saturating_mul(2))
}

struct Ears<'s, 'l> {
    checker: Checker<'s>,
    labels: Labels,
    meter: Meter,
    eavesdropper: Option<Eavesdropper<'s>>,
    listener: &'l mut dyn Observer,
}

impl Observer for Ears<'_, '_> {
    fn observe(&mut self, now_us: u64, happening: &Happening<'_>) {
        self.checker.observe(now_us, happening);
        self.labels.observe(now_us, happening);
        self.meter.observe(now_us, happening);
        if let Some(eavesdropper) = &mut self.eavesdropper {
            eavesdropper.observe(now_us, happening);
        }
        self.listener.observe(now_us, happening);
    }
}

struct Driver<'s, 'w, 'l> {
    world: World,
    job: Job<'s, 'w>,
    ears: Ears<'s, 'l>,
    struck: Vec<Fault>,
    steps: u64,
    /// Parties that have crashed for good since somebody last looked.
    vanished: Vec<Party>,
    /// How long whoever asks for ever waits at most, the way there and back included, in virtual microseconds.
    round_us: u64,
    /// Whether each of the points at which replays may strike in the end has come: when all has settled, and late.
    points: (bool, bool),
}

/// Why an event does not come next.
enum Next {
    Event(Slot),
    Settled,
}

impl<'s, 'w, 'l> Driver<'s, 'w, 'l> {
    fn new(job: &Job<'s, 'w>, listener: &'l mut dyn Observer) -> Self {
        Driver {
            world: World::new(job.setup, job.workload),
            job: *job,
            ears: Ears {
                checker: Checker::new(job.setup),
                labels: Labels::new(job.workload.purchases() as usize),
                meter: Meter::default(),
                eavesdropper: Eavesdropper::of(job.setup),
                listener,
            },
            struck: Vec::new(),
            steps: 0,
            vanished: Vec::new(),
            round_us: round_us(job),
            points: (false, false),
        }
    }

    /// The same run once more, from here on.
    fn fork<'m>(&self, listener: &'m mut dyn Observer) -> Driver<'s, 'w, 'm> {
        let Ears { checker, labels, meter, eavesdropper, .. } = &self.ears;
        let (checker, labels, meter) = (checker.clone(), labels.clone(), meter.clone());
        let ears = Ears { checker, labels, meter, eavesdropper: eavesdropper.clone(), listener };
        let (world, struck, vanished) = (self.world.clone(), self.struck.clone(), self.vanished.clone());
        Driver {
            world,
            job: self.job,
            ears,
            struck,
            steps: self.steps,
            vanished,
            round_us: self.round_us,
            points: self.points,
        }
    }

    /// What is known of the run when it has come to its end.
    fn finish(self, ended: Ended) -> Finished<'s> {
        let Driver { ears, mut struck, job, .. } = self;
        let partitions = job.workload.partitions.iter().map(|separation| Fault::Partition {
            group: separation.group.clone(),
            from_us: separation.from_us,
            for_us: separation.until_us - separation.from_us,
        });
        struck.extend(partitions);
        let Ears { mut checker, labels, meter, .. } = ears;
        // Of a run that did not settle nothing can be said that holds only in the end.
        if ended == Ended::Settled {
            checker.conclude();
        }
        Finished { checker, labels, meter, struck, ended }
    }
}

impl Driver<'_, '_, '_> {
    /// A run is given up for endless after this many events.
    fn patience(&self) -> u64 {
        20_000 + 2_000 * u64::from(self.job.workload.purchases())
    }

    fn step(&mut self, choice: Choice) {
        self.world.step(self.job.setup, self.job.workload, choice, &mut self.ears);
        // Whatever the outsider says to what it has just heard is under way before anybody else does anything.
        let said = self.ears.eavesdropper.as_mut().map(Eavesdropper::says).unwrap_or_default();
        for forged in said {
            self.world.inject(&forged, self.job.setup, &mut self.ears);
        }
    }

    fn situation(&self) -> Situation<'_> {
        let Ears { checker, labels, eavesdropper, .. } = &self.ears;
        let constant_latency = self.job.latency.min_us == self.job.latency.max_us;
        Situation {
            world: &self.world,
            checker,
            labels,
            eavesdropper: eavesdropper.as_ref(),
            points: self.points,
            constant_latency,
        }
    }

    fn drive(&mut self, oracle: &mut dyn Oracle, desk: &mut Option<&mut dyn Desk>) -> Ended {
        loop {
            if oracle.joins(&self.situation()) {
                return Ended::Joined;
            }
            if let Some(ended) = self.turn(oracle, desk) {
                return ended;
            }
        }
    }

    /// Takes what comes next: an event and what it brings about, or one of the points that come when all has settled.
    fn turn(&mut self, oracle: &mut dyn Oracle, desk: &mut Option<&mut dyn Desk>) -> Option<Ended> {
        match self.next() {
            Next::Event(slot) => {
                self.steps += 1;
                if self.steps > self.patience() {
                    return Some(Ended::CutShort);
                }
                let over = desk.as_ref().and_then(|_| self.world.agenda().get(slot).map(Over::of));
                if let Some(site) = self.take(slot, oracle) {
                    self.replays(site, oracle);
                }
                if let (Some(over), Some(desk)) = (over, desk.as_deref_mut())
                    && !self.settle(over, oracle, desk)
                {
                    return Some(Ended::CutShort);
                }
            }
            Next::Settled if !self.world.held().is_empty() => {
                self.step(Choice::Release);
                self.ears.checker.wake(self.world.now_us());
            }
            // Each of the two points comes once, so that no plan is tried twice under two names.
            Next::Settled if !self.points.0 && oracle.waits() => {
                self.points.0 = true;
                self.replays(EventSite::Settled, oracle);
            }
            Next::Settled if !self.points.1 && oracle.waits() => {
                self.points.1 = true;
                let lapsed_us = self.ears.checker.last_expiry_us() + 1;
                if self.world.agenda().is_empty() && lapsed_us > self.world.now_us() {
                    self.step(Choice::Wait(lapsed_us));
                    self.replays(EventSite::Late, oracle);
                }
            }
            Next::Settled => return Some(Ended::Settled),
        }
        None
    }

    /// The next event by the clock, unless all there is has been said before and nothing can come of it.
    fn next(&mut self) -> Next {
        let Some(slot) = self.world.upcoming() else { return Next::Settled };
        let checker = &self.ears.checker;
        // Everyone who still asks has asked twice since, and got an answer or not.
        let quiet_us =
            checker.last_news_us().max(checker.last_expiry_us()).saturating_add(self.round_us.saturating_mul(2));
        let only_timers = || {
            self.world.agenda().unordered().all(|(_, event)| {
                use crate::world::Event;
                match event {
                    Event::Timer(..) => true,
                    // An outsider's message that is to come late comes.
                    Event::Arrival(envelope) => !envelope.forged,
                    _ => false,
                }
            })
        };
        if slot.at_us > quiet_us && only_timers() { Next::Settled } else { Next::Event(slot) }
    }

    /// Takes an event and carries out its effects. Returns its name, or `None` where there is no such event.
    fn take(&mut self, slot: Slot, oracle: &mut dyn Oracle) -> Option<EventSite> {
        oracle.tick(slot.at_us);
        let event = self.world.agenda().get(slot)?;
        let party = event_party(event, self.job.workload);
        let site = self.ears.labels.event(event);
        let restarts = matches!(event, crate::world::Event::Restart(_));
        let up = |driver: &Self| driver.world.presence(driver.job.setup, party) == Some(Presence::Up);
        if up(self)
            && !restarts
            && let Some(forever) = oracle.crash(party, CrashSite::Taking(site))
        {
            self.crash(party, CrashSite::Taking(site), forever, Choice::CrashTaking { slot, forever });
            return Some(site);
        }
        self.step(Choice::Take(slot));
        while let Some((party, effect)) = self.world.handling() {
            let send = match effect {
                Effect::Send { message, .. } => Some(self.ears.labels.send(message)),
                _ => None,
            };
            let before = match effect {
                Effect::Send { .. } => send.map(CrashSite::BeforeSend),
                Effect::Save { record, durable: true } => {
                    self.ears.labels.save(party, record).map(CrashSite::BeforeSave)
                }
                // Timers and beliefs leave nothing behind but volatile memory, and so does a record that is not durable: a crash
                // right before such an effect cannot be told from one right before the next that leaves something.
                _ => None,
            };
            if let Some(crash) = before
                && let Some(forever) = oracle.crash(party, crash)
            {
                self.crash(party, crash, forever, Choice::Crash { party, forever });
                return Some(site);
            }
            let fate = send.map_or(Fate::Arrive(0), |site| self.fate(site, oracle));
            self.step(Choice::Apply(fate));
        }
        if up(self)
            && let Some(forever) = oracle.crash(party, CrashSite::After(site))
        {
            self.crash(party, CrashSite::After(site), forever, Choice::Crash { party, forever });
        }
        Some(site)
    }

    fn crash(&mut self, party: Party, site: CrashSite, forever: bool, choice: Choice) {
        self.struck.push(Fault::Crash { party, site, forever });
        self.vanished.extend(forever.then_some(party));
        self.step(choice);
    }

    /// What becomes of the next effect, which is a send of that name.
    fn fate(&mut self, site: SendSite, oracle: &mut dyn Oracle) -> Fate {
        let Some((from, Effect::Send { message, .. })) = self.world.handling() else { return Fate::Arrive(0) };
        let after_us = self.job.latency.of(self.job.setup, from, site, 0);
        let (fault, fate) = match oracle.send(from, site, message) {
            None => return Fate::Arrive(after_us),
            Some(SendFault::Drop) => (Fault::Drop(site), Fate::Drop),
            Some(SendFault::Duplicate) => {
                let second_us = self.job.latency.of(self.job.setup, from, site, 1);
                (Fault::Duplicate(site), Fate::Twice(after_us, second_us))
            }
            Some(SendFault::Delay) => (Fault::Delay(site), Fate::Hold),
            Some(SendFault::Corrupt(bit)) => (Fault::Corrupt { send: site, bit }, Fate::Garbled(after_us, bit)),
        };
        self.struck.push(fault);
        fate
    }

    /// Lets the network send again whatever the oracle says. Whether it did.
    fn replays(&mut self, after: EventSite, oracle: &mut dyn Oracle) -> bool {
        let mut any = false;
        while let Some(number) = oracle.replay(after, self.ears.labels.sent()) {
            let Some(send) = self.ears.labels.sent().get(number).map(|sending| sending.site) else { return any };
            let Some(from) = self.world.carried().get(number).map(|envelope| envelope.from) else { return any };
            let latency_us = self.job.latency.of(self.job.setup, from, send, 2);
            self.struck.push(Fault::Replay { send, after });
            self.step(Choice::Replay { envelope: number, latency_us });
            any = true;
        }
        any
    }
}

impl Finished<'_> {
    /// Whether the run was cut short because it went on for too long.
    pub fn cut_short(&self) -> bool {
        self.ended == Ended::CutShort
    }

    /// The plan of the faults that struck.
    pub fn plan(&self) -> Plan {
        Plan(self.struck.clone())
    }
}
