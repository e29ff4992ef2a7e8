//! Whether there was a sale, of what, and who is bound by it.

use super::*;

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
