//! Follows an order of events exactly, under the untimed clock: each event comes when the order says, whatever its time.
//!
//! This is how a search without time is held against the world: what it found is an order of events, and here every one of them
//! really happens, with any cryptography, before the same checker as in every other run. Where the world does not offer the event
//! that the order names, the two have parted, and it is said where.

use super::scripted::Scripted;
use super::{Driver, Ended, Finished, Job};
use crate::fault::{Course, EventSite, Fault, Plan};
use crate::invariant::Violation;
use crate::world::{Choice, Observer, World};

/// A run that has followed an order as far as it could.
#[derive(Debug)]
pub struct Followed<'s> {
    /// The run.
    pub finished: Finished<'s>,
    /// The faults whose sites were never met.
    pub unmet: Vec<Fault>,
    /// The first event that was not there to be taken, and its place in the order, from 1.
    pub parted: Option<(usize, EventSite)>,
    /// Whether the run is at rest after the last event, so that what holds in the end could be judged.
    pub at_rest: bool,
}

/// Follows a course; one without an order stops at once.
pub fn follow<'s>(job: &Job<'s, '_>, course: &Course, listener: &mut dyn Observer) -> Followed<'s> {
    let order = course.order.as_deref().unwrap_or_default();
    follow_to_the_end(job, &course.plan, order, listener, &mut |_| false)
}

/// Follows a course as far as it can be followed: an event that cannot come next is left out.
pub fn follow_loosely<'s>(job: &Job<'s, '_>, course: &Course) -> Followed<'s> {
    let order = course.order.as_deref().unwrap_or_default();
    follow_to_the_end(job, &course.plan, order, &mut (), &mut |_| true)
}

/// Follows an order of events, and looks where that has led. What cannot be next is shown to `skip` by its place; unless it says so,
/// that is the end.
fn follow_to_the_end<'s>(
    job: &Job<'s, '_>,
    plan: &Plan,
    order: &[EventSite],
    listener: &mut dyn Observer,
    skip: &mut dyn FnMut(usize) -> bool,
) -> Followed<'s> {
    let mut oracle = Scripted::new(plan);
    let (driver, parted) = follow_order(job, order, &mut oracle, listener, skip);
    let unmet: Vec<Fault> = oracle.unmet().cloned().collect();
    let at_rest = parted.is_none() && driver.is_at_rest();
    let finished = driver.finish(if at_rest { Ended::Settled } else { Ended::CutShort });
    Followed { finished, unmet, parted, at_rest }
}

/// Takes the events of an order; gives the first that was not there to be taken, too.
pub(super) fn follow_order<'s, 'w, 'l>(
    job: &Job<'s, 'w>,
    order: &[EventSite],
    oracle: &mut Scripted<'_>,
    listener: &'l mut dyn Observer,
    skip: &mut dyn FnMut(usize) -> bool,
) -> (Driver<'s, 'w, 'l>, Option<(usize, EventSite)>) {
    let mut driver = Driver { world: World::untimed(job.setup, job.workload), ..Driver::new(job, listener) };
    let mut lapses = 0;
    for (at, site) in order.iter().enumerate() {
        let signed = driver.signed();
        let taken = match site {
            EventSite::Expiry { nth } => {
                let next = *nth == lapses + 1 && driver.lapse();
                lapses += u32::from(next);
                next
            }
            _ => driver.take_named(*site, oracle),
        };
        if !taken && skip(at) {
            continue;
        }
        if !taken {
            return (driver, Some((at + 1, *site)));
        }
        driver.replays(*site, oracle);
        // Where there are several purchases, orders lapse in the order in which they were signed.
        if job.workload.errands.len() > 1 && driver.signed() > signed {
            let next_us = driver.world.now_us() + 1;
            driver.step(Choice::Wait(next_us));
        }
    }
    (driver, None)
}

/// Leaves out of a course what it can do without, event by event, together with what then cannot happen any more. All of its faults
/// still strike, and still it breaks what it is to break; with how many events is the violation that comes back. `None` if it
/// breaks nothing of the kind.
pub fn shorten(job: &Job<'_, '_>, course: &Course, is_it: &dyn Fn(&Violation) -> bool) -> Option<(Course, Violation)> {
    let breaks = |order: &[EventSite]| {
        let mut left_out = Vec::new();
        let followed = follow_to_the_end(job, &course.plan, order, &mut (), &mut |at| {
            left_out.push(at);
            true
        });
        let violation = followed.finished.checker.violations().iter().find(|violation| is_it(violation))?.clone();
        let taken = order.iter().enumerate().filter(|(at, _)| !left_out.contains(at)).map(|(_, site)| *site);
        followed.unmet.is_empty().then(|| (taken.collect::<Vec<_>>(), violation))
    };
    let (mut order, mut violation) = breaks(course.order.as_deref()?)?;
    let mut at = order.len();
    // What happens last depends on what was before.
    while at > 0 {
        at -= 1;
        let mut fewer = order.clone();
        fewer.remove(at);
        if let Some((fewer, broken)) = breaks(&fewer)
            && (broken.events, fewer.len()) < (violation.events, order.len())
        {
            at = fewer.len();
            (order, violation) = (fewer, broken);
        }
    }
    Some((Course { plan: course.plan.clone(), order: Some(order) }, violation))
}

impl Driver<'_, '_, '_> {
    fn take_named(&mut self, site: EventSite, oracle: &mut Scripted<'_>) -> bool {
        let found = self.world.agenda().iter().find(|(_, event)| self.ears.labels.event(event) == site);
        match found.map(|(slot, _)| slot) {
            Some(slot) => self.take(slot, oracle).is_some(),
            None => false,
        }
    }

    /// How many orders have been signed.
    fn signed(&self) -> usize {
        self.ears.checker.facts().purchases.values().filter(|purchase| purchase.signed.is_some()).count()
    }

    pub(super) fn is_at_rest(&self) -> bool {
        self.next_lapse_us().is_none() && self.world.at_rest(self.job.setup, self.job.workload)
    }

    fn next_lapse_us(&self) -> Option<u64> {
        let signed = self.ears.checker.facts().purchases.values().filter_map(|purchase| purchase.signed.as_ref());
        signed.map(|signed| signed.order.expires_us).filter(|expires_us| *expires_us > self.world.now_us()).min()
    }

    /// The next order lapses. Whether there is one.
    pub(super) fn lapse(&mut self) -> bool {
        let Some(expires_us) = self.next_lapse_us() else { return false };
        self.step(Choice::Wait(expires_us));
        self.ears.checker.count_event(expires_us);
        true
    }
}
