//! Listens to a purchase and counts, step by step.
//!
//! A message counts for the step that it is, and so does whatever its recipient does on receiving it: checks, records, the signature
//! on its answer. So every operation counts once. Delays and forced writes are followed along the chain of causes: a message is one
//! delay later than what its sender had last heard when it handled the message that made it speak.

use super::{Cost, StepCost};
use crate::party::{Party, Step};
use crate::protocol::part::{Part, Parts};
use crate::protocol::role::Work;
use crate::world::{Happening, Observer};

/// What can be counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Count {
    /// Messages.
    pub messages: u64,
    /// Their bytes on the wire.
    pub bytes: u64,
    /// Cryptographic operations.
    pub work: Work,
    /// Records that survive a crash.
    pub journal_writes: u64,
    /// Bytes of P's records.
    pub server_bytes: u64,
}

impl Count {
    /// Adds another count.
    pub const fn add(&mut self, other: &Count) {
        self.messages += other.messages;
        self.bytes += other.bytes;
        self.work.signs += other.work.signs;
        self.work.verifies += other.work.verifies;
        self.work.seals += other.work.seals;
        self.work.opens += other.work.opens;
        self.work.digests += other.work.digests;
        self.journal_writes += other.journal_writes;
        self.server_bytes += other.server_bytes;
    }
}

/// How far down a chain of causes something lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Depth {
    delays: u64,
    forced_writes: u64,
}

/// What is being handled.
#[derive(Debug, Clone, Copy, Default)]
struct Handling {
    /// An index into the steps.
    step: usize,
    depth: Depth,
    /// Whether its records have been counted as a forced write.
    forced: bool,
}

/// Counts one purchase without faults.
#[derive(Debug, Default)]
pub struct CostMeter {
    steps: Vec<StepCost>,
    handling: Handling,
    /// By envelope number: its step, and how deep it lies.
    sent: Vec<(usize, Depth)>,
    /// How deep each party stood when it had last handled something: what it does next comes after that.
    stood: [Depth; 3],
    /// The step whose message has just been sent, whose sealing is still to come.
    just_sent: Option<usize>,
    delays: u64,
    commit: Option<Depth>,
    delivery: Option<Depth>,
    server_goods_bytes: u64,
}

const fn seat(party: Party) -> usize {
    match party {
        Party::Customer(_) => 0,
        Party::Merchant(_) => 1,
        Party::Server => 2,
    }
}

impl Depth {
    fn max(self, other: Depth) -> Depth {
        Depth { delays: self.delays.max(other.delays), forced_writes: self.forced_writes.max(other.forced_writes) }
    }
}

impl CostMeter {
    /// The step's place in the list, new or not.
    fn step(&mut self, step: Option<Step>) -> usize {
        self.steps.iter().position(|known| known.step == step).unwrap_or_else(|| {
            self.steps.push(StepCost { step, count: Count::default(), delays: 0, forced_writes: 0 });
            self.steps.len() - 1
        })
    }

    fn handles(&mut self, party: Party, step: usize, depth: Depth) {
        let depth = depth.max(self.stood[seat(party)]);
        self.handling = Handling { step, depth, forced: false };
        self.stood[seat(party)] = depth;
        self.just_sent = None;
        let cost = &mut self.steps[step];
        (cost.delays, cost.forced_writes) =
            (cost.delays.max(depth.delays), cost.forced_writes.max(depth.forced_writes));
        self.delays = self.delays.max(depth.delays);
    }

    fn forces(&mut self, party: Party) {
        let Handling { step, depth, forced } = &mut self.handling;
        if !std::mem::replace(forced, true) {
            depth.forced_writes += 1;
            self.stood[seat(party)] = *depth;
            self.steps[*step].forced_writes = self.steps[*step].forced_writes.max(depth.forced_writes);
        }
    }

    /// What has been counted.
    pub(super) fn finish(self, ack_bytes: u64, item_bytes: u64, server_tid_us: u64) -> Cost {
        let mut total = Count::default();
        self.steps.iter().for_each(|step| total.add(&step.count));
        let idle = |step: &StepCost| step.step.is_none() && step.count == Count::default();
        Cost {
            steps: self.steps.into_iter().filter(|step| !idle(step)).collect(),
            total,
            delays: self.delays,
            delays_to_commit: self.commit.map(|depth| depth.delays),
            delays_to_delivery: self.delivery.map(|depth| depth.delays),
            forced_writes_to_commit: self.commit.map(|depth| depth.forced_writes),
            server_goods_bytes: self.server_goods_bytes,
            server_tid_us,
            ack_bytes,
            item_bytes,
        }
    }
}

impl Observer for CostMeter {
    fn observe(&mut self, _: u64, happening: &Happening<'_>) {
        match happening {
            Happening::Started { errand, .. } => {
                let step = self.step(None);
                self.handles(Party::Customer(errand.customer), step, Depth::default());
            }
            Happening::Sent { message, bytes, .. } => {
                let step = self.step(Some(message.step));
                let count = &mut self.steps[step].count;
                (count.messages, count.bytes) = (count.messages + 1, count.bytes + *bytes as u64);
                let Depth { delays, forced_writes } = self.handling.depth;
                self.sent.push((step, Depth { delays: delays + 1, forced_writes }));
                self.handling.forced = false;
                self.just_sent = Some(step);
            }
            Happening::Arrived { envelope, .. } => {
                if let Some((step, depth)) = self.sent.get(envelope.number as usize).copied() {
                    self.handles(envelope.to, step, depth);
                }
            }
            Happening::Worked { work, .. } => {
                let step = self.just_sent.take().unwrap_or(self.handling.step);
                if let Some(cost) = self.steps.get_mut(step) {
                    cost.count.add(&Count { work: *work, ..Count::default() });
                }
            }
            Happening::Saved { party, record, durable } => {
                if *durable {
                    self.forces(*party);
                    let bytes = if *party == Party::Server { record.encoded_len() as u64 } else { 0 };
                    let count = Count { journal_writes: 1, server_bytes: bytes, ..Count::default() };
                    self.steps[self.handling.step].count.add(&count);
                }
                let goods = record.parts.iter().filter(|part| matches!(part, Part::Key(_) | Part::Item(_)));
                let goods_bytes: usize = goods.map(Part::encoded_len).sum();
                match party {
                    Party::Server if record.transfer().is_some() => {
                        self.commit = Some(self.handling.depth);
                        self.server_goods_bytes = goods_bytes as u64;
                    }
                    Party::Customer(_) if goods_bytes > 0 => self.delivery = Some(self.handling.depth),
                    _ => {}
                }
            }
            _ => {}
        }
    }
}
