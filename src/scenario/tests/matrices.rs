//! What becomes of a matrix.

use super::*;

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
        &["4:27 `parties.customers` is 0, which is out of range | accepted: a whole number from 1 to 10000000"],
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
        &[
            "3:1 `matrix` has more than 1000 combinations, the most for a file of this length | take values out, or spread them over several files",
        ],
    );
    let long = format!("# {}\n\"seed\" = [{}]", "x".repeat(1_000_000), many[..17].join(", "));
    assert!(wrong(&matrix(&long))[0].starts_with("3:1 `matrix` has more than 16 combinations"));
    assert!(wrong("matrix = 5")[0].starts_with("1:10 `matrix` has the wrong type"));
    assert!(wrong(&matrix(&format!("\"{}\" = [1]", "a.".repeat(100_000))))[0].starts_with("4:1 `matrix` cannot vary"));
}
