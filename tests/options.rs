//! What no preset has: channels that are sealed, and signatures of whole items. Neither makes or breaks an atomic purchase.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::common::Shop;
use halfpaid::drive::{self, Fair, Job};
use halfpaid::explore::Reductions;
use halfpaid::fault::FaultKind;
use halfpaid::protocol::mechanism::Mechanism;
use halfpaid::protocol::part::{Part, Parts};
use halfpaid::protocol::record::Record;
use halfpaid::protocol::wire::Writer;
use halfpaid::world::{Envelope, Happening, Observer, Payload};

const CASES: [&str; 3] = ["case1", "case2", "case3"];

fn with(mut shop: Shop, options: &[Mechanism]) -> Shop {
    let on = shop.setup.mechanisms.all();
    shop.setup.mechanisms = options.iter().fold(on, |set, option| set.with(*option)).into();
    shop
}

/// Everything that passes over the network, and every record.
#[derive(Default)]
struct Wire {
    envelopes: Vec<(Arc<Envelope>, Vec<u8>)>,
    lengths: Vec<usize>,
    records: Vec<Arc<Record>>,
}

impl Observer for Wire {
    fn observe(&mut self, _: u64, happening: &Happening<'_>) {
        match happening {
            Happening::Sent { envelope, message, bytes, .. } => {
                self.envelopes.push((Arc::clone(envelope), message.encode()));
                self.lengths.push(*bytes);
            }
            Happening::Saved { record, .. } => self.records.push(Arc::clone(record)),
            _ => {}
        }
    }
}

fn watched(shop: &Shop) -> (Wire, Vec<&'static str>) {
    let mut wire = Wire::default();
    let Job { setup, workload, latency } = shop.job();
    let finished = drive::run(&Job { setup, workload, latency }, &mut Fair, &mut wire);
    (wire, crate::common::clauses(finished.checker.violations()).into_iter().collect())
}

#[test]
fn cases_2_and_3_hold_everything_under_any_fault_with_either_option_and_with_both() {
    let (sealed, whole) = (Mechanism::SealedChannels, Mechanism::WholeSignatures);
    for case in CASES {
        let (runs, plain) = Shop::hardened(case).explore(1);
        for options in [&[sealed][..], &[whole], &[sealed, whole]] {
            let (tried, broken) = with(Shop::hardened(case), options).explore(1);
            assert_eq!(broken, plain, "{case} {options:?}");
            assert!(tried >= runs, "{case} {options:?}: {tried} plans are fewer than {runs}");
        }
        assert_eq!(plain.is_empty(), case != "case1");
    }
}

/// The order is signed in two pieces then, and M signs C's signature again: every way of signing has its full form.
#[test]
fn as_written_whole_signatures_cost_m_its_knowledge_of_a_garbled_purchase_and_nothing_else() {
    for case in CASES {
        let (_, plain) = Shop::as_written(case).explore(1);
        let (_, whole) = with(Shop::as_written(case), &[Mechanism::WholeSignatures]).explore(1);
        // A ciphertext that was garbled on the way is signed as it arrived. M, which does not compare, submits its own: by the digest P
        // could not tell, and C paid for it; now P can, and M never hears of a decision.
        let more: Vec<_> = whole.difference(&plain).copied().collect();
        assert_eq!(more, if case == "case2" { vec!["merchant-in-doubt"] } else { vec![] }, "{case}");
        assert!(!whole.is_empty(), "{case}");
    }
}

#[test]
fn every_order_of_events_holds_with_sealed_channels_and_whole_signatures() {
    for case in ["case2", "case3"] {
        let shop = with(Shop::hardened(case), &[Mechanism::SealedChannels, Mechanism::WholeSignatures]);
        let answer = shop.without_time().search(1, &[FaultKind::Drop, FaultKind::Corrupt], Reductions::ALL);
        assert!(answer.findings.is_empty(), "{case}: {:?}", answer.findings);
    }
}

/// Where a secret of eight bytes or more would show: in the clear it does, sealed it does not.
#[test]
fn with_sealed_channels_the_network_sees_lengths_only() {
    for case in CASES {
        for real in [false, true] {
            let shop = |options: &[Mechanism]| {
                let shop = with(Shop::hardened(case), options);
                if real { shop.really() } else { shop }
            };
            let (plain, _) = watched(&shop(&[Mechanism::WholeSignatures]));
            let (sealed, broken) = watched(&shop(&[Mechanism::WholeSignatures, Mechanism::SealedChannels]));
            assert_eq!(broken.is_empty(), case != "case1");
            assert_eq!(plain.lengths.iter().map(|len| len + 28).collect::<Vec<_>>(), sealed.lengths, "{case}");
            let shows = |wire: &Wire, secret: &[u8]| {
                let bytes = |envelope: &Envelope| match &envelope.payload {
                    Payload::Bytes(bytes) => bytes.to_vec(),
                    Payload::Message(message) => message.encode(),
                };
                wire.envelopes.iter().any(|(e, _)| bytes(e).windows(secret.len()).any(|window| window == secret))
            };
            let secrets = secrets(&sealed);
            assert!(secrets.len() > 15, "{case}: {} secrets", secrets.len());
            for secret in &secrets {
                assert!(shows(&plain, secret), "{case}: in the clear {secret:02x?} shows");
                assert!(!shows(&sealed, secret), "{case}: {secret:02x?} shows");
            }
            // Said again, it is not the same bytes; and nothing but the message is in there.
            let bytes: BTreeSet<_> = sealed.envelopes.iter().map(|(e, _)| format!("{:?}", e.payload)).collect();
            assert_eq!(bytes.len(), sealed.envelopes.len());
        }
    }
}

/// TIDs, signatures, digests, keys and pieces of the item that were sent: eight bytes of each, but for runs of zeros, which pad terms.
fn secrets(wire: &Wire) -> BTreeSet<Vec<u8>> {
    let mut secrets = BTreeSet::new();
    for (_, message) in &wire.envelopes {
        let pieces = message.chunks_exact(8).filter(|piece| piece.iter().filter(|byte| **byte != 0).count() > 5);
        secrets.extend(pieces.map(<[u8]>::to_vec));
    }
    secrets
}

#[test]
fn whole_signatures_send_and_keep_the_ciphertext_where_a_digest_would_do() {
    let (digests, _) = watched(&Shop::hardened("case2"));
    let (whole, _) = watched(&with(Shop::hardened("case2"), &[Mechanism::WholeSignatures]));
    let sealed = |wire: &Wire| wire.records.iter().filter_map(|record| record.sealed().cloned()).next().unwrap();
    let part = Part::Sealed(sealed(&whole));
    let mut written = Writer::default();
    part.encode(&mut written);
    // The digest in the order is 32 bytes and stays absent.
    let longer = written.as_slice().len() as isize - 32;
    let differences: Vec<isize> =
        whole.lengths.iter().zip(&digests.lengths).map(|(whole, digest)| *whole as isize - *digest as isize).collect();
    assert_eq!(differences, [0, 0, longer, longer, 0, 0]);
    let at_p = |wire: &Wire| {
        wire.records.iter().filter(|record| record.transfer().is_some()).map(|r| r.encoded_len()).sum::<usize>()
    };
    assert_eq!(at_p(&whole) as isize - at_p(&digests) as isize, longer);
}

#[test]
fn both_kinds_of_cryptography_take_the_same_course_with_both_options() {
    let options = [Mechanism::SealedChannels, Mechanism::WholeSignatures];
    for case in CASES {
        let (symbolic, real) = (with(Shop::hardened(case), &options), with(Shop::hardened(case), &options).really());
        for plan in
            ["none", "drop 3#1", "crash C1 after 2#1", "corrupt 4#1 bit 77", "duplicate 4#1; crash P before 5#1"]
        {
            let [a, b] = [symbolic.run(plan), real.run(plan)];
            assert_eq!(a.meter.fingerprint(), b.meter.fingerprint(), "{case} {plan}");
            assert_eq!(a.meter.tally(), b.meter.tally(), "{case} {plan}");
        }
    }
}
