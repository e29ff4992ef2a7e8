//! Folders with very many scenarios: neither files nor memory run out.

use super::place::{Place, last_line};

/// The most address space that the process may have, in KiB. Threads take most of it before anything is run.
#[cfg(target_os = "linux")]
const MEMORY_KIB: u64 = 600 * 1024;

#[cfg(target_os = "linux")]
#[test]
fn ten_thousand_scenarios_in_one_folder_run_with_few_files_and_little_memory() {
    let place = (0..100).fold(Place::in_memory(), |place, number| {
        // A hundred files of a hundred scenarios each.
        let seeds: Vec<String> = (0..100).map(|seed| seed.to_string()).collect();
        let seeds = seeds.join(", ");
        place.and(&format!("s{number:03}"), &format!("protocol = [\"case3\"]\n[matrix]\nseed = [{seeds}]\n"))
    });
    let limits = format!("ulimit -n 48; ulimit -v {MEMORY_KIB}; exec \"$@\"");
    let mut shell = assert_cmd::Command::new("sh");
    shell.args(["-c", &limits, "sh", env!("CARGO_BIN_EXE_halfpaid"), "run", "scenarios", "--jobs", "1", "--quiet"]);
    let output = shell.current_dir(place.at("")).timeout(std::time::Duration::from_secs(600)).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(last_line(&said).starts_with("complete: 10,000 scenarios, 10,000 runs"), "{}", last_line(&said));
    assert_eq!(output.status.code(), Some(0));
}
