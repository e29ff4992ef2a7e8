//! Everything that recurs in a search, numbered, and what comes of it, worked out once.
//!
//! A party's role is deterministic: the same share of a state and the same input give the same effects. So each pair is handed to
//! the role once, and from then on a transition is a look into a table. Numbers are given out in the order in which the search asks
//! for them, which does not depend on the number of threads: threads only read, and what they miss is filled in between.

use std::hash::Hash;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::Question;
use super::future::Futures;
use super::local::{CutShort, DRAWS_EACH, Limits, Local, Stimulus, chances};
use super::seat::{Cut, Handling, Move, OF_NONE, Origin, Seat, UNKNOWN, When};
use super::state::{Counting, State, WORDS_MAX};
use super::symmetry::Symmetry;
use crate::fault::garble::bits;
use crate::invariant::facts::carries_order;
use crate::party::{Party, PurchaseKey};
use crate::protocol::mechanism::Mechanism;
use crate::protocol::message::Message;
use crate::protocol::outsider::{Forged, Overheard};
use crate::protocol::setup::Setup;
use crate::world::Workload;

/// A moment of the untimed clock: which orders have been signed, in this order, and how many of them have lapsed. They lapse in the
/// order in which they were signed, since all live equally long. What a party takes the time to be is either before or after the
/// lapse of the order that the input is about; nothing that a party does depends on more than that.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub(super) struct Moment {
    pub(super) signed: Vec<u8>,
    pub(super) lapsed: usize,
}

impl Moment {
    fn is_over(&self, purchase: u8) -> bool {
        self.signed[..self.lapsed].contains(&purchase)
    }
}

/// A message from one party to another; equal ones are the same letter.
#[derive(Debug)]
pub(super) struct Letter {
    pub(super) from: Party,
    /// The recipient's seat.
    pub(super) to: u8,
    /// The letter's number among what the recipient may take.
    pub(super) stimulus: u16,
    pub(super) message: Arc<Message>,
    /// The number of the purchase whose order the letter brings to somebody who may act on it.
    pub(super) order: Option<u8>,
    /// Where a state keeps its code, once it has been sent.
    pub(super) place: Option<u16>,
    /// What may arrive in its place when a bit is flipped: the bit, and the number among what the recipient may take.
    pub(super) garbled: Option<Box<[(u32, u16)]>>,
    /// The input that was first met to make somebody send it.
    pub(super) origin: Handling,
    /// Whether a party sends it, and not only the outsider, whose messages no fault strikes: what it wants spoilt it spoils itself.
    pub(super) genuine: bool,
    /// What the outsider makes of it, once a party has sent it.
    makes: Option<Box<[u16]>>,
}

/// Something that a thread has missed in the tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    /// What comes of an input: seat, share, moment, stimulus.
    Move(u8, u16, u8, u16),
    /// A crash: seat, share.
    Crash(u8, u16),
    /// What a letter may turn into.
    Garbled(u16),
    /// Where a state keeps a letter's code.
    Place(u16),
}

/// More different things than a state has room to name. The search cannot go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Full(pub(super) &'static str);

/// So many shares of one party fit into a state.
pub(super) const LOCALS_MAX: usize = 1 << 16;
/// So many of a fifth party.
const FIFTH_MAX: usize = 1 << 12;
/// So many moments.
pub(super) const MOMENTS_MAX: usize = 1 << 8;
/// So many purchases are told apart.
pub(super) const PURCHASES_MAX: usize = 4;

/// The tables of a search.
#[derive(Debug)]
pub(super) struct Tables<'a> {
    pub(super) setup: &'a Setup,
    pub(super) workload: &'a Workload,
    pub(super) counting: Counting,
    pub(super) limits: Limits,
    pub(super) seats: Vec<Seat>,
    pub(super) letters: Vec<Letter>,
    /// The letters that states have a place for, by place.
    pub(super) placed: Vec<u16>,
    /// Those of them that bring the order of a purchase to somebody who may act on it: place and purchase.
    pub(super) orders: Vec<(u16, u8)>,
    /// Which letters can make a difference, where that is known.
    pub(super) futures: Option<Futures>,
    by_content: FxHashMap<(u8, Party, Arc<Message>), u16>,
    pub(super) moments: Vec<Moment>,
    /// For each moment, the one at which the next order has lapsed.
    lapses: Vec<Option<u8>>,
    /// For each moment, a bit for each purchase whose order has lapsed, and one for the lapse of all that were signed.
    over: Vec<u8>,
    moves: Vec<Move>,
    /// The purchases met so far; a garbled name makes one too.
    pub(super) purchases: Vec<PurchaseKey>,
    /// For each of them, the input that was first met to make its customer begin it.
    pub(super) begun: Vec<Handling>,
    /// The customer of each purchase, and what it is to take when the purchase is due.
    pub(super) starts: Vec<(u8, u16)>,
    /// Which parties can stand for each other, and how.
    pub(super) symmetry: Symmetry,
    /// P, and what it is to take when money comes from outside, if it does.
    pub(super) top_up: Option<(u8, u16)>,
}

impl<'a> Tables<'a> {
    /// The tables before anything has happened.
    pub(super) fn new(question: &Question<'a>) -> Self {
        let (setup, workload) = (question.setup, question.workload);
        let mut tables = Tables {
            setup,
            workload,
            counting: if question.reductions.copies { Counting::Coarse } else { Counting::Fine },
            limits: Limits {
                draws_max: DRAWS_EACH * chances(question),
                files: question.reductions.journals && workload.errands.len() > 1,
            },
            seats: Vec::new(),
            letters: Vec::new(),
            placed: Vec::new(),
            orders: Vec::new(),
            futures: None,
            by_content: FxHashMap::default(),
            moments: vec![Moment::default()],
            lapses: vec![None],
            over: vec![0],
            moves: Vec::new(),
            purchases: Vec::new(),
            begun: Vec::new(),
            starts: Vec::new(),
            symmetry: Symmetry::none(),
            top_up: None,
        };
        for party in setup.population.parties() {
            let mut seat = Seat::new(party);
            seat.restart = seat.stimulus(Stimulus::Restart, None).expect("the first stimulus fits");
            seat.local(Local::new(party, setup), Origin::First, |_| None).expect("the first share fits");
            tables.seats.push(seat);
        }
        tables.name_what_comes();
        // What an outsider makes of messages need not be the same under other names.
        if setup.outsider.is_none() {
            tables.symmetry = Symmetry::of(question, &tables.starts);
        }
        tables
    }

    /// Names what will come from outside.
    fn name_what_comes(&mut self) {
        let mut stimulus = |party, stimulus| {
            let seat = self.setup.population.index(party)?;
            Some((seat as u8, self.seats[seat].stimulus(stimulus, None).ok()?))
        };
        let starts = self.workload.errands.iter();
        self.starts = starts.filter_map(|e| stimulus(Party::Customer(e.customer), Stimulus::Start(e.wish))).collect();
        self.top_up = self.workload.top_up.and_then(|(_, cents)| stimulus(Party::Server, Stimulus::TopUp(cents)));
    }

    /// The number of what comes of an input, if that has been worked out.
    pub(super) fn find_number(&self, seat: u8, local: u16, moment: u8, stimulus: u16) -> Result<u32, Need> {
        let known = &self.seats[seat as usize];
        let over = usize::from(self.is_over(seat, moment, stimulus));
        let row = known.moves.get(local as usize).and_then(|row| row.get(stimulus as usize));
        let number = match row.map_or(UNKNOWN, |row| row[over]) {
            UNKNOWN => known.signing.get(&(moment, local, stimulus)).copied(),
            number => Some(number),
        };
        number.ok_or(Need::Move(seat, local, moment, stimulus))
    }

    /// The customer whose purchase is due next in a state, and what it is to take.
    pub(super) fn next_start<const W: usize>(&self, state: &State<W>) -> Option<(u8, u16)> {
        self.starts.get(state.started() as usize).copied()
    }

    /// P, and what it is to take when money comes from outside, if it has not come yet.
    pub(super) fn next_top_up<const W: usize>(&self, state: &State<W>) -> Option<(u8, u16)> {
        self.top_up.filter(|_| !state.topped_up())
    }

    /// What comes of an input, by its number.
    pub(super) fn moved(&self, number: u32) -> &Move {
        &self.moves[number as usize]
    }

    /// What comes of an input, if that has been worked out.
    pub(super) fn find(&self, seat: u8, local: u16, moment: u8, stimulus: u16) -> Result<&Move, Need> {
        self.find_number(seat, local, moment, stimulus).map(|number| self.moved(number))
    }

    /// Whether the order that an input is about has lapsed; of an input that is about none, whether all that were signed have.
    pub(super) fn is_over(&self, seat: u8, moment: u8, stimulus: u16) -> bool {
        self.over[moment as usize] & self.seats[seat as usize].about[stimulus as usize] != 0
    }

    /// What a party takes the time to be, in virtual microseconds, before the lapse of an order or after it.
    pub(super) const fn now_us(&self, over: bool) -> u64 {
        if over { self.setup.timing.instrument_lifetime_us } else { 0 }
    }

    /// What the time is for a purchase.
    pub(super) fn now_us_of(&self, moment: u8, about: &PurchaseKey) -> u64 {
        let purchase = self.purchases.iter().position(|known| known == about);
        self.now_us(purchase.is_some_and(|purchase| self.moments[moment as usize].is_over(purchase as u8)))
    }

    /// A party after a crash and after a crash for ever, if that has been worked out.
    pub(super) fn crashed(&self, seat: u8, local: u16) -> Result<(u16, u16), Need> {
        self.seats[seat as usize].crashed[local as usize].ok_or(Need::Crash(seat, local))
    }

    /// What a letter may turn into, if that has been worked out.
    pub(super) fn garbled(&self, letter: u16) -> Result<&[(u32, u16)], Need> {
        self.letters[letter as usize].garbled.as_deref().ok_or(Need::Garbled(letter))
    }

    pub(super) fn moment(&mut self, moment: Moment) -> Result<u8, Full> {
        if let Some(known) = self.moments.iter().position(|known| *known == moment) {
            return Ok(known as u8);
        }
        if self.moments.len() == MOMENTS_MAX {
            return Err(Full("moments"));
        }
        let latest = self.moments.len() as u8;
        let over = moment.signed[..moment.lapsed].iter().fold(0, |over, purchase| over | 1 << purchase);
        let all_over = moment.lapsed > 0 && moment.lapsed == moment.signed.len();
        self.over.push(if all_over { over | OF_NONE } else { over });
        self.moments.push(moment.clone());
        self.lapses.push(None);
        // What a state may ask for without warning.
        if moment.lapsed < moment.signed.len() {
            let next = self.moment(Moment { lapsed: moment.lapsed + 1, ..moment })?;
            self.lapses[latest as usize] = Some(next);
        }
        Ok(latest)
    }

    /// The moment at which the next order has lapsed; it was made with the moment itself.
    pub(super) fn lapsed(&self, moment: u8) -> Option<u8> {
        self.lapses[moment as usize]
    }

    /// Works out what was missed.
    pub(super) fn fill(&mut self, need: Need) -> Result<(), Full> {
        match need {
            Need::Move(seat, local, moment, stimulus) => self.work_out(seat, local, moment, stimulus),
            Need::Crash(seat, local) => self.crash(seat, local).map(drop),
            Need::Garbled(letter) => self.garble(letter),
            Need::Place(letter) => {
                self.give_place(letter)?;
                // What can be turned into each other stands side by side, so that a state can be turned.
                for renaming in self.symmetry.all() {
                    if let Some(image) = self.image_of_letter(renaming, letter) {
                        self.give_place(image)?;
                    }
                }
                Ok(())
            }
        }
    }

    /// Whether that has been worked out.
    pub(super) fn knows(&self, need: Need) -> bool {
        match need {
            Need::Move(seat, local, moment, stimulus) => self.find(seat, local, moment, stimulus).is_ok(),
            Need::Crash(seat, local) => self.crashed(seat, local).is_ok(),
            Need::Garbled(letter) => self.garbled(letter).is_ok(),
            Need::Place(letter) => self.place(letter).is_ok(),
        }
    }

    fn give_place(&mut self, letter: u16) -> Result<(), Full> {
        let known = &mut self.letters[letter as usize].place;
        if known.is_none() {
            if self.placed.len() == usize::from(State::<WORDS_MAX>::LETTERS) {
                return Err(Full("letters"));
            }
            let place = self.placed.len() as u16;
            *known = Some(place);
            self.placed.push(letter);
            self.orders.extend(self.letters[letter as usize].order.map(|purchase| (place, purchase)));
        }
        Ok(())
    }

    /// How many transitions have been worked out.
    pub(super) fn moves(&self) -> usize {
        self.moves.len()
    }

    /// Where a state keeps the code of a letter; `None` for a letter that makes no difference to anybody.
    pub(super) fn place(&self, letter: u16) -> Result<Option<u16>, Need> {
        let known = &self.letters[letter as usize];
        match known.place {
            Some(place) => Ok(Some(place)),
            None if self.futures.as_ref().is_some_and(|futures| !futures.matters(letter, known.genuine)) => Ok(None),
            None => Err(Need::Place(letter)),
        }
    }

    /// The seat of whoever sends the letter of a place; `None` if that is no party.
    pub(super) fn sender(&self, place: u16) -> Option<u8> {
        let from = self.letters[self.placed[place as usize] as usize].from;
        self.seats.iter().position(|seat| seat.party == from).map(|seat| seat as u8)
    }

    fn work_out(&mut self, at: u8, local: u16, moment: u8, stimulus: u16) -> Result<(), Full> {
        if self.find(at, local, moment, stimulus).is_ok() {
            return Ok(());
        }
        let handling = Handling { seat: at, local, moment, stimulus };
        let seat = &self.seats[at as usize];
        let (share, input) = (seat.locals.share(local.into()), seat.stimuli.share(stimulus.into()));
        let party = seat.party;
        let over = self.is_over(at, moment, stimulus);
        let deeds = share.take(&input, self.now_us(over), self.limits, self.setup);
        for (_, message) in &deeds.sends {
            if message.about.customer() == party {
                self.meet(message.about, handling);
            }
        }
        let mut then = None;
        if let Some(purchase) = deeds.signed.and_then(|about| self.purchase(&about)) {
            let mut signed = self.moments[moment as usize].clone();
            if signed.signed.contains(&purchase) || signed.signed.len() >= self.workload.errands.len() {
                // An order is signed once, and nobody signs more orders than there are purchases: no state is like this.
                return Ok(());
            }
            signed.signed.push(purchase);
            then = Some(self.moment(signed)?);
        }
        let when = match (deeds.timeless, then) {
            (true, None) => When::AnyTime,
            (_, None) => When::Lapsed(over),
            (_, Some(_)) => When::At(moment),
        };
        let (mut sends, mut forged) = (Vec::with_capacity(deeds.sends.len()), Vec::new());
        for (to, message) in deeds.sends {
            let letter = self.letter(party, to, message, handling)?;
            sends.push(letter);
            for made in self.made_of(letter)? {
                if !forged.iter().any(|(_, known)| *known == made) {
                    forged.push((sends.len() as u8, made));
                }
            }
        }
        let mut points = Vec::with_capacity(deeds.points.len());
        for (number, point) in deeds.points.into_iter().enumerate() {
            points.push(self.local(at, point, Origin::Point(handling, number as u8))?);
        }
        let mut cuts = Vec::with_capacity(deeds.cuts.len());
        for (number, CutShort { before, local, sends, saves, signed }) in deeds.cuts.into_iter().enumerate() {
            let origin = |forever| Origin::Cut(handling, number as u8, forever);
            let down = self.local(at, local.crashed(false, self.setup), origin(false))?;
            let gone = self.local(at, local.crashed(true, self.setup), origin(true))?;
            cuts.push(Cut { before, sends: sends as u8, saves: saves as u8, signed, down, gone });
        }
        // Most inputs change nothing, and to look at a share is less work than to find it among all.
        let after = if deeds.after == *share { local } else { self.local(at, deeds.after, Origin::After(handling))? };
        let number = self.moves.len() as u32;
        let cuts_before = self.moves.last().map_or(0, |last| last.cuts_before + last.cuts.len());
        self.moves.push(Move {
            cuts_before,
            handling,
            after,
            then,
            sends: sends.into(),
            forged: forged.into(),
            saves: deeds.saves.into(),
            points: points.into(),
            cuts: cuts.into(),
        });
        self.seats[at as usize].enter(local, when, stimulus, number);
        Ok(())
    }

    /// A party sends a letter: what the outsider, if there is one, makes of it.
    fn made_of(&mut self, letter: u16) -> Result<Box<[u16]>, Full> {
        self.letters[letter as usize].genuine = true;
        let Some(outsider) = self.setup.outsider else { return Ok(Box::default()) };
        if let Some(makes) = &self.letters[letter as usize].makes {
            return Ok(makes.clone());
        }
        let &Letter { from, to, ref message, origin, .. } = &self.letters[letter as usize];
        let heard = Overheard { at_us: 0, from, to: self.seats[to as usize].party, message: Arc::clone(message) };
        let mut makes = Vec::new();
        for forged in outsider.meddle(&[heard], self.setup) {
            if let Some(read) = self.read(&forged) {
                makes.push(self.letter(forged.from, forged.to, read, origin)?);
            }
        }
        let makes: Box<[u16]> = makes.into();
        self.letters[letter as usize].makes = Some(makes.clone());
        Ok(makes)
    }

    /// What the recipient of an outsider's message reads, if it can read it. The outsider has no key to seal with.
    pub(super) fn read(&self, forged: &Forged) -> Option<Arc<Message>> {
        self.setup.population.index(forged.to)?;
        match &forged.bytes {
            _ if self.setup.mechanisms.has(Mechanism::SealedChannels) => None,
            Some(bytes) => Message::decode(bytes, &*self.setup.crypto).ok().map(Arc::new),
            None => Some(Arc::clone(&forged.message)),
        }
    }

    fn letter(&mut self, from: Party, to: Party, message: Arc<Message>, origin: Handling) -> Result<u16, Full> {
        let seat = self.setup.population.index(to).expect("only letters to parties are kept") as u8;
        if let Some(letter) = self.by_content.get(&(seat, from, Arc::clone(&message))) {
            return Ok(*letter);
        }
        let number = u16::try_from(self.letters.len()).map_err(|_| Full("letters"))?;
        let about = self.purchase(&message.about);
        let stimulus = self.seats[seat as usize].stimulus(Stimulus::Letter(from, Arc::clone(&message)), about)?;
        let order = if carries_order(to, &message) { about } else { None };
        self.by_content.insert((seat, from, Arc::clone(&message)), number);
        self.letters.push(Letter {
            from,
            to: seat,
            stimulus,
            message,
            order,
            place: None,
            garbled: None,
            origin,
            genuine: false,
            makes: None,
        });
        Ok(number)
    }

    /// The letter that somebody takes with an input, if it is one that somebody has sent.
    pub(super) fn letter_taken(&self, seat: u8, from: Party, message: &Arc<Message>) -> Option<u16> {
        self.by_content.get(&(seat, from, Arc::clone(message))).copied()
    }

    /// The number of a purchase that a customer has begun; a garbled name has none.
    pub(super) fn purchase(&self, about: &PurchaseKey) -> Option<u8> {
        self.purchases.iter().position(|known| known == about).map(|known| known as u8)
    }

    /// A customer has begun a purchase.
    fn meet(&mut self, about: PurchaseKey, begun: Handling) {
        if self.purchase(&about).is_none() && self.purchases.len() < PURCHASES_MAX {
            self.purchases.push(about);
            self.begun.push(begun);
        }
    }

    fn local(&mut self, seat: u8, local: Local, origin: Origin) -> Result<u16, Full> {
        if seat == 4 && self.seats[4].locals.len() >= FIFTH_MAX {
            return Err(Full("states of P beside four others"));
        }
        let purchases = &self.purchases;
        let about = |about: &PurchaseKey| purchases.iter().position(|known| known == about).map(|known| known as u8);
        self.seats[seat as usize].local(local, origin, about)
    }

    pub(super) fn crash(&mut self, at: u8, local: u16) -> Result<(u16, u16), Full> {
        let seat = &self.seats[at as usize];
        if let Some(known) = seat.crashed[local as usize] {
            return Ok(known);
        }
        let before = seat.locals.share(local.into());
        let down = self.local(at, before.crashed(false, self.setup), Origin::Crash(local, false))?;
        let gone = self.local(at, before.crashed(true, self.setup), Origin::Crash(local, true))?;
        self.seats[at as usize].crashed[local as usize] = Some((down, gone));
        Ok((down, gone))
    }

    /// A garbled copy that cannot be read is a lost one, which is a weaker fault; of those that can be read in the same way, one is
    /// enough.
    fn garble(&mut self, number: u16) -> Result<(), Full> {
        let Letter { from, to, message, .. } = &self.letters[number as usize];
        let (from, to, message) = (*from, *to, Arc::clone(message));
        let mut garbled: Vec<(u32, u16)> = Vec::new();
        // What is sealed for its recipient cannot be read at all once it has been touched.
        let sealed = self.setup.mechanisms.has(Mechanism::SealedChannels);
        for bit in if sealed { Vec::new() } else { bits(&message) } {
            let mut bytes = message.encode();
            bytes[bit as usize / 8] ^= 1 << (bit % 8);
            let Ok(read) = Message::decode(&bytes, &*self.setup.crypto) else { continue };
            let about = self.purchase(&read.about);
            let stimulus = self.seats[to as usize].stimulus(Stimulus::Letter(from, Arc::new(read)), about)?;
            if garbled.iter().all(|(_, known)| *known != stimulus) {
                garbled.push((bit, stimulus));
            }
        }
        self.letters[number as usize].garbled = Some(garbled.into());
        Ok(())
    }
}
