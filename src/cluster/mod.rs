//! A partitioned run for schedulers that people have already: what to hand to them, as text.
//!
//! Each kind gets one job for each part, and a merge that starts when all parts are whole and whose exit code is the verdict. A part
//! is idempotent and goes on where it was stopped, so that schedulers may start it as often as they like. Writing files and running
//! commands are left to the command line.

pub mod kubernetes;
pub mod parallel;
pub mod slurm;

/// What is to be run in parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Work {
    /// The program, as the machines that run it know it.
    pub program: String,
    /// The arguments of `halfpaid run` that choose scenarios and seeds.
    pub run: Vec<String>,
    /// How many parts.
    pub parts: u32,
    /// How many threads each has.
    pub threads: u16,
    /// The folder for the results, which all machines share; parts go to `parts` in it.
    pub out: String,
    /// More for the scheduler, in its own words.
    pub options: Vec<String>,
}

impl Work {
    /// The command that makes a part, whose number comes from the shell expression `number`, for a POSIX shell.
    fn part(&self, number: &str) -> String {
        let (parts, threads, out) = (self.parts, self.threads, quoted(&self.parts_folder()));
        let run: Vec<String> = self.run.iter().map(|argument| quoted(argument)).collect();
        format!(
            "{} run {} --partition {number}/{parts} --out {out}/{number} --jobs {threads} --no-progress",
            quoted(&self.program),
            run.join(" ")
        )
    }

    /// The command that joins the parts, for a POSIX shell.
    fn merge(&self) -> String {
        let folder = quoted(&self.parts_folder());
        let parts: Vec<String> = (1..=self.parts).map(|number| format!("{folder}/{number}")).collect();
        let (program, out) = (quoted(&self.program), quoted(&self.out));
        format!("{program} merge --no-progress --out {out} \\\n    {}", parts.join(" \\\n    "))
    }

    fn parts_folder(&self) -> String {
        format!("{}/parts", self.out.trim_end_matches('/'))
    }

    /// A line for those who open a script.
    fn about(&self) -> String {
        format!(
            "Made by `halfpaid cluster`, version {}; make it again rather than change it.",
            env!("CARGO_PKG_VERSION")
        )
    }
}

/// A text as one word of a POSIX shell.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,+@%".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn work() -> Work {
        Work {
            program: "/opt/half paid/halfpaid".into(),
            run: ["/data/scenarios", "--filter", "it's", "--seeds", "5..9"].map(String::from).to_vec(),
            parts: 3,
            threads: 2,
            out: "/data/results/".into(),
            options: Vec::new(),
        }
    }

    #[test]
    fn commands_keep_their_words_whatever_is_in_them() {
        assert_eq!(
            work().part("$N"),
            r"'/opt/half paid/halfpaid' run /data/scenarios --filter 'it'\''s' --seeds 5..9 --partition $N/3 --out /data/results/parts/$N --jobs 2 --no-progress"
        );
        assert_eq!(
            work().merge(),
            "'/opt/half paid/halfpaid' merge --no-progress --out /data/results/ \\\n    /data/results/parts/1 \\\n    \
             /data/results/parts/2 \\\n    /data/results/parts/3"
        );
        for word in ["", "a b", "$(x)", "`x`", "a\nb", "*", "~", "\"", "\\", "a;b", "'"] {
            let shell = std::process::Command::new("sh").args(["-c", &format!("printf %s {}", quoted(word))]).output();
            assert_eq!(String::from_utf8(shell.unwrap().stdout).unwrap(), word);
        }
    }
}
