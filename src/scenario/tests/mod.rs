//! What a good scenario becomes, and that no input whatever makes the reader panic or dawdle.
//!
//! What a user is told about bad ones is in `refusals`, matrices are in `matrices`, and files and folders in `files`.

mod files;
mod matrices;
mod refusals;

use std::path::Path;
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;

/// The example of the interface, which every test starts from.
const VALID: &str = r#"name = "case2-every-two-faults"
about = "Case 2 keeps all three properties under any two faults at any step."
protocol = ["case2"]
preset = "hardened"
without = []
crypto = "symbolic"

[parties]
customers = 1
merchants = 1
opening_balance_cents = 100_000

[workload]
purchases = 1
arrival = { every_us = 50_000 }
catalogue = { items = 100, price_cents = [50, 2_000], item_bytes = [512, 4_096], popularity = "zipf" }

[network]
latency_us = [1_000, 20_000]

[recovery]
retry_after_us = 200_000
retry_backoff = 2.0
query_after_us = 1_000_000
restart_after_us = 500_000
instrument_lifetime_us = 10_000_000
dedup_retention_us = 60_000_000
on_unknown = "give-up"

[faults]
mode = "exhaustive"
clock = "timed"
at_most = 2
kinds = ["drop", "duplicate", "delay", "replay", "crash", "crash-forever"]

[deviations]
merchant = "honest"
customer = "honest"

[expect]
money = "holds"
goods = "holds"
certified = "holds"
"#;

const PATH: &str = "case2-every-two-faults.toml";

fn read(source: &str) -> Result<Vec<Scenario>, Vec<Diagnostic>> {
    parse(Path::new(PATH), source)
}

fn one(source: &str) -> Scenario {
    let mut scenarios = read(source).unwrap_or_else(|found| panic!("{}", found[0]));
    assert_eq!(scenarios.len(), 1);
    scenarios.remove(0)
}

/// The example with one thing changed.
fn changed(from: &str, to: &str) -> String {
    assert!(VALID.contains(from), "{from}");
    VALID.replacen(from, to, 1)
}

/// A file with a name and a protocol and the rest as given.
fn with(rest: &str) -> String {
    format!("name = \"case2-every-two-faults\"\nprotocol = [\"case2\"]\n{rest}")
}

/// All that is wrong with a text, as `line:column message | help`.
fn wrong(source: &str) -> Vec<String> {
    let Err(found) = read(source) else { panic!("this was taken:\n{source}") };
    let line = |it: &Diagnostic| {
        assert!(it.render(true).len() < 5_000);
        let place = it.place.as_ref().expect("a place");
        format!("{}:{} {} | {}", place.line, place.column, it.message, it.help)
    };
    found.iter().map(line).collect()
}

#[track_caller]
fn check(source: &str, expected: &[&str]) {
    assert_eq!(wrong(source), expected);
}

#[test]
fn the_example_of_the_interface_is_read_as_it_stands() {
    let scenario = one(VALID);
    let mut expected = Scenario::new("case2-every-two-faults", "case2");
    expected.about = "Case 2 keeps all three properties under any two faults at any step.".to_owned();
    let kinds = FaultKind::ALL.iter().copied();
    let kinds = kinds.filter(|kind| !matches!(kind, FaultKind::Corrupt | FaultKind::Partition)).collect();
    expected.faults = Faults::Exhaustive { at_most: 2, kinds, each: BTreeMap::new(), clock: Clock::Timed };
    assert_eq!(scenario, expected);
    assert_eq!(scenario.seeds(), 0..1);
}

#[test]
fn what_is_left_out_has_the_default_of_the_interface() {
    assert_eq!(one(&with("")), Scenario::new("case2-every-two-faults", "case2"));
    let exhaustive = one(&with("[faults]\nmode = \"exhaustive\"")).faults;
    assert_eq!(exhaustive, one(VALID).faults);
    let random = one(&with("[faults]\nmode = \"random\""));
    assert_eq!((random.crypto, random.seeds()), (CryptoKind::Real, 0..100));
    assert_eq!(random.faults.kinds(), FaultKind::ALL);
}

#[test]
fn faults_may_be_counted_by_kind() {
    let scenario = one(&with("[faults]\nmode = \"exhaustive\"\nat_most = { crash = 1, drop = 2 }"));
    let budget = scenario.budget().expect("a budget");
    assert_eq!((budget.at_most, budget.kinds.as_slice()), (3, &[FaultKind::Drop, FaultKind::Crash][..]));
    let of = |kind| budget.of(kind);
    assert_eq!([of(FaultKind::Drop), of(FaultKind::Crash), of(FaultKind::Delay)], [2, 1, 0]);
}

#[test]
fn bounds_of_a_search_are_kept() {
    let untimed = "[faults]\nmode = \"exhaustive\"\nclock = \"untimed\"";
    let given = format!("{untimed}\nstates_at_most = 5\nevents_at_most = 7\nmebibytes_at_most = 2");
    assert_eq!(one(&with(&given)).bounds, Bounds { states: 5, depth: 7, bytes: 2 << 20 });
    assert_eq!(one(&with(untimed)).bounds, Bounds::default());
    let cut = one(&with("[faults]\nmode = \"exhaustive\"\nevery_plan = false\nat_most = 4\nstates_at_most = 5"));
    assert_eq!((cut.cuts, cut.bounds.states, cut.budget().expect("a budget").at_most), (true, 5, 4));
    assert!(!one(&with("[faults]\nmode = \"exhaustive\"\nevery_plan = true")).cuts);
}

#[test]
fn settings_that_are_given_are_kept() {
    let scenario = one(&with(
        "seed = 7\n[workload]\npurchases = 9\narrival = { poisson_per_s = 200 }\ntop_up = { after_us = 5, cents = 6 }
catalogue = { item_bytes = 64 }\n[network]\nlatency_us = 5\n[recovery]\nretry_backoff = 1.5\non_unknown = \"wait\"
[faults]\nmode = \"scripted\"\nplans = [\"none\", \"drop 3#1\"]\nserver_crash_forever = true\n[expect]\ngoods = \"violated\"",
    ));
    assert_eq!(scenario.seeds(), 7..8);
    assert_eq!(scenario.workload.arrival, Arrival::Poisson { per_s: 200.0 });
    assert_eq!(scenario.workload.top_up, Some(TopUp { after_us: 5, cents: 6 }));
    assert_eq!(scenario.workload.catalogue, Catalogue { item_bytes: (64, 64), ..Catalogue::default() });
    assert_eq!(scenario.network.latency_us, (5, 5));
    assert_eq!(scenario.recovery.retry_backoff_thousandths, 1_500);
    assert_eq!(scenario.recovery.on_unknown, OnUnknown::Wait);
    assert!(scenario.server_crash_forever);
    assert_eq!(scenario.expect[&Invariant::Goods], Expectation::Violated);
    assert_eq!(scenario.expect[&Invariant::Money], Expectation::Holds);
    let Faults::Scripted { plans } = scenario.faults else { panic!("scripted") };
    assert_eq!(plans[1].plan.to_string(), "drop 3#1");
}

#[test]
fn rates_alone_say_which_kinds_strike_and_kinds_alone_get_the_usual_rates() {
    let rates = |text: &str| match one(&with(&format!("[faults]\nmode = \"random\"\n{text}"))).faults {
        Faults::Random { rates, .. } => rates.into_iter().collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    assert_eq!(rates("rates = { drop = 0.05, crash = 0.000001 }"), [(FaultKind::Drop, 50_000), (FaultKind::Crash, 1)]);
    assert_eq!(rates("kinds = [\"crash\"]"), [(FaultKind::Crash, 10_000)]);
    assert_eq!(
        rates("kinds = [\"crash\", \"drop\"]\nrates = { drop = 1 }"),
        [(FaultKind::Drop, 1_000_000), (FaultKind::Crash, 10_000)]
    );
}

#[test]
fn text_that_is_not_toml_says_where() {
    let found = wrong("name = \"a\"\nprotocol == 5\n");
    assert!(found[0].starts_with("2:11 this is not TOML: "), "{found:?}");
    assert!(wrong("a = \"abc\nb")[0].starts_with("1:9 this is not TOML: "), "{:?}", wrong("a = \"abc\nb"));
    check("name = ", &["1:8 this is not TOML: string values must be quoted | accepted: literal string"]);
    let found = wrong("name = \"a\"\nname = \"b\"\n");
    assert!(found[0].starts_with("2:1 this is not TOML: duplicate key"), "{found:?}");
    assert!(wrong("# nothing but a comment\n")[0].starts_with("1:1 the scenario is empty | the least that"));
}

#[test]
fn a_megabyte_of_anything_is_answered_briefly_and_soon() {
    let list = |number: usize| (0..number).map(|number| format!("\"p{number}\"")).collect::<Vec<_>>().join(",");
    let sources = [
        "x".repeat(1 << 20),
        "[".repeat(1 << 20),
        "\n".repeat(1 << 20),
        "a.".repeat(1 << 19),
        "a = 1\n".repeat(170_000),
        "= \"\n]".repeat(250_000),
        format!("name = \"{}\"", "x".repeat(1_000_000)),
        format!("about = [{}]", "[],".repeat(300_000)),
        with(&(0..90_000).map(|number| format!("k{number} = 1\n")).collect::<String>()),
        with(&format!("[expect]\n{}", (0..90_000).map(|number| format!("k{number} = \"\"\n")).collect::<String>())),
        with(&format!("without = [{}]", list(100_000))),
        with(&format!("[faults]\nmode = \"scripted\"\nplans = [{}]\n[matrix]\nseed = [-1, -2]", list(100_000))),
    ];
    for source in sources {
        let start = Instant::now();
        let found = read(&source).expect_err("garbage");
        assert!(found.len() <= 20);
        assert!(found.iter().all(|found| found.render(true).len() < 2_000), "{}", found[0]);
        assert!(start.elapsed() < Duration::from_secs(10), "{:?} for {}", start.elapsed(), &source[..50]);
    }
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in any::<String>()) {
        for found in read(&text).err().into_iter().flatten() {
            found.render(true);
        }
    }

    #[test]
    fn no_mutilation_of_a_scenario_makes_the_reader_panic(
        cut in any::<prop::sample::Index>(),
        edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<char>()), 0..4),
        tokens in proptest::collection::vec((any::<prop::sample::Index>(), "[-0-9.a-z\"\\[\\]{}=,\n]{0,4}"), 0..3),
    ) {
        let mut text: Vec<char> = VALID.chars().collect();
        for (at, character) in edits {
            let at = at.index(text.len());
            text[at] = character;
        }
        for (at, token) in tokens {
            let at = at.index(text.len());
            text.splice(at..at, token.chars());
        }
        let cut = cut.index(text.len() * 2).min(text.len());
        let text: String = text[..cut].iter().collect();
        for found in read(&text).err().into_iter().flatten() {
            found.render(true);
        }
    }
}
