//! The encoding has one form for every message, and no bytes and no message bring a party down.

use std::sync::Arc;

use halfpaid::crypto::real::Real;
use halfpaid::crypto::streams::Streams;
use halfpaid::crypto::symbolic::Symbolic;
use halfpaid::crypto::{Blob, Crypto, Digest, Key, Signature};
use halfpaid::party::{Party, PurchaseKey, Side, Step, Tid};
use halfpaid::protocol;
use halfpaid::protocol::mechanism::Preset;
use halfpaid::protocol::message::Message;
use halfpaid::protocol::order::{Description, Instrument, Order, Status, Transfer, signed_again};
use halfpaid::protocol::part::{Part, Parts};
use halfpaid::protocol::record::Record;
use halfpaid::protocol::role::{Clock, Context, Effect, Input, Role, Timer, TimerKind, Wish, Work};
use halfpaid::protocol::setup::Setup;
use proptest::prelude::*;
use proptest::sample::{Index, select, subsequence};

fn symbolic() -> Symbolic {
    Symbolic::new(Streams::new(0))
}

fn digest() -> impl Strategy<Value = Digest> {
    any::<[u8; 32]>().prop_map(Digest)
}

fn signature() -> impl Strategy<Value = Signature> {
    any::<[u8; 64]>().prop_map(Signature)
}

fn tid() -> impl Strategy<Value = Tid> {
    any::<[u8; 16]>().prop_map(Tid)
}

/// Numbers with their extremes well in sight.
fn cents() -> impl Strategy<Value = i64> {
    prop_oneof![any::<i64>(), select(vec![i64::MIN, -1, 0, 1, i64::MAX]), 1_i64..5_000]
}

fn moment() -> impl Strategy<Value = u64> {
    prop_oneof![any::<u64>(), select(vec![0, 1, u64::MAX]), 0_u64..30_000_000]
}

fn number() -> impl Strategy<Value = u32> {
    prop_oneof![any::<u32>(), 0_u32..3, Just(u32::MAX)]
}

fn party() -> impl Strategy<Value = Party> {
    prop_oneof![number().prop_map(Party::Customer), number().prop_map(Party::Merchant), Just(Party::Server)]
}

fn purchase() -> impl Strategy<Value = PurchaseKey> {
    (number(), number(), tid()).prop_map(|(customer, merchant, tid)| PurchaseKey { customer, merchant, tid })
}

/// A blob as symbolic cryptography reads it from the wire.
fn blob() -> impl Strategy<Value = Blob> {
    prop_oneof![
        (any::<[u8; 16]>(), any::<[u8; 16]>(), 32_u32..3_000).prop_map(|(name, seal, len)| Blob::Term {
            name,
            seal,
            len
        }),
        (any::<[u8; 16]>(), 32_u32..3_000).prop_map(|(name, len)| Blob::Term { name, seal: [0; 16], len }),
        prop::collection::vec(any::<u8>(), 0..32).prop_map(|bytes| Blob::Bytes(bytes.into())),
    ]
}

fn description() -> impl Strategy<Value = Description> {
    (number(), prop::option::of(digest())).prop_map(|(item, digest)| Description { item, digest })
}

fn order() -> impl Strategy<Value = Order> {
    let digests = || prop::option::of(digest());
    (purchase(), cents(), description(), digests(), digests(), moment()).prop_map(
        |(about, price_cents, description, sealed, key, expires_us)| Order {
            about,
            price_cents,
            description,
            sealed,
            key,
            expires_us,
        },
    )
}

fn instrument() -> impl Strategy<Value = Instrument> {
    (order(), signature(), prop::option::of(signature())).prop_map(|(order, signature, acknowledgement)| Instrument {
        order,
        signature,
        acknowledgement,
    })
}

fn status() -> impl Strategy<Value = Status> {
    select(vec![Status::Unknown, Status::Committed, Status::Declined, Status::Aborted])
}

fn transfer() -> impl Strategy<Value = Transfer> {
    (party(), cents(), party(), cents()).prop_map(|(payer, debit_cents, payee, credit_cents)| Transfer {
        payer,
        debit_cents,
        payee,
        credit_cents,
    })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (1_u8..=6).prop_map(Step::Numbered),
        1 => (7_u8..=99).prop_map(Step::Numbered),
        2 => select(vec![Side::Customer, Side::Merchant]).prop_map(Step::Query),
        2 => select(vec![Side::Customer, Side::Merchant]).prop_map(Step::Answer),
    ]
}

/// A part of each kind.
fn one_of_each() -> impl Strategy<Value = Vec<Part>> {
    let plain = (description(), cents(), blob(), digest(), instrument(), signature(), any::<[u8; 32]>());
    let more = (blob(), status(), digest(), signature(), signature(), transfer(), cents());
    (plain, more).prop_map(|((d, price, sealed, kd, i, c, key), (item, status, gd, receipt, request, t, up))| {
        vec![
            Part::Description(d),
            Part::Price(price),
            Part::Sealed(sealed),
            Part::KeyDigest(kd),
            Part::Instrument(Arc::new(i)),
            Part::Countersignature(c),
            Part::Key(Key(key)),
            Part::Item(item),
            Part::Status(status),
            Part::GoodsDigest(gd),
            Part::Receipt(receipt),
            Part::Request(request),
            Part::Transfer(t),
            Part::TopUp(up),
        ]
    })
}

/// Any parts, each kind at most once, in any order.
fn parts() -> impl Strategy<Value = Vec<Part>> {
    one_of_each().prop_flat_map(|all| subsequence(all, 0..=14).prop_shuffle())
}

fn message() -> impl Strategy<Value = Message> {
    (purchase(), step(), parts()).prop_map(|(about, step, parts)| Message::new(about, step, parts))
}

/// What may happen to bytes on their way.
fn mutated(bytes: &[u8], kind: u8, at: Index, bit: u8, more: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    match kind {
        0 => {
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << (bit % 8);
        }
        1 => bytes.truncate(at.index(bytes.len())),
        2 => bytes.extend_from_slice(more),
        3 => {
            let at = at.index(bytes.len());
            bytes.splice(at..at, more.iter().copied());
        }
        _ => {
            // Lengths and codes that promise more than there is.
            let at = at.index(bytes.len());
            bytes[at..].iter_mut().take(4).for_each(|byte| *byte = 0xff);
        }
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_message_encodes_and_decodes_to_itself(message in message()) {
        let bytes = message.encode();
        prop_assert_eq!(bytes.len(), message.encoded_len());
        let decoded = Message::decode(&bytes, &symbolic());
        prop_assert_eq!(decoded.as_ref(), Ok(&message));
        prop_assert_eq!(decoded.map(|message| message.encode()), Ok(bytes));
    }

    #[test]
    fn a_message_of_real_bytes_encodes_and_decodes_to_itself(
        about in purchase(),
        step in step(),
        sealed: Vec<u8>,
        item: Vec<u8>,
        key: [u8; 32],
    ) {
        let parts = vec![Part::Item(Blob::Bytes(item.into())), Part::Key(Key(key)), Part::Sealed(Blob::Bytes(sealed.into()))];
        let message = Message::new(about, step, parts);
        let bytes = message.encode();
        prop_assert_eq!(bytes.len(), message.encoded_len());
        prop_assert_eq!(Message::decode(&bytes, &Real::new(Streams::new(0), 1, 1)), Ok(message));
    }

    #[test]
    fn the_spans_of_a_message_are_where_its_values_stand(message in message()) {
        let bytes = message.encode();
        let spans: Vec<_> = message.spans().collect();
        prop_assert_eq!(spans.len(), message.parts.len());
        // Each value is preceded by its code and its length, and values follow each other without a gap.
        let mut end = 26;
        for ((part, span), own) in spans.iter().zip(&message.parts) {
            prop_assert_eq!(*part, own);
            prop_assert_eq!(span.start, end + 5);
            prop_assert_eq!(bytes[end], part.code());
            prop_assert_eq!(bytes[end + 1..span.start].to_vec(), (span.len() as u32).to_le_bytes().to_vec());
            let alone = Message::new(message.about, message.step, vec![(*part).clone()]).encode();
            prop_assert_eq!(&bytes[span.clone()], &alone[31..]);
            end = span.end;
        }
        prop_assert_eq!(end, bytes.len());
    }

    #[test]
    fn arbitrary_bytes_are_decoded_or_refused(bytes: Vec<u8>, step in 1_u8..7, count in 0_u8..20) {
        let _ = Message::decode(&bytes, &symbolic());
        // The same with a header that gets past the first checks.
        let mut headed = vec![0; 24];
        headed.extend([step, count]);
        headed.extend(&bytes);
        let _ = Message::decode(&headed, &symbolic());
    }

    #[test]
    fn mutated_bytes_are_refused_or_are_another_message_with_one_encoding(
        message in message(),
        changes in prop::collection::vec((0_u8..5, any::<Index>(), any::<u8>(), prop::collection::vec(any::<u8>(), 1..40)), 1..4),
    ) {
        let mut bytes = message.encode();
        for (kind, at, bit, more) in changes {
            if !bytes.is_empty() {
                bytes = mutated(&bytes, kind, at, bit, &more);
            }
        }
        for crypto in [&symbolic() as &dyn Crypto, &Real::new(Streams::new(0), 1, 1)] {
            if let Ok(decoded) = Message::decode(&bytes, crypto) {
                prop_assert_eq!(decoded.encoded_len(), bytes.len());
                // Under real cryptography a blob is its bytes, so nothing is lost on the way.
                if crypto.name() == "real" {
                    prop_assert_eq!(decoded.encode(), bytes.clone());
                }
            }
        }
    }

    #[test]
    fn a_message_cut_short_or_continued_is_no_message(message in message(), at: Index, more in prop::collection::vec(any::<u8>(), 1..9)) {
        let bytes = message.encode();
        prop_assert!(Message::decode(&bytes[..at.index(bytes.len())], &symbolic()).is_err());
        prop_assert!(Message::decode(&[bytes, more].concat(), &symbolic()).is_err());
    }

    #[test]
    fn different_statements_never_encode_alike(one in order(), field in 0_usize..7, other in order(), goods in prop::option::of(digest())) {
        // An order that differs in one field only, or in none if the draws happen to agree.
        let mut near = one;
        match field {
            0 => near.about = other.about,
            1 => near.price_cents = other.price_cents,
            2 => near.description.item = other.description.item,
            3 => near.description.digest = other.description.digest,
            4 => near.sealed = other.sealed,
            5 => near.key = other.key,
            _ => near.expires_us = other.expires_us,
        }
        // The digests of one kind are none of another.
        let swapped = Order { sealed: one.key, key: one.sealed, ..one };
        let orders = [one, near, other, swapped];
        let statuses = [Status::Unknown, Status::Committed, Status::Declined, Status::Aborted];
        let mut statements: Vec<(String, Vec<u8>)> = Vec::new();
        for order in orders {
            statements.push((format!("bound {order:?}"), order.bound().finish()));
            let unbound = Order { sealed: None, key: None, ..order };
            statements.push((format!("unbound {unbound:?}"), order.unbound().finish()));
            statements.push((format!("acknowledgement {:?} {:?}", order.sealed, order.key), order.acknowledgement().finish()));
            for goods in [None, goods, order.sealed] {
                statements.push((format!("countersigned {order:?} {goods:?}"), order.countersigned(goods.as_ref()).finish()));
                for status in statuses {
                    let name = format!("receipt {order:?} {status:?} {goods:?}");
                    statements.push((name, order.receipt(status, goods.as_ref()).finish()));
                }
            }
        }
        for (i, (name, bytes)) in statements.iter().enumerate() {
            for (other_name, other_bytes) in &statements[i + 1..] {
                // Debug texts cut digests; where they agree the values may still differ, and then so must the bytes.
                if name != other_name {
                    prop_assert_ne!(bytes, other_bytes, "{} and {}", name, other_name);
                }
            }
        }
        for (a, b) in [(one, near), (one, other), (one, swapped)] {
            prop_assert_eq!(a == b, a.bound().finish() == b.bound().finish());
            prop_assert_eq!(a == b, a.receipt(Status::Committed, None).finish() == b.receipt(Status::Committed, None).finish());
        }
    }
}

/// Something that a role may be put through.
#[derive(Debug, Clone)]
enum Deed {
    Start(u32),
    /// What somebody sent reaches a party, the right one or not.
    Pass(Index, Option<Index>),
    /// The same, but some of its parts are others.
    Twist(Index, Vec<Part>, Vec<u8>),
    /// A message from nowhere, about a known purchase or not.
    MakeUp(Index, Option<Index>, Message),
    /// An order with strange values, signed by those who may sign it.
    Sign(Index, Order, Index, bool),
    Timer(Index, Index, TimerKind),
    Crash(Index),
    TopUp(i64),
    Wait(u64),
}

fn deed() -> impl Strategy<Value = Deed> {
    let kind = || select(TimerKind::ALL.to_vec());
    prop_oneof![
        2 => number().prop_map(Deed::Start),
        8 => any::<Index>().prop_map(|at| Deed::Pass(at, None)),
        2 => (any::<Index>(), any::<Index>()).prop_map(|(at, to)| Deed::Pass(at, Some(to))),
        3 => (any::<Index>(), parts(), prop::collection::vec(1_u8..15, 0..2)).prop_map(|(at, parts, less)| Deed::Twist(at, parts.into_iter().take(2).collect(), less)),
        2 => (any::<Index>(), prop::option::of(any::<Index>()), message()).prop_map(|(to, about, m)| Deed::MakeUp(to, about, m)),
        3 => (any::<Index>(), order(), any::<Index>(), any::<bool>()).prop_map(|(about, order, to, keep)| Deed::Sign(about, order, to, keep)),
        4 => (any::<Index>(), any::<Index>(), kind()).prop_map(|(who, about, kind)| Deed::Timer(who, about, kind)),
        2 => any::<Index>().prop_map(Deed::Crash),
        1 => (0_i64..1_000_000).prop_map(Deed::TopUp),
        2 => (0_u64..20_000_000).prop_map(Deed::Wait),
    ]
}

const PARTIES: [Party; 3] = [Party::Customer(0), Party::Merchant(0), Party::Server];

/// Three roles, what they have said and saved, and nobody who keeps order.
struct Bedlam<'a> {
    setup: &'a Setup,
    roles: Vec<Box<dyn Role>>,
    journals: Vec<Vec<Arc<Record>>>,
    draws: Vec<u64>,
    now_us: u64,
    said: Vec<(Party, Party, Arc<Message>)>,
    abouts: Vec<PurchaseKey>,
}

impl<'a> Bedlam<'a> {
    fn new(setup: &'a Setup) -> Self {
        let roles = PARTIES.iter().map(|party| setup.protocol.role(*party, setup, &mut std::iter::empty())).collect();
        let mut bedlam = Bedlam {
            setup,
            roles,
            journals: vec![Vec::new(); 3],
            draws: vec![0; 3],
            now_us: 0,
            said: Vec::new(),
            abouts: vec![PurchaseKey { customer: 0, merchant: 0, tid: Tid([7; 16]) }],
        };
        bedlam.hand(0, Input::Start(Wish { merchant: 0, item: 3 }));
        bedlam
    }

    fn hand(&mut self, who: usize, input: Input<'_>) {
        let mut effects = Vec::new();
        let copy = self.roles[who].clone_role();
        let before = self.draws[who];
        let (setup, clock, work) = (self.setup, &Clock::at(self.now_us), &mut Work::default());
        self.roles[who].handle(input, &mut context(setup, who, clock, &mut effects, &mut self.draws[who], work));
        // The same input gives the same effects and the same state.
        let (mut copy, mut again, mut draws) = (copy, Vec::new(), before);
        copy.handle(input, &mut context(setup, who, clock, &mut again, &mut draws, work));
        assert_eq!(effects, again);
        assert!(copy.same_role(&*self.roles[who]) && draws == self.draws[who]);
        for effect in effects {
            match effect {
                Effect::Save { record, durable } => {
                    if durable {
                        self.journals[who].push(record);
                    }
                }
                Effect::Send { to, message } => {
                    // Whatever a role says can be said on the wire.
                    assert_eq!(Message::decode(&message.encode(), &*self.setup.crypto).as_ref(), Ok(&*message));
                    if !self.abouts.contains(&message.about) {
                        self.abouts.push(message.about);
                    }
                    self.said.push((PARTIES[who], to, message));
                }
                Effect::SetTimer { .. } | Effect::CancelTimer(_) | Effect::Believe { .. } => {}
            }
        }
    }

    fn tell(&mut self, who: usize, from: Party, message: Message) {
        self.hand(who, Input::Message { from, message: &Arc::new(message) });
    }

    fn about(&self, at: Index) -> PurchaseKey {
        self.abouts[at.index(self.abouts.len())]
    }

    fn place(party: Party) -> usize {
        PARTIES.iter().position(|known| *known == party).unwrap_or(2)
    }

    fn does(&mut self, deed: Deed) {
        match deed {
            Deed::Start(item) => self.hand(0, Input::Start(Wish { merchant: 0, item: item % 12 })),
            Deed::Pass(at, to) => {
                // What was said last is what matters most.
                let recent = self.said.len().min(6);
                let Some((from, meant, message)) =
                    self.said.get(self.said.len() - 1 - at.index(recent.max(1))).cloned()
                else {
                    return;
                };
                let to = to.map_or(Self::place(meant), |to| to.index(3));
                self.hand(to, Input::Message { from, message: &message });
            }
            Deed::Twist(at, others, less) => {
                let (from, to, message) = self.said[at.index(self.said.len())].clone();
                let mut parts: Vec<Part> = message.parts.clone();
                parts.retain(|part| !less.contains(&part.code()) && others.iter().all(|o| o.code() != part.code()));
                parts.extend(others);
                self.tell(Self::place(to), from, Message::new(message.about, message.step, parts));
            }
            Deed::MakeUp(to, about, message) => {
                let about = about.map_or(message.about, |about| self.about(about));
                let from = PARTIES[to.index(7) % 3];
                self.tell(to.index(3), from, Message { about, ..message });
            }
            Deed::Sign(about, order, to, keep) => self.signed(about, order, to, keep),
            Deed::Timer(who, about, kind) => {
                let about = self.about(about);
                self.hand(who.index(3), Input::Timeout(Timer { about, kind }));
            }
            Deed::Crash(who) => {
                let who = who.index(3);
                let mut journal = self.journals[who].iter().map(|record| &**record);
                self.roles[who] = self.setup.protocol.role(PARTIES[who], self.setup, &mut journal);
                self.hand(who, Input::Restart);
            }
            Deed::TopUp(cents) => self.hand(2, Input::TopUp(cents)),
            Deed::Wait(us) => self.now_us += us,
        }
    }

    /// C and M break the protocol together: what they sign is theirs, and means what it likes.
    fn signed(&mut self, about: Index, order: Order, to: Index, keep: bool) {
        let about = self.about(about);
        let known = self.said.iter().rev().find(|(_, _, message)| message.about == about);
        let key = known.and_then(|(_, _, message)| message.key().copied()).unwrap_or(Key([9; 32]));
        let crypto = &*self.setup.crypto;
        let offer = self.setup.offer(0, order.description.item % 10).map(|offer| offer.item.clone());
        let mut order = Order { about, ..order };
        if keep {
            let item = order.description.item % 10;
            order.description = self.setup.description(0, item).unwrap_or(order.description);
            order.key = Some(crypto.digest_key(&key));
        }
        let instrument = if self.now_us.is_multiple_of(2) {
            Instrument {
                order,
                signature: crypto.sign(about.customer(), order.bound().as_slice()),
                acknowledgement: None,
            }
        } else {
            let signature = crypto.sign(about.customer(), order.unbound().as_slice());
            let acknowledgement = Some(crypto.sign(about.customer(), order.acknowledgement().as_slice()));
            Instrument { order, signature, acknowledgement }
        };
        let goods = [Some(crypto.digest_key(&key)), offer.as_ref().map(|item| crypto.digest_blob(item)), None];
        let again = signed_again(instrument.acknowledgement.as_ref().unwrap_or(&instrument.signature));
        let mut countersignatures: Vec<Signature> = goods
            .iter()
            .map(|goods| crypto.sign(about.merchant(), order.countersigned(goods.as_ref()).as_slice()))
            .collect();
        countersignatures.push(crypto.sign(about.merchant(), again.as_slice()));
        let instrument = Part::Instrument(Arc::new(instrument));
        if to.index(3) == 0 {
            self.tell(1, about.customer(), Message::new(about, Step::Numbered(3), vec![instrument]));
            return;
        }
        for countersignature in countersignatures {
            let mut parts = vec![
                Part::Price(order.price_cents),
                instrument.clone(),
                Part::Countersignature(countersignature),
                Part::Key(key),
            ];
            parts.extend(offer.clone().map(Part::Item));
            self.tell(2, about.merchant(), Message::new(about, Step::Numbered(4), parts));
        }
    }
}

fn context<'a>(
    setup: &'a Setup,
    who: usize,
    clock: &'a Clock,
    effects: &'a mut Vec<Effect>,
    draws: &'a mut u64,
    work: &'a mut Work,
) -> Context<'a> {
    Context { me: PARTIES[who], clock, setup, effects, draws, work }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_message_timer_or_restart_in_any_order_brings_a_role_down(deeds in prop::collection::vec(deed(), 1..60)) {
        for name in protocol::NAMES {
            for preset in [Preset::Hardened, Preset::AsWritten] {
                let shop = crate::common::Shop::of(protocol::by_name(name).expect("a protocol"), preset);
                let mut bedlam = Bedlam::new(&shop.setup);
                for deed in deeds.clone() {
                    bedlam.does(deed);
                }
            }
        }
    }
}
