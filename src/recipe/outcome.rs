//! Decides how a run ended, from everything that happened in it.

use super::declaration::RecipeKind;
use super::job::Job;
use super::ledger::Ledger;
use crate::catalog::Status;
use crate::error::{Error, Kind};
use crate::report::remark::{Level, Remark};

/// The result of the recipe.
#[derive(Clone, Default)]
pub struct LuaEnd {
    /// The error that the recipe raised, if any.
    pub error: Option<Error>,
    /// Failures that the recipe caught and neither accepted with a reason nor raised again.
    pub swallowed: Vec<Error>,
    /// Failures that the recipe has accepted with a reason.
    pub accepted: Vec<Error>,
    /// Streams that were made and never consumed, each with its place.
    pub unused_streams: Vec<Error>,
    /// Failed copies of a stream, while others succeeded, that the recipe has not accepted.
    pub failed_copies: Vec<Error>,
    /// The preview of the recipe, if requested.
    pub preview: Vec<String>,
}

impl LuaEnd {
    pub fn failed(error: Error) -> LuaEnd {
        LuaEnd { error: Some(error), ..LuaEnd::default() }
    }
}

/// How a run ended, and why it was not a success.
pub type Outcome = (Status, Option<Error>);

/// How a run ended. `present` is the number of its backups that still exist, and the problem of the first other one.
pub fn decide(lua: &LuaEnd, present: (usize, Option<Error>), ledger: &Ledger, job: &Job) -> Outcome {
    let (backups, missing) = present;
    let is_backup = job.declaration.kind == RecipeKind::Backup;
    if let Some(error) = lua.error.clone().or(missing) {
        // Backups proved before the failure are valid: the run is partial.
        let is_partial = backups > 0 && is_backup && error.kind() != Kind::Cancelled;
        return (if is_partial { Status::Partial } else { Status::Failure }, Some(error));
    }
    let remarks = ledger.remarks();
    let heaviest = remarks.iter().max_by_key(|remark| remark.weight());
    if let Some(remark) = heaviest.filter(|remark| remark.weight() == Level::Failure) {
        return (Status::Failure, Some(of_remark(remark)));
    }
    if let Some(error) = lua.unused_streams.first() {
        return (Status::Failure, Some(error.clone()));
    }
    if is_backup && backups == 0 {
        return (Status::Failure, Some(no_backup(&job.source.name, lua.swallowed.first())));
    }
    if let Some(cause) = lua.swallowed.first() {
        return (Status::Partial, Some(unanswered(cause)));
    }
    if let Some(remark) = remarks.iter().find(|remark| remark.weight() == Level::Incomplete) {
        return (Status::Partial, Some(of_remark(remark)));
    }
    match lua.failed_copies.iter().cloned().chain(ledger.troubles()).next() {
        Some(error) => (Status::Partial, Some(error)),
        None => (Status::Success, None),
    }
}

fn no_backup(recipe: &str, swallowed: Option<&Error>) -> Error {
    let error = Error::new(Kind::Recipe, format!("`{recipe}` ended without a proved backup")).hint(
        "a recipe of kind `backup` ends in `:save(path)`; if this one makes no backup, say kind = \"maintenance\"",
    );
    match swallowed {
        Some(cause) => error.because(cause.clone()),
        None => error,
    }
}

/// A failure that the recipe caught, and then neither raised again nor accepted.
pub fn unanswered(cause: &Error) -> Error {
    Error::new(cause.kind(), "a failure was caught, and nobody answered for it")
        .because(cause.clone())
        .at(cause.sites().to_vec())
        .hint("raise it again with `error(failure)`, or say why it is fine: `errors.accept(failure, \"why\")`")
}

/// The remark as the error that explains the outcome.
fn of_remark(remark: &Remark) -> Error {
    let error = Error::new(Kind::Integrity, remark.message.clone());
    match &remark.hint {
        Some(hint) => error.hint(hint.clone()),
        None => error,
    }
}
