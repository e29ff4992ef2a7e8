//! The six messages of a purchase among 64 triples of parties in other simulators: nanoseconds of processor time per message, a line
//! for each. `cargo bench --bench scale -- others` builds and runs this and puts halfpaid's own figures beside them.
//!
//! Nothing is carried but the step's number, nothing is signed, saved or checked: it is what the engines themselves cost. Each message
//! takes 1 to 2 virtual milliseconds; each triple makes one purchase after the other.

mod madsim_six;
mod nexosim_six;
mod turmoil_six;

use rustix::time::{ClockId, clock_gettime};

/// How many triples of a customer, a merchant and a payment server.
pub(crate) const TRIPLES: u8 = 64;

/// How many messages a purchase takes.
pub(crate) const STEPS: u8 = 6;

/// Processor time of all threads, in nanoseconds, whatever a simulator makes of the clock.
fn cpu_ns() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 * 1e9 + time.tv_nsec as f64
}

/// Runs so many purchases of each triple, and again none; prints what a message costs without setting up.
fn report(name: &str, purchases: u32, run: impl Fn(u32)) {
    let timed = |purchases: u32| {
        let start = cpu_ns();
        run(purchases);
        cpu_ns() - start
    };
    let best = |purchases: u32| (0..3).map(|_| timed(purchases)).fold(f64::MAX, f64::min);
    let messages = f64::from(purchases) * f64::from(TRIPLES) * f64::from(STEPS);
    println!("{name} {:.0}", (best(purchases + 1) - best(1)) / messages);
}

fn main() {
    report("nexosim", 500, nexosim_six::run);
    report("madsim", 200, madsim_six::run);
    report("turmoil", 20, turmoil_six::run);
}
