//! The record of runs in a rehearsal, as its world sets it up.

use crate::catalog::{Backup, Failure, NewRun, Overdue, Run, RunFilter, Status, Wrong, run_id};
use crate::error::{Error, Kind, Result};
use crate::suggest;
use crate::world::simulated::{CatalogSetup, OverdueSetup, RunSetup};

/// The problems of recipes in this world, or an error that its record cannot be read.
pub fn overdue(setup: &CatalogSetup) -> Result<Vec<Overdue>> {
    match &setup.unreadable {
        Some(why) => Err(Error::new(Kind::Other, "cannot read the catalog").because_text(why.clone())),
        None => setup.overdue.iter().map(one).collect(),
    }
}

/// The past runs of this world that match.
pub fn runs(setup: &CatalogSetup, filter: &RunFilter) -> Result<Vec<Run>> {
    if let Some(why) = &setup.unreadable {
        return Err(Error::new(Kind::Other, "cannot read the catalog").because_text(why.clone()));
    }
    let runs = setup.runs.iter().map(past).collect::<Result<Vec<Run>>>()?;
    let fits = |run: &Run| {
        filter.status.is_none_or(|status| run.status == status)
            && filter.recipe.as_ref().is_none_or(|recipe| run.recipe == *recipe)
            && filter.backup_type.as_ref().is_none_or(|of| run.backup_type == *of)
    };
    Ok(runs.into_iter().filter(fits).take(filter.limit.unwrap_or(usize::MAX)).collect())
}

fn past(setup: &RunSetup) -> Result<Run> {
    let word = setup.status.as_deref().unwrap_or("success");
    let Some(status) = Status::of_word(word) else {
        let error = Error::new(Kind::Recipe, format!("a run of this world's past has no status `{word}`"));
        return Err(error.hint(suggest::hint(word, Status::ALL.into_iter().map(Status::word))));
    };
    let Some(started_at) = setup.started_at else {
        return Err(Error::new(
            Kind::Recipe,
            format!("a run of `{}` in this world's past has no `started_at`", setup.recipe),
        ));
    };
    let took = setup.took.unwrap_or_default();
    let backup_type = setup.r#type.clone().unwrap_or_else(|| "daily".to_owned());
    let new = NewRun {
        id: run_id(started_at, &backup_type),
        recipe: setup.recipe.clone(),
        recipe_sha256: String::new(),
        backup_type,
        kind: "backup".to_owned(),
        subject: setup.recipe.clone(),
        target: String::new(),
        started_at,
        host: String::new(),
        username: String::new(),
        process_id: 0,
        parent: None,
    };
    let error = setup.error.clone().map(|message| Failure { kind: Kind::Other, message, hint: None });
    let ended_at = started_at + chrono::TimeDelta::from_std(took).unwrap_or_default();
    let backups = setup.backups.iter().map(|made| Backup {
        path: made.path.clone(),
        size_bytes: made.size_bytes,
        sha256: String::new(),
        created_at: ended_at,
    });
    let run = Run { backups: backups.collect(), ..Run::of(new) };
    if status == Status::Running {
        return Ok(run);
    }
    Ok(Run { status, ended_at: Some(ended_at), duration_ms: Some(took.as_millis() as u64), error, ..run })
}

/// Refuses an entry that no record can have.
pub fn check(setup: &CatalogSetup) -> Result<()> {
    setup.runs.iter().try_for_each(|run| past(run).map(drop))?;
    setup.overdue.iter().try_for_each(|overdue| one(overdue).map(drop))
}

fn one(setup: &OverdueSetup) -> Result<Overdue> {
    let OverdueSetup { recipe, target, verdict, due, since, age, objective, why } = setup.clone();
    // Runs that fail report themselves.
    let silent = || Wrong::ALL.into_iter().filter(|wrong| *wrong != Wrong::Failing);
    let Some(known) = silent().find(|wrong| wrong.word() == verdict) else {
        let error = Error::new(Kind::Recipe, format!("`catalog.overdue` of this world has no verdict `{verdict}`"));
        return Err(error.hint(suggest::hint(&verdict, silent().map(Wrong::word))));
    };
    let (age_secs, objective_secs) = (age.map(|age| age.as_secs()), objective.map(|time| time.as_secs()));
    let target = target.as_deref().unwrap_or(&recipe);
    Ok(Overdue { due, since, age_secs, objective_secs, why, ..Overdue::new(&recipe, target, target, known) })
}
