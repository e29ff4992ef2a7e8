//! What the program says of itself to shells, to `man` and to other programs.

use super::place::Place;

/// Every command, as `help` has them.
const COMMANDS: &[&str] = &["run", "replay", "check", "list", "schema", "completions", "man"];

#[test]
fn completions_name_every_command_in_every_shell() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let (out, err) = place.says(0, &["completions", shell]);
        assert_eq!(err, "");
        for word in COMMANDS.iter().chain(&["no-progress"]) {
            assert!(out.contains(word), "{shell} does not complete {word}");
        }
    }
    let (_, err) = place.says(2, &["completions", "tcsh"]);
    assert!(err.contains("bash"), "{err}");
}

#[cfg(unix)]
#[test]
fn bash_takes_its_completions() {
    let (script, _) = Place::new().says(0, &["completions", "bash"]);
    let probe =
        "\nCOMP_WORDS=(halfpaid run --see); COMP_CWORD=2; _halfpaid halfpaid --see run; echo \"${COMPREPLY[@]}\"";
    let Ok(ended) = std::process::Command::new("bash").args(["-c", &format!("{script}{probe}")]).output() else {
        eprintln!("skipped: there is no bash");
        return;
    };
    assert_eq!(String::from_utf8_lossy(&ended.stdout).trim(), "--seed --seeds --seed-from", "{ended:?}");
}

#[test]
fn the_manual_page_has_every_command_with_its_flags_and_the_exit_codes() {
    let (page, err) = Place::new().says(0, &["man"]);
    assert_eq!(err, "");
    assert!(page.contains(".TH halfpaid 1"), "{page}");
    for command in COMMANDS {
        assert!(page.contains(&format!(".SH \"HALFPAID {}\"", command.to_uppercase())), "{command}");
    }
    for word in ["\\-\\-seeds", "130 interrupted", "\\-\\-no\\-progress"] {
        assert!(page.contains(word), "{word}");
    }
}

#[test]
fn the_list_is_json_for_programs() {
    let (out, _) = Place::new().says(0, &["list", "--format", "json"]);
    let list: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(list["options"].as_array().unwrap().len(), 2);
    for section in ["protocols", "mechanisms", "faults", "merchant_deviations", "customer_deviations", "outsiders"] {
        let items = list[section].as_array().unwrap();
        assert!(items.len() >= 3, "{section}");
        for item in items {
            assert!(
                item["name"].is_string() && item["about"].as_str().is_some_and(|about| !about.is_empty()),
                "{item}"
            );
        }
    }
}
