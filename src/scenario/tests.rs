//! What a user is told about every kind of malformed scenario, and that no input whatever makes the reader panic.

use std::fs;
use std::path::{Path, PathBuf};
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
    expected.faults = Faults::Exhaustive { at_most: 2, kinds, clock: Clock::Timed };
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
    assert_eq!(scenario.expect[&Invariant::Goods], Verdict::Violated);
    assert_eq!(scenario.expect[&Invariant::Money], Verdict::Holds);
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
fn an_unknown_key_names_the_near_miss_and_every_accepted_key() {
    check(
        &changed("latency_us = [1", "latancy_us = [1"),
        &["19:1 `network.latancy_us` is not a key of a scenario | did you mean `latency_us`? accepted: latency_us"],
    );
    check(
        &with("[matrx]\n[parties]\n\"customers`, expected \" = 1\n"),
        &[
            "3:2 `matrx` is not a key of a scenario | did you mean `matrix`? accepted: name, about, protocol, preset, \
             without, crypto, seed, parties, workload, network, recovery, faults, deviations, expect, matrix",
            "5:1 `parties.customers`, expected ` is not a key of a scenario | accepted: customers, merchants, \
             opening_balance_cents",
        ],
    );
}

#[test]
fn a_wrong_type_says_what_was_found_and_what_is_accepted() {
    check(
        &changed("customers = 1", "customers = \"one\""),
        &["9:13 `parties.customers` has the wrong type: string \"one\" | accepted: a whole number"],
    );
    check(
        &changed("latency_us = [1_000, 20_000]", "latency_us = [1, 2, 3]"),
        &[
            "19:14 `network.latency_us` has invalid length 3 | accepted: a whole number, or two of them: [least, greatest]",
        ],
    );
    check(
        &with("parties = 5\nworkload = 1979-05-27\nabout = 1\n"),
        &[
            "3:11 `parties` has the wrong type: integer `5` | accepted: a table",
            "4:12 `workload` has the wrong type: a date | no key of a scenario is a date",
            "5:9 `about` has the wrong type: integer `1` | accepted: a string",
        ],
    );
}

#[test]
fn every_number_has_its_range() {
    let cases: &[(&str, &str, &str)] = &[
        (
            "customers = 1",
            "customers = 0",
            "9:13 `parties.customers` is 0, which is out of range | accepted: a whole number from 1 to 100000",
        ),
        (
            "customers = 1",
            "customers = -3",
            "9:13 `parties.customers` is -3, which is out of range | accepted: a whole number from 1 to 100000",
        ),
        (
            "merchants = 1",
            "merchants = 99_999_999_999_999_999_999",
            "10:13 `parties.merchants` is 99999999999999999999, which is out of range | accepted: a whole number from 1 to 100000",
        ),
        (
            "items = 100",
            "items = 0",
            "16:23 `workload.catalogue.items` is 0, which is out of range | accepted: a whole number from 1 to 1000000",
        ),
        (
            "[50, 2_000]",
            "[0, 2_000]",
            "16:42 `workload.catalogue.price_cents` is 0, which is out of range | accepted: a whole number from 1 to 100000000000",
        ),
        (
            "[512, 4_096]",
            "[31, 4_096]",
            "16:68 `workload.catalogue.item_bytes` is 31, which is out of range | accepted: a whole number from 32 to 1048576",
        ),
        (
            "[512, 4_096]",
            "[512, 1_048_577]",
            "16:68 `workload.catalogue.item_bytes` is 1048577, which is out of range | accepted: a whole number from 32 to 1048576",
        ),
        (
            "[512, 4_096]",
            "[512, 511]",
            "16:68 `workload.catalogue.item_bytes` goes from 512 down to 511 | accepted: the least first, then the greatest",
        ),
        (
            "20_000]",
            "3_600_000_001]",
            "19:14 `network.latency_us` is 3600000001, which is out of range | accepted: a whole number from 0 to 3600000000",
        ),
        (
            "every_us = 50_000",
            "every_us = 0",
            "15:24 `workload.arrival.every_us` is 0, which is out of range | accepted: a whole number from 1 to 31536000000000",
        ),
        (
            "every_us = 50_000",
            "poisson_per_s = inf",
            "15:29 `workload.arrival.poisson_per_s` is inf, which is out of range | accepted: a number from 0.001 to 1000000",
        ),
        (
            "every_us = 50_000",
            "poisson_per_s = nan",
            "15:29 `workload.arrival.poisson_per_s` is NaN, which is out of range | accepted: a number from 0.001 to 1000000",
        ),
        (
            "retry_backoff = 2.0",
            "retry_backoff = 0.5",
            "23:17 `recovery.retry_backoff` is 0.5, which is out of range | accepted: a number from 1 to 10",
        ),
        (
            "retry_backoff = 2.0",
            "retry_backoff = 11",
            "23:17 `recovery.retry_backoff` is 11.0, which is out of range | accepted: a number from 1 to 10",
        ),
        (
            "retry_after_us = 200_000",
            "retry_after_us = 0",
            "22:18 `recovery.retry_after_us` is 0, which is out of range | accepted: a whole number from 1 to 31536000000000",
        ),
        (
            "at_most = 2",
            "at_most = 3",
            "33:11 `faults.at_most` is 3, which is out of range | accepted: a whole number from 0 to 2",
        ),
    ];
    for (from, to, expected) in cases {
        check(&changed(from, to), &[expected]);
    }
    check(
        &with("seed = 18446744073709551615"),
        &[
            "3:8 `seed` is 18446744073709551615, which is out of range | accepted: a whole number from 0 to 18446744073709551614",
        ],
    );
}

#[test]
fn an_empty_workload_is_an_error() {
    check(
        &changed("purchases = 1", "purchases = 0"),
        &["14:13 `workload.purchases` is 0, which is out of range | accepted: a whole number from 1 to 10000000"],
    );
    check(
        &changed("{ every_us = 50_000 }", "{}"),
        &[
            "15:11 `workload.arrival` has to say one thing | accepted: either { every_us = 50_000 } or { poisson_per_s = 200.0 }",
        ],
    );
    check(&changed("[\"case2\"]", "[]"), &["3:12 `protocol` is empty | accepted: at least one"]);
}

#[test]
fn an_unknown_name_suggests_the_near_miss() {
    let starts = |source: &str, expected: &str| {
        let found = wrong(source);
        assert!(found.len() == 1 && found[0].starts_with(expected), "{found:#?}");
    };
    starts(
        &changed("without = []", "without = [\"tombstne\"]"),
        "5:12 `without` does not know \"tombstne\" | did you mean `tombstone`? accepted: retransmit, status-query,",
    );
    starts(
        &changed("\"crash-forever\"]", "\"crash_forever\"]"),
        "34:59 `faults.kinds` does not know \"crash_forever\" | did you mean `crash-forever`? accepted: drop,",
    );
    starts(
        &changed("[\"case2\"]", "[\"case4\"]"),
        "3:13 `protocol` does not know \"case4\" | did you mean `case1`? accepted: case1, case2, case3",
    );
    starts(
        &changed("merchant = \"honest\"", "merchant = \"Honset\""),
        "37:12 `deviations.merchant` does not know \"Honset\" | did you mean `honest`? accepted: honest",
    );
    starts(
        &changed("goods = \"holds\"", "good = \"holds\""),
        "42:1 `expect` does not know \"good\" | did you mean `goods`? accepted: money, goods,",
    );
    starts(
        &changed("goods = \"holds\"", "goods = \"broken\""),
        "42:9 `expect.goods` does not know \"broken\" | accepted: holds, violated",
    );
    starts(
        &changed("\"zipf\"", "\"zip\""),
        "16:95 `workload.catalogue.popularity` does not know \"zip\" | did you mean `zipf`? accepted: zipf, uniform",
    );
    starts(
        &changed("\"hardened\"", "\"as_written\""),
        "4:10 `preset` does not know \"as_written\" | did you mean `as-written`?",
    );
    starts(
        &changed("\"symbolic\"", "\"rael\""),
        "6:10 `crypto` does not know \"rael\" | did you mean `real`? accepted: real, symbolic",
    );
}

#[test]
fn settings_that_contradict_each_other_are_errors() {
    check(
        &changed("at_most = 2", "at_most = 2\nseeds = \"0..5\"\nplans = []"),
        &[
            "34:9 `faults.seeds` has no meaning in mode \"exhaustive\" | take it out, or accepted: mode = \"random\"",
            "35:9 `faults.plans` has no meaning in mode \"exhaustive\" | take it out, or accepted: mode = \"scripted\"",
        ],
    );
    check(
        &with("[faults]\nmode = \"none\"\nkinds = [\"drop\"]"),
        &[
            "5:9 `faults.kinds` has no meaning in mode \"none\" | take it out, or accepted: mode = \"random\" or \"exhaustive\"",
        ],
    );
    check(
        &with("seed = 1\n[faults]\nmode = \"random\"\nat_most = 1"),
        &[
            "3:8 `seed` has no meaning in mode \"random\" | accepted: `faults.seeds` instead, such as seeds = \"0..100\"",
            "6:11 `faults.at_most` has no meaning in mode \"random\" | take it out, or accepted: mode = \"exhaustive\"",
        ],
    );
    check(
        &with("preset = \"as-written\"\nwithout = [\"countersign\"]"),
        &["4:12 `without` takes away `countersign`, which preset \"as-written\" of case2 does not have | accepted: \
           idempotent-submit, payment-journal, release-on-query, status-query; or preset = \"hardened\""],
    );
    check(
        &changed("without = []", "without = [\"tombstone\", \"tombstone\"]"),
        &["5:25 `without` lists \"tombstone\" twice | take one of them out"],
    );
    check(
        &changed("[\"case2\"]", "[\"case2\", \"case2\"]"),
        &["3:22 `protocol` lists \"case2\" twice | take one of them out"],
    );
    check(
        &changed("[\"drop\", ", "[\"drop\", \"drop\", \"partition\", "),
        &[
            "34:18 `faults.kinds` lists \"drop\" twice | take one of them out",
            "34:26 `faults.kinds` has \"partition\" in mode \"exhaustive\" | take it out, or mode = \"random\": moments \
             and lengths of a partition cannot be enumerated",
        ],
    );
    check(
        &changed("purchases = 1", "purchases = 2"),
        &["14:13 `workload.purchases` is 2 in mode \"exhaustive\" | accepted: 1 in this version; or mode = \"random\""],
    );
    check(
        &with("[faults]\nmode = \"random\"\nkinds = [\"drop\"]\nrates = { crash = 0.1 }\nserver_crash_forever = true"),
        &[
            "6:11 `faults.rates` gives `crash`, which `faults.kinds` leaves out | take it out, or add it to `kinds` in line 5",
            "7:24 `faults.server_crash_forever` is true, but nothing crashes for ever | take it out, or add \
             \"crash-forever\" to the kinds",
        ],
    );
}

#[test]
fn what_does_not_exist_yet_says_so() {
    check(
        &changed("\"timed\"", "\"untimed\""),
        &["32:9 `faults.clock` is \"untimed\" | accepted: only \"timed\" exists in this version"],
    );
}

#[test]
fn fault_settings_are_checked_one_by_one() {
    check(
        &with("[faults]\nat_most = 1"),
        &["3:1 `faults.mode` is missing | accepted: none, random, exhaustive, scripted"],
    );
    check(
        &with("[faults]\nmode = \"scripted\""),
        &[
            "3:1 `faults.plans` is missing in mode \"scripted\" | accepted: plans = [\"...\"], each a line that `halfpaid` prints",
        ],
    );
    for (seeds, help) in [
        ("5..5", "accepted: A..B with A less than B"),
        ("6..5", "accepted: A..B with A less than B"),
        ("5", "accepted: A..B, such as 0..100, from A to before B"),
        ("0..=5", "accepted: A..B, such as 0..100, from A to before B"),
        ("0..18446744073709551615", "accepted: at most 1000000000 seeds"),
    ] {
        check(
            &with(&format!("[faults]\nmode = \"random\"\nseeds = \"{seeds}\"")),
            &[&format!("5:9 `faults.seeds` is \"{seeds}\" | {help}")],
        );
    }
    check(
        &with("[faults]\nmode = \"random\"\nrates = { drop = 1.5, crash = 1e-9 }"),
        &[
            "5:18 `faults.rates.drop` is 1.5, which is out of range | accepted: a number from 0 to 1",
            "5:31 `faults.rates.crash` is 1e-9, which is too small | accepted: 0, or a number from 0.000001 to 1",
        ],
    );
}

#[test]
fn a_name_is_the_files_stem_and_safe_in_a_path() {
    check(
        "protocol = [\"case1\"]",
        &["1:1 `name` is missing | add name = \"case2-every-two-faults\", the file's stem"],
    );
    check(
        &changed("\"case2-every-two-faults\"", "\"other\""),
        &["1:8 `name` is \"other\", but the file is \"case2-every-two-faults\" | accepted: name = \
           \"case2-every-two-faults\", or rename the file"],
    );
    check(
        &changed("\"case2-every-two-faults\"", "\"../etc\""),
        &[
            "1:8 `name` is \"../etc\", which cannot name a folder of results | accepted: 1 to 64 letters, digits, `-` and \
           `_`, the first no `-`",
        ],
    );
}

#[test]
fn text_that_is_not_toml_says_where() {
    let found = wrong("name = \"a\"\nprotocol == 5\n");
    assert!(found[0].starts_with("2:11 this is not TOML: "), "{found:?}");
    let found = wrong("name = \"a\"\nname = \"b\"\n");
    assert!(found[0].starts_with("2:1 this is not TOML: duplicate key"), "{found:?}");
    assert!(wrong("# nothing but a comment\n")[0].starts_with("1:1 the scenario is empty | the least that"));
}

#[test]
fn a_matrix_becomes_every_combination() {
    let source = with(
        "[faults]\nmode = \"exhaustive\"\n[matrix]\n\"faults.at_most\" = [1, 2]\nnetwork.latency_us = [1_000, [2, 3]]",
    );
    let scenarios = read(&source).expect("a matrix");
    let names: Vec<&str> = scenarios.iter().map(|scenario| scenario.name.as_str()).collect();
    let stem = "case2-every-two-faults~faults.at_most=";
    assert_eq!(
        names,
        [
            "1,network.latency_us=1000",
            "1,network.latency_us=2-3",
            "2,network.latency_us=1000",
            "2,network.latency_us=2-3"
        ]
        .map(|suffix| format!("{stem}{suffix}"))
    );
    assert_eq!(scenarios[1].network.latency_us, (2, 3));
    assert!(matches!(scenarios[1].faults, Faults::Exhaustive { at_most: 1, .. }));
    assert!(matches!(scenarios[2].faults, Faults::Exhaustive { at_most: 2, .. }));
}

#[test]
fn names_of_a_matrix_differ_even_where_their_values_read_alike() {
    let source = with("[matrix]\nabout = [\"a/b\", \"a b\"]\nwithout = [[], [\"tombstone\"]]");
    let names: Vec<String> = read(&source).expect("a matrix").into_iter().map(|scenario| scenario.name).collect();
    let stem = "case2-every-two-faults~about=a_b,without=";
    assert_eq!(names, ["none", "tombstone", "none~2", "tombstone~2"].map(|suffix| format!("{stem}{suffix}")));
}

#[test]
fn an_error_of_a_matrix_points_at_its_value() {
    let matrix = |rest: &str| with(&format!("[matrix]\n{rest}"));
    check(
        &matrix("\"parties.customers\" = [1, 0]"),
        &["4:27 `parties.customers` is 0, which is out of range | accepted: a whole number from 1 to 100000"],
    );
    check(
        &matrix("\"parties.custmers\" = [1, 2]"),
        &[
            "4:1 `parties.custmers` is not a key of a scenario | did you mean `customers`? accepted: customers, merchants, \
           opening_balance_cents",
        ],
    );
    check(
        &matrix("seed = 1"),
        &["4:8 `matrix` does not give an array for `seed` | accepted: an array of values, such as [1, 2]"],
    );
    check(&matrix("seed = []"), &["4:8 `matrix` has no value for `seed` | accepted: at least one value"]);
    check(&matrix("seed = [1, 1]"), &["4:12 `matrix` lists \"1\" twice for `seed` | take one of them out"]);
    check(
        &matrix("name = [\"a\"]"),
        &["4:1 `matrix` cannot vary \"name\" | accepted: a key of a scenario, such as \"network.latency_us\""],
    );
    check(&matrix("\"a.b\" = [1]\na.b = [2]"), &["5:3 `matrix` names `a.b` twice | give all its values in one array"]);
    check(
        &matrix("\"protocol.x\" = [1]"),
        &["4:1 `matrix` names `protocol.x`, which is inside something that is no table | name the whole key instead"],
    );
    let many: Vec<String> = (0..1_001).map(|number| number.to_string()).collect();
    check(
        &matrix(&format!("seed = [{}]", many.join(", "))),
        &["3:1 `matrix` has more than 1000 combinations | take values out, or spread them over several files"],
    );
    assert!(wrong("matrix = 5")[0].starts_with("1:10 `matrix` has the wrong type"));
    assert!(wrong(&matrix(&format!("\"{}\" = [1]", "a.".repeat(100_000))))[0].starts_with("4:1 `matrix` cannot vary"));
}

/// A folder of its own for a test, with some files in it.
fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, content) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(path, content).expect("a file");
    }
    folder
}

/// Loads one path of a folder: the names found, and what is wrong.
fn load_from(folder: &tempfile::TempDir, path: &str) -> (Vec<String>, Vec<Diagnostic>) {
    let loaded = load(&[folder.path().join(path)]);
    (loaded.scenarios.into_iter().map(|loaded| loaded.scenario.name).collect(), loaded.diagnostics)
}

fn named(name: &str) -> String {
    format!("protocol = [\"case1\"]\n name = \"{name}\"\n")
}

#[test]
fn a_folder_is_searched_in_order_and_a_file_counts_once() {
    let (a, b, c) = (named("a"), named("b"), named("c"));
    let folder =
        folder(&[("b.toml", b.as_bytes()), ("a/c.toml", c.as_bytes()), ("a.toml", a.as_bytes()), ("x.txt", b"?")]);
    let loaded = load(&[folder.path().to_owned(), folder.path().join("a.toml")]);
    assert_eq!(loaded.diagnostics, []);
    let names: Vec<&str> = loaded.scenarios.iter().map(|loaded| loaded.scenario.name.as_str()).collect();
    assert_eq!(names, ["c", "a", "b"]);
    assert_eq!(*loaded.scenarios[1].source, *a);
}

#[test]
fn two_files_with_one_name_are_both_named() {
    let a = named("a");
    let folder = folder(&[("x/a.toml", a.as_bytes()), ("y/a.toml", a.as_bytes())]);
    let (_, found) = load_from(&folder, "");
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].line(), found[0].column()), (Some(2), Some(9)));
    assert!(found[0].path.ends_with("y/a.toml"));
    assert!(
        found[0].message.contains("scenario `a` is in ") && found[0].message.ends_with("x/a.toml too"),
        "{}",
        found[0]
    );
    assert_eq!(found[0].help, "rename one of the two files, and the `name` in it");
}

#[test]
fn a_folder_without_scenarios_and_a_folder_for_a_file_are_errors() {
    let folder = folder(&[("a/x.txt", b"?")]);
    let (_, found) = load_from(&folder, "a");
    assert_eq!(found[0].message, "this folder has no scenario");
    assert_eq!(found[0].help, "accepted: a scenario file, or a folder with at least one *.toml in it");
    let found = load_file(folder.path()).expect_err("a folder");
    assert_eq!(
        (found[0].message.as_str(), found[0].help.as_str()),
        ("this is a folder", "accepted here: one scenario file")
    );
    let (_, found) = load_from(&folder, "gone.toml");
    assert!(found[0].message.starts_with("this file cannot be read: "), "{}", found[0]);
    assert!(load(&[PathBuf::new(), PathBuf::from("a\0b")]).diagnostics.len() == 2);
}

#[test]
fn a_file_that_is_not_utf8_says_which_byte_and_line() {
    let folder = folder(&[("a.toml", b"name = \"a\"\n\xc3\xa4 \xff\xfe = 1\n"), ("b.toml", b"")]);
    let (_, found) = load_from(&folder, "a.toml");
    assert_eq!(found[0].message, "byte 14 of this file is 0xff, which is not UTF-8");
    assert_eq!(
        (found[0].line(), found[0].column(), found[0].help.as_str()),
        (Some(2), Some(3), "accepted: a text file in UTF-8")
    );
    let (_, found) = load_from(&folder, "b.toml");
    assert_eq!(found[0].message, "this file is empty");
    assert!(found[0].help.contains("protocol = [\"case2\"]"));
}

#[test]
fn ten_megabytes_of_garbage_are_refused_at_once() {
    let garbage: Vec<u8> = (0..10_000_000_u32).map(|number| (number.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let folder = folder(&[("a.toml", &garbage)]);
    let (_, found) = load_from(&folder, "a.toml");
    assert_eq!(found[0].message, "this file has 10000000 bytes, which no scenario has");
    assert_eq!(found[0].help, "accepted: a file of at most 1 MiB");
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
    fn no_bytes_make_the_loader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let folder = folder(&[("a.toml", &bytes)]);
        let (_, found) = load_from(&folder, "a.toml");
        prop_assert!(!found.is_empty());
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
