//! `hikae status`: whether every backup is recent enough, every schedule was kept, and every alert was sent.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::{Value, json};

mod checklist;
mod people;
mod prometheus;
mod words;

pub use checklist::Rhythm;

use super::args::{Listing, StatusArgs, StatusCommand};
use super::context::Context;
use super::exit;
use super::runs::catalog;
use crate::catalog::{AuditEntry, Catalog, Moment, Overdue, Run};
use crate::error::Result;
use crate::recipe::overview::{Overview, overviews};
use crate::report::table::{print_json_lines, print_said, print_text};
use crate::world::real::{Real, path_checks, this_process};
use crate::world::{Machine, Space, World};

/// Everything that there is to show.
struct Status {
    now: Moment,
    recipes: Vec<Overview>,
    /// The folders of the last good backups, with their space.
    spaces: Vec<(PathBuf, Space)>,
    /// Alerts that did not go out so far.
    waiting: usize,
    /// The last drill.
    drill: Option<Run>,
}

pub fn main(context: &Context, args: &StatusArgs) -> Result<ExitCode> {
    match &args.command {
        Some(StatusCommand::Forget { target }) => forget(context, target),
        None if args.prometheus => metrics(context),
        None => match args.checklist {
            Some(rhythm) => check_list(context, &args.listing, rhythm),
            None => show(context, &args.listing),
        },
    }
}

/// Forgets a target, and records who did.
fn forget(context: &Context, target: &str) -> Result<ExitCode> {
    let catalog = Catalog::open(&context.config.state_dir.join("catalog.db"))?;
    let targets = catalog.forget(target)?;
    let Machine { host, user, .. } = Real::ambient().machine();
    catalog.audit(&AuditEntry {
        operation: "status forget".to_owned(),
        backup_id: None,
        username: user,
        ip_address: None,
        status: "success".to_owned(),
        details: json!({ "host": host, "targets": targets }),
        created_at: this_process::now(),
    })?;
    let lines: String = targets.iter().map(|target| format!("forgotten: {target}\n")).collect();
    print_said(&mut context.out(), &lines)?;
    Ok(ExitCode::SUCCESS)
}

/// Writes the metrics. The exit code says only whether they could be written: a wrong state is among them.
fn metrics(context: &Context) -> Result<ExitCode> {
    let status = Status::read(context, &catalog(context)?)?;
    print_text(&mut context.out(), &prometheus::text(&status))?;
    Ok(ExitCode::SUCCESS)
}

/// Shows the list of regular work.
fn check_list(context: &Context, listing: &Listing, rhythm: Option<Rhythm>) -> Result<ExitCode> {
    let (catalog, language) = (catalog(context)?, context.config.language());
    let status = Status::read(context, &catalog)?;
    let alive = |run: &_| super::runs::alive(context, run);
    let points = checklist::points(&status, &catalog, &alive, language, rhythm)?;
    if listing.json {
        print_json_lines(&mut context.out(), points.iter().map(checklist::Point::json).collect::<Vec<_>>())?;
    } else {
        print_text(&mut context.out(), &checklist::text(&points, language))?;
    }
    let wrong = points.iter().any(checklist::Point::is_wrong);
    Ok(ExitCode::from(if wrong { exit::FAILED } else { exit::DONE }))
}

fn show(context: &Context, args: &Listing) -> Result<ExitCode> {
    let status = Status::read(context, &catalog(context)?)?;
    if args.json {
        print_json_lines(&mut context.out(), status.json())?;
    } else {
        people::print(context, &status)?;
    }
    Ok(ExitCode::from(if status.wrong() == 0 { exit::DONE } else { exit::FAILED }))
}

impl Status {
    fn read(context: &Context, catalog: &Catalog) -> Result<Status> {
        let recipes = overviews(&context.config, catalog)?;
        let drills = recipes.iter().filter_map(|recipe| recipe.history.as_ref()).map(|history| &history.last);
        let drill = drills.filter(|run| run.is_drill()).max_by_key(|run| run.started_at).cloned();
        let waiting = catalog.notices()?.len();
        Ok(Status { now: this_process::now(), spaces: spaces(&recipes), waiting, drill, recipes })
    }

    /// Whether nothing was ever run, and nothing is meant to be: then there is no backup that could be good.
    fn is_idle(&self) -> bool {
        self.recipes.iter().all(|recipe| recipe.unused)
    }

    /// How many things are wrong: a target counts once, and all alerts that wait together.
    fn wrong(&self) -> usize {
        usize::from(self.is_idle())
            + self.recipes.iter().filter(|recipe| !recipe.wrong.is_empty()).count()
            + usize::from(self.waiting > 0)
    }

    /// An object for each target, and one for what belongs to none.
    fn json(&self) -> Vec<Value> {
        let space = |(folder, space): &(PathBuf, Space)| json!({ "folder": folder.display().to_string(), "free_bytes": space.free_bytes, "total_bytes": space.total_bytes });
        let drill = self.drill.as_ref().map(|run| {
            json!({ "recipe": run.recipe, "run": run.id, "status": run.status, "started_at": moment(run.started_at), "rto_secs": rto_secs(run) })
        });
        let recipes = self.recipes.iter().map(|recipe| self.recipe_json(recipe));
        let rest = json!({
            "ok": self.wrong() == 0, "wrong": self.wrong(), "alerts_waiting": self.waiting, "drill": drill,
            "spaces": self.spaces.iter().map(space).collect::<Vec<_>>(),
        });
        recipes.chain([rest]).collect()
    }

    fn recipe_json(&self, recipe: &Overview) -> Value {
        let last = recipe.history.as_ref().map(|history| {
            let run = &history.last;
            json!({ "id": run.id, "status": run.status, "started_at": moment(run.started_at), "duration_secs": run.duration_ms.map(secs) })
        });
        let good = recipe.good.as_ref().map(|backup| {
            let age = (self.now - backup.created_at).num_seconds();
            json!({ "path": backup.path, "size_bytes": backup.size_bytes, "created_at": moment(backup.created_at), "age_secs": age })
        });
        json!({
            "recipe": recipe.recipe, "target": recipe.target, "verdict": verdict(recipe), "ok": recipe.wrong.is_empty(),
            "wrong": recipe.wrong.iter().map(wrong_json).collect::<Vec<_>>(),
            "schedule": recipe.schedule, "next_due": recipe.next_due.map(moment),
            "objective_secs": recipe.objective.map(|objective| objective.as_secs()),
            "failures": recipe.history.as_ref().map_or(0, |history| history.failures),
            "last_run": last, "good_backup": good,
        })
    }
}

/// One word for the state of a target: the worst that is wrong with it.
fn verdict(recipe: &Overview) -> &'static str {
    match recipe.wrong.first() {
        Some(wrong) => wrong.verdict.word(),
        None if recipe.unused => "unused",
        None => "ok",
    }
}

fn wrong_json(wrong: &Overdue) -> Value {
    json!({
        "verdict": wrong.verdict, "due": wrong.due.map(moment), "since": wrong.since.map(moment), "age_secs": wrong.age_secs,
        "objective_secs": wrong.objective_secs, "failures": wrong.failures, "why": wrong.why,
    })
}

fn moment(at: Moment) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Millis, false)
}

fn secs(ms: u64) -> f64 {
    ms as f64 / 1000.0
}

/// How long the restore of a drill took; a drill that failed has restored nothing.
fn rto_secs(drill: &Run) -> Option<f64> {
    drill.rto_ms().map(secs)
}

fn spaces(recipes: &[Overview]) -> Vec<(PathBuf, Space)> {
    let paths = recipes.iter().filter_map(|recipe| recipe.good.as_ref()).map(|backup| Path::new(&backup.path));
    let folders: BTreeSet<&Path> = paths.filter(|path| path.is_absolute()).filter_map(Path::parent).collect();
    folders.into_iter().filter_map(|folder| Some((folder.to_owned(), path_checks::space(folder)?))).collect()
}
