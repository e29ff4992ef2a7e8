//! What a run cost, and a fingerprint of its course.

use sha2::{Digest, Sha256};

use crate::party::{Party, PurchaseKey};
use crate::protocol::part::Parts;
use crate::protocol::role::Work;
use crate::protocol::wire::Writer;
use crate::world::{Event, Fate, Happening, Observer};

/// The counts of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Messages sent, queries and repetitions included; replays by the network are not.
    pub messages: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Cryptographic operations.
    pub work: Work,
    /// Records forced to stable storage.
    pub journal_writes: u64,
    /// Bytes that P keeps for good.
    pub server_bytes: u64,
}

/// So many bytes are hashed at a time: a good number of happenings, since the hash is at its best with much at once.
const HASHED_AT_ONCE: usize = 4096;

/// Counts, and hashes everything that happens.
#[derive(Debug, Clone, Default)]
pub struct Meter {
    tally: Tally,
    hash: Sha256,
    /// What has happened and is yet to be hashed.
    pending: Writer,
}

impl Meter {
    /// The counts.
    pub const fn tally(&self) -> Tally {
        self.tally
    }

    /// The fingerprint of everything that has happened.
    pub fn fingerprint(&self) -> [u8; 32] {
        self.hash.clone().chain_update(self.pending.as_slice()).finalize().into()
    }

    fn count(&mut self, happening: &Happening<'_>) {
        match happening {
            Happening::Sent { bytes, .. } => {
                self.tally.messages += 1;
                self.tally.bytes += *bytes as u64;
            }
            Happening::Worked { work, .. } => {
                let sum = &mut self.tally.work;
                sum.signs += work.signs;
                sum.verifies += work.verifies;
                sum.seals += work.seals;
                sum.opens += work.opens;
                sum.digests += work.digests;
            }
            Happening::Saved { party, record, durable: true } => {
                self.tally.journal_writes += 1;
                if *party == Party::Server {
                    self.tally.server_bytes += record.encoded_len() as u64;
                }
            }
            _ => {}
        }
    }
}

/// Appends what identifies a happening within its run. Two runs that differ in any event, its time, its order, its parties, its
/// purchase or its length differ in these bytes.
fn describe(happening: &Happening<'_>, out: &mut Writer) {
    let party = |out: &mut Writer, party: Party| {
        match party {
            Party::Customer(n) => out.u8(0).u32(n),
            Party::Merchant(n) => out.u8(1).u32(n),
            Party::Server => out.u8(2).u32(0),
        };
    };
    let about = |out: &mut Writer, about: &PurchaseKey| {
        out.u32(about.customer).u32(about.merchant).fixed(&about.tid.0);
    };
    let event = |out: &mut Writer, event: &Event| {
        match event {
            Event::Arrival(envelope) => out.u8(0).u32(envelope.number),
            Event::Timer(owner, timer) => {
                party(out, *owner);
                out.u8(1).u8(timer.kind as u8)
            }
            Event::Restart(_) => out.u8(2),
            Event::Start(number) => out.u8(3).u32(*number),
            Event::TopUp => out.u8(4),
        };
    };
    match happening {
        Happening::Started { number, .. } => {
            out.u8(1).u32(*number);
        }
        Happening::Sent { envelope, message, bytes, fate } => {
            out.u8(2).u32(envelope.number).u64(*bytes as u64);
            party(out, envelope.from);
            party(out, envelope.to);
            about(out, &message.about);
            match fate {
                Fate::Arrive(us) => out.u8(0).u64(*us),
                Fate::Drop => out.u8(1),
                Fate::Twice(first, second) => out.u8(2).u64(*first).u64(*second),
                Fate::Hold => out.u8(3),
                Fate::Garbled(us, bit) => out.u8(4).u64(*us).u32(*bit),
            };
        }
        Happening::Forged { envelope, message, bytes } => {
            out.u8(13).u32(envelope.number).u64(*bytes as u64);
            party(out, envelope.from);
            party(out, envelope.to);
            about(out, &message.about);
        }
        Happening::Arrived { envelope, .. } => {
            out.u8(3).u32(envelope.number);
        }
        Happening::Lost { event: lost, loss } => {
            out.u8(4).u8(*loss as u8);
            event(out, lost);
        }
        Happening::Forgone { event: lost, .. } => {
            out.u8(5);
            event(out, lost);
        }
        Happening::Fired { party: owner, timer } => {
            out.u8(6).u8(timer.kind as u8);
            party(out, *owner);
            about(out, &timer.about);
        }
        Happening::ToppedUp { cents } => {
            out.u8(7).i64(*cents);
        }
        Happening::Worked { .. } => {}
        Happening::Saved { party: owner, record, durable } => {
            out.u8(8).u8(record.kind as u8).u8(u8::from(*durable)).u64(record.encoded_len() as u64);
            out.u8(record.status().map_or(255, |status| status.code()));
            party(out, *owner);
        }
        Happening::Believed { party: owner, about: purchase, belief } => {
            out.u8(9).u8(*belief as u8);
            party(out, *owner);
            about(out, purchase);
        }
        Happening::Crashed { party: owner, forever } => {
            out.u8(10).u8(u8::from(*forever));
            party(out, *owner);
        }
        Happening::Restarted { party: owner } => {
            out.u8(11);
            party(out, *owner);
        }
        Happening::Replayed { envelope } => {
            out.u8(12).u32(envelope.number);
        }
    }
}

impl Observer for Meter {
    fn observe(&mut self, now_us: u64, happening: &Happening<'_>) {
        self.count(happening);
        if let Happening::Worked { .. } = happening {
            return;
        }
        self.pending.u64(now_us);
        describe(happening, &mut self.pending);
        if self.pending.as_slice().len() >= HASHED_AT_ONCE {
            self.hash.update(self.pending.as_slice());
            self.pending.buffer().clear();
        }
    }
}
