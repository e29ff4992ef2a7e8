//! `halfpaid cluster`: a partitioned run for a scheduler, written and, if asked for, handed to it.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use clap::{Args, Subcommand};

use super::output::Output;
use super::{Exit, Failure};
use crate::batch::partition::PARTS_MAX;
use crate::cluster::kubernetes::{self, Pods};
use crate::cluster::{Work, parallel, slurm};
use crate::scenario::{self, parse_seeds};

#[derive(Subcommand)]
pub(super) enum ClusterCommand {
    /// A Slurm job array and a merge that depends on it
    Slurm(SlurmArgs),
    /// A script for GNU parallel, on one machine or over ssh
    Parallel(ParallelArgs),
    /// A Kubernetes Indexed Job and a Job that merges
    Kubernetes(KubernetesArgs),
}

#[derive(Args)]
struct WorkArgs {
    /// Scenario files, folders that are searched for *.toml, or patterns
    #[arg(required = true, value_name = "SCENARIOS")]
    paths: Vec<PathBuf>,
    /// How many parts. Schedulers take about a second for each, so a part should be minutes of work
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=i64::from(PARTS_MAX)))]
    parts: u32,
    /// The folder for the results, which all machines share; parts go to `parts` in it
    #[arg(long, value_name = "DIR", default_value = "results")]
    out: PathBuf,
    /// Run only scenarios with this text in their names; may be repeated
    #[arg(long, value_name = "TEXT")]
    filter: Vec<String>,
    /// The seed, in place of the scenarios' own
    #[arg(long, value_name = "N", conflicts_with_all = ["seeds", "seed_from"])]
    seed: Option<u64>,
    /// The seeds of random scenarios, in place of their own
    #[arg(long, value_name = "A..B", value_parser = parse_seeds, conflicts_with = "seed_from")]
    seeds: Option<std::ops::Range<u64>>,
    /// Make the seeds of random scenarios from a text, such as a commit's id
    #[arg(long, value_name = "TEXT")]
    seed_from: Option<String>,
    /// How many threads each part has
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: u16,
    /// More for the scheduler, in its own words, such as --option=--time=30:00; may be repeated
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    option: Vec<String>,
    /// Hand it to the scheduler
    #[arg(long)]
    submit: bool,
}

#[derive(Args)]
pub(super) struct SlurmArgs {
    #[command(flatten)]
    work: WorkArgs,
    /// The program on the nodes [default: this one]
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
    /// Wait for the merge, print what it says, and end with its exit code
    #[arg(long, requires = "submit")]
    wait: bool,
}

#[derive(Args)]
pub(super) struct ParallelArgs {
    #[command(flatten)]
    work: WorkArgs,
    /// The program on all machines [default: this one]
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
    /// How many parts run at once on each machine [default: one for each core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    at_once: Option<u32>,
}

#[derive(Args)]
pub(super) struct KubernetesArgs {
    #[command(flatten)]
    work: WorkArgs,
    /// The image with the program and a POSIX shell. Paths are those inside its pods, relative ones from /halfpaid
    #[arg(long)]
    image: String,
    /// The persistent volume claim that is mounted at /halfpaid and shared by all pods
    #[arg(long, value_name = "NAME")]
    claim: String,
    /// The name of the Job
    #[arg(long, default_value = "halfpaid", value_parser = job_name)]
    name: String,
    /// The program in the image
    #[arg(long, value_name = "FILE", default_value = "halfpaid")]
    program: String,
    /// How many parts run at once
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..))]
    at_once: u32,
    /// The file for the manifest
    #[arg(long, value_name = "FILE", default_value = "halfpaid-job.json")]
    manifest: PathBuf,
}

/// Pods get the name with something behind it, and then it has to be a DNS label.
fn job_name(name: &str) -> Result<String, String> {
    let inside = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let good = !name.is_empty() && name.len() <= 50 && name.chars().all(inside) && !name.starts_with('-');
    if good && !name.ends_with('-') {
        Ok(name.to_owned())
    } else {
        Err("expected at most 50 of a-z, 0-9 and -, the last not at an end".to_owned())
    }
}

pub(super) fn cluster(command: &ClusterCommand, output: &Output) -> Result<Exit, Failure> {
    match command {
        ClusterCommand::Slurm(arguments) => on_slurm(arguments, output),
        ClusterCommand::Parallel(arguments) => on_parallel(arguments, output),
        ClusterCommand::Kubernetes(arguments) => on_kubernetes(arguments, output),
    }
}

fn on_slurm(arguments: &SlurmArgs, output: &Output) -> Result<Exit, Failure> {
    let work = arguments.work.here(arguments.program.as_deref())?;
    let folder = Path::new(&work.out).join("slurm");
    let logs = text(&folder)?;
    let (array, merge) = (folder.join("parts.sh"), folder.join("merge.sh"));
    write(&array, &slurm::array(&work, &logs))?;
    write(&merge, &slurm::merge(&work, &logs))?;
    let depends = |id: &str| format!("--dependency=afterok:{id}");
    if !arguments.work.submit {
        let (array, merge) = (array.display(), merge.display());
        output.print(&format!(
            "to submit: sbatch --parsable {array}\nthen:      sbatch {} --kill-on-invalid-dep=yes {merge}\n",
            depends("ID")
        ))?;
        return Ok(Exit::AsExpected);
    }
    let id = said(Command::new("sbatch").arg("--parsable").arg(&array))?;
    let id = id.trim().split(';').next().unwrap_or_default().to_owned();
    let mut after = Command::new("sbatch");
    after.args(["--parsable", "--kill-on-invalid-dep=yes", &depends(&id)]);
    if !arguments.wait {
        let merging = said(after.arg(&merge))?;
        output
            .print(&format!("submitted: parts as job {id}, the merge as job {}; logs in {logs}\n", merging.trim()))?;
        return Ok(Exit::AsExpected);
    }
    let ended = after.arg("--wait").arg(&merge).stdin(Stdio::null()).stdout(Stdio::null()).status();
    let ended = ended.map_err(|error| Failure::usage(format!("cannot run sbatch: {error}")))?;
    let log = folder.join("merge.log");
    let log = fs::read_to_string(&log).map_err(|error| {
        Failure::usage(format!("the merge was not run ({ended}): no `{}` ({error}); see `{logs}`", log.display()))
    })?;
    output.print(&log)?;
    exit(ended.code())
}

fn on_parallel(arguments: &ParallelArgs, output: &Output) -> Result<Exit, Failure> {
    let work = arguments.work.here(arguments.program.as_deref())?;
    let folder = Path::new(&work.out).join("parallel");
    let script = folder.join("run.sh");
    write(&script, &parallel::script(&work, arguments.at_once, &text(&folder)?))?;
    if !arguments.work.submit {
        output.print(&format!("to run: sh {}\n", script.display()))?;
        return Ok(Exit::AsExpected);
    }
    let ended = Command::new("sh").arg(&script).stdin(Stdio::null()).status();
    exit(ended.map_err(|error| Failure::usage(format!("cannot run sh: {error}")))?.code())
}

fn on_kubernetes(arguments: &KubernetesArgs, output: &Output) -> Result<Exit, Failure> {
    let work = Work {
        program: arguments.program.clone(),
        run: arguments.work.run(&arguments.work.paths)?,
        out: text(&arguments.work.out)?,
        ..arguments.work.rest()
    };
    if let Some(option) = work.options.first() {
        let why = "Kubernetes takes none: change the manifest with `kubectl patch` or `kustomize`";
        return Err(Failure::usage(format!("--option {option}: {why}")));
    }
    let KubernetesArgs { image, claim, name, at_once, manifest, .. } = arguments;
    let pods = Pods { image: image.clone(), claim: claim.clone(), name: name.clone(), at_once: *at_once };
    let json = serde_json::to_string_pretty(&kubernetes::manifest(&work, &pods)).map_err(Failure::usage)?;
    write(manifest, &format!("{json}\n"))?;
    if !arguments.work.submit {
        output.print(&format!("to submit: kubectl apply -f {}\n", manifest.display()))?;
        return Ok(Exit::AsExpected);
    }
    output.print(&said(Command::new("kubectl").args(["apply", "-f"]).arg(manifest))?)?;
    Ok(Exit::AsExpected)
}

impl WorkArgs {
    /// The work with paths as this machine has them. What cannot be used is said now, not on the nodes.
    fn here(&self, program: Option<&Path>) -> Result<Work, Failure> {
        let mut loaded = scenario::load(&self.paths);
        loaded.keep(&self.filter);
        if loaded.scenarios.is_empty() || !loaded.diagnostics.is_empty() {
            let shown: Vec<String> = loaded.diagnostics.iter().map(ToString::to_string).collect();
            let none = "no scenario has one of these texts in its name".to_owned();
            return Err(Failure::usage(if shown.is_empty() { none } else { shown.join("\n\n") }));
        }
        let absolute = |path: &Path| {
            std::path::absolute(path).map_err(|error| Failure::usage(format!("`{}`: {error}", path.display())))
        };
        let program = match program {
            Some(program) => program.to_owned(),
            None => std::env::current_exe().map_err(|error| Failure::usage(format!("{error}: give --program")))?,
        };
        let paths: Vec<PathBuf> = self.paths.iter().map(|path| absolute(path)).collect::<Result<_, _>>()?;
        let (run, out) = (self.run(&paths)?, text(&absolute(&self.out)?)?);
        Ok(Work { program: text(&program)?, run, out, ..self.rest() })
    }

    fn rest(&self) -> Work {
        let (program, run, out) = (String::new(), Vec::new(), String::new());
        Work { program, run, parts: self.parts, threads: self.threads, out, options: self.option.clone() }
    }

    /// The arguments of `run`.
    fn run(&self, paths: &[PathBuf]) -> Result<Vec<String>, Failure> {
        let mut arguments: Vec<String> = paths.iter().map(|path| text(path)).collect::<Result<_, _>>()?;
        let mut flag = |name: &str, value: String| arguments.extend([format!("--{name}"), value]);
        self.filter.iter().for_each(|text| flag("filter", text.clone()));
        self.seed.iter().for_each(|seed| flag("seed", seed.to_string()));
        self.seeds.iter().for_each(|seeds| flag("seeds", format!("{}..{}", seeds.start, seeds.end)));
        self.seed_from.iter().for_each(|text| flag("seed-from", text.clone()));
        Ok(arguments)
    }
}

fn text(path: &Path) -> Result<String, Failure> {
    let why = || Failure::usage(format!("`{}` is not UTF-8, which scripts have to be", path.display()));
    path.to_str().map(str::to_owned).ok_or_else(why)
}

fn write(path: &Path, content: &str) -> Result<(), Failure> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let written = fs::create_dir_all(folder).and_then(|()| fs::File::create(path)?.write_all(content.as_bytes()));
    written.map_err(|error| Failure::usage(format!("cannot write `{}`: {error}", path.display())))
}

/// What a command of the scheduler's prints.
fn said(command: &mut Command) -> Result<String, Failure> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output();
    let output = output.map_err(|error| {
        Failure::usage(format!("cannot run `{name}`: {error}; without --submit the job is only written"))
    })?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let complaint = String::from_utf8_lossy(&output.stderr);
    Err(Failure::usage(format!("{name} refused ({}): {}", output.status, complaint.trim())))
}

/// The exit code of a merge, handed on.
fn exit(code: Option<i32>) -> Result<Exit, Failure> {
    [Exit::AsExpected, Exit::NotAsExpected, Exit::Inconclusive, Exit::Interrupted]
        .into_iter()
        .find(|exit| code == Some(*exit as i32))
        .ok_or_else(|| Failure { exit: Exit::Usage, message: String::new() })
}
