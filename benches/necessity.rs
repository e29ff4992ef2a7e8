//! How long the table of necessity takes, and how fast what it asks is answered.
//!
//! `cargo bench --bench necessity -- --faults 2` is what `halfpaid necessity` asks if nothing else is said; without an argument, with one
//! fault less. A line for each case: every order of events, in states a second. And one for what goes by the clock, outsiders and
//! whatever takes several purchases, with one fault: in plans a second, those that are cut where another has been left out.
#![allow(missing_docs, reason = "a program")]

use std::sync::atomic::AtomicBool;
use std::time::Instant;

use halfpaid::explore::KINDS;
use halfpaid::necessity::table::CaseTable;
use halfpaid::necessity::{Settings, Threat, tables};
use halfpaid::protocol;
use halfpaid::scenario::Clock;

fn line(name: &str, what: &str, threats: Vec<Threat>, [faults, under_the_clock]: [u32; 2]) {
    let settings = Settings {
        protocols: protocol::by_name(name).into_iter().collect(),
        threats,
        faults,
        beside: faults,
        under_the_clock,
        kinds: KINDS.to_vec(),
        pairs: false,
        states: 10_000_000,
        plans: 100_000,
        jobs: None,
    };
    let start = Instant::now();
    let tables = tables(&settings, &AtomicBool::new(false), &()).expect("nobody interrupts");
    let seconds = start.elapsed().as_secs_f64();
    let heard = || tables.iter().flat_map(CaseTable::all_lines).flat_map(|line| &line.heard);
    let (questions, found) = (heard().count(), heard().map(|heard| heard.states).sum::<u64>());
    let rate = |count: f64| count / seconds;
    println!(
        "| {name}, {what} | {questions} | {found} | {seconds:.2} | {:.1} | {:.0} |",
        rate(questions as f64),
        rate(found as f64)
    );
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let after = arguments.iter().position(|argument| argument == "--faults").and_then(|at| arguments.get(at + 1));
    let faults =
        after.map_or(1, |text| text.parse().unwrap_or_else(|_| panic!("--faults takes a number, not `{text}`")));
    println!("every mechanism and every deviation; any order of events at most {faults} faults, by the clock one\n");
    println!("| | questions | states or plans | seconds | questions/s | states/s or plans/s |");
    println!("|---|--:|--:|--:|--:|--:|");
    for name in protocol::NAMES {
        let timed = |threat: &Threat| threat.clock() == Clock::Timed;
        let (by_the_clock, in_any_order): (Vec<Threat>, Vec<Threat>) = Threat::all().into_iter().partition(timed);
        line(name, "any order", in_any_order, [faults, 0]);
        line(name, "by the clock", by_the_clock, [0, 1]);
    }
}
