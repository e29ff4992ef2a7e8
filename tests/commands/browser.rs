//! The page in a real browser: Chromium, without a window.
//!
//! Where there is none, the test says so and passes; `HALFPAID_BROWSER=required`, as in CI, makes that a failure.

use std::process::Command;
use std::time::Duration;

use super::place::{LOST, Place, text};

const NAMES: [&str; 2] = ["chromium", "chromium-browser"];

fn chromium() -> Option<&'static str> {
    NAMES
        .into_iter()
        .find(|name| Command::new(name).arg("--version").output().is_ok_and(|output| output.status.success()))
}

#[test]
fn chromium_shows_the_page_and_has_nothing_to_complain_of() {
    let Some(chromium) = chromium() else {
        assert!(std::env::var_os("HALFPAID_BROWSER").is_none(), "there is no Chromium, and it is required");
        eprintln!("skipped: there is no Chromium on this machine");
        return;
    };
    let place = Place::new().and("lost", LOST);
    place.halfpaid(&["run", "scenarios", "--quiet"]).output().unwrap();
    place.says(0, &["report", "results"]);
    let page = format!("file://{}", place.at("results/report.html").display());
    let profile = format!("--user-data-dir={}", place.at("profile").display());
    let flags = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-sync",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-dev-shm-usage",
        "--enable-logging=stderr",
        "--v=0",
    ];
    let mut command = assert_cmd::Command::new(chromium);
    command.args(flags).arg(&profile).arg("--dump-dom").arg(&page).timeout(Duration::from_secs(300));
    let output = command.output().unwrap();
    let (dom, log) = (text(output.stdout), String::from_utf8_lossy(&output.stderr).into_owned());
    assert!(output.status.success(), "{log}");
    assert!(dom.contains("<h1") && dom.trim_end().ends_with("</html>"), "{dom}");
    assert_eq!(dom.matches("<svg class=\"sequence\"").count(), 1, "{dom}");
    assert!(dom.contains("crash C1 after 2#1") && dom.contains("paid-no-goods"));
    // What a page complains of is logged with its place in brackets.
    assert!(!log.contains(":CONSOLE"), "{log}");
}
