//! Parties that can stand for each other: states that differ by who is who are one.
//!
//! Two customers that set out to do the same, or two merchants that are asked for the same, are told apart by their names alone. So
//! of all states that come of one another by *renaming* parties the search keeps the least. A renaming takes every customer to a
//! customer whose errands are its own, one by one and renamed; parties that nobody sets out for keep their names.
//!
//! What a renaming does to a share, a letter, a moment or a purchase is not written down anywhere, since names are everywhere in
//! them, in signatures and in keys too. It is found out by doing the same again under other names: a share came about when a party
//! took an input in another share ([`Origin`](super::seat::Origin)), so its image is what comes about when the renamed party takes the image of the input
//! in the image of that share. The same roles do it, it is done once, and it ends, since what a thing came of was there before it.
//!
//! Why this tells no lies. Nothing is assumed of the roles: that a renaming changes nothing but names is *checked* once the search has
//! come to its end ([`rename`](super::rename)). Images are one to one; every transition that was worked out has an image that is a
//! transition, with the images of its effects; images have the same timers, presence and crashes; and of every state that was looked
//! at the invariants say what they say of its image, where purchases end alike. So every step from a state has an image, which is a step from the state's image,
//! and the other way round: a state can be left in the same ways as the least of its images, in as many events and with as many
//! faults, to states that are images of each other again, and breaks what the other breaks. Purchases start in the order of the
//! workload, which is no more symmetric than the list; so a renaming is used from the moment on at which it keeps the rest of the list
//! as it is. Where the check fails, prices that only one of two customers can pay for example, the search is made again without.
//!
//! A party that is back resumes its purchases one after the other, in the order of their names, and a renaming turns that order
//! round. Nobody can tell, unless a crash strikes again in the middle of it; so the order is compared only where that may happen
//! (`twice`), and then there is no symmetry between parties that a third deals with. What flips bits flips names, not parties: where
//! letters may be garbled nobody stands for anybody.

use super::Question;
use super::state::PARTIES_MAX;
use crate::fault::FaultKind;
use crate::party::Party;
use crate::protocol::role::Wish;
use crate::protocol::setup::Population;

/// A renaming, by number. The first leaves everybody as they are.
pub(super) type Renaming = u8;
/// Everybody is who they are.
pub(super) const NOBODY: Renaming = 0;

/// Something that a renaming turns into another of its kind.
#[derive(Debug, Clone, Copy)]
pub(super) enum Thing {
    Letter,
    Moment,
    Purchase,
    /// A share of the party in that seat.
    Share(u8),
    /// Something that the party in that seat may take.
    Stimulus(u8),
}

/// Not worked out yet.
const UNKNOWN: u32 = u32::MAX;

/// What is known of a renaming.
#[derive(Debug)]
struct Known {
    /// By seat: who it becomes.
    seats: Vec<u8>,
    inverse: Renaming,
    /// For each thing, by its number: its image.
    images: Vec<Vec<u32>>,
}

/// All renamings of a search.
#[derive(Debug, Default)]
pub(super) struct Symmetry {
    known: Vec<Known>,
    /// By how many purchases have started: the renamings, but the first, that keep what is still to start.
    usable: Vec<Vec<Renaming>>,
    /// Whether something has turned out not to be symmetric after all.
    failed: bool,
}

impl Thing {
    const fn column(self) -> usize {
        match self {
            Thing::Letter => 0,
            Thing::Moment => 1,
            Thing::Purchase => 2,
            Thing::Share(seat) => 3 + seat as usize,
            Thing::Stimulus(seat) => 3 + PARTIES_MAX + seat as usize,
        }
    }

    fn renamed(self, seats: &[u8]) -> Self {
        match self {
            Thing::Share(seat) => Thing::Share(seats[seat as usize]),
            Thing::Stimulus(seat) => Thing::Stimulus(seats[seat as usize]),
            other => other,
        }
    }
}

/// Every order of the numbers below one.
fn orders(below: u32) -> Vec<Vec<u32>> {
    let Some(last) = below.checked_sub(1) else { return vec![Vec::new()] };
    let insert = |order: Vec<u32>| {
        (0..below as usize).map(move |at| {
            let mut longer = order.clone();
            longer.insert(at, last);
            longer
        })
    };
    let mut all: Vec<Vec<u32>> = orders(last).into_iter().flat_map(insert).collect();
    all.sort_unstable();
    all
}

impl Symmetry {
    pub(super) fn none() -> Self {
        Symmetry::default()
    }

    /// The renamings that turn what customers set out to do into itself. `starts`: the customer of each errand, and what it takes.
    pub(super) fn of(question: &Question<'_>, starts: &[(u8, u16)]) -> Self {
        let (population, errands) = (question.setup.population, &question.workload.errands);
        let garbles = question.budget.at_most > 0 && question.budget.of(FaultKind::Corrupt) > 0;
        if !question.reductions.symmetry || garbles || starts.len() != errands.len() {
            return Symmetry::none();
        }
        let set_out: Vec<(u32, Wish)> = errands.iter().map(|errand| (errand.customer, errand.wish)).collect();
        let mut maps: Vec<(Vec<u8>, Vec<usize>)> = Vec::new();
        for customers in orders(population.customers) {
            for merchants in orders(population.merchants) {
                let seats = seats(population, &customers, &merchants);
                maps.extend(becomes(&set_out, starts, &customers, &merchants).map(|errands| (seats, errands)));
            }
        }
        if maps.len() == 1 {
            return Symmetry::none();
        }
        let usable = |started: usize| {
            let keeps = |(_, (seats, errands)): &(usize, &(Vec<u8>, Vec<usize>))| {
                let kept = |&(at, becomes): &(usize, &usize)| {
                    let seat = population.index(Party::Merchant(set_out[at].1.merchant));
                    at == *becomes && seat.is_none_or(|seat| usize::from(seats[seat]) == seat)
                };
                errands.iter().enumerate().skip(started).all(|pair| kept(&pair))
            };
            maps.iter().enumerate().skip(1).filter(keeps).map(|(number, _)| number as Renaming).collect()
        };
        let usable = (0..=starts.len()).map(usable).collect();
        let turns_back =
            |seats: &[u8], other: &[u8]| seats.iter().enumerate().all(|(n, s)| other[*s as usize] as usize == n);
        let known = maps.iter().map(|(seats, becomes)| {
            let inverse = maps.iter().position(|(other, _)| turns_back(seats, other)).unwrap_or(0) as Renaming;
            let mut images = vec![Vec::new(); 3 + 2 * PARTIES_MAX];
            for ((seat, stimulus), becomes) in starts.iter().zip(becomes) {
                write(&mut images[Thing::Stimulus(*seat).column()], (*stimulus).into(), starts[*becomes].1.into());
            }
            Known { seats: seats.clone(), inverse, images }
        });
        Symmetry { known: known.collect(), usable, failed: false }
    }

    /// Whether nobody stands for anybody else.
    pub(super) const fn is_none(&self) -> bool {
        self.known.is_empty()
    }

    /// Whether something has turned out not to be symmetric.
    pub(super) const fn has_failed(&self) -> bool {
        self.failed
    }

    /// Every renaming but the first.
    pub(super) fn all(&self) -> impl Iterator<Item = Renaming> + use<> {
        1..self.known.len().max(1) as Renaming
    }

    /// The renamings, but the first, that keep what is still to start.
    pub(super) fn usable(&self, started: u8) -> &[Renaming] {
        self.usable.get(started as usize).map_or(&[], Vec::as_slice)
    }

    /// Who the party in a seat becomes.
    pub(super) fn seat(&self, renaming: Renaming, seat: u8) -> u8 {
        self.known.get(renaming as usize).map_or(seat, |known| known.seats[seat as usize])
    }

    pub(super) fn inverse(&self, renaming: Renaming) -> Renaming {
        self.known.get(renaming as usize).map_or(NOBODY, |known| known.inverse)
    }

    /// One renaming after another.
    pub(super) fn after(&self, second: Renaming, first: Renaming) -> Renaming {
        let both = |known: &Known| {
            known.seats.iter().enumerate().all(|(n, seat)| *seat == self.seat(second, self.seat(first, n as u8)))
        };
        self.known.iter().position(both).unwrap_or(0) as Renaming
    }

    /// What a thing becomes, if that has been worked out.
    pub(super) fn known(&self, renaming: Renaming, thing: Thing, number: u32) -> Option<u32> {
        if renaming == NOBODY {
            return Some(number);
        }
        let image = self.known[renaming as usize].images[thing.column()].get(number as usize).copied();
        image.filter(|image| *image != UNKNOWN)
    }

    /// Something is not symmetric after all.
    pub(super) const fn fail(&mut self) {
        self.failed = true;
    }

    /// Takes note of an image, which is one to one.
    pub(super) fn learn(&mut self, renaming: Renaming, thing: Thing, number: u32, image: u32) {
        let Known { seats, inverse, .. } = &self.known[renaming as usize];
        let (back, inverse) = (thing.renamed(seats), *inverse);
        let there = write(&mut self.known[renaming as usize].images[thing.column()], number as usize, image);
        let and_back = write(&mut self.known[inverse as usize].images[back.column()], image as usize, number);
        self.failed |= !there || !and_back;
    }
}

/// Who sits where after customers and merchants have taken other numbers.
fn seats(population: Population, customers: &[u32], merchants: &[u32]) -> Vec<u8> {
    let becomes = |party| match party {
        Party::Customer(number) => Party::Customer(customers[number as usize]),
        Party::Merchant(number) => Party::Merchant(merchants[number as usize]),
        Party::Server => Party::Server,
    };
    population.parties().filter_map(|party| Some(population.index(becomes(party))? as u8)).collect()
}

/// Which errand each errand becomes, if renaming turns what customers set out to do into itself.
fn becomes(set_out: &[(u32, Wish)], starts: &[(u8, u16)], customers: &[u32], merchants: &[u32]) -> Option<Vec<usize>> {
    let of = |customer: u32| set_out.iter().enumerate().filter(move |(_, (whose, _))| *whose == customer);
    let is_idle = |customer: u32| of(customer).next().is_none();
    let nobody_asks = |merchant: u32| set_out.iter().all(|(_, wish)| wish.merchant != merchant);
    let stays = |numbers: &[u32], idle: &dyn Fn(u32) -> bool| {
        numbers.iter().enumerate().all(|(number, becomes)| number as u32 == *becomes || !idle(number as u32))
    };
    if !stays(customers, &is_idle) || !stays(merchants, &nobody_asks) {
        return None;
    }
    let mut all = vec![0; set_out.len()];
    for (customer, &becomes) in customers.iter().enumerate() {
        let (own, others) = (of(customer as u32), of(becomes));
        if own.clone().count() != others.clone().count() {
            return None;
        }
        for ((at, (_, wish)), (other, (_, others))) in own.zip(others) {
            if merchants.get(wish.merchant as usize) != Some(&others.merchant) {
                return None;
            }
            all[at] = other;
        }
    }
    // Errands that are the same to their customer become such.
    let same = |a: usize, b: usize| (starts[a] == starts[b]) == (starts[all[a]] == starts[all[b]]);
    (0..all.len()).all(|a| (0..all.len()).all(|b| same(a, b))).then_some(all)
}

/// Enters an image. Whether there was no other.
fn write(images: &mut Vec<u32>, number: usize, image: u32) -> bool {
    if images.len() <= number {
        images.resize(number + 1, UNKNOWN);
    }
    let known = &mut images[number];
    let is_new = *known == UNKNOWN;
    let fits = is_new || *known == image;
    *known = image;
    fits
}
