//! What must hold, judged from outside.

/// A property that a run keeps or breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Invariant {
    /// Money is neither made nor lost, moves once, for good, and nobody is wrong about it.
    Money,
    /// Goods if and only if money.
    Goods,
    /// What C derives is what the signed description says.
    Content,
    /// Everyone can prove afterwards exactly what was delivered.
    Certified,
    /// Every honest party comes to know every outcome.
    Terminates,
}

impl Invariant {
    /// Every invariant, in the order of the reports.
    pub const ALL: &'static [Invariant] =
        &[Invariant::Money, Invariant::Goods, Invariant::Content, Invariant::Certified, Invariant::Terminates];

    /// The name that scenarios and reports use.
    pub const fn name(self) -> &'static str {
        match self {
            Invariant::Money => "money",
            Invariant::Goods => "goods",
            Invariant::Content => "content",
            Invariant::Certified => "certified",
            Invariant::Terminates => "terminates",
        }
    }
}

/// Whether an invariant held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It held, everywhere it was looked at.
    #[default]
    Holds,
    /// It was broken at least once.
    Violated,
}

impl Verdict {
    /// The word that scenarios and reports use.
    pub const fn name(self) -> &'static str {
        match self {
            Verdict::Holds => "holds",
            Verdict::Violated => "violated",
        }
    }
}
