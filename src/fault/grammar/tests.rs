//! What is written reads back, and what is wrong is said where it stands.

use proptest::prelude::*;

use crate::fault::{CrashSite, EventSite, Fault, Plan, SaveSite, SendSite};
use crate::party::{Party, Side, Step};
use crate::protocol::record::RecordKind;
use crate::protocol::role::TimerKind;

fn party() -> impl Strategy<Value = Party> {
    prop_oneof![(0..9_u32).prop_map(Party::Customer), (0..9_u32).prop_map(Party::Merchant), Just(Party::Server)]
}

fn step() -> impl Strategy<Value = Step> {
    let side = prop_oneof![Just(Side::Customer), Just(Side::Merchant)];
    prop_oneof![(1..=99_u8).prop_map(Step::Numbered), side.clone().prop_map(Step::Query), side.prop_map(Step::Answer)]
}

fn a_send() -> impl Strategy<Value = SendSite> {
    (1..20_u32, step(), 1..20_u32).prop_map(|(purchase, step, nth)| SendSite { purchase, step, nth })
}

fn taken(party: Party) -> impl Strategy<Value = EventSite> {
    let kind = proptest::sample::select(TimerKind::ALL);
    prop_oneof![
        (a_send(), 1..5_u32).prop_map(|(send, nth)| EventSite::Arrival { send, nth }),
        (1..5_u32, kind, 1..5_u32).prop_map(move |(purchase, kind, nth)| EventSite::Timer {
            party,
            purchase,
            kind,
            nth
        }),
        (1..5_u32).prop_map(move |nth| EventSite::Restart { party, nth }),
        (1..5_u32).prop_map(|purchase| EventSite::Start { purchase }),
    ]
}

fn a_crash() -> impl Strategy<Value = Fault> {
    party().prop_flat_map(|party| {
        let kind = proptest::sample::select(RecordKind::ALL);
        let site = prop_oneof![
            taken(party).prop_map(CrashSite::Taking),
            taken(party).prop_map(CrashSite::After),
            a_send().prop_map(CrashSite::BeforeSend),
            (1..5_u32, kind, 1..5_u32).prop_map(move |(purchase, kind, nth)| CrashSite::BeforeSave(SaveSite {
                party,
                purchase,
                kind,
                nth
            })),
        ];
        (site, any::<bool>()).prop_map(move |(site, forever)| Fault::Crash { party, site, forever })
    })
}

fn a_fault() -> impl Strategy<Value = Fault> {
    let point = prop_oneof![
        party().prop_flat_map(taken),
        Just(EventSite::TopUp),
        Just(EventSite::Settled),
        Just(EventSite::Late)
    ];
    let group = proptest::collection::btree_set(party(), 1..4).prop_map(|set| set.into_iter().collect());
    prop_oneof![
        a_send().prop_map(Fault::Drop),
        a_send().prop_map(Fault::Duplicate),
        a_send().prop_map(Fault::Delay),
        (a_send(), any::<u32>()).prop_map(|(send, bit)| Fault::Corrupt { send, bit }),
        (a_send(), point).prop_map(|(send, after)| Fault::Replay { send, after }),
        a_crash(),
        (group, 0..1_000_000_u64, 1..1_000_000_u64).prop_map(|(group, from_us, for_us)| Fault::Partition {
            group,
            from_us,
            for_us
        }),
    ]
}

proptest! {
    #[test]
    fn a_plan_reads_back_as_it_prints(faults in proptest::collection::btree_set(a_fault(), 0..6)) {
        let plan = Plan(faults.into_iter().collect());
        let text = plan.to_string();
        prop_assert_eq!(text.parse::<Plan>().map_err(|e| e.to_string()), Ok(plan));
        prop_assert_eq!(text.replace(' ', "   ").parse::<Plan>().map(|plan| plan.to_string()), Ok(text));
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "\\PC*") {
        let _ = text.parse::<Plan>();
    }

    #[test]
    fn no_text_of_familiar_words_makes_the_reader_panic(
        words in proptest::collection::vec(
            proptest::sample::select(vec![
                "drop", "replay", "crash", "partition", "C1", "M1,P", "3#1", "3#1.2", "after", "before", "save", "taking",
                "signed#1", "bit", "7", "from", "for", "1us", ";", "#", ":", ".", "2:", "query-C#1", "C.retry#1", "late",
            ]),
            0..9,
        )
    ) {
        if let Ok(plan) = words.join(" ").parse::<Plan>() {
            prop_assert_eq!(plan.to_string().parse::<Plan>(), Ok(plan));
        }
    }
}

#[test]
fn a_wrong_plan_says_where_and_what_would_be_right() {
    let long = "x".repeat(50);
    let cases = [
        ("", "column 1: `end of the plan`: expected a fault: drop, duplicate"),
        ("dorp 3#1", "did you mean `drop`?"),
        ("drop", "column 5: `end of the plan`: expected a send"),
        ("drop 0#1", "column 6: `0#1`: expected a send"),
        ("drop 3#0", "column 6: `3#0`"),
        ("drop 3#01", "column 6: `3#01`"),
        ("drop 3#1 4#1", "column 10: `4#1`: expected `;`"),
        ("drop 3#1; drop 3#1", "column 11: `drop`: expected each fault once"),
        ("drop 3#1;", "column 10: `end of the plan`: expected a fault"),
        ("none; drop 3#1", "column 5: `;`: expected nothing after `none`"),
        ("crash X before 4#1", "column 7: `X`: expected a party"),
        ("crash M1 near 4#1", "column 10: `near`: expected `taking`, `before`"),
        ("crash M1 before save kitten#1", "column 22: `kitten#1`: expected a record"),
        ("crash M1 taking C1.retry#1", "expected an event that M1 takes, not C1"),
        ("crash M1 after settled", "nobody takes `settled`"),
        ("corrupt 3#1 bot 4", "column 13: `bot`: expected `bit`"),
        ("replay 3#1 after noon", "column 18: `noon`: expected an event"),
        ("partition M1,M1 from 0us for 1us", "expected each party once"),
        ("partition M1 from 0 for 1us", "expected a time in microseconds"),
        ("partition M1 from 5us for 0us", "expected a time in microseconds"),
        (long.as_str(), "`xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...`"),
    ];
    for (text, message) in cases {
        let error = text.parse::<Plan>().map(|plan| plan.to_string()).unwrap_err().to_string();
        assert!(error.contains(message), "{text}: {error}");
    }
}

#[test]
fn bare_letters_are_the_first_of_their_kind() {
    let plan: Result<Plan, _> = "crash M before 4#1; crash C after 6#1".parse();
    assert_eq!(plan.map(|plan| plan.to_string()), Ok("crash M1 before 4#1; crash C1 after 6#1".to_owned()));
}
