//! What counts as new, resolved, ongoing, moved, lost, and worse.

use super::*;
use crate::results::{RunRow, Sha256Sum};

fn subject(scenario: &str) -> Subject {
    Subject { scenario: scenario.to_owned(), protocol: "case2".to_owned() }
}

fn breach(scenario: &str, clause: &str) -> Breach {
    Breach {
        subject: subject(scenario),
        invariant: Invariant::Goods,
        clause: clause.to_owned(),
        victim: "C".to_owned(),
        cause: "crash".to_owned(),
    }
}

fn run(messages: u64) -> RunRow<'static> {
    RunRow {
        scenario: "".into(),
        protocol: "".into(),
        run: 1,
        seed: 0,
        plan: "none".into(),
        faults: 0,
        purchases: 1,
        committed: 1,
        declined: 0,
        aborted: 0,
        unfinished: 0,
        money: Verdict::Holds,
        goods: Verdict::Holds,
        content: Verdict::Holds,
        certified: Verdict::Holds,
        terminates: Verdict::Holds,
        messages,
        bytes: messages.saturating_mul(10),
        signs: 1,
        verifies: 1,
        seals: 1,
        opens: 1,
        digests: 1,
        journal_writes: 1,
        server_bytes: 1,
        half_paid_us_max: 0,
        in_doubt_us_max: 0,
        duration_us: 1,
        trace_sha256: Sha256Sum([0; 32]),
    }
}

/// A results folder with one scenario, whose goods were expected and found to be so.
fn campaign(scenario: &str, expected: Verdict, found: Verdict) -> Campaign {
    let mut campaign = Campaign::default();
    let verdict = Expected { expected: expected.into(), found, complete: true };
    campaign.verdicts.insert(subject(scenario), BTreeMap::from([(Invariant::Goods, verdict)]));
    campaign.reached.insert(scenario.to_owned(), BTreeSet::from(["drop".to_owned()]));
    campaign.texts.insert(scenario.to_owned(), Sha256Sum([0; 32]));
    campaign
}

const HOLDS: Verdict = Verdict::Holds;
const VIOLATED: Verdict = Verdict::Violated;

#[test]
fn nothing_has_changed_between_a_folder_and_itself() {
    let mut campaign = campaign("a", VIOLATED, VIOLATED);
    campaign.violations.insert(breach("a", "one"), String::new());
    campaign.costs.entry(subject("a")).or_default().add(&run(7));
    let comparison = compare(&campaign, &campaign, 0);
    assert_eq!(comparison, Comparison { ongoing: vec![breach("a", "one")], ..Comparison::default() });
    assert_eq!(comparison.regressions(), 0);
    assert_eq!(text::show(&comparison, false, None), "unchanged: 1 violation ongoing\n");
    assert!(text::show(&comparison, true, None).starts_with("ongoing violations\n"));
}

#[test]
fn a_verdict_is_worse_when_it_is_not_expected_any_more_or_when_it_breaks() {
    // Expected and found in the baseline, expected and found in the results, and whether that is worse.
    for (before, after, worse) in [
        ((HOLDS, HOLDS), (HOLDS, VIOLATED), true),
        ((VIOLATED, VIOLATED), (VIOLATED, HOLDS), true),
        ((HOLDS, HOLDS), (VIOLATED, VIOLATED), true),
        ((HOLDS, VIOLATED), (HOLDS, HOLDS), false),
        ((VIOLATED, HOLDS), (HOLDS, HOLDS), false),
        ((HOLDS, VIOLATED), (VIOLATED, VIOLATED), false),
        ((VIOLATED, VIOLATED), (HOLDS, HOLDS), false),
    ] {
        let comparison = compare(&campaign("a", before.0, before.1), &campaign("a", after.0, after.1), 0);
        assert_eq!(comparison.verdicts.len(), 1);
        assert_eq!(comparison.verdicts[0].regressed, worse, "{before:?} {after:?}");
        assert_eq!(comparison.regressions(), usize::from(worse));
    }
}

#[test]
fn violations_are_new_resolved_or_ongoing() {
    let (mut before, mut after) = (campaign("a", VIOLATED, VIOLATED), campaign("a", VIOLATED, VIOLATED));
    before.violations.insert(breach("a", "gone"), String::new());
    before.violations.insert(breach("a", "stays"), "with this plan".to_owned());
    after.violations.insert(breach("a", "stays"), "with another plan".to_owned());
    after.violations.insert(breach("a", "comes"), "halfpaid replay a \"drop 6#1\"".to_owned());
    let comparison = compare(&before, &after, 0);
    assert_eq!(comparison.resolved, [breach("a", "gone")]);
    assert_eq!(comparison.ongoing, [breach("a", "stays")]);
    assert_eq!(comparison.new.len(), 1);
    // It is worse although the scenario expects some violation.
    assert!(comparison.new[0].regressed && comparison.regressions() == 1);
    let shown = text::show(&comparison, false, None);
    let expected = "new violations\n scenario   protocol   invariant   clause   victim   cause\n";
    assert!(shown.starts_with(expected), "{shown}");
    assert!(shown.contains("to see what is new\n  halfpaid replay a \"drop 6#1\"\n"), "{shown}");
    assert!(shown.ends_with("\nregressed: 1 violation new, 1 violation resolved, 1 violation ongoing\n"), "{shown}");
}

#[test]
fn a_scenario_that_is_gone_is_worse_and_one_that_is_new_is_judged_by_what_it_expects() {
    let mut before = campaign("a", VIOLATED, VIOLATED);
    before.violations.insert(breach("a", "one"), String::new());
    let comparison = compare(&before, &Campaign::default(), 0);
    assert_eq!((comparison.missing.as_slice(), comparison.regressions()), ([subject("a")].as_slice(), 1));
    assert_eq!(comparison.resolved, [], "nobody looked");
    let comparison = compare(&Campaign::default(), &before, 0);
    assert_eq!((comparison.added.as_slice(), comparison.regressions()), ([subject("a")].as_slice(), 0));
    assert_eq!(comparison.new.len(), 1);
    let mut unexpected = campaign("a", HOLDS, VIOLATED);
    unexpected.violations.insert(breach("a", "one"), String::new());
    assert_eq!(compare(&Campaign::default(), &unexpected, 0).regressions(), 2, "a verdict and a violation");
    assert_eq!(compare(&Campaign::default(), &campaign("a", VIOLATED, HOLDS), 0).regressions(), 1);
}

/// What `compare` says of the messages, where the runs had so many.
fn messages(before: &[u64], after: &[u64], tolerance: u32) -> Option<(Option<i128>, bool)> {
    let [before, after] = [before, after].map(|runs| {
        let mut one = campaign("a", HOLDS, HOLDS);
        let costs = one.costs.entry(subject("a")).or_default();
        runs.iter().for_each(|messages| costs.add(&run(*messages)));
        one
    });
    let comparison = compare(&before, &after, tolerance);
    let change = comparison.costs.iter().find(|change| change.what.cost == "messages");
    change.map(|change| (change.what.per_run, change.regressed))
}

#[test]
fn costs_are_compared_per_run() {
    assert_eq!(messages(&[10, 20], &[20, 10], 0), None);
    assert_eq!(messages(&[10, 10], &[10, 11], 0), Some((Some(500), true)));
    assert_eq!(messages(&[10, 10], &[10, 11], 4), Some((Some(500), true)));
    assert_eq!(messages(&[10, 10], &[10, 11], 5), Some((Some(500), false)));
    assert_eq!(messages(&[10, 10], &[9, 10], 0), Some((Some(-500), false)));
    // Twice as many runs at the same cost.
    assert_eq!(messages(&[10], &[10, 10], 0), Some((Some(0), false)));
    // The smallest growth there is still shows.
    assert_eq!(messages(&[1_000_000_000], &[1_000_000_001], 0), Some((Some(1), true)));
    assert_eq!(messages(&[0], &[3], 100), Some((None, true)));
    assert_eq!(messages(&[u64::MAX], &[u64::MAX - 1], 0).map(|(_, worse)| worse), Some(false));
}

#[test]
fn a_condition_that_is_not_reached_any_more_is_worse() {
    let (before, mut after) = (campaign("a", HOLDS, HOLDS), campaign("a", HOLDS, HOLDS));
    after.reached.insert("a".to_owned(), BTreeSet::from(["crash".to_owned()]));
    after.texts.insert("a".to_owned(), Sha256Sum([1; 32]));
    let comparison = compare(&before, &after, 0);
    assert_eq!(comparison.lost, [("a".to_owned(), "drop".to_owned())]);
    assert_eq!((comparison.rewritten.as_slice(), comparison.regressions()), (["a".to_owned()].as_slice(), 1));
    let shown = text::show(&comparison, false, Some(80));
    assert!(shown.contains("conditions that no run reaches any more\n"), "{shown}");
    assert!(shown.contains("scenarios whose text has changed\n"), "{shown}");
}

#[test]
fn a_site_at_which_no_fault_strikes_any_more_is_worse() {
    let struck = |site: &str| Struck {
        subject: subject("a"),
        party: "M1".to_owned(),
        site: site.to_owned(),
        fault: "crash".to_owned(),
    };
    let (mut before, mut after) = (campaign("a", HOLDS, HOLDS), campaign("a", HOLDS, HOLDS));
    before.struck = BTreeSet::from([struck("before 4"), struck("after 3")]);
    after.struck = BTreeSet::from([struck("after 3"), struck("before 6")]);
    let comparison = compare(&before, &after, 0);
    assert_eq!((comparison.uncovered.as_slice(), comparison.regressions()), ([struck("before 4")].as_slice(), 1));
    let shown = text::show(&comparison, false, None);
    assert!(shown.starts_with("sites at which no fault of the kind strikes any more\n"), "{shown}");
    assert!(shown.ends_with("regressed: 1 site lost, 0 violations ongoing\n"), "{shown}");
    after.verdicts.clear();
    assert_eq!(compare(&before, &after, 0).uncovered, [], "the scenario is missing, which is said once");
}
