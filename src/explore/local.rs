//! One party's share of a state: itself, its timers, and what can be seen of it from outside.
//!
//! A search meets the same share of a party beside many shares of the others, so shares are numbered and what comes of an input is
//! worked out once ([`table`](super::table)). The party is the world's own [`Node`]: the search steps the very roles that a run
//! steps. What is seen from outside (records, beliefs, what was received) is kept with the party that shows it, since every fact
//! that an invariant looks at belongs to one party's journal, memory or belief; [`facts`] puts the shares together again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::Question;
use crate::invariant::facts::{Entry, Facts, PurchaseFacts};
use crate::party::{Party, PurchaseKey, Side};
use crate::protocol::mechanism::Mechanism;
use crate::protocol::message::Message;
use crate::protocol::order::{Cents, Instrument, Status, Transfer};
use crate::protocol::part::{Part, Parts};
use crate::protocol::record::{Record, RecordKind};
use crate::protocol::role::{Belief, Clock, Effect, Input, Timer, Wish};
use crate::protocol::setup::Setup;
use crate::world::{Node, Presence};

/// A purchase that has been charged so often in the same way is not charged again: the message that would bring it about is lost.
/// That it was charged too often is known by then, and how often tells nothing new; otherwise a P that acts twice on a TID would
/// go on until the account is empty.
const CHARGES_MAX: usize = 2;

/// A party draws at most so many random values, a ciphertext's key and its nonce, for each purchase and each fault, or two more where
/// there are fewer faults. An input that would make it draw more is lost.
///
/// A party that keeps to the protocol draws once for each purchase, and again after a crash or for a garbled inquiry, so it never gets
/// there. A merchant that makes a new key for each inquiry would go on without end; how many of its keys are enough is argued at
/// [`chances`].
pub(super) const DRAWS_EACH: u64 = 2;

/// How many keys of its purchases a party may make, all together.
///
/// Keys are only ever compared, and one of them is compared with: the one whose ciphertext C signed for. Two keys of a purchase show
/// all that more could, where a merchant keeps a journal and makes a new key for each inquiry:
///
/// - Keys made *before* the signed one can be left out of a run. C takes one quote and no other; M holds the latest key only, and what
///   its journal says of earlier ones is no ciphertext that anybody signed for. The inquiries that they were made for may as well
///   come later, since any message may, or be lost in the crash that struck while M had them in hand.
/// - A key made *after* the signed one is to everybody what the next one is: it opens nothing that C signed for, and it opens the
///   ciphertext that came with it, which C gets or loses as it would have got or lost the other. Let the first later key stand for
///   all; the inquiries for the others may come when M makes no more.
///
/// A merchant without a journal forgets the signed key in a crash and makes others, and then three are allowed as well. A search with
/// three finds the same (`tests/untimed.rs`), at nine times as many states.
pub(super) fn chances(question: &Question<'_>) -> u64 {
    let purchases = question.workload.errands.len() as u64;
    let on = |mechanism| question.setup.has(Side::Merchant, mechanism);
    let new_keys = !on(Mechanism::OneKeyPerTid) && on(Mechanism::MerchantJournal);
    match question.reductions.keys && new_keys {
        true => 2 * purchases,
        false => purchases + u64::from(question.budget.at_most.max(2)),
    }
}

/// A party's share of a state.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Local {
    pub(super) node: Node,
    pub(super) timers: BTreeSet<Timer>,
    /// How often something has come from outside: a purchase that is due, money. Each comes as often as the workload says.
    pub(super) from_outside: u32,
    /// What a customer has just set out to buy and has no TID for yet.
    starting: Option<Wish>,
    seen: BTreeMap<PurchaseKey, Seen>,
}

/// What can be seen of a party about one purchase, beside its journal.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
struct Seen {
    wish: Option<Wish>,
    signed: Option<Arc<Instrument>>,
    received: Vec<Part>,
    belief: Option<Belief>,
    sent_order: bool,
    first_terminal: Option<Status>,
    status_changed: bool,
}

/// Something that a party takes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Stimulus {
    /// A message arrives.
    Letter(Party, Arc<Message>),
    /// A timer fires.
    Timer(Timer),
    /// It is back.
    Restart,
    /// It is to make a purchase.
    Start(Wish),
    /// Money comes from outside.
    TopUp(Cents),
}

/// Where a crash may cut a party's handling of an input short.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Before {
    /// Before a send.
    Send,
    /// Before a record that would survive.
    Save,
}

/// A party whose handling of an input is cut short by a crash.
#[derive(Debug)]
pub(super) struct CutShort {
    /// What does not happen any more.
    pub(super) before: Before,
    /// The party just before the crash.
    pub(super) local: Local,
    /// How many sends, and how many records, come before that.
    pub(super) sends: usize,
    pub(super) saves: usize,
    /// Whether the order that it signs has been signed by then, if it signs one.
    pub(super) signed: bool,
}

/// What is taken for the same when a party handles an input.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// How many random values a party draws at most.
    pub(super) draws_max: u64,
    /// Whether records are filed by purchase, and purchases told of after a return at once: where there are several.
    pub(super) files: bool,
}

/// What a party does with an input, step by step.
#[derive(Debug)]
pub(super) struct Deeds {
    /// The party afterwards.
    pub(super) after: Local,
    /// What it sends, in order.
    pub(super) sends: Vec<(Party, Arc<Message>)>,
    /// The party after each record and belief but the last: what an observer may see in between.
    pub(super) points: Vec<Local>,
    /// What it writes down, in order.
    pub(super) saves: Vec<(RecordKind, Option<PurchaseKey>)>,
    /// Where a crash may strike: just before each send and each record that survives.
    pub(super) cuts: Vec<CutShort>,
    /// The purchase that it has signed an order for, if it has.
    pub(super) signed: Option<PurchaseKey>,
    /// Whether it did not look at the clock, so that it would do the same at any time.
    pub(super) timeless: bool,
    draws_before: u64,
    /// Whether anything has left the party's memory so far.
    seen_outside: bool,
    files: bool,
}

impl Local {
    /// The party at the beginning.
    pub(super) fn new(party: Party, setup: &Setup) -> Self {
        let node = Node::new(party, setup);
        Local { node, timers: BTreeSet::new(), from_outside: 0, starting: None, seen: BTreeMap::new() }
    }

    /// Whether somebody who only sees what leaves a party takes it for another.
    pub(super) fn shows_what(&self, other: &Self) -> bool {
        let seen = |local: &Self| (local.node.party(), local.node.presence(), local.node.draws(), local.from_outside);
        seen(self) == seen(other)
            && self.node.journal() == other.node.journal()
            && self.timers == other.timers
            && self.starting == other.starting
            && self.seen == other.seen
    }

    /// What comes of an input.
    pub(super) fn take(&self, stimulus: &Stimulus, now_us: u64, limits: Limits, setup: &Setup) -> Deeds {
        let Limits { draws_max, files } = limits;
        let mut local = self.clone();
        let input = match stimulus {
            Stimulus::Letter(from, message) => {
                local.receive(message);
                Input::Message { from: *from, message }
            }
            Stimulus::Timer(timer) => {
                local.timers.remove(timer);
                Input::Timeout(*timer)
            }
            Stimulus::Restart => {
                local.node.restart();
                Input::Restart
            }
            Stimulus::Start(wish) => {
                local.from_outside += 1;
                local.starting = Some(*wish);
                Input::Start(*wish)
            }
            Stimulus::TopUp(cents) => {
                local.from_outside += 1;
                Input::TopUp(*cents)
            }
        };
        let clock = Clock::at(now_us);
        let (effects, _) = local.node.handle(input, &clock, setup);
        let mut deeds = Deeds {
            after: local,
            sends: Vec::new(),
            points: Vec::new(),
            saves: Vec::new(),
            cuts: Vec::new(),
            signed: None,
            timeless: !clock.was_read(),
            draws_before: self.node.draws(),
            seen_outside: false,
            files,
        };
        let draws_too_often = deeds.after.node.draws() > draws_max.max(self.node.draws());
        if draws_too_often || effects.iter().any(|effect| self.charges_too_often(effect)) {
            deeds.after = self.clone();
            return deeds;
        }
        let tells: Vec<Option<PurchaseKey>> = effects.iter().filter_map(told).collect();
        for effect in effects {
            deeds.carry_out(effect, setup);
        }
        // A party that is back tells of its purchases one after the other. Every clause looks at one purchase, and of each it has told
        // nothing or everything: that may be seen before and afterwards too.
        let once_each = tells.iter().enumerate().all(|(at, about)| about.is_some() && !tells[..at].contains(about));
        if files && *stimulus == Stimulus::Restart && once_each {
            deeds.points.clear();
        }
        // The last of the points is the party afterwards.
        if deeds.points.last() == Some(&deeds.after) {
            deeds.points.pop();
        }
        deeds
    }

    fn charges_too_often(&self, effect: &Effect) -> bool {
        let Effect::Save { record, .. } = effect else { return false };
        let charges = self.node.journal().iter().filter(|(earlier, _)| earlier == record).count();
        record.transfer().is_some() && charges >= CHARGES_MAX
    }

    /// The party right after a crash.
    pub(super) fn crashed(&self, forever: bool, setup: &Setup) -> Self {
        let mut local = self.clone();
        let side = local.node.party().side();
        let before: Vec<Status> = local.seen.keys().map(|about| self.status(about)).collect();
        local.node.crash(forever, setup);
        local.timers.clear();
        local.starting = None;
        let after: Vec<Status> = local.seen.keys().map(|about| local.status(about)).collect();
        for (seen, (before, after)) in local.seen.values_mut().zip(before.iter().zip(after)) {
            seen.received.clear();
            seen.belief = None;
            seen.status_changed |= side == Side::Server && before.is_terminal() && *before != after;
        }
        local
    }

    fn records(&self, about: &PurchaseKey) -> impl Iterator<Item = &Entry> {
        self.node.journal().iter().filter(move |(record, _)| record.about == Some(*about))
    }

    fn status(&self, about: &PurchaseKey) -> Status {
        let last = self.records(about).last();
        last.and_then(|(record, _)| record.status().copied()).unwrap_or(Status::Unknown)
    }

    fn receive(&mut self, message: &Message) {
        let me = self.node.party();
        if let Some(seen) = self.seen.get_mut(&message.about)
            && message.about.customer() == me
        {
            for part in &message.parts {
                let goods = matches!(part, Part::Sealed(_) | Part::Key(_) | Part::Item(_));
                // In order, so that it makes no difference what came first.
                if let (true, Err(place)) = (goods, seen.received.binary_search(part)) {
                    seen.received.insert(place, part.clone());
                }
            }
        }
    }

    fn send(&mut self, message: &Message) -> Option<PurchaseKey> {
        let side = self.node.party().side();
        let starting = if side == Side::Customer { self.starting.take() } else { None };
        let seen = self.seen.entry(message.about).or_default();
        seen.wish = seen.wish.or(starting);
        let instrument = message.instrument()?;
        seen.sent_order = true;
        if side != Side::Customer || seen.signed.is_some() {
            return None;
        }
        seen.signed = Some(Arc::clone(instrument));
        Some(message.about)
    }

    fn save(&mut self, record: Arc<Record>, durable: bool, files: bool, setup: &Setup) -> Option<PurchaseKey> {
        let side = self.node.party().side();
        let mut signed = None;
        if let Some(about) = record.about {
            let seen = self.seen.entry(about).or_default();
            if let (Side::Customer, Some(instrument), None) = (side, record.instrument(), &seen.signed) {
                signed = Some(about);
                seen.signed = Some(Arc::clone(instrument));
            }
            if let (Side::Server, Some(&status)) = (side, record.status())
                && status.is_terminal()
            {
                let first = *seen.first_terminal.get_or_insert(status);
                seen.status_changed |= first != status;
            }
        }
        self.write(record, durable, setup);
        if files {
            self.file(setup);
        }
        signed
    }

    /// Writes a record, unless that tells nothing new. A record that stands in the journal already, in the same words, is kept once
    /// where the party would be rebuilt the same without the later one, or without the earlier one: from all of the journal and from
    /// what a crash leaves of it. Roles fold their journals record by record, so whatever is written later makes no difference.
    /// Records that move money are counted. Without this, a party that writes the same thing each time it is asked would never
    /// come back to a state.
    fn write(&mut self, record: Arc<Record>, durable: bool, setup: &Setup) {
        let entry = (record, durable);
        let journal = self.node.journal();
        let earlier = journal.iter().position(|known| *known == entry);
        let earlier = earlier.filter(|_| entry.0.top_up().is_none() && entry.0.transfer().is_none());
        let Some(earlier) = earlier else { return self.node.save(entry.0, durable) };
        let all: Vec<&Entry> = journal.iter().chain([&entry]).collect();
        let without = |left_out: usize| all.iter().enumerate().filter(move |(at, _)| *at != left_out).map(|(_, e)| *e);
        let same = |left_out: usize| {
            [false, true].into_iter().all(|durable_only| {
                let kept = |entry: &&Entry| !durable_only || entry.1;
                let party = self.node.party();
                let rebuilt = setup.role(party, &mut all.iter().copied().filter(kept).map(|(record, _)| &**record));
                rebuilt == setup.role(party, &mut without(left_out).filter(kept).map(|(record, _)| &**record))
            })
        };
        if same(all.len() - 1) {
            return;
        }
        let superseded = same(earlier);
        self.node.save(entry.0, durable);
        if superseded {
            self.node.strike_out(earlier);
        }
    }

    /// Files the latest record with those of its purchase, where the party would be rebuilt the same: from all of the journal and
    /// from what a crash leaves of it. Whatever is written later is folded into the same role, as with [`write`](Self::write), and
    /// every clause and every dispute looks at the records of one purchase or adds up what all of them moved. Without this, whether a
    /// party has heard of one purchase first or of the other would be told for ever, and deliveries that have nothing to do with each
    /// other would lead to another state in another order.
    fn file(&mut self, setup: &Setup) {
        let journal = self.node.journal();
        let Some(((latest, _), before)) = journal.split_last() else { return };
        let place = before.iter().rposition(|(record, _)| record.about <= latest.about).map_or(0, |at| at + 1);
        if place == before.len() {
            return;
        }
        let party = self.node.party();
        let (front, back) = before.split_at(place);
        let filed = || front.iter().chain(journal.last()).chain(back);
        let same = [false, true].into_iter().all(|durable_only| {
            let kept = |entry: &&Entry| !durable_only || entry.1;
            let rebuilt = setup.role(party, &mut journal.iter().filter(kept).map(|(record, _)| &**record));
            rebuilt == setup.role(party, &mut filed().filter(kept).map(|(record, _)| &**record))
        });
        if same {
            self.node.file(place);
        }
    }
}

impl Deeds {
    /// A crash may strike here. Values that were drawn and that nobody has seen, in a message or in a record that survives, may as well
    /// be drawn again afterwards: that only gives another name to a key that never was. Otherwise a party that crashes before it has
    /// done anything would never come back to a state.
    fn cut(&mut self, before: Before) {
        let mut local = self.after.clone();
        if !self.seen_outside {
            local.node.undraw(self.draws_before);
        }
        let (sends, saves, signed) = (self.sends.len(), self.saves.len(), self.signed.is_some());
        self.cuts.push(CutShort { before, local, sends, saves, signed });
        self.seen_outside = true;
    }

    fn carry_out(&mut self, effect: Effect, setup: &Setup) {
        match effect {
            Effect::Save { record, durable } => {
                if durable {
                    self.cut(Before::Save);
                }
                self.saves.push((record.kind, record.about));
                let signed = self.after.save(record, durable, self.files, setup);
                self.signed = self.signed.or(signed);
                self.points.push(self.after.clone());
            }
            Effect::Send { to, message } => {
                let known = setup.population.index(to).is_some();
                if known {
                    self.cut(Before::Send);
                }
                let signed = self.after.send(&message);
                self.signed = self.signed.or(signed);
                if known {
                    self.sends.push((to, message));
                }
            }
            Effect::SetTimer { timer, .. } => {
                self.after.timers.insert(timer);
            }
            Effect::CancelTimer(timer) => {
                self.after.timers.remove(&timer);
            }
            Effect::Believe { about, belief } => {
                self.after.seen.entry(about).or_default().belief = Some(belief);
                self.points.push(self.after.clone());
            }
        }
    }
}

/// The purchase of which an effect shows something to an observer, if it shows anything.
fn told(effect: &Effect) -> Option<Option<PurchaseKey>> {
    match effect {
        Effect::Save { record, .. } => Some(record.about),
        Effect::Believe { about, .. } => Some(Some(*about)),
        _ => None,
    }
}

/// What is known of a state from outside, put together from every party's share. `under_way` says whether a copy of a purchase's
/// order is on its way to somebody who may act on it.
pub(super) fn facts(locals: &[&Local], under_way: impl Fn(&PurchaseKey) -> bool, setup: &Setup) -> Facts {
    let mut purchases: BTreeMap<PurchaseKey, Box<PurchaseFacts>> = BTreeMap::new();
    let (mut moved, mut gone, mut topped_up_cents) = (FxHashMap::<Party, Cents>::default(), Vec::new(), 0);
    for local in locals {
        let party = local.node.party();
        if local.node.presence() == Presence::Gone {
            gone.push(party);
        }
        if party == Party::Server {
            for (record, _) in local.node.journal() {
                topped_up_cents += record.top_up().copied().unwrap_or(0);
                if let Some(Transfer { payer, debit_cents, payee, credit_cents }) = record.transfer() {
                    *moved.entry(*payer).or_default() -= debit_cents;
                    *moved.entry(*payee).or_default() += credit_cents;
                }
            }
        }
        for (about, seen) in &local.seen {
            let purchase = purchases.entry(*about).or_insert_with(|| Box::new(PurchaseFacts::new(*about, 0)));
            let records: Vec<Entry> = local.records(about).cloned().collect();
            match party.side() {
                Side::Customer if party == about.customer() => {
                    purchase.customer = records;
                    purchase.wish = seen.wish;
                    purchase.signed.clone_from(&seen.signed);
                    purchase.received.clone_from(&seen.received);
                    purchase.customer_belief = seen.belief;
                    purchase.customer_sent = seen.sent_order;
                }
                Side::Merchant if party == about.merchant() => {
                    purchase.merchant = records;
                    purchase.merchant_belief = seen.belief;
                    purchase.merchant_sent = seen.sent_order;
                }
                Side::Server => {
                    purchase.server = records;
                    purchase.first_terminal = seen.first_terminal;
                    purchase.status_changed = seen.status_changed;
                }
                _ => {}
            }
        }
    }
    for (about, purchase) in &mut purchases {
        purchase.under_way = u32::from(under_way(about));
        purchase.refresh(0, setup);
    }
    Facts::of(purchases, moved, topped_up_cents, gone)
}
