//! A run as a picture that a person can follow: who said what to whom, when, what was saved, and where faults struck.
//!
//! [`Transcript`] listens to a run and keeps its entries; [`text`], [`mermaid`] and [`svg`] draw them. What the run means (beliefs,
//! verdicts, disputes) is [`verdict`]'s part; [`dispute`] has the disputes in full.

pub mod dispute;
pub mod mermaid;
pub mod svg;
pub mod text;
pub mod verdict;

use std::collections::BTreeSet;

use crate::drive::labels::Labels;
use crate::fault::{EventSite, SendSite};
use crate::party::Party;
use crate::protocol::part::{Part, Parts};
use crate::world::{Event, Fate, Happening, Loss, Observer};

/// One line of the picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// When, in virtual microseconds.
    pub at_us: u64,
    /// The number of the purchase that it is about; what befalls a party as a whole is about none.
    pub purchase: Option<u32>,
    /// What.
    pub what: What,
}

/// What a line shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A message on its way.
    Sent {
        /// The envelope's number: what arrives later names it again.
        envelope: u32,
        /// From whom.
        from: Party,
        /// To whom.
        to: Party,
        /// The send's name.
        site: SendSite,
        /// What it says.
        says: String,
        /// Its length on the wire; none for what the network sends again.
        bytes: Option<usize>,
        /// The fault that strikes it, in words; empty for none.
        fault: String,
        /// Whether it never arrives.
        lost: bool,
    },
    /// Something that one party does or undergoes.
    At {
        /// Who.
        party: Party,
        /// What kind of thing.
        act: Act,
        /// What, in a word or two.
        mark: String,
        /// What there is to say about it.
        note: String,
    },
}

/// What kind of thing a party does or undergoes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// It sets out, a timer fires, or money comes from outside.
    Begins,
    /// It gets the envelope of that number.
    Gets(u32),
    /// An event comes to nothing, an envelope of that number if it was one.
    Misses(Option<u32>),
    /// The same, because a fault strikes before it takes the event.
    Forgoes(Option<u32>),
    /// It saves a record, or only notes it, where a crash would take it.
    Saves {
        /// Whether a crash leaves it.
        durable: bool,
    },
    /// It tells its owner what it believes.
    Believes,
    /// It loses its volatile state.
    Crashes,
    /// It is back.
    Returns,
}

/// What a message says, and how long it is.
fn spoken(says: &str, bytes: Option<usize>) -> String {
    bytes.map_or_else(|| says.to_owned(), |bytes| format!("{says} ({bytes} bytes)"))
}

impl Act {
    /// Whether a fault strikes here.
    pub const fn is_fault(self) -> bool {
        matches!(self, Act::Crashes | Act::Forgoes(_))
    }
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

    fn at(
        &mut self,
        (at_us, purchase): (u64, Option<u32>),
        party: Party,
        act: Act,
        mark: impl Into<String>,
        note: impl Into<String>,
    ) {
        self.parties.insert(party);
        let what = What::At { party, act, mark: mark.into(), note: note.into() };
        self.entries.push(Entry { at_us, purchase, what });
    }

    fn sent(&mut self, at_us: u64, site: SendSite, what: What) {
        if let What::Sent { from, to, .. } = &what {
            self.parties.extend([*from, *to]);
        }
        self.entries.push(Entry { at_us, purchase: Some(site.purchase), what });
    }

    /// The event's name, and the purchase that it is about.
    fn name(&self, event: &Event) -> (String, Option<u32>) {
        let site = self.labels.event(event);
        let purchase = match site {
            EventSite::Arrival { send, .. } => Some(send.purchase),
            EventSite::Timer { purchase, .. } | EventSite::Start { purchase } => Some(purchase),
            _ => None,
        };
        (site.to_string(), purchase)
    }
}

impl Observer for Transcript {
    fn observe(&mut self, now_us: u64, happening: &Happening<'_>) {
        match happening {
            Happening::Started { number, errand } => {
                let note = format!("buy item {} of {}", errand.wish.item, Party::Merchant(errand.wish.merchant));
                let (party, mark) = (Party::Customer(errand.customer), EventSite::Start { purchase: number + 1 });
                self.at((now_us, Some(number + 1)), party, Act::Begins, mark.to_string(), note);
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
                let (number, from, to) = (envelope.number, envelope.from, envelope.to);
                let (says, bytes) = (says(message.parts()), Some(*bytes));
                self.sent(now_us, site, What::Sent { envelope: number, from, to, site, says, bytes, fault, lost });
            }
            Happening::Forged { envelope, message, bytes } => {
                let site = self.labels.send(message);
                let (number, from, to) = (envelope.number, envelope.from, envelope.to);
                let (says, bytes) = (says(message.parts()), Some(*bytes));
                let fault = format!("the outsider, in the name of {from}");
                let what = What::Sent { envelope: number, from, to, site, says, bytes, fault, lost: false };
                self.sent(now_us, site, what);
            }
            Happening::Arrived { envelope, .. } => {
                let (name, purchase) = self.name(&Event::Arrival((*envelope).clone()));
                self.at((now_us, purchase), envelope.to, Act::Gets(envelope.number), format!("gets {name}"), "");
            }
            Happening::Lost { event, loss } => {
                let why = match loss {
                    Loss::Absent => "lost: the party is down",
                    Loss::Separated => "lost: the network is partitioned",
                    Loss::Unreadable => "lost: the bytes are no message",
                };
                let (name, purchase) = self.name(event);
                self.at((now_us, purchase), party_of(event), Act::Misses(envelope_of(event)), format!("({name})"), why);
            }
            Happening::Forgone { event, party } => {
                let (name, purchase) = self.name(event);
                let why = "lost: the party crashes before it takes it";
                self.at((now_us, purchase), *party, Act::Forgoes(envelope_of(event)), format!("({name})"), why);
            }
            Happening::Fired { party, timer } => {
                let (name, purchase) = self.name(&Event::Timer(*party, *timer));
                self.at((now_us, purchase), *party, Act::Begins, name, "timer");
            }
            Happening::ToppedUp { cents } => {
                let note = format!("{cents} cents to every customer");
                self.at((now_us, None), Party::Server, Act::Begins, "top-up", note);
            }
            Happening::Saved { party, record, durable } => {
                let site = self.labels.save(*party, record);
                let name = site.map_or_else(
                    || record.kind.to_string(),
                    |site| {
                        let purchase = if site.purchase == 1 { String::new() } else { format!("{}:", site.purchase) };
                        format!("{purchase}{}#{}", site.kind, site.nth)
                    },
                );
                let verb = if *durable { "save" } else { "note" };
                let (about, act) = (site.map(|site| site.purchase), Act::Saves { durable: *durable });
                self.at((now_us, about), *party, act, format!("{verb} {name}"), says(record.parts()));
            }
            Happening::Believed { party, about, belief } => {
                let mark = format!("\"{}\"", belief.word());
                let purchase = self.labels.purchase(about);
                self.at((now_us, Some(purchase)), *party, Act::Believes, mark, "tells its owner");
            }
            Happening::Crashed { party, forever } => {
                let note = if *forever { "volatile state is lost; it never returns" } else { "volatile state is lost" };
                self.at((now_us, None), *party, Act::Crashes, "CRASH", note);
            }
            Happening::Restarted { party } => {
                let (name, _) = self.name(&Event::Restart(*party));
                self.at((now_us, None), *party, Act::Returns, name, "rebuilt from its journal");
            }
            Happening::Replayed { envelope } => {
                let site = self.labels.sending(envelope);
                let (number, from, to) = (envelope.number, envelope.from, envelope.to);
                let (says, fault) = (String::new(), "replayed by the network".to_owned());
                let what = What::Sent { envelope: number, from, to, site, says, bytes: None, fault, lost: false };
                self.sent(now_us, site, what);
            }
            Happening::Worked { .. } => {}
        }
        self.labels.observe(now_us, happening);
    }
}

fn envelope_of(event: &Event) -> Option<u32> {
    match event {
        Event::Arrival(envelope) => Some(envelope.number),
        _ => None,
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
