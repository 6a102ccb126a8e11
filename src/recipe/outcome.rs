//! Decides how a run ended, from all that happened in it.

use crate::catalog::{Ending, Failure, Moment, Status};
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

/// What a run has besides the end of its recipe.
#[derive(Default)]
pub struct Accounts {
    /// How many backups were proved.
    pub backups: usize,
    /// What is wrong with one that was proved and is not there any more.
    pub missing: Option<Error>,
    /// What hikae itself could not do, such as writing the catalog.
    pub troubles: Vec<Error>,
    /// What the run has said besides its result.
    pub remarks: Vec<Remark>,
}

/// How a run ended, and why.
#[derive(Debug, Clone)]
pub struct Verdict {
    pub status: Status,
    pub error: Option<Error>,
}

impl Verdict {
    pub fn new(status: Status, error: Option<Error>) -> Verdict {
        Verdict { status, error }
    }

    /// The verdict over a recipe of `kind` named `name`.
    pub fn over(end: &LuaEnd, accounts: Accounts, kind: &str, name: &str) -> Verdict {
        let Accounts { backups, missing, troubles, remarks } = accounts;
        if let Some(error) = end.error.clone().or(missing) {
            // What was proved before the failure is valid: the run is partial.
            let is_partial = backups > 0 && kind == "backup" && error.kind() != Kind::Cancelled;
            return Verdict::new(if is_partial { Status::Partial } else { Status::Failure }, Some(error));
        }
        let heaviest = remarks.iter().max_by_key(|remark| remark.weight());
        if let Some(remark) = heaviest.filter(|remark| remark.weight() == Level::Failure) {
            return Verdict::new(Status::Failure, Some(of_remark(remark)));
        }
        if let Some(error) = end.unused_streams.first() {
            return Verdict::new(Status::Failure, Some(error.clone()));
        }
        if kind == "backup" && backups == 0 {
            let error = Error::new(Kind::Recipe, format!("`{name}` ended without a proved backup"))
                .hint("a recipe of kind `backup` ends in `:save(path)`; if this one makes no backup, say kind = \"maintenance\"");
            let error = end.swallowed.first().map_or(error.clone(), |cause| error.because(cause.clone()));
            return Verdict::new(Status::Failure, Some(error));
        }
        if let Some(cause) = end.swallowed.first().cloned() {
            let sites = cause.sites().to_vec();
            let error = Error::new(cause.kind(), "a failure was caught, and nobody answered for it")
                .because(cause)
                .at(sites)
                .hint("raise it again with `error(failure)`, or say why it is fine: `errors.accept(failure, \"why\")`");
            return Verdict::new(Status::Partial, Some(error));
        }
        if let Some(remark) = remarks.iter().find(|remark| remark.weight() == Level::Incomplete) {
            return Verdict::new(Status::Partial, Some(of_remark(remark)));
        }
        match end.failed_copies.iter().cloned().chain(troubles).next() {
            Some(error) => Verdict::new(Status::Partial, Some(error)),
            None => Verdict::new(Status::Success, None),
        }
    }

    /// This verdict as the catalog keeps it.
    pub fn ending(&self, ended_at: Moment, duration_ms: u64) -> Ending {
        Ending { status: self.status, ended_at, duration_ms, error: self.error.as_ref().map(Failure::from) }
    }
}

/// What was said, as the error that explains the outcome.
fn of_remark(remark: &Remark) -> Error {
    let error = Error::new(Kind::Integrity, remark.message.clone());
    match &remark.hint {
        Some(hint) => error.hint(hint.clone()),
        None => error,
    }
}
