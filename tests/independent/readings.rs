//! Where the specification leaves several readings: the one taken here, and why.
//!
//! Some choices are not worth a switch, because no end state depends on them or because nothing else is tenable:
//!
//! * C saves nothing before it signs (in Case 2, before the ciphertext comes), so a crash while it inquires ends the
//!   purchase for C: `customer_belief` is `none`, and since it signed nothing it is settled.
//! * "Signed" means that the order was saved, or where there is no journal, that step 3 was sent.
//! * C takes the first quote it hears, and ignores the others. It goes on repeating step 3 while it lacks the item and
//!   has not heard that it was not charged: what answers step 3 is step 6, so a C that learned `committed` from P still
//!   asks M. Where P keeps what C lacks, C goes on asking P too: `release-on-query` is there for that.
//! * C tries a key before it believes step 6: a key that does not open its ciphertext is ignored, and the query
//!   decides.
//! * On restart a party sends nothing by itself, it sets its timers again; under the untimed clock that is the same.
//! * M sends step 2 and step 6 as answers only, no timer repeats them. A repeated status is not answered with step 6
//!   again.
//! * Steps 4 and 6 are made when they are sent, of what `merchant-journal` lists: the order and k. So where
//!   `one-key-per-tid` is off a key made for a second inquiry takes the place of the first, for a submission that M
//!   repeats as well.
//! * P answers a repeated step 4 with the same messages as the first one: in Case 3 both to M and to C.
//! * `dedup-retention` is not in `as-written` (section 7), so there P may forget at any time that it acted on a TID; a
//!   step 4 that comes then, before the expiry, is carried out like a first one, and that breaks `once`. What P recorded
//!   of the purchase stays as it is, for P answers queries for ever (section 2) and finally (section 5): only the money
//!   moves again. After the expiry nothing is lost by forgetting: with the mechanism on P need not remember any longer,
//!   so a refusal of an expired instrument cannot replace a record.
//! * C's account holds enough for every charge: nothing is ever declined.
//! * P "can still commit" (section 5) where fair steps lead from what is under way and what M remembers to a
//!   commitment. It is a clause of its own (section 7), and a clause of money atomicity all the same.
//! * A crash "after the last effect" and a crash in an idle moment are the same thing untimed; so are a crash before
//!   the first effect and one before the input.
//! * A timer cannot be lost alone: a crash before a timer's input is an idle crash.
//! * Possession counts from a party's memory, as belief does: without journals all evidence of a smooth run would
//!   otherwise vanish, and `customer_goods` would always be `none` in `as-written`.

/// A C that restarts with {item}k in its journal but no signed order goes on to sign. Off: a checkout that was
/// interrupted before the buyer authorised it is abandoned; nothing is at risk.
pub const SIGN_AFTER_RESTART: bool = false;

/// A closed purchase ("not charged") is opened again by goods or by P's `committed`. Off: sections 5 and 7 call the
/// belief final, and say that C rests on it; a belief that the next message turns would be neither. Who has closed a
/// purchase does not listen any more. What is still to be had from P counts as obtainable all the same.
pub const LATE_NEWS_REOPENS: bool = false;

/// M submits again when P answers `unknown`, `retransmit` or not. On: section 7 says it "may submit again", and query
/// then resubmit is what every idempotent payment interface recommends.
pub const RESUBMIT_ON_UNKNOWN: bool = true;

/// An order under a TID for which M holds no quote is submitted all the same (Cases 1 and 3; in Case 2 there is no
/// key). On: the signed instrument says all that step 4 takes. To turn away an order that M does not remember quoting for
/// would be a safeguard, section 3 makes every safeguard a switch, and has none for this.
pub const SUBMIT_WITHOUT_QUOTE: bool = true;

/// Without `merchant-dedup` a repeated order puts M in doubt again, outcome forgotten. On: "as if new".
pub const REPEATED_ORDER_IS_NEW: bool = true;

/// In Case 1 M tells C of a refused payment where step 6 would tell it of success. On: section 5.1 of the paper has the
/// failure of the transfer reported to the customer too, and only Cases 2 and 3 restrict step 6 to "(if successful)":
/// there C can ask P.
pub const MERCHANT_RELAYS_REFUSAL: bool = true;

/// `certified` is violated in every committed end state of Case 1. On: P's record proves the payment and nothing about
/// the delivery, so the same evidence comes from a run in which the other party is at fault, and the pair refutes it.
/// Off: the merchant bears the burden of proof, and only the customers that did receive the item can wrong it.
pub const PAIR_REFUTES: bool = true;

/// A C that forgot its purchase counts as one that "paid and received nothing". On: the claim is true as section 5 puts
/// it (the item is neither held nor can be had), while P's record shows a receipt, so the judge decides it wrongly.
pub const FORGETFUL_IS_WRONGED: bool = true;

/// In Case 2 a claim about the item takes the ciphertext whose digest C signed. On: the judge sees only evidence, P has
/// the digest and the key, and with AES-GCM (section 6) neither the item nor the key gives the ciphertext back. Off:
/// sealing is a function of key and item, and who claims an item seals it again.
pub const CIPHERTEXT_MUST_BE_SHOWN: bool = true;

/// A true claim is decided on the claimant's evidence and P's record. On: "a wronged honest party can always win", so
/// not only where its opponent is kind enough to hand in what the claimant lacks.
pub const OPPONENT_KEEPS_SILENT: bool = true;
