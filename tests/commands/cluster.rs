//! `cluster`: what is handed to schedulers. Slurm itself and GNU parallel are started by `.ci/cluster`.

use std::fs;

use serde_json::Value;

use super::place::{LOST, Place};

fn written(place: &Place, arguments: &[&str], file: &str) -> String {
    place.says(0, &[&["cluster"], arguments].concat());
    place.read(file)
}

#[test]
fn the_jobs_for_kubernetes_are_what_its_schema_asks_for() {
    let place = Place::new().and("lost", LOST);
    let arguments = ["kubernetes", "scenarios", "--parts", "20", "--image", "registry/halfpaid:1", "--claim", "shared"];
    let list: Value = serde_json::from_str(&written(&place, &arguments, "halfpaid-job.json")).unwrap();
    // Kubernetes' own schema of batch/v1 Job (Apache-2.0), version 1.34, in which unknown fields are errors; without descriptions.
    let schema: Value = serde_json::from_str(include_str!("../schemas/kubernetes-1.34-job.json")).unwrap();
    let schema = jsonschema::draft7::new(&schema).unwrap();
    let jobs = list["items"].as_array().unwrap();
    assert_eq!(jobs.len(), 2);
    for job in jobs {
        let errors: Vec<String> =
            schema.iter_errors(job).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert_eq!(errors, [] as [&str; 0], "{job:#}");
    }
    let spec = &jobs[0]["spec"];
    assert_eq!(
        (&spec["completionMode"], &spec["completions"], &spec["parallelism"]),
        (&"Indexed".into(), &20.into(), &16.into())
    );
    // backoffLimitPerIndex asks for it, which no schema says.
    assert_eq!(spec["template"]["spec"]["restartPolicy"], "Never");

    // A schema that takes everything would show nothing.
    let mut wrong = jobs[0].clone();
    wrong["spec"]["template"]["spec"]["containers"][0]["imaeg"] = "x".into();
    assert!(!schema.is_valid(&wrong));
    let mut wrong = jobs[0].clone();
    wrong["spec"]["template"]["spec"]["containers"][0].as_object_mut().unwrap().remove("name");
    assert!(!schema.is_valid(&wrong));
}

/// The shell commands of the pods do what a cluster would have them do, one after the other.
#[cfg(unix)]
#[test]
fn the_pods_commands_make_the_parts_and_join_them() {
    let place = Place::new().and("lost", LOST);
    let program = env!("CARGO_BIN_EXE_halfpaid");
    let arguments = [
        "kubernetes",
        "scenarios",
        "--parts",
        "2",
        "--image",
        "i",
        "--claim",
        "c",
        "--program",
        program,
        "--name",
        "n",
    ];
    let list: Value = serde_json::from_str(&written(&place, &arguments, "halfpaid-job.json")).unwrap();
    let pod = |job: usize| list["items"][job]["spec"]["template"]["spec"].clone();
    let run = |container: &Value, index: &str| {
        let command: Vec<&str> =
            container["command"].as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect();
        let mut shell = std::process::Command::new(command[0]);
        let status = shell.args(&command[1..]).current_dir(place.at("")).env("JOB_COMPLETION_INDEX", index).status();
        assert!(status.unwrap().success(), "{command:?}");
    };
    run(&pod(0)["containers"][0], "0");
    run(&pod(0)["containers"][0], "1");
    run(&pod(1)["initContainers"][0], "");
    run(&pod(1)["containers"][0], "");
    place.says(0, &["run", "scenarios", "--out", "whole"]);
    assert_eq!(place.read("results/summary.csv"), place.read("whole/summary.csv"));
}

#[test]
fn what_cannot_be_run_is_not_handed_to_anybody() {
    let place = Place::new().and("bad", "protocol = [\"case9\"]\n");
    for kind in ["slurm", "parallel"] {
        let (_, said) = place.says(2, &["cluster", kind, "scenarios", "--parts", "2"]);
        assert!(said.contains("case9") && !place.at("results").exists(), "{said}");
    }
    let place = Place::new().and("lost", LOST);
    for parts in ["0", "1001", "x"] {
        place.says(2, &["cluster", "slurm", "scenarios", "--parts", parts]);
    }
    let command = ["cluster", "slurm", "scenarios", "--parts", "2", "--submit"];
    let without = place.halfpaid(&command).env("PATH", "").assert().code(2).get_output().clone();
    let said = String::from_utf8(without.stderr).unwrap();
    assert!(said.contains("cannot run `sbatch`") && said.contains("without --submit"), "{said}");
    // A scheduler that refuses is quoted.
    fs::create_dir(place.at("bin")).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::write(place.at("bin/sbatch"), "#!/bin/sh\necho no such partition >&2\nexit 1\n").unwrap();
        fs::set_permissions(place.at("bin/sbatch"), fs::Permissions::from_mode(0o755)).unwrap();
        let path = place.at("bin");
        let refused = place.halfpaid(&command).env("PATH", path).assert().code(2).get_output().clone();
        assert!(
            String::from_utf8(refused.stderr).unwrap().contains("sbatch refused (exit status: 1): no such partition")
        );
    }
}
