//! The judge goes by what is handed in: take it away or touch it, and the decision falls; forge it, and nothing is gained.

mod delivery;
mod forgeries;
mod orders;

use std::sync::Arc;

use super::*;
use crate::crypto::streams::Streams;
use crate::crypto::symbolic::Symbolic;
use crate::crypto::{Key, Signature};
use crate::drive::{self, Fair, Finished, Job, Latency};
use crate::invariant::facts::PurchaseFacts;
use crate::party::Tid;
use crate::protocol;
use crate::protocol::mechanism::{Mechanism, MechanismSet};
use crate::protocol::order::Order;
use crate::protocol::role::Wish;
use crate::protocol::setup::{Catalogue, Population, Setup, Timing};
use crate::world::{Errand, Workload};

use Allegation::{Delivered, NotAsDescribed, NotCharged, Ordered, Received, ReceivedNothing};
use Finding::{Failed, Missing, Passed};

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
        mechanisms: mechanisms.into(),
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
