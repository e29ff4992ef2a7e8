//! Progress bars: one for the scenario at hand, one for all of them. They are shown on a terminal and nowhere else.
//!
//! How much is left is an estimate, and says so: a search does not know beforehand how many plans it will try, and one scenario says
//! little about how long the next will take.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use indicatif::{HumanDuration, MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::output::Output;
use crate::batch::{Level, Progress};

const ONE: &str = "{prefix} {wide_msg} {bar:24} {human_pos}/{human_len} runs, {eta} left";
/// More runs will turn out to be ahead.
const OPEN_ENDED: &str = "{prefix} {wide_msg} {bar:24} {human_pos}/{human_len} runs and more, at least {eta} left";
const ALL: &str = "{prefix} {wide_msg} {bar:24} {human_pos}/{human_len} scenarios";

/// The bars.
pub(super) struct Bars {
    both: MultiProgress,
    one: ProgressBar,
    all: ProgressBar,
    started: Instant,
    open_ended: AtomicBool,
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

impl Bars {
    /// Bars for so many scenarios; a single one needs no bar for all.
    pub(super) fn new(output: &Output, scenarios: usize) -> Self {
        let target = if output.progress { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let both = MultiProgress::with_draw_target(target);
        let one = both.add(ProgressBar::new(0).with_style(style(ONE)));
        let all = ProgressBar::new(scenarios as u64).with_style(style(ALL)).with_prefix("all");
        let all = if scenarios > 1 { both.add(all) } else { ProgressBar::hidden() };
        Bars { both, one, all, started: Instant::now(), open_ended: AtomicBool::new(false) }
    }

    /// The next scenario begins.
    pub(super) fn next(&self, name: &str, number: usize, of: usize) {
        self.open_ended(false);
        self.one.reset();
        self.one.set_length(0);
        self.one.set_prefix(format!("[{number}/{of}]"));
        self.one.set_message(name.to_owned());
        self.all.set_position(number.saturating_sub(1) as u64);
        self.all.set_message(left(self.started.elapsed(), number.saturating_sub(1), of));
    }

    /// Prints something else meanwhile.
    pub(super) fn suspend<T>(&self, print: impl FnOnce() -> T) -> T {
        self.both.suspend(print)
    }

    /// Removes the bars.
    pub(super) fn finish(&self) {
        self.one.finish_and_clear();
        self.all.finish_and_clear();
    }
}

/// Says on a terminal what is waited for, until what comes back is finished.
pub(super) fn wait(output: &Output, what: &'static str) -> ProgressBar {
    let target = if output.progress { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(None, target).with_style(style("{spinner} {msg}")).with_message(what);
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}

/// How long the rest may take, if it takes as long for each as what is done; nothing as long as too little is done to say.
fn left(elapsed: Duration, done: usize, of: usize) -> String {
    if done < 3 {
        return String::new();
    }
    let rest = elapsed.mul_f64(of.saturating_sub(done) as f64 / done as f64);
    format!("about {} left, if the rest is like what is done", HumanDuration(rest))
}

impl Progress for Bars {
    fn ahead(&self, runs: u64) {
        self.one.inc_length(runs);
    }

    fn done(&self, runs: u64) {
        self.one.inc(runs);
    }

    fn open_ended(&self, is_so: bool) {
        if self.open_ended.swap(is_so, Ordering::Relaxed) != is_so {
            self.one.set_style(style(if is_so { OPEN_ENDED } else { ONE }));
        }
    }

    fn level(&self, level: Level) {
        let Level { faults, events, states, frontier, bytes } = level;
        let rate = states as f64 / self.one.elapsed().as_secs_f64().max(1e-3);
        let events = events.map_or(String::new(), |events| format!(" and {events} events"));
        self.one.set_message(format!(
            "{states} states, {rate:.0}/s, {faults} faults{events} deep, {frontier} ahead, {} MiB",
            bytes >> 20
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_estimate_is_made_of_what_is_done_and_not_of_too_little() {
        assert_eq!(left(Duration::from_secs(50), 2, 9), "");
        let said = left(Duration::from_secs(60), 3, 9);
        assert!(said.starts_with("about 2 minutes left"), "{said}");
    }
}
