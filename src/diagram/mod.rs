//! A run as a picture that a person can follow: who said what to whom, when, what was saved, and where faults struck.
//!
//! [`Transcript`] listens to a run and keeps its entries; [`text`] and [`mermaid`] draw them. What the run means (beliefs,
//! verdicts, disputes) is [`verdict`]'s part; [`dispute`] has the disputes in full.

pub mod dispute;
pub mod mermaid;
pub mod text;
pub mod verdict;

use std::collections::BTreeSet;

use crate::drive::labels::Labels;
use crate::fault::{EventSite, SendSite};
use crate::protocol::part::{Part, Parts};
use crate::protocol::party::Party;
use crate::world::{Event, Fate, Happening, Loss, Observer};

/// One line of the picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// When, in virtual microseconds.
    pub at_us: u64,
    /// What.
    pub what: What,
}

/// What a line shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A message on its way.
    Sent {
        /// From whom.
        from: Party,
        /// To whom.
        to: Party,
        /// The send's name.
        site: SendSite,
        /// What it says.
        says: String,
        /// The fault that strikes it, in words; empty for none.
        fault: String,
        /// Whether it never arrives.
        lost: bool,
    },
    /// Something that one party does or undergoes.
    At {
        /// Who.
        party: Party,
        /// What, in a word or two.
        mark: String,
        /// What there is to say about it.
        note: String,
        /// Whether a fault strikes here.
        fault: bool,
    },
}

/// The entries of a run, as they come.
#[derive(Debug)]
pub struct Transcript {
    labels: Labels,
    entries: Vec<Entry>,
    parties: BTreeSet<Party>,
}

/// The words for a list of parts, as the paper writes a message.
fn says(parts: &[Part]) -> String {
    let words = parts.iter().map(|part| match part {
        Part::Price(cents) => format!("price {cents}"),
        Part::Status(status) => format!("status {}", status.word()),
        Part::Description(description) => format!("item {}", description.item),
        Part::Transfer(transfer) => format!("{} cents {} to {}", transfer.debit_cents, transfer.payer, transfer.payee),
        other => other.word().to_owned(),
    });
    words.collect::<Vec<_>>().join(", ")
}

impl Transcript {
    /// Nothing has happened yet.
    pub fn new(errands: usize) -> Self {
        Transcript { labels: Labels::new(errands), entries: Vec::new(), parties: BTreeSet::new() }
    }

    /// The entries, in order.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Everyone who shows up, in order: customers, merchants, P.
    pub fn parties(&self) -> Vec<Party> {
        self.parties.iter().copied().collect()
    }

    fn at(&mut self, at_us: u64, party: Party, mark: impl Into<String>, note: impl Into<String>, fault: bool) {
        self.parties.insert(party);
        self.entries.push(Entry { at_us, what: What::At { party, mark: mark.into(), note: note.into(), fault } });
    }

    fn name(&self, event: &Event) -> String {
        self.labels.event(event).to_string()
    }
}

impl Observer for Transcript {
    fn observe(&mut self, now_us: u64, happening: &Happening<'_>) {
        match happening {
            Happening::Started { number, errand } => {
                let note = format!("buy item {} of {}", errand.wish.item, Party::Merchant(errand.wish.merchant));
                let mark = EventSite::Start { purchase: number + 1 }.to_string();
                self.at(now_us, Party::Customer(errand.customer), mark, note, false);
            }
            Happening::Sent { envelope, message, bytes, fate } => {
                let site = self.labels.send(message);
                let (fault, lost) = match fate {
                    Fate::Arrive(_) => (String::new(), false),
                    Fate::Drop => ("dropped".to_owned(), true),
                    Fate::Twice(..) => ("duplicated".to_owned(), false),
                    Fate::Hold => ("delayed until all else has settled".to_owned(), false),
                    Fate::Garbled(_, bit) => {
                        let bit = *bit as usize % (bytes * 8);
                        let hit = message.spans().find(|(_, span)| span.contains(&(bit / 8)));
                        let what = match hit {
                            _ if *bytes != message.encoded_len() => "what is sealed",
                            Some((part, _)) => part.word(),
                            None => "the header",
                        };
                        (format!("bit {bit} flipped, in {what}"), false)
                    }
                };
                let says = format!("{} ({bytes} bytes)", says(message.parts()));
                let (from, to) = (envelope.from, envelope.to);
                self.parties.extend([from, to]);
                let what = What::Sent { from, to, site, says, fault, lost };
                self.entries.push(Entry { at_us: now_us, what });
            }
            Happening::Forged { envelope, message, bytes } => {
                let site = self.labels.send(message);
                let (from, to) = (envelope.from, envelope.to);
                let says = format!("{} ({bytes} bytes)", says(message.parts()));
                let fault = format!("the outsider, in the name of {from}");
                self.parties.extend([from, to]);
                self.entries
                    .push(Entry { at_us: now_us, what: What::Sent { from, to, site, says, fault, lost: false } });
            }
            Happening::Arrived { envelope, .. } => {
                let mark = format!("gets {}", self.name(&Event::Arrival((*envelope).clone())));
                self.at(now_us, envelope.to, mark, "", false);
            }
            Happening::Lost { event, loss } => {
                let why = match loss {
                    Loss::Absent => "lost: the party is down",
                    Loss::Separated => "lost: the network is partitioned",
                    Loss::Unreadable => "lost: the bytes are no message",
                };
                let (party, name) = (party_of(event), self.name(event));
                self.at(now_us, party, format!("({name})"), why, false);
            }
            Happening::Forgone { event, party } => {
                let name = self.name(event);
                self.at(now_us, *party, format!("({name})"), "lost: the party crashes before it takes it", true);
            }
            Happening::Fired { party, timer } => {
                let name = self.name(&Event::Timer(*party, *timer));
                self.at(now_us, *party, name, "timer", false);
            }
            Happening::ToppedUp { cents } => {
                self.at(now_us, Party::Server, "top-up", format!("{cents} cents to every customer"), false);
            }
            Happening::Saved { party, record, durable } => {
                let name = self.labels.save(*party, record).map_or_else(
                    || record.kind.to_string(),
                    |site| {
                        let purchase = if site.purchase == 1 { String::new() } else { format!("{}:", site.purchase) };
                        format!("{purchase}{}#{}", site.kind, site.nth)
                    },
                );
                let verb = if *durable { "save" } else { "note" };
                self.at(now_us, *party, format!("{verb} {name}"), says(record.parts()), false);
            }
            Happening::Believed { party, belief, .. } => {
                self.at(now_us, *party, format!("\"{}\"", belief.word()), "tells its owner", false);
            }
            Happening::Crashed { party, forever } => {
                let note = if *forever { "volatile state is lost; it never returns" } else { "volatile state is lost" };
                self.at(now_us, *party, "CRASH", note, true);
            }
            Happening::Restarted { party } => {
                let name = self.name(&Event::Restart(*party));
                self.at(now_us, *party, name, "rebuilt from its journal", false);
            }
            Happening::Replayed { envelope } => {
                let site = self.labels.sending(envelope);
                self.parties.extend([envelope.from, envelope.to]);
                let what = What::Sent {
                    from: envelope.from,
                    to: envelope.to,
                    site,
                    says: String::new(),
                    fault: "replayed by the network".to_owned(),
                    lost: false,
                };
                self.entries.push(Entry { at_us: now_us, what });
            }
            Happening::Worked { .. } => {}
        }
        self.labels.observe(now_us, happening);
    }
}

fn party_of(event: &Event) -> Party {
    match event {
        Event::Arrival(envelope) => envelope.to,
        Event::Timer(party, _) | Event::Restart(party) => *party,
        Event::Start(_) => Party::Customer(0),
        Event::TopUp => Party::Server,
    }
}
