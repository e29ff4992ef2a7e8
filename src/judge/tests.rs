//! The judge goes by what is handed in: take it away or touch it, and the decision falls; forge it, and nothing is gained.

use std::sync::Arc;

use super::*;
use crate::crypto::streams::Streams;
use crate::crypto::symbolic::Symbolic;
use crate::crypto::{Key, Signature};
use crate::drive::{self, Fair, Finished, Job, Latency};
use crate::invariant::facts::PurchaseFacts;
use crate::protocol;
use crate::protocol::mechanism::{Mechanism, MechanismSet};
use crate::protocol::order::Order;
use crate::protocol::party::Tid;
use crate::protocol::role::Wish;
use crate::protocol::setup::{Catalogue, Population, Setup, Timing};
use crate::world::{Errand, Workload};

use Allegation::{Delivered, NotAsDescribed, NotCharged, Ordered, Received, ReceivedNothing};

/// A purchase that went well, and everything that anybody could hand in.
struct Court {
    setup: Setup,
    about: PurchaseKey,
    item: Blob,
    all: Evidence,
}

fn setup(name: &str, without: &[Mechanism]) -> Setup {
    let streams = Streams::new(0);
    let mechanisms = without.iter().fold(MechanismSet::all(), |set, mechanism| set.without(*mechanism));
    Setup {
        protocol: protocol::by_name(name).unwrap(),
        mechanisms,
        alone: None,
        timing: Timing {
            retry_after_us: 200_000,
            retry_backoff_permille: 2_000,
            query_after_us: 1_000_000,
            restart_after_us: 500_000,
            instrument_lifetime_us: 10_000_000,
            dedup_retention_us: 60_000_000,
            gives_up_on_unknown: true,
        },
        population: Population { customers: 2, merchants: 2, opening_balance_cents: 100_000 },
        catalogue: Catalogue::new(2, 10, (50, 2_000), (512, 4_096)),
        crypto: Arc::new(Symbolic::new(streams)),
        streams,
        customer_deviation: None,
        merchant_deviation: None,
        outsider: None,
    }
}

/// What the parties of a purchase have in their journals.
fn journals(purchase: &PurchaseFacts) -> Evidence {
    let [customer, merchant, server] = [&purchase.customer, &purchase.merchant, &purchase.server]
        .map(|journal| journal.iter().flat_map(|(record, _)| record.parts.iter().cloned()).collect());
    Evidence { customer, merchant, server }
}

impl Court {
    /// The first of two purchases of different items by different customers, and the evidence of the second.
    fn of_two(name: &str, without: &[Mechanism]) -> (Court, Court) {
        let setup = || setup(name, without);
        let errand = |n: u32| Errand { customer: n, wish: Wish { merchant: n, item: 3 + n }, at_us: u64::from(n) };
        let workload = Workload { errands: vec![errand(0), errand(1)], ..Workload::default() };
        let stage = setup();
        let latency = Latency { min_us: 1_000, max_us: 20_000 };
        let job = Job { setup: &stage, workload: &workload, latency };
        let finished: Finished<'_> = drive::run(&job, &mut Fair, &mut ());
        let court = |n: u32| {
            let mut purchases = finished.checker.facts().purchases.values();
            let purchase = purchases.find(|purchase| purchase.about.customer == n).unwrap();
            assert!(purchase.committed());
            let item = stage.offer(n, 3 + n).unwrap().item.clone();
            Court { setup: setup(), about: purchase.about, item, all: journals(purchase) }
        };
        (court(0), court(1))
    }

    fn of(name: &str, without: &[Mechanism]) -> Court {
        Court::of_two(name, without).0
    }

    fn crypto(&self) -> &dyn Crypto {
        &*self.setup.crypto
    }

    fn decide(&self, by: Side, what: Allegation, evidence: &Evidence) -> Decision {
        judge(&Claim { about: self.about, by, what }, evidence, self.crypto())
    }

    /// A claim that is upheld on all the evidence, and what the judge finds once some of it is touched. It must fall.
    fn falls(&self, by: Side, what: &Allegation, touch: impl FnOnce(&mut Evidence)) -> Vec<(Check, Finding)> {
        assert!(self.decide(by, what.clone(), &self.all).upheld, "{what:?} is not upheld to begin with");
        let mut evidence = self.all.clone();
        touch(&mut evidence);
        assert_ne!(evidence, self.all, "nothing was touched");
        let decision = self.decide(by, what.clone(), &evidence);
        assert!(!decision.upheld, "{what:?} stands on {:?}", decision.reasons);
        decision.reasons
    }

    fn order_of_c(&self) -> Order {
        self.all.customer.instrument().unwrap().order
    }

    fn order(&self) -> Order {
        self.all.server.instrument().unwrap().order
    }

    /// Another content, as a liar would have it.
    fn other(&self) -> Blob {
        self.setup.other_content(self.about.merchant, 3).unwrap()
    }

    fn signed(&self, order: Order) -> Part {
        self.signed_by(self.about.customer(), order)
    }

    fn signed_by(&self, signer: Party, order: Order) -> Part {
        let signature = self.crypto().sign(signer, order.bound().as_slice());
        Part::Instrument(Arc::new(Instrument { order, signature, acknowledgement: None }))
    }

    fn receipt_by(&self, signer: Party, order: &Order, status: Status, goods: Option<&Digest>) -> Part {
        Part::Receipt(self.crypto().sign(signer, order.receipt(status, goods).as_slice()))
    }

    /// Case 2 with a merchant that sealed something else, or under another key than it submitted: every signature is right.
    fn cheated(mut self, sealed: &Blob, committed_to: Option<&Key>, submitted: &Key) -> Court {
        let crypto = Arc::clone(&self.setup.crypto);
        let order = Order {
            sealed: Some(crypto.digest_blob(sealed)),
            key: committed_to.map(|key| crypto.digest_key(key)),
            ..self.order()
        };
        let statement = order.countersigned(Some(&crypto.digest_key(submitted)));
        let countersignature = Part::Countersignature(crypto.sign(self.about.merchant(), statement.as_slice()));
        let instrument = self.signed(order);
        self.all = Evidence {
            customer: vec![Part::Sealed(sealed.clone()), instrument.clone()],
            merchant: vec![Part::Sealed(sealed.clone()), instrument.clone()],
            server: vec![instrument, countersignature, Part::Key(*submitted), Part::Status(Status::Committed)],
        };
        self
    }
}

/// Every party's parts.
fn each(evidence: &mut Evidence) -> [&mut Vec<Part>; 3] {
    [&mut evidence.customer, &mut evidence.merchant, &mut evidence.server]
}

/// Takes every part of a kind away.
fn without(evidence: &mut Evidence, kind: fn(&Part) -> bool) {
    for parts in each(evidence) {
        parts.retain(|part| !kind(part));
    }
}

/// Puts a part in place of all of its kind.
fn instead(evidence: &mut Evidence, part: &Part) {
    for own in each(evidence).into_iter().flatten().filter(|own| own.code() == part.code()) {
        *own = part.clone();
    }
}

fn flipped(signature: &Signature) -> Signature {
    let mut signature = *signature;
    signature.0[3] ^= 4;
    signature
}

/// Both sides' true claims of what changed hands.
fn true_claims(court: &Court) -> [(Side, Allegation); 2] {
    [(Side::Customer, Received(court.item.clone())), (Side::Merchant, Delivered(court.item.clone()))]
}

fn is_instrument(part: &Part) -> bool {
    matches!(part, Part::Instrument(_))
}

fn is_status(part: &Part) -> bool {
    matches!(part, Part::Status(_))
}

use Finding::{Failed, Missing, Passed};

#[test]
fn a_purchase_that_was_not_committed_upholds_nothing_but_that() {
    for name in ["case2", "case3"] {
        let court = Court::of(name, &[]);
        for (by, what) in true_claims(&court).into_iter().chain([(Side::Merchant, Ordered)]) {
            for status in [Status::Unknown, Status::Declined, Status::Aborted] {
                let status = Part::Status(status);
                let reasons = court.falls(by, &what, |evidence| instead(evidence, &status));
                assert_eq!(reasons, [(Check::Committed, Failed)]);
            }
            let none = |evidence: &mut Evidence| {
                without(evidence, |part| is_status(part) || matches!(part, Part::Receipt(_)));
            };
            assert_eq!(court.falls(by, &what, none), [(Check::Committed, Missing), (Check::Receipt, Missing)]);
        }
        assert!(!court.decide(Side::Customer, NotCharged, &court.all).upheld, "C was charged");
        let mut declined = court.all.clone();
        instead(&mut declined, &Part::Status(Status::Declined));
        assert!(court.decide(Side::Customer, NotCharged, &declined).upheld);
        assert!(court.decide(Side::Customer, NotCharged, &Evidence::default()).upheld);
    }
}

#[test]
fn a_receipt_stands_in_for_a_record_that_p_has_lost_if_it_is_p_s_own() {
    for name in ["case1", "case2", "case3"] {
        let mut court = Court::of(name, &[]);
        court.all.server.clear();
        let decision = court.decide(Side::Merchant, Ordered, &court.all);
        assert_eq!(decision.reasons[..2], [(Check::Committed, Missing), (Check::Receipt, Passed)]);

        let order = court.all.customer.instrument().unwrap().order;
        let goods = court.all.merchant.goods_digest().copied();
        let [c, m] = [court.about.customer(), court.about.merchant()];
        let lapsed = Order { expires_us: order.expires_us + 1, ..order };
        let forged = [
            Part::Receipt(flipped(court.all.merchant.receipt().unwrap())),
            court.receipt_by(m, &order, Status::Committed, goods.as_ref()),
            court.receipt_by(c, &order, Status::Committed, goods.as_ref()),
            court.receipt_by(Party::Server, &order, Status::Declined, goods.as_ref()),
            court.receipt_by(Party::Server, &order, Status::Aborted, None),
            court.receipt_by(Party::Server, &order, Status::Unknown, None),
            court.receipt_by(Party::Server, &lapsed, Status::Committed, goods.as_ref()),
        ];
        for receipt in forged {
            let reasons = court.falls(Side::Merchant, &Ordered, |evidence| instead(evidence, &receipt));
            assert_eq!(reasons, [(Check::Committed, Missing), (Check::Receipt, Failed)], "{name}");
        }
        let reasons =
            court.falls(Side::Merchant, &Ordered, |evidence| without(evidence, |p| matches!(p, Part::Receipt(_))));
        assert_eq!(reasons, [(Check::Committed, Missing), (Check::Receipt, Missing)]);
        // A receipt without the order that it is for says nothing.
        let reasons = court.falls(Side::Merchant, &Ordered, |evidence| without(evidence, is_instrument));
        assert_eq!(reasons, [(Check::Committed, Missing), (Check::Receipt, Failed)]);
    }
}

#[test]
fn an_order_binds_c_only_under_c_s_own_signature() {
    for name in ["case1", "case2", "case3"] {
        let court = Court::of(name, &[]);
        let mut claims = vec![(Side::Merchant, Ordered)];
        if name != "case1" {
            claims.extend(true_claims(&court));
        }
        for (by, what) in claims {
            let order = court.order();
            let torn = Instrument {
                signature: flipped(&court.all.server.instrument().unwrap().signature),
                ..(**court.all.server.instrument().unwrap()).clone()
            };
            let dearer = Instrument {
                order: Order { price_cents: order.price_cents + 1, ..order },
                ..(**court.all.server.instrument().unwrap()).clone()
            };
            let forged = [
                Part::Instrument(Arc::new(torn)),
                Part::Instrument(Arc::new(dearer)),
                court.signed_by(court.about.merchant(), order),
                court.signed_by(Party::Customer(1), order),
                court.signed_by(Party::Server, order),
            ];
            for instrument in forged {
                let reasons = court.falls(by, &what, |evidence| instead(evidence, &instrument));
                assert_eq!(reasons, [(Check::Committed, Passed), (Check::CustomerSignature, Failed)]);
            }
            let reasons = court.falls(by, &what, |evidence| without(evidence, is_instrument));
            assert_eq!(reasons, [(Check::Committed, Passed), (Check::CustomerSignature, Missing)]);
            // The order of another purchase is none of this one, although its signature is right.
            let another = court.signed(Order { about: PurchaseKey { tid: Tid([9; 16]), ..court.about }, ..order });
            let reasons = court.falls(by, &what, |evidence| instead(evidence, &another));
            assert_eq!(reasons, [(Check::Committed, Passed), (Check::CustomerSignature, Missing)]);
        }
    }
}

/// The other side may hand in whatever bears the purchase's name: a bad order does not hide a good one.
#[test]
fn an_order_that_is_not_c_s_does_not_hide_one_that_is() {
    for name in ["case1", "case2", "case3"] {
        let mut court = Court::of(name, &[]);
        court.all.server.clear();
        let order = court.order_of_c();
        let genuine = (**court.all.customer.instrument().unwrap()).clone();
        let torn = Instrument { signature: flipped(&genuine.signature), ..genuine };
        let bad = [Part::Instrument(Arc::new(torn)), court.signed_by(court.about.merchant(), order)];
        court.all.customer = bad.to_vec();
        let decision = court.decide(Side::Merchant, Ordered, &court.all);
        assert!(decision.upheld, "{name}: {decision:?}");
        assert_eq!(decision.reasons.last(), Some(&(Check::CustomerSignature, Passed)));
    }
}

/// Where P's record is lost, C may have signed several orders of one name: the one that P's receipt is for counts.
#[test]
fn of_two_orders_of_one_name_the_one_with_p_s_receipt_counts() {
    let court = Court::of("case3", &[]);
    let (order, item) = (court.order_of_c(), court.all.server.item().unwrap().clone());
    let digest = Some(court.crypto().digest_blob(&court.other()));
    let described = Order { description: protocol::order::Description { digest, ..order.description }, ..order };
    // All that is left of P's record is the item itself; C says that it ordered something else.
    let mut evidence = court.all.clone();
    evidence.server = vec![Part::Item(item)];
    evidence.customer.insert(0, court.signed(described));
    let decision = court.decide(Side::Customer, NotAsDescribed, &evidence);
    assert!(!decision.upheld, "{decision:?}");
    assert_eq!(decision.reasons.last(), Some(&(Check::AsDescribed, Passed)));
    // The order on P's record is the one that was carried out, whatever else C has signed.
    let mut evidence = court.all.clone();
    evidence.customer = vec![court.signed(described)];
    assert!(!court.decide(Side::Customer, NotAsDescribed, &evidence).upheld);
}

#[test]
fn without_bound_signature_the_ciphertext_is_signed_for_apart() {
    let court = Court::of("case2", &[Mechanism::BoundSignature]);
    let instrument = (**court.all.server.instrument().unwrap()).clone();
    assert!(instrument.acknowledgement.is_some());
    let other_digest = Order { sealed: Some(Digest([1; 32])), ..instrument.order };
    let crypto = court.crypto();
    let acknowledged = |signer, order: &Order| Some(crypto.sign(signer, order.acknowledgement().as_slice()));
    let forged = [
        Instrument { acknowledgement: instrument.acknowledgement.as_ref().map(flipped), ..instrument.clone() },
        Instrument { acknowledgement: acknowledged(court.about.merchant(), &instrument.order), ..instrument.clone() },
        Instrument { acknowledgement: acknowledged(court.about.customer(), &other_digest), ..instrument.clone() },
        // The digest is no part of what C signs as the order, so its signature there stands.
        Instrument { order: other_digest, ..instrument },
    ];
    for (by, what) in true_claims(&court) {
        for instrument in &forged {
            let instrument = Part::Instrument(Arc::new(instrument.clone()));
            let reasons = court.falls(by, &what, |evidence| instead(evidence, &instrument));
            assert_eq!(reasons.last(), Some(&(Check::CiphertextSigned, Failed)));
        }
    }
}

#[test]
fn the_key_is_the_one_on_p_s_record_and_the_one_that_was_committed_to() {
    let court = Court::of("case2", &[]);
    let is_key = |part: &Part| matches!(part, Part::Key(_));
    for (by, what) in true_claims(&court) {
        let reasons = court.falls(by, &what, |evidence| evidence.server.retain(|part| !is_key(part)));
        assert_eq!(reasons.last(), Some(&(Check::KeyOnRecord, Missing)), "M's own copy of k proves nothing");
        let reasons = court.falls(by, &what, |evidence| instead(evidence, &Part::Key(Key([5; 32]))));
        assert_eq!(reasons.last(), Some(&(Check::KeyCommitted, Failed)));
    }
}

#[test]
fn what_m_submitted_is_under_m_s_own_signature() {
    let court = Court::of("case2", &[]);
    let order = court.order();
    let key = court.crypto().digest_key(court.all.server.key().unwrap());
    let by = |signer, goods: &Digest| {
        Part::Countersignature(court.crypto().sign(signer, order.countersigned(Some(goods)).as_slice()))
    };
    let forged = [
        Part::Countersignature(flipped(court.all.server.countersignature().unwrap())),
        by(court.about.customer(), &key),
        by(Party::Merchant(1), &key),
        by(court.about.merchant(), &Digest([3; 32])),
    ];
    for (side, what) in true_claims(&court) {
        for signature in &forged {
            let reasons = court.falls(side, &what, |evidence| instead(evidence, signature));
            assert_eq!(reasons.last(), Some(&(Check::MerchantSignature, Failed)));
        }
        let none = |evidence: &mut Evidence| without(evidence, |part| matches!(part, Part::Countersignature(_)));
        assert_eq!(court.falls(side, &what, none).last(), Some(&(Check::MerchantSignature, Missing)));
    }
}

#[test]
fn the_ciphertext_is_the_one_that_c_signed_for() {
    let court = Court::of("case2", &[]);
    let key = *court.all.server.key().unwrap();
    let other = court.crypto().seal(&key, [0; 12], &court.other());
    for (by, what) in true_claims(&court) {
        let none = |evidence: &mut Evidence| without(evidence, |part| matches!(part, Part::Sealed(_)));
        assert_eq!(court.falls(by, &what, none).last(), Some(&(Check::Ciphertext, Missing)));
        let reasons = court.falls(by, &what, |evidence| instead(evidence, &Part::Sealed(other.clone())));
        assert_eq!(reasons.last(), Some(&(Check::Ciphertext, Failed)), "one that nobody signed for is none");
    }
}

#[test]
fn c_got_nothing_where_the_ciphertext_does_not_open() {
    let (own, fits) = (Key([1; 32]), Key([2; 32]));
    let court = Court::of("case2", &[]);
    let sealed = court.crypto().seal(&own, [0; 12], &court.item);
    let court = court.cheated(&sealed, None, &fits);
    let decision = court.decide(Side::Customer, ReceivedNothing, &court.all);
    assert!(decision.upheld, "{decision:?}");
    assert_eq!(decision.reasons.last(), Some(&(Check::Opens, Failed)));
    // C keeps the ciphertext back: it cannot say what is in it, so it cannot complain.
    let none = |evidence: &mut Evidence| without(evidence, |part| matches!(part, Part::Sealed(_)));
    let reasons = court.falls(Side::Customer, &ReceivedNothing, none);
    assert_eq!(reasons.last(), Some(&(Check::Ciphertext, Missing)));
    // Nobody can say that it was delivered.
    assert!(!court.decide(Side::Merchant, Delivered(court.item.clone()), &court.all).upheld);

    let court = Court::of("case2", &[]);
    let sealed = court.crypto().seal(&own, [0; 12], &court.item);
    let court = court.cheated(&sealed, Some(&own), &fits);
    let decision = court.decide(Side::Customer, ReceivedNothing, &court.all);
    assert!(decision.upheld, "{decision:?}");
    assert_eq!(decision.reasons.last(), Some(&(Check::KeyCommitted, Failed)));

    let court = Court::of("case2", &[]);
    let sealed = court.crypto().seal(&own, [0; 12], &court.item);
    let court = court.cheated(&sealed, Some(&own), &own);
    let decision = court.decide(Side::Customer, ReceivedNothing, &court.all);
    assert!(!decision.upheld, "it opens: {decision:?}");
    assert_eq!(decision.reasons.last(), Some(&(Check::Opens, Passed)));
}

#[test]
fn case_3_goes_by_the_item_on_p_s_record() {
    let court = Court::of("case3", &[]);
    for (by, what) in true_claims(&court) {
        let reasons = court.falls(by, &what, |evidence| evidence.server.retain(|part| !matches!(part, Part::Item(_))));
        assert_eq!(reasons.last(), Some(&(Check::ItemOnRecord, Missing)), "the sides' own copies prove nothing");
        let other = Part::Item(court.other());
        let reasons = court.falls(by, &what, |evidence| instead(evidence, &other));
        assert_eq!(reasons.last(), Some(&(Check::SameAsClaimed, Failed)));
    }
}

#[test]
fn case_1_proves_no_delivery_whatever_the_sides_hand_in() {
    let court = Court::of("case1", &[]);
    let mut all = court.all.clone();
    let item = Part::Item(court.item.clone());
    each(&mut all)[..2].iter_mut().for_each(|parts| parts.push(item.clone()));
    for (by, what) in true_claims(&court) {
        let decision = court.decide(by, what, &all);
        assert!(!decision.upheld);
        assert_eq!(decision.reasons.last(), Some(&(Check::ItemOnRecord, Missing)));
    }
}

#[test]
fn c_proves_that_it_got_something_else_by_the_digest_in_the_order() {
    let key = Key([1; 32]);
    let court = Court::of("case2", &[]);
    let wrong = court.other();
    let sealed = court.crypto().seal(&key, [0; 12], &wrong);
    let court = court.cheated(&sealed, Some(&key), &key);
    let decision = court.decide(Side::Customer, NotAsDescribed, &court.all);
    assert!(decision.upheld, "{decision:?}");
    assert!(decision.reasons.contains(&(Check::Described, Passed)));
    assert_eq!(decision.reasons.last(), Some(&(Check::AsDescribed, Failed)));

    // An order that describes what was sealed, or nothing at all, makes the complaint fall.
    let order = court.order();
    let describing =
        |digest| Order { description: protocol::order::Description { digest, ..order.description }, ..order };
    let again = |court: &Court, digest| {
        let order = describing(digest);
        let statement = order.countersigned(Some(&court.crypto().digest_key(&key)));
        let countersigned = court.crypto().sign(court.about.merchant(), statement.as_slice());
        [court.signed(order), Part::Countersignature(countersigned)]
    };
    let parts = again(&court, Some(court.crypto().digest_blob(&wrong)));
    let reasons = court.falls(Side::Customer, &NotAsDescribed, |e| parts.iter().for_each(|part| instead(e, part)));
    assert_eq!(reasons.last(), Some(&(Check::AsDescribed, Passed)));
    let parts = again(&court, None);
    let reasons = court.falls(Side::Customer, &NotAsDescribed, |e| parts.iter().for_each(|part| instead(e, part)));
    assert!(reasons.contains(&(Check::Described, Missing)));
}

/// Claims about a purchase that went well that are not true, and who would make them.
fn lies(court: &Court) -> Vec<(Side, Allegation)> {
    let mut lies = vec![
        (Side::Customer, Received(court.other())),
        (Side::Merchant, Delivered(court.other())),
        (Side::Customer, ReceivedNothing),
        (Side::Customer, NotAsDescribed),
        (Side::Customer, NotCharged),
    ];
    lies.extend(court.setup.offer(1, 4).map(|offer| (Side::Customer, Received(offer.item.clone()))));
    lies
}

/// What a liar can put together: its own journal and that of another purchase, whatever it signs itself, and whatever it makes
/// up. P's record is P's.
fn forgeries(court: &Court, next: &Court, liar: Party) -> Vec<Part> {
    let crypto = court.crypto();
    let (order, other) = (court.order(), court.other());
    let made_up = Key([5; 32]);
    let sealed = crypto.seal(court.all.server.key().unwrap_or(&made_up), [0; 12], &other);
    let resealed = crypto.seal(&made_up, [0; 12], &other);
    let lying = Order { sealed: Some(crypto.digest_blob(&resealed)), key: Some(crypto.digest_key(&made_up)), ..order };
    let described = protocol::order::Description { digest: Some(crypto.digest_blob(&other)), ..order.description };
    let foreign = (**next.all.server.instrument().unwrap()).clone();
    let renamed = Instrument { order: Order { about: court.about, ..foreign.order }, ..foreign };
    let statement = lying.countersigned(Some(&crypto.digest_key(&made_up)));
    let mut parts = vec![
        Part::Item(other),
        Part::Sealed(sealed),
        Part::Sealed(resealed),
        Part::Key(made_up),
        Part::Status(Status::Aborted),
        Part::Status(Status::Unknown),
        Part::Instrument(Arc::new(renamed)),
        Part::Countersignature(crypto.sign(liar, statement.as_slice())),
        court.receipt_by(liar, &order, Status::Aborted, None),
        court.receipt_by(liar, &lying, Status::Committed, None),
    ];
    for order in [lying, Order { description: described, ..order }, Order { description: described, ..lying }] {
        parts.push(court.signed_by(liar, order));
    }
    for journal in [&next.all.customer, &next.all.merchant, &next.all.server] {
        parts.extend(journal.iter().cloned());
    }
    parts
}

#[test]
fn forged_evidence_never_upholds_a_false_claim_where_p_has_a_record() {
    for name in ["case1", "case2", "case3"] {
        for off in [[].as_slice(), &[Mechanism::BoundSignature, Mechanism::Countersign]] {
            let (court, next) = Court::of_two(name, off);
            for (by, what) in lies(&court) {
                let liar = if by == Side::Customer { court.about.customer() } else { court.about.merchant() };
                let forged = forgeries(&court, &next, liar);
                // One at a time and all at once; with what the liar has and without it; the other side silent or not.
                let bundles = forged.iter().map(|part| vec![part.clone()]).chain([forged.clone(), Vec::new()]);
                for bundle in bundles {
                    for (own, others) in [(true, true), (true, false), (false, true), (false, false)] {
                        let mut evidence = court.all.clone();
                        let (mine, theirs) = match by {
                            Side::Customer => (&mut evidence.customer, &mut evidence.merchant),
                            _ => (&mut evidence.merchant, &mut evidence.customer),
                        };
                        if !own {
                            mine.clear();
                        }
                        if !others {
                            theirs.clear();
                        }
                        mine.splice(0..0, bundle.clone());
                        let decision = court.decide(by, what.clone(), &evidence);
                        assert!(!decision.upheld, "{name}: {by} gets away with {what:?} by {bundle:?}: {decision:?}");
                    }
                }
            }
        }
    }
}

#[test]
fn forged_evidence_never_makes_a_sale_that_never_was() {
    for name in ["case1", "case2", "case3"] {
        let (court, next) = Court::of_two(name, &[]);
        // C has signed, M has the order, and P has aborted or knows nothing.
        let aborted = vec![Part::Status(Status::Aborted)];
        for server in [aborted, vec![Part::Status(Status::Unknown)], Vec::new()] {
            let signed = Part::Instrument(Arc::clone(court.all.server.instrument().unwrap()));
            let order = court.order();
            let refusal = court.receipt_by(Party::Server, &order, Status::Aborted, None);
            let asked = court.receipt_by(Party::Server, &order, Status::Declined, None);
            let forged = forgeries(&court, &next, court.about.merchant());
            let bundles = forged.iter().map(|part| vec![part.clone()]).chain([forged.clone()]);
            for bundle in bundles {
                let merchant = [vec![signed.clone(), refusal.clone(), asked.clone()], bundle].concat();
                let evidence = Evidence { customer: Vec::new(), merchant, server: server.clone() };
                for what in [Ordered, Delivered(court.item.clone()), Delivered(court.other())] {
                    let decision = court.decide(Side::Merchant, what.clone(), &evidence);
                    assert!(!decision.upheld, "{name}: M proves {what:?}: {decision:?}");
                }
                assert!(court.decide(Side::Customer, NotCharged, &evidence).upheld, "{name}: M charges C");
            }
        }
    }
}
