//! How a run ended: its status, its error, and what it says about itself.

use mlua::Value;

use crate::catalog::{Failure, Status};
use crate::error::{Error, Kind, Result};
use crate::lua::exports::Call;
use crate::lua::json;
use crate::lua::traceback::from_lua;
use crate::specs::assertions::again;
use crate::specs::handle::Method;
use crate::specs::matchers::Raising;
use crate::specs::trial::run_handle::Run;
use crate::suggest;

pub const METHODS: &[Method<Run>] = &[
    ("run:ok", |call, run, _| ended(call, run, Status::Success, &Value::Nil)),
    ("run:failed", |call, run, args| ended(call, run, Status::Failure, args.first().unwrap_or(&Value::Nil))),
    ("run:partial", |call, run, args| ended(call, run, Status::Partial, args.first().unwrap_or(&Value::Nil))),
    ("run:locked", |call, run, _| ended(call, run, Status::Locked, &Value::Nil)),
];

/// The run as `run --json` shows it, for a spec to examine.
pub const FIELDS: &[&str] =
    &["id", "recipe", "type", "status", "started_at", "ended_at", "duration_secs", "error", "backups", "steps"];

pub fn field(run: &Run, call: &Call, name: &str) -> Result<Value> {
    let outcome = serde_json::to_value(&run.rehearsed.run)
        .map_err(|cause| Error::new(Kind::Other, "cannot tell a run").because(cause))?;
    json::to_lua(&call.lua, &outcome[name]).map_err(from_lua)
}

fn ended(call: &Call, run: &Run, status: Status, error: &Value) -> Result<Value> {
    let expected = expected(call, error)?;
    let found = &run.rehearsed.run;
    if found.status != status {
        return run.fail(call, format!("the run to end as `{}`", status.word()), words(run), Vec::new());
    }
    if !error.is_nil() {
        let fits = run.rehearsed.error.as_ref().map(|error| expected.judge(error));
        if !fits.as_ref().is_some_and(|fits| fits.holds) {
            let asked = expected.words();
            return run.fail(
                call,
                format!("the run to end as `{}`, and {asked}", status.word()),
                words(run),
                Vec::new(),
            );
        }
    }
    again(call, run)
}

/// The requirements for the error: a text is its kind.
fn expected(call: &Call, error: &Value) -> Result<Raising> {
    let Value::String(kind) = error else { return Raising::read(call, Some(error)) };
    let kind = kind.to_string_lossy();
    let known = Kind::ALL.into_iter().find(|known| known.word() == kind);
    let known = known.ok_or_else(|| {
        Error::new(Kind::Recipe, format!("`{kind}` is not a kind of error")).hint(format!(
            "{}; a text of the message is `{{ message = \"...\" }}`",
            suggest::hint(&kind, Kind::ALL.map(Kind::word))
        ))
    })?;
    Ok(Raising::of_kind(known))
}

/// How the run ended, in one line.
fn words(run: &Run) -> String {
    let found = &run.rehearsed.run;
    let mut words = found.status.word().to_owned();
    if let Some(Failure { kind, message, hint }) = &found.error {
        words.push_str(&format!(": {}: {message}", kind.word()));
        words.push_str(&hint.as_ref().map(|hint| format!(" (hint: {hint})")).unwrap_or_default());
    }
    let site = run.rehearsed.error.as_ref().and_then(|error| error.sites().first());
    words.push_str(&site.map(|site| format!(", at {site}")).unwrap_or_default());
    words
}
