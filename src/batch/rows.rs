//! From the facts of a finished run to the rows of its results.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::drive::Finished;
use crate::fault::coverage::Covered;
use crate::fault::{FaultKind, Plan};
use crate::invariant::ending::{Ending, Goods};
use crate::invariant::facts::PurchaseFacts;
use crate::invariant::{Invariant, Verdict, Violation};
use crate::party::{Party, PurchaseKey, Tid};
use crate::protocol::order::Status;
use crate::protocol::role::Belief;
use crate::protocol::setup::Setup;
use crate::results::{
    CoverageRow, CustomerBelief, CustomerGoods, MerchantBelief, OutcomeRow, Payment, PurchaseRow, RunRow, Sha256Sum,
    Text, YesNo,
};
use crate::world::{Errand, Workload};

/// What is kept of a run.
#[derive(Debug, Serialize, Deserialize)]
pub struct Kept<'a> {
    /// The row of `runs.csv`.
    pub run: RunRow<'a>,
    /// The rows of `purchases.csv`.
    pub purchases: Vec<PurchaseRow<'a>>,
    /// How each purchase ended.
    pub ends: Vec<Ending>,
    /// What broke.
    #[serde(with = "super::kept::violations")]
    pub violations: Vec<Violation>,
    /// The faults that struck.
    pub plan: Plan,
    /// The conditions that this run reached.
    #[serde(with = "super::kept::names")]
    pub reached: Vec<&'static str>,
    /// Whether the run was given up for endless.
    pub cut_short: bool,
}

/// Where a run stands in the results.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The scenario's name.
    pub scenario: &'a str,
    /// The protocol's name.
    pub protocol: &'a str,
    /// The run's seed.
    pub seed: u64,
}

/// The conditions that a campaign should reach at least once, and how a run tells that it did.
pub const SOMETIMES: [&str; 4] = [COMMITTED, "a purchase committed in spite of a fault", CRASHED_BETWEEN, HALF_PAID];

/// Met wherever parties keep to the protocol, or else nothing was put to the test.
pub const COMMITTED: &str = "a purchase committed";

/// Met only where a crash may strike.
pub const CRASHED_BETWEEN: &str = "P crashed between saving and sending";

/// Met only where the protocol allows it.
pub const HALF_PAID: &str = "half-paid: committed while C could not yet derive the item";

/// A purchase that was started but never got a TID.
const NO_TID: Tid = Tid([0; 16]);

fn since(start_us: Option<u64>, end_us: Option<u64>, last_us: u64) -> u64 {
    start_us.map_or(0, |start_us| end_us.unwrap_or(last_us).saturating_sub(start_us))
}

const fn payment(status: Status) -> Payment {
    match status {
        Status::Unknown => Payment::None,
        Status::Committed => Payment::Committed,
        Status::Declined => Payment::Declined,
        Status::Aborted => Payment::Aborted,
    }
}

const fn customer_belief(belief: Option<Belief>) -> CustomerBelief {
    match belief {
        Some(Belief::InDoubt) => CustomerBelief::InDoubt,
        Some(Belief::Charged) => CustomerBelief::Charged,
        Some(Belief::NotCharged) => CustomerBelief::NotCharged,
        _ => CustomerBelief::None,
    }
}

const fn merchant_belief(belief: Option<Belief>) -> MerchantBelief {
    match belief {
        Some(Belief::InDoubt) => MerchantBelief::InDoubt,
        Some(Belief::Paid) => MerchantBelief::Paid,
        Some(Belief::NotPaid) => MerchantBelief::NotPaid,
        _ => MerchantBelief::None,
    }
}

/// What a list of violations leaves standing, in the order of [`Invariant::ALL`].
pub fn verdicts(violations: &[Violation]) -> [Verdict; Invariant::ALL.len()] {
    let mut verdicts = [Verdict::Holds; Invariant::ALL.len()];
    for (verdict, invariant) in verdicts.iter_mut().zip(Invariant::ALL) {
        let broken = |v: &&Violation| v.invariant == *invariant;
        if violations.iter().find(broken).is_some() {
            *verdict = Verdict::Violated;
        }
    }
    verdicts
}

/// How a purchase ended, given what broke.
pub fn end(purchase: &PurchaseFacts, violations: &[Violation], setup: &Setup) -> Ending {
    let broken = |invariant| violations.iter().any(|v| v.purchase == purchase.about && v.invariant == invariant);
    Ending::of(purchase, broken, setup)
}

const fn goods(goods: Goods) -> CustomerGoods {
    match goods {
        Goods::None => CustomerGoods::None,
        Goods::Sealed => CustomerGoods::Sealed,
        Goods::Item => CustomerGoods::Item,
        Goods::WrongItem => CustomerGoods::WrongItem,
    }
}

const fn yes_no(yes: bool) -> YesNo {
    if yes { YesNo::Yes } else { YesNo::No }
}

/// The row of `outcomes.csv`.
pub fn outcome<'a>(ending: &Ending, place: Place<'a>, runs: u64, example_plan: String) -> OutcomeRow<'a> {
    let [money, goods_kept, content, certified, terminates] = ending.verdicts;
    OutcomeRow {
        scenario: Cow::Borrowed(place.scenario),
        protocol: Cow::Borrowed(place.protocol),
        payment: payment(ending.payment),
        customer_goods: goods(ending.goods),
        obtainable: yes_no(!ending.out_of_reach),
        customer_belief: customer_belief(ending.customer_belief),
        merchant_belief: merchant_belief(ending.merchant_belief),
        money,
        goods: goods_kept,
        content,
        certified,
        terminates,
        runs,
        example_plan: Text::Owned(example_plan),
    }
}

fn price_cents(purchase: &PurchaseFacts, setup: &Setup) -> i64 {
    let quoted = purchase.wish.and_then(|wish| setup.offer(wish.merchant, wish.item)).map(|offer| offer.price_cents);
    purchase.signed.as_ref().map(|signed| signed.order.price_cents).or(quoted).unwrap_or(0)
}

/// Keeps what the results need of a run. The run's number is filled in by whoever puts the runs in order.
pub fn keep<'a>(finished: &Finished<'_>, setup: &Setup, workload: &Workload, place: Place<'a>) -> Kept<'a> {
    let (facts, violations) = (finished.checker.facts(), finished.checker.violations());
    let last_us = finished.checker.last_news_us();
    let numbered: BTreeMap<u32, &PurchaseFacts> = finished
        .labels
        .purchases()
        .iter()
        // Others are not purchases but what a garbled name made of one.
        .filter(|(_, number)| **number as usize <= workload.errands.len())
        .filter_map(|(about, number)| facts.purchases.get(about).map(|purchase| (*number, &**purchase)))
        .collect();
    let (mut purchases, mut ends) = (Vec::new(), Vec::new());
    for (index, errand) in workload.errands.iter().enumerate() {
        if !numbered.contains_key(&(index as u32 + 1)) {
            purchases.push(never_begun(errand, place, setup));
        }
    }
    for purchase in numbered.values() {
        let end = end(purchase, violations, setup);
        ends.push(end);
        purchases.push(ended(purchase, &end, place, last_us, setup));
    }
    let mut sums = Sums::default();
    purchases.iter().for_each(|purchase| sums.add(purchase));
    let plan = finished.plan();
    let run = run(finished, &plan, &sums, verdicts(violations), place);
    let reached = reached(&run, &plan);
    Kept { run, purchases, ends, violations: violations.to_vec(), plan, reached, cut_short: finished.cut_short() }
}

/// What adds up over the purchases of a run.
#[derive(Debug, Default)]
pub struct Sums {
    purchases: u64,
    committed: u64,
    declined: u64,
    aborted: u64,
    half_paid_us_max: u64,
    in_doubt_us_max: u64,
}

impl Sums {
    /// Adds a purchase.
    pub fn add(&mut self, purchase: &PurchaseRow<'_>) {
        self.purchases += 1;
        match purchase.outcome {
            Payment::None => {}
            Payment::Committed => self.committed += 1,
            Payment::Declined => self.declined += 1,
            Payment::Aborted => self.aborted += 1,
        }
        self.half_paid_us_max = self.half_paid_us_max.max(purchase.half_paid_us);
        self.in_doubt_us_max = self.in_doubt_us_max.max(purchase.in_doubt_us);
    }
}

/// The row of `runs.csv`. The run's number is filled in by whoever puts the runs in order.
pub fn run<'a>(
    finished: &Finished<'_>,
    plan: &Plan,
    sums: &Sums,
    verdicts: [Verdict; Invariant::ALL.len()],
    place: Place<'a>,
) -> RunRow<'a> {
    let [money, goods, content, certified, terminates] = verdicts;
    let tally = finished.meter.tally();
    RunRow {
        scenario: Cow::Borrowed(place.scenario),
        protocol: Cow::Borrowed(place.protocol),
        run: 0,
        seed: place.seed,
        plan: Text::Owned(plan.to_string()),
        faults: plan.0.len() as u64,
        purchases: sums.purchases,
        committed: sums.committed,
        declined: sums.declined,
        aborted: sums.aborted,
        unfinished: sums.purchases - sums.committed - sums.declined - sums.aborted,
        money,
        goods,
        content,
        certified,
        terminates,
        messages: tally.messages,
        bytes: tally.bytes,
        signs: tally.work.signs,
        verifies: tally.work.verifies,
        seals: tally.work.seals,
        opens: tally.work.opens,
        digests: tally.work.digests,
        journal_writes: tally.journal_writes,
        server_bytes: tally.server_bytes,
        half_paid_us_max: sums.half_paid_us_max,
        in_doubt_us_max: sums.in_doubt_us_max,
        duration_us: finished.checker.last_news_us(),
        trace_sha256: Sha256Sum(finished.meter.fingerprint()),
    }
}

/// The row of `purchases.csv` of a purchase that has ended, when something last told anything new at `last_us`. The run's number is
/// filled in by whoever puts the runs in order.
pub fn ended<'a>(
    purchase: &PurchaseFacts,
    end: &Ending,
    place: Place<'a>,
    last_us: u64,
    setup: &Setup,
) -> PurchaseRow<'a> {
    PurchaseRow {
        scenario: Cow::Borrowed(place.scenario),
        protocol: Cow::Borrowed(place.protocol),
        run: 0,
        tid: purchase.about.tid,
        customer: purchase.about.customer(),
        merchant: purchase.about.merchant(),
        item: purchase.wish.map_or(0, |wish| u64::from(wish.item)),
        price_cents: price_cents(purchase, setup),
        outcome: payment(end.payment),
        customer_belief: customer_belief(end.customer_belief),
        merchant_belief: merchant_belief(end.merchant_belief),
        customer_goods: goods(end.goods),
        obtainable: yes_no(!end.out_of_reach),
        messages: purchase.messages,
        started_us: purchase.started_us,
        committed_us: purchase.committed_us,
        delivered_us: purchase.delivered_us,
        half_paid_us: purchase.half_paid_until_us(last_us),
        in_doubt_us: since(purchase.signed_us, purchase.rested_us, last_us),
    }
}

/// The row of a purchase that was lost before it had a TID.
pub fn never_begun<'a>(errand: &Errand, place: Place<'a>, setup: &Setup) -> PurchaseRow<'a> {
    let about = PurchaseKey { customer: errand.customer, merchant: errand.wish.merchant, tid: NO_TID };
    let (item, at_us) = (errand.wish.item, errand.at_us);
    PurchaseRow {
        scenario: Cow::Borrowed(place.scenario),
        protocol: Cow::Borrowed(place.protocol),
        run: 0,
        tid: about.tid,
        customer: about.customer(),
        merchant: about.merchant(),
        item: u64::from(item),
        price_cents: setup.offer(about.merchant, item).map_or(0, |offer| offer.price_cents),
        outcome: Payment::None,
        customer_belief: CustomerBelief::None,
        merchant_belief: MerchantBelief::None,
        customer_goods: CustomerGoods::None,
        obtainable: YesNo::No,
        messages: 0,
        started_us: at_us,
        committed_us: None,
        delivered_us: None,
        half_paid_us: 0,
        in_doubt_us: 0,
    }
}

/// The conditions that a run reached.
pub fn reached(run: &RunRow<'_>, plan: &Plan) -> Vec<&'static str> {
    use crate::fault::{CrashSite, Fault};
    use crate::party::Step;
    let [committed, in_spite, between, half_paid] = SOMETIMES;
    // P saves what it has decided before it sends a numbered step.
    let half_way = |fault: &Fault| {
        matches!(fault, Fault::Crash { party: Party::Server, site: CrashSite::BeforeSend(send), .. }
            if matches!(send.step, Step::Numbered(_)))
    };
    let mut reached = Vec::new();
    reached.extend((run.committed > 0).then_some(committed));
    reached.extend((run.committed > 0 && run.faults > 0).then_some(in_spite));
    reached.extend(plan.0.iter().any(half_way).then_some(between));
    reached.extend((run.half_paid_us_max > 0).then_some(half_paid));
    for kind in FaultKind::ALL {
        reached.extend(plan.0.iter().any(|fault| fault.kind() == *kind).then_some(kind.name()));
    }
    reached
}

/// The row of a site and a kind of fault.
pub fn coverage(covered: &Covered, scenario: &str, protocol: &str) -> CoverageRow<'static> {
    CoverageRow {
        scenario: scenario.to_owned().into(),
        protocol: protocol.to_owned().into(),
        party: covered.party,
        site: covered.site.clone().into(),
        fault: covered.fault.name().into(),
        met: covered.met,
        struck: covered.struck,
        violated: covered.violated,
    }
}
