//! Every plan of a scenario, cut where plans come to what is known: see [`drive::joined`](crate::drive::joined).
//!
//! `runs.csv` and `purchases.csv` have the runs that came to their end, which is every one that broke something; a plan that
//! was cut has no row, since what would be in it is in another's. Which plans are cut depends on all that were begun before, so such a
//! search stays in one piece: it is not kept for a process that goes on, and parts leave it to the merge.

use std::sync::atomic::Ordering;

use super::findings::Exhaustive;
use super::rows::{self, Kept, Place};
use super::{BatchError, Campaign, Level, Sums};
use crate::drive::joined::{self, Audience, Bound, Bounds, Cuts, Reached};
use crate::drive::{Finished, Job};
use crate::explore::Stopped;
use crate::fault::coverage::Coverage;
use crate::fault::{Budget, Plan};
use crate::results::{LeftOut, counted, grouped};

/// A campaign that is told of runs as they come to their end.
struct Told<'s, 'a> {
    campaign: &'s mut Campaign<'a>,
    exhaustive: &'s mut Exhaustive,
    sums: &'s mut Sums,
    result: Result<(), BatchError>,
}

impl<'a> Audience<Kept<'a>> for Told<'_, 'a> {
    fn ahead(&mut self, plans: usize) {
        self.campaign.progress.ahead(plans as u64);
        self.campaign.progress.open_ended(true);
    }

    fn done(&mut self) -> bool {
        self.campaign.progress.done(1);
        let goes_on = !self.campaign.interrupted.load(Ordering::Relaxed);
        if !goes_on {
            self.result = Err(BatchError::Interrupted);
        }
        goes_on
    }

    fn reached(&mut self, Reached { faults, situations, frontier, bytes }: Reached) {
        self.campaign.progress.level(Level { faults, events: None, states: situations, frontier, bytes });
    }

    fn take(&mut self, kept: Kept<'a>) -> bool {
        self.exhaustive.note(&kept.plan, &kept.violations, self.campaign.scenario.seed);
        let kept = self.campaign.numbered(kept);
        self.result = self.campaign.add(kept, self.sums);
        self.result.is_ok()
    }
}

impl<'a> Campaign<'a> {
    /// Searches, and takes in every run that comes to its end.
    pub(super) fn joined(
        &mut self,
        job: &Job<'_, '_>,
        budget: &Budget,
        place: Place<'a>,
        exhaustive: &mut Exhaustive,
        sums: &mut Sums,
    ) -> Result<Coverage, BatchError> {
        if self.shelf.is_a_part() {
            return Ok(Coverage::default());
        }
        let inspect = |_: &Plan, finished: &Finished<'_>| rows::keep(finished, job.setup, job.workload, place);
        let mut told = Told { campaign: self, exhaustive, sums, result: Ok(()) };
        let scenario = &told.campaign.scenario.bounds;
        let bounds = Bounds { situations: scenario.states, bytes: scenario.bytes };
        let searched = joined::explore(job, budget, bounds, Cuts::Unbroken, inspect, &mut told);
        told.result?;
        if let Some(stopped) = searched.stopped {
            let (plans, faults) = (grouped(searched.plans), stopped.complete);
            let why = match stopped.by {
                Bound::Situations => Stopped::States,
                Bound::Memory => Stopped::Memory,
            };
            self.left_out.push(LeftOut {
                what: format!("{} after {plans} plans: complete up to {faults} faults", place.protocol),
                why: why.to_string(),
            });
        }
        self.extent.push(format!(
            "{}: {}, {} of them begun and {} cut where another had been; {}",
            place.protocol,
            counted(searched.stand_for, "plan"),
            grouped(searched.plans),
            grouped(searched.joined),
            counted(searched.situations, "situation"),
        ));
        Ok(searched.coverage)
    }
}
