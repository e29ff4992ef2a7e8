//! What a search takes to be broken and no run confirms, asked again more exactly.
//!
//! Of all ways to a state the search keeps the first that it found, and that may be one that only stands for ways that can be run:
//! where any number of copies is under way, one may arrive whose companion of the same send never does. A doubt is a finding none of
//! whose ways can be run. It may be true all the same, with another way to the same state, and it hides what breaks by the same faults
//! and more.
//!
//! Doubts are settled by searches that leave out less: first with copies counted, then with nothing taken at once and nothing left out.
//! These have many more states, so each is made with no more faults than the least of the doubts, and then with one more as long as a
//! doubt is open. A way that such a search finds, and a run confirms, settles a doubt; so does one by fewer of the same faults. What is
//! open when all faults have been allowed, in a search that came to its end and left no doubt of its own, is not so: whatever breaks in
//! a run breaks in such a search.

use super::answer::{Answer, Doubt, Finding, Kind, holds};
use super::{Covered, Progress, Question, Reductions, Sought, Stopped, explore, explore_for};
use crate::fault::Budget;
use crate::protocol::setup::Setup;

/// Leaves out nothing but what tells names apart.
const LITERAL: Reductions = Reductions { loops: false, dead_letters: false, ..Reductions::EXACT };

/// Searches, and settles what no run confirms. Says also which other setups the search answers for, as [`explore_for`] does; none where
/// there was something to settle.
pub fn explore_surely(question: &Question<'_>, others: &[Setup], progress: &mut dyn Progress) -> (Answer, Vec<bool>) {
    let (mut answer, mut alike) = explore_for(question, others, progress);
    answer.drop_known(question.sought);
    if answer.unconfirmed.is_empty() || answer.stopped == Some(Stopped::Interrupted) {
        return (answer, alike);
    }
    alike.fill(false);
    // Where all is told apart it is also told how purchases end, and some of these ends may be doubtful too.
    if question.sought == Sought::Causes {
        let exact = explore(&Question { reductions: Reductions::EXACT, ..*question }, progress);
        if matches!(exact.stopped, None | Some(Stopped::Interrupted)) {
            answer = exact;
        }
    }
    answer.settle_doubts(question, progress);
    (answer, alike)
}

impl Answer {
    /// Searches more exactly, with as few faults as will do, until no doubt is open or a bound is reached.
    fn settle_doubts(&mut self, question: &Question<'_>, progress: &mut dyn Progress) {
        let mut faults = self.least_doubt().unwrap_or(0);
        while let Some(least) = self.least_doubt()
            && faults <= question.budget.at_most
        {
            faults = faults.max(least);
            let budget = Budget { at_most: faults, ..question.budget.clone() };
            for reductions in [Reductions::EXACT, LITERAL] {
                let exact = explore(&Question { budget: &budget, reductions, ..*question }, progress);
                let (stopped, certain) = (exact.stopped, exact.unconfirmed.is_empty());
                self.learn(exact, question.sought);
                if stopped == Some(Stopped::Interrupted) {
                    self.stopped = stopped;
                }
                if stopped.is_some() {
                    return;
                }
                if certain && faults == question.budget.at_most {
                    self.unconfirmed.clear();
                }
                if certain || self.least_doubt().is_none_or(|least| least > faults) {
                    break;
                }
            }
            faults += 1;
        }
    }

    /// The fewest faults that anything doubtful takes.
    fn least_doubt(&self) -> Option<u32> {
        self.unconfirmed.iter().map(|doubt| doubt.cause.len() as u32).min()
    }

    /// Takes in what a more exact search has found and this one has not.
    fn learn(&mut self, exact: Answer, sought: Sought) {
        for finding in exact.findings {
            let doubted = self.unconfirmed.iter().any(|doubt| doubt.kind() == finding.kind());
            let known = self.findings.iter().any(|known| known.explains(finding.kind(), &finding.cause));
            if doubted && !known {
                self.findings.push(finding);
            }
        }
        let spot = |covered: &Covered| (covered.party, covered.site.clone(), covered.fault);
        for theirs in exact.coverage.iter().filter(|theirs| theirs.violated > 0) {
            if let Some(mine) = self.coverage.iter_mut().find(|mine| spot(mine) == spot(theirs)) {
                mine.violated = mine.violated.max(theirs.violated);
            }
        }
        self.findings.sort_by_key(|finding| (finding.kind(), finding.cause.len()));
        self.drop_known(sought);
    }

    /// Drops doubts about what is known to break so, or by fewer of the same faults.
    fn drop_known(&mut self, sought: Sought) {
        let known = |doubt: &Doubt| {
            self.findings.iter().any(|finding| match sought {
                Sought::Causes => finding.explains(doubt.kind(), &doubt.cause),
                Sought::Harms => finding.kind() == doubt.kind() && finding.cause.len() <= doubt.cause.len(),
            })
        };
        let open: Vec<bool> = self.unconfirmed.iter().map(|doubt| !known(doubt)).collect();
        let mut open = open.into_iter();
        self.unconfirmed.retain(|_| open.next().unwrap_or(true));
    }
}

impl Finding {
    /// Whether something breaks by these faults, or by some of them, in the way that a finding says.
    fn explains(&self, kind: Kind, cause: &[String]) -> bool {
        self.kind() == kind && holds(cause, &self.cause)
    }
}
