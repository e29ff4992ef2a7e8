//! Tests of `stream` and of the rows: columns, exact bytes, a disk that is full.

use std::fs::File;

use super::*;
use crate::invariant::{Expectation, Invariant, Verdict};
use crate::party::{Party, Tid};
use crate::results::vocabulary::{CustomerBelief, CustomerGoods, MerchantBelief, Payment, YesNo};
use crate::results::{CostRow, CoverageRow, OutcomeRow, Percent, PurchaseRow, RunRow, SummaryRow, ViolationRow};

/// The columns as the specification of the interface lists them.
const INTERFACE: &[(&str, &str)] = &[
    (
        "runs.csv",
        "scenario, protocol, run, seed, plan, faults, purchases, committed, declined, aborted, unfinished, money, goods, \
         content, certified, terminates, messages, bytes, signs, verifies, seals, opens, digests, journal_writes, \
         server_bytes, half_paid_us_max, in_doubt_us_max, duration_us, trace_sha256",
    ),
    (
        "purchases.csv",
        "scenario, protocol, run, tid, customer, merchant, item, price_cents, outcome, customer_belief, merchant_belief, \
         customer_goods, obtainable, messages, started_us, committed_us, delivered_us, half_paid_us, in_doubt_us",
    ),
    (
        "violations.csv",
        "scenario, protocol, invariant, clause, victim, cause, faults, plan, events, runs, replay, \
     could_prevent, prevented_by, can_prove",
    ),
    (
        "outcomes.csv",
        "scenario, protocol, payment, customer_goods, obtainable, customer_belief, merchant_belief, money, goods, content, \
         certified, terminates, runs, example_plan",
    ),
    ("coverage.csv", "scenario, protocol, party, site, fault, met, struck, violated"),
    (
        "costs.csv",
        "scenario, protocol, crypto, step, purchases, messages, bytes, signs, verifies, seals, opens, digests, \
         journal_writes, server_bytes, delays, forced_writes_in_sequence, profile, signatures, delays_to_commit, \
         delays_to_delivery, server_goods_bytes, server_tid_us, ack_bytes, messages_least, bytes_least, \
         signs_least, verifies_least, seals_least, opens_least, digests_least, journal_writes_least, \
         server_bytes_least, delays_least, forced_writes_in_sequence_least, delays_to_commit_least, \
         delays_to_delivery_least, least_source",
    ),
    (
        "summary.csv",
        "scenario, protocol, invariant, expected, found, as_expected, runs, violations, completed_percent, complete",
    ),
];

fn cost_row() -> CostRow<'static> {
    CostRow {
        scenario: "s".into(),
        protocol: "s".into(),
        crypto: "s",
        step: "s".into(),
        purchases: 1,
        messages: 1,
        bytes: 1,
        signs: 1,
        verifies: 1,
        seals: 1,
        opens: 1,
        digests: 1,
        journal_writes: 1,
        server_bytes: 1,
        delays: 1,
        forced_writes_in_sequence: Some(2),
        profile: "s",
        signatures: "s",
        delays_to_commit: Some(2),
        delays_to_delivery: Some(2),
        server_goods_bytes: Some(2),
        server_tid_us: Some(2),
        ack_bytes: Some(2),
        messages_least: Some(2),
        bytes_least: Some(2),
        signs_least: Some(2),
        verifies_least: Some(2),
        seals_least: Some(2),
        opens_least: Some(2),
        digests_least: Some(2),
        journal_writes_least: Some(2),
        server_bytes_least: Some(2),
        delays_least: Some(2),
        forced_writes_in_sequence_least: Some(2),
        delays_to_commit_least: Some(2),
        delays_to_delivery_least: Some(2),
        least_source: "s".into(),
    }
}

fn run_row(plan: &str) -> RunRow<'_> {
    RunRow {
        scenario: "s".into(),
        protocol: "case1".into(),
        run: 1,
        seed: u64::MAX,
        plan: plan.into(),
        faults: 2,
        purchases: 3,
        committed: 4,
        declined: 5,
        aborted: 6,
        unfinished: 7,
        money: Verdict::Holds,
        goods: Verdict::Violated,
        content: Verdict::Holds,
        certified: Verdict::Violated,
        terminates: Verdict::Holds,
        messages: 8,
        bytes: 9,
        signs: 10,
        verifies: 11,
        seals: 12,
        opens: 13,
        digests: 14,
        journal_writes: 15,
        server_bytes: 16,
        half_paid_us_max: 17,
        in_doubt_us_max: 18,
        duration_us: 19,
        trace_sha256: Sha256Sum([0x0f; 32]),
    }
}

fn purchase_row() -> PurchaseRow<'static> {
    PurchaseRow {
        scenario: "s".into(),
        protocol: "case2".into(),
        run: 1,
        tid: Tid([0x1f; 16]),
        customer: Party::Customer(1),
        merchant: Party::Merchant(0),
        item: 42,
        price_cents: -5,
        outcome: Payment::Declined,
        customer_belief: CustomerBelief::InDoubt,
        merchant_belief: MerchantBelief::NotPaid,
        customer_goods: CustomerGoods::WrongItem,
        obtainable: YesNo::No,
        messages: 6,
        started_us: 0,
        committed_us: None,
        delivered_us: Some(7),
        half_paid_us: 8,
        in_doubt_us: 9,
    }
}

fn violation_row() -> ViolationRow<'static> {
    ViolationRow {
        scenario: "a~b=1,2".into(),
        protocol: "case1".into(),
        invariant: Invariant::Goods,
        clause: "paid, no goods".into(),
        victim: "C".into(),
        cause: "M \"died\"".into(),
        faults: 1,
        plan: "drop(1.3)\ncrash(M)".into(),
        events: 2,
        runs: 3,
        replay: "halfpaid replay case1 'drop(1.3)'\r".into(),
        could_prevent: Some(YesNo::Yes),
        prevented_by: "customer-journal".into(),
        can_prove: Some(YesNo::No),
    }
}

fn outcome_row() -> OutcomeRow<'static> {
    OutcomeRow {
        scenario: "s".into(),
        protocol: "case3".into(),
        payment: Payment::Committed,
        customer_goods: CustomerGoods::Sealed,
        obtainable: YesNo::Yes,
        customer_belief: CustomerBelief::NotCharged,
        merchant_belief: MerchantBelief::InDoubt,
        money: Verdict::Holds,
        goods: Verdict::Holds,
        content: Verdict::Holds,
        certified: Verdict::Holds,
        terminates: Verdict::Violated,
        runs: 1,
        example_plan: "".into(),
    }
}

fn coverage_row() -> CoverageRow<'static> {
    CoverageRow {
        scenario: "s".into(),
        protocol: "case1".into(),
        party: Party::Merchant(0),
        site: "send 4".into(),
        fault: "drop".into(),
        met: 3,
        struck: 2,
        violated: 1,
    }
}

fn summary_row() -> SummaryRow<'static> {
    SummaryRow {
        scenario: "s".into(),
        protocol: "case1".into(),
        invariant: Invariant::Terminates,
        expected: Expectation::Holds,
        found: Verdict::Violated,
        as_expected: YesNo::No,
        runs: 1,
        violations: 1,
        completed_percent: Percent::of(1, 1),
        complete: YesNo::Yes,
    }
}

fn written<R: Row>(rows: &[R]) -> String {
    let mut stream = CsvStream::start(R::SHEET, Path::new("memory"), Vec::new()).unwrap();
    rows.iter().for_each(|row| stream.write(row).unwrap());
    let (bytes, sum) = stream.finish().unwrap();
    assert_eq!(sum, FileSum { rows: rows.len() as u64, sha256: Sha256Sum::of(&bytes) });
    String::from_utf8(bytes).unwrap()
}

/// The file name and the fields' names, as serde gives them.
fn fields<R: Row>(row: &R) -> (&'static str, String) {
    let mut csv = csv::Writer::from_writer(Vec::new());
    csv.serialize(row).unwrap();
    let text = String::from_utf8(csv.into_inner().unwrap()).unwrap();
    (R::SHEET.file_name(), text.lines().next().unwrap().replace(',', ", "))
}

#[test]
fn columns_and_fields_are_those_of_the_interface_in_its_order() {
    let fields = [
        fields(&run_row("")),
        fields(&purchase_row()),
        fields(&violation_row()),
        fields(&outcome_row()),
        fields(&coverage_row()),
        fields(&cost_row()),
        fields(&summary_row()),
    ];
    let sheets = Sheet::OF_A_SCENARIO.into_iter().chain([Sheet::Summary]);
    for ((sheet, (file, columns)), (row_file, row_columns)) in sheets.zip(INTERFACE).zip(&fields) {
        assert_eq!((sheet.file_name(), sheet.columns().join(", ")), (*file, (*columns).to_owned()));
        assert_eq!((row_file, row_columns.as_str()), (file, *columns));
    }
}

#[test]
fn a_scenarios_sheets_are_numbered_as_they_are_listed() {
    for (index, sheet) in Sheet::OF_A_SCENARIO.into_iter().enumerate() {
        assert_eq!(sheet as usize, index);
    }
}

#[test]
fn a_file_without_rows_has_its_header() {
    assert_eq!(
        written::<ViolationRow<'_>>(&[]),
        "scenario,protocol,invariant,clause,victim,cause,faults,plan,events,runs,replay,could_prevent,prevented_by,can_prove\n"
    );
}

#[test]
fn awkward_texts_are_quoted() {
    let text = written(&[violation_row()]);
    let (_, row) = text.split_once('\n').unwrap();
    assert_eq!(
        row,
        "\"a~b=1,2\",case1,goods,\"paid, no goods\",C,\"M \"\"died\"\"\",1,\"drop(1.3)\ncrash(M)\",2,3,\
         \"halfpaid replay case1 'drop(1.3)'\r\",yes,customer-journal,no\n"
    );
}

#[test]
fn every_kind_of_value_is_written_as_the_interface_says() {
    let last = |text: String| text.lines().last().unwrap().to_owned();
    assert_eq!(
        last(written(&[run_row("drop(1.3) + crash(M)"), run_row("")])),
        format!(
            "s,case1,1,18446744073709551615,,2,3,4,5,6,7,holds,violated,holds,violated,holds,\
             8,9,10,11,12,13,14,15,16,17,18,19,{}",
            "0f".repeat(32)
        )
    );
    assert_eq!(
        last(written(&[purchase_row()])),
        format!("s,case2,1,{},C2,M1,42,-5,declined,in-doubt,not-paid,wrong-item,no,6,0,,7,8,9", "1f".repeat(16))
    );
    assert_eq!(
        last(written(&[outcome_row()])),
        "s,case3,committed,sealed,yes,not-charged,in-doubt,holds,holds,holds,holds,violated,1,"
    );
    assert_eq!(last(written(&[summary_row()])), "s,case1,terminates,holds,violated,no,1,1,100.00,yes");
}

#[test]
fn a_percentage_has_two_decimals_and_is_100_only_for_all() {
    let shown = [(0, 0), (0, 7), (1, 3), (9_999_999, 10_000_000), (u64::MAX - 1, u64::MAX), (7, 7)]
        .map(|(part, whole)| Percent::of(part, whole).to_string());
    assert_eq!(shown, ["0.00", "0.00", "33.33", "99.99", "99.99", "100.00"]);
}

#[test]
fn a_sum_reads_back_what_it_prints() {
    let sum = Sha256Sum::of(b"");
    assert_eq!(sum.to_string(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_eq!(sum.to_string().parse(), Ok(sum));
    for bad in ["", "e3", &"E3".repeat(32), &"é".repeat(32), &"0".repeat(65)] {
        assert_eq!(bad.parse::<Sha256Sum>(), Err(NotASum));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error_with_a_remedy_at_once_or_at_the_end() {
    let start = || {
        let full = File::options().write(true).open("/dev/full").unwrap();
        CsvStream::start(Sheet::Runs, Path::new("/dev/full"), full).unwrap()
    };
    let assert_full = |error: ResultsError| {
        let message = error.to_string();
        assert!(message.starts_with("cannot write `/dev/full`: No space left on device"), "{message}");
        assert!(message.ends_with("; free some space or choose another place"), "{message}");
    };
    // What fits into the buffer fails when the file is closed ...
    let mut stream = start();
    stream.write(&run_row("")).unwrap();
    assert_full(stream.finish().map(|_| ()).unwrap_err());
    // ... and what does not, on the way; from then on nothing succeeds.
    let mut stream = start();
    let plan = "x".repeat(2 * BUFFER_BYTES);
    assert_full(stream.write(&run_row(&plan)).unwrap_err());
    assert!(stream.write(&run_row(&plan)).is_err());
    assert!(stream.finish().is_err());
}

#[test]
fn a_writer_that_failed_once_stays_failed_so_that_nothing_is_written_twice() {
    /// Takes three bytes, then fails once, then would take everything.
    struct Flaky(Vec<u8>, u32);

    impl Write for Flaky {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.1 += 1;
            match self.1 {
                2 => Err(io::ErrorKind::TimedOut.into()),
                _ => {
                    self.0.extend_from_slice(&bytes[..3]);
                    Ok(3)
                }
            }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    let mut hashing = Hashing { inner: Flaky(Vec::new(), 0), sha256: Sha256::new(), failed: None };
    assert!(hashing.write_all(b"abcdef").is_err());
    assert_eq!(hashing.write_all(b"abcdef").unwrap_err().kind(), io::ErrorKind::TimedOut);
    assert!(hashing.flush().is_err());
    assert_eq!(hashing.inner.0, b"abc");
}
