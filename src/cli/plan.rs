//! `hikae run --dry-run`: shows what a run would do now, and changes nothing.

use std::process::ExitCode;
use std::sync::Arc;

use super::args::RunArgs;
use super::context::Context;
use super::{exit, run};
use crate::catalog::{Failure, Status};
use crate::error::{Error, Result};
use crate::recipe::planning::{self, End, Plan};
use crate::report::table::{Column, print_json_lines, print_said, print_table};
use crate::report::{self, Level, Mode, Outputs};
use crate::world::dry_run::Planned;
use crate::world::real::this_process;

const COLUMNS: [Column; 4] = [Column::text("WOULD"), Column::text("WHAT"), Column::text("MORE"), Column::text("AT")];

/// The last line, whatever came before.
const LAST: &str = "nothing was changed";

pub fn main(context: &Context, args: &RunArgs) -> ExitCode {
    let mode = Mode::choose(&context.facts, args.json, args.quiet, args.verbose);
    let guard = report::install_plan(mode, Outputs::standard(context.facts.clone()), Arc::new(this_process::now));
    for warning in &context.config.warnings {
        report::log(Level::Warn, warning, None);
    }
    let (guard, job) = match guard
        .and_then(|guard| run::prepare(context, args).and_then(|job| job.enclose().map(|()| (guard, job))))
    {
        Ok(ready) => ready,
        Err(error) => {
            context.print_error(&error);
            return ExitCode::from(exit::MISUSE);
        }
    };
    let plan = planning::plan(job);
    drop(guard);
    plan.and_then(|plan| Shown { plan: &plan, args }.print(context)).unwrap_or_else(|error| {
        context.print_error(&error);
        ExitCode::from(exit::FAILED)
    })
}

/// A plan as it is shown.
struct Shown<'a> {
    plan: &'a Plan,
    args: &'a RunArgs,
}

impl Shown<'_> {
    fn print(&self, context: &Context) -> Result<ExitCode> {
        let (code, error) = self.outcome();
        if self.args.json {
            print_json_lines(&mut context.out(), self.json_lines(error))?;
        } else if !self.args.quiet {
            self.print_rows(context)?;
        }
        // A plan that ends because of unknown values is not an error: the plan itself reports it.
        if let (Some(error), false) = (error, matches!(self.plan.end, End::Unknown(_)) && !self.args.quiet) {
            context.print_error(error);
        }
        if !self.args.json && !self.args.quiet {
            print_said(&mut context.out(), &self.last_lines())?;
        }
        Ok(code)
    }

    fn outcome(&self) -> (ExitCode, Option<&Error>) {
        match &self.plan.end {
            End::Whole => (ExitCode::from(exit::DONE), None),
            End::Unknown(error) | End::Partial(error) => (ExitCode::from(exit::PARTIAL), Some(error)),
            End::Failed(error) => (ExitCode::from(exit::FAILED), Some(error)),
            End::Interrupted(signal) => (exit::code(Status::Interrupted, Some(*signal)), None),
        }
    }

    fn print_rows(&self, context: &Context) -> Result<()> {
        let Plan { recipe, preview, planned, .. } = self.plan;
        if !preview.is_empty() {
            print_said(&mut context.out(), &(preview.join("\n") + "\n\n"))?;
        }
        if planned.is_empty() {
            return Ok(());
        }
        print_said(&mut context.out(), &format!("plan of {recipe}: what a run would do now, if nothing fails\n\n"))?;
        print_table(&mut context.out(), &context.facts, &COLUMNS, planned.iter().map(row))?;
        print_said(&mut context.out(), "\n")
    }

    fn last_lines(&self) -> String {
        let Plan { recipe, end, .. } = self.plan;
        let first = match end {
            End::Whole if self.plan.planned.is_empty() => format!("a run of {recipe} would change nothing\n"),
            End::Whole => String::new(),
            End::Unknown(error) => {
                format!("the plan ends{}, for what follows depends on it: {}\n", place(error), error.one_line())
            }
            End::Partial(_) => "a run would be done only in part\n".to_owned(),
            End::Failed(error) => format!("a run would fail{}\n", place(error)),
            End::Interrupted(signal) => format!("the plan was interrupted by signal {signal}\n"),
        };
        format!("{first}{LAST}\n")
    }

    fn json_lines(&self, error: Option<&Error>) -> Vec<serde_json::Value> {
        let Plan { recipe, run_type, preview, planned, end, started_at, duration } = self.plan;
        let status = match end {
            End::Whole => "planned",
            End::Unknown(_) | End::Partial(_) => Status::Partial.word(),
            End::Failed(_) => Status::Failure.word(),
            End::Interrupted(_) => Status::Interrupted.word(),
        };
        let site = error.and_then(|error| error.sites().first());
        let ended_at = *started_at + *duration;
        let outcome = serde_json::json!({
            "id": null, "recipe": recipe, "type": run_type, "status": status, "dry_run": true,
            "started_at": started_at.to_rfc3339(), "ended_at": ended_at.to_rfc3339(),
            "duration_secs": duration.as_secs_f64(), "error": error.map(Failure::from),
            "ends_at": site, "preview": preview, "planned": planned.len(), "backups": [], "steps": [],
        });
        planned.iter().map(entry).chain([outcome]).collect()
    }
}

fn entry(planned: &Planned) -> serde_json::Value {
    let Planned { verb, object, detail, why, site } = planned;
    serde_json::json!({ "event": "plan", "effect": verb, "object": object, "detail": detail, "why": why, "site": site })
}

fn row(planned: &Planned) -> Vec<String> {
    let more: Vec<&str> = planned.detail.iter().chain(&planned.why).map(String::as_str).collect();
    let site = planned.site.as_ref().map(ToString::to_string).unwrap_or_default();
    vec![word(planned.verb).to_owned(), planned.object.clone(), more.join("; "), site]
}

/// An effect in the words of a plan.
fn word(verb: &'static str) -> &'static str {
    match verb {
        "spawn" => "run",
        "create" => "write",
        "remove" => "delete",
        "mkdir" => "make",
        "sweep" => "clear",
        other => other,
    }
}

fn place(error: &Error) -> String {
    error.sites().first().map(|site| format!(" at {site}")).unwrap_or_default()
}
