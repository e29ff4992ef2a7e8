//! GNU parallel: the parts on one machine, or over ssh on several that share a folder.

use super::Work;

/// The script: all parts, then the merge.
pub fn script(work: &Work, at_once: Option<u32>, logs: &str) -> String {
    let jobs = at_once.map(|jobs| format!("--jobs {jobs} ")).unwrap_or_default();
    let options: String = work.options.iter().map(|option| format!("{} ", super::quoted(option))).collect();
    let logs = super::quoted(&format!("{logs}/parts.log"));
    // --quote: the words of the command are words for the shell that runs it, too.
    format!(
        "#!/bin/sh\n# {}\nset -eu\n\nparallel --will-cite --quote --halt soon,fail=1 --joblog {logs} {jobs}{options}\\\n    \
         {} \\\n    ::: $(seq {})\n\nexec {}\n",
        work.about(),
        work.part("{}"),
        work.parts,
        work.merge()
    )
}

#[cfg(test)]
mod tests {
    use super::super::tests::work;
    use super::*;

    #[test]
    fn the_script_runs_the_parts_and_then_the_merge() {
        let text = script(&Work { options: vec!["--sshlogin".into(), "2/a host".into()], ..work() }, Some(4), "/logs");
        assert!(text.contains("--joblog /logs/parts.log --jobs 4 --sshlogin '2/a host' \\\n"), "{text}");
        assert!(text.contains("--partition {}/3 --out /data/results/parts/{} "), "{text}");
        assert!(text.contains("::: $(seq 3)\n\nexec '/opt/half paid/halfpaid' merge "), "{text}");
    }
}
