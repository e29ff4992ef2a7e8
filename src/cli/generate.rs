//! `halfpaid schema`, `completions` and `man`: what other programs want to know about this one.

use std::io::{self, Write};

use clap::{Args, CommandFactory};
use clap_complete::Shell;
use clap_mangen::Man;

use super::output::Output;
use super::{Cli, Exit, Failure};
use crate::scenario;

#[derive(Args)]
pub(super) struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

pub(super) fn schema(output: &Output) -> Result<Exit, Failure> {
    let json = serde_json::to_string_pretty(&scenario::schema()).map_err(Failure::usage)?;
    output.print(&format!("{json}\n"))?;
    Ok(Exit::AsExpected)
}

pub(super) fn completions(arguments: &CompletionsArgs, output: &Output) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Cli::command(), "halfpaid", &mut script);
    output.print(&String::from_utf8_lossy(&script))?;
    Ok(Exit::AsExpected)
}

/// One page: the program, then each command with its own flags, then the exit codes.
pub(super) fn man(output: &Output) -> Result<Exit, Failure> {
    let page = page().map_err(Failure::usage)?;
    output.print(&page)?;
    Ok(Exit::AsExpected)
}

fn page() -> io::Result<String> {
    let mut command = Cli::command();
    command.build();
    let program = Man::new(command.clone());
    let mut page = Vec::new();
    program.render_title(&mut page)?;
    program.render_name_section(&mut page)?;
    program.render_synopsis_section(&mut page)?;
    program.render_description_section(&mut page)?;
    program.render_options_section(&mut page)?;
    for subcommand in command.get_subcommands().filter(|subcommand| subcommand.get_name() != "help") {
        // The common flags stand above.
        let own = subcommand.clone().mut_args(|flag| if flag.is_global_set() { flag.hide(true) } else { flag });
        let (man, mut part) = (Man::new(own), Vec::new());
        man.render_description_section(&mut part)?;
        man.render_synopsis_section(&mut part)?;
        man.render_options_section(&mut part)?;
        let title = subcommand.get_name().to_uppercase();
        let part = String::from_utf8_lossy(&part).replace(".SH ", ".SS ");
        write!(page, ".SH \"HALFPAID {title}\"\n{part}")?;
    }
    program.render_extra_section(&mut page)?;
    program.render_version_section(&mut page)?;
    Ok(String::from_utf8_lossy(&page).into_owned())
}
