//! The protocols written a second time (see `independent`): its size, its end states, and what the literature says of
//! them.

use crate::independent::{
    Case, Configuration, EndState, Graph, Kinds, Preset, end_states, example, parties::Stage, world::State,
};
use stateright::{Checker, Model};
use std::collections::BTreeSet;

const NO_KINDS: Kinds = Kinds { drop: false, duplicate: false, crash: false };

/// Where `theirs`, the end states another program finds, differ from this model's; empty when the two agree. Each end
/// state that only this model reaches comes with a run that leads there.
pub fn differences(configuration: Configuration, theirs: &BTreeSet<EndState>) -> Vec<String> {
    unlike(configuration, &end_states(configuration), theirs)
}

fn unlike(configuration: Configuration, ours: &BTreeSet<EndState>, theirs: &BTreeSet<EndState>) -> Vec<String> {
    let missing = ours.difference(theirs).map(|end| {
        format!("only here: {}\n    {}", end.columns().join(","), example(configuration, end).join("\n    "))
    });
    let surplus = theirs.difference(ours).map(|end| format!("only there: {}", end.columns().join(",")));
    missing.chain(surplus).collect()
}

/// The number of unique states and of end states for budgets from 0 on; halfpaid finds the same end states, verdicts
/// included.
fn pin(case: Case, preset: Preset, pinned: &[(usize, usize)]) {
    for (budget, &pinned) in (0..).zip(pinned) {
        let configuration = Configuration::new(case, preset, budget);
        let graph = Graph::explore(configuration);
        assert_eq!((graph.size(), graph.end_states().len()), pinned, "{configuration:?}");
        if budget < 2 {
            let checker = configuration.checker().spawn_bfs().join();
            checker.assert_properties();
            assert_eq!(checker.unique_state_count(), graph.size(), "stateright and the graph disagree");
        }
        if (case, preset, budget) != TOO_LARGE {
            agree(configuration, &graph);
        }
    }
}

/// Four million states of halfpaid's.
const TOO_LARGE: (Case, Preset, u8) = (Case::Two, Preset::AsWritten, 2);

/// Halfpaid finds the same end states.
fn agree(configuration: Configuration, graph: &Graph) {
    let ours: BTreeSet<EndState> = graph.end_states().into_keys().collect();
    let wrong = unlike(configuration, &ours, &theirs(configuration));
    assert!(wrong.is_empty(), "{configuration:?}: {}", wrong.join("\n"));
}

#[test]
#[ignore = "a minute and a gigabyte"]
fn case_two_as_written_agrees_under_two_faults() {
    let (case, preset, budget) = TOO_LARGE;
    let configuration = Configuration::new(case, preset, budget);
    agree(configuration, &Graph::explore(configuration));
}

#[test]
fn sizes_of_case_one() {
    pin(Case::One, Preset::AsWritten, &[(19, 2), (304, 16), (2_128, 29)]);
    pin(Case::One, Preset::Hardened, &[(18_358, 2), (233_309, 4), (1_452_686, 4)]);
}

#[test]
fn sizes_of_case_two() {
    pin(Case::Two, Preset::AsWritten, &[(4_226, 5), (116_480, 20), (1_236_715, 31)]);
    pin(Case::Two, Preset::Hardened, &[(15_658, 2), (189_431, 5), (1_146_473, 5)]);
}

#[test]
fn sizes_of_case_three() {
    pin(Case::Three, Preset::AsWritten, &[(4_934, 5), (75_515, 17), (566_752, 25)]);
    pin(Case::Three, Preset::Hardened, &[(17_938, 2), (224_249, 4), (1_406_405, 4)]);
}

#[test]
fn hardened_keeps_its_promises() {
    for case in [Case::One, Case::Two, Case::Three] {
        for end in end_states(Configuration::new(case, Preset::Hardened, 1)) {
            let certified = if case == Case::One && end.payment == "committed" { "violated" } else { "holds" };
            let promised = ["holds", "holds", "holds", certified, "holds"];
            assert_eq!(end.columns()[5..], promised, "{case:?} {end:?}");
        }
    }
}

#[test]
fn only_case_one_loses_goods_to_a_lost_message() {
    for (case, lost) in [(Case::One, true), (Case::Two, false), (Case::Three, false)] {
        let kinds = Kinds { drop: true, ..NO_KINDS };
        let ends = end_states(Configuration { kinds, ..Configuration::new(case, Preset::AsWritten, 1) });
        assert_eq!(ends.iter().any(|end| end.goods == "violated"), lost, "{case:?}");
    }
}

#[test]
fn case_one_loses_goods_to_a_crash_of_the_merchant() {
    let kinds = Kinds { crash: true, ..NO_KINDS };
    let configuration = Configuration { kinds, ..Configuration::new(Case::One, Preset::AsWritten, 1) };
    let gone =
        |end: &&EndState| end.goods == "violated" && end.customer_belief == "in-doubt" && end.merchant_belief == "none";
    let end = end_states(configuration).iter().find(gone).copied().expect("M forgets between steps 4 and 6");
    assert!(example(configuration, &end).iter().any(|line| line.contains("Merchant") && line.contains("rash")));
}

/// Fewest events, C's start not counted, until a state shows what is looked for.
fn events_until(configuration: Configuration, shows: impl Fn(&State) -> bool) -> Option<usize> {
    Graph::explore(configuration).shortest(shows).map(|trace| trace.len() - 1)
}

#[test]
fn seven_events_and_no_fault_belie_a_customer_that_takes_unknown_for_not_charged() {
    for case in [Case::Two, Case::Three] {
        let as_written = Configuration::new(case, Preset::AsWritten, 0);
        assert_eq!(events_until(as_written, |state| state.belied()), Some(7), "{case:?}");
        let hardened = Configuration::new(case, Preset::Hardened, 0);
        assert_eq!(events_until(hardened, |state| state.belied()), None, "{case:?}");
    }
}

#[test]
fn what_can_still_commit_does_so_by_fair_steps_alone() {
    for case in [Case::One, Case::Two, Case::Three] {
        let configuration = Configuration::new(case, Preset::AsWritten, 1);
        let graph = Graph::explore(configuration);
        for (state, commits) in graph.leads_to(State::committed) {
            if state.customer.stage == Stage::NotCharged && !state.committed() {
                assert_eq!(state.can_still_commit(&configuration), commits, "{case:?} {state:?}");
            }
        }
    }
}

#[test]
fn five_events_and_a_second_inquiry_commit_the_wrong_key() {
    let kinds = Kinds { duplicate: true, ..NO_KINDS };
    let mismatch =
        |state: &State| state.committed() && state.customer.sealed == Some(0) && state.record_key() == Some(1);
    let as_written = Configuration { kinds, ..Configuration::new(Case::Two, Preset::AsWritten, 1) };
    assert_eq!(events_until(as_written, mismatch), Some(5));
    let hardened = Configuration { kinds, ..Configuration::new(Case::Two, Preset::Hardened, 1) };
    assert_eq!(events_until(hardened, mismatch), None);
}

#[test]
fn a_customer_without_a_journal_pays_for_nothing() {
    let kinds = Kinds { crash: true, ..NO_KINDS };
    for case in [Case::Two, Case::Three] {
        let ends = end_states(Configuration { kinds, ..Configuration::new(case, Preset::AsWritten, 1) });
        let paid =
            |end: &EndState| end.payment == "committed" && end.customer_belief == "none" && end.goods == "violated";
        assert!(ends.iter().any(paid), "{case:?}");
    }
}

/// The argument in `world` for absorbing retransmissions, tried out: more copies, more states, the same end states.
fn copies_change_nothing(preset: Preset, budget: u8, copies: u8) {
    for case in [Case::One, Case::Two, Case::Three] {
        let one = Configuration::new(case, preset, budget);
        assert_eq!(differences(one, &end_states(Configuration { copies, ..one })), Vec::<String>::new(), "{case:?}");
    }
}

#[test]
fn a_second_identical_copy_changes_nothing() {
    copies_change_nothing(Preset::AsWritten, 0, 2);
    let one = Configuration::new(Case::One, Preset::AsWritten, 2);
    let exact = Configuration { copies: 9, ..one };
    assert_eq!(differences(one, &end_states(exact)), Vec::<String>::new());
}

#[test]
#[ignore = "three minutes"]
fn further_identical_copies_change_nothing() {
    copies_change_nothing(Preset::AsWritten, 0, 3);
    copies_change_nothing(Preset::AsWritten, 1, 2);
    copies_change_nothing(Preset::Hardened, 0, 2);
}

/// What halfpaid finds for the same configuration, in the words of `outcomes.csv`.
fn theirs(configuration: Configuration) -> BTreeSet<EndState> {
    let case = match configuration.case {
        Case::One => "case1",
        Case::Two => "case2",
        Case::Three => "case3",
    };
    let preset = match configuration.preset {
        Preset::Hardened => "hardened",
        Preset::AsWritten => "as-written",
    };
    let out = tempfile::tempdir().expect("a folder");
    let mut command = assert_cmd::Command::cargo_bin("halfpaid").expect("the program");
    command.args(["explore", case, "--untimed", "--preset", preset, "--kinds", "drop,duplicate,crash", "--faults"]);
    command.arg(configuration.budget.to_string()).arg("--out").arg(out.path());
    command.output().expect("it runs");
    let path = out.path().join(format!("explore-{case}")).join("outcomes.csv");
    let mut rows = csv::Reader::from_path(path).expect("outcomes.csv");
    let word = |text: &str| -> &'static str { Box::leak(text.to_owned().into_boxed_str()) };
    rows.records()
        .map(|row| {
            let row = row.expect("a row");
            EndState {
                payment: word(&row[2]),
                customer_goods: word(&row[3]),
                obtainable: word(&row[4]),
                customer_belief: word(&row[5]),
                merchant_belief: word(&row[6]),
                money: word(&row[7]),
                goods: word(&row[8]),
                content: word(&row[9]),
                certified: word(&row[10]),
                terminates: word(&row[11]),
            }
        })
        .collect()
}
