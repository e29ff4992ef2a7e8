//! Customer, merchant and payment server: what each does with an input, as a list of effects.
//!
//! A role's memory is what it has saved plus what it would lose. `Save` carries the memory from that effect on; where a
//! party keeps no journal, nothing is saved and its memory changes as it takes the input.

use super::{Case, Configuration, readings::*};

/// An encryption key, by the order in which M made them; always 0 in Cases 1 and 3.
pub type Key = u8;

/// Who acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Party {
    /// The customer, C.
    Customer,
    /// The merchant, M.
    Merchant,
    /// The payment server, P.
    Server,
}

/// P's record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// P has no record.
    Unknown,
    /// Paid, with what C signed for and the key that M registered.
    Committed {
        /// The key of the ciphertext whose digest C signed.
        signed: Key,
        /// The key that M submitted.
        key: Key,
    },
    /// Refused for good: the instrument had expired.
    Aborted,
}

impl Status {
    /// What P tells a party of its record: k, or in Case 3 the item, goes to C alone.
    fn told_to(self, party: Party) -> Told {
        match self {
            Self::Unknown => Told::Unknown,
            Self::Committed { key, .. } => Told::Committed(if party == Party::Customer { key } else { 0 }),
            Self::Aborted => Told::Aborted,
        }
    }
}

/// P's word, after a submission or as the answer to a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Told {
    /// P has no record.
    Unknown,
    /// Paid, and the key that P hands out; always 0 to M.
    Committed(Key),
    /// Refused for good.
    Aborted,
}

/// What P keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ledger {
    /// The record, for queries.
    pub record: Status,
    /// P has forgotten that it acted on the TID; see [`readings`](super::readings).
    pub pruned: bool,
}

/// An envelope; its kind says who sends it to whom, except step 6, which M sends in Cases 1 and 2 and P in Case 3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Message {
    /// Step 1, C to M.
    Inquiry,
    /// Step 2, M to C; in Case 2 with the ciphertext under this key.
    Quote(Key),
    /// Step 3, C to M: instrument, and in Case 2 the signed digest of the ciphertext under this key.
    Order(Key),
    /// Step 4, M to P.
    Submit {
        /// The key of the ciphertext whose digest C signed.
        signed: Key,
        /// The key that M registers.
        key: Key,
    },
    /// Step 5, P to M.
    Status(Told),
    /// Step 6 to C: the item, or in Case 2 this key.
    Goods(Key),
    /// Step 6 of Case 1 where there is no item to send: the payment was refused (see `MERCHANT_RELAYS_REFUSAL`).
    Refusal,
    /// C or M asks P.
    Query(Party),
    /// P answers C or M.
    Answer(Party, Told),
}

impl Message {
    /// Who receives it.
    pub fn recipient(self) -> Party {
        match self {
            Self::Quote(_) | Self::Goods(_) | Self::Refusal => Party::Customer,
            Self::Inquiry | Self::Order(_) | Self::Status(_) => Party::Merchant,
            Self::Submit { .. } | Self::Query(_) => Party::Server,
            Self::Answer(party, _) => party,
        }
    }
}

/// What happens to a party, apart from crash and restart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Input {
    /// C's user wants to buy; given once.
    Start,
    /// A message arrives.
    Message(Message),
    /// The retry timer fires.
    Retry,
    /// The query timer fires.
    Query,
}

/// What a handler does, in order; a crash may come between any two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect<Memory> {
    /// To the journal; the memory is this from here on.
    Save(Memory),
    /// To the network.
    Send(Message),
}

/// A handler's effects, and the party's memory when it is through them without a crash.
pub type Reaction<Memory> = (Memory, Vec<Effect<Memory>>);

/// How far C is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Before its start.
    #[default]
    Idle,
    /// Sent step 1; nothing is saved.
    Asking,
    /// Crashed before anything was saved: it knows of no purchase.
    Blank,
    /// Crashed between saving the ciphertext and saving the order.
    Quoted,
    /// Signed the order, in doubt.
    Ordered,
    /// Knows that it was charged.
    Charged,
    /// Rests on "not charged".
    NotCharged,
}

/// C's memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Customer {
    /// How far it is.
    pub stage: Stage,
    /// The key that the ciphertext in hand is under, in Case 2.
    pub sealed: Option<Key>,
    /// The item is in hand.
    pub item: bool,
}

impl Customer {
    /// Has an order out or has seen its outcome.
    pub fn signed(&self) -> bool {
        matches!(self.stage, Stage::Ordered | Stage::Charged | Stage::NotCharged)
    }

    /// A crash: `journal` is whether `customer-journal` is on. Step 1 is not in it.
    pub fn crash(self, journal: bool) -> Self {
        let durable = journal && !matches!(self.stage, Stage::Idle | Stage::Asking);
        if durable { self } else { Self { stage: Stage::Blank, ..Self::default() } }
    }

    /// What C does with an input.
    pub fn react(self, config: &Configuration, input: Input) -> Reaction<Self> {
        use Effect::{Save, Send};
        let journal = config.hardened();
        let digest = self.sealed.unwrap_or(0);
        let rest = |next: Self| (next, if journal && next != self { vec![Save(next)] } else { vec![] });
        let lacks_item = self.stage == Stage::Ordered || (self.stage == Stage::Charged && !self.item);
        match input {
            Input::Start => (Self { stage: Stage::Asking, ..self }, vec![Send(Message::Inquiry)]),
            Input::Retry if self.stage == Stage::Asking => (self, vec![Send(Message::Inquiry)]),
            Input::Retry if lacks_item => (self, vec![Send(Message::Order(digest))]),
            Input::Retry if self.stage == Stage::Quoted && SIGN_AFTER_RESTART => {
                let next = Self { stage: Stage::Ordered, ..self };
                (next, vec![Save(next), Send(Message::Order(digest))])
            }
            Input::Query if self.stage == Stage::Ordered || (lacks_item && config.case != Case::One) => {
                (self, vec![Send(Message::Query(Party::Customer))])
            }
            Input::Message(Message::Quote(key)) if self.stage == Stage::Asking => {
                let sealed = (config.case == Case::Two).then_some(key);
                let next = Self { stage: Stage::Ordered, sealed, item: false };
                let saves = [sealed.map(|_| Self { stage: Stage::Quoted, ..next }), Some(next)];
                let saves = saves.into_iter().flatten().filter(|_| journal).map(Save);
                (next, saves.chain([Send(Message::Order(key))]).collect())
            }
            Input::Message(Message::Goods(key)) if self.listens() && self.sealed.is_none_or(|mine| mine == key) => {
                rest(Self { stage: Stage::Charged, item: true, ..self })
            }
            Input::Message(Message::Answer(_, Told::Committed(key))) if self.listens() => {
                let released = config.case == Case::Three || self.sealed == Some(key);
                rest(Self { stage: Stage::Charged, item: self.item || released, ..self })
            }
            Input::Message(Message::Refusal | Message::Answer(_, Told::Aborted)) if self.stage == Stage::Ordered => {
                rest(Self { stage: Stage::NotCharged, ..self })
            }
            // Without `tombstone`, "unknown" is all that C ever hears of a purchase that P refused or never saw.
            Input::Message(Message::Answer(_, Told::Unknown)) if self.stage == Stage::Ordered && !config.hardened() => {
                rest(Self { stage: Stage::NotCharged, ..self })
            }
            _ => (self, vec![]),
        }
    }

    fn listens(&self) -> bool {
        matches!(self.stage, Stage::Ordered | Stage::Charged) || (self.stage == Stage::NotCharged && LATE_NEWS_REOPENS)
    }
}

/// What M knows of an order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Sale {
    /// No order yet, or forgotten.
    #[default]
    None,
    /// Submitted, in doubt.
    Submitted {
        /// The key of the ciphertext whose digest C signed.
        signed: Key,
    },
    /// P committed.
    Paid,
    /// P refused.
    NotPaid,
}

/// M's memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Merchant {
    /// The last quote, with its key in Case 2.
    pub quote: Option<Key>,
    /// The order under it.
    pub sale: Sale,
    /// In Case 2, the ciphertexts that it can show: the keys that it has made since it last forgot, as bits.
    pub kept: u8,
}

impl Merchant {
    /// A crash: `journal` is whether `merchant-journal` is on; with it everything is saved before it is acted on.
    pub fn crash(self, journal: bool) -> Self {
        if journal { self } else { Self::default() }
    }

    /// What M does with an input; `fresh` is a key never used so far.
    pub fn react(self, config: &Configuration, input: Input, fresh: Key) -> Reaction<Self> {
        let save = |next: Self, message: Option<Message>| {
            let saved = (config.hardened() && next != self).then_some(Effect::Save(next));
            (next, saved.into_iter().chain(message.map(Effect::Send)).collect())
        };
        // Steps 4 and 6 are made of the order and the key that M has under the TID by then.
        let key = self.quote.unwrap_or(0);
        let goods = (config.case != Case::Three).then_some(Message::Goods(key));
        let refusal = (config.case == Case::One && MERCHANT_RELAYS_REFUSAL).then_some(Message::Refusal);
        match (input, self.sale) {
            (Input::Message(Message::Inquiry), _) => {
                // `one-key-per-tid`: a repeated inquiry gets the same key.
                let key = if config.hardened() { self.quote.unwrap_or(fresh) } else { fresh };
                let kept = if config.case == Case::Two { self.kept | 1 << key } else { 0 };
                save(Self { quote: Some(key), kept, ..self }, Some(Message::Quote(key)))
            }
            (Input::Message(Message::Order(signed)), sale) => match (sale, self.quote) {
                (Sale::Paid, _) if config.hardened() || !REPEATED_ORDER_IS_NEW => save(self, goods),
                (Sale::NotPaid, _) if config.hardened() || !REPEATED_ORDER_IS_NEW => save(self, refusal),
                (Sale::Submitted { signed }, _) if config.hardened() => {
                    save(self, Some(Message::Submit { signed, key }))
                }
                // `merchant-checks-seal`
                (_, Some(_)) if config.hardened() && key != signed => save(self, None),
                // In Case 2 there is nothing to submit without a key.
                (_, None) if !SUBMIT_WITHOUT_QUOTE || config.case == Case::Two => save(self, None),
                _ => {
                    let next = Self { sale: Sale::Submitted { signed }, ..self };
                    save(next, Some(Message::Submit { signed, key }))
                }
            },
            (Input::Message(Message::Status(told) | Message::Answer(_, told)), Sale::Submitted { signed }) => {
                match told {
                    Told::Committed(_) => save(Self { sale: Sale::Paid, ..self }, goods),
                    Told::Aborted => save(Self { sale: Sale::NotPaid, ..self }, refusal),
                    Told::Unknown => save(self, RESUBMIT_ON_UNKNOWN.then_some(Message::Submit { signed, key })),
                }
            }
            (Input::Retry, Sale::Submitted { signed }) => save(self, Some(Message::Submit { signed, key })),
            (Input::Query, Sale::Submitted { .. }) => save(self, Some(Message::Query(Party::Merchant))),
            _ => save(self, None),
        }
    }
}

/// P's handler: its ledger is its memory, saved in one atomic write with the transfer; `payment-journal` and
/// `idempotent-submit` are on in both presets.
pub fn serve(ledger: Ledger, config: &Configuration, input: Input, expired: bool) -> Reaction<Ledger> {
    use Message::{Query, Submit};
    let Ledger { record, pruned } = ledger;
    let settled = match (record, input) {
        (Status::Unknown, Input::Message(Submit { .. })) if expired => Status::Aborted,
        (Status::Unknown, Input::Message(Submit { signed, key })) => Status::Committed { signed, key },
        // `tombstone`
        (Status::Unknown, Input::Message(Query(_))) if expired && config.hardened() => Status::Aborted,
        (known, _) => known,
    };
    // Without `dedup-retention`: charged once more, on the record that is there.
    let again = pruned && !expired && matches!(input, Input::Message(Submit { .. }));
    let next = Ledger { record: settled, pruned: pruned && !again };
    let mut effects = Vec::from_iter((next != ledger).then_some(Effect::Save(next)));
    match input {
        Input::Message(Query(party)) => effects.push(Effect::Send(Message::Answer(party, settled.told_to(party)))),
        Input::Message(Submit { .. }) => {
            effects.push(Effect::Send(Message::Status(settled.told_to(Party::Merchant))));
            if let (Case::Three, Status::Committed { key, .. }) = (config.case, settled) {
                effects.push(Effect::Send(Message::Goods(key)));
            }
        }
        _ => {}
    }
    (next, effects)
}
