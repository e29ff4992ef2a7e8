//! From a state back to the course that leads there: which faults strike, and which events come in which order.
//!
//! A state knows the state before it; the step between them is found by taking all of that state's steps again. Copies that a state
//! takes for granted, since a loop can make as many as one likes, have to be made somewhere: where a course delivers a copy
//! that it has not put under way, the step that makes one is put in, at the latest place where it can be taken. Where parties have
//! stood for each other on the way, all that follows is told under the names that they had before. What comes out names
//! sends and events the way plans do, and can be followed in a world that knows nothing of all this ([`crate::drive::follow`]).

use std::collections::BTreeMap;

use super::form::Near;
use super::local::{Before, Stimulus};
use super::look::{Likeness, Look};
use super::search::{Hit, Search};
use super::seat::{Cut, Move};
use super::state::{FRESH, State};
use super::step::{Step, Steps, Taken, View};
use super::store::Place;
use super::strike::Garbles;
use super::symmetry::{NOBODY, Renaming};
use super::table::Need;
use crate::drive::eavesdropper::Eavesdropper;
use crate::fault::{Course, CrashSite, EventSite, Fault, Plan, SaveSite, SendSite};
use crate::party::{Party, PurchaseKey, Side, Step as Rung};
use crate::protocol::outsider::Forged;
use crate::protocol::record::RecordKind;
use crate::world::Presence;

/// More steps than this are not put in.
const INSERTIONS_MAX: usize = 500;

/// A step and the state that it is taken from.
type Taking<const W: usize> = (State<W>, Step);

impl<const W: usize> Search<'_, W> {
    /// With how many faults a state is first reached.
    pub(super) fn faults_of(&self, place: Place) -> u32 {
        let (shard, index) = (place.shard(), place.index() as u32);
        let layer = self.levels.iter().position(|levels| levels.last().is_some_and(|last| index < last.to[shard]));
        layer.map_or(self.levels.len() as u32, |layer| layer as u32)
    }

    /// Every state on the way to a state, the first one first.
    fn way(&self, place: Place) -> Vec<Place> {
        let mut way = vec![place];
        loop {
            let here = way[way.len() - 1];
            let before = self.parent(here);
            if before == here {
                way.reverse();
                return way;
            }
            way.push(before);
        }
    }

    /// The step that leads from a state to another, and by what that has been renamed.
    pub(super) fn step_between(&self, before: Place, after: Place) -> Option<(Step, Renaming)> {
        let state = self.state(before);
        let wanted = self.state(after);
        let faults = self.faults_of(after);
        let faulty = self.faults_of(before) < faults;
        let view = View::new(&self.tables, &state, self.replays(faults));
        let likeness = Likeness::of(&view);
        let look = *self.looks.find(&likeness)?;
        let broken = state.broken() | self.looks.remembered(look.broken, &self.tables);
        let (search, near) = (self, Near::new());
        let mut finder =
            Finder { search, faulty, faults, wanted, likeness, look, broken, between: 0, near, found: None };
        if faulty {
            view.faulty(self.strikes, &mut Garbles::default(), None, &mut finder);
        } else {
            view.fair(&mut finder);
        }
        finder.found
    }

    /// The states on the way to a state that a fault leads to.
    pub(super) fn struck(&self, place: Place) -> Vec<Place> {
        let way = self.way(place);
        let crossings = way.windows(2).filter(|pair| self.faults_of(pair[0]) < self.faults_of(pair[1]));
        crossings.map(|pair| pair[1]).collect()
    }

    /// The course that leads to a hit, and what names parties have in it that are others in the hit.
    pub(super) fn course(&self, hit: &Hit) -> Option<(Course, Renaming)> {
        let way = self.way(hit.place);
        let mut steps: Vec<Taking<W>> = Vec::with_capacity(way.len());
        // From the names in a state to those at the beginning.
        let mut names = NOBODY;
        let symmetry = &self.tables.symmetry;
        let named = |place: Place, step: Step, names: Renaming| {
            Some((self.tables.rename(names, &self.state(place)), self.tables.rename_step(names, step)?))
        };
        for pair in way.windows(2) {
            let (step, renaming) = self.step_between(pair[0], pair[1])?;
            steps.push(named(pair[0], step, names)?);
            names = symmetry.after(names, symmetry.inverse(renaming));
        }
        if let Some(step) = hit.within {
            steps.push(named(hit.place, step, names)?);
        }
        for _ in 0..INSERTIONS_MAX {
            let mut clerk = Clerk::new(self);
            match steps.iter().enumerate().find_map(|(at, (state, step))| Some((at, clerk.write(state, *step).err()?)))
            {
                None => return Some((clerk.finish(), names)),
                Some((at, Wanting(letter))) => {
                    let (place, maker) = self.maker(&steps[..=at], letter)?;
                    let state = steps[place].0;
                    steps.insert(place, (state, maker));
                }
            }
        }
        None
    }

    /// The latest place at which a step that changes nothing puts a letter under way.
    fn maker(&self, steps: &[Taking<W>], letter: u16) -> Option<(usize, Step)> {
        steps.iter().enumerate().rev().find_map(|(at, (state, _))| {
            let view = View::new(&self.tables, state, false);
            let mut maker = None;
            let mut consider = |seat: u8, taken: Taken, stimulus: u16| {
                let local = state.local(seat);
                let Ok(found) = self.tables.find(seat, local, state.moment(), stimulus) else { return };
                let loops = found.after == local && found.moment(state.moment()) == state.moment();
                if maker.is_none() && loops && found.sends.contains(&letter) {
                    maker = Some((at, Step::Take { seat, taken, repeats: true }));
                }
            };
            for (seat, known) in self.tables.seats.iter().enumerate() {
                let seat = seat as u8;
                if view.presence(seat) == Presence::Up {
                    for &timer in &known.timers[state.local(seat) as usize] {
                        consider(seat, Taken::Timer(timer), timer);
                    }
                }
            }
            view.each_letter(|_, from, code| {
                let super::table::Letter { to, stimulus, .. } = self.tables.letters[from as usize];
                if code >= FRESH && view.presence(to) == Presence::Up {
                    consider(to, Taken::Letter(from), stimulus);
                }
            });
            maker
        })
    }
}

/// Looks for the step that leads to a state.
struct Finder<'s, 'a, const W: usize> {
    search: &'s Search<'a, W>,
    faulty: bool,
    faults: u32,
    wanted: State<W>,
    likeness: Likeness,
    look: Look,
    broken: u8,
    /// What is broken in the middle of the step.
    between: u8,
    near: Near<'s, W>,
    found: Option<(Step, Renaming)>,
}

impl<const W: usize> Steps<W> for Finder<'_, '_, W> {
    fn to(&mut self, step: Step, mut state: State<W>) {
        let between = std::mem::take(&mut self.between);
        if self.found.is_some() {
            return;
        }
        state.break_also(self.broken | between);
        if let Ok(renaming) = self.search.finish(&mut state, self.faulty, self.faults, &mut self.near)
            && state == self.wanted
        {
            self.found = Some((step, renaming));
        }
    }

    fn between(&mut self, _: Step, seat: u8, local: u16) {
        if let Some(look) = self.search.looks.find(&self.likeness.with(seat, local)) {
            self.between |= self.search.looks.remembered(look.broken & !self.look.broken, &self.search.tables);
        }
    }

    fn missed(&mut self, _: Need) {}
}

/// A letter of which no copy is under way.
struct Wanting(u16);

/// A copy of a letter: which send put it under way, and how often that send has arrived.
#[derive(Debug, Clone, Copy)]
struct Copied {
    send: SendSite,
}

/// Writes steps down as a plan and an order of events, counting as a run's labels count.
struct Clerk<'s, 'a, const W: usize> {
    search: &'s Search<'a, W>,
    plan: Vec<Fault>,
    order: Vec<EventSite>,
    purchases: BTreeMap<PurchaseKey, u32>,
    starting: Option<u32>,
    strays: u32,
    sends: BTreeMap<(u32, Rung), u32>,
    saves: BTreeMap<(Party, u32, RecordKind), u32>,
    firings: BTreeMap<(Party, u32, u8), u32>,
    restarts: BTreeMap<Party, u32>,
    arrivals: BTreeMap<SendSite, u32>,
    lapses: u32,
    /// By letter: the copies under way, and every send there has been.
    copies: BTreeMap<u16, Vec<Copied>>,
    carried: BTreeMap<u16, SendSite>,
    /// The last event that each party took.
    last: BTreeMap<Party, EventSite>,
    /// A crash of a party that had taken nothing yet strikes as soon as something reaches it.
    waiting: BTreeMap<Party, bool>,
    outsider: Option<Eavesdropper<'a>>,
}

impl<'s, 'a, const W: usize> Clerk<'s, 'a, W> {
    fn new(search: &'s Search<'a, W>) -> Self {
        Clerk {
            search,
            plan: Vec::new(),
            order: Vec::new(),
            purchases: BTreeMap::new(),
            starting: None,
            strays: search.tables.workload.errands.len() as u32 + 1,
            sends: BTreeMap::new(),
            saves: BTreeMap::new(),
            firings: BTreeMap::new(),
            restarts: BTreeMap::new(),
            arrivals: BTreeMap::new(),
            lapses: 0,
            copies: BTreeMap::new(),
            carried: BTreeMap::new(),
            last: BTreeMap::new(),
            waiting: BTreeMap::new(),
            outsider: Eavesdropper::of(search.tables.setup),
        }
    }

    fn finish(self) -> Course {
        Course { plan: Plan(self.plan), order: Some(self.order) }
    }

    fn purchase(&mut self, about: &PurchaseKey) -> u32 {
        if let Some(number) = self.purchases.get(about) {
            return *number;
        }
        let number = self.starting.take().unwrap_or_else(|| {
            self.strays += 1;
            self.strays - 1
        });
        self.purchases.insert(*about, number);
        number
    }

    fn party(&self, seat: u8) -> Party {
        self.search.tables.seats[seat as usize].party
    }

    /// The name of the event, which is counted, and whether it was the arrival of a copy that is now used up.
    fn event(&mut self, state: &State<W>, seat: u8, taken: Taken) -> Result<EventSite, Wanting> {
        let party = self.party(seat);
        Ok(match taken {
            Taken::Letter(letter) => {
                let copies = self.copies.entry(letter).or_default();
                if copies.is_empty() {
                    return Err(Wanting(letter));
                }
                let Copied { send } = copies.remove(0);
                let nth = self.arrivals.entry(send).or_insert(0);
                *nth += 1;
                EventSite::Arrival { send, nth: *nth }
            }
            Taken::Timer(stimulus) => {
                let seats = &self.search.tables.seats;
                let Stimulus::Timer(timer) = seats[seat as usize].stimuli.get(stimulus.into()) else {
                    unreachable!("the number of a timer")
                };
                let (about, kind) = (timer.about, timer.kind);
                let purchase = self.purchase(&about);
                let nth = self.firings.entry((party, purchase, kind as u8)).or_insert(0);
                *nth += 1;
                EventSite::Timer { party, purchase, kind, nth: *nth }
            }
            Taken::Restart => {
                let nth = self.restarts.entry(party).or_insert(0);
                *nth += 1;
                EventSite::Restart { party, nth: *nth }
            }
            Taken::Start => {
                let purchase = u32::from(state.started()) + 1;
                self.starting = Some(purchase);
                EventSite::Start { purchase }
            }
            Taken::TopUp => EventSite::TopUp,
        })
    }

    fn found(&self, state: &State<W>, seat: u8, taken: Taken) -> Option<&'s Move> {
        let search = self.search;
        let stimulus = View::new(&search.tables, state, false).stimulus(seat, taken)?;
        search.tables.find(seat, state.local(seat), state.moment(), stimulus).ok()
    }

    fn send(&mut self, letter: u16) {
        let super::table::Letter { from, to, message, .. } = &self.search.tables.letters[letter as usize];
        let purchase = self.purchase(&message.about);
        self.put_under_way(purchase, message.step, Some(letter));
        if let Some(outsider) = &mut self.outsider {
            outsider.hear(0, (*from, self.search.tables.seats[*to as usize].party), message);
            outsider.says().iter().for_each(|forged| self.forge(forged));
        }
    }

    /// The outsider sends something.
    fn forge(&mut self, forged: &Forged) {
        let tables = &self.search.tables;
        let Some(seat) = tables.setup.population.index(forged.to) else { return };
        let about = &forged.message.about;
        let purchase = self.purchases.get(about).copied().unwrap_or_else(|| {
            self.strays += 1;
            self.strays - 1
        });
        self.purchases.insert(*about, purchase);
        let read = tables.read(forged);
        let letter = read.and_then(|message| tables.letter_taken(seat as u8, forged.from, &message));
        self.put_under_way(purchase, forged.message.step, letter);
    }

    fn put_under_way(&mut self, purchase: u32, step: Rung, letter: Option<u16>) {
        let nth = self.sends.entry((purchase, step)).or_insert(0);
        *nth += 1;
        let send = SendSite { purchase, step, nth: *nth };
        if let Some(letter) = letter {
            self.copies.entry(letter).or_default().push(Copied { send });
            self.carried.insert(letter, send);
        }
    }

    fn save(&mut self, party: Party, (kind, about): (RecordKind, Option<PurchaseKey>)) -> Option<SaveSite> {
        let purchase = self.purchase(&about?);
        let nth = self.saves.entry((party, purchase, kind)).or_insert(0);
        *nth += 1;
        Some(SaveSite { party, purchase, kind, nth: *nth })
    }

    /// What a party does with an input, up to a cut if there is one.
    fn deeds(&mut self, seat: u8, found: &Move, cut: Option<&Cut>) {
        let party = self.party(seat);
        let (sends, saves) =
            cut.map_or((found.sends.len(), found.saves.len()), |cut| (usize::from(cut.sends), usize::from(cut.saves)));
        for &save in &found.saves[..saves] {
            self.save(party, save);
        }
        found.sends[..sends].iter().for_each(|letter| self.send(*letter));
    }

    fn crash(&mut self, seat: u8, site: CrashSite, forever: bool) {
        let party = self.party(seat);
        if party.side() == Side::Customer {
            self.starting = None;
        }
        self.plan.push(Fault::Crash { party, site, forever });
    }

    fn write(&mut self, state: &State<W>, step: Step) -> Result<(), Wanting> {
        match step {
            Step::Take { seat, taken, .. } => self.take(state, seat, taken)?,
            Step::Lapse => {
                self.lapses += 1;
                self.order.push(EventSite::Expiry { nth: self.lapses });
            }
            Step::Drop(letter) => {
                let copies = self.copies.entry(letter).or_default();
                let Copied { send } = copies.pop().ok_or(Wanting(letter))?;
                self.plan.push(Fault::Drop(send));
            }
            Step::Duplicate(letter) => {
                let copies = self.copies.entry(letter).or_default();
                let copied = *copies.last().ok_or(Wanting(letter))?;
                copies.push(copied);
                self.plan.push(Fault::Duplicate(copied.send));
            }
            Step::Replay(letter) => {
                let send = *self.carried.get(&letter).ok_or(Wanting(letter))?;
                self.copies.entry(letter).or_default().push(Copied { send });
                let after = self.order.last().copied().unwrap_or(EventSite::Start { purchase: 1 });
                self.plan.push(Fault::Replay { send, after });
            }
            Step::Corrupt { letter, bit } => {
                let to = self.search.tables.letters[letter as usize].to;
                let site = self.event(state, to, Taken::Letter(letter))?;
                if let EventSite::Arrival { send, .. } = site {
                    // One send meets one fault: where it was doubled, the other copy is one that is sent again.
                    let before = self.order.last().copied().unwrap_or(EventSite::Start { purchase: 1 });
                    for fault in &mut self.plan {
                        if *fault == Fault::Duplicate(send) {
                            *fault = Fault::Replay { send, after: before };
                        }
                    }
                    self.plan.push(Fault::Corrupt { send, bit });
                }
                self.done(to, site);
                let garbled = self.search.tables.garbled(letter).unwrap_or_default();
                let stimulus = garbled.iter().find(|(known, _)| *known == bit).map(|(_, stimulus)| *stimulus);
                let found = stimulus
                    .and_then(|stimulus| self.search.tables.find(to, state.local(to), state.moment(), stimulus).ok());
                if let Some(found) = found {
                    self.deeds(to, found, None);
                }
            }
            Step::Crash { seat, forever } => match self.last.get(&self.party(seat)).copied() {
                Some(last) => self.crash(seat, CrashSite::After(last), forever),
                None => {
                    self.waiting.insert(self.party(seat), forever);
                }
            },
            Step::CrashTaking { seat, taken, forever } => {
                let site = self.event(state, seat, taken)?;
                self.done(seat, site);
                self.crash(seat, CrashSite::Taking(site), forever);
            }
            Step::CrashWithin { seat, taken, cut, forever } => {
                let site = self.event(state, seat, taken)?;
                self.done(seat, site);
                let Some(found) = self.found(state, seat, taken) else { return Ok(()) };
                let cut = &found.cuts[cut as usize];
                self.deeds(seat, found, Some(cut));
                let at = match cut.before {
                    Before::Send => self.next_send(found.sends[cut.sends as usize]).map(CrashSite::BeforeSend),
                    Before::Save => {
                        let (kind, about) = found.saves[cut.saves as usize];
                        self.next_save(seat, kind, about).map(CrashSite::BeforeSave)
                    }
                };
                self.crash(seat, at.unwrap_or(CrashSite::After(site)), forever);
            }
        }
        Ok(())
    }

    fn next_send(&mut self, letter: u16) -> Option<SendSite> {
        let message = &self.search.tables.letters[letter as usize].message;
        let (about, step) = (message.about, message.step);
        let purchase = self.purchase(&about);
        let before = self.sends.get(&(purchase, step)).copied().unwrap_or(0);
        Some(SendSite { purchase, step, nth: before + 1 })
    }

    fn next_save(&mut self, seat: u8, kind: RecordKind, about: Option<PurchaseKey>) -> Option<SaveSite> {
        let (party, purchase) = (self.party(seat), self.purchase(&about?));
        let before = self.saves.get(&(party, purchase, kind)).copied().unwrap_or(0);
        Some(SaveSite { party, purchase, kind, nth: before + 1 })
    }

    fn done(&mut self, seat: u8, site: EventSite) {
        self.order.push(site);
        self.last.insert(self.party(seat), site);
    }

    fn take(&mut self, state: &State<W>, seat: u8, taken: Taken) -> Result<(), Wanting> {
        let site = self.event(state, seat, taken)?;
        self.order.push(site);
        let party = self.party(seat);
        let presence = self.search.tables.seats[seat as usize].presence[state.local(seat) as usize];
        if presence != Presence::Up && taken != Taken::Restart {
            // It is lost on a party that is not there.
            if let Some(forever) = self.waiting.remove(&party) {
                self.crash(seat, CrashSite::Taking(site), forever);
            }
            return Ok(());
        }
        self.last.insert(party, site);
        if let Some(found) = self.found(state, seat, taken) {
            self.deeds(seat, found, None);
        }
        Ok(())
    }
}
