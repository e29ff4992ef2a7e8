//! The JSON Schema against the loader: what one takes the other takes, key by key, name by name, bound by bound.

use std::fs;
use std::path::Path;

use serde_json::{Map, Value};

use super::place::Place;

fn schema() -> Value {
    let (out, err) = Place::new().says(0, &["schema"]);
    assert_eq!(err, "");
    serde_json::from_str(&out).unwrap()
}

/// Words that say nothing about what is accepted.
const NOTES: &[&str] = &["$schema", "title", "description", "default", "format"];

/// Whether a document fits the schema. A word of the schema's that is not known here is a panic, lest it be overlooked.
fn fits(schema: &Value, value: &Value) -> Result<(), String> {
    let words = match schema {
        Value::Bool(true) => return Ok(()),
        Value::Bool(false) => return Err(format!("{value} is forbidden")),
        schema => schema.as_object().unwrap(),
    };
    let none = Map::new();
    let properties = words.get("properties").and_then(Value::as_object).unwrap_or(&none);
    for (word, wanted) in words {
        let fine = match word.as_str() {
            word if NOTES.contains(&word) => true,
            "type" => is_a(value, wanted.as_str().unwrap()),
            "enum" => wanted.as_array().unwrap().contains(value),
            "minimum" => value.as_f64().is_none_or(|number| number >= wanted.as_f64().unwrap()),
            "maximum" => value.as_f64().is_none_or(|number| number <= wanted.as_f64().unwrap()),
            "minLength" => value.as_str().is_none_or(|text| text.len() as u64 >= wanted.as_u64().unwrap()),
            "maxLength" => value.as_str().is_none_or(|text| text.len() as u64 <= wanted.as_u64().unwrap()),
            "pattern" => {
                let pattern = regex::Regex::new(wanted.as_str().unwrap()).unwrap();
                value.as_str().is_none_or(|text| pattern.is_match(text))
            }
            "minItems" => value.as_array().is_none_or(|items| items.len() as u64 >= wanted.as_u64().unwrap()),
            "maxItems" => value.as_array().is_none_or(|items| items.len() as u64 <= wanted.as_u64().unwrap()),
            "uniqueItems" => {
                value.as_array().is_none_or(|items| (1..items.len()).all(|n| !items[..n].contains(&items[n])))
            }
            "minProperties" => value.as_object().is_none_or(|table| table.len() as u64 >= wanted.as_u64().unwrap()),
            "maxProperties" => value.as_object().is_none_or(|table| table.len() as u64 <= wanted.as_u64().unwrap()),
            "required" => value.as_object().is_none_or(|table| {
                wanted.as_array().unwrap().iter().all(|key| table.contains_key(key.as_str().unwrap()))
            }),
            "items" => value.as_array().into_iter().flatten().try_for_each(|item| fits(wanted, item)).map(|()| true)?,
            "properties" => {
                for (key, inner) in value.as_object().unwrap_or(&none) {
                    properties.get(key).map_or(Ok(()), |schema| fits(schema, inner))?;
                }
                true
            }
            "additionalProperties" => {
                let others =
                    value.as_object().unwrap_or(&none).iter().filter(|(key, _)| !properties.contains_key(*key));
                for (key, inner) in others {
                    fits(wanted, inner).map_err(|why| format!("{key}: {why}"))?;
                }
                true
            }
            "anyOf" => wanted.as_array().unwrap().iter().any(|schema| fits(schema, value).is_ok()),
            "not" => fits(wanted, value).is_err(),
            "if" => fits(wanted, value).is_err() || fits(&words["then"], value).map(|()| true)?,
            "then" => true,
            word => panic!("`{word}` is not known here"),
        };
        if !fine {
            return Err(format!("{value} does not fit \"{word}\": {wanted}"));
        }
    }
    Ok(())
}

fn is_a(value: &Value, kind: &str) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        kind => panic!("`{kind}` is not known here"),
    }
}

fn json(text: &str) -> Value {
    toml::from_str(text).unwrap()
}

/// What the loader says of a text: nothing, if it takes it.
fn loader(text: &str) -> String {
    match halfpaid::scenario::parse(Path::new("x.toml"), text) {
        Ok(_) => String::new(),
        Err(found) => found.iter().map(|diagnostic| format!("{diagnostic}\n")).collect(),
    }
}

#[test]
fn every_shipped_scenario_fits_the_schema() {
    let schema = schema();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios")];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "toml") {
                let fit = fits(&schema, &json(&fs::read_to_string(&path).unwrap()));
                assert_eq!(fit, Ok(()), "{}", path.display());
                files += 1;
            }
        }
    }
    assert!(files >= 60, "{files}");
}

/// Every place of the schema that takes a value: the keys that lead there.
fn places<'s>(schema: &'s Value, path: &[&'s str], found: &mut Vec<(Vec<&'s str>, &'s Value)>) {
    found.push((path.to_vec(), schema));
    for (key, inner) in schema["properties"].as_object().into_iter().flatten() {
        places(inner, &[path, &[key.as_str()]].concat(), found);
    }
}

fn all_places(schema: &Value) -> Vec<(Vec<&str>, &Value)> {
    let mut found = Vec::new();
    places(schema, &[], &mut found);
    found.retain(|(path, _)| path.first() != Some(&"matrix"));
    found
}

/// A scenario with one setting more; the mode is one that the setting has a meaning in.
fn with(path: &[&str], value: &str) -> String {
    let mut lines = vec!["name = \"x\"".to_owned(), "protocol = [\"case2\"]".to_owned()];
    lines.retain(|line| path.len() != 1 || !line.starts_with(path[0]));
    let mode = match path {
        ["faults", "mode"] => "",
        ["faults", "at_most" | "states_at_most" | "clock"] => "exhaustive",
        ["faults", "seeds" | "swarm" | "kinds" | "rates", ..] => "random",
        ["faults", "plans"] => "scripted",
        _ => "none",
    };
    let (key, table) = path.split_last().map_or(("x", [].as_slice()), |(key, table)| (*key, table));
    if table.is_empty() {
        lines.push(format!("{key} = {value}"));
    }
    if !mode.is_empty() {
        lines.push(format!("faults.mode = \"{mode}\""));
    }
    if path == ["faults", "at_most"] {
        lines.push("faults.clock = \"untimed\"".to_owned());
    }
    if let ["workload", "top_up", key] = path {
        let other = if *key == "cents" { "after_us" } else { "cents" };
        lines.push(format!("workload.top_up.{other} = 5"));
    }
    if !table.is_empty() {
        lines.push(format!("{}.{key} = {value}", table.join(".")));
    }
    lines.join("\n")
}

#[test]
fn unknown_keys_are_refused_everywhere_and_the_loader_knows_the_same_keys() {
    let schema = schema();
    let mut tables = 0;
    for (path, inside) in all_places(&schema) {
        let Some(properties) = inside["properties"].as_object() else { continue };
        tables += 1;
        let value = if path == ["expect"] { "\"holds\"" } else { "1" };
        let text = with(&[path.as_slice(), &["zzzzzz"]].concat(), value);
        assert!(fits(&schema, &json(&text)).is_err(), "{text}");
        let told = loader(&text);
        let accepted = told.split("accepted: ").nth(1).unwrap_or_default().lines().next().unwrap_or_default();
        let mut accepted: Vec<&str> = accepted.split(", ").collect();
        accepted.sort_unstable();
        let mut keys: Vec<&str> = properties.keys().map(String::as_str).collect();
        keys.sort_unstable();
        assert_eq!(accepted, keys, "{path:?}: {told}");
    }
    assert_eq!(tables, 13);
}

#[test]
fn names_are_those_that_the_loader_takes() {
    let mut lists = 0;
    let schema = schema();
    for (path, inside) in all_places(&schema) {
        let (names, listed) = match (&inside["enum"], &inside["items"]["enum"]) {
            (Value::Array(names), _) => (names, false),
            (_, Value::Array(names)) => (names, true),
            _ => continue,
        };
        lists += 1;
        let written = |name: &str| if listed { format!("[\"{name}\"]") } else { format!("\"{name}\"") };
        let told = loader(&with(&path, &written("zzzzzz")));
        let accepted = told.split("accepted: ").nth(1).unwrap_or_default().lines().next().unwrap_or_default();
        let names: Vec<&str> = names.iter().map(|name| name.as_str().unwrap()).collect();
        assert_eq!(accepted.split(", ").collect::<Vec<_>>(), names, "{path:?}: {told}");
        assert!(fits(&schema, &json(&with(&path, &written("zzzzzz")))).is_err(), "{path:?}");
        for name in names {
            let text = with(&path, &written(name));
            assert_eq!(fits(&schema, &json(&text)), Ok(()), "{text}");
        }
    }
    assert!(lists >= 16, "{lists}");
}

#[test]
fn bounds_are_those_of_the_loader() {
    let schema = schema();
    let mut bounds = 0;
    for (path, inside) in all_places(&schema) {
        let number = if inside["anyOf"].is_array() { &inside["anyOf"][0] } else { inside };
        let whole = number["type"] == "integer";
        for (word, step) in [("minimum", -1_i128), ("maximum", 1)] {
            let bound = &number[word];
            if bound.is_null() {
                continue;
            }
            bounds += 1;
            // The last whole number that is accepted, and the first that is not; for others a bit beyond.
            let (at, beyond) = if whole {
                let at = i128::from(bound.as_u64().unwrap());
                (at.to_string(), (at + step).to_string())
            } else {
                let at = bound.as_f64().unwrap();
                (format!("{at:?}"), format!("{:?}", at + step as f64 * 0.0005))
            };
            // TOML's whole numbers end at 64 bits with a sign, so the last seed can only be given on the command line.
            if at.parse::<i128>().is_ok_and(|at| at > i128::from(i64::MAX)) {
                continue;
            }
            let (inside, outside) = (with(&path, &at), with(&path, &beyond));
            assert!(!loader(&inside).contains("out of range"), "{inside}: {}", loader(&inside));
            assert!(loader(&outside).contains("out of range"), "{outside}: {}", loader(&outside));
            assert_eq!(fits(&schema, &json(&inside)), Ok(()), "{inside}");
            assert!(fits(&schema, &json(&outside)).is_err(), "{outside}");
        }
    }
    assert!(bounds >= 40, "{bounds}");
}

#[test]
fn defaults_of_the_schema_change_nothing() {
    let schema = schema();
    let plain = |text: &str| halfpaid::scenario::parse(Path::new("x.toml"), text).unwrap();
    for (path, inside) in all_places(&schema) {
        // Within `expect` and modes that are not "none" the base is another scenario.
        if !inside["default"].is_null() && path.first() != Some(&"faults") {
            let text = with(&path, &inside["default"].to_string());
            assert_eq!(plain(&text), plain("name = \"x\"\nprotocol = [\"case2\"]\nfaults.mode = \"none\""), "{text}");
        }
    }
}

#[test]
fn a_matrix_may_supply_what_would_otherwise_be_missing() {
    let schema = schema();
    let text = "name = \"x\"\n[faults]\nat_most = 1\n[matrix]\nprotocol = [[\"case1\"], [\"case2\"]]\n\
                \"faults.mode\" = [\"exhaustive\"]\nnetwork.latency_us = [1, [2, 3]]\n";
    assert_eq!((loader(text).as_str(), fits(&schema, &json(text))), ("", Ok(())));
    for wrong in [
        "name = \"x\"\n",
        "protocol = [\"case2\"]\n",
        "name = \"x\"\nprotocol = [\"case2\"]\n[faults]\nat_most = 1\n",
        "name = \"x\"\nprotocol = [\"case2\"]\nworkload.arrival = { every_us = 1, poisson_per_s = 1.0 }\n",
        "name = \"x\"\nprotocol = [\"case2\"]\nmatrix.name = [\"y\"]\n",
        "name = \"x y\"\nprotocol = [\"case2\"]\n",
        "name = \"x\"\nprotocol = [\"case2\", \"case2\"]\n",
    ] {
        assert!(fits(&schema, &json(wrong)).is_err() && !loader(wrong).is_empty(), "{wrong}");
    }
}
