//! A scenario that was put together by hand, as a file would say it.

use toml::{Table, Value};

use super::{Arrival, Clock, Faults, Scenario};
use crate::explore::Bounds;

fn names<'n>(names: impl Iterator<Item = &'n str>) -> Value {
    Value::Array(names.map(|name| Value::String(name.to_owned())).collect())
}

fn number(number: u64) -> Value {
    Value::Integer(i64::try_from(number).unwrap_or(i64::MAX))
}

/// The text of a scenario file for an exhaustive search. Of what a file cannot ask for (budgets of some kinds among others) a comment
/// in the first line tells.
///
/// # Errors
///
/// If a table cannot be written down.
pub fn exhaustive(scenario: &Scenario) -> Result<String, toml::ser::Error> {
    let mut table = Table::new();
    let mut put = |key: &str, value: Value| drop(table.insert(key.to_owned(), value));
    put("name", Value::String(scenario.name.clone()));
    put("about", Value::String(scenario.about.clone()));
    put("protocol", names(scenario.protocols.iter().copied()));
    put("preset", Value::String(scenario.preset.name().to_owned()));
    put("crypto", Value::String(scenario.crypto.name().to_owned()));
    put("seed", number(scenario.seed));
    for (key, mechanisms) in [("without", &scenario.without), ("with", &scenario.with)] {
        if !mechanisms.is_empty() {
            put(key, names(mechanisms.iter().map(|mechanism| mechanism.name())));
        }
    }
    let parties = [("customers", scenario.parties.customers), ("merchants", scenario.parties.merchants)];
    let parties = parties.map(|(key, parties)| (key.to_owned(), number(parties.into())));
    let opening = ("opening_balance_cents".to_owned(), number(scenario.parties.opening_balance_cents));
    put("parties", Value::Table(parties.into_iter().chain([opening]).collect()));
    let purchases = ("purchases".to_owned(), number(scenario.workload.purchases.into()));
    let arrival = match scenario.workload.arrival {
        Arrival::Every { us } => [("every_us".to_owned(), number(us))],
        Arrival::Poisson { per_s } => [("poisson_per_s".to_owned(), Value::Float(per_s))],
    };
    let arrival = ("arrival".to_owned(), Value::Table(arrival.into_iter().collect()));
    put("workload", Value::Table([purchases, arrival].into_iter().collect()));
    let deviations = &scenario.deviations;
    let who = [("merchant", deviations.merchant), ("customer", deviations.customer), ("outsider", deviations.outsider)];
    let who = who.map(|(key, name)| (key.to_owned(), Value::String(name.to_owned())));
    put("deviations", Value::Table(who.into_iter().collect()));
    let expect = scenario
        .expect
        .iter()
        .map(|(invariant, expected)| (invariant.name().to_owned(), Value::String(expected.name().to_owned())));
    put("expect", Value::Table(expect.collect()));
    let mut comment = String::new();
    if let Faults::Exhaustive { at_most, kinds, each, clock } = &scenario.faults {
        let mut faults = Table::new();
        let mut put = |key: &str, value: Value| drop(faults.insert(key.to_owned(), value));
        put("mode", Value::String("exhaustive".to_owned()));
        put("clock", Value::String(clock.name().to_owned()));
        put("at_most", number((*at_most).into()));
        put("kinds", names(kinds.iter().map(|kind| kind.name())));
        put("server_crash_forever", Value::Boolean(scenario.server_crash_forever));
        if scenario.cuts && *clock == Clock::Timed {
            put("every_plan", Value::Boolean(false));
        }
        if *clock == Clock::Untimed || scenario.cuts {
            let Bounds { states, depth, bytes } = Bounds::default();
            let set = [
                ("states_at_most", scenario.bounds.states, states),
                ("events_at_most", scenario.bounds.depth.into(), depth.into()),
                ("mebibytes_at_most", scenario.bounds.bytes >> 20, bytes >> 20),
            ];
            set.into_iter().filter(|(_, set, usual)| set != usual).for_each(|(key, set, _)| put(key, number(set)));
        }
        table.insert("faults".to_owned(), Value::Table(faults));
        if !each.is_empty() {
            let each: Vec<String> = each.iter().map(|(kind, most)| format!("{} {most}", kind.name())).collect();
            comment.push_str(&format!("# of single kinds at most: {}\n", each.join(", ")));
        }
    }
    Ok(comment + &toml::to_string(&table)?)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::fault::FaultKind;
    use crate::protocol::mechanism::{Mechanism, Preset};
    use crate::scenario::parse;

    #[test]
    fn what_is_written_is_what_is_read() {
        let kinds = vec![FaultKind::Drop, FaultKind::Crash];
        let search = |clock| Faults::Exhaustive { at_most: 2, kinds: kinds.clone(), each: [].into(), clock };
        let mut plain = Scenario::new("explore-case2", "case2");
        plain.about = "every \"plan\" of at most 2 faults".to_owned();
        plain.faults = search(Clock::Timed);
        let mut other = plain.clone();
        (other.preset, other.seed, other.parties.customers) = (Preset::AsWritten, 7, 2);
        (other.with, other.without) = (vec![Mechanism::SignedStatus], vec![Mechanism::StatusQuery]);
        (other.workload.purchases, other.faults) = (2, search(Clock::Untimed));
        (other.workload.arrival, other.parties.opening_balance_cents) = (Arrival::Every { us: 7 }, 1_000);
        (other.deviations.merchant, other.bounds.states, other.bounds.bytes) = ("wrong-key", 1_000, 64 << 20);
        let mut cut = plain.clone();
        (cut.cuts, cut.bounds.states, cut.bounds.bytes) = (true, 1_000, 64 << 20);
        cut.faults = Faults::Exhaustive { at_most: 5, kinds: kinds.clone(), each: [].into(), clock: Clock::Timed };
        for scenario in [plain, other, cut] {
            let text = exhaustive(&scenario).expect("a text");
            let read = parse(Path::new("explore-case2.toml"), &text).expect("a scenario");
            assert_eq!(read, [scenario], "{text}");
        }
    }

    #[test]
    fn what_a_file_cannot_ask_for_is_in_a_comment() {
        let mut scenario = Scenario::new("explore-case3", "case3");
        let (kinds, each) = (vec![FaultKind::Drop, FaultKind::Crash], [(FaultKind::Crash, 1)].into());
        scenario.faults = Faults::Exhaustive { at_most: 2, kinds, each, clock: Clock::Timed };
        let text = exhaustive(&scenario).expect("a text");
        assert!(text.starts_with("# of single kinds at most: crash 1\n"), "{text}");
        assert!(parse(Path::new("explore-case3.toml"), &text).is_ok(), "{text}");
    }
}
