//! What becomes of shares, letters, moments and purchases when parties change their names, and whether that is all that changes.
//!
//! Nothing here knows where names stand: the image of a thing is what the same roles make of the images of what it came of
//! ([`symmetry`](super::symmetry) says why that is enough).

use super::local::Stimulus;
use super::seat::{Cut, Handling, Origin};
use super::state::State;
use super::step::{Step, Taken};
use super::symmetry::{Renaming, Thing};
use super::table::{Moment, Need, PURCHASES_MAX, Tables};
use crate::party::{Party, PurchaseKey, Step as Rung};
use crate::protocol::role::Timer;

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
            None => self.symmetry.fail(),
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

    fn address(&self, letter: u16) -> (u8, Rung, PurchaseKey) {
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
        state.each_letter(|place, code| {
            let letter = known(Thing::Letter, self.placed[place as usize].into());
            let place = self.letters[letter as usize].place.expect("images of letters with a place have one");
            renamed.set_letter(place, code);
        });
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
                    self.symmetry.fail();
                    return false;
                }
            }
            for (seat, &shares) in shares.iter().enumerate() {
                for share in 0..shares {
                    if !self.is_share_symmetric(renaming, seat as u8, share).unwrap_or(false) {
                        self.symmetry.fail();
                        return false;
                    }
                }
            }
        }
        !self.symmetry.has_failed()
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
        let kept = |cut: &Cut| (cut.before, cut.sends, cut.saves, cut.signed);
        let mut cut_images = Vec::with_capacity(cuts.len());
        for cut in &cuts {
            cut_images.push((kept(cut), share(self, cut.down)?, share(self, cut.gone)?));
        }
        let mut point_images = Vec::with_capacity(points.len());
        for point in &points {
            point_images.push(share(self, *point)?);
        }
        let found = self.moved(image);
        let same_cuts = found.cuts.iter().map(|cut| (kept(cut), cut.down, cut.gone)).eq(cut_images);
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
