//! Parties that can stand for each other: states that differ by who is who are one.
//!
//! Two customers that set out to do the same, or two merchants that are asked for the same, are told apart by their names alone. So
//! of all states that come of one another by *renaming* parties the search keeps the least. A renaming takes every customer to a
//! customer whose errands are its own, one by one and renamed; parties that nobody sets out for keep their names.
//!
//! What a renaming does to a share, a letter, a moment or a purchase is not written down anywhere, since names are everywhere in
//! them, in signatures and in keys too. It is found out by doing the same again under other names: a share came about when a party
//! took an input in another share ([`Origin`]), so its image is what comes about when the renamed party takes the image of the input
//! in the image of that share. The same roles do it, it is done once, and it ends, since what a thing came of was there before it.
//!
//! Why this tells no lies. Nothing is assumed of the roles: that a renaming changes nothing but names is *checked* once the search has
//! come to its end ([`Tables::is_symmetric`]). Images are one to one; every transition that was worked out has an image that is a
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
use super::local::Stimulus;
use super::state::{PARTIES_MAX, State};
use super::step::{Step, Taken};
use super::table::{Handling, Moment, Need, Origin, PURCHASES_MAX, Tables};
use crate::fault::FaultKind;
use crate::protocol::party::{Party, PurchaseKey};
use crate::protocol::role::{Timer, Wish};
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

    /// Takes note of an image, which is one to one.
    fn learn(&mut self, renaming: Renaming, thing: Thing, number: u32, image: u32) {
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

impl Tables<'_> {
    /// What a thing becomes; `None` where there is no such thing, and then nobody stands for anybody.
    pub(super) fn image(&mut self, renaming: Renaming, thing: Thing, number: u32) -> Option<u32> {
        if let Some(known) = self.symmetry.known(renaming, thing, number) {
            return Some(known);
        }
        let image = match thing {
            Thing::Letter => self.image_of_letter_anew(renaming, number as u16),
            Thing::Moment => self.image_of_moment(renaming, number as usize),
            Thing::Purchase => self.image_of_purchase(renaming, number as usize),
            Thing::Share(seat) => self.image_of_share(renaming, seat, number as usize),
            Thing::Stimulus(seat) => self.image_of_stimulus(renaming, seat, number),
        };
        match image {
            Some(image) => self.symmetry.learn(renaming, thing, number, image),
            None => self.symmetry.failed = true,
        }
        image
    }

    /// What a letter becomes.
    pub(super) fn image_of_letter(&mut self, renaming: Renaming, letter: u16) -> Option<u16> {
        self.image(renaming, Thing::Letter, letter.into()).map(|image| image as u16)
    }

    /// The number of what comes of it when the same is done under other names.
    fn image_of_handling(&mut self, renaming: Renaming, handling: Handling) -> Option<u32> {
        let Handling { seat, local, moment, stimulus } = handling;
        let local = self.image(renaming, Thing::Share(seat), local.into())? as u16;
        let moment = self.image(renaming, Thing::Moment, moment.into())? as u8;
        let stimulus = self.image(renaming, Thing::Stimulus(seat), stimulus.into())? as u16;
        let seat = self.symmetry.seat(renaming, seat);
        self.fill(Need::Move(seat, local, moment, stimulus)).ok()?;
        self.find_number(seat, local, moment, stimulus).ok()
    }

    fn image_of_share(&mut self, renaming: Renaming, seat: u8, number: usize) -> Option<u32> {
        let image = match self.seats[seat as usize].origins[number] {
            Origin::First => 0,
            Origin::After(handling) => {
                let found = self.image_of_handling(renaming, handling)?;
                self.moved(found).after
            }
            Origin::Point(handling, nth) => {
                let found = self.image_of_handling(renaming, handling)?;
                *self.moved(found).points.get(nth as usize)?
            }
            Origin::Cut(handling, nth, forever) => {
                let found = self.image_of_handling(renaming, handling)?;
                let cut = self.moved(found).cuts.get(nth as usize)?;
                if forever { cut.gone } else { cut.down }
            }
            Origin::Crash(from, forever) => {
                let from = self.image(renaming, Thing::Share(seat), from.into())? as u16;
                let (down, gone) = self.crash(self.symmetry.seat(renaming, seat), from).ok()?;
                if forever { gone } else { down }
            }
        };
        Some(image.into())
    }

    /// The letter that the same handling sends under other names, to the same party, about the same purchase, at the same step.
    fn image_of_letter_anew(&mut self, renaming: Renaming, letter: u16) -> Option<u32> {
        let origin = self.letters[letter as usize].origin;
        let (to, step, about) = self.address(letter);
        let found = self.image_of_handling(renaming, origin)?;
        let purchase = self.purchase(&about)?;
        let purchase = self.image(renaming, Thing::Purchase, purchase.into())?;
        let address = (self.symmetry.seat(renaming, to), step, self.purchases[purchase as usize]);
        let own = self.find(origin.seat, origin.local, origin.moment, origin.stimulus).ok()?;
        let alike = own.sends.iter().filter(|other| self.address(**other) == (to, step, about));
        let rank = alike.take_while(|other| **other != letter).count();
        let sends = self.moved(found).sends.iter();
        sends.filter(|other| self.address(**other) == address).nth(rank).map(|image| (*image).into())
    }

    fn address(&self, letter: u16) -> (u8, crate::protocol::party::Step, PurchaseKey) {
        let letter = &self.letters[letter as usize];
        (letter.to, letter.message.step, letter.message.about)
    }

    fn image_of_moment(&mut self, renaming: Renaming, number: usize) -> Option<u32> {
        let Moment { signed, lapsed } = self.moments[number].clone();
        let signed: Option<Vec<u8>> = signed
            .into_iter()
            .map(|purchase| self.image(renaming, Thing::Purchase, purchase.into()).map(|image| image as u8))
            .collect();
        self.moment(Moment { signed: signed?, lapsed }).ok().map(u32::from)
    }

    fn image_of_purchase(&mut self, renaming: Renaming, number: usize) -> Option<u32> {
        let (about, begun) = (self.purchases[number], self.begun[number]);
        let own = self.find(begun.seat, begun.local, begun.moment, begun.stimulus).ok()?;
        let place = own.sends.iter().position(|letter| self.letters[*letter as usize].message.about == about)?;
        let found = self.image_of_handling(renaming, begun)?;
        let letter = *self.moved(found).sends.get(place)?;
        self.purchase(&self.letters[letter as usize].message.about).map(u32::from)
    }

    fn image_of_stimulus(&mut self, renaming: Renaming, seat: u8, number: u32) -> Option<u32> {
        let image = self.symmetry.seat(renaming, seat);
        match self.seats[seat as usize].stimuli.get(number) {
            Stimulus::Letter(from, message) => {
                let letter = self.letter_taken(seat, *from, message)?;
                let letter = self.image_of_letter(renaming, letter)?;
                Some(self.letters[letter as usize].stimulus.into())
            }
            &Stimulus::Timer(Timer { about, kind }) => {
                let purchase = self.purchase(&about)?;
                let purchase = self.image(renaming, Thing::Purchase, purchase.into())? as u8;
                let timer = Stimulus::Timer(Timer { about: self.purchases[purchase as usize], kind });
                self.seats[image as usize].stimulus(timer, Some(purchase)).ok().map(u32::from)
            }
            Stimulus::Restart => Some(self.seats[image as usize].restart.into()),
            // Errands are known from the beginning.
            Stimulus::Start(_) => None,
            Stimulus::TopUp(_) => (image == seat).then_some(number),
        }
    }

    /// A state under other names. Everything in it has an image that is known.
    pub(super) fn rename<const W: usize>(&self, renaming: Renaming, state: &State<W>) -> State<W> {
        let known = |thing, number| self.symmetry.known(renaming, thing, number).unwrap_or(number);
        let mut renamed = state.without_names();
        renamed.set_moment(known(Thing::Moment, state.moment().into()) as u8);
        for seat in 0..self.seats.len() as u8 {
            let local = known(Thing::Share(seat), state.local(seat).into());
            renamed.set_local(self.symmetry.seat(renaming, seat), local as u16);
        }
        for bit in (0..u8::BITS as usize).filter(|bit| state.broken() >> bit & 1 == 1) {
            let (property, purchase) = (bit / PURCHASES_MAX, bit % PURCHASES_MAX);
            let purchase = known(Thing::Purchase, purchase as u32) as usize;
            renamed.break_also(1 << (property * PURCHASES_MAX + purchase));
        }
        for (place, code) in state.letters() {
            let letter = known(Thing::Letter, self.placed[place as usize].into());
            let place = self.letters[letter as usize].place.expect("images of letters with a place have one");
            renamed.set_letter(place, code);
        }
        renamed
    }

    /// A step under other names.
    pub(super) fn rename_step(&self, renaming: Renaming, step: Step) -> Option<Step> {
        let letter = |letter: u16| Some(self.symmetry.known(renaming, Thing::Letter, letter.into())? as u16);
        let renamed = |seat: u8, taken: Taken| {
            let taken = match taken {
                Taken::Letter(number) => Taken::Letter(letter(number)?),
                Taken::Timer(timer) => {
                    Taken::Timer(self.symmetry.known(renaming, Thing::Stimulus(seat), timer.into())? as u16)
                }
                other => other,
            };
            Some((self.symmetry.seat(renaming, seat), taken))
        };
        Some(match step {
            Step::Take { seat, taken, repeats } => {
                let (seat, taken) = renamed(seat, taken)?;
                Step::Take { seat, taken, repeats }
            }
            Step::Lapse => Step::Lapse,
            Step::Drop(number) => Step::Drop(letter(number)?),
            Step::Duplicate(number) => Step::Duplicate(letter(number)?),
            Step::Replay(number) => Step::Replay(letter(number)?),
            Step::Corrupt { letter: number, bit } => Step::Corrupt { letter: letter(number)?, bit },
            Step::Crash { seat, forever } => Step::Crash { seat: self.symmetry.seat(renaming, seat), forever },
            Step::CrashTaking { seat, taken, forever } => {
                let (seat, taken) = renamed(seat, taken)?;
                Step::CrashTaking { seat, taken, forever }
            }
            Step::CrashWithin { seat, taken, cut, forever } => {
                let (seat, taken) = renamed(seat, taken)?;
                Step::CrashWithin { seat, taken, cut, forever }
            }
        })
    }

    /// A party under another name.
    pub(super) fn rename_party(&self, renaming: Renaming, party: Party) -> Party {
        let population = &self.setup.population;
        population.index(party).map_or(party, |seat| population.party(self.symmetry.seat(renaming, seat as u8).into()))
    }

    /// A purchase under another name, if that has been worked out.
    pub(super) fn rename_purchase(&self, renaming: Renaming, about: &PurchaseKey) -> PurchaseKey {
        let image = self.purchase(about).and_then(|n| self.symmetry.known(renaming, Thing::Purchase, n.into()));
        image.map_or(*about, |image| self.purchases[image as usize])
    }

    /// Whether all that was worked out is the same under other names. `twice`: whether a party may crash when it has just returned.
    pub(super) fn is_symmetric(&mut self, twice: bool) -> bool {
        let moves = self.moves() as u32;
        let shares: Vec<u32> = self.seats.iter().map(|seat| seat.locals.len() as u32).collect();
        for renaming in self.symmetry.all() {
            for number in 0..moves {
                if !self.is_move_symmetric(renaming, number, twice).unwrap_or(false) {
                    self.symmetry.failed = true;
                    return false;
                }
            }
            for (seat, &shares) in shares.iter().enumerate() {
                for share in 0..shares {
                    if !self.is_share_symmetric(renaming, seat as u8, share).unwrap_or(false) {
                        self.symmetry.failed = true;
                        return false;
                    }
                }
            }
        }
        !self.symmetry.failed
    }

    fn is_move_symmetric(&mut self, renaming: Renaming, number: u32, twice: bool) -> Option<bool> {
        let own = self.moved(number);
        let handling = own.handling;
        let (after, then, sends) = (own.after, own.then, own.sends.clone());
        let (saves, points, cuts) = (own.saves.clone(), own.points.clone(), own.cuts.clone());
        let image = self.image_of_handling(renaming, handling)?;
        let share = |tables: &mut Self, local: u16| {
            tables.image(renaming, Thing::Share(handling.seat), local.into()).map(|image| image as u16)
        };
        let after = share(self, after)?;
        let then = match then {
            Some(then) => Some(self.image(renaming, Thing::Moment, then.into())? as u8),
            None => None,
        };
        let mut sends: Vec<u16> =
            sends.iter().map(|letter| self.image_of_letter(renaming, *letter)).collect::<Option<_>>()?;
        let returns = handling.stimulus == self.seats[handling.seat as usize].restart;
        let found = self.moved(image);
        if (after, then) != (found.after, found.then) {
            return Some(false);
        }
        if returns && !twice {
            let mut others = found.sends.to_vec();
            sends.sort_unstable();
            others.sort_unstable();
            return Some(sends == others);
        }
        let mut cut_images = Vec::with_capacity(cuts.len());
        for cut in &cuts {
            cut_images.push((cut.before, cut.sends, cut.saves, share(self, cut.down)?, share(self, cut.gone)?));
        }
        let mut point_images = Vec::with_capacity(points.len());
        for point in &points {
            point_images.push(share(self, *point)?);
        }
        let found = self.moved(image);
        let same_cuts =
            found.cuts.iter().map(|cut| (cut.before, cut.sends, cut.saves, cut.down, cut.gone)).eq(cut_images);
        let same_effects = *found.points == *point_images && *found.sends == *sends;
        let same_saves = found.saves.iter().map(|(kind, _)| kind).eq(saves.iter().map(|(kind, _)| kind));
        Some(same_cuts && same_effects && same_saves)
    }

    /// Whether a share is like its image, as far as it has one.
    fn is_share_symmetric(&mut self, renaming: Renaming, seat: u8, share: u32) -> Option<bool> {
        let Some(image) = self.symmetry.known(renaming, Thing::Share(seat), share) else { return Some(true) };
        let other = self.symmetry.seat(renaming, seat) as usize;
        let own = &self.seats[seat as usize];
        let same_presence = own.presence[share as usize] == self.seats[other].presence[image as usize];
        let timers = own.timers[share as usize].clone();
        let mut timers: Vec<u16> = timers
            .iter()
            .map(|timer| self.image(renaming, Thing::Stimulus(seat), (*timer).into()).map(|image| image as u16))
            .collect::<Option<_>>()?;
        let mut others = self.seats[other].timers[image as usize].to_vec();
        timers.sort_unstable();
        others.sort_unstable();
        let same_crash = match self.crashed(seat, share as u16) {
            Ok((down, gone)) => {
                let down = self.image(renaming, Thing::Share(seat), down.into())? as u16;
                let gone = self.image(renaming, Thing::Share(seat), gone.into())? as u16;
                self.crash(other as u8, image as u16).ok()? == (down, gone)
            }
            Err(_) => true,
        };
        Some(same_presence && timers == others && same_crash)
    }
}
