//! Dispatches the command line to its command.

use std::process::ExitCode;

mod alerting;
pub mod args;
mod audit;
mod by_hand;
mod check;
mod complete;
mod confirm;
mod context;
mod demo;
mod docs;
mod exit;
mod explain;
mod fetch;
mod files;
mod held_back;
mod help;
mod init;
mod keeping;
mod list;
mod man;
mod notifications;
mod notify;
mod origins;
mod own_recipe;
mod plan;
mod restore;
mod run;
mod runs;
mod schedule;
mod scratch;
mod show;
mod status;
mod test;
mod verify;
mod version;

use args::Command;
use context::Context;

use crate::config::Distrust;
use crate::error::Result;
use crate::report::Facts;
use crate::world::real::this_process;

/// Does what the command line asks, and gives the exit code.
pub fn main() -> ExitCode {
    complete::answer_shell();
    if let Some(code) = version::print_if_asked() {
        return code;
    }
    let arguments = match help::parse(&this_process::environment(), std::env::args_os()) {
        Ok(arguments) => arguments,
        Err(error) => return misuse(&error),
    };
    if let Command::Init(args) = &arguments.command {
        return init::main(&arguments.global, args);
    }
    let context = match Context::load(&arguments.global, distrust(&arguments.command)) {
        Ok(context) => context,
        Err(error) => {
            context::print_error(&error, &Facts::read(&this_process::environment()), &|_| None);
            return ExitCode::from(exit::MISUSE);
        }
    };
    let is_check = matches!(arguments.command, Command::Check(_));
    let answer = match arguments.command {
        Command::Run(args) if args.dry_run => return plan::main(&context, &args),
        Command::Run(args) => return run::main(&context, args),
        Command::Verify(args) => return verify::main(&context, &args),
        Command::Restore(args) => return restore::main(&context, &args),
        Command::List(args) => list::main(&context, &args),
        Command::Show(args) => show::main(&context, &args),
        Command::Fetch(args) => fetch::main(&context, &args),
        Command::Status(args) => status::main(&context, &args),
        Command::Runs(args) => runs::main(&context, &args),
        Command::Audit(args) => audit::main(&context, &args),
        Command::Notifications(args) => notifications::main(&context, &args),
        Command::Notify(command) => notify::main(&context, &command),
        Command::Check(args) => check::main(&context, &args),
        Command::Init(args) => return init::main(&arguments.global, &args),
        Command::New(args) => own_recipe::create(&context, &args),
        Command::Eject(args) => own_recipe::eject(&context, &args),
        Command::Diff(args) => own_recipe::compare(&context, &args),
        Command::Schedule(args) => schedule::main(&context, &args),
        Command::Test(args) => return test::main(context, &arguments.global, args),
        Command::Docs(args) => docs::main(&context, &args),
        Command::Demo => demo::main(&context),
        Command::Explain(args) => explain::main(&context, &args),
        Command::Completions { shell } => completions(&context, shell),
        Command::Man(args) => man::main(&context, &args),
    };
    // `hikae check` reports them among its points.
    if !is_check {
        context.print_objections();
    }
    answer.unwrap_or_else(|error| {
        context.print_error(&error);
        ExitCode::from(exit::FAILED)
    })
}

/// What runs something, or sends something, reads only what nobody else can change.
fn distrust(command: &Command) -> Distrust {
    match command {
        Command::Run(_) | Command::Notify(_) | Command::Verify(_) | Command::Restore(_) => Distrust::Refuse,
        _ => Distrust::Warn,
    }
}

/// Help and version are no misuse; everything else that clap refuses is.
fn misuse(error: &clap::Error) -> ExitCode {
    // If the text cannot be printed, nobody can read it; the exit code is enough.
    let _unread = help::print(error);
    if error.use_stderr() { ExitCode::from(exit::MISUSE) } else { ExitCode::SUCCESS }
}

fn completions(context: &Context, shell: clap_complete::Shell) -> Result<ExitCode> {
    crate::report::table::print_text(&mut context.out(), &complete::script(shell)?)?;
    Ok(ExitCode::SUCCESS)
}
