//! Decides how a run ended, from all that happened in it.

use super::declaration::RecipeKind;
use super::job::Job;
use super::ledger::Ledger;
use crate::catalog::Status;
use crate::error::{Error, Kind};
use crate::report::remark::{Level, Remark};

/// What the recipe came to.
#[derive(Clone, Default)]
pub struct LuaEnd {
    /// What the recipe raised, if it did.
    pub error: Option<Error>,
    /// Failures that the recipe caught and neither accepted in words nor raised again.
    pub swallowed: Vec<Error>,
    /// Failures that the recipe has accepted in words.
    pub accepted: Vec<Error>,
    /// Streams that were made and never consumed, each with its place.
    pub unused_streams: Vec<Error>,
    /// Copies of a stream that failed while others were made, and that the recipe has not accepted.
    pub failed_copies: Vec<Error>,
    /// What the recipe says that it will do, where it was asked.
    pub preview: Vec<String>,
}

impl LuaEnd {
    pub fn failed(error: Error) -> LuaEnd {
        LuaEnd { error: Some(error), ..LuaEnd::default() }
    }
}

/// How a run ended, and why it was no success.
pub type Outcome = (Status, Option<Error>);

/// How a run ended. `present` is how many of its backups are still there, and what is wrong with the first that is not.
pub fn decide(lua: &LuaEnd, present: (usize, Option<Error>), ledger: &Ledger, job: &Job) -> Outcome {
    let (backups, missing) = present;
    let is_backup = job.declaration.kind == RecipeKind::Backup;
    if let Some(error) = lua.error.clone().or(missing) {
        // What was proved before the failure is valid: the run is partial.
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
