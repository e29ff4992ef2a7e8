//! What goes into a role and what comes out of it.

use std::fmt;

/// What a timer is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TimerKind {
    /// The last message has not been answered: send it again.
    Retry,
    /// The outcome is not known: ask P.
    Query,
    /// P may forget that it has acted on a TID.
    Forget,
}

impl TimerKind {
    /// Every kind.
    pub const ALL: &'static [TimerKind] = &[TimerKind::Retry, TimerKind::Query, TimerKind::Forget];

    /// The name that plans and diagrams use.
    pub const fn name(self) -> &'static str {
        match self {
            TimerKind::Retry => "retry",
            TimerKind::Query => "query",
            TimerKind::Forget => "forget",
        }
    }
}

impl fmt::Display for TimerKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
