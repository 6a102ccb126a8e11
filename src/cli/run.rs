//! `hikae run`: runs a recipe once and reports the outcome.

use std::process::ExitCode;
use std::sync::Arc;

use super::alerting::{self, Beginning};
use super::args::RunArgs;
use super::confirm::{self, Will};
use super::context::Context;
use super::held_back::HeldBack;
use super::{by_hand, exit, keeping};
use crate::alert::dispatch::Tally;
use crate::catalog::Status;
use crate::error::{Error, Result};
use crate::recipe::execute::{self, Finished};
use crate::recipe::job::{Job, Wishes};
use crate::recipe::loader;
use crate::report::{self, Level, Mode, Outputs};
use crate::world::real::launcher::{self, Launcher};
use crate::world::real::this_process;

pub fn main(context: &Context, args: RunArgs) -> ExitCode {
    let mode = Mode::choose(&context.facts, args.json, args.quiet, args.verbose);
    let held = HeldBack::default();
    let mut outputs = Outputs::standard(context.facts.clone());
    if args.quiet {
        outputs.stderr = Box::new(held.clone());
    }
    let guard = report::install(mode, outputs, Arc::new(this_process::now));
    for warning in &context.config.warnings {
        report::log(Level::Warn, warning, None);
    }
    // Before the process is sandboxed: the certificate of a mail server may be anywhere.
    let alerts = alerting::prepare(context);
    let job = match guard.and_then(|guard| {
        prepare(context, &args).and_then(|job| {
            launch(context, &job)?;
            job.enclose_run().map(|()| (guard, job))
        })
    }) {
        Ok(ready) => ready,
        Err(error) => {
            held.print();
            context.print_error(&error);
            let run_type = args.run_type.map_or("manual", |run_type| run_type.word());
            // A run started by another recipe is reported by that recipe.
            if !args.no_alert && !args.given {
                alerting::never_began(context, &alerts, &args.recipe, run_type, &error);
            }
            return ExitCode::from(exit::MISUSE);
        }
    };
    let (guard, job) = (job.0, Arc::new(job.1));
    match confirm::ask(context, &job, args.yes) {
        Ok(Will::Yes) => confirm::let_ask(context, &job, &args),
        Ok(Will::No) => return ExitCode::from(exit::FAILED),
        Err(error) => {
            held.print();
            context.print_error(&error);
            return ExitCode::from(exit::MISUSE);
        }
    }
    let mut manner = by_hand::manner(context, &job, args.no_alert);
    let beginning = Beginning::default();
    match execute::execute(job, beginning.pinger(&alerts, manner.unreported)) {
        Ok(mut finished) => {
            if let Some(catalog) = &finished.record {
                keeping::after_run(context, catalog);
            }
            drop(guard);
            manner.stopped_by_hand = by_hand::stopped(context, finished.signal);
            manner.reported = finished.reported.clone();
            if !args.quiet {
                finished.errors().for_each(|error| context.print_error(error));
            }
            let record = finished.record.take();
            let tally = alerting::after_run(context, &alerts, &finished.run, &manner, record, beginning);
            if args.quiet {
                return say_briefly(context, &finished, &tally, &held);
            }
            print_outcome(context, &finished)
        }
        Err(error) => {
            held.print();
            drop(guard);
            context.print_error(&error);
            ExitCode::from(exit::FAILED)
        }
    }
}

/// With `--quiet`, cron mails what is printed: a failure that a channel has reported, or that throttling holds back, is one line.
fn say_briefly(context: &Context, finished: &Finished, tally: &Tally, held: &HeldBack) -> ExitCode {
    let run = &finished.run;
    let reported = tally.reported(&run.id);
    let how = match () {
        () if run.status == Status::Success => None,
        () if !reported.is_empty() => Some(format!("reported to {}", reported.join(", "))),
        () if tally.held_back => Some("reported before".to_owned()),
        () => None,
    };
    let Some(how) = how else {
        held.print();
        finished.errors().for_each(|error| context.print_error(error));
        let code = print_outcome(context, finished);
        held.print();
        return code;
    };
    let code = print_outcome(context, finished);
    held.discard();
    let what = run.error.as_ref().map_or_else(String::new, |error| format!(": {}", report::one_line(&error.message)));
    context.print_line(&format!("{} ended with {} ({how}){what}", run.recipe, run.status));
    code
}

/// Everything that can be wrong before the run starts is misuse: the recipe, its params, the configuration.
pub fn prepare(context: &Context, args: &RunArgs) -> Result<Job> {
    let source = context.config.recipe_source(&args.recipe)?;
    let declaration = loader::declaration(&context.config, &source)?;
    let run_type = args.run_type.map(|run_type| run_type.word().to_owned());
    let given = if args.given { launcher::stdin_params()? } else { launcher::StdinParams::default() };
    let set = args.set.iter().cloned().chain(given.set).collect();
    let job = Job::new(context.config.clone(), source, declaration, Wishes { set, run_type, yes: args.yes })?;
    if args.given {
        // `set` fails only if a parent is already set; it is set only here.
        drop(job.parent.set(given.parent));
    }
    Ok(job)
}

/// Forks what starts the recipes that this one may run, while nothing walls it in.
fn launch(context: &Context, job: &Job) -> Result<()> {
    if job.needs.recipes.is_empty() {
        return Ok(());
    }
    let mut global = vec!["--config-dir".to_owned(), context.config.dir.display().to_string()];
    if job.confirmed {
        global.push("--yes".to_owned());
    }
    let launcher = Launcher::fork(this_process::own_program()?, global, job.needs.recipes.clone())?;
    // `set` fails only if a launcher is already set; it is set only here.
    drop(job.launcher.set(Arc::new(launcher)));
    Ok(())
}

fn print_outcome(context: &Context, finished: &Finished) -> ExitCode {
    match serde_json::to_value(&finished.run) {
        Ok(outcome) => report::run_ended(&outcome),
        Err(cause) => {
            context.print_error(&Error::new(crate::error::Kind::Other, "cannot show the outcome").because(cause))
        }
    }
    exit::code(finished.run.status, finished.signal)
}
