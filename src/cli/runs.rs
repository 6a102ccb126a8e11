//! `hikae runs`: the runs and their outcomes; `hikae runs show`: one run with its steps and backups.

use std::process::ExitCode;
use std::time::Duration;

use super::args::{RunsArgs, RunsCommand};
use super::context::Context;
use super::exit;
use crate::catalog::{Catalog, NewRun, Run, RunFilter, Status, Step};
use crate::error::{Error, Kind, Result};
use crate::postgres::restore::checks::CHECK;
use crate::recipe::overview;
use crate::report::table::{Column, print_json_lines, print_said, print_table};
use crate::units::{show_duration, show_size};

const RUNS: [Column; 6] = [
    Column::id("RUN"),
    Column::text("RECIPE"),
    Column::text("STATUS"),
    Column::number("TOOK"),
    Column::number("SIZE"),
    Column::text("ERROR"),
];
const STEPS: [Column; 6] = [
    Column::text("STEP"),
    Column::text("STATUS"),
    Column::number("TOOK"),
    Column::number("IN"),
    Column::number("OUT"),
    Column::text("WHERE"),
];

pub fn main(context: &Context, args: &RunsArgs) -> Result<ExitCode> {
    if let Some(RunsCommand::Show { id, listing }) = &args.command {
        return show(context, id, listing.json);
    }
    let filter = RunFilter {
        status: args.status,
        backup_type: args.run_type.map(|run_type| run_type.word().to_owned()),
        recipe: args.recipe.clone(),
        target: args.target.clone(),
        limit: Some(args.limit),
    };
    let runs = catalog(context)?.runs(&filter, &|run| alive(context, run))?;
    if args.listing.json {
        print_json_lines(&mut context.out(), runs)?;
    } else {
        print_table(&mut context.out(), &context.facts, &RUNS, runs.iter().map(row))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The catalog, for reading.
pub fn catalog(context: &Context) -> Result<Catalog> {
    Catalog::open_existing(&context.config.state_dir.join("catalog.db"))
}

/// A run is alive while its lock is held; the kernel releases it however the process ends.
pub fn alive(context: &Context, run: &NewRun) -> bool {
    overview::is_alive(&context.config, run)
}

fn row(run: &Run) -> Vec<String> {
    let size: u64 = run.backups.iter().map(|backup| backup.size_bytes).sum();
    vec![
        run.id.clone(),
        run.recipe.clone(),
        run.status.word().to_owned(),
        run.duration_ms.map(took).unwrap_or_default(),
        if run.backups.is_empty() { String::new() } else { show_size(size) },
        run.error.as_ref().map(|error| error.message.clone()).unwrap_or_default(),
    ]
}

fn took(ms: u64) -> String {
    show_duration(Duration::from_millis(ms))
}

fn show(context: &Context, id: &str, json: bool) -> Result<ExitCode> {
    let Some(run) = catalog(context)?.run(id, &|run| alive(context, run))? else {
        let error = Error::new(Kind::NotFound, format!("there is no run `{id}`")).hint("`hikae runs` lists the runs");
        context.print_error(&error);
        return Ok(ExitCode::from(exit::FAILED));
    };
    if json {
        print_json_lines(&mut context.out(), [&run])?;
        return Ok(ExitCode::SUCCESS);
    }
    let out = &mut context.out();
    print_said(out, &head(&run))?;
    let size = |bytes: Option<u64>| bytes.map(show_size).unwrap_or_default();
    let (checks, acts): (Vec<&Step>, Vec<&Step>) = run.steps.iter().partition(|step| step.name.starts_with(CHECK));
    let steps = acts.iter().map(|step| {
        let site = step.site.clone().unwrap_or_default();
        let status = step.status.word().to_owned();
        vec![step.name.clone(), status, took(step.duration_ms), size(step.bytes_in), size(step.bytes_out), site]
    });
    print_table(out, &context.facts, &STEPS, steps)?;
    // Steps without a program have no bytes; the failure of a program is the error of the run.
    let notes = acts.iter().filter(|step| step.bytes_in.is_none());
    let wrong = notes.clone().filter_map(|step| Some(format!("✗ {}: {}", step.name, failure(step)?)));
    let said = notes
        .filter(|step| step.is_said())
        .filter_map(|step| Some(format!("! {}: {}", step.name, step.error.as_ref()?)));
    print_said(out, &block(wrong.chain(said).chain(checks.iter().map(|step| verdict(step)))))?;
    for backup in &run.backups {
        print_said(
            out,
            &format!("\nbackup {} ({})\nsha256 {}", backup.path, show_size(backup.size_bytes), backup.sha256),
        )?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What was wrong with a step.
fn failure(step: &Step) -> Option<&str> {
    step.error.as_deref().filter(|_| step.status == Status::Failure)
}

/// A check as the drill has shown it.
fn verdict(step: &Step) -> String {
    failure(step).map_or_else(|| format!("✓ {}", &step.name[CHECK.len()..]), str::to_owned)
}

/// Lines below an empty one; nothing where there are none.
fn block(lines: impl Iterator<Item = String>) -> String {
    lines.map(|line| format!("\n{line}")).collect::<String>()
}

fn head(run: &Run) -> String {
    let mut lines = vec![
        format!("{} {} ({}): {}", run.id, run.recipe, run.backup_type, run.status.word()),
        format!("started {}, by {} on {}", run.started_at.format("%Y-%m-%d %H:%M:%S %:z"), run.username, run.host),
    ];
    lines.extend(run.parent.iter().map(|parent| format!("part of {parent}")));
    if let (Some(ended), Some(ms)) = (run.ended_at, run.duration_ms) {
        lines.push(format!("ended   {}, after {}", ended.format("%Y-%m-%d %H:%M:%S %:z"), took(ms)));
    }
    if let Some(error) = &run.error {
        lines.push(format!("error   {}: {}", error.kind.word(), error.message));
        lines.extend(error.hint.iter().map(|hint| format!("hint    {hint}")));
    }
    lines.join("\n") + "\n\n"
}
