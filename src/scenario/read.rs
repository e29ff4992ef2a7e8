//! From a text to scenarios: TOML, then the matrix, then serde, then the checks.
//!
//! serde stops at the first key that it does not like. So a key that it stopped at is reported, taken out of the document, and
//! the rest is read again: a user sees every unknown key and every wrong type at once. Ranges and combinations are checked only
//! once all of that is right, since they would be about values that are not there.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::Path;

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue, Deserializer};

use super::diagnostic::{FINDINGS_MAX, Findings, clip};
use super::matrix::{self, Variant};
use super::raw::RawScenario;
use super::{Diagnostic, Scenario, check, names};

/// What an empty file is told.
pub(super) const SMALLEST: &str = "the least that a scenario has: name = \"its-file-stem\", protocol = [\"case2\"]";

/// The scenarios of a text: one, or one for each combination of its matrix, in the order of the matrix. `path` is where the text
/// comes from: the scenario must be named like its stem.
///
/// # Errors
///
/// What is wrong with the text, in its order: at least one diagnostic, and as many as could be found at once.
pub fn parse(path: &Path, source: &str) -> Result<Vec<Scenario>, Vec<Diagnostic>> {
    let mut findings = Findings::new(path, source);
    let scenarios = scenarios(&mut findings);
    if findings.is_empty() { Ok(scenarios) } else { Err(findings.into_diagnostics()) }
}

fn scenarios(findings: &mut Findings<'_>) -> Vec<Scenario> {
    let source = findings.source;
    // The first error in the file is the one to mend: what follows is often only its echo.
    let (root, errors) = DeTable::parse_recoverable(source);
    let start = |error: &toml::de::Error| error.span().map_or(source.len(), |span| span.start);
    if let Some(error) = errors.iter().min_by_key(|error| start(error)) {
        let (wrong, wanted) = split(error.message());
        findings.error(
            error.span().unwrap_or(source.len()..source.len()),
            format!("this is not TOML: {wrong}"),
            wanted,
        );
        return Vec::new();
    }
    if root.get_ref().is_empty() {
        findings.error(0..0, "the scenario is empty", SMALLEST);
        return Vec::new();
    }
    let mut scenarios = Vec::new();
    for Variant { suffix, root } in matrix::expand(root, findings) {
        if findings.full() {
            break;
        }
        if let Some(raw) = deserialize(root, findings) {
            scenarios.push(check::scenario(&raw, &suffix, findings));
        }
    }
    tell_apart(&mut scenarios);
    scenarios
}

/// Fills the raw layer, or reports everything that it does not take.
fn deserialize(mut root: Spanned<DeTable<'_>>, findings: &mut Findings<'_>) -> Option<RawScenario> {
    for attempt in 0..FINDINGS_MAX {
        let error = match RawScenario::deserialize(Deserializer::from(root.clone())) {
            Ok(raw) => return (attempt == 0).then_some(raw),
            Err(error) => error,
        };
        let span = error.span().unwrap_or(0..0);
        let key = take_out(root.get_mut(), &span);
        let (message, help) = explain(error.message(), key.as_deref());
        findings.error(span, message, help);
        key?;
    }
    None
}

/// Removes the innermost key whose name or value `span` is in. Gives its full name.
fn take_out(table: &mut DeTable<'_>, span: &Range<usize>) -> Option<String> {
    let mut found = None;
    for (key, value) in table.iter_mut() {
        let place = value.span();
        let here = key.span() == *span || (place.start <= span.start && span.end <= place.end);
        // The inside first: a table that a matrix made stands where the key inside it stands.
        if let DeValue::Table(inner) = value.get_mut()
            && let Some(rest) = take_out(inner, span)
        {
            return Some(format!("{}.{rest}", key.get_ref()));
        }
        if here {
            found = Some(key.get_ref().to_string());
            break;
        }
    }
    table.remove(found.as_deref()?);
    found
}

/// serde's words about a key as a user may want to read them: what is wrong, and what would be accepted.
fn explain(message: &str, key: Option<&str>) -> (String, String) {
    let (wrong, wanted) = split(message);
    let key = clip(key.unwrap_or("the scenario"));
    if let Some(field) = wrong.strip_prefix("unknown field ") {
        let field = field.trim_matches('`');
        // A date reaches serde as a table with a key of the toml crate's own.
        if field.starts_with("$__") {
            return (format!("`{key}` has the wrong type: a date"), "no key of a scenario is a date".to_owned());
        }
        let accepted: Vec<&str> = wanted.split('`').skip(1).step_by(2).collect();
        return (format!("`{key}` is not a key of a scenario"), names::remedy(field, accepted));
    }
    let Some(found) = wrong.strip_prefix("invalid type: ") else { return (format!("`{key}` has {wrong}"), wanted) };
    let wanted = if wanted == "accepted: a sequence" { listed(&key, found) } else { wanted };
    (format!("`{key}` has the wrong type: {found}"), wanted)
}

/// Where a list is wanted: one with what was found in it, if that is a string.
fn listed(key: &str, found: &str) -> String {
    let last = key.rsplit('.').next().unwrap_or(key);
    let example = found.strip_prefix("string ").map(|text| format!(", such as {last} = [{text}]"));
    format!("accepted: a list{}", example.unwrap_or_default())
}

/// What serde and the parser found, and what they expected: both end their messages with the latter.
fn split(message: &str) -> (String, String) {
    match message.rsplit_once(", expected ") {
        // Lists of accepted keys are needed whole; they are this program's own words.
        Some((wrong, wanted)) => (clip(wrong), format!("accepted: {wanted}")),
        None => (clip(message), String::new()),
    }
}

/// Gives scenarios of one matrix names of their own where values read the same once they are safe in a file's name.
fn tell_apart(scenarios: &mut [Scenario]) {
    let mut taken = BTreeSet::new();
    for scenario in scenarios {
        let name = scenario.name.clone();
        let mut number = 1;
        // Upper and lower case are one on some file systems.
        while !taken.insert(scenario.name.to_lowercase()) {
            number += 1;
            scenario.name = format!("{name}~{number}");
        }
    }
}
