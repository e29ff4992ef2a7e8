//! The ways in which a scenario chooses its runs: none of its own, a list, at random, every plan. Searches that cut plans or know no time
//! have files of their own.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use rayon::prelude::*;

use super::conclude::Sums;
use super::findings::{Exhaustive, Sampled};
use super::rows::{self, Kept};
use super::{BatchError, Campaign, unmet, workload};
use crate::drive::exhaustive::{Given, Share, explore_share};
use crate::drive::random::Random;
use crate::drive::scripted::run_plan;
use crate::drive::{self, Fair, Finished, Job};
use crate::fault::coverage::Coverage;
use crate::fault::{Budget, Plan};
use crate::protocol::Protocol;
use crate::protocol::setup::Setup;
use crate::scenario::{Faults, GivenPlan};
use crate::world::Workload;

impl<'a> Campaign<'a> {
    /// A run for each seed.
    pub(super) fn sampled(
        &mut self,
        protocol: &Arc<dyn Protocol>,
        seeds: &Range<u64>,
        sums: &mut Sums,
    ) -> Result<Sampled, BatchError> {
        let mut sampled = Sampled::default();
        self.progress.ahead(seeds.end - seeds.start);
        let mut ahead = seeds.clone().peekable();
        while ahead.peek().is_some() {
            let batch: Vec<u64> = ahead.by_ref().take(32).collect();
            let given = batch.iter().map(|seed| self.given(protocol, *seed, ""));
            let given: Vec<Given<Kept<'a>>> = given.collect::<Result<_, BatchError>>()?;
            let jobs = batch.into_par_iter().zip(given);
            let kept: Vec<Option<Kept<'a>>> =
                jobs.map(|(seed, given)| given.or_run(|| self.random(protocol, seed))).collect();
            for kept in kept {
                if let Some(kept) = &kept {
                    sampled.note(&kept.plan, &kept.violations, kept.run.seed);
                }
                self.take(kept, sums)?;
            }
        }
        Ok(sampled)
    }

    /// A run for each plan of faults, each to its end.
    pub(super) fn every_plan(
        &mut self,
        protocol: &Arc<dyn Protocol>,
        job: &Job<'_, '_>,
        budget: &Budget,
        exhaustive: &mut Exhaustive,
        sums: &mut Sums,
    ) -> Result<Coverage, BatchError> {
        let place = self.place(protocol, self.scenario.seed);
        let inspect = |_: &Plan, finished: &Finished<'_>| rows::keep(finished, job.setup, job.workload, place);
        let rounds_ahead = budget.at_most;
        let mut search = Search { campaign: self, protocol, exhaustive, sums, rounds_ahead, result: Ok(()) };
        let coverage = explore_share(job, budget, inspect, &mut search);
        search.result.map(|()| coverage)
    }

    /// A run for each given plan. Shorter ones come first: what a part of a plan breaks is not the longer plan's doing.
    pub(super) fn scripted(
        &mut self,
        protocol: &Arc<dyn Protocol>,
        job: &Job<'_, '_>,
        plans: &[GivenPlan],
        exhaustive: &mut Exhaustive,
        sums: &mut Sums,
    ) -> Result<(), BatchError> {
        let (seed, place) = (self.scenario.seed, self.place(protocol, self.scenario.seed));
        self.progress.ahead(plans.len() as u64);
        let mut plans: Vec<&GivenPlan> = plans.iter().collect();
        plans.sort_by_key(|given| given.plan.0.len());
        for given in plans {
            let plan = &given.plan;
            let kept = match self.given(protocol, seed, &plan.to_string())? {
                Given::Elsewhere => None,
                Given::Known(kept) => Some(kept),
                Given::Run => {
                    let (finished, left) = run_plan(job, plan, &mut ());
                    if !left.is_empty() && !finished.cut_short() {
                        let (given, unmet) = (given.clone(), unmet(&left));
                        return Err(BatchError::Unmet { protocol: protocol.name(), given, unmet });
                    }
                    Some(rows::keep(&finished, job.setup, job.workload, place))
                }
            };
            if let Some(kept) = &kept {
                exhaustive.note(plan, &kept.violations, seed);
            }
            self.take(kept, sums)?;
        }
        Ok(())
    }

    /// The one run in which nothing goes wrong.
    pub(super) fn without_faults(
        &mut self,
        protocol: &Arc<dyn Protocol>,
        job: &Job<'_, '_>,
        exhaustive: &mut Exhaustive,
        sums: &mut Sums,
    ) -> Result<(), BatchError> {
        let (seed, place) = (self.scenario.seed, self.place(protocol, self.scenario.seed));
        self.progress.ahead(1);
        let kept = self
            .given(protocol, seed, "")?
            .or_run(|| rows::keep(&drive::run(job, &mut Fair, &mut ()), job.setup, job.workload, place));
        if let Some(kept) = &kept {
            exhaustive.note(&kept.plan, &kept.violations, seed);
        }
        self.take(kept, sums)
    }

    fn random(&self, protocol: &Arc<dyn Protocol>, seed: u64) -> Kept<'a> {
        let setup = workload::setup(self.scenario, protocol, self.scenario.crypto, seed);
        let mut workload = workload::workload(self.scenario, seed);
        let mut oracle = self.oracle(&setup, &workload);
        workload.partitions = oracle.separations(&setup.population);
        let latency = workload::latency(self.scenario);
        let job = Job { setup: &setup, workload: &workload, latency };
        let finished = drive::run(&job, &mut oracle, &mut ());
        rows::keep(&finished, &setup, &workload, self.place(protocol, seed))
    }

    /// Faults strike until an instrument's lifetime after the last purchase has started.
    pub(super) fn oracle(&self, setup: &Setup, workload: &Workload) -> Random {
        let (rates, swarm) = match &self.scenario.faults {
            Faults::Random { rates, swarm, .. } => (rates.clone(), *swarm),
            _ => (BTreeMap::new(), false),
        };
        let heals_at_us = workload.last_start_us() + setup.timing.instrument_lifetime_us;
        Random::new(setup.streams, &rates, swarm, self.scenario.server_crash_forever, heals_at_us)
    }
}

/// A campaign that searches every plan.
struct Search<'s, 'a> {
    campaign: &'s mut Campaign<'a>,
    protocol: &'s Arc<dyn Protocol>,
    exhaustive: &'s mut Exhaustive,
    sums: &'s mut Sums,
    /// How many times more plans will turn out to be ahead.
    rounds_ahead: u32,
    /// What has stopped it.
    result: Result<(), BatchError>,
}

impl<'a> Share<Kept<'a>> for Search<'_, 'a> {
    fn ahead(&mut self, plans: usize) {
        self.campaign.progress.ahead(plans as u64);
        self.campaign.progress.open_ended(self.rounds_ahead > 0);
        self.rounds_ahead = self.rounds_ahead.saturating_sub(1);
    }

    fn given(&mut self, plan: &Plan) -> Option<Given<Kept<'a>>> {
        let given = self.campaign.given(self.protocol, self.campaign.scenario.seed, &plan.to_string());
        given.map_err(|error| self.result = Err(error)).ok()
    }

    fn take(&mut self, kept: Option<Kept<'a>>) -> bool {
        if let Some(kept) = &kept {
            let seed = self.campaign.scenario.seed;
            self.exhaustive.note(&kept.plan, &kept.violations, seed);
        }
        self.result = self.campaign.take(kept, self.sums);
        self.result.is_ok()
    }
}
