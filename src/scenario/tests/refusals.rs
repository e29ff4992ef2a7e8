//! What a user is told about every kind of malformed scenario: where, what, and what would be accepted.

use super::*;

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
             without, with, crypto, seed, parties, workload, network, recovery, faults, deviations, costs, expect, \
             matrix",
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
        &with("parties = 5\nworkload = 1979-05-27\nabout = 1\nwith = \"sealed-channels\"\nwithout = 7\n"),
        &[
            "3:11 `parties` has the wrong type: integer `5` | accepted: a table",
            "4:12 `workload` has the wrong type: a date | no key of a scenario is a date",
            "5:9 `about` has the wrong type: integer `1` | accepted: a string",
            "6:8 `with` has the wrong type: string \"sealed-channels\" | accepted: a list, such as with = [\"sealed-channels\"]",
            "7:11 `without` has the wrong type: integer `7` | accepted: a list",
        ],
    );
}

#[test]
fn every_number_has_its_range() {
    let cases: &[(&str, &str, &str)] = &[
        (
            "customers = 1",
            "customers = 0",
            "9:13 `parties.customers` is 0, which is out of range | accepted: a whole number from 1 to 10000000",
        ),
        (
            "customers = 1",
            "customers = -3",
            "9:13 `parties.customers` is -3, which is out of range | accepted: a whole number from 1 to 10000000",
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
            "at_most = 4",
            "33:11 `faults.at_most` is 4, which is out of range | accepted: a whole number from 0 to 3; up to 8 with every_plan = false or clock = \"untimed\"",
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
fn a_mechanism_can_be_added_that_the_preset_lacks_and_a_price_asked_under_a_profile_that_exists() {
    let told = |more: &str, expected: &str| {
        let found = wrong(&with(more));
        assert!(found.len() == 1 && found[0].contains(expected), "{found:#?}");
    };
    let added = |name: &str| wrong(&changed("without = []", &format!("without = []\nwith = [\"{name}\"]")));
    let found = added("tombstone");
    let help = "adds `tombstone`, which preset \"hardened\" of case2 has already | accepted: sealed-channels, whole-signatures";
    assert!(found.len() == 1 && found[0].contains(help), "{found:#?}");
    assert_eq!(added("sealed-chanels").len(), 1);
    told("[costs]\nprofiles = [\"privacy\"]\n", "did you mean `+privacy`? accepted: none, +replay-protection,");
    told("[costs]\nprofiles = [\"all\", \"all\"]\n", "`costs.profiles` lists \"all\" twice");
    told("[costs]\nsignatures = []\n", "`costs.signatures` is empty");
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
        "42:9 `expect.goods` does not know \"broken\" | accepted: holds, violated, either",
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
        &changed("purchases = 1", "purchases = 5"),
        &["14:13 `workload.purchases` is 5 in mode \"exhaustive\" | accepted: 1 to 4"],
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
fn only_an_exhaustive_search_does_without_the_clock() {
    check(
        &with("[faults]\nmode = \"random\"\nclock = \"untimed\""),
        &[
            "5:9 `faults.clock` is \"untimed\" in mode \"random\" | accepted: mode = \"exhaustive\", or clock = \"timed\"",
        ],
    );
    check(
        &with("[parties]\ncustomers = 9\n[faults]\nmode = \"exhaustive\"\nclock = \"untimed\""),
        &["4:13 there are 11 parties under the untimed clock | accepted: at most 5, P included"],
    );
}

#[test]
fn bounds_belong_to_searches_that_have_states() {
    let exhaustive = |rest: &str| with(&format!("[faults]\nmode = \"exhaustive\"\n{rest}"));
    check(
        &exhaustive("states_at_most = 5\nmebibytes_at_most = 5"),
        &[
            "5:18 `faults.states_at_most` has no meaning under the timed clock, where every plan is run | take it out, or \
             accepted: clock = \"untimed\", or every_plan = false",
            "6:21 `faults.mebibytes_at_most` has no meaning under the timed clock, where every plan is run | take it out, \
             or accepted: clock = \"untimed\", or every_plan = false",
        ],
    );
    check(
        &exhaustive("every_plan = false\nevents_at_most = 5"),
        &[
            "6:18 `faults.events_at_most` has no meaning under the timed clock | take it out, or accepted: clock = \"untimed\"",
        ],
    );
    check(
        &exhaustive("clock = \"untimed\"\nevery_plan = false"),
        &[
            "6:14 `faults.every_plan` has no meaning under the untimed clock | take it out, or accepted: clock = \"timed\"",
        ],
    );
    check(
        &with("[faults]\nmode = \"random\"\nevery_plan = true"),
        &[
            "5:14 `faults.every_plan` has no meaning in mode \"random\" | take it out, or accepted: mode = \"exhaustive\"",
        ],
    );
    check(
        &exhaustive("every_plan = false\nat_most = 9"),
        &["6:11 `faults.at_most` is 9, which is out of range | accepted: a whole number from 0 to 8"],
    );
}

#[test]
fn a_table_of_budgets_is_checked_as_a_whole() {
    let exhaustive = |rest: &str| with(&format!("[faults]\nmode = \"exhaustive\"\n{rest}"));
    check(
        &exhaustive("at_most = { drop = 2, crash = 2 }"),
        &[
            "5:11 `faults.at_most` allows 4 faults in all | accepted: 1 to 3; up to 8 with every_plan = false or clock = \"untimed\"",
        ],
    );
    check(
        &exhaustive("at_most = { drop = 0 }"),
        &[
            "5:20 `faults.at_most.drop` is 0, which is out of range | accepted: a whole number from 1 to 3; up to 8 with every_plan = false or clock = \"untimed\"",
        ],
    );
    check(
        &exhaustive("at_most = {}"),
        &[
            "5:11 `faults.at_most` allows 0 faults in all | accepted: 1 to 3; up to 8 with every_plan = false or clock = \"untimed\"",
        ],
    );
    check(
        &exhaustive("at_most = { drop = 1 }\nkinds = [\"crash\"]"),
        &[
            "6:9 `faults.kinds` beside a `faults.at_most` that is a table | take it out: the table says which kinds there are",
        ],
    );
    let wrong = wrong(&exhaustive("at_most = { partition = 1 }"));
    assert!(wrong[0].starts_with("5:13 `faults.at_most`") && wrong[0].contains("drop"), "{wrong:?}");
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
