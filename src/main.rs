//! The `halfpaid` command: everything it does is in the library.

fn main() -> std::process::ExitCode {
    halfpaid::cli::main(std::env::args_os())
}
