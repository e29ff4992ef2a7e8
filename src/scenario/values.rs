//! How single values of a scenario are read: ranges and lists of names.
//!
//! Each gives the default where the value is left out, and where it is wrong after saying so. Which value has which range is
//! left to `check`, `workload` and `faults`.

use std::ops::RangeInclusive;

use toml::Spanned;

use super::diagnostic::Findings;
use super::names::{quoted, remedy};
use super::raw::{Between, Decimal, Given, Texts, Whole};

/// A billion dollars: sums over all customers stay far inside 64 bits.
pub(super) const CENTS_MAX: u64 = 100_000_000_000;
pub(super) const HOUR_US: u64 = 3_600_000_000;
/// No time in a scenario is longer.
pub const YEAR_US: u64 = 365 * 24 * HOUR_US;

impl Findings<'_> {
    /// A whole number.
    pub(super) fn whole<T>(&mut self, key: &str, given: &Given<Whole>, range: RangeInclusive<u64>, default: T) -> T
    where
        T: TryFrom<u64>,
    {
        self.whole_or_more(key, given, range, default, "")
    }

    /// The same, where under other circumstances more is accepted.
    pub(super) fn whole_or_more<T>(
        &mut self,
        key: &str,
        given: &Given<Whole>,
        range: RangeInclusive<u64>,
        default: T,
        more: &str,
    ) -> T
    where
        T: TryFrom<u64>,
    {
        let Some(value) = given else { return default };
        fitting(*value.get_ref(), &range).unwrap_or_else(|| {
            let message = format!("`{key}` is {}, which is out of range", value.get_ref().0);
            self.error(value.span(), message, from_to(&range) + more);
            default
        })
    }

    /// The least and the greatest of something.
    pub(super) fn between<T>(
        &mut self,
        key: &str,
        given: &Given<Between>,
        range: RangeInclusive<u64>,
        default: (T, T),
    ) -> (T, T)
    where
        T: TryFrom<u64> + PartialOrd,
    {
        let Some(value) = given else { return default };
        let Between(least, greatest) = *value.get_ref();
        match (fitting::<T>(least, &range), fitting::<T>(greatest, &range)) {
            (Some(low), Some(high)) if low <= high => (low, high),
            (Some(_), Some(_)) => {
                let message = format!("`{key}` goes from {} down to {}", least.0, greatest.0);
                self.error(value.span(), message, "accepted: the least first, then the greatest");
                default
            }
            (low, _) => {
                let wrong = if low.is_none() { least } else { greatest };
                let message = format!("`{key}` is {}, which is out of range", wrong.0);
                self.error(value.span(), message, from_to(&range));
                default
            }
        }
    }

    /// A number with a fraction. Infinity and NaN are in no range.
    pub(super) fn decimal(
        &mut self,
        key: &str,
        given: &Given<Decimal>,
        range: RangeInclusive<f64>,
        default: f64,
    ) -> f64 {
        let Some(value) = given else { return default };
        let number = value.get_ref().0;
        if range.contains(&number) {
            return number;
        }
        let message = format!("`{key}` is {number:?}, which is out of range");
        let help = format!("accepted: a number from {} to {}", range.start(), range.end());
        self.error(value.span(), message, help);
        default
    }

    /// One of a list of names.
    pub(super) fn one_of<T: Copy>(
        &mut self,
        key: &str,
        given: &Given<String>,
        accepted: &[T],
        name: impl Fn(T) -> &'static str,
        default: T,
    ) -> T {
        given.as_ref().and_then(|value| self.named(key, value, accepted, name)).unwrap_or(default)
    }

    /// Several of a list of names, each once, in the order given.
    pub(super) fn all_of<T: Copy + PartialEq>(
        &mut self,
        key: &str,
        given: &Texts,
        accepted: &[T],
        name: impl Fn(T) -> &'static str,
    ) -> Vec<T> {
        let mut all = Vec::new();
        for value in given.iter().flat_map(|values| values.get_ref()) {
            let Some(found) = self.named(key, value, accepted, &name) else { continue };
            if all.contains(&found) {
                let message = format!("`{key}` lists {} twice", quoted(value.get_ref()));
                self.error(value.span(), message, "take one of them out");
            } else {
                all.push(found);
            }
        }
        all
    }

    /// Whether an array has anything in it; says so if not. One that is left out is no fault here.
    pub(super) fn not_empty(&mut self, key: &str, given: &Texts) {
        if let Some(values) = given
            && values.get_ref().is_empty()
        {
            self.error(values.span(), format!("`{key}` is empty"), "accepted: at least one");
        }
    }

    /// What a name stands for, or `None` after saying that it is not one of the list.
    pub(super) fn named<T: Copy>(
        &mut self,
        key: &str,
        value: &Spanned<String>,
        accepted: &[T],
        name: impl Fn(T) -> &'static str,
    ) -> Option<T> {
        let found = accepted.iter().copied().find(|candidate| name(*candidate) == value.get_ref());
        if found.is_none() && !self.full() {
            let message = format!("`{key}` does not know {}", quoted(value.get_ref()));
            self.error(
                value.span(),
                message,
                remedy(value.get_ref(), accepted.iter().map(|candidate| name(*candidate))),
            );
        }
        found
    }
}

fn fitting<T: TryFrom<u64>>(value: Whole, range: &RangeInclusive<u64>) -> Option<T> {
    u64::try_from(value.0).ok().filter(|number| range.contains(number)).and_then(|number| T::try_from(number).ok())
}

fn from_to(range: &RangeInclusive<u64>) -> String {
    format!("accepted: a whole number from {} to {}", range.start(), range.end())
}
