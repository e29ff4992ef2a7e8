use halfpaid::drive::exhaustive::Budget;
use halfpaid::explore::{Bounds, Question, explore};
use halfpaid::fault::FaultKind;
use halfpaid::scenario::{CryptoKind, Scenario};
use halfpaid::{batch::workload, protocol};
use std::time::Instant;

fn main() {
    let args: &'static [String] = Box::leak(std::env::args().collect::<Vec<_>>().into_boxed_slice());
    let name = &args[1];
    let at_most: u32 = args[2].parse().unwrap();
    let written = args.get(3).is_some_and(|a| a == "as-written");
    let mut scenario = Scenario::new("probe", name);
    if written { scenario.preset = protocol::mechanism::Preset::AsWritten; }
    scenario.recovery.retry_backoff_thousandths = 1000;
    let kinds: Vec<FaultKind> = args.get(4).map_or(FaultKind::ALL.to_vec(), |k| FaultKind::ALL.iter().copied().filter(|f| k.split(',').any(|n| n == f.name())).collect());
    if let Some(n) = args.get(5) { scenario.workload.purchases = n.parse().unwrap(); }
    if let Some(n) = args.get(6) { scenario.parties.customers = n.parse().unwrap(); }
    let protocol = protocol::by_name(name).unwrap();
    let setup = workload::setup(&scenario, &protocol, CryptoKind::Symbolic, 0);
    let errands = workload::workload(&scenario, 0);
    let budget = Budget { at_most, kinds, server_may_vanish: false };
    let question = Question { setup: &setup, workload: &errands, budget: &budget, reductions: halfpaid::explore::Reductions { dead_letters: std::env::var("NODEAD").is_err(), loops: std::env::var("NOLOOPS").is_err() }, bounds: Bounds { states: 20_000_000, depth: u32::MAX } };
    let start = Instant::now();
    let answer = explore(&question, &mut ());
    let s = start.elapsed().as_secs_f64();
    println!("{name} {at_most}: {} states {} transitions {:.2} s {:.2} M/s stopped {:?} bytes {} ends {} rest {} endless {:?} unconfirmed {} unstruck {:?}", answer.states, answer.transitions, s, answer.states as f64 / s / 1e6, answer.stopped, answer.state_bytes, answer.ends.len(), answer.at_rest, answer.endless.as_ref().map(|(n, c)| (n, c.as_ref().map(|c| c.to_string()))), answer.unconfirmed.len(), answer.coverage.iter().filter(|c| c.met > 0 && c.struck == 0).collect::<Vec<_>>());
    if std::env::var("V").is_ok() {
    for f in &answer.findings { println!("  {} {} [{}] {} events {} states: {}", f.breach.invariant.name(), f.breach.clause, f.cause.join(" + "), f.violation.events, f.states, f.course); }
    for (b, c) in answer.unconfirmed.iter().take(8) { println!("  UNCONFIRMED {} {:?}", b.clause, c.as_ref().map(|c| c.to_string())); }
    for e in &answer.ends { println!("  {:?} {} {:?}", e.ending, e.states, e.course.as_ref().map(|c| c.to_string())); }
    }
}
