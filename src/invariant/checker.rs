//! Listens to a run, keeps its facts, and reports what breaks.

use std::collections::BTreeSet;
use std::hash::{Hash, Hasher};

use super::facts::{Facts, PurchaseFacts};
use super::{View, Violation, When, certified, clauses, terminates};
use crate::party::{Party, PurchaseKey, Side};
use crate::protocol::setup::Setup;
use crate::world::{Happening, Observer};

/// The checker of one run.
#[derive(Debug, Clone)]
pub struct Checker<'a> {
    setup: &'a Setup,
    /// Parties that break the protocol on purpose: what hurts them alone is no violation.
    deviating: Vec<Side>,
    facts: Facts,
    violations: Vec<Violation>,
    seen: BTreeSet<(&'static str, PurchaseKey)>,
    touched: Vec<PurchaseKey>,
    events: u64,
    /// When something last told anything new, and how many events had passed then.
    news: (u64, u64),
}

impl<'a> Checker<'a> {
    /// A checker that has seen nothing.
    pub fn new(setup: &'a Setup) -> Self {
        Checker {
            setup,
            deviating: setup.deviations().map(|(side, _)| side).collect(),
            facts: Facts::default(),
            violations: Vec::new(),
            seen: BTreeSet::new(),
            touched: Vec::new(),
            events: 0,
            news: (0, 0),
        }
    }

    /// What is known.
    pub const fn facts(&self) -> &Facts {
        &self.facts
    }

    /// What has broken so far, in order.
    pub fn violations(&self) -> &[Violation] {
        &self.violations
    }

    /// When something last told anything new, in virtual microseconds.
    pub const fn last_news_us(&self) -> u64 {
        self.news.0
    }

    /// Something is about to happen that nobody could have known of, such as the arrival of what was held back.
    pub fn wake(&mut self, now_us: u64) {
        self.news.0 = self.news.0.max(now_us);
    }

    /// Something has happened that nobody was told of, such as the lapse of an order.
    pub fn count_event(&mut self, now_us: u64) {
        self.events += 1;
        self.news = (now_us, self.events);
    }

    /// How many events had passed by then: deliveries, firings, restarts and faults.
    pub const fn events(&self) -> u64 {
        self.news.1
    }

    /// How many events have passed by now.
    pub const fn passed(&self) -> u64 {
        self.events
    }

    /// When the last signed order lapses, in virtual microseconds.
    pub const fn last_expiry_us(&self) -> u64 {
        self.facts.last_expiry_us
    }

    /// Nothing more will come: looks at what must hold in the end, and plays the disputes.
    pub fn conclude(&mut self) {
        let abouts: Vec<PurchaseKey> = self.facts.purchases.keys().copied().collect();
        self.events = self.news.1;
        abouts.into_iter().for_each(|about| self.judge(about));
        debug_assert_eq!(self.facts.audit(), Ok(()), "what is kept up with each event is what the records say");
    }

    /// The run is known to go on for ever, with these parties changing again and again over these purchases.
    pub fn never_ends(&mut self, changing: impl Iterator<Item = (Party, PurchaseKey)>) {
        let (clause, in_words) = terminates::ENDLESS;
        self.events = self.news.1;
        for (party, about) in changing.filter(|(party, _)| !self.spares(*party)).collect::<Vec<_>>() {
            self.violations.push(Violation {
                invariant: super::Invariant::Terminates,
                clause,
                about: in_words,
                victim: party,
                purchase: about,
                at_us: self.news.0,
                at_the_end: true,
                events: self.events,
            });
        }
    }

    /// Looks at what must hold of a purchase in the end, and plays its disputes.
    fn judge(&mut self, about: PurchaseKey) {
        self.look(about, u64::MAX, When::AtTheEnd);
        let Some(purchase) = self.facts.purchases.get(&about) else { return };
        let view = View { purchase, facts: &self.facts, setup: self.setup, now_us: u64::MAX };
        for (clause, in_words, victim) in certified::wrongs(&view) {
            self.report(certified::INVARIANT, clause, in_words, victim, about, None);
        }
    }

    /// Nothing more will come of a purchase: judges it and forgets it. Gives what is known of it and what broke.
    pub fn settle(&mut self, about: PurchaseKey) -> Option<(Box<PurchaseFacts>, Vec<Violation>)> {
        let events = std::mem::replace(&mut self.events, self.news.1);
        self.judge(about);
        self.events = events;
        let purchase = self.facts.forget(&about)?;
        let broken = |violation: &mut Violation| violation.purchase == about;
        let violations: Vec<Violation> = self.violations.extract_if(.., broken).collect();
        for violation in &violations {
            self.seen.remove(&(violation.clause, about));
        }
        Some((purchase, violations))
    }

    /// Hashes all that is known and that a clause may read, what has broken, and since when nothing was news.
    pub fn hash_known<H: Hasher>(&self, state: &mut H) {
        self.facts.hash_known(state);
        self.seen.hash(state);
        self.news.0.max(self.facts.last_expiry_us).hash(state);
    }

    fn look(&mut self, about: PurchaseKey, now_us: u64, when: When) {
        let Some(purchase) = self.facts.purchases.get(&about) else { return };
        let view = View { purchase, facts: &self.facts, setup: self.setup, now_us };
        let broken: Vec<_> = clauses().filter(|clause| clause.when == when && (clause.broken)(&view)).collect();
        for clause in broken {
            let at_us = (when == When::Always).then_some(now_us);
            self.report(clause.invariant, clause.name, clause.about, clause.victim, about, at_us);
        }
    }

    /// Whether what hurts a party is no violation: one that breaks the protocol or never returns may hurt itself.
    fn spares(&self, victim: Party) -> bool {
        self.deviating.contains(&victim.side()) || self.facts.gone.contains(&victim)
    }

    fn report(
        &mut self,
        invariant: super::Invariant,
        clause: &'static str,
        about: &'static str,
        side: Side,
        purchase: PurchaseKey,
        at_us: Option<u64>,
    ) {
        let victim = match side {
            Side::Customer => purchase.customer(),
            Side::Merchant => purchase.merchant(),
            Side::Server => Party::Server,
        };
        if self.spares(victim) || !self.seen.insert((clause, purchase)) {
            return;
        }
        self.violations.push(Violation {
            invariant,
            clause,
            about,
            victim,
            purchase,
            at_us: at_us.unwrap_or(self.news.0),
            at_the_end: at_us.is_none(),
            events: self.events,
        });
    }
}

impl Observer for Checker<'_> {
    fn observe(&mut self, now_us: u64, happening: &Happening<'_>) {
        use crate::world::Fate;
        match happening {
            Happening::Arrived { .. }
            | Happening::Lost { .. }
            | Happening::Fired { .. }
            | Happening::Restarted { .. }
            | Happening::Crashed { .. }
            | Happening::ToppedUp { .. }
            | Happening::Forged { .. }
            | Happening::Replayed { .. } => self.events += 1,
            Happening::Sent { fate, .. } if !matches!(fate, Fate::Arrive(_)) => self.events += 1,
            _ => {}
        }
        let mut touched = std::mem::take(&mut self.touched);
        self.facts.note(now_us, happening, self.setup, &mut touched);
        if self.facts.news {
            self.news = (now_us, self.events);
        }
        for about in touched.drain(..) {
            self.look(about, now_us, When::Always);
        }
        self.touched = touched;
    }
}
