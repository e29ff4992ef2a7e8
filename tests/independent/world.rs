//! The network, the faults and the untimed clock: the `stateright::Model`.
//!
//! Any message under way may be delivered next, any timer that is set may fire, the instrument may expire once it is
//! signed, a party that is down may restart: these are the *fair* steps. A fault rides on a step (a send that never
//! arrives or arrives twice, a crash among the step's effects) or is an idle crash; each costs one of the budget, and
//! none is ever forced.
//!
//! # Why retransmission keeps the state space finite
//!
//! The network is a multiset. A send that no fault touches adds a copy only while fewer than `copies` (by default one)
//! identical ones are under way; a `duplicate` always adds its second copy, so a count never exceeds `copies + budget`.
//!
//! *Nothing is invented.* Let a send be absorbed by an identical copy. If a timer caused it, the run is the one in
//! which the timer did not fire, for firing changes nothing but the network. If a message caused it, then the same
//! answer was given before and has not arrived, so the answering party's memory (which the answer is a function of) was
//! the same both times; let the network deliver the extra copy directly after the first one, to the same incarnation of
//! the recipient or to the same one that is down. It then finds what the first copy left, and repeats what the first
//! copy caused, which is again identical to something under way, or sets the very state that the first copy set.
//!
//! *Nothing is lost.* A further copy of a repeated message tells on the outcome only when it arrives later than the
//! first one, after the recipient has changed. Then the sender could as well have sent it later, once the first had
//! arrived: its timer is still set while it is in doubt. What remains are senders that come to know the outcome with
//! two copies under way; what such a leftover can do, one leftover (or one duplicate) does too.
//!
//! Both halves are arguments and no proofs; the first, for one, passes over a drop that strikes the first copy's answer
//! and spares the second's. So the tests also raise `copies`: to two in `hardened` without faults and in `as-written`
//! with one, to three in `as-written` without, and beyond any count in `as-written` Case 1, which has no timers, with
//! two. A hundred times the states and more come to the same end states; `hardened` with a fault is too large to try.
//! Delivery that may leave the message in place, the other usual choice, would be unsound here: it gives away
//! duplicates, and unbounded ones, for nothing, and `as-written` has no dedup to hide them behind.

use super::{
    Case, Configuration,
    network::Network,
    parties::{Customer, Effect, Input, Ledger, Merchant, Message, Party, Reaction, Sale, Stage, Status, serve},
};
use stateright::{Model, Property};

const PARTIES: [Party; 3] = [Party::Customer, Party::Merchant, Party::Server];

/// C's signed instrument.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Instrument {
    /// Not signed yet.
    Unsigned,
    /// P takes it.
    Live,
    /// P refuses it.
    Expired,
}

/// Everything that can make a difference to the rest of a run or to the verdict on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct State {
    /// C's memory.
    pub customer: Customer,
    /// M's memory.
    pub merchant: Merchant,
    /// What P keeps.
    pub ledger: Ledger,
    /// Who has crashed and not restarted, by [`Party`].
    pub down: [bool; 3],
    /// The instrument's life.
    pub instrument: Instrument,
    /// The messages under way.
    pub network: Network,
    /// Keys that M has made.
    pub minted: u8,
    /// Faults that may still strike.
    pub faults: u8,
    /// M has ever sent step 4.
    pub submitted: bool,
    /// Money atomicity has ever been violated.
    pub money_broken: bool,
    /// C has ever held the item with nothing committed.
    pub unpaid_goods: bool,
}

/// What happens next, before a fault is put upon it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A party takes an input; a message leaves the network.
    Take(Party, Input),
    /// The instrument expires.
    Expire,
    /// P forgets that it acted on the TID.
    Prune,
    /// A party comes back.
    Restart(Party),
    /// A party crashes in an idle moment.
    Crash(Party),
}

/// What becomes of a send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// One copy.
    Sent,
    /// None.
    Dropped,
    /// Two.
    Duplicated,
}

/// An event with its faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Action {
    /// What happens.
    pub event: Event,
    /// The party crashes after so many effects.
    pub crash: Option<u8>,
    /// What becomes of the handler's first and second send.
    pub fates: [Fate; 2],
}

impl Action {
    fn fair(event: Event) -> Self {
        Self { event, crash: None, fates: [Fate::Sent; 2] }
    }

    /// How many faults it takes.
    pub fn faults(&self) -> u8 {
        let crashes = self.crash.is_some() || matches!(self.event, Event::Crash(_));
        u8::from(crashes) + self.fates.iter().filter(|&&fate| fate != Fate::Sent).count() as u8
    }
}

/// What a handler's effects come to, whichever party's they are: is each a send?
struct Outline(Vec<bool>);

impl State {
    fn is_down(&self, party: Party) -> bool {
        self.down[party as usize]
    }

    fn timers(&self, config: &Configuration, party: Party) -> Vec<Input> {
        let timers = [(Input::Retry, config.hardened()), (Input::Query, config.queries())];
        timers
            .into_iter()
            .filter(|&(input, on)| on && !self.outline(config, party, input).0.is_empty())
            .map(|t| t.0)
            .collect()
    }

    fn outline(&self, config: &Configuration, party: Party, input: Input) -> Outline {
        fn sends<Memory>((_, effects): Reaction<Memory>) -> Outline {
            Outline(effects.iter().map(|effect| matches!(effect, Effect::Send(_))).collect())
        }
        match party {
            Party::Customer => sends(self.customer.react(config, input)),
            Party::Merchant => sends(self.merchant.react(config, input, self.fresh(config))),
            Party::Server => sends(serve(self.ledger, config, input, self.expired())),
        }
    }

    fn fresh(&self, config: &Configuration) -> u8 {
        if config.case == Case::Two { self.minted } else { 0 }
    }

    fn expired(&self) -> bool {
        self.instrument == Instrument::Expired
    }

    fn send(&mut self, config: &Configuration, message: Message, fate: Fate) {
        let ordinary = u8::from(self.network.count(message) < config.copies);
        self.network.add(
            message,
            match fate {
                Fate::Sent => ordinary,
                Fate::Dropped => 0,
                Fate::Duplicated => ordinary + 1,
            },
        );
    }

    /// Carries out the effects before the crash, if there is one; the memory as the last of them leaves it.
    fn carry_out<Memory: Copy>(
        &mut self,
        config: &Configuration,
        before: Memory,
        (after, effects): Reaction<Memory>,
        action: &Action,
    ) -> Memory {
        let mut memory = before;
        let mut fates = action.fates.iter();
        for effect in effects.iter().take(action.crash.map_or(effects.len(), usize::from)) {
            match *effect {
                Effect::Save(saved) => memory = saved,
                Effect::Send(message) => {
                    self.submitted |= matches!(message, Message::Submit { .. });
                    self.send(config, message, *fates.next().expect("no handler sends more than two messages"));
                }
            }
        }
        if action.crash.is_some() { memory } else { after }
    }

    fn take(&mut self, config: &Configuration, party: Party, input: Input, action: &Action) {
        if let Input::Message(message) = input {
            self.network.remove(message);
        }
        if self.is_down(party) {
            return;
        }
        match party {
            Party::Customer => {
                let reaction = self.customer.react(config, input);
                self.customer = self.carry_out(config, self.customer, reaction, action);
                if self.customer.signed() && self.instrument == Instrument::Unsigned {
                    self.instrument = Instrument::Live;
                }
            }
            Party::Merchant => {
                let reaction = self.merchant.react(config, input, self.fresh(config));
                self.merchant = self.carry_out(config, self.merchant, reaction, action);
                if config.case == Case::Two {
                    self.minted = self.minted.max(self.merchant.quote.map_or(0, |key| key + 1));
                }
            }
            Party::Server => {
                let before = self.ledger;
                let reaction = serve(before, config, input, self.expired());
                self.ledger = self.carry_out(config, before, reaction, action);
                // Once: at most one transfer per TID.
                self.money_broken |= before.pruned && !self.ledger.pruned;
            }
        }
        if action.crash.is_some() {
            self.crash(config, party);
        }
    }

    fn crash(&mut self, config: &Configuration, party: Party) {
        self.down[party as usize] = true;
        match party {
            Party::Customer => self.customer = self.customer.crash(config.hardened()),
            Party::Merchant => self.merchant = self.merchant.crash(config.hardened()),
            Party::Server => {}
        }
    }

    /// P has committed.
    pub fn committed(&self) -> bool {
        matches!(self.ledger.record, Status::Committed { .. })
    }

    /// The key that M registered at P.
    pub fn record_key(&self) -> Option<u8> {
        if let Status::Committed { key, .. } = self.ledger.record { Some(key) } else { None }
    }

    /// A final belief contradicts P's record.
    pub fn belied(&self) -> bool {
        let refused = self.customer.stage == Stage::NotCharged || self.merchant.sale == Sale::NotPaid;
        let paid = matches!(self.merchant.sale, Sale::Paid);
        if self.committed() { refused } else { paid }
    }

    /// P can still commit to what C rests on not having been charged for: nothing is settled, and the order is on its way
    /// to P, or with an M that asks and submits it again, or on its way to an M that will submit it.
    pub fn can_still_commit(&self, config: &Configuration) -> bool {
        let network = self.network;
        let mut under_way = network.distinct();
        let to_be_submitted = |message| match message {
            Message::Submit { .. } => true,
            // In Case 2 there is nothing to submit without a key.
            Message::Order(_) => {
                config.case != Case::Two || self.merchant.quote.is_some() || network.count(Message::Inquiry) > 0
            }
            _ => false,
        };
        self.ledger.record == Status::Unknown
            && self.instrument == Instrument::Live
            && (matches!(self.merchant.sale, Sale::Submitted { .. }) || under_way.any(to_be_submitted))
    }

    fn judge(&mut self, config: &Configuration) {
        let too_soon = self.customer.stage == Stage::NotCharged && self.can_still_commit(config);
        self.money_broken |= self.belied() || too_soon;
        self.unpaid_goods |= self.customer.item && !self.committed();
    }
}

impl Configuration {
    /// Every way in which at most `budget` faults can strike the party that takes an input.
    fn strike(&self, state: &State, party: Party, input: Input, budget: u8, actions: &mut Vec<Action>) {
        let event = Event::Take(party, input);
        let Outline(sends) = if state.is_down(party) { Outline(vec![]) } else { state.outline(self, party, input) };
        let fates = |sent: usize| {
            let mut fates = vec![Fate::Sent];
            if sent > 0 && self.kinds.drop {
                fates.push(Fate::Dropped);
            }
            if sent > 0 && self.kinds.duplicate {
                fates.push(Fate::Duplicated);
            }
            fates
        };
        // A crash after the last effect is an idle crash, and so is one before a timer's first effect.
        let from = usize::from(matches!(input, Input::Retry | Input::Query));
        let cuts = if self.kinds.crash && !state.is_down(party) { from..sends.len().max(1) } else { 0..0 };
        for crash in std::iter::once(None).chain(cuts.map(Some)) {
            let sent = sends[..crash.unwrap_or(sends.len())].iter().filter(|&&send| send).count();
            for first in fates(sent) {
                for second in fates(sent.saturating_sub(1)) {
                    let action = Action { event, crash: crash.map(|cut| cut as u8), fates: [first, second] };
                    if action.faults() <= budget {
                        actions.push(action);
                    }
                }
            }
        }
    }
}

impl Model for Configuration {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State {
            customer: Customer::default(),
            merchant: Merchant::default(),
            ledger: Ledger { record: Status::Unknown, pruned: false },
            down: [false; 3],
            instrument: Instrument::Unsigned,
            network: Network::default(),
            minted: 0,
            faults: self.budget,
            submitted: false,
            money_broken: false,
            unpaid_goods: false,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        let started = state.customer.stage != Stage::Idle;
        if !started {
            self.strike(state, Party::Customer, Input::Start, state.faults, actions);
        }
        for message in state.network.distinct() {
            self.strike(state, message.recipient(), Input::Message(message), state.faults, actions);
        }
        for party in PARTIES {
            if state.is_down(party) {
                actions.push(Action::fair(Event::Restart(party)));
                continue;
            }
            if party != Party::Server {
                for input in state.timers(self, party) {
                    self.strike(state, party, input, state.faults, actions);
                }
            }
            if self.kinds.crash && state.faults > 0 && (started || party != Party::Customer) {
                actions.push(Action::fair(Event::Crash(party)));
            }
        }
        if state.instrument == Instrument::Live {
            actions.push(Action::fair(Event::Expire));
            if !self.hardened() && state.committed() && !state.ledger.pruned && !state.is_down(Party::Server) {
                actions.push(Action::fair(Event::Prune));
            }
        }
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        let mut next = *state;
        next.faults -= action.faults();
        match action.event {
            Event::Take(party, input) => next.take(self, party, input, &action),
            Event::Expire => {
                next.instrument = Instrument::Expired;
                // From now on it makes no difference: an expired instrument moves no money.
                next.ledger.pruned = false;
            }
            Event::Prune => next.ledger.pruned = true,
            Event::Restart(party) => next.down[party as usize] = false,
            Event::Crash(party) => next.crash(self, party),
        }
        next.judge(self);
        Some(next)
    }

    fn format_action(&self, action: &Action) -> String {
        let crash = action.crash.map(|effects| format!(", crash after {effects} effects")).unwrap_or_default();
        let fates: Vec<_> = action.fates.iter().filter(|&&fate| fate != Fate::Sent).collect();
        let fates = if fates.is_empty() { String::new() } else { format!(", sends {:?}", action.fates) };
        format!("{:?}{fates}{crash}", action.event)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("the merchant's half of goods atomicity", |_, state: &State| !state.unpaid_goods),
            Property::always("a merchant that rests on paid was paid", |_, state: &State| {
                state.committed() || !matches!(state.merchant.sale, Sale::Paid)
            }),
            Property::sometimes("committed and delivered", |_, state: &State| state.committed() && state.customer.item),
        ]
    }
}
