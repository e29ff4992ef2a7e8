//! Findings of what never comes to rest: by which faults, at whose cost, and how one gets there.
//!
//! The search knows from which states nothing at rest can be reached ([`settle`](super::settle)), and not whom that keeps busy. That is
//! seen in a run: it follows the course to such a state, takes all that is pending in turn, and comes round to where it was.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::answer::{Doubt, Finding, Found, Roots, holds};
use super::look::Breach;
use super::search::{Hit, Search};
use super::store::Place;
use crate::drive::Job;
use crate::drive::for_ever::follow_for_ever;
use crate::fault::Course;
use crate::invariant::{Invariant, Violation, terminates};
use crate::party::{Party, PurchaseKey, Side};

/// The states from which nothing at rest can be reached.
#[derive(Debug, Default)]
pub(super) struct Endless {
    /// How many there are.
    pub(super) states: u64,
    /// Those at which a way first comes to one, in the order of their faults, then of their events.
    pub(super) first: Vec<Place>,
}

/// States that are come to by the same faults.
struct Gathered<'s> {
    roots: &'s Roots,
    hits: Vec<&'s Hit>,
    states: u64,
}

/// So many courses are tried for each cause.
const CANDIDATES_MAX: usize = 16;

impl<const W: usize> Search<'_, W> {
    /// For each cause and each side that is hurt the shortest course after which it goes on for ever.
    pub(super) fn without_rest(&self, job: &Job<'_, '_>) -> Found {
        let hits = self.endless().first.iter().map(|place| Hit { place: *place, within: None, broken: 0 });
        let hits: Vec<Hit> = hits.collect();
        let roots = self.roots(&hits);
        let mut gathered: Vec<Gathered<'_>> = Vec::new();
        for (hit, roots) in hits.iter().zip(&roots) {
            match gathered.iter_mut().find(|smaller| holds(&roots.0, &smaller.roots.0)) {
                Some(smaller) => {
                    smaller.states += 1;
                    if smaller.roots.0 == roots.0 && smaller.hits.len() < CANDIDATES_MAX {
                        smaller.hits.push(hit);
                    }
                }
                None => gathered.push(Gathered { roots, hits: vec![hit], states: 1 }),
            }
        }
        let shown: Vec<_> = gathered.par_iter().map(|gathered| self.shown(job, gathered)).collect();
        let (mut findings, mut struck, mut unconfirmed) = (Vec::new(), Vec::new(), Vec::new());
        for (Gathered { roots: (cause, spots), states, .. }, shown) in gathered.into_iter().zip(shown) {
            match shown {
                Ok(shown) => {
                    for (course, violation) in shown {
                        let breach = breach(violation.victim, violation.purchase);
                        findings.push(Finding { breach, cause: cause.clone(), course, violation, states });
                        struck.push(spots.clone());
                    }
                }
                Err(course) => {
                    let about = self.tables.purchases.first();
                    let breach = about.map(|about| breach(Party::Server, *about));
                    unconfirmed.extend(breach.map(|breach| Doubt { breach, cause: cause.clone(), course }));
                }
            }
        }
        (findings, struck, unconfirmed)
    }

    /// For each side that is hurt the first of the shortest courses to states that are alike. If no run goes on for ever, the first course.
    fn shown(&self, job: &Job<'_, '_>, gathered: &Gathered<'_>) -> Result<Vec<(Course, Violation)>, Option<Course>> {
        let mut shown: BTreeMap<Side, (Course, Violation)> = BTreeMap::new();
        let mut first = None;
        for hit in &gathered.hits {
            let Some((course, _)) = self.course(hit) else { continue };
            if let Some((finished, _)) = follow_for_ever(job, &course, &mut ()) {
                let violations = finished.checker.violations().iter();
                for violation in violations.filter(|violation| violation.clause == terminates::ENDLESS.0) {
                    let new = || (course.clone(), violation.clone());
                    let known = shown.entry(violation.victim.side()).or_insert_with(new);
                    if violation.events < known.1.events {
                        *known = new();
                    }
                }
            }
            first.get_or_insert(course);
        }
        if shown.is_empty() { Err(first) } else { Ok(shown.into_values().collect()) }
    }
}

fn breach(victim: Party, purchase: PurchaseKey) -> Breach {
    let (clause, about) = terminates::ENDLESS;
    Breach { invariant: Invariant::Terminates, clause, about, victim, purchase, at_the_end: true }
}
