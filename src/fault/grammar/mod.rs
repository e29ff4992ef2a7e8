//! The text form of a plan: one line that people can read and that the program reads back.
//!
//! ```text
//! plan   := "none" | fault (";" fault)*
//! fault  := "drop" send | "duplicate" send | "delay" send
//!         | "corrupt" send "bit" N
//!         | "replay" send "after" event
//!         | ("crash" | "crash-forever") party site
//!         | "partition" party ("," party)* "from" N"us" "for" N"us"
//! site   := "taking" event | "before" send | "before" "save" record | "after" event
//! send   := [N ":"] step "#" N            3#1 is the first send of step 3; 2:3#1 that of the second purchase
//! record := [N ":"] kind "#" N            signed#1
//! event  := send ["." N]                  3#1 arrives; 3#1.2 arrives for the second time
//!         | [N ":"] party "." timer "#" N C1.retry#2 fires
//!         | party ".restart#" N           M1 is back
//!         | [N ":"] "start"               the customer sets out
//!         | "top-up" | "settled" | "late"
//!         | "expiry#" N                   the next order lapses (in an order of events)
//! course := plan | [plan ";"] "order" event*   under the untimed clock: exactly these events, in this order
//! step   := 1 to 99 | "query-C" | "query-M" | "answer-C" | "answer-M"
//! party  := "C" N | "M" N | "P"           C and M alone are C1 and M1
//! ```
//!
//! Numbers start at 1, and a purchase that is not named is the first. A plan prints in one way only; spaces between words do not
//! matter when it is read.

mod read;
#[cfg(test)]
mod tests;
mod write;

pub use read::PlanError;

/// What the order of events begins with.
const ORDER: &str = "order";
