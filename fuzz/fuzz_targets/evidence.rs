//! Evidence before the judge: three bundles of parts, as many as the bytes give, and every claim on them.
#![no_main]

use halfpaid::judge::{Allegation, Claim, Evidence, judge};
use halfpaid::protocol::part::{Part, Parts};
use halfpaid::party::{PurchaseKey, Side, Tid};
use halfpaid::protocol::wire::Reader;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    for crypto in halfpaid_fuzz::both() {
        let (mut from, mut bundles) = (Reader::new(bytes), [Vec::new(), Vec::new(), Vec::new()]);
        let mut at = 0;
        while let (Ok(to), Ok(part)) = (from.u8(), Part::decode(&mut from, &*crypto)) {
            bundles[usize::from(to) % 3].push(part);
            at += 1;
            if at > 64 {
                break;
            }
        }
        let [customer, merchant, server] = bundles;
        let evidence = Evidence { customer, merchant, server };
        let about = evidence
            .server
            .instrument()
            .map_or(PurchaseKey { customer: 0, merchant: 0, tid: Tid([0; 16]) }, |instrument| instrument.order.about);
        let content = crypto.content(0, 0, 64);
        let allegations = [
            (Side::Customer, Allegation::Received(content.clone())),
            (Side::Customer, Allegation::ReceivedNothing),
            (Side::Customer, Allegation::NotAsDescribed),
            (Side::Customer, Allegation::NotCharged),
            (Side::Merchant, Allegation::Delivered(content)),
            (Side::Merchant, Allegation::Ordered),
        ];
        for (by, what) in allegations {
            let decision = judge(&Claim { about, by, what }, &evidence, &*crypto);
            assert!(!decision.reasons.is_empty());
        }
    }
});
