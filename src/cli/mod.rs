//! The command line: arguments in, results out, and an exit code that says what came of it. It holds no logic of its own.

mod broken;
mod check;
mod cluster;
mod compare;
mod costs;
mod disputes;
mod explore;
mod generate;
mod list;
mod merge;
mod necessity;
mod output;
mod progress;
mod replay;
mod report;
mod run;
mod settings;
mod verdict;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::batch::Standing;
use output::Output;

/// What the process says when it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Every verdict is as the scenarios expect.
    AsExpected = 0,
    /// Some verdict is not.
    NotAsExpected = 1,
    /// Usage, or a scenario, plan or results folder that cannot be read or written.
    Usage = 2,
    /// A bound was reached before an answer.
    Inconclusive = 3,
    /// A fault of halfpaid's own.
    Internal = 70,
    /// Interrupted.
    Interrupted = 130,
}

impl From<Standing> for Exit {
    fn from(standing: Standing) -> Self {
        match standing {
            Standing::AsExpected => Exit::AsExpected,
            Standing::Open => Exit::Inconclusive,
            Standing::NotAsExpected => Exit::NotAsExpected,
        }
    }
}

/// A command that could not do what it was asked to.
#[derive(Debug)]
pub struct Failure {
    /// The exit code.
    pub exit: Exit,
    /// What to tell the user; may be empty where it has been told already.
    pub message: String,
}

impl Failure {
    fn usage(message: impl std::fmt::Display) -> Self {
        Failure { exit: Exit::Usage, message: message.to_string() }
    }
}

#[derive(Parser)]
#[command(
    name = "halfpaid",
    version,
    about = "A deterministic failure-injection simulator for electronic purchases that must be all or nothing",
    after_help = "Exit codes: 0 every verdict as expected; 1 some verdict is not; 2 usage or unreadable input; \
                  3 inconclusive, a bound was reached; 70 a fault of halfpaid's own; 130 interrupted."
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    look: Look,
}

#[derive(Args)]
struct Look {
    /// Print results only, no progress and no notes
    #[arg(long, short, global = true)]
    quiet: bool,
    /// Show no progress bars
    #[arg(long, global = true)]
    no_progress: bool,
    /// When to use colour
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    color: Color,
    /// Say more: what is run, and what broke
    #[arg(long, short, global = true)]
    verbose: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Color {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

#[derive(Subcommand)]
enum Command {
    /// Run scenarios, write results, and compare the verdicts with what the scenarios expect
    Run(run::RunArgs),
    /// Join the parts of a partitioned run into what one run would have written
    Merge(merge::MergeArgs),
    /// Write a partitioned run and its merge for a scheduler, and submit it
    #[command(subcommand)]
    Cluster(cluster::ClusterCommand),
    /// Search every plan of at most so many faults, without a scenario file
    Explore(explore::ExploreArgs),
    /// Search all runs for two with different guilty parties and the same evidence: no judge is right in both
    Disputes(disputes::DisputesArgs),
    /// Run one plan and show what happened, step by step
    Replay(replay::ReplayArgs),
    /// Take each mechanism away and say what breaks then, against whom, and which mechanisms suffice
    Necessity(necessity::NecessityArgs),
    /// Say what is wrong with scenarios, without running them
    Check(check::CheckArgs),
    /// Say what has changed between two results folders; exits 1 if anything has become worse
    Compare(compare::CompareArgs),
    /// Write a results folder as one HTML page
    Report(report::ReportArgs),
    /// What a purchase costs when nothing goes wrong, under each security profile, and how little would do
    Costs(costs::CostsArgs),
    /// Protocols, mechanisms, fault kinds and deviations, with one line each
    List(list::ListArgs),
    /// The JSON Schema of a scenario file, for editors
    Schema,
    /// A script that completes commands and flags in a shell
    Completions(generate::CompletionsArgs),
    /// The manual page
    Man,
}

/// Runs the command that the arguments ask for.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let exit = match std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| dispatch(arguments))) {
        Ok(exit) => exit,
        Err(_) => {
            // The panic itself has been printed by then.
            let _ =
                output::complain("this is a fault of halfpaid's own; please report it with the command and its input");
            Exit::Internal
        }
    };
    ExitCode::from(exit as u8)
}

fn dispatch(arguments: impl IntoIterator<Item = OsString>) -> Exit {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are answers, everything else is a mistake; clap says which, and prints to the right stream.
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage } else { Exit::AsExpected };
        }
    };
    let output = Output::new(&cli.look);
    let result = match &cli.command {
        Command::Run(arguments) => run::run(arguments, &output),
        Command::Merge(arguments) => merge::merge(arguments, &output),
        Command::Cluster(command) => cluster::cluster(command, &output),
        Command::Explore(arguments) => explore::explore(arguments, &output),
        Command::Disputes(arguments) => disputes::disputes(arguments, &output),
        Command::Replay(arguments) => replay::replay(arguments, &output),
        Command::Necessity(arguments) => necessity::necessity(arguments, &output),
        Command::Check(arguments) => check::check(arguments, &output),
        Command::Compare(arguments) => compare::run(arguments, &output),
        Command::Report(arguments) => report::run(arguments, &output),
        Command::Costs(arguments) => costs::costs(arguments, &output),
        Command::List(arguments) => list::list(arguments, &output),
        Command::Schema => generate::schema(&output),
        Command::Completions(arguments) => generate::completions(arguments, &output),
        Command::Man => generate::man(&output),
    };
    match result {
        Ok(exit) => exit,
        Err(Failure { exit, message }) => {
            if !message.is_empty() {
                let _ = output::complain(&message);
            }
            exit
        }
    }
}
