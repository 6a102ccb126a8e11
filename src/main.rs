//! Parses the command line, dispatches to a command, exits.

fn main() -> std::process::ExitCode {
    hikae::cli::main()
}
