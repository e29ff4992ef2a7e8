//! Where the specification leaves several readings: the one taken here, and why.
//!
//! Some choices are not worth a switch, because no end state depends on them or because nothing else is tenable:
//!
//! * C saves nothing before it signs (in Case 2, before the ciphertext comes), so a crash while it inquires ends the
//!   purchase for C: `customer_belief` is `none`, and since it signed nothing it is settled.
//! * "Signed" means that the order was saved, or where there is no journal, that step 3 was sent.
//! * C takes the first quote it hears, and ignores the others. It goes on repeating step 3 while it lacks the item and
//!   has not heard that it was not charged: what answers step 3 is step 6, so a C that learned `committed` from P still
//!   asks M.
//! * C tries a key before it believes step 6: a key that does not open its ciphertext is ignored, and the query
//!   decides.
//! * On restart a party sends nothing by itself, it sets its timers again; under the untimed clock that is the same.
//! * M sends step 2 and step 6 as answers only, no timer repeats them. A repeated status is not answered with step 6
//!   again.
//! * P answers a repeated step 4 with the same messages as the first one: in Case 3 both to M and to C.
//! * A crash "after the last effect" and a crash in an idle moment are the same thing untimed; so are a crash before
//!   the first effect and one before the input.
//! * A timer cannot be lost alone: a crash before a timer's input is an idle crash.
//! * Possession counts from a party's memory, as belief does: without journals all evidence of a smooth run would
//!   otherwise vanish, and `customer_goods` would always be `none` in `as-written`.

/// A C that restarts with {item}k in its journal but no signed order goes on to sign. Off: a checkout that was
/// interrupted before the buyer authorised it is abandoned; nothing is at risk.
pub const SIGN_AFTER_RESTART: bool = false;

/// A closed purchase ("not charged") is opened again by goods or by P's `committed`. On: to throw away what was paid
/// for is absurd, and P's word outranks the guess that `unknown` was. The belief clause stays violated.
pub const LATE_NEWS_REOPENS: bool = true;

/// M submits again when P answers `unknown`, `retransmit` or not. On: section 7 says it "may submit again", and query
/// then resubmit is what every idempotent payment interface recommends.
pub const RESUBMIT_ON_UNKNOWN: bool = true;

/// An order under a TID for which M holds no quote is submitted all the same (Cases 1 and 3; in Case 2 there is no
/// key). Off: M that forgot "remembers nothing of the purchase, its TID included", and does not ship what it did not
/// quote.
pub const SUBMIT_WITHOUT_QUOTE: bool = false;

/// Without `merchant-dedup` a repeated order puts M in doubt again, outcome forgotten. On: "as if new".
pub const REPEATED_ORDER_IS_NEW: bool = true;

/// M tells C of a refused payment where step 6 would tell it of success. Off: step 6 is "(if successful)".
pub const MERCHANT_RELAYS_REFUSAL: bool = false;

/// `certified` is violated in every committed end state of Case 1. On: P's record proves the payment and nothing about
/// the delivery, so the same evidence comes from a run in which the other party is at fault, and the pair refutes it.
/// Off: the merchant bears the burden of proof, and only the customers that did receive the item can wrong it.
pub const PAIR_REFUTES: bool = true;

/// A C that forgot its purchase counts as one that "paid and received nothing". On: the claim is true as section 5 puts
/// it (the item is neither held nor can be had), while P's record shows a receipt, so the judge decides it wrongly.
pub const FORGETFUL_IS_WRONGED: bool = true;
