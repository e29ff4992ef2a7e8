//! Whether a search would have found the same, state for state, had some party broken the protocol.
//!
//! Many deviations do in a case what honest parties do: where there is no key nobody can send a wrong one, and some only lie before
//! the judge. A search for each would go through the very states that the search among honest parties has gone through. That can be
//! shown without it. A search is nothing but its tables: what each party does with each input in each of its shares, and what the
//! invariants say of each likeness. So the party that would break the protocol is taken through its table once more, as the one it
//! would be:
//!
//! - every share of the honest party gets an image, by the input by which it was first met; no two shares have the same one, and an
//!   image shows outside (records, beliefs, timers, what was received) what its share shows;
//! - every input that was ever looked up makes the image of a share send the same messages and write the same records, be the same
//!   in between and where a crash cuts it short, and leaves it the image of the share that it leaves the honest party;
//! - what the deviating merchant has for sale is what the honest one has, so that nobody else can tell the two apart but by messages;
//! - of every likeness that was looked at the invariants say the same with the liar's evidence before the judge, except that they
//!   leave out what the deviating side does to itself.
//!
//! Then the two searches are one and the same under other names, but for one thing: a state remembers which properties were broken on
//! the way to it, and this search has several states for one of the other where they differ only in what was done to the side that
//! deviates. Steps and likenesses do not look at that, so that the same is broken by the same courses. Where any of this fails, nothing
//! is concluded and the search is made.

use rustc_hash::FxHashSet;

use super::local::{Deeds, Local};
use super::look::{Looks, broken_in};
use super::search::Search;
use super::seat::{Move, Origin, Seat, UNKNOWN};
use super::table::Tables;
use crate::party::Side;
use crate::protocol::deviation::Known;
use crate::protocol::setup::Setup;

impl<const W: usize> Search<'_, W> {
    /// Whether this search, among honest parties, stands for the one with a setup that differs from its own in who deviates.
    pub(super) fn stands_for(&self, other: &Setup) -> bool {
        let own = self.tables.setup;
        assert!(own.deviations().next().is_none() && own.outsider.is_none(), "honest parties stand for others");
        assert!(
            own.mechanisms.all() == other.mechanisms.all() && own.protocol.name() == other.protocol.name(),
            "one case"
        );
        // What goes on for ever may be at rest for others if one of those who change breaks the protocol.
        self.endless().states == 0
            // Symmetry gives names to shares that nobody came to by an input.
            && self.tables.symmetry.all().next().is_none()
            && other.outsider.is_none()
            && other.merchant_deviation.is_none_or(|known| sells_the_same(known, other))
            && self.tables.seats.iter().enumerate().all(|(at, seat)| {
                let deviates = other.deviations().any(|(side, _)| side == seat.party.side());
                !deviates || self.tables.acts_alike(at as u8, seat, other)
            })
            && looks_alike(&self.looks, &self.tables, other)
    }
}

/// Whether a deviating merchant's catalogue and goods are the honest ones.
fn sells_the_same(known: Known, setup: &Setup) -> bool {
    let all = (0..setup.population.merchants).flat_map(|m| (0..setup.catalogue.items()).map(move |item| (m, item)));
    all.into_iter().all(|(merchant, item)| {
        setup.offer(merchant, item).is_none_or(|offer| {
            known.goods(setup, merchant, item).is_none()
                && known.prepared(setup, merchant, item, &offer.item).is_none()
                && known.sealed(setup, merchant, item).is_none()
        })
    })
}

/// Whether the invariants say the same, but for what is done to those who deviate.
fn looks_alike(looks: &Looks, tables: &Tables<'_>, other: &Setup) -> bool {
    let deviates = |side: Side| other.deviations().any(|(deviating, _)| deviating == side);
    looks.known().all(|(likeness, look)| {
        let mut then = broken_in(likeness, look.rests, tables, other);
        let mut now: Vec<_> = looks.breaches(look.broken).map(|(_, breach)| *breach).collect();
        now.retain(|breach| !deviates(breach.victim.side()));
        now.sort_unstable();
        then.sort_unstable();
        then.dedup();
        now == then
    })
}

impl Tables<'_> {
    /// Whether a party would do the same under another setup with whatever it was handed.
    fn acts_alike(&self, at: u8, seat: &Seat, other: &Setup) -> bool {
        let Some(images) = self.images(at, seat, other) else { return false };
        let take = |local: usize, stimulus: usize, over: bool| {
            images[local].take(seat.stimuli.get(stimulus as u32), self.now_us(over), self.limits, other)
        };
        let same = |deeds: &Deeds, number: u32| self.does_the_same(deeds, self.moved(number), &images, other);
        let at_any_time = seat.moves.iter().enumerate().all(|(local, row)| {
            row.iter().enumerate().all(|(stimulus, numbers)| {
                let known = (0..2).filter(|over| numbers[*over] != UNKNOWN);
                known.into_iter().all(|over| same(&take(local, stimulus, over == 1), numbers[over]))
            })
        });
        let signing = || {
            seat.signing.iter().all(|(&(moment, local, stimulus), &number)| {
                let over = self.is_over(at, moment, stimulus);
                same(&take(local.into(), stimulus.into(), over), number)
            })
        };
        let crashing = || {
            seat.crashed.iter().enumerate().all(|(local, crashed)| {
                crashed.is_none_or(|(down, gone)| {
                    images[local].crashed(false, other) == images[down as usize]
                        && images[local].crashed(true, other) == images[gone as usize]
                })
            })
        };
        at_any_time && signing() && crashing()
    }

    /// The image of each share, found the way by which the share was first met. `None` if one shows something else, or two are the
    /// same.
    fn images(&self, at: u8, seat: &Seat, other: &Setup) -> Option<Vec<Local>> {
        let mut images: Vec<Local> = Vec::with_capacity(seat.origins.len());
        for (number, origin) in seat.origins.iter().enumerate() {
            let deeds = |handling: &super::seat::Handling| {
                let over = self.is_over(at, handling.moment, handling.stimulus);
                let input = seat.stimuli.get(handling.stimulus.into());
                images[handling.local as usize].take(input, self.now_us(over), self.limits, other)
            };
            let image = match origin {
                Origin::First => Local::new(seat.party, other),
                Origin::After(handling) => deeds(handling).after,
                Origin::Point(handling, place) => deeds(handling).points.into_iter().nth(usize::from(*place))?,
                Origin::Cut(handling, place, forever) => {
                    deeds(handling).cuts.get(usize::from(*place))?.local.crashed(*forever, other)
                }
                Origin::Crash(local, forever) => images[*local as usize].crashed(*forever, other),
            };
            if !image.shows_what(seat.locals.get(number as u32)) {
                return None;
            }
            images.push(image);
        }
        let mut different = FxHashSet::default();
        images.iter().all(|image| different.insert(image)).then_some(())?;
        Some(images)
    }

    /// Whether what comes of an input is what came of it.
    fn does_the_same(&self, deeds: &Deeds, known: &Move, images: &[Local], other: &Setup) -> bool {
        let image = |local: u16| &images[local as usize];
        let sends = deeds.sends.len() == known.sends.len()
            && deeds.sends.iter().zip(&known.sends).all(|((to, message), letter)| {
                let letter = &self.letters[*letter as usize];
                self.seats[letter.to as usize].party == *to && letter.message == *message
            });
        let cuts = deeds.cuts.len() == known.cuts.len()
            && deeds.cuts.iter().zip(&known.cuts).all(|(own, cut)| {
                let known = (cut.before, usize::from(cut.sends), usize::from(cut.saves), cut.signed);
                (own.before, own.sends, own.saves, own.signed) == known
                    && own.local.crashed(false, other) == *image(cut.down)
                    && own.local.crashed(true, other) == *image(cut.gone)
            });
        let points = deeds.points.len() == known.points.len()
            && deeds.points.iter().zip(&known.points).all(|(point, local)| point == image(*local));
        let signed = deeds.signed.and_then(|about| self.purchase(&about));
        let then = known.then.and_then(|moment| self.moments[moment as usize].signed.last().copied());
        sends && cuts && points && signed == then && *deeds.saves == *known.saves && deeds.after == *image(known.after)
    }
}
