//! Names for what happens in a run, so that a plan can say where a fault strikes.
//!
//! A site is named by what is sent, saved or taken there and by counting, never by a time or by a place in memory: the name
//! stays right when a latency changes or a fault elsewhere is removed.

use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};

use smallvec::{Array, SmallVec};

use crate::fault::{EventSite, SaveSite, SendSite};
use crate::party::{Party, PurchaseKey, Step};
use crate::protocol::by_purchase::ByPurchase;
use crate::protocol::message::Message;
use crate::protocol::record::{Record, RecordKind};
use crate::protocol::role::TimerKind;
use crate::world::{Envelope, Event, Fate, Happening, Numbered, Observer};

/// The names given out in a run so far.
#[derive(Debug, Clone, Default)]
pub struct Labels {
    purchases: ByPurchase<u32>,
    /// The purchase that has just been started and has no key yet.
    starting: Option<u32>,
    /// How many purchases are to be started.
    errands: u32,
    /// The number for a purchase that nobody started.
    next_stray: u32,
    /// By purchase number.
    counts: Numbered<Counts>,
    restarts: BTreeMap<Party, u32>,
    /// By envelope number.
    sent: Numbered<Sending>,
}

/// A send that has happened.
#[derive(Debug, Clone, Copy)]
pub struct Sending {
    /// Its name.
    pub site: SendSite,
    /// How many copies have come to their end.
    arrived: u32,
}

/// What has happened to one purchase so far, and how often: a handful of each.
#[derive(Debug, Clone, Default)]
struct Counts {
    sends: SmallVec<[(Step, u32); 8]>,
    saves: SmallVec<[((Party, RecordKind), u32); 6]>,
    firings: SmallVec<[((Party, TimerKind), u32); 4]>,
    /// The numbers of its envelopes.
    envelopes: SmallVec<[u32; 8]>,
    /// Copies of these that have not come to their end.
    under_way: u32,
}

/// Why an envelope that is under way has a name.
const KEPT: &str = "a purchase is forgotten only when no envelope of its is under way";

/// How many copies of what is sent will arrive, sooner or later.
const fn copies(fate: Fate) -> u32 {
    match fate {
        Fate::Drop => 0,
        Fate::Twice(..) => 2,
        Fate::Arrive(_) | Fate::Hold | Fate::Garbled(..) => 1,
    }
}

fn count<K: PartialEq>(counts: &[(K, u32)], key: &K) -> u32 {
    counts.iter().find(|(known, _)| known == key).map_or(0, |(_, count)| *count)
}

/// Counts one more and says how many that makes.
fn count_on<K: PartialEq, A: Array<Item = (K, u32)>>(counts: &mut SmallVec<A>, key: K) -> u32 {
    if let Some((_, count)) = counts.iter_mut().find(|(known, _)| *known == key) {
        *count += 1;
        return *count;
    }
    counts.push((key, 1));
    1
}

impl Labels {
    /// For a workload of so many purchases.
    pub fn new(errands: usize) -> Self {
        Labels { errands: errands as u32, next_stray: errands as u32 + 1, ..Labels::default() }
    }

    /// Whether the purchase of that number, from 1, has got its key by something that was sent or saved about it.
    pub fn has_begun(&self, number: u32) -> bool {
        self.counts.get(number).is_some()
    }

    /// Whether nothing that was sent about a purchase is under way, or held back.
    pub fn has_arrived(&self, about: &PurchaseKey) -> bool {
        let number = self.purchases.get(about);
        number.and_then(|number| self.counts.get(*number)).is_none_or(|counts| counts.under_way == 0)
    }

    /// Forgets a purchase, of which nothing is to come; gives its number and those of its envelopes.
    pub fn forget(&mut self, about: &PurchaseKey) -> Option<(u32, SmallVec<[u32; 8]>)> {
        let number = self.purchases.remove(about)?;
        let envelopes = self.counts.forget(number).unwrap_or_default().envelopes;
        for envelope in &envelopes {
            self.sent.forget(*envelope);
        }
        Some((number, envelopes))
    }

    /// The number of a purchase, from 1, in the order in which they start.
    pub fn purchase(&self, about: &PurchaseKey) -> u32 {
        let known = self.purchases.get(about).copied();
        match (known, self.starting) {
            (Some(number), Some(starting)) if number > self.errands => starting,
            (Some(number), _) => number,
            (None, starting) => starting.unwrap_or(self.next_stray),
        }
    }

    /// Every purchase and its number.
    pub const fn purchases(&self) -> &ByPurchase<u32> {
        &self.purchases
    }

    fn meet(&mut self, about: &PurchaseKey) -> u32 {
        if let Some(number) = self.purchases.get(about) {
            // What an outsider has named before its customer does is that customer's purchase nevertheless.
            if *number <= self.errands || self.starting.is_none() {
                return *number;
            }
        }
        let number = self.starting.take().unwrap_or_else(|| {
            self.next_stray += 1;
            self.next_stray - 1
        });
        self.purchases.insert(*about, number);
        number
    }

    /// An outsider has named a purchase, perhaps before its customer has.
    fn meet_stray(&mut self, about: &PurchaseKey) {
        let next = &mut self.next_stray;
        self.purchases.get_or_insert_with(*about, || {
            *next += 1;
            *next - 1
        });
    }

    /// So many copies of a new envelope are under way.
    fn put_under_way(&mut self, envelope: &Envelope, message: &Message, copies: u32) {
        let purchase = self.meet(&message.about);
        let counts = self.counts.get_or_default(purchase);
        counts.envelopes.push(envelope.number);
        counts.under_way += copies;
        let nth = count_on(&mut counts.sends, message.step);
        self.sent.push(Sending { site: SendSite { purchase, step: message.step, nth }, arrived: 0 });
    }

    /// The name of a send that is about to happen.
    pub fn send(&self, message: &Message) -> SendSite {
        let purchase = self.purchase(&message.about);
        let before = self.counts.get(purchase).map_or(0, |counts| count(&counts.sends, &message.step));
        SendSite { purchase, step: message.step, nth: before + 1 }
    }

    /// The name of a journal write that is about to happen; a record that is about no purchase has none.
    pub fn save(&self, party: Party, record: &Record) -> Option<SaveSite> {
        let purchase = self.purchase(&record.about?);
        let before = self.counts.get(purchase).map_or(0, |counts| count(&counts.saves, &(party, record.kind)));
        Some(SaveSite { party, purchase, kind: record.kind, nth: before + 1 })
    }

    /// The name of an event that is about to be taken.
    pub fn event(&self, event: &Event) -> EventSite {
        match event {
            Event::Arrival(envelope) => {
                let Sending { site, arrived } = *self.sent.get(envelope.number).expect(KEPT);
                EventSite::Arrival { send: site, nth: arrived + 1 }
            }
            Event::Timer(party, timer) => {
                let purchase = self.purchase(&timer.about);
                let counts = self.counts.get(purchase);
                let before = counts.map_or(0, |counts| count(&counts.firings, &(*party, timer.kind)));
                EventSite::Timer { party: *party, purchase, kind: timer.kind, nth: before + 1 }
            }
            Event::Restart(party) => {
                EventSite::Restart { party: *party, nth: self.restarts.get(party).copied().unwrap_or(0) + 1 }
            }
            Event::Start(number) => EventSite::Start { purchase: number + 1 },
            Event::TopUp => EventSite::TopUp,
        }
    }

    /// Every send so far, by envelope number, but for those of purchases that are forgotten.
    pub const fn sent(&self) -> &Numbered<Sending> {
        &self.sent
    }

    /// The name of the send that put an envelope under way.
    pub fn sending(&self, envelope: &Envelope) -> SendSite {
        self.sent.get(envelope.number).expect(KEPT).site
    }

    /// Hashes what the name of a send to come depends on: how often each thing has been sent about each purchase.
    pub fn hash_sends<H: Hasher>(&self, state: &mut H) {
        (&self.purchases, self.starting, self.next_stray).hash(state);
        for number in self.purchases.values() {
            let mut sends = self.counts.get(*number).map(|counts| counts.sends.clone()).unwrap_or_default();
            sends.sort_unstable();
            sends.hash(state);
        }
    }

    fn counts_of(&mut self, envelope: &Envelope) -> &mut Counts {
        let purchase = self.sending(envelope).purchase;
        self.counts.get_or_default(purchase)
    }

    fn arrived(&mut self, envelope: &Envelope) {
        let sending = self.sent.get_mut(envelope.number).expect(KEPT);
        sending.arrived += 1;
        let purchase = sending.site.purchase;
        let counts = self.counts.get_or_default(purchase);
        counts.under_way = counts.under_way.saturating_sub(1);
    }

    fn over(&mut self, event: &Event) {
        match event {
            Event::Arrival(envelope) => self.arrived(envelope),
            Event::Timer(party, timer) => {
                let purchase = self.meet(&timer.about);
                count_on(&mut self.counts.get_or_default(purchase).firings, (*party, timer.kind));
            }
            Event::Restart(party) => *self.restarts.entry(*party).or_default() += 1,
            Event::Start(_) | Event::TopUp => {}
        }
    }
}

impl Observer for Labels {
    fn observe(&mut self, _: u64, happening: &Happening<'_>) {
        match happening {
            Happening::Started { number, .. } => self.starting = Some(number + 1),
            Happening::Sent { envelope, message, fate, .. } => self.put_under_way(envelope, message, copies(*fate)),
            Happening::Forged { envelope, message, .. } => {
                self.meet_stray(&message.about);
                self.put_under_way(envelope, message, 1);
            }
            Happening::Replayed { envelope } => self.counts_of(envelope).under_way += 1,
            Happening::Saved { party, record, .. } => {
                if let Some(about) = &record.about {
                    let purchase = self.meet(about);
                    count_on(&mut self.counts.get_or_default(purchase).saves, (*party, record.kind));
                }
            }
            Happening::Arrived { envelope, .. } => self.arrived(envelope),
            Happening::Fired { party, timer } => self.over(&Event::Timer(*party, *timer)),
            Happening::Restarted { party } => self.over(&Event::Restart(*party)),
            // A purchase that its customer forgot before it gave it a TID has none.
            Happening::Crashed { party: Party::Customer(_), .. } => self.starting = None,
            Happening::Lost { event, .. } | Happening::Forgone { event, .. } => self.over(event),
            _ => {}
        }
    }
}
