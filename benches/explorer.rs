//! How fast every interleaving is searched, beside model checkers that search the same protocol, and beside bare hash sets.
//!
//! `cargo bench --bench explorer` prints one table: hardened Case 2, one purchase by honest parties, untimed, faults drop, duplicate
//! and crash. `-- --faults 2` allows two faults rather than one, `-- --rounds 5` repeats each line five times. Lines are taken in
//! turns and each in a process of its own, so that a slow minute of the machine, or memory that one has left behind, does not fall
//! on one line alone; of each the fastest round is shown. Nothing is asserted.
//!
//! - `halfpaid`: with everything that it leaves out because it makes no difference. `halfpaid, unreduced`: each state that there is,
//!   coverage counted, termination shown, and every violation looked for in each, as always.
//! - `stateright`: the model of `tests/independent`, written from the same specification, breadth first and depth first. Its safety
//!   properties are looked at; termination is not.
//! - `spin`: the same model in Promela (`benches/spin`), compiled by this program, if `spin` and a C compiler are there.
//! - `hash set`: as many states as `halfpaid, unreduced` has, of the same size, asked for as often as that takes steps.
//!
//! The models differ in how finely they look: halfpaid has a crash between any two effects, P forgets, and timers are parts of
//! roles. So the numbers of states stand beside the speeds, and the time until the question is answered is a column of its own.
#![allow(missing_docs, reason = "a program")]

#[path = "../tests/common/mod.rs"]
mod common;
#[path = "../tests/independent/mod.rs"]
#[expect(dead_code, unreachable_pub, reason = "a test's own, of which this uses a part")]
mod independent;

use std::collections::hash_map::RandomState;
use std::fs;
use std::hash::BuildHasher;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use common::Shop;
use halfpaid::explore::Reductions;
use halfpaid::fault::FaultKind;
use hashbrown::HashSet;
use independent::{Case, Configuration, Preset};
use rustc_hash::FxBuildHasher;
use stateright::{Checker, Model};

const KINDS: &[FaultKind] = &[FaultKind::Drop, FaultKind::Duplicate, FaultKind::Crash];
/// Set for a process that measures one line.
const LINE: &str = "HALFPAID_BENCH_LINE";

/// A program that searches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Engine {
    Halfpaid,
    Unreduced,
    StaterightBfs,
    StaterightDfs,
    Spin,
    HashSet,
}

use Engine::{Halfpaid, HashSet as Floor, Spin, StaterightBfs, StaterightDfs, Unreduced};

/// The lines of the table: a program and how many threads it may use.
const LINES: &[(Engine, &str, usize)] = &[
    (Halfpaid, "halfpaid", 1),
    (Halfpaid, "halfpaid", 2),
    (Unreduced, "halfpaid, unreduced", 1),
    (Unreduced, "halfpaid, unreduced", 2),
    (StaterightBfs, "stateright, breadth first", 1),
    (StaterightBfs, "stateright, breadth first", 2),
    (StaterightDfs, "stateright, depth first", 1),
    (StaterightDfs, "stateright, depth first", 2),
    (Spin, "spin -O3 -DSAFETY", 1),
    (Floor, "hash set", 1),
];

/// What one line measured.
#[derive(Debug, Clone, Copy)]
struct Measured {
    states: u64,
    transitions: u64,
    seconds: f64,
    /// Most memory at a time, less what there was before.
    bytes: u64,
}

/// A line of `/proc/self/status`, in bytes; nought where there is no such file.
fn memory(field: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kib = status.lines().find_map(|line| line.strip_prefix(field)?.split_whitespace().nth(1)?.parse::<u64>().ok());
    kib.unwrap_or(0) * 1024
}

fn timed(search: impl FnOnce() -> (u64, u64)) -> Measured {
    let before = memory("VmRSS");
    let start = Instant::now();
    let (states, transitions) = search();
    let seconds = start.elapsed().as_secs_f64();
    Measured { states, transitions, seconds, bytes: memory("VmHWM").saturating_sub(before) }
}

fn halfpaid(faults: u32, reductions: Reductions, threads: usize) -> Measured {
    let shop = Shop::hardened("case2").without_time();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
    timed(|| {
        let answer = pool.install(|| shop.search(faults, KINDS, reductions));
        (answer.states, answer.transitions)
    })
}

fn stateright(faults: u32, depth_first: bool, threads: usize) -> Measured {
    let model = Configuration::new(Case::Two, Preset::Hardened, faults as u8);
    timed(|| {
        let checker = model.checker().threads(threads);
        let counts = |checker: &dyn Fn() -> (usize, usize)| checker();
        let (states, transitions) = if depth_first {
            let done = checker.spawn_dfs().join();
            counts(&|| (done.unique_state_count(), done.state_count()))
        } else {
            let done = checker.spawn_bfs().join();
            counts(&|| (done.unique_state_count(), done.state_count()))
        };
        (states as u64, transitions as u64)
    })
}

/// Compiles the Promela model and lets it search; `None` where something that this needs is not there.
fn spin(faults: u32) -> Option<Measured> {
    let folder = tempfile::tempdir().ok()?;
    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/spin/case2.pml");
    let run = |program: &str, arguments: &[&str]| {
        let done = Command::new(program).args(arguments).current_dir(folder.path()).output().ok()?;
        done.status.success().then(|| String::from_utf8_lossy(&done.stdout).into_owned())
    };
    run("spin", &[&format!("-DBUDGET={faults}"), "-a", model.to_str()?])?;
    run("cc", &["-O3", "-DSAFETY", "-DNOREDUCE", "-o", "pan", "pan.c"])?;
    let start = Instant::now();
    let report = run("./pan", &["-m10000000", "-w24"])?;
    let seconds = start.elapsed().as_secs_f64();
    // `   189431 states, stored`, `   612345 transitions (= stored+matched)`, `  530.1	total actual memory usage`.
    let number = |after: &str| {
        let line = report.lines().find(|line| line.contains(after))?;
        line.split_whitespace().next()?.parse::<f64>().ok()
    };
    let mebibytes = number("actual memory usage for states").or_else(|| number("total actual memory usage"))?;
    Some(Measured {
        states: number("states, stored")? as u64,
        transitions: number("transitions (=")? as u64,
        seconds,
        bytes: (mebibytes * 1_048_576.0) as u64,
    })
}

/// The least that a search does: each state is entered once, and asked for once for each step.
fn floor(states: u64, transitions: u64) -> Measured {
    let mix = RandomState::new();
    let state = |number: u64| [0, 1, 2].map(|word: u64| mix.hash_one((word, number)));
    let all: Vec<[u64; 3]> = (0..1 << 16).map(state).collect();
    timed(|| {
        let mut known: HashSet<[u64; 3], FxBuildHasher> = HashSet::default();
        for number in 0..transitions.max(1) {
            let of = number * states / transitions.max(1);
            // As far apart as the states that steps lead to.
            let asked = if number % 2 == 0 { of } else { of.wrapping_mul(0x9e37_79b9) % (of + 1) };
            let mut state = all[(asked & 0xffff) as usize];
            state[0] ^= asked;
            known.insert(state);
        }
        (known.len() as u64, transitions)
    })
}

fn measure(engine: Engine, threads: usize, faults: u32, of: (u64, u64)) -> Option<Measured> {
    Some(match engine {
        Halfpaid => halfpaid(faults, Reductions::ALL, threads),
        Unreduced => halfpaid(
            faults,
            Reductions { copies: true, late_faults: true, late_steps: true, ..Reductions::NONE },
            threads,
        ),
        StaterightBfs => stateright(faults, false, threads),
        StaterightDfs => stateright(faults, true, threads),
        Spin => spin(faults)?,
        Floor => floor(of.0, of.1),
    })
}

/// Measures a line in a process of its own.
fn apart(line: usize, faults: u32, of: (u64, u64)) -> Option<Measured> {
    let this = std::env::current_exe().ok()?;
    let asked = format!("{line} {faults} {} {}", of.0, of.1);
    let done = Command::new(this).env(LINE, asked).output().ok()?;
    let text = String::from_utf8(done.stdout).ok()?;
    let mut numbers = text.split_whitespace();
    let mut next = || numbers.next()?.parse::<f64>().ok();
    let (states, transitions) = (next()? as u64, next()? as u64);
    Some(Measured { states, transitions, seconds: next()?, bytes: next()? as u64 })
}

/// In the process of one line.
fn one_line(asked: &str) {
    let mut numbers = asked.split_whitespace().map(|number| number.parse::<u64>().expect("a number"));
    let mut next = || numbers.next().expect("four numbers");
    let (line, faults, of) = (next() as usize, next() as u32, (next(), next()));
    let (engine, _, threads) = LINES[line];
    if let Some(Measured { states, transitions, seconds, bytes }) = measure(engine, threads, faults, of) {
        println!("{states} {transitions} {seconds} {bytes}");
    }
}

/// The number after an option.
fn option(name: &str, default: u32) -> u32 {
    let arguments: Vec<String> = std::env::args().collect();
    let after = arguments.iter().position(|argument| argument == name).and_then(|at| arguments.get(at + 1));
    after.map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name} takes a number, not `{text}`")))
}

fn main() {
    if let Ok(asked) = std::env::var(LINE) {
        return one_line(&asked);
    }
    let (faults, rounds) = (option("--faults", 1), option("--rounds", 3));
    let mut best: Vec<Option<Measured>> = vec![None; LINES.len()];
    for _ in 0..rounds {
        for line in 0..LINES.len() {
            let unreduced =
                best.iter().zip(LINES).find_map(|(known, (engine, ..))| known.filter(|_| *engine == Unreduced));
            let of = unreduced.map_or((0, 0), |known| (known.states, known.transitions));
            let now = apart(line, faults, of);
            if let (Some(now), known) = (now, &mut best[line])
                && known.is_none_or(|known| now.seconds < known.seconds)
            {
                *known = Some(now);
            }
        }
    }
    println!("hardened Case 2, untimed, at most {faults} of drop, duplicate, crash; best of {rounds} rounds\n");
    println!("| | threads | states | steps | seconds | states/s | steps/s | bytes/state |");
    println!("|---|--:|--:|--:|--:|--:|--:|--:|");
    for ((_, name, threads), measured) in LINES.iter().zip(best) {
        let Some(Measured { states, transitions, seconds, bytes }) = measured else {
            println!("| {name} | {threads} | not here | | | | | |");
            continue;
        };
        let rate = |count: u64| count as f64 / seconds / 1e6;
        let each = if bytes == 0 { "–".to_owned() } else { format!("{:.0}", bytes as f64 / states as f64) };
        println!(
            "| {name} | {threads} | {states} | {transitions} | {seconds:.3} | {:.2} M | {:.2} M | {each} |",
            rate(states),
            rate(transitions)
        );
    }
}
