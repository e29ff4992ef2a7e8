//! `[matrix]`: every combination of its values becomes a document of its own.
//!
//! Values are put into the TOML document itself, not into a finished scenario, so that every rule applies to them as to any other
//! value and errors point at the value in the matrix. What keys mean is left to `raw`.

use std::borrow::Cow;
use std::collections::BTreeSet;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::diagnostic::Findings;
use super::names::quoted;

/// The most scenarios that one file may become.
const COMBINATIONS_MAX: usize = 1_000;
/// The most text that they may have together: a long list of plans times a long matrix would fill the memory.
const TEXT_BYTES_MAX: usize = 16 << 20;
/// The deepest key of a scenario has three parts; more would only nest tables.
const KEY_PARTS_MAX: usize = 4;

/// One combination.
pub(super) struct Variant<'i> {
    /// What it adds to the scenario's name: `key=value,...`, or nothing where there is no matrix.
    pub(super) suffix: String,
    /// The document, without its matrix.
    pub(super) root: Spanned<DeTable<'i>>,
}

/// One line of the matrix.
struct Axis<'i> {
    key: Spanned<String>,
    values: Vec<Spanned<DeValue<'i>>>,
}

/// All combinations, the last key's values changing fastest; none where the matrix itself is wrong.
pub(super) fn expand<'i>(mut root: Spanned<DeTable<'i>>, findings: &mut Findings<'_>) -> Vec<Variant<'i>> {
    let Some(matrix) = root.get_mut().remove("matrix") else {
        return vec![Variant { suffix: String::new(), root }];
    };
    let span = matrix.span();
    let DeValue::Table(table) = matrix.into_inner() else {
        findings.error(
            span,
            "`matrix` has the wrong type",
            "accepted: a table of arrays, such as \"faults.at_most\" = [1, 2]",
        );
        return Vec::new();
    };
    let mut axes = Vec::new();
    collect(table, "", &mut axes, findings);
    axes.sort_by_key(|axis| (axis.key.get_ref().clone(), axis.key.span().start));
    for pair in axes.windows(2) {
        if let [first, second] = pair
            && first.key.get_ref() == second.key.get_ref()
        {
            let message = format!("`matrix` names `{}` twice", second.key.get_ref());
            findings.error(second.key.span(), message, "give all its values in one array");
        }
    }
    let most = COMBINATIONS_MAX.min(TEXT_BYTES_MAX / findings.source.len().max(1));
    let combinations = axes.iter().try_fold(1_usize, |product, axis| product.checked_mul(axis.values.len()));
    let Some(combinations) = combinations.filter(|count| *count <= most) else {
        let message = format!("`matrix` has more than {most} combinations, the most for a file of this length");
        findings.error(span, message, "take values out, or spread them over several files");
        return Vec::new();
    };
    if !findings.is_empty() {
        return Vec::new();
    }
    (0..combinations).filter_map(|number| combine(&root, &axes, number, findings)).collect()
}

/// Finds the arrays of a matrix. `"network.latency_us"` in quotes and network.latency_us without mean the same.
fn collect<'i>(table: DeTable<'i>, prefix: &str, axes: &mut Vec<Axis<'i>>, findings: &mut Findings<'_>) {
    for (key, value) in table {
        let span = key.span();
        let path = format!("{prefix}{}", key.get_ref());
        let parts = path.split('.').count();
        if parts > KEY_PARTS_MAX || matches!(path.as_str(), "name" | "matrix") {
            let message = format!("`matrix` cannot vary {}", quoted(&path));
            findings.error(span, message, "accepted: a key of a scenario, such as \"network.latency_us\"");
            continue;
        }
        let value_span = value.span();
        match value.into_inner() {
            DeValue::Table(inner) => collect(inner, &format!("{path}."), axes, findings),
            DeValue::Array(values) if !values.is_empty() => {
                once_each(&path, &values, findings);
                axes.push(Axis { key: Spanned::new(span, path), values: values.into_iter().collect() });
            }
            DeValue::Array(_) => {
                findings.error(
                    value_span,
                    format!("`matrix` has no value for `{path}`"),
                    "accepted: at least one value",
                );
            }
            _ => {
                let message = format!("`matrix` does not give an array for `{path}`");
                findings.error(value_span, message, "accepted: an array of values, such as [1, 2]");
            }
        }
    }
}

/// Says which plain values are there twice. Arrays and tables may read the same and still differ.
fn once_each(key: &str, values: &[Spanned<DeValue<'_>>], findings: &mut Findings<'_>) {
    let mut taken = BTreeSet::new();
    for value in values {
        let plain = !value.get_ref().is_array() && !value.get_ref().is_table();
        if plain && !taken.insert(label(value.get_ref())) {
            let message = format!("`matrix` lists {} twice for `{key}`", quoted(&label(value.get_ref())));
            findings.error(value.span(), message, "take one of them out");
        }
    }
}

/// Combination `number` as a document.
fn combine<'i>(
    root: &Spanned<DeTable<'i>>,
    axes: &[Axis<'i>],
    number: usize,
    findings: &mut Findings<'_>,
) -> Option<Variant<'i>> {
    let mut variant = Variant { suffix: String::new(), root: root.clone() };
    let mut rest = number;
    let mut settings = Vec::new();
    for axis in axes.iter().rev() {
        let value = axis.values.get(rest % axis.values.len())?;
        rest /= axis.values.len();
        settings.push((axis, value));
    }
    // In the order of the keys again, so that a table is put in before what goes into it.
    for (axis, value) in settings.into_iter().rev() {
        let parts: Vec<&str> = axis.key.get_ref().split('.').collect();
        if !put(variant.root.get_mut(), &axis.key, &parts, value) {
            let message =
                format!("`matrix` names `{}`, which is inside something that is no table", axis.key.get_ref());
            findings.error(axis.key.span(), message, "name the whole key instead");
            return None;
        }
        if !variant.suffix.is_empty() {
            variant.suffix.push(',');
        }
        variant.suffix.push_str(&format!("{}={}", safe(axis.key.get_ref()), safe(&label(value.get_ref()))));
    }
    Some(variant)
}

/// Puts a value where the parts of a key lead, making tables on the way. A key that was there keeps its place.
fn put<'i>(table: &mut DeTable<'i>, key: &Spanned<String>, parts: &[&str], value: &Spanned<DeValue<'i>>) -> bool {
    let Some((first, rest)) = parts.split_first() else { return false };
    let new_key = || Spanned::new(key.span(), Cow::Owned((*first).to_owned()));
    if rest.is_empty() {
        table.insert(new_key(), value.clone());
        return true;
    }
    if table.get(*first).is_none() {
        table.insert(new_key(), Spanned::new(key.span(), DeValue::Table(DeTable::new())));
    }
    match table.get_mut(*first).map(Spanned::get_mut) {
        Some(DeValue::Table(inner)) => put(inner, key, rest, value),
        _ => false,
    }
}

/// How a value reads in a name.
fn label(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => text.to_string(),
        DeValue::Integer(number) => number.to_string(),
        DeValue::Float(number) => number.to_string(),
        DeValue::Boolean(yes) => yes.to_string(),
        DeValue::Datetime(time) => time.to_string(),
        DeValue::Array(values) if values.is_empty() => "none".to_owned(),
        DeValue::Array(values) => values.iter().map(|value| label(value.get_ref())).collect::<Vec<_>>().join("-"),
        DeValue::Table(entries) => entries
            .iter()
            .map(|(key, value)| format!("{}-{}", key.get_ref(), label(value.get_ref())))
            .collect::<Vec<_>>()
            .join("-"),
    }
}

/// A text as a part of a file's name: letters, digits and `._-` stay.
fn safe(text: &str) -> String {
    let keep = |character: char| character.is_ascii_alphanumeric() || matches!(character, '.' | '_' | '-');
    text.chars().map(|character| if keep(character) { character } else { '_' }).collect()
}
