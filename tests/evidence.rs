//! Evidence and messages that are forged, mixed, truncated, oversized or random: the judge and the roles stand it, and no lie
//! passes where P has a record. What a judge can be talked into by papers that fit is `soundness`'s affair.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use halfpaid::crypto::{Blob, Crypto};
use halfpaid::drive::scripted::run_plan;
use halfpaid::fault::Plan;
use halfpaid::invariant::papers::{on_record, parts};
use halfpaid::judge::{Allegation, Claim, Evidence, judge};
use halfpaid::party::{Party, PurchaseKey, Side};
use halfpaid::protocol::message::Message;
use halfpaid::protocol::part::Part;
use halfpaid::protocol::role::{Clock, Input, Wish};
use halfpaid::protocol::wire::{Reader, Writer};
use halfpaid::world::{Happening, Node, Observer};
use proptest::prelude::*;
use proptest::sample::Index;

use crate::common::Shop;

/// Hears every message and reads every journal.
#[derive(Default)]
struct Ears {
    parts: BTreeSet<Part>,
    messages: Vec<(Party, Arc<Message>)>,
}

impl Observer for Ears {
    fn observe(&mut self, _: u64, happening: &Happening<'_>) {
        match happening {
            Happening::Sent { envelope, message, .. } => {
                self.parts.extend(message.parts.iter().cloned());
                self.messages.push((envelope.to, Arc::clone(message)));
            }
            Happening::Saved { record, .. } => self.parts.extend(record.parts.iter().cloned()),
            _ => {}
        }
    }
}

/// Two purchases that went well, by two customers, and all that was said and written of them.
struct Court {
    shop: Shop,
    about: PurchaseKey,
    item: Blob,
    other: Blob,
    honest: Evidence,
    parts: Vec<Part>,
    messages: Vec<(Party, Arc<Message>)>,
}

impl Court {
    fn of(case: &str, real: bool) -> Court {
        let shop = Shop::hardened(case).with_two_customers();
        let shop = if real { shop.really() } else { shop };
        let mut ears = Ears::default();
        let (finished, _) = run_plan(&shop.job(), &Plan::default(), &mut ears);
        let purchase = finished.checker.facts().purchases.values().find(|p| p.about.customer == 0).expect("a purchase");
        assert!(purchase.committed());
        let (about, item) = (purchase.about, purchase.truth(&shop.setup).expect("an item"));
        let other = shop.setup.other_content(0, 3).expect("content");
        let honest = Evidence {
            customer: parts(&purchase.customer),
            merchant: parts(&purchase.merchant),
            server: on_record(purchase),
        };
        drop(finished);
        Court { about, item, other, honest, parts: ears.parts.into_iter().collect(), messages: ears.messages, shop }
    }

    fn crypto(&self) -> &dyn Crypto {
        &*self.shop.setup.crypto
    }
}

/// Each case under each cryptography, made once.
fn courts() -> &'static [Court] {
    static COURTS: OnceLock<Vec<Court>> = OnceLock::new();
    COURTS.get_or_init(|| {
        let cases = ["case1", "case2", "case3"].into_iter().flat_map(|case| [(case, false), (case, true)]);
        cases.map(|(case, real)| Court::of(case, real)).collect()
    })
}

/// What is done to a paper, or to the bytes of a message.
#[derive(Debug, Clone)]
enum Harm {
    None,
    Flip(Index),
    Cut(Index),
    Lengthen(Vec<u8>),
    Replace(Vec<u8>),
}

fn harm() -> impl Strategy<Value = Harm> {
    prop_oneof![
        2 => Just(Harm::None),
        3 => any::<Index>().prop_map(Harm::Flip),
        1 => any::<Index>().prop_map(Harm::Cut),
        1 => prop::collection::vec(any::<u8>(), 1..64).prop_map(Harm::Lengthen),
        1 => prop::collection::vec(any::<u8>(), 0..300).prop_map(Harm::Replace),
    ]
}

fn harmed(mut bytes: Vec<u8>, harm: &Harm) -> Vec<u8> {
    match harm {
        Harm::None => {}
        Harm::Flip(at) if !bytes.is_empty() => {
            let bit = at.index(bytes.len() * 8);
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
        Harm::Flip(_) => {}
        Harm::Cut(at) => bytes.truncate(at.index(bytes.len() + 1)),
        Harm::Lengthen(more) => bytes.extend_from_slice(more),
        Harm::Replace(other) => bytes.clone_from(other),
    }
    bytes
}

/// A part as it is after something was done to its bytes, if it still is one.
fn touched(part: &Part, harm: &Harm, crypto: &dyn Crypto) -> Option<Part> {
    let mut out = Writer::default();
    part.encode(&mut out);
    Part::decode(&mut Reader::new(&harmed(out.finish(), harm)), crypto).ok()
}

type Papers = Vec<(Index, Harm)>;

fn papers() -> impl Strategy<Value = Papers> {
    prop::collection::vec((any::<Index>(), harm()), 0..40)
}

fn bundle(court: &Court, papers: &Papers) -> Vec<Part> {
    papers.iter().filter_map(|(at, harm)| touched(at.get(&court.parts), harm, court.crypto())).collect()
}

fn claims(court: &Court) -> Vec<(Side, Allegation)> {
    vec![
        (Side::Customer, Allegation::Received(court.item.clone())),
        (Side::Customer, Allegation::Received(court.other.clone())),
        (Side::Customer, Allegation::ReceivedNothing),
        (Side::Customer, Allegation::NotAsDescribed),
        (Side::Customer, Allegation::NotCharged),
        (Side::Merchant, Allegation::Delivered(court.item.clone())),
        (Side::Merchant, Allegation::Delivered(court.other.clone())),
        (Side::Merchant, Allegation::Ordered),
    ]
}

/// What is false of a purchase that went well.
fn is_lie(court: &Court, what: &Allegation) -> bool {
    match what {
        Allegation::Received(content) | Allegation::Delivered(content) => *content == court.other,
        Allegation::ReceivedNothing | Allegation::NotAsDescribed | Allegation::NotCharged => true,
        Allegation::Ordered => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Papers of two purchases, harmed and mixed, on either side and in P's place too: every claim is decided.
    #[test]
    fn no_evidence_brings_the_judge_down(number: Index, customer in papers(), merchant in papers(), server in papers()) {
        let court = number.get(courts());
        let [customer, merchant, server] = [&customer, &merchant, &server].map(|papers| bundle(court, papers));
        let evidence = Evidence { customer, merchant, server };
        for (by, what) in claims(court) {
            let decision = judge(&Claim { about: court.about, by, what }, &evidence, court.crypto());
            prop_assert!(!decision.reasons.is_empty());
        }
    }

    /// Where P's record is what it is, a liar gains nothing by harmed and mixed papers, whatever the other side keeps back.
    #[test]
    fn no_harmed_papers_uphold_a_lie(number: Index, papers in papers(), silent: bool) {
        let court = number.get(courts());
        for (by, what) in claims(court).into_iter().filter(|(_, what)| is_lie(court, what)) {
            let mut evidence = court.honest.clone();
            let (liar, honest) = match by {
                Side::Customer => (&mut evidence.customer, &mut evidence.merchant),
                _ => (&mut evidence.merchant, &mut evidence.customer),
            };
            *liar = bundle(court, &papers);
            if silent {
                honest.clear();
            }
            let decision = judge(&Claim { about: court.about, by, what: what.clone() }, &evidence, court.crypto());
            prop_assert!(!decision.upheld, "{} says {what:?}: {decision:?}", by);
        }
    }

    /// In Cases 2 and 3 an honest party's own papers are enough, whatever the other side hands in beside them.
    #[test]
    fn no_harmed_papers_bring_down_the_truth(number: Index, papers in papers()) {
        let court = &courts()[2 + number.index(courts().len() - 2)];
        for (by, what) in claims(court).into_iter().filter(|(_, what)| !is_lie(court, what)) {
            let mut evidence = court.honest.clone();
            match by {
                Side::Customer => evidence.merchant = bundle(court, &papers),
                _ => evidence.customer = bundle(court, &papers),
            }
            let decision = judge(&Claim { about: court.about, by, what: what.clone() }, &evidence, court.crypto());
            prop_assert!(decision.upheld, "{} says {what:?}: {decision:?}", by);
        }
    }

    /// Genuine messages of two purchases, harmed, in any order, to anybody: what can be read is handled.
    #[test]
    fn no_message_brings_a_role_down(number: Index, sent in prop::collection::vec((any::<Index>(), harm(), any::<u8>()), 1..30)) {
        let court = number.get(courts());
        let setup = &court.shop.setup;
        let mut nodes: Vec<Node> = setup.population.parties().map(|party| Node::new(party, setup)).collect();
        let wish = Wish { merchant: 0, item: 3 };
        let _ = nodes[0].handle(Input::Start(wish), &Clock::at(0), setup);
        for (now_us, (at, harm, to)) in sent.iter().enumerate() {
            let (_, message) = at.get(&court.messages);
            let Ok(message) = Message::decode(&harmed(message.encode(), harm), court.crypto()) else { continue };
            let message = Arc::new(message);
            let all = nodes.len();
            let from = Party::Customer(u32::from(*to));
            let input = Input::Message { from, message: &message };
            let _ = nodes[usize::from(*to) % all].handle(input, &Clock::at(now_us as u64 * 1_000), setup);
        }
    }
}

/// As many papers as nobody reads, and papers as long as nobody writes: the judge takes its time, and is right.
#[test]
fn the_size_of_the_evidence_makes_no_difference() {
    for court in courts().iter().skip(2) {
        let long = court.crypto().read_blob(&vec![7; 8 << 20]);
        let heap: Vec<Part> = std::iter::repeat_n(court.parts.clone(), 20)
            .flatten()
            .chain([Part::Sealed(long.clone()), Part::Item(long.clone())])
            .collect();
        for (by, what) in claims(court) {
            let mut evidence = court.honest.clone();
            let lie = is_lie(court, &what);
            match (by, lie) {
                (Side::Customer, true) | (Side::Merchant, false) => evidence.customer.splice(0..0, heap.clone()),
                _ => evidence.merchant.splice(0..0, heap.clone()),
            };
            let decision = judge(&Claim { about: court.about, by, what: what.clone() }, &evidence, court.crypto());
            assert_eq!(decision.upheld, !lie, "{by} says {:?}", what.words());
        }
    }
}
