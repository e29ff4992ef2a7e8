//! What the invariants say of a state, worked out once for all states that look the same from outside.
//!
//! Every fact that a clause looks at is in some party's share, but for two: the time, and whether a copy of an order is under way.
//! States that agree in these look the same.

use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};

use rustc_hash::FxHashMap;

use super::Sought;
use super::local::{Local, facts};
use super::rest::rests;
use super::state::{ONE, Shares, State};
use super::step::View;
use super::symmetry::{NOBODY, Renaming, Thing};
use super::table::{Full, PURCHASES_MAX, Tables};
use crate::invariant::ending::Ending;
use crate::invariant::facts::{Facts, PurchaseFacts};
use crate::invariant::{Invariant, View as Sight, Violation, When, certified, clauses};
use crate::party::{Party, PurchaseKey, Side};
use crate::protocol::setup::Setup;

/// One way in which a purchase may be broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Breach {
    /// The invariant.
    pub invariant: Invariant,
    /// The clause's name.
    pub clause: &'static str,
    /// What is wrong, in words.
    pub about: &'static str,
    /// Who is hurt.
    pub victim: Party,
    /// The purchase.
    pub purchase: PurchaseKey,
    /// Whether it can be told at quiescence only.
    pub at_the_end: bool,
}

impl Breach {
    /// Whether states remember it: whether it can only be told on the way and shows in how purchases end.
    fn is_remembered(&self) -> bool {
        !self.at_the_end && matches!(self.invariant, Invariant::Money | Invariant::Goods)
    }

    /// Whether a violation is this one.
    pub(super) fn is(&self, violation: &Violation) -> bool {
        (violation.clause, violation.victim, violation.purchase) == (self.clause, self.victim, self.purchase)
    }

    /// The same under other names.
    pub(super) fn renamed(&self, renaming: Renaming, tables: &Tables<'_>) -> Self {
        Breach {
            victim: tables.rename_party(renaming, self.victim),
            purchase: tables.rename_purchase(renaming, &self.purchase),
            ..*self
        }
    }
}

/// A set of breaches, by number.
pub(super) type Breaches = u128;
/// So many breaches are told apart.
const BREACHES_MAX: usize = Breaches::BITS as usize;

/// What states that look the same have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Likeness {
    shares: Shares,
    moment: u8,
    /// The purchases of whose order a copy is under way.
    orders: u8,
    /// Nothing is due and nothing is to come.
    idle: bool,
}

/// What the invariants say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Look {
    /// What is broken.
    pub(super) broken: Breaches,
    /// Whether the state is at rest ([`rest`](super::rest)).
    pub(super) rests: bool,
}

/// The table of looks.
#[derive(Debug, Default)]
pub(super) struct Looks {
    /// By likeness: the number of the look. Few are different.
    known: FxHashMap<Likeness, u32>,
    different: Vec<Look>,
    pub(super) breaches: Vec<Breach>,
    /// Whether nobody asks how purchases end, so that states need not remember what was broken before.
    forgets: bool,
    /// Whether there is anything yet that states remember.
    pub(super) remembers: bool,
}

/// In two words, since it is done for every state.
impl Hash for Likeness {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        let Likeness { shares, moment, orders, idle } = *self;
        let (four, fifth) = shares.words();
        hasher.write_u64(four);
        hasher.write_u64(fifth | u64::from(moment) << 16 | u64::from(orders) << 24 | u64::from(idle) << 32);
    }
}

impl Likeness {
    pub(super) fn of<const W: usize>(view: &View<'_, '_, W>) -> Self {
        Self::new(view.tables, view.state, || view.nothing_to_come())
    }

    /// `nothing_to_come`: whether everything that comes from outside has come.
    #[inline]
    pub(super) fn new<const W: usize>(
        tables: &Tables<'_>,
        state: &State<W>,
        nothing_to_come: impl FnOnce() -> bool,
    ) -> Self {
        let mut orders = 0;
        for &(place, purchase) in &tables.orders {
            orders |= u8::from(state.letter(place) >= ONE) << purchase;
        }
        let idle = state.nothing_due() && nothing_to_come();
        Likeness { shares: state.shares(), moment: state.moment(), orders, idle }
    }

    /// The same with another share in a seat, in the middle of a step.
    pub(super) fn with(self, seat: u8, local: u16) -> Self {
        Likeness { shares: self.shares.with(seat, local), idle: false, ..self }
    }

    /// The same under other names.
    fn renamed(self, renaming: Renaming, tables: &mut Tables<'_>) -> Option<Self> {
        let mut shares = self.shares;
        for seat in 0..tables.seats.len() as u8 {
            let local = tables.image(renaming, Thing::Share(seat), self.shares.local(seat).into())? as u16;
            shares = shares.with(tables.symmetry.seat(renaming, seat), local);
        }
        let moment = tables.image(renaming, Thing::Moment, self.moment.into())? as u8;
        let mut orders = 0;
        for purchase in (0..u8::BITS).filter(|purchase| self.orders >> purchase & 1 == 1) {
            orders |= 1 << tables.image(renaming, Thing::Purchase, purchase)?;
        }
        Some(Likeness { shares, moment, orders, ..self })
    }

    fn locals(self, seats: usize) -> impl Iterator<Item = u16> {
        (0..seats as u8).map(move |seat| self.shares.local(seat))
    }
}

impl Looks {
    pub(super) fn new(sought: Sought) -> Self {
        Looks { forgets: sought == Sought::Harms, ..Looks::default() }
    }

    #[inline]
    pub(super) fn find(&self, likeness: &Likeness) -> Option<&Look> {
        self.known.get(likeness).map(|number| &self.different[*number as usize])
    }

    /// Looks at states of this kind.
    pub(super) fn fill(&mut self, likeness: Likeness, tables: &mut Tables<'_>) -> Result<(), Full> {
        if self.known.contains_key(&likeness) {
            return Ok(());
        }
        let rests = likeness.idle && {
            let locals: Vec<u16> = likeness.locals(tables.seats.len()).collect();
            rests(&locals, likeness.moment, tables)?
        };
        let mut set = 0;
        for breach in broken_in(likeness, rests, tables, tables.setup) {
            set |= 1 << self.number(breach)?;
        }
        let look = Look { broken: set, rests };
        let number = self.different.iter().position(|known| *known == look).unwrap_or_else(|| {
            self.different.push(look);
            self.different.len() - 1
        });
        self.known.insert(likeness, number as u32);
        Ok(())
    }

    fn number(&mut self, breach: Breach) -> Result<usize, Full> {
        if let Some(known) = self.breaches.iter().position(|known| *known == breach) {
            return Ok(known);
        }
        if self.breaches.len() == BREACHES_MAX {
            return Err(Full("breaches"));
        }
        self.breaches.push(breach);
        self.remembers |= !self.forgets && breach.is_remembered();
        Ok(self.breaches.len() - 1)
    }

    /// Everything that was looked at.
    pub(super) fn known(&self) -> impl Iterator<Item = (Likeness, Look)> {
        self.known.iter().map(|(likeness, number)| (*likeness, self.different[*number as usize]))
    }

    /// The breaches of a set.
    pub(super) fn breaches(&self, set: Breaches) -> impl Iterator<Item = (usize, &Breach)> {
        self.breaches.iter().enumerate().filter(move |(number, _)| set >> number & 1 == 1)
    }

    /// Whether the invariants say the same of everything that was looked at under other names.
    pub(super) fn is_symmetric(&mut self, tables: &mut Tables<'_>) -> bool {
        let mut known: Vec<Likeness> = self.known.keys().copied().collect();
        known.sort_unstable();
        tables.symmetry.all().all(|renaming| {
            known.iter().all(|likeness| {
                let Some(other) = likeness.renamed(renaming, tables) else { return false };
                if self.fill(other, tables).is_err() {
                    return false;
                }
                let look = |likeness| self.different[self.known[likeness] as usize];
                let (own, image) = (look(likeness), look(&other));
                let same = self.renamed(own.broken, renaming, tables) == Some(image.broken);
                let ends_alike = || {
                    let ends = self.endings(*likeness, renaming, tables);
                    ends == self.endings(other, NOBODY, tables)
                };
                own.rests == image.rests && same && (!own.rests || ends_alike())
            })
        })
    }

    /// How each purchase has ended, under other names.
    fn endings(&self, likeness: Likeness, renaming: Renaming, tables: &Tables<'_>) -> BTreeMap<PurchaseKey, Ending> {
        let broken = self.find(&likeness).map_or(0, |look| look.broken);
        let of = |about: &PurchaseKey, purchase: &PurchaseFacts| {
            let is_broken =
                |invariant| self.breaches(broken).any(|(_, b)| b.purchase == *about && b.invariant == invariant);
            Ending::of(purchase, is_broken, tables.setup)
        };
        let facts = seen(likeness, tables);
        let endings = facts.purchases.iter();
        endings.map(|(about, purchase)| (tables.rename_purchase(renaming, about), of(about, purchase))).collect()
    }

    /// A set of breaches under other names; `None` where one of them has not been met.
    pub(super) fn renamed(&self, set: Breaches, renaming: Renaming, tables: &Tables<'_>) -> Option<Breaches> {
        let image = |(_, breach): (usize, &Breach)| {
            let image = breach.renamed(renaming, tables);
            self.breaches.iter().position(|known| *known == image)
        };
        self.breaches(set).map(image).try_fold(0, |set, number| Some(set | 1 << number?))
    }

    /// Which properties of which purchases a set breaks that can only be told on the way: what a state remembers of its past.
    #[inline]
    pub(super) fn remembered(&self, set: Breaches, tables: &Tables<'_>) -> u8 {
        if set == 0 || self.forgets { 0 } else { self.remember(set, tables) }
    }

    fn remember(&self, set: Breaches, tables: &Tables<'_>) -> u8 {
        let mut bits = 0;
        for (_, breach) in self.breaches(set).filter(|(_, breach)| !breach.at_the_end) {
            let purchase = tables.purchases.iter().position(|known| *known == breach.purchase);
            let property = match breach.invariant {
                Invariant::Money => 0,
                Invariant::Goods => 1,
                _ => continue,
            };
            if let Some(purchase) = purchase {
                bits |= 1 << (property * PURCHASES_MAX + purchase);
            }
        }
        bits
    }
}

/// What was broken on the way, by purchase.
pub(super) fn recall(bits: u8, tables: &Tables<'_>) -> impl Iterator<Item = (PurchaseKey, Invariant)> {
    let of = move |property: usize, invariant| {
        let broken = move |(number, _): &(usize, &PurchaseKey)| bits >> (property * PURCHASES_MAX + number) & 1 == 1;
        tables.purchases.iter().enumerate().filter(broken).map(move |(_, about)| (*about, invariant))
    };
    of(0, Invariant::Money).chain(of(1, Invariant::Goods))
}

/// What is known from outside of states of this kind.
pub(super) fn seen(likeness: Likeness, tables: &Tables<'_>) -> Facts {
    let locals: Vec<&Local> = likeness
        .locals(tables.seats.len())
        .zip(&tables.seats)
        .map(|(local, seat)| seat.locals.get(local.into()))
        .collect();
    let under_way = |about: &PurchaseKey| {
        tables.purchases.iter().position(|known| known == about).is_some_and(|n| likeness.orders >> n & 1 == 1)
    };
    facts(&locals, under_way, tables.setup)
}

/// What is broken in states of this kind, if that is who breaks the protocol.
pub(super) fn broken_in(likeness: Likeness, rests: bool, tables: &Tables<'_>, setup: &Setup) -> Vec<Breach> {
    let facts = seen(likeness, tables);
    let mut broken = Vec::new();
    let now_us = |about: &PurchaseKey| tables.now_us_of(likeness.moment, about);
    look(&facts, setup, now_us, When::Always, &mut broken);
    if rests {
        look(&facts, setup, |_| u64::MAX, When::AtTheEnd, &mut broken);
        disputes(&facts, setup, &mut broken);
    }
    broken
}

/// A party that breaks the protocol or never returns may hurt itself.
fn spared(victim: Party, facts: &Facts, setup: &Setup) -> bool {
    facts.gone.contains(&victim) || setup.deviations().any(|(side, _)| side == victim.side())
}

fn victim(side: Side, about: &PurchaseKey) -> Party {
    match side {
        Side::Customer => about.customer(),
        Side::Merchant => about.merchant(),
        Side::Server => Party::Server,
    }
}

fn look(facts: &Facts, setup: &Setup, now_us: impl Fn(&PurchaseKey) -> u64, when: When, broken: &mut Vec<Breach>) {
    for (about, purchase) in &facts.purchases {
        let sight = Sight { purchase, facts, setup, now_us: now_us(about) };
        for clause in clauses().filter(|clause| clause.when == when && (clause.broken)(&sight)) {
            let victim = victim(clause.victim, about);
            if !spared(victim, facts, setup) {
                broken.push(Breach {
                    invariant: clause.invariant,
                    clause: clause.name,
                    about: clause.about,
                    victim,
                    purchase: *about,
                    at_the_end: when == When::AtTheEnd,
                });
            }
        }
    }
}

fn disputes(facts: &Facts, setup: &Setup, broken: &mut Vec<Breach>) {
    for (about, purchase) in &facts.purchases {
        let sight = Sight { purchase, facts, setup, now_us: u64::MAX };
        for dispute in certified::disputes(&sight) {
            let victim = victim(dispute.victim(), about);
            if !spared(victim, facts, setup) && dispute.decide(&sight).upheld != dispute.truth {
                broken.push(Breach {
                    invariant: certified::INVARIANT,
                    clause: dispute.clause,
                    about: dispute.about,
                    victim,
                    purchase: *about,
                    at_the_end: true,
                });
            }
        }
    }
}
