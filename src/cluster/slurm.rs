//! Slurm: a job array with a task for each part, and a job that depends on all of them.
//!
//! A task that loses its node is queued again and goes on where it was. A task whose part is whole ends with 0 whatever was found,
//! so that the merge is not held back; its own exit code is the verdict.

use super::Work;

/// The batch script of the parts. Logs go to the folder, which is to be there.
pub fn array(work: &Work, logs: &str) -> String {
    let directives = [
        "--job-name=halfpaid".to_owned(),
        format!("--array=1-{}", work.parts),
        format!("--cpus-per-task={}", work.threads),
        "--requeue".to_owned(),
        "--open-mode=append".to_owned(),
        format!("--output={}", directive(&format!("{}/part-%a.log", logs.replace('%', "%%")))),
    ];
    let part = work.part("\"$SLURM_ARRAY_TASK_ID\"");
    script(work, &directives, &format!("exec {part}"))
}

/// The batch script of the merge.
pub fn merge(work: &Work, logs: &str) -> String {
    // What it prints is the answer, and is not to be mixed with notes.
    let log =
        |flag: &str, name: &str| format!("--{flag}={}", directive(&format!("{}/{name}", logs.replace('%', "%%"))));
    let (answer, notes) = (log("output", "merge.log"), log("error", "merge.err"));
    let directives = ["--job-name=halfpaid-merge".to_owned(), "--open-mode=truncate".to_owned(), answer, notes];
    script(work, &directives, &format!("exec {}", work.merge()))
}

fn script(work: &Work, directives: &[String], command: &str) -> String {
    let lines: String = directives.iter().chain(&work.options).map(|line| format!("#SBATCH {line}\n")).collect();
    format!("#!/bin/sh\n# {}\n{lines}\n{command}\n", work.about())
}

/// A value as directives have it: they know double quotes only.
fn directive(value: &str) -> String {
    if value.contains(char::is_whitespace) { format!("\"{value}\"") } else { value.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::super::tests::work;
    use super::*;

    #[test]
    fn scripts_say_what_they_need() {
        let work = Work { options: vec!["--time=10:00".into()], ..work() };
        let array = array(&work, "/data/my results/slurm");
        for line in [
            "#!/bin/sh",
            "#SBATCH --array=1-3",
            "#SBATCH --cpus-per-task=2",
            "#SBATCH --requeue",
            "#SBATCH --output=\"/data/my results/slurm/part-%a.log\"",
            "#SBATCH --time=10:00",
        ] {
            assert!(array.lines().any(|said| said == line), "{line}:\n{array}");
        }
        assert!(
            array.contains("--partition \"$SLURM_ARRAY_TASK_ID\"/3 --out /data/results/parts/\"$SLURM_ARRAY_TASK_ID\"")
        );
        assert!(merge(&work, "/logs").contains("\nexec '/opt/half paid/halfpaid' merge "));
    }
}
