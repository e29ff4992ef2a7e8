//! halfpaid: a deterministic failure-injection simulator for electronic purchases that must be all or nothing.
//!
//! A purchase has three parties: customer C, merchant M and payment server P. Messages get lost, machines crash, old messages come
//! back. Su and Tygar ("Building blocks for atomicity in electronic commerce", 1996) ask what keeps such a purchase
//! all-or-nothing. This crate runs their protocols among many parties with real cryptography, lets faults strike at every step,
//! and checks from outside what must hold.
//!
//! # The code, from the bottom up
//!
//! Each module knows only those above it in this list.
//!
//! | module | what it is | what it deliberately does not know |
//! |---|---|---|
//! | [`party`] | who takes part, and what tells purchases apart | anything else |
//! | [`crypto`] | signatures, seals and digests, real and symbolic, and every random value as a function of the seed | protocols |
//! | [`protocol`] | what is signed, said and saved; the roles of C, M and P as state machines without input or output | faults, a simulator |
//! | [`world`] | parties, journals and what is under way, as a plain value with one step function; every choice is made outside | which protocol it runs, what is right or wrong |
//! | [`fault`] | what may go wrong and where, as a line of text that reads back | when to strike |
//! | [`judge`] | decides a claim on the evidence alone | what happened |
//! | [`invariant`] | what must hold, folded from records, envelopes and beliefs | any role's opinion |
//! | [`drive`] | drives a world to quiescence and asks an oracle at every site: none, scripted, random, exhaustive; shrinks plans | files, reports |
//! | [`costs`] | what a purchase costs when nothing goes wrong, under each security profile, and how little would do | scenarios, files |
//! | [`explore`] | every state that can be reached under any order of events, each once; the shortest course to whatever breaks | files, reports |
//! | [`blame`] | what is at the root of a violation, whether its victim could have prevented it, whether it can prove it | files, reports |
//! | [`diagram`] | a run as a picture, and what it means in words | files |
//! | [`scenario`] | what a campaign is asked to do: a TOML file as one checked value | how it is done |
//! | [`results`] | CSVs, manifests and the table of verdicts: whole or not at all | what the rows mean |
//! | [`compare`] | what has changed between two results folders, and whether for the worse | how results come about |
//! | [`batch`] | runs a scenario on all cores, in an order that does not depend on them | the terminal |
//! | [`cluster`] | a partitioned run as scripts for schedulers | how they run them |
//! | [`necessity`] | takes mechanisms away and asks what breaks then, against whom, and which sets of them suffice | the terminal |
//! | [`twins`] | two runs with different guilty parties and the same evidence: the proof that no judge can be right in both | files |
//! | [`report`] | a results folder as one HTML page | how results come about, but for its pictures, which run a plan again |
//! | [`cli`] | arguments, exit codes, progress | everything else |
//!
//! # One purchase, followed through the code
//!
//! [`batch::run`] makes a [`Setup`](protocol::setup::Setup) and a [`Workload`](world::Workload) from the scenario and hands them to
//! [`drive::run`], which takes the first event from the world's agenda: the customer is to start.
//! [`World::step`](world::World::step) gives [`Customer`](protocol::customer::Customer) the input and gets a list of
//! [`Effect`](protocol::role::Effect)s back: send step 1, set a timer. Each is carried out by a step of its own, and before each the
//! driver asks its [`Oracle`](drive::Oracle) whether the party crashes here, or what becomes of the message. So it goes on: M
//! quotes, C saves and signs, M saves and submits, P moves the money and saves that in one record, M hears of it and sends the key.
//! All the while the [`Checker`](invariant::checker::Checker) listens and looks at every clause that a record, a delivery or a
//! belief may have broken. When nothing is under way any more it looks at what must hold in the end, and plays the disputes before
//! the [`judge`]. [`batch`] turns what it knows into rows.
//!
//! ```
//! use halfpaid::drive::{Job, Latency, scripted::run_plan};
//! use halfpaid::scenario::{CryptoKind, Scenario};
//! use halfpaid::{batch::workload, protocol};
//!
//! let scenario = Scenario::new("example", "case1");
//! let case1 = protocol::by_name("case1").expect("it exists");
//! let setup = workload::setup(&scenario, &case1, CryptoKind::Symbolic, 0);
//! let errands = workload::workload(&scenario, 0);
//! let job = Job { setup: &setup, workload: &errands, latency: workload::latency(&scenario) };
//!
//! // The merchant is paid and never seen again.
//! let plan = "crash-forever M1 after 3#1".parse()?;
//! let (finished, unmet) = run_plan(&job, &plan, &mut ());
//! assert!(unmet.is_empty());
//! let clauses: Vec<_> = finished.checker.violations().iter().map(|violation| violation.clause).collect();
//! assert_eq!(clauses, ["paid-no-goods", "got-nothing"]);
//! # Ok::<(), halfpaid::fault::PlanError>(())
//! ```
//!
//! # Words
//!
//! The terms are the paper's; these are the program's own:
//!
//! | word | what it is |
//! |---|---|
//! | *plan* | the faults of a run, as a line of text; the clock says the order of events |
//! | *course* | a plan, and the order of events where no clock says it |
//! | *site* | where a fault may strike: a send, or a moment at which a party may crash |
//! | *errand* | what a customer sets out to buy, and when |
//! | *envelope* | a message on its way |
//! | *half-paid* | P has committed, and C can not yet derive the item |
//! | *situation* | all that what is to come depends on, in a search under the clock; *state* in one without |
//! | *letter*, *share* | what a state of such a search counts copies of; what one party is in it |
//! | *threat* | who breaks the protocol, and how: nobody, a side, or an outsider |
//! | *clause* | a part of an invariant that a run may break by itself |
//! | *twins*, *sighting* | two runs that no judge can tell apart; what one run has to say on one claim |
//!
//! # Decisions that the specification leaves open
//!
//! - A journal that is switched off is a journal whose records are volatile: a party that has not crashed still has its notes, for
//!   its own use and before the judge.
//! - A submission whose signatures do not hold is answered "unknown" and leaves no record ([`protocol::server`]). Recording a
//!   refusal would let anyone who can garble a message kill a purchase.
//! - M's half of goods atomicity takes possession for knowledge: whatever C has received counts, even if C threw it away. C's half
//!   counts what C has kept ([`invariant::facts`]).
//! - Against a true claim the other side keeps silent; against a false one it hands in everything ([`invariant::certified`]). A side
//!   that breaks the protocol also forges whatever papers it can, for its own lies and against the other's true claims.
//! - An outsider is no party: it has no keys and nothing to lose, it hears everything and sends what it likes in anybody's name. What
//!   it reads and hands on is no matter of atomicity, since the paper seals no message; goods that come from it count as nobody's
//!   delivery ([`protocol::outsider`]).
//! - Who could have prevented a violation, and what is at its root, is found out by running it again without, or by
//!   searching every order of events again ([`blame`]).
//! - With `key-commitment` C too compares the key that it gets with the one that its order commits to, and takes no other. If P
//!   alone did, a merchant with a ciphertext that opens under two keys could commit to one and give C the other: C would have what it
//!   ordered, and P's record would prove that it got something else ([`protocol::deviation`]).
//! - Where P's record is lost, the order in a dispute is the one that P's receipt is for, whatever else bears the purchase's name.
//! - Without `dedup-retention` P forgets a TID half an instrument's lifetime after it acted on it, or after the setting
//!   `dedup_retention_us` where that is sooner.
//! - Waits grow by `retry_backoff` three times, then stay.
//! - Under the untimed clock ([`explore`]) a late message needs no fault, orders lapse in the order in which they were signed, and
//!   a purchase that has been charged twice in the same way is not charged again.

// In reading order: each knows those above it. A test holds every file to that.
pub mod party;
pub mod crypto;
pub mod protocol;
pub mod world;
pub mod fault;
pub mod judge;
pub mod invariant;
pub mod drive;
pub mod costs;
pub mod explore;
pub mod blame;
pub mod diagram;
pub mod scenario;
pub mod results;
pub mod compare;
pub mod batch;
pub mod cluster;
pub mod necessity;
pub mod twins;
pub mod report;
pub mod cli;
