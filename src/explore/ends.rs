//! Every way in which everything comes to rest, for those who ask more of an end than what broke: which papers everybody has then.

use super::look::seen;
use super::search::{Hit, Search};
use super::{Conclusion, Progress, Question, Stopped, conclude};
use crate::fault::Course;
use crate::invariant::facts::Facts;

/// How far a search for ends has come.
#[derive(Debug, Clone, Copy)]
pub struct Extent {
    /// How many states there are.
    pub states: u64,
    /// Why it stopped before it was complete, if it did.
    pub stopped: Option<Stopped>,
}

/// Is shown what is known in the end, how many faults it takes, and how to work out a course that leads there; `None` where none could be
/// written down.
type See<'s> = &'s mut dyn FnMut(&Facts, u32, &dyn Fn() -> Option<Course>);

/// Searches, and shows every end that looks different from outside, the first that was found first.
///
/// What stands for something else is shown once: who asks about papers wants [`Reductions`](super::Reductions) without symmetry.
pub fn each_end(question: &Question<'_>, progress: &mut dyn Progress, see: See<'_>) -> Extent {
    conclude(question, progress, Showing(see))
}

struct Showing<'s>(See<'s>);

impl Conclusion for Showing<'_> {
    type Drawn = Extent;

    fn draw<const W: usize>(self, search: Search<'_, W>, _: &Question<'_>) -> Extent {
        for &(likeness, _, _, place) in &search.ends {
            let course = || search.course(&Hit { place, within: None, broken: 0 }).map(|(course, _)| course);
            (self.0)(&seen(likeness, &search.tables), search.faults_of(place), &course);
        }
        Extent { states: search.len(), stopped: search.stopped }
    }
}
