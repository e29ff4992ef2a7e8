//! The table of necessity: what is committed is true, counterexample by counterexample, and what a search gives now.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use halfpaid::batch::workload;
use halfpaid::drive::Job;
use halfpaid::drive::follow::follow;
use halfpaid::drive::for_ever::follow_for_ever;
use halfpaid::drive::scripted::run_plan;
use halfpaid::explore::{Bounds, KINDS, Question, Reductions, Sought, explore_for};
use halfpaid::fault::{Budget, Course};
use halfpaid::invariant::{Invariant, terminates};
use halfpaid::necessity::ask::{Ask, Heard, answer_all};
use halfpaid::necessity::minimal::{Minimal, minimal};
use halfpaid::necessity::table::{CaseTable, joined};
use halfpaid::necessity::{Interrupted, Settings, Threat, tables};
use halfpaid::party::Side;
use halfpaid::protocol;
use halfpaid::protocol::mechanism::{Mechanism, MechanismSet, Preset};
use halfpaid::protocol::outsider::OUTSIDER;
use halfpaid::protocol::setup::Setup;
use halfpaid::results::{NecessityRow, Need, write_sheet};
use halfpaid::scenario::{Clock, CryptoKind};
use rayon::prelude::*;

/// A row of the committed table, by column.
type Row = BTreeMap<String, String>;

fn committed() -> Vec<Row> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("results/necessity.csv");
    let mut reader = csv::Reader::from_path(path).expect("the table is committed");
    reader.deserialize().map(|row| row.expect("a row")).collect()
}

fn threat(name: &str) -> Threat {
    Threat::all().into_iter().find(|threat| threat.name() == name).expect("a threat")
}

/// The clauses that a plan breaks, each with its invariant and victim, under real cryptography; `None` where the plan does not fit.
/// What is broken on the way to where it stops fitting counts too.
fn broken(row: &Row, mechanisms: MechanismSet, threat: Threat) -> (BTreeSet<[String; 3]>, bool) {
    let protocol = protocol::by_name(&row["protocol"]).expect("a protocol");
    let ask = Ask { protocol, mechanisms, threat, clock: threat.clock(), faults: 0, states: 0 };
    let (scenario, setup, errands) = ask.set_up(CryptoKind::Real);
    let course: Course = row["plan"].parse().expect("a plan reads back");
    let setup = if course.order.is_some() { workload::without_time(setup) } else { setup };
    let job = Job { setup: &setup, workload: &errands, latency: workload::latency(&scenario) };
    let (finished, fits) = if let Some((finished, _)) = follow_for_ever(&job, &course, &mut ()) {
        (finished, true)
    } else if course.order.is_some() {
        let followed = follow(&job, &course, &mut ());
        (followed.finished, followed.parted.is_none() && followed.unmet.is_empty())
    } else {
        let (finished, unmet) = run_plan(&job, &course.plan, &mut ());
        (finished, unmet.is_empty())
    };
    let violations = finished.checker.violations().iter();
    let harms = violations.map(|v| [v.invariant.name(), v.clause, v.victim.side().word()].map(str::to_owned));
    (harms.collect(), fits)
}

fn away(row: &Row) -> MechanismSet {
    let names = row["without"].split(" + ").filter(|name| *name != "none");
    names.fold(MechanismSet::all(), |set, name| set.without(name.parse::<Mechanism>().expect("a mechanism")))
}

/// Holds a row of the table against runs: what it says breaks does, and does not with the mechanism back on; what it says takes a
/// deviation does not happen without.
fn hold_against_runs(row: &Row) -> Result<(), String> {
    let harm = ["invariant", "clause", "victim"].map(|column| row[column].clone());
    let deviation = threat(&row["against"]);
    let (with_it_away, fits) = broken(row, away(row), deviation);
    if !fits || !with_it_away.contains(&harm) {
        return Err(format!("does not break {harm:?}: {row:?}"));
    }
    if row["without"] != "none" && broken(row, MechanismSet::all(), deviation).0.contains(&harm) {
        return Err(format!("breaks {harm:?} with the mechanism on, too: {row:?}"));
    }
    if row["verdict"] == "needed-only-against" && broken(row, away(row), Threat::Honest).0.contains(&harm) {
        return Err(format!("breaks {harm:?} without the deviation, too: {row:?}"));
    }
    Ok(())
}

#[test]
fn every_counterexample_of_the_table_happens_and_is_gone_with_the_mechanism_back_on() {
    let rows: Vec<Row> = committed().into_iter().filter(|row| !row["plan"].is_empty()).collect();
    assert!(rows.len() > 100, "{}", rows.len());
    let wrong: Vec<String> = rows.iter().filter_map(|row| hold_against_runs(row).err()).collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), rows.len(), wrong.join("\n"));
}

/// What the program prints, and how it ends.
fn halfpaid(arguments: &[&str]) -> (String, i32) {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_halfpaid")).args(arguments).output().expect("it runs");
    (String::from_utf8(output.stdout).expect("text"), output.status.code().unwrap_or(-1))
}

/// The words of a row's command, as a shell would split them, without the program's name; with the mechanism taken away or on.
fn words(row: &Row, away: bool) -> Vec<&str> {
    let pieces = row["replay"].split('"').enumerate();
    let mut words: Vec<&str> = pieces
        .flat_map(|(n, piece)| if n % 2 == 1 { vec![piece] } else { piece.split_whitespace().collect() })
        .skip(1)
        .collect();
    while let (false, Some(at)) = (away, words.iter().position(|word| *word == "--without")) {
        words.drain(at..at + 2);
    }
    words
}

/// Runs a row's command, as somebody would who copies it out of the table. Whether it shows the harm that the row is about.
fn shows(row: &Row, away: bool) -> Result<bool, String> {
    let mut words = words(row, away);
    let victim = match &*row["victim"] {
        "customer" => "(victim C",
        "merchant" => "(victim M",
        _ => "(victim P",
    };
    if words[0] == "explore" {
        let folder = tempfile::tempdir().expect("a folder");
        words.extend(["--quiet", "--out", folder.path().to_str().expect("a path")]);
        halfpaid(&words);
        let summary = std::fs::read_to_string(folder.path().join("summary.csv")).map_err(|error| error.to_string())?;
        return Ok(summary.lines().any(|line| line.contains(",terminates,holds,violated,")));
    }
    let (shown, code) = halfpaid(&words);
    let clause = format!("{}: ", row["clause"]);
    match code {
        0 => Ok(shown.lines().any(|line| line.trim_start().starts_with(&clause) && line.contains(victim))),
        // With the mechanism on another message may be sent, so that a fault or an event of the plan is never met.
        2 if !away => Ok(false),
        code => Err(format!("exit code {code}: {words:?}")),
    }
}

#[test]
fn every_command_of_the_table_shows_what_its_row_says_and_no_more_with_the_mechanism_on() {
    let rows: Vec<Row> = committed().into_iter().filter(|row| !row["replay"].is_empty()).collect();
    assert!(rows.len() > 200, "{}", rows.len());
    let wrong = |row: &Row| match (shows(row, true), shows(row, false)) {
        (Ok(true), Ok(false)) => None,
        (Ok(true), Ok(true)) if row["without"] == "none" => None,
        other => Some(format!("{other:?}: {row:?}")),
    };
    let wrong: Vec<String> = rows.par_iter().filter_map(wrong).collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), rows.len(), wrong.join("\n"));
}

/// A check that cannot fail is none: the right plan for the wrong mechanism, clause or party is found out.
#[test]
fn an_error_in_the_table_is_found_out() {
    let rows = committed();
    let right = rows
        .iter()
        .find(|row| row["protocol"] == "case2" && row["without"] == "tombstone" && row["clause"] == "belief-customer");
    let right = right.expect("C takes unknown for not charged");
    assert_eq!(hold_against_runs(right), Ok(()));
    for (column, value) in [
        ("without", "retransmit"),
        ("clause", "once"),
        ("victim", "merchant"),
        ("against", "withhold-submit"),
        ("plan", "order start 1#1 2#1 3#1 4#1 5#1 6#1 expiry#1"),
    ] {
        let mut wrong = right.clone();
        wrong.insert(column.to_owned(), value.to_owned());
        assert!(hold_against_runs(&wrong).is_err(), "{column} = {value}");
    }
}

fn settings(protocol: &str, threats: Vec<Threat>, faults: u32, jobs: usize) -> Settings {
    let protocols = vec![protocol::by_name(protocol).expect("a protocol")];
    let jobs = NonZeroUsize::new(jobs);
    let mut kinds = KINDS.to_vec();
    kinds.push(halfpaid::fault::FaultKind::Delay);
    kinds.sort_unstable();
    let (states, plans) = (10_000_000, 100_000);
    Settings { protocols, threats, faults, beside: 1, under_the_clock: 0, kinds, pairs: false, states, plans, jobs }
}

fn asked(settings: &Settings) -> CaseTable {
    let tables = tables(settings, &AtomicBool::new(false), &());
    tables.expect("nobody interrupts").pop().expect("a table")
}

fn smallest(table: &CaseTable, settings: &Settings) -> Vec<Minimal> {
    minimal(table, settings, &AtomicBool::new(false), &()).expect("nobody interrupts")
}

fn csv_of(rows: &[NecessityRow<'_>]) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    write_sheet(folder.path(), rows).expect("it is written");
    std::fs::read_to_string(folder.path().join("necessity.csv")).expect("it is there")
}

/// CI makes the whole table anew; here is the part that takes a second.
#[test]
fn a_part_of_the_table_made_anew_is_what_is_committed() {
    let threats = vec![Threat::Honest, threat("wrong-item"), threat("reuse-tid")];
    let asked = asked(&Settings { under_the_clock: 1, ..settings("case3", threats, 1, 2) });
    let now = csv_of(&asked.rows());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("results/necessity.csv");
    let text = std::fs::read_to_string(path).expect("the table is committed");
    let ours = |line: &&str| {
        line.starts_with("case3,") && ["honest", "wrong-item", "reuse-tid"].contains(&line.split(',').nth(2).unwrap())
    };
    let then: Vec<&str> = text.lines().filter(ours).collect();
    assert_eq!(now.lines().skip(1).collect::<Vec<_>>(), then);
}

/// Deviations that do in a case what honest parties do, which a search among honest parties answers for.
#[test]
fn who_does_nothing_in_a_case_needs_no_search() {
    let alike = |name: &str, without: &[Mechanism]| {
        let mechanisms = without.iter().fold(MechanismSet::all(), |set, away| set.without(*away));
        let set_up = |threat: Threat| {
            let protocol = protocol::by_name(name).expect("a protocol");
            let (_, setup, errands) =
                Ask { protocol, mechanisms, threat, clock: threat.clock(), faults: 1, states: 1_000_000 }
                    .set_up(CryptoKind::Symbolic);
            (workload::without_time(setup), errands)
        };
        let threats: Vec<Threat> = Threat::all().into_iter().filter(|threat| threat.side().is_some()).collect();
        let threats: Vec<Threat> = threats.into_iter().filter(|threat| threat.errands().is_none()).collect();
        let (setup, workload) = set_up(Threat::Honest);
        let others: Vec<Setup> = threats.iter().map(|threat| set_up(*threat).0).collect();
        let budget = Budget::new(1, KINDS);
        let (bounds, reductions) = (Bounds::default(), Reductions::ALL);
        let question = Question {
            setup: &setup,
            workload: &workload,
            budget: &budget,
            bounds,
            reductions,
            sought: Sought::Causes,
        };
        let (_, alike) = explore_for(&question, &others, &mut ());
        let names = threats.iter().zip(alike).filter(|(_, alike)| *alike).map(|(threat, _)| threat.name());
        names.collect::<Vec<_>>().join(" ")
    };
    // Without a key there is none to be wrong, without a ciphertext no digest of one. Who makes two keys fit one item sells another item,
    // whether it has a use for the keys or not.
    let no_keys = "wrong-key wrong-key-to-customer frame-customer sign-wrong-digest deny-receipt frame-merchant";
    let only_lies = "frame-customer deny-receipt frame-merchant";
    assert_eq!(alike("case1", &[]), no_keys);
    assert_eq!(alike("case2", &[]), only_lies);
    // Step 6 is P's.
    assert_eq!(alike("case3", &[]), format!("withhold-item {no_keys}"));
    // A lie that is believed takes a search of its own to find how: where M does not look which ciphertext C has signed for, a garbled quote
    // lets a C that denies what it got be believed. A C that has forgotten its order loses its goods, but to nobody's lie.
    assert_eq!(alike("case2", &[Mechanism::MerchantChecksSeal]), "frame-customer");
    assert_eq!(alike("case2", &[Mechanism::CustomerJournal]), only_lies);
}

/// What one search answers for several deviations is what a search for each answers.
#[test]
fn shared_answers_are_those_of_searches_of_their_own() {
    use Mechanism::{BoundSignature, Countersign, CustomerJournal, KeyCommitment, MerchantChecksSeal, SignedStatus};
    for (name, without, faults) in [
        ("case1", &[][..], 1),
        ("case1", &[CustomerJournal], 1),
        ("case2", &[], 1),
        ("case2", &[KeyCommitment, MerchantChecksSeal], 0),
        ("case2", &[BoundSignature, Countersign], 0),
        ("case3", &[SignedStatus], 1),
    ] {
        let mechanisms = without.iter().fold(MechanismSet::all(), |set, away| set.without(*away));
        let threats: Vec<Threat> = Threat::all().into_iter().filter(|t| t.clock() == Clock::Untimed).collect();
        let settings = settings(name, threats.clone(), faults, 2);
        let protocol = || protocol::by_name(name).expect("a protocol");
        let ask = |threat: Threat| Ask {
            protocol: protocol(),
            mechanisms,
            threat,
            clock: threat.clock(),
            faults,
            states: 1_000_000,
        };
        let asks: Vec<Ask> = threats.into_iter().map(ask).collect();
        let never = AtomicBool::new(false);
        let together = answer_all(&asks, &settings, &never, &()).expect("nobody interrupts");
        for (ask, heard) in asks.iter().zip(together) {
            let alone = ask.answer(&settings, &never).expect("nobody interrupts");
            // States that differ in harm done to the deviating side are one in a search of its own.
            assert!(heard.states >= alone.states, "{name} without {without:?}, {}", ask.threat.name());
            let heard = Heard { states: alone.states, ..heard };
            assert_eq!(heard, alone, "{name} without {without:?}, {}", ask.threat.name());
        }
    }
}

#[test]
fn jobs_make_no_difference() {
    let threats = || vec![Threat::Honest, threat("withhold-submit"), threat("sign-wrong-digest")];
    let of = |jobs| {
        let settings = settings("case1", threats(), 1, jobs);
        let table = asked(&settings);
        (csv_of(&table.rows()), format!("{:?}", smallest(&table, &settings)))
    };
    assert_eq!(of(1), of(3));
}

#[test]
fn a_search_that_was_not_complete_proves_nothing() {
    let table = asked(&Settings { states: 100, ..settings("case3", vec![Threat::Honest], 2, 2) });
    assert!(table.rows().iter().all(|row| row.verdict == Need::Unknown));
}

/// M's journal has nothing of a quote but in Case 2, where it needs the key again. So what keeps a second purchase under the same TID apart
/// without `merchant-dedup` is M's memory of its first quote, and a crash takes that away: M submits the second order, P declines it, and M
/// writes over the word that it was paid. In Case 2 the quote is in the journal ([`Mechanism::OneKeyPerTid`]).
#[test]
fn a_crash_takes_away_what_stood_in_for_merchant_dedup() {
    let harm = (Invariant::Money, "belief-not-paid", Side::Merchant);
    for (case, needed) in [("case1", true), ("case2", false), ("case3", true)] {
        let threats = vec![Threat::Honest, threat("reuse-tid")];
        let table = asked(&Settings { under_the_clock: 1, ..settings(case, threats, 0, 2) });
        let line = table.lines.iter().find(|line| line.without == [Mechanism::MerchantDedup]).expect("a line");
        let verdict = if needed { Need::NeededOnlyAgainst } else { Need::NotNeededWithin };
        assert_eq!(table.need(line, 1), verdict, "{case}");
        assert_eq!(line.heard[1].fewest(&harm), needed.then_some(1), "{case}");
        // In Case 3 there is a crash after which M never comes to rest either: the clock shows no end of it, every order of events does.
        let endless = line.heard[1].fewest(&(Invariant::Terminates, terminates::ENDLESS.0, Side::Merchant));
        assert_eq!(endless, (case == "case3").then_some(1), "{case}");
        let clock = if case == "case3" { Clock::Untimed } else { Clock::Timed };
        assert_eq!((line.heard[1].clock, table.base.heard[1].clock), (clock, clock), "{case}");
        assert_eq!((&line.heard[1].stopped, &line.heard[1].restless), (&None, &None), "{case}");
    }
}

#[test]
fn where_there_are_too_many_plans_no_fault_is_tried_and_nothing_follows() {
    let threats = vec![Threat::Honest, threat("overdraw")];
    let table = asked(&Settings { under_the_clock: 1, plans: 10, ..settings("case1", threats, 0, 2) });
    for line in table.all_lines() {
        let heard = &line.heard[1];
        assert_eq!((table.need(line, 1), heard.faults, heard.states), (Need::Unknown, 0, 1));
        let why = heard.stopped.as_deref().expect("a reason");
        assert!(why.starts_with("there are ") && why.ends_with(" plans of one fault"), "{why}");
    }
}

#[test]
fn who_has_had_enough_is_heard() {
    let settings = settings("case3", vec![Threat::Honest], 2, 2);
    assert_eq!(tables(&settings, &AtomicBool::new(true), &()).err(), Some(Interrupted));
}

/// What the smallest sets are, and that more is not always better: in Case 1 as written nobody asks P, so that nothing that P says
/// needs a signature. With questions it does.
#[test]
fn a_mechanism_can_make_another_one_necessary() {
    let settings = settings("case1", vec![Threat::Honest], 1, 2);
    let table = asked(&settings);
    let sets = smallest(&table, &settings);
    let found: Vec<String> =
        sets[0].sets.iter().map(|set| joined(&set.added.iter().collect::<Vec<_>>(), "nothing")).collect();
    // Nobody asks P here, so that "unknown" is only what a flipped bit makes of M's word: a signature helps as well.
    assert_eq!(found, ["dedup-retention + signed-status", "dedup-retention + tombstone"]);
    let of = |more: &[Mechanism]| {
        let on = table.protocol.as_written().with(Mechanism::DedupRetention).with(Mechanism::Tombstone);
        let mechanisms = more.iter().fold(on, |set, mechanism| set.with(*mechanism));
        let protocol = Arc::clone(&table.protocol);
        let ask =
            Ask { protocol, mechanisms, threat: Threat::Honest, clock: Clock::Untimed, faults: 1, states: 10_000_000 };
        let heard = ask.answer(&settings, &AtomicBool::new(false)).expect("nobody interrupts");
        assert_eq!(heard.stopped, None);
        heard.broken.keys().any(|(invariant, ..)| *invariant == Invariant::Money)
    };
    assert!(!of(&[]));
    assert!(of(&[Mechanism::StatusQuery]), "what suffices need not suffice with more");
}

fn committed_sets(protocol: &str, against: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("results/minimal.csv");
    let mut reader = csv::Reader::from_path(path).expect("the sets are committed");
    let rows = reader.deserialize().map(|row| row.expect("a row"));
    let ours = rows.filter(|row: &Row| row["protocol"] == protocol && row["against"] == against);
    ours.map(|row| row["mechanisms"].clone()).collect()
}

/// The mechanisms of a set.
fn added_by(set: &str) -> Vec<Mechanism> {
    set.split(" + ").map(|name| name.parse().expect("a mechanism")).collect()
}

/// Every committed set against somebody: its case, its name, and the mechanisms that come to what is written. No case is without one.
fn sets_against(against: &str) -> Vec<(Arc<dyn protocol::Protocol>, String, Vec<Mechanism>)> {
    let of = |name: &&str| {
        let case = protocol::by_name(name).expect("a protocol");
        let sets = committed_sets(name, against);
        assert!(!sets.is_empty(), "{name}");
        sets.into_iter().map(move |set| (Arc::clone(&case), set.clone(), added_by(&set)))
    };
    protocol::NAMES.iter().flat_map(of).collect()
}

/// CI makes those of Cases 1 and 3 anew against every deviation; here are the ones between honest parties.
#[test]
fn the_smallest_sets_made_anew_are_what_is_committed() {
    for protocol in ["case1", "case3"] {
        let settings = settings(protocol, vec![Threat::Honest], 1, 2);
        let now = smallest(&asked(&settings), &settings);
        let now: Vec<String> =
            now[0].sets.iter().map(|set| joined(&set.added.iter().collect::<Vec<_>>(), "nothing")).collect();
        assert_eq!(now, committed_sets(protocol, "honest"), "{protocol}");
    }
}

/// Held against searches that know nothing of how the sets were found: each keeps what it is to keep, and with any mechanism less
/// something breaks.
#[test]
fn a_smallest_set_suffices_and_misses_each_of_its_mechanisms() {
    for (case, set, added) in sets_against("honest") {
        let settings = settings(case.name(), vec![Threat::Honest], 1, 2);
        let whole = added.iter().copied().fold(case.as_written(), MechanismSet::with);
        let breaks = |mechanisms: MechanismSet, states: u64| {
            let protocol = Arc::clone(&case);
            let ask = Ask { protocol, mechanisms, threat: Threat::Honest, clock: Clock::Untimed, faults: 1, states };
            // What breaks by the clock breaks; what does not, may under another order of events.
            let never = AtomicBool::new(false);
            let by_the_clock = ask.timed(&settings, &never).expect("nobody interrupts");
            let breaks = |heard: &Heard| breaks_what_it_keeps(&*case, heard);
            if breaks(&by_the_clock) {
                return Some(true);
            }
            let heard = ask.answer(&settings, &never).expect("nobody interrupts");
            breaks(&heard).then_some(true).or(heard.stopped.is_none().then_some(false))
        };
        let name = case.name();
        assert_eq!(breaks(whole, 1_000_000), Some(false), "{name}: {set}");
        for mechanism in added {
            let less = whole.without(mechanism);
            assert_eq!(breaks(less, 1_000_000), Some(true), "{name}: {set}, without {mechanism}");
        }
    }
}

/// Every committed set against every side that breaks the protocol, as many purchases as that takes, by a search that starts from what the
/// preset has and from nothing else.
#[test]
fn the_smallest_sets_keep_what_they_keep_beside_every_deviation() {
    let sides = || Threat::all().into_iter().filter(|threat| !threat.is_honest() && threat.side().is_some());
    assert!(sides().count() >= 18);
    for (case, set, added) in sets_against("every deviation") {
        let name = case.name();
        let settings = settings(name, vec![Threat::Honest], 0, 2);
        let mechanisms = added.into_iter().fold(case.as_written(), MechanismSet::with);
        for threat in sides() {
            let protocol = Arc::clone(&case);
            let ask = Ask { protocol, mechanisms, threat, clock: threat.clock(), faults: 0, states: 1_000_000 };
            let heard = ask.answer(&settings, &AtomicBool::new(false)).expect("nobody interrupts");
            assert!(!breaks_what_it_keeps(&*case, &heard), "{name}: {set}, {}: {:?}", threat.name(), heard.broken);
        }
    }
}

/// A mechanism that is said to make no difference in a case makes none: the searches for smallest sets rely on it.
#[test]
fn a_mechanism_that_does_not_apply_changes_nothing() {
    let mut compared = 0;
    for name in ["case1", "case2", "case3"] {
        let settings = settings(name, vec![Threat::Honest], 0, 2);
        let case = protocol::by_name(name).expect("a protocol");
        for base in [case.preset(Preset::Hardened), case.as_written()] {
            for mechanism in Mechanism::ALL.iter().copied().filter(|mechanism| !case.applies(*mechanism)) {
                let (with, without) = (base.with(mechanism), base.without(mechanism));
                // Less of what else M keeps shows what only one of several holds up.
                for less in
                    [None, Some(Mechanism::MerchantDedup), Some(Mechanism::ItemDigest), Some(Mechanism::SignedStatus)]
                {
                    for threat in Threat::all() {
                        let heard = [with, without].map(|mechanisms| {
                            let mechanisms = less.map_or(mechanisms, |less| mechanisms.without(less));
                            let protocol = Arc::clone(&case);
                            let ask =
                                Ask { protocol, mechanisms, threat, clock: Clock::Timed, faults: 0, states: 10_000 };
                            ask.timed(&settings, &AtomicBool::new(false)).expect("nobody interrupts").broken
                        });
                        assert_eq!(heard[0], heard[1], "{name}: {mechanism} without {less:?}, {}", threat.name());
                        compared += 1;
                    }
                }
            }
        }
    }
    assert!(compared > 1_000, "{compared}");
}

/// The sets were found with outsiders by the clock. What an outsider makes of what it hears may come at any time, and does no harm then.
#[test]
fn the_smallest_sets_keep_what_they_keep_beside_outsiders_in_every_order() {
    let outsiders = || OUTSIDER.iter().copied().map(Threat::Outsider).filter(|threat| threat.errands().is_none());
    assert!(outsiders().count() >= 8);
    for (case, set, added) in sets_against("every deviation") {
        let name = case.name();
        let settings = settings(name, vec![Threat::Honest], 0, 2);
        let mechanisms = added.into_iter().fold(case.as_written(), MechanismSet::with);
        for threat in outsiders() {
            let protocol = Arc::clone(&case);
            let ask = Ask { protocol, mechanisms, threat, clock: Clock::Untimed, faults: 0, states: 1_000_000 };
            let heard = ask.answer(&settings, &AtomicBool::new(false)).expect("nobody interrupts");
            assert_eq!(heard.stopped, None, "{name}: {set}, {}", threat.name());
            assert!(!breaks_what_it_keeps(&*case, &heard), "{name}: {set}, {}: {:?}", threat.name(), heard.broken);
        }
    }
}

/// Whether anything breaks that the smallest sets are to keep: in Case 1 its money, and no more than that.
fn breaks_what_it_keeps(case: &dyn protocol::Protocol, heard: &Heard) -> bool {
    let all = case.name() != "case1";
    heard.broken.keys().any(|(invariant, ..)| {
        *invariant == Invariant::Money || all && matches!(invariant, Invariant::Goods | Invariant::Certified)
    })
}
