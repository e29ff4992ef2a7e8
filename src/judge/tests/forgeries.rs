//! What is forged gains nothing.

use super::*;

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
