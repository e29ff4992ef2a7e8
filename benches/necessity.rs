//! How long the table of necessity takes: questions and states per second, by the clock without faults. `cargo bench --bench necessity --
//! --faults 2` is what `halfpaid necessity` asks if nothing else is said; without an argument, with one fault less.
#![allow(missing_docs, reason = "a program")]

use std::sync::atomic::AtomicBool;
use std::time::Instant;

use halfpaid::explore::KINDS;
use halfpaid::necessity::table::CaseTable;
use halfpaid::necessity::{Settings, Threat, tables};
use halfpaid::protocol;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let after = arguments.iter().position(|argument| argument == "--faults").and_then(|at| arguments.get(at + 1));
    let faults =
        after.map_or(1, |text| text.parse().unwrap_or_else(|_| panic!("--faults takes a number, not `{text}`")));
    println!("every mechanism and every deviation, at most {faults} faults, by the clock none\n");
    println!("| | questions | states and runs | seconds | questions/s | states/s |");
    println!("|---|--:|--:|--:|--:|--:|");
    for name in protocol::NAMES {
        let settings = Settings {
            protocols: protocol::by_name(name).into_iter().collect(),
            threats: Threat::all(),
            faults,
            beside: faults,
            under_the_clock: 0,
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
        let (questions, states) = (heard().count(), heard().map(|heard| heard.states).sum::<u64>());
        let rate = |count: f64| count / seconds;
        println!(
            "| {name} | {questions} | {states} | {seconds:.2} | {:.1} | {:.0} |",
            rate(questions as f64),
            rate(states as f64)
        );
    }
}
