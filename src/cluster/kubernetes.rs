//! Kubernetes: an Indexed Job with a pod for each part, and a Job that waits until all are whole and joins them.
//!
//! Pods share the folder for results through a persistent volume claim, mounted at [`MOUNT`]; relative paths start there. The manifest
//! is JSON, which `kubectl apply` takes like YAML.

use serde_json::{Value, json};

use super::Work;
use crate::results::PART;

/// Where pods find the claim.
pub const MOUNT: &str = "/halfpaid";

/// What a cluster has to be told beside the work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pods {
    /// The image that has the program, and a POSIX shell.
    pub image: String,
    /// The persistent volume claim.
    pub claim: String,
    /// What the Jobs are called; the merge has `-merge` behind it.
    pub name: String,
    /// How many parts run at once.
    pub at_once: u32,
}

/// Both Jobs, as one manifest.
pub fn manifest(work: &Work, pods: &Pods) -> Value {
    let shell = |script: String| json!(["sh", "-c", script]);
    let part = format!("n=$((JOB_COMPLETION_INDEX + 1)); exec {}", work.part("\"$n\""));
    let parts = json!({
        "completionMode": "Indexed",
        "completions": work.parts,
        "parallelism": pods.at_once.min(work.parts),
        // A node may go away more often than a part is at fault.
        "backoffLimitPerIndex": 6,
        "template": template(work, pods, shell(part), Value::Null),
    });
    let folder = super::quoted(&work.parts_folder());
    let wait =
        format!("for n in $(seq {}); do until [ -f {folder}/\"$n\"/{PART} ]; do sleep 5; done; done", work.parts);
    let merge = json!({
        // Its exit code is the verdict, and would be the same again.
        "backoffLimit": 0,
        "template": template(work, pods, shell(format!("exec {}", work.merge())), shell(wait)),
    });
    json!({
        "apiVersion": "v1",
        "kind": "List",
        "items": [job(&pods.name, parts), job(&format!("{}-merge", pods.name), merge)],
    })
}

fn job(name: &str, spec: Value) -> Value {
    let labels = json!({ "app.kubernetes.io/name": "halfpaid" });
    json!({ "apiVersion": "batch/v1", "kind": "Job", "metadata": { "name": name, "labels": labels }, "spec": spec })
}

/// A pod that runs a command, after another where there is one.
fn template(work: &Work, pods: &Pods, command: Value, first: Value) -> Value {
    let container = |name: &str, command: Value, cpu: u16| {
        json!({
            "name": name,
            "image": pods.image,
            "command": command,
            "workingDir": MOUNT,
            "resources": { "requests": { "cpu": cpu.to_string() } },
            "volumeMounts": [{ "name": "results", "mountPath": MOUNT }],
        })
    };
    let mut spec = json!({
        "restartPolicy": "Never",
        "containers": [container("halfpaid", command, work.threads)],
        "volumes": [{ "name": "results", "persistentVolumeClaim": { "claimName": pods.claim } }],
    });
    if !first.is_null() {
        spec["initContainers"] = json!([container("wait", first, 1)]);
    }
    json!({ "spec": spec })
}
