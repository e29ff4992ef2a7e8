//! Runs whose purchases are judged and written as they settle: what a run takes up grows with what is under way, so that millions
//! of purchases fit. Its rows stand in the order in which purchases settled; those that never did come last, in the order in which
//! they started.
//!
//! A run is not done again to make a plan smaller, which might take hours. Of what breaks, the plan is cut down to the faults that
//! struck this very purchase and the crashes of its parties, up to when it settled; it is where to look, and need not break the same.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::drive::settle::{Desk, Settled};
use crate::drive::{self, Fair, Job, Oracle};
use crate::fault::{CrashSite, EventSite, Fault, Plan};
use crate::invariant::Violation;
use crate::invariant::ending::Ending;
use crate::party::{Party, PurchaseKey};
use crate::protocol::Protocol;
use crate::protocol::setup::Setup;
use crate::results::{PurchaseRow, RunRow};
use crate::scenario::Faults;
use crate::world::Errand;

use super::findings::Sampled;
use super::rows::{self, Kept, Place};
use super::{BatchError, Campaign, Sums, Writer, workload};

/// Takes in what has settled, and writes it.
struct Counter<'c, 'a> {
    writer: &'c mut Writer,
    interrupted: &'c std::sync::atomic::AtomicBool,
    setup: &'c Setup,
    place: Place<'a>,
    run: u64,
    sums: rows::Sums,
    ends: BTreeMap<Ending, (u64, Plan)>,
    /// The first violation of each kind, with what may have caused it.
    sampled: Sampled,
    violations: Vec<Violation>,
    failed: Option<BatchError>,
}

impl Counter<'_, '_> {
    fn write(&mut self, mut row: PurchaseRow<'_>) -> bool {
        row.run = self.run;
        self.sums.add(&row);
        let written = self.writer.write(&row).map_err(BatchError::from);
        let interrupted = self.interrupted.load(Ordering::Relaxed).then_some(BatchError::Interrupted);
        self.failed = written.err().or(interrupted);
        self.failed.is_none()
    }
}

impl Desk for Counter<'_, '_> {
    fn settled(&mut self, settled: &Settled<'_>) -> bool {
        let Settled { number, purchase, violations, struck, last_us } = *settled;
        let end = rows::end(purchase, violations, self.setup);
        let plan = || concerning(purchase.about, number, struck);
        self.ends.entry(end).or_insert_with(|| (0, plan())).0 += 1;
        if !violations.is_empty() {
            self.sampled.note(&plan(), violations, self.place.seed);
            for violation in violations {
                let known = |v: &Violation| v.clause == violation.clause && v.victim.side() == violation.victim.side();
                if !self.violations.iter().any(known) {
                    self.violations.push(violation.clone());
                }
            }
        }
        self.write(rows::ended(purchase, &end, self.place, last_us, self.setup))
    }

    fn never_begun(&mut self, _: u32, errand: Errand) -> bool {
        self.write(rows::never_begun(&errand, self.place, self.setup))
    }
}

/// The faults that struck what was sent and saved about a purchase, and the crashes of its parties.
fn concerning(about: PurchaseKey, number: u32, struck: &[Fault]) -> Plan {
    let parties = [about.customer(), about.merchant(), Party::Server];
    let concerns = |fault: &&Fault| match fault {
        Fault::Drop(send) | Fault::Duplicate(send) | Fault::Delay(send) => send.purchase == number,
        Fault::Replay { send, .. } | Fault::Corrupt { send, .. } => send.purchase == number,
        Fault::Crash { party, site, forever } => {
            parties.contains(party) && (*forever || purchase_of(site) == Some(number))
        }
        Fault::Partition { group, .. } => parties.iter().any(|party| group.contains(party)),
    };
    Plan(struck.iter().filter(concerns).cloned().collect())
}

/// The purchase that a party was busy with when it crashed.
const fn purchase_of(site: &CrashSite) -> Option<u32> {
    match site {
        CrashSite::BeforeSend(send) => Some(send.purchase),
        CrashSite::BeforeSave(save) => Some(save.purchase),
        CrashSite::Taking(event) | CrashSite::After(event) => match event {
            EventSite::Arrival { send, .. } => Some(send.purchase),
            EventSite::Timer { purchase, .. } | EventSite::Start { purchase } => Some(*purchase),
            _ => None,
        },
    }
}

impl<'a> Campaign<'a> {
    /// Makes every run of the scenario, one after the other.
    pub(super) fn streamed(&mut self, protocol: &Arc<dyn Protocol>, sums: &mut Sums) -> Result<Sampled, BatchError> {
        if self.shelf.is_a_part() {
            // Its rows are written as it goes: nothing could be kept of it that is smaller. It is left to the merge.
            return Ok(Sampled::default());
        }
        let seeds: Vec<u64> = match &self.scenario.faults {
            Faults::Random { seeds, .. } => seeds.clone().collect(),
            _ => vec![self.scenario.seed],
        };
        self.progress.ahead(seeds.len() as u64);
        let mut sampled = Sampled::default();
        for seed in seeds {
            let kept = self.stream(protocol, seed, sums, &mut sampled)?;
            self.runs += 1;
            self.add(Kept { run: RunRow { run: self.runs, ..kept.run }, ..kept }, sums)?;
            self.progress.done(1);
        }
        Ok(sampled)
    }

    fn stream(
        &mut self,
        protocol: &Arc<dyn Protocol>,
        seed: u64,
        sums: &mut Sums,
        sampled: &mut Sampled,
    ) -> Result<Kept<'a>, BatchError> {
        let scenario = self.scenario;
        let setup = workload::setup(scenario, protocol, scenario.crypto, seed);
        let mut workload = workload::drawn(scenario, seed);
        let mut random = self.oracle(&setup, &workload);
        workload.partitions = random.separations(&setup.population);
        let oracle: &mut dyn Oracle = match scenario.faults {
            Faults::Random { .. } => &mut random,
            _ => &mut Fair,
        };
        let job = Job { setup: &setup, workload: &workload, latency: workload::latency(scenario) };
        let place = self.place(protocol, seed);
        let mut counter = Counter {
            writer: &mut self.writer,
            interrupted: self.interrupted,
            setup: &setup,
            place,
            run: self.runs + 1,
            sums: rows::Sums::default(),
            ends: std::mem::take(&mut sums.ends),
            sampled: std::mem::take(sampled),
            violations: Vec::new(),
            failed: None,
        };
        let finished = drive::run_settling(&job, oracle, &mut (), &mut counter);
        if let Some(failed) = counter.failed {
            return Err(failed);
        }
        let (facts, labels) = (finished.checker.facts(), &finished.labels);
        let mut left: Vec<(u32, PurchaseKey)> =
            labels.purchases().iter().map(|(about, number)| (*number, *about)).collect();
        left.retain(|(number, _)| *number <= workload.purchases());
        left.sort_unstable();
        for (number, about) in left {
            let Some(purchase) = facts.purchases.get(&about) else { continue };
            let all = finished.checker.violations().iter();
            let violations: Vec<Violation> = all.filter(|violation| violation.purchase == about).cloned().collect();
            let (struck, last_us) = (&*finished.struck, finished.checker.last_news_us());
            if !counter.settled(&Settled { number, purchase, violations: &violations, struck, last_us }) {
                break;
            }
        }
        if let Some(failed) = counter.failed {
            return Err(failed);
        }
        let Counter { sums: of_run, ends, sampled: noted, violations, .. } = counter;
        (sums.ends, *sampled) = (ends, noted);
        let plan = finished.plan();
        let run = rows::run(&finished, &plan, &of_run, rows::verdicts(&violations), place);
        let reached = rows::reached(&run, &plan);
        let cut_short = finished.cut_short();
        Ok(Kept { run, purchases: Vec::new(), ends: Vec::new(), violations, plan, reached, cut_short })
    }
}
