//! Names that are not known: what they may have been meant to be, and how a list of names is written.
//!
//! Where the lists come from is left to the callers.

use super::diagnostic::clip;

/// What to tell somebody who wrote `given` where only `accepted` are names: the near miss, and the list.
pub(super) fn remedy<'a>(given: &str, accepted: impl IntoIterator<Item = &'a str>) -> String {
    let accepted: Vec<&str> = accepted.into_iter().collect();
    match near_miss(given, &accepted) {
        Some(name) => format!("did you mean `{name}`? accepted: {}", accepted.join(", ")),
        None => format!("accepted: {}", accepted.join(", ")),
    }
}

/// The accepted name that `given` may have been meant to be: at most a third of it is mistyped.
fn near_miss<'a>(given: &str, accepted: &[&'a str]) -> Option<&'a str> {
    // The distance takes time in the product of the lengths, and no name is this long.
    if given.len() > 60 {
        return None;
    }
    let plain = |text: &str| text.trim().to_lowercase().replace('_', "-");
    let given = plain(given);
    accepted
        .iter()
        .map(|name| (strsim::osa_distance(&given, &plain(name)), *name))
        .min_by_key(|(distance, _)| *distance)
        .filter(|(distance, name)| *distance <= (name.len().max(given.len()) / 3).max(1))
        .map(|(_, name)| name)
}

/// A value as messages show it: in quotes, cut, and without control characters.
pub(super) fn quoted(value: &str) -> String {
    format!("\"{}\"", clip(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_miss_is_suggested_and_a_far_one_is_not() {
        assert_eq!(remedy("dorp", ["drop", "crash"]), "did you mean `drop`? accepted: drop, crash");
        assert_eq!(
            remedy("crash_forever", ["crash", "crash-forever"]).split('?').next(),
            Some("did you mean `crash-forever`")
        );
        assert_eq!(remedy("elephant", ["drop", "crash"]), "accepted: drop, crash");
        assert_eq!(remedy(&"x".repeat(1 << 20), ["drop"]), "accepted: drop");
        assert_eq!(remedy("", ["drop"]), "accepted: drop");
    }
}
