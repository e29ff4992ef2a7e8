//! What was delivered, and whether it is what was ordered.

use super::*;

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
    // Nobody can say that it was delivered: not with a ciphertext for which C has not signed, though it opens to the item, either.
    assert!(!court.decide(Side::Merchant, Delivered(court.item.clone()), &court.all).upheld);
    let mut all = court.all.clone();
    all.merchant = vec![Part::Sealed(court.crypto().seal(&fits, [0; 12], &court.item))];
    let decision = court.decide(Side::Merchant, Delivered(court.item.clone()), &all);
    assert!(!decision.upheld, "{decision:?}");

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

/// Whoever put it there: C has ordered what the ciphertext holds, and nobody has signed for an item that stands beside the key.
#[test]
fn an_item_beside_the_key_is_none_that_c_has_ordered() {
    let mut court = Court::of("case2", &[]);
    let other = court.other();
    court.all.server.push(Part::Item(other.clone()));
    let truth = court.setup.offer(court.about.merchant, 3).unwrap().item.clone();
    for (by, what) in [(Side::Customer, Received(truth.clone())), (Side::Merchant, Delivered(truth))] {
        assert!(court.decide(by, what, &court.all).upheld);
    }
    let lies = [
        (Side::Customer, Received(other.clone())),
        (Side::Merchant, Delivered(other)),
        (Side::Customer, NotAsDescribed),
    ];
    for (by, what) in lies {
        assert!(!court.decide(by, what, &court.all).upheld);
    }
}
